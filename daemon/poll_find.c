/*
 * Finding a date: the first common slots of everyone who belongs to a meeting, from office hours,
 * holidays of each one's calendar, absences and other meetings (slots.h, occupied.h); booked, or
 * offered in a poll. Nothing is booked on top of something else: when there is no slot, a person is
 * asked. See poll.h.
 */
#include <stdlib.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "meeting.h"
#include "occupied.h"
#include "poll.h"
#include "slots.h"
#include "store.h"
#include "util.h"
#include "walltime.h"
#include "workflow_parts.h"

enum { STEP_MS = 30 * MINUTE_MS, PARTIES_MAX = 64 };

struct party {
    const struct unit *unit;
    struct busy *busy;
    size_t count, cap;
};

struct parties_of {
    struct party party[PARTIES_MAX];
    size_t count;
};

static void add_busy(void *context, const struct occupied *occupied)
{
    struct party *party = context;
    party->busy = grow(party->busy, party->count, &party->cap, sizeof *party->busy);
    party->busy[party->count++] = (struct busy){occupied->from_ms, occupied->to_ms};
}

static void collect(struct stafette *g, const struct meeting_view *view,
                    const struct occupied_span *span, struct parties_of *all)
{
    all->count = 0;
    for (size_t i = 0; i < view->members && all->count < PARTIES_MAX; i++) {
        struct party *party = &all->party[all->count];
        *party = (struct party){.unit = directory_unit(g->config->directory, view->member[i].unit)};
        if (!party->unit)
            continue;
        occupied_each(g, party->unit, span, party, add_busy);
        all->count++;
    }
}

static void forget(struct parties_of *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->party[i].busy);
    all->count = 0;
}

/* At most `max` common slots, one a day. */
static size_t search(struct stafette *g, const struct meeting_view *view,
                     const struct occupied_span *span, struct busy *slot, size_t max)
{
    struct parties_of *all = xcalloc(1, sizeof *all);
    struct slot_party party[PARTIES_MAX];
    const struct slot_wish wish = {.from_ms = span->from_ms,
                                   .to_ms = span->to_ms,
                                   .duration_ms = view->meeting.duration_s * 1000,
                                   .step_ms = STEP_MS,
                                   .per_day = 1};
    collect(g, view, span, all);
    for (size_t i = 0; i < all->count; i++)
        party[i] = (struct slot_party){&all->party[i].unit->hours, all->party[i].busy,
                                       all->party[i].count};
    size_t n = slots_find(&wish, party, all->count, slot, max);
    forget(all);
    free(all);
    return n;
}

static int64_t wall_seconds(int64_t at_ms)
{
    int second;
    int64_t day = wall_day(at_ms, &second);
    return day * 86400 + second;
}

/* Closing time of the host's n-th staffed day from now. */
static int64_t staffed_end(const struct stafette *g, const struct unit *host, int64_t days)
{
    const struct span span = {SPAN_STAFFED, days};
    return worktime_end(&host->hours, &span, g->now_ms);
}

static int64_t open_poll(struct stafette *g, const struct meeting_view *view,
                         const struct poll_wish *said, const struct busy *slot, size_t slots)
{
    struct poll_choice choice[POLL_SLOTS_MAX] = {0};
    const struct unit *party[PARTIES_MAX];
    struct poll_wish wish = *said;
    wish.meeting_seq = view->item.seq;
    wish.meeting_id = view->meeting.meeting_id;
    wish.host = view->host;
    wish.source = view->item.source;
    wish.event_seq = view->item.event_seq;
    wish.choice = choice;
    wish.party = party;
    for (size_t i = 0; i < slots; i++) {
        choice[i].number = (int64_t)i + 1;
        choice[i].start_s = wall_seconds(slot[i].from_ms);
    }
    wish.choices = slots;
    for (size_t i = 0; i < view->members && wish.parties < PARTIES_MAX; i++) {
        party[wish.parties] = directory_unit(g->config->directory, view->member[i].unit);
        wish.parties += party[wish.parties] != NULL;
    }
    return poll_open(g, &wish);
}

/* What is sought: slots that end by to_ms; with poll.due_ms a poll that closes then, and only slots
 * on later days. */
struct seeking {
    int64_t to_ms;
    struct poll_wish poll;
};

/* Offers what suits all; false when it is too little to choose from. */
static int64_t offer(struct stafette *g, const struct meeting_view *view,
                     const struct seeking *seeking)
{
    struct busy slot[POLL_SLOTS_MAX];
    size_t max = (size_t)g->config->settings.meeting_poll_slots;
    const struct occupied_span later = {day_start_ms(berlin_day(seeking->poll.due_ms) + 1),
                                        seeking->to_ms, view->item.seq};
    if (seeking->poll.due_ms <= g->now_ms || later.from_ms >= later.to_ms)
        return 0;
    size_t n = search(g, view, &later, slot, max < POLL_SLOTS_MAX ? max : POLL_SLOTS_MAX);
    return n > 1 ? open_poll(g, view, &seeking->poll, slot, n) : 0;
}

/* The first that suits all, from tomorrow on; 0: none. */
static int64_t first_start(struct stafette *g, const struct meeting_view *view, int64_t to_ms)
{
    struct busy slot;
    const struct occupied_span span = {day_start_ms(berlin_day(g->now_ms) + 1), to_ms,
                                       view->item.seq};
    return span.from_ms < to_ms && search(g, view, &span, &slot, 1) ? wall_seconds(slot.from_ms)
                                                                    : 0;
}

static bool view_waiting(struct stafette *g, int64_t meeting_seq, struct meeting_view *view)
{
    return meeting_view(g, meeting_seq, view) && view->item.state == STATE_WAITING &&
           !view->item.closed_ms;
}

void poll_find_date(struct stafette *g, int64_t meeting_seq, int64_t within_days, bool poll)
{
    struct meeting_view view;
    int64_t days = within_days > 0 ? within_days : g->config->settings.meeting_find_within;
    int64_t answer_days = g->config->settings.meeting_poll_days;
    int64_t opened = 0, start_s = 0;
    bool waits = view_waiting(g, meeting_seq, &view);
    if (waits) {
        poll_end_of(g, meeting_seq, false);
        /* At least half of the days are left for the meeting itself. */
        if (answer_days > days / 2)
            answer_days = days / 2;
        struct seeking seeking = {.to_ms = staffed_end(g, view.host, days)};
        seeking.poll.due_ms = poll && answer_days ? staffed_end(g, view.host, answer_days) : 0;
        opened = offer(g, &view, &seeking);
        start_s = opened ? 0 : first_start(g, &view, seeking.to_ms);
    }
    meeting_view_release(&view);
    if (start_s)
        meeting_set_date(g, meeting_seq, start_s);
    else if (waits && !opened)
        poll_no_date(g, meeting_seq);
}

int64_t poll_find_until(struct stafette *g, int64_t meeting_seq, int64_t due_ms, int64_t quorum)
{
    struct meeting_view view;
    int64_t opened = 0;
    if (view_waiting(g, meeting_seq, &view)) {
        poll_end_of(g, meeting_seq, false);
        const struct span within = {SPAN_STAFFED, g->config->settings.meeting_find_within};
        struct seeking seeking = {.to_ms = worktime_end(&view.host->hours, &within, due_ms)};
        seeking.poll.due_ms = due_ms;
        seeking.poll.quorum = quorum;
        opened = offer(g, &view, &seeking);
    }
    meeting_view_release(&view);
    return opened;
}
