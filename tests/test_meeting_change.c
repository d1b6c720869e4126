/*
 * What happens to a meeting after it was called, case by case: each of these was wrong once. What
 * members see is told by calendar_model.h from the mails that wait.
 */
#include "../daemon/permit.h"
#include "calendar_model.h"
#include "meeting_rig.h"

#define LIST(dates, members)                                                                       \
    "meetings = ( { id = \"liste\"; kind = \"projektgruppe\"; unit = \"asd\"; duration = \"2h\";"  \
    " dates = [ " dates " ]; room = \"Raum 1\"; members = ( " members " ); } );\n"
#define WEEKLY(more)                                                                               \
    "meetings = ( { id = \"reihe\"; kind = \"reflexion\"; unit = \"asd\"; duration = \"1h\";"      \
    " members = ( \"sozialbuero\", \"jobcenter\" ); " more " } );\n"
#define NO_MEETINGS "meetings = ( );\n"

/* The meetings of the configuration instead of those before. */
static void configure(struct gateway_rig *rig, const char *meetings)
{
    struct buf old = rig_read(rig->dir, "stafette.conf"), text = BUF_INIT;
    const char *at = buf_str(&old);
    if (str_starts(at, "meetings"))
        at = strchr(at, '\n') + 1;
    buf_puts(&text, meetings);
    buf_puts(&text, at);
    rig_write(rig->dir, "stafette.conf", buf_str(&text));
    rig_reload(rig);
    meeting_rig_sync(rig);
    buf_release(&old);
    buf_release(&text);
}

/* ---- what a unit's calendar shows of all that waits to be sent to it */

struct mailbox {
    struct gateway_rig *rig;
    const char *unit;
    struct calendars calendars;
    int reminders;
};

static void take(void *context, const struct delivery *d)
{
    struct mailbox *box = context;
    struct meeting_view view;
    struct due due = {0};
    struct buf text = BUF_INIT;
    const char *method = NULL;
    if (d->state != DELIVERY_PENDING || !str_starts(d->contact, box->unit) ||
        d->contact[strlen(box->unit)] != '/' ||
        !store_delivery_with_notice(box->rig->g.store, d->seq, &due))
        return;
    if (meeting_view(&box->rig->g, d->item_seq, &view))
        meeting_calendar(
            &box->rig->g, &view, directory_unit(box->rig->g.config->directory, box->unit),
            due.notice.template_name, due.notice.session_seq, "a@amt.example", &text, &method);
    if (method)
        model_take(&box->calendars, box->unit, buf_str(&text));
    meeting_view_release(&view);
    buf_release(&text);
}

static void expect_shown(struct gateway_rig *rig, const char *unit, int64_t item, const char *until,
                         const char *want)
{
    struct mailbox box = {.rig = rig, .unit = unit};
    struct buf text = BUF_INIT;
    int64_t start[64], to_ms;
    char name[32];
    int second;
    assert_true(time_parse(until, &to_ms));
    int64_t to_s = wall_day(to_ms, &second) * 86400;
    snprintf(name, sizeof name, "m%lld", (long long)item);
    store_delivery_each(rig->g.store, item, &box, take);
    size_t n = model_shows(&box.calendars, unit, name, meeting_wall_now(&rig->g), to_s, start, 64);
    for (size_t i = 0; i < n; i++) {
        buf_puts(&text, i ? ", " : "");
        meeting_when(&text, start[i], 0);
        text.len -= strlen(" bis 09:00 Uhr");
        text.data[text.len] = '\0';
    }
    assert_string_equal(buf_str(&text), want);
    assert_string_equal(box.calendars.fault, "");
    model_release(&box.calendars);
    buf_release(&text);
}

static int64_t item_of(struct gateway_rig *rig, const char *id)
{
    return meeting_rig_find(rig, id).item_seq;
}

static void cancel(struct gateway_rig *rig, int64_t item, const char *session)
{
    struct session s = {0};
    int64_t at_ms;
    int second;
    if (session) {
        assert_true(time_parse(session, &at_ms));
        int64_t day = wall_day(at_ms, &second);
        assert_true(store_session_find(rig->g.store, item, day * 86400 + second, &s));
    }
    store_begin(rig->g.store);
    meeting_cancel(&rig->g, item, s.seq, "other");
    rig_commit(rig);
}

/* ---- cancelling */

/* The relay is away: the invitation to the series still has to go when one date is cancelled. */
static void test_cancel_keeps_invitation(void **state)
{
    struct gateway_rig *rig = *state;
    configure(rig,
              WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU;COUNT=3\";"));
    cancel(rig, item_of(rig, "reihe"), "2026-12-08T09:00:00+01:00");
    expect_shown(rig, "sozialbuero", item_of(rig, "reihe"), "2027-02-01T00:00:00+01:00",
                 "Di 01.12.2026, 09:00, Di 15.12.2026, 09:00");
}

/* Every date of a list is an entry of its own: each is taken out of the calendars. */
static void test_cancel_list(void **state)
{
    struct gateway_rig *rig = *state;
    configure(rig, LIST("\"2027-01-12T14:00\", \"2027-02-09T14:00\"", "\"sozialbuero\""));
    int64_t item = item_of(rig, "liste");
    expect_shown(rig, "sozialbuero", item, "2027-06-01T00:00:00+02:00",
                 "Di 12.01.2027, 14:00, Di 09.02.2027, 14:00");
    cancel(rig, item, NULL);
    expect_shown(rig, "sozialbuero", item, "2027-06-01T00:00:00+02:00", "");
    life_is(rig, item, "cancelled owner=asd waiting=");
}

/* Who is no member any more hears of a cancellation, of a series with a date that is out too. */
static void test_cancel_tells_former(void **state)
{
    struct gateway_rig *rig = *state;
    configure(rig, WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU\";"
                          " except = [ \"2026-12-08\" ];"));
    int64_t item = item_of(rig, "reihe");
    store_begin(rig->g.store);
    store_member_drop(rig->g.store, item, "sozialbuero");
    rig_commit(rig);
    cancel(rig, item, NULL);
    expect_shown(rig, "sozialbuero", item, "2027-02-01T00:00:00+01:00", "");
}

/* ---- the configuration changes */

/* A list gets a date, loses one, and moves to another room. */
static void test_list_changes(void **state)
{
    struct gateway_rig *rig = *state;
    struct session s;
    configure(rig, LIST("\"2027-01-12T14:00\", \"2027-02-09T14:00\"", "\"sozialbuero\""));
    int64_t item = item_of(rig, "liste");
    configure(rig, LIST("\"2027-01-12T14:00\", \"2027-03-09T14:00\"", "\"sozialbuero\""));
    assert_int_equal(item_of(rig, "liste"), item);
    expect_shown(rig, "sozialbuero", item, "2027-06-01T00:00:00+02:00",
                 "Di 12.01.2027, 14:00, Di 09.03.2027, 14:00");
    assert_true(store_session_next(rig->g.store, item, 0, &s));
    int64_t seq = s.seq;
    configure(rig, "meetings = ( { id = \"liste\"; kind = \"projektgruppe\"; unit = \"asd\";"
                   " duration = \"2h\"; dates = [ \"2027-01-12T14:00\", \"2027-03-09T14:00\" ];"
                   " room = \"Raum 2\"; members = ( \"sozialbuero\", \"jobcenter\" ); } );\n");
    assert_true(store_session_next(rig->g.store, item, 0, &s));
    assert_int_equal(s.seq, seq); /* the same entry in calendars */
    assert_string_equal(s.room, "Raum 2");
    expect_shown(rig, "jobcenter", item, "2027-06-01T00:00:00+02:00",
                 "Di 12.01.2027, 14:00, Di 09.03.2027, 14:00");
    rig_ledger_green(rig);
}

/* Another hour after some sessions were held: calendars show the new one. */
static void test_other_hour(void **state)
{
    struct gateway_rig *rig = *state;
    configure(rig, WEEKLY("start = \"2026-11-17T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU\";"));
    int64_t item = item_of(rig, "reihe");
    meeting_rig_until(rig, "2026-11-26T12:00:00+01:00");
    configure(rig, WEEKLY("start = \"2026-11-17T11:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU\";"));
    expect_shown(rig, "jobcenter", item, "2026-12-16T00:00:00+01:00",
                 "Di 01.12.2026, 11:00, Di 08.12.2026, 11:00, Di 15.12.2026, 11:00");
    rig_ledger_green(rig);
}

/* A COUNT that began before the series was known here ends where it ends. */
static void test_count_began_before(void **state)
{
    struct gateway_rig *rig = *state;
    configure(rig,
              WEEKLY("start = \"2026-11-03T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU;COUNT=5\";"));
    expect_shown(rig, "jobcenter", item_of(rig, "reihe"), "2027-06-01T00:00:00+02:00",
                 "Di 17.11.2026, 09:00, Di 24.11.2026, 09:00, Di 01.12.2026, 09:00");
}

/* Another room does not move a session back that somebody has moved, nor forget its answers. */
static void test_room_keeps_moves(void **state)
{
    struct gateway_rig *rig = *state;
    struct member member;
    struct session s;
    configure(rig,
              WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU;COUNT=2\";"));
    int64_t item = item_of(rig, "reihe");
    assert_true(store_session_next(rig->g.store, item, 0, &s));
    s.start_s += 86400;
    store_begin(rig->g.store);
    assert_true(meeting_change_session(&rig->g, &s));
    rig_commit(rig);
    rig_event(rig, "jugendamt", "rsvp.received", "",
              "{\"meeting_id\":\"reihe\",\"unit\":\"asd\",\"code\":\"declined\","
              "\"session\":\"2026-12-01T09:00:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    configure(rig, WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU;COUNT=2\";"
                          " room = \"Raum 7\";"));
    expect_shown(rig, "jobcenter", item, "2027-06-01T00:00:00+02:00",
                 "Di 08.12.2026, 09:00, Mi 02.12.2026, 09:00");
    assert_true(store_member_for(rig->g.store, item, "asd", s.seq, &member));
    assert_int_equal(member.status, STATUS_DECLINED);
}

/* Who accepted the whole series is asked again about a session that moves, and about no other. */
static void test_move_asks_again(void **state)
{
    struct gateway_rig *rig = *state;
    struct member member;
    struct session s;
    configure(rig,
              WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU;COUNT=2\";"));
    int64_t item = item_of(rig, "reihe");
    rig_event(rig, "jugendamt", "rsvp.received", "",
              "{\"meeting_id\":\"reihe\",\"unit\":\"asd\",\"code\":\"accepted\"}");
    rig_expect_said(rig, "accepted");
    assert_true(store_session_next(rig->g.store, item, 0, &s));
    s.start_s += 86400;
    store_begin(rig->g.store);
    assert_true(meeting_change_session(&rig->g, &s));
    rig_commit(rig);
    assert_true(store_member_for(rig->g.store, item, "asd", s.seq, &member));
    assert_int_equal(member.status, STATUS_NEEDS_ACTION);
    assert_true(store_member_for(rig->g.store, item, "asd", s.seq + 1, &member));
    assert_int_equal(member.status, STATUS_ACCEPTED);
    /* The whole once more, after the move: nothing is open then. */
    rig_event(rig, "jugendamt", "rsvp.received", "",
              "{\"meeting_id\":\"reihe\",\"unit\":\"asd\",\"code\":\"tentative\"}");
    assert_true(store_member_for(rig->g.store, item, "asd", s.seq, &member));
    assert_int_equal(member.status, STATUS_TENTATIVE);
}

/* Also at the second reload: what the configuration no longer has does not take place. */
static void test_removed_twice(void **state)
{
    struct gateway_rig *rig = *state;
    configure(rig, LIST("\"2027-01-12T14:00\"", "\"sozialbuero\""));
    int64_t first = item_of(rig, "liste");
    configure(rig, NO_MEETINGS);
    life_is(rig, first, "cancelled owner=asd waiting=");
    configure(rig, LIST("\"2027-01-12T14:00\"", "\"sozialbuero\""));
    int64_t second = item_of(rig, "liste");
    assert_true(second > first);
    configure(rig, NO_MEETINGS);
    life_is(rig, second, "cancelled owner=asd waiting=");
}

/* ---- over */

/* After a suspend an event is decided before the clocks fire: the session that passed meanwhile is
 * asked for all the same, and now. */
static void test_passed_while_asleep(void **state)
{
    struct gateway_rig *rig = *state;
    struct session s;
    configure(rig, WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=MONTHLY;BYDAY=1TU\";"));
    int64_t item = item_of(rig, "reihe");
    assert_true(store_session_next(rig->g.store, item, 0, &s));
    rig_at(rig, "2026-12-03T09:00:00+01:00");
    rig_event(rig, "jugendamt", "meeting.cancelled", "",
              "{\"meeting_id\":\"reihe\",\"kind\":\"reflexion\",\"unit\":\"asd\","
              "\"session\":\"2027-02-02T09:00:00+01:00\",\"start\":\"2027-02-02T09:00:00+01:00\","
              "\"code\":\"other\"}");
    rig_expect_said(rig, "accepted");
    meeting_rig_until(rig, "2026-12-03T09:00:01+01:00");
    assert_true(store_session_get(rig->g.store, s.seq, &s));
    assert_int_not_equal(s.state, SESSION_PLANNED);
    rig_ledger_green(rig);
}

/* Said to be held before its time is over: its reminders stop, the minutes are asked for. */
static void test_held_early(void **state)
{
    struct gateway_rig *rig = *state;
    struct clock clock;
    struct session s;
    configure(rig, WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=MONTHLY;BYDAY=1TU\";"));
    int64_t item = item_of(rig, "reihe");
    assert_true(store_session_next(rig->g.store, item, 0, &s));
    rig_event(rig, "jugendamt", "meeting.held", "",
              "{\"meeting_id\":\"reihe\",\"kind\":\"reflexion\",\"unit\":\"asd\","
              "\"session\":\"2026-12-01T09:00:00+01:00\",\"start\":\"2026-12-01T09:00:00+01:00\","
              "\"duration\":\"PT1H\"}");
    rig_expect_said(rig, "refused E-TERMIN data.session"); /* two weeks ahead */
    meeting_rig_until(rig, "2026-12-01T09:30:00+01:00");
    store_begin(rig->g.store);
    meeting_session_held(&rig->g, &s, true);
    rig_commit(rig);
    assert_true(store_session_get(rig->g.store, s.seq, &s));
    assert_int_equal(s.state, SESSION_HELD);
    memset(&clock, 0, sizeof clock);
    clock.item_seq = item;
    clock.session_seq = s.seq;
    assert_true(
        store_clock_other_due(rig->g.store, &clock, REMIND_MINUTES, REMIND_MINUTES, INT64_MAX));
    assert_false(
        store_clock_other_due(rig->g.store, &clock, REMIND_LEAD_1, REMIND_FREEZE, INT64_MAX));
}

/* Moved to an earlier day and over: it does not show up again on the day the rule has for it. */
static void test_moved_earlier(void **state)
{
    struct gateway_rig *rig = *state;
    struct session s;
    configure(rig,
              WEEKLY("start = \"2026-12-01T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TU;COUNT=2\";"));
    int64_t item = item_of(rig, "reihe");
    assert_true(store_session_next(rig->g.store, item, 0, &s));
    s.start_s -= 4 * 86400;
    store_begin(rig->g.store);
    assert_true(meeting_change_session(&rig->g, &s));
    rig_commit(rig);
    meeting_rig_until(rig, "2026-11-28T12:00:00+01:00");
    store_begin(rig->g.store);
    const struct meeting_switch online = {MODE_ONLINE, "https://k.example/1", "", 0};
    assert_true(meeting_switch_mode(&rig->g, item, &online));
    rig_commit(rig);
    expect_shown(rig, "jobcenter", item, "2027-06-01T00:00:00+02:00", "Di 08.12.2026, 09:00");
}

static void count_refused(void *context, const struct notice *n)
{
    struct mailbox *box = context;
    struct item item = rig_item(box->rig, n->item_seq);
    assert_int_equal(permit_start(&box->rig->g, &item, n), PERMIT_ALLOWED);
    box->reminders += str_eq(n->template_name, "meeting.reminder");
}

/* A meeting has more members than a case event may have recipients (R12): all are reminded. */
static void test_many_members(void **state)
{
    struct gateway_rig *rig = *state;
    struct mailbox box = {.rig = rig};
    configure(rig, LIST("\"2026-12-15T14:00\"", "\"sozialbuero\", \"jobcenter\", \"sb-leitung\","
                                                " \"asd-leitung\", \"verein\", \"sb-vertretung\""));
    meeting_rig_until(rig, "2026-12-15T13:30:00+01:00");
    store_notice_each(rig->g.store, item_of(rig, "liste"), &box, count_refused);
    assert_int_equal(box.reminders, 3 * 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIFE(test_cancel_keeps_invitation),
        LIFE(test_cancel_list),
        LIFE(test_cancel_tells_former),
        LIFE(test_list_changes),
        LIFE(test_other_hour),
        LIFE(test_count_began_before),
        LIFE(test_room_keeps_moves),
        LIFE(test_move_asks_again),
        LIFE(test_removed_twice),
        LIFE(test_passed_while_asleep),
        LIFE(test_held_early),
        LIFE(test_moved_earlier),
        LIFE(test_many_members),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
