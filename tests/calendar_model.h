/*
 * A calendar program as small as it can be, for tests of invitations: it takes the iTIP messages
 * that one mailbox gets, in their order, and says what its owner sees. REQUEST of a series replaces
 * the series with its exceptions, REQUEST of one session replaces that one, CANCEL takes the one or
 * the whole away (RFC 5546 3.2). What has a lower SEQUENCE than was seen before is a fault, because
 * real programs ignore it.
 */
#ifndef CALENDAR_MODEL_H
#define CALENDAR_MODEL_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/ical.h"
#include "../daemon/util.h"

enum { MODEL_EXCEPTS = 1200, MODEL_DAY_S = 86400 };

/* One VEVENT of a mailbox. */
struct entry {
    char unit[64], uid[128], rule[320];
    int64_t recurrence_s; /* 0: single, or the master of a series */
    int64_t start_s, sequence;
    int64_t *except;
    size_t excepts;
    bool cancelled;
    bool gone; /* kept for its SEQUENCE */
};

struct calendars {
    struct entry *entry;
    size_t count, cap;
    char fault[400]; /* "" = none */
};

/* "20270506T090000" */
static inline int64_t model_time(const char *text)
{
    char day[11] = "";
    int64_t days = 0;
    snprintf(day, sizeof day, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
    if (!date_parse(day, &days))
        return 0;
    const char *t = text + 9;
    return days * MODEL_DAY_S + ((t[0] - '0') * 10 + t[1] - '0') * 3600 +
           ((t[2] - '0') * 10 + t[3] - '0') * 60 + (t[4] - '0') * 10 + t[5] - '0';
}

/* Lines without their folds. */
static inline struct buf model_unfold(const char *text)
{
    struct buf out = BUF_INIT;
    for (const char *p = text; *p; p++) {
        if (p[0] == '\r' && p[1] == '\n' && p[2] == ' ')
            p += 2;
        else if (*p != '\r')
            buf_addc(&out, *p);
    }
    return out;
}

static inline void model_line(struct entry *e, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);
    if (!colon)
        return;
    const char *value = colon + 1;
    int n = (int)(len - (size_t)(value - line));
    if (str_starts(line, "UID:"))
        snprintf(e->uid, sizeof e->uid, "%.*s", n, value);
    else if (str_starts(line, "RRULE:"))
        snprintf(e->rule, sizeof e->rule, "%.*s", n, value);
    else if (str_starts(line, "DTSTART;"))
        e->start_s = model_time(value);
    else if (str_starts(line, "RECURRENCE-ID;"))
        e->recurrence_s = model_time(value);
    else if (str_starts(line, "SEQUENCE:"))
        e->sequence = atoi(value);
    else if (str_starts(line, "STATUS:CANCELLED"))
        e->cancelled = true;
    for (const char *at = value; str_starts(line, "EXDATE;") && at < line + len; at += 16)
        if (e->excepts < MODEL_EXCEPTS)
            e->except[e->excepts++] = model_time(at);
}

static inline struct entry *model_add(struct calendars *all)
{
    all->entry = grow(all->entry, all->count, &all->cap, sizeof *all->entry);
    struct entry *e = &all->entry[all->count++];
    memset(e, 0, sizeof *e);
    e->except = xcalloc(MODEL_EXCEPTS, sizeof *e->except);
    return e;
}

/* No message of an entry may be older than what was shown of it. */
static inline void model_check(struct calendars *all, const struct entry *now)
{
    for (size_t i = 0; i < all->count; i++) {
        const struct entry *e = &all->entry[i];
        if (e != now && str_eq(e->unit, now->unit) && str_eq(e->uid, now->uid) &&
            e->recurrence_s == now->recurrence_s && e->sequence > now->sequence)
            snprintf(all->fault, sizeof all->fault, "SEQUENCE of %s for %s falls from %d to %d",
                     now->uid, now->unit, (int)e->sequence, (int)now->sequence);
    }
}

static inline void model_remove(struct calendars *all, const struct entry *now)
{
    bool whole = !now->recurrence_s;
    for (size_t i = 0; i < all->count; i++) {
        struct entry *e = &all->entry[i];
        if (e != now && str_eq(e->unit, now->unit) && str_eq(e->uid, now->uid) &&
            (whole || e->recurrence_s == now->recurrence_s))
            e->gone = true;
    }
}

static inline void model_except(struct calendars *all, const struct entry *now)
{
    for (size_t i = 0; i < all->count; i++) {
        struct entry *e = &all->entry[i];
        if (!e->gone && !e->recurrence_s && str_eq(e->unit, now->unit) &&
            str_eq(e->uid, now->uid) && e->excepts < MODEL_EXCEPTS)
            e->except[e->excepts++] = now->recurrence_s;
    }
}

/* All VEVENTs of a message are one change: what it removes goes first. */
static inline void model_take(struct calendars *all, const char *unit, const char *text)
{
    struct buf lines = model_unfold(text);
    bool cancel = strstr(buf_str(&lines), "METHOD:CANCEL") != NULL, in = false;
    size_t first = all->count;
    for (const char *at = buf_str(&lines); *at;) {
        size_t len = strcspn(at, "\n");
        if (str_starts(at, "BEGIN:VEVENT")) {
            in = true;
            snprintf(model_add(all)->unit, sizeof all->entry->unit, "%s", unit);
        } else if (in) {
            model_line(&all->entry[all->count - 1], at, len);
        }
        in = in && !str_starts(at, "END:VEVENT");
        at += len + (at[len] == '\n');
    }
    size_t end = all->count;
    for (size_t i = first; i < end; i++) {
        struct entry now = all->entry[i];
        model_check(all, &all->entry[i]);
        if (i == first || now.recurrence_s)
            model_remove(all, &all->entry[i]);
        for (size_t j = first; j < end; j++)
            all->entry[j].gone = false;
    }
    for (size_t i = first; i < end; i++) {
        struct entry *e = &all->entry[i];
        e->gone = cancel || e->cancelled;
        if (e->recurrence_s)
            model_except(all, e);
    }
    buf_release(&lines);
}

static inline bool model_is_out(const struct entry *e, int64_t start_s)
{
    for (size_t i = 0; i < e->excepts; i++)
        if (e->except[i] == start_s)
            return true;
    return false;
}

/* What a mailbox shows of one uid (by its beginning, up to the dot or dash) in (from_s, to_s). */
static inline size_t model_shows(const struct calendars *all, const char *unit, const char *name,
                                 int64_t from_s, int64_t to_s, int64_t *start, size_t max)
{
    size_t n = 0, len = strlen(name);
    static int64_t ruled[ICAL_STARTS_MAX];
    for (size_t i = 0; i < all->count; i++) {
        const struct entry *e = &all->entry[i];
        if (e->gone || !str_eq(e->unit, unit) || !str_starts(e->uid, name) ||
            (e->uid[len] != '.' && e->uid[len] != '-'))
            continue;
        ruled[0] = e->start_s;
        size_t m = *e->rule
                       ? ical_expand(e->rule, e->start_s, from_s + 1, to_s, ruled, ICAL_STARTS_MAX)
                       : 1;
        for (size_t k = 0; k < m && n < max; k++)
            if (ruled[k] > from_s && ruled[k] < to_s && !model_is_out(e, ruled[k]))
                start[n++] = ruled[k];
    }
    return n;
}

static inline void model_release(struct calendars *all)
{
    for (size_t i = 0; i < all->count; i++)
        free(all->entry[i].except);
    free(all->entry);
}

#endif
