/*
 * Rendering: a due delivery -> the message that leaves now. Text comes from the frozen template and
 * from the state of the item at this moment; addresses, roles and telephone numbers from the
 * directory as it is loaded now (DESIGN 6: never frozen).
 */
#ifndef RENDER_H
#define RENDER_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct contact;
struct due;
struct item;
struct message;
struct stafette;
struct template;

/* The contact a delivery goes to today: the one it was made for, else the unit's first of that
 * channel; NULL when the unit is gone or has none. */
const struct contact *render_contact(const struct stafette *g, const struct due *due);

/* Appends the reference by which gateways know a delivery: "d17.8c3f01aa", with a tag that only
 * this installation can make. */
void render_reference(struct buf *out, const struct stafette *g, int64_t delivery);

/* German sentence: why the reader was told. */
const char *render_why(enum reason reason);

/* "bis die Übernahme bestätigt ist": how long the owner stays responsible. */
const char *render_until(const struct item *item);

/* Fills an empty message. False when the finished text holds what looks like a client's identifier
 * (DOMAIN R6); then it must not leave. */
bool render_message(struct stafette *g, const struct due *due, const struct item *item,
                    const struct template *text, struct message *message);

#endif
