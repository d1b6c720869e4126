/*
 * What keeps a unit from coming to a meeting: absences (of the configuration and reported), other
 * meetings, closed days. For finding a date (poll_find.c) and for showing collisions before
 * something is booked. Reads only.
 */
#ifndef OCCUPIED_H
#define OCCUPIED_H

#include <stdint.h>

#include "stafette.h"

struct buf;
struct stafette;
struct unit;

enum occupied_by {
    OCCUPIED_ABSENCE,
    OCCUPIED_MEETING,
    OCCUPIED_HOLIDAY, /* a public holiday of its calendar, or a closure of its own */
    OCCUPIED_CLOSED   /* outside its office hours */
};
const char *occupied_name(enum occupied_by by); /* "absence": control answers */

struct occupied {
    int64_t from_ms, to_ms; /* to_ms excluded */
    enum occupied_by by;
    int64_t meeting_seq; /* OCCUPIED_MEETING: its item, else 0 */
};

struct occupied_span {
    int64_t from_ms, to_ms; /* to_ms excluded */
    int64_t except_seq;     /* item of a meeting that is passed over; 0: none */
};

/* Absences and other meetings of the unit that overlap the span, in no order. */
void occupied_each(struct stafette *g, const struct unit *unit, const struct occupied_span *span,
                   void *context, void (*each)(void *context, const struct occupied *occupied));

/* The same, and one more when the unit's office is not open all the time: what a person is shown
 * before something is booked. */
void occupied_collisions(struct stafette *g, const struct unit *unit,
                         const struct occupied_span *span, void *context,
                         void (*each)(void *context, const struct occupied *occupied));

/* What it is in German: "Neujahr", "abwesend", "Sozialraumteam, Stelle nord". Names nothing of a
 * case. */
void occupied_german(struct stafette *g, const struct unit *unit, const struct occupied *occupied,
                     struct buf *out);

#endif
