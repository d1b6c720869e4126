/*
 * What the parts of ical.c share: times as iCalendar writes them, in the forms that more than one
 * of them reads. Pure.
 */
#ifndef ICAL_PARTS_H
#define ICAL_PARTS_H

#include <stdbool.h>
#include <stdint.h>

/* "20271231", "20271231T225959" (wall time) or "20271231T225959Z" (UTC) -> wall seconds in Berlin.
 * A day alone is meant to its last second. False when malformed or no real date. */
bool ical_until_parse(const char *text, int64_t *until_s);

#endif
