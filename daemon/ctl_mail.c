/*
 * stafettectl mail-in: see ctl_mail.h.
 *
 * Promises: no mail is lost because something on this side is in the way, be it a fault in the
 * configuration: a mail server returns a mail to its sender for any status that it does not take as
 * "later". Refuses what is too large before the daemon is asked. Keeps nothing.
 */
#include "ctl_mail.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "buf.h"
#include "mail_read.h"
#include "util.h"

int ctl_mail_body(const char *file, struct buf *body)
{
    struct buf err = BUF_INIT;
    bool standard = str_empty(file) || str_eq(file, "-");
    /* One byte more than is allowed tells what is too large from what cannot be read. */
    int rc = standard ? buf_read_fd(body, STDIN_FILENO, MAIL_SIZE_MAX + 1, &err)
                      : buf_read_file(body, file, MAIL_SIZE_MAX + 1, &err);
    bool large = body->len > MAIL_SIZE_MAX || (rc < 0 && body->len > 0);
    if (large)
        fprintf(stderr, "stafettectl: the mail is larger than the %d bytes allowed\n",
                MAIL_SIZE_MAX);
    else if (rc < 0)
        fprintf(stderr, "stafettectl: %s\n", buf_str(&err));
    buf_release(&err);
    return large ? EX_DATAERR : rc < 0 ? EX_TEMPFAIL : EX_OK;
}

int ctl_mail_status(int status, long answer)
{
    if (answer == 403)
        return EX_NOPERM;
    return status == EX_OK || status == EX_DATAERR || status == EX_USAGE ? status : EX_TEMPFAIL;
}
