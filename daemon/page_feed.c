/*
 * Feeds: GET /f/<secret>.ics at the public door, and the control call that gives the address out.
 *
 * A calendar asks again and again: what has not changed since is answered with 304 and no body. A
 * secret that is none is refused before the turn with the page and the count of answer links; one
 * of an earlier epoch too. Changes nothing but by the control call.
 */
#include <string.h>

#include "buf.h"
#include "config.h"
#include "digest.h"
#include "directory.h"
#include "feed.h"
#include "feed_secret.h"
#include "gateway.h"
#include "json.h"
#include "page_parts.h"
#include "store_audit.h"
#include "util.h"

/* The unit whose secret stands in the path; NULL when none. */
static const struct unit *unit_of_path(const struct stafette *g, const struct http_call *call,
                                       int64_t *epoch)
{
    char secret[FEED_SECRET_LEN + 1] = "";
    const char *text = call->path + strlen("/f/");
    if (strlen(text) == FEED_SECRET_LEN + strlen(".ics") && str_ends(text, ".ics"))
        memcpy(secret, text, FEED_SECRET_LEN);
    secret[FEED_SECRET_LEN] = '\0';
    return feed_unit(g->config->directory, &g->keys, secret, epoch);
}

bool page_feed_admit(struct stafette *g, struct http_call *call)
{
    int64_t epoch;
    if (unit_of_path(g, call, &epoch))
        return true;
    page_link_refuse(g, call);
    return false;
}

static void tag_of(const struct buf *text, char tag[HTTP_TAG_MAX])
{
    unsigned char hash[DIGEST_FULL];
    struct buf out = BUF_INIT;
    digest_sha256(hash, buf_str(text), text->len);
    buf_addc(&out, '"');
    digest_base64url(&out, hash, 15);
    buf_addc(&out, '"');
    str_copy(tag, HTTP_TAG_MAX, buf_str(&out));
    buf_release(&out);
}

void page_feed(struct stafette *g, struct http_call *call, struct known *fresh)
{
    int64_t epoch;
    const struct unit *unit = unit_of_path(g, call, &epoch);
    (void)fresh;
    if (!unit || epoch != feed_epoch(g, unit)) {
        page_link_refuse(g, call);
        return;
    }
    call->status = 200;
    call->type = "text/calendar; charset=utf-8";
    buf_reset(&call->answer);
    feed_write(g, unit, &call->answer);
    tag_of(&call->answer, call->tag);
    /* Weak tags, which a proxy may have made of ours, hold it within. */
    if (strstr(http_header(call, "If-None-Match"), call->tag)) {
        call->status = 304;
        buf_reset(&call->answer);
    }
}

void page_feed_address(struct stafette *g, struct http_call *call, struct known *fresh)
{
    char secret[FEED_SECRET_LEN + 1];
    struct buf url = BUF_INIT;
    const char *base = g->config->settings.answer_url;
    const struct unit *unit =
        directory_unit(g->config->directory, call->path + strlen("/control/feed/"));
    (void)fresh;
    if (!unit) {
        page_error(call, 404, "this unit is not in the directory");
        return;
    }
    if (str_empty(base)) {
        page_error(call, 409, "no public address is set (answer.url), so there are no feeds");
        return;
    }
    bool renew = str_eq(http_argument(call, "new"), "1");
    feed_secret(secret, &g->keys, unit->id, renew ? feed_renew(g, unit) : feed_epoch(g, unit));
    buf_printf(&url, "%s/f/%s.ics", base, secret);
    page_json(call);
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "unit", unit->id);
    json_member_text(&call->answer, "url", buf_str(&url));
    buf_addc(&call->answer, '}');
    buf_wipe(&url);
}
