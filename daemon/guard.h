/*
 * Counts bad attempts by the address they came from, so that a search for valid links is slow and
 * seen. Fixed memory, forgetting after a minute; addresses are kept as hashes. Pure.
 *
 * What is valid is never held back: tokens cannot be guessed, and behind a proxy or a shared
 * connection one address stands for many people.
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stdint.h>

enum {
    GUARD_SLOTS = 512,
    GUARD_BAD_MAX = 20, /* bad attempts of an address in GUARD_SPAN_MS that get a plain answer */
    GUARD_SPAN_MS = 60000
};

struct guard {
    struct {
        int64_t since_ms; /* monotonic */
        int bad;
    } slot[GUARD_SLOTS];
};

enum guard_verdict {
    GUARD_FINE,  /* few so far */
    GUARD_FIRST, /* this one is the first too many: worth a log line */
    GUARD_TOO_MANY
};

/* Notes a bad attempt of that address hash at that monotonic time. */
enum guard_verdict guard_bad(struct guard *guard, uint64_t who, int64_t mono_ms);

#endif
