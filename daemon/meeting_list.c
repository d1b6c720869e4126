/*
 * Reading whole meetings: see meeting.h.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "meeting.h"
#include "presence.h"
#include "store.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"

/* Further back nobody looks: with what is planned ahead a daily series still fits. */
enum { VIEW_BACK_DAYS = 800 };

struct list {
    struct meeting_view *view;
    size_t cap;
};

static bool take_session(void *context, const struct session *session)
{
    struct list *list = context;
    struct meeting_view *view = list->view;
    view->session = grow(view->session, view->sessions, &list->cap, sizeof *view->session);
    view->session[view->sessions++] = *session;
    return view->sessions < 2 * MEETING_SESSIONS_MAX;
}

static bool take_member(void *context, const struct member *member)
{
    struct list *list = context;
    struct meeting_view *view = list->view;
    view->member = grow(view->member, view->members, &list->cap, sizeof *view->member);
    view->member[view->members++] = *member;
    return view->members < 2 * MEETING_MEMBERS_MAX;
}

/* Into an empty view. */
static bool read_head(struct stafette *g, int64_t item_seq, struct meeting_view *view)
{
    if (!store_item_get(g->store, item_seq, &view->item) ||
        !store_meeting_get(g->store, item_seq, &view->meeting))
        return false;
    view->kind = meeting_kind_find(view->meeting.kind);
    if (!view->kind)
        view->kind = meeting_kind_at(0);
    view->setup = directory_meeting(g->config->directory, view->meeting.meeting_id);
    view->host = work_unit(g, view->meeting.unit);
    struct list members = {view, 0};
    store_member_each(g->store, item_seq, &members, take_member);
    return true;
}

bool meeting_view(struct stafette *g, int64_t item_seq, struct meeting_view *view)
{
    memset(view, 0, sizeof *view);
    struct list sessions = {view, 0};
    if (!read_head(g, item_seq, view))
        return false;
    int64_t from_s = meeting_wall_now(g) - (int64_t)VIEW_BACK_DAYS * 86400;
    view->sessions_before = store_session_before(g->store, item_seq, from_s);
    store_session_each(g->store, item_seq, from_s, &sessions, take_session);
    return true;
}

bool meeting_view_one(struct stafette *g, int64_t item_seq, int64_t session_seq,
                      struct meeting_view *view)
{
    struct session session;
    memset(view, 0, sizeof *view);
    struct list sessions = {view, 0};
    if (!read_head(g, item_seq, view))
        return false;
    if (store_session_get(g->store, session_seq, &session) && session.item_seq == item_seq)
        take_session(&sessions, &session);
    return true;
}

void meeting_view_release(struct meeting_view *view)
{
    free(view->session);
    free(view->member);
    view->session = NULL;
    view->member = NULL;
    view->sessions = view->members = 0;
}

const struct session *meeting_session(const struct meeting_view *view, int64_t session_seq)
{
    for (size_t i = 0; i < view->sessions; i++)
        if (view->session[i].seq == session_seq)
            return &view->session[i];
    return NULL;
}

const struct member *meeting_member(const struct meeting_view *view, const char *unit)
{
    for (size_t i = 0; i < view->members; i++)
        if (str_eq(view->member[i].unit, unit))
            return &view->member[i];
    return NULL;
}

const struct unit *meeting_role(struct stafette *g, const struct meeting_view *view,
                                enum member_role role, int64_t session_seq)
{
    for (size_t i = 0; i < view->members; i++) {
        struct member now;
        const struct unit *unit = directory_unit(g->config->directory, view->member[i].unit);
        if (view->member[i].role != role || !unit)
            continue;
        bool comes = !store_member_for(g->store, view->item.seq, unit->id, session_seq, &now) ||
                     now.status != STATUS_DECLINED;
        if (comes || (role != MEMBER_CHAIR && role != MEMBER_DEPUTY_CHAIR))
            return unit;
    }
    return NULL;
}

const struct unit *meeting_office(struct stafette *g, const struct meeting_view *view)
{
    const struct unit *office = meeting_role(g, view, MEMBER_SECRETARIAT, 0);
    return office ? office : view->host;
}
