/*
 * Carriers: see carrier.h. Two lanes under one mutex; whoever is free takes the urgent lane first
 * (but one of four from the other, so that neither starves), and the reserved carrier takes nothing
 * else, so that a backlog of routine mail to a slow relay
 * never holds up an emergency. Results are gathered in a list; the eventfd is written only when
 * that list stops being empty, one system call for many results.
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
#include "log.h"
#include "util.h"

enum { CARRIERS_MAX = 64, URGENT_IN_A_ROW = 3 };

struct lane {
    struct job *first, **last; /* last: where the next job is hung on */
};

struct carrier {
    pthread_t thread;
    struct carriers *all;
    bool urgent_only;
    unsigned in_a_row; /* urgent jobs since the last other one */
};

struct carriers {
    pthread_mutex_t lock;    /* guards everything below up to `ending` */
    pthread_cond_t any;      /* work for a carrier of all lanes */
    pthread_cond_t reserved; /* urgent work for the reserved carrier */
    pthread_cond_t quiet;    /* the last running job has ended */
    struct lane urgent, normal, done;
    size_t idle_any, idle_reserved, running;
    bool ending;
    atomic_bool stop; /* breaks off running transfers */
    int fd;
    size_t count;
    struct carrier carrier[CARRIERS_MAX];
};

static void lane_init(struct lane *lane)
{
    lane->first = NULL;
    lane->last = &lane->first;
}

static void lane_put(struct lane *lane, struct job *job)
{
    job->next = NULL;
    *lane->last = job;
    lane->last = &job->next;
}

static struct job *lane_get(struct lane *lane)
{
    struct job *job = lane->first;
    if (!job)
        return NULL;
    lane->first = job->next;
    if (!lane->first)
        lane->last = &lane->first;
    job->next = NULL;
    return job;
}

static void lane_free(struct lane *lane)
{
    for (struct job *job = lane_get(lane); job; job = lane_get(lane))
        job_free(job);
}

/* The urgent lane first, but every fourth job of a carrier is one of the others, if any waits: an
 * emergency is held up by one mail at most, and routine mail by no stream of urgent ones. Lock
 * held. */
static struct job *choose(struct carrier *me)
{
    struct carriers *c = me->all;
    bool others = !me->urgent_only && c->normal.first != NULL;
    if (c->urgent.first && !(others && me->in_a_row >= URGENT_IN_A_ROW)) {
        me->in_a_row++;
        return lane_get(&c->urgent);
    }
    me->in_a_row = 0;
    return others ? lane_get(&c->normal) : NULL;
}

/* Blocks until there is a job for this carrier; NULL when the carriers end. Lock held. */
static struct job *next_job(struct carrier *me)
{
    struct carriers *c = me->all;
    while (!c->ending) {
        struct job *job = choose(me);
        if (job)
            return job;
        size_t *idle = me->urgent_only ? &c->idle_reserved : &c->idle_any;
        ++*idle;
        pthread_cond_wait(me->urgent_only ? &c->reserved : &c->any, &c->lock);
        --*idle;
    }
    return NULL;
}

static void announce(const struct carriers *c)
{
    if (eventfd_write(c->fd, 1) != 0)
        fatal("carriers: cannot announce a result: %s", strerror(errno));
}

/* Hands a job back and takes the next, under one lock; the announcement is made outside of it. */
static struct job *exchange(struct carrier *me, struct job *job)
{
    struct carriers *c = me->all;
    pthread_mutex_lock(&c->lock);
    bool first = c->done.first == NULL;
    lane_put(&c->done, job);
    if (--c->running == 0 && c->ending)
        pthread_cond_signal(&c->quiet);
    if (first) {
        pthread_mutex_unlock(&c->lock);
        announce(c);
        pthread_mutex_lock(&c->lock);
    }
    job = next_job(me);
    c->running += job != NULL;
    pthread_mutex_unlock(&c->lock);
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
    c->running += job != NULL;
    pthread_mutex_unlock(&c->lock);
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
        c->carrier[i] = (struct carrier){.all = c, .urgent_only = c->count > 1 && i == 0};
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
    lane_init(&c->urgent);
    lane_init(&c->normal);
    lane_init(&c->done);
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
    lane_free(&c->urgent);
    lane_free(&c->normal);
    lane_free(&c->done);
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
 * not yet run, and would then carry them one after another while others sleep. Whoever is woken
 * wants the lock, so it is let go first. */
void carriers_submit(struct carriers *c, struct job *job)
{
    pthread_mutex_lock(&c->lock);
    lane_put(job->urgent ? &c->urgent : &c->normal, job);
    bool reserved = job->urgent && c->idle_reserved > 0, any = c->idle_any > 0;
    pthread_mutex_unlock(&c->lock);
    if (reserved)
        pthread_cond_signal(&c->reserved);
    if (any)
        pthread_cond_signal(&c->any);
}

/* Read before it is taken: what is announced in between is found again, never lost. */
struct job *carriers_take(struct carriers *c)
{
    eventfd_t count;
    eventfd_read(c->fd, &count);
    pthread_mutex_lock(&c->lock);
    struct job *list = c->done.first;
    lane_init(&c->done);
    pthread_mutex_unlock(&c->lock);
    return list;
}

size_t carriers_count(const struct carriers *c)
{
    return c->count;
}
