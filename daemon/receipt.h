/*
 * Receipts: the answer to each event, as a CloudEvent on stafette/out/<source>/receipt. A receipt
 * has no row of its own; it is computed again whenever the event is repeated (DESIGN 2).
 */
#ifndef RECEIPT_H
#define RECEIPT_H

#include <stdbool.h>

#include "store_event.h"

struct buf;
struct event;
struct stafette;

/* The faults as a JSON list [{code, field, rule, remedy, text}], as it is kept with the event;
 * `candidates` are item codes for E-MEHRDEUTIG, "" = none. */
void receipt_faults(struct buf *out, const struct event *ev, const char *candidates);

/* Appends the receipt of a stored event; `faults` is the JSON list, "" = none. */
void receipt_write(struct buf *out, struct stafette *g, const struct event_row *row,
                   const char *faults, bool repeated);

#endif
