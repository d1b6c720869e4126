/*
 * School holidays of the Länder: data that cannot be computed (DOMAIN 6), read from a file of lines
 * "<Land> <first day> <last day> <name>", both days included, with # comments. They only matter to
 * series that leave them out. A year that the file does not know is a warning, never a failure.
 */
#ifndef SCHOOL_H
#define SCHOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conf_faults;
struct school;

enum {
    SCHOOL_FILE_MAX = 1024 * 1024, /* bytes */
    SCHOOL_LINES_MAX = 10000,
    SCHOOL_DAYS_MAX = 100, /* of one holiday */
    SCHOOL_NAME_MAX = 60,  /* bytes of its name */
    SCHOOL_GAP_DAYS = 183  /* more days between two holidays: something is missing */
};

/* NULL when the file cannot be read or is malformed; each fault "file:line: ..." goes to faults. */
struct school *school_load(const char *path, struct conf_faults *faults);

/* The same from a text in memory; `name` stands for the file in messages. */
struct school *school_read(const char *name, const char *text, size_t len,
                           struct conf_faults *faults);
void school_free(struct school *school);

/* True when `day` lies in school holidays of the calendar key's Land ("NW", "BY+mh" is BY). NULL:
 * none are known. */
bool school_is_holiday(const struct school *school, const char *calendar, int64_t day);

/* True when the file says of that day whether it is a school holiday: it lies between the first
 * and the last day that the file has for that Land, and in no hole of over half a year. A school
 * year that ends the file ends what is known, though the calendar year goes on. */
bool school_knows(const struct school *school, const char *calendar, int64_t day);

/* The last day that the file knows for that Land; INT64_MIN when it knows none. */
int64_t school_last_day(const struct school *school, const char *calendar);

#endif
