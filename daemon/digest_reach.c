/*
 * The proof of reachability for the coordinator, each week: a sentence for each fault, made when
 * the mail leaves, and one line in the overview of the week. Role names only; reads, writes
 * nothing.
 */
#include "buf.h"
#include "config.h"
#include "digest_text.h"
#include "directory.h"
#include "gateway.h"
#include "reach_look.h"

/* Sentences of one unit. */
static void put_unit(struct section *s, const struct reach_look *look)
{
    for (int fault = 0; fault < REACH_FAULT_COUNT; fault++)
        if (look->r.faults >> fault & 1 && section_row(s))
            reach_sentence(s->out, (enum reach_fault)fault, look->unit->name, &look->c);
}

/* Looks at all units; with a section, puts what is missing there. Returns how many lack something.
 */
static size_t look_at_all(struct stafette *g, struct section *s, size_t *units)
{
    const struct directory *dir = g->config->directory;
    size_t missing = 0;
    *units = 0;
    for (size_t i = 0; i < dir->units; i++) {
        struct reach_look look;
        if (!reach_counts(&dir->unit[i]))
            continue;
        reach_look(g, &dir->unit[i], &look);
        ++*units;
        missing += look.r.faults != 0;
        if (s)
            put_unit(s, &look);
    }
    return missing;
}

bool digest_reach(struct stafette *g, struct buf *out)
{
    struct section s = {.g = g, .out = out, .title = "Erreichbarkeit in den nächsten sieben Tagen"};
    size_t units;
    bool missing = look_at_all(g, &s, &units) > 0;
    section_end(&s);
    return missing;
}

void digest_put_reach(struct section *s)
{
    size_t units, missing = look_at_all(s->g, NULL, &units);
    if (section_row(s))
        reach_summary(s->out, units, missing);
}
