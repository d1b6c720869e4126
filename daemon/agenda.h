/*
 * Agendas: block A from cases (pseudonymous, for each member what the permissions let it see: MH3),
 * block B without; closed some working days before the session, what comes later goes to the next
 * one (E20). An extension without a change is only counted (UL5). Public kinds hold no case (UL11);
 * a protected case stands on no agenda (DOMAIN R10, R11).
 *
 * Whose case a line is, is said by the code of its item; a case without an item by the end of its
 * case_ref ("...QM4T8B"), by which its own system finds it and nobody else does.
 *
 * Who sees a line of block A: the host; a member that is giver, receiver or responsible, or brought
 * it; of the other members a team that no permission names, and a unit that one allows. A guest
 * always needs a permission, a provider sees only what it is a party of, citizens nothing (BI4).
 *
 * In the open transaction.
 */
#ifndef AGENDA_H
#define AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"
#include "store_agenda.h"

struct buf;
struct item;
struct meeting_view;
struct session;
struct stafette;
struct unit;
struct work;

enum {
    AGENDA_MAX = 300,         /* lines of one agenda; a further one is refused */
    AGENDA_PRESSING_MAX = 50, /* handovers of one unit that nominate themselves to one agenda */
    AGENDA_CASE_MIN = 15,     /* minutes of a line that says none */
    AGENDA_TOPIC_MIN = 10,
    AGENDA_LINE_MAX_MIN = 480
};

/* Closes the agenda of a session: what waits, what stood on a session that did not take place, and
 * the cases that nominate themselves (overdue and ping-pong handovers of host and member teams).
 * What is over or protected is dropped. Then tells each member its own, who has nothing to read
 * nothing. Does nothing when it is closed already. */
void agenda_freeze(struct stafette *g, struct item *item, struct session *session);

/* The agenda of a session as a member sees it, German lines, none when there is nothing to see;
 * `withheld` counts what it may not see and may be NULL. Before it is closed: what is nominated so
 * far. A unit that is neither host nor member sees block B. */
void agenda_lines(struct stafette *g, const struct meeting_view *view,
                  const struct session *session, const struct unit *member, struct buf *out,
                  size_t *withheld);

/* Items of a session for the tick list (waiting, closed, discussed); returns how many. */
size_t agenda_list(struct stafette *g, int64_t item_seq, int64_t session_seq,
                   struct agenda_item *item, size_t max);

/* One of them was discussed: recorded at the meeting and at its case's item, and told to the case's
 * system. Or it was not: it goes to the next session, and its system hears that. Once settled, and
 * for a number that there is not, nothing happens. */
void agenda_tick(struct stafette *g, int64_t agenda_seq, bool discussed);

/* The meeting is over or cancelled: what still waits is dropped, and its systems hear so. */
void agenda_close(struct stafette *g, const struct item *item);

/* "K7F3-92QX" or "...QM4T8B": how a line of block A is named; "" in block B. */
void agenda_code(const struct stafette *g, const struct agenda_item *row, struct buf *out);
/* "Verlängerung (weitere Leistung)"; a code that is not known is never shown. */
void agenda_reason(const struct agenda_item *row, struct buf *out);
/* True when the reason is an extension, which needs a change to be discussed (UL5). */
bool agenda_is_extension(const char *reason);
/* True when all codes of the list ("budget_raised,service_added") are known; "" is. */
bool agenda_changes_valid(const char *changes);

/* The event agenda.item.added, as a fact (workflow_fact.c). */
void work_agenda_added(struct work *w);

#endif
