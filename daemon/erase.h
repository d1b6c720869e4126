/*
 * Erasing a case (Art. 17 DSGVO, § 84 SGB X, DOMAIN R19): its items, what hangs on them, the data
 * of its events, its tasks, the refusals that its events corrected, and its lines in agendas. Mails
 * with an agenda are written when they leave, so what is erased before stands in none.
 *
 * What stays: the item's number with the state `erased`, so that the ledger balances; the keyed
 * hashes of its events, so that a repeat is recognised; the links of its audit rows without their
 * content, and an audit row "erased item=N ... ticket=T". The ticket is a keyed hash: who has the
 * gateway's keys can tell whether a case was erased, nobody can tell which.
 *
 * The erasure is written to the list outside the store before it is committed. What a crash leaves
 * in between is done at the next start, as is what a restored backup brings back.
 */
#ifndef ERASE_H
#define ERASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "erasures.h"
#include "store_erase.h"

struct buf;
struct event;
struct stafette;

enum erase_end {
    ERASE_DONE,
    ERASE_NOTHING, /* nothing is kept about that case */
    ERASE_OPEN,    /* it has open items: a person could get lost */
    ERASE_FAILED   /* the list cannot be written */
};

struct erase_report {
    struct erased rows;
    int64_t open; /* items that were open, and whose units are told so */
    char ticket[ERASURE_TICKET_LEN + 1];
};

/* Erases in the open transaction. `force`: open items too; the unit that must answer and the
 * catch-all desk are told, without content, and each item's source gets the status "erased". The
 * entry must be empty at the first call and is filled once the erasure is on the list, so that a
 * turn that has to be run again lists it once. A sentence is in err unless ERASE_DONE. */
enum erase_end erase_case(struct stafette *g, const char *case_ref, bool force,
                          struct erasure *entry, struct erase_report *report, struct buf *err);

/* After the commit, and in idle turns until it succeeds: empties the write-ahead log. */
void erase_flush(struct stafette *g);

/* At the start: opens the list and does what the store has not done yet (DESIGN 8). -1 with one
 * sentence in err when the list or the store cannot be used. */
int erase_catch_up(struct stafette *g, struct buf *err);

/* True when the event is about a case that was erased after the event was made: a late copy, or the
 * replay after a restore. A newer event opens the case anew. */
bool erase_forbids(const struct stafette *g, const struct event *ev);

#endif
