/*
 * The ledger of the running daemon: every `ledger.every` a child process of its own program walks
 * the store (ledger.h) and says on a pipe what it found. The deciding thread starts it, reads what
 * is there, and never waits for it; a child that takes longer than `ledger.time_limit` is ended.
 *
 * The task goes to the child's standard input as lines of text: the units of the directory as it is
 * loaded now, whatever the files on disk say by then.
 */
#ifndef LEDGER_RUN_H
#define LEDGER_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

struct ledger_run;
struct stafette;

/* `program` is run with the one argument --ledger; NULL: the program that is running. */
struct ledger_run *ledger_run_open(const char *program);
/* Ends a child that still runs. */
void ledger_run_close(struct ledger_run *run);

/* Starts a child when it is time and no clock waits to be fired, takes what one has said. Once a
 * turn, outside a transaction. */
void ledger_run_step(struct stafette *g);

/* A look now, though it is not time yet. */
void ledger_run_ask(struct stafette *g);

/* The fd that becomes readable when the child says something; -1 when none runs. */
int ledger_run_fd(const struct ledger_run *run);
/* True while a look is under way or asked for. */
bool ledger_run_busy(const struct stafette *g);

/* How many looks have come to an end, well or not. */
uint64_t ledger_run_count(const struct ledger_run *run);

/* The last look's result, NULL when it failed or there was none; `why` says why it failed, "" when
 * it did not. */
const struct ledger_result *ledger_run_last(const struct ledger_run *run);
const char *ledger_run_why(const struct ledger_run *run);

/* Wall time of the last look that came to its end; 0 = none. Seconds of real time since then. */
int64_t ledger_run_checked_ms(const struct ledger_run *run);
int64_t ledger_run_age_s(const struct stafette *g);

/* False when the last look found something or failed, or is too old. True before the first has had
 * the time to end. */
bool ledger_run_green(const struct stafette *g);

/* The first trouble in one sentence; "" when green. */
void ledger_run_trouble(const struct stafette *g, struct buf *out);

/* The task as text, and back; the units point into `text`, which must stay. -1 when it is none. */
void ledger_task_write(struct buf *out, const struct ledger_task *task, int parent);
int ledger_task_read(struct ledger_task *task, char *text, int *parent);

/* What the child does: reads the task from standard input, answers on standard output. Returns the
 * exit status. */
int ledger_run_child(void);

#endif
