/*
 * SMTP replies (RFC 5321, 3463): see smtp_reply.h.
 */
#include "smtp_reply.h"

#include <ctype.h>
#include <string.h>

#include "../daemon/util.h"
#include "adapter.h"

/* A refusal for good. Before RCPT it is about us or our sender address, and the same would happen
 * to every mail: that is the operator's to mend, and no recipient's fault. */
static enum error_class refused_class(enum smtp_stage stage, int status, const char *enhanced)
{
    if (status == 530 || status == 534 || status == 535 || status == 538)
        return CLASS_AUTH;
    if (status == 552 || str_eq(enhanced, "5.3.4"))
        return str_starts(enhanced, "5.2.") ? CLASS_ADDRESS : CLASS_PERMANENT;
    if (stage == SMTP_SESSION)
        return CLASS_LOCAL;
    if (str_starts(enhanced, "5.1.") || str_starts(enhanced, "5.2.") ||
        str_starts(enhanced, "5.4."))
        return CLASS_ADDRESS;
    bool bare = str_empty(enhanced) || str_starts(enhanced, "5.0.");
    if (bare && stage == SMTP_RCPT && (status == 550 || status == 551 || status == 553))
        return CLASS_ADDRESS;
    return CLASS_PERMANENT;
}

static enum error_class status_class(enum smtp_stage stage, int status, const char *enhanced)
{
    if (status == 421)
        return CLASS_THROTTLED;
    if (status >= 400 && status < 500)
        return CLASS_TEMPORARY;
    if (status >= 500 && status < 600)
        return refused_class(stage, status, enhanced);
    return stage == SMTP_DOT ? CLASS_AMBIGUOUS : CLASS_CONNECT;
}

static enum error_class login_class(int status)
{
    return status >= 400 && status < 500 ? CLASS_TEMPORARY : CLASS_AUTH;
}

enum error_class smtp_class(int curl_code, enum smtp_stage stage, int status, const char *enhanced)
{
    switch (curl_code) {
    case CURLE_OK:
        return CLASS_NONE;
    case CURLE_SEND_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
        return status_class(stage, status, enhanced);
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
        return login_class(status);
    default:
        return job_curl_class((CURLcode)curl_code, stage == SMTP_DOT);
    }
}

/* Where the servers in use put their id: Postfix and OpenSMTPD, Exim, sendmail. */
void smtp_queue_id(char *id, size_t size, const char *reply)
{
    static const char *const mark[] = {"queued as ", "id=", "2.0.0 "};
    id[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(mark); i++) {
        const char *p = strstr(reply, mark[i]);
        size_t n = 0;
        if (!p || (i == 2 && !strstr(p, " Message accepted") && !strstr(p, " message accepted")))
            continue;
        p += strlen(mark[i]);
        while (isalnum((unsigned char)p[n]) || (p[n] && strchr("-_.", p[n])))
            n++;
        if (n > 0 && n < size) {
            memcpy(id, p, n);
            id[n] = '\0';
            return;
        }
    }
}
