/*
 * Workflow, the way in: recognises repeats, sorts by verdict, stores the event with what became of
 * it, writes the receipt. What an event opens is in workflow_open.c, what it answers in
 * workflow_answer.c.
 *
 * Promise: whatever comes in, one event row is written for it, or a row that recognises it exists.
 * A crash before the commit leaves nothing; the broker repeats the message.
 */
#include "workflow.h"

#include <stdio.h>
#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "erase.h"
#include "receipt.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

void decision_reset(struct decision *decision)
{
    struct buf receipt = decision->receipt;
    buf_reset(&receipt);
    memset(decision, 0, sizeof *decision);
    decision->receipt = receipt;
}

void decision_release(struct decision *decision)
{
    buf_release(&decision->receipt);
}

void work_fault(struct work *w, const char *code, enum field field)
{
    char name[sizeof w->ev.fault[0].field] = "";
    if (field != FIELD_NONE)
        snprintf(name, sizeof name, "data.%s", event_field_name(field));
    event_fault_add(&w->ev, code, name);
}

static void hash_parts(const struct work *w, unsigned char hash[DIGEST_ID], const char *const *part)
{
    struct buf text = BUF_INIT;
    for (; *part; part++)
        buf_add(&text, *part, strlen(*part) + 1);
    digest_keyed(hash, DIGEST_ID, w->g->keys.id, text.data, text.len);
    buf_release(&text);
}

/* Everything that the sender wrote counts: in binary mode the envelope stands in the user
 * properties. */
static void hash_envelope(struct work *w)
{
    struct buf text = BUF_INIT;
    const struct event_input *in = w->input;
    buf_add(&text, in->topic, strlen(in->topic) + 1);
    buf_add(&text, in->content_type, strlen(in->content_type) + 1);
    for (const char *const *a = in->attribute; a && *a; a++)
        buf_add(&text, *a, strlen(*a) + 1);
    buf_add(&text, in->payload, in->payload_len);
    digest_keyed(w->row.envelope_hash, DIGEST_ID, w->g->keys.id, text.data, text.len);
    buf_release(&text);
}

static int64_t find_hash(const struct work *w, const unsigned char hash[DIGEST_ID])
{
    int64_t seq = known_find(w->fresh, hash);
    return seq ? seq : known_find(&w->g->known, hash);
}

int64_t work_find_event(const struct work *w, const char *source, const char *id)
{
    unsigned char hash[DIGEST_ID];
    const char *const parts[] = {source, id, NULL};
    hash_parts(w, hash, parts);
    return find_hash(w, hash);
}

/* An event without a readable id, or one that reuses the id of another, is known by its bytes. */
static void hash_id(struct work *w, bool by_bytes)
{
    struct buf bytes = BUF_INIT;
    digest_hex(&bytes, w->row.envelope_hash, DIGEST_ID);
    const char *const parts[] = {w->ev.topic_source, by_bytes ? "" : w->ev.id,
                                 by_bytes ? buf_str(&bytes) : NULL, NULL};
    hash_parts(w, w->row.id_hash, parts);
    buf_release(&bytes);
}

/* True when the event was decided before; then the decision is filled from its row. */
static bool is_repeat(struct work *w)
{
    int64_t seq = find_hash(w, w->row.id_hash);
    if (!seq)
        return false;
    struct buf faults = BUF_INIT;
    struct event_row before;
    bool same = store_event_get(w->g->store, seq, &before, &faults) &&
                memcmp(before.envelope_hash, w->row.envelope_hash, DIGEST_ID) == 0;
    if (same) {
        w->out->repeated = true;
        w->out->outcome = before.outcome;
        w->out->item_seq = before.item_seq;
        /* The id is the same, and it may have been erased. */
        str_copy(before.id, sizeof before.id, w->ev.id);
        receipt_write(&w->out->receipt, w->g, &before, buf_str(&faults), true);
    }
    buf_release(&faults);
    return same;
}

static void identify(struct work *w)
{
    hash_envelope(w);
    hash_id(w, str_empty(w->ev.id));
}

void work_limits(const struct stafette *g, const struct item *item, struct limits *limits)
{
    if (!limits_read(limits, store_intern_text(g->store, item->limits_id)))
        limits_refusal(limits, g->config->settings.refusal_answer_ms);
}

void work_freeze(struct work *w)
{
    struct buf text = BUF_INIT;
    limits_write(&text, &w->limits);
    w->item.limits_id = store_intern(w->g->store, buf_str(&text));
    buf_release(&text);
}

void work_template(char name[ID_MAX], enum item_kind kind, const char *what)
{
    snprintf(name, ID_MAX, "%s.%s", item_kind_name(kind), what);
}

static void audit_event(struct work *w)
{
    struct buf text = BUF_INIT;
    static const char *const outcome[] = {"accepted", "returned", "refused", "parked"};
    buf_printf(&text, "event=%lld type=%s source=%s outcome=%s", (long long)w->row.seq,
               str_empty(w->row.type) ? "-" : w->row.type,
               str_empty(w->row.source) ? "-" : w->row.source, outcome[w->row.outcome]);
    if (w->item.seq)
        buf_printf(&text, " state=%s owner=%s waiting=%s rule=%s", item_state_name(w->item.state),
                   w->item.owner_unit, w->item.waiting_unit, w->item.rule);
    for (size_t i = 0; i < w->ev.faults; i++)
        buf_printf(&text, " fault=%s:%s", w->ev.fault[i].code, w->ev.fault[i].field);
    buf_printf(&text, " config=%s", w->g->config->version);
    store_audit_add(w->g->store, w->g->now_ms, w->item.seq, buf_str(&text));
    buf_release(&text);
}

void work_record(struct work *w)
{
    struct buf data = BUF_INIT, faults = BUF_INIT;
    str_copy(w->row.source, sizeof w->row.source, w->ev.topic_source);
    str_copy(w->row.id, sizeof w->row.id, w->ev.id);
    str_copy(w->row.type, sizeof w->row.type, w->ev.type_name);
    w->row.received_ms = w->g->now_ms;
    w->row.item_seq = w->item.seq;
    if (w->row.outcome != OUTCOME_REFUSED)
        event_data_json(&w->ev, &data);
    if (w->ev.faults)
        receipt_faults(&faults, &w->ev, buf_str(&w->candidates));
    w->row.data = buf_str(&data);
    w->row.faults = buf_str(&faults);
    store_event_add(w->g->store, &w->row);
    audit_event(w);
    if (w->out)
        receipt_write(&w->out->receipt, w->g, &w->row, w->row.faults, false);
    buf_release(&data);
    buf_release(&faults);
}

static void record(struct work *w)
{
    work_record(w);
    w->out->outcome = w->row.outcome;
    w->out->item_seq = w->item.seq;
    w->out->event_seq = w->row.seq;
    memcpy(w->out->id_hash, w->row.id_hash, DIGEST_ID);
}

static void decide(struct work *w, enum event_verdict verdict)
{
    w->row.seq = store_next(w->g->store, SEQ_EVENT);
    bool handled = event_type_handled(w->ev.type);
    enum event_role role = handled ? machine_role(w->ev.type) : ROLE_FACT;
    if (verdict == EVENT_FORBIDDEN)
        work_refuse(w, true);
    else if (verdict == EVENT_NOT_HANDLED || (verdict == EVENT_INCOMPLETE && role != ROLE_OPENS))
        work_refuse(w, false);
    else if (role == ROLE_OPENS)
        work_open(w, verdict == EVENT_OK);
    else if (role == ROLE_ANSWERS)
        work_answer(w);
    else
        work_fact(w);
    record(w);
}

void work_begin_inner(struct work *w, struct stafette *g, const struct item *item)
{
    memset(w, 0, sizeof *w);
    w->g = g;
    w->item = *item;
    event_empty(&w->ev);
}

void work_end_inner(struct work *w)
{
    event_release(&w->ev);
    buf_release(&w->candidates);
}

static void begin_work(struct work *w, struct stafette *g, const struct event_input *input,
                       const struct known *fresh, struct decision *decision)
{
    memset(w, 0, sizeof *w);
    w->g = g;
    w->input = input;
    w->fresh = fresh;
    w->out = decision;
}

static void end_work(struct work *w)
{
    str_copy(w->out->source, sizeof w->out->source, w->ev.topic_source);
    event_release(&w->ev);
    buf_release(&w->candidates);
}

/* Ids are remembered for a while only: an event from before may be a repeat that nobody would
 * notice, so it needs somebody who vouches for it. */
static bool too_old(const struct work *w)
{
    return !w->input->late && w->ev.time_ms &&
           w->ev.time_ms < w->g->now_ms - ID_MEMORY_DAYS * DAY_MS;
}

void workflow_event(struct stafette *g, const struct event_input *input, const struct known *fresh,
                    struct decision *decision)
{
    struct work w;
    begin_work(&w, g, input, fresh, decision);
    enum event_verdict verdict = event_read(&w.ev, input);
    identify(&w);
    if (!is_repeat(&w)) {
        verdict = admit(g->config->directory, &w.ev, verdict, &w.parties);
        if (too_old(&w)) {
            event_fault_add(&w.ev, "E-ALT", "time");
            verdict = EVENT_FORBIDDEN;
        }
        if (erase_forbids(g, &w.ev)) {
            event_fault_add(&w.ev, "E-GELOESCHT", "data.case_ref");
            verdict = EVENT_FORBIDDEN;
        }
        bool reused_id = find_hash(&w, w.row.id_hash) != 0;
        if (reused_id) {
            hash_id(&w, true);
            event_fault_add(&w.ev, "E-DOPPELT", "id");
            verdict = EVENT_FORBIDDEN;
        }
        if (!reused_id || !is_repeat(&w))
            decide(&w, verdict);
    }
    end_work(&w);
}

void workflow_poisoned(struct stafette *g, const struct event_input *input,
                       const struct known *fresh, struct decision *decision)
{
    struct work w;
    begin_work(&w, g, input, fresh, decision);
    event_read(&w.ev, input);
    identify(&w);
    if (!is_repeat(&w)) {
        admit(g->config->directory, &w.ev, EVENT_FORBIDDEN, &w.parties);
        event_fault_add(&w.ev, "E-INTERN", "");
        decide(&w, EVENT_FORBIDDEN);
    }
    end_work(&w);
}

/* What nobody else could end: a refusal, a task, and a request that does not say whose it is. */
static bool closes_by_hand(const struct item *item)
{
    bool nobodys = item->state == STATE_RETURNED && str_empty(item->from_unit);
    return !item->closed_ms && (item->kind == ITEM_REFUSAL || item->kind == ITEM_TASK ||
                                item->kind == ITEM_DRILL || nobodys);
}

int workflow_close(struct stafette *g, int64_t item_seq, const char *code, struct buf *err)
{
    struct item item;
    if (strspn(code, "abcdefghijklmnopqrstuvwxyz_") != strlen(code) || str_empty(code) ||
        strlen(code) > 32) {
        buf_puts(err, "the closing code must be 1 to 32 characters of a-z and _");
        return -1;
    }
    if (!store_item_get(g->store, item_seq, &item)) {
        buf_puts(err, "there is no such item");
        return -1;
    }
    if (!closes_by_hand(&item)) {
        buf_puts(err, "only an open refusal, task or drill, or an incomplete item that names no "
                      "giver, can be "
                      "closed by hand; others end by an answer");
        return -1;
    }
    struct buf text = BUF_INIT;
    buf_printf(&text, "close code=%s", code);
    store_audit_add(g->store, g->now_ms, item.seq, buf_str(&text));
    buf_release(&text);
    if (item.kind == ITEM_DRILL)
        work_inner(g, &item, ON_CLOSED_BY_HAND);
    else
        work_close(g, &item, STATE_CLOSED, "Der Vorgang wurde von Hand geschlossen.");
    return 0;
}
