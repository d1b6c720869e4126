/*
 * The measure for bench_reminders.py: what SQLite alone needs for the rows that a fired reminder of
 * a meeting writes, and how long the daemon's own statement takes to find what is due.
 *
 *   plain_reminders fire STORE BATCH     fires all that is due: "reminders N notices M seconds S"
 *   plain_reminders find STORE ROUNDS    "due N milliseconds MS" (the median), through
 * store_clock.c
 *
 * Firing reads the due clocks in their order, and for each the meeting, the session and the
 * members, and writes the clock, an audit row, and for each member a notice and its delivery, BATCH
 * clocks a transaction, with the daemon's pragmas and schema, every statement prepared once. No
 * rule is asked, no text made, nothing sent. It promises nothing to anybody and its store is thrown
 * away.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../daemon/buf.h"
#include "../../daemon/store.h"
#include "../../daemon/store_clock.h"

enum { DUE, MEETING, ONE, MEMBERS, FIRE, HEAD, AUDIT, REPLACE, NOTICE, DELIVERY, COUNT };

static const char *const sql[COUNT] = {
    [DUE] = "select clock_seq, item_seq, session_seq from clock where state = 0 and due_ms <= ?1"
            " order by due_ms, clock_seq limit ?2",
    [MEETING] = "select * from meeting m join item i on i.item_seq = m.item_seq"
                " where m.item_seq = ?1",
    [ONE] = "select * from session where session_seq = ?1",
    [MEMBERS] = "select unit, status from member where item_seq = ?1 and session_seq = 0",
    [FIRE] = "update clock set state = 1, fired_ms = ?2, effect_seq = ?3"
             " where clock_seq = ?1 and state = 0",
    [HEAD] = "select link from audit order by audit_seq desc limit 1",
    [AUDIT] = "insert into audit (audit_seq, at_ms, item_seq, salt, content, commitment, link)"
              " values (?2, ?3, ?1, randomblob(16), 'clock=1000000 kind=reminder step=2 told=-"
              " config=0123456789abcdef', zeroblob(32), zeroblob(32))",
    [REPLACE] = "update delivery set state = 3, ended_ms = ?2 where item_seq = ?1"
                " and state in (0, 4) and exists (select 1 from notice n"
                " where n.notice_seq = delivery.notice_seq and n.unit = 'desk'"
                " and n.template_name = 'meeting.reminder' and n.session_seq = ?3)",
    [NOTICE] = "insert into notice (notice_seq, item_seq, unit, reason, template_name, deadline_ms,"
               " outcome, doubtful, created_ms, session_seq)"
               " values (?2, ?1, 'u17', 3, 'meeting.reminder', 0, '', 0, ?3, 1)",
    [DELIVERY] = "insert into delivery (delivery_seq, notice_seq, item_seq, contact, channel,"
                 " lane_id, template_id, urgent, state, attempts, next_ms, expires_ms, created_ms,"
                 " ended_ms, class, code, provider_id)"
                 " values (?2, ?2, ?1, 'u17/0', 0, 1, 1, 0, 0, 0, ?3, ?3, ?3, 0, 0, 0, '')",
};

static const char pragmas[] = "pragma journal_mode = wal; pragma synchronous = full;"
                              "pragma foreign_keys = on; pragma secure_delete = on;"
                              "pragma wal_autocheckpoint = 0; pragma cache_size = -8192;"
                              "pragma temp_store = memory;";

struct plain {
    sqlite3 *db;
    sqlite3_stmt *stmt[COUNT];
    sqlite3_int64 next, now_ms, fired, notices;
};

static double seconds(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void must(const struct plain *p, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "plain_reminders: %s\n", sqlite3_errmsg(p->db));
    exit(1);
}

/* Returns how many rows it read. */
static int run(struct plain *p, int what, sqlite3_int64 a, sqlite3_int64 b, sqlite3_int64 c)
{
    sqlite3_stmt *stmt = p->stmt[what];
    const sqlite3_int64 values[] = {a, b, c};
    int rc, rows = 0;
    for (int i = 0; i < sqlite3_bind_parameter_count(stmt); i++)
        sqlite3_bind_int64(stmt, i + 1, values[i]);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        rows++;
    must(p, rc);
    must(p, sqlite3_reset(stmt));
    return rows;
}

static void fire(struct plain *p, sqlite3_int64 clock, sqlite3_int64 item, sqlite3_int64 session)
{
    run(p, MEETING, item, 0, 0);
    run(p, ONE, session, 0, 0);
    run(p, HEAD, 0, 0, 0);
    run(p, AUDIT, item, ++p->next, p->now_ms);
    run(p, FIRE, clock, p->now_ms, p->next);
    int members = run(p, MEMBERS, item, 0, 0);
    for (int i = 0; i < members; i++) {
        run(p, REPLACE, item, p->now_ms, session);
        run(p, NOTICE, item, ++p->next, p->now_ms);
        run(p, DELIVERY, item, p->next, p->now_ms);
        p->notices++;
    }
    p->fired++;
}

static int batch(struct plain *p, int size)
{
    sqlite3_int64 due[1000][3];
    int n = 0;
    must(p, sqlite3_exec(p->db, "begin immediate", NULL, NULL, NULL));
    sqlite3_bind_int64(p->stmt[DUE], 1, p->now_ms);
    sqlite3_bind_int64(p->stmt[DUE], 2, size);
    while (sqlite3_step(p->stmt[DUE]) == SQLITE_ROW) {
        for (int i = 0; i < 3; i++)
            due[n][i] = sqlite3_column_int64(p->stmt[DUE], i);
        n++;
    }
    must(p, sqlite3_reset(p->stmt[DUE]));
    for (int i = 0; i < n; i++)
        fire(p, due[i][0], due[i][1], due[i][2]);
    must(p, sqlite3_exec(p->db, "commit", NULL, NULL, NULL));
    return n;
}

static void prepare(struct plain *p, const char *store)
{
    must(p, sqlite3_open(store, &p->db));
    must(p, sqlite3_exec(p->db, pragmas, NULL, NULL, NULL));
    for (int i = 0; i < COUNT; i++)
        must(p, sqlite3_prepare_v2(p->db, sql[i], -1, &p->stmt[i], NULL));
    p->next = 100000000; /* above all numbers of the store */
    p->now_ms = (sqlite3_int64)time(NULL) * 1000;
}

static int fire_all(const char *store, int size)
{
    struct plain p = {.fired = 0};
    prepare(&p, store);
    double from_s = seconds();
    for (int turns = 1; batch(&p, size < 1000 ? size : 1000); turns++)
        if (turns % 20 == 0) /* the daemon's log is not allowed to grow without end either */
            sqlite3_wal_checkpoint_v2(p.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    printf("reminders %lld notices %lld seconds %.6f\n", (long long)p.fired, (long long)p.notices,
           seconds() - from_s);
    return 0;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int find_due(const char *path, int rounds)
{
    enum { MOST = 200, ROUNDS_MAX = 1000 }; /* TURN_CLOCKS_MAX */
    static struct clock due[MOST];
    static double took[ROUNDS_MAX];
    struct buf err = BUF_INIT;
    struct store *store = store_open(path, &err);
    size_t n = 0;
    if (!store || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "plain_reminders: %s\n", buf_str(&err));
        return 1;
    }
    for (int i = 0; i < rounds; i++) {
        double from_s = seconds();
        n = store_clock_due(store, (int64_t)time(NULL) * 1000, due, MOST);
        took[i] = seconds() - from_s;
    }
    qsort(took, (size_t)rounds, sizeof *took, compare);
    printf("due %zu milliseconds %.6f\n", n, took[rounds / 2] * 1e3);
    store_close(store);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "fire") == 0)
        return fire_all(argv[2], atoi(argv[3]));
    return argc == 4 && strcmp(argv[1], "find") == 0 ? find_due(argv[2], atoi(argv[3])) : 64;
}
