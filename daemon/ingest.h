/*
 * The daemon's session with the broker: events in, receipts, status and heartbeat out.
 *
 * In: QoS 1, a fixed client id, a persistent session; a PUBACK leaves only in ingest_acknowledge(),
 * which the turn calls after its commit. Out: status events are rows until the broker has
 * acknowledged them; after a reconnect the rest is published again with the same CloudEvents id,
 * in order. A receipt has no row: the sender repeats the event when it missed it.
 */
#ifndef INGEST_H
#define INGEST_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct ingest;
struct stafette;

/* NULL with one sentence in err when the settings cannot work (unreadable key or password). A
 * broker that does not answer is no error. */
struct ingest *ingest_open(struct stafette *g, struct buf *err);
/* Says goodbye: state offline, DISCONNECT. */
void ingest_close(struct stafette *g);

int ingest_fd(const struct ingest *in);
bool ingest_wants_write(const struct ingest *in);
bool ingest_pending(const struct ingest *in);
bool ingest_is_up(const struct ingest *in);
const char *ingest_trouble(const struct ingest *in);

/* Connects, keeps alive, reads until drained into the turn. Never while a turn is in trouble.
 * Returns in how many ms it wants to be called again. */
int ingest_step(struct stafette *g);

/* After the commit. */
void ingest_acknowledge(struct stafette *g);
void ingest_receipt(struct stafette *g, const char *source, const struct buf *receipt);

/* Out-events that the broker has acknowledged: deleted in the transaction, forgotten after it. */
enum { INGEST_SETTLE_MS = 20 }; /* a few wait this long for company: one commit settles them */
bool ingest_has_settled(const struct ingest *in);
bool ingest_unsettled(const struct ingest *in);
/* Whether the broker is there and has not acknowledged all of them. */
bool ingest_in_flight(const struct ingest *in);
void ingest_settle(struct stafette *g);
void ingest_settled(struct stafette *g);

/* Publishes out-events that have not been published since the last connect, as far as there is
 * room in flight, and lets the library write what it has queued. Never while a message that was
 * read is undecided. */
void ingest_publish(struct stafette *g);

/* Publishes the heartbeat when it is due or when `now` is set. */
void ingest_heartbeat(struct stafette *g, bool now);

#endif
