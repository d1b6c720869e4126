/*
 * What an agenda says to whom: see agenda.h and agenda_parts.h. Reads only. Which words can be said
 * at all is decided by two closed tables: a code that they do not know may hold anything, and is
 * shown as "weiterer Punkt".
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agenda_parts.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store.h"
#include "util.h"

enum { CODE_END = 6, MINUTE_S = 60 };

/* ---- words */

static const struct {
    const char *code, *german;
} reasons[] = {
    {"fallbesprechung", "Fallbesprechung"},
    {"fall", "Fallbesprechung"},
    {"fallberatung", "kollegiale Fallberatung"},
    {"neuer_fall", "neuer Fall"},
    {"verlaengerung", "Verlängerung"},
    {"extension", "Verlängerung"},
    {"hilfeplan", "Hilfeplanung"},
    {"uebergabe", "Übergabe"},
    {"rueckgabe", "zum zweiten Mal zurückgegeben"},
    {"ueberfaellig", "Frist verstrichen, noch ohne Antwort"},
    {"abschluss", "Abschluss"},
    {"ressource", "Ressource gesucht"},
    {"resource", "Ressource gesucht"},
    {"angebot", "Angebot im Sozialraum"},
    {"projekt", "Projekt"},
    {"bericht", "Bericht"},
    {"report", "Bericht"},
    {"information", "Information"},
    {"planung", "Planung"},
    {"termine", "Termine"},
    {"organisation", "Organisation"},
    {"fortbildung", "Fortbildung"},
    {"protokoll", "Protokoll der letzten Sitzung"},
    {"rueckmeldung", "Rückmeldung"},
    {"gast", "Beitrag eines Gastes"},
    {"verschiedenes", "Verschiedenes"},
};

/* UL5: "Wechsel von stationär zu ambulant, Erhöhung des finanziellen Rahmens, Hinzukommen neuer
 * Leistungen, etc." The words name no service and no setting (DOMAIN 5.1). */
static const struct {
    const char *code, *german;
} changes[] = {
    {"setting_change", "andere Form der Hilfe"}, {"budget_raised", "höherer finanzieller Rahmen"},
    {"service_added", "weitere Leistung"},       {"service_ended", "Leistung fällt weg"},
    {"provider_changed", "anderer Träger"},      {"goals_changed", "andere Ziele"},
};

static const char *change_german(const char *code, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        if (strlen(changes[i].code) == len && memcmp(changes[i].code, code, len) == 0)
            return changes[i].german;
    return NULL;
}

bool agenda_is_extension(const char *reason)
{
    return str_eq(reason, "extension") || str_eq(reason, "verlaengerung");
}

bool agenda_changes_valid(const char *list)
{
    while (*list) {
        size_t len = strcspn(list, ",");
        if (!change_german(list, len))
            return false;
        list += len + (list[len] == ',');
    }
    return true;
}

void agenda_reason(const struct agenda_item *row, struct buf *out)
{
    const char *german = "weiterer Punkt", *list = row->change;
    for (size_t i = 0; i < COUNT_OF(reasons); i++)
        if (str_eq(reasons[i].code, row->reason))
            german = reasons[i].german;
    buf_puts(out, german);
    for (const char *head = " ("; *list; head = ", ") {
        size_t len = strcspn(list, ",");
        const char *change = change_german(list, len);
        buf_puts(out, head);
        buf_puts(out, change ? change : "weitere Änderung");
        list += len + (list[len] == ',');
    }
    buf_puts(out, *row->change ? ")" : "");
}

void agenda_code(const struct stafette *g, const struct agenda_item *row, struct buf *out)
{
    char code[ITEM_ID_LEN + 1], end[CODE_END + 1] = "";
    size_t n = CODE_END;
    if (row->block == BLOCK_B)
        return;
    if (row->about_seq) {
        code_write(code, row->about_seq, g->keys.code);
        buf_puts(out, code);
        return;
    }
    for (size_t i = strlen(row->case_ref); i > 0 && n > 0; i--)
        if (isalnum((unsigned char)row->case_ref[i - 1]))
            end[--n] = (char)toupper((unsigned char)row->case_ref[i - 1]);
    buf_printf(out, "...%s", end + n);
}

/* ---- the sheet */

struct reading {
    struct agenda_sheet *sheet;
    int64_t before_ms; /* rows that came later are not meant; 0 = all are */
};

static bool look_protected(void *context, const struct item *item)
{
    bool *found = context;
    *found = *found || item->restricted || item->flags & ITEM_ANVERTRAUT;
    return !*found;
}

bool agenda_case_protected(struct stafette *g, int64_t case_key)
{
    bool found = false;
    if (case_key)
        store_item_each_of_case(g->store, case_key, &found, look_protected);
    return found;
}

static bool take_row(void *context, const struct agenda_item *row)
{
    struct reading *r = context;
    struct agenda_sheet *sheet = r->sheet;
    if (row->state == AGENDA_DROPPED || (r->before_ms && row->added_ms >= r->before_ms))
        return true;
    sheet->line = grow(sheet->line, sheet->lines, &sheet->cap, sizeof *sheet->line);
    sheet->line[sheet->lines] = (struct agenda_line){.row = *row};
    sheet->lines++;
    return true;
}

/* What waits belongs to the first session that is still to come and open. */
static bool is_next_open(struct stafette *g, const struct session *session)
{
    struct session next;
    int64_t now_s = meeting_wall_now(g);
    while (store_session_next(g->store, session->item_seq, now_s, &next) && next.frozen_ms)
        now_s = next.start_s + next.duration_s;
    return next.seq == session->seq;
}

/* And to the last one that took place without its agenda ever having been closed, as far as it was
 * there when it began. */
static bool was_last_open(struct stafette *g, const struct session *session)
{
    struct session last;
    return store_session_last(g->store, session->item_seq, meeting_wall_now(g), &last) &&
           last.seq == session->seq;
}

static void read_waiting(struct stafette *g, const struct session *session, struct reading *r)
{
    if (session->frozen_ms)
        return;
    if (was_last_open(g, session))
        r->before_ms = meeting_moment(session->start_s);
    else if (!is_next_open(g, session))
        return;
    store_agenda_each(g->store, session->item_seq, 0, r, take_row);
}

static int compare_lines(const void *a, const void *b)
{
    const struct agenda_item *x = &((const struct agenda_line *)a)->row;
    const struct agenda_item *y = &((const struct agenda_line *)b)->row;
    if (x->block != y->block)
        return x->block == BLOCK_A ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

void agenda_sheet_read(struct stafette *g, const struct session *session,
                       struct agenda_sheet *sheet)
{
    int number[2] = {0, 0};
    *sheet = (struct agenda_sheet){.session = session};
    struct reading r = {sheet, 0};
    store_agenda_each(g->store, session->item_seq, session->seq, &r, take_row);
    read_waiting(g, session, &r);
    if (sheet->lines)
        qsort(sheet->line, sheet->lines, sizeof *sheet->line, compare_lines);
    for (size_t i = 0; i < sheet->lines; i++) {
        struct agenda_line *line = &sheet->line[i];
        if (line->row.about_seq && !store_item_get(g->store, line->row.about_seq, &line->about))
            line->about.seq = 0;
        line->is_protected = agenda_case_protected(g, line->row.case_key);
        if (line->row.state != AGENDA_COUNTED)
            line->number = ++number[line->row.block];
    }
}

void agenda_sheet_release(struct agenda_sheet *sheet)
{
    free(sheet->line);
    *sheet = (struct agenda_sheet){0};
}

/* ---- who may see it */

static bool is_party(const struct agenda_line *line, const char *unit)
{
    const struct item *about = &line->about;
    return str_eq(unit, line->row.by_unit) ||
           (about->seq && (str_eq(unit, about->from_unit) || str_eq(unit, about->to_unit) ||
                           str_eq(unit, about->owner_unit)));
}

/* A row for the kind of the case's item, or for meetings. */
static bool is_permitted(const struct stafette *g, const struct agenda_line *line,
                         const struct unit *to)
{
    const struct directory *dir = g->config->directory;
    const struct item *about = &line->about;
    const char *basis = str_empty(line->row.basis) && about->seq ? about->basis : line->row.basis;
    const struct unit *from =
        directory_unit(dir, about->seq ? about->from_unit : line->row.by_unit);
    bool consent = line->row.consent || (about->seq && about->flags & ITEM_CONSENT);
    const enum item_kind kinds[] = {about->seq ? about->kind : ITEM_MEETING, ITEM_MEETING};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct permission *row = directory_permits(dir, from, to, kinds[i], basis);
        if (row && (consent || (!row->consent && !str_eq(basis, "consent"))))
            return true;
    }
    return false;
}

struct agenda_reader agenda_reader(const struct meeting_view *view, const struct unit *unit)
{
    return (struct agenda_reader){view, unit, meeting_member(view, unit->id)};
}

static bool is_host(const struct agenda_reader *reader)
{
    return reader->unit == reader->view->host;
}

/* A member of the house, of which the matrix says nothing (permit.h). */
static bool is_of_house(const struct stafette *g, const struct agenda_reader *reader)
{
    const struct member *member = reader->member;
    return member && member->class == CLASS_STAFF && member->role != MEMBER_GUEST &&
           reader->unit->kind != UNIT_PROVIDER &&
           !directory_guards(g->config->directory, reader->unit);
}

bool agenda_sees(const struct stafette *g, const struct agenda_reader *reader,
                 const struct agenda_line *line)
{
    const struct member *member = reader->member;
    if (line->row.block == BLOCK_B)
        return true;
    if (line->is_protected || reader->view->kind->cases == CASES_NEVER)
        return false;
    if (is_host(reader))
        return true;
    if (!member || member->class == CLASS_CITIZEN)
        return false;
    if (is_party(line, reader->unit->id) || is_of_house(g, reader))
        return true;
    return member->class == CLASS_STAFF && reader->unit->kind != UNIT_PROVIDER &&
           is_permitted(g, line, reader->unit);
}

/* ---- the lines */

struct writing {
    const struct stafette *g;
    const struct agenda_reader *reader;
    const struct agenda_sheet *sheet;
    struct buf *out;
    size_t withheld;
    int64_t minutes[2], counted;
};

static void put_line(struct writing *w, const struct agenda_line *line)
{
    const struct agenda_item *row = &line->row;
    const struct unit *by = directory_unit(w->g->config->directory, row->by_unit);
    buf_printf(w->out, "%c%d  ", row->block == BLOCK_A ? 'A' : 'B', line->number);
    if (row->block == BLOCK_A) {
        agenda_code(w->g, row, w->out);
        buf_puts(w->out, ": ");
    }
    agenda_reason(row, w->out);
    buf_printf(w->out, ", %lld Minuten", (long long)row->minutes);
    if (row->block == BLOCK_B && by)
        buf_printf(w->out, " (%s)", by->name);
    buf_puts(w->out, row->state == AGENDA_DISCUSSED ? ", besprochen\n" : "\n");
    w->minutes[row->block] += row->minutes;
}

static void put_part2(struct writing *w)
{
    const struct meeting_view *view = w->reader->view;
    const struct member citizen = {.class = CLASS_CITIZEN};
    int64_t start_s, duration_s;
    meeting_times_for(view, w->sheet->session, &citizen, &start_s, &duration_s);
    if (start_s != w->sheet->session->start_s)
        buf_printf(w->out, ", ab %02d:%02d Uhr", (int)(start_s % 86400 / 3600),
                   (int)(start_s % 3600 / 60));
}

static void put_block(struct writing *w, enum agenda_block block)
{
    bool begun = false;
    for (size_t i = 0; i < w->sheet->lines; i++) {
        const struct agenda_line *line = &w->sheet->line[i];
        if (line->row.block != block)
            continue;
        if (line->row.state == AGENDA_COUNTED) {
            w->counted += !line->is_protected;
            continue;
        }
        if (!agenda_sees(w->g, w->reader, line)) {
            w->withheld++;
            continue;
        }
        if (!begun) {
            buf_puts(w->out, block == BLOCK_A ? "Teil A, Fälle" : "Teil B, ohne Fälle");
            if (block == BLOCK_B)
                put_part2(w);
            buf_puts(w->out, ":\n");
            begun = true;
        }
        put_line(w, line);
    }
}

/* How many are only counted is said to those who may see every case of the house. */
static void put_count(struct writing *w)
{
    if (!w->counted || (!is_host(w->reader) && !is_of_house(w->g, w->reader)))
        return;
    buf_printf(w->out,
               w->counted == 1 ? "Ohne Vorstellung: %lld Verlängerung ohne Änderung.\n"
                               : "Ohne Vorstellung: %lld Verlängerungen ohne Änderung.\n",
               (long long)w->counted);
}

/* The host can still shorten or put off. */
static void put_sum(struct writing *w)
{
    const int64_t all = w->minutes[BLOCK_A] + w->minutes[BLOCK_B];
    const int64_t there = w->sheet->session->duration_s / MINUTE_S;
    const struct meeting_setup *setup = w->reader->view->setup;
    const int64_t part1 = setup ? setup->part2_s / MINUTE_S : 0;
    if (!is_host(w->reader) || !all)
        return;
    buf_printf(w->out, "Zusammen %lld von %lld Minuten.\n", (long long)all, (long long)there);
    if (all > there)
        buf_printf(w->out, "Achtung: Die Punkte brauchen %lld Minuten mehr, als der Termin hat.\n",
                   (long long)(all - there));
    else if (part1 && w->minutes[BLOCK_A] > part1)
        buf_printf(w->out, "Achtung: Teil A braucht %lld Minuten, Teil B beginnt nach %lld.\n",
                   (long long)w->minutes[BLOCK_A], (long long)part1);
}

void agenda_sheet_lines(const struct stafette *g, const struct agenda_reader *reader,
                        const struct agenda_sheet *sheet, struct buf *out, size_t *withheld)
{
    struct buf text = BUF_INIT;
    struct writing w = {.g = g, .reader = reader, .sheet = sheet, .out = &text};
    put_block(&w, BLOCK_A);
    put_count(&w);
    put_block(&w, BLOCK_B);
    put_sum(&w);
    if (text.len && !sheet->session->frozen_ms)
        buf_puts(&text, "Vorläufiger Stand: Weitere Punkte können noch dazukommen.\n");
    if (text.len) /* the last line feed is the template's */
        buf_add(out, text.data, text.len - 1);
    if (withheld)
        *withheld = w.withheld;
    buf_release(&text);
}

void agenda_lines(struct stafette *g, const struct meeting_view *view,
                  const struct session *session, const struct unit *member, struct buf *out,
                  size_t *withheld)
{
    struct agenda_sheet sheet;
    const struct agenda_reader reader = agenda_reader(view, member);
    agenda_sheet_read(g, session, &sheet);
    agenda_sheet_lines(g, &reader, &sheet, out, withheld);
    agenda_sheet_release(&sheet);
}
