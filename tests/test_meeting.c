/*
 * Meetings: series and single ones, moved, cancelled, held; who hears of what.
 */
#include "meeting_rig.h"

#include "../daemon/event_table.h"

struct lines {
    struct buf text;
    size_t count;
};

static bool put_session(void *context, const struct session *s)
{
    struct lines *lines = context;
    meeting_when(&lines->text, s->start_s, s->duration_s);
    buf_printf(&lines->text, " %s %lld%s%s\n", session_state_name(s->state), (long long)s->sequence,
               *s->why ? " " : "", s->why);
    lines->count++;
    return true;
}

static struct buf sessions_of(struct gateway_rig *rig, int64_t item)
{
    struct lines lines = {BUF_INIT, 0};
    store_session_each(rig->g.store, item, 0, &lines, put_session);
    return lines.text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *p = strstr(text, part); p; p = strstr(p + 1, part))
        n++;
    return n;
}

/* "asd meeting.invited", one line a notice. */
static void put_notice(void *context, const struct notice *n)
{
    struct buf *text = context;
    buf_printf(text, "%s %s%s%s\n", n->unit, n->template_name, *n->outcome ? " " : "", n->outcome);
}

static void expect_notices(struct gateway_rig *rig, int64_t item, int64_t after, const char *want)
{
    struct buf text = BUF_INIT, late = BUF_INIT;
    store_notice_each(rig->g.store, item, &text, put_notice);
    const char *at = buf_str(&text);
    for (int64_t i = 0; i < after && *at; i++)
        at += strcspn(at, "\n") + 1;
    buf_puts(&late, at);
    assert_string_equal(buf_str(&late), want);
    buf_release(&text);
    buf_release(&late);
}

static void count_notice(void *context, const struct notice *n)
{
    (void)n;
    ++*(int64_t *)context;
}

static int64_t notices(struct gateway_rig *rig, int64_t item)
{
    int64_t n = 0;
    store_notice_each(rig->g.store, item, &n, count_notice);
    return n;
}

/* The mail to that unit's newest notice of the item, as it would leave now. */
struct wanted_mail {
    const char *unit;
    struct due due;
    struct store *store;
};

static void newest_delivery(void *context, const struct delivery *d)
{
    struct wanted_mail *want = context;
    struct notice n;
    if (d->channel == CHANNEL_EMAIL && store_notice_get(want->store, d->notice_seq, &n) &&
        str_eq(n.unit, want->unit) && d->seq > want->due.delivery.seq)
        want->due.delivery.seq = d->seq;
}

static struct message render(struct gateway_rig *rig, int64_t item_seq, const char *unit)
{
    struct wanted_mail want = {.unit = unit, .store = rig->g.store};
    struct message message = {0};
    struct item item;
    store_delivery_each(rig->g.store, item_seq, &want, newest_delivery);
    assert_true(want.due.delivery.seq > 0);
    assert_true(store_delivery_with_notice(rig->g.store, want.due.delivery.seq, &want.due));
    assert_true(store_item_get(rig->g.store, item_seq, &item));
    const struct template *t =
        templates_find(rig->g.config->templates, want.due.notice.template_name, CHANNEL_EMAIL);
    assert_non_null(t);
    assert_true(render_message(&rig->g, &want.due, &item, t, &message));
    return message;
}

static void drop(struct message *m)
{
    free(m->address);
    free(m->subject);
    free(m->body);
    free(m->calendar);
    free(m->method);
    free(m->message_id);
    free(m->thread_id);
    free(m->reference);
    free(m->envelope_from);
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void has_not(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("\"%s\" is in:\n%s", part, text);
}

/* MH1: twelve dates; Christi Himmelfahrt moves one by a week; everybody is invited once. */
static void test_series(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    struct buf text = sessions_of(rig, m.item_seq);
    assert_int_equal(count_of(buf_str(&text), "planned"), 12);
    has(buf_str(&text), "Do 13.05.2027, 09:00 bis 11:00 Uhr planned 1 Christi Himmelfahrt\n");
    buf_release(&text);
    expect_notices(rig, m.item_seq, 0,
                   "asd meeting.invited\nasd-leitung meeting.invited\n"
                   "koordination meeting.invited\nsb-leitung meeting.invited\n"
                   "sozialbuero meeting.invited\n");
    struct message mail = render(rig, m.item_seq, "sozialbuero");
    assert_string_equal(mail.method, "REQUEST");
    has(mail.calendar, "METHOD:REQUEST\r\n");
    has(mail.calendar, "RRULE:FREQ=MONTHLY;BYDAY=1TH;UNTIL=20271231T225959Z\r\n");
    has(mail.calendar, "RECURRENCE-ID;TZID=Europe/Berlin:20270506T090000\r\n");
    has(mail.calendar, "DTSTART;TZID=Europe/Berlin:20270513T090000\r\n");
    has(mail.calendar, "SUMMARY:Sozialraumteam\r\n");
    assert_int_equal(count_of(mail.calendar, "BEGIN:VEVENT"), 2);
    has(mail.body, "Wann: Do 07.01.2027, 09:00 bis 11:00 Uhr");
    has(mail.body, "Wo: Raum 1");
    drop(&mail);
    /* A reload without a change tells nobody anything. */
    meeting_rig_sync(rig);
    assert_int_equal(notices(rig, m.item_seq), 5);
    rig_ledger_green(rig);
}

/* BI9, BI4: a role that leaves after four sessions, a citizen who comes to part 2. */
static void test_members(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(
        rig, "meetings = ( { id = \"cafe\"; kind = \"stadtteile_team\"; unit = \"asd\";"
             " start = \"2027-01-04T14:00\"; duration = \"2h\"; part2 = \"30m\";"
             " rule = \"FREQ=WEEKLY;BYDAY=MO,WE,FR\"; until = \"2027-02-26\"; room = \"Cafe\";"
             " members = ( { unit = \"sozialbuero\"; sessions = 4; },"
             " { unit = \"verein\"; class = \"citizen\"; } ); } );\n");
    struct meeting m = meeting_rig_find(rig, "cafe");
    struct message mail = render(rig, m.item_seq, "sozialbuero");
    /* The fifth is on Wednesday 13.01.: the rule of this member ends before it. */
    has(mail.calendar, "RRULE:FREQ=WEEKLY;BYDAY=MO,WE,FR;UNTIL=20270113T125959Z\r\n");
    drop(&mail);
    mail = render(rig, m.item_seq, "verein");
    has(mail.calendar, "DTSTART;TZID=Europe/Berlin:20270104T143000\r\n");
    has(mail.body, "Mo 04.01.2027, 14:30 bis 16:00 Uhr");
    drop(&mail);
    int64_t before = notices(rig, m.item_seq);
    meeting_rig_until(rig, "2027-01-13T13:30:00+01:00");
    struct buf text = BUF_INIT;
    store_notice_each(rig->g.store, m.item_seq, &text, put_notice);
    assert_true(notices(rig, m.item_seq) > before);
    /* 3 leads of 4 sessions; the first session's week before is past when it is planned. */
    assert_int_equal(count_of(buf_str(&text), "sozialbuero meeting.reminder"), 12);
    assert_true(count_of(buf_str(&text), "verein meeting.reminder") > 12);
    buf_release(&text);
    rig_ledger_green(rig);
}

/* One session moves: SEQUENCE, RECURRENCE-ID, new reminders; then it is cancelled. */
static void test_move_and_cancel(void **state)
{
    struct gateway_rig *rig = *state;
    struct session s;
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    int64_t before = notices(rig, m.item_seq);
    rig_event(rig, "jugendamt", "meeting.changed", "",
              "{\"meeting_id\":\"team-nord\",\"kind\":\"sozialraumteam\",\"unit\":\"asd\","
              "\"session\":\"2027-02-04T09:00:00+01:00\",\"start\":\"2027-02-09T10:00:00+01:00\","
              "\"duration\":\"PT2H\"}");
    rig_expect_said(rig, "accepted");
    expect_notices(rig, m.item_seq, before,
                   "asd meeting.changed Der Termin war bisher: Do 04.02.2027, 09:00 bis 11:00 Uhr\n"
                   "asd-leitung meeting.changed Der Termin war bisher: Do 04.02.2027, 09:00 bis "
                   "11:00 Uhr\n"
                   "koordination meeting.changed Der Termin war bisher: Do 04.02.2027, 09:00 bis "
                   "11:00 Uhr\n"
                   "sb-leitung meeting.changed Der Termin war bisher: Do 04.02.2027, 09:00 bis "
                   "11:00 Uhr\n"
                   "sozialbuero meeting.changed Der Termin war bisher: Do 04.02.2027, 09:00 bis "
                   "11:00 Uhr\n");
    struct message mail = render(rig, m.item_seq, "sozialbuero");
    has(mail.calendar, "RECURRENCE-ID;TZID=Europe/Berlin:20270204T090000\r\n");
    has(mail.calendar, "DTSTART;TZID=Europe/Berlin:20270209T100000\r\n");
    has(mail.calendar, "SEQUENCE:1\r\n");
    has_not(mail.calendar, "RRULE:FREQ=MONTHLY");
    drop(&mail);
    assert_true(store_session_next(rig->g.store, m.item_seq, INT64_C(20850) * 86400,
                                   &s)); /* after 01.02.2027 */
    assert_int_equal(s.sequence, 1);
    before = notices(rig, m.item_seq);
    rig_event(rig, "jugendamt", "meeting.cancelled", "",
              "{\"meeting_id\":\"team-nord\",\"kind\":\"sozialraumteam\",\"unit\":\"asd\","
              "\"session\":\"2027-02-04T09:00:00+01:00\",\"start\":\"2027-02-09T10:00:00+01:00\","
              "\"code\":\"illness\"}");
    rig_expect_said(rig, "accepted");
    assert_int_equal(notices(rig, m.item_seq), before + 5);
    mail = render(rig, m.item_seq, "sozialbuero");
    assert_string_equal(mail.method, "CANCEL");
    has(mail.calendar, "STATUS:CANCELLED\r\n");
    has(mail.calendar, "SEQUENCE:2\r\n");
    drop(&mail);
    rig_ledger_green(rig);
}

/* KI7: everything from a day on is online: one update each. */
static void test_mode(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    int64_t before = notices(rig, m.item_seq);
    const struct meeting_switch online = {MODE_ONLINE, "https://konferenz.example/raum-7", "", 0};
    store_begin(rig->g.store);
    assert_true(meeting_switch_mode(&rig->g, m.item_seq, &online));
    assert_false(meeting_switch_mode(&rig->g, m.item_seq, &online));
    rig_commit(rig);
    assert_int_equal(notices(rig, m.item_seq), before + 5);
    struct message mail = render(rig, m.item_seq, "sozialbuero");
    has(mail.body, "https://konferenz.example/raum-7");
    has(mail.calendar, "SEQUENCE:2\r\n");
    drop(&mail);
    rig_ledger_green(rig);
}

/* A whole life: reminders (that of the week before and that for the answer fall on one morning and
 * are one mail), the session, its minutes, the end. */
static void test_life(void **state)
{
    struct gateway_rig *rig = *state;
    rig_event(rig, "jugendamt", "meeting.called", "",
              "{\"meeting_id\":\"runde-1\",\"kind\":\"reflexion\",\"unit\":\"asd\","
              "\"start\":\"2026-12-10T10:00:00+01:00\",\"duration\":\"PT1H\","
              "\"parties\":\"sozialbuero,sb-leitung\",\"room\":\"raum-2\"}");
    rig_expect_said(rig, "accepted");
    struct meeting m = meeting_rig_find(rig, "runde-1");
    int64_t before = notices(rig, m.item_seq);
    assert_int_equal(before, 3);
    meeting_rig_until(rig, "2026-12-10T09:30:00+01:00");
    expect_notices(rig, m.item_seq, before,
                   "asd meeting.reminder Ihre Antwort fehlt noch. Bitte sagen Sie zu oder ab.\n"
                   "sb-leitung meeting.reminder Ihre Antwort fehlt noch. Bitte sagen Sie zu oder "
                   "ab.\n"
                   "sozialbuero meeting.reminder Ihre Antwort fehlt noch. Bitte sagen Sie zu oder "
                   "ab.\n"
                   "asd meeting.reminder\nsb-leitung meeting.reminder\n"
                   "sozialbuero meeting.reminder\n"
                   "asd meeting.reminder\nsb-leitung meeting.reminder\n"
                   "sozialbuero meeting.reminder\n");
    before = notices(rig, m.item_seq);
    meeting_rig_until(rig, "2026-12-16T12:00:00+01:00");
    expect_notices(rig, m.item_seq, before,
                   "asd meeting.asked Das Protokoll fehlt noch. Bitte legen Sie es ab und "
                   "bestätigen Sie das hier.\n");
    rig_event(rig, "jugendamt", "minutes.filed", "",
              "{\"meeting_id\":\"runde-1\",\"at\":\"2026-12-16T12:00:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    life_is(rig, m.item_seq, "closed owner=asd waiting=");
    meeting_rig_until(rig, "2027-03-01T12:00:00+01:00");
    assert_int_equal(notices(rig, m.item_seq), before + 1);
    rig_ledger_green(rig);
}

/* Three days asleep: of several reminders one is told, and none of what is over. */
static void test_asleep(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    int64_t before = notices(rig, m.item_seq);
    rig_at(rig, "2027-01-07T08:30:00+01:00");
    store_begin(rig->g.store);
    clock_fire_due(&rig->g);
    rig_commit(rig);
    struct buf text = BUF_INIT;
    store_notice_each(rig->g.store, m.item_seq, &text, put_notice);
    assert_int_equal(count_of(buf_str(&text), "meeting.reminder"), 5);
    buf_reset(&text);
    rig_at(rig, "2027-02-07T08:30:00+01:00");
    store_begin(rig->g.store);
    clock_fire_due(&rig->g);
    rig_commit(rig);
    store_notice_each(rig->g.store, m.item_seq, &text, put_notice);
    assert_int_equal(count_of(buf_str(&text), "meeting.reminder"), 5);
    assert_true(notices(rig, m.item_seq) > before);
    buf_release(&text);
    rig_ledger_green(rig);
}

/* UL8: the chair declines, the deputy takes over, the office hears, nobody else does. */
static void test_chair(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, MEETING_TEAM);
    struct meeting m = meeting_rig_find(rig, "team-nord");
    int64_t before = notices(rig, m.item_seq);
    rig_event(rig, "jugendamt", "rsvp.received", "",
              "{\"meeting_id\":\"team-nord\",\"unit\":\"asd-leitung\",\"code\":\"declined\","
              "\"session\":\"2027-01-07T09:00:00+01:00\"}");
    rig_expect_said(rig, "accepted");
    expect_notices(rig, m.item_seq, before,
                   "koordination meeting.note Der Vorsitz hat abgesagt. Die Leitung übernimmt: "
                   "Stelle sb-leitung.\n"
                   "sb-leitung meeting.note Der Vorsitz hat abgesagt. Bitte leiten Sie diesen "
                   "Termin.\n");
    rig_ledger_green(rig);
}

/* UL7: two dates and a month: two invitations each, and the office is asked four weeks ahead. */
static void test_dates(void **state)
{
    struct gateway_rig *rig = *state;
    meeting_rig_config(rig, "meetings = ( { id = \"pg1\"; kind = \"projektgruppe\"; unit = \"asd\";"
                            " duration = \"2h\"; dates = [ \"2027-01-12T14:00\", "
                            "\"2027-02-09T14:00\" ]; months = [ \"2027-09\" ];"
                            " members = ( \"sozialbuero\" ); } );\n");
    struct meeting m = meeting_rig_find(rig, "pg1");
    expect_notices(rig, m.item_seq, 0,
                   "asd meeting.invited\nsozialbuero meeting.invited\n"
                   "asd meeting.invited\nsozialbuero meeting.invited\n");
    struct message mail = render(rig, m.item_seq, "sozialbuero");
    assert_int_equal(count_of(mail.calendar, "BEGIN:VEVENT"), 1);
    has(mail.calendar, "DTSTART;TZID=Europe/Berlin:20270209T140000\r\n");
    drop(&mail);
    struct buf text = BUF_INIT;
    meeting_rig_until(rig, "2027-08-03T12:00:00+02:00");
    store_notice_each(rig->g.store, m.item_seq, &text, put_notice);
    has_not(buf_str(&text), "September");
    buf_reset(&text);
    meeting_rig_until(rig, "2027-08-05T12:00:00+02:00");
    store_notice_each(rig->g.store, m.item_seq, &text, put_notice);
    assert_int_equal(count_of(buf_str(&text), "asd meeting.note Für September 2027 ist noch kein "
                                              "Tag festgelegt."),
                     1);
    buf_release(&text);
    /* The month passes without a day: the office hears so, and nothing is left open. */
    struct buf late = BUF_INIT;
    meeting_rig_until(rig, "2027-12-01T12:00:00+01:00");
    store_notice_each(rig->g.store, m.item_seq, &late, put_notice);
    assert_int_equal(count_of(buf_str(&late), "asd meeting.note Für September 2027 wurde kein Tag "
                                              "festgelegt; der Termin ist entfallen."),
                     1);
    buf_release(&late);
    life_is(rig, m.item_seq, "closed owner=asd waiting=");
    rig_ledger_green(rig);
}

/* The catalogue of events and the table of kinds know the same kinds; no name tells a service or a
 * legal area (R4), and what is public holds no case. */
static void test_kinds(void **state)
{
    (void)state;
    const char *const *codes = event_type_codes(EVENT_MEETING_CALLED, FIELD_KIND);
    int kinds = 0, known = 0;
    for (; codes[known]; known++)
        if (!meeting_kind_find(codes[known]))
            fail_msg("no kind %s", codes[known]);
    for (const struct meeting_kind *kind; (kind = meeting_kind_at(kinds)); kinds++) {
        assert_true(!kind->is_public || kind->cases == CASES_NEVER);
        assert_null(strstr(kind->name, "SGB"));
        assert_null(strstr(kind->name, "Hilfe"));
        assert_null(strstr(kind->name, "Teilhabe"));
    }
    assert_int_equal(kinds, known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        LIFE(test_series),
        LIFE(test_members),
        LIFE(test_move_and_cancel),
        LIFE(test_mode),
        LIFE(test_life),
        LIFE(test_asleep),
        LIFE(test_chair),
        LIFE(test_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
