/*
 * The outbox, bundles: notices that wait for the same moment in the same lane for the same contact
 * leave in one mail (outbox_pace.c gave them that moment). The first is the leader: the mail has
 * its Message-ID, return path and client reference, and names all threads. The others, its mates,
 * share its ending: sent, deferred to the same moment, or failed. Each keeps its own answer links.
 *
 * A mate that may not leave, or whose text is blocked, stays behind and is looked at alone.
 */
#include <stdlib.h>
#include <string.h>

#include "../adapters/adapter.h"
#include "gateway.h"
#include "outbox.h"
#include "outbox_parts.h"
#include "permit.h"
#include "render.h"
#include "store_delivery.h"
#include "store_item.h"
#include "util.h"

enum { MATES_MAX = 11 };

struct bundle {
    struct stafette *g;
    struct job *job;
    struct buf text, threads;
    int64_t *mate;
    size_t mates;
};

static void put_part(struct bundle *b, const struct message *message)
{
    buf_printf(&b->text, "%s\n\n%s\n\n\n", message->subject, message->body);
    if (b->threads.len)
        buf_addc(&b->threads, ' ');
    buf_puts(&b->threads, message->thread_id);
}

static bool render_mate(struct bundle *b, const struct due *due, struct message *message)
{
    struct item item;
    struct stafette *g = b->g;
    const struct template *text = outbox_template(g, due->delivery.template_id);
    return text && store_item_get(g->store, due->delivery.item_seq, &item) &&
           outbox_bundles(&item) && permit_start(g, &item, &due->notice) == PERMIT_ALLOWED &&
           render_contact(g, due) && render_message(g, due, &item, text, message);
}

static bool add_mate(void *context, const struct due *due)
{
    struct bundle *b = context;
    struct job *part = job_new();
    /* A contact that is gone may be replaced by another of its unit (render.h). */
    if (!outbox_flight(b->g->outbox, due->delivery.seq) && render_mate(b, due, &part->message) &&
        str_eq(part->message.address, b->job->message.address)) {
        put_part(b, &part->message);
        b->mate[b->mates++] = due->delivery.seq;
    }
    job_free(part);
    return b->mates < MATES_MAX;
}

static void replace(char **text, struct buf *with)
{
    explicit_bzero(*text, strlen(*text));
    free(*text);
    *text = buf_detach(with);
}

static void write_bundle(struct bundle *b)
{
    struct message *message = &b->job->message;
    struct buf subject = BUF_INIT, body = BUF_INIT;
    buf_printf(&subject, "%zu Nachrichten für Ihre Stelle", b->mates + 1);
    buf_printf(&body,
               "Diese Mail enthält %zu Nachrichten an Ihre Stelle. Jede hat ihre eigenen "
               "Antwortlinks; bitte beantworten Sie jede für sich.\n\n\n%s",
               b->mates + 1, buf_str(&b->text));
    replace(&message->subject, &subject);
    replace(&message->body, &body);
    replace(&message->thread_id, &b->threads);
}

int64_t *outbox_bundle(struct stafette *g, const struct due *due, struct job *job, size_t *mates)
{
    struct item item;
    struct bundle b = {.g = g, .job = job, .text = BUF_INIT, .threads = BUF_INIT};
    *mates = 0;
    /* What must be content-free is nobody's company; what is encrypted is so as a whole. */
    if (due->delivery.channel != CHANNEL_EMAIL || due->delivery.urgent ||
        !str_empty(job->withheld) || !store_item_get(g->store, due->delivery.item_seq, &item) ||
        !outbox_bundles(&item))
        return NULL;
    b.mate = xcalloc(MATES_MAX, sizeof *b.mate);
    put_part(&b, &job->message);
    store_delivery_mates(g->store, &due->delivery, &b, add_mate);
    if (b.mates)
        write_bundle(&b);
    buf_wipe(&b.text);
    buf_release(&b.threads);
    *mates = b.mates;
    if (b.mates)
        return b.mate;
    free(b.mate);
    return NULL;
}
