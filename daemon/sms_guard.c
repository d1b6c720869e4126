/*
 * Loop guards of SMS answers: see sms_guard.h. When all places are taken the sender that was quiet
 * longest is forgotten.
 */
#include "sms_guard.h"

#include <string.h>

static size_t place_of(struct sms_guard *guard, uint64_t who, int64_t now_ms)
{
    size_t oldest = 0, i = 0;
    for (; i < SMS_GUARD_SENDERS && guard->sender[i].who != who; i++)
        if (guard->sender[i].since_ms < guard->sender[oldest].since_ms)
            oldest = i;
    if (i == SMS_GUARD_SENDERS) {
        i = oldest;
        guard->sender[i].who = 0;
    }
    if (guard->sender[i].who != who || now_ms - guard->sender[i].since_ms >= SMS_GUARD_SPAN_MS) {
        memset(&guard->sender[i], 0, sizeof guard->sender[i]);
        guard->sender[i].who = who;
        guard->sender[i].since_ms = now_ms;
    }
    return i;
}

bool sms_guard_reply(struct sms_guard *guard, uint64_t who, int64_t now_ms, int64_t max)
{
    size_t i = place_of(guard, who, now_ms);
    if (guard->sender[i].replies >= max)
        return false;
    guard->sender[i].replies++;
    return true;
}

bool sms_guard_explain(struct sms_guard *guard, uint64_t who, int64_t now_ms)
{
    size_t i = place_of(guard, who, now_ms);
    bool first = !guard->sender[i].explained;
    guard->sender[i].explained = true;
    return first;
}

bool sms_guard_knows(const struct sms_guard *guard, uint64_t id)
{
    for (size_t i = 0; i < SMS_GUARD_IDS; i++)
        if (guard->id[i] == id)
            return id != 0;
    return false;
}

void sms_guard_note(struct sms_guard *guard, uint64_t id)
{
    if (sms_guard_knows(guard, id))
        return;
    guard->id[guard->next_id] = id;
    guard->next_id = (guard->next_id + 1) % SMS_GUARD_IDS;
}
