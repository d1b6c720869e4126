/*
 * Everything that is kept about a case, for the person concerned (Art. 15 DSGVO, § 83 SGB X, DOMAIN
 * R20): as German text and as JSON.
 *
 * Who was told is named by role (the unit) and channel, never by address: the address of a mailbox
 * says nothing about the person who asks, and a private number belongs to somebody else (R22).
 * Texts of messages are not kept, so none are here, only template and its version. Reads only, from
 * one moment of the store; meant for a reader beside the daemon.
 */
#ifndef EXPORT_H
#define EXPORT_H

#include <stdint.h>

struct buf;
struct directory;
struct erasure;
struct keys;
struct store;

struct export_from {
    struct store *store;
    const struct keys *keys;
    const struct directory *directory;
    const struct erasure *erased; /* the case's newest erasure; NULL = none */
    int64_t now_ms;
};

/* Appends both forms; `json` is one object. Returns how many items and further events were found;
 * 0 is an answer too, and both forms say it. Failures of the store stick there. */
int64_t export_case(const struct export_from *from, const char *case_ref, struct buf *text,
                    struct buf *json);

#endif
