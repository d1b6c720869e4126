/*
 * A seat at a meeting: the member that a notice was for, the session that it was about, and what
 * may be asked of both now. Links in mails and the pages behind them share it, so that no mail
 * carries a link that its page would refuse. Reads the store, writes nothing.
 */
#ifndef MEETING_SEAT_H
#define MEETING_SEAT_H

#include <stdbool.h>
#include <stddef.h>

#include "store_item.h"
#include "store_meeting.h"

struct agenda_item;
struct notice;
struct stafette;

/* What a link or page asks. */
enum meeting_question {
    ASKS_NOTHING,
    ASKS_RSVP,    /* do you come? Until the session begins; of a series until its last one does */
    ASKS_HELD,    /* did it take place? Host and secretariat, once it has begun */
    ASKS_TICK,    /* which cases were discussed? The same, when the agenda holds some */
    ASKS_MINUTES, /* are the minutes there? Those, and who keeps them */
    ASKS_POLL     /* of an item of kind ITEM_POLL */
};

struct meeting_seat {
    struct item item;
    struct meeting meeting;
    const struct meeting_kind *kind; /* NULL only when seat_load() failed */
    const char *unit;                /* who answers; borrowed of the notice */
    bool is_member;
    struct member member; /* what holds for the session, else for the whole; when is_member */
    bool has_session;     /* false: the whole meeting */
    struct session session;
};

/* Who answers is the unit that was told, or the one that it stood in for, when that is the member.
 * False when the item is no meeting. */
bool seat_load(struct stafette *g, const struct item *item, const struct notice *notice,
               struct meeting_seat *seat);

/* Cases on the agenda of the session that this seat may see, at most max; returns how many. */
size_t seat_cases(struct stafette *g, const struct meeting_seat *seat, struct agenda_item *item,
                  size_t max);

/* True when that may be asked now; false for a seat that was not loaded. */
bool seat_offers(struct stafette *g, const struct meeting_seat *seat,
                 enum meeting_question question);

#endif
