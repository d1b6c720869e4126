/*
 * Sessions with relays: see smtp_session.h.
 *
 * Promises: no wait is longer than the session's deadline, and none outlives `stop` by more than a
 * fraction of a second. Refuses bytes that nobody has asked for: a session on which the server
 * speaks first is not used again. A crash leaves connections that the relays see closed.
 */
#include "smtp_session.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/util.h"

/* Postfix closes after 300 s of silence: be earlier. */
enum { IDLE_MAX_MS = 200 * 1000, LIFE_MAX_MS = 1800 * 1000 };
enum { SLICE_MS = 200, QUIT_MS = 200, SESSIONS_MAX = 4 };

struct smtp_sessions {
    struct smtp_session *kept[SESSIONS_MAX]; /* oldest use first, then NULL */
};

struct smtp_session *smtp_session_new(const unsigned char key[DIGEST_FULL])
{
    struct smtp_session *s = xcalloc(1, sizeof *s);
    s->easy = curl_easy_init();
    if (!s->easy) {
        free(s);
        return NULL;
    }
    s->fd = CURL_SOCKET_BAD;
    memcpy(s->key, key, sizeof s->key);
    smtp_reader_init(&s->reader);
    return s;
}

static size_t on_line(char *line, size_t size, size_t n, void *context)
{
    struct smtp_session *s = context;
    smtp_offers_line(&s->offers, &s->reply, line, size * n);
    return size * n;
}

CURLcode smtp_session_open(struct smtp_session *s)
{
    curl_easy_setopt(s->easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_line);
    curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
    CURLcode code = curl_easy_perform(s->easy);
    curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, NULL);
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, NULL);
    curl_easy_setopt(s->easy, CURLOPT_NOPROGRESS, 1L);
    curl_easy_setopt(s->easy, CURLOPT_XFERINFODATA, NULL);
    if (code != CURLE_OK)
        return code;
    if (curl_easy_getinfo(s->easy, CURLINFO_ACTIVESOCKET, &s->fd) != CURLE_OK ||
        s->fd == CURL_SOCKET_BAD)
        return CURLE_RECV_ERROR;
    s->opened_ms = s->used_ms = util_monotonic_ms();
    return CURLE_OK;
}

/* In slices, because only the flag tells that the carriers end. */
static CURLcode wait_for(const struct smtp_session *s, short events)
{
    struct pollfd fd = {.fd = s->fd, .events = events};
    for (;;) {
        int64_t left = s->deadline_ms - util_monotonic_ms();
        if (left <= 0)
            return CURLE_OPERATION_TIMEDOUT;
        if (s->stop && atomic_load_explicit(s->stop, memory_order_relaxed))
            return CURLE_ABORTED_BY_CALLBACK;
        if (poll(&fd, 1, left < SLICE_MS ? (int)left : SLICE_MS) > 0)
            return CURLE_OK;
    }
}

CURLcode smtp_session_send(struct smtp_session *s, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(s->easy, at, len, &sent);
        if (code == CURLE_AGAIN)
            code = wait_for(s, POLLOUT);
        else if (code != CURLE_OK)
            return CURLE_SEND_ERROR;
        if (code != CURLE_OK)
            return code;
        at += sent;
        len -= sent;
    }
    return CURLE_OK;
}

/* TLS may hold bytes that poll() does not see, so they are asked for before anything is waited
 * for. */
static CURLcode receive(struct smtp_session *s)
{
    for (;;) {
        size_t room, got = 0;
        char *into = smtp_reader_room(&s->reader, &room);
        CURLcode code = curl_easy_recv(s->easy, into, room, &got);
        if (code == CURLE_AGAIN) {
            code = wait_for(s, POLLIN);
            if (code != CURLE_OK)
                return code;
            continue;
        }
        if (code != CURLE_OK || got == 0)
            return CURLE_RECV_ERROR;
        smtp_reader_added(&s->reader, got);
        return CURLE_OK;
    }
}

CURLcode smtp_session_reply(struct smtp_session *s)
{
    CURLcode code = CURLE_OK;
    s->reply = (struct smtp_reply){0};
    while (code == CURLE_OK) {
        switch (smtp_reader_next(&s->reader, &s->reply)) {
        case SMTP_READ_REPLY:
            return CURLE_OK;
        case SMTP_READ_BROKEN:
            return CURLE_WEIRD_SERVER_REPLY;
        case SMTP_READ_MORE:
            code = receive(s);
        }
    }
    return code;
}

/* RFC 5321 4.1.1.10 wants the answer awaited; a relay that hangs must not hold a carrier. */
static void quit(struct smtp_session *s)
{
    s->deadline_ms = util_monotonic_ms() + QUIT_MS;
    if (smtp_session_send(s, "QUIT\r\n", 6) == CURLE_OK)
        smtp_session_reply(s);
}

void smtp_session_close(struct smtp_session *s, bool polite)
{
    if (!s)
        return;
    if (polite && s->fd != CURL_SOCKET_BAD)
        quit(s);
    curl_easy_cleanup(s->easy);
    free(s);
}

struct smtp_sessions *smtp_sessions_new(void)
{
    return xcalloc(1, sizeof(struct smtp_sessions));
}

static void drop(struct smtp_sessions *all, size_t i)
{
    memmove(all->kept + i, all->kept + i + 1, (SESSIONS_MAX - i - 1) * sizeof *all->kept);
    all->kept[SESSIONS_MAX - 1] = NULL;
}

void smtp_sessions_free(struct smtp_sessions *all)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++)
        smtp_session_close(all->kept[i], true);
    free(all);
}

/* In step and open: there is nothing to read, not even an end. */
static bool alive(struct smtp_session *s)
{
    char byte;
    size_t got = 0;
    return curl_easy_recv(s->easy, &byte, 1, &got) == CURLE_AGAIN;
}

static bool too_old(const struct smtp_session *s)
{
    int64_t now_ms = util_monotonic_ms();
    return now_ms - s->used_ms >= IDLE_MAX_MS || now_ms - s->opened_ms >= LIFE_MAX_MS;
}

struct smtp_session *smtp_sessions_take(struct smtp_sessions *all,
                                        const unsigned char key[DIGEST_FULL])
{
    for (size_t i = 0; all && i < SESSIONS_MAX && all->kept[i]; i++) {
        struct smtp_session *s = all->kept[i];
        if (memcmp(s->key, key, sizeof s->key) != 0)
            continue;
        drop(all, i);
        bool lives = alive(s);
        if (lives && !too_old(s))
            return s;
        smtp_session_close(s, lives);
        return NULL;
    }
    return NULL;
}

void smtp_sessions_keep(struct smtp_sessions *all, struct smtp_session *s)
{
    if (!all) {
        smtp_session_close(s, true);
        return;
    }
    s->used_ms = util_monotonic_ms();
    s->stop = NULL;
    if (all->kept[SESSIONS_MAX - 1]) {
        smtp_session_close(all->kept[0], true);
        drop(all, 0);
    }
    size_t i = 0;
    while (all->kept[i])
        i++;
    all->kept[i] = s;
}
