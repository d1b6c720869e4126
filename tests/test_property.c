/*
 * # time limit: 600 s
 *
 * The property that matters: whatever comes, in whatever order, nobody is lost. Seeded random
 * sequences of all handled events (fields absent, units wrong, events repeated and out of order),
 * of answers by all verbs, of clocks and of time that passes; after each step plain SQL on the
 * store says whether every open item still has its owner, the unit that must act and one clock that
 * ends in a person, and whether what changed is a row of the state table. At the end the ledger is
 * green and every item can be brought to its end by those who are asked.
 *
 * STAFETTE_SEED repeats a sequence (it is printed); STAFETTE_STEPS makes it longer,
 * STAFETTE_VERBOSE=1 tells each step.
 */
#include <sqlite3.h>

#include "../daemon/ledger.h"
#include "property_play.h"

enum { SEQUENCES = 6, STEPS = 500 };

/* ---- what must hold */

/* Each gives a line for what breaks it, and nothing when all is well. */
static const struct {
    const char *rule, *sql;
} rules[] = {
    {"an open item has an owner in the directory",
     "select item_seq, kind, state, owner_unit from item where closed_ms = 0"
     " and owner_unit not in (select id from temp.unit)"},
    {"an open item waits for a unit in the directory",
     "select item_seq, kind, state, waiting_unit from item where closed_ms = 0"
     " and waiting_unit not in (select id from temp.unit)"},
    {"an ended item waits for nobody",
     "select item_seq, kind, state, waiting_unit from item where closed_ms > 0"
     " and waiting_unit <> ''"},
    {"an open item has exactly one clock that ends in a person",
     "select i.item_seq, i.kind, i.state, count(c.clock_seq) from item i left join clock c"
     " on c.item_seq = i.item_seq and c.state = 0 and c.kind not in (3, 4, 8)"
     " where i.closed_ms = 0 group by i.item_seq having count(c.clock_seq) <> 1"},
    {"no kind of clock runs twice",
     "select item_seq, kind, 0, count(*) from clock where state = 0 and kind <> 8"
     " group by item_seq, kind having count(*) > 1"},
    {"an ended item has no open clock",
     "select i.item_seq, i.kind, i.state, c.kind from clock c join item i using (item_seq)"
     " where c.state = 0 and i.closed_ms > 0"},
    {"a notice has a delivery",
     "select n.item_seq, n.notice_seq, 0, n.template_name from notice n where not exists"
     " (select 1 from delivery d where d.notice_seq = n.notice_seq)"},
    {"a task has an open item, or one that may outlive it",
     "select t.item_seq, t.kind, t.state, t.code from item t join item p"
     " on p.item_seq = t.parent_seq where t.closed_ms = 0 and t.code = 'second_function'"
     " and p.closed_ms > 0"},
    {"nobody is told the same twice by one answer",
     "select item_seq, unit, created_ms, count(*) from notice where notice_seq > :told"
     " group by item_seq, unit, template_name, outcome having count(*) > 1"},
    {"what is restricted stays so in what follows from it",
     "select t.item_seq, t.kind, t.state, t.code from item t join item p"
     " on p.item_seq = t.parent_seq where p.restricted > t.restricted"
     " and t.created_ms > p.changed_ms"},
    {"a referral is in one phase while it runs (state 26), and in none before and after",
     "select i.item_seq, i.kind, i.state, count(p.number) from item i left join phase p"
     " on p.item_seq = i.item_seq and p.end_day = 0 where i.kind = 1 group by i.item_seq"
     " having count(p.number) <> (i.state = 26)"},
    {"a phase begins on the day on which the one before it ended",
     "select a.item_seq, a.number, a.end_day, b.begin_day from phase a left join phase b"
     " on b.item_seq = a.item_seq and b.number = a.number + 1"
     " where coalesce(b.begin_day, a.end_day) <> a.end_day"
     " or (a.end_day > 0 and a.end_day < a.begin_day)"},
};

static void check_rules(struct play *p)
{
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        sqlite3_stmt *stmt;
        char text[200];
        if (sqlite3_prepare_v2(p->db, rules[i].sql, -1, &stmt, NULL) != SQLITE_OK)
            fail_msg("%s: %s", rules[i].rule, sqlite3_errmsg(p->db));
        sqlite3_bind_int64(stmt, 1, p->told);
        if (sqlite3_step(stmt) == SQLITE_ROW) {
            snprintf(text, sizeof text, "item %s kind %s state %s: %s",
                     sqlite3_column_text(stmt, 0), sqlite3_column_text(stmt, 1),
                     sqlite3_column_text(stmt, 2), sqlite3_column_text(stmt, 3));
            sqlite3_finalize(stmt);
            broken(p, rules[i].rule, text);
        }
        sqlite3_finalize(stmt);
    }
}

/* Where a row of the table leads from a state, as a set; nothing else may happen in one step. */
static uint64_t leads_to(enum item_kind kind, enum item_state from)
{
    static const char *const codes[] = {"",          "not_competent", "wrong_place",
                                        "confirmed", "reassigned",    "giver_keeps"};
    uint64_t to = 0;
    for (int on = 0; on <= ON_END; on = on == EVENT_HANDLED_COUNT - 1 ? ON_DELIVERED : on + 1)
        for (size_t c = 0; c < COUNT_OF(codes); c++) {
            const struct step *step;
            const struct occasion o = {kind, from, ITEM_CONVERSED, on, codes[c]};
            if (machine_next(&o, &step) != STEP_APPLY)
                continue;
            to |= UINT64_C(1) << step->to;
            /* An approval may be held; a request taken up may still lack something. */
            if (step->effect == EFFECT_OFFER)
                to |= UINT64_C(1) << STATE_HELD;
            if (machine_opens(on))
                to |= UINT64_C(1) << STATE_RETURNED;
        }
    return to;
}

/* One event may let apply what was parked for it, so up to five rows may follow at once. */
static bool reachable(enum item_kind kind, enum item_state from, enum item_state to)
{
    /* Meetings and polls have no table: they wait for a date, run, and end. */
    if (kind == ITEM_MEETING || kind == ITEM_POLL)
        return from == to || from == STATE_WAITING ||
               (from == STATE_OPEN && (to == STATE_CLOSED || to == STATE_CANCELLED));
    uint64_t now = UINT64_C(1) << from;
    for (int steps = 0; steps < 5 && !(now >> to & 1); steps++) {
        uint64_t next = now;
        for (int s = 1; s < ITEM_STATE_COUNT; s++)
            if (now >> s & 1)
                next |= leads_to(kind, (enum item_state)s);
        now = next;
    }
    return now >> to & 1;
}

/* Responsibility moves by acceptance, and back where that has lapsed or ended. */
static bool owner_may_move(const struct item *item, enum item_state from)
{
    const uint64_t back = UINT64_C(1) << STATE_OFFERED | UINT64_C(1) << STATE_EXPIRED |
                          UINT64_C(1) << STATE_WAITLISTED | UINT64_C(1) << STATE_FEEDBACK_DUE |
                          UINT64_C(1) << STATE_DECLINED;
    bool accepts =
        item->kind == ITEM_HANDOVER ? item->state == STATE_ACCEPTED : item->kind == ITEM_REFERRAL;
    bool lapses = item->kind == ITEM_REFERRAL && back >> item->state & 1 &&
                  str_eq(item->owner_unit, item->from_unit);
    return from == STATE_RETURNED || lapses || (accepts && str_eq(item->owner_unit, item->to_unit));
}

static void check_item(struct play *p, const struct item *item)
{
    char text[200];
    struct seen *s = &p->seen[item->seq];
    snprintf(text, sizeof text, "item %lld (%s) %s -> %s, owner %s -> %s", (long long)item->seq,
             item_kind_name(item->kind), item_state_name(s->state), item_state_name(item->state),
             s->owner, item->owner_unit);
    if (item->seq < p->items) {
        if (item->urgency < s->urgency)
            broken(p, "urgency is never lowered", text);
        if (!item->restricted && s->restricted)
            broken(p, "restricted stays restricted", text);
        if (item->returns < s->returns)
            broken(p, "what was given back is counted", text);
        if (!reachable(item->kind, s->state, item->state))
            broken(p, "a change of state is a row of the table", text);
        if (!str_eq(item->owner_unit, s->owner) && !owner_may_move(item, s->state))
            broken(p, "the owner changes by acceptance only", text);
        p->applied += item->state != s->state;
    }
    p->reached[item->kind] |= UINT64_C(1) << item->state;
    bool over = item_state_is_final(item->kind, item->state);
    if (item->closed_ms ? !over : over && item->state != STATE_ACCEPTED)
        broken(p, "an item is closed when its state is final", text);
    *s = (struct seen){item->state, item->urgency, item->restricted, item->returns, ""};
    str_copy(s->owner, sizeof s->owner, item->owner_unit);
}

static bool look_at(void *context, const struct item *item)
{
    check_item(context, item);
    return true;
}

static void check(struct play *p)
{
    int64_t last = store_last(p->rig->g.store, SEQ_ITEM);
    if (last >= ITEMS_MAX)
        fail_msg("too many items");
    int64_t from = last > 300 ? last - 300 : 0;
    store_item_each(p->rig->g.store, true, from, p, look_at);
    p->items = last + 1;
    check_rules(p);
    p->told = store_last(p->rig->g.store, SEQ_NOTICE);
}

static void check_ledger(struct play *p)
{
    struct ledger_task task;
    struct ledger_result result;
    struct buf err = BUF_INIT, text = BUF_INIT;
    ledger_task_init(&task, p->rig->g.config->directory);
    task.store = p->rig->g.config->settings.store;
    task.now_ms = p->rig->g.now_ms;
    task.grace_ms = 300000;
    if (ledger_check(&task, &result, &err) < 0)
        fail_msg("%s", buf_str(&err));
    ledger_report(&text, &result, p->rig->g.keys.code);
    if (!ledger_green(&result))
        broken(p, "the ledger is green", buf_str(&text));
    store_audit_verify(p->rig->g.store, &err);
    assert_string_equal(buf_str(&err), "");
    ledger_task_release(&task);
    buf_release(&err);
    buf_release(&text);
}

/* ---- every item can end, by those who are asked */

static void say(struct play *p, const struct item *item, const char *by, enum answer_verb verb)
{
    const struct unit *unit = directory_unit(p->rig->g.config->directory, by);
    struct item now;
    struct buf said = BUF_INIT;
    const char *const *code = answer_codes(verb, item->kind, item->code);
    bool is_result = verb == ANSWER_DONE && code; /* has no usual one */
    const struct answer answer = {item->seq, unit, verb, is_result ? *code : "", VIA_CONTROL};
    if (!unit || !store_item_get(p->rig->g.store, item->seq, &now) || now.closed_ms)
        return;
    store_begin(p->rig->g.store);
    answer_apply(&p->rig->g, &answer, &said);
    rig_commit(p->rig);
    buf_release(&said);
}

static bool end_one(void *context, const struct item *item)
{
    struct play *p = context;
    struct buf err = BUF_INIT;
    say(p, item, item->from_unit, ANSWER_WITHDRAW);
    say(p, item, item->from_unit, ANSWER_DONE);
    say(p, item, item->waiting_unit, ANSWER_SEEN);
    say(p, item, item->waiting_unit, ANSWER_CLEARED);
    say(p, item, item->waiting_unit, ANSWER_DONE);
    struct item now = rig_item(p->rig, item->seq);
    /* After-care goes on for ever unless its case is closed or somebody ends it. */
    bool endless = now.kind == ITEM_TASK && str_eq(now.code, "aftercare");
    if (!now.closed_ms && (now.kind == ITEM_REFUSAL || now.state == STATE_RETURNED || endless)) {
        store_begin(p->rig->g.store);
        workflow_close(&p->rig->g, item->seq, "erledigt", &err);
        rig_commit(p->rig);
    }
    buf_release(&err);
    return true;
}

struct opens {
    struct item item[4000];
    size_t n;
};

static bool keep_open(void *context, const struct item *item)
{
    struct opens *opens = context;
    opens->item[opens->n++] = *item;
    return opens->n < COUNT_OF(opens->item);
}

static void end_all(struct play *p)
{
    struct opens *opens = xcalloc(1, sizeof *opens);
    for (int rounds = 0; rounds < 6; rounds++) {
        opens->n = 0;
        store_item_each(p->rig->g.store, false, 0, opens, keep_open);
        for (size_t i = 0; i < opens->n; i++)
            end_one(p, &opens->item[i]);
        /* Tasks for later begin; parked events reach the coordinator. */
        p->rig->g.now_ms += 15 * (int64_t)DAY;
        p->rig->g.steady_ms = p->rig->g.mono_ms = p->rig->g.now_ms;
        fire_all(p);
        check_rules(p);
    }
    opens->n = 0;
    store_item_each(p->rig->g.store, false, 0, opens, keep_open);
    if (opens->n) {
        char text[500];
        const struct item *item = &opens->item[0];
        snprintf(text, sizeof text, "%zu left; item %lld %s %s from=%s to=%s waiting=%s code=%s",
                 opens->n, (long long)item->seq, item_kind_name(item->kind),
                 item_state_name(item->state), item->from_unit, item->to_unit, item->waiting_unit,
                 item->code);
        broken(p, "every item can end", text);
    }
    free(opens);
}

/* ---- play */

static void open_reader(struct play *p)
{
    const struct directory *dir = p->rig->g.config->directory;
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_open(p->rig->g.config->settings.store, &p->db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(p->db, "create temp table unit (id text primary key)", NULL, NULL, NULL),
        SQLITE_OK);
    for (size_t i = 0; i < dir->units; i++) {
        sqlite3_prepare_v2(p->db, "insert into temp.unit values (?)", -1, &stmt, NULL);
        sqlite3_bind_text(stmt, 1, dir->unit[i].id, -1, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
        sqlite3_finalize(stmt);
    }
}

static void play(struct gateway_rig *rig, uint64_t seed, int steps, uint64_t *reached)
{
    struct play *p = xcalloc(1, sizeof *p);
    p->rig = rig;
    p->seed = seed;
    p->reached = reached;
    p->random = seed * 0x9e3779b97f4a7c15 + 1;
    p->seen = xcalloc(ITEMS_MAX, sizeof *p->seen);
    p->verbose = getenv("STAFETTE_VERBOSE") != NULL;
    open_reader(p);
    for (p->step = 1; p->step <= steps; p->step++) {
        one_step(p);
        check(p);
    }
    /* Whatever is due has fired: only then may nothing be late. */
    fire_all(p);
    check_ledger(p);
    end_all(p);
    check_ledger(p);
    print_message("# STAFETTE_SEED=%llu: %d steps, %lld items, %lld changes of state\n",
                  (unsigned long long)seed, steps, (long long)p->items, (long long)p->applied);
    assert_true(p->applied > steps / 10);
    for (size_t i = 0; i < KEPT; i++)
        buf_release(&p->kept[i].payload);
    sqlite3_close(p->db);
    free(p->seen);
    free(p);
}

static int from_environment(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text && *text ? atoi(text) : otherwise;
}

/* A play that gets nowhere proves nothing: how many states of each kind must have been reached. */
static void check_reached(const uint64_t *reached)
{
    static const int want[ITEM_KIND_COUNT] = {
        [ITEM_HANDOVER] = 9, [ITEM_REFERRAL] = 9, [ITEM_EMERGENCY] = 3,
        [ITEM_REFUSAL] = 2,  [ITEM_TASK] = 3,     [ITEM_DEADLINE] = 2};
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        int n = __builtin_popcountll(reached[kind]);
        print_message("# %s: %d states\n", item_kind_name((enum item_kind)kind), n);
        assert_true(n >= want[kind]);
    }
}

static void test_random_sequences(void **state)
{
    (void)state;
    uint64_t reached[ITEM_KIND_COUNT] = {0};
    int only = from_environment("STAFETTE_SEED", 0);
    int steps = from_environment("STAFETTE_STEPS", STEPS);
    int sequences = from_environment("STAFETTE_SEQUENCES", SEQUENCES);
    for (int seed = only ? only : 1; seed <= (only ? only : sequences); seed++) {
        void *rig;
        life_set_up(&rig);
        play(rig, (uint64_t)seed, steps, reached);
        rig_tear_down(&rig);
    }
    if (!only)
        check_reached(reached);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_sequences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
