/*
 * The ledger's result: codes, German sentences, text and JSON. See ledger.h. Pure.
 *
 * What a finding means and what to do about it stands in one table, in words for the coordinator
 * and the operator; codes are never given to another fault. Refuses, when read back, anything that
 * ledger_json() would not have written.
 */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "code.h"
#include "directory.h"
#include "json.h"
#include "util.h"

enum { LINE_EXAMPLES = 3, RESULT_MAX = 64 * 1024 };

static const struct {
    const char *code, *what, *remedy;
} faults[LEDGER_FAULTS] = {
    [LEDGER_LOST] = {"L-01",
                     "Zu einer angenommenen Meldung fehlt der Vorgang; dahinter kann eine Person "
                     "stehen, an die niemand mehr denkt.",
                     "Bitte sofort die meldende Stelle anrufen und die Meldung neu senden lassen; "
                     "die Technik vergleicht mit der letzten Sicherung."},
    [LEDGER_UNASKED] = {"L-02",
                        "Zu einem Vorgang fehlt der Nachweis, welche Meldung ihn eröffnet hat.",
                        "Bitte bei der abgebenden Stelle klären, ob der Vorgang besteht; die "
                        "Technik prüft das Protokoll."},
    [LEDGER_UNAUDITED] = {"L-03", "Zu einer gespeicherten Meldung fehlt der Eintrag im Protokoll.",
                          "Bitte die Technik: Protokoll mit der letzten Sicherung vergleichen."},
    [LEDGER_NO_EVENT] = {"L-04",
                         "Eine Meldung steht im Protokoll, ist aber vor der Zeit aus dem Speicher "
                         "verschwunden.",
                         "Bitte die Technik: Speicher mit der letzten Sicherung vergleichen; "
                         "Wiederholungen dieser Meldung werden nicht mehr erkannt."},
    [LEDGER_CHAIN] = {"L-05",
                      "Die Kette des Protokolls ist unterbrochen: Ein Eintrag fehlt oder wurde "
                      "verändert.",
                      "Bitte die Technik und die Stelle für Datenschutz: Wer hatte Zugriff? "
                      "Vergleich mit der letzten Sicherung (stafettectl audit verify)."},
    [LEDGER_OWNER] = {"L-06",
                      "Die zuständige Stelle eines offenen Vorgangs gibt es im Verzeichnis nicht.",
                      "Bitte bestimmen, wer zuständig ist; die Technik trägt die Stelle oder ihre "
                      "Nachfolge im Verzeichnis ein."},
    [LEDGER_WAITING] = {"L-07",
                        "Die Stelle, die in einem offenen Vorgang antworten muss, gibt es im "
                        "Verzeichnis nicht.",
                        "Bitte die Stelle ersetzen; die Technik trägt sie oder ihre Nachfolge im "
                        "Verzeichnis ein."},
    [LEDGER_NO_CLOCK] = {"L-08",
                         "Ein offener Vorgang hat keine nächste Frist; niemand würde erinnert.",
                         "Bitte den Vorgang heute selbst mit den beteiligten Stellen klären; die "
                         "Technik prüft den Speicher."},
    [LEDGER_TWO_CLOCKS] = {"L-09", "Ein offener Vorgang hat dieselbe Frist doppelt.",
                           "Es kann doppelt erinnert werden; bitte die Technik verständigen."},
    [LEDGER_LATE_CLOCK] = {"L-10", "Eine Frist ist abgelaufen, ohne dass jemand erinnert wurde.",
                           "Bitte die Technik sofort: Läuft der Dienst, stimmt die Uhr? Bis dahin "
                           "die genannten Vorgänge selbst verfolgen."},
    [LEDGER_STRAY_CLOCK] = {"L-11",
                            "Eine Frist läuft für einen Vorgang, der beendet oder nicht mehr da "
                            "ist.",
                            "Fehlt der Vorgang, bitte bei der abgebenden Stelle nachfragen; sonst "
                            "die Technik verständigen."},
    [LEDGER_NO_EFFECT] = {"L-12",
                          "Eine Frist gilt als abgelaufen, aber nichts belegt, dass jemand "
                          "erinnert wurde.",
                          "Bitte die genannten Vorgänge bei der wartenden Stelle nachfragen; die "
                          "Technik prüft das Protokoll."},
    [LEDGER_FIRED_TWICE] = {"L-13", "Dieselbe Frist hat zweimal erinnert.",
                            "Es ging eine Nachricht zu viel hinaus; bitte die Technik "
                            "verständigen."},
    [LEDGER_NO_DELIVERY] = {"L-14",
                            "Eine Nachricht wurde beschlossen, aber nie auf den Weg "
                            "gebracht.",
                            "Bitte die Stelle des Vorgangs selbst benachrichtigen; die Technik "
                            "prüft den Versand (stafettectl outbox)."},
    [LEDGER_STRAY_NOTICE] = {"L-15", "Eine Nachricht oder Zustellung gehört zu keinem Vorgang.",
                             "Bitte die Technik: Speicher mit der letzten Sicherung vergleichen."},
    [LEDGER_NO_ENDING] = {"L-16", "Eine Zustellung hat weder ein Ende noch einen nächsten Versuch.",
                          "Bitte die Stelle des Vorgangs selbst benachrichtigen; die Technik "
                          "prüft den Versand (stafettectl outbox)."},
    [LEDGER_NO_CLASS] = {"L-17", "Der Stand eines Vorgangs oder einer Frist ist widersprüchlich.",
                         "Bitte den Stand bei den beteiligten Stellen klären; die Technik prüft "
                         "den Speicher."},
    [LEDGER_TOO_MANY_GONE] = {"L-18",
                              "Es fehlen mehr beendete Vorgänge, als nach Ablauf der "
                              "Aufbewahrung entfernt wurden.",
                              "Bitte die Technik: Speicher mit der letzten Sicherung "
                              "vergleichen."},
    [LEDGER_HEAD] = {"L-19",
                     "Das Protokoll wurde seit der letzten Prüfung gekürzt oder neu geschrieben.",
                     "Bitte die Technik und die Stelle für Datenschutz: Wer hatte Zugriff? "
                     "Vergleich mit der letzten Sicherung."},
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void ledger_task_init(struct ledger_task *task, const struct directory *directory)
{
    memset(task, 0, sizeof *task);
    task->store = "";
    task->unit = xcalloc(directory->units + 1, sizeof *task->unit);
    for (size_t i = 0; i < directory->units; i++)
        task->unit[task->units++] = directory->unit[i].id;
    qsort(task->unit, task->units, sizeof *task->unit, by_text);
}

void ledger_task_release(struct ledger_task *task)
{
    free(task->unit);
    memset(task, 0, sizeof *task);
}

static void add_example(int64_t *list, size_t *n, int64_t number)
{
    for (size_t i = 0; i < *n; i++)
        if (list[i] == number)
            return;
    if (number > 0 && *n < LEDGER_EXAMPLES)
        list[(*n)++] = number;
}

void ledger_find(struct ledger_result *result, enum ledger_fault fault, int64_t item, int64_t row)
{
    struct ledger_finding *f = &result->finding[fault];
    f->count++;
    add_example(f->item, &f->items, item);
    add_example(f->row, &f->rows, row);
}

int64_t ledger_findings(const struct ledger_result *result)
{
    int64_t n = 0;
    for (int i = 0; i < LEDGER_FAULTS; i++)
        n += result->finding[i].count > 0;
    return n;
}

bool ledger_green(const struct ledger_result *result)
{
    return ledger_findings(result) == 0;
}

int64_t ledger_open(const struct ledger_result *result)
{
    int64_t n = 0;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        n += result->open[kind];
    return n;
}

const char *ledger_code(enum ledger_fault fault)
{
    return faults[fault].code;
}

const char *ledger_german(enum ledger_fault fault)
{
    return faults[fault].what;
}

/* ---- JSON */

static void put_numbers(struct buf *out, const char *name, const int64_t *list, size_t n)
{
    json_put_name(out, name);
    buf_addc(out, '[');
    for (size_t i = 0; i < n; i++) {
        json_comma(out);
        buf_printf(out, "%lld", (long long)list[i]);
    }
    buf_addc(out, ']');
}

static void put_codes(struct buf *out, const struct ledger_finding *f, const unsigned char *key)
{
    char code[ITEM_ID_LEN + 1];
    json_put_name(out, "items");
    buf_addc(out, '[');
    for (size_t i = 0; i < f->items; i++) {
        json_comma(out);
        code_write(code, f->item[i], key);
        json_put_text(out, code);
    }
    buf_addc(out, ']');
}

static void put_findings(struct buf *out, const struct ledger_result *r, const unsigned char *key)
{
    json_put_name(out, "findings");
    buf_addc(out, '[');
    for (int i = 0; i < LEDGER_FAULTS; i++) {
        const struct ledger_finding *f = &r->finding[i];
        if (!f->count)
            continue;
        json_comma(out);
        buf_addc(out, '{');
        json_member_text(out, "code", faults[i].code);
        json_member_int(out, "count", f->count);
        if (key) {
            json_member_text(out, "what", faults[i].what);
            json_member_text(out, "remedy", faults[i].remedy);
            put_codes(out, f, key);
        } else {
            put_numbers(out, "items", f->item, f->items);
        }
        put_numbers(out, "rows", f->row, f->rows);
        buf_addc(out, '}');
    }
    buf_addc(out, ']');
}

void ledger_json(struct buf *out, const struct ledger_result *r, const unsigned char *key)
{
    buf_addc(out, '{');
    json_member_bool(out, "green", ledger_green(r));
    if (key)
        json_member_time(out, "checked_at", r->checked_ms);
    json_member_int(out, "checked_ms", r->checked_ms);
    json_member_int(out, "took_ms", r->took_ms);
    json_member_int(out, "requests", r->requests);
    json_member_int(out, "asked", r->asked);
    json_put_name(out, "open");
    buf_addc(out, '{');
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        json_member_int(out, item_kind_name((enum item_kind)kind), r->open[kind]);
    buf_addc(out, '}');
    json_member_int(out, "ended", r->ended);
    json_member_int(out, "removed", r->removed);
    json_member_int(out, "erased", r->erased);
    json_member_int(out, "audit_rows", r->audit_rows);
    json_member_int(out, "audit_head", r->head_seq);
    json_member_text(out, "audit_link", r->head_link);
    put_findings(out, r, key);
    buf_addc(out, '}');
}

static bool read_list(const struct json *list, int64_t *numbers, size_t *n)
{
    *n = json_count(list);
    if (*n > LEDGER_EXAMPLES)
        return false;
    for (size_t i = 0; i < *n; i++)
        numbers[i] = json_int(json_at(list, i));
    return true;
}

static bool read_finding(struct ledger_result *r, const struct json *value)
{
    const char *code = json_text(json_get(value, "code"));
    for (int i = 0; i < LEDGER_FAULTS; i++) {
        struct ledger_finding *f = &r->finding[i];
        if (!str_eq(faults[i].code, code) || f->count)
            continue;
        f->count = json_int(json_get(value, "count"));
        return f->count > 0 && read_list(json_get(value, "items"), f->item, &f->items) &&
               read_list(json_get(value, "rows"), f->row, &f->rows);
    }
    return false;
}

static bool read_counts(struct ledger_result *r, const struct json *root)
{
    const struct {
        const char *name;
        int64_t *value;
    } counts[] = {
        {"checked_ms", &r->checked_ms}, {"took_ms", &r->took_ms},
        {"requests", &r->requests},     {"asked", &r->asked},
        {"ended", &r->ended},           {"removed", &r->removed},
        {"erased", &r->erased},         {"audit_rows", &r->audit_rows},
        {"audit_head", &r->head_seq},
    };
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        const struct json *value = json_get(root, counts[i].name);
        *counts[i].value = json_int(value);
        if (!value || json_kind(value) != JSON_IS_INT || *counts[i].value < 0)
            return false;
    }
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        r->open[kind] =
            json_int(json_get(json_get(root, "open"), item_kind_name((enum item_kind)kind)));
    const char *link = json_text(json_get(root, "audit_link"));
    return strspn(link, "0123456789abcdef") == strlen(link) &&
           str_copy(r->head_link, sizeof r->head_link, link);
}

int ledger_read(struct ledger_result *r, const char *bytes, size_t len)
{
    struct json_place where;
    memset(r, 0, sizeof *r);
    struct json *root = len <= RESULT_MAX ? json_read(bytes, len, &where) : NULL;
    const struct json *findings = json_get(root, "findings"), *green = json_get(root, "green");
    bool good = findings && green && read_counts(r, root);
    for (size_t i = 0; good && i < json_count(findings); i++)
        good = read_finding(r, json_at(findings, i));
    good = good && json_bool(green) == ledger_green(r);
    if (root)
        json_free(root);
    return good ? 0 : -1;
}

/* ---- for people */

/* 1234567 as 1.234.567 */
static void put_count(struct buf *out, int64_t n)
{
    if (n >= 1000) {
        put_count(out, n / 1000);
        buf_printf(out, ".%03d", (int)(n % 1000));
    } else {
        buf_printf(out, "%d", (int)n);
    }
}

static void put_examples(struct buf *out, const struct ledger_finding *f, const unsigned char *key,
                         size_t max)
{
    char code[ITEM_ID_LEN + 1];
    for (size_t i = 0; i < f->items && i < max; i++) {
        code_write(code, f->item[i], key);
        buf_printf(out, "%s%s", i ? ", " : "", code);
    }
    if (f->items > max || f->count > (int64_t)f->items)
        buf_puts(out, f->items ? " ..." : "");
}

static void put_green(struct buf *out, const struct ledger_result *r)
{
    int64_t open = ledger_open(r);
    buf_puts(out, "alles in Ordnung: ");
    if (open == 0) {
        buf_puts(out, "kein Vorgang ist offen.");
    } else if (open == 1) {
        buf_puts(out, "1 offener Vorgang, mit zuständiger Stelle und nächster Frist.");
    } else {
        put_count(out, open);
        buf_puts(out, " offene Vorgänge, jeder mit zuständiger Stelle und nächster Frist.");
    }
}

static void put_verdict(struct buf *out, const struct ledger_result *r)
{
    int64_t n = ledger_findings(r);
    if (n == 0) {
        put_green(out, r);
        return;
    }
    buf_printf(out, "nicht in Ordnung: %lld %s bei ", (long long)n, n == 1 ? "Befund" : "Befunde");
    put_count(out, ledger_open(r));
    buf_puts(out, ledger_open(r) == 1 ? " offenen Vorgang." : " offenen Vorgängen.");
}

static void put_rows(struct buf *out, const struct ledger_finding *f)
{
    for (size_t i = 0; i < f->rows; i++)
        buf_printf(out, "%s%lld", i ? ", " : "", (long long)f->row[i]);
    if (f->count > (int64_t)f->rows)
        buf_puts(out, " ...");
}

void ledger_report(struct buf *out, const struct ledger_result *r, const unsigned char *key)
{
    buf_puts(out, "Prüfung ");
    time_german(out, r->checked_ms);
    buf_puts(out, ": ");
    put_verdict(out, r);
    buf_printf(out,
               "\nMeldungen: %lld angenommen oder zurückgegeben, %lld Vorgänge daraus\nVorgänge:",
               (long long)r->requests, (long long)r->asked);
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        if (r->open[kind])
            buf_printf(out, " %lld %s,", (long long)r->open[kind],
                       item_kind_german((enum item_kind)kind));
    buf_printf(out, " %lld beendet, %lld entfernt, %lld gelöscht\n", (long long)r->ended,
               (long long)r->removed, (long long)r->erased);
    buf_printf(out, "Protokoll: %lld Einträge, Kopf %lld %s\n", (long long)r->audit_rows,
               (long long)r->head_seq, r->head_link);
    for (int i = 0; i < LEDGER_FAULTS; i++) {
        const struct ledger_finding *f = &r->finding[i];
        if (!f->count)
            continue;
        buf_printf(out, "\n%s, %lld Mal: %s\n      %s\n", faults[i].code, (long long)f->count,
                   faults[i].what, faults[i].remedy);
        if (f->items) {
            buf_puts(out, "      Vorgänge: ");
            put_examples(out, f, key, LEDGER_EXAMPLES);
            buf_addc(out, '\n');
        }
        if (f->rows) {
            buf_puts(out, "      Zeilen: ");
            put_rows(out, f);
            buf_addc(out, '\n');
        }
    }
}

void ledger_line(struct buf *out, const struct ledger_result *r, const unsigned char *key,
                 size_t max)
{
    static const char more[] = " Weitere Befunde nennt die Technik (stafettectl ledger).";
    size_t from = out->len;
    buf_puts(out, "Stafette-Nachtprüfung: ");
    put_verdict(out, r);
    for (int i = 0; i < LEDGER_FAULTS; i++) {
        const struct ledger_finding *f = &r->finding[i];
        struct buf text = BUF_INIT;
        if (!f->count)
            continue;
        buf_printf(&text, " %s, %lld Mal", faults[i].code, (long long)f->count);
        if (f->items) {
            buf_puts(&text, " (");
            put_examples(&text, f, key, LINE_EXAMPLES);
            buf_addc(&text, ')');
        }
        buf_printf(&text, ": %s %s", faults[i].what, faults[i].remedy);
        bool fits = out->len - from + text.len + sizeof more <= max;
        buf_puts(out, fits ? buf_str(&text) : more);
        buf_release(&text);
        if (!fits)
            break;
    }
}
