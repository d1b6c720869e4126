/*
 * What comes in, at random, for test_meeting_property.c: meetings called, moved, cancelled, held,
 * answered; a configuration that changes; absences; time that passes by steps and by leaps; a relay
 * that is away.
 */
#ifndef MEETING_PLAY_H
#define MEETING_PLAY_H

#include "../daemon/store_absence.h"
#include "calendar_model.h"
#include "meeting_rig.h"

enum { SHOWN_MAX = 1200, SETUPS = 3 };

/* A meeting of the configuration, as numbers to choose its lines by. */
struct setup_choice {
    bool there;
    size_t rule, hour, room, members, dates, except, until;
};

struct play {
    struct gateway_rig *rig;
    struct sqlite3 *db; /* another connection: what the relay took is written here */
    uint64_t seed, random;
    int step;
    int64_t called;
    bool relay_away;
    struct setup_choice setup[SETUPS];
    struct buf config; /* of the rig, without meetings */
    struct calendars calendars;
    int64_t mails, moved, cancelled, reminded;
    bool verbose;
};

static const char *const members[] = {"asd",       "asd-leitung",  "sozialbuero", "sb-leitung",
                                      "jobcenter", "koordination", "verein"};
static const char *const rules[] = {"FREQ=WEEKLY;BYDAY=TU",
                                    "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE",
                                    "FREQ=MONTHLY;BYDAY=1TH",
                                    "FREQ=WEEKLY;BYDAY=MO,WE,FR",
                                    "FREQ=WEEKLY;BYDAY=TH;COUNT=9",
                                    "FREQ=MONTHLY;BYDAY=-1FR",
                                    "FREQ=WEEKLY;BYDAY=MO;UNTIL=20270630T235959"};

static inline uint64_t roll(struct play *p)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return p->random;
}

static inline size_t below(struct play *p, size_t n)
{
    return (size_t)(roll(p) % n);
}

static inline bool chance(struct play *p, int percent)
{
    return (int)below(p, 100) < percent;
}

static inline void broken(const struct play *p, const char *rule, const char *more)
{
    fail_msg("STAFETTE_SEED=%llu step %d: %s: %s", (unsigned long long)p->seed, p->step, rule,
             more);
}

static inline void done(const struct play *p, const char *what)
{
    struct buf now = BUF_INIT;
    time_german(&now, p->rig->g.now_ms);
    if (p->verbose)
        print_message("# %d %s: %s\n", p->step, buf_str(&now), what);
    buf_release(&now);
}

/* ---- choosing */

struct choice {
    struct session session[SHOWN_MAX];
    size_t count;
    int64_t now_s;
};

static bool keep_future(void *context, const struct session *session)
{
    struct choice *c = context;
    if (session->state == SESSION_PLANNED && session->start_s > c->now_s)
        c->session[c->count++] = *session;
    return c->count < SHOWN_MAX;
}

/* An open meeting; false when there is none. */
static inline bool some_meeting(struct play *p, struct meeting *m)
{
    int64_t last = store_last(p->rig->g.store, SEQ_ITEM);
    for (int tries = 0; last && tries < 30; tries++) {
        struct item item;
        int64_t seq = last - (int64_t)below(p, (size_t)last);
        if (store_item_get(p->rig->g.store, seq, &item) && !item.closed_ms &&
            store_meeting_get(p->rig->g.store, seq, m))
            return true;
    }
    return false;
}

/* One of its next sessions. */
static inline bool some_session(struct play *p, const struct meeting *m, struct session *session)
{
    struct choice *c = xcalloc(1, sizeof *c);
    c->now_s = meeting_wall_now(&p->rig->g);
    store_session_each(p->rig->g.store, m->item_seq, 0, c, keep_future);
    bool found = c->count > 0;
    if (found)
        *session = c->session[below(p, c->count < 6 ? c->count : 6)];
    free(c);
    return found;
}

static inline void put_moment(struct buf *out, const char *name, int64_t wall_s)
{
    buf_printf(out, ",\"%s\":\"", name);
    time_utc(out, meeting_moment(wall_s));
    buf_addc(out, '"');
}

static inline int64_t some_start(struct play *p)
{
    int64_t day = meeting_wall_now(&p->rig->g) / 86400 + 1 + (int64_t)below(p, 25);
    return day * 86400 + (int64_t)(8 + below(p, 9)) * 3600;
}

static inline void publish(struct play *p, const char *type, struct buf *data)
{
    struct buf said = BUF_INIT;
    rig_event(p->rig, "jugendamt", type, "", buf_str(data));
    buf_printf(&said, "%s %s -> %d", type, buf_str(data), p->rig->last.outcome);
    done(p, buf_str(&said));
    buf_release(&said);
    buf_release(data);
}

/* ---- events */

static inline void put_parties(struct play *p, struct buf *data)
{
    const char *const *first = &members[below(p, 4)];
    buf_printf(data, ",\"parties\":\"%s,%s,%s\"", first[0], first[1], first[2]);
}

static inline void call(struct play *p)
{
    struct buf data = BUF_INIT;
    buf_printf(&data,
               "{\"meeting_id\":\"ruf-%lld\",\"kind\":\"reflexion\",\"unit\":\"asd\","
               "\"duration\":\"PT1H\"",
               (long long)++p->called);
    put_parties(p, &data);
    put_moment(&data, "start", some_start(p));
    buf_addc(&data, '}');
    publish(p, "meeting.called", &data);
}

static inline void put_dates(struct play *p, struct buf *data)
{
    int64_t day = meeting_wall_now(&p->rig->g) / 86400 + 2;
    buf_puts(data, ",\"dates\":\"");
    for (int i = 0; i < 3; i++) {
        int year, month, mday;
        day_split(day, &year, &month, &mday);
        buf_printf(data, "%s%04d-%02d-%02d", i ? "," : "", year, month, mday);
        day += 7 * (1 + (int64_t)below(p, 3));
    }
    buf_addc(data, '"');
}

/* A series or a list of dates, new or once more. */
static inline void define(struct play *p)
{
    struct buf data = BUF_INIT;
    size_t n = below(p, 3);
    buf_printf(&data,
               "{\"meeting_id\":\"reihe-%zu\",\"kind\":\"reflexion\",\"unit\":\"asd\","
               "\"duration\":\"PT%zuH\"",
               n, 1 + below(p, 2));
    put_parties(p, &data);
    put_moment(&data, "start", some_start(p));
    if (n == 0 && chance(p, 85))
        put_dates(p, &data);
    else
        buf_printf(&data, ",\"rule\":\"%s\",\"holiday\":\"%s\"", rules[below(p, COUNT_OF(rules))],
                   chance(p, 50) ? "plus_week" : "keep");
    buf_addc(&data, '}');
    publish(p, "meeting.series.defined", &data);
}

static inline struct buf about(const struct meeting *m, const struct session *s)
{
    struct buf data = BUF_INIT;
    buf_printf(&data, "{\"meeting_id\":\"%s\",\"kind\":\"%s\",\"unit\":\"asd\"", m->meeting_id,
               m->kind);
    if (s)
        put_moment(&data, "session", s->original_s);
    return data;
}

static inline void move(struct play *p)
{
    struct meeting m;
    struct session s;
    if (!some_meeting(p, &m) || !some_session(p, &m, &s))
        return;
    struct buf data = about(&m, &s);
    int64_t days = (int64_t)below(p, 5) - 1, hours = (int64_t)below(p, 3);
    put_moment(&data, "start", s.start_s + days * 86400 + hours * 3600);
    buf_puts(&data, ",\"duration\":\"PT1H\"");
    if (chance(p, 30))
        buf_puts(&data, ",\"room\":\"raum-9\"");
    buf_addc(&data, '}');
    publish(p, "meeting.changed", &data);
    p->moved++;
}

static inline void cancel(struct play *p)
{
    struct meeting m;
    struct session s;
    if (!some_meeting(p, &m) || !some_session(p, &m, &s))
        return;
    bool whole = chance(p, 10);
    struct buf data = about(&m, whole ? NULL : &s);
    put_moment(&data, "start", s.start_s);
    buf_puts(&data, ",\"code\":\"illness\"}");
    publish(p, "meeting.cancelled", &data);
    p->cancelled++;
}

static inline void hold(struct play *p)
{
    struct meeting m;
    struct session s;
    if (!some_meeting(p, &m))
        return;
    bool early = chance(p, 15) && some_session(p, &m, &s);
    if (!early &&
        !store_session_last(p->rig->g.store, m.item_seq, meeting_wall_now(&p->rig->g), &s))
        return;
    struct buf data = about(&m, &s);
    if (chance(p, 50)) {
        buf_puts(&data, ",\"at\":\"");
        time_utc(&data, p->rig->g.now_ms);
        buf_puts(&data, "\"}");
        char *unit = strstr(data.data, ",\"unit\":\"asd\"");
        memmove(unit, unit + strlen(",\"unit\":\"asd\""),
                strlen(unit + strlen(",\"unit\":\"asd\"")) + 1);
        data.len = strlen(data.data);
        publish(p, "minutes.filed", &data);
        return;
    }
    put_moment(&data, "start", s.start_s);
    buf_puts(&data, ",\"duration\":\"PT1H\"}");
    publish(p, "meeting.held", &data);
}

static inline void answer(struct play *p)
{
    static const char *const codes[] = {"accepted", "declined", "tentative"};
    struct meeting m;
    struct session s;
    if (!some_meeting(p, &m))
        return;
    struct buf data = BUF_INIT;
    bool one = chance(p, 50) && some_session(p, &m, &s);
    buf_printf(&data, "{\"meeting_id\":\"%s\",\"unit\":\"%s\",\"code\":\"%s\"", m.meeting_id,
               members[below(p, 2)], codes[below(p, 3)]);
    if (one)
        put_moment(&data, "session", s.original_s);
    buf_addc(&data, '}');
    publish(p, "rsvp.received", &data);
}

static inline void switch_mode(struct play *p)
{
    struct meeting m;
    if (!some_meeting(p, &m))
        return;
    const struct meeting_switch wanted = {.mode = chance(p, 50) ? MODE_ONLINE : MODE_ROOM,
                                          .link = "https://konferenz.example/raum",
                                          .room = chance(p, 30) ? "Raum 8" : "",
                                          .from_s = meeting_wall_now(&p->rig->g) +
                                                    (int64_t)below(p, 20) * 86400};
    store_begin(p->rig->g.store);
    meeting_switch_mode(&p->rig->g, m.item_seq, &wanted);
    rig_commit(p->rig);
    done(p, "mode");
}

static inline void absence(struct play *p)
{
    struct absence_row row = {.from_ms = p->rig->g.now_ms,
                              .to_ms = p->rig->g.now_ms + (int64_t)below(p, 9) * DAY_MS};
    snprintf(row.unit, sizeof row.unit, "%s", members[below(p, 4)]);
    store_begin(p->rig->g.store);
    store_absence_add(p->rig->g.store, &row);
    rig_commit(p->rig);
    done(p, "absence");
}

/* ---- the configuration */

static inline void put_setup(const struct play *p, struct buf *out, int number)
{
    static const char *const member_lists[] = {
        "\"sozialbuero\", { unit = \"asd-leitung\"; role = \"chair\"; }",
        "\"sozialbuero\", { unit = \"jobcenter\"; sessions = 4; }",
        "{ unit = \"verein\"; class = \"citizen\"; }, { unit = \"jobcenter\"; sessions = 2; }",
        "\"sb-leitung\", \"sozialbuero\", { unit = \"verein\"; class = \"citizen\"; }",
    };
    static const char *const dates[] = {
        "\"2027-01-12T14:00\", \"2027-02-09T14:00\", \"2027-05-04T14:00\"",
        "\"2027-01-12T14:00\", \"2027-03-09T10:00\"",
        "\"2026-12-15T14:00\", \"2027-02-09T14:00\", \"2027-06-08T09:00\""};
    const struct setup_choice *c = &p->setup[number];
    buf_printf(out,
               "{ id = \"fest-%d\"; kind = \"%s\"; unit = \"asd\"; duration = \"2h\";"
               " room = \"Raum %zu\"; members = ( %s ); part2 = \"30m\";",
               number, number == 1 ? "stadtteile_team" : "reflexion", c->room,
               member_lists[number ? c->members : c->members % 2 * 3]);
    if (number == 0)
        buf_printf(out, " dates = [ %s ]; months = [ \"2027-0%zu\" ];", dates[c->dates],
                   7 + c->room);
    else
        buf_printf(out, " start = \"2026-11-%02zuT%02zu:00\"; rule = \"%s\"; holiday = \"%s\";",
                   2 + c->hour, 9 + c->hour, rules[c->rule], c->room ? "plus_week" : "skip");
    if (number && c->until && !strstr(rules[c->rule], "UNTIL"))
        buf_printf(out, " until = \"2027-0%zu-28\";", 3 + c->until);
    if (number && c->except)
        buf_printf(out, " except = [ \"2027-01-%02zu\", \"2027-02-%02zu\" ];", 3 + c->except,
                   3 + c->except);
    buf_puts(out, " }");
}

static inline void reload(struct play *p)
{
    struct buf text = BUF_INIT, said = BUF_INIT;
    struct setup_choice *c = &p->setup[below(p, SETUPS)];
    c->there = c->there ? !chance(p, 10) : true;
    size_t *const turn[] = {&c->rule,  &c->hour,   &c->room, &c->members,
                            &c->dates, &c->except, &c->until};
    static const size_t choices[] = {COUNT_OF(rules), 3, 2, 4, 3, 8, 3};
    size_t which = below(p, COUNT_OF(turn));
    *turn[which] = below(p, choices[which]);
    buf_puts(&text, "meetings = (");
    size_t n = 0;
    for (int i = 0; i < SETUPS; i++)
        if (p->setup[i].there) {
            buf_puts(&text, n++ ? ",\n " : " ");
            put_setup(p, &text, i);
        }
    buf_puts(&text, " );\n");
    buf_printf(&said, "reload\n%s", buf_str(&text));
    buf_puts(&text, buf_str(&p->config));
    rig_write(p->rig->dir, "stafette.conf", buf_str(&text));
    rig_reload(p->rig);
    meeting_rig_sync(p->rig);
    done(p, buf_str(&said));
    buf_release(&text);
    buf_release(&said);
}

/* ---- time */

static inline void fire_all(struct play *p)
{
    for (int turns = 0; turns < 100; turns++) {
        store_begin(p->rig->g.store);
        size_t n = clock_fire_due(&p->rig->g);
        rig_commit(p->rig);
        if (!n)
            return;
    }
    broken(p, "clocks fire without end", "");
}

static inline void time_passes(struct play *p)
{
    struct gateway_rig *rig = p->rig;
    int64_t next = store_clock_next(rig->g.store);
    if (next > rig->g.now_ms && chance(p, 50))
        rig->g.now_ms = next;
    else
        rig->g.now_ms += (int64_t)below(p, chance(p, 20) ? 9 * DAY_MS : 8 * HOUR_MS);
    rig->g.steady_ms = rig->g.mono_ms = rig->g.now_ms;
    /* After a suspend what waits at the broker is decided before what is due. */
    if (chance(p, 70))
        fire_all(p);
    done(p, "time passes");
}

static inline void one_step(struct play *p)
{
    static const struct {
        int weight;
        void (*act)(struct play *p);
    } acts[] = {{8, call},    {8, define},      {14, move},   {7, cancel},  {10, hold},
                {10, answer}, {3, switch_mode}, {2, absence}, {13, reload}, {25, time_passes}};
    int dice = (int)below(p, 100);
    if (chance(p, 8))
        p->relay_away = !p->relay_away;
    for (size_t i = 0; i < COUNT_OF(acts); i++) {
        dice -= acts[i].weight;
        if (dice < 0) {
            acts[i].act(p);
            return;
        }
    }
}

#endif
