/*
 * Tables and lists: see ctl_print.h. Columns are as wide as their widest cell, counted in
 * characters of UTF-8; the last one is not padded. Control characters of an answer are shown as
 * "?", so that nothing in it can steer a terminal.
 */
#include "ctl_print.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "util.h"

enum { COLUMNS_MAX = 24, GAP = 2 };

static size_t width(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void put_spaces(struct buf *out, size_t n)
{
    for (; n > 0; n--)
        buf_addc(out, ' ');
}

static void put_text(struct buf *out, const char *text)
{
    int64_t at_ms;
    if (time_parse(text, &at_ms)) {
        time_local(out, at_ms);
        return;
    }
    for (; *text; text++)
        buf_addc(out, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

/* A value on one line. */
static void put_cell(struct buf *out, const struct json *value)
{
    if (!value) {
        buf_addc(out, '-');
        return;
    }
    switch (json_kind(value)) {
    case JSON_IS_NULL:
    case JSON_IS_REAL:
        buf_addc(out, '-');
        break;
    case JSON_IS_BOOL:
        buf_puts(out, json_bool(value) ? "yes" : "no");
        break;
    case JSON_IS_INT:
        buf_printf(out, "%lld", (long long)json_int(value));
        break;
    case JSON_IS_TEXT:
        put_text(out, str_empty(json_text(value)) ? "-" : json_text(value));
        break;
    case JSON_IS_LIST:
        for (size_t i = 0; i < json_count(value); i++) {
            buf_puts(out, i ? ", " : "");
            put_cell(out, json_at(value, i));
        }
        break;
    case JSON_IS_OBJECT:
        for (void *m = json_first(value); m; m = json_next(value, m)) {
            buf_printf(out, "%s%s=", m == json_first(value) ? "" : " ", json_name(m));
            put_cell(out, json_value(m));
        }
        break;
    }
}

struct column {
    const char *name;
    size_t width;
};

/* All names that occur in the rows, in the order of their first appearance. */
static size_t find_columns(struct column *column, const struct json *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < json_count(rows); i++) {
        const struct json *row = json_at(rows, i);
        for (void *m = json_first(row); m; m = json_next(row, m)) {
            size_t k = 0;
            while (k < n && !str_eq(column[k].name, json_name(m)))
                k++;
            if (k == n && n < COLUMNS_MAX)
                column[n++] = (struct column){json_name(m), width(json_name(m))};
        }
    }
    return n;
}

static void measure(struct column *column, size_t n, const struct json *rows)
{
    struct buf cell = BUF_INIT;
    for (size_t i = 0; i < json_count(rows); i++) {
        for (size_t k = 0; k < n; k++) {
            buf_reset(&cell);
            put_cell(&cell, json_get(json_at(rows, i), column[k].name));
            if (width(buf_str(&cell)) > column[k].width)
                column[k].width = width(buf_str(&cell));
        }
    }
    buf_release(&cell);
}

static void put_row(struct buf *out, const struct column *column, size_t n, const struct json *row)
{
    struct buf cell = BUF_INIT;
    for (size_t k = 0; k < n; k++) {
        buf_reset(&cell);
        if (row)
            put_cell(&cell, json_get(row, column[k].name));
        else
            buf_puts(&cell, column[k].name);
        buf_puts(out, buf_str(&cell));
        if (k + 1 < n)
            put_spaces(out, column[k].width - width(buf_str(&cell)) + GAP);
    }
    buf_addc(out, '\n');
    buf_release(&cell);
}

static void put_list(struct buf *out, const struct json *list, const char *empty)
{
    struct column column[COLUMNS_MAX];
    size_t n = find_columns(column, list);
    if (json_count(list) == 0) {
        if (!str_empty(empty))
            buf_printf(out, "%s\n", empty);
        return;
    }
    if (n == 0) {
        for (size_t i = 0; i < json_count(list); i++) {
            put_cell(out, json_at(list, i));
            buf_addc(out, '\n');
        }
        return;
    }
    measure(column, n, list);
    put_row(out, column, n, NULL);
    for (size_t i = 0; i < json_count(list); i++)
        put_row(out, column, n, json_at(list, i));
}

static bool is_nested(const struct json *value)
{
    enum json_kind kind = json_kind(value);
    if (kind == JSON_IS_OBJECT)
        return true;
    return kind == JSON_IS_LIST && json_count(value) > 0 &&
           json_kind(json_at(value, 0)) == JSON_IS_OBJECT;
}

static void put_object(struct buf *out, const struct json *object)
{
    size_t widest = 0;
    for (void *m = json_first(object); m; m = json_next(object, m))
        if (!is_nested(json_value(m)) && width(json_name(m)) > widest)
            widest = width(json_name(m));
    for (void *m = json_first(object); m; m = json_next(object, m)) {
        if (is_nested(json_value(m)))
            continue;
        buf_printf(out, "%s:", json_name(m));
        put_spaces(out, widest - width(json_name(m)) + 1);
        put_cell(out, json_value(m));
        buf_addc(out, '\n');
    }
    for (void *m = json_first(object); m; m = json_next(object, m)) {
        if (!is_nested(json_value(m)))
            continue;
        buf_printf(out, "\n%s\n", json_name(m));
        ctl_print(out, json_value(m), "");
    }
}

void ctl_print(struct buf *out, const struct json *value, const char *empty)
{
    enum json_kind kind = json_kind(value);
    if (kind == JSON_IS_LIST) {
        put_list(out, value, empty);
    } else if (kind == JSON_IS_OBJECT) {
        put_object(out, value);
    } else {
        put_cell(out, value);
        buf_addc(out, '\n');
    }
}
