/*
 * Mail that comes in: see mail_in.h.
 *
 * Promises: an automatic mail is never an answer (DOMAIN E14); the one exception is a calendar with
 * a REPLY that is merely marked "auto-generated", because calendar servers mark so what a person
 * clicked. What a person wrote without a calendar is neither kept nor shown nor passed on: it may
 * name a client, and the host of a meeting is not told its text either. It is counted as "other";
 * who reads the mailbox sees it there. Nothing of a mail goes into the store, the log, the audit or
 * a metric but the answer that rsvp.h records. A crash leaves nothing: the mail comes again.
 */
#include "mail_in.h"

#include <strings.h>

#include "bounce.h"
#include "bounce_take.h"
#include "buf.h"
#include "ical.h"
#include "mail_read.h"
#include "rsvp.h"
#include "stafette.h"
#include "util.h"

enum { REPLIES_MAX = 64 };

const char *mail_in_end_name(enum mail_in_end end)
{
    switch (end) {
    case MAIL_IN_ANSWER:
        return "answer";
    case MAIL_IN_OUTDATED:
        return "outdated";
    case MAIL_IN_UNKNOWN:
        return "unknown";
    case MAIL_IN_PROPOSAL:
        return "proposal";
    case MAIL_IN_AUTOMATIC:
        return "automatic";
    case MAIL_IN_OTHER:
        return "other";
    case MAIL_IN_UNREADABLE:
        return "unreadable";
    case MAIL_IN_TOO_LARGE:
        return "too_large";
    case MAIL_IN_BOUNCE:
        return "bounce";
    case MAIL_IN_REPORT:
        return "report";
    case MAIL_IN_FORGED:
        return "forged";
    case MAIL_IN_OUTLIVED:
        return "outlived";
    case MAIL_IN_LATER:
        return "later";
    case MAIL_IN_END_COUNT:
        break;
    }
    return "";
}

static enum mail_in_end end_of(enum rsvp_end end)
{
    switch (end) {
    case RSVP_TAKEN:
    case RSVP_KNOWN:
        return MAIL_IN_ANSWER;
    case RSVP_OUTDATED:
    case RSVP_OVER:
        return MAIL_IN_OUTDATED;
    case RSVP_NOT_INVITED:
    case RSVP_UNKNOWN:
        break;
    }
    return MAIL_IN_UNKNOWN;
}

/* Some programs list all who were invited: then only what the sender says of itself is an answer.
 * When nobody listed is the sender (forwarded, or sent by a calendar server under its own address),
 * the first stands for all, so that the office is asked to look at it once. */
static size_t keep_own(struct ical_reply *reply, size_t count, const char *from)
{
    size_t own = 0;
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(reply[i].address, from) == 0)
            reply[own++] = reply[i];
    return own || !count ? own : 1;
}

/* One mail may answer for several sessions of a series; it counts as its best. */
static enum mail_in_end take_replies(struct stafette *g, const struct mail *mail,
                                     struct ical_reply *reply, size_t count, struct buf *said)
{
    enum mail_in_end best = MAIL_IN_UNREADABLE;
    count = keep_own(reply, count, mail->from);
    for (size_t i = 0; i < count; i++) {
        size_t before = said->len;
        enum mail_in_end end = end_of(rsvp_reply(g, mail->from, &reply[i], said));
        if (said->len == before)
            buf_puts(said, "Eine Einladung, auf die das die Antwort wäre, gibt es hier nicht.");
        buf_puts(said, i + 1 < count ? " " : "");
        best = end < best ? end : best;
    }
    return best;
}

static enum mail_in_end take_calendar(struct stafette *g, const struct mail *mail, struct buf *said)
{
    struct ical_reply reply[REPLIES_MAX];
    char method[16];
    size_t count = 0;
    switch (ical_read(buf_str(&mail->calendar), mail->calendar.len, reply, REPLIES_MAX, &count,
                      method)) {
    case ICAL_REPLY:
        return take_replies(g, mail, reply, count, said);
    case ICAL_OTHER:
        buf_puts(said, "Das ist keine Antwort auf eine Einladung. Es wurde nichts vermerkt.");
        return MAIL_IN_PROPOSAL;
    case ICAL_TOO_LARGE:
        buf_puts(said, "Der Kalender ist zu groß. Es wurde nichts vermerkt.");
        return MAIL_IN_TOO_LARGE;
    case ICAL_NO_CALENDAR:
        break;
    }
    buf_puts(said, "Der Kalender ist nicht lesbar. Es wurde nichts vermerkt.");
    return MAIL_IN_UNREADABLE;
}

static bool is_null(const char *sender)
{
    return str_eq(sender, "<>") || strcasecmp(sender, "MAILER-DAEMON") == 0;
}

enum mail_in_end mail_in_take(struct stafette *g, const struct mail *mail,
                              const struct mail_envelope *envelope, struct buf *said)
{
    struct bounce bounce;
    bool null_sender = is_null(envelope->sender);
    bool clicked = mail->generated && mail->calendar.len && !null_sender;
    bounce_read(&bounce, mail, null_sender);
    if (bounce.kind != BOUNCE_NONE && !(bounce.kind == BOUNCE_AUTO_REPLY && clicked))
        return bounce_take(g, mail, envelope, &bounce, said);
    if (mail->calendar.len)
        return take_calendar(g, mail, said);
    buf_puts(said, "Die Mail enthält keine Antwort auf eine Einladung. Sie wird nicht aufbewahrt.");
    return MAIL_IN_OTHER;
}
