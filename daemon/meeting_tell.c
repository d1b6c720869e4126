/*
 * Telling the members of a meeting: see meeting.h. A mailbox that several members share hears of a
 * thing once (KI6); what of the same text and session still waits to be sent is replaced, so that
 * two moves in a row, or a move while the relay is away, are one mail.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "limits.h"
#include "meeting.h"
#include "store.h"
#include "store_delivery.h"
#include "store_notice.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

static const struct contact *first_mail(const struct unit *unit)
{
    for (size_t i = 0; i < unit->contacts; i++)
        if (unit->contact[i].channel == CHANNEL_EMAIL && !unit->contact[i].urgent_only)
            return &unit->contact[i];
    return NULL;
}

/* Another member before this one reads the same mailbox. */
static bool is_repeated(const struct unit *const *told, size_t count, const struct unit *unit)
{
    const struct contact *mine = first_mail(unit);
    for (size_t i = 0; i < count; i++) {
        const struct contact *other = first_mail(told[i]);
        if (told[i] == unit || (mine && other && strcasecmp(mine->address, other->address) == 0))
            return true;
    }
    return false;
}

void meeting_tell_unit(struct stafette *g, const struct item *item, const struct unit *unit,
                       const struct meeting_news *news)
{
    struct limits limits;
    work_limits(g, item, &limits);
    limits.sms = news->sms;
    const struct telling telling = {unit, news->reason, news->what, news->deadline_ms,
                                    news->outcome ? news->outcome : ""};
    const struct tell_session session = {news->session_seq,
                                         !str_eq(news->what, "meeting.reminder") &&
                                             !str_eq(news->what, "meeting.asked")};
    store_delivery_replace(g->store, item->seq, unit->id, news->what, news->session_seq, g->now_ms);
    tell_of_session(g, item, &limits, &telling, &session);
}

struct members {
    struct member *member;
    size_t count, cap;
    bool counting; /* one of them is invited to some sessions only */
};

static bool collect(void *context, const struct member *member)
{
    struct members *all = context;
    all->member = grow(all->member, all->count, &all->cap, sizeof *all->member);
    all->member[all->count++] = *member;
    all->counting = all->counting || member->sessions_max;
    return true;
}

/* A role that has left before this session has nothing to do with it (BI9). */
static void drop_uninvited(struct stafette *g, struct members *all, const struct item *item,
                           int64_t session_seq)
{
    struct meeting_view view;
    size_t n = 0;
    if (!all->counting || !session_seq || !meeting_view(g, item->seq, &view))
        return;
    const struct session *session = meeting_session(&view, session_seq);
    for (size_t i = 0; i < all->count; i++)
        if (meeting_is_invited(&view, session, &all->member[i]))
            all->member[n++] = all->member[i];
    all->count = n;
    meeting_view_release(&view);
}

size_t meeting_tell(struct stafette *g, const struct item *item, const struct meeting_news *news)
{
    struct members all = {0};
    size_t told = 0;
    store_member_each(g->store, item->seq, &all, collect);
    drop_uninvited(g, &all, item, news->session_seq);
    const struct unit **units = xcalloc(all.count + 1, sizeof *units);
    for (size_t i = 0; i < all.count; i++) {
        const struct unit *unit = directory_unit(g->config->directory, all.member[i].unit);
        if (!unit || (news->wants && !news->wants(news->context, &all.member[i])) ||
            is_repeated(units, told, unit))
            continue;
        units[told++] = unit;
        meeting_tell_unit(g, item, unit, news);
    }
    free(units);
    free(all.member);
    return told;
}
