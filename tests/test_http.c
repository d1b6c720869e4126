/*
 * http.c as its peers see it: bytes sent on a socket, bytes that come back; and as the loop sees
 * it: one epoll fd, calls that are answered later.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../daemon/http.h"
#include "../daemon/http_form.h"
#include "../daemon/http_socket.h"
#include "../daemon/util.h"

enum { PATIENCE_MS = 5000, BODY_MAX = 1000 };

struct fixture {
    struct http *http;
    char dir[64], socket[96];
};

static struct http_options options_for(const struct fixture *f)
{
    return (struct http_options){
        .public_listen = "127.0.0.1:0",
        .internal_listen = "127.0.0.1:0",
        .control_socket = f->socket,
        .body_max = BODY_MAX,
        .connections_max = 20,
        .timeout_s = 10,
    };
}

static int start(void **state)
{
    static struct fixture f;
    struct buf err = BUF_INIT;
    const char *tmp = getenv("TMPDIR");
    f = (struct fixture){0};
    snprintf(f.dir, sizeof f.dir, "%s/stafette-http-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f.dir));
    snprintf(f.socket, sizeof f.socket, "%s/control", f.dir);
    struct http_options options = options_for(&f);
    f.http = http_open(&options, &err);
    if (!f.http)
        fail_msg("%s", buf_str(&err));
    *state = &f;
    return 0;
}

static int stop(void **state)
{
    struct fixture *f = *state;
    http_close(f->http);
    assert_int_equal(access(f->socket, F_OK), -1);
    return rmdir(f->dir);
}

static int dial(const struct fixture *f, enum http_door door)
{
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)http_port(f->http, door))};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    strcpy(un.sun_path, f->socket);
    bool local = door == DOOR_CONTROL;
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(local ? connect(fd, (struct sockaddr *)&un, sizeof un)
                           : connect(fd, (struct sockaddr *)&in, sizeof in),
                     0);
    return fd;
}

/* What a handler of the daemon would do: shows what it got. */
static void serve(struct http_call *call)
{
    call->status = str_eq(call->path, "/none") ? 404 : 200;
    buf_printf(&call->answer, "%s %s door=%d peer=%s a=%s body=%zu", call->method, call->path,
               call->door, call->peer, http_argument(call, "a"), call->body.len);
}

/* One turn of the loop: wait on the one fd, run, serve, answer. Returns the calls served. */
static int turn(struct http *http)
{
    struct pollfd at = {.fd = http_fd(http), .events = POLLIN};
    int wish_ms = http_timeout_ms(http), served = 0;
    poll(&at, 1, wish_ms >= 0 && wish_ms < 20 ? wish_ms : 20);
    http_run(http);
    for (struct http_call *call = http_take(http); call; served++) {
        struct http_call *next = call->next;
        serve(call);
        http_answer(http, call);
        call = next;
    }
    return served;
}

/* Sends the bytes and runs the server until the peer sees the end of the answer. */
static void exchange(struct fixture *f, enum http_door door, const char *bytes, size_t len,
                     struct buf *answer)
{
    int fd = dial(f, door);
    int64_t end_ms = util_monotonic_ms() + PATIENCE_MS;
    char in[4096];
    size_t sent = 0;
    buf_reset(answer);
    for (ssize_t n = -1; n != 0 && util_monotonic_ms() < end_ms;) {
        if (sent < len) {
            ssize_t done = send(fd, bytes + sent, len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            sent = done > 0 ? sent + (size_t)done : sent;
        }
        turn(f->http);
        n = recv(fd, in, sizeof in, MSG_DONTWAIT);
        if (n > 0)
            buf_add(answer, in, (size_t)n);
        if (n < 0 && util_monotonic_ms() > end_ms - 100)
            fail_msg("no end of the answer; so far: %s", buf_str(answer));
    }
    close(fd);
}

static const struct {
    const char *label, *in, *status, *body;
} requests[] = {
    {"get", "GET /x?a=b HTTP/1.1\r\nHost: h\r\n\r\n", "200",
     "GET /x door=1 peer=127.0.0.1 a=b body=0"},
    {"decoded", "GET /%C3%BC?a=%20%2B+ HTTP/1.1\r\nHost: h\r\n\r\n", "200",
     "GET /ü door=1 peer=127.0.0.1 a= +  body=0"},
    {"not found", "GET /none HTTP/1.1\r\nHost: h\r\n\r\n", "404", "GET /none"},
    {"form",
     "POST /f HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded"
     "\r\nContent-Length: 13\r\n\r\nb=1&a=gesehen",
     "200", "POST /f door=1 peer=127.0.0.1 a=gesehen body=13"},
    {"form with charset",
     "POST /f HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded; "
     "charset=utf-8\r\nContent-Length: 3\r\n\r\na=x",
     "200", "a=x body=3"},
    {"query before body",
     "POST /f?a=link HTTP/1.1\r\nHost: h\r\nContent-Type: "
     "application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\na=body",
     "200", "a=link body=6"},
    {"json is raw",
     "POST /j HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
     "Content-Length: 5\r\n\r\na=100",
     "200", "a= body=5"},
    {"chunked",
     "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
     "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
     "200", "body=5"},
    {"two lengths",
     "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n"
     "\r\nabc",
     "400", "nicht lesbar"},
    {"length and chunks",
     "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
     "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
     "400", "nicht lesbar"},
    {"smuggled second request",
     "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
     "GET /second HTTP/1.1\r\nHost: h\r\n\r\n",
     "200", "GET /x"},
    {"NUL", "GET /x%00y HTTP/1.1\r\nHost: h\r\n\r\n", "400", "nicht lesbar"},
    {"NUL in argument", "GET /x?a=%00 HTTP/1.1\r\nHost: h\r\n\r\n", "400", "nicht lesbar"},
    {"bad escape", "GET /x%4 HTTP/1.1\r\nHost: h\r\n\r\n", "400", "nicht lesbar"},
    {"no UTF-8", "GET /x%ff HTTP/1.1\r\nHost: h\r\n\r\n", "400", "nicht lesbar"},
    {"bad form",
     "POST /f HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencod"
     "ed\r\nContent-Length: 4\r\n\r\na=%g",
     "400", "nicht lesbar"},
    {"length too large", "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "413",
     "zu groß"},
    {"length overflows",
     "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", "4", ""},
    {"long method", "PROPFIND /x HTTP/1.1\r\nHost: h\r\n\r\n", "501", ""},
};

static void test_requests(void **state)
{
    struct buf answer = BUF_INIT, want = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        exchange(*state, DOOR_PUBLIC, requests[i].in, strlen(requests[i].in), &answer);
        buf_reset(&want);
        buf_printf(&want, "HTTP/1.1 %s", requests[i].status);
        if (!strstr(buf_str(&answer), buf_str(&want)) ||
            !strstr(buf_str(&answer), requests[i].body) || strstr(buf_str(&answer), "/second"))
            fail_msg("%s: %s", requests[i].label, buf_str(&answer));
    }
    buf_release(&answer);
    buf_release(&want);
}

static void test_headers_and_head(void **state)
{
    static const char *const want[] = {
        "Connection: close",       "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store", "Content-Security-Policy: default-src 'none'",
        "X-Frame-Options: DENY",   "Referrer-Policy: no-referrer",
        "X-Robots-Tag: noindex",   "Content-Type: text/plain; charset=utf-8",
    };
    static const char *const in[] = {
        "HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /x%00 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n",
    };
    struct buf answer = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(in); i++) {
        exchange(*state, DOOR_PUBLIC, in[i], strlen(in[i]), &answer);
        for (size_t k = 0; k < COUNT_OF(want); k++)
            if (!strstr(buf_str(&answer), want[k]))
                fail_msg("%s\nlacks %s:\n%s", in[i], want[k], buf_str(&answer));
        if (i == 0)
            assert_true(str_ends(buf_str(&answer), "\r\n\r\n"));
    }
    buf_release(&answer);
}

static void test_doors(void **state)
{
    static const char in[] = "GET /d HTTP/1.1\r\nHost: h\r\n\r\n";
    struct fixture *f = *state;
    struct buf answer = BUF_INIT;
    struct stat file;
    exchange(f, DOOR_INTERNAL, in, sizeof in - 1, &answer);
    assert_non_null(strstr(buf_str(&answer), "door=2 peer=127.0.0.1"));
    exchange(f, DOOR_CONTROL, in, sizeof in - 1, &answer);
    assert_non_null(strstr(buf_str(&answer), "door=4 peer=unix"));
    assert_int_equal(stat(f->socket, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_int_not_equal(http_port(f->http, DOOR_PUBLIC), http_port(f->http, DOOR_INTERNAL));
    buf_release(&answer);
}

/* A body of exactly the limit passes; one byte more does not, nor does an endless chunked one. */
static void test_body_limit(void **state)
{
    static const struct {
        size_t len;
        const char *want;
    } cases[] = {{BODY_MAX, " 200 "}, {BODY_MAX + 1, " 413 "}};
    struct buf in = BUF_INIT, answer = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_reset(&in);
        buf_puts(&in, "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        buf_printf(&in, "%zx\r\n%0*d\r\n0\r\n\r\n", cases[i].len, (int)cases[i].len, 0);
        exchange(*state, DOOR_PUBLIC, buf_str(&in), in.len, &answer);
        assert_non_null(strstr(buf_str(&answer), cases[i].want));
    }
    buf_reset(&in);
    buf_puts(&in, "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 400; i++)
        buf_printf(&in, "400\r\n%01024d\r\n", 0);
    int fd = dial(*state, DOOR_PUBLIC);
    size_t sent = 0;
    int64_t end_ms = util_monotonic_ms() + PATIENCE_MS;
    bool cut = false;
    while (!cut && util_monotonic_ms() < end_ms) {
        ssize_t n = send(fd, buf_str(&in) + sent, in.len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent += n > 0 ? (size_t)n : 0;
        struct pollfd at = {.fd = fd, .events = POLLIN};
        assert_int_equal(turn(((struct fixture *)*state)->http), 0);
        cut = poll(&at, 1, 0) > 0;
    }
    assert_true(cut);
    close(fd);
    buf_release(&in);
    buf_release(&answer);
}

/* Nothing goes out before http_answer(); a peer that leaves meanwhile does no harm. */
static void test_answer_later(void **state)
{
    static const char in[] = "GET /later HTTP/1.1\r\nHost: h\r\n\r\n";
    struct fixture *f = *state;
    struct http_call *call = NULL;
    for (int leave = 0; leave < 2; leave++) {
        char out[2000] = "";
        int fd = dial(f, DOOR_PUBLIC);
        assert_int_equal(send(fd, in, sizeof in - 1, 0), sizeof in - 1);
        for (int i = 0; i < 200 && !(call = http_take(f->http)); i++) {
            struct pollfd at = {.fd = http_fd(f->http), .events = POLLIN};
            poll(&at, 1, 20);
            http_run(f->http);
        }
        assert_non_null(call);
        for (int i = 0; i < 5; i++)
            http_run(f->http);
        assert_int_equal(recv(fd, out, sizeof out, MSG_DONTWAIT), -1);
        if (leave)
            close(fd);
        serve(call);
        http_answer(f->http, call);
        struct pollfd at = {.fd = http_fd(f->http), .events = POLLIN};
        assert_int_equal(poll(&at, 1, PATIENCE_MS), 1);
        for (int i = 0; i < 5; i++)
            turn(f->http);
        if (leave)
            continue;
        assert_true(recv(fd, out, sizeof out - 1, MSG_DONTWAIT) > 0);
        assert_non_null(strstr(out, "GET /later"));
        close(fd);
    }
}

/* Calls that nobody answered do not keep the server from closing. */
static void test_close_with_open_calls(void **state)
{
    static const char in[] = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n";
    struct fixture *f = *state;
    char out[2000] = "";
    int fd = dial(f, DOOR_CONTROL);
    struct http_call *call = NULL;
    assert_int_equal(send(fd, in, sizeof in - 1, 0), sizeof in - 1);
    for (int i = 0; i < 200 && !(call = http_take(f->http)); i++) {
        struct pollfd at = {.fd = http_fd(f->http), .events = POLLIN};
        poll(&at, 1, 20);
        http_run(f->http);
    }
    assert_non_null(call);
    http_close(f->http);
    assert_true(recv(fd, out, sizeof out - 1, MSG_DONTWAIT) > 0);
    assert_non_null(strstr(out, " 503 "));
    close(fd);
    struct http_options options = options_for(f);
    struct buf err = BUF_INIT;
    f->http = http_open(&options, &err);
    assert_non_null(f->http);
}

static void test_listen_faults(void **state)
{
    struct fixture *f = *state;
    char plain[96];
    struct buf err = BUF_INIT;
    static const char *const bad[] = {
        "8086", "localhost:80", "127.0.0.1:", "127.0.0.1:70000", "::1:80", "[::1:80", ""};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        buf_reset(&err);
        assert_int_equal(http_socket_tcp(bad[i], &err), -1);
        assert_non_null(strstr(buf_str(&err), "no address to listen on"));
    }
    buf_reset(&err);
    assert_int_equal(http_socket_unix(f->socket, &err), -1);
    assert_non_null(strstr(buf_str(&err), "running already"));

    snprintf(plain, sizeof plain, "%s/plain", f->dir);
    fclose(fopen(plain, "w"));
    buf_reset(&err);
    assert_int_equal(http_socket_unix(plain, &err), -1);
    assert_non_null(strstr(buf_str(&err), "is no socket"));
    unlink(plain);

    /* What a crash leaves: the file of a socket that nobody listens on. */
    close(http_socket_unix(plain, &err));
    assert_int_equal(access(plain, F_OK), 0);
    int fd = http_socket_unix(plain, &err);
    assert_true(fd >= 0);
    close(fd);
    unlink(plain);
    buf_release(&err);
}

static void test_form(void **state)
{
    (void)state;
    static const struct {
        const char *in, *want; /* value of "a"; NULL: refused */
    } cases[] = {
        {"", ""},         {"a", ""},        {"a=", ""},           {"a=1&a=2", "1"},
        {"b=2&a=1", "1"}, {"&&a=1&&", "1"}, {"a=x%3D%26", "x=&"}, {"a=+", " "},
        {"%61=q", "q"},   {"a=%", NULL},    {"a=%4", NULL},       {"a=%zz", NULL},
        {"a=%00", NULL},  {"a=%0a", "\n"},  {"a%0a=1", NULL},     {"a=%c3%bc", "ü"},
        {"a=%c3", NULL},  {"a==1", "=1"},   {"a=%1f", NULL},      {"a=%41", "A"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_form form = {0};
        bool good = http_form_read(&form, cases[i].in, strlen(cases[i].in));
        if (good != (cases[i].want != NULL) ||
            (good && !str_eq(http_form_get(&form, "a"), cases[i].want)))
            fail_msg("\"%s\" gives \"%s\"", cases[i].in, http_form_get(&form, "a"));
        http_form_release(&form);
    }
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_requests, start, stop),
        cmocka_unit_test_setup_teardown(test_headers_and_head, start, stop),
        cmocka_unit_test_setup_teardown(test_doors, start, stop),
        cmocka_unit_test_setup_teardown(test_body_limit, start, stop),
        cmocka_unit_test_setup_teardown(test_answer_later, start, stop),
        cmocka_unit_test_setup_teardown(test_close_with_open_calls, start, stop),
        cmocka_unit_test_setup_teardown(test_listen_faults, start, stop),
        cmocka_unit_test(test_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
