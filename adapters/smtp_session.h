/*
 * Sessions with relays: connections that outlive a mail, and what is said on them.
 *
 * libcurl connects, greets, starts TLS, verifies and logs in (CURLOPT_CONNECT_ONLY); from then on
 * the bytes are ours, by curl_easy_send and curl_easy_recv, so that TLS stays libcurl's. A session
 * belongs to one thread. It is closed by QUIT when the dialogue is in step, and cut otherwise.
 */
#ifndef SMTP_SESSION_H
#define SMTP_SESSION_H

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../daemon/digest.h"
#include "smtp_reader.h"

struct smtp_session {
    CURL *easy;
    curl_socket_t fd;
    unsigned char key[DIGEST_FULL]; /* whom it was opened to, and how: sessions_find() */
    struct smtp_offers offers;
    struct smtp_reader reader;
    struct smtp_reply reply; /* the last one */
    unsigned mails;          /* that it has carried */
    int64_t opened_ms, used_ms;
    int64_t deadline_ms;     /* monotonic: nothing is waited for after it */
    const atomic_bool *stop; /* nothing is waited for once it is true; or NULL */
};

/* A session with a fresh handle, not connected. */
struct smtp_session *smtp_session_new(const unsigned char key[DIGEST_FULL]);

/* Connects. The handle has been given address, TLS and login; after it, nothing in the handle
 * points to the caller's memory any more. The reply is the server's last line. */
CURLcode smtp_session_open(struct smtp_session *s);

/* Sends all bytes. CURLE_OK, CURLE_SEND_ERROR (not all went out), CURLE_OPERATION_TIMEDOUT or
 * CURLE_ABORTED_BY_CALLBACK (stop). */
CURLcode smtp_session_send(struct smtp_session *s, const void *bytes, size_t len);

/* Waits for one reply, in s->reply. CURLE_OK, CURLE_RECV_ERROR (lost), CURLE_WEIRD_SERVER_REPLY (no
 * SMTP), CURLE_OPERATION_TIMEDOUT or CURLE_ABORTED_BY_CALLBACK; the code is then 0. */
CURLcode smtp_session_reply(struct smtp_session *s);

/* Ends it: with QUIT, whose answer is waited for a moment only, when `polite`; the memory goes too.
 * NULL is allowed. */
void smtp_session_close(struct smtp_session *s, bool polite);

/* The few sessions that a carrier keeps: one a relay, at most four, the longest unused goes. */
struct smtp_sessions;

struct smtp_sessions *smtp_sessions_new(void);
void smtp_sessions_free(struct smtp_sessions *all);

/* Takes out the session with this key, or NULL. Only one that is alive: not idle or open for too
 * long, and the server has neither closed it nor said a word since. `all` may be NULL. */
struct smtp_session *smtp_sessions_take(struct smtp_sessions *all,
                                        const unsigned char key[DIGEST_FULL]);

/* Keeps it for the next mail; closes it when `all` is NULL. */
void smtp_sessions_keep(struct smtp_sessions *all, struct smtp_session *s);

#endif
