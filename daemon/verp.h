/*
 * Tagged numbers in mails: "d17.8c3f01aa5e77d210" in a return path (VERP:
 * bounce+d17.TAG@gw.example) and in a Message-ID. The tag is a MAC over what stands before the dot,
 * so that nobody makes up an id that we would believe; a report that names a delivery must have
 * seen its mail.
 *
 * Letters may come back in other cases: relays change them, and an address is compared without
 * them. The tag is compared in constant time. Pure but for libsodium (digest.h).
 */
#ifndef VERP_H
#define VERP_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct keys;

enum {
    VERP_DELIVERY = 'd', /* a delivery's number */
    VERP_ITEM = 'v'      /* an item's: the root of a thread; never the subject of a report */
};

enum verp_end {
    VERP_FOREIGN, /* no address or id of ours */
    VERP_PLAIN,   /* our address for bounces, or an id of our form, that names no delivery */
    VERP_FORGED,  /* names a delivery by a tag that we have not made */
    VERP_OURS
};

/* Appends "<kind><number>.<tag>". */
void verp_put(struct buf *out, const struct keys *keys, char kind, int64_t number);

/* Appends the return path of a delivery: `base` (an addr-spec) with "+" and what verp_put() made of
 * its number before its @. Nothing when base has no @. */
void verp_put_address(struct buf *out, const char *base, const char *tagged);

/* What an address (with or without <>) is, and the delivery of VERP_OURS. */
enum verp_end verp_address(const struct keys *keys, const char *base, const char *address,
                           int64_t *delivery);

/* The same for a Message-ID with its <>; `domain` is the right side of ours. */
enum verp_end verp_message_id(const struct keys *keys, const char *domain, const char *id,
                              int64_t *delivery);

#endif
