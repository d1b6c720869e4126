/* Parts that are still to come. */
#include "agenda.h"
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
