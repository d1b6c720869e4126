/*
 * HTTP listeners: see http.h for what callers see.
 *
 * Each door is one libmicrohttpd daemon without threads; their epoll fds hang in one epoll fd of
 * ours. A request lives from its first line to libmicrohttpd's "completed" call. It is either
 * answered here at once (malformed, too large) or, when complete, suspended and handed to the
 * caller as a struct http_call; http_answer() resumes it.
 *
 * Refused with 400: Content-Length beside Transfer-Encoding or more than once, malformed or %00
 * escapes, bytes that are no UTF-8. Refused with 413: a body over body_max. Every answer closes its
 * connection, so a second request smuggled behind the first is never read.
 *
 * A crash leaves requests unanswered, and the control socket's file (replaced at the next start).
 */
#include "http.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_form.h"
#include "http_socket.h"
#include "util.h"

enum {
    DOORS = 3,
    HEADERS_MAX = 16 * 1024, /* bytes of request line and headers, per connection */
    OVERRUN_MAX = 256 * 1024 /* bytes read beyond body_max before the connection is cut */
};

struct door {
    enum http_door name;
    struct MHD_Daemon *daemon;
    int port;
    struct http *http;
};

struct http {
    struct door door[DOORS];
    int epoll;
    int wake; /* eventfd: libmicrohttpd does not tell that a connection was resumed */
    bool woken;
    size_t body_max, control_body_max;
    char *control_socket;
    struct http_call *first, **last; /* complete, not taken yet */
    struct request *held;            /* complete, not answered yet: taken or not */
};

enum request_state { REQUEST_READING, REQUEST_TAKEN, REQUEST_ANSWERED };

/* What stands behind a call; call.arguments points here. */
struct request {
    struct http_call call;
    struct http_form form;
    enum request_state state;
    bool started;
    int refusal; /* status that is answered here; 0: none */
    size_t body_seen;
    struct request *next_held;
};

static const char *const security_headers[][2] = {
    {"Connection", "close"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"X-Robots-Tag", "noindex, nofollow"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
                                "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
};

static struct request *request_of(const struct http_call *call)
{
    return (struct request *)call->arguments;
}

static void request_free(struct request *r)
{
    free(r->call.path);
    free(r->call.peer);
    buf_wipe(&r->call.body);
    buf_wipe(&r->call.answer);
    http_form_release(&r->form);
    free(r);
}

/* The first thing libmicrohttpd tells of a request: its target as it came, before decoding. The
 * result becomes the request's context. */
static void *begin_request(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct door *door = context;
    struct request *r = xcalloc(1, sizeof *r);
    size_t path_len = strcspn(uri, "?");
    r->call.door = door->name;
    r->call.status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    r->call.type = "text/plain; charset=utf-8";
    r->call.connection = connection;
    r->call.arguments = r;
    if (!http_form_clean_path(uri, path_len) ||
        (uri[path_len] &&
         !http_form_read(&r->form, uri + path_len + 1, strlen(uri + path_len + 1))))
        r->refusal = MHD_HTTP_BAD_REQUEST;
    return r;
}

static char *peer_name(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    char name[NI_MAXHOST];
    if (!info || !info->client_addr)
        return xstrdup("unix");
    const struct sockaddr *at = info->client_addr;
    socklen_t size =
        at->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if ((at->sa_family != AF_INET && at->sa_family != AF_INET6) ||
        getnameinfo(at, size, name, sizeof name, NULL, 0, NI_NUMERICHOST) != 0)
        return xstrdup("unix");
    return xstrdup(name);
}

struct lengths {
    int content_length, transfer_encoding;
};

static enum MHD_Result count_lengths(void *context, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    struct lengths *n = context;
    (void)kind;
    (void)value;
    n->content_length += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    n->transfer_encoding += strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
    return MHD_YES;
}

static size_t body_max(const struct http *h, const struct http_call *call)
{
    return call->door == DOOR_CONTROL ? h->control_body_max : h->body_max;
}

/* What can be judged from the headers: a status to refuse with, or 0. */
static int judge_headers(const char *method, size_t body_max, struct MHD_Connection *connection)
{
    struct lengths n = {0, 0};
    int64_t length = 0;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_lengths, &n);
    if (n.content_length > 1 || n.transfer_encoding > 1 ||
        (n.content_length && n.transfer_encoding))
        return MHD_HTTP_BAD_REQUEST;
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (text && !int_parse(text, 0, INT64_MAX, &length))
        return MHD_HTTP_BAD_REQUEST;
    if ((uint64_t)length > body_max)
        return MHD_HTTP_CONTENT_TOO_LARGE;
    return strlen(method) < sizeof((struct http_call *)NULL)->method ? 0 : MHD_HTTP_NOT_IMPLEMENTED;
}

static enum MHD_Result queue_answer(struct MHD_Connection *connection, const struct http_call *call)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        call->answer.len, (void *)buf_str(&call->answer), MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, call->type);
    for (size_t i = 0; i < COUNT_OF(security_headers); i++)
        MHD_add_response_header(response, security_headers[i][0], security_headers[i][1]);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL,
                            call->tag[0] ? "private, no-cache" : "no-store");
    if (call->tag[0])
        MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, call->tag);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)call->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result refuse(struct MHD_Connection *connection, struct request *r)
{
    r->state = REQUEST_ANSWERED;
    r->call.status = r->refusal;
    buf_puts(&r->call.answer, r->refusal == MHD_HTTP_CONTENT_TOO_LARGE
                                  ? "Die Anfrage ist zu groß.\n"
                                  : "Die Anfrage ist nicht lesbar.\n");
    return queue_answer(connection, &r->call);
}

/* HEAD is served as GET; libmicrohttpd leaves the body out by itself. */
static enum MHD_Result start_request(struct http *h, struct request *r, const char *path,
                                     const char *method)
{
    struct MHD_Connection *connection = r->call.connection;
    r->started = true;
    r->call.path = xstrdup(path);
    r->call.peer = peer_name(connection);
    str_copy(r->call.method, sizeof r->call.method, str_eq(method, "HEAD") ? "GET" : method);
    int status = judge_headers(method, body_max(h, &r->call), connection);
    if (!r->refusal)
        r->refusal = status;
    return r->refusal ? refuse(connection, r) : MHD_YES;
}

/* Counts here, because a chunked body announces no length. */
static enum MHD_Result take_body(const struct http *h, struct request *r, const char *bytes,
                                 size_t len)
{
    r->body_seen += len;
    if (r->body_seen > body_max(h, &r->call) + OVERRUN_MAX)
        return MHD_NO;
    if (r->body_seen > body_max(h, &r->call))
        r->refusal = MHD_HTTP_CONTENT_TOO_LARGE;
    else
        buf_add(&r->call.body, bytes, len);
    return MHD_YES;
}

static enum MHD_Result finish_request(struct http *h, struct request *r)
{
    struct MHD_Connection *connection = r->call.connection;
    const char *type = http_header(&r->call, MHD_HTTP_HEADER_CONTENT_TYPE);
    if (!r->refusal && strncasecmp(type, "application/x-www-form-urlencoded", 33) == 0 &&
        !http_form_read(&r->form, buf_str(&r->call.body), r->call.body.len))
        r->refusal = MHD_HTTP_BAD_REQUEST;
    if (r->refusal)
        return refuse(connection, r);
    r->state = REQUEST_TAKEN;
    r->call.next = NULL;
    *h->last = &r->call;
    h->last = &r->call.next;
    r->next_held = h->held;
    h->held = r;
    MHD_suspend_connection(connection);
    return MHD_YES;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_len, void **request)
{
    struct door *door = context;
    struct request *r = *request;
    (void)version;
    if (!r->started)
        return start_request(door->http, r, path, method);
    if (*upload_len > 0) {
        size_t len = *upload_len;
        *upload_len = 0;
        return take_body(door->http, r, upload, len);
    }
    if (r->state == REQUEST_ANSWERED)
        return queue_answer(connection, &r->call);
    return finish_request(door->http, r);
}

/* A request whose peer went away while the caller had it is freed here as well: libmicrohttpd
 * notices only after the resume, so never while the caller still holds the call. */
static void end_request(void *context, struct MHD_Connection *connection, void **request,
                        enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    if (*request)
        request_free(*request);
    *request = NULL;
}

static int open_door(struct http *h, struct door *door, int fd, const struct http_options *o,
                     struct buf *err)
{
    unsigned per_peer = door->name == DOOR_PUBLIC ? (unsigned)o->connections_max / 2 + 1 : 0;
    door->http = h;
    door->port = http_socket_port(fd);
    door->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handle, door,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_URI_LOG_CALLBACK, begin_request, door,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, door, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)o->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_peer,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)o->timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)HEADERS_MAX, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!door->daemon) {
        buf_puts(err, "cannot start an HTTP listener");
        close(fd);
        return -1;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = door};
    if (!info || epoll_ctl(h->epoll, EPOLL_CTL_ADD, info->epoll_fd, &event) < 0) {
        buf_printf(err, "cannot watch an HTTP listener: %s", strerror(errno));
        return -1;
    }
    return 0;
}

static int open_doors(struct http *h, const struct http_options *o, struct buf *err)
{
    const char *tcp[] = {o->public_listen, o->internal_listen};
    static const enum http_door name[] = {DOOR_PUBLIC, DOOR_INTERNAL};
    for (size_t i = 0; i < COUNT_OF(tcp); i++) {
        if (str_empty(tcp[i]))
            continue;
        int fd = http_socket_tcp(tcp[i], err);
        h->door[i].name = name[i];
        if (fd < 0 || open_door(h, &h->door[i], fd, o, err) < 0)
            return -1;
    }
    if (str_empty(o->control_socket))
        return 0;
    int fd = http_socket_unix(o->control_socket, err);
    if (fd < 0)
        return -1;
    h->control_socket = xstrdup(o->control_socket);
    h->door[2].name = DOOR_CONTROL;
    return open_door(h, &h->door[2], fd, o, err);
}

struct http *http_open(const struct http_options *options, struct buf *err)
{
    struct http *h = xcalloc(1, sizeof *h);
    assert(options->connections_max > 0 && options->timeout_s > 0);
    h->body_max = options->body_max;
    h->control_body_max = options->control_body_max ? options->control_body_max : options->body_max;
    h->last = &h->first;
    h->epoll = epoll_create1(EPOLL_CLOEXEC);
    h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, h->wake, &event) < 0)
        buf_printf(err, "cannot watch HTTP listeners: %s", strerror(errno));
    else if (open_doors(h, options, err) == 0)
        return h;
    http_close(h);
    return NULL;
}

void http_close(struct http *h)
{
    if (!h)
        return;
    while (h->held) {
        h->held->call.status = MHD_HTTP_SERVICE_UNAVAILABLE;
        http_answer(h, &h->held->call);
    }
    http_run(h);
    for (int i = 0; i < DOORS; i++)
        if (h->door[i].daemon)
            MHD_stop_daemon(h->door[i].daemon);
    if (h->control_socket)
        unlink(h->control_socket);
    free(h->control_socket);
    if (h->wake >= 0)
        close(h->wake);
    if (h->epoll >= 0)
        close(h->epoll);
    free(h);
}

int http_fd(const struct http *h)
{
    return h->epoll;
}

int http_timeout_ms(struct http *h)
{
    int least_ms = -1;
    for (int i = 0; i < DOORS; i++) {
        MHD_UNSIGNED_LONG_LONG ms;
        if (!h->door[i].daemon || MHD_get_timeout(h->door[i].daemon, &ms) != MHD_YES)
            continue;
        if (least_ms < 0 || ms < (MHD_UNSIGNED_LONG_LONG)least_ms)
            least_ms = ms > INT32_MAX ? INT32_MAX : (int)ms;
    }
    return least_ms;
}

void http_run(struct http *h)
{
    eventfd_t count;
    if (h->woken)
        eventfd_read(h->wake, &count);
    h->woken = false;
    for (int i = 0; i < DOORS; i++)
        if (h->door[i].daemon)
            MHD_run(h->door[i].daemon);
}

struct http_call *http_take(struct http *h)
{
    struct http_call *list = h->first;
    h->first = NULL;
    h->last = &h->first;
    return list;
}

void http_answer(struct http *h, struct http_call *call)
{
    struct request *r = request_of(call);
    struct request **at = &h->held;
    while (*at != r)
        at = &(*at)->next_held;
    *at = r->next_held;
    assert(r->state == REQUEST_TAKEN);
    r->state = REQUEST_ANSWERED;
    MHD_resume_connection(call->connection);
    if (!h->woken)
        h->woken = eventfd_write(h->wake, 1) == 0;
}

const char *http_argument(const struct http_call *call, const char *name)
{
    return http_form_get(&request_of(call)->form, name);
}

const char *http_header(const struct http_call *call, const char *name)
{
    const char *value = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
    return value ? value : "";
}

int http_port(const struct http *h, enum http_door door)
{
    for (int i = 0; i < DOORS; i++)
        if (h->door[i].daemon && h->door[i].name == door)
            return h->door[i].port;
    return 0;
}
