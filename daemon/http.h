/*
 * HTTP listeners on the caller's loop; the only part that knows libmicrohttpd.
 *
 * Three doors: the public one (answer links, callbacks), the internal one (status, metrics;
 * loopback by default), and the control socket (unix, mode 0600, for stafettectl). A complete
 * request becomes a struct http_call and its connection is suspended; the answer goes out only when
 * the caller says http_answer(), which is after the commit. Requests with both Content-Length and
 * Transfer-Encoding, repeated Content-Length, %00 or malformed escapes are refused with 400
 * (request smuggling), a body over body_max with 413; the caller never sees them. HEAD comes as
 * GET. Every answer carries the security headers and says Connection: close.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct http;

enum { HTTP_TAG_MAX = 32 };

enum http_door { DOOR_PUBLIC = 1, DOOR_INTERNAL = 2, DOOR_CONTROL = 4 };

struct http_call {
    enum http_door door;
    char method[8];   /* "GET", "POST" */
    char *path;       /* decoded, without query, starts with '/' */
    char *peer;       /* "127.0.0.1"; "unix" */
    struct buf body;  /* at most body_max bytes, or control_body_max */
    int status;       /* to be set by the handler; 500 until then */
    const char *type; /* content type of the answer; static text */
    struct buf answer;
    char tag[HTTP_TAG_MAX]; /* ETag with its quotes: may be kept, asked for anew; "" = no-store */
    struct http_call *next;
    void *state;      /* the handler's own */
    void *connection; /* http.c's */
    void *arguments;  /* http.c's */
};

struct http_options {
    const char *public_listen;   /* "127.0.0.1:8086" or "" */
    const char *internal_listen; /* "[::1]:8085" or "" */
    const char *control_socket;  /* path or "" */
    size_t body_max;             /* bytes */
    size_t control_body_max;     /* the same at the control socket; 0: body_max */
    int connections_max;
    int timeout_s; /* idle connections are closed */
};

/* Opens all doors that have an address. NULL with a sentence in err when one cannot be opened. */
struct http *http_open(const struct http_options *options, struct buf *err);

/* Answers what is still open with 503, writes what can be written at once, and closes. */
void http_close(struct http *h);

/* One epoll fd for all doors; level-triggered. Call http_run() when it is readable and when
 * http_timeout_ms() is over (-1: no limit). */
int http_fd(const struct http *h);
int http_timeout_ms(struct http *h);

/* Reads and writes what is ready; complete requests go to the list that http_take() returns. */
void http_run(struct http *h);
struct http_call *http_take(struct http *h);

/* Gives the answer of a call that was taken back; http_fd() becomes readable and the next
 * http_run() sends it. The call must not be used any more. */
void http_answer(struct http *h, struct http_call *call);

/* A query argument or form field (application/x-www-form-urlencoded), decoded; "" when absent. The
 * first of that name, the query before the body. The raw body is in call->body as well. */
const char *http_argument(const struct http_call *call, const char *name);
const char *http_header(const struct http_call *call, const char *name);

/* The port that a door got (for tests that listen on port 0). */
int http_port(const struct http *h, enum http_door door);

#endif
