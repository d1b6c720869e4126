/*
 * The mailboxes to which replies and bounces come (settings groups "mailbox" and "bounce_mailbox"):
 * each polled by a carrier, decided in a turn, marked by the next session after the commit.
 *
 * At least once: a mail is marked only after what it says is committed, so a crash between repeats
 * it, which is harmless, and loses none. One session at a time for each. A mailbox that cannot be
 * read is one incident, tried again with growing pauses. What nobody can understand is flagged and
 * left for a human, counted, and not read again.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <stdbool.h>

struct conf_faults;
struct conf_node;
struct mailbox;
struct settings;
struct stafette;

/* Reports what is wrong with the settings of the group, the credential file included. */
void mailbox_check(const struct settings *s, struct conf_node *root, struct conf_faults *faults);

struct mailbox *mailbox_open(void);
/* Breaks a session off, before the carriers are ended; mailbox_close() comes after their end. */
void mailbox_stop(struct mailbox *m);
void mailbox_close(struct mailbox *m);

/* Begins a session when one is due. Outside a transaction. */
void mailbox_step(struct stafette *g);

/* Mails wait to be decided. */
bool mailbox_ready(const struct stafette *g);

/* Decides them in the open transaction; may run again after a rollback. */
void mailbox_decide(struct stafette *g);

/* After the commit: counts them, and has them marked. */
void mailbox_decided(struct stafette *g);

/* A mail broke a rule of the schema: it is left out when the turn is run again. False when none of
 * these mails did. */
bool mailbox_set_aside(struct stafette *g);

#endif
