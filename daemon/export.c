/*
 * The export of a case: see export.h. Each row is written once into the text and once into the
 * JSON, side by side, so that neither says more than the other.
 */
#include "export.h"

#include <string.h>

#include "audit_text.h"
#include "buf.h"
#include "code.h"
#include "directory.h"
#include "erasures.h"
#include "json.h"
#include "keys.h"
#include "machine.h"
#include "phase.h"
#include "stafette.h"
#include "store.h"
#include "store_agenda.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "store_erase.h"
#include "store_export.h"
#include "store_item.h"
#include "store_meeting.h"
#include "store_notice.h"
#include "store_phase.h"
#include "subject.h"
#include "util.h"

struct export_run {
    const struct export_from *from;
    struct buf *text, *json;
    int64_t item_seq;
};

static const char *unit_name(const struct export_run *x, const char *id)
{
    const struct unit *unit = directory_unit(x->from->directory, id);
    return unit ? unit->name : id;
}

/* "  Name: value" and the member, when there is a value. */
static void put(struct export_run *x, const char *label, const char *member, const char *value)
{
    if (str_empty(value))
        return;
    buf_printf(x->text, "  %s: %s\n", label, value);
    json_member_text(x->json, member, value);
}

static void put_unit(struct export_run *x, const char *label, const char *member, const char *id)
{
    if (str_empty(id))
        return;
    buf_printf(x->text, "  %s: %s\n", label, unit_name(x, id));
    json_member_text(x->json, member, id);
}

static void put_time(struct export_run *x, const char *label, const char *member, int64_t at_ms)
{
    if (!at_ms)
        return;
    buf_printf(x->text, "  %s: ", label);
    time_german(x->text, at_ms);
    buf_addc(x->text, '\n');
    json_member_time(x->json, member, at_ms);
}

static void begin_list(struct export_run *x, const char *label, const char *member)
{
    buf_printf(x->text, "  %s:\n", label);
    json_put_name(x->json, member);
    buf_addc(x->json, '[');
}

static void begin_row(struct export_run *x)
{
    json_comma(x->json);
    buf_addc(x->json, '{');
}

static const char *outcome_german(int64_t outcome)
{
    static const char *const german[] = {"angenommen", "unvollständig", "abgewiesen", "vorgemerkt"};
    return outcome >= 0 && outcome < (int64_t)COUNT_OF(german) ? german[outcome] : "?";
}

static void put_event(void *context, const struct export_event *e)
{
    static const char *const outcome[] = {"accepted", "returned", "refused", "parked"};
    struct export_run *x = context;
    buf_puts(x->text, "    ");
    time_german(x->text, e->received_ms);
    buf_printf(x->text, "  %s von %s, %s\n", str_empty(e->type) ? "(Typ unbekannt)" : e->type,
               e->source, outcome_german(e->outcome));
    if (!str_empty(e->data))
        buf_printf(x->text, "      Angaben: %s\n", e->data);
    begin_row(x);
    json_member_time(x->json, "received_at", e->received_ms);
    json_member_text(x->json, "type", e->type);
    json_member_text(x->json, "source", e->source);
    json_member_text(x->json, "event_id", e->id);
    json_member_text(
        x->json, "outcome",
        e->outcome >= 0 && e->outcome < (int64_t)COUNT_OF(outcome) ? outcome[e->outcome] : "?");
    if (!str_empty(e->data)) {
        json_put_name(x->json, "data");
        buf_puts(x->json, e->data);
    }
    buf_addc(x->json, '}');
}

static const char *delivery_german(enum delivery_state state)
{
    switch (state) {
    case DELIVERY_PENDING:
        return "wartet auf Zustellung";
    case DELIVERY_SENT:
        return "an den Mail- oder SMS-Dienst übergeben";
    case DELIVERY_FAILED:
        return "nicht zustellbar";
    case DELIVERY_CANCELLED:
        return "entfallen";
    case DELIVERY_HELD:
        return "angehalten";
    case DELIVERY_STATE_COUNT:
        break;
    }
    return "?";
}

static void put_delivery(void *context, const struct export_delivery *d)
{
    struct export_run *x = context;
    const char *channel = d->channel == CHANNEL_SMS ? "SMS" : "E-Mail";
    buf_printf(x->text, "      %s: %s", channel, delivery_german((enum delivery_state)d->state));
    if (d->ended_ms) {
        buf_puts(x->text, " am ");
        time_german(x->text, d->ended_ms);
    }
    buf_printf(x->text, " (Textvorlage %s, Fassung %.12s)\n", d->template_name, d->template_hash);
    begin_row(x);
    json_member_text(x->json, "channel", channel_name((enum channel)d->channel));
    json_member_text(x->json, "state", delivery_state_name((enum delivery_state)d->state));
    json_member_int(x->json, "attempts", d->attempts);
    json_member_time(x->json, "ended_at", d->ended_ms);
    json_member_text(x->json, "template", d->template_name);
    json_member_text(x->json, "template_version", d->template_hash);
    buf_addc(x->json, '}');
}

static void put_notice(void *context, const struct notice *n)
{
    struct export_run *x = context;
    buf_puts(x->text, "    ");
    time_german(x->text, n->created_ms);
    buf_printf(x->text, "  an %s", unit_name(x, n->unit));
    if (!str_empty(n->instead_of))
        buf_printf(x->text, " (in Vertretung für %s)", unit_name(x, n->instead_of));
    if (n->deadline_ms) {
        buf_puts(x->text, ", Antwort bis ");
        time_german(x->text, n->deadline_ms);
    }
    buf_printf(x->text, "%s%s\n", str_empty(n->outcome) ? "" : ": ", n->outcome);
    begin_row(x);
    json_member_time(x->json, "at", n->created_ms);
    json_member_text(x->json, "unit", n->unit);
    json_member_text(x->json, "role", unit_name(x, n->unit));
    if (!str_empty(n->instead_of))
        json_member_text(x->json, "instead_of", n->instead_of);
    json_member_text(x->json, "what", n->template_name);
    json_member_text(x->json, "reason", reason_name(n->reason));
    json_member_time(x->json, "deadline", n->deadline_ms);
    if (!str_empty(n->outcome))
        json_member_text(x->json, "outcome", n->outcome);
    json_put_name(x->json, "deliveries");
    buf_addc(x->json, '[');
    store_export_each_delivery(x->from->store, x->item_seq, n->seq, x, put_delivery);
    buf_puts(x->json, "]}");
}

static void put_clock(void *context, const struct export_clock *c)
{
    static const char *const state[] = {"open", "fired", "cancelled"};
    static const char *const german[] = {"läuft", "abgelaufen", "erledigt"};
    struct export_run *x = context;
    size_t i = c->state >= 0 && c->state < (int64_t)COUNT_OF(state) ? (size_t)c->state : 2;
    const char *kind = clock_kind_name((enum clock_kind)c->kind);
    buf_printf(x->text, "    Frist %s, Stufe %lld: bis ", kind, (long long)c->step);
    time_german(x->text, c->due_ms);
    buf_printf(x->text, ", %s\n", german[i]);
    begin_row(x);
    json_member_text(x->json, "kind", kind);
    json_member_int(x->json, "step", c->step);
    json_member_time(x->json, "due_at", c->due_ms);
    json_member_text(x->json, "state", state[i]);
    json_member_time(x->json, "fired_at", c->fired_ms);
    buf_addc(x->json, '}');
}

static void put_phase(void *context, const struct phase *phase)
{
    struct export_run *x = context;
    buf_printf(x->text, "    %s: seit ", phase_german(phase->phase));
    day_german(x->text, phase->begin_day);
    if (phase->end_day) {
        buf_puts(x->text, " bis ");
        day_german(x->text, phase->end_day);
    }
    buf_addc(x->text, '\n');
    begin_row(x);
    json_member_text(x->json, "phase", phase->phase);
    json_member_time(x->json, "begins", phase->begin_day * DAY_MS);
    if (phase->end_day)
        json_member_time(x->json, "ends", phase->end_day * DAY_MS);
    buf_addc(x->json, '}');
}

static void put_audit(void *context, const struct audit_row *row)
{
    struct export_run *x = context;
    buf_puts(x->text, "    ");
    audit_text(x->text, row->at_ms, row->content);
    buf_addc(x->text, '\n');
    begin_row(x);
    json_member_int(x->json, "row", row->seq);
    json_member_time(x->json, "at", row->at_ms);
    json_member_text(x->json, "what", row->content);
    buf_addc(x->json, '}');
}

/* What happened to the item, as flags. */
static void put_flags(struct export_run *x, const struct item *item)
{
    static const struct {
        unsigned flag;
        const char *german;
    } flags[] = {
        {ITEM_OVERDUE, "eine Frist ist verstrichen"},
        {ITEM_ESCALATED, "eine Leitung oder die Koordination wurde benachrichtigt"},
        {ITEM_HILFEPLAN, "Hilfeplan: vor der Übernahme ist ein Gespräch nötig"},
        {ITEM_CONVERSED, "das Übergabegespräch hat stattgefunden"},
        {ITEM_PINNED, "der Träger wurde gewählt (§ 5 SGB VIII, § 8 SGB IX)"},
        {ITEM_MISSED_ONCE, "der letzte Kontakt kam nicht zustande"},
        {ITEM_VOICE, "telefonische Klärung nötig"},
        {ITEM_OUT_OF_ORDER, "eine Meldung kam vor ihrer Vorgängerin"},
        {ITEM_ANVERTRAUT, "anvertraute Daten (§ 65 SGB VIII)"},
        {ITEM_AGREED, "Weiterleitung mit Zustimmung (§ 14 Abs. 3 SGB IX)"},
        {ITEM_PING_PONG, "zum zweiten Mal zurückgegeben"},
        {ITEM_CONSENT, "eine Einwilligung ist vermerkt"},
        {ITEM_REHA, "ein Antrag auf Teilhabe gehört dazu (§ 14 SGB IX)"},
    };
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (item->flags & flags[i].flag)
            buf_printf(&text, "%s%s", text.len ? "; " : "", flags[i].german);
    put(x, "Vermerke", "notes", buf_str(&text));
    buf_release(&text);
}

static void put_number(struct export_run *x, const char *label, const char *member, int64_t value)
{
    if (!value)
        return;
    buf_printf(x->text, "  %s: %lld\n", label, (long long)value);
    json_member_int(x->json, member, value);
}

/* What only some kinds of items have. */
static void put_details(struct export_run *x, const struct item *item)
{
    struct buf day = BUF_INIT;
    if (item->due_day) {
        int year, month, mday;
        day_split(item->due_day, &year, &month, &mday);
        buf_printf(&day, "%04d-%02d-%02d", year, month, mday);
    }
    put(x, "Art, Phase oder Grund", "code", item->code);
    /* A task's number is a count or a day, a statutory clock's the day it began. */
    bool counts = item->kind == ITEM_TASK || item->kind == ITEM_DEADLINE;
    put(x, counts ? "Plan" : "Komplexität", counts ? "plan" : "complexity", item->complexity);
    put(x, "Budgetlinie", "budget_line", item->budget_line);
    put_number(x, counts ? "Zahl" : "Betrag in Cent", counts ? "number" : "amount_cents",
               item->amount_cents);
    put(x, "Gültig bis oder erwartet am", "due_on", buf_str(&day));
    put_number(x, "Zurückgegeben oder abgelehnt", "returns", item->returns);
    put_flags(x, item);
    buf_release(&day);
}

static void put_facts(struct export_run *x, const struct item *item)
{
    const struct directory *dir = x->from->directory;
    const struct place *place = directory_place(dir, item->place);
    const struct area *area = directory_area(dir, item->area);
    const struct service *service = directory_service(dir, item->service);
    put(x, "Stand", "state_german", item_state_german(item->state));
    put_time(x, "Angelegt", "created_at", item->created_ms);
    put_time(x, "Zuletzt geändert", "changed_at", item->changed_ms);
    put_time(x, "Beendet", "closed_at", item->closed_ms);
    put_unit(x, "Zuständig", "responsible", item->owner_unit);
    put_unit(x, "Es antwortet als Nächstes", "waiting_for", item->waiting_unit);
    put_unit(x, "Abgebende Stelle", "from_unit", item->from_unit);
    put_unit(x, "Aufnehmende Stelle", "to_unit", item->to_unit);
    put(x, "Ort", "place", place ? place->name : item->place);
    put(x, "Rechtskreis", "area", area ? area->name : item->area);
    put(x, "Leistung", "service", service ? service->name : item->service);
    put(x, "Rechtsgrundlage", "legal_basis", item->basis);
    put(x, "Dringlichkeit", "urgency", urgency_name(item->urgency));
    put(x, "Verteilregel", "rule", item->rule);
    put(x, "Gemeldet von", "source", item->source);
    if (item->restricted)
        put(x, "Schutz", "restricted", "besonders geschützt, nur eine Stelle wird benachrichtigt");
    put_details(x, item);
}

static void put_item(struct export_run *x, const struct item *item)
{
    struct store *s = x->from->store;
    char code[ITEM_ID_LEN + 1];
    code_write(code, item->seq, x->from->keys->code);
    x->item_seq = item->seq;
    buf_printf(x->text, "\nVorgang %s (%s)\n", code, item_kind_german(item->kind));
    begin_row(x);
    json_member_text(x->json, "item_id", code);
    json_member_text(x->json, "kind", item_kind_name(item->kind));
    json_member_text(x->json, "state", item_state_name(item->state));
    put_facts(x, item);
    begin_list(x, "Meldungen", "events");
    store_export_each_event(s, item->seq, x, put_event);
    buf_addc(x->json, ']');
    begin_list(x, "Wer wann worüber benachrichtigt wurde", "notices");
    store_notice_each(s, item->seq, x, put_notice);
    buf_addc(x->json, ']');
    begin_list(x, "Fristen", "clocks");
    store_export_each_clock(s, item->seq, x, put_clock);
    buf_addc(x->json, ']');
    if (item->kind == ITEM_REFERRAL) {
        begin_list(x, "Phasen", "phases");
        store_phase_each(s, item->seq, x, put_phase);
        buf_addc(x->json, ']');
    }
    begin_list(x, "Protokoll", "audit");
    store_audit_each(s, item->seq, x, put_audit);
    buf_puts(x->json, "]}");
}

struct wanted {
    struct export_run *x;
    const struct numbers *events;
};

static bool holds(const struct numbers *list, int64_t number)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i] == number)
            return true;
    return false;
}

struct agendas {
    struct export_run *x;
    const struct subject *subject;
};

/* On which agenda the case stands or stood; what others were told of it stands in the audit rows of
 * its item. */
static bool put_agenda(void *context, const struct agenda_item *row)
{
    const struct agendas *agendas = context;
    struct export_run *x = agendas->x;
    struct meeting meeting;
    if (!holds(&agendas->subject->agenda, row->seq) &&
        (!row->about_seq || !holds(&agendas->subject->items, row->about_seq)))
        return true;
    bool known = store_meeting_get(x->from->store, row->item_seq, &meeting);
    const struct meeting_kind *kind = known ? meeting_kind_find(meeting.kind) : NULL;
    begin_row(x);
    buf_puts(x->text, "\nAuf einer Tagesordnung\n");
    put(x, "Termin", "meeting", kind ? kind->name : "");
    put(x, "Kennung des Termins", "meeting_id", known ? meeting.meeting_id : "");
    put_unit(x, "Angemeldet von", "by_unit", row->by_unit);
    put_time(x, "Angemeldet", "added_at", row->added_ms);
    put(x, "Grund", "reason", row->reason);
    put(x, "Änderung", "change", row->change);
    put(x, "Rechtsgrundlage", "legal_basis", row->basis);
    put_number(x, "Minuten", "minutes", row->minutes);
    put(x, "Stand", "state", agenda_state_name(row->state));
    put_time(x, "Stand seit", "changed_at", row->changed_ms);
    buf_addc(x->json, '}');
    return true;
}

static void put_loose(void *context, int64_t event_seq, const char *source, const char *data)
{
    struct wanted *wanted = context;
    struct export_run *x = wanted->x;
    if (!holds(wanted->events, event_seq))
        return;
    buf_printf(x->text, "    von %s: %s\n", source, data);
    begin_row(x);
    json_member_text(x->json, "source", source);
    json_put_name(x->json, "data");
    buf_puts(x->json, data);
    buf_addc(x->json, '}');
}

static void put_head(struct export_run *x, const char *case_ref, int64_t found)
{
    buf_printf(x->text,
               "Auskunft nach Art. 15 DSGVO und § 83 SGB X\n"
               "Fall %s, Stand ",
               case_ref);
    time_german(x->text, x->from->now_ms);
    buf_puts(x->text, "\n");
    if (!found)
        buf_puts(x->text, "\nZu diesem Fall ist nichts gespeichert.\n");
    if (x->from->erased) {
        buf_puts(x->text, "Der Fall wurde gelöscht am ");
        time_german(x->text, x->from->erased->at_ms);
        buf_puts(x->text, ".\n");
    }
    buf_addc(x->json, '{');
    json_member_text(x->json, "case_ref", case_ref);
    json_member_time(x->json, "at", x->from->now_ms);
    if (x->from->erased)
        json_member_time(x->json, "erased_at", x->from->erased->at_ms);
}

int64_t export_case(const struct export_from *from, const char *case_ref, struct buf *text,
                    struct buf *json)
{
    struct export_run x = {.from = from, .text = text, .json = json};
    struct erasure who;
    struct subject subject;
    erasure_of(&who, from->keys->case_ref, case_ref);
    subject_find(&subject, from->store, from->keys, NULL, &who);
    int64_t found = (int64_t)(subject.items.n + subject.events.n + subject.agenda.n);
    put_head(&x, case_ref, found);
    json_put_name(json, "items");
    buf_addc(json, '[');
    for (size_t i = 0; i < subject.items.n; i++) {
        struct item item;
        if (store_item_get(from->store, subject.items.at[i], &item))
            put_item(&x, &item);
    }
    buf_addc(json, ']');
    struct agendas agendas = {&x, &subject};
    json_put_name(json, "agendas");
    buf_addc(json, '[');
    store_agenda_each_of_case(from->store, who.case_key, &agendas, put_agenda);
    buf_addc(json, ']');
    struct wanted wanted = {&x, &subject.events};
    if (subject.events.n)
        buf_puts(text, "\nMeldungen ohne Vorgang\n");
    json_put_name(json, "further_events");
    buf_addc(json, '[');
    store_erase_each_data(from->store, 0, &wanted, put_loose);
    buf_puts(json, "]}");
    if (found)
        buf_puts(text, "\nAdressen der benachrichtigten Stellen gehören nicht zu den Daten dieser "
                       "Person und sind nicht enthalten. Texte von Nachrichten werden nicht "
                       "gespeichert.\n");
    subject_release(&subject);
    return found;
}
