/*
 * Bounces, decided: see bounce_take.h.
 *
 * Promises: a forged report ends no delivery, whatever it says: without the tag it names none, and
 * with a wrong one it is counted and forgotten. A report that comes before the attempt it is about
 * is settled is asked to come again, or it would be lost. Refuses what is older than
 * BOUNCE_DAYS_MAX and what is about an SMS. The audit trail gets numbers and codes only. A crash
 * leaves nothing: the mail comes again.
 */
#include "bounce_take.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "../adapters/adapter.h"
#include "../adapters/callback.h"
#include "bounce.h"
#include "buf.h"
#include "config.h"
#include "gateway.h"
#include "mail_read.h"
#include "outbox.h"
#include "outbox_parts.h"
#include "store_audit.h"
#include "store_delivery.h"
#include "undelivered.h"
#include "util.h"
#include "verp.h"

enum { ADDRESS_MAX = 256 };

/* Which delivery a mail names, by all that it says. */
struct named {
    int64_t delivery; /* 0: none */
    bool forged;      /* it says things that do not fit */
};

static void note(struct named *named, enum verp_end end, int64_t delivery)
{
    if (end == VERP_FORGED || (end == VERP_OURS && named->delivery && named->delivery != delivery))
        named->forged = true;
    else if (end == VERP_OURS)
        named->delivery = delivery;
}

static void note_address(struct named *named, const struct stafette *g, const char *address)
{
    int64_t delivery = 0;
    enum verp_end end = verp_address(&g->keys, g->config->settings.mail_bounce, address, &delivery);
    note(named, end, delivery);
}

static void note_id(struct named *named, const struct stafette *g, const char *id)
{
    int64_t delivery = 0;
    enum verp_end end =
        verp_message_id(&g->keys, g->config->settings.mail_id_domain, id, &delivery);
    note(named, end, delivery);
}

/* The envelope is what the last server knows; headers stand in for it. */
static void note_recipients(struct named *named, const struct stafette *g, const struct mail *mail,
                            const struct mail_envelope *envelope)
{
    note_address(named, g, envelope->recipient);
    if (named->delivery)
        return;
    for (const char *line = buf_str(&mail->recipients); *line;) {
        char address[ADDRESS_MAX];
        size_t n = strcspn(line, "\n");
        if (n < sizeof address) {
            memcpy(address, line, n);
            address[n] = '\0';
            note_address(named, g, address);
        }
        line += n + (line[n] == '\n');
    }
}

/* The ids of the mails that an automatic reply says it answers; the newest stands last, and those
 * before it are of the same thread, so several may be ours. */
static void note_references(struct named *named, const struct stafette *g, const struct mail *mail)
{
    const char *text = buf_str(&mail->references);
    for (const char *p = strchr(text, '<'); p && !named->delivery; p = strchr(p + 1, '<')) {
        char id[ADDRESS_MAX];
        int64_t delivery = 0;
        size_t n = strcspn(p, ">");
        if (p[n] != '>' || n + 2 > sizeof id)
            continue;
        memcpy(id, p, n + 1);
        id[n + 1] = '\0';
        if (verp_message_id(&g->keys, g->config->settings.mail_id_domain, id, &delivery) ==
            VERP_OURS)
            named->delivery = delivery;
    }
}

static struct named find_named(const struct stafette *g, const struct mail *mail,
                               const struct mail_envelope *envelope, bool auto_reply)
{
    struct named named = {0};
    note_recipients(&named, g, mail, envelope);
    if (!str_empty(mail->returned_id) && !auto_reply)
        note_id(&named, g, mail->returned_id);
    if (auto_reply)
        note_references(&named, g, mail);
    return named;
}

static void audit(struct stafette *g, const struct delivery *d, const struct bounce *bounce)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "delivery=%lld notice=%lld channel=%s mail=%s", (long long)d->seq,
               (long long)d->notice_seq, channel_name(d->channel), bounce_kind_name(bounce->kind));
    if (!str_empty(bounce->status))
        buf_printf(&text, " status=%s", bounce->status);
    store_audit_add(g->store, g->now_ms, d->item_seq, buf_str(&text));
    buf_release(&text);
}

/* Once for a delivery: a robot that answers for ever must not fill the audit trail. */
static enum mail_in_end take_auto_reply(struct stafette *g, struct delivery *d,
                                        const struct bounce *bounce, struct buf *said)
{
    buf_puts(said, "Das ist eine automatische Mail und damit keine Antwort.");
    if (d->state == DELIVERY_SENT && !d->reported_ms) {
        audit(g, d, bounce);
        d->reported_ms = g->now_ms;
        store_delivery_report(g->store, d);
    }
    return MAIL_IN_AUTOMATIC;
}

static enum mail_in_end take_progress(struct stafette *g, struct delivery *d,
                                      const struct bounce *bounce, struct buf *said)
{
    enum report_status next = bounce->kind == BOUNCE_DELIVERED ? REPORT_DELIVERED
                              : bounce->kind == BOUNCE_RELAYED ? REPORT_SENT
                                                               : REPORT_QUEUED;
    buf_puts(said, "Der Bericht eines Mailservers ist vermerkt.");
    if (d->state == DELIVERY_SENT && report_advances(d->report, next)) {
        audit(g, d, bounce);
        d->report = next;
        d->reported_ms = g->now_ms;
        store_delivery_report(g->store, d);
        if (bounce->kind == BOUNCE_DELAYED) {
            undelivered_delayed(g, d);
            store_delivery_settle(g->store, d);
        }
    }
    return MAIL_IN_REPORT;
}

/* The attempt may be settled by this very transaction; then the store says so. */
static bool is_under_way(struct stafette *g, const struct delivery *d)
{
    return d->state == DELIVERY_PENDING && outbox_flight(g->outbox, d->seq);
}

static enum mail_in_end take_known(struct stafette *g, struct delivery *d,
                                   const struct bounce *bounce, struct buf *said)
{
    if (bounce->kind == BOUNCE_AUTO_REPLY)
        return take_auto_reply(g, d, bounce, said);
    if (is_under_way(g, d)) {
        buf_puts(said, "Die Zustellung läuft noch. Bitte später noch einmal übergeben.");
        return MAIL_IN_LATER;
    }
    if (bounce->kind != BOUNCE_FAILED)
        return take_progress(g, d, bounce, said);
    if (d->state == DELIVERY_SENT)
        audit(g, d, bounce);
    if (!outbox_returned(g, d->seq, bounce->class, bounce->code)) {
        buf_puts(said, "Dieser Rückläufer ist schon bekannt. Es wurde nichts geändert.");
        return MAIL_IN_REPORT;
    }
    buf_puts(said, "Die Zustellung ist gescheitert; jetzt folgt der nächste Weg.");
    return MAIL_IN_BOUNCE;
}

enum mail_in_end bounce_take(struct stafette *g, const struct mail *mail,
                             const struct mail_envelope *envelope, const struct bounce *bounce,
                             struct buf *said)
{
    struct delivery d;
    const struct named named = find_named(g, mail, envelope, bounce->kind == BOUNCE_AUTO_REPLY);
    if (named.forged) {
        buf_puts(said, "Die Mail nennt eine Zustellung, die sie nicht kennen kann.");
        return MAIL_IN_FORGED;
    }
    if (!named.delivery) {
        buf_puts(said, "Das ist eine automatische Mail und damit keine Antwort.");
        return MAIL_IN_AUTOMATIC;
    }
    if (!store_delivery_get(g->store, named.delivery, &d) || d.channel != CHANNEL_EMAIL ||
        (d.ended_ms && g->now_ms - d.ended_ms > BOUNCE_DAYS_MAX * DAY_MS)) {
        buf_puts(said, "Die Zustellung ist nicht bekannt oder zu lange her.");
        return MAIL_IN_OUTLIVED;
    }
    return take_known(g, &d, bounce, said);
}

static bool is_sender(const struct stafette *g, const char *ours, const char *address)
{
    int64_t delivery;
    return verp_address(&g->keys, ours, address, &delivery) == VERP_PLAIN;
}

bool bounce_recipient_ok(const struct stafette *g, const char *address, bool *forged)
{
    int64_t delivery;
    const struct transports *all = g->config->transports;
    enum verp_end end = verp_address(&g->keys, g->config->settings.mail_bounce, address, &delivery);
    *forged = end == VERP_FORGED;
    if (end != VERP_FOREIGN || is_sender(g, g->config->settings.mail_from, address))
        return end != VERP_FORGED;
    for (size_t i = 0; i < all->count; i++) {
        const struct transport *t = all->transport[i];
        for (const struct adapter_option *o = t->adapter->options; o && o->name; o++)
            if (str_eq(o->name, "from") && is_sender(g, transport_text(t, "from"), address))
                return true;
    }
    return false;
}
