/*
 * Policies: how long may an answer take, and what follows. What a policy leaves out has the values
 * of DOMAIN 5 (emergency 10 minutes, urgent 2 office hours, prompt 1 and routine 3 staffed days).
 *
 * Refuses limits under a minute (a reminder would run in a loop) and limits of an emergency that
 * wait for office hours (DOMAIN DO1: unverzüglich, at night as well).
 */
#include <string.h>

#include "conf.h"
#include "directory_load.h"
#include "util.h"

static const char *const urgencies[] = {"routine", "prompt", "urgent", "emergency", NULL};

/* In the order of enum urgency. */
static const char *const ack_defaults[] = {"3 staffed days", "1 staffed day", "2 office hours",
                                           "10m"};
static const char *const escalate_defaults[] = {"1 staffed day", "1 staffed day", "2 office hours",
                                                "10m"};
static const char *const expire_defaults[] = {"3d", "2d", "1d", "12h"};

static void load_span(struct loader *l, struct conf_node *group, const char *member,
                      const char *otherwise, struct span *span)
{
    const char *text = conf_text(group, member, otherwise, l->faults);
    bool valid = span_parse(text, span);
    bool short_time = valid && span->unit != SPAN_STAFFED && span->amount < MINUTE_MS;
    if (valid && !short_time && span->amount > 0)
        return;
    struct conf_node *at = conf_get(group, member);
    conf_fault(l->faults, at ? at : group,
               "\"%s\" must be a length of at least a minute, such as \"30m\", \"2 office hours\" "
               "or \"1 staffed day\"",
               member);
    span_parse(otherwise, span);
}

static void load_spans(struct loader *l, struct conf_node *policy, const char *member,
                       const char *const *otherwise, struct span *span)
{
    struct conf_node *group = conf_get(policy, member);
    for (int u = 0; u < URGENCY_COUNT; u++) {
        load_span(l, group, urgencies[u], otherwise[u], &span[u]);
        if (u == URGENCY_EMERGENCY && span[u].unit != SPAN_REAL)
            conf_fault(l->faults, group,
                       "an emergency does not wait for office hours; write minutes or hours, such "
                       "as \"10m\"");
    }
    if (group)
        conf_check_unused(group, urgencies, l->faults);
}

static void load_expiry(struct loader *l, struct conf_node *policy, int64_t *expire_ms)
{
    struct conf_node *group = conf_get(policy, "expire");
    for (int u = 0; u < URGENCY_COUNT; u++) {
        int64_t otherwise_ms = 0;
        duration_parse(expire_defaults[u], &otherwise_ms);
        expire_ms[u] = conf_duration_ms(group, urgencies[u], otherwise_ms, l->faults);
        if (expire_ms[u] < MINUTE_MS)
            conf_fault(l->faults, group, "\"%s\" must be at least a minute, such as \"12h\"",
                       urgencies[u]);
    }
    if (group)
        conf_check_unused(group, urgencies, l->faults);
}

static void load_sms(struct loader *l, struct conf_node *policy, bool *sms)
{
    struct conf_node *list = loader_list(l, policy, "sms");
    for (size_t i = 0; list && i < list->children; i++) {
        enum urgency urgency;
        if (!loader_is_text(l, list->child[i], "sms"))
            continue;
        if (urgency_parse(list->child[i]->text, &urgency))
            sms[urgency] = true;
        else
            conf_fault(l->faults, list->child[i],
                       "there is no urgency \"%.80s\"; write \"routine\", \"prompt\", \"urgent\" "
                       "or \"emergency\"",
                       list->child[i]->text);
    }
}

/* A ladder may leave rungs out; the coordinator is its end whether it says so or not. */
static void load_ladder(struct loader *l, struct conf_node *group, struct policy *policy)
{
    static const enum rung otherwise[] = {RUNG_DEPUTY, RUNG_LEAD, RUNG_HEAD, RUNG_COORDINATOR};
    struct conf_node *list = loader_list(l, group, "ladder");
    if (!list) {
        memcpy(policy->rung, otherwise, sizeof otherwise);
        policy->rungs = COUNT_OF(otherwise);
        return;
    }
    for (size_t i = 0; i < list->children; i++) {
        enum rung rung;
        if (!loader_is_text(l, list->child[i], "ladder"))
            continue;
        if (!rung_parse(list->child[i]->text, &rung))
            conf_fault(l->faults, list->child[i],
                       "there is no rung \"%.80s\"; write \"unit\", \"deputy\", \"lead\", "
                       "\"head\" or \"coordinator\"",
                       list->child[i]->text);
        else if (policy->rungs == RUNGS_MAX)
            conf_fault(l->faults, list->child[i], "a ladder has at most %d rungs", RUNGS_MAX);
        else
            policy->rung[policy->rungs++] = rung;
    }
}

static void load_lengths(struct loader *l, struct conf_node *group, struct policy *policy)
{
    for (int i = 0; i < LIMIT_COUNT; i++)
        load_span(l, group, limit_name((enum limit)i), limit_default((enum limit)i),
                  &policy->span[i]);
}

void directory_load_policies(struct loader *l, struct conf_node *root)
{
    static const char *const known[] = {
        "id",      "ack",          "escalate", "ladder",   "expire",  "sms",
        "repeat",  "conversation", "accept",   "conflict", "confirm", "offer",
        "contact", "waitlist",     "running",  "feedback", "hazard",  NULL};
    struct directory *dir = l->dir;
    struct conf_node *list = loader_list(l, root, "policies");
    size_t n = list ? list->children : 0;
    dir->policy = arena_get(&l->memory->arena, n, sizeof(*dir->policy));
    for (size_t i = 0; i < n; i++) {
        struct policy *policy = &dir->policy[dir->policies];
        struct conf_node *group = list->child[i];
        policy->id = loader_id(l, list, group, &l->memory->policy, policy);
        if (!policy->id)
            continue;
        load_spans(l, group, "ack", ack_defaults, policy->ack);
        load_spans(l, group, "escalate", escalate_defaults, policy->escalate);
        load_lengths(l, group, policy);
        load_ladder(l, group, policy);
        load_expiry(l, group, policy->expire_ms);
        load_sms(l, group, policy->sms);
        conf_check_unused(group, known, l->faults);
        dir->policies++;
    }
    if (n == 0)
        conf_fault(l->faults, list ? list : root, "\"policies\" is empty; define at least one");
}
