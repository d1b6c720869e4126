/*
 * The thread of the HTTP transfers: see transfer.h. libcurl says which sockets it waits for and
 * until when (its "multi socket" interface); an epoll wakes for exactly those, so that a hundred
 * requests that wait cost nothing while one moves on. Easy handles are pooled, connections are kept
 * by the multi handle.
 *
 * Promises: a job that was submitted comes back by transfer_take() exactly once, or is freed by
 * transfer_close(). A crash loses nothing: deliveries are pending in the store until their result
 * is settled there.
 */
#include "transfer.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../adapters/adapter.h"
#include "jobqueue.h"
#include "log.h"
#include "util.h"

enum { POOL_MAX = 64, EVENTS_MAX = 64, CONNECTIONS_KEPT = 128 };

struct transfer {
    pthread_t thread;
    pthread_mutex_t lock; /* guards the next four */
    struct job_queues queues;
    struct job_list done;
    size_t width; /* requests at once */
    bool ending;
    int done_fd, wake_fd; /* eventfds: results wait; the thread is to look at the above */
    /* What follows is the thread's own. */
    int epoll;
    CURLM *multi;
    int64_t timer_ms; /* monotonic: when libcurl wants to look again; -1: never */
    CURL *pool[POOL_MAX];
    size_t pooled;
    struct job_taker taker;
    struct job *running; /* by job->next */
    size_t running_count;
};

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct transfer *t = context;
    (void)multi;
    t->timer_ms = timeout_ms < 0 ? -1 : util_monotonic_ms() + timeout_ms;
    return 0;
}

/* The mark libcurl keeps for a socket says whether the epoll has it. One that was closed is not in
 * it any more, so an end never fails in a way that matters. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *mark)
{
    struct transfer *t = context;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(t->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    if (epoll_ctl(t->epoll, mark ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        fatal("transfers: cannot wait for a socket: %s", strerror(errno));
    curl_multi_assign(t->multi, fd, t);
    return 0;
}

static CURL *take_easy(struct transfer *t)
{
    CURL *easy = t->pooled ? t->pool[--t->pooled] : curl_easy_init();
    if (!easy)
        fatal("libcurl has no handle left");
    return easy;
}

/* Nothing of the job stays in the handle. */
static void give_easy(struct transfer *t, CURL *easy)
{
    curl_easy_reset(easy);
    if (t->pooled < POOL_MAX)
        t->pool[t->pooled++] = easy;
    else
        curl_easy_cleanup(easy);
}

static void hand_back(struct job_list *done, struct job *job)
{
    job->ended_ms = util_monotonic_ms();
    job_list_put(done, job);
}

static void link_running(struct transfer *t, struct job *job)
{
    job->next = t->running;
    t->running = job;
    t->running_count++;
}

static void unlink_running(struct transfer *t, struct job *job)
{
    struct job **p = &t->running;
    while (*p != job)
        p = &(*p)->next;
    *p = job->next;
    t->running_count--;
}

/* Of a job that was linked. */
static void begin(struct transfer *t, struct job *job, struct job_list *done)
{
    CURL *easy = take_easy(t);
    job->started_ms = util_monotonic_ms();
    if (job->transport->adapter->prepare(job, easy) < 0) {
        unlink_running(t, job);
        give_easy(t, easy);
        hand_back(done, job);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_PRIVATE, job);
    job->context = easy;
    curl_multi_add_handle(t->multi, easy);
}

static void collect(struct transfer *t, struct job_list *done)
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
        hand_back(done, job);
    }
}

static void announce(int fd)
{
    if (eventfd_write(fd, 1) != 0)
        fatal("transfers: cannot announce: %s", strerror(errno));
}

/* One system call for many results: whoever takes them takes all. */
static void publish(struct transfer *t, struct job_list *done)
{
    struct job *job = job_list_take(done);
    if (!job)
        return;
    pthread_mutex_lock(&t->lock);
    bool first = !t->done.first;
    while (job) {
        struct job *next = job->next;
        job_list_put(&t->done, job);
        job = next;
    }
    pthread_mutex_unlock(&t->lock);
    if (first)
        announce(t->done_fd);
}

/* Routine ones have half the width at one gateway, so that an emergency finds room at once; urgent
 * ones leave a quarter to the other gateways, for this one may hang. Lock held. */
static bool may_go(const void *context, const struct job *job)
{
    const struct transfer *t = context;
    size_t same = 0, most = job->has_rival ? t->width - t->width / 4 : t->width;
    for (const struct job *other = t->running; other; other = other->next)
        same += jobqueue_same_transport(other, job);
    if (!job->urgent)
        most = (t->width + 1) / 2;
    return t->running_count < t->width && same < most;
}

static struct job *next_job(struct transfer *t)
{
    pthread_mutex_lock(&t->lock);
    struct job *job = t->ending ? NULL : jobqueue_take(&t->queues, &t->taker);
    pthread_mutex_unlock(&t->lock);
    if (job)
        link_running(t, job);
    return job;
}

static void begin_next(struct transfer *t, struct job_list *done)
{
    struct job *job;
    while ((job = next_job(t)))
        begin(t, job, done);
}

/* False when the thread is to end. */
static bool is_awake(struct transfer *t)
{
    eventfd_t count;
    eventfd_read(t->wake_fd, &count);
    pthread_mutex_lock(&t->lock);
    bool ending = t->ending;
    pthread_mutex_unlock(&t->lock);
    return !ending;
}

static int timer_wait(const struct transfer *t)
{
    if (t->timer_ms < 0)
        return -1;
    int64_t left_ms = t->timer_ms - util_monotonic_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

static void move(struct transfer *t, const struct epoll_event *event)
{
    int running, bits = 0;
    if (event->events & (EPOLLIN | EPOLLHUP))
        bits |= CURL_CSELECT_IN;
    if (event->events & EPOLLOUT)
        bits |= CURL_CSELECT_OUT;
    if (event->events & EPOLLERR)
        bits |= CURL_CSELECT_ERR;
    curl_multi_socket_action(t->multi, event->data.fd, bits, &running);
}

static void *carry(void *context)
{
    struct transfer *t = context;
    struct epoll_event event[EVENTS_MAX];
    struct job_list done;
    int running;
    job_list_init(&done);
    for (bool go = true; go;) {
        int count = epoll_wait(t->epoll, event, EVENTS_MAX, timer_wait(t));
        for (int i = 0; i < count; i++)
            if (event[i].data.fd == t->wake_fd)
                go = is_awake(t);
            else
                move(t, &event[i]);
        if (timer_wait(t) == 0) {
            t->timer_ms = -1; /* libcurl sets it anew when there is more to wait for */
            curl_multi_socket_action(t->multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        collect(t, &done);
        begin_next(t, &done);
        publish(t, &done);
    }
    return NULL;
}

static void start_multi(struct transfer *t)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(t->multi = curl_multi_init()))
        fatal("libcurl cannot start");
    t->timer_ms = -1;
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
    /* Otherwise it keeps four for each transfer that runs at the moment, and none in a lull. */
    curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
}

/* Signals are the deciding thread's: this one is born with all of them blocked. */
static void start_thread(struct transfer *t)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int rc = pthread_create(&t->thread, NULL, carry, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        fatal("transfers: cannot start a thread: %s", strerror(rc));
}

struct transfer *transfer_open(void)
{
    struct transfer *t = xcalloc(1, sizeof *t);
    start_multi(t);
    t->taker = (struct job_taker){.may_go = may_go, .context = t};
    job_list_init(&t->done);
    pthread_mutex_init(&t->lock, NULL);
    t->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = t->wake_fd};
    if (t->done_fd < 0 || t->wake_fd < 0 || t->epoll < 0 ||
        epoll_ctl(t->epoll, EPOLL_CTL_ADD, t->wake_fd, &event) < 0)
        fatal("transfers: no eventfd or epoll: %s", strerror(errno));
    start_thread(t);
    return t;
}

int transfer_fd(const struct transfer *t)
{
    return t->done_fd;
}

void transfer_submit_list(struct transfer *t, struct job *list, size_t width)
{
    pthread_mutex_lock(&t->lock);
    t->width = width;
    while (list) {
        struct job *job = list;
        list = job->next;
        jobqueue_put(&t->queues, job);
    }
    pthread_mutex_unlock(&t->lock);
    announce(t->wake_fd);
}

struct job *transfer_recall(struct transfer *t, const char *transport)
{
    struct job_list back;
    job_list_init(&back);
    pthread_mutex_lock(&t->lock);
    jobqueue_recall(&t->queues, transport, &back);
    pthread_mutex_unlock(&t->lock);
    return back.first;
}

/* Read before they are taken: what is announced in between is found again, never lost. */
struct job *transfer_take(struct transfer *t)
{
    eventfd_t count;
    eventfd_read(t->done_fd, &count);
    pthread_mutex_lock(&t->lock);
    struct job *list = job_list_take(&t->done);
    pthread_mutex_unlock(&t->lock);
    return list;
}

static void close_handles(struct transfer *t)
{
    for (struct job *job = t->running; job; job = job->next) {
        curl_multi_remove_handle(t->multi, job->context);
        curl_easy_cleanup(job->context);
    }
    for (size_t i = 0; i < t->pooled; i++)
        curl_easy_cleanup(t->pool[i]);
    curl_multi_cleanup(t->multi);
    curl_global_cleanup();
}

void transfer_close(struct transfer *t)
{
    if (!t)
        return;
    pthread_mutex_lock(&t->lock);
    t->ending = true;
    pthread_mutex_unlock(&t->lock);
    announce(t->wake_fd);
    pthread_join(t->thread, NULL);
    close_handles(t);
    jobs_free(t->running);
    jobqueue_free(&t->queues);
    jobs_free(t->done.first);
    pthread_mutex_destroy(&t->lock);
    close(t->done_fd);
    close(t->wake_fd);
    close(t->epoll);
    free(t);
}
