/*
 * carrier.c: every job comes back exactly once; urgent ones are not held up; the eventfd is written
 * once for many; an end is bounded even while a transfer hangs.
 */
#include "adapter_rig.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "../daemon/carrier.h"

/* A gate that jobs wait at, so that a test decides when carriers are busy. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    size_t waiting;
    size_t order[16]; /* delivery ids in the order in which they began */
    size_t begun;
};

static void gate_init(struct gate *g)
{
    *g = (struct gate){0};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->changed, NULL);
}

static void gate_open(struct gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->changed);
    pthread_mutex_unlock(&g->lock);
}

static void gate_await(struct gate *g, size_t waiting)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += RIG_DEADLINE_MS / 1000;
    pthread_mutex_lock(&g->lock);
    while (g->waiting < waiting)
        if (pthread_cond_timedwait(&g->changed, &g->lock, &until) != 0)
            fail_msg("only %zu of %zu jobs began", g->waiting, waiting);
    pthread_mutex_unlock(&g->lock);
}

static void run_at_gate(struct job *job, CURL *easy)
{
    struct gate *g = job->context;
    assert_non_null(easy);
    pthread_mutex_lock(&g->lock);
    g->order[g->begun++ % COUNT_OF(g->order)] = (size_t)job->delivery_id;
    g->waiting++;
    pthread_cond_broadcast(&g->changed);
    while (!g->open)
        pthread_cond_wait(&g->changed, &g->lock);
    g->waiting--;
    pthread_mutex_unlock(&g->lock);
}

static void run_nothing(struct job *job, CURL *easy)
{
    (void)easy;
    job->result.code = (int)job->delivery_id;
}

static struct job *make(int64_t id, bool urgent, struct gate *g)
{
    struct job *job = job_new();
    job->delivery_id = id;
    job->urgent = urgent;
    job->run = g ? run_at_gate : run_nothing;
    job->context = g;
    return job;
}

/* Waits on the fd until `count` jobs came back, in one list. */
static struct job *take(struct carriers *c, size_t count)
{
    struct job *all = NULL, **last = &all;
    struct pollfd fd = {.fd = carriers_fd(c), .events = POLLIN};
    while (count > 0) {
        if (poll(&fd, 1, RIG_DEADLINE_MS) != 1)
            fail_msg("%zu jobs did not come back", count);
        for (*last = carriers_take(c); *last; last = &(*last)->next)
            count--;
    }
    return all;
}

static void free_all(struct job *job)
{
    while (job) {
        struct job *next = job->next;
        job_free(job);
        job = next;
    }
}

static void each_comes_back_once(void **state)
{
    (void)state;
    enum { JOBS = 20000 };
    static const size_t widths[] = {1, 2, 16};
    for (size_t w = 0; w < COUNT_OF(widths); w++) {
        struct carriers *c = carriers_open(widths[w]);
        unsigned char *seen = xcalloc(JOBS, 1);
        assert_int_equal(carriers_count(c), widths[w]);
        for (int i = 0; i < JOBS; i++)
            carriers_submit(c, make(i, i % 7 == 0, NULL));
        struct job *all = take(c, JOBS);
        for (struct job *job = all; job; job = job->next) {
            assert_int_equal(job->result.code, job->delivery_id);
            assert_int_equal(seen[job->delivery_id]++, 0);
            assert_true(job->ended_ms >= job->started_ms && job->started_ms > 0);
        }
        assert_null(carriers_take(c));
        free_all(all);
        free(seen);
        carriers_close(c, 0);
    }
}

static void urgent_goes_first(void **state)
{
    (void)state;
    struct gate g;
    gate_init(&g);
    struct carriers *c = carriers_open(1);
    carriers_submit(c, make(1, false, &g));
    gate_await(&g, 1);
    carriers_submit(c, make(2, false, &g));
    carriers_submit(c, make(3, false, &g));
    carriers_submit(c, make(4, true, &g));
    gate_open(&g);
    free_all(take(c, 4));
    assert_int_equal(g.order[1], 4);
    assert_int_equal(g.order[2], 2);
    assert_int_equal(g.order[3], 3);
    carriers_close(c, 0);
}

/* Three urgent ones, then one that is not, while both wait. */
static void routine_is_not_starved(void **state)
{
    (void)state;
    const size_t want[] = {1, 10, 11, 12, 20, 13, 14, 15, 21, 16, 17, 18, 22, 19};
    struct gate g;
    gate_init(&g);
    struct carriers *c = carriers_open(1);
    carriers_submit(c, make(1, false, &g));
    gate_await(&g, 1);
    for (int i = 0; i < 3; i++)
        carriers_submit(c, make(20 + i, false, &g));
    for (int i = 0; i < 10; i++)
        carriers_submit(c, make(10 + i, true, &g));
    gate_open(&g);
    free_all(take(c, COUNT_OF(want)));
    for (size_t i = 0; i < COUNT_OF(want); i++)
        assert_int_equal(g.order[i], want[i]);
    carriers_close(c, 0);
}

/* With all others at the gate, only the reserved carrier is free, and only for urgent jobs. */
static void one_is_reserved(void **state)
{
    (void)state;
    struct gate g, urgent;
    gate_init(&g);
    gate_init(&urgent);
    struct carriers *c = carriers_open(4);
    for (int i = 0; i < 5; i++)
        carriers_submit(c, make(i, false, &g));
    gate_await(&g, 3);
    carriers_submit(c, make(9, true, &urgent));
    gate_await(&urgent, 1);
    assert_int_equal(g.begun, 3);
    gate_open(&urgent);
    struct job *first = take(c, 1);
    assert_int_equal(first->delivery_id, 9);
    gate_open(&g);
    free_all(take(c, 5));
    free_all(first);
    carriers_close(c, 0);
}

/* Urgent jobs may use every carrier, not one after another the reserved one alone. */
static void urgent_uses_all(void **state)
{
    (void)state;
    struct gate g;
    for (int round = 0; round < 50; round++) {
        gate_init(&g);
        struct carriers *c = carriers_open(4);
        for (int i = 0; i < 4; i++)
            carriers_submit(c, make(i, true, &g));
        gate_await(&g, 4);
        gate_open(&g);
        free_all(take(c, 4));
        carriers_close(c, 0);
    }
}

/* A job for that destination (0: none) over that transport. */
static struct job *make_for(int64_t id, int64_t lane, const struct transport *t, struct gate *g)
{
    struct job *job = make(id, false, g);
    job->lane = lane;
    job->transport = t;
    job->has_rival = t != NULL;
    return job;
}

/* Eight carriers, one of them reserved: a destination that hangs gets four, and so does a relay
 * with many destinations; what waits behind it in the queue goes on. */
static void half_at_most(void **state)
{
    (void)state;
    struct transport hanging = {.name = "relay-hangs"}, well = {.name = "relay-well"};
    const struct {
        const char *label;
        int64_t lanes; /* of the jobs that hang */
        bool rival;
        bool urgent;
        size_t want; /* of them begin */
    } cases[] = {
        {"one destination", 1, false, false, 4},
        {"one destination, other relays", 1, true, false, 4},
        {"many destinations of one relay", 20, true, false, 4},
        {"many destinations, the only relay", 20, false, false, 7},
        {"urgent, one more", 20, true, true, 5},
    };
    for (size_t n = 0; n < COUNT_OF(cases); n++) {
        struct gate g, other;
        gate_init(&g);
        gate_init(&other);
        struct carriers *c = carriers_open(8);
        for (int64_t i = 0; i < 20; i++) {
            struct job *job = make_for(i, 1 + i % cases[n].lanes, &hanging, &g);
            job->has_rival = cases[n].rival;
            job->urgent = cases[n].urgent;
            carriers_submit(c, job);
        }
        gate_await(&g, cases[n].want);
        if (cases[n].want < 7) {
            carriers_submit(c, make_for(100, 100, &well, &other));
            carriers_submit(c, make_for(101, 101, &well, &other));
            gate_await(&other, 2);
            gate_open(&other);
            free_all(take(c, 2));
        }
        pthread_mutex_lock(&g.lock);
        if (g.begun != cases[n].want)
            fail_msg("%s: %zu began, not %zu", cases[n].label, g.begun, cases[n].want);
        pthread_mutex_unlock(&g.lock);
        gate_open(&g);
        free_all(take(c, 20));
        carriers_close(c, 0);
    }
}

/* An urgent job does not wait until the routine ones of its relay have had their minute. */
static void urgent_passes_a_full_share(void **state)
{
    (void)state;
    struct transport relay = {.name = "relay"};
    struct gate g, urgent;
    gate_init(&g);
    gate_init(&urgent);
    struct carriers *c = carriers_open(4);
    for (int64_t i = 0; i < 4; i++)
        carriers_submit(c, make_for(i, 1 + i, &relay, &g));
    gate_await(&g, 2);
    struct job *job = make_for(9, 9, &relay, &urgent);
    job->urgent = true;
    carriers_submit(c, job);
    gate_await(&urgent, 1);
    gate_open(&urgent);
    free_all(take(c, 1));
    assert_int_equal(g.begun, 2);
    gate_open(&g);
    free_all(take(c, 4));
    carriers_close(c, 0);
}

/* A hundred for one mailbox domain and then one for another: it is the second to go. */
static void destinations_take_turns(void **state)
{
    (void)state;
    struct transport relay = {.name = "relay"};
    struct gate g;
    gate_init(&g);
    struct carriers *c = carriers_open(1);
    carriers_submit(c, make_for(0, 1, &relay, &g));
    gate_await(&g, 1);
    for (int64_t i = 1; i < 12; i++)
        carriers_submit(c, make_for(i, 1, &relay, &g));
    carriers_submit(c, make_for(50, 2, &relay, &g));
    gate_open(&g);
    free_all(take(c, 13));
    assert_int_equal(g.order[1], 1);
    assert_int_equal(g.order[2], 50);
    for (size_t i = 3; i < 13; i++)
        assert_int_equal(g.order[i], i - 1);
    carriers_close(c, 0);
}

/* What waits for one transport comes back unbegun; the others, the urgent ones and what is under
 * way stay. */
static void a_transport_is_recalled(void **state)
{
    (void)state;
    struct transport dead = {.name = "relay-dead"}, well = {.name = "relay-well"};
    struct gate g;
    gate_init(&g);
    struct carriers *c = carriers_open(1);
    carriers_submit(c, make_for(0, 1, &dead, &g));
    gate_await(&g, 1);
    for (int64_t i = 1; i <= 6; i++)
        carriers_submit(c, make_for(i, 1 + i / 3, i % 2 ? &dead : &well, &g));
    struct job *urgent = make_for(9, 9, &dead, &g);
    urgent->urgent = true;
    carriers_submit(c, urgent);
    struct job *back = carriers_recall(c, "relay-dead");
    size_t count = 0;
    for (struct job *job = back; job; job = job->next, count++) {
        assert_int_equal(job->delivery_id % 2, 1);
        assert_false(job->urgent);
        assert_int_equal(job->started_ms, 0);
    }
    assert_int_equal(count, 3);
    free_all(back);
    assert_null(carriers_recall(c, "relay-dead"));
    gate_open(&g);
    free_all(take(c, 5));
    assert_int_equal(g.begun, 5);
    carriers_close(c, 0);
}

static void one_announcement_for_many(void **state)
{
    (void)state;
    eventfd_t count = 0;
    struct gate g;
    gate_init(&g);
    struct carriers *c = carriers_open(1);
    carriers_submit(c, make(0, false, &g));
    gate_await(&g, 1);
    for (int i = 1; i < 100; i++)
        carriers_submit(c, make(i, false, NULL));
    struct gate last;
    gate_init(&last);
    carriers_submit(c, make(100, false, &last));
    gate_open(&g);
    gate_await(&last, 1); /* the hundred before it are done */
    assert_int_equal(eventfd_read(carriers_fd(c), &count), 0);
    assert_int_equal(count, 1);
    eventfd_write(carriers_fd(c), 1);
    gate_open(&last);
    free_all(take(c, 101));
    carriers_close(c, 0);
}

static void an_end_frees_what_is_left(void **state)
{
    (void)state;
    struct gate g;
    gate_init(&g);
    struct carriers *c = carriers_open(2);
    for (int i = 0; i < 100; i++)
        carriers_submit(c, make(i, false, &g));
    gate_await(&g, 1);
    gate_open(&g);
    carriers_close(c, RIG_DEADLINE_MS);
}

/* A relay that accepts the connection and never says a word. */
static void an_end_breaks_off_a_hanging_transfer(void **state)
{
    (void)state;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(silent, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(silent, 4), 0);
    getsockname(silent, (struct sockaddr *)&at, &size);
    struct transports *all =
        rig_transports("transports = ( { name = \"relay\"; adapter = \"email_smtp\"; url = "
                       "\"smtp://127.0.0.1:%d\"; "
                       "from = \"stafette@gateway.test\"; tls = \"none\"; timeout = \"10m\"; } );",
                       ntohs(at.sin_port));
    struct carriers *c = carriers_open(2);
    carriers_submit(c, rig_job(all->transport[0], "team@ulm.test", "x\n"));
    struct pollfd fd = {.fd = silent, .events = POLLIN};
    assert_int_equal(poll(&fd, 1, RIG_DEADLINE_MS), 1);
    int64_t before = util_monotonic_ms();
    carriers_close(c, 10);
    assert_true(util_monotonic_ms() - before < RIG_DEADLINE_MS);
    transports_free(all);
    close(silent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comes_back_once),
        cmocka_unit_test(urgent_goes_first),
        cmocka_unit_test(routine_is_not_starved),
        cmocka_unit_test(one_is_reserved),
        cmocka_unit_test(urgent_uses_all),
        cmocka_unit_test(half_at_most),
        cmocka_unit_test(urgent_passes_a_full_share),
        cmocka_unit_test(destinations_take_turns),
        cmocka_unit_test(a_transport_is_recalled),
        cmocka_unit_test(one_announcement_for_many),
        cmocka_unit_test(an_end_frees_what_is_left),
        cmocka_unit_test(an_end_breaks_off_a_hanging_transfer),
    };
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("carrier", tests, NULL, NULL);
}
