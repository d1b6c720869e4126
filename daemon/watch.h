/*
 * `stafettectl watch`: from another machine, notices when a gateway is silent, offline or not well.
 * A dead daemon cannot escalate, so somebody else has to look.
 *
 * It listens to the heartbeats on stafette/gateway/+ and counts by the time of receipt on its own
 * monotonic clock, so that a frozen daemon is noticed although the broker still holds its session,
 * and wrong clocks do not matter. A retained heartbeat says what was last reported, but is no sign
 * of life. When the broker itself is out of reach, the gateways are silent too, and the report
 * names that as the reason.
 */
#ifndef WATCH_H
#define WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct watch;

enum watch_trouble {
    WATCH_FINE,
    WATCH_SICK,    /* alive, but "green" is false */
    WATCH_OFFLINE, /* the last will, or an orderly stop */
    WATCH_SILENT   /* no heartbeat for too long */
};

const char *watch_trouble_name(enum watch_trouble trouble);

/* What is to be told: once when a trouble begins or becomes another one, and once when it is over
 * (trouble is WATCH_FINE then). The reason is one German sentence. */
struct watch_report {
    const char *instance;
    enum watch_trouble trouble;
    const char *reason;
};

struct watch_options {
    const char *host;
    int port;
    bool tls;
    const char *username, *password, *ca_file; /* "" = none */
    const char *instance;                      /* a name, or "all" */
    int64_t after_ms;                          /* so much silence is trouble */
    int stop_fd;                               /* readable: end */

    /* Returns 0, or -1 with a sentence in err; the report is then tried again after a while. */
    int (*tell)(void *context, const struct watch_report *report, struct buf *err);
    void *context;
};

/* Watches until stop_fd is readable. Returns 0, or -1 with a sentence in err when the options are
 * refused. Trouble with the broker or with telling goes to the log and is tried again. */
int watch_run(const struct watch_options *options, struct buf *err);

/* The judgement without the connection, for watch_run() and tests; times are monotonic. */
struct watch *watch_new(const struct watch_options *options, int64_t now_ms);
void watch_free(struct watch *w);
void watch_heard(struct watch *w, const char *topic, const char *payload, size_t len, bool retained,
                 int64_t now_ms);

/* Tells what is to be told. `broker_trouble` is "" while connected. */
void watch_judge(struct watch *w, const char *broker_trouble, int64_t now_ms);

#endif
