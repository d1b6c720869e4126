/*
 * stafettectl classes: the table of what follows from each class of ending, or the class of one
 * answer and why. Needs no daemon and no configuration, so a gateway's own words are not known.
 */
#ifndef CTL_CLASSES_H
#define CTL_CLASSES_H

#include <stdbool.h>

struct buf;

/* What is asked for; at most one of reply, http and curl, all "" for the whole table. */
struct ctl_classes {
    const char *reply; /* an SMTP server's: "550 5.1.1 unknown" */
    const char *stage; /* of the reply: session, rcpt, data or dot; "" = rcpt */
    const char *http;  /* status of an HTTP answer, 100 to 599 */
    const char *curl;  /* CURLcode, 0 to 99; with stage "dot" all was handed over */
    bool json;
};

/* Appends the answer, as text or as JSON. Returns 0, or -1 with a sentence in err that says which
 * word is none. */
int ctl_classes(struct buf *out, const struct ctl_classes *ask, struct buf *err);

#endif
