/*
 * The thread of the HTTP transfers: all requests to SMS gateways run side by side on one libcurl
 * multi handle, so that the deciding thread neither waits for them nor works for them.
 *
 * Like the carriers it is handed jobs, hands back results and touches nothing else. So many
 * requests are open at once as the caller says; what is routine has half of that at one gateway, so
 * that an emergency finds room. The others wait in the queue (jobqueue.h).
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <stddef.h>

struct job;
struct transfer;

/* Also starts libcurl, so it comes before anything else that uses it. */
struct transfer *transfer_open(void);
/* Ends what runs; jobs not finished are freed (their deliveries are pending in the store). */
void transfer_close(struct transfer *t);

/* The eventfd that becomes readable when results wait. */
int transfer_fd(const struct transfer *t);

/* Hands over jobs of ENGINE_MULTI adapters, a list by job->next; they belong to the thread until
 * transfer_take() gives them back. From now on at most `width` (1 or more) are begun at once. */
void transfer_submit_list(struct transfer *t, struct job *list, size_t width);

/* Takes back what waits for a transport of that name, but for urgent jobs, as a list by job->next;
 * none of them was begun. They are the caller's to end and to free. */
struct job *transfer_recall(struct transfer *t, const char *transport);

/* All finished jobs as a list by job->next, oldest first; NULL when none. Clears the eventfd. */
struct job *transfer_take(struct transfer *t);

#endif
