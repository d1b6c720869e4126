/*
 * # time limit: 300 s
 *
 * Meetings under anything that may happen to them, in any order: after each step the ledger is
 * green, each open meeting has its one clock, each session ahead its reminders and no other any, no
 * reminder comes twice, SEQUENCE never falls, and every mailbox shows exactly the sessions that its
 * owner is invited to, as a calendar program understands the mails it got (calendar_model.h).
 *
 * STAFETTE_SEED=n plays one sequence alone, STAFETTE_VERBOSE=1 tells its steps; STAFETTE_SEQUENCES
 * and STAFETTE_STEPS set how many and how long.
 */
#include <sqlite3.h>

#include "meeting_play.h"

enum { SEQUENCES = 20, STEPS = 160, LOOK_AHEAD_S = 200 * 86400 };

static int64_t number(struct play *p, const char *sql)
{
    sqlite3_stmt *q;
    int64_t n = -1;
    assert_int_equal(sqlite3_prepare_v2(p->db, sql, -1, &q, NULL), SQLITE_OK);
    if (sqlite3_step(q) == SQLITE_ROW)
        n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return n;
}

/* ---- the relay */

static void take_calendar(struct play *p, const struct due *due)
{
    struct meeting_view view;
    struct buf calendar = BUF_INIT;
    const char *method = NULL;
    char unit[ID_MAX];
    snprintf(unit, sizeof unit, "%.*s", (int)strcspn(due->delivery.contact, "/"),
             due->delivery.contact);
    if (meeting_view(&p->rig->g, due->delivery.item_seq, &view))
        meeting_calendar(&p->rig->g, &view, directory_unit(p->rig->g.config->directory, unit),
                         due->notice.template_name, due->notice.session_seq, "stafette@amt.example",
                         &calendar, &method);
    if (method)
        model_take(&p->calendars, unit, buf_str(&calendar));
    if (*p->calendars.fault)
        broken(p, "SEQUENCE never falls", p->calendars.fault);
    meeting_view_release(&view);
    buf_release(&calendar);
}

/* What waits goes out, in its order. */
static void relay(struct play *p)
{
    sqlite3_stmt *q;
    int64_t seq[400];
    size_t n = 0;
    assert_int_equal(sqlite3_prepare_v2(p->db,
                                        "select delivery_seq from delivery where state = 0"
                                        " order by delivery_seq limit 400",
                                        -1, &q, NULL),
                     SQLITE_OK);
    while (n < COUNT_OF(seq) && sqlite3_step(q) == SQLITE_ROW)
        seq[n++] = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    for (size_t i = 0; i < n; i++) {
        struct due due = {0};
        if (store_delivery_with_notice(p->rig->g.store, seq[i], &due))
            take_calendar(p, &due);
        p->mails++;
    }
    if (n)
        assert_int_equal(sqlite3_exec(p->db,
                                      "update delivery set state = 1, ended_ms = created_ms + 1"
                                      " where state = 0",
                                      NULL, NULL, NULL),
                         SQLITE_OK);
}

/* ---- what each mailbox shows */

struct wanted {
    struct play *p;
    const struct meeting_view *view;
    const struct member *member;
    int64_t start[SHOWN_MAX];
    size_t count;
    int64_t from_s, to_s;
};

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void want_sessions(struct wanted *w)
{
    for (size_t i = 0; i < w->view->sessions && !w->view->item.closed_ms; i++) {
        const struct session *s = &w->view->session[i];
        int64_t start_s, duration_s;
        meeting_times_for(w->view, s, w->member, &start_s, &duration_s);
        if (s->state == SESSION_PLANNED && meeting_is_invited(w->view, s, w->member) &&
            start_s > w->from_s && start_s < w->to_s)
            w->start[w->count++] = start_s;
    }
}

static void put_starts(struct buf *out, const char *head, const int64_t *start, size_t n)
{
    buf_puts(out, head);
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, " | ");
        meeting_when(out, start[i], 0);
    }
}

static void compare_mailbox(struct wanted *w)
{
    static int64_t shown[SHOWN_MAX];
    char name[32];
    const char *unit = w->member->unit;
    snprintf(name, sizeof name, "m%lld", (long long)w->view->item.seq);
    size_t n = model_shows(&w->p->calendars, unit, name, w->from_s, w->to_s, shown, SHOWN_MAX);
    want_sessions(w);
    qsort(shown, n, sizeof *shown, compare);
    qsort(w->start, w->count, sizeof *w->start, compare);
    if (n == w->count && memcmp(shown, w->start, n * sizeof *shown) == 0)
        return;
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s of item %s (%s)", unit, name, w->view->meeting.meeting_id);
    put_starts(&text, "\nshows  ", shown, n);
    put_starts(&text, "\nplanned", w->start, w->count);
    broken(w->p, "a mailbox shows what its owner is invited to", buf_str(&text));
}

static void check_mailboxes(struct play *p, const struct meeting_view *view)
{
    int64_t now_s = meeting_wall_now(&p->rig->g);
    for (size_t i = 0; i < view->members; i++) {
        struct wanted *w = xcalloc(1, sizeof *w);
        *w = (struct wanted){.p = p,
                             .view = view,
                             .member = &view->member[i],
                             .from_s = now_s + 2 * 3600,
                             .to_s = now_s + LOOK_AHEAD_S};
        compare_mailbox(w);
        free(w);
    }
}

/* ---- clocks */

static void check_hour_before(struct play *p, const struct meeting_view *view)
{
    for (size_t i = 0; i < view->sessions && !view->item.closed_ms; i++) {
        const struct session *s = &view->session[i];
        int64_t due_ms = meeting_moment(s->start_s) - HOUR_MS;
        char sql[300];
        snprintf(sql, sizeof sql,
                 "select count(*) from clock where item_seq = %lld and session_seq = %lld"
                 " and kind = 8 and step = 2 and state = 0 and due_ms = %lld",
                 (long long)view->item.seq, (long long)s->seq, (long long)due_ms);
        if (s->state == SESSION_PLANNED && due_ms > p->rig->g.now_ms && number(p, sql) != 1)
            broken(p, "a session ahead has its reminders", sql);
    }
}

static void check_clocks(struct play *p)
{
    static const struct {
        const char *rule, *sql;
    } rules_of_clocks[] = {
        {"an open meeting has one clock of its own",
         "select i.item_seq from item i join meeting m on m.item_seq = i.item_seq"
         " where (i.closed_ms = 0) <> (select count(*) from clock c"
         " where c.item_seq = i.item_seq and c.kind = 7 and c.state = 0) limit 1"},
        {"only sessions ahead are reminded of",
         "select session_seq from clock c where kind = 8 and step <= 5 and state = 0 and not exists"
         " (select 1 from session s where s.session_seq = c.session_seq and s.state = 0) limit 1"},
        {"no reminder is there twice", "select session_seq from clock where kind = 8 and state = 0"
                                       " group by session_seq, step having count(*) > 1 limit 1"},
        {"no reminder fires twice",
         "select c.session_seq from clock c join clock d on c.session_seq = d.session_seq"
         " and c.step = d.step and c.due_ms = d.due_ms and c.clock_seq < d.clock_seq"
         " and c.item_seq = d.item_seq"
         " where c.kind = 8 and d.kind = 8 and c.state = 1 and d.state = 1 and c.step <= 4"
         " limit 1"},
        {"a mailbox gets a reminder of a session once at a time",
         "select n.notice_seq from notice n join notice o on n.item_seq = o.item_seq and"
         " n.session_seq = o.session_seq and n.unit = o.unit and n.created_ms = o.created_ms"
         " and n.template_name = o.template_name and n.notice_seq < o.notice_seq"
         " and n.instead_of = o.instead_of where n.template_name = 'meeting.reminder' limit 1"},
    };
    for (size_t i = 0; i < COUNT_OF(rules_of_clocks); i++) {
        int64_t found = number(p, rules_of_clocks[i].sql);
        char text[64];
        snprintf(text, sizeof text, "row %lld", (long long)found);
        if (found != -1)
            broken(p, rules_of_clocks[i].rule, text);
    }
}

static void check(struct play *p)
{
    int64_t last = store_last(p->rig->g.store, SEQ_ITEM);
    check_clocks(p);
    for (int64_t seq = 1; seq <= last; seq++) {
        struct meeting_view view;
        if (meeting_view(&p->rig->g, seq, &view)) {
            check_hour_before(p, &view);
            if (!p->relay_away)
                check_mailboxes(p, &view);
        }
        meeting_view_release(&view);
    }
}

/* ---- play */

static void play(struct gateway_rig *rig, uint64_t seed, int steps)
{
    struct play *p = xcalloc(1, sizeof *p);
    p->rig = rig;
    p->seed = seed;
    p->random = seed * 0x9e3779b97f4a7c15 + 1;
    p->verbose = getenv("STAFETTE_VERBOSE") != NULL;
    p->config = rig_read(rig->dir, "stafette.conf");
    assert_int_equal(sqlite3_open(rig->g.config->settings.store, &p->db), SQLITE_OK);
    for (p->step = 1; p->step <= steps; p->step++) {
        one_step(p);
        if (!p->relay_away)
            relay(p);
        check(p);
        if (p->step % 8 == 0) {
            fire_all(p);
            rig_ledger_green(rig);
        }
    }
    p->reminded = number(p, "select count(*) from notice where template_name = 'meeting.reminder'");
    print_message("# STAFETTE_SEED=%llu: %lld meetings, %lld mails, %lld moved, %lld cancelled, "
                  "%lld reminders\n",
                  (unsigned long long)seed, (long long)number(p, "select count(*) from meeting"),
                  (long long)p->mails, (long long)p->moved, (long long)p->cancelled,
                  (long long)p->reminded);
    assert_true(p->mails > steps && p->moved > steps / 50 && p->cancelled > steps / 160 &&
                p->reminded > steps / 8);
    model_release(&p->calendars);
    buf_release(&p->config);
    sqlite3_close(p->db);
    free(p);
}

static int from_environment(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

static void test_random_meetings(void **state)
{
    (void)state;
    int only = from_environment("STAFETTE_SEED", 0);
    int steps = from_environment("STAFETTE_STEPS", STEPS);
    int sequences = from_environment("STAFETTE_SEQUENCES", SEQUENCES);
    for (int seed = only ? only : 1; seed <= (only ? only : sequences); seed++) {
        void *rig;
        life_set_up(&rig);
        play(rig, (uint64_t)seed, steps);
        rig_tear_down(&rig);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_meetings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
