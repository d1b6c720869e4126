/*
 * SMTP replies (RFC 5321, 3463): see smtp_reply.h.
 *
 * The stage is counted: a new connection says 220 once, and once more when STARTTLS begins, and
 * each 220 is followed by a 250 to EHLO. So the number of 250 less the number of 220 is 0 until
 * MAIL is answered, 1 until RCPT and 2 until DATA, on new and on reused connections alike.
 */
#include "smtp_reply.h"

#include <ctype.h>
#include <string.h>

#include "../daemon/util.h"
#include "adapter.h"
#include "verdict_rules.h"

void smtp_reply_line(struct job *job, const char *line, size_t len)
{
    if (len > 3 && memcmp(line, "221", 3) == 0)
        return; /* the answer to QUIT, which libcurl says after a refusal: the refusal counts */
    while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
        len--;
    size_t fits = len < sizeof job->reply ? len : sizeof job->reply - 1;
    memcpy(job->reply, line, fits);
    job->reply[fits] = '\0';
    for (size_t i = 0; i < fits; i++)
        if (job->reply[i] == '\0')
            job->reply[i] = '?';
    if (len > 3 && line[3] == '-')
        return;
    if (str_starts(job->reply, "250"))
        job->smtp_steps++;
    else if (str_starts(job->reply, "220"))
        job->smtp_steps--;
    else if (str_starts(job->reply, "354"))
        job->after_data = true;
}

enum smtp_stage smtp_stage(const struct job *job)
{
    if (job->after_data)
        return job->bytes_sent >= job->bytes.len ? SMTP_DOT : SMTP_DATA;
    if (job->smtp_steps >= 2)
        return SMTP_DATA;
    return job->smtp_steps == 1 ? SMTP_RCPT : SMTP_SESSION;
}

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
