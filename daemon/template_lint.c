/*
 * The rules for templates (DOMAIN R3-R5, H1, E25).
 *
 * A template is constant text plus keys, so what a message can give away is decided here and not
 * at sending: the list of keys has no place for what identifies a client, and in a subject or an
 * SMS (seen on locked screens, by mail relays and SMS gateways) neither keys nor words may tell a
 * service, a legal area or a place. The word list is a net for honest mistakes, not a proof: who
 * writes "Hilfe" means no harm, who writes "Suchtberatung" is told why not.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "conf.h"
#include "gsm.h"
#include "template_lint.h"
#include "util.h"

/* What the workflow sends; each must exist for both channels, because a desk may have one only, but
 * "sms." for SMS alone and "protected." for mail alone. */
static const char *const wanted[] = {
    "handover.requested", "handover.reminder",  "handover.outcome",   "handover.returned",
    "referral.requested", "referral.offered",   "referral.reminder",  "referral.outcome",
    "referral.returned",  "emergency.reported", "emergency.reminder", "emergency.refused",
    "emergency.outcome",  "emergency.returned", "refusal.opened",     "refusal.reminder",
    "refusal.outcome",    "task.opened",        "task.reminder",      "task.outcome",
    "deadline.reminder",  "deadline.outcome",   "ledger.night",       "ledger.alarm",
    "entrusted.notice",   "sms.reply",          "meeting.invited",    "meeting.changed",
    "meeting.cancelled",  "meeting.reminder",   "meeting.agenda",     "meeting.note",
    "meeting.asked",      "poll.asked",         "poll.result",        "digest.weekly",
    "digest.morning",     "digest.orphans",     "digest.quotas",      "digest.share",
    "presence.cancelled", "protected.notice",   "digest.reach",       "drill.opened",
    "drill.reminder",     "drill.outcome",      "drill.report",       "digest.quality",
    "digest.phases",
};

/* What no mail may be silent about. */
static const struct {
    enum template_key key;
    const char *why;
} needed_in_mail[] = {
    {KEY_CODE, "nobody could say which item is meant"},
    {KEY_RESPONSIBLE, "every notice says who is responsible now"},
    {KEY_RESPONSIBLE_UNTIL, "every notice says until when"},
    {KEY_WHY, "every notice says why its reader gets it"},
    {KEY_DUPLICATE, "a repeat after a restore must be told as one"},
};

/* Keys that an SMS may hold, with a sample of each at its longest. Code, moments and a telephone
 * number ("+49 208 4550000"), and our own replies to answers, only: a unit's name can tell a
 * service, an outcome a reason. */
static const struct {
    enum template_key key;
    const char *longest;
} allowed_in_sms[] = {
    {KEY_CODE, "K7F3-92QX"},
    {KEY_DEADLINE, "Mo 23.11.2026 16:00"},
    {KEY_DEADLINE_TIME, "22:50"},
    {KEY_FROM_PHONE, "+49 208 4550000-1234"},
    {KEY_DUPLICATE, "Diese Nachricht kommt möglicherweise doppelt."},
    {KEY_SENT_AT, "Mo 23.11.2026 12:00"},
    {KEY_ANSWER_NUMBER, "123"},
    {KEY_REPLY, "Mehrere Meldungen sind bei Ihrer Stelle offen. Bitte mit Nummer antworten, z. B. "
                "OK 123 o. NEIN"},
    {KEY_WHEN, "Do 06.05.2027, 09:00 bis 11:00 Uhr."},
};

enum match { MATCH_WHOLE, MATCH_START, MATCH_ANYWHERE };

/* Lower case; compared without regard to the case of A-Z. */
static const struct {
    const char *word;
    enum match match;
    const char *what;
} forbidden[] = {
    {"sgb", MATCH_START, "legal area"},
    {"§", MATCH_ANYWHERE, "legal area"},
    {"rechtskreis", MATCH_ANYWHERE, "legal area"},
    {"kkg", MATCH_WHOLE, "legal area"},
    {"8a", MATCH_WHOLE, "legal area"},
    {"jugendamt", MATCH_ANYWHERE, "provider kind"},
    {"jobcenter", MATCH_ANYWHERE, "provider kind"},
    {"sozialamt", MATCH_ANYWHERE, "provider kind"},
    {"sozialbüro", MATCH_ANYWHERE, "provider kind"},
    {"gesundheitsamt", MATCH_ANYWHERE, "provider kind"},
    {"fachdienst", MATCH_ANYWHERE, "provider kind"},
    {"frauenhaus", MATCH_ANYWHERE, "provider kind"},
    {"asd", MATCH_WHOLE, "provider kind"},
    {"ksd", MATCH_WHOLE, "provider kind"},
    {"qsa", MATCH_WHOLE, "provider kind"},
    {"beratung", MATCH_ANYWHERE, "service"},
    {"betreuung", MATCH_ANYWHERE, "service"},
    {"schuldner", MATCH_ANYWHERE, "service"},
    {"insolvenz", MATCH_ANYWHERE, "service"},
    {"sucht", MATCH_START, "service"},
    {"drogen", MATCH_START, "service"},
    {"psych", MATCH_START, "service"},
    {"pflege", MATCH_START, "service"},
    {"eingliederung", MATCH_START, "service"},
    {"grundsicherung", MATCH_START, "service"},
    {"jugendhilfe", MATCH_ANYWHERE, "service"},
    {"hilfe zur", MATCH_START, "service"},
    {"hilfen zur", MATCH_START, "service"},
    {"egh", MATCH_WHOLE, "service"},
    {"hzp", MATCH_WHOLE, "service"},
    {"wjh", MATCH_WHOLE, "service"},
    {"phb", MATCH_WHOLE, "service"},
    {"kinderschutz", MATCH_ANYWHERE, "reason"},
    {"kindeswohl", MATCH_ANYWHERE, "reason"},
    {"inobhutnahme", MATCH_ANYWHERE, "reason"},
    {"adoption", MATCH_ANYWHERE, "reason"},
    {"gewalt", MATCH_ANYWHERE, "reason"},
    {"wohnungslos", MATCH_START, "reason"},
    {"obdachlos", MATCH_START, "reason"},
    {"krank", MATCH_START, "reason"},
    {"behinder", MATCH_START, "reason"},
    {"diagnose", MATCH_ANYWHERE, "reason"},
    {"sozialraum", MATCH_ANYWHERE, "place"},
    {"stadtteil", MATCH_ANYWHERE, "place"},
    {"ortsteil", MATCH_ANYWHERE, "place"},
    {"quartier", MATCH_ANYWHERE, "place"},
    {"bezirk", MATCH_ANYWHERE, "place"},
};

const char *template_wanted(size_t i)
{
    return i < COUNT_OF(wanted) ? wanted[i] : NULL;
}

void template_unknown_key(const struct template_source *source, size_t offset, const char *name)
{
    const char *nearest = NULL;
    unsigned best = 3;
    for (int k = 0; k < KEY_COUNT; k++) {
        const char *known = template_key_name((enum template_key)k);
        unsigned distance = str_distance(name, known, 3);
        if (distance < best) {
            best = distance;
            nearest = known;
        }
    }
    /* The name is not repeated when it is odd: the file may hold anything. */
    bool plain = *name && strlen(name) <= 32 && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz_")];
    if (nearest)
        template_fault(source, offset, "unknown key {%s}; did you mean {%s}?", plain ? name : "...",
                       nearest);
    else
        template_fault(source, offset, "unknown key {%s}; the keys are listed in template.h",
                       plain ? name : "...");
}

/* Offset of the first line that is not UTF-8. */
static size_t bad_line(const char *text, size_t len)
{
    size_t at = 0;
    for (;;) {
        const char *feed = memchr(text + at, '\n', len - at);
        size_t end = feed ? (size_t)(feed - text) : len;
        if (!feed || !utf8_valid(text + at, end - at))
            return at;
        at = end + 1;
    }
}

bool template_lint_bytes(const struct template_source *source, size_t len)
{
    const char *text = source->text;
    if (!utf8_valid(text, len)) {
        template_fault(source, bad_line(text, len),
                       "not UTF-8 in this line; save the file as UTF-8");
        return false;
    }
    if (str_starts(text, "\xef\xbb\xbf")) {
        template_fault(source, 0, "byte order mark; save the file as UTF-8 without one");
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\n' || (c >= 0x20 && c != 0x7f))
            continue;
        template_fault(source, i, "control character 0x%02x; %s", (unsigned)c,
                       c == '\r' ? "save the file with Unix line ends" : "remove it");
        return false;
    }
    return true;
}

static bool word_char(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 0x80 || (u >= '0' && u <= '9') || ((u | 0x20u) >= 'a' && (u | 0x20u) <= 'z');
}

/* True when the word of the list stands at p; `begin` is the beginning of the text. */
static bool matches(size_t i, const char *begin, const char *p)
{
    size_t n = strlen(forbidden[i].word);
    if (strncasecmp(p, forbidden[i].word, n) != 0)
        return false;
    if (forbidden[i].match != MATCH_ANYWHERE && p > begin && word_char(p[-1]))
        return false;
    return forbidden[i].match != MATCH_WHOLE || !word_char(p[n]);
}

/* "transition_36b": a code of the catalogue, never meant for people. */
static bool code_here(const char *begin, const char *p)
{
    return *p == '_' && p > begin && word_char(p[-1]) && word_char(p[1]);
}

/* Constant words of source[from, to); keys are passed over. */
static void lint_words(const struct template_source *source, size_t from, size_t to,
                       const char *where)
{
    const char *begin = source->text + from, *end = source->text + to;
    for (const char *p = begin; p < end; p++) {
        if (*p == '{' && p[1] != '{') {
            p += strcspn(p, "}\n");
            continue;
        }
        if (code_here(begin, p))
            template_fault(source, (size_t)(p - source->text),
                           "a code in the %s; write plain words or leave it out", where);
        for (size_t i = 0; i < COUNT_OF(forbidden); i++)
            if (matches(i, begin, p))
                template_fault(source, (size_t)(p - source->text),
                               "\"%s\" tells a %s; leave it out of the %s (R4)", forbidden[i].word,
                               forbidden[i].what, where);
    }
}

const char *template_longest(enum template_key key)
{
    for (size_t i = 0; i < COUNT_OF(allowed_in_sms); i++)
        if (allowed_in_sms[i].key == key)
            return allowed_in_sms[i].longest;
    return NULL;
}

/* A character that no SMS of one part should need: what would become of it is said. */
static void lint_alphabet(const struct template_part *part, const struct template_source *source)
{
    size_t bad = 0;
    struct buf sent = BUF_INIT;
    if (gsm_septets(part->text, &bad) >= 0)
        return;
    gsm_transliterate(&sent, part->text);
    if (gsm_septets(buf_str(&sent), NULL) >= 0)
        template_fault(source, part->offset + bad,
                       "this character is not in the GSM alphabet and would be replaced; write the "
                       "plain one");
    else
        template_fault(source, part->offset + bad,
                       "this character is not in the GSM alphabet and would cut the SMS to 70 "
                       "characters; write another");
    buf_release(&sent);
}

/* Appends what the part is at its longest. */
static void add_longest(struct buf *out, const struct template_part *part,
                        const struct template_source *source)
{
    const char *longest = part->kind == PART_KEY ? template_longest(part->key) : part->text;
    if (part->kind == PART_BREAK)
        buf_addc(out, '\n');
    else if (longest)
        gsm_transliterate(out, longest);
    else
        template_fault(source, part->offset, "{%s} may not stand in an SMS (R4, R5); leave it out",
                       template_key_name(part->key));
    if (part->kind == PART_TEXT)
        lint_alphabet(part, source);
}

static void lint_sms(const struct template *t, const struct template_source *source)
{
    struct buf text = BUF_INIT;
    struct gsm_size size;
    for (size_t i = 0; i < t->parts; i++)
        add_longest(&text, &t->part[i], source);
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text.data[--text.len] = '\0'; /* the last line feed is not sent */
    gsm_measure(&size, buf_str(&text));
    if (size.encoding == GSM_7BIT && size.parts > 1)
        template_fault(source, t->body_at,
                       "%ld septets with every key at its longest, %d fit into one SMS; shorten it",
                       size.units, GSM_ONE_PART);
    buf_release(&text);
    lint_words(source, 0, strlen(source->text), "SMS");
}

static bool has_key(const struct template *t, enum template_key key)
{
    for (size_t i = 0; i < t->parts; i++)
        if (t->part[i].kind == PART_KEY && t->part[i].key == key)
            return true;
    return false;
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void lint_mail(const struct template *t, const struct template_source *source)
{
    lint_words(source, 0, t->body_at, "subject");
    if (characters(t->subject) > SUBJECT_MAX)
        template_fault(source, 0, "the subject has %zu characters; shorten it to %d",
                       characters(t->subject), SUBJECT_MAX);
    for (size_t i = 0; i < COUNT_OF(needed_in_mail); i++)
        if (!has_key(t, needed_in_mail[i].key))
            template_fault(source, t->body_at, "{%s} is missing: %s; add it",
                           template_key_name(needed_in_mail[i].key), needed_in_mail[i].why);
}

void template_lint(const struct template *t, const struct template_source *source)
{
    if (t->channel == CHANNEL_EMAIL) {
        lint_mail(t, source);
        return;
    }
    if (!has_key(t, KEY_CODE))
        template_fault(source, 0,
                       "{code} is missing: nobody could say which item is meant; add it");
    lint_sms(t, source);
}
