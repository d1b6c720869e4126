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
    machine_print(&text);
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

/* Calls back for each pair that a row applies to. */
static void each_step(void (*check)(const struct step *step))
{
    for (int kind = 0; kind < ITEM_REFUSAL; kind++)
        for (int from = 0; from < ITEM_STATE_COUNT; from++)
            for (int on = 0; on < EVENT_HANDLED_COUNT; on++) {
                const struct step *step;
                if (machine_next((enum item_kind)kind, (enum item_state)from, on, &step) ==
                    STEP_APPLY)
                    check(step);
            }
}

static void check_step(const struct step *step)
{
    const struct step *again;
    assert_int_equal(machine_kind(step->on), step->kind);
    assert_false(item_state_is_final(step->from));
    /* DESIGN 1.3: the giver stays responsible until acceptance. */
    assert_int_equal(step->moves_owner, step->to == STATE_ACCEPTED);
    /* Nobody is waited for exactly when the item is over. */
    assert_int_equal(step->waits == WAITS_NOBODY, item_state_is_final(step->to));
    assert_string_not_equal(step->status, "");
    /* A request that comes once more is another request; an answer that does is harmless. */
    assert_int_equal(machine_next(step->kind, step->to, step->on, &again),
                     machine_opens(step->on) ? STEP_REFUSE : STEP_NO_EFFECT);
    if (!machine_opens(step->on))
        assert_int_equal(again->actor, step->actor);
}

static void test_steps(void **state)
{
    (void)state;
    each_step(check_step);
}

static bool reached[ITEM_KIND_COUNT][ITEM_STATE_COUNT], left[ITEM_KIND_COUNT][ITEM_STATE_COUNT];

static void note_step(const struct step *step)
{
    reached[step->kind][step->to] = true;
    left[step->kind][step->from] = true;
}

static void test_no_dead_end(void **state)
{
    (void)state;
    each_step(note_step);
    for (int kind = 0; kind < ITEM_REFUSAL; kind++)
        for (int s = 0; s < ITEM_STATE_COUNT; s++)
            if (reached[kind][s] && !item_state_is_final((enum item_state)s) && !left[kind][s])
                fail_msg("%s: no way out of %s", item_kind_name((enum item_kind)kind),
                         item_state_name((enum item_state)s));
}

static void test_other_kinds(void **state)
{
    (void)state;
    const struct step *step;
    /* An answer to a referral says nothing to a handover, whatever the state's name. */
    assert_int_equal(machine_next(ITEM_HANDOVER, STATE_ACCEPTED, EVENT_REFERRAL_ACCEPTED, &step),
                     STEP_REFUSE);
    assert_null(step);
    assert_int_equal(machine_next(ITEM_REFUSAL, STATE_OPEN, EVENT_HANDOVER_ACCEPTED, &step),
                     STEP_REFUSE);
    assert_int_equal(
        machine_next(ITEM_HANDOVER, STATE_ACCEPTED, EVENT_HANDOVER_ACKNOWLEDGED, &step),
        STEP_NO_EFFECT);
    assert_false(step->moves_owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matrix),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_steps),       cmocka_unit_test(test_no_dead_end),
        cmocka_unit_test(test_other_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
