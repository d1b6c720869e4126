/*
 * A second connection to the store, for nothing but moving the write-ahead log into the database
 * file from another thread: of all that is done to the store this alone may take tens of
 * milliseconds, and it holds up neither readers nor the writer.
 */
#ifndef STORE_MOVER_H
#define STORE_MOVER_H

#include <stdbool.h>

struct buf;
struct store_mover;

/* To the file at that path, which a struct store has open. NULL with a sentence in err. */
struct store_mover *store_mover_open(const char *path, struct buf *err);
void store_mover_close(struct store_mover *m);

/* Moves what was committed before; in one thread at a time, any. False when somebody else does it
 * just now, or the disk refuses: the log stays, and nothing is lost. */
bool store_mover_run(struct store_mover *m);

#endif
