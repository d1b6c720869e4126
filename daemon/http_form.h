/*
 * application/x-www-form-urlencoded: query strings and form bodies. Pure. Malformed escapes, %00,
 * control characters in names and bytes that are no UTF-8 are refused, never repaired.
 */
#ifndef HTTP_FORM_H
#define HTTP_FORM_H

#include <stdbool.h>
#include <stddef.h>

struct http_form {
    char **text; /* name, value, name, value ...; decoded */
    size_t texts;
    size_t cap;
};

/* Adds the fields of "a=1&b=2" to the form; false when one is malformed or there are over 200. */
bool http_form_read(struct http_form *form, const char *bytes, size_t len);

/* The first field of that name; "" when absent. */
const char *http_form_get(const struct http_form *form, const char *name);
void http_form_release(struct http_form *form);

/* True when every % of a path starts a well-formed escape and the decoded path is clean UTF-8. */
bool http_form_clean_path(const char *path, size_t len);

#endif
