/*
 * Bounces: see bounce.h.
 *
 * The fields of a report count before the words of a text, an enhanced status (RFC 3463) before an
 * SMTP code, and a code before a phrase. What stands behind the beginning of the returned mail is
 * ours, not the server's, and is not looked at.
 *
 * Promises: costs a time that grows with the length of the text and the number of phrases only.
 * Refuses to call a failure what a person's mail or an out-of-office notice says. Keeps nothing.
 */
#include "bounce.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../adapters/adapter.h"
#include "../adapters/smtp_reply.h"
#include "buf.h"
#include "mail_read.h"
#include "util.h"

enum { REPORT_RECIPIENTS_MAX = 20, FIELD_MAX = 1000 };

const char *bounce_kind_name(enum bounce_kind kind)
{
    switch (kind) {
    case BOUNCE_NONE:
        return "none";
    case BOUNCE_AUTO_REPLY:
        return "auto-reply";
    case BOUNCE_DELAYED:
        return "delayed";
    case BOUNCE_RELAYED:
        return "relayed";
    case BOUNCE_DELIVERED:
        return "delivered";
    case BOUNCE_FAILED:
        return "failed";
    case BOUNCE_KIND_COUNT:
        break;
    }
    assert(false);
    return "";
}

/* What servers write, in lower case, and the status that they mean by it. The first that is found
 * counts, so the clearer ones come first. */
static const struct {
    const char *words, *status;
} phrases[] = {
    {"mailbox full", "5.2.2"},
    {"mailbox is full", "5.2.2"},
    {"quota exceeded", "5.2.2"},
    {"over quota", "5.2.2"},
    {"exceeded storage", "5.2.2"},
    {"exceeds the maximum mailbox", "5.2.2"},
    {"insufficient disk space in the recipient", "5.2.2"},
    {"postfach ist voll", "5.2.2"},
    {"postfach des empfängers ist voll", "5.2.2"},
    {"postfach voll", "5.2.2"},
    {"speicherplatz", "5.2.2"},
    {"quota überschritten", "5.2.2"},
    {"user unknown", "5.1.1"},
    {"unknown user", "5.1.1"},
    {"no such user", "5.1.1"},
    {"no such recipient", "5.1.1"},
    {"no mailbox here by that name", "5.1.1"},
    {"user doesn't exist", "5.1.1"},
    {"does not exist", "5.1.1"},
    {"doesn't have a yahoo.com account", "5.1.1"},
    {"mailbox not found", "5.1.1"},
    {"mailbox unavailable", "5.1.1"},
    {"recipient not found", "5.1.1"},
    {"recipnotfound", "5.1.1"},
    {"recipient address rejected", "5.1.1"},
    {"invalid recipient", "5.1.1"},
    {"wasn't found at", "5.1.1"},
    {"couldn't be found", "5.1.1"},
    {"not listed in domino directory", "5.1.1"},
    {"not listed in public name", "5.1.1"},
    {"unrouteable address", "5.1.1"},
    {"unbekannter empfänger", "5.1.1"},
    {"empfänger unbekannt", "5.1.1"},
    {"benutzer unbekannt", "5.1.1"},
    {"adresse ist unbekannt", "5.1.1"},
    {"adresse nicht gefunden", "5.1.1"},
    {"existiert nicht", "5.1.1"},
    {"nicht gefunden werden", "5.1.1"},
    {"wurde nicht gefunden", "5.1.1"},
    {"keinen empfänger", "5.1.1"},
    {"account is disabled", "5.2.1"},
    {"account has been disabled", "5.2.1"},
    {"mailbox disabled", "5.2.1"},
    {"konto ist gesperrt", "5.2.1"},
    {"postfach ist deaktiviert", "5.2.1"},
    {"host or domain name not found", "5.1.2"},
    {"domain not found", "5.1.2"},
    {"unknown host", "5.1.2"},
    {"couldn't find any host named", "5.1.2"},
    {"message too large", "5.3.4"},
    {"message size exceeds", "5.3.4"},
    {"nachricht ist zu groß", "5.3.4"},
    {"listed by", "5.7.1"},
    {"blocked using", "5.7.1"},
    {"blacklist", "5.7.1"},
    {"blocklist", "5.7.1"},
    {"spam", "5.7.1"},
    {"policy", "5.7.1"},
    {"not authorized", "5.7.1"},
    {"access denied", "5.7.1"},
    {"nicht berechtigt", "5.7.1"},
    {"richtlinie", "5.7.1"},
    {"retry timeout exceeded", "4.4.7"},
    {"delivery time expired", "4.4.7"},
    {"message expired", "4.4.7"},
    {"been in the queue too long", "4.4.7"},
    {"connection timed out", "4.4.1"},
    {"connection refused", "4.4.1"},
    {"zeitüberschreitung", "4.4.7"},
};

/* A server that goes on trying says so. */
static const char *const delays[] = {
    "this is a warning message only",
    "could not send message for past",
    "delivery to the following recipients has been delayed",
    "has not yet been delivered",
    "will continue to be attempted",
    "will be retried",
    "no action is required on your part",
    "noch nicht zugestellt",
    "zustellung verzögert",
    "verzögerte zustellung",
    "wird weiterhin versucht",
    "you do not need to resend",
};

/* Subjects of reports; compared from the beginning of the subject, case aside. */
static const char *const subjects[] = {
    "undelivered mail returned to sender",
    "undeliverable",
    "undelivered",
    "unzustellbar",
    "nicht zustellbar",
    "delivery status notification",
    "delivery failure",
    "delivery report",
    "delivery delayed",
    "delayed mail",
    "mail delivery failed",
    "mail delivery failure",
    "mail delivery system",
    "mail delivery subsystem",
    "mail system error",
    "message delivery",
    "failure notice",
    "returned mail",
    "warning: message",
    "mail konnte nicht zugestellt werden",
    "e-mail konnte nicht zugestellt werden",
    "nachricht konnte nicht zugestellt werden",
    "ihre nachricht konnte nicht zugestellt werden",
    "zustellung fehlgeschlagen",
    "zustellung nicht möglich",
    "rückläufer",
};

/* Lines from which on a text is the returned mail. */
static const char *const cuts[] = {
    "--- below this line is a copy",
    "------ this is a copy of",
    "--- the header of the original message",
    "--- original message",
    "-----original message",
    "----- original message",
    "original message headers:",
    "original message follows",
    "----- unsent message follows",
    "--- returned mail follows",
    "--- ursprüngliche nachricht",
    "-----ursprüngliche nachricht",
    "--- die ursprungsnachricht",
    "--- kopie der nachricht",
    "ursprüngliche nachrichtenkopfzeilen",
    "return-path:",
    "received:",
    "message-id:",
};

static const char *const codes[] = {"421", "450", "451", "452", "454", "500", "501", "503", "504",
                                    "521", "541", "550", "551", "552", "553", "554", "556", "571"};

/* In lower case, cut where the returned mail begins. */
static char *own_words(const struct buf *words)
{
    char *text = xstrdup(buf_str(words));
    for (char *p = text; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    for (char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        for (size_t i = 0; i < COUNT_OF(cuts); i++)
            if (str_starts(line, cuts[i])) {
                *line = '\0';
                return text;
            }
    }
    return text;
}

static bool is_part_of_word(char c)
{
    return isalnum((unsigned char)c) || c == '.';
}

/* "5.1.1" with nothing before or behind that would make it a version or an address; 0 = no. */
static size_t status_length(const char *p)
{
    size_t n = 2, digits;
    if (!strchr("245", *p) || !*p || p[1] != '.')
        return 0;
    digits = strspn(p + n, "0123456789");
    if (digits < 1 || digits > 3 || p[n + digits] != '.')
        return 0;
    n += digits + 1;
    digits = strspn(p + n, "0123456789");
    if (digits < 1 || digits > 3)
        return 0;
    n += digits;
    return is_part_of_word(p[n]) && !(p[n] == '.' && !isdigit((unsigned char)p[n + 1])) ? 0 : n;
}

static bool find_status(char status[12], const char *text)
{
    for (const char *p = text; *p; p++) {
        size_t n = p > text && is_part_of_word(p[-1]) ? 0 : status_length(p);
        if (n) {
            memcpy(status, p, n);
            status[n] = '\0';
            return true;
        }
    }
    return false;
}

static int find_code(const char *text)
{
    for (const char *p = text; *p; p++) {
        if ((*p != '4' && *p != '5') || (p > text && is_part_of_word(p[-1])))
            continue;
        for (size_t i = 0; i < COUNT_OF(codes); i++)
            if (str_starts(p, codes[i]) && p[3] && strchr(" -#\r\n", p[3]))
                return (int)strtol(codes[i], NULL, 10);
    }
    return 0;
}

static const char *find_phrase(const char *text)
{
    for (size_t i = 0; i < COUNT_OF(phrases); i++)
        if (strstr(text, phrases[i].words))
            return phrases[i].status;
    return "";
}

static bool says_nothing(const char *status)
{
    return str_empty(status) || str_ends(status, ".0.0");
}

/* Fills what the text says and is not known yet. */
static void learn(struct bounce *b, const char *text)
{
    char status[12];
    if (says_nothing(b->status) && find_status(status, text) && status[0] != '2')
        str_copy(b->status, sizeof b->status, status);
    if (!b->code)
        b->code = find_code(text);
    if (says_nothing(b->status) && !str_empty(find_phrase(text)))
        str_copy(b->status, sizeof b->status, find_phrase(text));
}

/* A code without a status is judged as if it had been said of the recipient; nothing at all as a
 * refusal of the mail, for which the contact is not to blame. */
static void judge(struct bounce *b)
{
    bool bare = says_nothing(b->status) && !b->code;
    if (!str_empty(b->status) && b->code / 100 != b->status[0] - '0')
        b->code = 0;
    if (!b->code)
        b->code = b->status[0] == '4' ? 450 : bare ? 554 : 550;
    b->class = smtp_class(CURLE_SEND_ERROR, bare ? SMTP_DATA : SMTP_RCPT, b->code, b->status);
}

/* ---- reports (RFC 3464) */

/* What a report says of one recipient. */
struct recipient {
    enum bounce_kind kind;
    bool named; /* Final-Recipient or Original-Recipient is there */
    char status[12];
    char diagnostic[FIELD_MAX];
};

static enum bounce_kind action_kind(const char *action)
{
    static const struct {
        const char *name;
        enum bounce_kind kind;
    } actions[] = {{"failed", BOUNCE_FAILED},       {"delayed", BOUNCE_DELAYED},
                   {"delivered", BOUNCE_DELIVERED}, {"relayed", BOUNCE_RELAYED},
                   {"expanded", BOUNCE_RELAYED},    {"failure", BOUNCE_FAILED}};
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        size_t n = strlen(actions[i].name);
        if (strncasecmp(action, actions[i].name, n) == 0 && !isalpha((unsigned char)action[n]))
            return actions[i].kind;
    }
    return BOUNCE_NONE;
}

/* The value behind "Name:" of a field; NULL when it is another one. */
static const char *value_of(const char *field, const char *name)
{
    size_t n = strlen(name);
    if (strncasecmp(field, name, n) != 0 || field[n] != ':')
        return NULL;
    return field + n + 1 + strspn(field + n + 1, " \t");
}

static void take_field(struct recipient *r, const char *field)
{
    const char *value;
    if ((value = value_of(field, "Action")))
        r->kind = action_kind(value);
    else if ((value = value_of(field, "Status")))
        find_status(r->status, value);
    else if ((value = value_of(field, "Diagnostic-Code")))
        str_copy(r->diagnostic, sizeof r->diagnostic, value);
    else if (value_of(field, "Final-Recipient") || value_of(field, "Original-Recipient"))
        r->named = true;
}

/* The next field, unfolded (RFC 5322 2.2.3) and cut at FIELD_MAX; "" for an empty line. NULL at the
 * end. */
static const char *next_field(const char *text, char field[FIELD_MAX])
{
    size_t used = 0;
    if (!*text)
        return NULL;
    do {
        size_t n = strcspn(text, "\n"), end = n && text[n - 1] == '\r' ? n - 1 : n;
        size_t fits = end < FIELD_MAX - 1 - used ? end : FIELD_MAX - 1 - used;
        memcpy(field + used, text, fits);
        used += fits;
        text += n + (text[n] == '\n');
    } while (used && (*text == ' ' || *text == '\t'));
    field[used] = '\0';
    return text;
}

/* A status that contradicts the action makes a recipient's fields worth nothing. */
static void settle(struct recipient *r)
{
    if (r->kind == BOUNCE_NONE && r->named && r->status[0] == '5')
        r->kind = BOUNCE_FAILED;
    if (r->kind == BOUNCE_FAILED && r->status[0] == '2')
        r->kind = BOUNCE_NONE;
}

static size_t read_recipients(struct recipient *list, const char *report)
{
    char field[FIELD_MAX];
    size_t n = 0;
    struct recipient r = {0};
    do {
        report = next_field(report, field);
        if (report && field[0]) {
            take_field(&r, field);
            continue;
        }
        settle(&r);
        if (r.kind != BOUNCE_NONE)
            list[n++] = r;
        r = (struct recipient){0};
    } while (report && n < REPORT_RECIPIENTS_MAX);
    return n;
}

static const struct recipient *find_kind(const struct recipient *list, size_t n,
                                         enum bounce_kind kind)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].kind == kind)
            return &list[i];
    return NULL;
}

/* True when the report says something. */
static bool read_report(struct bounce *b, const struct mail *mail, const char *words)
{
    static const enum bounce_kind order[] = {BOUNCE_DELIVERED, BOUNCE_RELAYED, BOUNCE_FAILED,
                                             BOUNCE_DELAYED};
    const struct recipient *found = NULL;
    struct recipient *list = xcalloc(REPORT_RECIPIENTS_MAX, sizeof *list);
    size_t n = read_recipients(list, buf_str(&mail->report));
    for (size_t i = 0; i < COUNT_OF(order) && !found; i++)
        found = find_kind(list, n, order[i]);
    /* Reached some of those behind the address: who answers is known by then, who bounced is not
     * ours to know. */
    if (found && found->kind == BOUNCE_DELIVERED && find_kind(list, n, BOUNCE_FAILED))
        b->kind = BOUNCE_RELAYED;
    else if (found)
        b->kind = found->kind;
    if (found && b->kind == BOUNCE_FAILED) {
        struct buf diagnostic = BUF_INIT;
        str_copy(b->status, sizeof b->status, found->status);
        buf_puts(&diagnostic, found->diagnostic);
        char *text = own_words(&diagnostic);
        learn(b, text);
        learn(b, words);
        judge(b);
        free(text);
        buf_release(&diagnostic);
    }
    free(list);
    return found != NULL;
}

/* ---- texts without a report */

static bool starts_as(const char *text, const char *const *heads, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strncasecmp(text, heads[i], strlen(heads[i])) == 0)
            return true;
    return false;
}

static bool holds(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(text, words[i]))
            return true;
    return false;
}

static void read_text(struct bounce *b, const struct mail *mail, const char *words)
{
    bool subject = starts_as(mail->subject, subjects, COUNT_OF(subjects));
    if (!mail->daemon && !mail->failed_recipients)
        return;
    if (holds(words, delays, COUNT_OF(delays))) {
        b->kind = BOUNCE_DELAYED;
        return;
    }
    char status[12];
    bool told = find_status(status, words) || find_code(words);
    /* A postmaster's own letter, or the answer of its robot, may hold any of the phrases. */
    if (!subject && !mail->failed_recipients && !told)
        return;
    learn(b, words);
    b->kind = BOUNCE_FAILED;
    judge(b);
}

void bounce_read(struct bounce *bounce, const struct mail *mail, bool null_sender)
{
    char *words = own_words(&mail->words);
    *bounce = (struct bounce){0};
    if (!read_report(bounce, mail, words))
        read_text(bounce, mail, words);
    free(words);
    if (bounce->kind == BOUNCE_NONE && (mail->automatic || null_sender))
        bounce->kind = BOUNCE_AUTO_REPLY;
}
