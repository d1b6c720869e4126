/*
 * Quotas of meetings: how many of one kind a team is to hold in a calendar year (DOMAIN MH2: two or
 * three trainings on the job). Pure.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum { QUOTA_MAX = 366 };

struct quota {
    const char *name; /* what people call the kind: "TOJ" */
    int64_t min, max; /* within a year, up to QUOTA_MAX; max 0: no upper bound */
};

/* A session as the quota sees it; cancelled and missed ones are not handed in. */
struct quota_session {
    const char *unit, *kind;
    int64_t day;
    bool held; /* false: planned */
};

struct quota_count {
    int year;
    int64_t held, planned;
};

/* The sessions of a unit and kind within the year. */
struct quota_count quota_count(const struct quota_session *session, size_t sessions,
                               const struct quota_session *of, int year);

enum quota_verdict {
    QUOTA_MET,
    QUOTA_GAP, /* held and planned together stay below min */
    QUOTA_OVER /* and here above max */
};
enum quota_verdict quota_judge(const struct quota *quota, const struct quota_count *count);

/* True when one more would be over the quota: it needs an override with a reason. */
bool quota_full(const struct quota *quota, const struct quota_count *count);

/* Appends the coordinator's line without a line end: "TOJ 1 von 2-3, bis 31.12.", with what is
 * planned "TOJ 0 von 2-3, 1 geplant, bis 31.12.", above "TOJ 4 von 2-3, mehr als vorgesehen". */
void quota_line(struct buf *out, const struct quota *quota, const struct quota_count *count);

/* One number for what a line says, to be remembered once it was told; 0 when the quota is met and
 * there is nothing to tell. The same state has the same number for ever, another year has another
 * one. Remember the 0 as well: a gap that closed and opens again is told again. */
int64_t quota_mark(const struct quota *quota, const struct quota_count *count);

/* True when there is something to tell that was not told. */
bool quota_differs(int64_t mark, int64_t told);

#endif
