/*
 * Polls by event: poll.opened asks for a choice between units or meetings (UL6), or for the date of
 * a meeting that waits for one; poll.closed ends one now. An event that cannot be is refused with
 * the field that is wrong, so that its sender does not rely on it. See poll.h.
 */
#include <string.h>

#include "config.h"
#include "directory.h"
#include "meeting.h"
#include "poll.h"
#include "store.h"
#include "util.h"
#include "workflow_parts.h"

enum { PARTIES_MAX = 64 };

static void refuse(struct work *w, const char *code, enum field field)
{
    work_fault(w, code, field);
    work_refuse(w, false);
}

/* The next piece of a comma-separated list, "" at its end; the catalogue bounds its length. */
static const char *next_piece(const char *list, char piece[ID_MAX])
{
    size_t len = strcspn(list, ",");
    memcpy(piece, list, len < ID_MAX ? len : ID_MAX - 1);
    piece[len < ID_MAX ? len : ID_MAX - 1] = '\0';
    return list[len] ? list + len + 1 : list + len;
}

/* False when one of them is neither a unit nor a meeting. */
static bool read_options(const struct work *w, struct poll_choice *choice, size_t *choices)
{
    const struct directory *dir = w->g->config->directory;
    struct meeting meeting;
    for (const char *at = w->ev.text[FIELD_OPTIONS]; *at && *choices < POLL_CHOICES_MAX;) {
        struct poll_choice *c = &choice[*choices];
        at = next_piece(at, c->option);
        if (!directory_unit(dir, c->option) && !directory_meeting(dir, c->option) &&
            !store_meeting_find(w->g->store, c->option, &meeting))
            return false;
        c->number = (int64_t)++ * choices;
    }
    return true;
}

/* Those that the event names; else the members of the host. False when one is unknown. */
static bool read_parties(const struct work *w, const struct unit **party, size_t *parties)
{
    const struct unit *host = w->parties.by;
    char id[ID_MAX];
    for (const char *at = w->ev.text[FIELD_PARTIES]; *at && *parties < PARTIES_MAX;) {
        at = next_piece(at, id);
        party[*parties] = directory_unit(w->g->config->directory, id);
        if (!party[(*parties)++])
            return false;
    }
    for (size_t i = 0; !*parties && i < host->members && i < PARTIES_MAX; i++)
        party[i] = host->member[i].unit;
    if (!*parties)
        *parties = host->members < PARTIES_MAX ? host->members : PARTIES_MAX;
    return *parties > 0;
}

static void names(struct work *w, int64_t item_seq)
{
    store_item_get(w->g->store, item_seq, &w->item);
}

static void open_choice(struct work *w, int64_t due_ms)
{
    struct poll_choice choice[POLL_CHOICES_MAX];
    const struct unit *party[PARTIES_MAX];
    struct poll_wish wish = {.meeting_id = w->ev.text[FIELD_MEETING_ID],
                             .host = w->parties.by,
                             .choice = choice,
                             .party = party,
                             .due_ms = due_ms,
                             .quorum = w->ev.number[FIELD_COUNT_OF],
                             .source = w->ev.topic_source,
                             .event_seq = w->row.seq};
    memset(choice, 0, sizeof choice);
    if (!read_options(w, choice, &wish.choices))
        refuse(w, "E-WERT", FIELD_OPTIONS);
    else if (!wish.choices)
        refuse(w, "E-PFLICHT", FIELD_OPTIONS);
    else if (!read_parties(w, party, &wish.parties))
        refuse(w, "E-STELLE", FIELD_PARTIES);
    else
        names(w, poll_open(w->g, &wish));
}

/* A meeting of that name which waits for its date, of a host for which the source speaks. */
static bool seeks_date(const struct work *w, int64_t *meeting_seq)
{
    struct meeting meeting;
    struct item item;
    if (w->ev.present[FIELD_OPTIONS] ||
        !store_meeting_find(w->g->store, w->ev.text[FIELD_MEETING_ID], &meeting) ||
        !store_item_get(w->g->store, meeting.item_seq, &item) || item.closed_ms ||
        item.state != STATE_WAITING || !str_eq(meeting.unit, w->ev.text[FIELD_UNIT]))
        return false;
    *meeting_seq = meeting.item_seq;
    return true;
}

void work_poll_opened(struct work *w)
{
    struct poll other;
    int64_t meeting_seq, due_ms = day_end_ms(w->ev.number[FIELD_DUE_ON]);
    bool date = seeks_date(w, &meeting_seq);
    if (due_ms <= w->g->now_ms) {
        refuse(w, "E-WERT", FIELD_DUE_ON);
        return;
    }
    if (!date && store_poll_find(w->g->store, w->ev.text[FIELD_MEETING_ID], &other)) {
        refuse(w, "E-ZUSTAND", FIELD_MEETING_ID);
        return;
    }
    if (!date) {
        open_choice(w, due_ms);
        return;
    }
    int64_t opened = poll_find_until(w->g, meeting_seq, due_ms, w->ev.number[FIELD_COUNT_OF]);
    if (!opened)
        poll_no_date(w->g, meeting_seq);
    names(w, opened ? opened : meeting_seq);
}

void work_poll_closed(struct work *w)
{
    struct poll poll;
    struct item item;
    if (!store_poll_find(w->g->store, w->ev.text[FIELD_MEETING_ID], &poll) ||
        !store_item_get(w->g->store, poll.item_seq, &item)) {
        refuse(w, "E-WERT", FIELD_MEETING_ID);
        return;
    }
    const struct unit *host = directory_unit(w->g->config->directory, item.owner_unit);
    if (!host || !w->parties.source || !source_speaks_for(w->parties.source, host)) {
        refuse(w, "E-STELLE", FIELD_MEETING_ID);
        return;
    }
    int64_t start_s = 0;
    if (w->ev.present[FIELD_START]) {
        int second;
        int64_t day = wall_day(w->ev.number[FIELD_START], &second);
        start_s = day * 86400 + second;
    }
    poll_close_at(w->g, &item, start_s);
    names(w, item.seq);
}
