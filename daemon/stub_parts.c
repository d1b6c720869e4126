#include "poll.h"
#include "quota_check.h"
bool quota_allows(struct stafette *g, const struct unit *unit, const char *kind, int64_t start_s)
{
    (void)g;
    (void)unit;
    (void)kind;
    (void)start_s;
    return true;
}
void poll_fires(struct stafette *g, struct item *item)
{
    (void)g;
    (void)item;
}
void poll_find_date(struct stafette *g, int64_t m, int64_t w, bool p)
{
    (void)g;
    (void)m;
    (void)w;
    (void)p;
}
