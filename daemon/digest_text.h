/*
 * For digest_*.c only: the lines of an overview. A section is a heading with rows below; it appears
 * with its first row, and says how many rows it has left out.
 */
#ifndef DIGEST_TEXT_H
#define DIGEST_TEXT_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct directory;
struct stafette;

enum {
    DIGEST_ROWS_MAX = 50,   /* shown of a section */
    DIGEST_LOOK_MAX = 1000, /* read for it; then the rest is told as "at least" */
    DIGEST_SHOWN_MIN = 5    /* smaller counts of cases of one place are told as "1-4" (R25) */
};

struct section {
    struct stafette *g;
    struct buf *out;
    const char *title;
    int64_t rows; /* so far, left out ones included */
};

/* Begins a row: the heading before the first. False when the section is full: then nothing may be
 * written, the row is counted only. Otherwise the caller appends the words and no line feed. */
bool section_row(struct section *s);
/* Says what was left out. */
void section_end(struct section *s);

/* The role name of a unit, its id when the directory no longer has it. */
const char *digest_unit_name(const struct directory *dir, const char *id);
/* "K7F3-92QX". */
void digest_code(struct buf *out, const struct stafette *g, int64_t item_seq);
/* "1-4" for a small number. */
void digest_masked(struct buf *out, int64_t count);

/* The quarter and the month before that of the moment, in Berlin: [from_day, to_day). */
void digest_last_quarter(int64_t now_ms, int64_t *from_day, int64_t *to_day);
void digest_last_month(int64_t now_ms, int64_t *from_day, int64_t *to_day);

/* ---- the overviews: append their lines; true when there is something in them to act on */

/* The coordinator's week; a sentence that all is well when there is nothing to act on. */
bool digest_weekly(struct stafette *g, struct buf *out);
/* Items without an owner that the directory knows, without a clock, or lost, as the last full check
 * found them; what has been mended since is left out. */
bool digest_orphans(struct stafette *g, struct buf *out);
/* Quotas of the year that are not met. */
bool digest_quotas(struct stafette *g, struct buf *out);

struct unit;
/* A team's day. */
bool digest_morning(struct stafette *g, const struct unit *unit, struct buf *out);

/* KI4: shares of the Sozialraum in the last quarter's referrals of a lead's teams (digest_share.c);
 * and which units, by their index, are leads that have some. */
bool digest_share(struct stafette *g, const struct unit *lead, struct buf *out);
void digest_share_leads(struct stafette *g, bool *is_asked);

/* MH6: days that referrals of a lead's teams were in each phase (digest_phases.c); and who has
 * some, as above. */
bool digest_phases(struct stafette *g, const struct unit *lead, struct buf *out);
void digest_phases_leads(struct stafette *g, bool *is_asked);

/* DO11: the past month as a figure (digest_quality.c); a sentence when there was nothing. */
void digest_quality(struct stafette *g, struct buf *out);

/* Units that cannot be reached as they should be, one sentence each (digest_reach.c); false when
 * there is none. The row of the week sums it up. */
bool digest_reach(struct stafette *g, struct buf *out);
void digest_put_reach(struct section *s);

/* ---- sections of the week that are about the desk and not about items (digest_desk.c) */
void digest_put_gaps(struct section *s);
void digest_put_units(struct section *s);
void digest_put_contacts(struct section *s);
void digest_put_budgets(struct section *s);
void digest_put_counts(struct section *s);
void digest_put_sessions(struct section *s);
void digest_put_minutes(struct section *s);
void digest_put_quotas(struct section *s);

#endif
