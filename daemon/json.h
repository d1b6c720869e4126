/*
 * JSON (RFC 8259): strict reading, by the one part that knows jansson, and plain writing.
 *
 * Reading refuses duplicate names, invalid UTF-8, NUL in strings, numbers out of range, nesting
 * over 32 levels, and anything after the value. Texts of the parser never leave this part, because
 * they can quote the input; callers learn line and column.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct json; /* a value; one handle, the root, owns all below it */

enum json_kind {
    JSON_IS_NULL,
    JSON_IS_BOOL,
    JSON_IS_INT,
    JSON_IS_REAL,
    JSON_IS_TEXT,
    JSON_IS_LIST,
    JSON_IS_OBJECT
};

struct json_place {
    int line;   /* from 1 */
    int column; /* from 0, in characters */
};

/* Call once before threads start. */
void json_start(void);

/* The root of a parsed text, to be freed by json_free(); NULL with *where set when the text is
 * not strict JSON. */
struct json *json_read(const char *bytes, size_t len, struct json_place *where);
void json_free(struct json *root);

enum json_kind json_kind(const struct json *value);

/* A member of an object, NULL when absent or when `object` is no object. Borrowed from the root. */
const struct json *json_get(const struct json *object, const char *name);

/* Contents; "" / 0 / false when the value is NULL or of another type. Borrowed from the root. */
const char *json_text(const struct json *value);
int64_t json_int(const struct json *value);
bool json_bool(const struct json *value);

size_t json_count(const struct json *list_or_object);
const struct json *json_at(const struct json *list, size_t i);

/* Walks an object's members in the order of the input:
 *     for (void *i = json_first(o); i; i = json_next(o, i)) use(json_name(i), json_value(i)); */
void *json_first(const struct json *object);
void *json_next(const struct json *object, void *member);
const char *json_name(void *member);
const struct json *json_value(void *member);

/* Writing: append a quoted string; append `"name":` with a comma where one is needed (when the
 * text does not end in '{' or '['); append a whole member. */
void json_put_text(struct buf *out, const char *text);
void json_put_name(struct buf *out, const char *name);
void json_member_text(struct buf *out, const char *name, const char *text);
void json_member_int(struct buf *out, const char *name, int64_t value);
void json_member_bool(struct buf *out, const char *name, bool value);

/* The member as an RFC 3339 UTC time; left out when at_ms is 0. */
void json_member_time(struct buf *out, const char *name, int64_t at_ms);

/* A comma unless the text ends in '{', '[' or ':'. */
void json_comma(struct buf *out);

#endif
