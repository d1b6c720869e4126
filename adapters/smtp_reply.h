/*
 * What an SMTP server's lines and libcurl's ending mean. Pure.
 *
 * libcurl's response code alone lies: it may be left over from an earlier command. So the ending
 * (CURLcode) is looked at first, then how far the dialogue had come, then the code.
 */
#ifndef SMTP_REPLY_H
#define SMTP_REPLY_H

#include <stddef.h>

#include "../daemon/stafette.h"

/* How far the dialogue had come when it ended. */
enum smtp_stage {
    SMTP_SESSION, /* greeting to MAIL: the relay judges us, not the recipient */
    SMTP_RCPT,    /* the recipient was being judged */
    SMTP_DATA,    /* DATA was asked for or was running; the final dot was not yet sent */
    SMTP_DOT      /* every byte was handed over: the server may have accepted */
};

/* The error class of an ending. curl_code is a CURLcode, status the code of the last line (0:
 * none), enhanced the RFC 3463 code or "". An answer that may have been lost on the way back is
 * CLASS_AMBIGUOUS; a refusal before RCPT is ours to mend (CLASS_LOCAL), not the recipient's. */
enum error_class smtp_class(int curl_code, enum smtp_stage stage, int status, const char *enhanced);

/* Copies the queue id out of a final "250 ..." line; "" when it names none. */
void smtp_queue_id(char *id, size_t size, const char *reply);

#endif
