/*
 * The audit trail (DOMAIN R18): append-only and hash-chained (table audit).
 *
 *     commitment = SHA-256(salt, content)
 *     link       = SHA-256(link of the row before, seq, at_ms, item_seq, commitment)
 *
 * Erasing removes salt and content; the link stays verifiable. Content is a line of key=value
 * pairs of ids and codes: never an address, a name or a text.
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

/* Follows the whole chain. Returns the number of rows, or -1 with the first broken row in err. */
int64_t store_audit_verify(struct store *s, struct buf *err);

#endif
