/*
 * What `stafetted --check` warns of in the meetings of the configuration: sessions that collide for
 * a unit that belongs to both (BI4), and series that leave out school holidays in years of which
 * the file of school holidays knows nothing. Warnings only: both may be wanted. Pure.
 */
#ifndef MEETING_CHECK_H
#define MEETING_CHECK_H

#include <stdint.h>

struct conf_faults;
struct config;

enum { MEETING_CHECK_DAYS = 400, MEETING_CHECK_SHOWN = 3 };

/* Looks at the sessions of the next MEETING_CHECK_DAYS days from now_ms on; "file:line: warning:
 * ..." for each pair of meetings that collide, with the first MEETING_CHECK_SHOWN times, and for
 * each series of which the school holidays are not known. */
void meeting_check(const struct config *config, int64_t now_ms, struct conf_faults *faults);

#endif
