/*
 * Agendas: block A from cases (pseudonymous, for each member what the permissions let it see: MH3),
 * block B without; closed some working days before the session, what comes later goes to the next
 * one (E20). An extension without a change is only counted (UL5). Public kinds hold no case (UL11).
 * In the open transaction.
 */
#ifndef AGENDA_H
#define AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct item;
struct meeting_view;
struct session;
struct stafette;
struct unit;
struct work;

enum agenda_state {
    AGENDA_WAITING,   /* for the next session that is not closed */
    AGENDA_FROZEN,    /* on the agenda of its session */
    AGENDA_COUNTED,   /* an extension without a change: "ohne Vorstellung" */
    AGENDA_DISCUSSED, /* ticked off afterwards */
    AGENDA_DROPPED    /* its case is over */
};

enum agenda_block { BLOCK_A, BLOCK_B };

struct agenda_item {
    int64_t seq;
    int64_t item_seq; /* the meeting */
    int64_t session_seq;
    enum agenda_block block;
    int64_t about_seq;
    int64_t case_key;
    char case_ref[CASE_REF_MAX];
    char reason[ID_MAX];
    char change[ID_MAX * 2];
    char basis[ID_MAX];
    int64_t minutes;
    char by_unit[ID_MAX];
    enum agenda_state state;
    int64_t added_ms;
};

/* Closes the agenda of a session: nominated cases and those that nominate themselves (overdue and
 * ping-pong handovers of the host), then tells each member its own. */
void agenda_freeze(struct stafette *g, struct item *item, struct session *session);

/* The agenda of a session as a member sees it, German lines; `withheld` counts what it may not see.
 * Before the freeze: what is nominated so far. */
void agenda_lines(struct stafette *g, const struct meeting_view *view,
                  const struct session *session, const struct unit *member, struct buf *out,
                  size_t *withheld);

/* Items of a session for the tick list; returns how many. */
size_t agenda_list(struct stafette *g, int64_t item_seq, int64_t session_seq,
                   struct agenda_item *item, size_t max);
/* One of them was discussed: recorded, and told to its case's item and system. */
void agenda_tick(struct stafette *g, int64_t agenda_seq, bool discussed);

void work_agenda_added(struct work *w);

#endif
