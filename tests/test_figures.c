/*
 * digest_quality.c and digest_phases.c: what a month and a quarter come to, what is masked so that
 * it cannot be computed from the rest, what counts nowhere; who gets them, when, and once.
 */
#include "digest_rig.h"

#include "../daemon/clock.h"
#include "../daemon/store_phase.h"

#define OVERSIGHT                                                                                  \
    RIG_UNIT("aufsicht", "desk", "quality_oversight = true;")                                      \
    "," RIG_UNIT("aufsicht-2", "desk", "quality_oversight = true;") ","

/* ---- which days */

static void test_spans(void **state)
{
    static const struct {
        const char *now, *month, *quarter;
    } cases[] = {
        {"2026-12-01T06:00", "2026-11-01 2026-12-01", "2026-07-01 2026-10-01"},
        {"2026-12-31T23:59", "2026-11-01 2026-12-01", "2026-07-01 2026-10-01"},
        {"2027-01-01T00:00", "2026-12-01 2027-01-01", "2026-10-01 2027-01-01"},
        {"2027-03-31T23:59", "2027-02-01 2027-03-01", "2026-10-01 2027-01-01"},
        {"2027-04-01T00:00", "2027-03-01 2027-04-01", "2027-01-01 2027-04-01"},
        {"2027-11-01T00:30", "2027-10-01 2027-11-01", "2027-07-01 2027-10-01"},
        {"2028-03-01T06:00", "2028-02-01 2028-03-01", "2027-10-01 2028-01-01"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char month[40], quarter[40];
        int64_t from, to;
        int y, m, d, y2, m2, d2;
        digest_last_month(at(cases[i].now), &from, &to);
        day_split(from, &y, &m, &d);
        day_split(to, &y2, &m2, &d2);
        snprintf(month, sizeof month, "%04d-%02d-%02d %04d-%02d-%02d", y, m, d, y2, m2, d2);
        digest_last_quarter(at(cases[i].now), &from, &to);
        day_split(from, &y, &m, &d);
        day_split(to, &y2, &m2, &d2);
        snprintf(quarter, sizeof quarter, "%04d-%02d-%02d %04d-%02d-%02d", y, m, d, y2, m2, d2);
        if (!str_eq(month, cases[i].month) || !str_eq(quarter, cases[i].quarter))
            fail_msg("%s: %s, %s", cases[i].now, month, quarter);
    }
}

/* ---- a month */

/* An item; `ended` and `missed`: wall time, NULL = not. `told`: a lead heard of what was missed. */
struct made {
    enum item_kind kind;
    const char *ended, *missed;
    bool told;
    enum item_state state; /* 0: a usual one */
};

static int64_t make(struct gateway_rig *rig, const struct made *m)
{
    struct item item = {.kind = m->kind, .state = m->state ? m->state : STATE_CLOSED};
    store_begin(rig->g.store);
    item.seq = store_next(rig->g.store, SEQ_ITEM);
    item.created_ms = item.changed_ms = at("2026-10-01T09:00");
    item.closed_ms = m->ended ? at(m->ended) : 0;
    item.flags = (m->missed ? ITEM_LATE : 0) | (m->told ? ITEM_TOLD_ABOVE : 0);
    str_copy(item.from_unit, sizeof item.from_unit, "asd");
    store_item_add(rig->g.store, &item);
    if (m->missed) {
        struct clock clock = {.seq = store_next(rig->g.store, SEQ_CLOCK), .item_seq = item.seq};
        clock.due_ms = at(m->missed);
        store_clock_add(rig->g.store, &clock);
        store_clock_fire(rig->g.store, clock.seq, clock.due_ms, 1);
        clock.seq = store_next(rig->g.store, SEQ_CLOCK);
        clock.step = 1; /* the ladder goes on; the limit was missed once */
        store_clock_add(rig->g.store, &clock);
        store_clock_fire(rig->g.store, clock.seq, clock.due_ms, 1);
    }
    rig_commit(rig);
    return item.seq;
}

static void make_some(struct gateway_rig *rig, int n, const struct made *m)
{
    for (int i = 0; i < n; i++)
        make(rig, m);
}

static void expect_quality(struct gateway_rig *rig, const char *label, const char *want)
{
    struct buf got = BUF_INIT;
    digest_quality(&rig->g, &got);
    const char *lines = strchr(buf_str(&got), '\n');
    if (!lines || !str_eq(lines + 1, want))
        fail_msg("%s: \"%s\", want \"%s\"", label, lines ? lines + 1 : buf_str(&got), want);
    buf_release(&got);
}

#define ROW_OF(name, all, in_time, percent, late, open, told)                                       \
    "- " name ": " all ", davon " in_time " ohne versäumte Frist beendet (" percent "), " late      \
    " nach einer versäumten Frist beendet, " open " mit versäumter Frist und noch nicht beendet. " \
    "Bei " told " wurde eine Leitung oder die Koordination eingeschaltet."
#define ROW(name, all, in_time, percent, late, open, told)                                         \
    ROW_OF(name, all, in_time, percent " %", late, open, told)
#define OTHERS_NONE "\n- Vermittlungen an Träger: 0"
#define BOTH "Fallübergaben und Vermittlungen zusammen"
#define SUM_ONLY(all)                                                                              \
    "- " BOTH ": " all ". Mehr wird nicht genannt, weil eine der Zahlen unter 5 läge."

/* In November: ended in time, late, missed and open; of the latter two, told above. */
static const struct {
    const char *label;
    int handovers[4], referrals[4];
    const char *want;
} months[] = {
    {"nothing",
     {0},
     {0},
     "- In diesem Monat wurde keine Fallübergabe und keine Vermittlung beendet, und keine Frist "
     "wurde versäumt."},
    {"one", {1}, {0}, SUM_ONLY("1-4")},
    {"four", {2}, {2}, SUM_ONLY("1-4")},
    {"five of one kind",
     {5},
     {0},
     ROW("Fallübergaben", "5", "5", "100", "0", "0", "0") OTHERS_NONE},
    {"each large",
     {20, 6, 5, 6},
     {5, 10, 0, 10},
     ROW("Fallübergaben", "31", "20", "65", "6", "5", "6") "\n" ROW("Vermittlungen an Träger", "15",
                                                                    "5", "33", "10", "0", "10")},
    {"a kind that is small as a whole: 3 = 23 - 20 would be known",
     {20},
     {3},
     ROW(BOTH, "23", "23", "100", "0", "0", "0")},
    {"a small part: 2 = 22 - 20 would be known",
     {20, 2},
     {10, 8},
     ROW(BOTH, "40", "30", "75", "10", "0", "0")},
    {"a small part of both together", {20, 2}, {10, 1}, SUM_ONLY("33")},
    {"few told above", {20, 6, 5, 3}, {10}, SUM_ONLY("41")},
    {"few not told above: 2 = 11 - 9 would be known", {20, 6, 5, 9}, {10}, SUM_ONLY("41")},
    {"few not told, many of the other kind",
     {20, 6, 5, 9},
     {10, 6, 5, 6},
     ROW(BOTH, "52", "30", "58", "12", "10", "15")},
};

static void make_kind(struct gateway_rig *rig, enum item_kind kind, const int *n)
{
    for (int i = 0; i < n[0]; i++)
        make(rig, &(struct made){kind, "2026-11-20T10:00", NULL, false, 0});
    for (int i = 0; i < n[1]; i++)
        make(rig, &(struct made){kind, "2026-11-20T10:00", "2026-11-19T16:00", i < n[3], 0});
    for (int i = 0; i < n[2]; i++)
        make(rig, &(struct made){kind, NULL, "2026-11-19T16:00", i + n[1] < n[3], 0});
}

static void test_masking(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(months); i++) {
        void *own;
        town(&own);
        struct gateway_rig *rig = own;
        make_kind(rig, ITEM_HANDOVER, months[i].handovers);
        make_kind(rig, ITEM_REFERRAL, months[i].referrals);
        rig_at(rig, "2026-12-01T06:00:00+01:00");
        expect_quality(rig, months[i].label, months[i].want);
        rig_tear_down(&own);
    }
}

/* What counts in March 2027, the month in which the clocks go forward. Five each. */
static const struct {
    const char *label;
    struct made made;
    const char *want; /* "": counts nowhere */
} marches[] = {
    {"its last moment", {ITEM_HANDOVER, "2027-03-31T23:59", NULL, false, 0}, "5 5 0 0 0"},
    {"the first of April", {ITEM_HANDOVER, "2027-04-01T00:00", NULL, false, 0}, ""},
    {"its first moment", {ITEM_HANDOVER, "2027-03-01T00:00", NULL, false, 0}, "5 5 0 0 0"},
    {"the last of February", {ITEM_HANDOVER, "2027-02-28T23:59", NULL, false, 0}, ""},
    {"missed in it", {ITEM_HANDOVER, NULL, "2027-03-31T23:59", true, 0}, "5 0 0 5 5"},
    {"missed after it", {ITEM_HANDOVER, NULL, "2027-04-01T00:00", true, 0}, ""},
    {"missed before it", {ITEM_HANDOVER, NULL, "2027-02-28T23:59", true, 0}, ""},
    {"missed before it, ended in it",
     {ITEM_HANDOVER, "2027-03-02T10:00", "2027-02-28T16:00", true, 0},
     "5 0 5 0 5"},
    {"missed in it, ended after it",
     {ITEM_HANDOVER, "2027-04-01T00:00", "2027-03-30T16:00", false, 0},
     "5 0 0 5 0"},
    {"both in it", {ITEM_HANDOVER, "2027-03-31T10:00", "2027-03-30T16:00", false, 0}, "5 0 5 0 0"},
    {"a drill", {ITEM_DRILL, "2027-03-02T10:00", "2027-03-02T09:00", true, 0}, ""},
    {"a task", {ITEM_TASK, "2027-03-02T10:00", "2027-03-02T09:00", true, 0}, ""},
    {"an emergency", {ITEM_EMERGENCY, "2027-03-02T10:00", "2027-03-02T09:00", true, 0}, ""},
    {"erased", {ITEM_HANDOVER, "2027-03-02T10:00", "2027-03-02T09:00", true, STATE_ERASED}, ""},
};

static void test_march(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(marches); i++) {
        void *own;
        struct buf want = BUF_INIT;
        int n[5] = {0};
        town(&own);
        struct gateway_rig *rig = own;
        make_some(rig, 5, &marches[i].made);
        rig_at(rig, "2027-04-01T06:00:00+02:00");
        if (str_empty(marches[i].want)) {
            buf_puts(&want, months[0].want);
        } else {
            assert_int_equal(
                sscanf(marches[i].want, "%d %d %d %d %d", &n[0], &n[1], &n[2], &n[3], &n[4]), 5);
            buf_printf(&want, ROW_OF("Fallübergaben", "%d", "%d", "%d %%", "%d", "%d", "%d"), n[0],
                       n[1], 100 * n[1] / n[0], n[2], n[3], n[4]);
            buf_puts(&want, OTHERS_NONE);
        }
        expect_quality(rig, marches[i].label, buf_str(&want));
        buf_release(&want);
        rig_tear_down(&own);
    }
}

static void fire_next(struct gateway_rig *rig, size_t want)
{
    rig->g.now_ms = rig->g.steady_ms = store_clock_next(rig->g.store);
    store_begin(rig->g.store);
    assert_int_equal(clock_fire_due(&rig->g), want);
    rig_commit(rig);
}

/* By the way of an event: handovers that nobody answers. A deputy is nobody above. */
static void test_real_handovers(void **state)
{
    struct gateway_rig *rig = *state;
    for (int i = 0; i < 5; i++) {
        char ref[40];
        snprintf(ref, sizeof ref, "cr-7f3k92qxm%04d", i);
        handover(rig, ref, "sozialbuero");
    }
    fire_next(rig, 5);
    int64_t first_ms = rig->g.now_ms;
    rig_at(rig, "2026-12-01T06:00:00+01:00");
    expect_quality(rig, "missed", ROW("Fallübergaben", "5", "0", "0", "0", "5", "0") OTHERS_NONE);
    rig->g.now_ms = first_ms;
    fire_next(rig, 5);
    rig_at(rig, "2026-12-01T06:00:00+01:00");
    expect_quality(rig, "told to the lead",
                   ROW("Fallübergaben", "5", "0", "0", "0", "5", "5") OTHERS_NONE);
}

/* ---- who gets it, and when */

static int made_for(const struct gateway_rig *rig, const char *code, const char *unit_id)
{
    int n = 0;
    for (int64_t seq = 1; seq <= store_last(rig->g.store, SEQ_ITEM); seq++) {
        struct item item;
        n += store_item_get(rig->g.store, seq, &item) && item.kind == ITEM_DIGEST &&
             str_eq(item.code, code) && (!unit_id || str_eq(item.owner_unit, unit_id));
    }
    return n;
}

static const struct {
    const char *at;
    int mails;
} firsts[] = {
    {"2026-11-16T09:00:00+01:00", 0}, /* a new store begins with the next month */
    {"2026-12-01T05:59:59+01:00", 0},
    {"2026-12-01T06:00:00+01:00", 1}, /* nothing was in it: told all the same */
    {"2026-12-01T23:00:00+01:00", 1},
    {"2026-12-01T05:30:00+01:00", 1}, /* a step back */
    {"2026-12-31T23:59:59+01:00", 1},
    {"2027-01-01T06:00:00+01:00", 2}, /* on a holiday, too */
    {"2027-03-20T12:00:00+01:00", 3}, /* one for two months of outage */
    {"2027-04-01T05:59:59+02:00", 3}, /* the clocks went forward on the 28th */
    {"2027-04-01T06:00:00+02:00", 4},
    {"2027-11-01T05:59:59+01:00", 5}, /* and back: October, told late */
    {"2027-11-01T06:00:00+01:00", 6},
};

static void test_months_once(void **state)
{
    struct gateway_rig *rig = *state;
    rig_add_units(rig, OVERSIGHT, "");
    tell_forget(&rig->g);
    daily_reloaded(&rig->g);
    for (size_t i = 0; i < COUNT_OF(firsts); i++) {
        reopen(rig);
        turns_at(rig, firsts[i].at);
        int a = made_for(rig, "quality", "aufsicht"), b = made_for(rig, "quality", "aufsicht-2");
        if (a != firsts[i].mails || b != firsts[i].mails)
            fail_msg("%s: %d and %d mails, want %d", firsts[i].at, a, b, firsts[i].mails);
    }
    assert_int_equal(made_for(rig, "quality", NULL), 2 * firsts[COUNT_OF(firsts) - 1].mails);
}

static void test_no_oversight(void **state)
{
    struct gateway_rig *rig = *state;
    turns(rig);
    turns_at(rig, "2026-12-01T06:00:00+01:00");
    turns_at(rig, "2027-01-01T06:00:00+01:00");
    assert_int_equal(made_for(rig, "quality", NULL), 0);
}

/* ---- a quarter's phases */

/* Phases of that many days each, which ended on that day, of a referral of that unit. */
static void ended(struct gateway_rig *rig, const char *from, const char *phase, const char *on,
                  const char *days)
{
    int64_t day;
    assert_true(date_parse(on, &day));
    for (const char *p = days; *p; p += strcspn(p, " "), p += strspn(p, " ")) {
        int64_t seq = make(rig, &(struct made){ITEM_REFERRAL, NULL, NULL, false, STATE_RUNNING});
        struct item item = rig_item(rig, seq);
        str_copy(item.from_unit, sizeof item.from_unit, from);
        store_begin(rig->g.store);
        store_item_update(rig->g.store, &item);
        store_phase_begin(rig->g.store, seq, phase, day - strtol(p, NULL, 10));
        store_phase_end(rig->g.store, seq, day);
        store_phase_begin(rig->g.store, seq, "abloesung", day); /* goes on */
        rig_commit(rig);
    }
}

#define TITLE "Phasen, die im Quartal endeten\n- "
#define FEW "; die Dauer wird erst ab 5 genannt"
#define MEDIAN(days) ", die Hälfte davon nach höchstens " days " Tagen (Median)"

static const struct {
    const char *label, *from, *phase, *on, *days, *want; /* "": no mail */
} quarters[] = {
    {"one", "asd", "start", "2026-11-20", "42", TITLE "Startphase: 1-4 beendet" FEW},
    {"four", "asd", "start", "2026-11-20", "1 2 3 4", TITLE "Startphase: 1-4 beendet" FEW},
    {"five", "asd", "verlauf", "2026-11-20", "10 300 20 40 30",
     TITLE "Beratungsverlauf: 5 beendet" MEDIAN("30")},
    {"six: between the two in the middle", "asd", "abloesung", "2026-11-20", "60 10 20 30 41 50",
     TITLE "Ablösungsphase: 6 beendet" MEDIAN("36")},
    {"the first day of the quarter", "asd", "start", "2026-10-01", "7 7 7 7 7",
     TITLE "Startphase: 5 beendet" MEDIAN("7")},
    {"the last", "asd", "start", "2026-12-31", "7 7 7 7 7",
     TITLE "Startphase: 5 beendet" MEDIAN("7")},
    {"before it", "asd", "start", "2026-09-30", "7 7 7 7 7", ""},
    {"after it", "asd", "start", "2027-01-01", "7 7 7 7 7", ""},
    {"of another lead", "sozialbuero", "start", "2026-11-20", "7 7 7 7 7", ""},
    {"of nobody", "jobcenter", "start", "2026-11-20", "7 7 7 7 7", ""},
    {"of a unit that is no more", "aufgeloest", "start", "2026-11-20", "7 7 7 7 7", ""},
};

static void test_quarters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(quarters); i++) {
        void *own;
        struct buf got = BUF_INIT;
        town(&own);
        struct gateway_rig *rig = own;
        ended(rig, quarters[i].from, quarters[i].phase, quarters[i].on, quarters[i].days);
        rig_at(rig, "2027-01-01T06:00:00+01:00");
        bool any = digest_phases(&rig->g, unit(rig, "asd-leitung"), &got);
        if (any != !str_empty(quarters[i].want) || !str_eq(buf_str(&got), quarters[i].want))
            fail_msg("%s: \"%s\"", quarters[i].label, buf_str(&got));
        buf_release(&got);
        rig_tear_down(&own);
    }
}

/* Only leads with something to read, once a quarter. */
static void test_quarters_once(void **state)
{
    struct gateway_rig *rig = *state;
    turns(rig);
    ended(rig, "asd", "start", "2026-12-01", "7");
    ended(rig, "jobcenter", "start", "2026-12-01", "7");
    turns_at(rig, "2027-01-01T05:59:59+01:00");
    assert_int_equal(made_for(rig, "phases", NULL), 0);
    turns_at(rig, "2027-01-01T06:00:00+01:00");
    assert_int_equal(made_for(rig, "phases", "asd-leitung"), 1);
    reopen(rig);
    turns_at(rig, "2027-03-31T23:00:00+02:00");
    assert_int_equal(made_for(rig, "phases", NULL), 1);
    turns_at(rig, "2027-04-01T06:00:00+02:00");
    assert_int_equal(made_for(rig, "phases", NULL), 1); /* nothing ended since */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans),    cmocka_unit_test(test_masking),
        cmocka_unit_test(test_march),    TEST(test_real_handovers),
        TEST(test_months_once),          TEST(test_no_oversight),
        cmocka_unit_test(test_quarters), TEST(test_quarters_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
