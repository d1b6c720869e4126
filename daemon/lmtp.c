/*
 * The LMTP door: see lmtp.h.
 *
 * A session whose mail waits for the turn is not watched, so that what its peer says meanwhile, or
 * its end, does not wake the loop again and again. A crash leaves the unix socket's file, which the
 * next start replaces.
 */
#include "lmtp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounce_take.h"
#include "buf.h"
#include "config.h"
#include "gateway.h"
#include "http_socket.h"
#include "lmtp_session.h"
#include "log.h"
#include "mail_in.h"
#include "mail_read.h"
#include "store.h"
#include "util.h"

enum { READ_BYTES = 16 * 1024, EVENTS_MAX = LMTP_SESSIONS_MAX + 1 };

struct client {
    int fd; /* -1: free */
    bool watched, dead;
    int64_t last_ms; /* monotonic, of its last byte */
    struct lmtp_session session;
    bool aside; /* its mail broke a rule of the schema */
    enum mail_in_end end[LMTP_RECIPIENTS_MAX];
    enum mail_verdict verdict;
};

struct lmtp {
    int epoll, listener;
    char *path; /* of a unix socket; NULL otherwise */
    struct lmtp_rules rules;
    char *name;
    struct client client[LMTP_SESSIONS_MAX];
    size_t broken; /* the client after whose mail the transaction failed; else LMTP_SESSIONS_MAX */
};

static enum lmtp_recipient judge_recipient(void *context, const char *address)
{
    struct stafette *g = context;
    bool forged = false;
    if (bounce_recipient_ok(g, address, &forged))
        return LMTP_RECIPIENT_OURS;
    if (!forged)
        return LMTP_RECIPIENT_UNKNOWN;
    g->metrics.mail_in[MAIL_IN_FORGED]++;
    log_info("incoming mail", "way=lmtp result=%s", mail_in_end_name(MAIL_IN_FORGED));
    return LMTP_RECIPIENT_FORGED;
}

static void watch(struct lmtp *l, int fd, uint32_t events, void *whose, int how)
{
    struct epoll_event event = {.events = events, .data.ptr = whose};
    epoll_ctl(l->epoll, how, fd, &event);
}

/* A group may be let in by the rights of the directory: a mail server is another user. */
static int open_listener(struct lmtp *l, const char *listen_on, struct buf *err)
{
    if (listen_on[0] != '/')
        return http_socket_tcp(listen_on, err);
    int fd = http_socket_unix(listen_on, err);
    if (fd < 0)
        return -1;
    l->path = xstrdup(listen_on);
    if (chmod(listen_on, 0660) < 0)
        log_warn("lmtp", "state=owner-only why=\"%s\"", strerror(errno));
    return fd;
}

struct lmtp *lmtp_open(struct stafette *g, struct buf *err)
{
    const struct settings *s = &g->config->settings;
    struct lmtp *l = xcalloc(1, sizeof *l);
    l->epoll = l->listener = -1;
    l->broken = LMTP_SESSIONS_MAX;
    l->name = xstrdup(s->mail_id_domain);
    l->rules = (struct lmtp_rules){
        .name = l->name, .mail_max = MAIL_SIZE_MAX, .recipient = judge_recipient, .context = g};
    for (size_t i = 0; i < LMTP_SESSIONS_MAX; i++)
        l->client[i].fd = -1;
    if (str_empty(s->lmtp_listen))
        return l;
    l->listener = open_listener(l, s->lmtp_listen, err);
    if (l->listener < 0) {
        lmtp_close(l);
        return NULL;
    }
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(l, l->listener, EPOLLIN, NULL, EPOLL_CTL_ADD);
    return l;
}

static void drop_client(struct client *c)
{
    close(c->fd); /* which takes it out of the epoll set */
    lmtp_session_release(&c->session);
    memset(c, 0, sizeof *c);
    c->fd = -1;
}

void lmtp_close(struct lmtp *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < LMTP_SESSIONS_MAX; i++)
        if (l->client[i].fd >= 0)
            drop_client(&l->client[i]);
    if (l->listener >= 0)
        close(l->listener);
    if (l->epoll >= 0)
        close(l->epoll);
    if (l->path)
        unlink(l->path);
    free(l->path);
    free(l->name);
    free(l);
}

int lmtp_fd(const struct lmtp *l)
{
    return l->epoll;
}

static struct client *free_client(struct lmtp *l)
{
    for (size_t i = 0; i < LMTP_SESSIONS_MAX; i++)
        if (l->client[i].fd < 0)
            return &l->client[i];
    return NULL;
}

static void accept_all(struct stafette *g, struct lmtp *l)
{
    static const char full[] = "421 4.3.2 too many sessions\r\n";
    int fd;
    while ((fd = accept4(l->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct client *c = free_client(l);
        if (!c) {
            send(fd, full, strlen(full), MSG_NOSIGNAL | MSG_DONTWAIT);
            close(fd);
            continue;
        }
        c->fd = fd;
        c->last_ms = g->mono_ms;
        c->watched = true;
        lmtp_session_init(&c->session, &l->rules);
        watch(l, fd, EPOLLIN, c, EPOLL_CTL_ADD);
    }
}

static void read_client(struct stafette *g, struct client *c)
{
    char bytes[READ_BYTES];
    ssize_t n = recv(c->fd, bytes, sizeof bytes, 0);
    if (n > 0) {
        c->last_ms = g->mono_ms;
        lmtp_session_feed(&c->session, bytes, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->dead = true;
    }
    explicit_bzero(bytes, sizeof bytes);
}

static void write_client(struct client *c)
{
    struct buf *out = &c->session.out;
    ssize_t n = out->len ? send(c->fd, out->data, out->len, MSG_NOSIGNAL) : 0;
    if (n > 0) {
        memmove(out->data, out->data + n, out->len - (size_t)n);
        out->len -= (size_t)n;
    } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
        c->dead = true;
    }
}

/* Written as far as it goes; watched for what it needs next; closed when it is over. Who does not
 * read its answers is not read from. */
static void attend(struct stafette *g, struct client *c)
{
    struct lmtp *l = g->lmtp;
    write_client(c);
    bool waits = c->session.state == LMTP_DECIDE, unread = c->session.out.len > 0;
    bool idle = !waits && g->mono_ms - c->last_ms > LMTP_IDLE_MS;
    if (idle)
        send(c->fd, "421 4.4.2 idle too long\r\n", 25, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (!waits && (c->dead || idle || (c->session.state == LMTP_CLOSING && !unread))) {
        drop_client(c);
        return;
    }
    bool watched = !waits || (unread && !c->dead);
    if (watched)
        watch(l, c->fd, unread ? EPOLLOUT : EPOLLIN, c, c->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD);
    else if (c->watched)
        watch(l, c->fd, 0, c, EPOLL_CTL_DEL);
    c->watched = watched;
}

void lmtp_run(struct stafette *g)
{
    struct lmtp *l = g->lmtp;
    struct epoll_event event[EVENTS_MAX];
    if (!l || l->epoll < 0)
        return;
    int n = epoll_wait(l->epoll, event, EVENTS_MAX, 0);
    for (int i = 0; i < n; i++) {
        struct client *c = event[i].data.ptr;
        if (!c)
            accept_all(g, l);
        else if (c->session.state != LMTP_DECIDE && !c->session.out.len)
            read_client(g, c);
    }
    for (size_t i = 0; i < LMTP_SESSIONS_MAX; i++)
        if (l->client[i].fd >= 0)
            attend(g, &l->client[i]);
}

static bool waits(const struct client *c)
{
    return c->fd >= 0 && c->session.state == LMTP_DECIDE;
}

bool lmtp_ready(const struct stafette *g)
{
    for (size_t i = 0; g->lmtp && i < LMTP_SESSIONS_MAX; i++)
        if (waits(&g->lmtp->client[i]))
            return true;
    return false;
}

static void decide_client(struct stafette *g, struct client *c)
{
    const struct lmtp_session *s = &c->session;
    struct mail mail;
    struct buf said = BUF_INIT;
    c->verdict = mail_read(&mail, buf_str(&s->mail), s->mail.len);
    if (s->too_large)
        c->verdict = MAIL_TOO_LARGE;
    for (size_t i = 0; i < s->recipients; i++) {
        const struct mail_envelope envelope = {s->recipient[i], s->sender};
        c->end[i] = c->verdict == MAIL_TOO_LARGE ? MAIL_IN_TOO_LARGE : MAIL_IN_UNREADABLE;
        if (c->verdict == MAIL_OK && !c->aside)
            c->end[i] = mail_in_take(g, &mail, &envelope, &said);
    }
    mail_release(&mail);
    buf_release(&said);
}

void lmtp_decide(struct stafette *g)
{
    struct lmtp *l = g->lmtp;
    if (!l)
        return;
    l->broken = LMTP_SESSIONS_MAX;
    for (size_t i = 0; i < LMTP_SESSIONS_MAX && !store_failed(g->store); i++) {
        if (!waits(&l->client[i]))
            continue;
        decide_client(g, &l->client[i]);
        if (store_failed(g->store))
            l->broken = i;
    }
}

static const char *answer_of(const struct client *c, enum mail_in_end end)
{
    if (c->verdict == MAIL_TOO_LARGE)
        return "552 5.3.4 message too large";
    if (c->verdict == MAIL_MALFORMED || c->aside)
        return "554 5.6.0 message not understood";
    if (end == MAIL_IN_FORGED)
        return "550 5.7.1 names a delivery that it cannot know";
    if (end == MAIL_IN_LATER)
        return "451 4.3.0 the delivery is under way; try again";
    return "250 2.0.0 taken";
}

void lmtp_decided(struct stafette *g)
{
    for (size_t i = 0; g->lmtp && i < LMTP_SESSIONS_MAX; i++) {
        struct client *c = &g->lmtp->client[i];
        const char *answer[LMTP_RECIPIENTS_MAX];
        if (!waits(c))
            continue;
        for (size_t r = 0; r < c->session.recipients; r++) {
            answer[r] = answer_of(c, c->end[r]);
            g->metrics.mail_in[c->end[r]]++;
            log_info("incoming mail", "way=lmtp result=%s", mail_in_end_name(c->end[r]));
        }
        c->aside = false;
        c->last_ms = g->mono_ms;
        lmtp_session_answer(&c->session, answer);
        attend(g, c);
    }
}

bool lmtp_set_aside(struct stafette *g)
{
    struct lmtp *l = g->lmtp;
    if (!l || l->broken >= LMTP_SESSIONS_MAX || l->client[l->broken].aside)
        return false;
    log_error("mail set aside", "way=lmtp why=\"%s\"", store_trouble(g->store));
    l->client[l->broken].aside = true;
    return true;
}
