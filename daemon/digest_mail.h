/*
 * Overviews at fixed hours (DOMAIN E10, E29): the coordinator's week, the day of the teams that
 * want one, and each day what nobody is responsible for, from October on the quotas of the year
 * (MH2), and figures of a month or a quarter (KI4, MH6, DO11). Each mail is a notice of an item of
 * its own that is over from the start, like the line of a night (night.h), so it is carried,
 * audited and removed like every other.
 *
 * A row holds no line of it: the text is made when the attempt starts, from what the store says
 * then. A mail that an outage has delayed tells the newest state and nothing that is over.
 *
 * Once each, also over restarts (the day is kept in the store); after an outage one for all that
 * were missed, a team's day only on that day; a newer week replaces one that has not left. A new
 * store begins with the next. Told by daily.c, a bounded number of teams in a turn.
 */
#ifndef DIGEST_MAIL_H
#define DIGEST_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct item;
struct stafette;
struct unit;

/* The names are in the store (item.code) and templates ("digest.weekly"): they stay. */
enum digest_kind {
    DIGEST_WEEKLY,
    DIGEST_MORNING,
    DIGEST_ORPHANS,
    DIGEST_QUOTAS,
    DIGEST_SHARE,   /* each quarter, to leads (KI4) */
    DIGEST_REACH,   /* each week, only when somebody cannot be reached as it should be (reach.h) */
    DIGEST_QUALITY, /* each month, to units with quality_oversight (DO11); also of an empty month,
                     * for who oversees must see that the gateway lives */
    DIGEST_PHASES,  /* each quarter, to leads (MH6) */
    DIGEST_COUNT
};

const char *digest_kind_name(enum digest_kind kind); /* "weekly" */
bool digest_kind_parse(const char *name, enum digest_kind *kind);
/* Its lines are those of one unit. */
bool digest_is_of_unit(enum digest_kind kind);

enum { DIGEST_TEAMS_MAX = 20 /* looked at in a turn */ };

/* In struct stafette; all zero before digest_open(). */
struct digest {
    bool known;                     /* the days below were read from the store */
    int64_t told_day[DIGEST_COUNT]; /* local day of the last one, days since 1970 */
    size_t next_unit;               /* of the directory: teams before it had their morning */
    int64_t look_day;               /* orphans of that day: a look of the ledger was asked for */
    uint64_t looks;                 /* ledger_run_count() when it was */
    struct {
        int64_t told_day[DIGEST_COUNT];
        size_t next_unit;
    } turn; /* what this turn's share came to, taken over by the commit */
};

/* Reads the days from the store: at start and after a new configuration. */
void digest_open(struct stafette *g);

/* Orphans are those of a look of the ledger at that hour, which this asks for. Once a turn, outside
 * a transaction. */
void digest_step(struct stafette *g);

/* True when one is to be made or noted now. */
bool digest_due(const struct stafette *g);
/* The same, or one waits for its look. */
bool digest_busy(const struct stafette *g);

/* In the open transaction: makes what is due. After the commit: takes it over. */
void digest_run(struct stafette *g);
void digest_done(struct stafette *g);

/* The lines of an overview as they are now, for render.c: {lines}. Says so when nothing is left to
 * be told. */
void digest_lines(struct stafette *g, const struct item *item, struct buf *out);

/* The same for `stafettectl digest`; unit: whose lines they are when digest_is_of_unit(), else
 * ignored. False when no mail would be sent now, with nothing appended. */
bool digest_preview(struct stafette *g, enum digest_kind kind, const struct unit *unit,
                    struct buf *out);

#endif
