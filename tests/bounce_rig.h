/*
 * Mails of tests/mails about a delivery: their @TAG@ is replaced by the tagged number that a test
 * gives them.
 */
#ifndef BOUNCE_RIG_H
#define BOUNCE_RIG_H

#include <string.h>

#include "../daemon/bounce.h"
#include "../daemon/buf.h"
#include "../daemon/mail_read.h"
#include "../daemon/util.h"

/* Appends text with each @TAG@ replaced. */
static inline void bounce_fill(struct buf *out, const char *text, const char *tag)
{
    static const char hole[] = "@TAG@";
    const char *at = text;
    for (const char *next; (next = strstr(at, hole)); at = next + strlen(hole)) {
        buf_add(out, at, (size_t)(next - at));
        buf_puts(out, tag);
    }
    buf_puts(out, at);
}

static inline void bounce_load(struct buf *out, const char *name, const char *tag)
{
    struct buf path = BUF_INIT, raw = BUF_INIT, err = BUF_INIT;
    buf_printf(&path, "tests/mails/%s.eml", name);
    if (buf_read_file(&raw, buf_str(&path), 1 << 20, &err) < 0)
        fail_msg("%s", buf_str(&err));
    bounce_fill(out, buf_str(&raw), tag);
    buf_release(&path);
    buf_release(&raw);
    buf_release(&err);
}

#endif
