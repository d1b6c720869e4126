/*
 * transfer.c: so many requests at once as allowed, half of them for what is routine; every job
 * comes back exactly once; an end does not wait for a gateway that hangs. The gateway is this test:
 * it answers when the case wants it to.
 */
#include "adapter_rig.h"

#include <poll.h>

#include "../daemon/transfer.h"

enum { CONNECTIONS = 16, REQUEST_MAX = 2048 };

struct gateway {
    int listener;
    struct pollfd fd[CONNECTIONS + 1]; /* the listener comes first */
    char request[CONNECTIONS][REQUEST_MAX];
    size_t connections;
    struct transports *transports;
};

static void gateway_open(struct gateway *g)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    *g = (struct gateway){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(bind(g->listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(g->listener, CONNECTIONS), 0);
    getsockname(g->listener, (struct sockaddr *)&at, &size);
    g->fd[0] = (struct pollfd){.fd = g->listener, .events = POLLIN};
    g->transports = rig_transports(
        "transports = ( { name = \"gateway\"; adapter = \"sms_http\";"
        " url = \"http://127.0.0.1:%d/\"; tls = \"none\"; body = \"query\"; method = "
        "\"GET\"; timeout = \"2m\";"
        " params = ( { name = \"to\"; value = \"{to}\"; } ); } );",
        ntohs(at.sin_port));
}

static void gateway_close(struct gateway *g)
{
    for (size_t i = 0; i <= g->connections; i++)
        close(g->fd[i].fd);
    transports_free(g->transports);
}

static size_t waiting(const struct gateway *g)
{
    size_t n = 0;
    for (size_t i = 0; i < g->connections; i++)
        n += strstr(g->request[i], "\r\n\r\n") != NULL;
    return n;
}

static void take_in(struct gateway *g, size_t i)
{
    char *request = g->request[i - 1];
    size_t have = strlen(request);
    ssize_t n = read(g->fd[i].fd, request + have, REQUEST_MAX - 1 - have);
    if (n > 0)
        request[have + (size_t)n] = '\0';
    else
        g->fd[i].events = 0;
}

/* Until so many requests wait for their answer. */
static void gateway_await(struct gateway *g, size_t wanted)
{
    while (waiting(g) < wanted) {
        if (poll(g->fd, g->connections + 1, RIG_DEADLINE_MS) < 1)
            fail_msg("%zu of %zu requests came", waiting(g), wanted);
        for (size_t i = 1; i <= g->connections; i++)
            if (g->fd[i].revents & POLLIN)
                take_in(g, i);
        if (!g->fd[0].revents)
            continue;
        assert_true(g->connections < CONNECTIONS);
        g->fd[++g->connections] =
            (struct pollfd){.fd = accept(g->listener, NULL, NULL), .events = POLLIN};
    }
}

/* Answers one request: the first that has the text in it. */
static void gateway_answer(struct gateway *g, const char *text)
{
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
    for (size_t i = 0; i < g->connections; i++)
        if (strstr(g->request[i], "\r\n\r\n") && strstr(g->request[i], text)) {
            g->request[i][0] = '\0';
            assert_int_equal(write(g->fd[i + 1].fd, ok, sizeof ok - 1), (ssize_t)sizeof ok - 1);
            return;
        }
    fail_msg("no request has %s", text);
}

/* Jobs to numbers from `first` on. */
static struct job *jobs(const struct gateway *g, int first, int count, bool urgent)
{
    struct job_list list;
    char number[24];
    job_list_init(&list);
    for (int i = first; i < first + count; i++) {
        snprintf(number, sizeof number, "+4915100000%03d", i);
        struct job *job = rig_job(g->transports->transport[0], number, "x\n");
        job->delivery_id = i;
        job->lane = 1;
        job->urgent = urgent;
        job_list_put(&list, job);
    }
    return list.first;
}

/* The next that come back, at least one. */
static struct job *await_done(struct transfer *t)
{
    struct pollfd fd = {.fd = transfer_fd(t), .events = POLLIN};
    struct job *list = NULL;
    while (!list) {
        assert_int_equal(poll(&fd, 1, RIG_DEADLINE_MS), 1);
        list = transfer_take(t);
    }
    return list;
}

static void expect_done(struct transfer *t, int64_t id, enum attempt_end end)
{
    struct job *job = await_done(t);
    assert_null(job->next);
    assert_int_equal(job->delivery_id, id);
    assert_int_equal(job->result.end, end);
    assert_true(job->ended_ms >= job->started_ms && job->started_ms > 0);
    job_free(job);
}

/* Twelve over four connections: a fifth request at once would have opened a fifth. */
static void the_width_is_kept(void **state)
{
    (void)state;
    enum { JOBS = 12, WIDTH = 4 };
    struct gateway g;
    bool seen[JOBS] = {false};
    gateway_open(&g);
    struct transfer *t = transfer_open();
    transfer_submit_list(t, jobs(&g, 0, JOBS, true), WIDTH);
    for (size_t left = JOBS; left > 0; left--) {
        gateway_await(&g, left < WIDTH ? left : WIDTH);
        gateway_answer(&g, "to=");
        struct job *job = await_done(t);
        assert_null(job->next);
        assert_int_equal(job->result.end, ATTEMPT_SENT);
        assert_false(seen[job->delivery_id]);
        seen[job->delivery_id] = true;
        job_free(job);
    }
    assert_int_equal(g.connections, WIDTH);
    transfer_close(t);
    gateway_close(&g);
}

static void urgent_finds_room(void **state)
{
    (void)state;
    struct gateway g;
    gateway_open(&g);
    struct transfer *t = transfer_open();
    transfer_submit_list(t, jobs(&g, 10, 6, false), 4);
    gateway_await(&g, 2);
    transfer_submit_list(t, jobs(&g, 20, 1, true), 4);
    gateway_await(&g, 3);
    gateway_answer(&g, "00020");
    expect_done(t, 20, ATTEMPT_SENT);
    assert_int_equal(g.connections, 3);
    transfer_close(t);
    gateway_close(&g);
}

static void what_waits_is_recalled(void **state)
{
    (void)state;
    struct gateway g;
    gateway_open(&g);
    struct transfer *t = transfer_open();
    transfer_submit_list(t, jobs(&g, 30, 3, false), 1);
    gateway_await(&g, 1);
    assert_null(transfer_recall(t, "another"));
    struct job *back = transfer_recall(t, "gateway");
    assert_int_equal(back->delivery_id, 31);
    assert_int_equal(back->next->delivery_id, 32);
    assert_null(back->next->next);
    assert_false(back->ended);
    jobs_free(back);
    gateway_answer(&g, "00030");
    expect_done(t, 30, ATTEMPT_SENT);
    transfer_close(t);
    gateway_close(&g);
}

/* What cannot be asked comes back at once and holds no place. */
static void without_a_request(void **state)
{
    (void)state;
    struct gateway g;
    gateway_open(&g);
    struct transfer *t = transfer_open();
    struct job *list = jobs(&g, 40, 2, true);
    strcpy(list->message.address, "0151");
    transfer_submit_list(t, list, 1);
    expect_done(t, 40, ATTEMPT_FAILED);
    gateway_await(&g, 1);
    gateway_answer(&g, "00041");
    expect_done(t, 41, ATTEMPT_SENT);
    transfer_close(t);
    gateway_close(&g);
}

static void a_gateway_that_hangs_up(void **state)
{
    (void)state;
    struct gateway g;
    gateway_open(&g);
    struct transfer *t = transfer_open();
    transfer_submit_list(t, jobs(&g, 50, 1, true), 1);
    gateway_await(&g, 1);
    shutdown(g.fd[1].fd, SHUT_RDWR);
    struct job *job = await_done(t);
    assert_int_equal(job->result.end, ATTEMPT_DEFERRED);
    assert_int_equal(job->result.class, CLASS_AMBIGUOUS);
    job_free(job);
    transfer_close(t);
    gateway_close(&g);
}

/* One request runs for ever, others wait: all are freed. */
static void an_end_waits_for_nobody(void **state)
{
    (void)state;
    struct gateway g;
    gateway_open(&g);
    struct transfer *t = transfer_open();
    transfer_submit_list(t, jobs(&g, 60, 5, false), 2);
    gateway_await(&g, 1);
    int64_t before = util_monotonic_ms();
    transfer_close(t);
    assert_true(util_monotonic_ms() - before < RIG_DEADLINE_MS);
    gateway_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_width_is_kept),       cmocka_unit_test(urgent_finds_room),
        cmocka_unit_test(what_waits_is_recalled),  cmocka_unit_test(without_a_request),
        cmocka_unit_test(a_gateway_that_hangs_up), cmocka_unit_test(an_end_waits_for_nobody),
    };
    signal(SIGPIPE, SIG_IGN);
    digest_start();
    json_start();
    return cmocka_run_group_tests_name("transfer", tests, NULL, NULL);
}
