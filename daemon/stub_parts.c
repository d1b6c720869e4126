#include "agenda.h"
#include "poll.h"
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
void agenda_freeze(struct stafette *g, struct item *item, struct session *session)
{
    (void)g;
    (void)item;
    (void)session;
}
void agenda_lines(struct stafette *g, const struct meeting_view *view,
                  const struct session *session, const struct unit *member, struct buf *out,
                  size_t *withheld)
{
    (void)g;
    (void)view;
    (void)session;
    (void)member;
    (void)out;
    *withheld = 0;
}
size_t agenda_list(struct stafette *g, int64_t a, int64_t b, struct agenda_item *item, size_t max)
{
    (void)g;
    (void)a;
    (void)b;
    (void)item;
    (void)max;
    return 0;
}
