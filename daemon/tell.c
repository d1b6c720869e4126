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
#include "presence.h"
#include "sms_number.h"
#include "store.h"
#include "store_contact.h"
#include "store_delivery.h"
#include "store_notice.h"
#include "store_out.h"
#include "template.h"
#include "util.h"
#include "workflow_parts.h"

#include "../adapters/adapter.h"

/* Later than that nobody waits for the reply to an SMS any more. */
enum { REPLY_EXPIRE_MS = 2 * HOUR_MS };

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

static bool usable(const struct contact *contact, enum channel channel, enum urgency urgency)
{
    return contact->channel == channel && (!contact->urgent_only || urgency >= URGENCY_URGENT);
}

/* The first contact of the channel that may be used at this urgency; one that could not be reached
 * lately only when there is no other. */
static const struct contact *pick_contact(const struct stafette *g, const struct unit *unit,
                                          enum channel channel, enum urgency urgency)
{
    const struct contact *last = NULL;
    for (size_t i = 0; i < unit->contacts; i++) {
        const struct contact *c = &unit->contact[i];
        if (!usable(c, channel, urgency))
            continue;
        if (!g->presence.contacts_flagged || !store_contact_flagged(g->store, c->id))
            return c;
        if (!last)
            last = c;
    }
    return last;
}

int64_t tell_awake_ms(const struct stafette *g, const struct item *item,
                      const struct contact *contact, int64_t next_ms)
{
    char id[ID_MAX];
    size_t len = strcspn(contact->id, "/");
    bool at_once = item->urgency == URGENCY_EMERGENCY &&
                   (item->kind != ITEM_DRILL || item->flags & ITEM_ANY_HOUR);
    if (contact->channel != CHANNEL_SMS || at_once || len >= sizeof id)
        return next_ms;
    memcpy(id, contact->id, len);
    id[len] = '\0';
    const struct unit *unit = directory_unit(g->config->directory, id);
    if (!unit)
        return next_ms;
    /* Quiet hours are on the wall, attempts on the steady clock. */
    int64_t wall_ms = next_ms - g->steady_ms + g->now_ms;
    return next_ms + quiet_end(&unit->quiet, wall_ms) - wall_ms;
}

static bool add_delivery(struct stafette *g, const struct item *item, const struct limits *limits,
                         const struct notice *notice, const struct contact *contact)
{
    const struct template *t =
        templates_find(g->config->templates, notice->template_name, contact->channel);
    /* A number for urgent things only gets the reply to its answer as well. */
    const bool urgent = item->urgency >= URGENCY_URGENT || contact->urgent_only;
    const struct transport *transport = lane_first(g, contact, urgent);
    if (!t || !transport)
        return false;
    /* Who has just answered is awake. */
    const int64_t paced_ms = outbox_pace(g, item, notice, contact, g->steady_ms);
    const int64_t next_ms = notice->reason == REASON_ANSWERED
                                ? g->steady_ms
                                : tell_awake_ms(g, item, contact, paced_ms);
    struct delivery d = {
        .seq = store_next(g->store, SEQ_DELIVERY),
        .notice_seq = notice->seq,
        .item_seq = item->seq,
        .channel = contact->channel,
        .lane_id = lane_of(g, transport, contact, urgent),
        .template_id = template_id(g, t),
        .urgent = urgent,
        .next_ms = next_ms,
        .expires_ms = next_ms + limits->expire_ms,
        .created_ms = g->now_ms,
    };
    /* A restored store sends nothing for items older than the backup until it is released. */
    d.state = item->created_ms <= g->held_since_ms ? DELIVERY_HELD : DELIVERY_PENDING;
    str_copy(d.contact, sizeof d.contact, contact->id);
    store_delivery_add(g->store, &d);
    sms_number_give(g, contact, item->seq, t);
    outbox_wake(g, d.lane_id);
    return true;
}

/* Who reads it now. Of an outcome everybody hears who was told, so it looks for no stand-in; but
 * the mailbox of a desk with an on-duty plan is nobody. */
static struct stand_in addressee(struct stafette *g, const struct item *item,
                                 const struct telling *telling, bool as_named)
{
    struct stand_in who = {telling->unit, telling->reason};
    if ((telling->reason == REASON_OUTCOME || as_named) && !telling->unit->roster)
        return who;
    who = presence_for_item(g, item, telling->unit);
    if (who.unit == telling->unit)
        who.reason = telling->reason;
    return who;
}

static bool is_reachable(const struct stafette *g, const struct unit *unit, enum urgency urgency)
{
    return pick_contact(g, unit, CHANNEL_EMAIL, urgency) ||
           pick_contact(g, unit, CHANNEL_SMS, urgency);
}

static void add_deliveries(struct stafette *g, const struct item *item, const struct limits *limits,
                           const struct notice *notice, const struct unit *unit)
{
    const struct contact *mail = pick_contact(g, unit, CHANNEL_EMAIL, item->urgency);
    const struct contact *sms = pick_contact(g, unit, CHANNEL_SMS, item->urgency);
    const bool sms_first = item->urgency == URGENCY_EMERGENCY;
    if (mail && !limits->sms)
        sms = NULL;
    if (sms && sms_first)
        add_delivery(g, item, limits, notice, sms);
    if (mail)
        add_delivery(g, item, limits, notice, mail);
    if (sms && !sms_first)
        add_delivery(g, item, limits, notice, sms);
}

void tell_unit(struct stafette *g, const struct item *item, const struct limits *limits,
               const struct telling *telling)
{
    const struct tell_session none = {0};
    tell_of_session(g, item, limits, telling, &none);
}

void tell_of_session(struct stafette *g, const struct item *item, const struct limits *limits,
                     const struct telling *telling, const struct tell_session *session)
{
    const struct stand_in who = addressee(g, item, telling, session->as_named);
    const bool reached = is_reachable(g, who.unit, item->urgency);
    const struct unit *unit = reached ? who.unit : g->config->directory->catch_all;
    const bool stands_in = who.unit != telling->unit;
    struct notice notice = {
        .seq = store_next(g->store, SEQ_NOTICE),
        .item_seq = item->seq,
        .reason = reached ? who.reason : REASON_CATCH_ALL,
        .deadline_ms = telling->deadline_ms,
        .outcome = telling->outcome,
        .created_ms = g->now_ms,
        .session_seq = session->seq,
    };
    str_copy(notice.unit, sizeof notice.unit, unit->id);
    /* The rung "deputy" names the stand-in itself; of a session it answers for itself. */
    const bool for_other = telling->reason == REASON_DEPUTY && !session->seq;
    const char *absent = stands_in ? telling->unit->id : for_other ? item->waiting_unit : "";
    str_copy(notice.instead_of, sizeof notice.instead_of, absent);
    str_copy(notice.template_name, sizeof notice.template_name,
             permit_template(item, telling->what));
    /* What the caller superseded was told to the unit; who stands in gets one reminder as well. */
    if (stands_in && telling->deadline_ms && !session->seq)
        store_delivery_supersede(g->store, item->seq, unit->id, g->now_ms);
    store_notice_add(g->store, &notice);
    add_deliveries(g, item, limits, &notice, unit);
}

struct tried {
    int64_t notice_seq;
    const struct contact *contact;
    bool found;
};

static void look_for_contact(void *context, const struct delivery *d)
{
    struct tried *tried = context;
    if (d->notice_seq == tried->notice_seq && str_eq(d->contact, tried->contact->id))
        tried->found = true;
}

/* The first contact of the channel that the notice has not tried. */
static const struct contact *untried(struct stafette *g, const struct unit *unit,
                                     const struct item *item, const struct delivery *failed,
                                     enum channel channel)
{
    for (size_t i = 0; i < unit->contacts; i++) {
        struct tried tried = {failed->notice_seq, &unit->contact[i], false};
        if (!usable(tried.contact, channel, item->urgency))
            continue;
        store_delivery_each(g->store, item->seq, &tried, look_for_contact);
        if (!tried.found)
            return tried.contact;
    }
    return NULL;
}

bool tell_next_contact(struct stafette *g, const struct item *item, const struct delivery *failed,
                       bool other_channel)
{
    struct notice notice;
    struct limits limits;
    enum channel other = failed->channel == CHANNEL_EMAIL ? CHANNEL_SMS : CHANNEL_EMAIL;
    enum channel order[] = {other_channel ? other : failed->channel,
                            other_channel ? failed->channel : other};
    if (!store_notice_get(g->store, failed->notice_seq, &notice))
        return false;
    const struct unit *unit = directory_unit(g->config->directory, notice.unit);
    /* Who was asked about an item that has ended need not hear of it any more; a reply is for the
     * phone that answered alone. */
    if (!unit || (item->closed_ms && notice.deadline_ms) || notice.reason == REASON_ANSWERED)
        return false;
    work_limits(g, item, &limits);
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        const struct contact *contact = untried(g, unit, item, failed, order[i]);
        if (contact && add_delivery(g, item, &limits, &notice, contact))
            return true;
    }
    return false;
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

bool tell_copy(struct stafette *g, const struct item *item, const struct notice *notice,
               const struct contact *contact)
{
    struct limits limits;
    /* Somebody waits for it, as for a new link. */
    struct notice waited_for = *notice;
    waited_for.reason = REASON_LINK;
    work_limits(g, item, &limits);
    return add_delivery(g, item, &limits, &waited_for, contact);
}

void tell_reply(struct stafette *g, const struct item *item, const struct contact *contact,
                const struct unit *unit, const char *words)
{
    const struct limits limits = {.expire_ms = REPLY_EXPIRE_MS, .sms = true};
    struct notice notice = {
        .seq = store_next(g->store, SEQ_NOTICE),
        .item_seq = item->seq,
        .reason = REASON_ANSWERED,
        .outcome = words,
        .created_ms = g->now_ms,
    };
    str_copy(notice.unit, sizeof notice.unit, unit->id);
    str_copy(notice.template_name, sizeof notice.template_name, "sms.reply");
    store_notice_add(g->store, &notice);
    add_delivery(g, item, &limits, &notice, contact);
}

void tell_status_of(struct stafette *g, const struct item *item, const char *type,
                    const struct status_detail *detail)
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
    for (; !str_empty(detail->name); detail++)
        if (detail->at_ms)
            json_member_time(&text, detail->name, detail->at_ms);
        else if (detail->text)
            json_member_text(&text, detail->name, detail->text);
    out_event_end(&text);
    out_event_post(g, &out, item->source, "status", &text);
}

void tell_status(struct stafette *g, const struct item *item, const char *type,
                 const char *detail_name, const char *detail)
{
    const struct status_detail details[] = {{.name = detail_name, .text = detail}, {.name = ""}};
    tell_status_of(g, item, type, details);
}
