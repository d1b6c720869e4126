/*
 * Faults of an event: the closed list of codes with what each means for the event, the rule it
 * rests on, and what the sender should do, in German for the operator of the case system.
 *
 * Values are never repeated. A name that came from outside is shown only when it matches
 * [a-z_]{1,32} (R2); names that are known to carry a person's data get their privacy class beside
 * them, so that the operator of the case system sees why.
 */
#include <string.h>

#include "buf.h"
#include "event_table.h"
#include "util.h"

struct fault_row {
    const char *code;
    enum event_verdict verdict;
    const char *rule;
    const char *what; /* German, follows the field's name */
    const char *remedy;
};

static const struct fault_row faults[] = {
    {"E-JSON", EVENT_FORBIDDEN, "RFC 8259", "ist kein gültiges JSON",
     "Die Meldung als striktes JSON senden: kein Name doppelt, keine Zahl außer Bereich, höchstens "
     "32 Ebenen, nichts nach dem Ende."},
    {"E-UTF8", EVENT_FORBIDDEN, "RFC 3629", "ist kein gültiges UTF-8",
     "Die Meldung in UTF-8 ohne Nullzeichen senden."},
    {"E-GROSS", EVENT_FORBIDDEN, "R2", "ist zu groß",
     "Höchstens 64 KB und 32 Attribute senden; Anlagen gehören nicht in eine Meldung."},
    {"E-UMSCHLAG", EVENT_FORBIDDEN, "CloudEvents 1.0", "fehlt im Umschlag oder ist dort falsch",
     "Den CloudEvents-Umschlag nach dem Schema dieses Typs ausfüllen."},
    {"E-FELD", EVENT_FORBIDDEN, "R2", "ist nicht zugelassen",
     "Der Wert wurde nicht gespeichert. Das Feld aus der Meldung nehmen und mit neuer id und "
     "corrects neu senden."},
    {"E-WERT", EVENT_FORBIDDEN, "R2", "hat eine unzulässige Form",
     "Den Wert nach dem Schema dieses Typs bilden; Freitext ist nicht zugelassen."},
    {"E-PFLICHT", EVENT_INCOMPLETE, "Katalog", "fehlt",
     "Das Feld ergänzen und mit neuer id und corrects neu senden; die Frist läuft weiter."},
    {"E-QUELLE", EVENT_FORBIDDEN, "R17", "passt nicht zur angemeldeten Quelle",
     "source und Topic müssen die Kennung tragen, mit der sich das Fachverfahren am Broker "
     "anmeldet."},
    {"E-TYP", EVENT_FORBIDDEN, "Katalog", "ist unbekannt oder passt nicht zum Topic",
     "Einen Typ des Katalogs senden; das Topic trägt denselben Typ mit Schrägstrichen."},
    {"E-ID", EVENT_FORBIDDEN, "CloudEvents 1.0", "hat eine unzulässige Form",
     "Eine technische Kennung eintragen, z. B. eine UUID (höchstens 127 Zeichen aus A-Z, a-z, 0-9 "
     ". _ : -)."},
    {"E-RETAIN", EVENT_FORBIDDEN, "R17", "ist als aufbewahrt (retained) gekennzeichnet",
     "Ohne Retain senden und die aufbewahrte Nachricht am Broker löschen."},
    {"E-MODUS", EVENT_FORBIDDEN, "CloudEvents MQTT 3", "hat einen unbekannten Inhaltstyp",
     "Als application/cloudevents+json senden oder im Binärmodus mit application/json und allen "
     "Attributen als User Properties."},
    {"E-NOCH-NICHT", EVENT_NOT_HANDLED, "Katalog", "wird in dieser Version noch nicht bearbeitet",
     "Die Meldung ist gültig, löst aber nichts aus; bitte den bisherigen Weg benutzen."},
    {"E-STELLE", EVENT_FORBIDDEN, "R9", "nennt keine Stelle, für die diese Quelle sprechen darf",
     "Kennung der Stelle prüfen oder sie im Verzeichnis der Quelle zuordnen lassen."},
    {"E-ORT", EVENT_FORBIDDEN, "Verzeichnis", "nennt keinen bekannten Ort",
     "Kennung des Sozialraums oder Ortsteils aus dem Verzeichnis eintragen."},
    {"E-RECHTSKREIS", EVENT_INCOMPLETE, "Verzeichnis", "nennt keinen bekannten Rechtskreis",
     "Code des Rechtskreises aus dem Verzeichnis eintragen, z. B. SGB_IX."},
    {"E-DIENST", EVENT_INCOMPLETE, "Verzeichnis", "nennt keinen bekannten Dienst",
     "Kennung des Dienstes aus dem Verzeichnis eintragen."},
    {"E-VORGANG", EVENT_FORBIDDEN, "Katalog", "nennt keinen bekannten Vorgang",
     "item_id aus der Quittung oder in_reply_to mit der id der Anfrage senden."},
    {"E-MEHRDEUTIG", EVENT_FORBIDDEN, "Katalog", "passt zu mehreren offenen Vorgängen",
     "Zusätzlich item_id aus der Quittung senden."},
    {"E-ZUSTAND", EVENT_FORBIDDEN, "Zustandstabelle", "ist im jetzigen Zustand nicht möglich",
     "Stand des Vorgangs prüfen und die Meldung senden, die dazu passt."},
    {"E-DOPPELT", EVENT_FORBIDDEN, "CloudEvents 1.0 3.1.1",
     "wurde schon mit anderem Inhalt benutzt",
     "Jede neue oder geänderte Meldung mit einer neuen id senden."},
    {"E-FREIGABE", EVENT_FORBIDDEN, "F1", "setzt die Freigabe durch eine andere Person voraus",
     "Freigabe durch die Führung des Fachdienstes einholen; wer anfragt, gibt nicht frei."},
    {"E-ALT", EVENT_FORBIDDEN, "Wiederholung", "ist älter, als Wiederholungen erkannt werden",
     "Prüfen, ob die Meldung schon ankam; wenn nicht, mit stafettectl send --late einreichen."},
    {"E-GELOESCHT", EVENT_FORBIDDEN, "R19", "gehört zu einem Fall, der seither gelöscht wurde",
     "Nicht wiederholen. Beginnt der Fall von Neuem, eine neue Meldung mit neuer id und time "
     "senden."},
    {"E-SCHUTZ", EVENT_FORBIDDEN, "R10, R11", "gehört zu einem besonders geschützten Fall",
     "Den Fall auf keine Tagesordnung setzen; ihn mit der zuständigen Leitung besprechen."},
    {"E-GEFAHR", EVENT_FORBIDDEN, "H3", "setzt voraus, dass die Gefahr beseitigt ist",
     "Zuerst hazard.cleared senden, dann übergeben."},
    {"E-INTERN", EVENT_FORBIDDEN, "Betrieb", "konnte nicht verarbeitet werden",
     "Die Betreuung des Gateways anrufen; die Meldung ist dort als Abweisung geführt."},
    {"E-VORHER", EVENT_OK, "Reihenfolge", "setzt eine Meldung voraus, die noch fehlt",
     "Die Meldung ist 24 Stunden vorgemerkt und gilt, sobald die vorausgehende ankommt; danach "
     "geht "
     "sie an die Koordination."},
    {"E-GESPRAECH", EVENT_OK, "H2, § 86c SGB VIII", "setzt das Übergabegespräch voraus",
     "Das Gespräch mit handover.conversation.held melden; die Übernahme gilt dann von selbst."},
    {"E-TURBO", EVENT_INCOMPLETE, "C2, § 14 Abs. 3 SGB IX", "fehlt",
     "Eine zweite Weiterleitung ist nur im Einvernehmen möglich: agreed mit true ergänzen."},
    {"E-BUDGET", EVENT_FORBIDDEN, "DO6", "ist für neue Freigaben gesperrt",
     "Bei der Führung des Fachdienstes nachfragen; laufende Aufträge sind nicht betroffen."},
    {"E-EINWILLIGUNG", EVENT_INCOMPLETE, "R8", "fehlt",
     "Die Einwilligung einholen und consent_ref mit neuer id und corrects nachsenden."},
    {"E-ZEITRAUM", EVENT_FORBIDDEN, "Vertretung", "ist so nicht möglich",
     "Das Ende muss nach dem Beginn und in der Zukunft liegen, höchstens 400 Tage später; eine "
     "Stelle vertritt sich nicht selbst, und wer Bereitschaft übernimmt, braucht eine Nummer für "
     "SMS."},
    {"E-TERMIN", EVENT_FORBIDDEN, "Termine", "nennt keinen offenen Termin, für den das möglich ist",
     "Die meeting_id eines offenen Termins eintragen, und bei einer Reihe den Beginn der Sitzung, "
     "wie die Regel ihn hat; eine vergebene meeting_id nicht noch einmal verwenden."},
    {"E-QUOTE", EVENT_FORBIDDEN, "MH2", "fehlt: die Zahl dieser Termine im Jahr ist erreicht",
     "Einen Grund als reason eintragen, wenn der Termin trotzdem stattfinden soll."},
    {"E-RECHT", EVENT_FORBIDDEN, "R8, R9", "ist für diese Empfangsstelle nicht erlaubt",
     "Rechtsgrundlage, Einwilligung und Vereinbarung prüfen oder die Befugnis eintragen lassen."},
};

/* Names that case systems try to send, and the class that keeps them out (R3). */
static const struct {
    const char *name, *class;
} sensitive[] = {
    {"diagnosis", "P3"},       {"diagnose", "P3"},      {"icd", "P3"},
    {"health", "P3"},          {"gesundheit", "P3"},    {"disability", "P3"},
    {"behinderung", "P3"},     {"medication", "P3"},    {"addiction", "P3"},
    {"sucht", "P3"},           {"religion", "P3"},      {"ethnicity", "P3"},
    {"pflegegrad", "P3"},      {"name", "P2"},          {"first_name", "P2"},
    {"last_name", "P2"},       {"vorname", "P2"},       {"nachname", "P2"},
    {"address", "P2"},         {"adresse", "P2"},       {"street", "P2"},
    {"strasse", "P2"},         {"birth_date", "P2"},    {"date_of_birth", "P2"},
    {"geburtsdatum", "P2"},    {"phone", "P2"},         {"telefon", "P2"},
    {"mobile", "P2"},          {"email", "P2"},         {"gender", "P2"},
    {"nationality", "P2"},     {"iban", "P2"},          {"income", "P2"},
    {"aktenzeichen", "P2"},    {"file_number", "P2"},   {"client", "P2"},
    {"person", "P2"},          {"note", "Freitext"},    {"notes", "Freitext"},
    {"text", "Freitext"},      {"comment", "Freitext"}, {"description", "Freitext"},
    {"bemerkung", "Freitext"}, {"message", "Freitext"}, {"attachment", "Anlage"},
    {"attachments", "Anlage"}, {"file", "Anlage"},      {"document", "Anlage"},
};

static const struct fault_row *row_of(const char *code)
{
    size_t i = 0;
    while (i < COUNT_OF(faults) && !str_eq(faults[i].code, code))
        i++;
    assert(i < COUNT_OF(faults));
    return &faults[i];
}

/* The same fault may be found by the reading and by a later check; one line of it is enough. */
static bool is_listed(const struct event *ev, const char *code, const char *field)
{
    for (size_t i = 0; i < ev->faults; i++)
        if (str_eq(ev->fault[i].code, code) && str_eq(ev->fault[i].field, field))
            return true;
    return false;
}

void event_fault_value(struct event *ev, const char *code, const char *field, const char *remedy)
{
    const struct fault_row *row = row_of(code);
    if (ev->faults == EVENT_FAULTS_MAX || is_listed(ev, code, field))
        return;
    struct event_fault *fault = &ev->fault[ev->faults++];
    fault->code = row->code;
    fault->rule = row->rule;
    fault->remedy = remedy ? remedy : row->remedy;
    fault->line = fault->column = 0;
    str_copy(fault->field, sizeof fault->field, field);
}

void event_fault_add(struct event *ev, const char *code, const char *field)
{
    event_fault_value(ev, code, field, NULL);
}

void event_fault_foreign(struct event *ev, const char *code, const char *prefix, const char *name)
{
    char field[sizeof ev->fault[0].field];
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz_"), before = strlen(prefix);
    bool harmless = n >= 1 && n <= 32 && name[n] == '\0';
    assert(before + 33 <= sizeof field);
    memcpy(field, prefix, before);
    memcpy(field + before, name, harmless ? n : 0);
    field[harmless ? before + n : before] = '\0';
    if (!harmless && before > 0)
        field[before - 1] = '\0'; /* "data" instead of "data." */
    event_fault_add(ev, code, field);
}

enum event_verdict event_fault_verdict(const struct event_fault *fault)
{
    return row_of(fault->code)->verdict;
}

/* The class of the last part of "data.diagnosis"; NULL when the name says nothing. */
static const char *class_of(const char *field)
{
    const char *dot = strrchr(field, '.');
    const char *name = dot ? dot + 1 : field;
    for (size_t i = 0; i < COUNT_OF(sensitive); i++)
        if (str_eq(sensitive[i].name, name))
            return sensitive[i].class;
    return NULL;
}

void event_fault_german(const struct event_fault *fault, struct buf *out)
{
    const struct fault_row *row = row_of(fault->code);
    bool foreign = str_eq(row->code, "E-FELD");
    const char *class = foreign ? class_of(fault->field) : NULL;
    const char *nameless = foreign ? "Ein Feld" : "Die Meldung";
    buf_printf(out, "%s: %s", row->code, fault->field[0] ? fault->field : nameless);
    if (fault->line > 0)
        buf_printf(out, " (Zeile %d, Spalte %d)", fault->line, fault->column);
    buf_printf(out, " %s (", row->what);
    if (class)
        buf_printf(out, "%s%s, ", str_starts(class, "P") ? "Klasse " : "", class);
    buf_printf(out, "Regel %s). %s", fault->rule, fault->remedy);
}
