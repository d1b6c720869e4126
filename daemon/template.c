/*
 * Templates: compile a text into pieces, render the pieces. See template.h.
 *
 * A text is cut once, at load, into constant pieces and keys; rendering walks the pieces, so that a
 * value which itself looks like "{why}" is printed and never expanded. Compiling reports every
 * fault of a text and then refuses it as a whole; a template that exists has passed the linter.
 * Pure: bytes in, bytes out; nothing is left by a crash.
 */
#include "template.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "digest.h"
#include "gsm.h"
#include "template_lint.h"
#include "util.h"

static const char subject_mark[] = "Betreff: ";

const char *template_key_name(enum template_key key)
{
    assert(key < KEY_COUNT);
    switch (key) {
    case KEY_CODE:
        return "code";
    case KEY_KIND:
        return "kind";
    case KEY_UNIT:
        return "unit";
    case KEY_DEADLINE:
        return "deadline";
    case KEY_DEADLINE_TIME:
        return "deadline_time";
    case KEY_RESPONSIBLE:
        return "responsible";
    case KEY_RESPONSIBLE_UNTIL:
        return "responsible_until";
    case KEY_FROM_PHONE:
        return "from_phone";
    case KEY_LINK:
        return "link";
    case KEY_WHY:
        return "why";
    case KEY_OUTCOME:
        return "outcome";
    case KEY_REFUSAL:
        return "refusal";
    case KEY_DUPLICATE:
        return "duplicate";
    case KEY_SENT_AT:
        return "sent_at";
    case KEY_ANSWERS:
        return "answers";
    case KEY_ANSWER_NUMBER:
        return "answer_number";
    case KEY_REPLY:
        return "reply";
    case KEY_MEETING:
        return "meeting";
    case KEY_WHEN:
        return "when";
    case KEY_WHERE:
        return "where";
    case KEY_LINES:
        return "lines";
    case KEY_COUNT:
        break;
    }
    return "";
}

void template_fault(const struct template_source *source, size_t offset, const char *fmt, ...)
{
    int line = 1, column = 1;
    for (size_t i = 0; i < offset && source->text[i]; i++) {
        if (source->text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)source->text[i + 1] & 0xc0) != 0x80) {
            column++;
        }
    }
    struct buf what = BUF_INIT, file = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&what, fmt, ap);
    va_end(ap);
    /* conf_fault() writes "file:line: ..."; our line belongs to its file, our column to its line.
     */
    buf_printf(&file, "%s:%d", source->where, line);
    struct conf_node at = {.name = "", .text = "", .file = buf_str(&file), .line = column};
    conf_fault(source->faults, &at, "%s", buf_str(&what));
    buf_release(&file);
    buf_release(&what);
}

_Static_assert(KEY_COUNT <= 32, "struct template keeps a bit for each key");

static struct template_part *add_part(struct template *t, size_t offset)
{
    t->part = grow(t->part, t->parts, &t->cap, sizeof *t->part);
    struct template_part *part = &t->part[t->parts++];
    *part = (struct template_part){.kind = PART_BREAK, .offset = offset};
    return part;
}

static void add_text(struct template *t, size_t offset, struct buf *text)
{
    if (!text->len)
        return;
    struct template_part *part = add_part(t, offset);
    part->kind = PART_TEXT;
    part->text = buf_detach(text);
}

static bool find_key(const char *name, enum template_key *key)
{
    for (int k = 0; k < KEY_COUNT; k++) {
        if (str_eq(template_key_name((enum template_key)k), name)) {
            *key = (enum template_key)k;
            return true;
        }
    }
    return false;
}

/* Reads "{key}" at `at`; returns the offset behind it. */
static size_t add_key(struct template *t, const struct template_source *source, size_t at)
{
    size_t len = strcspn(source->text + at + 1, "{}\n");
    if (source->text[at + 1 + len] != '}') {
        template_fault(source, at, "\"{\" without \"}\" in this line; write {{ for a brace");
        return at + 1 + len;
    }
    char *name = xstrndup(source->text + at + 1, len);
    enum template_key key;
    if (!find_key(name, &key)) {
        template_unknown_key(source, at, name);
    } else {
        struct template_part *part = add_part(t, at);
        part->kind = PART_KEY;
        part->key = key;
        t->asked |= UINT32_C(1) << key;
    }
    free(name);
    return at + len + 2;
}

/* Cuts the body into pieces. Line feeds at the end are dropped: rendering sets one. */
static void cut(struct template *t, const struct template_source *source)
{
    struct buf text = BUF_INIT;
    size_t end = strlen(source->text), from = t->body_at;
    while (end > from && source->text[end - 1] == '\n')
        end--;
    for (size_t at = from; at < end;) {
        char c = source->text[at];
        if (!text.len)
            from = at;
        if (c == '{' && source->text[at + 1] != '{') {
            add_text(t, from, &text);
            at = add_key(t, source, at);
        } else if (c == '\n') {
            add_text(t, from, &text);
            add_part(t, at++);
        } else {
            buf_addc(&text, c);
            at += c == '{' ? 2 : 1;
        }
    }
    add_text(t, from, &text);
    buf_release(&text);
    add_part(t, end);
}

/* "Betreff: ..." and the empty line under it. */
static void cut_subject(struct template *t, const struct template_source *source)
{
    size_t mark = sizeof subject_mark - 1, end = strcspn(source->text, "\n");
    if (!str_starts(source->text, subject_mark) || end == mark) {
        template_fault(source, 0, "a mail begins with the line \"%s...\"; add it", subject_mark);
        return;
    }
    const char *brace = memchr(source->text, '{', end);
    if (brace)
        template_fault(source, (size_t)(brace - source->text),
                       "no key and no brace in a subject: it is readable on the way and on locked "
                       "screens; write constant text");
    free(t->subject);
    t->subject = xstrndup(source->text + mark, end - mark);
    t->body_at = end;
    if (source->text[end] && source->text[end + 1] == '\n')
        t->body_at = end + 2;
    else
        template_fault(source, end, "an empty line must follow the subject; add it");
}

/* "handover.requested.email.txt" -> type and channel. */
static bool cut_name(struct template *t, const struct template_source *source)
{
    for (int c = 0; c < CHANNEL_COUNT; c++) {
        struct buf ending = BUF_INIT;
        buf_printf(&ending, ".%s.txt", channel_name((enum channel)c));
        size_t n = strlen(t->name), m = ending.len;
        bool fits = n > m && str_ends(t->name, buf_str(&ending));
        buf_release(&ending);
        if (fits) {
            t->type = xstrndup(t->name, n - m);
            t->channel = (enum channel)c;
            return true;
        }
    }
    template_fault(source, 0, "the file name must end in .email.txt or .sms.txt; rename the file");
    return false;
}

static struct template *new_template(const char *name, const char *text, size_t len)
{
    struct template *t = xcalloc(1, sizeof *t);
    t->name = xstrdup(name);
    t->text = xstrndup(text, len);
    t->subject = xstrdup("");
    unsigned char hash[DIGEST_FULL];
    digest_sha256(hash, text, len);
    struct buf hex = BUF_INIT;
    digest_hex(&hex, hash, sizeof hash);
    str_copy(t->hash, sizeof t->hash, buf_str(&hex));
    buf_release(&hex);
    return t;
}

/* Form only: what must be right for rendering to be possible. */
static bool cut_all(struct template *t, const struct template_source *source, size_t len)
{
    size_t errors = source->faults->errors;
    if (!cut_name(t, source) || !template_lint_bytes(source, len))
        return false;
    if (t->channel == CHANNEL_EMAIL)
        cut_subject(t, source);
    cut(t, source);
    return source->faults->errors == errors;
}

struct template *template_compile_at(const char *name, const char *where, const char *text,
                                     size_t len, struct conf_faults *faults)
{
    size_t errors = faults->errors;
    struct template *t = new_template(name, text, len);
    const struct template_source source = {where, t->text, faults};
    if (cut_all(t, &source, len) || t->parts > 0)
        template_lint(t, &source);
    if (faults->errors == errors)
        return t;
    template_free(t);
    return NULL;
}

struct template *template_compile(const char *name, const char *text, size_t len,
                                  struct conf_faults *faults)
{
    return template_compile_at(name, name, text, len, faults);
}

struct template *template_compile_kept(const char *name, const char *text, size_t len)
{
    struct buf unread = BUF_INIT;
    struct conf_faults faults = {.text = &unread};
    struct template *t = new_template(name, text, len);
    const struct template_source source = {name, t->text, &faults};
    bool whole = cut_all(t, &source, len);
    buf_release(&unread);
    if (whole)
        return t;
    template_free(t);
    return NULL;
}

void template_free(struct template *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->parts; i++)
        free(t->part[i].text);
    free(t->part);
    free(t->name);
    free(t->type);
    free(t->text);
    free(t->subject);
    free(t);
}

const char *template_name(const struct template *t)
{
    return t->name;
}

const char *template_text(const struct template *t)
{
    return t->text;
}

const char *template_hash(const struct template *t)
{
    return t->hash;
}

/* Length of the character at p that must not stand in a line: C0 and C1 controls, DEL, line and
 * paragraph separators, marks that turn the writing direction; 0 when it may stand. */
static size_t unsafe(const unsigned char *p)
{
    if (p[0] < 0x20 || p[0] == 0x7f)
        return 1;
    if (p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
        return 2;
    if (p[0] == 0xe2 && p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
        return 3;
    if (p[0] == 0xe2 && p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)
        return 3;
    return 0;
}

static void add_clean(struct buf *out, const char *value)
{
    bool valid = utf8_valid(value, strlen(value));
    for (const char *p = value, *from = p; *p; from = p) {
        while (*p && !unsafe((const unsigned char *)p) && (valid || (unsigned char)*p < 0x80))
            p++;
        buf_add(out, from, (size_t)(p - from));
        size_t skip = *p ? unsafe((const unsigned char *)p) : 0;
        if (*p)
            buf_addc(out, skip ? ' ' : '?');
        p += skip ? skip : *p != '\0';
    }
}

static void add_value(struct buf *out, const char *value, enum channel channel)
{
    struct buf clean = BUF_INIT;
    if (channel != CHANNEL_SMS) {
        add_clean(out, value);
        return;
    }
    add_clean(&clean, value);
    gsm_transliterate(out, buf_str(&clean));
    buf_release(&clean);
}

/* The one value of several lines: each is cleaned for itself. */
static void add_lines(struct buf *out, const char *value, enum channel channel)
{
    for (;;) {
        size_t n = strcspn(value, "\n");
        char *line = xstrndup(value, n);
        add_value(out, line, channel);
        free(line);
        if (!value[n])
            return;
        buf_addc(out, '\n');
        value += n + 1;
    }
}

bool template_asks(const struct template *t, enum template_key key)
{
    return t->asked >> key & 1;
}

static const char *value_of(const struct template_values *values, enum template_key key)
{
    return values->value[key] ? values->value[key] : "";
}

/* The index of the PART_BREAK that ends the line; *torn: it has keys and all are empty. */
static size_t line_end(const struct template *t, size_t i, const struct template_values *values,
                       bool *torn)
{
    size_t keys = 0, filled = 0;
    for (; t->part[i].kind != PART_BREAK; i++) {
        if (t->part[i].kind != PART_KEY)
            continue;
        keys++;
        filled += !str_empty(value_of(values, t->part[i].key));
    }
    *torn = keys > 0 && filled == 0;
    return i;
}

/* What may have several lines. */
static bool is_block(enum template_key key)
{
    return key == KEY_ANSWERS || key == KEY_LINES;
}

void template_render(const struct template *t, const struct template_values *values,
                     struct buf *subject, struct buf *body)
{
    if (subject)
        buf_puts(subject, t->subject);
    size_t from = body->len;
    bool after_torn = false;
    for (size_t i = 0; i < t->parts;) {
        bool torn;
        size_t end = line_end(t, i, values, &torn);
        bool blank = i == end;
        /* A line left out between two empty ones must not leave both. */
        bool gap = body->len == from || str_ends(buf_str(body), "\n\n");
        if (!torn && !(blank && after_torn && gap)) {
            for (; i < end; i++) {
                if (t->part[i].kind == PART_KEY && is_block(t->part[i].key))
                    add_lines(body, value_of(values, t->part[i].key), t->channel);
                else if (t->part[i].kind == PART_KEY)
                    add_value(body, value_of(values, t->part[i].key), t->channel);
                else
                    buf_puts(body, t->part[i].text);
            }
            buf_addc(body, '\n');
        }
        after_torn = torn || (after_torn && blank);
        i = end + 1;
    }
    while (t->channel == CHANNEL_SMS && body->len > from && body->data[body->len - 1] == '\n')
        body->data[--body->len] = '\0';
}
