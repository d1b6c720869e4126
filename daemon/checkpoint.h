/*
 * When the store's write-ahead log is moved into its file, and by whom: at a usual load the bulk by
 * a carrier (store_mover.h) and the few pages that came meanwhile by the deciding thread, under a
 * backlog all by the deciding thread; so the log begins anew and never grows without end.
 */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include <stdbool.h>

struct buf;
struct checkpoint;
struct stafette;

/* Beside the open store. NULL with a sentence in err. */
struct checkpoint *checkpoint_open(const struct stafette *g, struct buf *err);
/* After the carriers have ended. */
void checkpoint_close(struct checkpoint *c);

/* After a turn, outside of transactions; `idle`: nothing else is to be done now. */
void checkpoint_step(struct stafette *g, bool idle);

#endif
