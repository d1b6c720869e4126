/*
 * The one wait, and the HTTP transfers of the deciding thread: libcurl's multi handle. Besides its
 * own sockets it waits on the fds of the other parts (DESIGN 2).
 */
#ifndef TRANSFER_H
#define TRANSFER_H

#include <stdbool.h>
#include <stddef.h>

struct job;
struct transfer;

struct transfer_fd {
    int fd;     /* -1: none */
    bool write; /* also wait for writability */
};

/* Also starts libcurl, so it comes before anything else that uses it. */
struct transfer *transfer_open(void);
/* Ends what runs; jobs not finished are freed (their deliveries are pending in the store). */
void transfer_close(struct transfer *t);

/* Starts a job of an ENGINE_MULTI adapter; it belongs to the transfer until transfer_take(). */
void transfer_submit(struct transfer *t, struct job *job);

/* Waits at most timeout_ms for any of the fds or own sockets, then moves own transfers on. */
void transfer_wait(struct transfer *t, const struct transfer_fd *fds, size_t count, int timeout_ms);

/* Finished jobs as a list by job->next; NULL when none. */
struct job *transfer_take(struct transfer *t);

#endif
