/*
 * Open addressing with linear probing, at most half full. The hash is FNV-1a and not keyed: ids
 * enter by the configuration only, so nobody outside can crowd a slot; a lookup from an event
 * merely asks. Nothing is ever removed. Memory that cannot be had ends the process (util.h).
 */
#include "idtable.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { SIZE_FIRST = 16, TYPOS_MAX = 2 };

struct idtable_slot {
    const char *id; /* NULL: free */
    const void *thing;
    uint64_t hash;
};

void idtable_init(struct idtable *t)
{
    memset(t, 0, sizeof(*t));
}

void idtable_release(struct idtable *t)
{
    free(t->slot);
    idtable_init(t);
}

static uint64_t hash_of(const char *id)
{
    uint64_t h = 0xcbf29ce484222325U;
    for (const unsigned char *p = (const unsigned char *)id; *p; p++)
        h = (h ^ *p) * 0x100000001b3U;
    return h ^ h >> 32;
}

/* The slot that holds the id, or the free one where it belongs. */
static struct idtable_slot *slot_of(const struct idtable *t, const char *id, uint64_t hash)
{
    size_t i = hash & (t->size - 1);
    while (t->slot[i].id && (t->slot[i].hash != hash || !str_eq(t->slot[i].id, id)))
        i = (i + 1) & (t->size - 1);
    return &t->slot[i];
}

static void resize(struct idtable *t)
{
    struct idtable old = *t;
    t->size = old.size ? old.size * 2 : SIZE_FIRST;
    t->slot = xcalloc(t->size, sizeof(*t->slot));
    for (size_t i = 0; i < old.size; i++)
        if (old.slot[i].id)
            *slot_of(t, old.slot[i].id, old.slot[i].hash) = old.slot[i];
    free(old.slot);
}

const void *idtable_put(struct idtable *t, const char *id, const void *thing)
{
    uint64_t hash = hash_of(id);
    if (t->count * 2 >= t->size)
        resize(t);
    struct idtable_slot *slot = slot_of(t, id, hash);
    if (slot->id)
        return slot->thing;
    *slot = (struct idtable_slot){id, thing, hash};
    t->count++;
    return NULL;
}

const void *idtable_find(const struct idtable *t, const char *id)
{
    return t->size ? slot_of(t, id, hash_of(id))->thing : NULL;
}

const char *idtable_nearest(const struct idtable *t, const char *id)
{
    const char *best = NULL;
    unsigned best_typos = TYPOS_MAX + 1;
    for (size_t i = 0; i < t->size; i++) {
        const char *other = t->slot[i].id;
        unsigned typos = other ? str_distance(id, other, TYPOS_MAX) : best_typos + 1;
        if (typos > TYPOS_MAX || typos > best_typos)
            continue;
        if (typos < best_typos || strcmp(other, best) < 0)
            best = other;
        best_typos = typos;
    }
    return best;
}
