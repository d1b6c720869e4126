/*
 * The folders of gammu-smsd (its service "files"): what its program moved, and what came in. The
 * adapter itself is sms_gammu.c too; here is what a carrier does between two SMS, for spool.c.
 */
#ifndef SMS_GAMMU_H
#define SMS_GAMMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inbound.h"

struct result;
struct transport;

enum { SPOOL_FOUND_MAX = 64, SPOOL_NAME_MAX = 200, SPOOL_REFERENCE_MAX = 40 };

enum spool_kind {
    SPOOL_SENT,  /* the modem has sent it */
    SPOOL_ERROR, /* the modem has given up */
    SPOOL_INBOX, /* an SMS came in; its text is that of all its parts */
    SPOOL_PART,  /* a further part of the one before */
    SPOOL_KIND_COUNT
};

/* A file that is of interest. */
struct spool_found {
    enum spool_kind kind;
    char name[SPOOL_NAME_MAX];
    char reference[SPOOL_REFERENCE_MAX]; /* of our delivery; "" for what came in */
    struct inbound *sms;                 /* SPOOL_INBOX: owned; NULL: sender or text unreadable */
};

/* One look into the folders of one transport. */
struct spool_look {
    char *folder[SPOOL_KIND_COUNT]; /* owned; "" = is not looked into */
    char **done;                    /* paths to be removed, owned; those that are gone get NULL */
    size_t done_count;
    struct spool_found found[SPOOL_FOUND_MAX];
    size_t count;
    bool failed; /* then result says why */
    char why[160];
};

/* True when the transport is one of this adapter. */
bool gammu_is(const struct transport *t);

/* Fills the folders of a look from the transport. */
void gammu_folders(struct spool_look *look, const struct transport *t);

/* On a carrier: removes what is done, then lists what is there and not done. */
void gammu_look(struct spool_look *look);

void gammu_look_release(struct spool_look *look);

/* Pure. The reference that the name of an outgoing file ends with, false when it is no file of
 * ours: OUT<priority><date>_<time>_<serial>_<recipient>_<reference>.txt */
bool gammu_reference(char out[SPOOL_REFERENCE_MAX], const char *name);

/* Pure. Reads IN<date>_<time>_<serial>_<sender>_<part>.txt: the length of what all parts of an SMS
 * have in common, the sender, the part. 0 when it is no such name. */
size_t gammu_inbox_name(const char *name, char sender[40], int *part);

/* Pure. Appends the content of an inbox file as UTF-8: UTF-16 when it begins with a byte order
 * mark (InboxFormat = unicode), else bytes of which those that are no UTF-8 become "?". */
void gammu_text(struct buf *out, const char *bytes, size_t len);

#endif
