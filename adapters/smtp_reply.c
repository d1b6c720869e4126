/*
 * SMTP replies (RFC 5321, 3463): see smtp_reply.h.
 */
#include "smtp_reply.h"

#include <ctype.h>
#include <string.h>

#include "../daemon/util.h"
#include "adapter.h"
#include "verdict_rules.h"

/* Whether the server had worded its refusal, which libcurl then passes on. */
static enum rule_origin origin_of(int curl_code)
{
    switch (curl_code) {
    case CURLE_SEND_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
        return ORIGIN_SMTP;
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
        return ORIGIN_LOGIN;
    default:
        return ORIGIN_CURL;
    }
}

enum error_class smtp_class(int curl_code, enum smtp_stage stage, int status, const char *enhanced)
{
    const enum rule_origin origin = origin_of(curl_code);
    const struct verdict_case c = {origin, stage, origin == ORIGIN_CURL ? curl_code : status,
                                   enhanced};
    return verdict_rule(&c)->class;
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
