/*
 * Pages about who is there: absences, on-duty plans, contacts that could not be reached. Times come
 * in as people write them, without an offset in Europe/Berlin; addresses are not shown.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "json.h"
#include "page_parts.h"
#include "presence.h"
#include "store_absence.h"
#include "store_contact.h"
#include "util.h"

enum { ROSTER_DAYS = 7, ROSTER_DAYS_MAX = 366, ROSTER_ROWS_MAX = 2000 };

/* A plan is read by the wall clock. */
static void put_time(struct buf *out, const char *name, int64_t at_ms)
{
    struct buf text = BUF_INIT;
    time_local(&text, at_ms);
    json_member_text(out, name, buf_str(&text));
    buf_release(&text);
}

/* A unit that an argument names; NULL with an error answered when there is none. */
static const struct unit *unit_argument(const struct stafette *g, struct http_call *call,
                                        const char *name)
{
    const struct unit *unit = directory_unit(g->config->directory, http_argument(call, name));
    if (!unit)
        page_error(call, 404, "this unit is not in the directory");
    return unit;
}

static bool time_argument(struct http_call *call, const char *name, bool end, int64_t *at_ms)
{
    if (wall_parse(http_argument(call, name), end, at_ms))
        return true;
    page_error(call, 400, "a day or a time such as 2026-11-23 or 2026-11-23T12:00 is wanted");
    return false;
}

void page_absence(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct presence_change change = {.by = "control"};
    struct buf err = BUF_INIT;
    (void)fresh;
    change.unit = unit_argument(g, call, "unit");
    if (!change.unit || !time_argument(call, "from", false, &change.from_ms) ||
        !time_argument(call, "to", true, &change.to_ms))
        return;
    if (!str_empty(http_argument(call, "deputy"))) {
        change.deputy = unit_argument(g, call, "deputy");
        if (!change.deputy)
            return;
    }
    if (presence_report(g, &change, &err) < 0) {
        page_error(call, 409, buf_str(&err));
    } else {
        page_json(call);
        buf_addc(&call->answer, '{');
        json_member_text(&call->answer, "unit", change.unit->id);
        put_time(&call->answer, "from", change.from_ms);
        put_time(&call->answer, "to", change.to_ms);
        json_member_text(&call->answer, "deputy", change.deputy ? change.deputy->id : "");
        buf_addc(&call->answer, '}');
    }
    buf_release(&err);
}

void page_absence_end(struct stafette *g, struct http_call *call, struct known *fresh)
{
    struct buf err = BUF_INIT;
    int64_t seq;
    (void)fresh;
    if (!int_parse(strrchr(call->path, '/') + 1, 1, INT64_MAX, &seq)) {
        page_error(call, 400, "the number of an absence is wanted, as \"absence list\" shows it");
        return;
    }
    if (presence_end(g, seq, "control", &err) < 0) {
        page_error(call, 409, buf_str(&err));
    } else {
        page_json(call);
        buf_puts(&call->answer, "{\"state\":\"ended\"}");
    }
    buf_release(&err);
}

static void put_absence(struct buf *out, const struct absence_row *row, int64_t now_ms)
{
    json_comma(out);
    buf_addc(out, '{');
    if (row->seq)
        json_member_int(out, "number", row->seq);
    else
        json_member_text(out, "number", "configuration");
    json_member_text(out, "unit", row->unit);
    put_time(out, "from", row->from_ms);
    put_time(out, "to", row->to_ms);
    json_member_text(out, "deputy", row->deputy);
    json_member_bool(out, "now", now_ms >= row->from_ms && now_ms < row->to_ms);
    buf_addc(out, '}');
}

static void list_absence(void *context, const struct absence_row *row)
{
    struct http_call *call = context;
    const struct stafette *g = call->state;
    put_absence(&call->answer, row, g->now_ms);
}

static void list_configured(const struct stafette *g, struct buf *out)
{
    const struct directory *dir = g->config->directory;
    for (size_t u = 0; dir->absences && u < dir->units; u++)
        for (size_t i = 0; i < dir->unit[u].absences; i++) {
            const struct absence *a = &dir->unit[u].absence[i];
            struct absence_row row = {.from_ms = a->from_ms, .to_ms = a->to_ms};
            if (a->to_ms <= g->now_ms)
                continue;
            str_copy(row.unit, sizeof row.unit, dir->unit[u].id);
            str_copy(row.deputy, sizeof row.deputy, a->deputy ? a->deputy->id : "");
            put_absence(out, &row, g->now_ms);
        }
}

void page_absences(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    page_json(call);
    call->state = g;
    buf_addc(&call->answer, '[');
    store_absence_each(g->store, g->now_ms, call, list_absence);
    list_configured(g, &call->answer);
    buf_addc(&call->answer, ']');
    call->state = NULL;
}

static void put_lines(struct buf *out, const struct duty_lines *lines)
{
    static const char *const line[ROSTER_LINES_MAX] = {"first", "second", "third"};
    for (size_t i = 0; i < ROSTER_LINES_MAX; i++)
        json_member_text(out, line[i], i < lines->count ? lines->unit[i]->id : "");
    json_member_bool(out, "gap", lines->count == 0);
}

/* One row for each stretch with the same people. */
static void put_roster(struct stafette *g, struct buf *out, const struct roster *roster,
                       int64_t from_ms, int64_t to_ms)
{
    for (int rows = 0; from_ms < to_ms && rows < ROSTER_ROWS_MAX; rows++) {
        const struct duty_lines lines = presence_on_duty(g, roster, from_ms);
        int64_t until_ms = presence_next_change(g, roster, from_ms);
        while (until_ms < to_ms) {
            const struct duty_lines next = presence_on_duty(g, roster, until_ms);
            if (!duty_lines_equal(&lines, &next))
                break;
            until_ms = presence_next_change(g, roster, until_ms);
        }
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "roster", roster->id);
        put_time(out, "from", from_ms);
        put_time(out, "until", until_ms);
        put_lines(out, &lines);
        buf_addc(out, '}');
        from_ms = until_ms;
    }
}

void page_roster(struct stafette *g, struct http_call *call, struct known *fresh)
{
    const struct directory *dir = g->config->directory;
    const char *id = http_argument(call, "roster"), *days_said = http_argument(call, "days");
    const struct roster *only = str_empty(id) ? NULL : directory_roster(dir, id);
    int64_t at_ms = g->now_ms, days = ROSTER_DAYS;
    (void)fresh;
    if (!str_empty(id) && !only) {
        page_error(call, 404, "this on-duty plan is not in the configuration");
        return;
    }
    if (!str_empty(http_argument(call, "at")) && !time_argument(call, "at", false, &at_ms))
        return;
    if (!str_empty(days_said) && !int_parse(days_said, 1, ROSTER_DAYS_MAX, &days)) {
        page_error(call, 400, "days: a number from 1 to 366 is wanted");
        return;
    }
    page_json(call);
    buf_addc(&call->answer, '[');
    for (size_t i = 0; i < dir->rosters; i++)
        if (!only || only == &dir->roster[i])
            put_roster(g, &call->answer, &dir->roster[i], at_ms, at_ms + days * DAY_MS);
    buf_addc(&call->answer, ']');
}

static void list_contact(void *context, const struct contact_flag *flag)
{
    struct http_call *call = context;
    const struct stafette *g = call->state;
    struct buf *out = &call->answer;
    char unit_id[ID_MAX] = "";
    const struct contact *contact = directory_contact(g->config->directory, flag->contact);
    size_t len = strcspn(flag->contact, "/");
    if (len < sizeof unit_id)
        memcpy(unit_id, flag->contact, len);
    const struct unit *unit = directory_unit(g->config->directory, unit_id);
    json_comma(out);
    buf_addc(out, '{');
    json_member_text(out, "contact", flag->contact);
    json_member_text(out, "name", unit ? unit->name : "");
    json_member_text(out, "channel", contact ? channel_name(contact->channel) : "");
    json_member_text(out, "class", error_class_name(flag->class));
    json_member_int(out, "failures", flag->failures);
    put_time(out, "since", flag->since_ms);
    buf_addc(out, '}');
}

void page_contacts(struct stafette *g, struct http_call *call, struct known *fresh)
{
    (void)fresh;
    page_json(call);
    call->state = g;
    buf_addc(&call->answer, '[');
    store_contact_each(g->store, call, list_contact);
    buf_addc(&call->answer, ']');
    call->state = NULL;
}
