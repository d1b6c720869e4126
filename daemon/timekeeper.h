/*
 * The clock, read once a turn: wall time from the system or, under --test-clock, from a file that
 * holds an RFC 3339 time; monotonic time always from the system.
 */
#ifndef TIMEKEEPER_H
#define TIMEKEEPER_H

struct buf;
struct stafette;

/* Reads the clocks into g. The steady time follows the wall forward and never steps back, so that
 * a wall clock set back neither repeats nor stops attempts. */
void timekeeper_read(struct stafette *g);

/* Checks and notes the file of --test-clock; -1 with one sentence in err. */
int timekeeper_use_file(struct stafette *g, const char *path, struct buf *err);

#endif
