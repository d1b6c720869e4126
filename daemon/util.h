/*
 * Small helpers that every part may use: memory that cannot fail, texts, times, durations.
 *
 * Times are int64_t milliseconds since 1970-01-01T00:00:00Z (name: *_ms); lengths of time carry
 * their unit in the name (delay_s, timeout_ms). Nothing here reads the clock but util_wall_ms()
 * and util_monotonic_ms(), which only main.c, loop.c and carriers' timeouts may call.
 */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Memory, or the end of the process: a gateway without memory is restarted; the store is the
 * truth. The result is the caller's to free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t len);

/* Makes room for one more element in a growing array of `size`-byte elements: returns p, moved
 * if need be, with *cap raised. Use: a = grow(a, n, &cap, sizeof *a). */
void *grow(void *p, size_t n, size_t *cap, size_t size);

bool str_eq(const char *a, const char *b);
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
bool str_empty(const char *text);

/* Copies text into a fixed field of `size` bytes; false when it does not fit (dst is then ""). */
bool str_copy(char *dst, size_t size, const char *text);

/* Edit distance of two short texts, at most `limit` + 1; for "did you mean". */
unsigned str_distance(const char *a, const char *b, unsigned limit);

/* True when the bytes are well-formed UTF-8 without NUL (RFC 3629). */
bool utf8_valid(const char *bytes, size_t len);

/* RFC 3339 date-time with offset, e.g. 2026-11-20T09:14:03+01:00 -> ms. False when malformed or
 * not a real date. A leap second counts as the second before it. */
bool time_parse(const char *text, int64_t *at_ms);

/* YYYY-MM-DD -> days since 1970-01-01; false when malformed or not a real date. */
bool date_parse(const char *text, int64_t *day);

/* "06:30" -> seconds of the day; false when malformed or not a time before 24:00. */
bool time_of_day_parse(const char *text, int *second_of_day);

/* Days since 1970-01-01 of a proleptic Gregorian date, and back (month 1-12, mday 1-31). */
int64_t day_of(int year, int month, int mday);
void day_split(int64_t day, int *year, int *month, int *mday);

/* Monday = 0 ... Sunday = 6. */
int day_weekday(int64_t day);

/* Appends UTC as 2026-11-20T08:14:03.000Z, or local wall time of Europe/Berlin as
 * 2026-11-20T09:14:03+01:00, or for people "Fr 20.11.2026 09:14". */
void time_utc(struct buf *out, int64_t at_ms);
void time_local(struct buf *out, int64_t at_ms);
void time_german(struct buf *out, int64_t at_ms);

/* Appends a day for people: "Fr 20.11.2026". */
void day_german(struct buf *out, int64_t day);

/* Seconds that Europe/Berlin is ahead of UTC at a moment (3600 or 7200; EU rule since 1996). */
int berlin_offset_s(int64_t at_ms);

/* Local wall time of Europe/Berlin -> ms. A time in the spring gap is read with the offset before
 * the gap, one in the autumn fold as the first of the two (RFC 5545 3.3.5). */
int64_t berlin_to_ms(int64_t day, int second_of_day);

/* The day of the calendar in Europe/Berlin on which a moment falls. */
int64_t berlin_day(int64_t at_ms);

/* "15m", "2h", "3d", "1w", "250ms", "90s" -> ms; a bare "0" is allowed. False when malformed,
 * negative or over 100 years. */
bool duration_parse(const char *text, int64_t *length_ms);

/* "5 MB", "64 KB", "512" -> bytes (powers of 1024); false when malformed or over 1 TB. */
bool size_parse(const char *text, int64_t *bytes);

/* Whole text as a decimal number within [min, max]; false otherwise. */
bool int_parse(const char *text, int64_t min, int64_t max, int64_t *value);

int64_t util_wall_ms(void);
int64_t util_monotonic_ms(void);

#endif
