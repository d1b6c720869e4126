/*
 * Answers: see answer.h. A verb means an event of the catalogue, by the kind of the item, and takes
 * the same step of the machine; so a link, an SMS and a case system cannot come to different ends.
 */
#include "answer.h"

#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "store.h"
#include "store_audit.h"
#include "util.h"
#include "workflow_parts.h"

/* clang-format off */
static const struct {
    const char *name, *german;
} verbs[ANSWER_VERB_COUNT] = {
    [ANSWER_SEEN] = {"seen", "Gesehen"},
    [ANSWER_ACCEPT] = {"accept", "Wir übernehmen"},
    [ANSWER_REJECT] = {"reject", "Wir übernehmen nicht"},
    [ANSWER_FULL] = {"full", "Voll: kein Platz frei"},
    [ANSWER_RETURN] = {"return", "Unvollständig: zurück zur Ergänzung"},
    [ANSWER_CONVERSED] = {"conversed", "Das Übergabegespräch hat stattgefunden"},
    [ANSWER_APPROVE] = {"approve", "Freigeben"},
    [ANSWER_REFUSE] = {"refuse", "Nicht freigeben"},
    [ANSWER_WITHDRAW] = {"withdraw", "Zurückziehen"},
    [ANSWER_CONTACTED] = {"contacted", "Der Erstkontakt hat stattgefunden"},
    [ANSWER_COMPLETE] = {"complete", "Abgeschlossen"},
    [ANSWER_CLEARED] = {"cleared", "Die Gefahr ist beseitigt"},
    [ANSWER_CONFIRMED] = {"confirmed", "Die angefragte Stelle ist zuständig"},
    [ANSWER_KEEPS] = {"keeps", "Die abgebende Stelle bleibt zuständig"},
    [ANSWER_DONE] = {"done", "Erledigt"},
};

/* What a verb means for a kind of item; code: what it says when the answer names none. */
static const struct meaning {
    enum item_kind kind;
    enum answer_verb verb;
    int type; /* enum event_type or inner_event */
    const char *code;
} meanings[] = {
    {ITEM_HANDOVER, ANSWER_SEEN, EVENT_HANDOVER_ACKNOWLEDGED, "seen"},
    {ITEM_HANDOVER, ANSWER_ACCEPT, EVENT_HANDOVER_ACCEPTED, ""},
    {ITEM_HANDOVER, ANSWER_REJECT, EVENT_HANDOVER_REJECTED, "not_competent"},
    {ITEM_HANDOVER, ANSWER_FULL, EVENT_HANDOVER_REJECTED, "no_capacity"},
    {ITEM_HANDOVER, ANSWER_RETURN, EVENT_HANDOVER_RETURNED, "documents"},
    {ITEM_HANDOVER, ANSWER_CONVERSED, EVENT_CONVERSATION_HELD, ""},
    {ITEM_HANDOVER, ANSWER_WITHDRAW, EVENT_HANDOVER_WITHDRAWN, ""},
    {ITEM_HANDOVER, ANSWER_CONFIRMED, EVENT_CONFLICT_DECIDED, "confirmed"},
    {ITEM_HANDOVER, ANSWER_KEEPS, EVENT_CONFLICT_DECIDED, "giver_keeps"},
    {ITEM_REFERRAL, ANSWER_SEEN, EVENT_REFERRAL_ACKNOWLEDGED, "seen"},
    {ITEM_REFERRAL, ANSWER_ACCEPT, EVENT_REFERRAL_ACCEPTED, "accepted"},
    {ITEM_REFERRAL, ANSWER_REJECT, EVENT_REFERRAL_DECLINED, "not_suitable"},
    {ITEM_REFERRAL, ANSWER_FULL, EVENT_REFERRAL_DECLINED, "voll"},
    {ITEM_REFERRAL, ANSWER_APPROVE, EVENT_REFERRAL_APPROVED, ""},
    {ITEM_REFERRAL, ANSWER_REFUSE, EVENT_REFERRAL_REFUSED, ""},
    {ITEM_REFERRAL, ANSWER_WITHDRAW, EVENT_REFERRAL_WITHDRAWN, ""},
    {ITEM_REFERRAL, ANSWER_CONTACTED, EVENT_CONTACT_HELD, ""},
    {ITEM_REFERRAL, ANSWER_DONE, EVENT_REFERRAL_CLOSED, "noted"},
    {ITEM_EMERGENCY, ANSWER_SEEN, EVENT_EMERGENCY_ACKNOWLEDGED, ""},
    {ITEM_EMERGENCY, ANSWER_ACCEPT, EVENT_EMERGENCY_ACKNOWLEDGED, ""},
    {ITEM_EMERGENCY, ANSWER_CLEARED, EVENT_HAZARD_CLEARED, ""},
    {ITEM_EMERGENCY, ANSWER_DONE, EVENT_EMERGENCY_CLOSED, "no_handover"},
    {ITEM_TASK, ANSWER_SEEN, EVENT_TASK_ACKNOWLEDGED, "seen"},
    {ITEM_TASK, ANSWER_ACCEPT, EVENT_TASK_ACKNOWLEDGED, "seen"},
    {ITEM_TASK, ANSWER_DONE, EVENT_TASK_DONE, "done"},
    {ITEM_DEADLINE, ANSWER_DONE, EVENT_DEADLINE_MET, ""},
    {ITEM_DRILL, ANSWER_SEEN, ON_SEEN, ""},
    {ITEM_DRILL, ANSWER_ACCEPT, ON_SEEN, ""},
};

static const struct {
    const char *code, *german;
} codes[] = {
    {"not_competent", "Wir sind nicht zuständig"},
    {"wrong_place", "Der Ort gehört nicht zu uns"},
    {"wrong_area", "Ein anderer Rechtskreis ist zuständig"},
    {"wrong_unit", "Eine andere Stelle im Haus ist zuständig"},
    {"no_capacity", "Zurzeit kein Platz"},
    {"known_already", "Der Vorgang ist bei uns schon bekannt"},
    {"voll", "Kein Platz frei"},
    {"not_covered", "Von der Vereinbarung nicht umfasst"},
    {"not_suitable", "Das Angebot passt nicht"},
    {"client_refused", "Die Hilfe wird nicht gewünscht"},
    {"open_tasks", "Die Zahl der offenen Aufgaben fehlt"},
    {"next_deadline", "Die nächste Frist fehlt"},
    {"consent_ref", "Die Einwilligung fehlt"},
    {"documents", "Unterlagen in der Akte fehlen"},
    {"no_handover", "Es ist keine Übergabe nötig"},
    {"erreicht", "Erreicht"},
    {"nicht_erreicht", "Nicht erreicht"},
    {"kein_bedarf", "Erreicht, kein Bedarf"},
};
/* clang-format on */

static const char *const reject_reasons[] = {"not_competent", "wrong_place",   "wrong_area",
                                             "wrong_unit",    "known_already", NULL};
static const char *const decline_reasons[] = {"not_suitable", "not_covered", "client_refused",
                                              NULL};
static const char *const return_reasons[] = {"documents", "open_tasks", "next_deadline",
                                             "consent_ref", NULL};

/* BI5: what came of a follow-up call. */
static const char *const call_results[] = {"erreicht", "nicht_erreicht", "kein_bedarf", NULL};

const char *answer_verb_name(enum answer_verb verb)
{
    return verbs[verb].name;
}

bool answer_verb_parse(const char *name, enum answer_verb *verb)
{
    for (int i = 0; i < ANSWER_VERB_COUNT; i++)
        if (str_eq(verbs[i].name, name)) {
            *verb = (enum answer_verb)i;
            return true;
        }
    return false;
}

const char *answer_verb_german(enum answer_verb verb, enum item_kind kind)
{
    if (verb == ANSWER_ACCEPT && kind == ITEM_REFERRAL)
        return "Wir nehmen den Auftrag an";
    if (verb == ANSWER_DONE && kind == ITEM_REFERRAL)
        return "Zur Kenntnis genommen";
    if (verb == ANSWER_DONE && kind == ITEM_EMERGENCY)
        return "Abschließen, es ist keine Übergabe nötig";
    if (verb == ANSWER_DONE && kind == ITEM_DEADLINE)
        return "Die Frist ist eingehalten";
    return verbs[verb].german;
}

const char *const *answer_codes(enum answer_verb verb, enum item_kind kind, const char *task)
{
    if (verb == ANSWER_DONE && kind == ITEM_TASK && str_eq(task, "followup_call"))
        return call_results;
    if (verb == ANSWER_RETURN)
        return return_reasons;
    if (verb != ANSWER_REJECT)
        return NULL;
    return kind == ITEM_REFERRAL ? decline_reasons : reject_reasons;
}

bool answer_code_fits(enum answer_verb verb, const struct item *item, const char *code)
{
    const char *const *known = answer_codes(verb, item->kind, item->code);
    if (!known)
        return true;
    for (; *known; known++)
        if (str_eq(*known, code))
            return true;
    return false;
}

const char *answer_code_german(const char *code)
{
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (str_eq(codes[i].code, code))
            return codes[i].german;
    return code;
}

static const struct meaning *meaning_of(enum item_kind kind, enum answer_verb verb)
{
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (meanings[i].kind == kind && meanings[i].verb == verb)
            return &meanings[i];
    return NULL;
}

/* The event that a case system would have sent. */
static void speak(struct work *w, const struct meaning *meaning, const struct unit *by,
                  const char *code)
{
    struct event *ev = &w->ev;
    ev->type = meaning->type;
    ev->type_name = meaning->type >= ON_DELIVERED ? inner_event_name(meaning->type)
                                                  : event_type_name(meaning->type);
    ev->text[FIELD_CODE] = str_empty(code) ? meaning->code : code;
    ev->present[FIELD_CODE] = !str_empty(ev->text[FIELD_CODE]);
    if (meaning->type == EVENT_HANDOVER_RETURNED)
        ev->text[FIELD_MISSING] = ev->text[FIELD_CODE];
    w->parties.by = by;
}

static enum step_verdict look(const struct work *w, const struct step **step)
{
    const struct occasion occasion = {w->item.kind, w->item.state, w->item.flags, w->ev.type,
                                      w->ev.text[FIELD_CODE]};
    enum step_verdict verdict = machine_next(&occasion, step);
    if (verdict != STEP_REFUSE && !work_may_say(w, &w->item, (*step)->actor))
        return STEP_REFUSE;
    return verdict;
}

bool answer_possible(struct stafette *g, const struct item *item, const struct unit *by,
                     enum answer_verb verb)
{
    struct work w;
    const struct step *step;
    const struct meaning *meaning = meaning_of(item->kind, verb);
    if (!meaning || item->closed_ms)
        return false;
    work_begin_inner(&w, g, item);
    speak(&w, meaning, by, "");
    enum step_verdict verdict = look(&w, &step);
    work_end_inner(&w);
    return verdict == STEP_APPLY || verdict == STEP_PARK;
}

static void audit_answer(struct stafette *g, const struct answer *answer, enum answer_end end)
{
    static const char *const via[] = {"event", "link", "sms", "control"};
    static const char *const ends[] = {"recorded", "known", "as_seen", "parked", "impossible"};
    struct buf text = BUF_INIT;
    buf_printf(&text, "answer=%s via=%s by=%s result=%s", verbs[answer->verb].name,
               via[answer->via], answer->by->id, ends[end]);
    store_audit_add(g->store, g->now_ms, answer->item_seq, buf_str(&text));
    buf_release(&text);
}

/* "Übergabe K7F3-92QX: übernommen." and what the person may not take for granted. */
static void say(struct stafette *g, const struct item *item, enum answer_end end, struct buf *said)
{
    static const char *const heads[] = {[ANSWER_RECORDED] = "",
                                        [ANSWER_KNOWN] = "Das war schon vermerkt. ",
                                        [ANSWER_AS_SEEN] = "Als gesehen vermerkt. ",
                                        [ANSWER_PARKED] = "Vorgemerkt. ",
                                        [ANSWER_IMPOSSIBLE] = "Das ist jetzt nicht möglich. "};
    char code[ITEM_ID_LEN + 1];
    code_write(code, item->seq, g->keys.code);
    buf_printf(said, "%s%s %s: %s.", heads[end], item_kind_german(item->kind), code,
               item_state_german(item->state));
    if (end == ANSWER_PARKED)
        buf_puts(said, item->flags & ITEM_HILFEPLAN && !(item->flags & ITEM_CONVERSED)
                           ? " Die Übernahme gilt, sobald das Übergabegespräch vermerkt ist."
                           : " Es gilt, sobald die Meldung da ist, die davor kommen muss.");
}

/* A parked answer is kept like a parked event: it needs a row of its own to be read again, with the
 * fields that its type knows. */
static void park(struct work *w, const struct answer *answer, const struct step *step)
{
    static const enum field speakers[] = {FIELD_BY_UNIT, FIELD_BY_ROLE, FIELD_PROVIDER};
    w->row.seq = store_next(w->g->store, SEQ_EVENT);
    w->ev.present[FIELD_CODE] =
        w->ev.present[FIELD_CODE] && event_field_use(w->ev.type, FIELD_CODE);
    for (size_t i = 0; i < COUNT_OF(speakers); i++)
        if (event_field_use(w->ev.type, speakers[i])) {
            w->ev.present[speakers[i]] = true;
            w->ev.text[speakers[i]] = answer->by->id;
        }
    digest_random(w->row.id_hash, sizeof w->row.id_hash);
    work_park(w, step->to == STATE_ACCEPTED ? "E-GESPRAECH" : "E-VORHER");
    work_record(w);
}

/* JA before its time is at least a sign that somebody looks at it (DESIGN 9). */
static bool apply_as_seen(struct stafette *g, struct work *w, const struct answer *answer)
{
    const struct step *step;
    const struct meaning *seen = meaning_of(w->item.kind, ANSWER_SEEN);
    if (answer->verb != ANSWER_ACCEPT || !seen)
        return false;
    (void)g;
    speak(w, seen, answer->by, "");
    if (look(w, &step) != STEP_APPLY)
        return false;
    work_apply(w, step);
    return true;
}

static enum answer_end apply(struct work *w, const struct answer *answer)
{
    const struct step *step;
    const struct meaning *meaning = meaning_of(w->item.kind, answer->verb);
    if (!meaning ||
        (answer->verb == ANSWER_DONE && !answer_code_fits(answer->verb, &w->item, answer->code)))
        return ANSWER_IMPOSSIBLE;
    speak(w, meaning, answer->by, answer->code);
    switch (look(w, &step)) {
    case STEP_APPLY:
        work_apply(w, step);
        return ANSWER_RECORDED;
    case STEP_NO_EFFECT:
        return step_moves_owner(step) && !str_eq(answer->by->id, w->item.owner_unit)
                   ? ANSWER_IMPOSSIBLE
                   : ANSWER_KNOWN;
    case STEP_PARK:
        park(w, answer, step);
        if (!apply_as_seen(w->g, w, answer))
            work_unpark(w);
        return ANSWER_PARKED;
    case STEP_REFUSE:
        break;
    }
    return apply_as_seen(w->g, w, answer) ? ANSWER_AS_SEEN : ANSWER_IMPOSSIBLE;
}

enum answer_end answer_apply(struct stafette *g, const struct answer *answer, struct buf *said)
{
    struct work w;
    struct item item;
    if (!store_item_get(g->store, answer->item_seq, &item)) {
        buf_puts(said, "Diesen Vorgang gibt es nicht.");
        return ANSWER_IMPOSSIBLE;
    }
    work_begin_inner(&w, g, &item);
    enum answer_end end = apply(&w, answer);
    audit_answer(g, answer, end);
    if (!store_item_get(g->store, answer->item_seq, &item))
        item = w.item;
    say(g, &item, end, said);
    work_end_inner(&w);
    return end;
}
