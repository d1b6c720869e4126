/*
 * Events from the gateway to a source: receipts, status, the call for a replay. One envelope
 * (CloudEvents 1.0, structured JSON) for all of them.
 */
#ifndef OUT_EVENT_H
#define OUT_EVENT_H

#include <stdint.h>

struct buf;
struct out_event;
struct stafette;

/* Appends the envelope and the start of "data"; members of the data follow, then out_event_end().
 * The id is <instance>-<mark><number>; type without prefix and version ("gateway.receipt"). */
void out_event_start(struct buf *out, const struct stafette *g, const char *mark, int64_t number,
                     const char *type);
void out_event_end(struct buf *out);

/* Puts a finished event into the open transaction, for stafette/out/<source>/<channel>. `out` has
 * its numbers; text is released. */
void out_event_post(struct stafette *g, struct out_event *out, const char *source,
                    const char *channel, struct buf *text);

#endif
