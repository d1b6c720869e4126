/*
 * GSM 03.38 default alphabet (3GPP TS 23.038), for SMS: what fits, how long it is, and in how many
 * parts it leaves (3GPP TS 23.040, concatenation with an 8-bit reference). Pure.
 */
#ifndef GSM_H
#define GSM_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum {
    GSM_ONE_PART = 160, /* septets of an SMS that needs no concatenation */
    GSM_OF_MANY = 153,  /* septets of each of several parts: 7 are its header */
    UCS2_ONE_PART = 70, /* 16-bit units */
    UCS2_OF_MANY = 67
};

enum gsm_encoding { GSM_7BIT, GSM_UCS2 };

/* What a text is as an SMS. */
struct gsm_size {
    enum gsm_encoding encoding;
    long units; /* septets (extension characters count two), or 16-bit units (surrogate pairs two)
                 */
    long parts; /* at least 1; a character of two units is never split between two parts */
    long room;  /* units that one part holds: 160, 153, 70 or 67 */
};

/* "GSM-7", "UCS-2" */
const char *gsm_encoding_name(enum gsm_encoding encoding);

/* Septets that the UTF-8 text needs (extension characters count two), or -1 when a character is
 * not in the alphabet; then *bad is its byte offset (bad may be NULL). */
long gsm_septets(const char *utf8, size_t *bad);

/* Measures a text as it is. Malformed bytes count as one UCS-2 unit each. */
void gsm_measure(struct gsm_size *size, const char *utf8);

/* Calls each() for every character of the text that forces UCS-2, in order, repeats too: its bytes,
 * their number, and which character of the text it is (from 1). */
void gsm_each_foreign(const char *utf8, void *context,
                      void (*each)(void *context, const char *bytes, size_t len, size_t place));

/* Appends the text with what the alphabet does not have replaced by what it does, as far as a
 * reader would not mind: typographic quotes, dashes, dots and spaces; letters with marks that the
 * alphabet lacks by their base letter (ł to l, ç to c, but ä é ñ å stay); ẞ to SS; marks that stand
 * behind their letter are joined with it. What has no such likeness (other scripts, emoji) stays.
 */
void gsm_transliterate(struct buf *out, const char *utf8);

/* The same, and what still is not in the alphabet becomes "?": the result always is GSM-7. */
void gsm_force(struct buf *out, const char *utf8);

#endif
