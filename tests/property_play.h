/*
 * What comes in, at random, for test_property.c: events of all handled types with fields absent and
 * units wrong, repeated and late ones, answers, time that passes, what is done by hand. Most are
 * such as the item they are about can take, so that lives get far.
 */
#ifndef PROPERTY_PLAY_H
#define PROPERTY_PLAY_H

#include "../daemon/admit.h"
#include "../daemon/event_table.h"
#include "life_rig.h"

enum { KEPT = 64, ITEMS_MAX = 40000, DAY = 86400000 };

struct seen {
    enum item_state state;
    enum urgency urgency;
    bool restricted;
    int returns;
    char owner[ID_MAX];
};

/* A message that may come once more, or later. */
struct message {
    char source[ID_MAX], type[ID_MAX];
    struct buf payload;
};

struct play {
    struct gateway_rig *rig;
    struct sqlite3 *db; /* another reader of the same store */
    uint64_t seed, random;
    int step;
    struct message kept[KEPT];
    size_t keeps;
    struct seen *seen;
    int64_t items, told; /* numbers of the newest at the last look */
    int64_t applied; /* steps of the table that were taken, so that the test is known to do some */
    uint64_t *reached; /* states by kind, over all sequences */
    bool verbose;
};

static const char *const cases[] = {"cr-7f3k92qxm4t8b", "cr-4m8x1wq6z2k9d", "cr-9p2d5h7r3w6xk",
                                    "cr-2b8n4v6c1j5qz", "cr-6h1t8y3f5g7ws", "cr-5k7m2x9b4r1dz",
                                    "cr-8s4w6n2p7q3cv", "cr-3d9f5j1l8t6hy"};
static const char *const units[] = {"asd",          "asd",        "asd-leitung",  "sozialbuero",
                                    "sozialbuero",  "sb-leitung", "jobcenter",    "verein",
                                    "verein-fremd", "verein-alt", "bereitschaft", "koordination",
                                    "sb-vertretung"};

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

static const char *pick(struct play *p, const char *const *list)
{
    size_t n = 0;
    while (list[n])
        n++;
    return list[below(p, n)];
}

static inline void broken(const struct play *p, const char *rule, const char *more)
{
    fail_msg("STAFETTE_SEED=%llu step %d: %s: %s", (unsigned long long)p->seed, p->step, rule,
             more);
}

/* ---- what comes in */

static inline bool random_item(struct play *p, bool open, struct item *item)
{
    int64_t last = store_last(p->rig->g.store, SEQ_ITEM);
    for (int tries = 0; last && tries < 20; tries++) {
        int64_t back = (int64_t)below(p, (size_t)(last < 60 ? last : 60));
        if (store_item_get(p->rig->g.store, last - back, item) && (!open || !item->closed_ms) &&
            (item->kind != ITEM_REFUSAL || chance(p, 5)))
            return true;
    }
    memset(item, 0, sizeof *item);
    return false;
}

static inline void put_day(struct play *p, struct buf *out)
{
    int64_t at_ms = p->rig->g.now_ms + ((int64_t)below(p, 40) - 15) * DAY;
    struct buf text = BUF_INIT;
    time_utc(&text, at_ms);
    buf_add(out, buf_str(&text), 10);
    buf_release(&text);
}

/* Who may take a step of the item that has this type, as a rule. */
static const char *entitled(const struct item *about, int type)
{
    const struct step *step;
    const struct occasion o = {about->kind, about->state, about->flags, type, "confirmed"};
    if (machine_next(&o, &step) == STEP_REFUSE)
        return about->waiting_unit;
    return step->actor == ACTOR_GIVER      ? about->from_unit
           : step->actor == ACTOR_RECEIVER ? about->to_unit
                                           : about->waiting_unit;
}

/* The unit that a field about the speaker names: mostly one that has to do with the item. */
static const char *speaker(struct play *p, const struct item *about, int type)
{
    if (about->seq && chance(p, 75) && !str_empty(entitled(about, type)))
        return entitled(about, type);
    const char *const named[] = {about->waiting_unit, about->waiting_unit, about->from_unit,
                                 about->to_unit};
    const char *unit = named[below(p, COUNT_OF(named))];
    return about->seq && !str_empty(unit) && chance(p, 85) ? unit
                                                           : units[below(p, COUNT_OF(units))];
}

static const char *word(struct play *p, int type, enum field f, const struct item *about)
{
    static const char *const bases[] = {"sgb2_16a", "sgb2_16a", "consent", "sgb12_71", NULL};
    static const char *const services[] = {"schuldner", "schuldner", "schuldner",
                                           "sucht",     "turnen",    NULL};
    static const char *const places[] = {"nord", "stadt", "neu-ulm", NULL};
    static const char *const areas[] = {"SGB_VIII", "SGB_XII", NULL};
    static const char *const wishes[] = {"verein", "verein-fremd", "niemand", NULL};
    static const char *const codes[] = {"ok", "seen", "noted", "done", NULL};
    const char *const *list = event_type_codes(type, f);
    switch (f) {
    case FIELD_CASE_REF:
        return about->seq && !str_empty(about->case_ref) && chance(p, 98)
                   ? about->case_ref
                   : cases[below(p, COUNT_OF(cases))];
    case FIELD_FROM_UNIT:
        return about->seq && machine_opens(type) && !str_empty(about->from_unit)
                   ? about->from_unit
                   : units[below(p, 3)];
    case FIELD_TO_UNIT:
    case FIELD_ON_CALL_UNIT:
    case FIELD_DEPUTY:
        return units[below(p, COUNT_OF(units))];
    case FIELD_BY_UNIT:
    case FIELD_BY_ROLE:
    case FIELD_PROVIDER:
    case FIELD_UNIT:
        return speaker(p, about, type);
    case FIELD_LEGAL_BASIS:
        return pick(p, bases);
    case FIELD_SERVICE:
        return pick(p, services);
    case FIELD_PLACE:
        return pick(p, places);
    case FIELD_RECHTSKREIS:
        return pick(p, areas);
    case FIELD_PROVIDER_WISH:
        return pick(p, wishes);
    case FIELD_AUTHORITY_SEAT:
        return chance(p, 70) ? "nw" : "asd";
    case FIELD_EXPECTED_WEEK:
        return "2026-W50";
    case FIELD_CONSENT_REF:
        return "c-8841";
    case FIELD_BUDGET_LINE:
        return "bl_16a";
    case FIELD_MISSING:
        return "open_tasks,documents";
    default:
        return list ? pick(p, list) : pick(p, codes);
    }
}

static inline void put_value(struct play *p, struct buf *out, int type, enum field f,
                             const struct item *about)
{
    switch (event_field_row(f)->kind) {
    case VALUE_INTEGER:
        buf_printf(out, "%d", (int)below(p, 3));
        return;
    case VALUE_BOOLEAN:
        buf_puts(out, chance(p, 40) ? "true" : "false");
        return;
    case VALUE_DATE:
        buf_addc(out, '"');
        put_day(p, out);
        buf_addc(out, '"');
        return;
    case VALUE_TIME:
        buf_addc(out, '"');
        time_utc(out, p->rig->g.now_ms - (int64_t)below(p, DAY));
        buf_addc(out, '"');
        return;
    default:
        buf_printf(out, "\"%s\"", word(p, type, f, about));
    }
}

/* Some fields decide much: how often they come is said here. */
static inline int likely(int type, enum field f, bool names_item)
{
    if (f == FIELD_ITEM_ID || f == FIELD_IN_REPLY_TO || f == FIELD_CORRECTS)
        return 0;
    if (f == FIELD_CASE_REF && names_item)
        return 50;
    if (f == FIELD_HAZARD_CLEARED_AT || f == FIELD_ON_CALL_UNIT || f == FIELD_PROVIDER_WISH)
        return 15;
    if (f == FIELD_TO_UNIT && type == EVENT_HANDOVER_REQUESTED)
        return 90;
    return event_field_use(type, f) == 2 ? 98 : 30;
}

static inline void put_data(struct play *p, struct buf *out, int type, const struct item *about)
{
    bool names = about->seq && chance(p, machine_opens(type) ? 25 : 80), first = true;
    buf_addc(out, '{');
    if (names) {
        buf_printf(out, "\"item_id\":\"%s\"", rig_code(p->rig, about->seq));
        first = false;
    }
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++) {
        if (!event_field_use(type, (enum field)f) || !chance(p, likely(type, (enum field)f, names)))
            continue;
        buf_printf(out, "%s\"%s\":", first ? "" : ",", event_field_name((enum field)f));
        put_value(p, out, type, (enum field)f, about);
        first = false;
    }
    buf_addc(out, '}');
}

/* The source that may speak for the unit that the data name; sometimes another. */
static const char *source_for(struct play *p, const char *data)
{
    static const char *const fields[] = {"\"by_unit\":\"", "\"by_role\":\"", "\"provider\":\"",
                                         "\"from_unit\":\"", "\"unit\":\""};
    const struct directory *dir = p->rig->g.config->directory;
    for (size_t i = 0; i < COUNT_OF(fields) && chance(p, 97); i++) {
        const char *at = strstr(data, fields[i]);
        if (!at)
            continue;
        at += strlen(fields[i]);
        char id[ID_MAX];
        snprintf(id, sizeof id, "%.*s", (int)strcspn(at, "\""), at);
        const struct unit *unit = directory_unit(dir, id);
        for (size_t s = 0; unit && s < dir->sources; s++)
            if (source_speaks_for(&dir->source[s], unit))
                return dir->source[s].id;
    }
    return dir->source[below(p, dir->sources)].id;
}

static inline void send(struct play *p, const struct message *m)
{
    if (p->verbose)
        print_message("# %d %s %s %s\n", p->step, m->source, m->type,
                      strstr(buf_str(&m->payload), "\"data\""));
    rig_message(p->rig, m->source, m->type, buf_str(&m->payload));
    if (p->verbose)
        print_message("#   -> %d item %lld %s\n", p->rig->last.outcome,
                      (long long)p->rig->last.item_seq,
                      strstr(buf_str(&p->rig->last.receipt), "faults")
                          ? strstr(buf_str(&p->rig->last.receipt), "faults")
                          : "");
}

/* A type that an item in that state can take, most of the time. */
static inline int random_type(struct play *p, const struct item *about)
{
    static const int opening[] = {EVENT_HANDOVER_REQUESTED, EVENT_HANDOVER_REQUESTED,
                                  EVENT_HANDOVER_ANNOUNCED, EVENT_REFERRAL_REQUESTED,
                                  EVENT_REFERRAL_REQUESTED, EVENT_EMERGENCY_REPORTED,
                                  EVENT_DEADLINE_SET,       EVENT_EARLYWARNING_RAISED};
    if (!about->seq || chance(p, 12))
        return opening[below(p, COUNT_OF(opening))];
    int fit[EVENT_HANDLED_COUNT];
    size_t n = 0;
    for (int type = 0; type < EVENT_HANDLED_COUNT; type++) {
        const struct step *step;
        const struct occasion o = {about->kind, about->state, about->flags, type, "confirmed"};
        if (machine_next(&o, &step) == STEP_APPLY)
            fit[n++] = type;
    }
    return n && chance(p, 92) ? fit[below(p, n)] : (int)below(p, EVENT_HANDLED_COUNT);
}

static inline void new_event(struct play *p)
{
    static const char *const urgencies[] = {
        "", "", "", "\"urgency\":\"prompt\",", "\"urgency\":\"urgent\",", "\"restricted\":true,"};
    struct item about = {0};
    struct buf data = BUF_INIT;
    struct message m = {.payload = BUF_INIT};
    if (chance(p, 85))
        random_item(p, true, &about);
    int type = random_type(p, &about);
    put_data(p, &data, type, &about);
    snprintf(m.source, sizeof m.source, "%s", source_for(p, buf_str(&data)));
    snprintf(m.type, sizeof m.type, "%s", event_type_name(type));
    buf_printf(&m.payload, "{\"specversion\":\"1.0\",\"id\":\"%s-%d\",\"source\":\"/%s\",",
               m.source, ++p->rig->events, m.source);
    buf_puts(&m.payload, "\"type\":\"");
    event_full_type(&m.payload, m.type);
    buf_puts(&m.payload, "\",\"time\":\"");
    time_utc(&m.payload, p->rig->g.now_ms);
    buf_printf(&m.payload, "\",%s\"data\":%s}", urgencies[below(p, COUNT_OF(urgencies))],
               buf_str(&data));
    bool later = chance(p, 6);
    if (!later)
        send(p, &m);
    struct message *slot = &p->kept[p->keeps++ % KEPT];
    buf_release(&slot->payload);
    *slot = m;
    buf_release(&data);
}

/* Comes once more, or late. */
static inline void old_event(struct play *p)
{
    size_t n = p->keeps < KEPT ? p->keeps : KEPT;
    if (n)
        send(p, &p->kept[below(p, n)]);
}

static inline void answer_item(struct play *p)
{
    struct item item;
    if (!random_item(p, chance(p, 90), &item))
        return;
    const struct answer answer = {
        .item_seq = item.seq,
        .by = directory_unit(p->rig->g.config->directory, speaker(p, &item, ON_END)),
        .verb = (enum answer_verb)below(p, ANSWER_VERB_COUNT),
        .code = "",
        .via = chance(p, 50) ? VIA_LINK : VIA_SMS};
    if (!answer.by ||
        (!answer_possible(&p->rig->g, &item, answer.by, answer.verb) && chance(p, 80)))
        return;
    struct buf said = BUF_INIT;
    store_begin(p->rig->g.store);
    enum answer_end end = answer_apply(&p->rig->g, &answer, &said);
    rig_commit(p->rig);
    if (p->verbose)
        print_message("# %d answer %s by %s to %lld -> %d %s\n", p->step,
                      answer_verb_name(answer.verb), answer.by->id, (long long)item.seq, end,
                      buf_str(&said));
    buf_release(&said);
}

static inline void fire_all(struct play *p)
{
    for (int turns = 0; turns < 50; turns++) {
        store_begin(p->rig->g.store);
        size_t n = clock_fire_due(&p->rig->g);
        rig_commit(p->rig);
        p->told = store_last(p->rig->g.store, SEQ_NOTICE);
        if (!n)
            return;
    }
    broken(p, "clocks fire without end", "");
}

static inline void time_passes(struct play *p)
{
    struct gateway_rig *rig = p->rig;
    int64_t next = store_clock_next(rig->g.store);
    if (next > rig->g.now_ms && chance(p, 60))
        rig->g.now_ms = next;
    else
        rig->g.now_ms += (int64_t)below(p, chance(p, 10) ? 6 * DAY : 4 * 3600000);
    rig->g.steady_ms = rig->g.mono_ms = rig->g.now_ms;
    if (p->verbose)
        print_message("# %d time passes\n", p->step);
    fire_all(p);
}

static inline void by_hand(struct play *p)
{
    struct item item;
    struct buf err = BUF_INIT;
    if (!random_item(p, true, &item))
        return;
    store_begin(p->rig->g.store);
    if (chance(p, 50))
        workflow_delivered(&p->rig->g, &item);
    else
        workflow_close(&p->rig->g, item.seq, "erledigt", &err);
    rig_commit(p->rig);
    buf_release(&err);
}

static inline void one_step(struct play *p)
{
    size_t dice = below(p, 100);
    if (dice < 55)
        new_event(p);
    else if (dice < 63)
        old_event(p);
    else if (dice < 83)
        answer_item(p);
    else if (dice < 96)
        time_passes(p);
    else
        by_hand(p);
}

#endif
