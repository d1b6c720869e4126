/*
 * GSM 03.38 default alphabet (3GPP TS 23.038), for SMS: what fits, and how long. Pure.
 */
#ifndef GSM_H
#define GSM_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum { GSM_ONE_PART = 160 }; /* septets of an SMS that needs no concatenation */

/* Septets that the UTF-8 text needs (extension characters count two), or -1 when a character is
 * not in the alphabet; then *bad is its byte offset (bad may be NULL). */
long gsm_septets(const char *utf8, size_t *bad);

/* Appends the text with typographic characters replaced by what the alphabet has: „ “ ” ‚ ‘ ’ to
 * " and ', – — to -, … to ..., non-breaking spaces to spaces, ẞ to SS. Others stay. */
void gsm_transliterate(struct buf *out, const char *utf8);

#endif
