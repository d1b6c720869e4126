/*
 * Listening sockets: see http_socket.h. A crash leaves the unix socket's file behind; the next
 * start finds that nobody answers there and replaces it.
 */
#include "http_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "buf.h"
#include "util.h"

enum { BACKLOG = 128 };

/* Splits at the last colon; an IPv6 address stands in brackets. Returns NULL when malformed. */
static char *split_address(const char *listen_on, const char **port)
{
    const char *colon = strrchr(listen_on, ':');
    if (!colon || colon == listen_on || !colon[1])
        return NULL;
    *port = colon + 1;
    if (listen_on[0] != '[')
        return memchr(listen_on, ':', (size_t)(colon - listen_on))
                   ? NULL
                   : xstrndup(listen_on, (size_t)(colon - listen_on));
    return colon[-1] == ']' ? xstrndup(listen_on + 1, (size_t)(colon - listen_on) - 2) : NULL;
}

static int listen_at(const struct addrinfo *a)
{
    int on = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int http_socket_tcp(const char *listen_on, struct buf *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *list = NULL;
    const char *port = "";
    int64_t number;
    char *host = split_address(listen_on, &port);
    if (!host || !int_parse(port, 0, UINT16_MAX, &number) ||
        getaddrinfo(host, port, &hints, &list) != 0) {
        buf_printf(err, "\"%s\" is no address to listen on; write 127.0.0.1:8086 or [::1]:8086",
                   listen_on);
        free(host);
        return -1;
    }
    int fd = listen_at(list);
    if (fd < 0)
        buf_printf(err, "cannot listen on %s: %s", listen_on, strerror(errno));
    freeaddrinfo(list);
    free(host);
    return fd;
}

static bool somebody_listens(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int rc = connect(fd, (const struct sockaddr *)at, sizeof *at);
    /* EAGAIN: its queue is full, so there is one. */
    bool yes = rc == 0 || errno == EAGAIN;
    if (fd >= 0)
        close(fd);
    return yes;
}

/* Makes the path free for bind(). */
static int clear_path(const struct sockaddr_un *at, struct buf *err)
{
    struct stat file;
    if (lstat(at->sun_path, &file) < 0)
        return 0;
    if (!S_ISSOCK(file.st_mode)) {
        buf_printf(err, "%s exists and is no socket; remove it or choose another path",
                   at->sun_path);
        return -1;
    }
    if (somebody_listens(at)) {
        buf_printf(err, "another process listens on %s; is the daemon running already?",
                   at->sun_path);
        return -1;
    }
    unlink(at->sun_path);
    return 0;
}

int http_socket_unix(const char *path, struct buf *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (!str_copy(at.sun_path, sizeof at.sun_path, path)) {
        buf_printf(err, "the path %s is too long for a socket (at most %zu bytes)", path,
                   sizeof at.sun_path - 1);
        return -1;
    }
    if (clear_path(&at, err) < 0)
        return -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* From the first moment on nobody else may connect: the mode comes from the umask. */
    mode_t before = umask(0177);
    int rc = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&at, sizeof at);
    int error = errno;
    umask(before);
    if (rc == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    buf_printf(err, "cannot listen on %s: %s", path, strerror(rc < 0 ? error : errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

int http_socket_port(int fd)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    if (getsockname(fd, (struct sockaddr *)&at, &size) < 0)
        return 0;
    if (at.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)&at)->sin_port);
    return at.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&at)->sin6_port) : 0;
}
