/*
 * What the tests of agendas share: a town with a Fallteam every Thursday (a guest from another
 * legal area, a provider and citizens among its members), a public round, and a team that meets
 * alone.
 */
#ifndef AGENDA_RIG_H
#define AGENDA_RIG_H

#include "../daemon/agenda.h"
#include "../daemon/erase.h"
#include "meeting_rig.h"

#define CASE_3 "cr-9z6w2hktb5v7n"
#define REF(ref) "\"case_ref\":\"" ref "\",\"kind\":\"fallteam\""
#define TO_TEAM "\"meeting_id\":\"fallteam-nord\","
#define TEAM_OF(extra)                                                                             \
    "{\"meeting_id\":\"fallteam-nord\",\"reason\":\"fallbesprechung\"," REF(RIG_CASE) extra "}"

static const char units[] = RIG_UNIT("buerger", "body", "") "," RIG_UNIT("wohnen", "team", "") ",";

/* Thursdays at nine; part 2 at ten. The Jobcenter is a guest from another legal area. */
static const char meetings[] =
    "meetings = ("
    " { id = \"fallteam-nord\"; kind = \"fallteam\"; unit = \"sozialbuero\";"
    "   start = \"2026-11-26T09:00\"; rule = \"FREQ=WEEKLY;BYDAY=TH\"; duration = \"2h\";"
    "   part2 = \"1h\"; room = \"Raum 1\"; members = ( \"asd\", \"wohnen\", \"verein\","
    "   { unit = \"jobcenter\"; role = \"guest\"; },"
    "   { unit = \"buerger\"; class = \"citizen\"; } ); },"
    " { id = \"runde-nord\"; kind = \"sozialraumkonferenz\"; unit = \"sozialbuero\";"
    "   start = \"2026-11-26T15:00\"; room = \"Saal\"; members = ( \"asd\", \"buerger\" ); },"
    " { id = \"team-allein\"; kind = \"fallteam\"; unit = \"nur-funk\";"
    "   start = \"2026-11-27T09:00\"; room = \"Raum 2\"; } );\n";

static const char guest_row[] =
    " { from = \"asd\"; to = \"jobcenter\"; kinds = [ \"meeting\" ];"
    " bases = [ \"sgb2_16h\" ]; },"
    " { from = \"asd\"; to = \"jobcenter\"; kinds = [ \"meeting\" ]; bases = [ \"consent\" ]; },";

/* ---- set up */

static inline int agenda_set_up(void **state)
{
    struct gateway_rig *rig = xcalloc(1, sizeof *rig);
    struct buf err = BUF_INIT;
    rig_open(rig);
    rig_insert(rig, "permissions = (", guest_row);
    rig_add_units(rig, units, meetings);
    if (erase_catch_up(&rig->g, &err) < 0)
        fail_msg("%s", buf_str(&err));
    meeting_rig_sync(rig);
    *state = rig;
    return 0;
}

static inline int agenda_tear_down(void **state)
{
    struct gateway_rig *rig = *state;
    erasures_close(&rig->g.erasures);
    return rig_tear_down(state);
}

/* ---- short forms */

static inline int64_t meeting_seq(struct gateway_rig *rig, const char *id)
{
    struct meeting meeting;
    assert_true(store_meeting_find(rig->g.store, id, &meeting));
    return meeting.item_seq;
}

static inline struct session session_at(struct gateway_rig *rig, const char *id, int64_t weeks)
{
    struct session session;
    int64_t seq = meeting_seq(rig, id), now_s = meeting_wall_now(&rig->g);
    for (; store_session_next(rig->g.store, seq, now_s, &session) && weeks > 0; weeks--)
        now_s = session.start_s + session.duration_s;
    assert_int_not_equal(session.seq, 0);
    return session;
}

static inline void add(struct gateway_rig *rig, const char *source, const char *data,
                       const char *want)
{
    rig_event(rig, source, "agenda.item.added", "", data);
    rig_expect_said(rig, want);
}

static inline void add_three(struct gateway_rig *rig)
{
    add(rig, "jugendamt", TEAM_OF(",\"by_unit\":\"asd\""), "accepted");
    add(rig, "jugendamt",
        "{" TO_TEAM "\"reason\":\"verlaengerung\",\"change\":\"setting_change\"," REF(
            RIG_CASE_2) ",\"by_unit\":\"asd\",\"legal_basis\":\"sgb2_16h\",\"duration\":\"PT20M\"}",
        "accepted");
    add(rig, "sozialamt",
        "{" TO_TEAM "\"reason\":\"geheimwort\"," REF(CASE_3) ",\"by_unit\":\"sozialbuero\"}",
        "accepted");
    add(rig, "sozialamt", "{" TO_TEAM "\"reason\":\"bericht\",\"by_unit\":\"sozialbuero\"}",
        "accepted");
}

static inline void freeze(struct gateway_rig *rig, const char *id, int64_t weeks)
{
    struct session session = session_at(rig, id, weeks);
    struct item item = rig_item(rig, session.item_seq);
    store_begin(rig->g.store);
    agenda_freeze(&rig->g, &item, &session);
    rig_commit(rig);
}

static inline void expect_lines(struct gateway_rig *rig, const char *unit, int64_t weeks,
                                const char *want, size_t withheld)
{
    struct meeting_view view;
    struct buf got = BUF_INIT;
    size_t hidden = 99;
    const struct session session = session_at(rig, "fallteam-nord", weeks);
    assert_true(meeting_view(&rig->g, session.item_seq, &view));
    agenda_lines(&rig->g, &view, &session, directory_unit(rig->g.config->directory, unit), &got,
                 &hidden);
    assert_string_equal(buf_str(&got), want);
    assert_int_equal(hidden, withheld);
    meeting_view_release(&view);
    buf_release(&got);
}

static inline void put_told(void *context, const struct notice *n)
{
    if (str_eq(n->template_name, "meeting.agenda"))
        buf_printf(context, "%s ", n->unit);
}

static inline void expect_told(struct gateway_rig *rig, const char *id, const char *want)
{
    struct buf got = BUF_INIT;
    store_notice_each(rig->g.store, meeting_seq(rig, id), &got, put_told);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static inline bool put_status(void *context, const struct out_event *e)
{
    static const char start[] = "\"type\":\"de.sozialraum.agenda.item.";
    const char *type = strstr(e->payload, start);
    if (type) {
        type += strlen(start);
        buf_printf(context, "%.*s>%s ", (int)(strstr(type, ".v1") - type), type,
                   e->topic + strlen("stafette/out/"));
    }
    return true;
}

static inline void expect_status(struct gateway_rig *rig, const char *want)
{
    struct buf got = BUF_INIT;
    store_out_each(rig->g.store, 0, &got, put_status);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static inline void put_row(void *context, const struct audit_row *row)
{
    buf_printf(context, "%s\n", row->content);
}

static inline void expect_audit(struct gateway_rig *rig, int64_t item, const char *want)
{
    struct buf got = BUF_INIT;
    store_audit_each(rig->g.store, item, &got, put_row);
    if (!strstr(buf_str(&got), want))
        fail_msg("\"%s\" is not in the audit:\n%s", want, buf_str(&got));
    buf_release(&got);
}

static inline bool count_row(void *context, const struct agenda_item *row)
{
    (void)row;
    ++*(int *)context;
    return true;
}

static inline int rows_waiting(struct gateway_rig *rig)
{
    int n = 0;
    store_agenda_each(rig->g.store, meeting_seq(rig, "fallteam-nord"), 0, &n, count_row);
    return n;
}

#define AGENDA(name) cmocka_unit_test_setup_teardown(name, agenda_set_up, agenda_tear_down)

#endif
