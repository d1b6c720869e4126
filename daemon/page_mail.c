/*
 * A mail that is handed in over the control socket (stafettectl mail-in): POST /control/mail-in
 * ?recipient=ADDR&sender=ADDR with the mail as it came as the body.
 *
 * Promises: 200 only after the commit, also for what is ignored; 413 and 400 for what will never be
 * taken, and 403 for what names a delivery by a wrong tag, so that the mail server gives it up;
 * everything else makes it come again. Says nothing of
 * the mail. A crash leaves nothing.
 */
#include <stdint.h>

#include "gateway.h"
#include "json.h"
#include "log.h"
#include "mail_in.h"
#include "mail_read.h"
#include "page_parts.h"

static void answer(struct http_call *call, enum mail_in_end end, const char *said)
{
    page_json(call);
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "result", mail_in_end_name(end));
    json_member_text(&call->answer, "said", said);
    buf_addc(&call->answer, '}');
}

void page_mail_in(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct mail mail;
    struct buf said = BUF_INIT;
    enum mail_in_end end = MAIL_IN_UNREADABLE;
    const struct mail_envelope envelope = {http_argument(call, "recipient"),
                                           http_argument(call, "sender")};
    (void)fresh;
    switch (mail_read(&mail, buf_str(&call->body), call->body.len)) {
    case MAIL_OK:
        end = mail_in_take(g, &mail, &envelope, &said);
        if (end == MAIL_IN_LATER)
            page_error(call, 503, buf_str(&said));
        else if (end == MAIL_IN_FORGED)
            page_error(call, 403, buf_str(&said));
        else
            answer(call, end, buf_str(&said));
        break;
    case MAIL_TOO_LARGE:
        end = MAIL_IN_TOO_LARGE;
        page_error(call, 413, "the mail is too large, or has too many parts");
        break;
    case MAIL_MALFORMED:
        page_error(call, 400, "this is no mail: it does not begin with a header");
        break;
    }
    call->state = (void *)(uintptr_t)end;
    mail_release(&mail);
    buf_release(&said);
}

void page_mail_in_committed(struct stafette *g, const struct http_call *call)
{
    enum mail_in_end end = (enum mail_in_end)(uintptr_t)call->state;
    g->metrics.mail_in[end]++;
    log_info("incoming mail", "way=control result=%s", mail_in_end_name(end));
}
