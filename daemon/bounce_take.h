/*
 * What a mail server's word does to the delivery that it is about: a failure ends it and runs the
 * next step (outbox_returned()), a delay or a delivery is noted, an out-of-office notice stands in
 * the audit trail and changes nothing else, because nobody has answered (DOMAIN E14, E15).
 */
#ifndef BOUNCE_TAKE_H
#define BOUNCE_TAKE_H
#include <stdbool.h>

#include "mail_in.h"

struct bounce;
struct buf;
struct mail;
struct stafette;

enum { BOUNCE_DAYS_MAX = 14 }; /* after its end a delivery is no longer reported of */

/* Takes one in the open transaction; repeating it is harmless. The delivery is found by the tagged
 * recipient (verp.h), else by the Message-ID of the mail that came back, which carries the same
 * tag; when both are there they must name the same one. A `said` sentence holds nothing of the
 * mail. */
enum mail_in_end bounce_take(struct stafette *g, const struct mail *mail,
                             const struct mail_envelope *envelope, const struct bounce *bounce,
                             struct buf *said);

/* True for an address at which mails are taken: the sender that people see, and the return paths
 * of deliveries. *forged: it is one of ours with a tag that we have not made. From memory. */
bool bounce_recipient_ok(const struct stafette *g, const char *address, bool *forged);

#endif
