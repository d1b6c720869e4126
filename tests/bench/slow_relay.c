/*
 * A mail relay for benchmarks (RFC 5321, loopback only): slow_relay PORT DELAY_MS [FILE]
 *
 * It takes every mail and answers the final dot DELAY_MS later, for all connections at once, in one
 * thread: postfix's smtp-sink -W knows whole seconds only. With FILE, it writes for each mail the
 * monotonic time in microseconds at which the final dot had come, and its Message-ID. A mail counts
 * as taken when its 250 is written. Refuses nothing; offers no extension, so no client pipelines.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 1024, LINE_MAX_BYTES = 1100, BATCH = 64, READ_BYTES = 16384 };

struct connection {
    int fd;
    bool data;
    size_t len; /* of the line that is not complete */
    char line[LINE_MAX_BYTES];
    char id[256]; /* Message-ID of the mail under way */
    int64_t due_us;
    struct connection *next; /* in the list of delayed answers */
};

struct relay {
    int poll, listener;
    int64_t delay_us;
    FILE *file;
    struct connection *first, **last; /* all are delayed equally: in order of due_us */
};

static int64_t now_us(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void die(const char *what)
{
    fprintf(stderr, "slow_relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Answers are some bytes to a loopback socket that nothing else was written to: they always fit. */
static void answer(const struct connection *c, const char *text)
{
    size_t n = strlen(text);
    if (send(c->fd, text, n, MSG_NOSIGNAL) != (ssize_t)n)
        fprintf(stderr, "slow_relay: an answer was lost\n");
}

/* The client speaks again only after this answer, so one place in the list is enough. */
static void end_mail(struct relay *r, struct connection *c)
{
    int64_t now = now_us();
    c->data = false;
    if (r->file)
        fprintf(r->file, "%lld %s\n", (long long)now, c->id);
    if (r->delay_us == 0) {
        answer(c, "250 2.0.0 taken\r\n");
        return;
    }
    c->due_us = now + r->delay_us;
    c->next = NULL;
    *r->last = c;
    r->last = &c->next;
}

static void on_data_line(struct relay *r, struct connection *c)
{
    if (strcmp(c->line, ".") == 0)
        end_mail(r, c);
    else if (c->id[0] == '\0' && strncasecmp(c->line, "Message-ID:", 11) == 0)
        snprintf(c->id, sizeof c->id, "%.*s", (int)sizeof c->id - 1,
                 c->line + 11 + strspn(c->line + 11, " "));
}

static void on_command(struct connection *c)
{
    if (strncasecmp(c->line, "EHLO", 4) == 0 || strncasecmp(c->line, "HELO", 4) == 0) {
        answer(c, "250 relay.bench.example\r\n");
    } else if (strcasecmp(c->line, "DATA") == 0) {
        c->data = true;
        c->id[0] = '\0';
        answer(c, "354 go on\r\n");
    } else if (strcasecmp(c->line, "QUIT") == 0) {
        answer(c, "221 bye\r\n");
        shutdown(c->fd, SHUT_WR);
    } else {
        answer(c, "250 2.0.0 ok\r\n");
    }
}

static void take_bytes(struct relay *r, struct connection *c, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != '\n') {
            if (c->len < sizeof c->line - 1)
                c->line[c->len++] = bytes[i];
            continue;
        }
        if (c->len > 0 && c->line[c->len - 1] == '\r')
            c->len--;
        c->line[c->len] = '\0';
        c->len = 0;
        if (c->data)
            on_data_line(r, c);
        else
            on_command(c);
    }
}

/* One that goes while its answer is delayed must leave the list, too. */
static void drop(struct relay *r, struct connection *c)
{
    r->last = &r->first;
    for (struct connection *p = r->first; p; p = p->next)
        if (p != c) {
            *r->last = p;
            r->last = &p->next;
        }
    *r->last = NULL;
    close(c->fd);
    free(c);
}

static void on_readable(struct relay *r, struct connection *c)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n > 0)
        take_bytes(r, c, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        drop(r, c);
}

static void on_connect(struct relay *r)
{
    int one = 1, fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct connection *c = calloc(1, sizeof *c);
    if (!c)
        die("memory");
    c->fd = fd;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(r->poll, EPOLL_CTL_ADD, fd, &event) != 0)
        die("epoll_ctl");
    answer(c, "220 relay.bench.example\r\n");
}

static void answer_due(struct relay *r)
{
    int64_t now = r->first ? now_us() : 0;
    while (r->first && r->first->due_us <= now) {
        struct connection *c = r->first;
        r->first = c->next;
        if (!r->first)
            r->last = &r->first;
        answer(c, "250 2.0.0 taken\r\n");
    }
}

static void turn(struct relay *r)
{
    struct epoll_event events[BATCH];
    int64_t wait_us = r->first ? r->first->due_us - now_us() : 0;
    if (wait_us < 0)
        wait_us = 0;
    struct timespec wait = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
    if (r->file && !r->first)
        fflush(r->file);
    int n = epoll_pwait2(r->poll, events, BATCH, r->first ? &wait : NULL, NULL);
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr)
            on_readable(r, events[i].data.ptr);
        else
            on_connect(r);
    }
    answer_due(r);
}

static void listen_at(struct relay *r, uint16_t port)
{
    int one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    r->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(r->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(r->listener, CONNECTIONS) != 0)
        die("listen");
    struct epoll_event event = {.events = EPOLLIN};
    r->poll = epoll_create1(EPOLL_CLOEXEC);
    if (r->poll < 0 || epoll_ctl(r->poll, EPOLL_CTL_ADD, r->listener, &event) != 0)
        die("epoll");
}

int main(int argc, char **argv)
{
    struct relay r = {.last = &r.first};
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: slow_relay PORT DELAY_MS [FILE]\n");
        return 2;
    }
    r.delay_us = (int64_t)(atof(argv[2]) * 1000);
    if (argc == 4) {
        r.file = fopen(argv[3], "w");
        if (!r.file)
            die(argv[3]);
    }
    listen_at(&r, (uint16_t)atoi(argv[1]));
    for (;;)
        turn(&r);
}
