/*
 * A gateway without its loop: a real configuration, store, keys and outbox in a directory of its
 * own, and a clock that stands still until the test moves it. Nothing is sent: no attempt is
 * started.
 *
 * The town: the youth office (asd, its lead asd-leitung) hands over to the social office
 * (sozialbuero, lead sb-leitung, deputy sb-vertretung); verein is a provider with agreement and
 * permission, verein-alt one whose agreement has ended, verein-fremd one without permission.
 */
#ifndef GATEWAY_RIG_H
#define GATEWAY_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../daemon/buf.h"
#include "../daemon/code.h"
#include "../daemon/config.h"
#include "../daemon/digest.h"
#include "../daemon/directory.h"
#include "../daemon/event.h"
#include "../daemon/gateway.h"
#include "../daemon/json.h"
#include "../daemon/outbox.h"
#include "../daemon/store.h"
#include "../daemon/store_audit.h"
#include "../daemon/store_clock.h"
#include "../daemon/store_delivery.h"
#include "../daemon/store_item.h"
#include "../daemon/store_notice.h"
#include "../daemon/store_out.h"
#include "../daemon/tell.h"
#include "../daemon/transfer.h"
#include "../daemon/util.h"
#include "../daemon/workflow.h"
#include "rig_dir.h"

#define RIG_CASE "cr-7f3k92qxm4t8b"
#define RIG_CASE_2 "cr-4m8x1wq6z2k9d"
#define RIG_MONDAY "2026-11-16T09:00:00+01:00"

static const char rig_places[] =
    "places = ( { id = \"stadt\"; name = \"Stadt\"; },"
    " { id = \"nord\"; name = \"Nord\"; parent = \"stadt\"; } );\n"
    "areas = ( { id = \"sgb8\"; code = \"SGB_VIII\"; name = \"SGB VIII\"; },"
    " { id = \"sgb12\"; code = \"SGB_XII\"; name = \"SGB XII\"; } );\n"
    "services = ( { id = \"hlu\"; name = \"Hilfe zum Lebensunterhalt\"; area = \"sgb12\"; },"
    " { id = \"schuldner\"; name = \"Schuldnerberatung\"; },"
    " { id = \"sucht\"; name = \"Suchtberatung\"; },"
    " { id = \"wohnen\"; name = \"Wohnraumsicherung\"; } );\n"
    "unit_defaults = { calendar = \"NW\"; hours = { mon = \"08:00-16:00\"; tue = \"08:00-16:00\";"
    " wed = \"08:00-16:00\"; thu = \"08:00-16:00\"; fri = \"08:00-12:00\"; }; };\n"
    "catch_all = \"koordination\";\n"
    "on_call = \"bereitschaft\";\n";

/* One team or desk by mail. */
#define RIG_UNIT(id, kind, more)                                                                   \
    " { id = \"" id "\"; kind = \"" kind "\"; name = \"Stelle " id                                 \
    "\"; phone = \"+49201123456\"; " more " contacts = ( { channel = \"email\"; address = \"" id   \
    "@amt.example\"; } ); }"

/* clang-format off */
static const char rig_units[] =
    "units = ("
    RIG_UNIT("koordination", "desk", "restricted_ok = true;") ","
    " { id = \"bereitschaft\"; kind = \"desk\"; name = \"Bereitschaft\"; restricted_ok = true;"
    " contacts = ( { channel = \"sms\"; address = \"+4915100000001\"; urgent_only = true; },"
    " { channel = \"email\"; address = \"bereitschaft@amt.example\"; } ); },"
    RIG_UNIT("technik", "desk", "") ","
    RIG_UNIT("asd", "team", "lead = \"asd-leitung\";") ","
    RIG_UNIT("asd-leitung", "team", "") ","
    RIG_UNIT("sozialbuero", "team", "lead = \"sb-leitung\"; deputies = [ \"sb-vertretung\" ];") ","
    RIG_UNIT("sb-leitung", "team", "") ","
    RIG_UNIT("sb-vertretung", "team", "") ","
    RIG_UNIT("jobcenter", "team", "") ","
    RIG_UNIT("verein", "provider", "lead = \"verein-leitung\";") ","
    RIG_UNIT("verein-leitung", "provider", "") ","
    RIG_UNIT("verein-alt", "provider", "") ","
    RIG_UNIT("verein-fremd", "provider", "") ","
    " { id = \"nur-funk\"; kind = \"team\"; name = \"Stelle nur-funk\";"
    " contacts = ( { channel = \"sms\"; address = \"+4915100000002\"; } ); }"
    ");\n";
/* clang-format on */

static const char rig_rights[] =
    "sources = ( { id = \"jugendamt\"; name = \"J\"; desk = \"technik\";"
    " units = [ \"asd\", \"asd-leitung\", \"koordination\" ]; },"
    " { id = \"sozialamt\"; name = \"S\"; desk = \"technik\";"
    " units = [ \"sozialbuero\", \"sb-leitung\", \"sb-vertretung\", \"nur-funk\" ]; },"
    " { id = \"traeger\"; name = \"T\"; desk = \"technik\";"
    " units = [ \"verein\", \"verein-leitung\", \"verein-alt\", \"verein-fremd\" ]; },"
    " { id = \"hotline\"; name = \"H\"; desk = \"technik\"; units = [ \"bereitschaft\" ]; },"
    " { id = \"jobcenter\"; name = \"C\"; desk = \"technik\"; units = [ \"jobcenter\" ]; } );\n"
    "permissions = ( { from = \"*\"; to = \"verein\"; kinds = [ \"referral\" ];"
    " bases = [ \"sgb2_16a\", \"consent\" ]; },"
    " { from = \"*\"; to = \"verein-alt\"; kinds = [ \"referral\" ]; bases = [ \"sgb2_16a\" ]; } "
    ");\n"
    "agreements = ( { provider = \"verein\"; services = [ \"schuldner\" ];"
    " from = \"2024-01-01\"; to = \"2029-12-31\"; },"
    " { provider = \"verein-fremd\"; services = [ \"wohnen\" ];"
    " from = \"2024-01-01\"; to = \"2029-12-31\"; },"
    " { provider = \"verein-alt\"; services = [ \"sucht\" ];"
    " from = \"2020-01-01\"; to = \"2026-10-31\"; } );\n";

static const char rig_routes[] =
    "policies = ( { id = \"standard\";"
    " ack = { routine = \"3 staffed days\"; prompt = \"1 staffed day\"; urgent = \"2 office "
    "hours\";"
    " emergency = \"10m\"; };"
    " escalate = { routine = \"3 staffed days\"; prompt = \"1 staffed day\";"
    " urgent = \"2 office hours\"; emergency = \"10m\"; };"
    " repeat = \"1 staffed day\";"
    " expire = { routine = \"3d\"; prompt = \"2d\"; urgent = \"1d\"; emergency = \"2h\"; };"
    " sms = [ \"urgent\", \"emergency\" ]; } );\n"
    "routes = { policy = \"standard\"; to = [ \"koordination\" ]; rules = ("
    " { rule = \"hlu\"; kind = \"handover\"; place = \"stadt\"; service = \"hlu\";"
    " to = [ \"sozialbuero\" ]; copy = [ \"jobcenter\" ]; },"
    " { rule = \"schuldner\"; kind = \"referral\"; service = \"schuldner\"; to = [ \"verein\" ]; },"
    " { rule = \"sucht\"; kind = \"referral\"; service = \"sucht\"; to = [ \"verein-alt\" ]; },"
    " { rule = \"wohnen\"; kind = \"referral\"; service = \"wohnen\"; to = [ \"verein-fremd\" ]; }"
    " ); };\n";

struct gateway_rig {
    char *dir;
    struct stafette g;
    struct known fresh;
    struct decision last;
    int events; /* for ids */
};

static inline void rig_at(struct gateway_rig *rig, const char *when)
{
    if (!time_parse(when, &rig->g.now_ms))
        fail_msg("no time: %s", when);
    rig->g.steady_ms = rig->g.mono_ms = rig->g.now_ms;
}

static inline void rig_write_config(const char *dir)
{
    const char *const part[] = {rig_places, rig_units, rig_rights, rig_routes};
    struct buf text = BUF_INIT;
    char head[1024], here[512];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(head, sizeof head,
             "gateway = { instance = \"probe\"; store = \"store.db\"; key_file = \"keys\";"
             " templates = \"%.400s/config/templates\"; };\n"
             "http = { internal = \"\"; control_socket = \"c.sock\"; };\n"
             "mqtt = { port = 9; };\n"
             "mail = { from = \"stafette@amt.example\"; bounce = \"bounce@amt.example\"; };\n"
             "delivery = { carriers = 2; bundle = \"0s\"; contact_per_hour = 0; };\n"
             "transports = ( { name = \"post\"; adapter = \"email_file\"; path = \"mail\";"
             " from = \"stafette@amt.example\"; },"
             " { name = \"funk\"; adapter = \"sms_file\"; path = \"sms\"; } );\n",
             here);
    buf_puts(&text, head);
    for (size_t i = 0; i < COUNT_OF(part); i++)
        buf_puts(&text, part[i]);
    rig_write(dir, "stafette.conf", buf_str(&text));
    buf_release(&text);
}

/* Loads what stands in the rig's directory now. */
static inline struct config *rig_load(const char *dir)
{
    char path[512];
    struct buf report = BUF_INIT;
    snprintf(path, sizeof path, "%s/stafette.conf", dir);
    struct config *config = config_load(path, &report);
    if (!config)
        fail_msg("%s", buf_str(&report));
    buf_release(&report);
    return config;
}

static inline void rig_open_store(struct gateway_rig *rig)
{
    struct buf err = BUF_INIT;
    struct stafette *g = &rig->g;
    if (keys_load(&g->keys, g->config->settings.key_file, &err) < 0)
        fail_msg("%s", buf_str(&err));
    g->store = store_open(g->config->settings.store, &err);
    if (!g->store)
        fail_msg("%s", buf_str(&err));
    g->outbox = outbox_open(g);
    buf_release(&err);
}

static inline void rig_open(struct gateway_rig *rig)
{
    digest_start();
    json_start();
    memset(rig, 0, sizeof *rig);
    rig->dir = rig_dir();
    rig_write_config(rig->dir);
    rig->g.config = rig_load(rig->dir);
    known_init(&rig->fresh);
    known_init(&rig->g.known);
    rig->g.transfer = transfer_open();
    rig_open_store(rig);
    rig_at(rig, RIG_MONDAY);
}

static inline void rig_close(struct gateway_rig *rig)
{
    transfer_close(rig->g.transfer);
    outbox_close(rig->g.outbox, 0);
    store_close(rig->g.store);
    known_release(&rig->g.known);
    known_release(&rig->fresh);
    decision_release(&rig->last);
    config_drop(rig->g.config);
    rig_dir_free(rig->dir);
}

/* A rig for each test, as its state. */
static inline int rig_set_up(void **state)
{
    struct gateway_rig *rig = xcalloc(1, sizeof *rig);
    rig_open(rig);
    *state = rig;
    return 0;
}

static inline int rig_tear_down(void **state)
{
    rig_close(*state);
    free(*state);
    return 0;
}

/* Loads the configuration anew with more units ("{...}, {...},") and more at its end. */
static inline void rig_add_units(struct gateway_rig *rig, const char *units, const char *more)
{
    static const char start[] = "units = (";
    struct buf old = rig_read(rig->dir, "stafette.conf"), text = BUF_INIT;
    const char *place = strstr(buf_str(&old), start) + strlen(start);
    struct config *before = rig->g.config;
    buf_add(&text, buf_str(&old), (size_t)(place - buf_str(&old)));
    buf_puts(&text, units);
    buf_puts(&text, place);
    buf_puts(&text, more);
    rig_write(rig->dir, "stafette.conf", buf_str(&text));
    rig->g.config = rig_load(rig->dir);
    config_drop(before);
    buf_release(&old);
    buf_release(&text);
}

static inline void rig_commit(struct gateway_rig *rig)
{
    if (store_commit(rig->g.store) != STORE_DONE)
        fail_msg("not committed: %s", store_trouble(rig->g.store));
}

/* One message, decided and committed as a turn does it. */
static inline const struct decision *rig_message(struct gateway_rig *rig, const char *source,
                                                 const char *type, const char *payload)
{
    struct buf topic = BUF_INIT;
    buf_printf(&topic, "stafette/in/%s/%s", source, type);
    for (char *p = topic.data + strlen("stafette/in/") + strlen(source); *p; p++)
        if (*p == '.')
            *p = '/';
    const struct event_input input = {.topic = buf_str(&topic),
                                      .payload = payload,
                                      .payload_len = strlen(payload),
                                      .content_type = ""};
    decision_reset(&rig->last);
    store_begin(rig->g.store);
    workflow_event(&rig->g, &input, &rig->fresh, &rig->last);
    rig_commit(rig);
    if (rig->last.event_seq)
        known_add(&rig->g.known, rig->last.id_hash, rig->last.event_seq, rig->g.now_ms / 86400000);
    buf_release(&topic);
    return &rig->last;
}

/* The same with an envelope: `more` are further members ("\"urgency\":\"urgent\","), "" = none.
 * The id is <source>-<n>. */
static inline const struct decision *rig_event(struct gateway_rig *rig, const char *source,
                                               const char *type, const char *more, const char *data)
{
    struct buf payload = BUF_INIT;
    buf_printf(&payload, "{\"specversion\":\"1.0\",\"id\":\"%s-%d\",\"source\":\"/%s\",\"type\":\"",
               source, ++rig->events, source);
    event_full_type(&payload, type);
    buf_puts(&payload, "\",\"time\":\"");
    time_utc(&payload, rig->g.now_ms);
    buf_printf(&payload, "\",%s\"data\":%s}", more, data);
    const struct decision *d = rig_message(rig, source, type, buf_str(&payload));
    buf_release(&payload);
    return d;
}

/* The item's code, in a buffer that the next call overwrites. */
static inline const char *rig_code(const struct gateway_rig *rig, int64_t item_seq)
{
    static char code[ITEM_ID_LEN + 1];
    code_write(code, item_seq, rig->g.keys.code);
    return code;
}

static inline struct item rig_item(const struct gateway_rig *rig, int64_t seq)
{
    struct item item;
    if (!store_item_get(rig->g.store, seq, &item))
        fail_msg("no item %lld", (long long)seq);
    return item;
}

/* "Mo 23.11. 16:00" */
static inline void rig_put_time(struct buf *out, int64_t at_ms)
{
    struct buf text = BUF_INIT;
    time_german(&text, at_ms);
    buf_add(out, text.data, 9);
    buf_puts(out, text.data + text.len - 6);
    buf_release(&text);
}

static inline void rig_put_notice(void *context, const struct notice *n)
{
    struct buf *out = context;
    buf_printf(out, "\ntold %s %s %s", n->unit, reason_name(n->reason), n->template_name);
    if (n->deadline_ms) {
        buf_puts(out, " bis ");
        rig_put_time(out, n->deadline_ms);
    }
}

/* An item of asd that asks the unit, told in a transaction of its own; to be answered until that
 * time. */
enum { RIG_NO_ANSWER = 0, RIG_BY_CLOCK = -1 };
static inline struct item rig_request(struct gateway_rig *rig, const char *unit,
                                      enum urgency urgency, const struct limits *limits,
                                      int64_t answer_ms)
{
    struct item item;
    struct buf text = BUF_INIT;
    memset(&item, 0, sizeof item);
    limits_write(&text, limits);
    store_begin(rig->g.store);
    item.seq = store_next(rig->g.store, SEQ_ITEM);
    item.state = STATE_REQUESTED;
    item.urgency = urgency;
    item.created_ms = item.changed_ms = rig->g.now_ms;
    item.limits_id = store_intern(rig->g.store, buf_str(&text));
    str_copy(item.source, sizeof item.source, "jugendamt");
    str_copy(item.owner_unit, sizeof item.owner_unit, "asd");
    str_copy(item.waiting_unit, sizeof item.waiting_unit, unit);
    store_item_add(rig->g.store, &item);
    int64_t due_ms = workflow_set_clock(&rig->g, &item, limits, 0);
    const struct telling telling = {directory_unit(rig->g.config->directory, unit), REASON_ROUTE,
                                    "handover.requested",
                                    answer_ms == RIG_BY_CLOCK ? due_ms : answer_ms, ""};
    tell_unit(&rig->g, &item, limits, &telling);
    rig_commit(rig);
    buf_release(&text);
    return item;
}

static inline void rig_put_delivery(void *context, const struct delivery *d)
{
    struct buf *out = context;
    buf_printf(out, "\n%s %s %s", channel_name(d->channel), d->contact,
               delivery_state_name(d->state));
}

struct rig_outs {
    struct buf *out;
    int64_t item_seq;
};

static inline bool rig_put_out(void *context, const struct out_event *e)
{
    struct rig_outs *outs = context;
    const char *type = strstr(e->payload, "\"type\":\"de.sozialraum.");
    if (e->item_seq != outs->item_seq || !type)
        return true;
    type += strlen("\"type\":\"de.sozialraum.");
    buf_printf(outs->out, "\nstatus %.*s to %s", (int)(strstr(type, ".v1") - type), type,
               e->topic + strlen("stafette/out/"));
    return true;
}

/* All that the store says of an item, one fact a line. */
static inline void rig_tell(const struct gateway_rig *rig, int64_t seq, struct buf *out)
{
    struct clock clock;
    struct item item = rig_item(rig, seq);
    struct rig_outs outs = {out, seq};
    buf_printf(out, "%s %s owner=%s waiting=%s to=%s", item_kind_name(item.kind),
               item_state_name(item.state), item.owner_unit, item.waiting_unit, item.to_unit);
    store_notice_each(rig->g.store, seq, out, rig_put_notice);
    store_delivery_each(rig->g.store, seq, out, rig_put_delivery);
    store_out_each(rig->g.store, 0, &outs, rig_put_out);
    if (store_clock_of(rig->g.store, seq, &clock)) {
        buf_printf(out, "\nclock %s %d ", clock_kind_name(clock.kind), clock.step);
        rig_put_time(out, clock.due_ms);
    }
}

/* Compares all that, and that an open item has exactly one clock. */
static inline void rig_expect(const struct gateway_rig *rig, int64_t seq, const char *want)
{
    struct buf got = BUF_INIT;
    rig_tell(rig, seq, &got);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
    assert_int_equal(store_clock_count_open(rig->g.store), store_item_count_open(rig->g.store));
}

/* Outcome, repeated and faults of the last decision: "refused E-STELLE data.by_unit". */
static inline void rig_expect_said(const struct gateway_rig *rig, const char *want)
{
    static const char *const outcome[] = {"accepted", "returned", "refused", "parked"};
    struct buf got = BUF_INIT;
    const char *at = buf_str(&rig->last.receipt);
    buf_printf(&got, "%s%s", outcome[rig->last.outcome], rig->last.repeated ? " repeated" : "");
    while ((at = strstr(at, "{\"code\":\""))) {
        at += strlen("{\"code\":\"");
        buf_printf(&got, " %.*s", (int)strcspn(at, "\""), at);
        at += strcspn(at, "\"");
        if (strncmp(at, "\",\"field\":\"", 11) == 0)
            buf_printf(&got, " %.*s", (int)strcspn(at + 11, "\""), at + 11);
    }
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

#endif
