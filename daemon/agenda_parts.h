/*
 * For agenda*.c and page_agenda.c only: a whole agenda in memory, so that each member's part of it
 * is cut out without asking the store again.
 */
#ifndef AGENDA_PARTS_H
#define AGENDA_PARTS_H

#include "agenda.h"
#include "meeting.h"
#include "store_item.h"

struct agenda_line {
    struct agenda_item row;
    struct item about; /* of the case; seq 0 = none */
    bool is_protected; /* by now: nobody sees it */
    int number;        /* in its block, the same for everybody; 0: only counted */
};

struct agenda_sheet {
    struct agenda_line *line; /* owned; block A first */
    size_t lines, cap;
    const struct session *session;
};

/* Reads the rows that belong to a session; dropped ones are left out. Release it. */
void agenda_sheet_read(struct stafette *g, const struct session *session,
                       struct agenda_sheet *sheet);
void agenda_sheet_release(struct agenda_sheet *sheet);

/* Who reads it. */
struct agenda_reader {
    const struct meeting_view *view;
    const struct unit *unit;
    const struct member *member; /* NULL: not a member */
};
struct agenda_reader agenda_reader(const struct meeting_view *view, const struct unit *unit);

/* True when the reader may see the line. */
bool agenda_sees(const struct stafette *g, const struct agenda_reader *reader,
                 const struct agenda_line *line);

/* agenda_lines() of a sheet. */
void agenda_sheet_lines(const struct stafette *g, const struct agenda_reader *reader,
                        const struct agenda_sheet *sheet, struct buf *out, size_t *withheld);

/* True when an item of the case is protected (DOMAIN R10, R11). */
bool agenda_case_protected(struct stafette *g, int64_t case_key);

/* What became of a row, to the system `source`: "agenda.item.deferred". */
void agenda_tell(struct stafette *g, const struct agenda_item *row, const char *type,
                 const char *source);
/* An audit row at the meeting, and at the case's item where there is one: "agenda=17 <what>". */
void agenda_audit(struct stafette *g, const struct agenda_item *row, const char *what);

#endif
