/*
 * Jobs that wait for an engine: see jobqueue.h. A group that may not go is passed over, so that a
 * peer that hangs and has its share holds up nobody else.
 */
#include "jobqueue.h"

#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "util.h"

enum { URGENT_IN_A_ROW = 3 };

void jobqueue_put(struct job_queues *queues, struct job *job)
{
    struct job_queue *q = job->urgent ? &queues->urgent : &queues->normal;
    job->next = NULL;
    for (size_t i = 0; i < q->count; i++) {
        struct job_group *group = &q->group[i];
        if (group->first->lane == job->lane && group->first->transport == job->transport) {
            group->last->next = job;
            group->last = job;
            return;
        }
    }
    q->group = grow(q->group, q->count, &q->cap, sizeof *q->group);
    q->group[q->count++] = (struct job_group){job, job};
}

static void release(struct job_queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        jobs_free(q->group[i].first);
    free(q->group);
}

void jobqueue_free(struct job_queues *q)
{
    release(&q->urgent);
    release(&q->normal);
}

/* The first of that group; its group goes to the end of the turns. */
static struct job *get(struct job_queue *q, size_t i)
{
    struct job_group group = q->group[i];
    struct job *job = group.first;
    memmove(q->group + i, q->group + i + 1, (q->count - i - 1) * sizeof *q->group);
    group.first = job->next;
    if (group.first)
        q->group[q->count - 1] = group;
    else
        q->count--;
    job->next = NULL;
    return job;
}

static struct job *pick(struct job_queue *q, const struct job_taker *taker)
{
    for (size_t i = 0; i < q->count; i++)
        if (!taker->may_go || taker->may_go(taker->context, q->group[i].first))
            return get(q, i);
    return NULL;
}

struct job *jobqueue_take(struct job_queues *q, struct job_taker *taker)
{
    bool is_turn_of_others = !taker->urgent_only && taker->in_a_row >= URGENT_IN_A_ROW;
    struct job *job = is_turn_of_others ? pick(&q->normal, taker) : NULL;
    if (!job && (job = pick(&q->urgent, taker))) {
        taker->in_a_row++;
        return job;
    }
    taker->in_a_row = 0;
    return job || taker->urgent_only ? job : pick(&q->normal, taker);
}

bool jobqueue_same_transport(const struct job *a, const struct job *b)
{
    return a->transport == b->transport ||
           (a->transport && b->transport && str_eq(a->transport->name, b->transport->name));
}

void jobqueue_recall(struct job_queues *queues, const char *transport, struct job_list *back)
{
    struct job_queue *q = &queues->normal;
    size_t kept = 0;
    for (size_t i = 0; i < q->count; i++) {
        struct job_group group = q->group[i];
        if (!group.first->transport || !str_eq(group.first->transport->name, transport)) {
            q->group[kept++] = group;
            continue;
        }
        *back->last = group.first;
        back->last = &group.last->next;
    }
    q->count = kept;
}
