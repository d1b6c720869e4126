/*
 * What a routing table leaves to its catch-all desk: see routing_gaps() in route.h.
 *
 * Asked is the table itself, cell by cell, because only a decision knows what `continue`, versions
 * and inheritance make of the rules. A table that says `complete = true` promises that no cell is
 * empty (UL2), now and at every later date on which a rule begins or ends. Pure.
 */
#include <stdlib.h>

#include "buf.h"
#include "directory.h"
#include "route.h"
#include "route_tree.h"
#include "util.h"

enum { GAPS_SHOWN = 50 };

struct survey {
    const struct routing *routing;
    const struct directory *dir;
    int64_t at_ms;
    bool *leaf;          /* by place */
    enum item_kind kind; /* what the service is asked for */
};

static bool *find_leaves(const struct directory *dir)
{
    bool *leaf = xcalloc(dir->places + 1, sizeof *leaf);
    for (size_t i = 0; i < dir->places; i++)
        leaf[i] = true;
    for (size_t i = 0; i < dir->places; i++)
        if (dir->place[i].parent)
            leaf[dir->place[i].parent->index] = false;
    return leaf;
}

static bool is_gap(const struct survey *s, const struct place *place, const struct service *service)
{
    struct route_result result;
    const struct route_query query = {.kind = s->kind,
                                      .place = place,
                                      .service = service,
                                      .area = service->area,
                                      .complexity = "",
                                      .at_ms = s->at_ms};
    route_decide(s->routing, s->dir, &query, &result);
    return result.rule->to_rule == s->routing->root;
}

/* A service that is only ever referred to providers has no handover to be missed. */
static enum item_kind kind_of(struct survey *s, const struct service *service)
{
    s->kind = ITEM_HANDOVER;
    for (size_t p = 0; p < s->dir->places; p++)
        if (s->leaf[p] && !is_gap(s, &s->dir->place[p], service))
            return ITEM_HANDOVER;
    return ITEM_REFERRAL;
}

typedef void put_gap(void *context, const struct place *place, const struct service *service);

static size_t survey(struct survey *s, void *context, put_gap *put)
{
    size_t gaps = 0;
    s->leaf = find_leaves(s->dir);
    for (size_t i = 0; i < s->dir->services; i++) {
        const struct service *service = &s->dir->service[i];
        s->kind = kind_of(s, service);
        for (size_t p = 0; p < s->dir->places; p++) {
            if (!s->leaf[p] || !is_gap(s, &s->dir->place[p], service))
                continue;
            put(context, &s->dir->place[p], service);
            gaps++;
        }
    }
    free(s->leaf);
    return gaps;
}

static void put_line(void *context, const struct place *place, const struct service *service)
{
    buf_printf(context, "%s x %s: nur Auffangregel\n", place->name, service->name);
}

size_t routing_gaps(const struct routing *routing, const struct directory *dir, int64_t at_ms,
                    struct buf *out)
{
    struct survey s = {.routing = routing, .dir = dir, .at_ms = at_ms};
    return survey(&s, out, put_line);
}

static void next_change(const struct rule *rule, int64_t after_ms, int64_t *next_ms)
{
    if (rule->from_ms > after_ms && rule->from_ms < *next_ms)
        *next_ms = rule->from_ms;
    if (rule->to_ms > after_ms && rule->to_ms < *next_ms)
        *next_ms = rule->to_ms;
    for (size_t i = 0; i < rule->children; i++)
        next_change(rule->child[i], after_ms, next_ms);
}

int64_t routing_next_change(const struct routing *routing, int64_t after_ms)
{
    int64_t next_ms = INT64_MAX;
    next_change(routing->root, after_ms, &next_ms);
    return next_ms == INT64_MAX ? 0 : next_ms;
}

struct faults_of {
    const struct routing *routing;
    int64_t at_ms;
    size_t shown;
    struct buf *report;
};

static void put_fault(void *context, const struct place *place, const struct service *service)
{
    struct faults_of *f = context;
    if (f->shown++ >= GAPS_SHOWN)
        return;
    buf_printf(f->report,
               "%s:%d: the table says complete, but no rule takes \"%s x %s\" (%s, %s) on ",
               f->routing->root->file, f->routing->root->line, place->name, service->name,
               place->id, service->id);
    time_german(f->report, f->at_ms);
    buf_puts(f->report, "; add a rule, or leave \"complete\" out\n");
}

size_t routing_incomplete(const struct routing *routing, const struct directory *dir,
                          int64_t now_ms, struct buf *report)
{
    struct survey s = {.routing = routing, .dir = dir};
    struct faults_of f = {.routing = routing, .report = report};
    size_t gaps = 0;
    if (!routing->complete)
        return 0;
    for (int64_t at_ms = now_ms; at_ms; at_ms = routing_next_change(routing, at_ms)) {
        s.at_ms = f.at_ms = at_ms;
        gaps += survey(&s, &f, put_fault);
    }
    if (f.shown > GAPS_SHOWN)
        buf_printf(report, "%s:%d: and %zu more such cells\n", routing->root->file,
                   routing->root->line, f.shown - GAPS_SHOWN);
    return gaps;
}
