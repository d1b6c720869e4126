/*
 * Loop guards of SMS answers, in memory: how often a sender was replied to, and which incoming SMS
 * were taken already. Fixed size; senders and ids are kept as keyed hashes. Pure.
 *
 * A restart forgets both: then a repeated callback finds its fact recorded already and is told so
 * once more, which does no harm.
 */
#ifndef SMS_GUARD_H
#define SMS_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SMS_GUARD_SENDERS = 256, SMS_GUARD_IDS = 1024, SMS_GUARD_SPAN_MS = 3600000 };

struct sms_guard {
    struct {
        uint64_t who;
        int64_t since_ms;
        int64_t replies;
        bool explained;
    } sender[SMS_GUARD_SENDERS];
    uint64_t id[SMS_GUARD_IDS];
    size_t next_id;
};

/* True when this sender may get one more reply, of `max` in an hour; counts it. */
bool sms_guard_reply(struct sms_guard *guard, uint64_t who, int64_t now_ms, int64_t max);

/* True for the first explanation (STOP, Hilfe) of this sender in an hour. */
bool sms_guard_explain(struct sms_guard *guard, uint64_t who, int64_t now_ms);

/* Incoming SMS that were taken; call sms_guard_note() after the commit only, or a turn that is run
 * again would not see its own SMS. */
bool sms_guard_knows(const struct sms_guard *guard, uint64_t id);
void sms_guard_note(struct sms_guard *guard, uint64_t id);

#endif
