/*
 * The gateway's secret keys: one file of 32 random bytes, mode 0600, from which each purpose's key
 * is derived. Whoever has the file can try out guesses of case references against the store and
 * forge answer links; it belongs into the backup of the machine, not of the store.
 *
 * Answer links have keys of their own, so that they can be changed without changing the code of
 * every item: each further 32 bytes appended to the file are the next link key. The last one
 * writes, the one before is still read; to end all links that are under way, append twice.
 */
#ifndef KEYS_H
#define KEYS_H

#include "digest.h"

struct buf;

enum {
    KEYS_LINKS_MAX = 250 /* link keys that a file may hold; the number of a key is one byte */
};

struct keys {
    unsigned char id[DIGEST_KEY];       /* event ids and envelopes */
    unsigned char case_ref[DIGEST_KEY]; /* index of case references */
    unsigned char code[DIGEST_KEY];     /* item codes */
    unsigned char token[DIGEST_KEY];    /* Message-IDs, return paths, feeds */

    unsigned char link[2][DIGEST_KEY]; /* answer links: the one that writes, the one before */
    unsigned char link_id;             /* number of link[0], from 0; that of link[1] is one less */
};

/* Reads the file, or makes it when it is missing. Refuses a file that others may read. Returns 0,
 * or -1 with one sentence in err. */
int keys_load(struct keys *keys, const char *path, struct buf *err);

#endif
