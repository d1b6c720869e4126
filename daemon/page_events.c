/*
 * Pages that take an event or ask the directory: send, explain, who.
 */
#include <stdlib.h>
#include <string.h>

#include "admit.h"
#include "choose.h"
#include "config.h"
#include "directory.h"
#include "event.h"
#include "gateway.h"
#include "json.h"
#include "known.h"
#include "machine.h"
#include "page_parts.h"
#include "presence.h"
#include "route.h"
#include "store_item.h"
#include "template.h"
#include "util.h"
#include "workflow.h"

enum { WHO_MAX = 50 };

/* The topic under which an event would have come from the broker: its first path segment is the
 * source, unless the caller names one. */
static void topic_of(struct buf *topic, const char *source, const struct buf *body)
{
    struct json_place where;
    struct json *root = json_read(buf_str(body), body->len, &where);
    const char *type = root ? json_text(json_get(root, "type")) : "";
    const char *said = root ? json_text(json_get(root, "source")) : "";
    buf_puts(topic, "stafette/in/");
    if (!str_empty(source))
        buf_puts(topic, source);
    else if (said[0] == '/')
        buf_add(topic, said + 1, strcspn(said + 1, "/"));
    buf_addc(topic, '/');
    static const char prefix[] = "de.sozialraum.";
    if (str_starts(type, prefix) && str_ends(type, ".v1")) {
        size_t start = topic->len;
        buf_add(topic, type + strlen(prefix), strlen(type) - strlen(prefix) - strlen(".v1"));
        for (size_t i = start; i < topic->len; i++)
            if (topic->data[i] == '.')
                topic->data[i] = '/';
    }
    json_free(root);
}

static struct event_input input_of(const struct http_call *call, const struct buf *topic)
{
    return (struct event_input){.topic = buf_str(topic),
                                .payload = buf_str(&call->body),
                                .payload_len = call->body.len,
                                .content_type = "application/cloudevents+json"};
}

void page_send(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf topic = BUF_INIT;
    struct decision *decision = call->state;
    if (!decision)
        decision = call->state = xcalloc(1, sizeof *decision);
    decision_reset(decision);
    topic_of(&topic, http_argument(call, "source"), &call->body);
    struct event_input input = input_of(call, &topic);
    input.late = !str_empty(http_argument(call, "late"));
    workflow_event(g, &input, fresh, decision);
    if (decision->event_seq)
        known_add(fresh, decision->id_hash, decision->event_seq, g->now_ms / DAY_MS);
    page_json(call);
    buf_add(&call->answer, buf_str(&decision->receipt), decision->receipt.len);
    buf_release(&topic);
}

void page_send_committed(struct stafette *g, const struct http_call *call)
{
    struct decision *decision = call->state;
    if (decision->event_seq)
        known_add(&g->known, decision->id_hash, decision->event_seq, g->now_ms / DAY_MS);
    g->metrics.events[decision->repeated ? EVENT_REPEATED : (int)decision->outcome]++;
    decision_release(decision);
    free(decision);
}

static void explain_channels(const struct stafette *g, const struct unit *unit,
                             const struct policy *policy, enum urgency urgency, struct buf *text)
{
    (void)g;
    buf_printf(text, "%s (%s):", unit->name, unit->id);
    for (size_t i = 0; i < unit->contacts; i++) {
        const struct contact *c = &unit->contact[i];
        bool used = !c->urgent_only || urgency >= URGENCY_URGENT;
        if (c->channel == CHANNEL_SMS && !policy->sms[urgency])
            used = false;
        buf_printf(text, " %s %s%s;", c->channel == CHANNEL_SMS ? "SMS" : "E-Mail", c->id,
                   used ? "" : " (bei dieser Dringlichkeit nicht)");
    }
    buf_addc(text, '\n');
}

static void explain_approval(struct stafette *g, const struct unit *from, int64_t at_ms,
                             struct buf *text)
{
    const struct unit *approver = presence_approver(g, from, at_ms);
    if (!approver)
        approver = g->config->directory->catch_all;
    buf_printf(text,
               "Zuerst wird um Freigabe gebeten: %s (%s). Ein Träger wird erst danach "
               "benachrichtigt, und nur mit Rechtsgrundlage, Berechtigung und gültiger "
               "Vereinbarung.\n",
               approver->name, approver->id);
}

/* Which provider would be asked now, if the request stood as the event says it. */
static void explain_choice(struct stafette *g, const struct event *ev,
                           const struct parties *parties, struct buf *text)
{
    struct item item = {
        .kind = ITEM_REFERRAL, .urgency = ev->urgency, .restricted = ev->restricted};
    const struct unit *wish = parties->to;
    str_copy(item.from_unit, sizeof item.from_unit, parties->from ? parties->from->id : "");
    str_copy(item.to_unit, sizeof item.to_unit, wish ? wish->id : "");
    str_copy(item.place, sizeof item.place, parties->place ? parties->place->id : "");
    str_copy(item.area, sizeof item.area, parties->area ? parties->area->id : "");
    str_copy(item.service, sizeof item.service, parties->service ? parties->service->id : "");
    str_copy(item.basis, sizeof item.basis, ev->text[FIELD_LEGAL_BASIS]);
    str_copy(item.complexity, sizeof item.complexity, ev->text[FIELD_COMPLEXITY]);
    item.flags = (wish ? ITEM_PINNED : 0) | (ev->present[FIELD_CONSENT_REF] ? ITEM_CONSENT : 0);
    choose_explain(g, &item, text);
}

static void explain_event(struct stafette *g, const struct event *ev, const struct parties *parties,
                          int64_t at_ms, struct buf *text)
{
    struct route_query query;
    struct route_result route;
    admit_query(&query, ev, parties, at_ms);
    if (at_ms)
        query.at_ms = at_ms;
    route_explain(g->config->routing, g->config->directory, &query, text);
    route_decide(g->config->routing, g->config->directory, &query, &route);
    buf_puts(text, "Kanäle:\n");
    for (size_t i = 0; i < route.targets; i++)
        explain_channels(g, route.target[i].unit, route.policy, ev->urgency, text);
    if (query.kind == ITEM_REFERRAL && route.needs_approval)
        explain_approval(g, parties->from, query.at_ms, text);
    if (query.kind == ITEM_REFERRAL)
        explain_choice(g, ev, parties, text);
}

void page_explain(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf topic = BUF_INIT, text = BUF_INIT;
    struct event ev;
    struct parties parties;
    int64_t at_ms = 0;
    (void)fresh;
    const char *at = http_argument(call, "at");
    if (!str_empty(at) && !time_parse(at, &at_ms)) {
        page_error(call, 400, "at: a time such as 2026-11-20T09:14:03+01:00 is wanted");
        return;
    }
    topic_of(&topic, http_argument(call, "source"), &call->body);
    const struct event_input input = input_of(call, &topic);
    enum event_verdict verdict = event_read(&ev, &input);
    verdict = admit(g->config->directory, &ev, verdict, &parties);
    for (size_t i = 0; i < ev.faults; i++) {
        event_fault_german(&ev.fault[i], &text);
        buf_addc(&text, '\n');
    }
    if (verdict == EVENT_FORBIDDEN)
        buf_puts(&text, "Die Meldung würde abgewiesen; benachrichtigt wird nur die "
                        "technische Stelle der Quelle.\n");
    else if (verdict == EVENT_NOT_HANDLED || !machine_opens(ev.type))
        buf_puts(&text, "Diese Meldung eröffnet keinen Vorgang; sie beantwortet einen.\n");
    else
        explain_event(g, &ev, &parties, at_ms, &text);
    page_json(call);
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "text", buf_str(&text));
    buf_addc(&call->answer, '}');
    event_release(&ev);
    buf_release(&topic);
    buf_release(&text);
}

static const char *mailbox_of(const struct unit *unit)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_EMAIL)
            return unit->contact[i].address;
    return "";
}

/* Who stands in now; of a unit that is there, who would. */
static void put_deputy(struct stafette *g, struct buf *out, const struct unit *unit)
{
    const struct unit *who = presence_who(g, unit, g->now_ms).unit;
    const struct unit *deputy = who != unit ? who : presence_deputy(g, unit, g->now_ms);
    json_member_text(out, "deputy", deputy ? deputy->name : "");
    json_member_text(out, "deputy_unit", deputy ? deputy->id : "");
    json_member_text(out, "deputy_mailbox", deputy ? mailbox_of(deputy) : "");
    json_member_text(out, "deputy_phone", deputy ? deputy->phone : "");
}

static void put_unit(struct stafette *g, struct buf *out, const struct unit *unit)
{
    struct buf until = BUF_INIT;
    int64_t until_ms = presence_until(g, unit, g->now_ms);
    json_comma(out);
    buf_addc(out, '{');
    json_member_text(out, "unit", unit->id);
    json_member_text(out, "name", unit->name);
    json_member_text(out, "kind", unit_kind_name(unit->kind));
    json_member_text(out, "phone", unit->phone);
    json_member_text(out, "mailbox", mailbox_of(unit));
    json_member_bool(out, "absent", until_ms != 0);
    if (until_ms)
        time_local(&until, until_ms);
    json_member_text(out, "absent_until", buf_str(&until));
    buf_release(&until);
    put_deputy(g, out, unit);
    json_member_text(out, "lead", unit->lead ? unit->lead->name : "");
    buf_addc(out, '}');
}

void page_who(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const struct unit *found[WHO_MAX];
    const struct directory *dir = g->config->directory;
    const char *service_id = http_argument(call, "service");
    const struct place *place = directory_place(dir, http_argument(call, "place"));
    const struct area *area = directory_area(dir, http_argument(call, "area"));
    const struct service *service =
        str_empty(service_id) ? NULL : directory_service(dir, service_id);
    (void)fresh;
    if (!place) {
        page_error(call, 404, "this place is not in the directory");
    } else if (!area) {
        page_error(call, 404, "this legal area is not in the directory");
    } else if (!str_empty(service_id) && !service) {
        page_error(call, 404, "this service is not in the directory");
    } else {
        size_t n = directory_who(dir, place, area, service, found, WHO_MAX);
        page_json(call);
        buf_addc(&call->answer, '[');
        for (size_t i = 0; i < n; i++)
            put_unit(g, &call->answer, found[i]);
        if (!n)
            put_unit(g, &call->answer, dir->catch_all);
        buf_addc(&call->answer, ']');
    }
}
