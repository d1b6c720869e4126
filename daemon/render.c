/*
 * Rendering: see render.h.
 */
#include "render.h"

#include <stdio.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "clock.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "links.h"
#include "log.h"
#include "meeting.h"
#include "poll.h"
#include "sms_number.h"
#include "store_delivery.h"
#include "store_item.h"
#include "template.h"
#include "util.h"
#include "verp.h"

/* Mostly enough for the values of a text, so that it grows once. */
enum { MAIL_VALUES_ROOM = 1024, SMS_VALUES_ROOM = 256 };

/* A private number that was given for urgent things only stays that (DOMAIN R22). */
static bool fits(const struct contact *contact, const struct delivery *delivery)
{
    return contact->channel == delivery->channel && (!contact->urgent_only || delivery->urgent);
}

const struct contact *render_contact(const struct stafette *g, const struct due *due)
{
    const struct directory *dir = g->config->directory;
    const struct contact *contact = directory_contact(dir, due->delivery.contact);
    if (contact && fits(contact, &due->delivery))
        return contact;
    const struct unit *unit = directory_unit(dir, due->notice.unit);
    for (size_t i = 0; unit && i < unit->contacts; i++)
        if (fits(&unit->contact[i], &due->delivery))
            return &unit->contact[i];
    return NULL;
}

const char *render_why(enum reason reason)
{
    switch (reason) {
    case REASON_ROUTE:
        return "Ihre Stelle ist nach der geltenden Verteilregel für diesen Vorgang zuständig.";
    case REASON_NAMED:
        return "Ihre Stelle ist in der Meldung als Empfängerin genannt.";
    case REASON_LEAD:
        return "Sie leiten die Stelle, die jetzt handeln muss.";
    case REASON_CATCH_ALL:
        return "Niemand sonst hat bisher geantwortet; Ihre Stelle ist die Auffangstelle.";
    case REASON_TECH_DESK:
        return "Ihre Stelle betreut das Fachverfahren, aus dem die Meldung kam.";
    case REASON_ON_CALL:
        return "Ihre Stelle hat Bereitschaftsdienst.";
    case REASON_OUTCOME:
        return "Ihre Stelle wurde zu diesem Vorgang schon benachrichtigt.";
    case REASON_SENDER:
        return "Die Meldung kam von Ihrer Stelle; sie muss jetzt handeln.";
    case REASON_CONFLICT:
        return "Ihre Stelle klärt, wer zuständig ist, wenn Stellen darüber verschiedener Meinung "
               "sind.";
    case REASON_DEPUTY:
        return "Sie erhalten dies als Vertretung.";
    case REASON_TASK:
        return "Diese Aufgabe liegt bei Ihrer Stelle.";
    case REASON_LEDGER:
        return "Ihre Stelle ist die Auffangstelle und erhält jeden Tag das Ergebnis der "
               "Nachtprüfung.";
    case REASON_LINK:
        return "Über einen früheren Antwortlink wurde ein neuer an dieses Postfach angefordert.";
    case REASON_ANSWERED:
        return "Ihre Stelle hat per SMS geantwortet.";
    case REASON_MEMBER:
        return "Ihre Stelle gehört zu diesem Termin.";
    case REASON_HOST:
        return "Ihre Stelle bereitet diesen Termin vor.";
    case REASON_DIGEST:
        return "Ihre Stelle erhält diese Übersicht zu festen Zeiten.";
    case REASON_DRILL:
        return "Mit einem Probealarm wird geprüft, ob im Ernstfall alle erreicht werden.";
    case REASON_COUNT:
        break;
    }
    return "";
}

const char *render_until(const struct item *item)
{
    if (item->closed_ms || item->state == STATE_ACCEPTED || item->state == STATE_RUNNING ||
        item->state == STATE_WITHDRAWN)
        return "bis auf Weiteres";
    switch (item->kind) {
    case ITEM_HANDOVER:
        return "bis die Übernahme bestätigt ist";
    case ITEM_REFERRAL:
        return "bis der Träger den Auftrag angenommen hat";
    case ITEM_EMERGENCY:
        return "bis die Gefahr beseitigt ist";
    case ITEM_REFUSAL:
        return "bis eine berichtigte Meldung angekommen ist";
    case ITEM_TASK:
        return "bis die Aufgabe erledigt ist";
    case ITEM_DEADLINE:
        return "bis die Frist eingehalten oder aufgehoben ist";
    case ITEM_MEETING:
        return "bis der Termin nachbereitet ist";
    case ITEM_POLL:
        return "bis die Umfrage ausgewertet ist";
    case ITEM_DRILL:
        return "bis der Probealarm beendet ist";
    case ITEM_LEDGER:
    case ITEM_DIGEST:
    case ITEM_KIND_COUNT:
        break;
    }
    return "";
}

static void put_link(struct buf *out, const char *pattern, const char *code)
{
    const char *hole = strstr(pattern, "{code}");
    if (!hole) {
        buf_puts(out, pattern);
        return;
    }
    buf_add(out, pattern, (size_t)(hole - pattern));
    buf_puts(out, code);
    buf_puts(out, hole + strlen("{code}"));
}

static char *message_id(const struct stafette *g, const char *tagged)
{
    struct buf text = BUF_INIT;
    buf_addc(&text, '<');
    buf_puts(&text, tagged);
    buf_addc(&text, '@');
    buf_puts(&text, g->config->settings.mail_id_domain);
    buf_addc(&text, '>');
    return buf_detach(&text);
}

/* bounce@gw.example -> bounce+d17.8c3f01aa5e77d210@gw.example: a bounce names its delivery, and
 * cannot be forged for another (verp.h). */
static char *return_path(const struct stafette *g, const char *tagged)
{
    struct buf text = BUF_INIT;
    verp_put_address(&text, g->config->settings.mail_bounce, tagged);
    return buf_detach(&text);
}

void render_reference(struct buf *out, const struct stafette *g, int64_t delivery)
{
    verp_put(out, &g->keys, VERP_DELIVERY, delivery);
}

static void fill_envelope(const struct stafette *g, const struct due *due,
                          const struct contact *contact, struct message *message)
{
    struct buf reference = BUF_INIT, thread = BUF_INIT;
    render_reference(&reference, g, due->delivery.seq);
    message->address = xstrdup(contact->address);
    message->message_id = message_id(g, buf_str(&reference));
    if (contact->channel == CHANNEL_EMAIL) {
        verp_put(&thread, &g->keys, VERP_ITEM, due->delivery.item_seq);
        message->thread_id = message_id(g, buf_str(&thread));
        message->envelope_from = return_path(g, buf_str(&reference));
    }
    message->reference = buf_detach(&reference);
    buf_release(&thread);
    message->date_ms = g->now_ms;
}

static const char *unit_name(const struct directory *dir, const char *id)
{
    const struct unit *unit = directory_unit(dir, id);
    return unit ? unit->name : "";
}

/* Who stands in learns for whom (DOMAIN E25); who is on duty is the desk. */
static void put_reason(struct buf *out, const struct directory *dir, const struct notice *notice)
{
    const struct unit *absent = directory_unit(dir, notice->instead_of);
    if (absent && notice->reason != REASON_ON_CALL && notice->reason != REASON_LINK)
        buf_printf(out, "Sie erhalten dies als Vertretung für %s.", absent->name);
    else
        buf_puts(out, render_why(notice->reason));
}

/* The ladder is visible while it runs (DOMAIN E26). */
static void put_next(struct buf *out, const struct stafette *g, const struct due *due,
                     const struct item *item)
{
    const struct unit *next = NULL;
    if (due->notice.deadline_ms && !item->closed_ms)
        next = clock_next_told(g, item);
    if (next && !str_eq(next->id, due->notice.unit))
        buf_printf(out, " Antwortet niemand, wird als Nächstes %s benachrichtigt.", next->name);
}

struct texts {
    char code[ITEM_ID_LEN + 1];
    char number[8];
    struct buf deadline, sent_at, link, answers, why, when, where, lines;
};

/* A reply's words stand in {reply} only, and nothing else does: an outcome must not come into an
 * SMS by a template that asks for the wrong key (R4). */
static void collect_sms(const struct stafette *g, const struct due *due,
                        const struct template *text, struct texts *texts, struct template_values *v)
{
    int number = template_asks(text, KEY_ANSWER_NUMBER)
                     ? sms_number_of(g, render_contact(g, due), due->delivery.item_seq)
                     : 0;
    if (number)
        snprintf(texts->number, sizeof texts->number, "%d", number);
    v->value[KEY_ANSWER_NUMBER] = texts->number;
    v->value[KEY_REPLY] = due->notice.reason == REASON_ANSWERED ? due->notice.outcome : "";
}

/* What is written out for this notice, as far as the text asks for it: some of it is read from the
 * store. */
static void write_texts(struct stafette *g, const struct due *due, const struct item *item,
                        const struct template *text, struct texts *texts)
{
    code_write(texts->code, item->seq, g->keys.code);
    if (due->notice.deadline_ms)
        time_german(&texts->deadline, due->notice.deadline_ms);
    if (template_asks(text, KEY_SENT_AT))
        time_german(&texts->sent_at, g->now_ms);
    if (template_asks(text, KEY_LINK))
        put_link(&texts->link, g->config->settings.link, texts->code);
    if (template_asks(text, KEY_ANSWERS))
        links_put(g, due, item, &texts->answers);
    if (template_asks(text, KEY_WHY)) {
        put_reason(&texts->why, g->config->directory, &due->notice);
        put_next(&texts->why, g, due, item);
    }
    if (item->kind == ITEM_DIGEST)
        digest_lines(g, item, &texts->lines);
}

static void collect_values(struct stafette *g, const struct due *due, const struct item *item,
                           const struct template *text, struct texts *texts,
                           struct template_values *v)
{
    const struct directory *dir = g->config->directory;
    const struct unit *from = directory_unit(dir, item->from_unit);
    write_texts(g, due, item, text, texts);
    v->value[KEY_LINES] = buf_str(&texts->lines);
    v->value[KEY_CODE] = texts->code;
    v->value[KEY_KIND] = item_kind_german(item->kind);
    v->value[KEY_UNIT] = unit_name(dir, due->notice.unit);
    v->value[KEY_DEADLINE] = buf_str(&texts->deadline);
    v->value[KEY_DEADLINE_TIME] =
        texts->deadline.len > 5 ? buf_str(&texts->deadline) + texts->deadline.len - 5 : "";
    v->value[KEY_RESPONSIBLE] = unit_name(dir, item->owner_unit);
    v->value[KEY_RESPONSIBLE_UNTIL] = render_until(item);
    v->value[KEY_FROM_PHONE] = from ? from->phone : "";
    v->value[KEY_LINK] = buf_str(&texts->link);
    v->value[KEY_WHY] = buf_str(&texts->why);
    v->value[KEY_OUTCOME] = due->notice.outcome;
    v->value[KEY_REFUSAL] = due->notice.outcome;
    v->value[KEY_DUPLICATE] =
        due->notice.doubtful ? "Diese Nachricht kommt möglicherweise doppelt." : "";
    v->value[KEY_SENT_AT] = buf_str(&texts->sent_at);
    v->value[KEY_ANSWERS] = buf_str(&texts->answers);
    collect_sms(g, due, text, texts, v);
}

static void collect_poll(struct stafette *g, const struct item *item, struct texts *texts,
                         struct template_values *v)
{
    poll_lines(g, item, &texts->lines);
    v->value[KEY_MEETING] = poll_about(g, item);
    v->value[KEY_LINES] = buf_str(&texts->lines);
}

/* A meeting: its time, place and agenda, and the calendar that goes along. */
static void collect_meeting(struct stafette *g, const struct due *due, struct texts *texts,
                            struct template_values *v, struct message *message)
{
    struct meeting_view view;
    struct buf calendar = BUF_INIT;
    const char *method = NULL;
    const struct directory *dir = g->config->directory;
    const struct unit *unit = directory_unit(dir, due->notice.unit);
    const struct unit *absent = directory_unit(dir, due->notice.instead_of);
    if (meeting_view(g, due->delivery.item_seq, &view) && unit) {
        /* Who stands in reads what the member would. */
        meeting_texts(g, &view, absent ? absent : unit, &due->notice, &texts->when, &texts->where,
                      &texts->lines);
        v->value[KEY_MEETING] = view.kind->name;
        if (due->delivery.channel == CHANNEL_EMAIL)
            meeting_calendar(g, &view, unit, due->notice.template_name, due->notice.session_seq,
                             message->from ? message->from : g->config->settings.mail_from,
                             &calendar, &method);
    }
    v->value[KEY_WHEN] = buf_str(&texts->when);
    v->value[KEY_WHERE] = buf_str(&texts->where);
    v->value[KEY_LINES] = buf_str(&texts->lines);
    message->method = method ? xstrdup(method) : NULL;
    message->calendar = method ? buf_detach(&calendar) : NULL;
    buf_release(&calendar);
    meeting_view_release(&view);
}

static void release_texts(struct texts *texts)
{
    buf_release(&texts->deadline);
    buf_release(&texts->sent_at);
    buf_release(&texts->link);
    buf_wipe(&texts->answers);
    buf_release(&texts->why);
    buf_release(&texts->when);
    buf_release(&texts->where);
    buf_release(&texts->lines);
}

bool render_message(struct stafette *g, const struct due *due, const struct item *item,
                    const struct template *text, struct message *message)
{
    struct texts texts = {
        .deadline = BUF_INIT,
        .sent_at = BUF_INIT,
        .link = BUF_INIT,
        .answers = BUF_INIT,
        .why = BUF_INIT,
        .when = BUF_INIT,
        .where = BUF_INIT,
        .lines = BUF_INIT,
    };
    struct template_values values = {{NULL}};
    struct buf subject = BUF_INIT, body = BUF_INIT;
    const char *what = "";
    fill_envelope(g, due, render_contact(g, due), message);
    collect_values(g, due, item, text, &texts, &values);
    if (item->kind == ITEM_POLL)
        collect_poll(g, item, &texts, &values);
    if (item->kind == ITEM_MEETING)
        collect_meeting(g, due, &texts, &values, message);
    bool by_mail = due->delivery.channel == CHANNEL_EMAIL;
    buf_reserve(&body,
                strlen(template_text(text)) + (by_mail ? MAIL_VALUES_ROOM : SMS_VALUES_ROOM));
    template_render(text, &values, &subject, &body);
    bool blocked =
        template_blocked(buf_str(&body), &what) || template_blocked(buf_str(&subject), &what);
    if (blocked)
        log_error("text blocked", "delivery=%lld pattern=%s", (long long)due->delivery.seq, what);
    message->subject = buf_detach(&subject);
    message->body = buf_detach(&body);
    release_texts(&texts);
    return !blocked;
}
