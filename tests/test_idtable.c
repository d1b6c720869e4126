/*
 * The id table and the arena under it: nothing is lost while they grow, nothing moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../daemon/arena.h"
#include "../daemon/idtable.h"
#include "../daemon/util.h"

enum { MANY = 20000 };

static void empty_tables_know_nothing(void **state)
{
    struct idtable t;
    (void)state;
    idtable_init(&t);
    assert_null(idtable_find(&t, "a"));
    assert_null(idtable_nearest(&t, "a"));
    idtable_release(&t);
}

static void the_first_keeps_the_id(void **state)
{
    struct idtable t;
    int one = 1, two = 2;
    (void)state;
    idtable_init(&t);
    assert_null(idtable_put(&t, "team", &one));
    assert_ptr_equal(idtable_put(&t, "team", &two), &one);
    assert_ptr_equal(idtable_find(&t, "team"), &one);
    assert_int_equal(t.count, 1);
    idtable_release(&t);
}

static void nothing_is_lost_by_growing(void **state)
{
    struct idtable t;
    struct arena a;
    char text[24];
    (void)state;
    idtable_init(&t);
    arena_init(&a);
    const char **id = arena_get(&a, MANY, sizeof(*id));
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "unit-%d", i);
        id[i] = arena_text(&a, text);
        assert_null(idtable_put(&t, id[i], id[i]));
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "unit-%d", i);
        assert_ptr_equal(idtable_find(&t, text), id[i]);
        assert_string_equal(id[i], text);
    }
    assert_null(idtable_find(&t, "unit-20000"));
    assert_null(idtable_find(&t, ""));
    assert_true(t.size >= 2 * t.count);
    idtable_release(&t);
    arena_release(&a);
}

static void nearest_is_suggested(void **state)
{
    static const char *const ids[] = {"eselsberg", "boefingen", "wiblingen", "ksd-ost", "ksd-west"};
    static const struct {
        const char *in, *want; /* "" = no suggestion */
    } cases[] = {
        {"eselberg", "eselsberg"}, {"eslesberg", "eselsberg"}, {"böfingen", "boefingen"},
        {"wiblingn", "wiblingen"}, {"ksd-nord", ""},           {"mitte", ""},
        {"ksd-rost", "ksd-ost"},   {"ksd-wost", "ksd-ost"},    {"", ""},
    };
    struct idtable t;
    (void)state;
    idtable_init(&t);
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        idtable_put(&t, ids[i], ids[i]);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *got = idtable_nearest(&t, cases[i].in);
        if (!str_eq(got ? got : "", cases[i].want))
            fail_msg("%s: %s, want %s", cases[i].in, got ? got : "nothing", cases[i].want);
    }
    idtable_release(&t);
}

static void memory_is_aligned_and_zero(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    for (size_t n = 0; n < 300; n++) {
        unsigned char *p = arena_get(&a, n, 7);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t i = 0; i < n * 7; i++) {
            assert_int_equal(p[i], 0);
            p[i] = 0xff;
        }
    }
    unsigned char *large = arena_get(&a, 1 << 20, 1);
    assert_int_equal(large[(1 << 20) - 1], 0);
    arena_release(&a);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_tables_know_nothing),  cmocka_unit_test(the_first_keeps_the_id),
        cmocka_unit_test(nothing_is_lost_by_growing), cmocka_unit_test(nearest_is_suggested),
        cmocka_unit_test(memory_is_aligned_and_zero),
    };
    return cmocka_run_group_tests_name("idtable", tests, NULL, NULL);
}
