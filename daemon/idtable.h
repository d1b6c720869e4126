/*
 * A hash table from ids to things, filled at load time and then only read: lookups by id are on
 * the path of every event.
 */
#ifndef IDTABLE_H
#define IDTABLE_H

#include <stddef.h>

struct idtable {
    struct idtable_slot *slot;
    size_t size; /* a power of two, or 0 while empty */
    size_t count;
};

/* The storage of t is the caller's; all zero is an empty table, too. */
void idtable_init(struct idtable *t);
void idtable_release(struct idtable *t);

/* Adds a thing under an id. Both are borrowed and must outlive the table. Returns NULL, or the
 * thing that already has the id, which then keeps it. */
const void *idtable_put(struct idtable *t, const char *id, const void *thing);

/* The thing with this id, or NULL. */
const void *idtable_find(const struct idtable *t, const char *id);

/* The id that differs from a mistyped one in at most two letters, the nearest and then the first
 * in the alphabet; NULL when none does. Looks at all ids: for messages only. */
const char *idtable_nearest(const struct idtable *t, const char *id);

#endif
