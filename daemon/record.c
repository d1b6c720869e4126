/*
 * Permission matrix and processing record: see record.h. What can be said from the configuration
 * and from the catalogue of events is said from them, so that the record cannot be older than what
 * runs; what only the city knows (controller, officer, contracts) is left as a line to fill in.
 */
#include "record.h"

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "event.h"
#include "stafette.h"
#include "util.h"

static void put_version(struct buf *out, const struct config *config)
{
    buf_printf(out, "Instanz %s, Konfiguration %s (Stand %s)\n", config->settings.instance,
               config->path, config->version);
}

static const char *side(const struct unit *unit)
{
    return unit ? unit->id : "*";
}

void record_permissions(struct buf *out, const struct config *config)
{
    const struct directory *dir = config->directory;
    buf_puts(out, "Berechtigungsmatrix: Wer darf wem was mitteilen\n");
    put_version(out, config);
    buf_puts(out, "Ohne passende Zeile wird niemand benachrichtigt. \"*\" steht für jede Stelle "
                  "oder jede Rechtsgrundlage.\n\n"
                  "von | an | Art | Rechtsgrundlage | steht in\n");
    for (size_t i = 0; i < dir->permissions; i++) {
        const struct permission *p = &dir->permission[i];
        buf_printf(out, "%s | %s | %s | %s | %s:%d\n", side(p->from), side(p->to),
                   item_kind_german(p->kind), p->basis, p->file, p->line);
    }
    buf_printf(out, "\n%zu Zeilen.\n", dir->permissions);
}

static void put_days(struct buf *out, const char *what, int64_t ms)
{
    buf_printf(out, "  - %s: %lld Tage\n", what, (long long)(ms / DAY_MS));
}

static void put_recipients(struct buf *out, const struct directory *dir)
{
    static const struct {
        enum unit_kind kind;
        const char *german;
    } kinds[] = {{UNIT_TEAM, "Stellen der Verwaltung"},
                 {UNIT_PROVIDER, "freie Träger"},
                 {UNIT_DESK, "Koordination, Leitungen, Bereitschaft und technische Stellen"},
                 {UNIT_BODY, "Gremien"}};
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        size_t n = 0;
        for (size_t i = 0; i < dir->units; i++) {
            if (dir->unit[i].kind != kinds[k].kind)
                continue;
            if (!n++)
                buf_printf(out, "  - %s:", kinds[k].german);
            buf_printf(out, "%s %s", n > 1 ? ";" : "", dir->unit[i].name);
        }
        if (n)
            buf_addc(out, '\n');
    }
}

/* The fields that any event of the catalogue may carry; there are no others (R1, R2). */
static void put_fields(struct buf *out)
{
    size_t n = 0;
    for (int field = FIELD_NONE + 1; field < FIELD_COUNT; field++) {
        bool used = false;
        for (size_t type = 0; type < event_type_count() && !used; type++)
            used = event_field_use((int)type, (enum field)field) != 0;
        if (used)
            buf_printf(out, "%s%s", n++ ? ", " : "", event_field_name((enum field)field));
    }
}

static void put_bases(struct buf *out, const struct directory *dir)
{
    size_t said = 0;
    for (size_t i = 0; i < dir->permissions; i++) {
        bool again = str_eq(dir->permission[i].basis, "*");
        for (size_t j = 0; j < i && !again; j++)
            again = str_eq(dir->permission[i].basis, dir->permission[j].basis);
        if (!again)
            buf_printf(out, "%s%s", said++ ? ", " : "", dir->permission[i].basis);
    }
    if (!said)
        buf_puts(out, "keine eingetragen");
}

static void put_safeguards(struct buf *out, const struct settings *s)
{
    buf_printf(out,
               "  - Broker %s: %s\n"
               "  - Mail nur über eingetragene Relays mit geprüfter Verschlüsselung; Ausnahmen "
               "stehen bei den Transporten\n"
               "  - Fallnummern als geschlüsselte Hashwerte im Index; Schlüsseldatei getrennt vom "
               "Speicher, nur für den Dienst lesbar\n"
               "  - kein Freitext, keine Namen, keine Geburtsdaten, keine Anschriften: Was nicht "
               "im Katalog steht, wird abgewiesen\n"
               "  - verkettetes Protokoll (stafettectl audit verify); Logzeilen nur mit Nummern "
               "und Fehlerarten\n"
               "  - Gelöschtes wird überschrieben (secure_delete), das Schreibprotokoll geleert; "
               "die Löschliste wirkt auch nach einer Wiederherstellung\n",
               s->mqtt_host, s->mqtt_tls ? "TLS" : "nur auf demselben Rechner, ohne TLS");
}

void record_processing(struct buf *out, const struct config *config)
{
    const struct settings *s = &config->settings;
    buf_puts(out, "Verzeichnis von Verarbeitungstätigkeiten (Art. 30 DSGVO): Stafette\n");
    put_version(out, config);
    buf_puts(out,
             "\nVerantwortliche Stelle und Datenschutzbeauftragte: (von der Stadt einzutragen)\n"
             "Auftragsverarbeitung (Betrieb, Mail, SMS; § 80 SGB X): (von der Stadt einzutragen)\n"
             "\nZweck\n"
             "  Übergabe und Vermittlung von Fällen zwischen Stellen der sozialen Arbeit: "
             "Benachrichtigen, Fristen überwachen, Eskalation, Nachweis.\n"
             "\nBetroffene Personen\n"
             "  Ratsuchende und Leistungsberechtigte (nur unter Fallnummer); Beschäftigte als "
             "Inhaberinnen und Inhaber von Rollen.\n"
             "\nDaten\n"
             "  Felder des Katalogs: ");
    put_fields(out);
    buf_puts(out, "\n  Dazu: Stand und Fristen der Vorgänge, wer wann über welchen Kanal "
                  "benachrichtigt wurde, Protokoll.\n"
                  "\nRechtsgrundlagen der Übermittlung (Berechtigungsmatrix)\n  ");
    put_bases(out, config->directory);
    buf_puts(out, "\n\nEmpfangende Stellen\n");
    put_recipients(out, config->directory);
    buf_puts(out, "  Keine Übermittlung in Drittländer durch Stafette selbst.\n"
                  "\nLöschfristen\n");
    put_days(out, "beendete Vorgänge mit Benachrichtigungen, Zustellungen und Fristen",
             s->retention_closed_ms);
    put_days(out, "Meldungen (Angaben, Wiedererkennen von Wiederholungen)",
             ID_MEMORY_DAYS * DAY_MS);
    put_days(out, "Protokoll", s->retention_audit_ms);
    put_days(out, "Abwesenheiten und Dienstpläne nach ihrem Ende", s->retention_roster_ms);
    buf_puts(out, "  - Texte von Nachrichten: werden nicht gespeichert\n"
                  "  - auf Verlangen: stafettectl erase\n"
                  "\nTechnische und organisatorische Maßnahmen\n");
    put_safeguards(out, s);
}
