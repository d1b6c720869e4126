/*
 * Answers to invitations: see rsvp.h. Merged by RFC 5546 2.1.5: an answer to an older SEQUENCE, or
 * with an older DTSTAMP than the recorded one, changes nothing; the same once more is harmless.
 */
#include "rsvp.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "ical.h"
#include "meeting.h"
#include "meeting_special.h"
#include "store.h"
#include "store_audit.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

static const char *via_name(enum answer_via via)
{
    static const char *const names[] = {"event", "link", "sms", "control", "mail"};
    return names[via];
}

static void put_said(struct buf *said, const struct meeting_view *view, const struct rsvp *rsvp,
                     const char *verdict)
{
    const struct session *session = meeting_session(view, rsvp->session_seq);
    buf_printf(said, "%s", view->kind->name);
    if (session) {
        buf_puts(said, ", ");
        meeting_when(said, session->start_s, session->duration_s);
    }
    buf_printf(said, ": %s: %s.", verdict, member_status_german(rsvp->status));
}

static void audit(struct stafette *g, const struct rsvp *rsvp)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "rsvp unit=%s session=%lld status=%s via=%s sequence=%lld", rsvp->unit->id,
               (long long)rsvp->session_seq, member_status_name(rsvp->status), via_name(rsvp->via),
               (long long)rsvp->sequence);
    store_audit_add(g->store, g->now_ms, rsvp->item_seq, buf_str(&text));
    buf_release(&text);
}

/* SEQUENCE of the invitation that holds now. */
static int64_t current_sequence(const struct meeting_view *view, const struct session *session)
{
    return session && session->sequence > view->meeting.sequence ? session->sequence
                                                                 : view->meeting.sequence;
}

static void tell_office(struct stafette *g, const struct meeting_view *view, int64_t session_seq,
                        const char *outcome)
{
    const struct meeting_news news = {.what = "meeting.note",
                                      .session_seq = session_seq,
                                      .outcome = outcome,
                                      .reason = REASON_HOST};
    meeting_tell_unit(g, &view->item, meeting_office(g, view), &news);
}

/* UL8: the deputy takes the chair; the office knows, nobody else gets mail. Without a deputy the
 * office must find one. */
static void chair_declined(struct stafette *g, const struct meeting_view *view,
                           const struct rsvp *rsvp)
{
    struct buf outcome = BUF_INIT;
    const struct unit *deputy = meeting_role(g, view, MEMBER_DEPUTY_CHAIR, rsvp->session_seq);
    if (deputy)
        buf_printf(&outcome, "Der Vorsitz hat abgesagt. Die Leitung übernimmt: %s.", deputy->name);
    else
        buf_puts(&outcome, "Der Vorsitz hat abgesagt, eine Stellvertretung ist nicht da. Bitte "
                           "klären Sie, wer den Termin leitet.");
    tell_office(g, view, rsvp->session_seq, buf_str(&outcome));
    if (deputy) {
        const struct meeting_news news = {
            .what = "meeting.note",
            .session_seq = rsvp->session_seq,
            .outcome = "Der Vorsitz hat abgesagt. Bitte leiten Sie diesen Termin.",
            .reason = REASON_MEMBER};
        meeting_tell_unit(g, &view->item, deputy, &news);
    }
    buf_release(&outcome);
}

static void record(struct stafette *g, const struct meeting_view *view, const struct rsvp *rsvp,
                   const struct member *whole, enum member_status before)
{
    struct member member = *whole;
    member.session_seq = rsvp->session_seq;
    member.status = rsvp->status;
    member.stamp_ms = rsvp->stamp_ms;
    member.via = rsvp->via;
    member.sequence = rsvp->sequence < 0
                          ? current_sequence(view, meeting_session(view, rsvp->session_seq))
                          : rsvp->sequence;
    store_member_put(g->store, &member);
    /* Who accepts the whole accepts the sessions of which nothing was said since they moved. */
    if (!rsvp->session_seq)
        store_member_answered(g->store, rsvp->item_seq, rsvp->unit->id);
    audit(g, rsvp);
    tell_status(g, &view->item, "meeting.answered", "answer", member_status_name(rsvp->status));
    bool declines = rsvp->status == STATUS_DECLINED && before != STATUS_DECLINED;
    if (declines && whole->role == MEMBER_CHAIR)
        chair_declined(g, view, rsvp);
    meeting_presence_answered(g, view, rsvp);
}

static bool is_over(const struct stafette *g, const struct meeting_view *view,
                    const struct session *session)
{
    int64_t now_s = meeting_wall_now(g);
    return view->item.closed_ms || (session && (session->state != SESSION_PLANNED ||
                                                session->start_s + session->duration_s <= now_s));
}

static enum rsvp_end take(struct stafette *g, const struct meeting_view *view,
                          const struct rsvp *rsvp, struct buf *said)
{
    const struct session *session = meeting_session(view, rsvp->session_seq);
    const struct member *whole = meeting_member(view, rsvp->unit->id);
    struct member now, stand_in;
    /* Who was asked to take one session belongs to that one only. */
    if (store_member_of_role(g->store, view->item.seq, rsvp->session_seq, MEMBER_STAND_IN,
                             &stand_in) &&
        str_eq(stand_in.unit, rsvp->unit->id))
        whole = &stand_in;
    if (!whole || (rsvp->session_seq && !session)) {
        buf_puts(said, "Ihre Stelle ist zu diesem Termin nicht eingeladen.");
        return RSVP_NOT_INVITED;
    }
    if (is_over(g, view, session)) {
        buf_puts(said, "Dieser Termin ist vorbei oder abgesagt; es wurde nichts geändert.");
        return RSVP_OVER;
    }
    bool own = store_member_get(g->store, view->item.seq, rsvp->unit->id, rsvp->session_seq, &now);
    if (!own)
        now = *whole;
    /* What holds for the whole says nothing of when a single session was answered. */
    bool older = rsvp->sequence >= 0 && rsvp->sequence < current_sequence(view, session);
    older = older || (own && now.stamp_ms > rsvp->stamp_ms);
    if (older) {
        put_said(said, view, rsvp, "Eine neuere Antwort oder Einladung gilt schon, nicht");
        return RSVP_OUTDATED;
    }
    if (now.status == rsvp->status && (own || !rsvp->session_seq)) {
        now.stamp_ms = rsvp->stamp_ms; /* what was written before it stays outdated */
        store_member_put(g->store, &now);
        put_said(said, view, rsvp, "Das ist schon vermerkt");
        return RSVP_KNOWN;
    }
    record(g, view, rsvp, whole, now.status);
    put_said(said, view, rsvp, "Ihre Antwort ist vermerkt");
    return RSVP_TAKEN;
}

enum rsvp_end rsvp_take(struct stafette *g, const struct rsvp *rsvp, struct buf *said)
{
    struct meeting_view view;
    enum rsvp_end end = RSVP_UNKNOWN;
    if (meeting_view(g, rsvp->item_seq, &view))
        end = take(g, &view, rsvp, said);
    else
        buf_puts(said, "Diesen Termin gibt es nicht.");
    meeting_view_release(&view);
    return end;
}

/* ---- replies by mail */

static bool same_address(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

/* The member that reads this mailbox. */
static const struct unit *unit_of(const struct stafette *g, const struct meeting_view *view,
                                  const char *address)
{
    for (size_t i = 0; i < view->members; i++) {
        const struct unit *unit = directory_unit(g->config->directory, view->member[i].unit);
        for (size_t c = 0; unit && c < unit->contacts; c++)
            if (unit->contact[c].channel == CHANNEL_EMAIL &&
                same_address(unit->contact[c].address, address))
                return unit;
    }
    return NULL;
}

static bool read_status(const char *partstat, enum member_status *status)
{
    for (int s = STATUS_ACCEPTED; s <= STATUS_TENTATIVE; s++)
        if (str_eq(member_status_partstat((enum member_status)s), partstat)) {
            *status = (enum member_status)s;
            return true;
        }
    return false;
}

/* The session that a RECURRENCE-ID names: by its start as the rule has it, as a citizen has it
 * (BI4), or by the day alone; 0 when there is none. */
static int64_t session_named(const struct meeting_view *view, const struct ical_reply *reply)
{
    int64_t part2_s = view->setup ? view->setup->part2_s : 0;
    for (size_t i = 0; i < view->sessions; i++) {
        int64_t original_s = view->session[i].original_s;
        if (reply->recurrence_day
                ? original_s / 86400 == reply->recurrence_s / 86400
                : original_s == reply->recurrence_s || original_s + part2_s == reply->recurrence_s)
            return view->session[i].seq;
    }
    return 0;
}

static const char odd_reply[] =
    "Eine Antwort per E-Mail kam nicht von einem eingeladenen Postfach oder verlangt etwas anderes "
    "als Zusage oder Absage. Bitte fragen Sie bei den Eingeladenen nach.";

struct told {
    int64_t since_ms;
    bool found;
};

static void look_told(void *context, const struct notice *notice)
{
    struct told *told = context;
    if (notice->created_ms > told->since_ms && str_eq(notice->outcome, odd_reply))
        told->found = true;
}

/* Recorded each time, and shown to the office once a day, so that nobody fills its mailbox; a
 * person decides (RFC 5546 3.2.3 "Delegating", forwarding). */
static enum rsvp_end look_at_it(struct stafette *g, const struct meeting_view *view,
                                int64_t session_seq, const char *why)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "rsvp by mail not applied: %s", why);
    store_audit_add(g->store, g->now_ms, view->item.seq, buf_str(&text));
    struct told told = {g->now_ms - DAY_MS, false};
    store_notice_each(g->store, view->item.seq, &told, look_told);
    if (!told.found)
        tell_office(g, view, session_seq, odd_reply);
    buf_release(&text);
    return RSVP_NOT_INVITED;
}

static enum rsvp_end take_reply(struct stafette *g, struct meeting_view *view, int64_t session_seq,
                                const char *from, const struct ical_reply *reply, struct buf *said)
{
    struct rsvp rsvp = {.item_seq = view->item.seq,
                        .session_seq = session_seq,
                        .sequence = reply->sequence,
                        .stamp_ms = reply->dtstamp_ms ? reply->dtstamp_ms : g->now_ms,
                        .via = VIA_MAIL};
    if (reply->recurrence_s && !str_empty(view->meeting.rule)) {
        rsvp.session_seq = session_named(view, reply);
        if (!rsvp.session_seq)
            return RSVP_UNKNOWN;
    }
    if (view->item.closed_ms)
        return RSVP_OVER;
    rsvp.unit = unit_of(g, view, reply->address);
    if (!rsvp.unit || !same_address(from, reply->address))
        return look_at_it(g, view, rsvp.session_seq, "not from an invited mailbox");
    if (!read_status(reply->status, &rsvp.status))
        return look_at_it(g, view, rsvp.session_seq, "neither accepted, declined nor tentative");
    return take(g, view, &rsvp, said);
}

enum rsvp_end rsvp_reply(struct stafette *g, const char *from, const struct ical_reply *reply,
                         struct buf *said)
{
    struct meeting_view view = {0};
    int64_t item_seq, session_seq;
    enum rsvp_end end = RSVP_UNKNOWN;
    if (meeting_uid_read(g, reply->uid, &item_seq, &session_seq) &&
        meeting_view(g, item_seq, &view))
        end = take_reply(g, &view, session_seq, from, reply, said);
    meeting_view_release(&view);
    return end;
}
