/*
 * Jobs that wait for an engine (carrier.h, transfer.h): urgent ones first without starving the
 * others, and the destinations in turns.
 *
 * Not locked: the engine's lock guards it.
 */
#ifndef JOBQUEUE_H
#define JOBQUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct job;
struct job_list;

/* What waits for one destination over one transport, oldest first; never empty. */
struct job_group {
    struct job *first, *last;
};

/* Groups in the order of their turns. Zero is an empty queue. */
struct job_queue {
    struct job_group *group;
    size_t count, cap;
};

struct job_queues {
    struct job_queue urgent, normal;
};

/* The job belongs to the queues until it is taken. */
void jobqueue_put(struct job_queues *q, struct job *job);

/* Frees what waits. */
void jobqueue_free(struct job_queues *q);

/* Whoever takes jobs, and which of them may go now. */
struct job_taker {
    bool urgent_only;
    unsigned in_a_row; /* urgent jobs since the last other one */
    bool (*may_go)(const void *context, const struct job *job); /* NULL: all may */
    const void *context;
};

/* The job whose turn it is, of those that may go; NULL: none. The urgent queue first, but every
 * fourth job of a taker is one of the others if any may go: an emergency is held up by one job at
 * most, and routine jobs by no stream of urgent ones. */
struct job *jobqueue_take(struct job_queues *q, struct job_taker *taker);

/* By name: after a reload the same peer is another transport. */
bool jobqueue_same_transport(const struct job *a, const struct job *b);

/* Moves what waits for a transport of that name to the list, but for urgent jobs. */
void jobqueue_recall(struct job_queues *q, const char *transport, struct job_list *back);

#endif
