/*
 * stafettectl mail-in: a mail that a mail server hands over, and the exit status that it
 * understands (sysexits(3), as Postfix's pipe(8) and others do).
 */
#ifndef CTL_MAIL_H
#define CTL_MAIL_H

struct buf;

/* Reads the mail from a file, or from standard input for "" and "-". Returns EX_OK, EX_DATAERR for
 * one that is larger than MAIL_SIZE_MAX, or EX_TEMPFAIL, having said why on standard error. */
int ctl_mail_body(const char *file, struct buf *body);

/* The status of a control call as a mail server is to see it: 0, EX_DATAERR for what will never be
 * taken, EX_NOPERM when the daemon itself has refused it (`answer`, its HTTP status, is 403),
 * EX_TEMPFAIL for all else, so that it keeps the mail. */
int ctl_mail_status(int status, long answer);

#endif
