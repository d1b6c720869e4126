/*
 * What the parts of ical.c share: times as iCalendar writes them, in the forms that more than one
 * of them reads. Pure.
 */
#ifndef ICAL_PARTS_H
#define ICAL_PARTS_H

#include <stdbool.h>
#include <stdint.h>

enum ical_form {
    ICAL_FORM_DATE, /* "20271231" */
    ICAL_FORM_WALL, /* "20271231T225959" */
    ICAL_FORM_UTC   /* "20271231T225959Z" */
};

/* Seconds since 1970 as they are written, of a day its first one. False when malformed or no real
 * date. */
bool ical_time_parse(const char *text, int64_t *seconds, enum ical_form *form);

/* What the clock in Berlin shows at a moment: UTC seconds -> wall seconds, and back. */
int64_t ical_wall_s(int64_t utc_s);
int64_t ical_utc_s(int64_t wall_s);

/* Where the UNTIL of a rule ends, in wall seconds; a day alone is meant to its last second. */
bool ical_until_parse(const char *text, int64_t *until_s);

#endif
