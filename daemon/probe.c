/*
 * Non-blocking TCP connect over all addresses of a host: see probe.h. An address that neither
 * answers nor refuses holds the probe until the caller's deadline; the caller stops it then. The
 * connection is closed as soon as it stands: it proves that somebody listens, nothing more.
 */
#include "probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "buf.h"

static void close_fd(struct probe *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

/* Starts the connection to p->current; false when it failed at once. */
static bool try_current(struct probe *p)
{
    const struct addrinfo *a = p->current;
    getnameinfo(a->ai_addr, a->ai_addrlen, p->address, sizeof p->address, NULL, 0, NI_NUMERICHOST);
    p->fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (p->fd >= 0 && (connect(p->fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS))
        return true;
    p->last_error = errno;
    close_fd(p);
    return false;
}

int probe_start(struct probe *p, const char *host, int port, struct buf *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    char service[8];
    *p = (struct probe){.fd = -1};
    snprintf(service, sizeof service, "%d", port);
    int rc = getaddrinfo(host, service, &hints, &p->all);
    if (rc != 0) {
        p->all = NULL;
        buf_printf(err, "cannot look up %s: %s", host, gai_strerror(rc));
        return -1;
    }
    p->current = p->all;
    while (p->current && !try_current(p))
        p->current = p->current->ai_next;
    return 0;
}

enum probe_state probe_check(struct probe *p)
{
    while (p->current) {
        struct pollfd ready = {.fd = p->fd, .events = POLLOUT};
        if (p->fd >= 0 && poll(&ready, 1, 0) == 0)
            return PROBE_WAITING;
        int error = 0;
        socklen_t size = sizeof error;
        if (p->fd >= 0 && getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && !error)
            return PROBE_REACHED;
        p->last_error = error ? error : p->last_error;
        close_fd(p);
        do
            p->current = p->current->ai_next;
        while (p->current && !try_current(p));
    }
    return PROBE_FAILED;
}

void probe_stop(struct probe *p)
{
    close_fd(p);
    if (p->all)
        freeaddrinfo(p->all);
    p->all = p->current = NULL;
}
