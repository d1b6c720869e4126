/*
 * Telling: see tell.h.
 */
#include "tell.h"

#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "lane.h"
#include "out_event.h"
#include "outbox.h"
#include "permit.h"
#include "store.h"
#include "store_delivery.h"
#include "store_notice.h"
#include "store_out.h"
#include "template.h"
#include "util.h"

#include "../adapters/adapter.h"

void tell_forget(struct stafette *g)
{
    g->kept_templates = 0;
}

/* The store's number of a template's text; asked from the store once per configuration. */
static int64_t template_id(struct stafette *g, const struct template *t)
{
    for (size_t i = 0; i < g->kept_templates; i++)
        if (g->kept_template[i].text == t)
            return g->kept_template[i].id;
    int64_t id =
        store_template_keep(g->store, template_hash(t), template_name(t), template_text(t));
    if (g->kept_templates < KEPT_TEMPLATES_MAX) {
        g->kept_template[g->kept_templates].text = t;
        g->kept_template[g->kept_templates++].id = id;
    }
    return id;
}

/* The first contact of the channel that may be used at this urgency. */
static const struct contact *pick_contact(const struct unit *unit, enum channel channel,
                                          enum urgency urgency)
{
    for (size_t i = 0; i < unit->contacts; i++) {
        const struct contact *c = &unit->contact[i];
        if (c->channel == channel && (!c->urgent_only || urgency >= URGENCY_URGENT))
            return c;
    }
    return NULL;
}

static void add_delivery(struct stafette *g, const struct item *item, const struct limits *limits,
                         const struct notice *notice, const struct contact *contact)
{
    const struct template *t =
        templates_find(g->config->templates, notice->template_name, contact->channel);
    const bool urgent = item->urgency >= URGENCY_URGENT;
    const struct transport *transport = lane_first(g, contact, urgent);
    if (!t || !transport)
        return;
    struct delivery d = {
        .seq = store_next(g->store, SEQ_DELIVERY),
        .notice_seq = notice->seq,
        .item_seq = item->seq,
        .channel = contact->channel,
        .lane_id = lane_of(g, transport, contact, urgent),
        .template_id = template_id(g, t),
        .urgent = urgent,
        .next_ms = g->steady_ms,
        .expires_ms = g->steady_ms + limits->expire_ms,
        .created_ms = g->now_ms,
    };
    /* A restored store sends nothing for items older than the backup until it is released. */
    d.state = item->created_ms <= g->held_since_ms ? DELIVERY_HELD : DELIVERY_PENDING;
    str_copy(d.contact, sizeof d.contact, contact->id);
    store_delivery_add(g->store, &d);
    outbox_wake(g, d.lane_id);
}

static const struct unit *reachable(const struct stafette *g, const struct unit *unit,
                                    enum urgency urgency)
{
    return pick_contact(unit, CHANNEL_EMAIL, urgency) || pick_contact(unit, CHANNEL_SMS, urgency)
               ? unit
               : g->config->directory->catch_all;
}

void tell_unit(struct stafette *g, const struct item *item, const struct limits *limits,
               const struct telling *telling)
{
    const struct unit *unit = reachable(g, telling->unit, item->urgency);
    struct notice notice = {
        .seq = store_next(g->store, SEQ_NOTICE),
        .item_seq = item->seq,
        .reason = unit == telling->unit ? telling->reason : REASON_CATCH_ALL,
        .deadline_ms = telling->deadline_ms,
        .outcome = telling->outcome,
        .created_ms = g->now_ms,
    };
    str_copy(notice.unit, sizeof notice.unit, unit->id);
    str_copy(notice.template_name, sizeof notice.template_name,
             permit_template(item, telling->what));
    store_notice_add(g->store, &notice);
    const struct contact *mail = pick_contact(unit, CHANNEL_EMAIL, item->urgency);
    const struct contact *sms = pick_contact(unit, CHANNEL_SMS, item->urgency);
    if (mail)
        add_delivery(g, item, limits, &notice, mail);
    if (sms && (limits->sms || !mail))
        add_delivery(g, item, limits, &notice, sms);
}

bool tell_again(struct stafette *g, const struct item *item, const struct limits *limits,
                const struct due *due, int64_t deadline_ms)
{
    const struct contact *contact = directory_contact(g->config->directory, due->delivery.contact);
    if (!contact || contact->channel != due->delivery.channel)
        return false;
    struct notice notice = due->notice;
    notice.seq = store_next(g->store, SEQ_NOTICE);
    notice.reason = REASON_LINK;
    notice.deadline_ms = deadline_ms;
    notice.doubtful = false;
    notice.created_ms = g->now_ms;
    store_notice_add(g->store, &notice);
    add_delivery(g, item, limits, &notice, contact);
    return true;
}

void tell_status(struct stafette *g, const struct item *item, const char *type,
                 const char *detail_name, const char *detail)
{
    if (str_empty(item->source))
        return;
    char code[ITEM_ID_LEN + 1];
    struct buf text = BUF_INIT;
    struct out_event out = {.seq = store_next(g->store, SEQ_OUT), .item_seq = item->seq};
    code_write(code, item->seq, g->keys.code);
    out_event_start(&text, g, "", out.seq, type);
    json_member_text(&text, "item_id", code);
    if (!str_empty(item->case_ref))
        json_member_text(&text, "case_ref", item->case_ref);
    json_member_text(&text, "kind", item_kind_name(item->kind));
    json_member_text(&text, "state", item_state_name(item->state));
    json_member_text(&text, "responsible", item->owner_unit);
    if (!str_empty(detail_name))
        json_member_text(&text, detail_name, detail);
    out_event_end(&text);
    out_event_post(g, &out, item->source, "status", &text);
}
