/*
 * A mail as bytes: see mime.h.
 *
 * Written by hand for the three shapes we send, so that the send path needs no MIME library and the
 * same message gives the same bytes at every repeat. Promises: no line over 76 bytes but addresses
 * and ids that cannot be broken, every line ends in CRLF, no bare CR or LF, nothing but ASCII
 * outside encoded words and quoted-printable, no header smuggled in by a value. Refuses nothing:
 * what is malformed is made harmless (control characters become spaces).
 */
#include "mime.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/digest.h"
#include "../daemon/util.h"
#include "adapter.h"

/* RFC 2047 and 2045: 75 for an encoded word, 76 for a line that holds one or is quoted-printable.
 * The longest single word left as it is, so that a line can always be folded. */
enum { WORD_MAX = 75, LINE_MAX_LEN = 76, PLAIN_WORD_MAX = 60 };
enum { BASE64_LINE = 57, BOUNDARY_BYTES = 12, METHOD_MAX = 16 };

static const char word_begin[] = "=?UTF-8?Q?";
static const char word_end[] = "?=";

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* A value that cannot end its header. */
static char *header_value(const char *text)
{
    char *clean = xstrdup(text ? text : "");
    for (char *p = clean; *p; p++)
        if (is_control(*p))
            *p = ' ';
    return clean;
}

/* Bytes of the UTF-8 character at p; 1 for a byte that begins none. */
static size_t char_len(const char *p)
{
    unsigned char c = (unsigned char)*p;
    size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1, n = 1;
    while (n < want && ((unsigned char)p[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static bool needs_encoding(const char *text)
{
    size_t word = 0;
    for (const char *p = text; *p; p++) {
        word = *p == ' ' ? 0 : word + 1;
        if ((unsigned char)*p >= 0x80 || word > PLAIN_WORD_MAX)
            return true;
    }
    return strstr(text, "=?") != NULL;
}

/* One byte in the Q encoding, with the characters that are safe in a phrase (RFC 2047 5(3)). */
static size_t q_byte(char out[4], char c)
{
    bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                 (c != '\0' && strchr("!*+-/", c));
    if (plain || c == ' ') {
        out[0] = plain ? c : '_';
        return 1;
    }
    return (size_t)snprintf(out, 4, "=%02X", (unsigned)(unsigned char)c);
}

/* Appends encoded words; `column` is what the line holds already. A character is never split. */
static void add_encoded(struct buf *out, const char *text, size_t *column)
{
    bool open = false;
    for (const char *p = text; *p;) {
        char piece[16];
        size_t n = char_len(p), len = 0;
        for (size_t i = 0; i < n; i++)
            len += q_byte(piece + len, p[i]);
        size_t overhead = open ? 0 : sizeof word_begin - 1;
        if (*column + overhead + len + sizeof word_end - 1 > WORD_MAX) {
            if (open)
                buf_puts(out, word_end);
            buf_puts(out, "\r\n ");
            *column = 1;
            open = false;
        }
        if (!open) {
            buf_puts(out, word_begin);
            *column += sizeof word_begin - 1;
            open = true;
        }
        buf_add(out, piece, len);
        *column += len;
        p += n;
    }
    if (open) {
        buf_puts(out, word_end);
        *column += sizeof word_end - 1;
    }
}

/* Appends ASCII text, folded before a run of spaces whose word would not fit. */
static void add_folded(struct buf *out, const char *text, size_t *column)
{
    while (*text) {
        size_t spaces = strspn(text, " "), len = spaces + strcspn(text + spaces, " ");
        bool has_word = len > spaces;
        if (spaces && has_word && *column + len > LINE_MAX_LEN) {
            buf_puts(out, "\r\n");
            *column = 0;
        }
        buf_add(out, text, len);
        *column += len;
        text += len;
    }
}

static void add_text_header(struct buf *out, const char *name, const char *text)
{
    char *value = header_value(text);
    size_t column = strlen(name) + 2;
    buf_printf(out, "%s: ", name);
    if (needs_encoding(value))
        add_encoded(out, value, &column);
    else
        add_folded(out, value, &column);
    buf_puts(out, "\r\n");
    explicit_bzero(value, strlen(value));
    free(value);
}

/* A header of ids or addresses; left out when there is none. */
static void add_plain_header(struct buf *out, const char *name, const char *text)
{
    char *value = header_value(text);
    if (*value)
        buf_printf(out, "%s: %s\r\n", name, value);
    free(value);
}

static void add_quoted(struct buf *out, const char *phrase, size_t *column)
{
    struct buf quoted = BUF_INIT;
    buf_addc(&quoted, '"');
    for (; *phrase; phrase++) {
        if (*phrase == '"' || *phrase == '\\')
            buf_addc(&quoted, '\\');
        buf_addc(&quoted, *phrase);
    }
    buf_addc(&quoted, '"');
    add_folded(out, buf_str(&quoted), column);
    buf_release(&quoted);
}

static void add_from(struct buf *out, const struct mime_sender *sender)
{
    char *name = header_value(sender->from_name), *address = header_value(sender->from);
    size_t column = 6;
    buf_puts(out, "From: ");
    if (*name) {
        if (needs_encoding(name))
            add_encoded(out, name, &column);
        else
            add_quoted(out, name, &column);
        bool fits = column + strlen(address) + 3 <= LINE_MAX_LEN;
        buf_printf(out, "%s <%s>\r\n", fits ? "" : "\r\n", address);
    } else {
        buf_printf(out, "%s\r\n", address);
    }
    free(name);
    free(address);
}

/* RFC 5322 3.3, local time of the reader; English names whatever the locale is. */
static void add_date(struct buf *out, int64_t at_ms)
{
    static const char days[] = "MonTueWedThuFriSatSun";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    int offset_s = berlin_offset_s(at_ms), year, month, mday;
    int64_t local = at_ms / 1000 + offset_s, day = local / 86400;
    int second = (int)(local % 86400);
    day_split(day, &year, &month, &mday);
    buf_printf(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +%02d00\r\n",
               days + 3 * day_weekday(day), mday, months + 3 * (month - 1), year, second / 3600,
               second / 60 % 60, second % 60, offset_s / 3600);
}

/* A line that some mailbox or relay alters or takes for the end: "From ", a lone dot. */
static bool changes_on_the_way(const char *line, size_t n)
{
    return str_starts(line, "From ") || (n == 1 && *line == '.');
}

/* True when the body is fit to go as it is: ASCII, lines of at most 76, no trailing blanks. */
static bool body_is_plain(const char *body)
{
    for (const char *line = body; *line;) {
        size_t n = strcspn(line, "\n");
        if (n > LINE_MAX_LEN || changes_on_the_way(line, n))
            return false;
        if (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
            return false;
        for (size_t i = 0; i < n; i++)
            if ((unsigned char)line[i] >= 0x80 || (is_control(line[i]) && line[i] != '\t'))
                return false;
        line += n + (line[n] == '\n');
    }
    return true;
}

static void add_plain_body(struct buf *out, const char *body)
{
    while (*body) {
        size_t n = strcspn(body, "\n");
        buf_add(out, body, n);
        buf_puts(out, "\r\n");
        body += n + (body[n] == '\n');
    }
}

/* Bytes at the beginning that stand for themselves, at most `max`. A blank does so unless it ends
 * the line. */
static size_t literal_run(const char *line, size_t n, size_t max)
{
    size_t i = 0;
    while (i < n && i < max &&
           ((line[i] > ' ' && line[i] < 0x7f && line[i] != '=') ||
            (i + 1 < n && (line[i] == ' ' || line[i] == '\t'))))
        i++;
    return i;
}

static size_t qp_byte(char out[3], char c)
{
    static const char hex[] = "0123456789ABCDEF";
    out[0] = '=';
    out[1] = hex[(unsigned char)c >> 4];
    out[2] = hex[(unsigned char)c & 15];
    return 3;
}

/* One line without its end. The bytes of one character stay together, and the room for the "=" of a
 * soft line end is kept, but behind the last. */
static void add_qp_line(struct buf *out, const char *line, size_t n)
{
    bool hidden = changes_on_the_way(line, n);
    for (size_t i = 0, column = 0; i < n;) {
        char piece[16];
        size_t room = LINE_MAX_LEN - 1 - column, take = 1, len = 0;
        size_t run = i == 0 && hidden ? 0 : literal_run(line + i, n - i, room);
        if (run > 0) {
            buf_add(out, line + i, run);
            column += run;
            i += run;
            continue;
        }
        if (literal_run(line + i, n - i, 1) && !(i == 0 && hidden)) {
            piece[len++] = line[i];
        } else {
            take = char_len(line + i);
            for (size_t k = 0; k < take; k++)
                len += qp_byte(piece + len, line[i + k]);
        }
        if (column + len + (i + take == n ? 0 : 1) > LINE_MAX_LEN) {
            buf_puts(out, "=\r\n");
            column = 0;
        }
        buf_add(out, piece, len);
        column += len;
        i += take;
    }
}

/* A CR before the LF belongs to the line end; a lone one is encoded like any control character. */
static void add_qp_body(struct buf *out, const char *body)
{
    while (*body) {
        size_t n = strcspn(body, "\n");
        size_t len = n && body[n] == '\n' && body[n - 1] == '\r' ? n - 1 : n;
        add_qp_line(out, body, len);
        buf_puts(out, "\r\n");
        body += n + (body[n] == '\n');
    }
}

/* A text with the headers of its part and the empty line. `plain` was asked by the caller. */
static void add_text_part(struct buf *out, const char *type, const char *text, bool plain)
{
    buf_printf(out, "Content-Type: %s\r\n", type);
    buf_printf(out, "Content-Transfer-Encoding: %s\r\n\r\n", plain ? "7bit" : "quoted-printable");
    if (plain)
        add_plain_body(out, text);
    else
        add_qp_body(out, text);
}

void mime_base64(struct buf *out, const void *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < len; i += 3) {
        unsigned group = 0;
        size_t n = len - i < 3 ? len - i : 3;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (k < n ? byte[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            buf_addc(out, k <= n ? digits[group >> (18 - 6 * k) & 63] : '=');
        if ((i + 3) % BASE64_LINE == 0 || i + 3 >= len)
            buf_puts(out, "\r\n");
    }
}

/* "=_" stands in no quoted-printable or base64 text; the rest is the same at every repeat. */
static void make_boundary(struct buf *out, const char *message_id, const char *level)
{
    struct buf seed = BUF_INIT;
    unsigned char hash[DIGEST_FULL];
    buf_printf(&seed, "%s %s", level, message_id ? message_id : "");
    digest_sha256(hash, buf_str(&seed), seed.len);
    buf_puts(out, "=_");
    digest_hex(out, hash, BOUNDARY_BYTES);
    buf_release(&seed);
}

/* A calendar is sent only under a method, which must be that of its METHOD line (RFC 6047 2.4). */
static bool has_calendar(const struct message *message)
{
    size_t n = message->method ? strlen(message->method) : 0;
    return message->calendar && *message->calendar && n > 0 && n < METHOD_MAX &&
           strspn(message->method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n;
}

/* The text first, the calendar last: what a client understands best stands last (RFC 2046 5.1.4).
 */
static void add_alternative(struct buf *out, const struct message *message, const char *body)
{
    struct buf boundary = BUF_INIT, type = BUF_INIT;
    make_boundary(&boundary, message->message_id, "alternative");
    buf_printf(out, "Content-Type: multipart/alternative;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n",
               buf_str(&boundary), buf_str(&boundary));
    add_text_part(out, "text/plain; charset=utf-8", body,
                  body_is_plain(body) && !strstr(body, "=_"));
    buf_printf(&type, "text/calendar; charset=utf-8; method=%s", message->method);
    buf_printf(out, "\r\n--%s\r\n", buf_str(&boundary));
    add_text_part(out, buf_str(&type), message->calendar, false);
    buf_printf(out, "\r\n--%s--\r\n", buf_str(&boundary));
    buf_release(&boundary);
    buf_release(&type);
}

static void add_mixed(struct buf *out, const struct message *message, const char *body)
{
    struct buf boundary = BUF_INIT;
    make_boundary(&boundary, message->message_id, "mixed");
    buf_printf(out, "Content-Type: multipart/mixed;\r\n boundary=\"%s\"\r\n\r\n--%s\r\n",
               buf_str(&boundary), buf_str(&boundary));
    add_alternative(out, message, body);
    buf_printf(out, "\r\n--%s\r\n", buf_str(&boundary));
    buf_puts(out, "Content-Type: application/ics; name=\"invite.ics\"\r\n"
                  "Content-Disposition: attachment; filename=\"invite.ics\"\r\n"
                  "Content-Transfer-Encoding: base64\r\n\r\n");
    mime_base64(out, message->calendar, strlen(message->calendar));
    buf_printf(out, "\r\n--%s--\r\n", buf_str(&boundary));
    buf_release(&boundary);
}

void mime_headers(struct buf *out, const struct message *message, const struct mime_sender *sender,
                  const char *subject)
{
    add_date(out, message->date_ms);
    add_from(out, sender);
    add_plain_header(out, "To", message->address);
    add_text_header(out, "Subject", subject);
    add_plain_header(out, "Message-ID", message->message_id);
    /* The first message of a thread may itself be the root; it does not answer itself. */
    if (message->thread_id && message->message_id &&
        !str_eq(message->thread_id, message->message_id)) {
        add_plain_header(out, "In-Reply-To", message->thread_id);
        add_plain_header(out, "References", message->thread_id);
    }
    buf_puts(out, "Auto-Submitted: auto-generated\r\n"
                  "X-Auto-Response-Suppress: All\r\n"
                  "MIME-Version: 1.0\r\n");
}

void mime_entity(struct buf *out, const struct message *message, const struct mime_sender *sender)
{
    const char *body = message->body ? message->body : "";
    if (!has_calendar(message))
        add_text_part(out, "text/plain; charset=utf-8", body, body_is_plain(body));
    else if (sender->attach_ics)
        add_mixed(out, message, body);
    else
        add_alternative(out, message, body);
}

void mime_build(struct buf *out, const struct message *message, const struct mime_sender *sender)
{
    mime_headers(out, message, sender, message->subject);
    mime_entity(out, message, sender);
}
