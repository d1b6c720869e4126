/*
 * After a restore: asks every source to publish again what it sent since the backup.
 */
#ifndef REPLAY_H
#define REPLAY_H

struct buf;
struct stafette;

/* Makes the requests (stafette/out/<source>/replay) once per restore; they are out-events and so
 * reach the broker for certain. Does nothing in a store that is not held. -1 with one sentence in
 * err when the store cannot be written. */
int replay_ask(struct stafette *g, struct buf *err);

#endif
