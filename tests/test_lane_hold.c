/*
 * lane_hold.c: which lanes a name means, whatever the name; the own hold before a wider one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/lane.h"
#include "../daemon/lane_hold.h"
#include "gateway_rig.h"

static void test_meant(void **state)
{
    static const struct {
        const char *label, *wanted, *lane;
        bool meant, with_urgent;
    } cases[] = {
        {"itself", "relay/a.example", "relay/a.example", true, true},
        {"another domain", "relay/a.example", "relay/b.example", false, false},
        {"a longer domain", "relay/a.example", "relay/a.example.org", false, false},
        {"a transport: all of its", "relay", "relay/a.example", true, true},
        {"a transport with the same beginning", "relay", "relay2/a.example", false, false},
        {"a gateway", "funk", "funk", true, true},
        {"a transport, its urgent lane", "relay", "relay/a.example (urgent)", false, true},
        {"urgent, named", "relay (urgent)", "relay/a.example (urgent)", true, true},
        {"urgent, the routine lane", "relay (urgent)", "relay/a.example", false, false},
        {"urgent lane, named whole", "funk (urgent)", "funk (urgent)", true, true},
        {"all", "*", "relay/a.example", true, true},
        {"all, an urgent lane", "*", "funk (urgent)", false, true},
        {"all that is urgent", "* (urgent)", "funk (urgent)", true, true},
        {"nothing", "", "relay/a.example", false, false},
        {"the mark alone", " (urgent)", "relay/a.example (urgent)", false, false},
        {"an unknown lane", "relay", "", false, false},
        {"a quote", "re\"lay", "relay/a.example", false, false},
        {"a star within", "*/a.example", "relay/a.example", false, false},
        {"a slash at the end", "relay/", "relay/a.example", false, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        print_message("# %s\n", cases[i].label);
        assert_int_equal(lane_is_meant(cases[i].wanted, cases[i].lane, false), cases[i].meant);
        assert_int_equal(lane_is_meant(cases[i].wanted, cases[i].lane, true), cases[i].with_urgent);
    }
}

static void test_cover(void **state)
{
    struct lane_holds holds = {0};
    (void)state;
    assert_null(lane_holds_cover(&holds, "relay/a.example"));
    lane_holds_add(&holds, "relay", 1);
    lane_holds_add(&holds, "relay/a.example", 2);
    assert_int_equal(lane_holds_cover(&holds, "relay/a.example")->since_ms, 2);
    assert_int_equal(lane_holds_cover(&holds, "relay/b.example")->since_ms, 1);
    assert_null(lane_holds_cover(&holds, "funk"));
    assert_null(lane_holds_find(&holds, "relay/b.example"));
    lane_holds_release(&holds);
    assert_null(lane_holds_cover(&holds, "relay/a.example"));
}

/* The names that lane.c makes are the names that a hold means. */
static void test_names_of_lanes(void **state)
{
    struct gateway_rig *rig = *state;
    struct stafette *g = &rig->g;
    const struct contact *contact = directory_contact(g->config->directory, "asd/1");
    const struct transport *post = lane_default(g, contact);
    store_begin(g->store);
    int64_t routine = lane_of(g, post, contact, false), urgent = lane_of(g, post, contact, true);
    rig_commit(rig);
    assert_true(lane_is_meant("post", store_intern_text(g->store, routine), false));
    assert_false(lane_is_meant("post", store_intern_text(g->store, urgent), false));
    assert_true(lane_is_meant("post (urgent)", store_intern_text(g->store, urgent), false));
    assert_true(lane_name_is_urgent(store_intern_text(g->store, urgent)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meant),
        cmocka_unit_test(test_cover),
        cmocka_unit_test_setup_teardown(test_names_of_lanes, rig_set_up, rig_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
