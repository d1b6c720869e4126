/*
 * Carriers: see carrier.h. Jobs wait in queues under one mutex (jobqueue.h); whoever is free takes
 * the next, and the reserved carrier takes urgent ones only, so that a backlog of routine mail to a
 * slow relay never holds up an emergency. Results are gathered in a list; the eventfd is written
 * only when that list stops being empty, one system call for many results.
 *
 * Promises: a job that was submitted comes back by carriers_take() exactly once, or is freed by
 * carriers_close(). A crash loses nothing: deliveries are pending in the store until their result
 * is settled there.
 */
#include "carrier.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../adapters/adapter.h"
#include "../adapters/smtp_session.h"
#include "jobqueue.h"
#include "log.h"
#include "util.h"

enum { CARRIERS_MAX = 64 };

struct carrier {
    pthread_t thread;
    struct carriers *all;
    const struct job *running; /* NULL: none */
    struct job_taker taker;
};

struct carriers {
    pthread_mutex_t lock;    /* guards everything below up to `ending` */
    pthread_cond_t any;      /* work for a carrier of all lanes */
    pthread_cond_t reserved; /* urgent work for the reserved carrier */
    pthread_cond_t quiet;    /* the last running job has ended */
    struct job_queues queues;
    struct job_list done;
    size_t idle_any, idle_reserved, running;
    bool ending;
    atomic_bool stop; /* breaks off running transfers */
    int fd;
    size_t count;
    struct carrier carrier[CARRIERS_MAX];
};

/* No destination holds more than half the carriers, nor a transport that has rivals; an urgent job
 * finds one more, so that it does not wait for routine ones of the same relay. Lock held. */
static bool may_go(const void *context, const struct job *job)
{
    const struct carriers *c = context;
    size_t half = c->count > 1 ? c->count / 2 : 1, lane = 0, transport = 0;
    if (!job->lane)
        return true;
    for (size_t i = 0; i < c->count; i++) {
        const struct job *other = c->carrier[i].running;
        if (!other || !other->lane)
            continue;
        lane += other->lane == job->lane;
        transport += job->has_rival && jobqueue_same_transport(other, job);
    }
    size_t most = half + job->urgent;
    return lane < most && transport < most;
}

/* Blocks until there is a job for this carrier; NULL when the carriers end. Lock held. */
static struct job *next_job(struct carrier *me)
{
    struct carriers *c = me->all;
    while (!c->ending) {
        struct job *job = jobqueue_take(&c->queues, &me->taker);
        if (job) {
            me->running = job;
            c->running++;
            return job;
        }
        size_t *idle = me->taker.urgent_only ? &c->idle_reserved : &c->idle_any;
        ++*idle;
        pthread_cond_wait(me->taker.urgent_only ? &c->reserved : &c->any, &c->lock);
        --*idle;
    }
    return NULL;
}

static void announce(const struct carriers *c)
{
    if (eventfd_write(c->fd, 1) != 0)
        fatal("carriers: cannot announce a result: %s", strerror(errno));
}

/* More to do than those who are awake have taken? Whoever gets up wakes the next, so that the
 * deciding thread makes one system call for many jobs. Lock held; call pass_on() without it. */
static bool others_wanted(const struct carriers *c)
{
    return c->idle_any > 0 && (c->queues.normal.count || c->queues.urgent.count);
}

static void pass_on(struct carriers *c, bool wanted)
{
    if (wanted)
        pthread_cond_signal(&c->any);
}

/* Hands a job back and takes the next, under one lock; the announcement is made outside of it. What
 * the end of this job lets go may be for somebody else who sleeps. */
static struct job *exchange(struct carrier *me, struct job *job)
{
    struct carriers *c = me->all;
    pthread_mutex_lock(&c->lock);
    bool first = c->done.first == NULL;
    job_list_put(&c->done, job);
    me->running = NULL;
    if (--c->running == 0 && c->ending)
        pthread_cond_signal(&c->quiet);
    if (first) {
        pthread_mutex_unlock(&c->lock);
        announce(c);
        pthread_mutex_lock(&c->lock);
    }
    job = next_job(me);
    bool wanted = others_wanted(c);
    pthread_mutex_unlock(&c->lock);
    pass_on(c, wanted);
    return job;
}

static void *carry(void *context)
{
    struct carrier *me = context;
    struct carriers *c = me->all;
    CURL *easy = curl_easy_init();
    if (!easy)
        fatal("carriers: libcurl gives no handle");
    struct smtp_sessions *sessions = smtp_sessions_new();
    pthread_mutex_lock(&c->lock);
    struct job *job = next_job(me);
    bool wanted = others_wanted(c);
    pthread_mutex_unlock(&c->lock);
    pass_on(c, wanted);
    while (job) {
        job->stop = &c->stop;
        job->sessions = sessions;
        job_run(job, easy);
        job = exchange(me, job);
    }
    smtp_sessions_free(sessions);
    job_handle_free(easy);
    return NULL;
}

static void init_conditions(struct carriers *c)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->any, NULL);
    pthread_cond_init(&c->reserved, NULL);
    pthread_cond_init(&c->quiet, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/* Signals are the deciding thread's: the carriers are born with all of them blocked. */
static void start_threads(struct carriers *c)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (size_t i = 0; i < c->count; i++) {
        struct job_taker taker = {
            .urgent_only = c->count > 1 && i == 0, .may_go = may_go, .context = c};
        c->carrier[i] = (struct carrier){.all = c, .taker = taker};
        int rc = pthread_create(&c->carrier[i].thread, NULL, carry, &c->carrier[i]);
        if (rc != 0)
            fatal("carriers: cannot start thread %zu of %zu: %s", i + 1, c->count, strerror(rc));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct carriers *carriers_open(size_t count)
{
    assert(count >= 1 && count <= CARRIERS_MAX);
    struct carriers *c = xcalloc(1, sizeof *c);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        fatal("carriers: libcurl cannot be started");
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->fd < 0)
        fatal("carriers: no eventfd: %s", strerror(errno));
    c->count = count;
    job_list_init(&c->done);
    init_conditions(c);
    start_threads(c);
    return c;
}

static struct timespec time_in(int wait_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

void carriers_close(struct carriers *c, int wait_ms)
{
    struct timespec until = time_in(wait_ms);
    pthread_mutex_lock(&c->lock);
    c->ending = true;
    pthread_cond_broadcast(&c->any);
    pthread_cond_broadcast(&c->reserved);
    while (c->running > 0 && pthread_cond_timedwait(&c->quiet, &c->lock, &until) == 0)
        continue;
    atomic_store(&c->stop, true);
    pthread_mutex_unlock(&c->lock);
    for (size_t i = 0; i < c->count; i++)
        pthread_join(c->carrier[i].thread, NULL);
    jobqueue_free(&c->queues);
    jobs_free(c->done.first);
    pthread_cond_destroy(&c->any);
    pthread_cond_destroy(&c->reserved);
    pthread_cond_destroy(&c->quiet);
    pthread_mutex_destroy(&c->lock);
    close(c->fd);
    curl_global_cleanup();
    free(c);
}

int carriers_fd(const struct carriers *c)
{
    return c->fd;
}

/* An urgent job wakes both kinds: the reserved carrier may have been woken for the one before and
 * not yet run, and would then carry them one after another while others sleep. Of these one is
 * enough, see others_wanted(). Whoever is woken wants the lock, so it is let go first. */
void carriers_submit_list(struct carriers *c, struct job *list)
{
    pthread_mutex_lock(&c->lock);
    while (list) {
        struct job *job = list;
        list = job->next;
        jobqueue_put(&c->queues, job);
    }
    bool reserved = c->queues.urgent.count && c->idle_reserved > 0, any = c->idle_any > 0;
    pthread_mutex_unlock(&c->lock);
    if (reserved)
        pthread_cond_signal(&c->reserved);
    pass_on(c, any);
}

void carriers_submit(struct carriers *c, struct job *job)
{
    job->next = NULL;
    carriers_submit_list(c, job);
}

struct job *carriers_recall(struct carriers *c, const char *transport)
{
    struct job_list back;
    job_list_init(&back);
    pthread_mutex_lock(&c->lock);
    jobqueue_recall(&c->queues, transport, &back);
    pthread_mutex_unlock(&c->lock);
    return back.first;
}

/* Read before it is taken: what is announced in between is found again, never lost. */
struct job *carriers_take(struct carriers *c)
{
    eventfd_t count;
    eventfd_read(c->fd, &count);
    pthread_mutex_lock(&c->lock);
    struct job *list = job_list_take(&c->done);
    pthread_mutex_unlock(&c->lock);
    return list;
}

size_t carriers_count(const struct carriers *c)
{
    return c->count;
}
