/*
 * Out-events: what is still to be published (table out_event). A row goes when the broker has
 * acknowledged it; after a reconnect the rest is published again with the same CloudEvents id.
 */
#ifndef STORE_OUT_H
#define STORE_OUT_H

#include <stdbool.h>
#include <stdint.h>

struct store;

struct out_event {
    int64_t seq;
    int64_t item_seq;
    const char *topic;
    const char *payload;
};

void store_out_add(struct store *s, const struct out_event *out);
void store_out_settle(struct store *s, int64_t out_seq);

/* Walks those after `after` in order; each() false ends. */
void store_out_each(struct store *s, int64_t after, void *context,
                    bool (*each)(void *context, const struct out_event *out));
int64_t store_out_count(struct store *s);

#endif
