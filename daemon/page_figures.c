/*
 * Pages about figures: budgets (how much is committed, freeze, thaw), and counts that stand in the
 * place of copies, cases per staff. They show sums and never an item.
 */
#include <string.h>

#include "budget.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "known.h"
#include "page_parts.h"
#include "store_tally.h"
#include "tally.h"
#include "util.h"

enum { WEEKS_SHOWN = 8 };

static void put_budget(void *context, const struct budget_row *row)
{
    struct buf *out = context;
    json_comma(out);
    buf_addc(out, '{');
    json_member_text(out, "line", row->line);
    json_member_int(out, "committed_cents", row->committed_cents);
    json_member_int(out, "total_cents", row->total_cents);
    json_member_int(out, "percent", budget_percent(row));
    json_member_int(out, "told_percent", row->told_percent);
    json_member_bool(out, "frozen", row->frozen);
    buf_addc(out, '}');
}

void page_budgets(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    page_json(call);
    buf_addc(&call->answer, '[');
    budget_each(g, &call->answer, put_budget);
    buf_addc(&call->answer, ']');
}

static void set_frozen(struct stafette *g, struct http_call *call, const char *path, bool frozen)
{
    struct budget_row row;
    const char *line = call->path + strlen(path);
    if (budget_freeze(g, line, frozen) == BUDGET_UNKNOWN || !budget_look(g, line, &row)) {
        page_error(call, 404, "there is no such budget line");
        return;
    }
    page_json(call);
    put_budget(&call->answer, &row);
}

void page_budget_freeze(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    set_frozen(g, call, "/control/budget/freeze/", true);
}

void page_budget_thaw(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    set_frozen(g, call, "/control/budget/thaw/", false);
}

static void put_count(void *context, const char *unit, int64_t week, int64_t items)
{
    struct buf *out = context;
    struct buf text = BUF_INIT;
    int year, month, day;
    day_split(week, &year, &month, &day);
    buf_printf(&text, "%04d-%02d-%02d", year, month, day);
    json_comma(out);
    buf_addc(out, '{');
    json_member_text(out, "unit", unit);
    json_member_text(out, "week_of", buf_str(&text));
    buf_reset(&text);
    if (items < TALLY_SHOWN_MIN)
        buf_printf(&text, "1-%d", TALLY_SHOWN_MIN - 1);
    else
        buf_printf(&text, "%lld", (long long)items);
    json_member_text(out, "items", buf_str(&text));
    buf_addc(out, '}');
    buf_release(&text);
}

void page_counts(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    page_json(call);
    buf_addc(&call->answer, '[');
    store_tally_each(g->store, tally_week(g->now_ms) - 7 * (WEEKS_SHOWN - 1), &call->answer,
                     put_count);
    buf_addc(&call->answer, ']');
}

/* "55,7": one decimal, rounded half up, as people read it here. */
static void put_tenths(struct buf *out, int64_t cases, int64_t staff)
{
    int64_t tenths = (20 * cases + staff) / (2 * staff);
    buf_printf(out, "%lld,%lld", (long long)(tenths / 10), (long long)(tenths % 10));
}

void page_caseloads(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const struct directory *dir = g->config->directory;
    struct buf *out = &call->answer, text = BUF_INIT;
    (void)fresh;
    page_json(call);
    buf_addc(out, '[');
    for (size_t i = 0; i < dir->caseloads; i++) {
        const struct caseload *load = &dir->caseload[i];
        buf_reset(&text);
        put_tenths(&text, load->cases, load->staff);
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "name", load->name);
        json_member_int(out, "cases", load->cases);
        json_member_int(out, "staff", load->staff);
        json_member_text(out, "cases_per_staff", buf_str(&text));
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
    buf_release(&text);
}
