/*
 * What the store holds about one case: its items, their tasks, the refusals that its events
 * corrected, events of no item that name it, and lines of agendas. For erasing and for the export,
 * so that both mean the same rows.
 */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stddef.h>
#include <stdint.h>

struct erasure;
struct keys;
struct known;
struct store;

struct numbers {
    int64_t *at;
    size_t n, cap;
};

struct subject {
    struct numbers items;  /* in the order in which they were found */
    struct numbers events; /* of no item */
    struct numbers agenda; /* rows of agendas that name the case, and not an item of it */
    int64_t open;          /* items that are not closed */

    /* for the search */
    struct store *store;
    const struct keys *keys;
    const struct known *known;
    const struct erasure *who;
};

/* Fills *s; `who` names the case (erasure_of()). `known` may be NULL: then a refusal is found only
 * where the correction names it by its code. Failures of the store stick there. */
void subject_find(struct subject *s, struct store *store, const struct keys *keys,
                  const struct known *known, const struct erasure *who);
void subject_release(struct subject *s);

#endif
