/*
 * The lines of a mail by which its reader answers: one link for each answer that is possible now,
 * and one to a page with all others (DESIGN 9, DOMAIN R15). Made when an attempt starts, the same
 * at every repeat, because a token holds nothing but what is stored anyway.
 */
#ifndef LINKS_H
#define LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"

struct buf;
struct due;
struct item;
struct stafette;
struct unit;

/* Appends "Gesehen: https://..." lines under a line that says how long they hold; nothing when no
 * public address is set (answer.url), when the notice asks for no answer, by SMS (DOMAIN R5), and
 * when the unit has nothing to answer. No line feed at the end. Of meetings and polls see
 * links_meeting.h. */
void links_put(struct stafette *g, const struct due *due, const struct item *item, struct buf *out);

/* True when a link may offer that answer to the unit now: it is possible, it is not the same as
 * "seen" by another name, and it does not end an emergency whose hazard is not yet cleared. */
bool links_offer(struct stafette *g, const struct item *item, const struct unit *by,
                 enum answer_verb verb);

/* Appends one line: a line feed, the label, the link for that purpose (token.h). */
void links_put_line(const struct stafette *g, const struct due *due, int purpose,
                    int64_t expires_ms, const char *label, struct buf *out);

/* Until when the links of a notice that was made then may be used: answer.link_hours later. */
int64_t links_expire_ms(const struct stafette *g, int64_t created_ms);

#endif
