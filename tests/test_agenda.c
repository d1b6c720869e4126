/*
 * workflow_agenda.c and agenda_text.c: who may bring what, what is refused whatever the event
 * claims, who sees which line (UL5, UL11, MH3, BI4). What becomes of a line is in
 * test_agenda_life.c.
 */
#include "agenda_rig.h"

/* ---- who may bring what */

static void test_admission(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct {
        const char *label, *source, *data, *want;
    } cases[] = {
        {"a member's case", "jugendamt", TEAM_OF(""), "accepted"},
        {"the host's topic", "sozialamt",
         "{" TO_TEAM "\"reason\":\"bericht\",\"by_unit\":\"sozialbuero\"}", "accepted"},
        {"with minutes, basis and consent", "jugendamt",
         TEAM_OF(",\"duration\":\"PT20M\",\"legal_basis\":\"consent\",\"consent_ref\":\"c-8841\""),
         "accepted"},
        {"a citizen's topic is none of this source", "hotline",
         "{" TO_TEAM "\"reason\":\"bericht\"}", "refused E-STELLE data.meeting_id"},
        {"a unit of another source", "jugendamt", TEAM_OF(",\"by_unit\":\"sozialbuero\""),
         "refused E-STELLE data.by_unit"},
        {"no such meeting", "jugendamt",
         "{\"meeting_id\":\"fallteam-sued\",\"reason\":\"bericht\"}",
         "refused E-TERMIN data.meeting_id"},
        {"kind of another meeting", "jugendamt",
         "{" TO_TEAM "\"reason\":\"bericht\",\"kind\":\"toj\"}", "refused E-WERT data.kind"},
        {"consent without its reference", "jugendamt", TEAM_OF(",\"legal_basis\":\"consent\""),
         "refused E-PFLICHT data.consent_ref"},
        {"unknown change", "jugendamt", TEAM_OF(",\"change\":\"budget_raised,umzug\""),
         "refused E-WERT data.change"},
        {"known changes", "jugendamt", TEAM_OF(",\"change\":\"budget_raised,service_added\""),
         "accepted"},
        {"too many changes for a line", "jugendamt",
         TEAM_OF(",\"change\":\"provider_changed,provider_changed,provider_changed,"
                 "provider_changed,provider_changed,provider_changed,provider_changed,"
                 "provider_changed\""),
         "refused E-WERT data.change"},
        {"longer than the meeting", "jugendamt", TEAM_OF(",\"duration\":\"PT2H1M\""),
         "refused E-WERT data.duration"},
        {"days", "jugendamt", TEAM_OF(",\"duration\":\"PT999H\""), "refused E-WERT data.duration"},
        {"an item that is none", "jugendamt",
         "{" TO_TEAM "\"reason\":\"fall\",\"item_id\":\"AAAA-AAAA\"}",
         "refused E-VORGANG data.item_id"},
        {"restricted", "jugendamt", "", "refused E-SCHUTZ data.case_ref"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("%s\n", cases[i].label);
        if (*cases[i].data) {
            add(rig, cases[i].source, cases[i].data, cases[i].want);
            continue;
        }
        rig_event(rig, cases[i].source, "agenda.item.added", "\"restricted\":true,", TEAM_OF(""));
        rig_expect_said(rig, cases[i].want);
    }
    assert_int_equal(rows_waiting(rig), 2); /* one case, whoever names it how often; one topic */
}

/* UL11: the stored kind decides. The refused reference is kept nowhere, and is not forgotten. */
static void test_public(void **state)
{
    struct gateway_rig *rig = *state;
    static const char lying[] =
        "{\"meeting_id\":\"runde-nord\",\"reason\":\"fall\"," REF(RIG_CASE) "}";
    static const char open[] = "{\"meeting_id\":\"runde-nord\",\"reason\":\"fall\",\"kind\":"
                               "\"sozialraumkonferenz\",\"case_ref\":\"" RIG_CASE "\"}";
    struct buf item = BUF_INIT;
    int64_t handover = request(rig);
    add(rig, "jugendamt", open, "refused E-FELD data.case_ref");
    add(rig, "jugendamt", lying, "refused E-FELD data.case_ref");
    assert_int_equal(rig_item(rig, rig->last.item_seq).kind, ITEM_REFUSAL);
    buf_printf(&item, "{\"meeting_id\":\"runde-nord\",\"reason\":\"fall\",\"item_id\":\"%s\"}",
               rig_code(rig, handover));
    add(rig, "jugendamt", buf_str(&item), "refused E-FELD data.item_id");
    add(rig, "jugendamt", "{\"meeting_id\":\"runde-nord\",\"reason\":\"projekt\"}", "accepted");
    struct session session = session_at(rig, "runde-nord", 0);
    struct agenda_item row[4];
    assert_int_equal(agenda_list(&rig->g, session.item_seq, session.seq, row, 4), 1);
    assert_int_equal(row[0].block, BLOCK_B);
    assert_int_equal(row[0].case_key, 0);
    buf_release(&item);
}

/* An item of which the source has no part; one that is protected; one that is over. */
static void test_items(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = request(rig);
    struct buf data = BUF_INIT;
    buf_printf(&data, "{" TO_TEAM "\"reason\":\"fall\",\"item_id\":\"%s\"}", rig_code(rig, item));
    add(rig, "traeger", buf_str(&data), "refused E-VORGANG data.item_id");
    add(rig, "jugendamt", buf_str(&data), "accepted");
    assert_int_equal(rig->last.item_seq, item);
    expect_audit(rig, item, "added");
    expect_audit(rig, meeting_seq(rig, "fallteam-nord"), "added");
    struct item over = rig_item(rig, item);
    over.flags |= ITEM_ANVERTRAUT;
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &over);
    rig_commit(rig);
    add(rig, "jugendamt", buf_str(&data), "refused E-SCHUTZ data.item_id");
    add(rig, "jugendamt", TEAM_OF(""), "refused E-SCHUTZ data.case_ref");
    freeze(rig, "fallteam-nord", 0);
    expect_lines(rig, "sozialbuero", 0, "", 0);
    expect_status(rig, "dropped>jugendamt/status ");
    buf_release(&data);
}

/* ---- who sees what */

/* MH3 and BI4, to the letter. */
static void test_sight(void **state)
{
    struct gateway_rig *rig = *state;
    static const char topic[] = "Teil B, ohne Fälle, ab 10:00 Uhr:\n"
                                "B1  Bericht, 10 Minuten (Stelle sozialbuero)";
    static const char house[] = "Teil A, Fälle:\n"
                                "A1  ...XM4T8B: Fallbesprechung, 15 Minuten\n"
                                "A2  ...6Z2K9D: Verlängerung (andere Form der Hilfe), 20 Minuten\n"
                                "A3  ...TB5V7N: weiterer Punkt, 15 Minuten\n";
    struct buf want = BUF_INIT;
    add_three(rig);
    freeze(rig, "fallteam-nord", 0);
    buf_printf(&want, "%s%s", house, topic);
    expect_lines(rig, "wohnen", 0, buf_str(&want), 0);
    buf_puts(&want, "\nZusammen 60 von 120 Minuten.");
    expect_lines(rig, "sozialbuero", 0, buf_str(&want), 0);
    buf_reset(&want);
    buf_printf(&want,
               "Teil A, Fälle:\nA2  ...6Z2K9D: Verlängerung (andere Form der Hilfe), "
               "20 Minuten\n%s",
               topic);
    expect_lines(rig, "jobcenter", 0, buf_str(&want), 2);
    expect_lines(rig, "verein", 0, topic, 3);
    expect_lines(rig, "buerger", 0, topic, 3);
    expect_lines(rig, "koordination", 0, topic, 3);
    expect_told(rig, "fallteam-nord", "sozialbuero asd buerger jobcenter verein wohnen ");
    expect_audit(rig, meeting_seq(rig, "fallteam-nord"), "unit=jobcenter 2 withheld");
    buf_release(&want);
}

/* A guest needs the consent on which the basis rests; a party needs nothing. */
static void test_parties(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf data = BUF_INIT;
    int64_t item =
        rig_event(rig, "jugendamt", "referral.requested", "", REFERRAL("schuldner", "sgb2_16a"))
            ->item_seq;
    struct item referral = rig_item(rig, item);
    str_copy(referral.owner_unit, sizeof referral.owner_unit, "verein");
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &referral);
    rig_commit(rig);
    buf_printf(&data, "{" TO_TEAM "\"reason\":\"fall\",\"item_id\":\"%s\"}", rig_code(rig, item));
    add(rig, "jugendamt", buf_str(&data), "accepted");
    buf_reset(&data);
    buf_printf(&data,
               "Teil A, Fälle:\nA1  %s: Fallbesprechung, 15 Minuten\n"
               "Vorläufiger Stand: Weitere Punkte können noch dazukommen.",
               rig_code(rig, item));
    expect_lines(rig, "verein", 0, buf_str(&data), 0);
    expect_lines(rig, "jobcenter", 0, "", 1);
    add(rig, "jugendamt",
        "{" TO_TEAM "\"reason\":\"fall\"," REF(RIG_CASE_2) ",\"legal_basis\":\"consent\",\"consent_"
                                                           "ref\":\"c-8841\",\"by_unit\":\"asd\"}",
        "accepted");
    expect_lines(rig, "jobcenter", 0,
                 "Teil A, Fälle:\nA2  ...6Z2K9D: Fallbesprechung, 15 Minuten\n"
                 "Vorläufiger Stand: Weitere Punkte können noch dazukommen.",
                 1);
    buf_release(&data);
}

/* UL5: nine extensions, two with a change. Named again with a change, a counted one is discussed;
 * the other way round nothing is taken off. */
static void test_extensions(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf data = BUF_INIT;
    for (int i = 0; i < 9; i++) {
        buf_reset(&data);
        buf_printf(&data,
                   "{" TO_TEAM "\"reason\":\"%s\",\"kind\":\"fallteam\",\"case_ref\":"
                   "\"cr-7f3k92qxm4t8%c\"%s}",
                   i % 2 ? "extension" : "verlaengerung", 'c' + i,
                   i < 2 ? ",\"change\":\"budget_raised\"" : "");
        add(rig, "jugendamt", buf_str(&data), "accepted");
    }
    add(rig, "jugendamt",
        "{" TO_TEAM "\"reason\":\"extension\",\"kind\":\"fallteam\",\"case_ref\":"
        "\"cr-7f3k92qxm4t8c\"}",
        "accepted");
    freeze(rig, "fallteam-nord", 0);
    expect_lines(rig, "sozialbuero", 0,
                 "Teil A, Fälle:\n"
                 "A1  ...XM4T8C: Verlängerung (höherer finanzieller Rahmen), 15 Minuten\n"
                 "A2  ...XM4T8D: Verlängerung (höherer finanzieller Rahmen), 15 Minuten\n"
                 "Ohne Vorstellung: 7 Verlängerungen ohne Änderung.\n"
                 "Zusammen 30 von 120 Minuten.",
                 0);
    expect_lines(rig, "jobcenter", 0, "", 2);
    expect_told(rig, "fallteam-nord", "sozialbuero asd wohnen ");
    buf_release(&data);
}

static void test_too_long(void **state)
{
    struct gateway_rig *rig = *state;
    add(rig, "jugendamt", TEAM_OF(",\"duration\":\"PT1H50M\""), "accepted");
    expect_lines(rig, "sozialbuero", 0,
                 "Teil A, Fälle:\nA1  ...XM4T8B: Fallbesprechung, 110 Minuten\n"
                 "Zusammen 110 von 120 Minuten.\n"
                 "Achtung: Teil A braucht 110 Minuten, Teil B beginnt nach 60.\n"
                 "Vorläufiger Stand: Weitere Punkte können noch dazukommen.",
                 0);
    add(rig, "sozialamt", "{" TO_TEAM "\"reason\":\"termine\",\"duration\":\"PT30M\"}", "accepted");
    expect_lines(rig, "sozialbuero", 0,
                 "Teil A, Fälle:\nA1  ...XM4T8B: Fallbesprechung, 110 Minuten\n"
                 "Teil B, ohne Fälle, ab 10:00 Uhr:\n"
                 "B1  Termine, 30 Minuten (Stelle sozialbuero)\n"
                 "Zusammen 140 von 120 Minuten.\n"
                 "Achtung: Die Punkte brauchen 20 Minuten mehr, als der Termin hat.\n"
                 "Vorläufiger Stand: Weitere Punkte können noch dazukommen.",
                 0);
}

/* A full agenda refuses further lines, but still counts extensions and changes known lines. */
static void test_full(void **state)
{
    struct gateway_rig *rig = *state;
    struct agenda_item row = {.item_seq = meeting_seq(rig, "fallteam-nord"),
                              .block = BLOCK_B,
                              .minutes = 5,
                              .added_ms = rig->g.now_ms};
    add(rig, "jugendamt", TEAM_OF(""), "accepted");
    store_begin(rig->g.store);
    for (int i = 1; i < AGENDA_MAX; i++)
        store_agenda_add(rig->g.store, &row);
    rig_commit(rig);
    add(rig, "sozialamt", "{" TO_TEAM "\"reason\":\"bericht\"}",
        "refused E-ZUSTAND data.meeting_id");
    add(rig, "jugendamt", TEAM_OF(",\"duration\":\"PT5M\""), "accepted");
    add(rig, "jugendamt", "{" TO_TEAM "\"reason\":\"extension\"," REF(RIG_CASE_2) "}", "accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        AGENDA(test_admission), AGENDA(test_public),     AGENDA(test_items),    AGENDA(test_sight),
        AGENDA(test_parties),   AGENDA(test_extensions), AGENDA(test_too_long), AGENDA(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
