/*
 * Rows of the audit trail as a person reads them: the time, what happened in German, and the row's
 * own words, which are ids and codes. Pure.
 */
#ifndef AUDIT_TEXT_H
#define AUDIT_TEXT_H

#include <stdint.h>

struct buf;

/* "Fr 20.11.2026 09:14  Meldung verarbeitet: event=17 type=..."; without a line feed. An erased
 * row, whose content is "", says so. */
void audit_text(struct buf *out, int64_t at_ms, const char *content);

#endif
