/*
 * Reading all that is kept about a case, for its export (Art. 15 DSGVO): what store_item.h,
 * store_notice.h and store_delivery.h give, and beside it each event of an item and each of its
 * clocks, ended ones too.
 */
#ifndef STORE_EXPORT_H
#define STORE_EXPORT_H

#include <stdint.h>

struct store;

/* Texts are borrowed for the call. */
struct export_event {
    int64_t seq, received_ms, outcome;
    const char *source, *id, *type;
    const char *data; /* JSON object; "" when nothing is kept */
};
void store_export_each_event(struct store *s, int64_t item_seq, void *context,
                             void (*each)(void *context, const struct export_event *event));

enum { EXPORT_CLOCK_OPEN, EXPORT_CLOCK_FIRED, EXPORT_CLOCK_CANCELLED };
struct export_clock {
    int64_t seq, kind, step, due_ms, state, fired_ms;
};
void store_export_each_clock(struct store *s, int64_t item_seq, void *context,
                             void (*each)(void *context, const struct export_clock *clock));

/* A notice's deliveries with the template they were written from. */
struct export_delivery {
    int64_t channel, state, attempts, ended_ms;
    const char *template_name, *template_hash;
};
void store_export_each_delivery(struct store *s, int64_t item_seq, int64_t notice_seq,
                                void *context,
                                void (*each)(void *context, const struct export_delivery *d));

#endif
