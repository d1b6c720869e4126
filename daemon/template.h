/*
 * Templates: German texts with a closed list of keys, and the linter that keeps them harmless.
 * Pure apart from template_load().
 *
 * A template file is named <event type>.<channel>.txt ("handover.requested.email.txt"). E-mail:
 * the first line is "Betreff: ...", then an empty line, then the body. Keys are written {key};
 * "{{" is a brace. A line with keys that are all empty is left out, with its words: so a telephone
 * or a link that is not known leaves no torn sentence. An unknown key is a load error with
 * file:line:column (columns count characters).
 *
 * The linter (DOMAIN R4, R5, H1, E25): no key of class P2/P3 exists at all; in SMS and subject no
 * legal area, service, provider kind, place, reason code or "8a"; a subject is constant text; an
 * SMS with every key at its longest fits one GSM-7 part (160 septets); a mail names the item, who
 * is responsible until when, why the reader gets it, and that it may be a repeat.
 */
#ifndef TEMPLATE_H
#define TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "stafette.h"

struct buf;
struct conf_faults;

/* Everything a text may say. */
enum template_key {
    KEY_CODE,              /* K7F3-92QX: the item's code */
    KEY_KIND,              /* Übergabe, Vermittlung, Notlage, Abweisung */
    KEY_UNIT,              /* role name of the recipient */
    KEY_DEADLINE,          /* "Mo 23.11.2026 16:00": answer until then */
    KEY_DEADLINE_TIME,     /* "22:50": for SMS */
    KEY_RESPONSIBLE,       /* role name of who is responsible now */
    KEY_RESPONSIBLE_UNTIL, /* "bis die Übernahme bestätigt ist" */
    KEY_FROM_PHONE,        /* telephone of the giving unit */
    KEY_LINK,              /* where the recipient reads the content (link template of the config) */
    KEY_WHY,               /* one sentence: why this recipient, this channel, now */
    KEY_OUTCOME,           /* one sentence: what was decided */
    KEY_REFUSAL,           /* one sentence: which field, which rule, what to do */
    KEY_DUPLICATE,         /* one sentence ("... möglicherweise doppelt.") after a restore */
    KEY_SENT_AT,           /* when this was written */
    KEY_ANSWERS,           /* lines with links by which one answers; stands alone on its line */
    KEY_ANSWER_NUMBER,     /* "23": by which the reader of an SMS answers; "" = by none */
    KEY_REPLY,             /* one sentence: what became of an answer by SMS */
    KEY_MEETING,           /* kind of a meeting: "Sozialraumteam" */
    KEY_WHEN,              /* "Do 06.05.2027, 09:00 bis 11:00 Uhr" */
    KEY_WHERE,             /* room, link, dial-in */
    KEY_LINES,             /* lines of an agenda or overview; stands alone on its line */
    KEY_COUNT
};

struct template_values {
    const char *value[KEY_COUNT]; /* borrowed; NULL counts as "" */
};

struct template;  /* one text, compiled */
struct templates; /* all of them */

/* Reads all *.txt of a directory and lints them, reporting faults as file:line:column; a text that
 * the workflow needs and that is not there, for either channel, is an error too. NULL only when
 * there are errors. */
struct templates *templates_load(const char *dir, struct conf_faults *faults);
void templates_free(struct templates *all);

/* Compiles one text; `name` is the file's base name. NULL with a fault when it is not allowed. */
struct template *template_compile(const char *name, const char *text, size_t len,
                                  struct conf_faults *faults);
/* Compiles a text that the store kept for open deliveries. It passed the linter of its time and is
 * held to its form only, so that a stricter linter cannot hold back notices under way. NULL when it
 * cannot be read. */
struct template *template_compile_kept(const char *name, const char *text, size_t len);
void template_free(struct template *t);

/* By the first part of the file name ("handover.requested"); NULL when there is none. */
const struct template *templates_find(const struct templates *all, const char *event_type,
                                      enum channel channel);

size_t templates_count(const struct templates *all);
const struct template *templates_at(const struct templates *all, size_t i);

/* Whether the text has the key: what it does not ask for need not be found out. */
bool template_asks(const struct template *t, enum template_key key);

const char *template_name(const struct template *t); /* file's base name */
const char *template_text(const struct template *t); /* the source, to be kept in the store */
const char *template_hash(const struct template *t); /* 64 hex digits: SHA-256 of the source */

/* Appends the text, rendered in one pass (a value is never expanded again). subject may be NULL for
 * SMS. A value that would break the text (control characters, changes of the writing direction) is
 * cleaned to spaces; in SMS also brought into the GSM alphabet. A mail ends with a line feed, an
 * SMS does not. */
void template_render(const struct template *t, const struct template_values *values,
                     struct buf *subject, struct buf *body);

const char *template_key_name(enum template_key key);

/* A sample of a key at its longest, for those that an SMS may hold; NULL for the others. */
const char *template_longest(enum template_key key);

/* The last barrier (DOMAIN R6): true when the finished text holds something that looks like a
 * client's identifier (BG-Nummer, Kundennummer, Rentenversicherungs-, Krankenversichertennummer,
 * Steuer-ID, IBAN, date of birth forms). `what` names the pattern, for the log. Links (http:,
 * https:) and telephone numbers in the form +49... are passed over: they come from the
 * configuration. */
bool template_blocked(const char *text, const char **what);

#endif
