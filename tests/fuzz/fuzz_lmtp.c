/*
 * Fuzz target: an LMTP dialogue. Memory stays within the limits, each mail gets as many answers as
 * it had recipients, lines go out whole, and it makes no difference how the bytes arrive.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "../../daemon/buf.h"
#include "../../daemon/lmtp_session.h"
#include "../../daemon/util.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAIL_MAX = 500 };

static enum lmtp_recipient judge(void *context, const char *address)
{
    (void)context;
    assert(strlen(address) < LMTP_PATH_MAX);
    for (const char *p = address; *p; p++)
        assert(*p > ' ' && *p < 0x7f);
    return strchr(address, 'x') ? LMTP_RECIPIENT_UNKNOWN : LMTP_RECIPIENT_OURS;
}

static void decide(struct lmtp_session *s)
{
    const char *answer[LMTP_RECIPIENTS_MAX];
    while (s->state == LMTP_DECIDE) {
        assert(s->recipients > 0 && s->recipients <= LMTP_RECIPIENTS_MAX);
        assert(s->mail.len <= MAIL_MAX && !str_empty(s->sender));
        for (size_t i = 0; i < s->recipients; i++)
            answer[i] = s->too_large ? "552 5.3.4 no" : "250 2.0.0 yes";
        lmtp_session_answer(s, answer);
    }
    assert(s->recipients <= LMTP_RECIPIENTS_MAX && s->mail.len <= MAIL_MAX);
    assert(s->faults <= LMTP_FAULTS_MAX + 1);
}

static void check_out(const struct buf *out)
{
    const char *text = buf_str(out);
    assert(strlen(text) == out->len && str_ends(text, "\r\n"));
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        assert(line[0] >= '2' && line[0] <= '5' && (line[3] == ' ' || line[3] == '-'));
}

static void play(struct buf *out, const char *bytes, size_t size, size_t step)
{
    static const struct lmtp_rules rules = {"gw.example", MAIL_MAX, judge, NULL};
    struct lmtp_session s;
    lmtp_session_init(&s, &rules);
    for (size_t at = 0; at < size; at += step) {
        lmtp_session_feed(&s, bytes + at, size - at < step ? size - at : step);
        decide(&s);
        assert(s.in.len <= LMTP_LINE_MAX + 4096 + step);
    }
    check_out(&s.out);
    buf_add(out, s.out.data, s.out.len);
    lmtp_session_release(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf whole = BUF_INIT, bytewise = BUF_INIT;
    play(&whole, (const char *)data, size, size ? size : 1);
    play(&bytewise, (const char *)data, size, 3);
    assert(str_eq(buf_str(&whole), buf_str(&bytewise)));
    buf_release(&whole);
    buf_release(&bytewise);
    return 0;
}
