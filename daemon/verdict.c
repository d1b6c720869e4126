/*
 * Verdicts: see verdict.h. The table is the whole policy: how a class is treated anywhere in the
 * gateway is read here, and a new class is one row.
 *
 * Credentials, certificates and accounts are mended by people, so those are tried less often; a
 * connection that failed once is usually back at once; a full mailbox takes somebody to empty it.
 */
#include "verdict.h"

#include <assert.h>

#define CALL "Bitte rufen Sie die Stelle an, wenn es eilt."
#define TECHNICAL "Die Technik ist benachrichtigt. " CALL

/* clang-format off */
static const struct verdict table[ERROR_CLASS_COUNT] = {
    [CLASS_NONE] = {
        .next = NEXT_NEVER, .hand = HAND_NOBODY,
        .sender = "Die Nachricht wurde angenommen.",
        .coordinator = "Es ist nichts zu tun.",
        .operators = ""},
    [CLASS_CONNECT] = {
        .again = true, .first_percent = 50, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_NOBODY,
        .sender = "Der Versandweg war nicht erreichbar.",
        .coordinator = CALL,
        .operators = "Die Gegenstelle ist nicht zu erreichen; es wird von selbst wiederholt."},
    [CLASS_TIMEOUT] = {
        .again = true, .first_percent = 100, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_NOBODY,
        .sender = "Der Versandweg hat nicht rechtzeitig geantwortet.",
        .coordinator = CALL,
        .operators = "Die Gegenstelle antwortet nicht rechtzeitig; es wird von selbst wiederholt."},
    [CLASS_TEMPORARY] = {
        .again = true, .first_percent = 100, .blames = true, .next = NEXT_BEFORE_DEADLINE,
        .hand = HAND_NOBODY,
        .sender = "Die Empfangsseite nimmt vorübergehend keine Nachrichten an.",
        .coordinator = CALL,
        .operators = "Die Gegenstelle bittet, es später zu versuchen."},
    [CLASS_THROTTLED] = {
        .again = true, .first_percent = 200, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_NOBODY,
        .sender = "Die Empfangsseite nimmt zurzeit nicht so viele Nachrichten an.",
        .coordinator = CALL,
        .operators = "Die Gegenstelle nimmt zurzeit weniger an; es geht langsamer weiter."},
    [CLASS_AMBIGUOUS] = {
        .again = true, .first_percent = 200, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_NOBODY,
        .sender = "Die Verbindung ist beim Versand abgebrochen. Ob die Nachricht angekommen "
                  "ist, steht nicht fest.",
        .coordinator = "Bitte fragen Sie die Stelle, ob die Nachricht angekommen ist, wenn es "
                       "eilt. Sie kann doppelt eintreffen.",
        .operators = "Die Verbindung riss vor der Bestätigung ab; eine Wiederholung kann doppelt "
                     "ankommen."},
    [CLASS_AUTH] = {
        .again = true, .first_percent = 300, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_OPERATOR,
        .sender = "Der Versandweg hat unsere Anmeldung abgelehnt.",
        .coordinator = TECHNICAL,
        .operators = "Die Anmeldung wird abgelehnt; bitte Zugangsdaten prüfen."},
    [CLASS_TLS] = {
        .again = true, .first_percent = 300, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_OPERATOR,
        .sender = "Eine sichere Verbindung zum Versandweg kam nicht zustande. Ungesichert wird "
                  "nichts verschickt.",
        .coordinator = TECHNICAL,
        .operators = "Die Verschlüsselung kommt nicht zustande; bitte Zertifikat prüfen."},
    [CLASS_LOCAL] = {
        .again = true, .first_percent = 100, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_OPERATOR,
        .sender = "Der Versand ist auf unserer Seite gestört.",
        .coordinator = TECHNICAL,
        .operators = "Der Fehler liegt auf diesem Rechner; bitte Platte und Konfiguration prüfen."},
    [CLASS_ADDRESS] = {
        .blames = true, .next = NEXT_AT_ONCE, .hand = HAND_UNIT,
        .sender = "Unter dieser Adresse oder Nummer ist niemand zu erreichen.",
        .coordinator = "Bitte klären Sie mit der Stelle, wie sie erreichbar ist, und lassen Sie "
                       "das Verzeichnis berichtigen.",
        .operators = "Die Adresse wird abgelehnt; bitte im Verzeichnis berichtigen."},
    [CLASS_PERMANENT] = {
        .blames = true, .next = NEXT_AT_ONCE, .hand = HAND_UNIT,
        .sender = "Die Empfangsseite hat die Nachricht endgültig abgelehnt.",
        .coordinator = "Bitte klären Sie mit der Stelle, warum sie unsere Nachrichten ablehnt und "
                       "wie sie sonst erreichbar ist.",
        .operators = "Die Nachricht wird endgültig abgelehnt."},
    /* Waits for people, not for a time (permit.h). */
    [CLASS_FORBIDDEN] = {
        .next = NEXT_NEVER, .hand = HAND_GIVER,
        .sender = "Die Nachricht ist angehalten, weil eine Erlaubnis fehlt.",
        .coordinator = "Bitte klären Sie mit der abgebenden Stelle, ob Einwilligung, "
                       "Rechtsgrundlage oder Berechtigung nachgetragen werden können.",
        .operators = "Es fehlt eine Erlaubnis, Rechtsgrundlage oder Einwilligung."},
    [CLASS_FULL] = {
        .again = true, .first_percent = 300, .blames = true, .next = NEXT_BEFORE_DEADLINE,
        .hand = HAND_UNIT,
        .sender = "Das Postfach der Stelle ist voll.",
        .coordinator = "Bitte sagen Sie der Stelle, dass in ihrem Postfach kein Platz mehr ist.",
        .operators = "Das Postfach ist voll; es wird seltener wiederholt."},
    [CLASS_POLICY] = {
        .next = NEXT_AT_ONCE, .hand = HAND_OPERATOR,
        .sender = "Die Empfangsseite lässt unsere Nachrichten nach ihren Regeln nicht zu.",
        .coordinator = TECHNICAL,
        .operators = "Die Gegenstelle lehnt uns nach ihren Regeln ab; bitte dort klären."},
    [CLASS_CREDIT] = {
        .again = true, .first_percent = 300, .next = NEXT_BEFORE_DEADLINE, .hand = HAND_OPERATOR,
        .sender = "Das Guthaben für den Versand ist aufgebraucht oder gesperrt.",
        .coordinator = TECHNICAL,
        .operators = "Das Konto beim SMS-Gateway ist leer oder gesperrt."},
};
/* clang-format on */

const struct verdict *verdict_of(enum error_class class)
{
    assert(class < ERROR_CLASS_COUNT);
    return &table[class];
}

const char *next_way_name(enum next_way way)
{
    switch (way) {
    case NEXT_NEVER:
        return "never";
    case NEXT_BEFORE_DEADLINE:
        return "before_deadline";
    case NEXT_AT_ONCE:
        return "at_once";
    }
    assert(false);
    return "";
}

const char *verdict_hand_name(enum verdict_hand hand)
{
    switch (hand) {
    case HAND_NOBODY:
        return "nobody";
    case HAND_UNIT:
        return "unit";
    case HAND_OPERATOR:
        return "operator";
    case HAND_GIVER:
        return "giver";
    case HAND_COUNT:
        break;
    }
    assert(false);
    return "";
}
