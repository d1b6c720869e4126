/*
 * Reading a mailbox by IMAP (RFC 3501), by libcurl on a carrier thread: mark what was dealt with,
 * look for what was not, fetch it. One session an errand.
 *
 * A mail is dealt with when it carries the keyword "Verarbeitet", or \Answered where the server
 * keeps no keywords (Exchange). libcurl's fetch sets \Seen, which therefore means nothing here.
 * What was understood may be moved to a folder; the rest is flagged and stays for a human.
 */
#ifndef IMAP_H
#define IMAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct result;

enum {
    IMAP_MAILS_MAX = 50,    /* fetched in one session */
    IMAP_TIMEOUT_MS = 30000 /* for one command; connecting takes at most 10 s of it */
};

struct imap_account {
    const char *url; /* imap_url_check() has approved of it */
    const char *user, *password;
    const char *ca_file; /* "" = the system's certificates */
    bool tls;
    const atomic_bool *stop; /* when set to true the session is broken off; or NULL */
};

/* One session. Memory is the caller's; arrays need only live until imap_run() returns. */
struct imap_errand {
    /* What to mark as dealt with first: these, if the mailbox still has that validity (RFC 3501
     * 2.3.1.1). The server that does not say one has 0. */
    const uint32_t *done;
    const bool *odd; /* of each: nobody understood it; \Flagged, and not moved */
    size_t done_count;
    uint32_t done_validity;
    const char *filed; /* folder for the others; "" = they stay */
    uint32_t last;     /* is fetched after all others: it broke the session before; 0 = none */
    size_t size_max;   /* bytes; what is larger is not fetched, or no further */
    /* Is told of each mail; bytes are NULL when it is too large. */
    void (*mail)(void *context, uint32_t uid, const char *bytes, size_t len);
    void *context;

    /* What came of it. */
    uint32_t validity;
    bool marked;    /* `done` was marked, or there is nothing left to mark */
    bool more;      /* there are further mails to fetch */
    uint32_t stuck; /* the mail at which the session broke; 0 = none */
};

/* Runs a session; returns 0, or -1 with class and words of the peer in *result. What was fetched
 * before it broke has been handed over and is good. */
int imap_run(const struct imap_account *account, struct imap_errand *errand, struct result *result);

/* Is it "imap://host:port/MAILBOX" or "imaps://..." without a user, a password or a search behind
 * it; with encryption unless the host is a loopback address and tls is "none"? -1 with a sentence
 * in err. */
int imap_url_check(const char *url, const char *tls, struct buf *err);

/* Numbers of a line "* SEARCH 3 4", rising as the server gives them, at most max; a number that is
 * not followed by a blank or the end of the line is left out, because libcurl may have cut it. */
size_t imap_search_read(const char *text, size_t len, uint32_t *uid, size_t max, bool *more);

/* UID and RFC822.SIZE of one line "* 1 FETCH (UID 3 RFC822.SIZE 1234)", in any order. */
bool imap_size_read(const char *line, uint32_t *uid, uint64_t *size);

#endif
