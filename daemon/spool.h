/*
 * The folders of modem programs (transports of adapter sms_gammu): looked into by a carrier at
 * intervals, decided in a turn, tidied by the next look after the commit. What was sent becomes a
 * delivery report, what was given up goes to the next contact, what came in is an answer.
 *
 * At least once: a file is removed only after what it says is committed, so a crash between repeats
 * it, which is harmless: reports only move forward, and an answer that comes twice changes nothing.
 */
#ifndef SPOOL_H
#define SPOOL_H

#include <stdbool.h>

struct spool;
struct stafette;

struct spool *spool_open(void);
/* After the end of the carriers. */
void spool_close(struct spool *s);

/* Begins a look when one is due. Outside a transaction. */
void spool_step(struct stafette *g);

/* Files wait to be decided. */
bool spool_ready(const struct stafette *g);

/* Decides them in the open transaction; may run again after a rollback. */
void spool_decide(struct stafette *g);

/* After the commit: counts them, and has them removed. */
void spool_decided(struct stafette *g);

/* A file broke a rule of the schema: it is left out when the turn is run again. False when none of
 * these did. */
bool spool_set_aside(struct stafette *g);

#endif
