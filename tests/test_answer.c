/*
 * # time limit: 300 s
 *
 * answer.c: all ways of answering are equal (DOMAIN E13). Each verb, in each state, by each side,
 * comes to the same end as the event that a case system would have sent; the first wins, the second
 * is harmless; every try leaves its row in the audit.
 */
#include "../daemon/store_audit.h"
#include "life_rig.h"

#define ON(provider)                                                                               \
    "{\"case_ref\":\"" RIG_CASE "\",\"provider\":\"" provider "\",\"on\":\"2026-11-17\"}"
#define WITH_PLAN                                                                                  \
    "{\"case_ref\":\"" RIG_CASE "\",\"from_unit\":\"asd\",\"reason\":\"umzug\","                   \
    "\"legal_basis\":\"sgb10_69\",\"hilfeplan\":true,\"open_tasks\":2,"                            \
    "\"next_deadline\":\"2026-12-04\",\"to_unit\":\"sozialbuero\"}"
#define CLEARED "{\"case_ref\":\"" RIG_CASE "\",\"at\":\"2026-11-16T09:00:00+01:00\"}"

struct said {
    const char *source, *type, *data;
};
enum { EVENTS_MAX = 4 };

/* A life so far: the first event opens the item. */
static const struct life {
    const char *label;
    enum item_kind kind;
    struct said said[EVENTS_MAX];
} lives[] = {
    {"asked", ITEM_HANDOVER, {{"jugendamt", "handover.requested", TO_SB}}},
    {"asked, with a Hilfeplan", ITEM_HANDOVER, {{"jugendamt", "handover.requested", WITH_PLAN}}},
    {"seen",
     ITEM_HANDOVER,
     {{"jugendamt", "handover.requested", TO_SB},
      {"sozialamt", "handover.acknowledged", ANSWER("sozialbuero")}}},
    {"returned",
     ITEM_HANDOVER,
     {{"jugendamt", "handover.requested", TO_SB},
      {"sozialamt", "handover.returned", CODED("sozialbuero", "documents")}}},
    {"rejected",
     ITEM_HANDOVER,
     {{"jugendamt", "handover.requested", TO_SB},
      {"sozialamt", "handover.rejected", CODED("sozialbuero", "no_capacity")}}},
    {"disputed",
     ITEM_HANDOVER,
     {{"jugendamt", "handover.requested", TO_SB},
      {"sozialamt", "handover.rejected", CODED("sozialbuero", "not_competent")}}},
    {"withdrawn",
     ITEM_HANDOVER,
     {{"jugendamt", "handover.requested", TO_SB},
      {"jugendamt", "handover.withdrawn", TALK("asd")}}},
    {"accepted",
     ITEM_HANDOVER,
     {{"jugendamt", "handover.requested", TO_SB},
      {"sozialamt", "handover.accepted", TALK("sozialbuero")}}},
    {"to be approved",
     ITEM_REFERRAL,
     {{"jugendamt", "referral.requested", REFERRAL("schuldner", "sgb2_16a")}}},
    {"offered",
     ITEM_REFERRAL,
     {{"jugendamt", "referral.requested", REFERRAL("schuldner", "sgb2_16a")},
      {"jugendamt", "referral.approved", APPROVAL("asd-leitung")}}},
    {"taken",
     ITEM_REFERRAL,
     {{"jugendamt", "referral.requested", REFERRAL("schuldner", "sgb2_16a")},
      {"jugendamt", "referral.approved", APPROVAL("asd-leitung")},
      {"traeger", "referral.accepted", PROVIDER("verein")}}},
    {"running",
     ITEM_REFERRAL,
     {{"jugendamt", "referral.requested", REFERRAL("schuldner", "sgb2_16a")},
      {"jugendamt", "referral.approved", APPROVAL("asd-leitung")},
      {"traeger", "referral.accepted", PROVIDER("verein")},
      {"traeger", "referral.contact.held", ON("verein")}}},
    {"reported", ITEM_EMERGENCY, {{"hotline", "emergency.reported", EMERGENCY}}},
    {"cleared",
     ITEM_EMERGENCY,
     {{"hotline", "emergency.reported", EMERGENCY}, {"hotline", "hazard.cleared", CLEARED}}},
};

/* What each verb means as an event, said once more here; %s is the unit that answers. */
static const struct {
    enum item_kind kind;
    enum answer_verb verb;
    const char *type, *data;
} meanings[] = {
    {ITEM_HANDOVER, ANSWER_SEEN, "handover.acknowledged", "{\"by_unit\":\"%s\",\"code\":\"seen\"}"},
    {ITEM_HANDOVER, ANSWER_ACCEPT, "handover.accepted",
     "{\"by_unit\":\"%s\",\"at\":\"2026-11-16T09:00:00+01:00\"}"},
    {ITEM_HANDOVER, ANSWER_REJECT, "handover.rejected",
     "{\"by_unit\":\"%s\",\"code\":\"not_competent\"}"},
    {ITEM_HANDOVER, ANSWER_FULL, "handover.rejected",
     "{\"by_unit\":\"%s\",\"code\":\"no_capacity\"}"},
    {ITEM_HANDOVER, ANSWER_RETURN, "handover.returned",
     "{\"by_unit\":\"%s\",\"code\":\"documents\",\"missing\":\"documents\"}"},
    {ITEM_HANDOVER, ANSWER_CONVERSED, "handover.conversation.held",
     "{\"by_unit\":\"%s\",\"at\":\"2026-11-16T09:00:00+01:00\"}"},
    {ITEM_HANDOVER, ANSWER_WITHDRAW, "handover.withdrawn",
     "{\"by_unit\":\"%s\",\"at\":\"2026-11-16T09:00:00+01:00\"}"},
    {ITEM_HANDOVER, ANSWER_CONFIRMED, "handover.conflict.decided",
     "{\"by_unit\":\"%s\",\"code\":\"confirmed\"}"},
    {ITEM_HANDOVER, ANSWER_KEEPS, "handover.conflict.decided",
     "{\"by_unit\":\"%s\",\"code\":\"giver_keeps\"}"},
    {ITEM_REFERRAL, ANSWER_SEEN, "referral.acknowledged",
     "{\"provider\":\"%s\",\"code\":\"seen\"}"},
    {ITEM_REFERRAL, ANSWER_ACCEPT, "referral.accepted",
     "{\"provider\":\"%s\",\"code\":\"accepted\"}"},
    {ITEM_REFERRAL, ANSWER_REJECT, "referral.declined",
     "{\"provider\":\"%s\",\"code\":\"not_suitable\"}"},
    {ITEM_REFERRAL, ANSWER_FULL, "referral.declined", "{\"provider\":\"%s\",\"code\":\"voll\"}"},
    {ITEM_REFERRAL, ANSWER_APPROVE, "referral.approved",
     "{\"by_role\":\"%s\",\"budget_line\":\"bl_16a\"}"},
    {ITEM_REFERRAL, ANSWER_REFUSE, "referral.refused",
     "{\"by_role\":\"%s\",\"budget_line\":\"bl_16a\"}"},
    {ITEM_REFERRAL, ANSWER_WITHDRAW, "referral.withdrawn",
     "{\"by_unit\":\"%s\",\"at\":\"2026-11-16T09:00:00+01:00\"}"},
    {ITEM_REFERRAL, ANSWER_CONTACTED, "referral.contact.held",
     "{\"provider\":\"%s\",\"on\":\"2026-11-16\"}"},
    {ITEM_REFERRAL, ANSWER_DONE, "referral.closed", "{\"by_unit\":\"%s\",\"code\":\"noted\"}"},
    {ITEM_EMERGENCY, ANSWER_SEEN, "emergency.acknowledged",
     "{\"by_unit\":\"%s\",\"at\":\"2026-11-16T09:00:00+01:00\"}"},
    {ITEM_EMERGENCY, ANSWER_DONE, "emergency.closed",
     "{\"by_unit\":\"%s\",\"code\":\"no_handover\"}"},
};

static int64_t live(struct gateway_rig *rig, const struct life *life)
{
    const struct said *s = life->said;
    int64_t item = rig_event(rig, s->source, s->type, "", s->data)->item_seq;
    for (s++; s < life->said + EVENTS_MAX && s->source; s++) {
        event_at(rig, item, s->source, s->type, s->data);
        rig_expect_said(rig, "accepted");
    }
    return item;
}

static const char *source_of(const struct gateway_rig *rig, const char *unit)
{
    const struct directory *dir = rig->g.config->directory;
    for (size_t i = 0; i < dir->sources; i++)
        if (source_speaks_for(&dir->source[i], directory_unit(dir, unit)))
            return dir->source[i].id;
    fail_msg("nobody speaks for %s", unit);
    return "";
}

static void put_item(const struct gateway_rig *rig, int64_t seq, struct buf *out)
{
    struct item item = rig_item(rig, seq);
    buf_printf(out, "%s owner=%s waiting=%s to=%s flags=%u returns=%d", item_state_name(item.state),
               item.owner_unit, item.waiting_unit, item.to_unit, item.flags, item.returns);
    store_notice_each(rig->g.store, seq, out, rig_put_notice);
}

/* What the event came to: "recorded", "known", "parked" or "refused". */
static const char *event_end(const struct gateway_rig *rig, const struct item *before)
{
    struct item now = rig_item(rig, before->seq);
    bool same = now.state == before->state && str_eq(now.to_unit, before->to_unit);
    return rig->last.outcome == OUTCOME_PARKED    ? "parked"
           : rig->last.outcome == OUTCOME_REFUSED ? "refused"
           : same                                 ? "known"
                                                  : "recorded";
}

static void compare(struct gateway_rig *rig, const struct life *life, size_t m, const char *unit)
{
    static const char *const ends[] = {"recorded", "known", "refused", "parked", "refused"};
    struct buf data = BUF_INIT, one = BUF_INIT, other = BUF_INIT, label = BUF_INIT;
    int64_t by_link = live(rig, life), by_event = live(rig, life);
    struct item before = rig_item(rig, by_event);
    buf_printf(&label, "%s: %s by %s", life->label, answer_verb_name(meanings[m].verb), unit);
    bool possible = answer_possible(
        &rig->g, &before, directory_unit(rig->g.config->directory, unit), meanings[m].verb);
    enum answer_end end = life_answer(rig, by_link, unit, meanings[m].verb, "");
    buf_printf(&data, meanings[m].data, unit);
    event_at(rig, by_event, source_of(rig, unit), meanings[m].type, buf_str(&data));
    const char *want = event_end(rig, &before);
    /* A further contact leaves a running referral running: a step, and to the eye none. */
    if (!str_eq(ends[end], want) && !(end == ANSWER_RECORDED && str_eq(want, "known")))
        fail_msg("%s: %s by link, %s by event", buf_str(&label), ends[end], want);
    if (possible != (end == ANSWER_RECORDED || end == ANSWER_PARKED))
        fail_msg("%s: said to be %s", buf_str(&label), possible ? "possible" : "impossible");
    put_item(rig, by_link, &one);
    put_item(rig, by_event, &other);
    /* A JA before its time is at least "seen" (DESIGN 9); no event means that. */
    bool as_seen =
        meanings[m].verb == ANSWER_ACCEPT && (end == ANSWER_AS_SEEN || end == ANSWER_PARKED);
    if (!as_seen && !str_eq(buf_str(&one), buf_str(&other)))
        fail_msg("%s: %s by link, %s by event", buf_str(&label), buf_str(&one), buf_str(&other));
    buf_release(&data);
    buf_release(&one);
    buf_release(&other);
    buf_release(&label);
}

static void test_equal_to_events(void **state)
{
    (void)state;
    static const char *const who[ITEM_KIND_COUNT][3] = {
        [ITEM_HANDOVER] = {"asd", "sozialbuero", "asd-leitung"},
        [ITEM_REFERRAL] = {"asd", "verein", "asd-leitung"},
        [ITEM_EMERGENCY] = {"bereitschaft", "asd", "koordination"},
    };
    for (size_t l = 0; l < COUNT_OF(lives); l++) {
        void *rig;
        life_set_up(&rig);
        for (size_t m = 0; m < COUNT_OF(meanings); m++)
            for (size_t u = 0; meanings[m].kind == lives[l].kind && u < COUNT_OF(who[0]); u++)
                compare(rig, &lives[l], m, who[lives[l].kind][u]);
        rig_tear_down(&rig);
    }
}

static void put_audit(void *context, const struct audit_row *row)
{
    if (strncmp(row->content, "answer=", 7) == 0)
        buf_printf(context, "%s\n", row->content);
}

/* The first wins; one who comes second is told what is recorded; all of it is in the audit. */
static void test_first_wins(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    int64_t item = request(rig);
    assert_int_equal(life_answer(rig, item, "sozialbuero", ANSWER_ACCEPT, ""), ANSWER_RECORDED);
    int64_t notices = store_notice_count(rig->g.store), outs = store_out_count(rig->g.store);
    assert_int_equal(life_answer(rig, item, "sozialbuero", ANSWER_ACCEPT, ""), ANSWER_KNOWN);
    assert_int_equal(life_answer(rig, item, "sb-vertretung", ANSWER_SEEN, ""), ANSWER_KNOWN);
    assert_int_equal(life_answer(rig, item, "sb-vertretung", ANSWER_ACCEPT, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, item, "asd", ANSWER_WITHDRAW, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, item, "asd", ANSWER_CLEARED, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(store_notice_count(rig->g.store), notices);
    assert_int_equal(store_out_count(rig->g.store), outs);
    store_audit_each(rig->g.store, item, &text, put_audit);
    assert_string_equal(buf_str(&text),
                        "answer=accept via=link by=sozialbuero result=recorded\n"
                        "answer=accept via=link by=sozialbuero result=known\n"
                        "answer=seen via=link by=sb-vertretung result=known\n"
                        "answer=accept via=link by=sb-vertretung result=impossible\n"
                        "answer=withdraw via=link by=asd result=impossible\n"
                        "answer=cleared via=link by=asd result=impossible\n");
    buf_release(&text);
    life_is(rig, item, "accepted owner=sozialbuero waiting=");
}

/* A JA where the state forbids it counts as seen, and says so. */
static void test_as_seen(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf said = BUF_INIT;
    int64_t item = request(rig);
    event_at(rig, item, "jugendamt", "handover.withdrawn", TALK("asd"));
    const struct answer answer = {item, directory_unit(rig->g.config->directory, "sozialbuero"),
                                  ANSWER_ACCEPT, "", VIA_SMS};
    store_begin(rig->g.store);
    assert_int_equal(answer_apply(&rig->g, &answer, &said), ANSWER_AS_SEEN);
    rig_commit(rig);
    assert_true(str_starts(buf_str(&said), "Als gesehen vermerkt. Übergabe "));
    buf_release(&said);
    life_is(rig, item, "closed owner=asd waiting=");
}

static void test_unknown_item(void **state)
{
    struct gateway_rig *rig = *state;
    assert_int_equal(life_answer(rig, 4711, "asd", ANSWER_SEEN, ""), ANSWER_IMPOSSIBLE);
}

/* Names and reasons: each verb is found again; each reason has German words. */
static void test_names(void **state)
{
    (void)state;
    for (int v = 0; v < ANSWER_VERB_COUNT; v++) {
        enum answer_verb verb = (enum answer_verb)v, again = ANSWER_VERB_COUNT;
        assert_true(answer_verb_parse(answer_verb_name(verb), &again));
        assert_int_equal(again, verb);
        for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
            const char *const *code = answer_codes(verb, (enum item_kind)kind, "followup_call");
            assert_true(strlen(answer_verb_german(verb, (enum item_kind)kind)) > 3);
            for (; code && *code; code++)
                assert_string_not_equal(answer_code_german(*code), *code);
        }
    }
    enum answer_verb none;
    assert_false(answer_verb_parse("", &none));
    assert_false(answer_verb_parse("Seen", &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_to_events),
        LIFE(test_first_wins),
        LIFE(test_as_seen),
        LIFE(test_unknown_item),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
