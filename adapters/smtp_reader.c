/*
 * SMTP replies as bytes: see smtp_reader.h.
 *
 * Promises: never more than its own few bytes, whatever comes; the same replies however the bytes
 * are cut into pieces. Refuses what is no reply, for good. Holds no state but the caller's record.
 */
#include "smtp_reader.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "../daemon/util.h"

void smtp_reader_init(struct smtp_reader *r)
{
    r->len = r->lines = 0;
    r->code = 0;
    r->broken = false;
}

char *smtp_reader_room(struct smtp_reader *r, size_t *room)
{
    *room = sizeof r->bytes - r->len;
    return r->bytes + r->len;
}

void smtp_reader_added(struct smtp_reader *r, size_t len)
{
    r->len += len;
}

bool smtp_reader_empty(const struct smtp_reader *r)
{
    return r->len == 0 && r->lines == 0 && !r->broken;
}

static size_t without_end(const char *line, size_t len)
{
    if (len > 0 && line[len - 1] == '\n')
        len--;
    return len > 0 && line[len - 1] == '\r' ? len - 1 : len;
}

static int line_code(const char *line, size_t len)
{
    bool code = len >= 3 && line[0] >= '2' && line[0] <= '5' && isdigit((unsigned char)line[1]) &&
                isdigit((unsigned char)line[2]);
    bool end = len == 3 || (len > 3 && (line[3] == ' ' || line[3] == '-'));
    if (!code || !end || memchr(line, '\0', len))
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static void keep_line(struct smtp_reply *reply, int code, const char *line, size_t len)
{
    size_t fits = len < sizeof reply->text ? len : sizeof reply->text - 1;
    for (size_t i = 0; i < fits; i++)
        reply->text[i] = (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? '?' : line[i];
    reply->text[fits] = '\0';
    reply->code = code;
}

/* One line, without its end. Returns what it makes of the reply. */
static enum smtp_read take_line(struct smtp_reader *r, struct smtp_reply *reply, const char *line,
                                size_t len)
{
    int code = line_code(line, len);
    if (!code || (r->lines && code != r->code) || ++r->lines > SMTP_LINES_MAX)
        return SMTP_READ_BROKEN;
    r->code = code;
    if (len > 3 && line[3] == '-')
        return SMTP_READ_MORE;
    keep_line(reply, code, line, len);
    r->lines = 0;
    return SMTP_READ_REPLY;
}

enum smtp_read smtp_reader_next(struct smtp_reader *r, struct smtp_reply *reply)
{
    enum smtp_read is = r->broken ? SMTP_READ_BROKEN : SMTP_READ_MORE;
    size_t at = 0;
    while (is == SMTP_READ_MORE) {
        size_t left = r->len - at;
        const char *end = memchr(r->bytes + at, '\n', left);
        size_t len = end ? (size_t)(end - r->bytes) - at + 1 : left;
        if (len > SMTP_LINE_MAX)
            is = SMTP_READ_BROKEN;
        else if (!end)
            break;
        else
            is = take_line(r, reply, r->bytes + at, without_end(r->bytes + at, len));
        at += len;
    }
    r->broken = is == SMTP_READ_BROKEN;
    if (r->broken)
        at = r->len;
    memmove(r->bytes, r->bytes + at, r->len - at);
    r->len -= at;
    return is;
}

/* True when the line's text begins with the keyword, standing alone. */
static bool offers(const char *text, size_t len, const char *keyword)
{
    size_t n = strlen(keyword);
    return len >= n && strncasecmp(text, keyword, n) == 0 && (len == n || text[n] == ' ');
}

void smtp_offers_line(struct smtp_offers *o, struct smtp_reply *reply, const char *line, size_t len)
{
    len = without_end(line, len);
    int code = line_code(line, len);
    keep_line(reply, code, line, len);
    if (code == 220)
        *o = (struct smtp_offers){0};
    if (code != 250 || len <= 4)
        return;
    o->pipelining |= offers(line + 4, len - 4, "PIPELINING");
    o->size |= offers(line + 4, len - 4, "SIZE");
}
