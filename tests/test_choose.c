/*
 * choose.c: which provider is offered a referral, and the reason when none is (DO7, DO10, BI3, F2,
 * R8, KI11); the pure choice by table, the whole one on a town with three debt offices.
 */
#include "../daemon/choose.h"
#include "routing_rig.h"

enum { IN_ORDER, LEAST };

/* obstacle, tried, load, capacity */
#define FREE(load, capacity)                                                                       \
    {                                                                                              \
        NULL, CHOICE_OFFER, false, load, capacity                                                  \
    }
#define TRIED(load)                                                                                \
    {                                                                                              \
        NULL, CHOICE_OFFER, true, load, 0                                                          \
    }
#define BLOCKED(why)                                                                               \
    {                                                                                              \
        NULL, why, false, 0, 0                                                                     \
    }

static const struct {
    const char *label;
    int how;
    size_t n;
    struct candidate in[4];
    size_t want;
    enum choice choice;
} picks[] = {
    {"nobody", IN_ORDER, 0, {{0}}, 0, CHOICE_NO_PARTNER},
    {"the first", IN_ORDER, 2, {FREE(9, 0), FREE(0, 0)}, 0, CHOICE_OFFER},
    {"the least loaded", LEAST, 3, {FREE(9, 0), FREE(2, 0), FREE(4, 0)}, 1, CHOICE_OFFER},
    {"equal loads by order", LEAST, 3, {FREE(4, 0), FREE(2, 0), FREE(2, 0)}, 1, CHOICE_OFFER},
    {"the least loaded is full", LEAST, 3, {FREE(9, 0), FREE(2, 2), FREE(4, 5)}, 2, CHOICE_OFFER},
    {"capacity counts in order, too", IN_ORDER, 2, {FREE(2, 2), FREE(1, 2)}, 1, CHOICE_OFFER},
    {"over capacity is full", IN_ORDER, 1, {FREE(7, 2)}, 0, CHOICE_NO_CAPACITY},
    {"no limit", IN_ORDER, 1, {FREE(9000, 0)}, 0, CHOICE_OFFER},
    {"tried is passed over", IN_ORDER, 2, {TRIED(0), FREE(3, 0)}, 1, CHOICE_OFFER},
    {"all tried", LEAST, 2, {TRIED(0), TRIED(3)}, 0, CHOICE_TRIED_ALL},
    {"one full, one tried: wait for the full one",
     IN_ORDER,
     2,
     {TRIED(0), FREE(3, 3)},
     1,
     CHOICE_NO_CAPACITY},
    {"all full: the shortest queue", LEAST, 2, {FREE(5, 4), FREE(3, 3)}, 1, CHOICE_NO_CAPACITY},
    {"one blocked, one tried",
     IN_ORDER,
     2,
     {BLOCKED(CHOICE_NO_AGREEMENT), TRIED(0)},
     1,
     CHOICE_TRIED_ALL},
    {"blocked ones differ: the nearest reason",
     IN_ORDER,
     3,
     {BLOCKED(CHOICE_NO_AGREEMENT), BLOCKED(CHOICE_NO_CONSENT), BLOCKED(CHOICE_NO_PERMISSION)},
     1,
     CHOICE_NO_CONSENT},
    {"blocked is not chosen though it is idle",
     LEAST,
     2,
     {BLOCKED(CHOICE_NO_PERMISSION), FREE(50, 0)},
     1,
     CHOICE_OFFER},
};

static void test_among(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(picks); i++) {
        enum choice choice;
        size_t got = choose_among(picks[i].in, picks[i].n, picks[i].how == LEAST, &choice);
        if (got != picks[i].want || choice != picks[i].choice)
            fail_msg("%s: %zu %s", picks[i].label, got, choice_name(choice));
    }
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(choice_german(CHOICE_OFFER), "");
    for (int c = CHOICE_OFFER + 1; c < CHOICE_COUNT; c++) {
        assert_true(strlen(choice_name((enum choice)c)) > 3);
        assert_true(str_ends(choice_german((enum choice)c), "."));
        assert_true(str_ends(choice_next_german((enum choice)c), "."));
    }
}

/* Three debt offices beside the rig's, of which one has no agreement; an internal team for plain
 * cases; a quarter without partner. */
static const struct routing_more offices = {
    .units = RIG_UNIT("buero-a", "provider", "capacity = 2;") "," RIG_UNIT(
        "buero-b", "provider",
        "capacity = 2;") "," RIG_UNIT("buero-c", "provider",
                                      "") "," RIG_UNIT("buero-ohne", "provider",
                                                       "") "," RIG_UNIT("fachdienst", "team",
                                                                        "") ",",
    .permissions = " { from = \"asd\"; to = \"buero-a\"; kinds = [ \"referral\" ];"
                   " bases = [ \"sgb2_16a\", \"consent\" ]; },"
                   " { from = \"*\"; to = \"buero-b\"; kinds = [ \"referral\" ];"
                   " bases = [ \"sgb2_16a\" ]; },"
                   " { from = \"*\"; to = \"buero-c\"; kinds = [ \"referral\" ];"
                   " bases = [ \"sgb2_16a\" ]; consent = true; },"
                   " { from = \"*\"; to = \"buero-ohne\"; kinds = [ \"referral\" ];"
                   " bases = [ \"*\" ]; },",
    .agreements = " { provider = \"buero-a\"; from = \"2024-01-01\"; to = \"2029-12-31\"; },"
                  " { provider = \"buero-b\"; from = \"2024-01-01\"; to = \"2026-11-16\"; },"
                  " { provider = \"buero-c\"; from = \"2024-01-01\"; to = \"2029-12-31\"; },"
                  " { provider = \"buero-ohne\"; from = \"2020-01-01\"; to = \"2024-12-31\"; },",
    .rules = " { rule = \"s\"; kind = \"referral\"; service = \"schuldner\"; rules = ("
             " { rule = \"grund\"; complexity = \"grund\"; to = [ \"fachdienst\" ];"
             "   needs_approval = false; },"
             " { rule = \"alle\"; complexity = \"complex\"; choose = \"least_loaded\";"
             "   to = [ \"buero-ohne\", \"buero-a\", \"buero-b\", \"buero-c\" ]; } ); },"
             " { rule = \"team\"; service = \"sucht\"; to = [ \"fachdienst\" ]; },",
};

enum { NONE = 0, CONSENT = ITEM_CONSENT, PINNED = ITEM_PINNED };

static const struct {
    const char *label, *service, *complexity, *basis, *wish;
    unsigned flags;
    int load_a, load_b;
    const char *tried; /* units told of an offer, separated by blanks; "|" is a new request */
    const char *at;
    const char *want; /* reason unit */
} choices[] = {
    {"the plain case stays in the house", "schuldner", "grund", "sgb2_16a", "", 0, 0, 0, "", "",
     "offer fachdienst"},
    {"in the house without any basis", "schuldner", "grund", "", "", 0, 0, 0, "", "",
     "offer fachdienst"},
    {"least loaded of those that may", "schuldner", "complex", "sgb2_16a", "", 0, 1, 0, "", "",
     "offer buero-b"},
    {"equal: by order", "schuldner", "complex", "sgb2_16a", "", 0, 1, 1, "", "", "offer buero-a"},
    {"consent opens a third", "schuldner", "complex", "sgb2_16a", "", CONSENT, 1, 1, "", "",
     "offer buero-c"},
    {"the day after the agreement", "schuldner", "complex", "sgb2_16a", "", 0, 1, 0, "",
     "2026-11-17T00:00:00+01:00", "offer buero-a"},
    {"the agreement's last minute", "schuldner", "complex", "sgb2_16a", "", 0, 1, 0, "",
     "2026-11-16T23:59:00+01:00", "offer buero-b"},
    {"one full", "schuldner", "complex", "sgb2_16a", "", 0, 2, 1, "", "", "offer buero-b"},
    {"both full", "schuldner", "complex", "sgb2_16a", "", 0, 2, 3, "", "", "no_capacity buero-a"},
    {"asked already", "schuldner", "complex", "sgb2_16a", "", 0, 1, 0, "buero-b", "",
     "offer buero-a"},
    {"all asked", "schuldner", "complex", "sgb2_16a", "", 0, 1, 0, "buero-b buero-a", "",
     "tried_all buero-b"},
    {"asked in an earlier round", "schuldner", "complex", "sgb2_16a", "", 0, 1, 0,
     "buero-b buero-a | buero-b", "", "offer buero-a"},
    {"another basis", "schuldner", "complex", "sgb8_27", "", 0, 0, 0, "", "",
     "no_permission buero-a"},
    {"no basis", "schuldner", "complex", "", "", 0, 0, 0, "", "", "no_basis buero-a"},
    {"basis consent, none on record", "schuldner", "complex", "consent", "", 0, 0, 0, "", "",
     "no_consent buero-a"},
    {"basis consent, on record", "schuldner", "complex", "consent", "", CONSENT, 0, 0, "", "",
     "offer buero-a"},
    {"a wish beats load and capacity", "schuldner", "complex", "sgb2_16a", "buero-a", PINNED, 5, 0,
     "", "", "offer buero-a"},
    {"a wish does not beat the agreement", "schuldner", "complex", "sgb2_16a", "buero-ohne", PINNED,
     0, 0, "", "", "no_agreement buero-ohne"},
    {"nor the permission", "schuldner", "complex", "sgb8_27", "buero-b", PINNED, 0, 0, "", "",
     "no_permission buero-b"},
    {"nor the consent", "schuldner", "complex", "sgb2_16a", "buero-c", PINNED, 0, 0, "", "",
     "no_consent buero-c"},
    {"declined by the wished one: nobody else", "schuldner", "complex", "sgb2_16a", "buero-b",
     PINNED, 0, 0, "buero-b", "", "tried_all buero-b"},
    {"a wish outside of the rules", "wohnen", "complex", "sgb2_16a", "buero-a", PINNED, 0, 0, "",
     "", "offer buero-a"},
    {"the unit before is no wish", "schuldner", "complex", "sgb2_16a", "buero-a", 0, 1, 0, "", "",
     "offer buero-b"},
    {"a place's own team is no provider", "sucht", "complex", "sgb2_16a", "", 0, 0, 0, "", "",
     "no_partner -"},
    {"no rule at all", "hlu", "complex", "sgb2_16a", "", 0, 0, 0, "", "", "no_partner -"},
    {"a rule for another complexity", "schuldner", "", "sgb2_16a", "", 0, 0, 0, "", "",
     "no_partner -"},
};

static void put_tried(struct gateway_rig *rig, int64_t seq, const char *tried)
{
    char unit[ID_MAX];
    while (*tried) {
        size_t n = strcspn(tried, " ");
        memcpy(unit, tried, n);
        unit[n] = '\0';
        bool again = str_eq(unit, "|");
        routing_notice(rig, seq, again ? "asd-leitung" : unit,
                       again ? "referral.requested" : "referral.offered");
        tried += n + (tried[n] == ' ');
    }
}

static void check_choice(struct gateway_rig *rig, size_t i)
{
    struct choose_result result;
    struct buf got = BUF_INIT;
    struct item item = routing_item(rig);
    rig_at(rig, str_empty(choices[i].at) ? RIG_MONDAY : choices[i].at);
    store_begin(rig->g.store);
    str_copy(item.service, sizeof item.service, choices[i].service);
    str_copy(item.complexity, sizeof item.complexity, choices[i].complexity);
    str_copy(item.basis, sizeof item.basis, choices[i].basis);
    str_copy(item.to_unit, sizeof item.to_unit, choices[i].wish);
    item.flags = choices[i].flags;
    store_item_add(rig->g.store, &item);
    put_tried(rig, item.seq, choices[i].tried);
    choose_provider(&rig->g, &item, &result);
    buf_printf(&got, "%s %s", choice_name(result.choice),
               result.provider ? result.provider->id : "-");
    if (!str_eq(buf_str(&got), choices[i].want))
        fail_msg("%s: got \"%s\"", choices[i].label, buf_str(&got));
    assert_int_equal(result.pinned, choices[i].flags & ITEM_PINNED ? 1 : 0);
    assert_int_equal(result.needs_approval, !str_eq(choices[i].complexity, "grund"));
    store_rollback(rig->g.store);
    buf_release(&got);
}

static void test_provider(void **state)
{
    for (size_t i = 0; i < COUNT_OF(choices); i++) {
        struct gateway_rig *rig = *state;
        rig_close(rig);
        rig_open(rig);
        routing_config(rig, &offices);
        routing_load_on(rig, "buero-a", choices[i].load_a);
        routing_load_on(rig, "buero-b", choices[i].load_b);
        routing_load_on(rig, "buero-c", 0);
        check_choice(rig, i);
    }
}

/* The item itself is no load of the provider it lies with. */
static void test_own_load(void **state)
{
    struct gateway_rig *rig = *state;
    struct choose_result result;
    routing_config(rig, &offices);
    struct item item = routing_item(rig);
    str_copy(item.complexity, sizeof item.complexity, "complex");
    str_copy(item.to_unit, sizeof item.to_unit, "buero-b");
    store_begin(rig->g.store);
    store_item_add(rig->g.store, &item);
    rig_commit(rig);
    routing_load_on(rig, "buero-b", 1);
    routing_load_on(rig, "buero-a", 2);
    assert_int_equal(store_item_load(rig->g.store, "buero-b"), 2);
    choose_provider(&rig->g, &item, &result);
    assert_string_equal(result.provider->id, "buero-b");
}

static void test_explain(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf got = BUF_INIT;
    routing_config(rig, &offices);
    routing_load_on(rig, "buero-a", 2);
    struct item item = routing_item(rig);
    item.seq = 0;
    str_copy(item.complexity, sizeof item.complexity, "complex");
    choose_explain(&rig->g, &item, &got);
    assert_string_equal(
        buf_str(&got),
        "Träger Stelle buero-ohne (buero-ohne): 0 offene Aufträge. Mit dem vorgesehenen Träger "
        "besteht heute keine gültige Vereinbarung.\n"
        "Träger Stelle buero-a (buero-a): 2 offene Aufträge von höchstens 2; ist ausgelastet.\n"
        "Träger Stelle buero-b (buero-b): 0 offene Aufträge von höchstens 2; kann angefragt "
        "werden.\n"
        "Träger Stelle buero-c (buero-c): 0 offene Aufträge. Für diese Mitteilung ist eine "
        "Zustimmung nötig, die noch nicht vorliegt.\n"
        "Angefragt würde jetzt: Stelle buero-b (buero-b).\n");
    buf_reset(&got);
    str_copy(item.to_unit, sizeof item.to_unit, "buero-ohne");
    item.flags = ITEM_PINNED;
    choose_explain(&rig->g, &item, &got);
    assert_non_null(strstr(buf_str(&got), "Wunsch- und Wahlrecht"));
    assert_non_null(strstr(buf_str(&got), "keine gültige Vereinbarung. Bitte wenden Sie sich"));
    buf_release(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_among), cmocka_unit_test(test_words), TEST(test_provider),
        TEST(test_own_load),          TEST(test_explain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
