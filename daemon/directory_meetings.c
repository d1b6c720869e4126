/*
 * Meetings and bodies of the configuration: group `meetings`, and `members` of a unit. Every fault
 * is reported with its place; a rule is checked by expanding it, so that a series without a single
 * date is found here and not when nobody is invited.
 */
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "digest.h"
#include "directory_load.h"
#include "ical.h"
#include "meeting.h"
#include "series.h"
#include "util.h"
#include "walltime.h"

enum {
    DURATION_MAX_S = 14 * 86400,
    DATES_MAX = 200,
    FREEZE_MAX = 30,
    SESSIONS_OF_ROLE_MAX = 500,
    CALL_MIN = 2,
    DAY_S = 86400
};

/* ---- members */

static enum member_class class_of(const struct unit *unit)
{
    return unit->kind == UNIT_PROVIDER ? CLASS_PROVIDER : CLASS_STAFF;
}

/* What a group says of a member, or of all the units that it stands for. */
static void load_role(struct loader *l, struct conf_node *node, struct member_setup *member)
{
    const char *text = conf_text(node, "role", "member", l->faults);
    if (!member_role_parse(text, &member->role) || member->role >= MEMBER_STAND_IN)
        conf_fault(l->faults, node,
                   "there is no role \"%s\"; use member, chair, deputy_chair, secretariat, "
                   "keeper, guest, trainer or host",
                   text);
    member->sessions_max = (int)conf_int(node, "sessions", 0, 0, SESSIONS_OF_ROLE_MAX, l->faults);
}

static void load_class(struct loader *l, struct conf_node *node, struct member_setup *member)
{
    const char *text = node->type == CONF_GROUP ? conf_text(node, "class", "", l->faults) : "";
    member->class = class_of(member->unit);
    if (!str_empty(text) && !member_class_parse(text, &member->class))
        conf_fault(l->faults, node, "there is no class \"%s\"; use staff, provider or citizen",
                   text);
}

static void load_member(struct loader *l, struct conf_node *node, struct member_setup *member)
{
    static const char *const known[] = {"unit", "role", "class", "sessions", NULL};
    const struct noun units = loader_units(l);
    memset(member, 0, sizeof *member);
    if (node->type == CONF_TEXT) {
        node->used = true;
        member->unit = idtable_find(units.table, node->text);
        if (!member->unit)
            conf_fault(l->faults, node, "there is no unit \"%s\"; add it to \"units\"", node->text);
    } else if (node->type == CONF_GROUP) {
        member->unit = loader_ref(l, node, "unit", &units);
        load_role(l, node, member);
    } else {
        conf_fault(l->faults, node,
                   "a member is the id of a unit, or a group with \"unit\" or \"function\"");
    }
    if (member->unit)
        load_class(l, node, member);
    if (node->type == CONF_GROUP)
        conf_check_unused(node, known, l->faults);
}

/* ---- all units of a function: a distribution list (KI6) */

struct body {
    struct member_setup *member;
    size_t count, cap;
};

static struct member_setup *find_member(struct body *body, const struct unit *unit)
{
    for (size_t i = 0; i < body->count; i++)
        if (body->member[i].unit == unit)
            return &body->member[i];
    return NULL;
}

static bool has_function(const struct unit *unit, const char *function)
{
    for (size_t i = 0; i < unit->functions; i++)
        if (str_eq(unit->function[i], function))
            return true;
    return false;
}

/* A unit for the whole town is there for each part of it as well. */
static bool works_in(const struct unit *unit, const struct place *place)
{
    for (size_t i = 0; place && i < unit->places; i++)
        if (place_within(unit->place[i], place) || place_within(place, unit->place[i]))
            return true;
    return !place;
}

static void load_function(struct loader *l, struct conf_node *node, struct body *body)
{
    static const char *const known[] = {"function", "place", "role", "class", "sessions", NULL};
    const struct noun places = loader_places(l);
    const char *function = conf_text(node, "function", "", l->faults);
    const struct place *place = loader_ref(l, node, "place", &places);
    struct member_setup pattern = {0};
    size_t found = 0;
    load_role(l, node, &pattern);
    for (size_t i = 0; i < l->dir->units; i++) {
        struct member_setup *member = &body->member[body->count];
        pattern.unit = &l->dir->unit[i];
        if (!has_function(pattern.unit, function) || !works_in(pattern.unit, place))
            continue;
        found++;
        if (find_member(body, pattern.unit) || body->count == body->cap)
            continue;
        load_class(l, node, &pattern);
        *member = pattern;
        body->count++;
    }
    if (!found)
        conf_fault(l->faults, node,
                   "no unit%s has the function \"%s\"; correct it, or remove this "
                   "entry",
                   place ? " of this place" : "", function);
    if (body->count == body->cap)
        conf_fault(l->faults, node, "more than %d members; divide the body", MEETING_MEMBERS_MAX);
    conf_check_unused(node, known, l->faults);
}

static bool is_function(struct conf_node *node)
{
    return node->type == CONF_GROUP && conf_get(node, "function");
}

static void load_named(struct loader *l, struct conf_node *node, struct body *body)
{
    struct member_setup *member = &body->member[body->count];
    load_member(l, node, member);
    if (!member->unit)
        return;
    if (find_member(body, member->unit))
        conf_fault(l->faults, node, "unit \"%s\" is a member already; remove it", member->unit->id);
    else
        body->count++;
}

/* Who is named keeps the role that it is named with, wherever its line stands. */
static struct member_setup *load_members(struct loader *l, struct conf_node *group, size_t *count)
{
    struct conf_node *list = loader_list(l, group, "members");
    struct body body = {.cap = MEETING_MEMBERS_MAX};
    *count = 0;
    if (!list)
        return NULL;
    size_t children = list->children;
    if (children > MEETING_MEMBERS_MAX) {
        conf_fault(l->faults, list, "more than %d members; divide the body", MEETING_MEMBERS_MAX);
        children = MEETING_MEMBERS_MAX;
    }
    body.member = xcalloc(MEETING_MEMBERS_MAX + 1, sizeof *body.member);
    for (size_t i = 0; i < children; i++)
        if (!is_function(list->child[i]))
            load_named(l, list->child[i], &body);
    for (size_t i = 0; i < children; i++)
        if (is_function(list->child[i]))
            load_function(l, list->child[i], &body);
    struct member_setup *members = arena_get(&l->memory->arena, body.count + 1, sizeof *members);
    memcpy(members, body.member, body.count * sizeof *members);
    *count = body.count;
    free(body.member);
    return members;
}

static void load_bodies(struct loader *l)
{
    for (size_t i = 0; i < l->dir->units; i++) {
        struct unit *unit = &l->dir->unit[i];
        unit->member = load_members(l, l->unit_node[i], &unit->members);
    }
}

/* ---- times */

/* "2027-01-07T09:00" -> wall seconds. */
static bool wall_seconds(const char *text, int64_t *at_s)
{
    char day[16];
    int64_t days;
    int second;
    if (strlen(text) != strlen("2027-01-07T09:00") || text[10] != 'T')
        return false;
    memcpy(day, text, 10);
    day[10] = '\0';
    second = wall_time_of_day(text + 11);
    if (!date_parse(day, &days) || second < 0 || second >= DAY_S)
        return false;
    *at_s = days * DAY_S + second;
    return true;
}

/* "2018-09" -> wall seconds of its first day. */
static bool wall_month(const char *text, int64_t *at_s)
{
    char day[16];
    int64_t days;
    if (strlen(text) != strlen("2018-09"))
        return false;
    memcpy(day, text, 7);
    memcpy(day + 7, "-01", 4);
    if (!date_parse(day, &days))
        return false;
    *at_s = days * DAY_S;
    return true;
}

static bool whole_day(const char *text, int64_t *day)
{
    return date_parse(text, day);
}

static const int64_t *load_times(struct loader *l, struct conf_node *group, const char *member,
                                 bool (*parse)(const char *text, int64_t *value), size_t *count)
{
    struct conf_node *list = loader_list(l, group, member);
    *count = 0;
    if (!list)
        return NULL;
    int64_t *value = arena_get(&l->memory->arena, list->children + 1, sizeof *value);
    if (list->children > DATES_MAX)
        conf_fault(l->faults, list, "more than %d dates; make a rule of them", DATES_MAX);
    for (size_t i = 0; i < list->children && i < DATES_MAX; i++) {
        struct conf_node *node = list->child[i];
        node->used = true;
        if (node->type != CONF_TEXT || !parse(node->text, &value[*count]))
            conf_fault(l->faults, node,
                       "not a date of this list; write 2027-01-07T09:00 in \"dates\", 2027-01-07 "
                       "in \"except\", 2027-09 in \"months\"");
        else if (*count && value[*count] <= value[*count - 1])
            conf_fault(l->faults, node, "dates must rise; put them in order, each once");
        else
            ++*count;
    }
    return value;
}

/* ---- meetings */

static void load_dates(struct loader *l, struct conf_node *group, struct meeting_setup *m)
{
    struct buf err = BUF_INIT;
    int64_t first;
    const char *start = conf_text(group, "start", "", l->faults);
    m->rule = loader_text(l, group, "rule");
    m->date = load_times(l, group, "dates", wall_seconds, &m->dates);
    m->month = load_times(l, group, "months", wall_month, &m->months);
    m->except = load_times(l, group, "except", whole_day, &m->excepts);
    if (!str_empty(start) && !wall_seconds(start, &m->start_s))
        conf_fault(l->faults, group, "start is no time; write 2027-01-07T09:00");
    const char *until = conf_text(group, "until", "", l->faults);
    if (!str_empty(until) && !date_parse(until, &m->until_day))
        conf_fault(l->faults, group, "until is no day; write 2027-12-31");
    if (!str_empty(m->rule) && ical_rule_check(m->rule, &err) < 0)
        conf_fault(l->faults, group, "rule: %s", buf_str(&err));
    else if (!str_empty(m->rule) && m->start_s &&
             !ical_expand(m->rule, m->start_s, m->start_s, m->start_s + (int64_t)3 * 366 * DAY_S,
                          &first, 1))
        conf_fault(l->faults, group, "the rule has no date within three years of its start");
    if (!m->start_s && !m->dates && !m->months)
        conf_fault(l->faults, group, "no date; set start, dates or months");
    if (!str_empty(m->rule) && (m->dates || strlen(m->rule) >= MEETING_RULE_MAX))
        conf_fault(l->faults, group,
                   "a rule has no list of dates beside it, and less than %d "
                   "characters",
                   MEETING_RULE_MAX);
    buf_release(&err);
}

static void load_place(struct loader *l, struct conf_node *group, struct meeting_setup *m)
{
    const char *mode = conf_text(group, "mode", "", l->faults);
    m->room = loader_text(l, group, "room");
    m->link = loader_text(l, group, "link");
    m->dial_in = loader_text(l, group, "dial_in");
    m->mode = str_empty(m->link) ? MODE_ROOM : str_empty(m->room) ? MODE_ONLINE : MODE_BOTH;
    if (!str_empty(mode) && !meeting_mode_parse(mode, &m->mode))
        conf_fault(l->faults, group, "there is no mode \"%s\"; use room, online, both or phone",
                   mode);
    if (!str_empty(m->link) && !str_starts(m->link, "https://"))
        conf_fault(l->faults, group, "link must begin with https://");
    if (strlen(m->room) >= MEETING_ROOM_MAX || strlen(m->link) >= MEETING_LINK_MAX ||
        strlen(m->dial_in) >= sizeof((struct meeting *)0)->dial_in)
        conf_fault(l->faults, group, "room, link or dial_in is too long; shorten it");
}

/* Over everything that members would hear of when it changes, so that a reload without a change
 * tells nobody anything. */
static void hash_setup(struct meeting_setup *m)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s|%s|%lld|%lld|%s|%lld|%d|%d|%d|%s|%s|%s|%lld", m->kind->id, m->unit->id,
               (long long)m->start_s, (long long)m->duration_s, m->rule, (long long)m->until_day,
               m->holiday, m->skip_school_holidays, m->mode, m->room, m->link, m->dial_in,
               (long long)m->part2_s);
    for (size_t i = 0; i < m->dates; i++)
        buf_printf(&text, "|d%lld", (long long)m->date[i]);
    for (size_t i = 0; i < m->months; i++)
        buf_printf(&text, "|m%lld", (long long)m->month[i]);
    for (size_t i = 0; i < m->excepts; i++)
        buf_printf(&text, "|x%lld", (long long)m->except[i]);
    for (size_t i = 0; i < m->members; i++)
        buf_printf(&text, "|%s/%d/%d/%d", m->member[i].unit->id, m->member[i].role,
                   m->member[i].class, m->member[i].sessions_max);
    unsigned char full[DIGEST_FULL];
    struct buf hex = BUF_INIT;
    digest_sha256(full, text.data, text.len);
    digest_hex(&hex, full, 8);
    str_copy(m->hash, sizeof m->hash, buf_str(&hex));
    buf_release(&hex);
    buf_release(&text);
}

static void load_call(struct loader *l, struct conf_node *group, struct meeting_setup *m)
{
    const char *text = conf_text(group, "call", "", l->faults);
    if (!str_empty(text) &&
        (!lead_parse(text, &m->call) || m->call.unit == LEAD_EXACT || m->call.amount < CALL_MIN))
        conf_fault(l->faults, group, "call must be %d days or more before the session: \"60 days\"",
                   CALL_MIN);
}

static void load_meeting(struct loader *l, struct conf_node *list, struct conf_node *group,
                         struct meeting_setup *m)
{
    static const char *const known[] = {
        "id",      "kind",   "unit",   "start",     "duration", "rule", "until", "dates",
        "months",  "except", "school", "holiday",   "mode",     "room", "link",  "dial_in",
        "members", "freeze", "part2",  "reminders", "call",     NULL};
    const struct noun units = loader_units(l);
    const size_t errors = l->faults->errors;
    m->id = loader_id(l, list, group, &l->memory->meeting, m);
    const char *kind = conf_text(group, "kind", "", l->faults);
    m->kind = meeting_kind_find(kind);
    if (!m->kind)
        conf_fault(l->faults, group,
                   "there is no kind of meeting \"%s\"; the kinds are listed in "
                   "config/README.md",
                   kind);
    m->unit = loader_ref(l, group, "unit", &units);
    if (!m->unit)
        conf_fault(l->faults, group, "unit is missing: who hosts the meeting");
    m->duration_s = conf_duration_ms(group, "duration", 2 * HOUR_MS, l->faults) / 1000;
    if (m->duration_s <= 0 || m->duration_s > DURATION_MAX_S)
        conf_fault(l->faults, group, "duration must be between a minute and 14 days");
    m->part2_s = conf_duration_ms(group, "part2", 0, l->faults) / 1000;
    if (m->part2_s < 0 || m->part2_s >= m->duration_s)
        conf_fault(l->faults, group, "part2 must begin before the meeting ends");
    load_dates(l, group, m);
    load_place(l, group, m);
    const char *holiday = conf_text(group, "holiday", "keep", l->faults);
    if (!holiday_rule_parse(holiday, &m->holiday))
        conf_fault(l->faults, group,
                   "there is no holiday rule \"%s\"; use keep, skip, plus_week or next_day",
                   holiday);
    m->skip_school_holidays = conf_bool(group, "school", false, l->faults);
    m->freeze_days = conf_int(group, "freeze", 3, 0, FREEZE_MAX, l->faults);
    m->reminders = loader_text(l, group, "reminders");
    load_call(l, group, m);
    m->file = arena_text(&l->memory->arena, group->file);
    m->line = group->line;
    m->member = load_members(l, group, &m->members);
    conf_check_unused(group, known, l->faults);
    if (l->faults->errors == errors)
        hash_setup(m);
}

void directory_load_meetings(struct loader *l, struct conf_node *root)
{
    struct conf_node *list = loader_list(l, root, "meetings");
    load_bodies(l);
    if (!list)
        return;
    l->dir->meeting = arena_get(&l->memory->arena, list->children, sizeof *l->dir->meeting);
    for (size_t i = 0; i < list->children; i++) {
        struct conf_node *group = list->child[i];
        if (group->type != CONF_GROUP) {
            conf_fault(l->faults, group, "a meeting is a group: { id = ...; kind = ...; }");
            continue;
        }
        load_meeting(l, list, group, &l->dir->meeting[l->dir->meetings++]);
    }
}

const struct meeting_setup *directory_meeting(const struct directory *dir, const char *id)
{
    return idtable_find(&directory_memory(dir)->meeting, id);
}
