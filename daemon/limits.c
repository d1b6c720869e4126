/*
 * Frozen limits: see limits.h.
 */
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "directory.h"
#include "util.h"

enum { REFUSAL_EXPIRE_DAYS = 3 };

static const struct {
    const char *name, *otherwise;
} lengths[LIMIT_COUNT] = {
    [LIMIT_REPEAT] = {"repeat", "1 staffed day"},
    [LIMIT_CONVERSATION] = {"conversation", "10 staffed days"},
    [LIMIT_ACCEPT] = {"accept", "15 staffed days"},
    [LIMIT_CONFLICT] = {"conflict", "3 staffed days"},
    [LIMIT_CONFIRM] = {"confirm", "3 staffed days"},
    [LIMIT_OFFER] = {"offer", "5 staffed days"},
    [LIMIT_CONTACT] = {"contact", "7d"},
    [LIMIT_WAITLIST] = {"waitlist", "28d"},
    [LIMIT_RUNNING] = {"running", "90d"},
    [LIMIT_FEEDBACK] = {"feedback", "3 staffed days"},
    [LIMIT_HAZARD] = {"hazard", "2h"},
};

static const struct {
    const char *name;
    char letter;
} rungs[RUNG_COUNT] = {
    [RUNG_UNIT] = {"unit", 'u'},
    [RUNG_DEPUTY] = {"deputy", 'd'},
    [RUNG_LEAD] = {"lead", 'l'},
    [RUNG_HEAD] = {"head", 'h'},
    [RUNG_COORDINATOR] = {"coordinator", 'c'},
};

const char *limit_name(enum limit limit)
{
    return lengths[limit].name;
}

const char *limit_default(enum limit limit)
{
    return lengths[limit].otherwise;
}

const char *rung_name(enum rung rung)
{
    return rungs[rung].name;
}

bool rung_parse(const char *name, enum rung *rung)
{
    for (int i = 0; i < RUNG_COUNT; i++)
        if (str_eq(rungs[i].name, name)) {
            *rung = (enum rung)i;
            return true;
        }
    return false;
}

void limits_of(struct limits *limits, const struct policy *policy, enum urgency urgency)
{
    memset(limits, 0, sizeof *limits);
    limits->ack = policy->ack[urgency];
    limits->escalate = policy->escalate[urgency];
    memcpy(limits->span, policy->span, sizeof limits->span);
    memcpy(limits->rung, policy->rung, sizeof limits->rung);
    limits->rungs = policy->rungs;
    limits->expire_ms = policy->expire_ms[urgency];
    limits->sms = policy->sms[urgency];
    str_copy(limits->policy, sizeof limits->policy, policy->id);
}

void limits_refusal(struct limits *limits, int64_t answer_ms)
{
    memset(limits, 0, sizeof *limits);
    limits->ack = limits->escalate = (struct span){SPAN_REAL, answer_ms};
    for (int i = 0; i < LIMIT_COUNT; i++)
        limits->span[i] = limits->ack;
    limits->rung[0] = RUNG_LEAD;
    limits->rung[1] = RUNG_COORDINATOR;
    limits->rungs = 2;
    limits->expire_ms = REFUSAL_EXPIRE_DAYS * DAY_MS;
    str_copy(limits->policy, sizeof limits->policy, "-");
}

static void put(struct buf *out, const char *name, const struct span *span)
{
    buf_printf(out, "%s=%d:%lld;", name, (int)span->unit, (long long)span->amount);
}

void limits_write(struct buf *out, const struct limits *limits)
{
    buf_printf(out, "policy=%s;ladder=", limits->policy);
    for (size_t i = 0; i < limits->rungs; i++)
        buf_addc(out, rungs[limits->rung[i]].letter);
    buf_addc(out, ';');
    put(out, "ack", &limits->ack);
    put(out, "escalate", &limits->escalate);
    for (int i = 0; i < LIMIT_COUNT; i++)
        put(out, lengths[i].name, &limits->span[i]);
    buf_printf(out, "expire=%lld;sms=%d;", (long long)limits->expire_ms, limits->sms);
}

/* Moves *p behind "name="; false when it stands elsewhere. */
static bool take_name(const char **p, const char *name)
{
    size_t n = strlen(name);
    if (strncmp(*p, name, n) != 0 || (*p)[n] != '=')
        return false;
    *p += n + 1;
    return true;
}

static bool take_number(const char **p, char end, int64_t *value)
{
    char *after;
    *value = strtoll(*p, &after, 10);
    if (after == *p || *after != end)
        return false;
    *p = after + 1;
    return true;
}

static bool take_span(const char **p, const char *name, struct span *span)
{
    int64_t unit;
    if (!take_name(p, name) || !take_number(p, ':', &unit) || unit < SPAN_REAL ||
        unit > SPAN_STAFFED)
        return false;
    span->unit = (enum span_unit)unit;
    return take_number(p, ';', &span->amount);
}

static bool take_ladder(const char **p, struct limits *limits)
{
    if (!take_name(p, "ladder"))
        return false;
    for (limits->rungs = 0; **p != ';'; (*p)++) {
        int rung = 0;
        while (rung < RUNG_COUNT && rungs[rung].letter != **p)
            rung++;
        if (rung == RUNG_COUNT || limits->rungs == RUNGS_MAX)
            return false;
        limits->rung[limits->rungs++] = (enum rung)rung;
    }
    (*p)++;
    return true;
}

static bool take_policy(const char **p, struct limits *limits)
{
    size_t n;
    if (!take_name(p, "policy") || (n = strcspn(*p, ";")) >= sizeof limits->policy ||
        (*p)[n] == '\0')
        return false;
    memcpy(limits->policy, *p, n);
    limits->policy[n] = '\0';
    *p += n + 1;
    return true;
}

bool limits_read(struct limits *limits, const char *text)
{
    int64_t sms;
    const char *p = text;
    memset(limits, 0, sizeof *limits);
    if (!take_policy(&p, limits) || !take_ladder(&p, limits) ||
        !take_span(&p, "ack", &limits->ack) || !take_span(&p, "escalate", &limits->escalate))
        return false;
    for (int i = 0; i < LIMIT_COUNT; i++)
        if (!take_span(&p, lengths[i].name, &limits->span[i]))
            return false;
    if (!take_name(&p, "expire") || !take_number(&p, ';', &limits->expire_ms) ||
        !take_name(&p, "sms") || !take_number(&p, ';', &sms) || *p != '\0')
        return false;
    limits->sms = sms != 0;
    return true;
}
