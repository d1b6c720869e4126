/*
 * What is known of a case beside its items: the milestones that came (table milestone).
 */
#ifndef STORE_CASE_H
#define STORE_CASE_H

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Notes that a step of the case was reached; again is harmless. */
void store_milestone_add(struct store *s, int64_t case_key, int step, int64_t at_ms);
bool store_milestone_has(struct store *s, int64_t case_key, int step);

#endif
