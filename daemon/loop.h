/*
 * The loop of the deciding thread: one wait, then one line per part (DESIGN 2).
 */
#ifndef LOOP_H
#define LOOP_H

struct buf;
struct stafette;

/* Opens every part on g->config; -1 with one sentence in err. What was opened is closed by
 * loop_close() either way. */
int loop_open(struct stafette *g, struct buf *err);
void loop_close(struct stafette *g);

/* Runs until a signal ends it; returns the exit status. SIGTERM and SIGINT stop (a second one at
 * once), SIGHUP loads the configuration anew. */
int loop_run(struct stafette *g);

#endif
