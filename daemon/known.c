/*
 * The set of known ids: see known.h. Open addressing with linear probing; a table grows by a third
 * when it is 85 % full, so an entry of 24 bytes costs 28 to 38. The hashes are keyed and uniform,
 * so their own bits choose the slot. Days that passed are dropped whole, which costs nothing.
 */
#include "known.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { FIRST_SLOTS = 64 };

void known_init(struct known *k)
{
    memset(k, 0, sizeof *k);
}

void known_release(struct known *k)
{
    for (size_t i = 0; i < k->days; i++)
        free(k->day[i].entry);
    known_init(k);
}

/* Maps a uniform 64-bit hash to [0, slots) without a division. */
static size_t slot_of(uint64_t hash, size_t slots)
{
    return (size_t)(((unsigned __int128)hash * slots) >> 64);
}

static void place(struct known_day *d, const struct known_entry *entry)
{
    size_t i = slot_of(entry->hash[0], d->slots);
    while (d->entry[i].seq)
        i = i + 1 == d->slots ? 0 : i + 1;
    d->entry[i] = *entry;
}

static void make_room(struct known_day *d)
{
    if (d->slots && d->used + 1 <= d->slots / 100 * 85 + d->slots % 100 * 85 / 100)
        return;
    struct known_day wider = {.day = d->day, .used = d->used};
    wider.slots = d->slots ? d->slots + d->slots / 3 : FIRST_SLOTS;
    wider.entry = xcalloc(wider.slots, sizeof *wider.entry);
    for (size_t i = 0; i < d->slots; i++)
        if (d->entry[i].seq)
            place(&wider, &d->entry[i]);
    free(d->entry);
    *d = wider;
}

void known_forget(struct known *k, int64_t before_day)
{
    size_t kept = 0;
    for (size_t i = 0; i < k->days; i++) {
        if (k->day[i].day < before_day)
            free(k->day[i].entry);
        else
            k->day[kept++] = k->day[i];
    }
    k->days = kept;
}

static struct known_day *bucket(struct known *k, int64_t day)
{
    for (size_t i = k->days; i > 0; i--)
        if (k->day[i - 1].day == day)
            return &k->day[i - 1];
    known_forget(k, day - ID_MEMORY_DAYS);
    size_t kept = k->days;
    /* A wall clock that jumps far back and forth may leave more days than there is room for. */
    if (kept == COUNT_OF(k->day)) {
        free(k->day[0].entry);
        memmove(&k->day[0], &k->day[1], --kept * sizeof k->day[0]);
    }
    k->days = kept + 1;
    k->day[kept] = (struct known_day){.day = day};
    return &k->day[kept];
}

void known_add(struct known *k, const unsigned char id_hash[DIGEST_ID], int64_t seq, int64_t day)
{
    struct known_entry entry = {.seq = seq};
    struct known_day *d = bucket(k, day);
    memcpy(entry.hash, id_hash, DIGEST_ID);
    make_room(d);
    place(d, &entry);
    d->used++;
}

static int64_t find_in(const struct known_day *d, const uint64_t hash[2])
{
    if (!d->slots)
        return 0;
    for (size_t i = slot_of(hash[0], d->slots); d->entry[i].seq; i = i + 1 == d->slots ? 0 : i + 1)
        if (d->entry[i].hash[0] == hash[0] && d->entry[i].hash[1] == hash[1])
            return d->entry[i].seq;
    return 0;
}

int64_t known_find(const struct known *k, const unsigned char id_hash[DIGEST_ID])
{
    uint64_t hash[2];
    memcpy(hash, id_hash, sizeof hash);
    for (size_t i = k->days; i > 0; i--) {
        int64_t seq = find_in(&k->day[i - 1], hash);
        if (seq)
            return seq;
    }
    return 0;
}

size_t known_count(const struct known *k)
{
    size_t n = 0;
    for (size_t i = 0; i < k->days; i++)
        n += k->day[i].used;
    return n;
}

size_t known_bytes(const struct known *k)
{
    size_t n = 0;
    for (size_t i = 0; i < k->days; i++)
        n += k->day[i].slots * sizeof(struct known_entry);
    return n;
}
