/*
 * machine.c: the whole matrix against tests/golden/machine.ref, and what must hold of any table:
 * names, no state without a way out, an owner that moves by acceptance only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/event.h"
#include "../daemon/machine.h"
#include "../daemon/util.h"
#include "golden.h"

static void test_matrix(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        machine_print((enum item_kind)kind, &text);
    golden_check("machine.ref", &text);
    buf_release(&text);
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < ITEM_STATE_COUNT; i++) {
        enum item_state again = ITEM_STATE_COUNT, s = (enum item_state)i;
        assert_true(item_state_parse(item_state_name(s), &again));
        assert_int_equal(again, s);
        assert_string_not_equal(item_state_german(s), "?");
        for (int j = 0; j < i; j++)
            assert_string_not_equal(item_state_german(s), item_state_german((enum item_state)j));
    }
    enum item_state unknown;
    assert_false(item_state_parse("", &unknown));
    assert_false(item_state_parse("Requested", &unknown));
    assert_string_equal(item_state_name(ITEM_STATE_COUNT), "?");
}

static const char *const codes[] = {"", "not_competent", "confirmed", "reassigned", "giver_keeps"};

/* Calls back for each pair that a row applies to or parks. */
static void each_step(void (*check)(const struct occasion *occasion, const struct step *step,
                                    enum step_verdict verdict))
{
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        for (int from = STATE_REQUESTED; from < ITEM_STATE_COUNT; from++)
            for (int on = 0; on <= ON_HELD;
                 on = on == EVENT_HANDLED_COUNT - 1 ? ON_DELIVERED : on + 1)
                for (size_t c = 0; c < COUNT_OF(codes); c++) {
                    const struct step *step;
                    const struct occasion o = {(enum item_kind)kind, (enum item_state)from, 0, on,
                                               codes[c]};
                    enum step_verdict verdict = machine_next(&o, &step);
                    if (verdict == STEP_APPLY || verdict == STEP_PARK)
                        check(&o, step, verdict);
                }
}

static void check_step(const struct occasion *o, const struct step *step, enum step_verdict verdict)
{
    if (step->on < EVENT_HANDLED_COUNT)
        assert_int_equal(machine_kind(step->on), step->kind);
    /* An accepted handover may still be closed when its tasks are done. */
    assert_true(!item_state_is_final(o->kind, o->state) || step->on == ON_TASKS_DONE);
    if (verdict == STEP_PARK)
        return;
    /* DESIGN 1.3: the giver stays responsible until acceptance. */
    assert_int_equal(step_moves_owner(step),
                     step->on == EVENT_HANDOVER_ACCEPTED || step->on == EVENT_REFERRAL_ACCEPTED);
    /* Nobody is waited for exactly when the item is over. */
    assert_int_equal(step->waits == WAITS_NOBODY, item_state_is_final(step->kind, step->to));
    /* Only the gateway's own steps may go untold, and drills, of which no case system knows. */
    bool drill = step->kind == ITEM_DRILL;
    assert_true(step->status[0] || step->actor == ACTOR_GATEWAY || drill);
    assert_true(drill || (step->actor == ACTOR_GATEWAY) == (step->on >= ON_DELIVERED));
    if (step->on >= ON_DELIVERED || step->to == o->state)
        return;
    /* A request that comes once more is another request; an answer that does is harmless. */
    const struct step *again;
    const struct occasion twice = {o->kind, step->to, o->flags, o->on, o->code};
    enum step_verdict second = machine_next(&twice, &again);
    assert_true(machine_opens(step->on) ? second == STEP_REFUSE
                                        : second == STEP_NO_EFFECT || second == STEP_APPLY);
    assert_true(machine_opens(step->on) || again->actor == step->actor);
}

static void test_steps(void **state)
{
    (void)state;
    each_step(check_step);
}

static const char *asyncapi;

static void check_status(const struct occasion *o, const struct step *step,
                         enum step_verdict verdict)
{
    (void)o;
    char line[128];
    if (verdict == STEP_PARK || !step->status[0])
        return;
    snprintf(line, sizeof line, "- de.sozialraum.%s.v1\n", step->status);
    if (!strstr(asyncapi, line))
        fail_msg("contrib/asyncapi.yaml does not know the status %s", step->status);
}

/* Who listens to the gateway finds every status of the table in its description. */
static void test_statuses_are_described(void **state)
{
    (void)state;
    struct buf text = BUF_INIT, err = BUF_INIT;
    if (buf_read_file(&text, "contrib/asyncapi.yaml", 1 << 20, &err) < 0)
        fail_msg("%s", buf_str(&err));
    asyncapi = buf_str(&text);
    each_step(check_status);
    buf_release(&text);
    buf_release(&err);
}

static bool reached[ITEM_KIND_COUNT][ITEM_STATE_COUNT], left[ITEM_KIND_COUNT][ITEM_STATE_COUNT];

static void note_step(const struct occasion *o, const struct step *step, enum step_verdict verdict)
{
    if (verdict == STEP_PARK)
        return;
    reached[o->kind][step->to] = true;
    left[o->kind][o->state] = true;
}

static void test_no_dead_end(void **state)
{
    (void)state;
    each_step(note_step);
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        for (int s = 0; s < ITEM_STATE_COUNT; s++)
            if (reached[kind][s] &&
                !item_state_is_final((enum item_kind)kind, (enum item_state)s) && !left[kind][s])
                fail_msg("%s: no way out of %s", item_kind_name((enum item_kind)kind),
                         item_state_name((enum item_state)s));
}

static enum step_verdict verdict_of(enum item_kind kind, enum item_state state, unsigned flags,
                                    int on)
{
    const struct step *step;
    const struct occasion o = {kind, state, flags, on, ""};
    return machine_next(&o, &step);
}

/* H2: whatever the state, nobody accepts a handover with a Hilfeplan before the conversation. */
static void test_conversation_first(void **state)
{
    (void)state;
    int applied = 0;
    for (int s = STATE_REQUESTED; s < ITEM_STATE_COUNT; s++) {
        enum item_state from = (enum item_state)s;
        enum step_verdict plain = verdict_of(ITEM_HANDOVER, from, 0, EVENT_HANDOVER_ACCEPTED);
        enum step_verdict before =
            verdict_of(ITEM_HANDOVER, from, ITEM_HILFEPLAN, EVENT_HANDOVER_ACCEPTED);
        enum step_verdict after = verdict_of(ITEM_HANDOVER, from, ITEM_HILFEPLAN | ITEM_CONVERSED,
                                             EVENT_HANDOVER_ACCEPTED);
        assert_int_equal(before, plain == STEP_APPLY ? STEP_PARK : plain);
        assert_int_equal(after, plain);
        applied += plain == STEP_APPLY;
    }
    assert_true(applied >= 8);
}

static void test_dot(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    machine_dot(ITEM_HANDOVER, &text);
    assert_true(str_starts(buf_str(&text), "digraph handover {"));
    assert_non_null(strstr(buf_str(&text), "requested -> acknowledged"));
    assert_non_null(
        strstr(buf_str(&text), "conflict -> confirmed [label=\"handover.conflict.decided"));
    assert_non_null(strstr(buf_str(&text), "style=dotted"));
    assert_null(strstr(buf_str(&text), "referral"));
    buf_release(&text);
}

static void test_other_kinds(void **state)
{
    (void)state;
    /* An answer to a referral says nothing to a handover, whatever the state's name. */
    assert_int_equal(verdict_of(ITEM_HANDOVER, STATE_ACCEPTED, 0, EVENT_REFERRAL_ACCEPTED),
                     STEP_REFUSE);
    assert_int_equal(verdict_of(ITEM_REFUSAL, STATE_OPEN, 0, EVENT_HANDOVER_ACCEPTED), STEP_REFUSE);
    assert_int_equal(verdict_of(ITEM_HANDOVER, STATE_ACCEPTED, 0, EVENT_HANDOVER_ACKNOWLEDGED),
                     STEP_NO_EFFECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_steps),       cmocka_unit_test(test_statuses_are_described),
        cmocka_unit_test(test_no_dead_end), cmocka_unit_test(test_conversation_first),
        cmocka_unit_test(test_dot),         cmocka_unit_test(test_other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
