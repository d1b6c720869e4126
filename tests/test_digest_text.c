/*
 * digest_weekly.c, digest_desk.c and digest_morning.c: what stands in an overview, and what never
 * does: protected items, small counts, what somebody was not told of before.
 */
#include "digest_rig.h"

#include "../daemon/store_contact.h"

static void waitlist(struct gateway_rig *rig, const char *provider, const char *week)
{
    struct item item = {.kind = ITEM_REFERRAL, .state = STATE_WAITLISTED};
    store_begin(rig->g.store);
    item.seq = store_next(rig->g.store, SEQ_ITEM);
    item.created_ms = item.changed_ms = at("2026-11-02T09:00");
    str_copy(item.owner_unit, sizeof item.owner_unit, "asd");
    str_copy(item.to_unit, sizeof item.to_unit, provider);
    str_copy(item.waiting_unit, sizeof item.waiting_unit, provider);
    str_copy(item.code, sizeof item.code, week);
    store_item_add(rig->g.store, &item);
    rig_commit(rig);
}

static void fail_last_delivery(struct gateway_rig *rig)
{
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, store_last(rig->g.store, SEQ_DELIVERY), &d));
    d.state = DELIVERY_FAILED;
    d.ended_ms = rig->g.now_ms;
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, &d);
    store_contact_failed(rig->g.store, d.contact, CLASS_ADDRESS, rig->g.now_ms);
    store_contact_failed(rig->g.store, d.contact, CLASS_ADDRESS, rig->g.now_ms);
    rig_commit(rig);
}

/* A meeting with sessions of that state, two days each after the other. */
static int64_t meeting(struct gateway_rig *rig, const char *unit, const char *kind,
                       const char *start, const enum session_state *state, size_t n)
{
    struct item item = {.kind = ITEM_MEETING, .state = STATE_OPEN};
    struct meeting m = {.duration_s = 7200};
    struct member member = {.invited_ms = 1};
    int64_t day;
    assert_true(date_parse(start, &day));
    store_begin(rig->g.store);
    item.seq = member.item_seq = m.item_seq = store_next(rig->g.store, SEQ_ITEM);
    item.created_ms = rig->g.now_ms;
    str_copy(item.owner_unit, sizeof item.owner_unit, unit);
    str_copy(m.unit, sizeof m.unit, unit);
    str_copy(m.kind, sizeof m.kind, kind);
    str_copy(member.unit, sizeof member.unit, unit);
    store_item_add(rig->g.store, &item);
    store_meeting_add(rig->g.store, &m);
    store_member_put(rig->g.store, &member);
    for (size_t i = 0; i < n; i++) {
        struct session s = {.item_seq = item.seq, .duration_s = 7200, .state = state[i]};
        s.original_s = s.start_s = (day + 2 * (int64_t)i) * 86400 + 9 * 3600;
        store_session_add(rig->g.store, &s);
    }
    rig_commit(rig);
    return item.seq;
}

static void expect_weekly(struct gateway_rig *rig, const char *label, const char *want)
{
    struct buf got = BUF_INIT;
    digest_weekly(&rig->g, &got);
    if (!strstr(buf_str(&got), want))
        fail_msg("%s: not \"%s\" in\n%s", label, want, buf_str(&got));
    buf_release(&got);
}

static const char all_well[] = "Es ist alles in Ordnung: nichts ist überfällig, und jede "
                               "Nachricht kam an. Sie müssen nichts tun.";

static void test_all_well(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf got = BUF_INIT;
    /* Its roster ends in December: before that there is no gap in sight. */
    rig_at(rig, "2026-11-05T07:00:00+01:00");
    assert_false(digest_weekly(&rig->g, &got));
    assert_true(str_starts(buf_str(&got), all_well));
    assert_non_null(strstr(buf_str(&got), "\n\nBudgets\n- bl_16a: 75 % gebunden"));
    assert_non_null(strstr(buf_str(&got), "\n- ohne Vertretung: Stelle team-b, Stelle koord"));
    assert_null(strstr(buf_str(&got), "Überfällig"));
    buf_release(&got);
}

static void test_week(void **state)
{
    static const enum session_state past[] = {SESSION_HELD, SESSION_OVER, SESSION_NOT_HELD};
    struct gateway_rig *rig = *state;
    struct buf line = BUF_INIT;
    int64_t first = handover(rig, RIG_CASE, "sozialbuero");
    int64_t second = handover(rig, RIG_CASE_2, "sozialbuero");
    mark(rig, first, ITEM_OVERDUE, false);
    mark(rig, second, ITEM_OVERDUE, false);
    fail_last_delivery(rig);
    for (int i = 0; i < 6; i++)
        waitlist(rig, "verein", i ? "2027-W05" : "2027-W03");
    waitlist(rig, "verein-alt", "");
    int64_t team = meeting(rig, "asd", "sozialraumteam", "2026-11-02", past, COUNT_OF(past));
    store_begin(rig->g.store);
    for (int i = 0; i < 7; i++)
        store_tally_add(rig->g.store, i < 5 ? "asd" : "jobcenter", tally_week(rig->g.now_ms));
    rig_commit(rig);
    turns_at(rig, "2026-11-23T07:00:00+01:00");

    buf_printf(&line,
               "Überfällig, nach der Stelle, die antworten muss\n- Stelle sozialbuero: %s "
               "(Übergabe, seit Mo 16.11.2026), ",
               rig_code(rig, first));
    buf_printf(&line, "%s (Übergabe, seit Mo 16.11.2026)\n\n", rig_code(rig, second));
    expect_weekly(rig, "overdue", buf_str(&line));
    expect_weekly(rig, "waiting",
                  "Wartelisten\n- Stelle verein: 6 auf der Warteliste, die älteste Anfrage vor 3 "
                  "Wochen, erwartet KW 03/2027 bis KW 05/2027\n- Stelle verein-alt: 1-4 auf der "
                  "Warteliste, die älteste Anfrage vor 3 Wochen\n");
    expect_weekly(rig, "failures",
                  "die nicht zugestellt werden konnten\n- E-Mail: 1\n\nAdressen und Nummern, die "
                  "zuletzt nicht erreichbar waren\n- Stelle sozialbuero, E-Mail: 2-mal nicht "
                  "erreicht seit Mo 16.11.2026\n");
    expect_weekly(rig, "gaps",
                  "Lücken der Bereitschaft in den nächsten vier Wochen\n- bereit: Mo 07.12.2026 "
                  "00:00 bis Mo 21.12.2026 07:00\n");
    buf_reset(&line);
    buf_printf(&line,
               "Termine ohne Protokoll\n- Stelle asd, Sozialraumteam am Mo 02.11.2026 (%s)\n- "
               "Stelle asd, Sozialraumteam am Mi 04.11.2026",
               rig_code(rig, team));
    expect_weekly(rig, "minutes", buf_str(&line));
    expect_weekly(rig, "sessions", "\n- Sozialraumteam: 3 fällig, 1 als durchgeführt gemeldet\n");
    expect_weekly(rig, "counts", "letzte Woche\n- Stelle asd: 5\n- Stelle jobcenter: 1-4\n");
    buf_release(&line);
}

/* R10, R11: neither by code nor by number. */
static void test_protected(void **state)
{
    static const struct {
        unsigned flags;
        bool restricted;
    } cases[] = {{ITEM_OVERDUE, true}, {ITEM_OVERDUE | ITEM_ANVERTRAUT, false}};
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-05T09:00:00+01:00");
    int64_t seq = handover(rig, RIG_CASE, "sozialbuero");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        mark(rig, seq, cases[i].flags, cases[i].restricted);
        expect_weekly(rig, "protected", all_well);
    }
    mark(rig, seq, ITEM_OVERDUE, false);
    expect_weekly(rig, "the same one unprotected", rig_code(rig, seq));
}

/* A long list says how much is left out. */
static void test_many(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-05T09:00:00+01:00");
    for (int i = 0; i < 60; i++) {
        char ref[40];
        snprintf(ref, sizeof ref, "cr-7f3k92qxm%04d", i);
        mark(rig, handover(rig, ref, i < 30 ? "sozialbuero" : "jobcenter"), ITEM_OVERDUE, false);
    }
    expect_weekly(rig, "many", "\n- und 10 weitere\n");
}

/* ---- a team's morning */

static void expect_morning(struct gateway_rig *rig, const char *when, const char *unit_id,
                           const char *want)
{
    struct buf got = BUF_INIT;
    rig_at(rig, when);
    bool any = digest_morning(&rig->g, unit(rig, unit_id), &got);
    if (any != (*want != '\0') || !str_eq(buf_str(&got), want))
        fail_msg("%s %s: \"%s\", want \"%s\"", when, unit_id, buf_str(&got), want);
    buf_release(&got);
}

static void test_morning(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf want = BUF_INIT;
    rig_at(rig, "2026-11-13T09:00:00+01:00");
    int64_t seq = ask(rig, RIG_CASE, "team-a");
    expect_morning(rig, "2026-11-16T07:30:00+01:00", "team-a", "");
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-b", "");
    buf_printf(&want,
               "Fristen heute und am nächsten Arbeitstag\n- %s (Übergabe): bitte antworten bis Mi "
               "18.11.2026 16:00",
               rig_code(rig, seq));
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-a", buf_str(&want));
    expect_morning(rig, "2026-11-18T07:30:00+01:00", "team-a", buf_str(&want));
    mark(rig, seq, 0, true);
    expect_morning(rig, "2026-11-18T07:30:00+01:00", "team-a", "");
    mark(rig, seq, ITEM_ANVERTRAUT, false);
    expect_morning(rig, "2026-11-18T07:30:00+01:00", "team-a", "");
    buf_release(&want);
}

/* The next working day of the team itself: from Wednesday on that is Tuesday. */
static void test_morning_next_day(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf want = BUF_INIT;
    rig_at(rig, "2026-11-09T09:00:00+01:00");
    int64_t seq = ask(rig, RIG_CASE, "team-b");
    buf_printf(&want,
               "Fristen heute und am nächsten Arbeitstag\n- %s (Übergabe): bitte antworten bis Mi "
               "18.11.2026 16:00",
               rig_code(rig, seq));
    expect_morning(rig, "2026-11-11T07:30:00+01:00", "team-b", "");
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-b", buf_str(&want));
    buf_release(&want);
}

/* Who must answer and was not told of it hears it by its own notice first. */
static void test_never_first(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-13T09:00:00+01:00");
    int64_t seq = ask(rig, RIG_CASE, "sozialbuero");
    struct item item = rig_item(rig, seq);
    str_copy(item.waiting_unit, sizeof item.waiting_unit, "team-a");
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &item);
    rig_commit(rig);
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-a", "");
}

static void test_morning_meetings(void **state)
{
    static const enum session_state planned[] = {SESSION_PLANNED, SESSION_CANCELLED};
    struct gateway_rig *rig = *state;
    struct buf want = BUF_INIT;
    int64_t seq = meeting(rig, "team-a", "sozialraumteam", "2026-11-17", planned, 2);
    buf_printf(&want, "Termine heute\n- 09:00 bis 11:00 Uhr: Sozialraumteam (%s)",
               rig_code(rig, seq));
    expect_morning(rig, "2026-11-16T07:30:00+01:00", "team-a", "");
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-a", buf_str(&want));
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-b", "");
    expect_morning(rig, "2026-11-19T07:30:00+01:00", "team-a", "");
    struct member member = {.item_seq = seq, .status = STATUS_DECLINED};
    str_copy(member.unit, sizeof member.unit, "team-a");
    store_begin(rig->g.store);
    store_member_put(rig->g.store, &member);
    rig_commit(rig);
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-a", "");
    buf_release(&want);
}

/* A number once a week, on the team's first day: two of them would tell of single items. */
static void test_morning_counts(void **state)
{
    struct gateway_rig *rig = *state;
    static const char want[] = "Nur als Zahl mitgeteilt, letzte Woche\n- Vorgänge, die andere "
                               "Stellen übernommen haben: 1-4";
    store_begin(rig->g.store);
    store_tally_add(rig->g.store, "team-a", tally_week(at("2026-11-12")));
    store_tally_add(rig->g.store, "team-b", tally_week(at("2026-11-12")));
    rig_commit(rig);
    expect_morning(rig, "2026-11-16T07:30:00+01:00", "team-a", want);
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-a", "");
    expect_morning(rig, "2026-11-17T07:30:00+01:00", "team-b", want);
    expect_morning(rig, "2026-11-18T07:30:00+01:00", "team-b", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_all_well),       TEST(test_week),
        TEST(test_protected),      TEST(test_many),
        TEST(test_morning),        TEST(test_morning_next_day),
        TEST(test_never_first),    TEST(test_morning_meetings),
        TEST(test_morning_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
