/*
 * Notices (who is told what, why) and the frozen template texts they are rendered from.
 */
#ifndef STORE_NOTICE_H
#define STORE_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct store;

enum { OUTCOME_MAX = 2048 }; /* bytes of a sentence or paragraph; a longer one is cut */

struct notice {
    int64_t seq;
    int64_t item_seq;
    char unit[ID_MAX];
    enum reason reason;
    char template_name[ID_MAX]; /* "handover.requested" */
    int64_t deadline_ms;        /* answer until; 0 = none */
    const char *outcome;        /* German sentence; borrowed when adding */
    char instead_of[ID_MAX];    /* unit that is not there, for which this one is told; "" = none */
    bool doubtful;              /* perhaps sent before a restore */
    int64_t created_ms;
    int64_t session_seq; /* of a meeting; 0 = the whole, or no meeting */
};

void store_notice_add(struct store *s, const struct notice *notice);

/* A notice by its number, without its outcome (""); false when there is none. */
bool store_notice_get(struct store *s, int64_t seq, struct notice *notice);

/* From now on it says that it may be a copy of what came before. */
void store_notice_doubt(struct store *s, int64_t seq);

/* Calls back for each notice of an item, oldest first. */
void store_notice_each(struct store *s, int64_t item_seq, void *context,
                       void (*each)(void *context, const struct notice *notice));

/* Units that were told of an item, each once, in order of the first notice; at most max. With a
 * session only who was told of that one or of the whole; 0: all. */
size_t store_notice_units(struct store *s, int64_t item_seq, int64_t session_seq,
                          char (*units)[ID_MAX], size_t max);

/* The number of a template text, kept for as long as the store lives. */
int64_t store_template_keep(struct store *s, const char *hash, const char *name, const char *text);
/* The text of a kept template; false when there is no such number. */
bool store_template_get(struct store *s, int64_t id, char name[2 * ID_MAX], struct buf *text);

int64_t store_notice_count(struct store *s);

#endif
