/*
 * The one wait and the HTTP transfers: see transfer.h. Easy handles are pooled; connections are
 * kept by the multi handle.
 */
#include "transfer.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdlib.h>

#include "../adapters/adapter.h"
#include "log.h"
#include "util.h"

enum { POOL_MAX = 64, FDS_MAX = 8 };

struct transfer {
    CURLM *multi;
    CURL *pool[POOL_MAX];
    size_t pooled;
    struct job *running; /* by job->next */
    struct job *done, **done_tail;
};

struct transfer *transfer_open(void)
{
    struct transfer *t = xcalloc(1, sizeof *t);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(t->multi = curl_multi_init()))
        fatal("libcurl cannot start");
    t->done_tail = &t->done;
    return t;
}

static CURL *take_easy(struct transfer *t)
{
    CURL *easy = t->pooled ? t->pool[--t->pooled] : curl_easy_init();
    if (!easy)
        fatal("libcurl has no handle left");
    curl_easy_reset(easy);
    return easy;
}

static void give_easy(struct transfer *t, CURL *easy)
{
    if (t->pooled < POOL_MAX)
        t->pool[t->pooled++] = easy;
    else
        curl_easy_cleanup(easy);
}

static void finish(struct transfer *t, struct job *job)
{
    job->ended_ms = util_monotonic_ms();
    job->next = NULL;
    *t->done_tail = job;
    t->done_tail = &job->next;
}

void transfer_submit(struct transfer *t, struct job *job)
{
    const struct adapter *adapter = job->transport->adapter;
    CURL *easy = take_easy(t);
    job->started_ms = util_monotonic_ms();
    if (adapter->prepare(job, easy) < 0) {
        give_easy(t, easy);
        finish(t, job);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
    job->context = easy;
    curl_multi_add_handle(t->multi, easy);
    job->next = t->running;
    t->running = job;
}

static void unlink_running(struct transfer *t, struct job *job)
{
    struct job **p = &t->running;
    while (*p != job)
        p = &(*p)->next;
    *p = job->next;
}

static void collect(struct transfer *t)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(t->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct job *job;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &job);
        unlink_running(t, job);
        job->transport->adapter->finish(job, easy, code);
        curl_multi_remove_handle(t->multi, easy);
        give_easy(t, easy);
        finish(t, job);
    }
}

void transfer_wait(struct transfer *t, const struct transfer_fd *fds, size_t count, int timeout_ms)
{
    struct curl_waitfd wait[FDS_MAX];
    unsigned n = 0;
    int running;
    for (size_t i = 0; i < count && n < FDS_MAX; i++) {
        if (fds[i].fd < 0)
            continue;
        wait[n].fd = fds[i].fd;
        wait[n].events = (short)(CURL_WAIT_POLLIN | (fds[i].write ? CURL_WAIT_POLLOUT : 0));
        wait[n++].revents = 0;
    }
    curl_multi_poll(t->multi, wait, n, timeout_ms, NULL);
    curl_multi_perform(t->multi, &running);
    collect(t);
}

struct job *transfer_take(struct transfer *t)
{
    struct job *list = t->done;
    t->done = NULL;
    t->done_tail = &t->done;
    return list;
}

static void free_list(struct job *list)
{
    while (list) {
        struct job *next = list->next;
        job_free(list);
        list = next;
    }
}

void transfer_close(struct transfer *t)
{
    if (!t)
        return;
    for (struct job *job = t->running; job; job = job->next) {
        curl_multi_remove_handle(t->multi, job->context);
        curl_easy_cleanup(job->context);
    }
    free_list(t->running);
    free_list(t->done);
    for (size_t i = 0; i < t->pooled; i++)
        curl_easy_cleanup(t->pool[i]);
    curl_multi_cleanup(t->multi);
    curl_global_cleanup();
    free(t);
}
