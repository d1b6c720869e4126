/*
 * iCalendar (RFC 5545), the iTIP methods REQUEST, CANCEL, REPLY and PUBLISH (RFC 5546) as mails
 * carry them (RFC 6047). Pure: no clock, no I/O, no library: the rules are reckoned and the texts
 * written and read by ourselves (why: ical.c, ical_write.c, ical_read.c); libical, python-dateutil
 * and others only check it in the tests.
 *
 * Wall seconds: what the clock on the wall in Berlin shows, as if it were UTC seconds since 1970;
 * day * 86400 + second of the day. Recurrence happens on the wall, so that 09:00 stays 09:00 across
 * both changes of the clock; walltime.h turns a result into a moment. A time that the spring change
 * leaves out is kept here and becomes the moment of the change there.
 */
#ifndef ICAL_H
#define ICAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum {
    ICAL_RULE_MAX = 256,       /* bytes of a rule */
    ICAL_STARTS_MAX = 1000,    /* of one expansion */
    ICAL_INPUT_MAX = 64 * 1024 /* bytes of a calendar that is read */
};

/* Is it a rule (RFC 5545 3.3.10, without "RRULE:") that meetings may have: DAILY, WEEKLY, MONTHLY
 * or YEARLY, not both COUNT and UNTIL, nothing finer than a day (BYHOUR ...), no RSCALE. -1 with a
 * sentence in err. */
int ical_rule_check(const char *rule, struct buf *err);

/* The starts of a rule in [from_s, to_s), rising, at most max; returns how many. start_s is where
 * the rule begins: the first start is the first date of the rule at or after it, with its time of
 * the day; COUNT counts from there. All in wall seconds; an UNTIL that ends in Z is UTC, one
 * without a time is meant to the end of its day. 0 for a rule that ical_rule_check() refuses, and
 * outside the years 1900 to 2199. */
size_t ical_expand(const char *rule, int64_t start_s, int64_t from_s, int64_t to_s, int64_t *starts,
                   size_t max);

struct ical_attendee {
    const char *address; /* addr-spec */
    const char *name;    /* role name, never a person */
    const char *role;    /* "CHAIR", "REQ-PARTICIPANT", "OPT-PARTICIPANT", "NON-PARTICIPANT" */
    const char *status;  /* PARTSTAT: "NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE" */
};

/* One VEVENT. Texts are borrowed; "" or NULL leaves the property out. */
struct ical_event {
    const char *uid;
    int64_t sequence;
    int64_t dtstamp_ms;
    int64_t start_s, end_s; /* wall seconds, written with TZID=Europe/Berlin */
    int64_t recurrence_s;   /* RECURRENCE-ID: the session's start as the rule had it; 0 = none */
    const char *rule;       /* master only; an UNTIL in it is wall time, and is written in UTC */
    const int64_t *except;  /* EXDATE, wall seconds */
    size_t excepts;
    bool cancelled; /* STATUS:CANCELLED, else CONFIRMED */
    const char *summary, *description, *location;
    const char *url; /* of an online meeting */
    const char *organizer_address, *organizer_name;
    const struct ical_attendee *attendee;
    size_t attendees;
};

/* Appends one VCALENDAR with the events in their order (master first, then its exceptions), lines
 * folded and ended by CRLF. `method` is "REQUEST", "CANCEL", "PUBLISH" (which names no attendees)
 * or "REPLY". A change of one session goes alone in its mail, with a higher sequence: Outlook takes
 * it in no other way. What is malformed (address, link, rule) is left out; texts are escaped. */
void ical_write(struct buf *out, const char *method, const struct ical_event *event, size_t events);

/* The same as a calendar to subscribe to: METHOD:PUBLISH, with a name for the reader's list of
 * calendars and the wish to be fetched every hour. */
void ical_write_feed(struct buf *out, const char *name, const struct ical_event *event,
                     size_t events);

/* What a REPLY says: one for each ATTENDEE of each VEVENT in it. Usually there is one; the reader
 * takes those whose address is the sender's and leaves the others. */
struct ical_reply {
    char uid[128];
    char address[256];    /* of the attendee who answers, lower case, without "mailto:" */
    char status[16];      /* PARTSTAT, upper case: "ACCEPTED" ... "DELEGATED" */
    int64_t sequence;     /* 0 when it is missing */
    int64_t dtstamp_ms;   /* 0 when it is missing */
    int64_t recurrence_s; /* wall seconds, whatever zone it was written in; 0 = the whole series */
    bool recurrence_day;  /* only the day was written: recurrence_s is its first second */
};

enum ical_verdict {
    ICAL_REPLY,       /* replies were read */
    ICAL_OTHER,       /* another method (COUNTER, REFRESH, REQUEST ...), or a REPLY of which nothing
                       * can be used: somebody must look at it */
    ICAL_NO_CALENDAR, /* no calendar at all, or none that can be understood */
    ICAL_TOO_LARGE
};

/* Reads a calendar of somebody else; never trusts it. Damaged properties are passed over; a VEVENT
 * whose UID, session or attendee cannot be understood is left out, so that an answer to one session
 * never counts for the series. Times are understood in UTC, in the zones of the EU by their names
 * and by the names of Windows, and in any zone whose VTIMEZONE knows +01:00 and +02:00 only. Stops
 * at max replies. `method` (at least 16 bytes) is "" or what the calendar says, upper case. */
enum ical_verdict ical_read(const char *text, size_t len, struct ical_reply *replies, size_t max,
                            size_t *count, char method[16]);

#endif
