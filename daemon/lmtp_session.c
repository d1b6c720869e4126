/*
 * LMTP dialogue: see lmtp_session.h.
 *
 * Promises: each command gets one answer, each mail one for each recipient that was taken; memory
 * is bounded by a command line, the recipients and mail_max. Refuses HELO and EHLO (RFC 2033 4.1)
 * and parameters that were not offered. A crash leaves nothing: what was not answered comes again.
 */
#include "lmtp_session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util.h"

enum { FLUSH_BYTES = 4096 };

static void say(struct lmtp_session *s, const char *line)
{
    buf_printf(&s->out, "%s\r\n", line);
}

static void fault(struct lmtp_session *s, const char *line)
{
    if (++s->faults > LMTP_FAULTS_MAX) {
        say(s, "421 4.7.0 too many errors");
        s->state = LMTP_CLOSING;
        return;
    }
    say(s, line);
}

void lmtp_session_init(struct lmtp_session *s, const struct lmtp_rules *rules)
{
    memset(s, 0, sizeof *s);
    s->rules = rules;
    s->recipient = xcalloc(LMTP_RECIPIENTS_MAX, sizeof *s->recipient);
    buf_printf(&s->out, "220 %s LMTP\r\n", rules->name);
}

void lmtp_session_release(struct lmtp_session *s)
{
    buf_wipe(&s->in);
    buf_release(&s->out);
    buf_wipe(&s->mail);
    free(s->recipient);
    memset(s, 0, sizeof *s);
}

static void forget_mail(struct lmtp_session *s)
{
    buf_wipe(&s->mail);
    s->recipients = 0;
    s->too_large = s->mid_line = false;
    s->sender[0] = '\0';
    s->state = LMTP_READY;
}

/* The path of "FROM:<a@b> SIZE=1" without its source route and <>, and where the parameters begin.
 * False when it is malformed. */
static bool read_path(char path[LMTP_PATH_MAX], const char **rest, const char *text,
                      const char *name)
{
    size_t n = strlen(name);
    if (strncasecmp(text, name, n) != 0)
        return false;
    text += n;
    text += strspn(text, " ");
    const char *end = *text == '<' ? strchr(text, '>') : NULL;
    if (!end || (end[1] && end[1] != ' '))
        return false;
    *rest = end + 1;
    text++;
    if (*text == '@' && memchr(text, ':', (size_t)(end - text)))
        text = (const char *)memchr(text, ':', (size_t)(end - text)) + 1;
    size_t len = (size_t)(end - text);
    if (len >= LMTP_PATH_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] >= 0x7f || text[i] == '<')
            return false;
    memcpy(path, text, len);
    path[len] = '\0';
    return true;
}

/* SIZE=n, BODY=7BIT, BODY=8BITMIME. The answer to refuse with, or NULL. */
static const char *check_parameters(const struct lmtp_session *s, const char *text)
{
    while (*(text += strspn(text, " "))) {
        size_t n = strcspn(text, " ");
        char word[64];
        int64_t size = 0;
        if (n >= sizeof word)
            return "501 5.5.4 parameter too long";
        memcpy(word, text, n);
        word[n] = '\0';
        text += n;
        if (strncasecmp(word, "SIZE=", 5) == 0) {
            if (!int_parse(word + 5, 0, INT64_MAX, &size))
                return "501 5.5.4 malformed SIZE";
            if ((uint64_t)size > s->rules->mail_max)
                return "552 5.3.4 message too large";
        } else if (strcasecmp(word, "BODY=7BIT") != 0 && strcasecmp(word, "BODY=8BITMIME") != 0) {
            return "555 5.5.4 parameter not known";
        }
    }
    return NULL;
}

static void do_lhlo(struct lmtp_session *s, const char *rest)
{
    if (!*(rest + strspn(rest, " "))) {
        fault(s, "501 5.5.4 LHLO needs a name");
        return;
    }
    forget_mail(s);
    buf_printf(&s->out,
               "250-%s\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SIZE %zu\r\n"
               "250 ENHANCEDSTATUSCODES\r\n",
               s->rules->name, s->rules->mail_max);
}

static void do_mail(struct lmtp_session *s, const char *rest)
{
    const char *parameters = "";
    char path[LMTP_PATH_MAX];
    if (!read_path(path, &parameters, rest, "FROM:")) {
        fault(s, "501 5.5.4 write MAIL FROM:<address>");
        return;
    }
    const char *refusal = check_parameters(s, parameters);
    if (refusal) {
        fault(s, refusal);
        return;
    }
    str_copy(s->sender, sizeof s->sender, str_empty(path) ? "<>" : path);
    s->state = LMTP_MAIL;
    say(s, "250 2.1.0 sender taken");
}

static void do_rcpt(struct lmtp_session *s, const char *rest)
{
    const char *parameters = "";
    char *path = s->recipient[s->recipients < LMTP_RECIPIENTS_MAX ? s->recipients : 0];
    if (s->recipients == LMTP_RECIPIENTS_MAX) {
        fault(s, "452 4.5.3 too many recipients");
        return;
    }
    if (!read_path(path, &parameters, rest, "TO:") || *(parameters + strspn(parameters, " "))) {
        fault(s, "501 5.5.4 write RCPT TO:<address>");
        return;
    }
    if (s->rules->recipient(s->rules->context, path) != LMTP_RECIPIENT_OURS) {
        fault(s, "550 5.1.1 no such recipient here");
        return;
    }
    s->recipients++;
    s->state = LMTP_RCPT;
    say(s, "250 2.1.5 recipient taken");
}

static void do_data(struct lmtp_session *s, const char *rest)
{
    (void)rest;
    s->state = LMTP_DATA;
    say(s, "354 end with a dot on a line by itself");
}

static void do_rset(struct lmtp_session *s, const char *rest)
{
    (void)rest;
    if (s->state != LMTP_OPEN)
        forget_mail(s);
    say(s, "250 2.0.0 forgotten");
}

static void do_noop(struct lmtp_session *s, const char *rest)
{
    (void)rest;
    say(s, "250 2.0.0 well");
}

static void do_vrfy(struct lmtp_session *s, const char *rest)
{
    (void)rest;
    fault(s, "252 2.5.0 send a mail");
}

static void do_quit(struct lmtp_session *s, const char *rest)
{
    (void)rest;
    say(s, "221 2.0.0 bye");
    s->state = LMTP_CLOSING;
}

#define IN(state) (1 << (state))
#define ANY (IN(LMTP_OPEN) | IN(LMTP_READY) | IN(LMTP_MAIL) | IN(LMTP_RCPT))

static const struct {
    const char *name;
    int states; /* in which it may be said */
    bool bare;  /* takes nothing behind it */
    void (*run)(struct lmtp_session *s, const char *rest);
} commands[] = {
    {"LHLO", ANY, false, do_lhlo},
    {"MAIL", IN(LMTP_READY), false, do_mail},
    {"RCPT", IN(LMTP_MAIL) | IN(LMTP_RCPT), false, do_rcpt},
    {"DATA", IN(LMTP_RCPT), true, do_data},
    {"RSET", ANY, true, do_rset},
    {"NOOP", ANY, false, do_noop},
    {"VRFY", ANY, false, do_vrfy},
    {"QUIT", ANY, true, do_quit},
};

static void do_line(struct lmtp_session *s, const char *line, size_t len)
{
    char *text = xstrndup(line, len);
    size_t word = strcspn(text, " ");
    const char *rest = text + word + strspn(text + word, " ");
    bool known = false;
    for (size_t i = 0; i < COUNT_OF(commands) && !known; i++) {
        if (strlen(commands[i].name) != word || strncasecmp(text, commands[i].name, word) != 0)
            continue;
        known = true;
        if (!(commands[i].states & IN(s->state)))
            fault(s, "503 5.5.1 not now");
        else if (commands[i].bare && *rest)
            fault(s, "501 5.5.4 nothing may follow this command");
        else
            commands[i].run(s, rest);
    }
    if (!known)
        fault(s, "500 5.5.1 no such command");
    free(text);
}

/* The place behind the next CRLF; 0 = none. */
static size_t line_end(const char *bytes, size_t len)
{
    for (const char *p = bytes; (p = memchr(p, '\n', len - (size_t)(p - bytes))); p++)
        if (p > bytes && p[-1] == '\r')
            return (size_t)(p - bytes) + 1;
    return 0;
}

static size_t take_command(struct lmtp_session *s, const char *bytes, size_t len)
{
    size_t end = line_end(bytes, len);
    size_t seen = end ? end : len;
    bool odd = end && (memchr(bytes, '\0', end) || memchr(bytes, '\n', end - 1));
    if (seen > LMTP_LINE_MAX) {
        say(s, "500 5.5.6 line too long");
        s->state = LMTP_CLOSING;
        return len;
    }
    if (odd)
        fault(s, "500 5.5.2 a line holds what no line may hold");
    else if (end)
        do_line(s, bytes, end - 2);
    return end;
}

static void keep(struct lmtp_session *s, const char *bytes, size_t len)
{
    if (s->mail.len + len > s->rules->mail_max)
        s->too_large = true;
    if (!s->too_large)
        buf_add(&s->mail, bytes, len);
}

/* A line of the mail; of a long one what is there, but a CR that may begin its end. */
static size_t take_data(struct lmtp_session *s, const char *bytes, size_t len)
{
    size_t end = line_end(bytes, len), part = end;
    if (!end && len >= FLUSH_BYTES)
        part = bytes[len - 1] == '\r' ? len - 1 : len;
    if (!part)
        return 0;
    if (!s->mid_line && end == 3 && bytes[0] == '.') {
        s->state = LMTP_DECIDE;
        return end;
    }
    size_t dot = !s->mid_line && bytes[0] == '.';
    keep(s, bytes + dot, part - dot);
    s->mid_line = !end;
    return part;
}

static void go_on(struct lmtp_session *s)
{
    size_t at = 0, taken = 1;
    while (taken && at < s->in.len && s->state != LMTP_DECIDE && s->state != LMTP_CLOSING) {
        const char *bytes = s->in.data + at;
        taken = s->state == LMTP_DATA ? take_data(s, bytes, s->in.len - at)
                                      : take_command(s, bytes, s->in.len - at);
        at += taken;
    }
    if (s->state == LMTP_CLOSING)
        at = s->in.len;
    if (!at)
        return;
    memmove(s->in.data, s->in.data + at, s->in.len - at);
    s->in.len -= at;
    s->in.data[s->in.len] = '\0';
}

void lmtp_session_feed(struct lmtp_session *s, const char *bytes, size_t len)
{
    if (s->state == LMTP_CLOSING)
        return;
    buf_add(&s->in, bytes, len);
    go_on(s);
}

void lmtp_session_answer(struct lmtp_session *s, const char *const *answers)
{
    for (size_t i = 0; i < s->recipients; i++)
        say(s, answers[i]);
    forget_mail(s);
    go_on(s);
}
