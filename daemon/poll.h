/*
 * Polls: several dates (E23), or several things to take part in (UL6), answered by link; who has
 * not answered is reminded, nobody else; closes at the quorum or at its deadline, with a list of
 * "keine Antwort" to the office. A poll is an item of kind ITEM_POLL, its owner the host; a date
 * poll's parent is the meeting that waits for its date. In the open transaction.
 */
#ifndef POLL_H
#define POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"
#include "store_poll.h"

struct buf;
struct item;
struct stafette;
struct unit;
struct work;

enum { POLL_CHOICES_MAX = 20, POLL_SLOTS = 3, POLL_SLOTS_MAX = 5 };

struct poll_wish {
    int64_t meeting_seq; /* item of the meeting that waits for a date; 0: none */
    const char *meeting_id;
    const struct unit *host; /* hears the result */
    const struct poll_choice *choice;
    size_t choices; /* at most POLL_CHOICES_MAX */
    const struct unit *const *party;
    size_t parties;
    int64_t due_ms; /* closes then */
    int64_t quorum; /* closes when so many have answered; 0, or more than there are: all */
    const char *source;
    int64_t event_seq;
};

/* Opens it and asks the parties. Returns its item. */
int64_t poll_open(struct stafette *g, const struct poll_wish *wish);

/* A party's answer: the numbers it chose, none = "keiner passt"; a later answer replaces an earlier
 * one while the poll is open. Who stands in for a party that is absent now answers for it. The last
 * answer that the quorum needs closes the poll. Appends one German sentence to said; false when it
 * may not answer. */
bool poll_vote(struct stafette *g, int64_t item_seq, const struct unit *unit, const int64_t *number,
               size_t numbers, struct buf *said);
/* The party that the unit answers for: itself, or who is absent; NULL when it was not asked. */
const struct unit *poll_party(struct stafette *g, int64_t item_seq, const struct unit *unit);
bool poll_has_voted(struct stafette *g, int64_t item_seq, const struct unit *unit);
size_t poll_choices(struct stafette *g, int64_t item_seq, struct poll_choice *choice, size_t max);
/* What the unit has chosen of it. */
bool poll_chose(struct stafette *g, int64_t item_seq, const struct unit *unit, int64_t number);

/* The poll's one clock (CLOCK_MEETING), which has just fired: the reminder three working days
 * before the end, the end. */
void poll_fires(struct stafette *g, struct item *item);

/* Closes it now: the date with most votes (the earliest of equal ones) becomes the meeting's; the
 * office gets the list. */
void poll_close(struct stafette *g, struct item *item);
/* The same with a date that somebody has decided on; 0: as poll_close(). */
void poll_close_at(struct stafette *g, struct item *item, int64_t start_s);

/* No date was found: the host of the meeting gets a task. */
void poll_no_date(struct stafette *g, int64_t meeting_seq);

/* The meeting has a date, or with `told` none is wanted any more: ends its open poll and that task.
 * With `told` who was asked hears that no answer is needed now. */
void poll_end_of(struct stafette *g, int64_t meeting_seq, bool told);

/* The office that looks after a poll: the secretariat, else its host. Never NULL. */
const struct unit *poll_office(struct stafette *g, const struct item *item);

/* ---- poll_find.c */

/* meeting.called without a start, and a handover that needs its conversation: the first common
 * slots of the parties within so many working days of the host (0: as the setting says) are booked
 * (the first one) or offered in a poll. When there is none, the host gets a task. Nothing happens
 * to a meeting that does not wait for a date. */
void poll_find_date(struct stafette *g, int64_t meeting_seq, int64_t within_days, bool poll);

/* The same as a poll that closes at a certain time (poll.opened about a meeting without a date).
 * Returns the poll's item; 0: none was opened. */
int64_t poll_find_until(struct stafette *g, int64_t meeting_seq, int64_t due_ms, int64_t quorum);

/* ---- poll_event.c */

void work_poll_opened(struct work *w);
void work_poll_closed(struct work *w);

/* ---- poll_text.c */

/* What the poll is about, as mails say it: name of the meeting's kind, else "Umfrage". */
const char *poll_about(struct stafette *g, const struct item *item);
/* "Do 26.11.2026, 09:00 bis 09:30 Uhr", or the name of the unit or meeting. */
void poll_choice_text(struct stafette *g, const struct item *item, const struct poll_choice *choice,
                      struct buf *out);
/* The lines of a notice: of an open poll its choices, of a closed one the result with who has not
 * answered; nothing of a cancelled one. */
void poll_lines(struct stafette *g, const struct item *item, struct buf *out);

#endif
