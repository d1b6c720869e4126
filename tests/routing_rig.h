/*
 * The town of gateway_rig.h with more to choose from: what a test adds is put in front of the lists
 * of units, permissions, agreements and rules. With it items as the store holds them.
 */
#ifndef ROUTING_RIG_H
#define ROUTING_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway_rig.h"

/* Each part ends with a comma, or is "". */
struct routing_more {
    const char *units, *permissions, *agreements, *rules, *rest;
};

static inline void routing_put(struct buf *text, const char *list, const char *more)
{
    const char *at = strstr(buf_str(text), list);
    struct buf all = BUF_INIT;
    assert_non_null(at);
    at += strlen(list);
    buf_add(&all, text->data, (size_t)(at - text->data));
    buf_puts(&all, more ? more : "");
    buf_puts(&all, at);
    buf_release(text);
    *text = all;
}

/* Loads the configuration with these additions in the place of the old one. */
static inline void routing_config(struct gateway_rig *rig, const struct routing_more *more)
{
    char path[512];
    struct buf text = BUF_INIT, err = BUF_INIT;
    rig_write_config(rig->dir);
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    if (buf_read_file(&text, path, 1 << 20, &err) < 0)
        fail_msg("%s", buf_str(&err));
    routing_put(&text, "units = (", more->units);
    routing_put(&text, "permissions = (", more->permissions);
    routing_put(&text, "agreements = (", more->agreements);
    routing_put(&text, "rules = (", more->rules);
    buf_puts(&text, more->rest ? more->rest : "");
    rig_write(rig->dir, "stafette.conf", buf_str(&text));
    config_drop(rig->g.config);
    rig->g.config = rig_load(rig->dir);
    tell_forget(&rig->g);
    buf_release(&text);
}

/* An open referral of the youth office for debt counselling, complete but for what the test sets.
 */
static inline struct item routing_item(struct gateway_rig *rig)
{
    struct item item = {.seq = store_next(rig->g.store, SEQ_ITEM),
                        .kind = ITEM_REFERRAL,
                        .state = STATE_OFFERED,
                        .case_ref = RIG_CASE,
                        .source = "jugendamt",
                        .from_unit = "asd",
                        .owner_unit = "asd",
                        .place = "nord",
                        .service = "schuldner",
                        .basis = "sgb2_16a",
                        .urgency = URGENCY_PROMPT,
                        .created_ms = rig->g.now_ms,
                        .changed_ms = rig->g.now_ms};
    return item;
}

/* Adds that many open referrals that lie with a provider. */
static inline void routing_load_on(struct gateway_rig *rig, const char *provider, int n)
{
    store_begin(rig->g.store);
    for (int i = 0; i < n; i++) {
        struct item item = routing_item(rig);
        str_copy(item.to_unit, sizeof item.to_unit, provider);
        store_item_add(rig->g.store, &item);
    }
    rig_commit(rig);
}

/* A notice about an item, of now. */
static inline int64_t routing_notice(struct gateway_rig *rig, int64_t item_seq, const char *unit,
                                     const char *template_name)
{
    struct notice n = {.seq = store_next(rig->g.store, SEQ_NOTICE),
                       .item_seq = item_seq,
                       .outcome = "",
                       .created_ms = rig->g.now_ms};
    str_copy(n.unit, sizeof n.unit, unit);
    str_copy(n.template_name, sizeof n.template_name, template_name);
    store_notice_add(rig->g.store, &n);
    return n.seq;
}

#ifndef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)
#endif

#endif
