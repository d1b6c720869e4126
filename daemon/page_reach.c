/*
 * Page of reachability: what the weekly proof would find now, unit by unit, and when each contact
 * was reached last. Contacts are named by their id; addresses are not shown. Reads only.
 */
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "page_parts.h"
#include "reach_look.h"
#include "store_contact.h"
#include "util.h"

enum { DELIVERIES_LOOK = 10000 /* newest ones, in which a success is searched */ };

struct reach_page {
    struct stafette *g;
    struct buf list, text; /* JSON of the units; German sentences */
    size_t units, missing;
};

static void put_contacts(const struct reach_look *look, struct buf *out)
{
    json_comma(out);
    buf_puts(out, "\"contacts\":[");
    for (size_t i = 0; i < look->c.ways; i++) {
        const struct reach_way *way = &look->way[i];
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "contact", look->unit->contact[i].id);
        json_member_text(out, "channel", channel_name(way->channel));
        json_member_bool(out, "works", reach_way_works(way));
        json_member_int(out, "failures", way->failures);
        if (way->reached_ms)
            json_member_time(out, "last_reached", way->reached_ms);
        else
            json_member_text(out, "last_reached", "never");
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

static void put_faults(const struct reach_look *look, struct buf *out)
{
    json_comma(out);
    buf_puts(out, "\"faults\":[");
    for (int fault = 0; fault < REACH_FAULT_COUNT; fault++) {
        if (!(look->r.faults >> fault & 1))
            continue;
        json_comma(out);
        buf_printf(out, "\"%s\"", reach_fault_name((enum reach_fault)fault));
    }
    buf_addc(out, ']');
}

struct reached {
    struct reach_look *look;
};

static void take_reached(void *context, const char *contact, int64_t at_ms)
{
    struct reach_look *look = ((struct reached *)context)->look;
    for (size_t i = 0; i < look->c.ways; i++)
        if (str_eq(look->unit->contact[i].id, contact))
            look->way[i].reached_ms = at_ms;
}

static void put_unit(struct reach_page *page, const struct unit *unit, bool with_contacts)
{
    struct reach_look look;
    struct reached reached = {&look};
    reach_look(page->g, unit, &look);
    page->units++;
    page->missing += look.r.faults != 0;
    for (int fault = 0; fault < REACH_FAULT_COUNT; fault++)
        if (look.r.faults >> fault & 1) {
            reach_sentence(&page->text, (enum reach_fault)fault, unit->name, &look.c);
            buf_addc(&page->text, '\n');
        }
    if (with_contacts)
        store_contact_each_reached(page->g->store, DELIVERIES_LOOK, &reached, take_reached);
    json_comma(&page->list);
    buf_addc(&page->list, '{');
    json_member_text(&page->list, "unit", unit->id);
    json_member_int(&page->list, "ways", (int64_t)look.r.works);
    put_faults(&look, &page->list);
    if (with_contacts)
        put_contacts(&look, &page->list);
    buf_addc(&page->list, '}');
}

static void put_contact_lines(struct reach_page *page, const struct unit *unit)
{
    struct reach_look look;
    struct reached reached = {&look};
    reach_look(page->g, unit, &look);
    store_contact_each_reached(page->g->store, DELIVERIES_LOOK, &reached, take_reached);
    for (size_t i = 0; i < look.c.ways; i++) {
        buf_printf(&page->text, "%s (%s): ", unit->contact[i].id,
                   look.way[i].channel == CHANNEL_EMAIL ? "E-Mail" : "SMS");
        buf_puts(&page->text, reach_way_works(&look.way[i]) ? "geht, " : "geht nicht, ");
        if (look.way[i].reached_ms) {
            buf_puts(&page->text, "zuletzt erreicht ");
            time_german(&page->text, look.way[i].reached_ms);
        } else {
            buf_puts(&page->text, "in letzter Zeit nicht benutzt");
        }
        buf_addc(&page->text, '\n');
    }
}

static void put_answer(struct reach_page *page, struct buf *out)
{
    reach_summary(&page->text, page->units, page->missing);
    buf_addc(&page->text, '\n');
    buf_addc(out, '{');
    json_member_bool(out, "well", page->missing == 0);
    json_member_int(out, "units", (int64_t)page->units);
    json_member_int(out, "missing", (int64_t)page->missing);
    json_member_text(out, "text", buf_str(&page->text));
    buf_printf(out, ",\"list\":[%s]}", buf_str(&page->list));
}

void page_reach(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const struct directory *dir = g->config->directory;
    const char *id = http_argument(call, "unit");
    const struct unit *only = directory_unit(dir, id);
    struct reach_page page = {.g = g, .list = BUF_INIT, .text = BUF_INIT};
    (void)fresh;
    if (!str_empty(id) && !only) {
        page_error(call, 404, "this unit is not in the directory");
        return;
    }
    for (size_t i = 0; i < dir->units; i++)
        if (only ? only == &dir->unit[i] : reach_counts(&dir->unit[i]))
            put_unit(&page, &dir->unit[i], only != NULL);
    if (only)
        put_contact_lines(&page, only);
    page_json(call);
    put_answer(&page, &call->answer);
    buf_release(&page.list);
    buf_release(&page.text);
}
