/*
 * Carriers: the threads that carry mail and do file work, so that the deciding thread never waits.
 * The only part with threads.
 *
 * A carrier owns one persistent easy handle and a few sessions with relays, is handed one job,
 * hands back one result, touches nothing else. One of them takes urgent jobs only, and no
 * destination (job->lane) has more than half of them, nor a transport with rivals. Results are
 * announced on an eventfd, which the loop waits on. Jobs that wait in the queue are counted by the
 * caller (outbox).
 */
#ifndef CARRIER_H
#define CARRIER_H

#include <stddef.h>

struct job;
struct carriers;

/* Starts `count` threads (1 to 64), one of them reserved for urgent jobs when count > 1. */
struct carriers *carriers_open(size_t count);

/* Waits for running jobs at most `wait_ms`, then ends the threads; jobs not finished are freed:
 * their deliveries are still pending in the store and are repeated at the next start. */
void carriers_close(struct carriers *c, int wait_ms);

/* The eventfd that becomes readable when results wait. */
int carriers_fd(const struct carriers *c);

/* Hands a job over; it belongs to the carriers until carriers_take() gives it back. */
void carriers_submit(struct carriers *c, struct job *job);

/* Takes back what waits for a transport of that name, but for urgent jobs, as a list by job->next;
 * none of them was begun. They are the caller's to end and to free. */
struct job *carriers_recall(struct carriers *c, const char *transport);

/* The same for a list by job->next, in its order, under one lock. */
void carriers_submit_list(struct carriers *c, struct job *list);

/* All finished jobs as a list by job->next, oldest first; NULL when none. Clears the eventfd. */
struct job *carriers_take(struct carriers *c);

size_t carriers_count(const struct carriers *c);

#endif
