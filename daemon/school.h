/*
 * School holidays of the Länder: data that cannot be computed (DOMAIN 6), read from a file of lines
 * "<Land> <first day> <last day> <name>", with # comments. They only matter to series that leave
 * them out. A year that the file does not know is a warning, never a failure.
 */
#ifndef SCHOOL_H
#define SCHOOL_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct conf_faults;
struct school;

/* NULL when the file cannot be read or is malformed; each fault "file:line: ..." goes to faults. */
struct school *school_load(const char *path, struct conf_faults *faults);
void school_free(struct school *school);

/* True when `day` lies in school holidays of the calendar key's Land ("NW", "BY+mh" is BY). NULL:
 * none are known. */
bool school_is_holiday(const struct school *school, const char *calendar, int64_t day);

/* True when the file says anything of that Land in the year of the day. */
bool school_knows(const struct school *school, const char *calendar, int64_t day);

#endif
