/*
 * The page of encrypted mailboxes (protect.h): which contacts of class "high" have a certificate,
 * and until when. Reads the loaded configuration and the clock; shows no address and changes
 * nothing.
 */
#include <string.h>

#include "../adapters/smime.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "page_parts.h"
#include "protect.h"
#include "util.h"

static void put_unit(struct buf *out, const struct directory *dir, const struct contact *contact)
{
    char id[ID_MAX] = "";
    size_t len = strcspn(contact->id, "/");
    if (len < sizeof id)
        memcpy(id, contact->id, len);
    const struct unit *unit = directory_unit(dir, id);
    json_member_text(out, "name", unit ? unit->name : "");
}

/* "2026-12-24"; "" when there is no certificate. */
static void put_end(struct buf *out, const struct smime_certificate *certificate)
{
    struct buf text = BUF_INIT;
    if (certificate)
        time_utc(&text, smime_certificate_to_ms(certificate));
    if (text.len > 10)
        text.data[10] = '\0';
    json_member_text(out, "until", buf_str(&text));
    buf_release(&text);
}

void page_certificates(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf *out = &call->answer;
    const struct protections *all = g->config->protections;
    (void)fresh;
    page_json(call);
    buf_addc(out, '[');
    for (size_t i = 0; i < protections_count(all); i++) {
        const struct protection *p = protections_at(all, i);
        const struct smime_certificate *used;
        enum protect_verdict verdict = protect_ask(g->config, p->contact, g->now_ms, &used);
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "contact", p->contact->id);
        put_unit(out, g->config->directory, p->contact);
        json_member_text(out, "certificate", protect_verdict_name(verdict));
        put_end(out, p->certificate);
        json_member_text(out, "notices", used ? "encrypted" : "without content");
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}
