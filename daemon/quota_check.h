#ifndef QUOTA_CHECK_H
#define QUOTA_CHECK_H
#include <stdbool.h>
#include <stdint.h>
struct stafette;
struct unit;
bool quota_allows(struct stafette *g, const struct unit *unit, const char *kind, int64_t start_s);
#endif
