/*
 * For workflow*.c only: one event on its way through the decision.
 */
#ifndef WORKFLOW_PARTS_H
#define WORKFLOW_PARTS_H

#include "admit.h"
#include "event.h"
#include "gateway.h"
#include "known.h"
#include "limits.h"
#include "store_item.h"
#include "workflow.h"

struct work {
    struct stafette *g;
    const struct event_input *input;
    const struct known *fresh;
    struct decision *out;
    struct event ev;
    struct parties parties;
    struct event_row row;  /* what will be stored of the event */
    struct item item;      /* what it is about; seq 0 = none */
    struct limits limits;  /* of the item */
    struct buf candidates; /* codes, when a case_ref alone does not say which item (E-MEHRDEUTIG) */
};

/* The number of the event with that id of that source, or 0. */
int64_t work_find_event(const struct work *w, const char *source, const char *id);

/* The item an event names by item_id, in_reply_to or corrects; false with a fault when it names
 * none that exists. */
bool work_named_item(struct work *w, struct item *item);
bool work_names_item(const struct work *w);

/* Adds a fault at a data field (FIELD_NONE: at none). */
void work_fault(struct work *w, const char *code, enum field field);

/* Refuses the event. `lost` opens an item at the source's technical desk (DESIGN 1.5). */
void work_refuse(struct work *w, bool lost);

/* Opens or completes an item from a requesting event; with `complete` false it is `returned`. */
void work_open(struct work *w, bool complete);

/* Applies an answer to its item. */
void work_answer(struct work *w);

/* Tells everyone who was told of w->item before, but the unit `except`, how it went on. */
void work_tell_outcome(struct work *w, const char *outcome, const char *except);

/* Ends an open item without an answer, because a corrected event came or a person closed it, and
 * tells the unit it waited for. */
void work_close(struct stafette *g, struct item *item, enum item_state state, const char *outcome);

/* "handover" + ".reminder" -> template name; the kind's name is "refusal" for refusals. */
void work_template(char name[ID_MAX], enum item_kind kind, const char *what);

/* Reads the frozen limits of an item. */
void work_limits(struct stafette *g, const struct item *item, struct limits *limits);

#endif
