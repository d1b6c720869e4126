/*
 * The contract of a delivery adapter: one channel's way of handing one message to one peer.
 *
 * A transport is a configured use of an adapter ("relay1" uses email_smtp). The outbox makes a job
 * of each attempt; a carrier thread (mail, files) or the transfer thread (HTTP) runs it by the
 * adapter's functions; the job comes back with its result.
 *
 * An adapter MUST
 *  1. end every job with exactly one of three endings (sent, deferred, failed), by job_end();
 *  2. say "sent" only when the peer has taken the message over (SMTP 250 after the final dot, a
 *     gateway's documented acceptance, a file that is on disk);
 *  3. never repeat an attempt by itself, never log, never touch the store, never know routing;
 *  4. use nothing of the job after job_end() and keep no state between jobs but connections, which
 *     belong to the carrier (job->sessions);
 *  5. never let an address, a text or a secret into result->text; peer answers are cleaned by
 *     job_peer_text();
 *  6. check all its options at load time (check), so that a job cannot fail by configuration;
 *  7. send what has a seal encrypted (smime_build) or not at all;
 *  8. require and verify TLS unless the peer is a loopback address and the transport says
 *     tls = "none" (DOMAIN R13).
 *
 * An adapter has either prepare and finish (a libcurl transfer) or deliver (local work, or a
 * dialogue of its own on a carrier, which waits no longer than job_limit_ms() nor past job->stop).
 */
#ifndef ADAPTER_H
#define ADAPTER_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../daemon/buf.h"
#include "../daemon/stafette.h"
#include "sms_terms.h"

struct conf_node;
struct conf_faults;
struct inbound_rule;
struct reports;
struct smime_certificate;
struct smtp_sessions;
struct transport;

/* What is to be carried; all texts are owned by the job. */
struct message {
    char *address;       /* addr-spec (ASCII, IDN already in A-labels) or E.164 "+49..." */
    char *subject;       /* UTF-8; e-mail only */
    char *body;          /* UTF-8, lines end in LF */
    char *from;          /* e-mail: who it comes from, addr-spec; NULL = as the transport has it */
    char *calendar;      /* e-mail: a VCALENDAR, lines end in CRLF (ical.h); NULL or "" = none */
    char *method;        /* its METHOD: "REQUEST", "CANCEL"; NULL when there is no calendar */
    char *message_id;    /* "<...@domain>", the same at every repeat of this delivery */
    char *thread_id;     /* "<...@domain>": References root of the item's thread */
    char *reference;     /* client reference for gateways: the delivery id, opaque */
    char *envelope_from; /* e-mail: VERP return path of this delivery */
    int64_t date_ms;     /* Date: of the message */
    /* e-mail: encrypted to this certificate and not sent otherwise (smime.h); NULL: as it is. The
     * configuration owns it, which the job's flight holds. */
    const struct smime_certificate *seal;
};

struct result {
    enum attempt_end end;
    enum error_class class;
    int code;                     /* SMTP or HTTP status; 0 when none */
    char enhanced[12];            /* "4.2.2"; "" when none */
    char text[160];               /* cleaned words of the peer: no address, no body */
    char provider_id[80];         /* queue id, gateway's message id; "" when none */
    int64_t retry_after_s;        /* what the peer asked for; 0 when nothing */
    unsigned char bytes_hash[32]; /* SHA-256 of the mail, or of the SMS text handed over */
};

/* One attempt. Made by the outbox, run by one engine, handed back. */
struct job {
    int64_t delivery_id;
    const struct transport *transport;
    struct message message;
    struct result result;
    bool urgent;
    int64_t lane;    /* the destination, whose jobs share the carriers; 0: none */
    bool has_rival;  /* other transports of the channel want the carriers too */
    uint32_t chance; /* the jitter of the next attempt, the same for all that leave in the mail */
    const char *withheld; /* why it is the content-free form (protect.h); "" when it is not */
    int64_t started_ms;   /* monotonic; set by the engine */
    int64_t ended_ms;
    struct buf bytes;        /* what goes over the wire: mail, or HTTP body */
    struct buf answer;       /* HTTP answer body, at most ANSWER_MAX bytes */
    const atomic_bool *stop; /* carriers: when set to true the transfer is broken off; or NULL */
    struct smtp_sessions *sessions; /* carriers: connections kept between jobs; NULL: none are */
    bool ended;                     /* job_end() was called */
    struct curl_slist *headers;     /* HTTP */
    char error[CURL_ERROR_SIZE];
    struct job *next;
    void (*run)(struct job *job, CURL *easy); /* for carriers: work that is no delivery (config) */
    void *context;                            /* of run */
};

enum { ANSWER_MAX = 16 * 1024 };

enum adapter_engine {
    ENGINE_CARRIER, /* a carrier thread: blocking libcurl, or local work */
    ENGINE_MULTI,   /* the transfer thread's multi handle: HTTP only */
    ENGINE_COUNT
};

/* An option of a transport, checked and defaulted by adapters.c. */
struct adapter_option {
    const char *name;
    enum option_kind {
        OPTION_TEXT,
        OPTION_INT,
        OPTION_DURATION,
        OPTION_BOOL,
        OPTION_FILE,
        OPTION_GROUP
    } kind;
    const char *otherwise; /* default; NULL: required */
    const char *help;
};

struct adapter {
    const char *name;
    enum channel channel;
    enum adapter_engine engine;
    const struct adapter_option *options; /* ends with a NULL name */

    /* Load time: check the options, keep what is parsed in transport->state (freed by release).
     * Returns 0, or -1 having reported by conf_fault(). */
    int (*check)(struct transport *transport, struct conf_node *node, struct conf_faults *faults);
    void (*release)(struct transport *transport);

    /* libcurl: fill a reset handle; returns 0, or -1 having ended the job. */
    int (*prepare)(struct job *job, CURL *easy);
    void (*finish)(struct job *job, CURL *easy, CURLcode code);

    /* Local work, or a dialogue on a carrier. */
    void (*deliver)(struct job *job);
};

struct transport {
    const char *name;
    const struct adapter *adapter;
    const char **value; /* by index of the option table, never NULL */
    void *state;        /* the adapter's, immutable after check */
    size_t order;       /* position in the configuration: first of its channel is the default */
    int64_t rate_per_s; /* 0: no limit */
    struct inbound_rule *inbound; /* how it takes SMS that come in (inbound.h); NULL: not */
    struct reports *reports;      /* how it takes delivery reports (reports.h); NULL: has none */
    struct sms_terms sms;         /* SMS: alphabet, parts, price */
};

struct transports {
    struct transport **transport;
    size_t count;
};

/* The table of adapters, ended by NULL. */
extern const struct adapter *const adapters[];
const struct adapter *adapter_find(const char *name);

/* Reads `transports` of the configuration. NULL only when there are errors. */
struct transports *transports_load(struct conf_node *root, struct conf_faults *faults);
void transports_free(struct transports *all);
const struct transport *transports_find(const struct transports *all, const char *name);
/* The first of a channel, or NULL. */
const struct transport *transports_first(const struct transports *all, enum channel channel);

/* Option values. */
const char *transport_text(const struct transport *t, const char *option);
/* The same, NULL for an adapter that has no such option. */
const char *transport_option(const struct transport *t, const char *option);
int64_t transport_int(const struct transport *t, const char *option);
int64_t transport_ms(const struct transport *t, const char *option);

/* For check(): replaces secret by the content of a credential file, without its line end. Faults
 * (unreadable, empty, control characters) are reported at node; a file that everybody may read is
 * a warning. An empty path gives "". */
int transport_secret(struct buf *secret, const char *path, const struct conf_node *node,
                     struct conf_faults *faults);

/* What check() learns from a peer's URL, and demands of it. */
struct peer_url {
    char *base;  /* "scheme://host:port", without anything behind it */
    bool tls;    /* the scheme itself means TLS */
    bool longer; /* there is a path or a query behind the base */
};

/* Reads the options `url` and `tls`. A fault is reported at node when the URL is malformed, its
 * scheme is neither `plain` nor `secure`, it holds a user or password, or tls = "none" is said of a
 * peer that is no loopback address. Returns 0 or -1; peer->base is the caller's to free. */
int transport_peer(struct peer_url *peer, const struct transport *t, const char *const scheme[2],
                   const struct conf_node *node, struct conf_faults *faults);

/* True for "127.x.y.z", "::1", "[::1]" and "localhost" (which libcurl never looks up). */
bool transport_is_loopback(const char *host);

/* Jobs: made empty, filled by the owner; job_free() wipes texts. */
struct job *job_new(void);
void job_free(struct job *job);

/* Jobs in their order, by job->next. The list does not own them. */
struct job_list {
    struct job *first, **last; /* last: where the next one is hung on */
};
void job_list_init(struct job_list *list);
void job_list_put(struct job_list *list, struct job *job);
/* All of them, by job->next; the list is empty then. */
struct job *job_list_take(struct job_list *list);
/* Frees a job and all behind it. */
void jobs_free(struct job *job);

void job_end(struct job *job, enum attempt_end end, enum error_class class, int code);
/* The same with the ending that belongs to the class (daemon/verdict.h): CLASS_NONE is sent, what
 * closes this way for good failed, all others deferred. */
void job_end_as(struct job *job, enum error_class class, int code);
/* The class of an ending that the peer did not word: no connection, no time, no TLS, our own fault.
 * `perhaps`: everything was handed over before it ended, so a lost answer is CLASS_AMBIGUOUS. */
enum error_class job_curl_class(CURLcode code, bool perhaps);
/* Keeps a peer's words in result.text, with anything that looks like an address removed, and finds
 * the enhanced status code (RFC 3463) in it. */
void job_peer_text(struct job *job, const char *text);

/* Runs one job on a handle from beginning to end (carriers; tests). */
void job_run(struct job *job, CURL *easy);
/* How long this job may take of `timeout_ms`: an urgent one leaves time for another way. */
int64_t job_limit_ms(const struct job *job, int64_t timeout_ms);
/* Ends a handle that job_run() has used. Its last connection is cut, not closed by QUIT: libcurl
 * would wait up to two minutes for the answer of a relay that hangs. */
void job_handle_free(CURL *easy);
/* libcurl settings that every transfer needs: no signals, no proxy from the environment, no
 * redirects, time limits, protocols. */
void job_curl_defaults(struct job *job, CURL *easy, const char *protocols, int64_t timeout_ms);

#endif
