/*
 * Encrypted mailboxes: see protect.h.
 *
 * The one place where the class of a contact turns into the form of a mail. Immutable after
 * loading; a reload makes a new set beside the old one, which attempts under way keep. Promises
 * that there is no third way between an encrypted notice and one without content. A crash leaves
 * nothing here: the verdict is asked again with the next attempt.
 */
#include "protect.h"

#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "../adapters/smime.h"
#include "buf.h"
#include "conf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "template.h"
#include "util.h"

static const char notice[] = "protected.notice";

struct protections {
    struct protection *list; /* by the contact's id */
    size_t count, cap;
};

const char *protect_verdict_name(enum protect_verdict verdict)
{
    switch (verdict) {
    case PROTECT_NONE:
        return "none";
    case PROTECT_SEALED:
        return "valid";
    case PROTECT_SOON:
        return "soon";
    case PROTECT_MISSING:
        return "missing";
    case PROTECT_EARLY:
        return "early";
    case PROTECT_EXPIRED:
        return "expired";
    case PROTECT_VERDICT_COUNT:
        break;
    }
    return "";
}

static int by_id(const void *a, const void *b)
{
    const struct protection *x = a, *y = b;
    return strcmp(x->contact->id, y->contact->id);
}

static const struct protection *find(const struct protections *all, const struct contact *contact)
{
    const struct protection wanted = {.contact = contact};
    return all->count ? bsearch(&wanted, all->list, all->count, sizeof wanted, by_id) : NULL;
}

static struct smime_certificate *load(const struct contact *contact, struct conf_faults *faults)
{
    struct buf why = BUF_INIT;
    struct smime_certificate *certificate = NULL;
    if (!str_empty(contact->certificate))
        certificate = smime_certificate_load(contact->certificate, &why);
    if (certificate && !smime_certificate_names(certificate, contact->address))
        buf_printf(&why,
                   "%s: it is not for the mailbox in \"address\" (its subjectAltName names "
                   "another); ask for one that is, or correct \"address\"",
                   contact->certificate);
    if (why.len)
        conf_fault_at(faults, contact->file, contact->line, "\"certificate\" is not usable: %s",
                      buf_str(&why));
    buf_release(&why);
    return certificate;
}

static void add(struct protections *all, const struct contact *contact, struct conf_faults *faults)
{
    if (!contact->high)
        return;
    all->list = grow(all->list, all->count, &all->cap, sizeof *all->list);
    all->list[all->count++] = (struct protection){contact, load(contact, faults)};
}

struct protections *protections_load(const struct directory *dir, struct conf_faults *faults)
{
    struct protections *all = xcalloc(1, sizeof *all);
    for (size_t u = 0; dir && u < dir->units; u++)
        for (size_t c = 0; c < dir->unit[u].contacts; c++)
            add(all, &dir->unit[u].contact[c], faults);
    if (all->count)
        qsort(all->list, all->count, sizeof *all->list, by_id);
    return all;
}

void protections_free(struct protections *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++)
        smime_certificate_free(all->list[i].certificate);
    free(all->list);
    free(all);
}

size_t protections_count(const struct protections *all)
{
    return all->count;
}

const struct protection *protections_at(const struct protections *all, size_t i)
{
    return &all->list[i];
}

static enum protect_verdict judge(const struct smime_certificate *certificate, int64_t now_ms)
{
    const int64_t soon_ms = PROTECT_SOON_DAYS * DAY_MS;
    if (!certificate)
        return PROTECT_MISSING;
    if (now_ms < smime_certificate_from_ms(certificate))
        return PROTECT_EARLY;
    if (now_ms > smime_certificate_to_ms(certificate))
        return PROTECT_EXPIRED;
    return now_ms > smime_certificate_to_ms(certificate) - soon_ms ? PROTECT_SOON : PROTECT_SEALED;
}

enum protect_verdict protect_ask(const struct config *config, const struct contact *contact,
                                 int64_t now_ms, const struct smime_certificate **certificate)
{
    *certificate = NULL;
    if (!contact->high)
        return PROTECT_NONE;
    const struct protection *p = find(config->protections, contact);
    enum protect_verdict verdict = judge(p ? p->certificate : NULL, now_ms);
    if (verdict == PROTECT_SEALED || verdict == PROTECT_SOON)
        *certificate = p->certificate;
    return verdict;
}

const struct template *protect_text(const struct stafette *g, const struct contact *contact,
                                    const struct template *text, struct message *message,
                                    const char **withheld)
{
    enum protect_verdict verdict = protect_ask(g->config, contact, g->now_ms, &message->seal);
    *withheld = "";
    if (verdict == PROTECT_NONE || message->seal)
        return text;
    *withheld = protect_verdict_name(verdict);
    return templates_find(g->config->templates, notice, CHANNEL_EMAIL);
}

void protect_strip(struct message *message)
{
    if (message->calendar)
        explicit_bzero(message->calendar, strlen(message->calendar));
    free(message->calendar);
    free(message->method);
    message->calendar = message->method = NULL;
}

/* "2026-12-24", for a sentence. */
static void put_day(struct buf *out, int64_t at_ms)
{
    struct buf text = BUF_INIT;
    time_utc(&text, at_ms);
    buf_add(out, text.data, 10);
    buf_release(&text);
}

static void warn_of(const struct protection *p, int64_t now_ms, struct conf_faults *faults)
{
    static const char bare[] = "its notices leave without content";
    struct buf said = BUF_INIT;
    switch (judge(p->certificate, now_ms)) {
    case PROTECT_NONE:
    case PROTECT_SEALED:
    case PROTECT_VERDICT_COUNT:
        break;
    case PROTECT_SOON:
        buf_puts(&said, "the certificate ends on ");
        put_day(&said, smime_certificate_to_ms(p->certificate));
        buf_puts(&said, "; put the next one in its place in time");
        break;
    case PROTECT_MISSING:
        buf_printf(&said, "class \"high\" without a certificate: %s; ask for one", bare);
        break;
    case PROTECT_EARLY:
        buf_puts(&said, "the certificate begins on ");
        put_day(&said, smime_certificate_from_ms(p->certificate));
        buf_printf(&said, "; until then %s", bare);
        break;
    case PROTECT_EXPIRED:
        buf_puts(&said, "the certificate ended on ");
        put_day(&said, smime_certificate_to_ms(p->certificate));
        buf_printf(&said, "; %s until a new one is loaded", bare);
        break;
    }
    const struct conf_node at = {
        .name = "", .text = "", .file = p->contact->file, .line = p->contact->line};
    if (said.len)
        conf_warning(faults, &at, "contact %s: %s", p->contact->id, buf_str(&said));
    buf_release(&said);
}

/* A signature that has ended is left out, which readers notice before we do. */
static void warn_of_signature(const struct config *config, const struct transport *t,
                              int64_t now_ms, struct conf_faults *faults)
{
    int64_t to_ms = 0;
    struct buf said = BUF_INIT;
    const struct conf_node at = {.name = "", .text = "", .file = config->path, .line = 1};
    if (!smime_signature_ends(t, &to_ms) || now_ms <= to_ms - PROTECT_SOON_DAYS * DAY_MS)
        return;
    put_day(&said, to_ms);
    conf_warning(faults, &at,
                 "transport \"%s\": the certificate in sign_cert ends on %s; from then on mail is "
                 "encrypted, but not signed",
                 t->name, buf_str(&said));
    buf_release(&said);
}

void protect_check(const struct config *config, int64_t now_ms, struct conf_faults *faults)
{
    for (size_t i = 0; i < config->protections->count; i++)
        warn_of(&config->protections->list[i], now_ms, faults);
    for (size_t i = 0; i < config->transports->count; i++)
        warn_of_signature(config, config->transports->transport[i], now_ms, faults);
}
