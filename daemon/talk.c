/*
 * The conversation of a handover: see talk.h. The meeting is the handover's child item, so nothing
 * else remembers that it was called. With meeting.handover off none is opened; what is open goes
 * on.
 */
#include "talk.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "code.h"
#include "config.h"
#include "gateway.h"
#include "meeting.h"
#include "poll.h"
#include "store.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"

static const char kind_of_talk[] = "uebergabegespraech";

static bool find_talk(void *context, const struct item *item)
{
    struct item *found = context;
    bool is_talk = item->kind == ITEM_MEETING && str_eq(item->code, kind_of_talk);
    if (is_talk)
        *found = *item;
    return !is_talk;
}

static bool open_talk(struct stafette *g, const struct item *handover, struct item *talk)
{
    memset(talk, 0, sizeof *talk);
    store_item_each_child(g->store, handover->seq, talk, find_talk);
    return talk->seq != 0;
}

/* "uebergabe-k7f3-92qx" */
static void name_talk(const struct stafette *g, const struct item *handover, char id[ID_MAX])
{
    char code[ITEM_ID_LEN + 1];
    code_write(code, handover->seq, g->keys.code);
    for (char *p = code; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    snprintf(id, ID_MAX, "uebergabe-%s", code);
}

/* start_s 0: a date is sought. */
static void call_talk(struct stafette *g, const struct item *handover, int64_t start_s)
{
    struct member member[] = {{.role = MEMBER_CHAIR}, {.role = MEMBER_MEMBER}};
    struct meeting_wish wish = {.member = member,
                                .members = COUNT_OF(member),
                                .about = handover,
                                .source = handover->source,
                                .event_seq = handover->event_seq};
    struct meeting *meeting = &wish.meeting;
    name_talk(g, handover, meeting->meeting_id);
    str_copy(meeting->kind, sizeof meeting->kind, kind_of_talk);
    memcpy(meeting->unit, handover->from_unit, sizeof meeting->unit);
    meeting->origin = ORIGIN_HANDOVER;
    meeting->start_s = start_s;
    meeting->duration_s = g->config->settings.meeting_handover_length_ms / 1000;
    memcpy(member[0].unit, handover->from_unit, sizeof member[0].unit);
    memcpy(member[1].unit, handover->to_unit, sizeof member[1].unit);
    int64_t seq = meeting_open(g, &wish);
    if (!start_s)
        poll_find_date(g, seq, 0, false);
}

/* The moment that conversation.planned names, on the wall; 0 when it does not, or it has passed. */
static int64_t planned_s(const struct work *w)
{
    int second;
    if (w->ev.type != EVENT_CONVERSATION_PLANNED || w->ev.number[FIELD_AT] <= w->g->now_ms)
        return 0;
    int64_t day = wall_day(w->ev.number[FIELD_AT], &second);
    return day * 86400 + second;
}

static void move_talk(struct stafette *g, const struct item *talk, int64_t start_s)
{
    struct session session;
    if (talk->state == STATE_WAITING) {
        meeting_set_date(g, talk->seq, start_s);
        return;
    }
    if (!store_session_next(g->store, talk->seq, meeting_wall_now(g), &session))
        return;
    session.start_s = start_s;
    meeting_change_session(g, &session);
}

/* It took place: what has begun counts as held; what was to come is called off. */
static void talk_was_held(struct stafette *g, const struct item *talk)
{
    struct session session;
    if (!store_session_last(g->store, talk->seq, meeting_wall_now(g) + 1, &session))
        meeting_cancel(g, talk->seq, 0, "other");
    else if (session.state != SESSION_HELD)
        meeting_session_held(g, &session, true);
}

static void settle(struct stafette *g, const struct item *handover, const struct item *talk)
{
    if (handover->flags & ITEM_CONVERSED)
        talk_was_held(g, talk);
    else
        meeting_cancel(g, talk->seq, 0, "other");
}

static bool wants_talk(const struct item *handover)
{
    bool seen =
        handover->state == STATE_ACKNOWLEDGED || handover->state == STATE_CONVERSATION_PLANNED;
    return seen && handover->flags & ITEM_HILFEPLAN && !(handover->flags & ITEM_CONVERSED) &&
           !handover->closed_ms;
}

void talk_follow(struct work *w)
{
    struct item talk;
    if (w->item.kind != ITEM_HANDOVER || !(w->item.flags & ITEM_HILFEPLAN))
        return;
    bool open = open_talk(w->g, &w->item, &talk);
    int64_t start_s = planned_s(w);
    if (!wants_talk(&w->item)) {
        if (open)
            settle(w->g, &w->item, &talk);
    } else if (!open) {
        if (w->g->config->settings.meeting_handover)
            call_talk(w->g, &w->item, start_s);
    } else if (start_s) {
        move_talk(w->g, &talk, start_s);
    }
}

void talk_end(struct stafette *g, const struct item *handover)
{
    struct item talk;
    if (handover->kind == ITEM_HANDOVER && open_talk(g, handover, &talk))
        settle(g, handover, &talk);
}
