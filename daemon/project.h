/*
 * Projects without cases (DOMAIN KI12): their providers are reminded of the report, once for each
 * day it is due on.
 */
#ifndef PROJECT_H
#define PROJECT_H

#include <stdint.h>

struct project;
struct stafette;

/* In the transaction, each morning: opens the tasks of the reports whose reminder is due on that
 * day (days since 1970, Berlin) or was missed. */
void project_check(struct stafette *g, int64_t day);

/* Pure: the day of the newest report whose reminder is due by `day`; 0 = none yet. */
int64_t project_report(const struct project *project, int64_t day);

#endif
