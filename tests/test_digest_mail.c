/*
 * digest_mail.c: each overview once at its hour, over clock changes, restarts, outages and wall
 * clocks that were wrong; to whom; the text of the moment of sending.
 */
#include "digest_rig.h"

#include <poll.h>
#include <sys/stat.h>

#include "../adapters/adapter.h"
#include "../daemon/ledger_run.h"
#include "../daemon/render.h"
#include "../daemon/template.h"

/* ---- when */

static void test_parse(void **state)
{
    static const struct {
        const char *text;
        int weekday, second; /* -1: refused */
    } cases[] = {
        {"Mo 07:00", 0, 25200}, {"So 23:59", 6, 86340}, {"Mo 7:00", -1, -1},  {"Mo07:00", -1, -1},
        {"mo 07:00", -1, -1},   {"Mon 07:00", -1, -1},  {"07:00", -1, -1},    {"Mo", -1, -1},
        {"Mo 24:00", -1, -1},   {"", -1, -1},           {"Mo  07:0", -1, -1}, {"M", -1, -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int weekday = -1, second = -1;
        bool ok = weekly_time_parse(cases[i].text, &weekday, &second);
        if (ok != (cases[i].weekday >= 0) ||
            (ok && (weekday != cases[i].weekday || second != cases[i].second)))
            fail_msg("\"%s\": %d %d %d", cases[i].text, ok, weekday, second);
    }
}

static void put_state(void *context, const struct delivery *d)
{
    int *count = context;
    count[d->state]++;
}

/* How many overviews of a kind there are, for a unit or all (""). */
static int overviews(const struct gateway_rig *rig, const char *code, const char *unit,
                     int *cancelled)
{
    int n = 0, count[DELIVERY_STATE_COUNT] = {0};
    for (int64_t seq = 1; seq <= store_last(rig->g.store, SEQ_ITEM); seq++) {
        struct item item;
        if (!store_item_get(rig->g.store, seq, &item) || item.kind != ITEM_DIGEST ||
            !str_eq(item.code, code) || (*unit && !str_eq(item.owner_unit, unit)))
            continue;
        store_delivery_each(rig->g.store, seq, count, put_state);
        n++;
    }
    *cancelled = count[DELIVERY_CANCELLED];
    return n;
}

static void expect_overviews(const struct gateway_rig *rig, const char *at, const char *code,
                             const char *unit, int want)
{
    int cancelled, n = overviews(rig, code, unit, &cancelled);
    if (n != want)
        fail_msg("%s: %d of %s, want %d", at, n, code, want);
}

static const struct {
    const char *at;
    int weeks; /* made by then; all but the newest replaced */
} weeks[] = {
    {"2026-11-16T09:00:00+01:00", 0}, /* a new store: not for a week it has not seen */
    {"2026-11-23T06:59:59+01:00", 0},
    {"2026-11-23T07:00:00+01:00", 1},
    {"2026-11-23T23:00:00+01:00", 1},
    {"2026-11-23T06:30:00+01:00", 1}, /* a step back */
    {"2026-11-23T07:30:00+01:00", 1},
    {"2026-11-29T23:59:59+01:00", 1},
    {"2026-12-16T12:00:00+01:00", 2}, /* one for three weeks */
    {"2027-03-22T07:00:00+01:00", 3},
    {"2027-03-29T06:59:59+02:00", 3}, /* the clocks went forward on Sunday */
    {"2027-03-29T07:00:00+02:00", 4},
    {"2029-01-01T12:00:00+01:00", 5}, /* a wall clock far ahead */
    {"2027-04-05T06:00:00+02:00", 5},
    {"2027-04-05T07:00:00+02:00", 6}, /* is no reason for silence */
    {"2027-10-25T07:00:00+02:00", 7},
    {"2027-11-01T06:59:59+01:00", 7}, /* and back */
    {"2027-11-01T07:00:00+01:00", 8},
};

static void walk_weeks(struct gateway_rig *rig, bool restarts)
{
    for (size_t i = 0; i < COUNT_OF(weeks); i++) {
        if (restarts)
            reopen(rig);
        turns_at(rig, weeks[i].at);
        int cancelled, n = overviews(rig, "weekly", "", &cancelled);
        if (n != weeks[i].weeks || cancelled != (n ? n - 1 : 0))
            fail_msg("%s: %d weeks, %d cancelled", weeks[i].at, n, cancelled);
    }
}

static void test_weeks(void **state)
{
    walk_weeks(*state, false);
}

static void test_restarts(void **state)
{
    walk_weeks(*state, true);
}

/* Rolled back, it is made again by the next turn, and once. */
static void test_rolled_back(void **state)
{
    struct gateway_rig *rig = *state;
    turns(rig);
    rig_at(rig, "2026-11-23T07:00:00+01:00");
    store_begin(rig->g.store);
    daily_run(&rig->g);
    store_rollback(rig->g.store);
    tell_forget(&rig->g);
    expect_overviews(rig, "rolled back", "weekly", "", 0);
    assert_true(digest_due(&rig->g));
    turns(rig);
    expect_overviews(rig, "again", "weekly", "", 1);
    assert_false(digest_due(&rig->g));
}

/* ---- the text is made when it leaves */

static bool take_due(void *context, const struct due *due)
{
    struct due *found = context;
    *found = *due;
    found->notice.outcome = found->outcome_text;
    return !str_starts(due->notice.template_name, "digest.");
}

static void render(struct gateway_rig *rig, struct buf *out)
{
    char name[2 * ID_MAX];
    struct buf text = BUF_INIT;
    struct due due;
    int64_t lane;
    memset(&due, 0, sizeof due);
    lane = store_delivery_lane_after(rig->g.store, 0);
    assert_true(lane > 0);
    store_delivery_due(rig->g.store, lane, rig->g.steady_ms, &due, take_due);
    assert_true(str_starts(due.notice.template_name, "digest."));
    assert_true(store_template_get(rig->g.store, due.delivery.template_id, name, &text));
    struct template *t = template_compile_kept(name, buf_str(&text), text.len);
    struct item item = rig_item(rig, due.delivery.item_seq);
    struct job *job = job_new();
    assert_true(render_message(&rig->g, &due, &item, t, &job->message));
    buf_reset(out);
    buf_puts(out, job->message.body);
    job_free(job);
    template_free(t);
    buf_release(&text);
}

static void test_late(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf body = BUF_INIT;
    int64_t seq = handover(rig, RIG_CASE, "sozialbuero");
    mark(rig, seq, ITEM_OVERDUE, false);
    turns(rig);
    turns_at(rig, "2026-11-23T07:00:00+01:00");
    render(rig, &body);
    assert_non_null(strstr(buf_str(&body), rig_code(rig, seq)));
    assert_non_null(strstr(buf_str(&body), "kann nicht abbestellt werden"));
    /* The relay was down; meanwhile somebody answered. */
    rig_at(rig, "2026-11-23T15:00:00+01:00");
    mark(rig, seq, 0, false);
    render(rig, &body);
    assert_null(strstr(buf_str(&body), rig_code(rig, seq)));
    buf_release(&body);
}

static void test_is_over(void **state)
{
    struct gateway_rig *rig = *state;
    turns(rig);
    turns_at(rig, "2026-11-23T06:59:59+01:00"); /* reachability is told before */
    turns_at(rig, "2026-11-23T07:00:00+01:00");
    int64_t seq = store_last(rig->g.store, SEQ_ITEM);
    rig_expect(rig, seq,
               "digest closed owner=koordination waiting= to="
               "\ntold koordination digest digest.weekly"
               "\nemail koordination/1 pending");
    assert_int_equal(store_item_count_open(rig->g.store), 0);
}

/* ---- mornings */

/* Only who wants it, when it is there, and on the day itself. */
static void test_mornings_sent(void **state)
{
    static const struct {
        const char *at;
        int team_a, team_b;
    } cases[] = {
        {"2026-11-16T07:30:00+01:00", 0, 0}, /* nothing to tell */
        {"2026-11-17T07:29:59+01:00", 0, 0},
        {"2026-11-17T07:30:00+01:00", 1, 1},
        {"2026-11-17T12:00:00+01:00", 1, 1},
        {"2026-11-18T11:00:00+01:00", 2, 2}, /* was down at that hour: the same day will do */
        {"2026-11-22T09:00:00+01:00", 2, 2}, /* and the days before are over */
    };
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-13T09:00:00+01:00");
    ask(rig, RIG_CASE, "team-a");
    ask(rig, RIG_CASE_2, "team-b");
    ask(rig, "cr-4m8x1wq6z2k9e", "team-c");
    turns(rig);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        reopen(rig);
        turns_at(rig, cases[i].at);
        expect_overviews(rig, cases[i].at, "morning", "team-a", cases[i].team_a);
        expect_overviews(rig, cases[i].at, "morning", "team-b", cases[i].team_b);
    }
    expect_overviews(rig, "who does not want it", "morning", "team-c", 0);
}

/* Absent teams get none, and neither do their deputies: they had the notices. */
static void test_morning_absent(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-13T09:00:00+01:00");
    ask(rig, RIG_CASE, "team-a");
    presence_open(&rig->g);
    report(rig, "team-a 2026-11-17 2026-11-17");
    turns(rig);
    turns_at(rig, "2026-11-17T08:00:00+01:00");
    expect_overviews(rig, "absent", "morning", "", 0);
    turns_at(rig, "2026-11-18T08:00:00+01:00");
    expect_overviews(rig, "back", "morning", "team-a", 1);
}

/* More teams than one turn looks at; a crash in between makes none twice. */
static void test_many_teams(void **state)
{
    enum { TEAMS = 2 * DIGEST_TEAMS_MAX + 5 };
    struct gateway_rig *rig = *state;
    struct buf many = BUF_INIT;
    for (int i = 0; i < TEAMS; i++)
        buf_printf(&many,
                   " { id = \"t%d\"; kind = \"team\"; name = \"Stelle t%d\"; digest = true;"
                   " contacts = ( { channel = \"email\"; address = \"t%d@amt.example\"; } ); },",
                   i, i, i);
    rig_add_units(rig, buf_str(&many), "");
    tell_forget(&rig->g);
    daily_reloaded(&rig->g);
    rig_at(rig, "2026-11-13T09:00:00+01:00");
    turns(rig);
    store_begin(rig->g.store);
    for (int i = 0; i < TEAMS; i++) {
        char id[ID_MAX];
        snprintf(id, sizeof id, "t%d", i);
        store_tally_add(rig->g.store, id, tally_week(rig->g.now_ms));
    }
    rig_commit(rig);
    rig_at(rig, "2026-11-16T07:30:00+01:00");
    store_begin(rig->g.store);
    daily_run(&rig->g);
    rig_commit(rig);
    daily_done(&rig->g);
    expect_overviews(rig, "one turn", "morning", "", DIGEST_TEAMS_MAX);
    reopen(rig);
    turns(rig);
    expect_overviews(rig, "all", "morning", "", TEAMS);
    buf_release(&many);
}

/* ---- orphans */

/* A child that has found item 1 without a known owner, 1 also lost, and 30 more without a clock. */
static const char child[] =
    "#!/bin/sh\n"
    "while read -r name value; do [ \"$name\" = now ] && now=$value; done\n"
    "echo '{\"green\":false,\"checked_ms\":'$now',\"took_ms\":1,\"requests\":0,\"asked\":0,"
    "\"ended\":0,\"removed\":0,\"erased\":0,\"audit_rows\":3,\"audit_head\":3,"
    "\"audit_link\":\"00ff\",\"findings\":[{\"code\":\"L-06\",\"count\":1,\"items\":[1]},"
    "{\"code\":\"L-01\",\"count\":31,\"items\":[77]}]}'\n";

static void open_ledger(struct gateway_rig *rig)
{
    char path[512];
    rig_write(rig->dir, "child", child);
    snprintf(path, sizeof path, "%s/child", rig->dir);
    assert_int_equal(chmod(path, 0700), 0);
    rig->g.ledger = ledger_run_open(path);
}

/* Turns until nothing waits for a look any more. */
static void looks_at(struct gateway_rig *rig, const char *when)
{
    struct stafette *g = &rig->g;
    turns_at(rig, when);
    for (int i = 0; digest_busy(g); i++) {
        struct pollfd fd = {ledger_run_fd(g->ledger), POLLIN, 0};
        if (i > 20000)
            fail_msg("%s: the look does not end", when);
        ledger_run_step(g);
        digest_step(g);
        poll(&fd, 1, 10);
        turns(rig);
    }
}

static void test_orphans(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf got = BUF_INIT, want = BUF_INIT;
    turns(rig);
    turns_at(rig, "2026-11-17T07:00:00+01:00");
    expect_overviews(rig, "no look yet", "orphans", "", 0);
    assert_int_equal(handover(rig, RIG_CASE, "sozialbuero"), 1);
    struct item item = rig_item(rig, 1);
    struct item other = item;
    str_copy(item.owner_unit, sizeof item.owner_unit, "aufgeloest");
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &item);
    rig_commit(rig);
    open_ledger(rig);
    looks_at(rig, "2026-11-18T06:59:59+01:00");
    expect_overviews(rig, "before", "orphans", "", 0);
    turns_at(rig, "2026-11-18T07:00:00+01:00");
    expect_overviews(rig, "before the look has ended", "orphans", "", 0);
    assert_true(digest_busy(&rig->g) && !digest_due(&rig->g));
    looks_at(rig, "2026-11-18T07:00:00+01:00");
    assert_int_equal(ledger_run_count(rig->g.ledger), 1);
    expect_overviews(rig, "at seven", "orphans", "", 1);
    looks_at(rig, "2026-11-18T12:00:00+01:00");
    expect_overviews(rig, "once a day", "orphans", "", 1);
    buf_printf(&want, "(bitte sofort klären)\n- %s (Übergabe): keine zuständige Stelle\n",
               rig_code(rig, 1));
    buf_printf(&want, "- %s: der Vorgang fehlt im Speicher\n", rig_code(rig, 77));
    buf_puts(&want, "- nach der letzten Prüfung 30 weitere (stafettectl ledger)");
    assert_true(digest_orphans(&rig->g, &got));
    if (!str_ends(buf_str(&got), buf_str(&want)))
        fail_msg("%s", buf_str(&got));
    buf_reset(&got);
    digest_weekly(&rig->g, &got);
    assert_non_null(strstr(buf_str(&got), buf_str(&want)));
    /* Mended: it is left out, though the look is older. */
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &other);
    rig_commit(rig);
    buf_reset(&got);
    assert_true(digest_orphans(&rig->g, &got));
    assert_null(strstr(buf_str(&got), rig_code(rig, 1)));
    looks_at(rig, "2026-11-19T08:00:00+01:00");
    expect_overviews(rig, "the next day", "orphans", "", 2);
    ledger_run_close(rig->g.ledger);
    rig->g.ledger = NULL;
    buf_release(&got);
    buf_release(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse), TEST(test_weeks),          TEST(test_restarts),
        TEST(test_rolled_back),       TEST(test_late),           TEST(test_is_over),
        TEST(test_mornings_sent),     TEST(test_morning_absent), TEST(test_many_teams),
        TEST(test_orphans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
