/*
 * Polls: see poll.h. Opening, answering, reminding, closing. Silence is told as silence: who has
 * not answered is named to the office, and a poll that finds no date ends in a task of the host.
 *
 * Refuses answers of units that were not asked and numbers that were not offered. All of it happens
 * in the caller's transaction, so a crash leaves a poll either open with its one clock or closed
 * with all that follows.
 */
#include "poll.h"

#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "lead.h"
#include "limits.h"
#include "meeting.h"
#include "presence.h"
#include "store.h"
#include "store_audit.h"
#include "store_clock.h"
#include "store_delivery.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

static void note(struct stafette *g, int64_t item_seq, struct buf *text)
{
    buf_printf(text, " config=%s", g->config->version);
    store_audit_add(g->store, g->now_ms, item_seq, buf_str(text));
    buf_release(text);
}

/* ---- asking */

static void ask(struct stafette *g, const struct item *item, const struct unit *unit,
                const char *outcome)
{
    struct poll poll;
    struct limits limits;
    if (!store_poll_get(g->store, item->seq, &poll))
        return;
    work_limits(g, item, &limits);
    store_delivery_replace(g->store, item->seq, unit->id, "poll.asked", 0, g->now_ms);
    const struct telling telling = {.unit = unit,
                                    .reason = REASON_MEMBER,
                                    .what = "poll.asked",
                                    .deadline_ms = poll.due_ms,
                                    .outcome = outcome};
    tell_unit(g, item, &limits, &telling);
}

/* Three working days before the end; one, when three have passed already; else no reminder. */
static int64_t next_due(const struct unit *host, const struct poll *poll, int64_t now_ms)
{
    static const struct lead leads[] = {{LEAD_WORKING_DAYS, 3}, {LEAD_WORKING_DAYS, 1}};
    for (size_t i = 0; i < COUNT_OF(leads); i++) {
        int64_t at_ms = lead_due_ms(&leads[i], &host->hours, poll->due_ms);
        if (at_ms > now_ms && at_ms < poll->due_ms)
            return at_ms;
    }
    return poll->due_ms;
}

/* A poll about a meeting of a case belongs to that case, so that it is erased with it. */
static void take_parent(struct stafette *g, const struct poll_wish *wish, struct item *item)
{
    struct item meeting;
    if (!wish->meeting_seq || !store_item_get(g->store, wish->meeting_seq, &meeting))
        return;
    item->parent_seq = meeting.seq;
    item->case_key = meeting.case_key;
    item->restricted = meeting.restricted;
    item->flags = meeting.flags & ITEM_ANVERTRAUT;
    memcpy(item->case_ref, meeting.case_ref, sizeof item->case_ref);
    memcpy(item->basis, meeting.basis, sizeof item->basis);
}

static void make_item(struct stafette *g, const struct poll_wish *wish, struct item *made)
{
    struct work w;
    const struct item nothing = {0};
    work_begin_inner(&w, g, &nothing);
    work_new_item(&w, ITEM_POLL);
    struct item *item = &w.item;
    item->state = STATE_OPEN;
    item->event_seq = wish->event_seq;
    str_copy(item->code, sizeof item->code, wish->meeting_seq ? "date" : "choice");
    str_copy(item->source, sizeof item->source, wish->source);
    str_copy(item->owner_unit, sizeof item->owner_unit, wish->host->id);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, wish->host->id);
    str_copy(item->from_unit, sizeof item->from_unit, wish->host->id);
    str_copy(item->to_unit, sizeof item->to_unit, wish->host->id);
    take_parent(g, wish, item);
    limits_of(&w.limits, &g->config->directory->policy[0], item->urgency);
    work_freeze(&w);
    store_item_add(g->store, item);
    *made = *item;
    work_end_inner(&w);
}

static void add_rows(struct stafette *g, const struct poll_wish *wish, int64_t item_seq,
                     struct poll *poll)
{
    memset(poll, 0, sizeof *poll);
    poll->item_seq = item_seq;
    poll->due_ms = wish->due_ms;
    str_copy(poll->meeting_id, sizeof poll->meeting_id, wish->meeting_id);
    for (size_t i = 0; i < wish->choices && i < POLL_CHOICES_MAX; i++)
        store_choice_add(g->store, item_seq, &wish->choice[i]);
    for (size_t i = 0; i < wish->parties; i++)
        store_voter_add(g->store, item_seq, wish->party[i]->id);
    int64_t asked = store_voter_count(g->store, item_seq, false);
    poll->quorum = wish->quorum > 0 && wish->quorum < asked ? wish->quorum : asked;
    store_poll_add(g->store, poll);
}

static bool is_earlier_party(const struct poll_wish *wish, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (wish->party[j] == wish->party[i])
            return true;
    return false;
}

int64_t poll_open(struct stafette *g, const struct poll_wish *wish)
{
    struct item item;
    struct poll poll;
    struct buf text = BUF_INIT;
    make_item(g, wish, &item);
    add_rows(g, wish, item.seq, &poll);
    buf_printf(&text, "poll opened kind=%s choices=%zu asked=%lld quorum=%lld", item.code,
               wish->choices, (long long)store_voter_count(g->store, item.seq, false),
               (long long)poll.quorum);
    note(g, item.seq, &text);
    work_add_clock(g, &item, CLOCK_MEETING, 0, next_due(wish->host, &poll, g->now_ms));
    for (size_t i = 0; i < wish->parties; i++)
        if (!is_earlier_party(wish, i))
            ask(g, &item, wish->party[i], "");
    tell_status(g, &item, "poll.opened", "meeting_id", poll.meeting_id);
    return item.seq;
}

/* ---- answering */

static bool is_voter(struct stafette *g, int64_t item_seq, const char *unit)
{
    int64_t answered_ms;
    return store_voter_get(g->store, item_seq, unit, &answered_ms);
}

struct stand_in_search {
    struct stafette *g;
    const struct unit *reader;
    const struct unit *found;
    bool restricted;
};

static void find_absent(void *context, const char *id, int64_t answered_ms)
{
    struct stand_in_search *s = context;
    const struct unit *party = directory_unit(s->g->config->directory, id);
    (void)answered_ms;
    if (!s->found && party &&
        presence_who_for(s->g, party, s->g->now_ms, s->restricted).unit == s->reader)
        s->found = party;
}

const struct unit *poll_party(struct stafette *g, int64_t item_seq, const struct unit *unit)
{
    struct item item;
    if (!unit || !store_item_get(g->store, item_seq, &item))
        return NULL;
    if (is_voter(g, item_seq, unit->id))
        return unit;
    struct stand_in_search search = {g, unit, NULL, item.restricted};
    store_voter_each(g->store, item_seq, &search, find_absent);
    return search.found;
}

bool poll_has_voted(struct stafette *g, int64_t item_seq, const struct unit *unit)
{
    int64_t answered_ms;
    return store_voter_get(g->store, item_seq, unit->id, &answered_ms) && answered_ms > 0;
}

size_t poll_choices(struct stafette *g, int64_t item_seq, struct poll_choice *choice, size_t max)
{
    return store_choices(g->store, item_seq, choice, max);
}

bool poll_chose(struct stafette *g, int64_t item_seq, const struct unit *unit, int64_t number)
{
    return number > 0 && store_vote_has(g->store, item_seq, unit->id, number);
}

static bool is_offered(const struct poll_choice *choice, size_t choices, int64_t number)
{
    for (size_t i = 0; i < choices; i++)
        if (choice[i].number == number)
            return true;
    return false;
}

/* "1,3"; "-" when none. */
static void put_numbers(struct buf *out, const int64_t *number, size_t numbers, const char *between)
{
    for (size_t i = 0; i < numbers; i++)
        buf_printf(out, "%s%lld", i ? between : "", (long long)number[i]);
}

/* Why the answer cannot count; NULL when it does. */
static const char *obstacle(struct stafette *g, const struct item *item, const struct unit *party,
                            const int64_t *number, size_t numbers)
{
    struct poll_choice choice[POLL_CHOICES_MAX];
    if (item->closed_ms)
        return "Die Umfrage ist beendet; die Antwort kann nicht mehr zählen.";
    if (!party)
        return "Ihre Stelle wurde in dieser Umfrage nicht gefragt.";
    size_t n = store_choices(g->store, item->seq, choice, POLL_CHOICES_MAX);
    for (size_t i = 0; i < numbers; i++)
        if (!is_offered(choice, n, number[i]))
            return "Diesen Vorschlag gibt es in der Umfrage nicht; nichts wurde geändert.";
    return NULL;
}

static void record_vote(struct stafette *g, const struct item *item, const struct unit *party,
                        const int64_t *number, size_t numbers)
{
    struct buf text = BUF_INIT;
    store_vote_put(g->store, item->seq, party->id, number, numbers, g->now_ms);
    /* What still waits to ask this unit need not go. */
    store_delivery_replace(g->store, item->seq, party->id, "poll.asked", 0, g->now_ms);
    buf_printf(&text, "poll answered unit=%s choices=", party->id);
    put_numbers(&text, number, numbers, ",");
    note(g, item->seq, &text);
}

bool poll_vote(struct stafette *g, int64_t item_seq, const struct unit *unit, const int64_t *number,
               size_t numbers, struct buf *said)
{
    struct item item;
    struct poll poll;
    char code[ITEM_ID_LEN + 1];
    if (!store_item_get(g->store, item_seq, &item) || item.kind != ITEM_POLL ||
        !store_poll_get(g->store, item_seq, &poll)) {
        buf_puts(said, "Diese Umfrage gibt es nicht.");
        return false;
    }
    const struct unit *party = poll_party(g, item_seq, unit);
    const char *why = obstacle(g, &item, party, number, numbers);
    code_write(code, item_seq, g->keys.code);
    if (why) {
        buf_printf(said, "Umfrage %s: %s", code, why);
        return false;
    }
    record_vote(g, &item, party, number, numbers);
    buf_printf(said, "Umfrage %s: Vermerkt ist für %s: ", code, party->name);
    if (numbers) {
        buf_puts(said, numbers > 1 ? "die Vorschläge " : "Vorschlag ");
        put_numbers(said, number, numbers, ", ");
        buf_addc(said, '.');
    } else {
        buf_puts(said, "kein Vorschlag passt.");
    }
    if (store_voter_count(g->store, item_seq, true) >= poll.quorum)
        poll_close(g, &item);
    return true;
}

/* ---- what is due */

struct reminding {
    struct stafette *g;
    const struct item *item;
};

static void remind(void *context, const char *id, int64_t answered_ms)
{
    const struct reminding *r = context;
    const struct unit *unit = directory_unit(r->g->config->directory, id);
    if (!answered_ms && unit)
        ask(r->g, r->item, unit, "Ihre Antwort fehlt noch.");
}

void poll_fires(struct stafette *g, struct item *item)
{
    struct poll poll;
    struct reminding reminding = {g, item};
    if (item->closed_ms || !store_poll_get(g->store, item->seq, &poll))
        return;
    if (g->now_ms >= poll.due_ms) {
        poll_close(g, item);
        return;
    }
    store_voter_each(g->store, item->seq, &reminding, remind);
    work_add_clock(g, item, CLOCK_MEETING, 0, poll.due_ms);
}

/* ---- closing */

const struct unit *poll_office(struct stafette *g, const struct item *item)
{
    const struct unit *host = work_unit(g, item->owner_unit), *office = NULL;
    struct poll poll;
    struct meeting meeting;
    struct meeting_view view;
    int64_t seq = item->parent_seq;
    if (!seq && store_poll_get(g->store, item->seq, &poll) && !str_empty(poll.meeting_id) &&
        store_meeting_find(g->store, poll.meeting_id, &meeting))
        seq = meeting.item_seq;
    if (seq) {
        if (meeting_view(g, seq, &view))
            office = meeting_office(g, &view);
        meeting_view_release(&view);
    }
    for (size_t i = 0; !office && i < host->members; i++)
        if (host->member[i].role == MEMBER_SECRETARIAT)
            office = host->member[i].unit;
    return office ? office : host;
}

static void end(struct stafette *g, struct item *item, enum item_state state)
{
    struct buf text = BUF_INIT;
    item->state = state;
    item->waiting_unit[0] = '\0';
    item->changed_ms = item->closed_ms = g->now_ms;
    store_clock_cancel(g->store, item->seq);
    store_delivery_cancel(g->store, item->seq, store_last(g->store, SEQ_NOTICE) + 1, g->now_ms);
    store_item_update(g->store, item);
    buf_printf(&text, "step kind=%s state=%s answered=%lld of=%lld", item_kind_name(item->kind),
               item_state_name(state), (long long)store_voter_count(g->store, item->seq, true),
               (long long)store_voter_count(g->store, item->seq, false));
    note(g, item->seq, &text);
    tell_status(g, item, state == STATE_CLOSED ? "poll.closed" : "poll.cancelled", "", "");
}

/* The date that most can come to, the earliest of equal ones; 0 when nobody can, or none is still
 * ahead (a poll that ran out while the gateway stood still). */
static int64_t best_date(struct stafette *g, const struct item *item)
{
    struct poll_choice choice[POLL_CHOICES_MAX];
    int64_t most = 0, best_s = 0;
    size_t n = store_choices(g->store, item->seq, choice, POLL_CHOICES_MAX);
    for (size_t i = 0; i < n; i++) {
        int64_t votes = store_vote_count(g->store, item->seq, choice[i].number);
        if (choice[i].start_s <= meeting_wall_now(g) || votes < most || !votes ||
            (votes == most && choice[i].start_s > best_s))
            continue;
        most = votes;
        best_s = choice[i].start_s;
    }
    return best_s;
}

static void put_outcome(struct stafette *g, const struct item *item, bool date, int64_t start_s,
                        struct buf *out)
{
    struct meeting meeting;
    buf_printf(out, "Die Umfrage ist beendet. Geantwortet haben %lld von %lld Stellen.",
               (long long)store_voter_count(g->store, item->seq, true),
               (long long)store_voter_count(g->store, item->seq, false));
    if (!date)
        return;
    if (start_s && store_meeting_get(g->store, item->parent_seq, &meeting)) {
        buf_puts(out, " Der Termin ist am ");
        meeting_when(out, start_s, meeting.duration_s);
        buf_puts(out, "; die Einladungen gehen jetzt hinaus.");
    } else {
        buf_puts(out, " Kein Vorschlag passt.");
    }
}

static void tell_office(struct stafette *g, const struct item *item, const char *outcome)
{
    struct limits limits;
    work_limits(g, item, &limits);
    const struct telling telling = {.unit = poll_office(g, item),
                                    .reason = REASON_HOST,
                                    .what = "poll.result",
                                    .outcome = outcome};
    tell_unit(g, item, &limits, &telling);
}

static bool waits_for_date(struct stafette *g, const struct item *item)
{
    struct item meeting;
    return item->parent_seq && store_item_get(g->store, item->parent_seq, &meeting) &&
           meeting.kind == ITEM_MEETING && meeting.state == STATE_WAITING && !meeting.closed_ms;
}

void poll_close_at(struct stafette *g, struct item *item, int64_t start_s)
{
    struct buf outcome = BUF_INIT;
    if (item->closed_ms)
        return;
    bool date = waits_for_date(g, item);
    if (date && !start_s)
        start_s = best_date(g, item);
    end(g, item, STATE_CLOSED);
    put_outcome(g, item, date, start_s, &outcome);
    tell_office(g, item, buf_str(&outcome));
    buf_release(&outcome);
    if (date && start_s)
        meeting_set_date(g, item->parent_seq, start_s);
    else if (date)
        poll_no_date(g, item->parent_seq);
}

void poll_no_date(struct stafette *g, int64_t meeting_seq)
{
    struct item meeting;
    if (!store_item_get(g->store, meeting_seq, &meeting))
        return;
    const struct task task = {
        .code = "no_date", .parent = &meeting, .unit = work_unit(g, meeting.owner_unit)};
    work_task(g, &task);
}

void poll_close(struct stafette *g, struct item *item)
{
    poll_close_at(g, item, 0);
}

struct open_children {
    struct item poll, task;
};

static bool find_child(void *context, const struct item *item)
{
    struct open_children *open = context;
    if (item->kind == ITEM_POLL)
        open->poll = *item;
    else if (item->kind == ITEM_TASK && str_eq(item->code, "no_date"))
        open->task = *item;
    return true;
}

static void call_off(void *context, const char *id, int64_t answered_ms)
{
    const struct reminding *r = context;
    const struct unit *unit = directory_unit(r->g->config->directory, id);
    struct limits limits;
    (void)answered_ms;
    if (!unit)
        return;
    work_limits(r->g, r->item, &limits);
    const struct telling telling = {
        .unit = unit,
        .reason = REASON_OUTCOME,
        .what = "poll.result",
        .outcome = "Die Umfrage ist aufgehoben; eine Antwort ist nicht mehr nötig."};
    tell_unit(r->g, r->item, &limits, &telling);
}

void poll_end_of(struct stafette *g, int64_t meeting_seq, bool told)
{
    struct open_children open = {0};
    struct reminding reminding = {g, &open.poll};
    store_item_each_child(g->store, meeting_seq, &open, find_child);
    if (open.poll.seq) {
        end(g, &open.poll, STATE_CANCELLED);
        if (told)
            store_voter_each(g->store, open.poll.seq, &reminding, call_off);
    }
    if (open.task.seq) {
        struct buf text = BUF_INIT;
        work_close(g, &open.task, STATE_CLOSED,
                   told ? "Der Termin ist abgesagt; ein Tag dafür wird nicht mehr gesucht."
                        : "Für den Termin gibt es jetzt einen Tag.");
        buf_printf(&text, "step kind=%s state=%s with item=%lld", item_kind_name(ITEM_TASK),
                   item_state_name(STATE_CLOSED), (long long)meeting_seq);
        note(g, open.task.seq, &text);
    }
}
