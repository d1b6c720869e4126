/*
 * The set of event ids that were seen (DESIGN 2, "Repeats"): 128-bit keyed hashes in buckets, one
 * per day, each with the number of its event. Pure memory; rebuilt from the store at start. At most
 * 40 bytes an id.
 */
#ifndef KNOWN_H
#define KNOWN_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "stafette.h"

struct known_entry {
    uint64_t hash[2];
    int64_t seq; /* 0: empty */
};

struct known_day {
    int64_t day;
    struct known_entry *entry;
    size_t slots, used;
};

struct known {
    struct known_day day[ID_MEMORY_DAYS + 1];
    size_t days;
};

void known_init(struct known *k);
void known_release(struct known *k);

/* Adds an id under the day it was received; drops buckets older than ID_MEMORY_DAYS before that
 * day. */
void known_add(struct known *k, const unsigned char id_hash[DIGEST_ID], int64_t seq, int64_t day);

/* Drops what was received before that day. */
void known_forget(struct known *k, int64_t before_day);

/* The number of the event with that id, or 0. */
int64_t known_find(const struct known *k, const unsigned char id_hash[DIGEST_ID]);

size_t known_count(const struct known *k);
size_t known_bytes(const struct known *k);

#endif
