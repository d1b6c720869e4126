/*
 * Form fields: see http_form.h. "+" is a blank in fields and a plus in paths. Keeps the first of
 * repeated names, so that what is appended to a link cannot replace what stands in it.
 */
#include "http_form.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "util.h"

enum { FIELDS_MAX = 200 };

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Appends the decoded bytes; false when an escape is malformed or the result is no clean text.
 * Line breaks are allowed in fields (a text area sends them), never in paths. */
static bool decode(struct buf *out, const char *bytes, size_t len, bool field)
{
    for (size_t i = 0; i < len; i++) {
        char c = bytes[i];
        if (c == '%') {
            int high = len - i > 2 ? hex_value(bytes[i + 1]) : -1;
            int low = len - i > 2 ? hex_value(bytes[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && field) {
            c = ' ';
        }
        bool line_break = field && (c == '\n' || c == '\r' || c == '\t');
        if ((unsigned char)c < 0x20 && !line_break)
            return false;
        buf_addc(out, c);
    }
    return utf8_valid(buf_str(out), out->len);
}

static bool read_field(struct http_form *form, const char *bytes, size_t len)
{
    struct buf name = BUF_INIT, value = BUF_INIT;
    const char *equals = memchr(bytes, '=', len);
    size_t name_len = equals ? (size_t)(equals - bytes) : len;
    bool good = decode(&name, bytes, name_len, false) &&
                (!equals || decode(&value, equals + 1, len - name_len - 1, true));
    if (good) {
        /* The capacity is even, so that room for one is room for two. */
        form->text = grow(form->text, form->texts, &form->cap, sizeof *form->text);
        form->text[form->texts++] = xstrdup(buf_str(&name));
        form->text[form->texts++] = xstrdup(buf_str(&value));
    }
    buf_wipe(&name);
    buf_wipe(&value);
    return good;
}

bool http_form_read(struct http_form *form, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    while (bytes < end) {
        const char *amp = memchr(bytes, '&', (size_t)(end - bytes));
        size_t n = amp ? (size_t)(amp - bytes) : (size_t)(end - bytes);
        if (n > 0 && (form->texts >= 2 * FIELDS_MAX || !read_field(form, bytes, n)))
            return false;
        bytes += n + 1;
    }
    return true;
}

const char *http_form_get(const struct http_form *form, const char *name)
{
    for (size_t i = 0; i < form->texts; i += 2)
        if (str_eq(form->text[i], name))
            return form->text[i + 1];
    return "";
}

void http_form_release(struct http_form *form)
{
    for (size_t i = 0; i < form->texts; i++)
        free(form->text[i]);
    free(form->text);
    *form = (struct http_form){0};
}

bool http_form_clean_path(const char *path, size_t len)
{
    struct buf out = BUF_INIT;
    bool clean = len > 0 && path[0] == '/' && decode(&out, path, len, false);
    buf_release(&out);
    return clean;
}
