/*
 * Counts without items: how many items a unit learns of as a number only (table tally, UL3). A row
 * is a unit and a week; it names no item, no service and no place.
 */
#ifndef STORE_TALLY_H
#define STORE_TALLY_H

#include <stdint.h>

struct store;

/* One item more for the unit in the week of that Monday (days since 1970). */
void store_tally_add(struct store *s, const char *unit, int64_t week);

/* The counts from a week on, by unit and week. */
void store_tally_each(struct store *s, int64_t from_week, void *context,
                      void (*each)(void *context, const char *unit, int64_t week, int64_t items));

#endif
