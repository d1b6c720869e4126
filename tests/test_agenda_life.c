/*
 * agenda.c and store_agenda.c: closing an agenda (what nominates itself, what is late, over or
 * protected), ticking it off, sessions that do not take place, and erasing before the mails leave.
 */
#include "../daemon/export.h"
#include "agenda_rig.h"

/* ---- closing */

/* Overdue and ping-pong handovers of members come by themselves; protected ones never do. */
static void test_pressing(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct {
        const char *label, *case_ref;
        unsigned flags;
        bool restricted, comes;
    } cases[] = {
        {"overdue", "cr-7f3k92qxm4t8b", ITEM_OVERDUE, false, true},
        {"given back twice", "cr-7f3k92qxm4t8c", ITEM_OVERDUE | ITEM_PING_PONG, false, true},
        {"in time", "cr-7f3k92qxm4t8d", 0, false, false},
        {"restricted", "cr-7f3k92qxm4t8e", ITEM_OVERDUE, true, false},
        {"entrusted", "cr-7f3k92qxm4t8f", ITEM_OVERDUE | ITEM_ANVERTRAUT, false, false},
    };
    struct buf data = BUF_INIT, want = BUF_INIT;
    int number = 0;
    buf_puts(&want, "Teil A, Fälle:\n");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_reset(&data);
        buf_printf(&data,
                   "{\"case_ref\":\"%s\",\"from_unit\":\"asd\",\"to_unit\":\"sozialbuero\","
                   "\"reason\":\"umzug\",\"legal_basis\":\"sgb10_69\",\"hilfeplan\":false,"
                   "\"open_tasks\":2,\"next_deadline\":\"2026-12-04\"}",
                   cases[i].case_ref);
        int64_t seq =
            rig_event(rig, "jugendamt", "handover.requested", "", buf_str(&data))->item_seq;
        struct item item = rig_item(rig, seq);
        item.flags |= cases[i].flags;
        item.restricted = cases[i].restricted;
        store_begin(rig->g.store);
        store_item_update(rig->g.store, &item);
        rig_commit(rig);
        if (cases[i].comes)
            buf_printf(&want, "A%d  %s: %s, 15 Minuten\n", ++number, rig_code(rig, seq),
                       cases[i].flags & ITEM_PING_PONG ? "zum zweiten Mal zurückgegeben"
                                                       : "Frist verstrichen, noch ohne Antwort");
    }
    buf_puts(&want, "Zusammen 30 von 120 Minuten.");
    freeze(rig, "fallteam-nord", 0);
    expect_lines(rig, "sozialbuero", 0, buf_str(&want), 0);
    expect_lines(rig, "jobcenter", 0, "", 2);
    expect_status(rig, "nominated>jugendamt/status nominated>jugendamt/status ");
    freeze(rig, "runde-nord", 0);
    expect_told(rig, "runde-nord", "");
    buf_release(&data);
    buf_release(&want);
}

/* What comes later goes to the next session, and its sender hears that; closed twice tells once. */
static void test_late(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    freeze(rig, "fallteam-nord", 0);
    expect_status(rig, "");
    add(rig, "jugendamt", "{" TO_TEAM "\"reason\":\"neuer_fall\"," REF(RIG_CASE_2) "}", "accepted");
    expect_status(rig, "deferred>jugendamt/status ");
    freeze(rig, "fallteam-nord", 0);
    expect_told(rig, "fallteam-nord", "sozialbuero asd wohnen ");
    expect_lines(rig, "wohnen", 0, "Teil A, Fälle:\nA1  ...XM4T8B: Fallbesprechung, 15 Minuten", 0);
    expect_lines(rig, "wohnen", 1,
                 "Teil A, Fälle:\nA1  ...6Z2K9D: neuer Fall, 15 Minuten\n"
                 "Vorläufiger Stand: Weitere Punkte können noch dazukommen.",
                 0);
    expect_lines(rig, "wohnen", 2, "", 0);
}

/* A member that has declined needs no agenda; the host does whatever it answered. */
static void test_declined(void **state)
{
    struct gateway_rig *rig = *state;
    static const char *const who[] = {"asd", "sozialbuero"};
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    store_begin(rig->g.store);
    for (size_t i = 0; i < COUNT_OF(who); i++) {
        struct member member;
        assert_true(
            store_member_get(rig->g.store, meeting_seq(rig, "fallteam-nord"), who[i], 0, &member));
        member.session_seq = session_at(rig, "fallteam-nord", 0).seq;
        member.status = STATUS_DECLINED;
        store_member_put(rig->g.store, &member);
    }
    rig_commit(rig);
    freeze(rig, "fallteam-nord", 0);
    expect_told(rig, "fallteam-nord", "sozialbuero wohnen ");
}

/* A handover that ended meanwhile has no place on it; a case that was meant itself has. */
static void test_over(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf data = BUF_INIT;
    int64_t item = request(rig);
    buf_printf(&data, "{\"meeting_id\":\"team-allein\",\"reason\":\"fall\",\"item_id\":\"%s\"}",
               rig_code(rig, item));
    add(rig, "sozialamt", buf_str(&data), "accepted");
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    rig_event(rig, "jugendamt", "handover.withdrawn", "", TALK("asd"));
    rig_event(rig, "sozialamt", "handover.acknowledged", "", ANSWER("sozialbuero"));
    assert_true(rig_item(rig, item).closed_ms > 0);
    freeze(rig, "team-allein", 0);
    expect_told(rig, "team-allein", "");
    expect_status(rig, "dropped>sozialamt/status ");
    freeze(rig, "fallteam-nord", 0);
    expect_told(rig, "fallteam-nord", "sozialbuero asd wohnen ");
    buf_release(&data);
}

/* ---- afterwards */

static void tick(struct gateway_rig *rig, int64_t seq, bool discussed)
{
    store_begin(rig->g.store);
    agenda_tick(&rig->g, seq, discussed);
    rig_commit(rig);
}

static void test_tick(void **state)
{
    struct gateway_rig *rig = *state;
    struct agenda_item row[8];
    int64_t item = request(rig);
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    add(rig, "jugendamt", "{" TO_TEAM "\"reason\":\"neuer_fall\"," REF(RIG_CASE_2) "}", "accepted");
    add(rig, "sozialamt", "{" TO_TEAM "\"reason\":\"bericht\"}", "accepted");
    freeze(rig, "fallteam-nord", 0);
    struct session session = session_at(rig, "fallteam-nord", 0);
    assert_int_equal(agenda_list(&rig->g, session.item_seq, session.seq, row, 8), 3);
    assert_int_equal(agenda_list(&rig->g, session.item_seq + 99, session.seq, row, 8), 0);
    assert_int_equal(agenda_list(&rig->g, session.item_seq, session.seq, row, 2), 2);
    tick(rig, row[0].seq, true);
    tick(rig, row[0].seq, true);
    tick(rig, row[0].seq, false);
    tick(rig, row[1].seq, false);
    tick(rig, row[1].seq, false);
    tick(rig, 987654, true);
    expect_status(rig, "discussed>jugendamt/status deferred>jugendamt/status ");
    expect_audit(rig, item, "discussed");
    expect_audit(rig, session.item_seq, "discussed");
    expect_lines(rig, "asd", 1,
                 "Teil A, Fälle:\nA1  ...6Z2K9D: neuer Fall, 15 Minuten\n"
                 "Vorläufiger Stand: Weitere Punkte können noch dazukommen.",
                 0);
}

/* The session is over, and nobody ever closed its agenda. */
static void test_never_closed(void **state)
{
    struct gateway_rig *rig = *state;
    struct agenda_item row;
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    struct session session = session_at(rig, "fallteam-nord", 0);
    rig_at(rig, "2026-11-26T12:00:00+01:00");
    assert_int_equal(agenda_list(&rig->g, session.item_seq, session.seq, &row, 1), 1);
    tick(rig, row.seq, true);
    assert_true(store_agenda_get(rig->g.store, row.seq, &row));
    assert_int_equal(row.session_seq, session.seq);
    assert_int_equal(row.state, AGENDA_DISCUSSED);
}

/* What stood on a session that was cancelled stands on the next one. */
static void test_cancelled(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    freeze(rig, "fallteam-nord", 0);
    struct session session = session_at(rig, "fallteam-nord", 0);
    store_begin(rig->g.store);
    meeting_cancel(&rig->g, session.item_seq, session.seq, "illness");
    rig_commit(rig);
    freeze(rig, "fallteam-nord", 0);
    expect_lines(rig, "wohnen", 0, "Teil A, Fälle:\nA1  ...XM4T8B: Fallbesprechung, 15 Minuten", 0);
    assert_int_not_equal(session_at(rig, "fallteam-nord", 0).seq, session.seq);
    add(rig, "jugendamt", "{" TO_TEAM "\"reason\":\"neuer_fall\"," REF(RIG_CASE_2) "}", "accepted");
    store_begin(rig->g.store);
    meeting_cancel(&rig->g, session.item_seq, 0, "other");
    rig_commit(rig);
    expect_status(rig, "deferred>jugendamt/status deferred>jugendamt/status "
                       "dropped>jugendamt/status ");
    add(rig, "jugendamt", TEAM_OF(""), "refused E-TERMIN data.meeting_id");
}

/* ---- forgetting */

static void erase(struct gateway_rig *rig, const char *ref)
{
    struct erasure entry = {0};
    struct erase_report report;
    struct buf err = BUF_INIT;
    store_begin(rig->g.store);
    assert_int_equal(erase_case(&rig->g, ref, true, &entry, &report, &err), ERASE_DONE);
    rig_commit(rig);
    buf_release(&err);
}

static bool names_case(void *context, const struct agenda_item *row)
{
    *(bool *)context = true;
    (void)row;
    return false;
}

/* Erased after the agenda was closed and before its mails were written: it stands in none. A case
 * with an item, one without, one that its item named. */
static void test_erased(void **state)
{
    struct gateway_rig *rig = *state;
    struct export_from from = {.store = rig->g.store,
                               .keys = &rig->g.keys,
                               .directory = rig->g.config->directory,
                               .now_ms = rig->g.now_ms};
    struct buf text = BUF_INIT, json = BUF_INIT, data = BUF_INIT;
    int64_t item = request(rig);
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    add(rig, "jugendamt", "{" TO_TEAM "\"reason\":\"neuer_fall\"," REF(RIG_CASE_2) "}", "accepted");
    buf_printf(&data, "{\"meeting_id\":\"team-allein\",\"reason\":\"fall\",\"item_id\":\"%s\"}",
               rig_code(rig, item));
    add(rig, "sozialamt", buf_str(&data), "accepted");
    freeze(rig, "fallteam-nord", 0);
    assert_int_equal(export_case(&from, RIG_CASE_2, &text, &json), 2);
    assert_non_null(strstr(buf_str(&text), "Auf einer Tagesordnung"));
    assert_non_null(strstr(buf_str(&json), "\"agendas\":[{\"meeting\":\"Fallteam\""));
    static const char *const refs[] = {RIG_CASE, RIG_CASE_2};
    for (size_t i = 0; i < COUNT_OF(refs); i++) {
        bool found = false;
        int64_t key = (int64_t)digest_short(rig->g.keys.case_ref, refs[i], strlen(refs[i]));
        store_agenda_each_of_case(rig->g.store, key, &found, names_case);
        assert_true(found);
        erase(rig, refs[i]);
        found = false;
        store_agenda_each_of_case(rig->g.store, key, &found, names_case);
        assert_false(found);
        buf_reset(&text);
        buf_reset(&json);
        export_case(&from, refs[i], &text, &json);
        assert_non_null(strstr(buf_str(&json), "\"agendas\":[]"));
    }
    expect_lines(rig, "sozialbuero", 0, "", 0);
    buf_release(&text);
    buf_release(&json);
    buf_release(&data);
}

/* A series goes on; what was talked about goes in its time, what still waits does not. */
static void test_pruned(void **state)
{
    struct gateway_rig *rig = *state;
    struct agenda_item row;
    struct store *s = rig->g.store;
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    struct session session = session_at(rig, "fallteam-nord", 0);
    assert_int_equal(agenda_list(&rig->g, session.item_seq, session.seq, &row, 1), 1);
    store_begin(s);
    assert_int_equal(store_agenda_prune(s, rig->g.now_ms + 1, 10), 0);
    row.state = AGENDA_DISCUSSED;
    store_agenda_update(s, &row);
    assert_int_equal(store_agenda_prune(s, rig->g.now_ms, 10), 0);
    assert_int_equal(store_agenda_prune(s, rig->g.now_ms + 1, 10), 1);
    rig_commit(rig);
    assert_false(store_agenda_get(s, row.seq, &row));
}

/* ---- mails */

struct wanted_mail {
    const char *unit;
    struct due due;
    struct store *store;
};

static void look_delivery(void *context, const struct delivery *d)
{
    struct wanted_mail *want = context;
    struct notice n;
    if (d->channel == CHANNEL_EMAIL && store_notice_get(want->store, d->notice_seq, &n) &&
        str_eq(n.unit, want->unit) && str_eq(n.template_name, "meeting.agenda"))
        want->due.delivery.seq = d->seq;
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

/* The mail with the agenda to that unit, as it would leave now. */
static void expect_mail(struct gateway_rig *rig, const char *unit, const char *says,
                        const char *says_not)
{
    struct wanted_mail want = {.unit = unit, .store = rig->g.store};
    struct message m = {0};
    struct item item = rig_item(rig, meeting_seq(rig, "fallteam-nord"));
    store_delivery_each(rig->g.store, item.seq, &want, look_delivery);
    assert_true(store_delivery_with_notice(rig->g.store, want.due.delivery.seq, &want.due));
    const struct template *t =
        templates_find(rig->g.config->templates, "meeting.agenda", CHANNEL_EMAIL);
    assert_true(render_message(&rig->g, &want.due, &item, t, &m));
    if (!strstr(m.body, says) || (*says_not && strstr(m.body, says_not)))
        fail_msg("expected \"%s\", not \"%s\":\n%s", says, says_not, m.body);
    drop(&m);
}

/* By its clock, three working days before; what is erased before it leaves is in no mail. */
static void test_mails(void **state)
{
    struct gateway_rig *rig = *state;
    add_three(rig);
    meeting_rig_until(rig, "2026-11-20T17:00:00+01:00");
    expect_told(rig, "fallteam-nord", "");
    meeting_rig_until(rig, "2026-11-23T17:00:00+01:00");
    expect_told(rig, "fallteam-nord", "sozialbuero asd buerger jobcenter verein wohnen ");
    expect_mail(rig, "sozialbuero", "A1  ...XM4T8B: Fallbesprechung, 15 Minuten\n", "Stand: ");
    expect_mail(rig, "jobcenter", "A2  ...6Z2K9D: Verlängerung", "XM4T8B");
    expect_mail(rig, "buerger", "Wann: Do 26.11.2026, 10:00 bis 11:00 Uhr", "Teil A");
    erase(rig, RIG_CASE);
    expect_mail(rig, "sozialbuero", "A1  ...6Z2K9D: Verlängerung", "XM4T8B");
    meeting_rig_until(rig, "2026-12-08T17:00:00+01:00");
    rig_ledger_green(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AGENDA(test_pressing),  AGENDA(test_late),   AGENDA(test_declined),
        AGENDA(test_over),      AGENDA(test_tick),   AGENDA(test_never_closed),
        AGENDA(test_cancelled), AGENDA(test_erased), AGENDA(test_pruned),
        AGENDA(test_mails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
