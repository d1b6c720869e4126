/*
 * The line of each night: at `ledger.night` (Europe/Berlin) the ledger is looked at once more, and
 * the coordinator (the catch-all desk) gets one mail that says green or red, and what to do. The
 * mail belongs to an item of its own that is over from the start, so it is kept, carried, audited
 * and removed like every other notice, and no table needs an exception.
 *
 * Once a day, also over restarts (the day is kept in the store); a daemon that was down at that
 * time makes up for it when it starts, once. What has not left when the next one is made is
 * replaced by it.
 */
#ifndef NIGHT_H
#define NIGHT_H

#include <stdbool.h>
#include <stdint.h>

struct stafette;

struct night {
    bool known;       /* told_day was read from the store */
    bool is_first;    /* the store knows no night, or one to come: note the day, tell nothing */
    int64_t told_day; /* local day of the last line, days since 1970 */
    int64_t due_day;  /* the day whose line is to be made; 0 = none */
    uint64_t looks;   /* ledger_run_count() when it was asked for */
    bool ready;       /* the look has ended: the next turn writes the line */
};

/* The moment of a local day at which its line is due. Pure. */
int64_t night_moment(int64_t day, int second_of_day);

/* Asks for a look when the line is due, notes when that has ended. Once a turn, outside a
 * transaction. */
void night_step(struct stafette *g);

/* True while a line is due and not written. */
bool night_busy(const struct stafette *g);

/* In the open transaction: writes the line when it is ready. After the commit: forgets it. */
bool night_ready(const struct stafette *g);
void night_write(struct stafette *g);
void night_written(struct stafette *g);

#endif
