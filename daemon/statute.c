/*
 * The table of the statutory clocks, and what is read off it: see statute.h.
 *
 * A change of law is a row here. Lengths are the law's own (as of 04/2026) and cannot be
 * configured; where it sets none the row says so, and a local standard may be given from outside.
 * A clock without any length still gets a day, the next Arbeitstag, because each clock must end in
 * a person.
 *
 * Promises: no clock, no memory kept, warnings never later than the rules of statute.h. Refuses a
 * local standard for a clock whose length the law sets.
 */
#include "statute.h"

#include <string.h>

#include "buf.h"
#include "util.h"
#include "worktime.h"

#define PERIOD STATUTE_PERIOD
#define BEFORE STATUTE_BEFORE
#define PROMPT STATUTE_PROMPT
#define LOCAL STATUTE_LOCAL

/* clang-format off */
static const struct statute rows[] = {
    {"C1", "", PERIOD, "2 Wochen", "Zuständigkeit für Rehabilitation klären", "§ 14 Abs. 1 SGB IX",
     "Eingang des Antrags",
     "Wer bis dahin nicht weiterleitet, ist zuständig. Gilt nur unter Reha-Trägern, nicht für "
     "Jobcenter und Hilfe zur Pflege."},
    {"C1", "forward", PROMPT, "", "Antrag auf Rehabilitation weiterleiten", "§ 14 Abs. 1 SGB IX",
     "Ende der zwei Wochen",
     "Mit schriftlicher Begründung; die antragstellende Person ist zu unterrichten."},
    {"C2", "", PERIOD, "3 Wochen", "Nach zweiter Weiterleitung entscheiden", "§ 14 Abs. 3 SGB IX",
     "Eingang bei dem Träger, an den zuerst weitergeleitet wurde",
     "Die zweite Weiterleitung braucht Einvernehmen; die laufende Frist beginnt nicht neu."},
    {"C3", "", PERIOD, "3 Wochen", "Über Rehabilitation entscheiden", "§ 14 Abs. 2 SGB IX",
     "Eingang des Antrags", ""},
    {"C3", "expert", PERIOD, "2 Wochen", "Nach Gutachten über Rehabilitation entscheiden",
     "§ 14 Abs. 2 SGB IX", "Eingang des Gutachtens", ""},
    {"C3", "several", PERIOD, "6 Wochen", "Mit mehreren Reha-Trägern entscheiden",
     "§ 15 Abs. 4 SGB IX", "Eingang des Antrags", ""},
    {"C3", "conference", PERIOD, "2 Monate", "Nach Teilhabeplankonferenz entscheiden",
     "§ 15 Abs. 4 SGB IX", "Eingang des Antrags", ""},
    {"C4", "", PERIOD, "2 Wochen", "Feststellungen anderer Reha-Träger", "§ 15 Abs. 2 SGB IX",
     "Anforderung der Feststellungen", ""},
    {"C4", "expert", PERIOD, "2 Wochen", "Gutachten erstellen", "§ 17 Abs. 2 SGB IX",
     "Auftrag an die sachverständige Person", ""},
    {"C5", "", PROMPT, "", "Antrag an den zuständigen Träger weiterleiten", "§ 16 Abs. 2 SGB I",
     "Eingang des Antrags",
     "Als Tag des Antrags gilt der Eingang bei der ersten Stelle. Gilt nicht, wo C1 gilt."},
    {"C6", "", PROMPT, "", "Zuständigen Träger der Sozialhilfe unterrichten",
     "§ 18 Abs. 2 SGB XII", "Bekanntwerden der Notlage", "Die Unterlagen gehen mit."},
    {"C7", "", PERIOD, "1 Monat", "Vorläufige Leistung beginnen", "§ 43 Abs. 1 SGB I",
     "Eingang des Antrags auf vorläufige Leistung",
     "Gilt nicht für Leistungen zur Teilhabe (§ 24 SGB IX)."},
    {"C8", "", PROMPT, "", "Anderen Träger der Jugendhilfe unterrichten",
     "§ 86c Abs. 2 SGB VIII", "Kenntnis vom Wechsel der Zuständigkeit",
     "Zuständig bleibt die abgebende Stelle, bis die andere fortsetzt; mit Hilfeplan gehört ein "
     "Gespräch dazu."},
    {"C9", "", LOCAL, "", "Bei ungeklärter Zuständigkeit vorläufig tätig werden", "§ 86d SGB VIII",
     "Kenntnis vom Bedarf", "Zuständig ist der Ort des tatsächlichen Aufenthalts."},
    {"C10", "", BEFORE, "1 Jahr", "Teilhabeplanung für den Übergang beginnen",
     "§ 36b Abs. 2 SGB VIII", "voraussichtlicher Wechsel der Zuständigkeit", ""},
    {"C11", "", BEFORE, "1 Jahr", "Übergang nach Ende der Hilfe prüfen", "§ 41 Abs. 3 SGB VIII",
     "geplantes Ende der Hilfe", ""},
    {"C11", "aftercare", LOCAL, "", "Nachbetreuung: Kontakt halten", "§ 41a SGB VIII",
     "letzter Kontakt", "Die Abstände stehen im Hilfeplan."},
    {"C12", "", LOCAL, "", "Gefährdung einschätzen", "§ 8a Abs. 1 SGB VIII",
     "Bekanntwerden gewichtiger Anhaltspunkte", "Mehrere Fachkräfte schätzen gemeinsam ein."},
    {"C13", "", LOCAL, "", "Meldende Stelle unterrichten",
     "§ 4 Abs. 4 KKG, § 64 Abs. 4 SGB VIII", "Meldung",
     "Zeitnah, und nur: bestätigt? wird gehandelt?"},
    {"C14", "", PERIOD, "7 Werktage", "Vorläufige Inobhutnahme an die Landesstelle melden",
     "§ 42a Abs. 4 SGB VIII", "Beginn der vorläufigen Inobhutnahme", ""},
    {"C14", "state", PERIOD, "3 Werktage", "Meldung der Landesstelle an das Bundesverwaltungsamt",
     "§ 42a Abs. 4 SGB VIII", "Eingang der Meldung bei der Landesstelle", ""},
    {"C14", "federal", PERIOD, "2 Werktage", "Aufnahmeland benennen", "§ 42b Abs. 1 SGB VIII",
     "Eingang beim Bundesverwaltungsamt", ""},
    {"C14", "assign", PERIOD, "2 Werktage", "Jugendamt zuweisen", "§ 42b Abs. 3 SGB VIII",
     "Benennung des Landes", ""},
    {"C14", "exclusion", PERIOD, "1 Monat", "Verteilung durchführen",
     "§ 42b Abs. 4 SGB VIII", "Beginn der vorläufigen Inobhutnahme",
     "Danach ist die Verteilung ausgeschlossen."},
    {"C15", "", PERIOD, "1 Monat", "Feststellung der Erwerbsfähigkeit widersprechen",
     "§ 44a Abs. 1 SGB II", "Zugang der Feststellung", "Die Leistungen laufen weiter."},
    {"C15", "decision", PERIOD, "2 Wochen", "Über die Erwerbsfähigkeit neu entscheiden",
     "§ 44a Abs. 6 SGB II", "Widerspruch", "Die Leistungen laufen weiter."},
    {"C16", "", PERIOD, "6 Monate", "Kooperationsplan fortschreiben", "§ 15 Abs. 3 SGB II",
     "letzte Fassung", ""},
    {"C17", "", PERIOD, "2 Jahre", "Gesamtplan überprüfen", "§ 121 Abs. 2 SGB IX",
     "letzte Überprüfung", "Regelmäßig, spätestens nach zwei Jahren."},
    {"C18", "", PERIOD, "4 Wochen", "Gewöhnlichen Aufenthalt klären", "§ 98 Abs. 2 SGB IX",
     "Eingang des Antrags",
     "Steht er dann nicht fest, entscheidet der Träger des tatsächlichen Aufenthalts."},
    {"C19", "", PERIOD, "6 Monate", "Beratungsbesuch abrufen (Pflegegrad 2 bis 5)",
     "§ 37 Abs. 3 SGB XI", "letzter Besuch", ""},
    {"C19", "quarterly", PERIOD, "3 Monate", "Beratungsbesuch möglich (Pflegegrad 4 und 5)",
     "§ 37 Abs. 3 SGB XI", "letzter Besuch", "Ein Recht, keine Pflicht."},
    {"C20", "", PERIOD, "25 Arbeitstage", "Entscheidung der Pflegekasse", "§ 18c SGB XI",
     "Eingang des Antrags", ""},
    {"C20", "hospital", PERIOD, "5 Arbeitstage", "Begutachtung im Krankenhaus",
     "§ 18a Abs. 5 SGB XI", "Eingang des Antrags", ""},
    {"C20", "careleave", PERIOD, "10 Arbeitstage", "Begutachtung bei Pflegezeit",
     "§ 18a Abs. 6 SGB XI", "Eingang des Antrags", ""},
    {"C21", "", PERIOD, "2 Monate", "Mietschulden ausgleichen", "§ 569 Abs. 3 Nr. 2 BGB",
     "Rechtshängigkeit der Räumungsklage", ""},
    {"C21", "court", PROMPT, "", "Mitteilung des Gerichts bearbeiten",
     "§ 22 Abs. 9 SGB II, § 36 Abs. 2 SGB XII", "Eingang der Mitteilung", ""},
    {"C22", "", PERIOD, "12 Monate", "Erstattung anmelden", "§ 111 SGB X",
     "letzter Tag der Leistung", "Danach ist der Anspruch ausgeschlossen."},
    {"C23", "", PERIOD, "6 Monate", "Über den Antrag entscheiden", "§ 88 Abs. 1 SGG",
     "Eingang des Antrags", "Danach ist die Untätigkeitsklage zulässig."},
    {"C23", "objection", PERIOD, "3 Monate", "Über den Widerspruch entscheiden",
     "§ 88 Abs. 2 SGG", "Eingang des Widerspruchs",
     "Danach ist die Untätigkeitsklage zulässig."},
    {"C24", "", PERIOD, "72 Stunden", "Datenpanne der Aufsicht melden", "Art. 33 Abs. 1 DSGVO",
     "Bekanntwerden der Verletzung", ""},
    {"C24", "access", PERIOD, "1 Monat", "Auskunft erteilen", "Art. 12 Abs. 3 DSGVO",
     "Eingang des Antrags", ""},
    {"C24", "erasure", PROMPT, "", "Daten löschen", "Art. 17 DSGVO", "Wegfall des Zwecks", ""},
    {"C25", "", PERIOD, "7 Tage", "Beratungstermin vereinbaren", "örtliche Vereinbarung",
     "Vermittlung", "Beispiel aus dem Kreis Mettmann, kein Gesetz."},
    {"C25", "first", PERIOD, "4 Wochen", "Erstes Beratungsgespräch", "örtliche Vereinbarung",
     "Vereinbarung des Termins", "Beispiel aus dem Kreis Mettmann, kein Gesetz."},
    {"C25", "next", PERIOD, "4 Wochen", "Nächstes Beratungsgespräch", "örtliche Vereinbarung",
     "letztes Gespräch", "Beispiel aus dem Kreis Mettmann, kein Gesetz."},
    {"C25", "voucher", PERIOD, "6 Monate", "Berechtigungsschein einlösen",
     "örtliche Vereinbarung", "Ausstellung des Berechtigungsscheins",
     "Beispiel aus dem Kreis Mettmann, kein Gesetz."},
};
/* clang-format on */

static const struct {
    const char *name, *german;
} warnings_said[WARN_COUNT] = {
    [WARN_THREE_QUARTERS] = {"three_quarters", "75 % der Frist"},
    [WARN_TWO_DAYS] = {"two_days", "noch zwei Arbeitstage"},
    [WARN_LAST_DAY] = {"last_day", "letzter Tag"},
    [WARN_OVERDUE] = {"overdue", "überschritten"},
};

enum { STAFFED_SEARCH_DAYS = 366 };

const struct statute *statute_rows(size_t *n)
{
    *n = COUNT_OF(rows);
    return rows;
}

const struct statute *statute_find(const char *name)
{
    size_t len = strcspn(name, "/");
    const char *variant = name[len] ? name + len + 1 : "";
    if (name[len] && !*variant)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strlen(rows[i].clock) == len && memcmp(rows[i].clock, name, len) == 0 &&
            str_eq(rows[i].variant, variant))
            return &rows[i];
    return NULL;
}

void statute_names(struct buf *out, const char *clock)
{
    size_t before = out->len;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!str_empty(clock) && !str_eq(rows[i].clock, clock))
            continue;
        buf_printf(out, "%s%s%s%s", out->len > before ? ", " : "", rows[i].clock,
                   rows[i].variant[0] ? "/" : "", rows[i].variant);
    }
}

static int read_length(const struct statute_run *run, struct period *period, struct buf *err)
{
    bool given = !str_empty(run->local);
    const char *length = run->row->length;
    if (given && run->row->kind != STATUTE_LOCAL) {
        buf_printf(err, "the law sets the length of %s (%s); it takes no local standard",
                   run->row->clock, run->row->norm);
        return -1;
    }
    if (given)
        length = run->local;
    else if (str_empty(length))
        length = "1 Arbeitstag";
    if (period_parse(length, period))
        return 0;
    buf_printf(err,
               "the local standard of %s is no length; write it like \"24 hours\" or "
               "\"3 Arbeitstage\"",
               run->row->clock);
    return -1;
}

int statute_due(const struct statute_run *run, struct period_end *end, struct buf *err)
{
    struct period period;
    if (read_length(run, &period, err) < 0)
        return -1;
    if (run->row->kind == STATUTE_BEFORE)
        return period_before(&period, run->start_ms, run->calendar, end, err);
    return period_end(&period, run->start_ms, run->calendar, end, err);
}

void statute_why(struct buf *out, const struct statute_run *run, const struct period_end *end)
{
    const struct statute *row = run->row;
    buf_printf(out, "%s%s%s: %s (%s). ", row->clock, row->variant[0] ? "/" : "", row->variant,
               row->title, row->norm);
    buf_printf(out, row->kind == STATUTE_BEFORE ? "Zurück von: %s.\n" : "Beginn: %s.\n",
               row->start);
    if (!str_empty(row->note))
        buf_printf(out, "%s\n", row->note);
    if (row->kind == STATUTE_PROMPT)
        buf_puts(out, "Unverzüglich heißt ohne schuldhaftes Zögern (§ 121 BGB), das Gesetz nennt "
                      "keine Zahl: gewarnt wird zum nächsten Arbeitstag.\n");
    if (row->kind == STATUTE_LOCAL && str_empty(run->local))
        buf_puts(out, "Das Gesetz nennt keine Frist, ein örtlicher Maßstab ist nicht gesetzt: "
                      "gewarnt wird zum nächsten Arbeitstag.\n");
    if (row->kind == STATUTE_LOCAL && !str_empty(run->local))
        buf_puts(out, "Das Gesetz nennt keine Frist: es gilt der örtliche Maßstab.\n");
    period_why(out, end, run->calendar);
}

const char *statute_warning_name(enum statute_warning warning)
{
    return warnings_said[warning].name;
}

const char *statute_warning_german(enum statute_warning warning)
{
    return warnings_said[warning].german;
}

static int64_t arbeitstag_before(const char *calendar, int64_t day, int count)
{
    while (count > 0)
        if (worktime_is_arbeitstag(calendar, --day))
            count--;
    return day;
}

int64_t statute_last_staffed(const struct worktime *unit, int64_t end_day)
{
    for (int64_t day = end_day; day > end_day - STAFFED_SEARCH_DAYS; day--)
        if (worktime_is_staffed(unit, day))
            return day;
    return end_day;
}

/* In hours a warning of "two days before" says nothing that 75 % does not. */
static void warn_hours(const struct period_end *end, struct statute_warnings *w)
{
    int64_t length_ms = end->end_ms - end->start_ms;
    int64_t quarters_ms = end->start_ms + length_ms / 4 * 3;
    w->at_ms[WARN_LAST_DAY] = end->end_ms - HOUR_MS;
    if (quarters_ms < w->at_ms[WARN_LAST_DAY])
        w->at_ms[WARN_THREE_QUARTERS] = quarters_ms;
    w->at_ms[WARN_OVERDUE] = end->end_ms;
    for (int i = 0; i < WARN_COUNT; i++)
        if (w->at_ms[i])
            w->day[i] = berlin_day(w->at_ms[i]);
}

/* Only counted back there is no start after which a warning must lie. */
static bool too_early(const struct period_end *end, int64_t day)
{
    return !end->back && day <= end->start_day;
}

static void pull_to_staffed(const struct period_end *end, const struct worktime *unit, int64_t *day)
{
    int64_t staffed = statute_last_staffed(unit, *day);
    if (!too_early(end, staffed))
        *day = staffed;
}

void statute_warn(const struct period_end *end, const char *calendar, const struct worktime *unit,
                  struct statute_warnings *w)
{
    *w = (struct statute_warnings){0};
    if (end->period.unit == PERIOD_HOURS) {
        warn_hours(end, w);
        return;
    }
    if (!end->back)
        w->day[WARN_THREE_QUARTERS] = arbeitstag_before(
            calendar, end->start_day + (end->raw_day - end->start_day) * 3 / 4 + 1, 1);
    w->day[WARN_TWO_DAYS] = arbeitstag_before(calendar, end->end_day, 2);
    w->day[WARN_LAST_DAY] = end->end_day;
    w->day[WARN_OVERDUE] = end->end_day + 1;
    for (int i = WARN_LAST_DAY; i >= 0; i--) {
        if (unit && w->day[i])
            pull_to_staffed(end, unit, &w->day[i]);
        for (int later = i + 1; later < WARN_OVERDUE; later++)
            if (w->day[i] == w->day[later])
                w->day[i] = 0;
        if (w->day[i] && too_early(end, w->day[i]))
            w->day[i] = 0;
    }
    for (int i = 0; i < WARN_COUNT; i++)
        if (w->day[i])
            w->at_ms[i] = berlin_to_ms(w->day[i], 0);
}
