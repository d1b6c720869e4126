/*
 * Open items must not wait for a unit that a new configuration no longer has (DESIGN 6).
 */
#ifndef OPEN_UNITS_H
#define OPEN_UNITS_H

#include <stddef.h>

struct buf;
struct directory;
struct store;

/* Reports each unit that open items name as responsible or waited for and that dir does not have:
 * one line "unit ...: N open items; ..." each. Returns how many such units there are. */
size_t open_units_lost(struct store *s, const struct directory *dir, struct buf *report);

#endif
