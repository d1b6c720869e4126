/*
 * store_answer.c: one row for each delivery and purpose; a later use takes its place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/store_answer.h"
#include "store_rig.h"

static void use(int64_t delivery, int purpose, int64_t at_ms)
{
    const struct answer_use row = {delivery, purpose, 1, at_ms};
    store_begin(s);
    store_answer_use(s, &row);
    assert_int_equal(store_commit(s), STORE_DONE);
}

static void test_use(void **state)
{
    (void)state;
    assert_int_equal(store_answer_used(s, 7, 0), 0);
    use(7, 0, 1000);
    assert_int_equal(store_answer_used(s, 7, 0), 1000);
    assert_int_equal(store_answer_used(s, 7, 1), 0);
    assert_int_equal(store_answer_used(s, 8, 0), 0);
    use(7, ANSWER_USE_RESENT, 2000);
    use(7, ANSWER_USE_RESENT, 3000);
    assert_int_equal(store_answer_used(s, 7, ANSWER_USE_RESENT), 3000);
    reopen();
    assert_int_equal(store_answer_used(s, 7, 0), 1000);
}

/* What was rolled back was not used. */
static void test_rollback(void **state)
{
    (void)state;
    const struct answer_use row = {7, 0, 1, 1000};
    store_begin(s);
    store_answer_use(s, &row);
    assert_int_equal(store_answer_used(s, 7, 0), 1000);
    store_rollback(s);
    assert_int_equal(store_answer_used(s, 7, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_use, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rollback, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
