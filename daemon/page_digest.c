/*
 * Page of overviews: what a mail would say if it were made now. Reads only.
 */
#include <string.h>

#include "config.h"
#include "digest_mail.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "page_parts.h"
#include "util.h"

void page_digest(struct stafette *g, struct http_call *call, struct known *fresh)
{
    enum digest_kind kind;
    struct buf lines = BUF_INIT;
    const char *id = http_argument(call, "unit");
    const struct unit *unit = directory_unit(g->config->directory, id);
    (void)fresh;
    if (!digest_kind_parse(strrchr(call->path, '/') + 1, &kind)) {
        page_error(call, 404,
                   "there is weekly, morning, orphans, quotas, share, reach, quality "
                   "and phases");
        return;
    }
    if (digest_is_of_unit(kind) && !unit) {
        page_error(call, str_empty(id) ? 400 : 404,
                   str_empty(id) ? "it is a unit's: name it by --unit"
                                 : "this unit is not in the directory");
        return;
    }
    if (!digest_preview(g, kind, unit, &lines))
        buf_puts(&lines, "Es gibt nichts mitzuteilen; es würde nichts verschickt.");
    buf_addc(&lines, '\n');
    page_json(call);
    buf_addc(&call->answer, '{');
    json_member_text(&call->answer, "kind", digest_kind_name(kind));
    json_member_text(&call->answer, "text", buf_str(&lines));
    buf_addc(&call->answer, '}');
    buf_release(&lines);
}
