/*
 * Frozen limits: see limits.h.
 */
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "util.h"

enum { ACCEPT_STAFFED_DAYS = 15, REFUSAL_EXPIRE_DAYS = 3 }; /* DOMAIN 5, SLA defaults */

void limits_of(struct limits *limits, const struct policy *policy, enum urgency urgency)
{
    limits->ack = policy->ack[urgency];
    limits->escalate = policy->escalate[urgency];
    limits->repeat = policy->repeat;
    limits->accept = (struct span){SPAN_STAFFED, ACCEPT_STAFFED_DAYS};
    limits->expire_ms = policy->expire_ms[urgency];
    limits->sms = policy->sms[urgency];
}

void limits_refusal(struct limits *limits, int64_t answer_ms)
{
    memset(limits, 0, sizeof *limits);
    limits->ack = limits->escalate = limits->repeat = (struct span){SPAN_REAL, answer_ms};
    limits->accept = limits->ack;
    limits->expire_ms = (int64_t)REFUSAL_EXPIRE_DAYS * 86400000;
}

static void put(struct buf *out, const char *name, const struct span *span)
{
    buf_printf(out, "%s=%d:%lld;", name, (int)span->unit, (long long)span->amount);
}

void limits_write(struct buf *out, const struct limits *limits)
{
    put(out, "ack", &limits->ack);
    put(out, "escalate", &limits->escalate);
    put(out, "repeat", &limits->repeat);
    put(out, "accept", &limits->accept);
    buf_printf(out, "expire=%lld;sms=%d;", (long long)limits->expire_ms, limits->sms);
}

/* Reads "name=" at *p and the number after it; moves *p behind it. */
static bool take_number(const char **p, const char *name, int64_t *value)
{
    size_t n = strlen(name);
    if (strncmp(*p, name, n) != 0)
        return false;
    char *end;
    *value = strtoll(*p + n, &end, 10);
    bool any = end != *p + n;
    *p = end;
    return any;
}

static bool take_span(const char **p, const char *name, struct span *span)
{
    int64_t unit;
    if (!take_number(p, name, &unit) || unit < SPAN_REAL || unit > SPAN_STAFFED)
        return false;
    span->unit = (enum span_unit)unit;
    if (!take_number(p, ":", &span->amount) || **p != ';')
        return false;
    (*p)++;
    return true;
}

bool limits_read(struct limits *limits, const char *text)
{
    int64_t sms;
    const char *p = text;
    if (!take_span(&p, "ack=", &limits->ack) || !take_span(&p, "escalate=", &limits->escalate) ||
        !take_span(&p, "repeat=", &limits->repeat) || !take_span(&p, "accept=", &limits->accept) ||
        !take_number(&p, "expire=", &limits->expire_ms) || !take_number(&p, ";sms=", &sms) ||
        !str_eq(p, ";"))
        return false;
    limits->sms = sms != 0;
    return true;
}
