/*
 * What an HTTP gateway is sent and what it answers: patterns with placeholders, JSON pointers, sets
 * of codes and words, regular expressions. Pure.
 *
 * A placeholder is {name}, letters a-z and _ only; every other brace stands for itself, so that a
 * JSON text can be a pattern. A pattern is filled in one pass: what a value brings with it is never
 * expanded again.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct buf;
struct json;

enum http_escape {
    HTTP_PLAIN,   /* text body, header */
    HTTP_PERCENT, /* query and form: all but the unreserved characters of RFC 3986 */
    HTTP_JSON     /* inside a JSON string */
};

struct http_value {
    const char *name; /* of the placeholder; NULL ends the list */
    const char *value;
};

/* Appends text escaped. */
void http_escape(struct buf *out, const char *text, enum http_escape escape);

/* Appends the pattern with its placeholders replaced, values escaped. A placeholder that the list
 * does not have stands for itself (http_check_pattern() has refused it at load time). */
void http_fill(struct buf *out, const char *pattern, const struct http_value *values,
               enum http_escape escape);

/* 0 when the list has every placeholder of the pattern; else -1 and a sentence that lists them. */
int http_check_pattern(const char *pattern, const struct http_value *values, struct buf *err);

/* Sets of HTTP codes: "200 202", "408 429 500-599". */
bool http_codes_have(const char *set, long code);
int http_check_codes(const char *set, struct buf *err);

/* True when the words, separated by spaces, have this one. The empty word is in no set. */
bool http_words_have(const char *words, const char *word);

/* Appends the scalar at a JSON pointer (RFC 6901) as text; false when there is none. */
bool http_pointer(struct buf *out, const struct json *root, const char *pointer);

/* True when a placeholder of the pattern has no value; one that the list does not have is none. */
bool http_lacks(const char *pattern, const struct http_value *values);

/* Appends the first group of the expression that took part in the match, or the whole match when
 * none did; false when it does not match. At most HTTP_GROUPS groups are looked at. */
enum { HTTP_GROUPS = 4 };
bool http_match(struct buf *out, const regex_t *expression, const char *text);

#endif
