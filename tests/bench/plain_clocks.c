/*
 * The measure for bench_clocks.py: what SQLite alone needs for the rows that a fired clock writes.
 *
 *   plain_clocks STORE COUNT BATCH      prints rows per second as "clocks N seconds S"
 *
 * It reads the due clocks in their order and writes, for each, the rows that the daemon writes (the
 * clock fired, its item marked, a new clock, an audit row, a notice, its delivery, the delivery
 * that it supersedes, a status event), BATCH clocks a transaction, with the daemon's pragmas and
 * schema, every statement prepared once; then it deletes the status events as their settling does.
 * No rule is asked, no text made, nothing sent: the contents are constants of the usual lengths.
 * It promises nothing to anybody and its store is thrown away.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DUE, ITEM, FIRE, CLOCK, HEAD, AUDIT, NOTICE, SUPERSEDE, DELIVERY, OUT, SETTLE, COUNT };

static const char *const sql[COUNT] = {
    [DUE] = "select clock_seq, item_seq, due_ms from clock where state = 0 and due_ms <= ?1"
            " order by due_ms, clock_seq limit ?2",
    [ITEM] = "update item set flags = 1 where item_seq = ?1",
    [FIRE] = "update clock set state = 1, fired_ms = ?2, effect_seq = ?3"
             " where clock_seq = ?1 and state = 0",
    [CLOCK] = "insert into clock (clock_seq, item_seq, kind, step, due_ms, state, fired_ms,"
              " effect_seq) values (?2, ?1, 0, 1, ?3, 0, 0, 0)",
    [HEAD] = "select link from audit order by audit_seq desc limit 1",
    [AUDIT] = "insert into audit (audit_seq, at_ms, item_seq, salt, content, commitment, link)"
              " values (?2, ?3, ?1, randomblob(16), 'clock=1000000 kind=ack_due step=0 told=u12"
              " config=0123456789abcdef', zeroblob(32), zeroblob(32))",
    [NOTICE] = "insert into notice (notice_seq, item_seq, unit, reason, template_name, deadline_ms,"
               " outcome, doubtful, created_ms)"
               " values (?2, ?1, 'desk', 3, 'handover.reminder', ?3, '', 0, ?3)",
    [SUPERSEDE] = "update delivery set state = 3, ended_ms = ?2 where item_seq = ?1"
                  " and state in (0, 4) and notice_seq in"
                  " (select notice_seq from notice where item_seq = ?1 and unit = 'desk')",
    [DELIVERY] = "insert into delivery (delivery_seq, notice_seq, item_seq, contact, channel,"
                 " lane_id, template_id, urgent, state, attempts, next_ms, expires_ms, created_ms,"
                 " ended_ms, class, code, provider_id)"
                 " values (?2, ?2, ?1, 'desk/0', 0, 1, 1, 0, 0, 0, ?3, ?3, ?3, 0, 0, 0, '')",
    [OUT] = "insert into out_event (out_seq, item_seq, topic, payload)"
            " values (?2, ?1, 'stafette/out/bench/status', ?3)",
    [SETTLE] = "delete from out_event where out_seq = ?1",
};

static const char pragmas[] = "pragma journal_mode = wal; pragma synchronous = full;"
                              "pragma foreign_keys = on; pragma secure_delete = on;"
                              "pragma wal_autocheckpoint = 0; pragma cache_size = -8192;"
                              "pragma temp_store = memory;";

struct plain {
    sqlite3 *db;
    sqlite3_stmt *stmt[COUNT];
    sqlite3_int64 next, now_ms, fired;
};

static void must(const struct plain *p, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "plain_clocks: %s\n", sqlite3_errmsg(p->db));
    exit(1);
}

static void run(struct plain *p, int what, sqlite3_int64 a, sqlite3_int64 b, sqlite3_int64 c)
{
    sqlite3_stmt *stmt = p->stmt[what];
    const sqlite3_int64 values[] = {a, b, c};
    for (int i = 0; i < sqlite3_bind_parameter_count(stmt); i++)
        sqlite3_bind_int64(stmt, i + 1, values[i]);
    must(p, sqlite3_step(stmt));
    must(p, sqlite3_reset(stmt));
}

static void add_status(struct plain *p, sqlite3_int64 item)
{
    static char payload[520];
    if (!payload[0])
        memset(payload, 'x', sizeof payload - 1);
    sqlite3_bind_int64(p->stmt[OUT], 1, item);
    sqlite3_bind_int64(p->stmt[OUT], 2, p->next);
    sqlite3_bind_text(p->stmt[OUT], 3, payload, -1, SQLITE_STATIC);
    must(p, sqlite3_step(p->stmt[OUT]));
    must(p, sqlite3_reset(p->stmt[OUT]));
}

static void fire(struct plain *p, sqlite3_int64 clock, sqlite3_int64 item)
{
    sqlite3_int64 seq = ++p->next;
    run(p, ITEM, item, 0, 0);
    run(p, HEAD, 0, 0, 0);
    run(p, AUDIT, item, seq, p->now_ms);
    run(p, FIRE, clock, p->now_ms, seq);
    run(p, CLOCK, item, seq, p->now_ms + 86400000);
    run(p, SUPERSEDE, item, p->now_ms, 0);
    run(p, NOTICE, item, seq, p->now_ms);
    run(p, DELIVERY, item, seq, p->now_ms);
    add_status(p, item);
    p->fired++;
}

/* One transaction; the status events of the one before are settled in it. */
static int batch(struct plain *p, int size)
{
    sqlite3_int64 clock[1000], item[1000], first = p->next + 1;
    int n = 0;
    must(p, sqlite3_exec(p->db, "begin immediate", NULL, NULL, NULL));
    sqlite3_bind_int64(p->stmt[DUE], 1, p->now_ms);
    sqlite3_bind_int64(p->stmt[DUE], 2, size);
    while (sqlite3_step(p->stmt[DUE]) == SQLITE_ROW) {
        clock[n] = sqlite3_column_int64(p->stmt[DUE], 0);
        item[n++] = sqlite3_column_int64(p->stmt[DUE], 1);
    }
    must(p, sqlite3_reset(p->stmt[DUE]));
    for (int i = 0; i < n; i++)
        run(p, SETTLE, first - 1 - i, 0, 0);
    for (int i = 0; i < n; i++)
        fire(p, clock[i], item[i]);
    must(p, sqlite3_exec(p->db, "commit", NULL, NULL, NULL));
    return n;
}

static void prepare(struct plain *p, const char *store)
{
    must(p, sqlite3_open(store, &p->db));
    must(p, sqlite3_exec(p->db, pragmas, NULL, NULL, NULL));
    for (int i = 0; i < COUNT; i++)
        must(p, sqlite3_prepare_v2(p->db, sql[i], -1, &p->stmt[i], NULL));
    p->next = 10000000; /* above all numbers of the store */
    p->now_ms = (sqlite3_int64)time(NULL) * 1000;
}

int main(int argc, char **argv)
{
    struct plain p = {.fired = 0};
    struct timespec from, to;
    if (argc != 4)
        return 64;
    int size = atoi(argv[3]);
    prepare(&p, argv[1]);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (int turns = 1; p.fired < atoll(argv[2]) && batch(&p, size < 1000 ? size : 1000); turns++)
        if (turns % 20 == 0) /* the daemon's log is not allowed to grow without end either */
            sqlite3_wal_checkpoint_v2(p.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("clocks %lld seconds %.6f\n", (long long)p.fired,
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    return 0;
}
