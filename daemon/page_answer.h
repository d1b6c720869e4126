/*
 * For page_answer*.c only: the answers that a link in a mail about a case may give.
 */
#ifndef PAGE_ANSWER_H
#define PAGE_ANSWER_H

#include <stdbool.h>

#include "answer.h"
#include "page_visit.h"

/* True when this link may give that answer now: its purpose, not used, possible. */
bool visit_offers(const struct visit *visit, enum answer_verb verb);

/* Writes the page: what was said, the item's state, and the answers that are possible. */
void visit_show(const struct visit *visit);

#endif
