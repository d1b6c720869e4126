/*
 * The list of erased cases: a file outside the store, so that a restored backup does not bring back
 * what was erased since (DESIGN 8). One line for each erasure:
 *
 *     <number> <time, RFC 3339 UTC> <key, 16 hex digits> <hash, 32 hex digits>
 *
 * Key and hash are keyed hashes of the case reference: without the gateway's key file they say
 * nothing. The store notes the highest number that it has applied; what lies above it is applied at
 * the next start. Lines that begin with # are for people.
 */
#ifndef ERASURES_H
#define ERASURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "digest.h"

struct buf;

struct erasure {
    int64_t number; /* from 1, ever higher */
    int64_t at_ms;
    int64_t case_key;                   /* as table item has it */
    unsigned char case_hash[DIGEST_ID]; /* tells cases of the same key apart */
};

struct erasures {
    struct erasure *entry; /* by number */
    size_t count, cap;
    size_t *by_key; /* places in entry, by case_key and then by number */
    size_t by_key_count, by_key_cap;
    char *path;
};

/* Key and hash of a case reference. */
void erasure_of(struct erasure *e, const unsigned char key[DIGEST_KEY], const char *case_ref);

/* What the audit trail and the answer call an erasure: 16 hex digits of the hash. */
enum { ERASURE_TICKET_LEN = 16 };
void erasure_ticket(char ticket[ERASURE_TICKET_LEN + 1], const struct erasure *e);

/* Reads the file; one that is not there is an empty list. A last line without its line feed was cut
 * off by a crash, before its erasure could be committed, and is passed over. Returns 0, or -1 with
 * one sentence in err when the file cannot be read or a line is no erasure: then nobody knows what
 * has to stay erased. */
int erasures_open(struct erasures *list, const char *path, struct buf *err);
void erasures_close(struct erasures *list);

/* The same from memory; for erasures_open() and the tests. */
int erasures_read(struct erasures *list, const char *text, size_t len, struct buf *err);

/* Appends to the file and returns when it is on the disk; e->number is set, above `floor` and above
 * all in the list. -1 with one sentence in err: then nothing may be erased yet. */
int erasures_add(struct erasures *list, struct erasure *e, int64_t floor, struct buf *err);

/* The newest erasure of the case, or NULL. */
const struct erasure *erasures_find(const struct erasures *list, const struct erasure *like);

#endif
