/*
 * Carriers: see carrier.h. Two queues under one mutex; whoever is free takes the urgent one first
 * (but one of four from the other, so that neither starves), and the reserved carrier takes nothing
 * else, so that a backlog of routine mail to a slow relay never holds up an emergency. In a queue
 * the destinations take turns, and one that has its share of the carriers is passed over, so that
 * a relay that hangs holds up nobody else. Results are gathered in a list; the eventfd is written
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
#include "log.h"
#include "util.h"

enum { CARRIERS_MAX = 64, URGENT_IN_A_ROW = 3 };

struct list {
    struct job *first, **last; /* last: where the next job is hung on */
};

/* What waits for one destination over one transport, oldest first; never empty. */
struct group {
    struct job *first, *last;
};

/* Groups in the order of their turns. */
struct queue {
    struct group *group;
    size_t count, cap;
};

struct carrier {
    pthread_t thread;
    struct carriers *all;
    const struct job *running; /* NULL: none */
    bool urgent_only;
    unsigned in_a_row; /* urgent jobs since the last other one */
};

struct carriers {
    pthread_mutex_t lock;    /* guards everything below up to `ending` */
    pthread_cond_t any;      /* work for a carrier of all lanes */
    pthread_cond_t reserved; /* urgent work for the reserved carrier */
    pthread_cond_t quiet;    /* the last running job has ended */
    struct queue urgent, normal;
    struct list done;
    size_t idle_any, idle_reserved, running;
    bool ending;
    atomic_bool stop; /* breaks off running transfers */
    int fd;
    size_t count;
    struct carrier carrier[CARRIERS_MAX];
};

static void list_init(struct list *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_put(struct list *list, struct job *job)
{
    job->next = NULL;
    *list->last = job;
    list->last = &job->next;
}

static void jobs_free(struct job *job)
{
    while (job) {
        struct job *next = job->next;
        job_free(job);
        job = next;
    }
}

static void queue_free(struct queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        jobs_free(q->group[i].first);
    free(q->group);
}

static void queue_put(struct queue *q, struct job *job)
{
    job->next = NULL;
    for (size_t i = 0; i < q->count; i++) {
        struct group *group = &q->group[i];
        if (group->first->lane == job->lane && group->first->transport == job->transport) {
            group->last->next = job;
            group->last = job;
            return;
        }
    }
    q->group = grow(q->group, q->count, &q->cap, sizeof *q->group);
    q->group[q->count++] = (struct group){job, job};
}

/* The first of that group; its group goes to the end of the turns. */
static struct job *queue_get(struct queue *q, size_t i)
{
    struct group group = q->group[i];
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

/* By name: after a reload the same peer is another transport. */
static bool same_transport(const struct job *a, const struct job *b)
{
    return a->transport == b->transport ||
           (a->transport && b->transport && str_eq(a->transport->name, b->transport->name));
}

/* No destination holds more than half the carriers, nor a transport that has rivals; an urgent job
 * finds one more, so that it does not wait for routine ones of the same relay. Lock held. */
static bool has_its_share(const struct carriers *c, const struct job *job)
{
    size_t half = c->count > 1 ? c->count / 2 : 1, lane = 0, transport = 0;
    if (!job->lane)
        return false;
    for (size_t i = 0; i < c->count; i++) {
        const struct job *other = c->carrier[i].running;
        if (!other || !other->lane)
            continue;
        lane += other->lane == job->lane;
        transport += job->has_rival && same_transport(other, job);
    }
    size_t most = half + job->urgent;
    return lane >= most || transport >= most;
}

/* The job whose turn it is, of those that may go; NULL: none. Lock held. */
static struct job *pick(const struct carriers *c, struct queue *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (!has_its_share(c, q->group[i].first))
            return queue_get(q, i);
    return NULL;
}

/* The urgent queue first, but every fourth job of a carrier is one of the others, if any may go: an
 * emergency is held up by one mail at most, and routine mail by no stream of urgent ones. Lock
 * held. */
static struct job *choose(struct carrier *me)
{
    struct carriers *c = me->all;
    bool is_turn_of_others = !me->urgent_only && me->in_a_row >= URGENT_IN_A_ROW;
    struct job *job = is_turn_of_others ? pick(c, &c->normal) : NULL;
    if (!job && (job = pick(c, &c->urgent))) {
        me->in_a_row++;
        return job;
    }
    me->in_a_row = 0;
    return job || me->urgent_only ? job : pick(c, &c->normal);
}

/* Blocks until there is a job for this carrier; NULL when the carriers end. Lock held. */
static struct job *next_job(struct carrier *me)
{
    struct carriers *c = me->all;
    while (!c->ending) {
        struct job *job = choose(me);
        if (job) {
            me->running = job;
            c->running++;
            return job;
        }
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

/* More to do than those who are awake have taken? Whoever gets up wakes the next, so that the
 * deciding thread makes one system call for many jobs. Lock held; call pass_on() without it. */
static bool others_wanted(const struct carriers *c)
{
    return c->idle_any > 0 && (c->normal.count || c->urgent.count);
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
    list_put(&c->done, job);
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
    list_init(&c->done);
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
    queue_free(&c->urgent);
    queue_free(&c->normal);
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
        queue_put(job->urgent ? &c->urgent : &c->normal, job);
    }
    bool reserved = c->urgent.count && c->idle_reserved > 0, any = c->idle_any > 0;
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
    struct list back;
    size_t kept = 0;
    list_init(&back);
    pthread_mutex_lock(&c->lock);
    struct queue *q = &c->normal;
    for (size_t i = 0; i < q->count; i++) {
        struct job *job = q->group[i].first;
        if (!job->transport || !str_eq(job->transport->name, transport)) {
            q->group[kept++] = q->group[i];
            continue;
        }
        *back.last = job;
        back.last = &q->group[i].last->next;
    }
    q->count = kept;
    pthread_mutex_unlock(&c->lock);
    return back.first;
}

/* Read before it is taken: what is announced in between is found again, never lost. */
struct job *carriers_take(struct carriers *c)
{
    eventfd_t count;
    eventfd_read(c->fd, &count);
    pthread_mutex_lock(&c->lock);
    struct job *list = c->done.first;
    list_init(&c->done);
    pthread_mutex_unlock(&c->lock);
    return list;
}

size_t carriers_count(const struct carriers *c)
{
    return c->count;
}
