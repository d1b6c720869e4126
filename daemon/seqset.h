/*
 * A set of row numbers: one bit each, in blocks that exist where numbers are. A million numbers in
 * a row take some 130 KB, so that the ledger can hold "which items have a clock" while it walks a
 * table once. Pure.
 */
#ifndef SEQSET_H
#define SEQSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seqset_block;

struct seqset {
    struct seqset_block **block; /* in order of their numbers */
    size_t blocks, cap;
    size_t last; /* where the last number was found: neighbours come together */
};

/* Storage is the caller's; all zero is the empty set. */
void seqset_release(struct seqset *set);

/* False when the number was in the set already. */
bool seqset_add(struct seqset *set, int64_t seq);
void seqset_remove(struct seqset *set, int64_t seq);
bool seqset_has(const struct seqset *set, int64_t seq);
int64_t seqset_count(const struct seqset *set);

/* Calls back for each number that is in `set` and not in `other`, in ascending order. */
void seqset_without(const struct seqset *set, const struct seqset *other, void *context,
                    void (*each)(void *context, int64_t seq));

#endif
