/*
 * Chains of bodies: see meeting_special.h. What is told names bodies and days, never what a paper
 * is about. That a paper is filed is kept under the number of its body's meeting, so that a moved
 * date asks for it again only when it is missing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lead.h"
#include "meeting.h"
#include "meeting_special.h"
#include "store.h"
#include "store_audit.h"
#include "util.h"
#include "workflow_parts.h"

enum { PAGES_WITHOUT_SUMMARY = 3, AGAIN_DAYS = 3 };

static const struct chain_setup *chain_of(const struct stafette *g, const struct meeting *meeting,
                                          size_t *at)
{
    return directory_chain_of(g->config->directory, meeting->meeting_id, at);
}

/* ---- papers */

static void paper_name(int64_t item_seq, char name[ID_MAX])
{
    snprintf(name, ID_MAX, "paper/%lld", (long long)item_seq);
}

static bool is_filed(struct stafette *g, int64_t item_seq)
{
    char name[ID_MAX];
    paper_name(item_seq, name);
    return store_meta_int(g->store, name) != 0;
}

void meeting_chain_plan(struct stafette *g, const struct meeting *meeting,
                        const struct session *session)
{
    size_t at;
    struct lead_due due[LEADS_MAX];
    const struct chain_setup *chain = chain_of(g, meeting, &at);
    if (!chain || is_filed(g, meeting->item_seq))
        return;
    const struct lead lead[] = {chain->lead, {LEAD_WORKING_DAYS, AGAIN_DAYS}};
    const struct lead_session about = {&chain->author->hours, meeting_moment(session->start_s),
                                       g->now_ms};
    size_t n = lead_plan(lead, COUNT_OF(lead), &about, due);
    for (size_t i = 0; i < n; i++)
        meeting_add_reminder(g, session, REMIND_PAPER, due[i].due_ms);
}

static void tell_author(struct stafette *g, const struct item *item, int64_t session_seq,
                        const struct unit *author, const char *outcome)
{
    const struct meeting_news news = {.what = "meeting.note",
                                      .session_seq = session_seq,
                                      .outcome = outcome,
                                      .reason = REASON_TASK};
    meeting_tell_unit(g, item, author, &news);
}

void meeting_chain_due(struct stafette *g, struct meeting_view *view, struct session *session)
{
    size_t at;
    struct buf outcome = BUF_INIT;
    const struct chain_setup *chain = chain_of(g, &view->meeting, &at);
    if (!chain || is_filed(g, view->item.seq) || session->state != SESSION_PLANNED ||
        meeting_moment(session->start_s) <= g->now_ms)
        return;
    buf_printf(&outcome,
               "Für diesen Termin fehlt noch Ihre Vorlage (Station %zu von %zu). Bitte reichen Sie "
               "sie ein bei: %s.",
               at + 1, chain->bodies, view->host->name);
    tell_author(g, &view->item, session->seq, chain->author, buf_str(&outcome));
    buf_release(&outcome);
}

/* ---- document.filed */

/* Who may say that the paper is there: its author, and who runs the body; of a body in no chain
 * also a member. */
static bool may_file(struct stafette *g, const struct meeting_view *view,
                     const struct chain_setup *chain, const struct unit *by)
{
    if (!by || by == view->host || by == meeting_office(g, view))
        return by != NULL;
    return chain ? by == chain->author : meeting_member(view, by->id) != NULL;
}

static void file_paper(struct stafette *g, const struct meeting_view *view)
{
    char name[ID_MAX];
    paper_name(view->item.seq, name);
    store_meta_set_int(g->store, name, g->now_ms);
    store_audit_add(g->store, g->now_ms, view->item.seq, "meeting paper filed");
}

static void take_document(struct work *w, const struct meeting_view *view)
{
    size_t at;
    struct session next = {0};
    const struct chain_setup *chain = chain_of(w->g, &view->meeting, &at);
    const struct unit *author = chain ? chain->author : w->parties.by;
    if (!may_file(w->g, view, chain, w->parties.by)) {
        work_fault(w, "E-STELLE", FIELD_BY_UNIT);
        work_refuse(w, false);
        return;
    }
    if (w->ev.number[FIELD_PAGES] <= PAGES_WITHOUT_SUMMARY || w->ev.number[FIELD_SUMMARY]) {
        file_paper(w->g, view);
        return;
    }
    store_session_next(w->g->store, view->item.seq, meeting_wall_now(w->g), &next);
    tell_author(w->g, &view->item, next.seq, author,
                "Die Vorlage ist länger als drei Seiten. Bitte eine kurze Zusammenfassung "
                "voranstellen und sie noch einmal einreichen.");
}

void work_document_filed(struct work *w)
{
    struct meeting meeting;
    struct meeting_view view = {0};
    if (work_named_meeting(w, &meeting) && meeting_view(w->g, meeting.item_seq, &view))
        take_document(w, &view);
    meeting_view_release(&view);
}

/* ---- dates that move */

struct station {
    struct meeting_view view;
    struct session session;
    bool is_ahead;
};

static void look(struct stafette *g, const struct meeting_setup *body, struct station *station)
{
    struct meeting meeting;
    if (!store_meeting_find(g->store, body->id, &meeting) ||
        !meeting_view(g, meeting.item_seq, &station->view))
        return;
    station->is_ahead =
        !station->view.item.closed_ms &&
        store_session_next(g->store, meeting.item_seq, meeting_wall_now(g), &station->session);
}

static void put_station(struct buf *out, const struct station *station)
{
    buf_printf(out, "%s, ", station->view.host->name);
    meeting_when(out, station->session.start_s, station->session.duration_s);
}

static void tell_behind(struct stafette *g, const struct station *moved,
                        const struct station *behind)
{
    struct buf outcome = BUF_INIT;
    buf_puts(&outcome, "In der Beratungsfolge vor diesem Termin hat sich ein Tag geändert: ");
    put_station(&outcome, moved);
    buf_puts(&outcome, ".");
    const struct meeting_news news = {.what = "meeting.note",
                                      .session_seq = behind->session.seq,
                                      .outcome = buf_str(&outcome),
                                      .reason = REASON_MEMBER};
    meeting_tell(g, &behind->view.item, &news);
    buf_release(&outcome);
}

/* Somebody must decide: another day, or another order. */
static void tell_order(struct stafette *g, const struct chain_setup *chain,
                       const struct station *first, const struct station *then)
{
    struct buf outcome = BUF_INIT;
    const struct unit *office = meeting_office(g, &then->view);
    buf_puts(&outcome, "Die Beratungsfolge stimmt nicht mehr: ");
    put_station(&outcome, then);
    buf_puts(&outcome, " liegt vor ");
    put_station(&outcome, first);
    buf_puts(&outcome, ". Bitte klären Sie, welcher Tag sich ändert.");
    tell_author(g, &then->view.item, then->session.seq, chain->author, buf_str(&outcome));
    if (office != chain->author)
        tell_author(g, &then->view.item, then->session.seq, office, buf_str(&outcome));
    buf_release(&outcome);
}

/* The moved one against all others: the rest was in order, or somebody knows already. */
static void check_order(struct stafette *g, const struct chain_setup *chain, size_t at,
                        const struct station *station)
{
    for (size_t i = 0; i < chain->bodies; i++) {
        const struct station *a = &station[i < at ? i : at], *b = &station[i < at ? at : i];
        if (i != at && a->is_ahead && b->is_ahead && b->session.start_s < a->session.start_s)
            tell_order(g, chain, a, b);
    }
}

void meeting_chain_moved(struct stafette *g, const struct meeting *meeting)
{
    size_t at;
    const struct chain_setup *chain = chain_of(g, meeting, &at);
    if (!chain)
        return;
    struct station *station = xcalloc(chain->bodies, sizeof *station);
    for (size_t i = 0; i < chain->bodies; i++)
        look(g, chain->body[i], &station[i]);
    for (size_t i = at + 1; i < chain->bodies && station[at].is_ahead; i++)
        if (station[i].is_ahead)
            tell_behind(g, &station[at], &station[i]);
    check_order(g, chain, at, station);
    for (size_t i = 0; i < chain->bodies; i++)
        meeting_view_release(&station[i].view);
    free(station);
}
