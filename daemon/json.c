/*
 * JSON: see json.h. The depth limit is checked by a scan before parsing, because jansson's own
 * limit is fixed at 2048.
 */
#include "json.h"

#include <jansson.h>
#include <string.h>

#include "buf.h"
#include "util.h"

enum { DEPTH_MAX = 32 };

void json_start(void)
{
    json_object_seed(0);
}

static const json_t *in(const struct json *value)
{
    return (const json_t *)(const void *)value;
}

static const struct json *out_of(const json_t *value)
{
    return (const struct json *)(const void *)value;
}

/* True when the brackets outside strings never nest deeper than allowed; otherwise the place. */
static bool shallow(const char *bytes, size_t len, struct json_place *where)
{
    int depth = 0;
    bool quoted = false;
    where->line = 1;
    where->column = 0;
    for (size_t i = 0; i < len; i++, where->column++) {
        char c = bytes[i];
        if (c == '\n') {
            where->line++;
            where->column = 0;
        } else if (quoted && c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && (c == '{' || c == '[') && ++depth > DEPTH_MAX) {
            return false;
        } else if (!quoted && (c == '}' || c == ']')) {
            depth--;
        }
    }
    return true;
}

struct json *json_read(const char *bytes, size_t len, struct json_place *where)
{
    json_error_t error;
    if (!shallow(bytes, len, where))
        return NULL;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (!root) {
        where->line = error.line > 0 ? error.line : 1;
        where->column = error.column > 0 ? error.column : 0;
    }
    return (struct json *)(void *)root;
}

void json_free(struct json *root)
{
    json_decref((json_t *)(void *)root);
}

enum json_kind json_kind(const struct json *value)
{
    switch (json_typeof(in(value))) {
    case JSON_OBJECT:
        return JSON_IS_OBJECT;
    case JSON_ARRAY:
        return JSON_IS_LIST;
    case JSON_STRING:
        return JSON_IS_TEXT;
    case JSON_INTEGER:
        return JSON_IS_INT;
    case JSON_REAL:
        return JSON_IS_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_IS_BOOL;
    case JSON_NULL:
        break;
    }
    return JSON_IS_NULL;
}

const struct json *json_get(const struct json *object, const char *name)
{
    return out_of(json_object_get(in(object), name));
}

const char *json_text(const struct json *value)
{
    const char *text = json_string_value(in(value));
    return text ? text : "";
}

int64_t json_int(const struct json *value)
{
    return json_integer_value(in(value));
}

bool json_bool(const struct json *value)
{
    return json_is_true(in(value));
}

size_t json_count(const struct json *value)
{
    return json_is_array(in(value)) ? json_array_size(in(value)) : json_object_size(in(value));
}

const struct json *json_at(const struct json *list, size_t i)
{
    return out_of(json_array_get(in(list), i));
}

void *json_first(const struct json *object)
{
    return json_object_iter((json_t *)(void *)(uintptr_t)object);
}

void *json_next(const struct json *object, void *member)
{
    return json_object_iter_next((json_t *)(void *)(uintptr_t)object, member);
}

const char *json_name(void *member)
{
    return json_object_iter_key(member);
}

const struct json *json_value(void *member)
{
    return out_of(json_object_iter_value(member));
}

void json_put_text(struct buf *out, const char *text)
{
    buf_addc(out, '"');
    for (const char *p = text; *p;) {
        size_t plain = 0;
        while (p[plain] && (unsigned char)p[plain] >= ' ' && p[plain] != '"' && p[plain] != '\\')
            plain++;
        buf_add(out, p, plain);
        p += plain;
        if (!*p)
            break;
        if (*p == '"' || *p == '\\')
            buf_printf(out, "\\%c", *p);
        else
            buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*p);
        p++;
    }
    buf_addc(out, '"');
}

void json_comma(struct buf *out)
{
    char last = out->len ? out->data[out->len - 1] : '{';
    if (last != '{' && last != '[' && last != ':')
        buf_addc(out, ',');
}

void json_put_name(struct buf *out, const char *name)
{
    json_comma(out);
    json_put_text(out, name);
    buf_addc(out, ':');
}

void json_member_text(struct buf *out, const char *name, const char *text)
{
    json_put_name(out, name);
    json_put_text(out, text);
}

void json_member_int(struct buf *out, const char *name, int64_t value)
{
    json_put_name(out, name);
    buf_printf(out, "%lld", (long long)value);
}

void json_member_bool(struct buf *out, const char *name, bool value)
{
    json_put_name(out, name);
    buf_puts(out, value ? "true" : "false");
}

void json_member_time(struct buf *out, const char *name, int64_t at_ms)
{
    if (!at_ms)
        return;
    json_put_name(out, name);
    buf_addc(out, '"');
    time_utc(out, at_ms);
    buf_addc(out, '"');
}
