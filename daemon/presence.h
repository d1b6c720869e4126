/*
 * Who is there now, and who is next: absences, deputies, on-duty plans (DOMAIN E3, E4, E25, DO1).
 *
 * An absence comes from the configuration, from an event absence.reported or from a control call; a
 * deputy stands in for as long as it lasts and not a moment longer. Nothing here is remembered on
 * an item: the question is asked anew at each step (DESIGN 6). Questions may be asked inside and
 * outside of a transaction; reports belong into the turn's.
 */
#ifndef PRESENCE_H
#define PRESENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "roster.h"
#include "stafette.h"

struct buf;
struct item;
struct stafette;
struct unit;

enum {
    ABSENCE_DAYS_MAX = 400,   /* of one report; a longer one is a change of the directory */
    ABSENCES_OPEN_MAX = 100,  /* of one unit that have not ended */
    SWAPS_OPEN_MAX = 400,     /* of one on-duty plan */
    PRESENCE_ITEMS_MAX = 500, /* open items looked at in a turn */
    PRESENCE_TELL_MAX = 20    /* stand-ins told in a turn */
};

/* What the deciding thread remembers; all zero before presence_open(). What a rollback may leave
 * behind only costs a question too many. */
struct presence {
    int64_t absences_end_ms; /* no stored absence ends later */
    int64_t duties_end_ms;   /* no change of an on-duty plan ends later */
    int64_t next_ms;         /* when the next absence begins; 0 = none */
    int64_t done_seq;        /* open items up to this one are looked through */
    bool walking;            /* a walk through the open items is under way */
    bool asked;              /* who is there has changed: walk from the beginning */
    struct {
        bool ran, over;
        int64_t seq, next_ms;
    } turn;                /* what this turn's part of the walk came to, taken over by the commit */
    bool contacts_flagged; /* a contact may be flagged */
};

struct stand_in {
    const struct unit *unit; /* never NULL */
    enum reason reason;      /* REASON_ROUTE: the unit itself; else DEPUTY, ON_CALL, CATCH_ALL */
};

/* Reads from the store what is remembered; at start, and after a new configuration. Open items of
 * units that are not there now are looked through by the next turns. */
void presence_open(struct stafette *g);

/* True while an absence of the unit lasts. */
bool presence_absent(const struct stafette *g, const struct unit *unit, int64_t at_ms);

/* When the absence that lasts at a moment ends; 0 when the unit is there. */
int64_t presence_until(const struct stafette *g, const struct unit *unit, int64_t at_ms);

/* Who reads what is told to the unit: the unit itself; of a desk with an on-duty plan the first who
 * is on duty and there; else the first of the deputies who is there (the one that the absence names
 * first, then the unit's own in order, then their deputies, three levels deep); else the nearest
 * lead or its deputy; else the catch-all desk. */
struct stand_in presence_who(const struct stafette *g, const struct unit *unit, int64_t at_ms);

/* The same, for what is restricted or not: a restricted item goes to a stand-in only if that may
 * have it (DOMAIN R11).
 */
struct stand_in presence_who_for(const struct stafette *g, const struct unit *unit, int64_t at_ms,
                                 bool restricted);

/* The same for what is told of an item; what waits for approval goes to who approves now. */
struct stand_in presence_for_item(const struct stafette *g, const struct item *item,
                                  const struct unit *unit);

/* The next rung "deputy": the next line of an on-duty desk, or the first deputy who is there and is
 * not the one of presence_who(). NULL when there is none. presence_deputy_for() asks for an item,
 * as presence_who_for() does. */
const struct unit *presence_deputy(const struct stafette *g, const struct unit *unit,
                                   int64_t at_ms);
const struct unit *presence_deputy_for(const struct stafette *g, const struct unit *unit,
                                       int64_t at_ms, bool restricted);

/* Who approves what `from` asks for: its lead, when absent the deputy approver, then the lead's
 * stand-ins, the leads above, the catch-all desk. Never `from` itself (four eyes); NULL when there
 * is nobody else. `from` may be NULL: the catch-all desk. */
const struct unit *presence_approver(const struct stafette *g, const struct unit *from,
                                     int64_t at_ms);

/* Who is on duty at a moment, with the changes that were reported. */
struct duty_lines presence_on_duty(const struct stafette *g, const struct roster *roster,
                                   int64_t at_ms);

/* The next moment at which who is on duty may change, at most eight days later. */
int64_t presence_next_change(const struct stafette *g, const struct roster *roster, int64_t at_ms);

struct presence_change {
    const struct unit *unit;   /* who is absent; or the desk with the on-duty plan */
    int64_t from_ms, to_ms;    /* to_ms excluded */
    const struct unit *deputy; /* who stands in, NULL: as the directory says; or who is on duty */
    const char *by;            /* for the audit: "control", or "event=17" */
};

/* Records an absence (absence.reported), or that another unit has the first line of an on-duty plan
 * (roster.changed), in the open transaction. Returns 0, also when it is known already; -1 with a
 * sentence in err when it is refused: times reversed, over, too long, too many, a unit for itself,
 * nobody to send an SMS to. */
int presence_report(struct stafette *g, const struct presence_change *change, struct buf *err);
int presence_swap(struct stafette *g, const struct presence_change *change, struct buf *err);

/* Ends an absence now, one that has not begun before it begins. -1 with a sentence in err when
 * there is no such absence. */
int presence_end(struct stafette *g, int64_t absence_seq, const char *by, struct buf *err);

/* Wall time when presence_sweep() has something to do, 0 = nothing. */
int64_t presence_next_ms(const struct stafette *g);

/* The turn's part of looking through the open items: an unanswered notice of a unit that is not
 * there now is told to who stands in, once. Bounded; runs again unchanged after a rollback. */
void presence_sweep(struct stafette *g);

/* After the commit: the walk goes on behind what this turn has looked at. */
void presence_committed(struct stafette *g);

#endif
