/*
 * What the tests of whole lives share, beside workflow_rig.h: a town in which two providers can be
 * offered the same referral and in which tasks are routed; answers by all ways in short; a look at
 * one item as one line.
 */
#ifndef LIFE_RIG_H
#define LIFE_RIG_H

#include "../daemon/answer.h"
#include "workflow_rig.h"

/* Puts `more` behind the first `mark` in the rig's configuration file. */
static inline void rig_insert(const struct gateway_rig *rig, const char *mark, const char *more)
{
    struct buf old = rig_read(rig->dir, "stafette.conf"), text = BUF_INIT;
    const char *at = strstr(buf_str(&old), mark);
    if (!at)
        fail_msg("not in the configuration: %s", mark);
    at += strlen(mark);
    buf_add(&text, buf_str(&old), (size_t)(at - buf_str(&old)));
    buf_puts(&text, more);
    buf_puts(&text, at);
    rig_write(rig->dir, "stafette.conf", buf_str(&text));
    buf_release(&text);
    buf_release(&old);
}

static inline void rig_reload(struct gateway_rig *rig)
{
    struct config *config = rig_load(rig->dir);
    config_drop(rig->g.config);
    rig->g.config = config;
    tell_forget(&rig->g);
}

/* verein, then verein-fremd; early warnings and follow-ups of the quarter go to the jobcenter. */
static inline int life_set_up(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "permissions = (",
               " { from = \"*\"; to = \"verein-fremd\"; kinds = [ \"referral\" ];"
               " bases = [ \"sgb2_16a\", \"consent\" ]; },");
    rig_insert(rig, "agreements = (",
               " { provider = \"verein-fremd\"; services = [ \"schuldner\" ];"
               " from = \"2024-01-01\"; to = \"2029-12-31\"; },");
    rig_insert(rig, "service = \"schuldner\"; to = [ \"verein\"", ", \"verein-fremd\"");
    rig_insert(rig, "rules = (",
               " { rule = \"aufgabe\"; kind = \"task\"; place = \"nord\";"
               " to = [ \"jobcenter\" ]; },");
    rig_reload(rig);
    return 0;
}

#define LIFE(name) cmocka_unit_test_setup_teardown(name, life_set_up, rig_tear_down)

static inline enum answer_end life_answer(struct gateway_rig *rig, int64_t item, const char *by,
                                          enum answer_verb verb, const char *code)
{
    struct buf said = BUF_INIT;
    const struct answer answer = {item, directory_unit(rig->g.config->directory, by), verb, code,
                                  VIA_LINK};
    assert_non_null(answer.by);
    store_begin(rig->g.store);
    enum answer_end end = answer_apply(&rig->g, &answer, &said);
    rig_commit(rig);
    assert_true(said.len > 0);
    buf_release(&said);
    return end;
}

/* "accepted owner=sozialbuero waiting=". */
static inline void life_is(const struct gateway_rig *rig, int64_t seq, const char *want)
{
    struct buf got = BUF_INIT;
    struct item item = rig_item(rig, seq);
    buf_printf(&got, "%s owner=%s waiting=%s", item_state_name(item.state), item.owner_unit,
               item.waiting_unit);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
    assert_int_equal(store_clock_count_open(rig->g.store), store_item_count_open(rig->g.store));
}

/* How often a line of rig_tell() stands there: "\ntold asd outcome". */
static inline int life_count(const struct gateway_rig *rig, int64_t item, const char *line)
{
    int n = 0;
    struct buf text = BUF_INIT;
    rig_tell(rig, item, &text);
    for (const char *at = buf_str(&text); (at = strstr(at, line)); at += strlen(line))
        n++;
    buf_release(&text);
    return n;
}

/* Moves the clock to the item's next one and fires what is due. */
static inline void life_next(struct gateway_rig *rig, int64_t item)
{
    struct clock clock;
    assert_true(store_clock_of(rig->g.store, item, &clock));
    rig->g.now_ms = rig->g.steady_ms = rig->g.mono_ms = clock.due_ms;
    store_begin(rig->g.store);
    assert_true(clock_fire_due(&rig->g) > 0);
    rig_commit(rig);
}

struct life_child {
    const char *code;
    struct item item;
};

static inline bool life_keep_child(void *context, const struct item *item)
{
    struct life_child *child = context;
    if (strncmp(item->code, child->code, strlen(child->code)) == 0)
        child->item = *item;
    return true;
}

/* The open task or clock of an item whose code begins so; seq 0: none. */
static inline struct item life_child(const struct gateway_rig *rig, int64_t item, const char *code)
{
    struct life_child child = {.code = code};
    store_item_each_child(rig->g.store, item, &child, life_keep_child);
    return child.item;
}

#endif
