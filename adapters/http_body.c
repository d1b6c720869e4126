/*
 * HTTP patterns and answers: see http_body.h. Nothing here knows curl or a gateway.
 */
#include "http_body.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/json.h"
#include "../daemon/util.h"

enum { CODE_MIN = 100, CODE_MAX = 599 };

/* Bytes at the beginning that stand for themselves (RFC 3986 2.3). */
static size_t unreserved_run(const char *text)
{
    const char *p = text;
    while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
           *p == '-' || *p == '.' || *p == '_' || *p == '~')
        p++;
    return (size_t)(p - text);
}

static void escape_percent(struct buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    for (const char *p = text; *p; p++) {
        size_t plain = unreserved_run(p);
        buf_add(out, p, plain);
        p += plain;
        if (!*p)
            return;
        const unsigned char c = (unsigned char)*p;
        const char escaped[] = {'%', hex[c >> 4], hex[c & 15]};
        buf_add(out, escaped, sizeof escaped);
    }
}

static void escape_json(struct buf *out, const char *text)
{
    struct buf quoted = BUF_INIT;
    json_put_text(&quoted, text);
    buf_add(out, quoted.data + 1, quoted.len - 2);
    buf_wipe(&quoted);
}

void http_escape(struct buf *out, const char *text, enum http_escape escape)
{
    switch (escape) {
    case HTTP_PLAIN:
        buf_puts(out, text);
        break;
    case HTTP_PERCENT:
        escape_percent(out, text);
        break;
    case HTTP_JSON:
        escape_json(out, text);
        break;
    }
}

/* Length of the placeholder that starts at p, braces included; 0 when none does. */
static size_t placeholder(const char *p)
{
    size_t n = *p == '{' ? strspn(p + 1, "abcdefghijklmnopqrstuvwxyz_") : 0;
    return n > 0 && p[n + 1] == '}' ? n + 2 : 0;
}

static const struct http_value *value_of(const struct http_value *values, const char *p, size_t len)
{
    for (; values->name; values++)
        if (strlen(values->name) == len - 2 && strncmp(values->name, p + 1, len - 2) == 0)
            return values;
    return NULL;
}

void http_fill(struct buf *out, const char *pattern, const struct http_value *values,
               enum http_escape escape)
{
    for (const char *p = pattern; *p;) {
        size_t n = placeholder(p), plain = n ? n : 1 + strcspn(p + 1, "{");
        const struct http_value *value = n ? value_of(values, p, n) : NULL;
        if (value)
            http_escape(out, value->value, escape);
        else
            buf_add(out, p, plain);
        p += plain;
    }
}

bool http_lacks(const char *pattern, const struct http_value *values)
{
    for (const char *p = pattern; *p; p++) {
        size_t n = placeholder(p);
        const struct http_value *value = n ? value_of(values, p, n) : NULL;
        if (value && str_empty(value->value))
            return true;
    }
    return false;
}

int http_check_pattern(const char *pattern, const struct http_value *values, struct buf *err)
{
    for (const char *p = pattern; *p; p++) {
        size_t n = placeholder(p);
        if (n == 0 || value_of(values, p, n))
            continue;
        buf_printf(err, "%.*s is no placeholder here; there are", (int)n, p);
        for (; values->name; values++)
            buf_printf(err, " {%s}", values->name);
        return -1;
    }
    return 0;
}

/* Reads one "200" or "500-599" at *set and moves behind it; false when it is malformed. */
static bool next_range(const char **set, int64_t *from, int64_t *to)
{
    char word[8] = "";
    size_t n = strcspn(*set, " ");
    if (n == 0 || n >= sizeof word)
        return false;
    memcpy(word, *set, n);
    *set += n;
    char *dash = strchr(word, '-');
    if (dash)
        *dash = '\0';
    return int_parse(word, CODE_MIN, CODE_MAX, from) &&
           int_parse(dash ? dash + 1 : word, CODE_MIN, CODE_MAX, to) && *from <= *to;
}

bool http_codes_have(const char *set, long code)
{
    int64_t from, to;
    for (set += strspn(set, " "); *set; set += strspn(set, " ")) {
        if (!next_range(&set, &from, &to))
            return false;
        if (code >= from && code <= to)
            return true;
    }
    return false;
}

int http_check_codes(const char *set, struct buf *err)
{
    int64_t from, to;
    for (const char *p = set + strspn(set, " "); *p; p += strspn(p, " "))
        if (!next_range(&p, &from, &to)) {
            buf_printf(err, "\"%s\" is no list of HTTP codes; write \"200 202\" or \"500-599\"",
                       set);
            return -1;
        }
    return 0;
}

bool http_words_have(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (words += strspn(words, " "); *words; words += strspn(words, " ")) {
        size_t n = strcspn(words, " ");
        if (n == len && memcmp(words, word, n) == 0)
            return true;
        words += n;
    }
    return false;
}

/* One reference token of a JSON pointer, unescaped (RFC 6901 section 4); moves *p behind it. */
static bool next_token(const char **p, char *token, size_t size)
{
    size_t n = 0;
    for (++*p; **p && **p != '/'; ++*p) {
        char c = **p;
        if (c == '~') {
            ++*p;
            if (**p != '0' && **p != '1')
                return false;
            c = **p == '0' ? '~' : '/';
        }
        if (n + 1 >= size)
            return false;
        token[n++] = c;
    }
    token[n] = '\0';
    return true;
}

static const struct json *step_into(const struct json *at, const char *token)
{
    int64_t index;
    if (json_kind(at) == JSON_IS_OBJECT)
        return json_get(at, token);
    if (json_kind(at) != JSON_IS_LIST || !int_parse(token, 0, INT32_MAX, &index) ||
        (size_t)index >= json_count(at))
        return NULL;
    return json_at(at, (size_t)index);
}

bool http_pointer(struct buf *out, const struct json *root, const char *pointer)
{
    char token[64];
    const struct json *at = root;
    while (at && *pointer) {
        if (*pointer != '/' || !next_token(&pointer, token, sizeof token))
            return false;
        at = step_into(at, token);
    }
    if (!at)
        return false;
    switch (json_kind(at)) {
    case JSON_IS_TEXT:
        buf_puts(out, json_text(at));
        return true;
    case JSON_IS_INT:
        buf_printf(out, "%" PRId64, json_int(at));
        return true;
    case JSON_IS_BOOL:
        buf_puts(out, json_bool(at) ? "true" : "false");
        return true;
    case JSON_IS_NULL:
    case JSON_IS_REAL:
    case JSON_IS_LIST:
    case JSON_IS_OBJECT:
        return false;
    }
    return false;
}

bool http_match(struct buf *out, const regex_t *expression, const char *text)
{
    regmatch_t match[HTTP_GROUPS + 1];
    if (regexec(expression, text, COUNT_OF(match), match, 0) != 0)
        return false;
    const regmatch_t *m = &match[0];
    for (size_t i = COUNT_OF(match) - 1; i > 0; i--)
        if (match[i].rm_so >= 0)
            m = &match[i];
    buf_add(out, text + m->rm_so, (size_t)(m->rm_eo - m->rm_so));
    return true;
}
