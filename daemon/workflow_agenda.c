/*
 * Workflow: the event agenda.item.added. What a case system wants talked about is checked against
 * the meeting as it is stored, not as the event has it: a case in a public kind is refused whatever
 * kind the event claims (UL11), as is a protected one (DOMAIN R10, R11), and anything from a source
 * that speaks for no member.
 *
 * A case is entered once for each meeting: who names it again changes its line. Nothing of the
 * event is shown that is not in the tables of agenda_text.c.
 */
#include <string.h>

#include "agenda_parts.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "meeting.h"
#include "store.h"
#include "util.h"
#include "workflow_parts.h"

enum { MINUTE_S = 60 };

struct nomination {
    struct work *w;
    struct meeting meeting;
    struct item item; /* the meeting's */
    const struct meeting_kind *kind;
    const struct unit *by;
    struct item about; /* of the case; seq 0 = none known */
    struct agenda_item row;
};

static bool fault(struct nomination *n, const char *code, enum field field)
{
    work_fault(n->w, code, field);
    return false;
}

static bool says_case(const struct work *w)
{
    return w->ev.present[FIELD_CASE_REF];
}

/* The field by which the event names an item; FIELD_NONE when by none. */
static enum field item_field(const struct work *w)
{
    if (w->ev.present[FIELD_ITEM_ID])
        return FIELD_ITEM_ID;
    return w->ev.present[FIELD_IN_REPLY_TO] && !w->ev.present[FIELD_CORRECTS] ? FIELD_IN_REPLY_TO
                                                                              : FIELD_NONE;
}

static bool find_meeting(struct nomination *n)
{
    const struct event *ev = &n->w->ev;
    struct store *s = n->w->g->store;
    if (!store_meeting_find(s, ev->text[FIELD_MEETING_ID], &n->meeting) ||
        !store_item_get(s, n->meeting.item_seq, &n->item))
        return fault(n, "E-TERMIN", FIELD_MEETING_ID);
    n->kind = meeting_kind_find(n->meeting.kind);
    if (n->item.closed_ms || !n->kind)
        return fault(n, "E-TERMIN", FIELD_MEETING_ID);
    n->row.item_seq = n->item.seq;
    return true;
}

/* ---- who says it */

struct speaker {
    const struct nomination *n;
    const struct unit *found;
};

static bool look_member(void *context, const struct member *member)
{
    struct speaker *speaker = context;
    const struct work *w = speaker->n->w;
    const struct unit *unit = directory_unit(w->g->config->directory, member->unit);
    bool may = unit && source_speaks_for(w->parties.source, unit) &&
               (speaker->n->row.block == BLOCK_B || member->class != CLASS_CITIZEN);
    if (may && (!speaker->found || unit == w->parties.by))
        speaker->found = unit;
    return true;
}

static bool find_speaker(struct nomination *n)
{
    struct speaker speaker = {n, NULL};
    const struct work *w = n->w;
    const struct unit *host = directory_unit(w->g->config->directory, n->meeting.unit);
    if (host && source_speaks_for(w->parties.source, host))
        speaker.found = host;
    store_member_each(w->g->store, n->item.seq, &speaker, look_member);
    if (!speaker.found)
        return fault(n, "E-STELLE", w->parties.by ? FIELD_BY_UNIT : FIELD_MEETING_ID);
    n->by = w->parties.by ? w->parties.by : speaker.found;
    return true;
}

/* ---- the case */

/* Only who has a part in an item may bring it before others. */
static bool has_part(const struct work *w, const struct item *item)
{
    const struct directory *dir = w->g->config->directory;
    const char *const ids[] = {item->from_unit, item->to_unit, item->owner_unit,
                               item->waiting_unit};
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        const struct unit *unit = directory_unit(dir, ids[i]);
        if (unit && source_speaks_for(w->parties.source, unit))
            return true;
    }
    return false;
}

static bool is_of_case(const struct item *item)
{
    return item->case_key && (item->kind == ITEM_HANDOVER || item->kind == ITEM_REFERRAL ||
                              item->kind == ITEM_EMERGENCY || item->kind == ITEM_DEADLINE);
}

static bool look_item(void *context, const struct item *item)
{
    struct nomination *n = context;
    if (item->closed_ms || !is_of_case(item) || !has_part(n->w, item) ||
        !str_eq(item->case_ref, n->row.case_ref))
        return true;
    n->about = *item;
    return false;
}

/* The case was meant; an open item of it, where the source has one, gives it a code to be called
 * by. */
static void take_case(struct nomination *n)
{
    const char *ref = n->w->ev.text[FIELD_CASE_REF];
    str_copy(n->row.case_ref, sizeof n->row.case_ref, ref);
    n->row.case_key = (int64_t)digest_short(n->w->g->keys.case_ref, ref, strlen(ref));
    store_item_each_of_case(n->w->g->store, n->row.case_key, n, look_item);
}

/* The meeting's own item is no case. */
static bool take_item(struct nomination *n, enum field field)
{
    struct item named;
    if (!work_named_item(n->w, &named))
        return false;
    if (named.seq == n->item.seq)
        return true;
    if (!is_of_case(&named) || !has_part(n->w, &named))
        return fault(n, "E-VORGANG", field);
    if (named.closed_ms)
        return fault(n, "E-ZUSTAND", field);
    n->about = named;
    n->row.case_key = named.case_key;
    return true;
}

static bool find_case(struct nomination *n)
{
    const enum field field = item_field(n->w);
    if (field != FIELD_NONE && !take_item(n, field))
        return false;
    if (!n->about.seq && says_case(n->w))
        take_case(n);
    n->row.about_seq = n->about.seq;
    n->row.block = n->row.case_key ? BLOCK_A : BLOCK_B;
    return true;
}

/* A conversation about one case is about no other. */
static bool is_its_case(const struct nomination *n)
{
    struct item parent;
    if (n->item.case_key)
        return n->item.case_key == n->row.case_key;
    return n->item.parent_seq && store_item_get(n->w->g->store, n->item.parent_seq, &parent) &&
           parent.case_key == n->row.case_key;
}

static bool fits_kind(struct nomination *n)
{
    const struct event *ev = &n->w->ev;
    const enum field field = says_case(n->w) ? FIELD_CASE_REF : item_field(n->w);
    bool never = n->kind->cases == CASES_NEVER || n->kind->is_public;
    if (n->row.block == BLOCK_A && (never || (n->kind->cases == CASES_ONE && !is_its_case(n))))
        return fault(n, "E-FELD", field);
    if (ev->present[FIELD_KIND] && !str_eq(ev->text[FIELD_KIND], n->meeting.kind))
        return fault(n, "E-WERT", FIELD_KIND);
    if (n->row.block == BLOCK_A &&
        (ev->restricted || agenda_case_protected(n->w->g, n->row.case_key)))
        return fault(n, "E-SCHUTZ", field);
    return true;
}

/* ---- the line */

static bool fill_row(struct nomination *n)
{
    const struct event *ev = &n->w->ev;
    struct agenda_item *row = &n->row;
    int64_t minutes = (ev->number[FIELD_DURATION] + MINUTE_MS - 1) / MINUTE_MS;
    if (!ev->present[FIELD_DURATION])
        minutes = row->block == BLOCK_A ? AGENDA_CASE_MIN : AGENDA_TOPIC_MIN;
    else if (minutes < 1 || minutes > AGENDA_LINE_MAX_MIN ||
             (n->meeting.duration_s && minutes * MINUTE_S > n->meeting.duration_s))
        return fault(n, "E-WERT", FIELD_DURATION);
    if (!agenda_changes_valid(ev->text[FIELD_CHANGE]) ||
        !str_copy(row->change, sizeof row->change, ev->text[FIELD_CHANGE]))
        return fault(n, "E-WERT", FIELD_CHANGE);
    row->minutes = minutes;
    row->consent = ev->present[FIELD_CONSENT_REF];
    row->added_ms = row->changed_ms = n->w->g->now_ms;
    str_copy(row->reason, sizeof row->reason, ev->text[FIELD_REASON]);
    str_copy(row->basis, sizeof row->basis, ev->text[FIELD_LEGAL_BASIS]);
    str_copy(row->by_unit, sizeof row->by_unit, n->by->id);
    str_copy(row->source, sizeof row->source, ev->topic_source);
    bool counted =
        row->block == BLOCK_A && agenda_is_extension(row->reason) && str_empty(row->change);
    row->state = counted ? AGENDA_COUNTED : AGENDA_WAITING;
    return true;
}

static bool look_before(void *context, const struct agenda_item *row)
{
    struct agenda_item *before = context;
    bool waits = row->state == AGENDA_WAITING || row->state == AGENDA_COUNTED;
    if (row->item_seq != before->item_seq || row->session_seq || !waits)
        return true;
    *before = *row;
    return false;
}

/* False when the agenda is full. */
static bool enter(struct nomination *n)
{
    struct store *s = n->w->g->store;
    struct agenda_item *row = &n->row, before = {.item_seq = row->item_seq};
    if (row->case_key)
        store_agenda_each_of_case(s, row->case_key, &before, look_before);
    if (!before.seq) {
        if (store_agenda_waiting(s, row->item_seq) >= AGENDA_MAX && row->state != AGENDA_COUNTED)
            return fault(n, "E-ZUSTAND", FIELD_MEETING_ID);
        store_agenda_add(s, row);
        return true;
    }
    row->seq = before.seq;
    /* An extension without a change takes nothing off an agenda. */
    if (before.state == AGENDA_WAITING && row->state == AGENDA_COUNTED)
        *row = before;
    else
        store_agenda_update(s, row);
    return true;
}

/* What the sender must know beyond the receipt. */
static void tell_sender(struct nomination *n)
{
    struct stafette *g = n->w->g;
    struct session next;
    bool late = store_session_next(g->store, n->item.seq, meeting_wall_now(g), &next) &&
                next.frozen_ms != 0;
    if (n->row.state == AGENDA_COUNTED)
        agenda_tell(g, &n->row, "agenda.item.counted", n->row.source);
    else if (late)
        agenda_tell(g, &n->row, "agenda.item.deferred", n->row.source);
    agenda_audit(g, &n->row,
                 n->row.state == AGENDA_COUNTED ? "only counted: an extension without a change"
                 : late ? "added, for the next session: the agenda is closed"
                        : "added");
}

void work_agenda_added(struct work *w)
{
    struct nomination n = {.w = w};
    if (!find_meeting(&n) || !find_case(&n) || !find_speaker(&n) || !fits_kind(&n) ||
        !fill_row(&n) || !enter(&n)) {
        work_refuse(w, says_case(w) || item_field(w) != FIELD_NONE);
        return;
    }
    tell_sender(&n);
    /* The event belongs to its case, so that it goes with it; the receipt names what is known. */
    if (n.about.seq)
        w->item = n.about;
    else if (n.row.block == BLOCK_B)
        w->item = n.item;
}
