/*
 * Fuzz target: what an SMTP server says. The first byte is the size of the pieces in which the rest
 * arrives; read whole and in pieces, the replies must be the same, and clean. The rest is also
 * taken as the lines of a session's beginning, and as a message for the wire.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../adapters/smtp_mail.h"
#include "../../adapters/smtp_reader.h"
#include "../../daemon/buf.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_reply(const struct smtp_reply *reply)
{
    assert(reply->code >= 200 && reply->code <= 599);
    assert(strlen(reply->text) < sizeof reply->text);
    for (const char *p = reply->text; *p; p++)
        assert((unsigned char)*p >= 0x20 && *p != 0x7f);
}

/* Writes down the replies; true when it ended as no SMTP. */
static bool replies(struct buf *out, const char *bytes, size_t len, size_t piece)
{
    struct smtp_reader r;
    struct smtp_reply reply;
    smtp_reader_init(&r);
    for (;;) {
        enum smtp_read is;
        while ((is = smtp_reader_next(&r, &reply)) == SMTP_READ_REPLY) {
            check_reply(&reply);
            buf_printf(out, "%s\n", reply.text);
        }
        if (is == SMTP_READ_BROKEN || len == 0)
            return is == SMTP_READ_BROKEN;
        size_t room, n = len < piece ? len : piece;
        char *into = smtp_reader_room(&r, &room);
        assert(room > 0);
        n = n < room ? n : room;
        memcpy(into, bytes, n);
        smtp_reader_added(&r, n);
        bytes += n;
        len -= n;
    }
}

static void check_offers(const char *bytes, size_t len)
{
    struct smtp_offers offers = {0};
    struct smtp_reply reply = {0};
    while (len > 0) {
        const char *end = memchr(bytes, '\n', len);
        size_t n = end ? (size_t)(end - bytes) + 1 : len;
        smtp_offers_line(&offers, &reply, bytes, n);
        assert(reply.code == 0 || (reply.code >= 200 && reply.code <= 599));
        bytes += n;
        len -= n;
    }
}

/* Nothing in it ends the data before the end, and without the doubled dots it is what it was. */
static void check_wire(const char *bytes, size_t len)
{
    struct buf message = BUF_INIT, wire = BUF_INIT, back = BUF_INIT;
    buf_add(&message, bytes, len);
    if (smtp_wire(&wire, &message) == 0) {
        const char *p = buf_str(&wire), *end;
        for (; !str_eq(p, ".\r\n"); p = end + 2) {
            end = strstr(p, "\r\n");
            assert(end && !(end == p + 1 && *p == '.'));
            size_t skip = *p == '.';
            buf_add(&back, p + skip, (size_t)(end - p) + 2 - skip);
        }
        assert(back.len == len || back.len == len + 2);
        assert(len == 0 || memcmp(back.data, bytes, len) == 0);
    } else {
        assert(wire.len == 0);
    }
    buf_release(&message);
    buf_release(&wire);
    buf_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    struct buf whole = BUF_INIT, pieces = BUF_INIT;
    const char *bytes = (const char *)data + 1;
    bool broken = replies(&whole, bytes, size - 1, SMTP_READER_BYTES);
    assert(replies(&pieces, bytes, size - 1, 1 + data[0] % 64u) == broken);
    assert(str_eq(buf_str(&whole), buf_str(&pieces)));
    check_offers(bytes, size - 1);
    check_wire(bytes, size - 1);
    buf_release(&whole);
    buf_release(&pieces);
    return 0;
}
