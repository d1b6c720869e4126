/*
 * The LMTP door (setting lmtp.listen): a mail server of this machine hands in bounces and replies,
 * on a loopback port or a unix socket. lmtp_session.h holds the dialogue; here are the sockets and
 * what a mail does.
 *
 * Stored before acknowledged: 250 leaves only after the commit. Recipients are taken only when they
 * are ours (bounce_recipient_ok()); a tag that we have not made is counted and refused. A session
 * that says nothing for LMTP_IDLE_MS is closed, one more than LMTP_SESSIONS_MAX is sent away. What
 * was not answered comes again, which is harmless.
 */
#ifndef LMTP_H
#define LMTP_H

#include <stdbool.h>

struct buf;
struct lmtp;
struct settings;
struct stafette;

enum { LMTP_SESSIONS_MAX = 20, LMTP_IDLE_MS = 60000 };

/* A door without an address is closed for good: every call on it does nothing. NULL with a sentence
 * in err when it cannot be opened. */
struct lmtp *lmtp_open(struct stafette *g, struct buf *err);
/* Closes all sessions; a mail that waits for its answer comes again. */
void lmtp_close(struct lmtp *l);

/* One epoll fd for the door and its sessions; -1: closed. */
int lmtp_fd(const struct lmtp *l);

/* Reads and writes what is ready. Outside a transaction. */
void lmtp_run(struct stafette *g);

/* Mails wait to be decided; decides them in the open transaction (may run again after a rollback);
 * after the commit answers and counts them. */
bool lmtp_ready(const struct stafette *g);
void lmtp_decide(struct stafette *g);
void lmtp_decided(struct stafette *g);

/* A mail broke a rule of the schema: it is refused when the turn is run again. False when none of
 * these mails did. */
bool lmtp_set_aside(struct stafette *g);

#endif
