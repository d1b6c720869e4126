/*
 * Copies that are only a number (DOMAIN UL3): a coordinator learns how many items a central service
 * took over in a week, and nothing of any of them. `stafettectl counts` shows them.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdint.h>

struct item;
struct route_result;
struct stafette;

/* Counts that unit learns of itself; smaller ones are told as "1-4", so that no single item can be
 * recognised (R25). */
enum { TALLY_SHOWN_MIN = 5 };

/* In the transaction, when an item was opened by that decision: counts it for every unit that the
 * rules say (`count_copy`). Nothing is counted of restricted items and entrusted data (R10, R11).
 */
void tally_item(struct stafette *g, const struct item *item, const struct route_result *route);

/* The Monday of a moment's week in Berlin, days since 1970. */
int64_t tally_week(int64_t at_ms);

#endif
