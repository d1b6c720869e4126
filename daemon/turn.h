/*
 * The turn: everything that came in since the last one is decided in one transaction, and acted on
 * after its commit (DESIGN 2).
 *
 * A turn is replayable: its inputs and finished results stay in memory until the commit returned
 * OK. When the disk is full or fails, the whole transaction is rolled back and the same list is run
 * again with backoff; meanwhile nothing is read from the broker or written to it. One input that
 * breaks a rule of the schema is set aside and refused with E-INTERN; the others go on.
 */
#ifndef TURN_H
#define TURN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_call;
struct mqtt_message;
struct stafette;
struct turn;

enum turn_end {
    TURN_IDLE,   /* nothing was to be done */
    TURN_DONE,   /* committed and acted on */
    TURN_TROUBLE /* rolled back; turn_retry_ms() says when to run it again */
};

struct turn *turn_open(void);
void turn_close(struct turn *t);

/* An event from the broker; copied. */
void turn_add_message(struct turn *t, const struct mqtt_message *message);

/* A control call or page that needs the store; owned until answered. */
void turn_add_call(struct turn *t, struct http_call *call);

size_t turn_waiting(const struct turn *t);

/* Runs one turn. */
enum turn_end turn_run(struct stafette *g);

/* Monotonic time before which a troubled turn is not run again; 0 = no trouble. */
int64_t turn_retry_ms(const struct turn *t);

/* Wall time of the earliest open clock, 0 = none. */
int64_t turn_next_clock_ms(const struct turn *t);

#endif
