/*
 * One mail on an open session: see smtp_mail.h.
 *
 * Promises: accepted means 250 after the final dot and nothing else; once every byte is handed
 * over, an ending without an answer is of stage SMTP_DOT, which is ambiguous. Refuses answers that
 * came before their question: a server that is ahead of us could "accept" a mail that it has not
 * seen. A crash leaves at most one mail that the relay has and the store does not know of.
 */
#include "smtp_mail.h"

#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/util.h"
#include "smtp_session.h"

enum { MAIL, RCPT, DATA, COMMANDS };
enum { TIDY_MS = 5000 };

/* The three commands as one text, and where each ends. */
struct envelope {
    struct buf text;
    size_t end[COMMANDS];
};

static void write_envelope(struct envelope *e, const struct smtp_mail *mail, bool size)
{
    buf_init(&e->text);
    buf_reserve(&e->text, strlen(mail->from) + strlen(mail->to) + 64);
    buf_puts(&e->text, "MAIL FROM:<");
    buf_puts(&e->text, mail->from);
    buf_puts(&e->text, ">");
    if (size)
        buf_printf(&e->text, " SIZE=%zu", mail->size);
    buf_puts(&e->text, "\r\n");
    e->end[MAIL] = e->text.len;
    buf_puts(&e->text, "RCPT TO:<");
    buf_puts(&e->text, mail->to);
    buf_puts(&e->text, ">\r\n");
    e->end[RCPT] = e->text.len;
    buf_puts(&e->text, "DATA\r\n");
    e->end[DATA] = e->text.len;
}

static bool accepts(int command, int code)
{
    return command == DATA ? code == 354 : code >= 250 && code < 260;
}

/* Stage of a command's own judgement. */
static enum smtp_stage stage_of(int command)
{
    return command == MAIL ? SMTP_SESSION : command == RCPT ? SMTP_RCPT : SMTP_DATA;
}

static void ends(struct smtp_ending *end, CURLcode code, int command)
{
    end->code = code;
    end->stage = stage_of(command);
}

/* True when the server still listens after this reply: it refused, but in order. */
static bool goes_on(int code)
{
    return code >= 400 && code != 421;
}

/* Says the commands and hears their answers. Returns whether DATA was answered by 354; the first
 * that was not accepted is the mail's ending, and later answers are only heard. */
static bool say_envelope(struct smtp_session *s, const struct envelope *e, struct smtp_ending *end)
{
    bool all_at_once = s->offers.pipelining, refused = false, data = false;
    for (int i = MAIL; i < COMMANDS; i++) {
        size_t from = i == MAIL ? 0 : e->end[i - 1], to = e->end[all_at_once ? DATA : i];
        CURLcode code = CURLE_OK;
        if (i == MAIL || !all_at_once)
            code = smtp_session_send(s, e->text.data + from, to - from);
        if (code == CURLE_OK)
            code = smtp_session_reply(s);
        if (code != CURLE_OK && !refused)
            ends(end, code, i);
        end->in_step = code == CURLE_OK;
        if (code != CURLE_OK)
            return false;
        end->heard = true;
        data = accepts(i, s->reply.code);
        if (data)
            continue;
        if (!refused) {
            ends(end, CURLE_SEND_ERROR, i);
            end->reply = s->reply;
        }
        refused = true;
        end->in_step = goes_on(s->reply.code);
        if (!end->in_step || !all_at_once)
            return false;
    }
    return data;
}

/* After a refusal: ends the data that DATA has begun for nobody, and clears the server's memory of
 * this mail. The refusal stands, whatever comes of it; the next mail then finds no session. */
static bool tidy(struct smtp_session *s, bool data)
{
    int64_t until = util_monotonic_ms() + TIDY_MS;
    if (s->deadline_ms > until)
        s->deadline_ms = until;
    if (data && (smtp_session_send(s, ".\r\n", 3) != CURLE_OK ||
                 smtp_session_reply(s) != CURLE_OK || s->reply.code == 421))
        return false;
    return smtp_session_send(s, "RSET\r\n", 6) == CURLE_OK && smtp_session_reply(s) == CURLE_OK &&
           s->reply.code == 250 && smtp_reader_empty(&s->reader);
}

/* A server that breaks off in the middle of the data may have said why. */
static void hear_last_words(struct smtp_session *s, struct smtp_ending *end)
{
    s->deadline_ms = 0;
    if (smtp_session_reply(s) != CURLE_OK || s->reply.code < 400)
        return;
    end->code = CURLE_SEND_ERROR;
    end->reply = s->reply;
}

static void say_message(struct smtp_session *s, const struct buf *wire, struct smtp_ending *end)
{
    end->in_step = false;
    ends(end, CURLE_WEIRD_SERVER_REPLY, DATA);
    if (!smtp_reader_empty(&s->reader))
        return;
    end->code = smtp_session_send(s, wire->data, wire->len);
    if (end->code == CURLE_SEND_ERROR)
        hear_last_words(s, end);
    if (end->code != CURLE_OK)
        return;
    end->stage = SMTP_DOT;
    end->code = smtp_session_reply(s);
    if (end->code != CURLE_OK)
        return;
    end->reply = s->reply;
    bool taken = accepts(MAIL, s->reply.code);
    end->code = taken ? CURLE_OK : CURLE_WEIRD_SERVER_REPLY;
    end->in_step = (taken || goes_on(s->reply.code)) && smtp_reader_empty(&s->reader);
}

void smtp_mail_send(struct smtp_session *s, const struct smtp_mail *mail, struct smtp_ending *end)
{
    struct envelope e;
    memset(end, 0, sizeof *end);
    write_envelope(&e, mail, s->offers.size);
    bool data = say_envelope(s, &e, end);
    buf_wipe(&e.text);
    s->mails++;
    if (data && end->code == CURLE_OK)
        say_message(s, mail->wire, end);
    else if (end->in_step)
        end->in_step = tidy(s, data);
    /* Postfix forgets a mail that its end-of-data rules refuse only when it is told to. */
    if (end->stage == SMTP_DOT && end->code != CURLE_OK && end->in_step)
        end->in_step = tidy(s, false);
}

static bool clean_lines(const struct buf *message)
{
    const char *p = buf_str(message), *end = p + message->len;
    if (memchr(p, '\0', message->len))
        return false;
    for (const char *cr; (cr = memchr(p, '\r', (size_t)(end - p))); p = cr + 2) {
        if (cr + 1 == end || cr[1] != '\n' || memchr(p, '\n', (size_t)(cr - p)))
            return false;
    }
    return !memchr(p, '\n', (size_t)(end - p));
}

int smtp_wire(struct buf *wire, const struct buf *message)
{
    if (!clean_lines(message))
        return -1;
    buf_reserve(wire, message->len + 64);
    const char *p = buf_str(message), *end = p + message->len, *line_end;
    if (*p == '.')
        buf_addc(wire, '.');
    while ((line_end = memmem(p, (size_t)(end - p), "\n.", 2))) {
        buf_add(wire, p, (size_t)(line_end + 1 - p));
        buf_addc(wire, '.');
        p = line_end + 1;
    }
    buf_add(wire, p, (size_t)(end - p));
    buf_puts(wire, message->len == 0 || end[-1] == '\n' ? ".\r\n" : "\r\n.\r\n");
    return 0;
}
