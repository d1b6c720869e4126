/*
 * Destinations by age: see outbox_table.h.
 */
#include "outbox_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "json.h"
#include "lane_hold.h"
#include "store_outbox.h"
#include "util.h"
#include "verdict.h"

enum { FIRST_AGE = 5, NAME_WIDTH = 32 };

void outbox_table_init(struct outbox_table *t, int64_t now_ms, int64_t steady_ms)
{
    *t = (struct outbox_table){.now_ms = now_ms, .steady_ms = steady_ms};
}

void outbox_table_release(struct outbox_table *t)
{
    for (size_t i = 0; i < t->lanes; i++)
        free(t->lane[i].name);
    free(t->lane);
    free(t->slot);
    outbox_table_init(t, 0, 0);
}

/* Where the id is, or belongs. */
static size_t find_slot(const struct outbox_table *t, int64_t id)
{
    size_t i = (size_t)((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (t->slots - 1);
    while (t->slot[i] && t->lane[t->slot[i] - 1].id != id)
        i = (i + 1) & (t->slots - 1);
    return i;
}

static void widen(struct outbox_table *t)
{
    free(t->slot);
    t->slots = t->slots ? 2 * t->slots : 64;
    t->slot = xcalloc(t->slots, sizeof *t->slot);
    for (size_t i = 0; i < t->lanes; i++)
        t->slot[find_slot(t, t->lane[i].id)] = i + 1;
}

static struct outbox_lane *find_lane(struct outbox_table *t, const struct outbox_mark *mark)
{
    if (2 * t->lanes >= t->slots)
        widen(t);
    size_t i = find_slot(t, mark->lane_id);
    if (!t->slot[i]) {
        t->lane = grow(t->lane, t->lanes, &t->cap, sizeof *t->lane);
        t->lane[t->lanes++] = (struct outbox_lane){.id = mark->lane_id, .channel = mark->channel};
        t->slot[i] = t->lanes;
    }
    return &t->lane[t->slot[i] - 1];
}

static size_t age_of(int64_t age_ms)
{
    size_t i = 0;
    for (int64_t limit = FIRST_AGE; i + 1 < OUTBOX_AGES && age_ms > limit * MINUTE_MS; limit *= 2)
        i++;
    return i;
}

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms && a_ms < b_ms ? a_ms : b_ms;
}

void outbox_table_add(struct outbox_table *t, const struct outbox_mark *mark)
{
    struct outbox_lane *lane = find_lane(t, mark);
    lane->age[age_of(t->now_ms - mark->created_ms)]++;
    lane->oldest_ms = earlier(lane->oldest_ms, mark->created_ms);
    if (mark->class > CLASS_NONE && mark->class < ERROR_CLASS_COUNT)
        lane->class[mark->class]++;
    if (mark->state == DELIVERY_PENDING) {
        lane->pending++;
        lane->next_ms = earlier(lane->next_ms, mark->next_ms);
    } else {
        lane->blocked++;
    }
}

static int by_total(const void *left, const void *right)
{
    const struct outbox_lane *a = left, *b = right;
    int64_t of_a = a->pending + a->blocked, of_b = b->pending + b->blocked;
    return of_a != of_b ? (of_a < of_b) - (of_a > of_b) : strcmp(a->name, b->name);
}

void outbox_table_finish(struct outbox_table *t, bool urgent, void *context,
                         const char *(*name)(void *context, int64_t lane_id))
{
    size_t kept = 0;
    for (size_t i = 0; i < t->lanes; i++) {
        const char *text = name(context, t->lane[i].id);
        if (urgent && !lane_name_is_urgent(text))
            continue;
        t->lane[kept] = t->lane[i];
        t->lane[kept++].name = xstrdup(text);
    }
    t->lanes = kept;
    if (kept)
        qsort(t->lane, kept, sizeof *t->lane, by_total);
    /* The places have changed. */
    free(t->slot);
    t->slot = NULL;
    t->slots = 0;
}

/* The class that most deliveries had last. */
static enum error_class main_class(const struct outbox_lane *lane)
{
    enum error_class best = CLASS_NONE;
    for (int i = CLASS_NONE + 1; i < ERROR_CLASS_COUNT; i++)
        if (lane->class[i] > lane -> class[best])
            best = (enum error_class)i;
    return best;
}

/* The class of the transport's open incident, "" when it has none. */
static const char *incident_of(const struct outbox_lane *lane, const struct json *live)
{
    const struct json *list = json_get(live, "incidents");
    size_t len = strcspn(lane->name, "/ ");
    for (size_t i = 0; i < json_count(list); i++) {
        const char *transport = json_text(json_get(json_at(list, i), "transport"));
        if (strlen(transport) == len && strncmp(transport, lane->name, len) == 0)
            return json_text(json_get(json_at(list, i), "class"));
    }
    return "";
}

/* What a destination does now; `held` is the hold that means it. */
static const char *state_of(const struct outbox_table *t, const struct outbox_lane *lane,
                            const struct lane_hold *held, const struct json *live)
{
    if (held)
        return "held";
    if (!lane->pending)
        return "blocked";
    if (!str_empty(incident_of(lane, live)))
        return "incident";
    return lane->next_ms <= t->steady_ms ? "runs" : "waits";
}

static void age_label(char label[16], size_t i)
{
    int minutes = FIRST_AGE << (i < OUTBOX_AGES - 1 ? i : OUTBOX_AGES - 2);
    snprintf(label, 16, "%d%s", minutes, i < OUTBOX_AGES - 1 ? "" : "+");
}

static void put_pad(struct buf *out, size_t len, size_t width)
{
    for (; len < width; len++)
        buf_addc(out, ' ');
}

static void put_counts(struct buf *out, int64_t total, const int64_t age[OUTBOX_AGES])
{
    buf_printf(out, " %7lld", (long long)total);
    for (size_t i = 0; i < OUTBOX_AGES; i++)
        buf_printf(out, " %6lld", (long long)age[i]);
}

static void put_state(struct buf *out, const struct outbox_table *t, const struct outbox_lane *lane,
                      const struct lane_holds *holds, const struct json *live)
{
    const struct lane_hold *held = lane_holds_cover(holds, lane->name);
    const char *state = state_of(t, lane, held, live);
    enum error_class class = main_class(lane);
    buf_printf(out, "  %s", held ? "HELD" : state);
    if (held) {
        buf_puts(out, " since ");
        time_local(out, held->since_ms);
    } else if (str_eq(state, "waits")) {
        buf_puts(out, " until ");
        time_local(out, lane->next_ms - t->steady_ms + t->now_ms);
    }
    if (class != CLASS_NONE)
        buf_printf(out, "  %s: %s", error_class_name(class), verdict_of(class)->operators);
    buf_addc(out, '\n');
}

static void put_head(struct buf *out, size_t width)
{
    char label[16];
    put_pad(out, 0, width);
    buf_printf(out, " %7s", "T");
    for (size_t i = 0; i < OUTBOX_AGES; i++) {
        age_label(label, i);
        buf_printf(out, " %6s", label);
    }
    buf_puts(out, "  (minutes since it was made)\n");
}

static void put_total(struct buf *out, const struct outbox_table *t, size_t width)
{
    int64_t total = 0, age[OUTBOX_AGES] = {0};
    for (size_t i = 0; i < t->lanes; i++) {
        total += t->lane[i].pending + t->lane[i].blocked;
        for (size_t k = 0; k < OUTBOX_AGES; k++)
            age[k] += t->lane[i].age[k];
    }
    buf_puts(out, "TOTAL");
    put_pad(out, strlen("TOTAL"), width);
    put_counts(out, total, age);
    buf_addc(out, '\n');
}

/* Held, though nothing waits there. */
static bool is_empty(const struct outbox_table *t, const struct lane_hold *hold)
{
    bool shown = false;
    for (size_t k = 0; k < t->lanes && !shown; k++)
        shown = lane_is_meant(hold->lane, t->lane[k].name, false);
    return !shown;
}

static void put_empty_holds(struct buf *out, const struct outbox_table *t,
                            const struct lane_holds *holds)
{
    for (size_t i = 0; i < holds->count; i++) {
        if (!is_empty(t, &holds->hold[i]))
            continue;
        buf_printf(out, "%s: HELD since ", holds->hold[i].lane);
        time_local(out, holds->hold[i].since_ms);
        buf_puts(out, ", nothing waits there\n");
    }
}

void outbox_table_text(struct buf *out, const struct outbox_table *t,
                       const struct lane_holds *holds, const struct json *live)
{
    size_t width = NAME_WIDTH;
    for (size_t i = 0; i < t->lanes; i++)
        if (strlen(t->lane[i].name) > width)
            width = strlen(t->lane[i].name);
    if (!t->lanes) {
        buf_puts(out, "Nothing waits.\n");
    } else {
        put_head(out, width);
        put_total(out, t, width);
    }
    for (size_t i = 0; i < t->lanes; i++) {
        const struct outbox_lane *lane = &t->lane[i];
        buf_puts(out, lane->name);
        put_pad(out, strlen(lane->name), width);
        put_counts(out, lane->pending + lane->blocked, lane->age);
        put_state(out, t, lane, holds, live);
    }
    put_empty_holds(out, t, holds);
}

static void put_ages(struct buf *out, const struct outbox_lane *lane)
{
    char label[16];
    json_put_name(out, "ages");
    buf_addc(out, '{');
    for (size_t i = 0; i < OUTBOX_AGES; i++) {
        age_label(label, i);
        json_member_int(out, label, lane->age[i]);
    }
    buf_addc(out, '}');
}

static void json_empty_holds(struct buf *out, const struct outbox_table *t,
                             const struct lane_holds *holds)
{
    for (size_t i = 0; i < holds->count; i++) {
        if (!is_empty(t, &holds->hold[i]))
            continue;
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "destination", holds->hold[i].lane);
        json_member_text(out, "state", "held");
        json_member_time(out, "held_since", holds->hold[i].since_ms);
        json_member_int(out, "pending", 0);
        json_member_int(out, "held", 0);
        buf_addc(out, '}');
    }
}

void outbox_table_json(struct buf *out, const struct outbox_table *t,
                       const struct lane_holds *holds, const struct json *live)
{
    buf_addc(out, '[');
    for (size_t i = 0; i < t->lanes; i++) {
        const struct outbox_lane *lane = &t->lane[i];
        const struct lane_hold *held = lane_holds_cover(holds, lane->name);
        enum error_class class = main_class(lane);
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "destination", lane->name);
        json_member_text(out, "channel", channel_name(lane->channel));
        json_member_bool(out, "urgent", lane_name_is_urgent(lane->name));
        json_member_text(out, "state", state_of(t, lane, held, live));
        json_member_time(out, "held_since", held ? held->since_ms : 0);
        json_member_int(out, "pending", lane->pending);
        json_member_int(out, "held", lane->blocked);
        put_ages(out, lane);
        json_member_int(out, "oldest_age_s", (t->now_ms - lane->oldest_ms) / 1000);
        json_member_time(out, "next_at", lane->next_ms);
        json_member_text(out, "last_class", error_class_name(class));
        json_member_text(out, "german", verdict_of(class)->operators);
        json_member_text(out, "incident", incident_of(lane, live));
        buf_addc(out, '}');
    }
    json_empty_holds(out, t, holds);
    buf_addc(out, ']');
}
