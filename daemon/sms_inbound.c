/*
 * Answers by SMS: see sms_inbound.h.
 *
 * Refuses to guess: a number that the phone does not have, two open questions and no number, or a
 * text without one clear verb are asked back, naming an open item and its number. Refuses to talk
 * to machines: automatic replies, echoes of our own texts, and more than so many replies an hour
 * end in silence; the answer itself is still taken. Answer, reply and audit commit together.
 */
#include "sms_inbound.h"

#include <string.h>

#include "../adapters/inbound.h"
#include "answer.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "sms_answer.h"
#include "sms_number.h"
#include "store.h"
#include "store_item.h"
#include "store_sms.h"
#include "tell.h"
#include "template.h"
#include "util.h"

/* Who asks, and about what. */
struct caller {
    struct stafette *g;
    const char *address;
    const struct contact *phone; /* whose id the numbers carry */
    struct item newest;          /* that this phone was ever asked about */
    struct item open;            /* the newest that it can still answer */
    int opens;                   /* how many those are; 2 = two or more */
    int items;
};

#define ANY_KIND ITEM_KIND_COUNT

/* The fact that a reply names. Plain enough for a locked screen (DOMAIN R4). */
static const struct {
    enum item_kind kind;
    enum answer_verb verb;
    const char *fact;
} facts[] = {
    {ITEM_EMERGENCY, ANSWER_SEEN, "quittiert"},
    {ITEM_EMERGENCY, ANSWER_ACCEPT, "quittiert"},
    {ITEM_DRILL, ANSWER_SEEN, "PROBEALARM bestätigt"},
    {ITEM_DRILL, ANSWER_ACCEPT, "PROBEALARM bestätigt"},
    {ITEM_HANDOVER, ANSWER_ACCEPT, "Übernahme bestätigt"},
    {ITEM_REFERRAL, ANSWER_ACCEPT, "Anfrage angenommen"},
    {ITEM_REFERRAL, ANSWER_REJECT, "abgelehnt"},
    {ANY_KIND, ANSWER_REJECT, "nicht zuständig"},
    {ANY_KIND, ANSWER_FULL, "kein Platz frei"},
    {ANY_KIND, ANSWER_SEEN, "gesehen"},
    {ANY_KIND, ANSWER_ACCEPT, "gesehen"},
};

static const char as_seen[] = "Nur als gesehen vermerkt. Eine Übernahme ist zurzeit nicht möglich.";
static const char parked[] = "Vorgemerkt. Die Übernahme gilt erst nach dem Übergabegespräch.";
static const char impossible[] = "Nicht vermerkt, das ist jetzt nicht möglich.";
static const char several[] = "Mehrere Meldungen sind offen.";
static const char unclear[] = "Nicht verstanden.";
static const char with_number[] = " Bitte mit Nummer antworten, z. B. OK";
static const char none_open[] = " Zu Ihren Meldungen ist keine Antwort offen.";
static const char stop[] = "Abmelden bitte über Ihre Leitung. Bis dahin kommen weiter Meldungen.";
static const char help[] = "Antworten Sie mit OK, JA, NEIN oder VOLL und der Nummer, z. B. OK";
static const char recorded[] = "Vermerkt: ";
static const char known[] = "War schon vermerkt: ";

/* What an echo of a reply would contain. */
static const char *const own_words[] = {
    as_seen,
    parked,
    impossible,
    several,
    with_number,
    none_open,
    stop,
    help,
    known,
    "Vermerkt: quittiert",
    "Vermerkt: Übernahme",
    "Vermerkt: Anfrage",
    "Vermerkt: abgelehnt",
    "Vermerkt: kein Platz",
    "Vermerkt: gesehen",
    "Vermerkt: nicht zuständig",
};

const char *sms_end_name(enum sms_end end)
{
    switch (end) {
    case SMS_APPLIED:
        return "applied";
    case SMS_ASKED:
        return "asked";
    case SMS_EXPLAINED:
        return "explained";
    case SMS_IGNORED:
        return "ignored";
    case SMS_UNKNOWN:
        return "unknown";
    case SMS_UNREADABLE:
        return "unreadable";
    case SMS_REPEATED:
        return "repeated";
    case SMS_REFUSED:
        return "refused";
    case SMS_END_COUNT:
        break;
    }
    return "?";
}

/* ---- who answers */

/* The unit's own contact with that telephone, or NULL. */
static const struct contact *contact_of(const struct unit *unit, const char *address)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_SMS && str_eq(unit->contact[i].address, address))
            return &unit->contact[i];
    return NULL;
}

/* Units may share a duty phone: the one that can say it, else one that was asked, else the first.
 */
static const struct unit *speaker(const struct caller *c, const struct item *item,
                                  enum answer_verb verb)
{
    const struct directory *dir = c->g->config->directory;
    const struct unit *first = NULL, *asked = NULL;
    for (size_t i = 0; i < dir->units; i++) {
        const struct unit *unit = &dir->unit[i];
        if (!contact_of(unit, c->address))
            continue;
        if (answer_possible(c->g, item, unit, verb))
            return unit;
        if (!first)
            first = unit;
        if (!asked && store_item_asked(c->g->store, item->seq, unit->id))
            asked = unit;
    }
    return asked ? asked : first;
}

static bool can_answer(const struct caller *c, const struct item *item)
{
    static const enum answer_verb verbs[] = {ANSWER_SEEN, ANSWER_ACCEPT};
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        const struct unit *unit = speaker(c, item, verbs[i]);
        if (unit && answer_possible(c->g, item, unit, verbs[i]))
            return true;
    }
    return false;
}

/* ---- which item */

struct collected {
    int64_t seq[SMS_NUMBER_MAX];
    size_t count;
};

static bool collect(void *context, int64_t item_seq)
{
    struct collected *all = context;
    all->seq[all->count++] = item_seq;
    return all->count < COUNT_OF(all->seq);
}

/* Newest first; two open ones are as good as many. */
static void look_up(struct caller *c)
{
    struct collected all = {.count = 0};
    struct item item;
    store_sms_each(c->g->store, c->phone->id, &all, collect);
    for (size_t i = 0; i < all.count && c->opens < 2; i++) {
        if (!store_item_get(c->g->store, all.seq[i], &item))
            continue;
        if (!c->items++)
            c->newest = item;
        if (!item.closed_ms && can_answer(c, &item) && !c->opens++)
            c->open = item;
    }
}

/* The item that the answer names; false when it names none that this phone was asked about. */
static bool named_item(const struct caller *c, const struct sms_answer *answer, struct item *item)
{
    struct store *s = c->g->store;
    int64_t by_number = 0, by_code = 0;
    if (answer->number && !(by_number = store_sms_item(s, c->phone->id, answer->number)))
        return false;
    if (!str_empty(answer->code) && (!code_read(answer->code, &by_code, c->g->keys.code) ||
                                     !store_sms_number(s, c->phone->id, by_code)))
        return false;
    if (by_number && by_code && by_number != by_code)
        return false;
    return store_item_get(s, by_number ? by_number : by_code, item);
}

/* ---- the reply */

static void reply(const struct caller *c, const struct item *item, const struct unit *by,
                  const char *words)
{
    struct stafette *g = c->g;
    uint64_t who = digest_short(g->keys.id, c->address, strlen(c->address));
    if (sms_guard_reply(&g->sms_guard, who, g->steady_ms, g->config->settings.sms_replies))
        tell_reply(g, item, contact_of(by, c->address), by, words);
    else
        g->metrics.sms_withheld++;
}

/* Words, and the number of the open item as an example. */
static void explain(const struct caller *c, const char *words, const char *then)
{
    struct buf text = BUF_INIT;
    const struct item *item = c->opens ? &c->open : &c->newest;
    buf_puts(&text, words);
    if (then && !c->opens)
        buf_puts(&text, none_open);
    else if (then)
        buf_printf(&text, "%s %d.", then, store_sms_number(c->g->store, c->phone->id, item->seq));
    reply(c, item, speaker(c, item, ANSWER_SEEN), buf_str(&text));
    buf_release(&text);
}

static enum sms_end explain_once(const struct caller *c, enum sms_kind kind)
{
    struct stafette *g = c->g;
    uint64_t who = digest_short(g->keys.id, c->address, strlen(c->address));
    if (!sms_guard_explain(&g->sms_guard, who, g->steady_ms))
        return SMS_IGNORED;
    if (kind == SMS_STOP)
        explain(c, stop, NULL);
    else
        explain(c, c->opens ? help : unclear, c->opens ? "" : none_open);
    return SMS_EXPLAINED;
}

static const char *fact_of(enum item_kind kind, enum answer_verb verb)
{
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        if (facts[i].verb == verb && (facts[i].kind == kind || facts[i].kind == ANY_KIND))
            return facts[i].fact;
    return "";
}

static void put_words(struct buf *out, const struct answer *answer, enum item_kind kind,
                      enum answer_end end)
{
    switch (end) {
    case ANSWER_RECORDED:
    case ANSWER_KNOWN:
        buf_printf(out, "%s%s.", end == ANSWER_KNOWN ? known : recorded,
                   fact_of(kind, answer->verb));
        return;
    case ANSWER_AS_SEEN:
        buf_puts(out, as_seen);
        return;
    case ANSWER_PARKED:
        buf_puts(out, parked);
        return;
    case ANSWER_IMPOSSIBLE:
        buf_puts(out, impossible);
    }
}

static void apply(const struct caller *c, const struct item *item, enum answer_verb verb)
{
    const struct answer answer = {.item_seq = item->seq,
                                  .by = speaker(c, item, verb),
                                  .verb = verb,
                                  .code = "",
                                  .via = VIA_SMS};
    struct buf said = BUF_INIT, words = BUF_INIT;
    enum answer_end end = answer_apply(c->g, &answer, &said);
    put_words(&words, &answer, item->kind, end);
    reply(c, item, answer.by, buf_str(&words));
    buf_release(&said);
    buf_release(&words);
}

/* ---- what it says */

static bool is_echo(const struct stafette *g, const char *text)
{
    const struct templates *all = g->config->templates;
    for (size_t i = 0; i < COUNT_OF(own_words); i++)
        if (sms_answer_echoes(text, own_words[i]))
            return true;
    for (size_t i = 0; i < templates_count(all); i++) {
        const struct template *t = templates_at(all, i);
        if (str_ends(template_name(t), ".sms.txt") && sms_answer_echoes(text, template_text(t)))
            return true;
    }
    return false;
}

static enum sms_end take_answer(const struct caller *c, const struct sms_answer *answer)
{
    struct item item;
    bool named = answer->number || !str_empty(answer->code);
    bool harmless = answer->verb == ANSWER_SEEN || answer->verb == ANSWER_ACCEPT;
    if (named && named_item(c, answer, &item)) {
        apply(c, &item, answer->verb);
        return SMS_APPLIED;
    }
    if (!named && harmless && c->opens == 1) {
        apply(c, &c->open, answer->verb);
        return SMS_APPLIED;
    }
    explain(c, !named && c->opens > 1 ? several : unclear, with_number);
    return SMS_ASKED;
}

enum sms_end sms_inbound_take(struct stafette *g, const struct inbound *sms)
{
    struct sms_answer answer;
    struct caller c = {.g = g, .address = sms->from};
    c.phone = sms_number_phone(g->config->directory, sms->from);
    if (!c.phone)
        return SMS_UNKNOWN;
    look_up(&c);
    if (!c.items)
        return SMS_UNKNOWN;
    sms_answer_read(&answer, sms->text);
    if (answer.kind == SMS_AUTOMATIC || is_echo(g, sms->text))
        return SMS_IGNORED;
    if (answer.kind == SMS_SAYS)
        return take_answer(&c, &answer);
    if (answer.kind != SMS_UNCLEAR)
        return explain_once(&c, answer.kind);
    explain(&c, unclear, with_number);
    return SMS_ASKED;
}
