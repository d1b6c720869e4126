/*
 * Erasing a case: see erase.h. First what is about the case is collected, then all of it goes, then
 * those who waited for an answer are told.
 *
 * Promise: one transaction, so a case is erased whole or not at all; it is on the list before. A
 * crash between list and commit leaves the case, and the next start erases it.
 */
#include "erase.h"

#include <string.h>

#include "config.h"
#include "directory.h"
#include "event.h"
#include "gateway.h"
#include "log.h"
#include "meeting.h"
#include "store.h"
#include "store_agenda.h"
#include "store_audit.h"
#include "store_item.h"
#include "subject.h"
#include "tell.h"
#include "testpoint.h"
#include "util.h"
#include "workflow_parts.h"

static const char told[] = "Der Vorgang wurde gelöscht; alle Angaben dazu sind entfernt. Bitte "
                           "klären Sie mit der Koordination, ob noch etwas zu tun ist.";

static const char called_off[] =
    "Dieser Termin wurde gelöscht und findet nicht statt; alle Angaben dazu sind entfernt. Bitte "
    "nehmen Sie ihn aus Ihrem Kalender.";

static void tell_one(struct stafette *g, const struct item *item, const struct unit *unit)
{
    char what[ID_MAX];
    struct limits limits;
    bool meets = item->kind == ITEM_MEETING || item->kind == ITEM_POLL;
    work_limits(g, item, &limits);
    if (meets)
        str_copy(what, sizeof what, "meeting.note");
    else
        work_template(what, item->kind, "outcome");
    const struct telling telling = {unit, REASON_OUTCOME, what, 0, meets ? called_off : told};
    tell_unit(g, item, &limits, &telling);
}

/* Who had to answer must know that there is nothing to answer any more, and the desk that nobody
 * asks again. */
static void tell_units(struct stafette *g, const struct item *item, const char *waiting)
{
    const struct directory *dir = g->config->directory;
    const struct unit *unit = directory_unit(dir, waiting);
    tell_one(g, item, dir->catch_all);
    if (unit && unit != dir->catch_all)
        tell_one(g, item, unit);
}

/* Who was invited to an open meeting must not come; its rows are gone by then, and with them the
 * calendar that could say so. */
struct invited {
    struct stafette *g;
    const char *waiting; /* hears of it anyway */
    const struct unit *unit[MEETING_MEMBERS_MAX];
    size_t count;
};

static bool keep_invited(void *context, const struct member *member)
{
    struct invited *all = context;
    const struct directory *dir = all->g->config->directory;
    const struct unit *unit = directory_unit(dir, member->unit);
    if (unit && unit != dir->catch_all && !str_eq(unit->id, all->waiting) &&
        all->count < MEETING_MEMBERS_MAX)
        all->unit[all->count++] = unit;
    return true;
}

static void audit_item(struct stafette *g, const struct item *item, const struct erased *rows,
                       const char *ticket)
{
    struct buf text = BUF_INIT;
    buf_printf(&text,
               "erased item=%lld kind=%s open=%d events=%lld notices=%lld deliveries=%lld "
               "audit=%lld ticket=%s config=%s",
               (long long)item->seq, item_kind_name(item->kind), item->closed_ms == 0,
               (long long)rows->events, (long long)rows->notices, (long long)rows->deliveries,
               (long long)rows->audit, ticket, g->config->version);
    store_audit_add(g->store, g->now_ms, item->seq, buf_str(&text));
    buf_release(&text);
}

static void erase_item(struct stafette *g, int64_t seq, struct erase_report *report)
{
    char status[ID_MAX];
    struct item before, after;
    struct erased rows = {0};
    if (!store_item_get(g->store, seq, &before))
        return;
    bool open = !before.closed_ms;
    struct invited invited = {.g = g, .waiting = before.waiting_unit};
    if (open)
        store_member_each(g->store, seq, &invited, keep_invited);
    store_erase_dependants(g->store, seq, &rows);
    store_erase_item(g->store, seq, open ? g->config->directory->catch_all->id : "", g->now_ms);
    rows.audit = store_erase_audit(g->store, seq);
    audit_item(g, &before, &rows, report->ticket);
    if (!store_item_get(g->store, seq, &after))
        return;
    after.urgency = before.urgency; /* how it is told, not what is kept */
    if (open)
        tell_units(g, &after, before.waiting_unit);
    for (size_t i = 0; i < invited.count; i++)
        tell_one(g, &after, invited.unit[i]);
    work_template(status, after.kind, item_state_name(after.state));
    tell_status(g, &after, status, "", "");
    report->rows.items++;
    report->rows.events += rows.events;
    report->rows.notices += rows.notices;
    report->rows.deliveries += rows.deliveries;
    report->rows.clocks += rows.clocks;
    report->rows.audit += rows.audit;
}

static void apply(struct stafette *g, const struct subject *s, const struct erasure *entry,
                  struct erase_report *report)
{
    erasure_ticket(report->ticket, entry);
    report->open = s->open;
    for (size_t i = 0; i < s->items.n; i++)
        erase_item(g, s->items.at[i], report);
    for (size_t i = 0; i < s->events.n; i++)
        store_erase_event(g->store, s->events.at[i]);
    report->rows.events += (int64_t)s->events.n;
    for (size_t i = 0; i < s->agenda.n; i++)
        store_agenda_drop(g->store, s->agenda.at[i]);
    store_erase_milestones(g->store, entry->case_key);
    store_meta_set_int(g->store, "erasures_applied", entry->number);
    store_keep_numbers(g->store);
}

/* Notes the erasure outside the store; once, however often the turn is run. */
static int put_on_list(struct stafette *g, struct erasure *entry, struct buf *err)
{
    if (entry->number)
        return 0;
    entry->at_ms = g->now_ms;
    int rc = erasures_add(&g->erasures, entry, store_meta_int(g->store, "erasures_applied"), err);
    if (rc < 0)
        entry->number = 0;
    else
        test_point("erase-listed");
    return rc;
}

enum erase_end erase_case(struct stafette *g, const char *case_ref, bool force,
                          struct erasure *entry, struct erase_report *report, struct buf *err)
{
    struct subject s;
    enum erase_end end = ERASE_DONE;
    memset(report, 0, sizeof *report);
    erasure_of(entry, g->keys.case_ref, case_ref);
    subject_find(&s, g->store, &g->keys, &g->known, entry);
    if (!s.items.n && !s.events.n && !s.agenda.n && !entry->number) {
        buf_puts(err, "nothing is kept about this case");
        end = ERASE_NOTHING;
    } else if (s.open && !force) {
        buf_printf(err,
                   "%lld items of this case are open, and erasing them could lose a person; end "
                   "them first, or say --force: then the units that wait are told",
                   (long long)s.open);
        end = ERASE_OPEN;
    } else if (put_on_list(g, entry, err) < 0) {
        end = ERASE_FAILED;
    } else {
        apply(g, &s, entry, report);
    }
    subject_release(&s);
    return end;
}

void erase_flush(struct stafette *g)
{
    if (!g->unflushed)
        return;
    test_point("before-flush");
    g->unflushed = !store_truncate(g->store);
}

static int catch_up_one(struct stafette *g, const struct erasure *e, struct buf *err)
{
    struct subject s;
    struct erase_report report = {0};
    store_begin(g->store);
    subject_find(&s, g->store, &g->keys, &g->known, e);
    apply(g, &s, e, &report);
    subject_release(&s);
    if (store_commit(g->store) != STORE_DONE) {
        buf_printf(err, "an erasure cannot be repeated: %s", store_trouble(g->store));
        return -1;
    }
    log_info("erased again", "number=%lld items=%lld open=%lld", (long long)e->number,
             (long long)report.rows.items, (long long)report.open);
    return 0;
}

int erase_catch_up(struct stafette *g, struct buf *err)
{
    if (erasures_open(&g->erasures, g->config->settings.erasures, err) < 0)
        return -1;
    int64_t applied = store_meta_int(g->store, "erasures_applied");
    for (size_t i = 0; i < g->erasures.count; i++)
        if (g->erasures.entry[i].number > applied &&
            catch_up_one(g, &g->erasures.entry[i], err) < 0)
            return -1;
    /* A crash may have come between an erasure and the emptying of the log. */
    g->unflushed = g->erasures.count > 0;
    erase_flush(g);
    return 0;
}

bool erase_forbids(const struct stafette *g, const struct event *ev)
{
    struct erasure like;
    if (!g->erasures.count || !ev->present[FIELD_CASE_REF])
        return false;
    erasure_of(&like, g->keys.case_ref, ev->text[FIELD_CASE_REF]);
    const struct erasure *found = erasures_find(&g->erasures, &like);
    return found && ev->time_ms <= found->at_ms;
}
