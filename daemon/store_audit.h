/*
 * The audit trail (DOMAIN R18): append-only and hash-chained (table audit).
 *
 *     commitment = SHA-256(salt, content)
 *     link       = SHA-256(link of the row before, seq, at_ms, item_seq, commitment)
 *
 * Erasing removes salt and content; the link stays verifiable. Pruning removes the oldest rows and
 * leaves the last one's number and link as a checkpoint, from which the rest is verified. Content
 * is a line of key=value pairs of ids and codes: never an address, a name or a text.
 */
#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct store;

/* Appends a row; returns its number. */
int64_t store_audit_add(struct store *s, int64_t at_ms, int64_t item_seq, const char *content);

struct audit_row {
    int64_t seq, at_ms, item_seq;
    const char *content;
};
void store_audit_each(struct store *s, int64_t item_seq, void *context,
                      void (*each)(void *context, const struct audit_row *row));

/* What following the whole chain came to. */
struct audit_chain {
    int64_t rows;
    int64_t erased;         /* rows whose content was erased */
    int64_t first_seq;      /* 0: none */
    int64_t head_seq;       /* the last row that holds; the checkpoint when there is none */
    int64_t head_ms;        /* its time */
    unsigned char head[32]; /* its link: whoever noted it elsewhere can tell a chain made anew */
    int64_t checkpoint_seq; /* rows up to here were removed in time; 0 = none were */
    int64_t broken_seq;     /* the first row that does not follow from the one before; 0 = none */
};

/* Follows the chain from the checkpoint that pruning left (meta audit_checkpoint_seq and
 * audit_checkpoint_link, absent = none), or from its beginning. */
void store_audit_follow(struct store *s, struct audit_chain *chain);

/* The same in short. Returns the number of rows, or -1 with the first broken row in err. */
int64_t store_audit_verify(struct store *s, struct buf *err);

/* Removes at most max rows that are older than before_ms from the beginning of the chain, but never
 * the newest, and moves the checkpoint; in the open transaction. Returns how many were removed. */
int64_t store_audit_prune(struct store *s, int64_t before_ms, int64_t max);

#endif
