/*
 * The gateway's secret keys: one file of 32 random bytes, mode 0600, from which each purpose's key
 * is derived. Whoever has the file can try out guesses of case references against the store and
 * forge answer links; it belongs into the backup of the machine, not of the store.
 */
#ifndef KEYS_H
#define KEYS_H

#include "digest.h"

struct buf;

struct keys {
    unsigned char id[DIGEST_KEY];       /* event ids and envelopes */
    unsigned char case_ref[DIGEST_KEY]; /* index of case references */
    unsigned char code[DIGEST_KEY];     /* item codes */
    unsigned char token[DIGEST_KEY];    /* Message-IDs, return paths */
};

/* Reads the file, or makes it when it is missing. Refuses a file that others may read. Returns 0,
 * or -1 with one sentence in err. */
int keys_load(struct keys *keys, const char *path, struct buf *err);

#endif
