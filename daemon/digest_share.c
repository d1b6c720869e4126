/*
 * KI4: in how many of a quarter's single-case helps shares of the Sozialraum are agreed. The lead
 * of the asking teams gets the figure and the codes of those without; protected cases are counted
 * and never listed (R11), a small number is masked (R25). Nothing in it is about a person who works
 * there (R21).
 */
#include <string.h>

#include "buf.h"
#include "config.h"
#include "digest_text.h"
#include "directory.h"
#include "gateway.h"
#include "machine.h"
#include "store_digest.h"
#include "util.h"
#include "workflow_parts.h"

enum { REFERRALS_MAX = 20000, PERCENT = 100 };

static void last_quarter(const struct stafette *g, int64_t *from_ms, int64_t *to_ms)
{
    int64_t from_day, to_day;
    digest_last_quarter(g->now_ms, &from_day, &to_day);
    *from_ms = day_start_ms(from_day);
    *to_ms = day_start_ms(to_day);
}

static const struct unit *lead_of(const struct stafette *g, const char *unit_id)
{
    const struct unit *unit = directory_unit(g->config->directory, unit_id);
    return unit ? unit->lead : NULL;
}

struct share {
    struct section *section;
    const struct unit *lead;
    int64_t all, with;
    bool *is_asked; /* by unit: its teams asked for something; NULL: not wanted */
};

static void count(void *context, const struct digest_item *item)
{
    struct share *share = context;
    const struct unit *lead = lead_of(share->section->g, item->waiting_unit);
    if (share->is_asked && lead)
        share->is_asked[lead - share->section->g->config->directory->unit] = true;
    if (lead != share->lead)
        return;
    share->all++;
    share->with += (item->flags & ITEM_SHARE) != 0;
}

static void list(void *context, const struct digest_item *item)
{
    struct share *share = context;
    bool is_protected = item->due_ms || item->flags & ITEM_ANVERTRAUT;
    if (lead_of(share->section->g, item->waiting_unit) != share->lead || item->flags & ITEM_SHARE ||
        is_protected || !section_row(share->section))
        return;
    digest_code(share->section->out, share->section->g, item->seq);
}

bool digest_share(struct stafette *g, const struct unit *lead, struct buf *out)
{
    int64_t from_ms, to_ms;
    struct section section = {.g = g, .out = out, .title = "Ohne vereinbarte Anteile"};
    struct share share = {.section = &section, .lead = lead};
    last_quarter(g, &from_ms, &to_ms);
    store_digest_referrals(g->store, from_ms, to_ms, REFERRALS_MAX, &share, count);
    if (!share.all)
        return false;
    buf_puts(out, "Einzelfallhilfen im vergangenen Quartal: ");
    digest_masked(out, share.all);
    if (share.all >= DIGEST_SHOWN_MIN)
        buf_printf(
            out, ", davon mit vereinbarten sozialräumlichen Anteilen: %lld (%lld %%), ohne: %lld",
            (long long)share.with, (long long)((share.with * PERCENT + share.all / 2) / share.all),
            (long long)(share.all - share.with));
    buf_puts(out, "\n");
    store_digest_referrals(g->store, from_ms, to_ms, REFERRALS_MAX, &share, list);
    section_end(&section);
    return true;
}

void digest_share_leads(struct stafette *g, bool *is_asked)
{
    int64_t from_ms, to_ms;
    struct section section = {.g = g};
    struct share share = {.section = &section, .is_asked = is_asked};
    last_quarter(g, &from_ms, &to_ms);
    store_digest_referrals(g->store, from_ms, to_ms, REFERRALS_MAX, &share, count);
}
