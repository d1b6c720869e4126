/*
 * What mails say of a poll: its choices while it is open, its result with who has not answered when
 * it is closed. Units stand there by their names as roles; nothing of a case does. Reads only.
 */
#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "meeting.h"
#include "poll.h"
#include "store_item.h"
#include "util.h"

static bool meeting_of(struct stafette *g, const struct item *item, struct meeting *meeting)
{
    struct poll poll;
    if (item->parent_seq)
        return store_meeting_get(g->store, item->parent_seq, meeting);
    return store_poll_get(g->store, item->seq, &poll) && !str_empty(poll.meeting_id) &&
           store_meeting_find(g->store, poll.meeting_id, meeting);
}

const char *poll_about(struct stafette *g, const struct item *item)
{
    struct meeting meeting;
    const struct meeting_kind *kind = NULL;
    if (meeting_of(g, item, &meeting))
        kind = meeting_kind_find(meeting.kind);
    return kind ? kind->name : "Umfrage";
}

/* A meeting that the option names, with its next date when it has one. */
static void put_meeting(struct stafette *g, const struct meeting *meeting, struct buf *out)
{
    struct session next;
    const struct meeting_kind *kind = meeting_kind_find(meeting->kind);
    const struct unit *host = directory_unit(g->config->directory, meeting->unit);
    buf_printf(out, "%s %s", kind ? kind->name : "Termin", meeting->meeting_id);
    if (host)
        buf_printf(out, " (%s)", host->name);
    if (store_session_next(g->store, meeting->item_seq, meeting_wall_now(g), &next)) {
        buf_puts(out, ", ");
        meeting_when(out, next.start_s, next.duration_s);
    }
}

void poll_choice_text(struct stafette *g, const struct item *item, const struct poll_choice *choice,
                      struct buf *out)
{
    struct meeting meeting;
    const struct unit *unit = directory_unit(g->config->directory, choice->option);
    if (choice->start_s)
        meeting_when(out, choice->start_s, meeting_of(g, item, &meeting) ? meeting.duration_s : 0);
    else if (unit)
        buf_puts(out, unit->name);
    else if (store_meeting_find(g->store, choice->option, &meeting))
        put_meeting(g, &meeting, out);
    else
        buf_puts(out, choice->option);
}

/* Whose names stand in a line. */
enum whom { WHO_CHOSE, WHO_CHOSE_NONE, WHO_IS_SILENT };

struct names {
    struct stafette *g;
    const struct item *item;
    enum whom whom;
    int64_t number;
    size_t count, choices;
    const struct poll_choice *choice;
    struct buf text;
};

static bool chose_none(const struct names *n, const char *unit)
{
    for (size_t i = 0; i < n->choices; i++)
        if (store_vote_has(n->g->store, n->item->seq, unit, n->choice[i].number))
            return false;
    return true;
}

static bool belongs(const struct names *n, const char *unit, int64_t answered_ms)
{
    switch (n->whom) {
    case WHO_CHOSE:
        return store_vote_has(n->g->store, n->item->seq, unit, n->number);
    case WHO_CHOSE_NONE:
        return answered_ms && chose_none(n, unit);
    case WHO_IS_SILENT:
        return !answered_ms;
    }
    return false;
}

static void add_name(void *context, const char *id, int64_t answered_ms)
{
    struct names *n = context;
    const struct unit *unit = directory_unit(n->g->config->directory, id);
    if (!belongs(n, id, answered_ms))
        return;
    buf_printf(&n->text, "%s%s", n->count++ ? ", " : "", unit ? unit->name : id);
}

/* "2 (Stelle a, Stelle b)"; "keine". */
static void put_names(struct names *n, enum whom whom, int64_t number, struct buf *out)
{
    n->whom = whom;
    n->number = number;
    n->count = 0;
    buf_reset(&n->text);
    store_voter_each(n->g->store, n->item->seq, n, add_name);
    if (n->count)
        buf_printf(out, "%zu (%s)", n->count, buf_str(&n->text));
    else
        buf_puts(out, "keine");
}

static void put_result(struct stafette *g, const struct item *item,
                       const struct poll_choice *choice, size_t choices, struct buf *out)
{
    struct names names = {
        .g = g, .item = item, .choice = choice, .choices = choices, .text = BUF_INIT};
    for (size_t i = 0; i < choices; i++) {
        buf_printf(out, "%lld. ", (long long)choice[i].number);
        poll_choice_text(g, item, &choice[i], out);
        buf_puts(out, ": ");
        put_names(&names, WHO_CHOSE, choice[i].number, out);
        buf_addc(out, '\n');
    }
    buf_puts(out, "Keiner passt: ");
    put_names(&names, WHO_CHOSE_NONE, 0, out);
    buf_puts(out, "\nKeine Antwort: ");
    put_names(&names, WHO_IS_SILENT, 0, out);
    buf_release(&names.text);
}

void poll_lines(struct stafette *g, const struct item *item, struct buf *out)
{
    struct poll_choice choice[POLL_CHOICES_MAX];
    size_t n = store_choices(g->store, item->seq, choice, POLL_CHOICES_MAX);
    if (item->state == STATE_CANCELLED)
        return;
    if (item->closed_ms) {
        put_result(g, item, choice, n, out);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "%s%lld. ", i ? "\n" : "", (long long)choice[i].number);
        poll_choice_text(g, item, &choice[i], out);
    }
}
