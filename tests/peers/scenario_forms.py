"""The sentences that a scenario may say: one table, from which the parser (scenario_language.py),
the list in tests/scenarios/README.md and the hint in an error message are made.

A row is (class, sentence, step, what it means). Classes: "G" stands after Gegeben, "W" after
Gegeben and Wenn, "D" after Dann. In a sentence {kind} or {kind:name} is a gap, [ ... ] may be left
out, and verb <subject> may also be said as subject verb ("hat <ksd>" as "ksd hat"). The step is the
name of a function in scenario_steps.py.
"""

import re

# What a person says, as the verb of `stafettectl answer` and, where the words hold it, the reason.
ANSWERS = {
    "gesehen": ("seen", ""),
    "übernommen": ("accept", ""),
    "abgelehnt": ("reject", ""),
    "nicht zuständig": ("reject", "not_competent"),
    "unvollständig": ("return", ""),
    "voll": ("full", ""),
    "Gespräch geführt": ("conversed", ""),
    "freigegeben": ("approve", ""),
    "nicht freigegeben": ("refuse", ""),
    "zurückgezogen": ("withdraw", ""),
    "Erstkontakt gehabt": ("contacted", ""),
    "Gefahr beseitigt": ("cleared", ""),
    "angefragte Stelle ist zuständig": ("confirmed", ""),
    "abgebende Stelle bleibt zuständig": ("keeps", ""),
    "erledigt": ("done", ""),
}

# What a member says to an invitation.
RSVPS = {
    "Zusage": "accepted",
    "Absage": "declined",
    "Vorbehalt": "tentative",
    "Vertretung": "deputy",
}

OUTCOMES = {
    "angenommen": "accepted",
    "wiederholt": "repeated",
    "zurückgegeben": "returned",
    "abgewiesen": "refused",
    "wartet": "parked",
}

ID = r"[a-z][a-z0-9-]*"
TIME = (r"(?:am )?(?:Mo|Di|Mi|Do|Fr|Sa|So) \d{1,2}\.\d{1,2}\.\d{4}(?: um \d{1,2}:\d\d(?::\d\d)?)?"
        r"|um \d{1,2}:\d\d(?::\d\d)?|jetzt")


def one_of(words):
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


# kind: (pattern, how the manual explains it)
KINDS = {
    "zeit": (TIME, "„am Mo 16.11.2026 um 08:00“, „am Mo 16.11.2026“, „um 08:00“ (am selben Tag), "
                   "„jetzt“; der Wochentag wird geprüft"),
    "dauer": (r"\d+ (?:Sekunde|Minute|Stunde|Tag|Woche)n?", "„2 Stunden“, „10 Minuten“, „3 Tage“; "
                                                             "vergeht als Zeit auf der Uhr"),
    "stelle": (ID, "Kennung einer Stelle aus units.conf"),
    "stellen": (rf"{ID}(?:(?:, | und ){ID})*", "eine oder mehrere Stellen: „a, b und c“"),
    "quelle": (ID, "Kennung eines Fachverfahrens aus sources.conf"),
    "ort": (ID, "Kennung eines Ortes aus places.conf"),
    "bereich": (ID, "Kennung eines Rechtskreises aus places.conf"),
    "dienst": (ID, "Kennung eines Dienstes aus places.conf"),
    "ereignis": (r"[a-z_]+(?:\.[a-z_]+)+", "Art der Meldung aus dem Katalog: handover.requested"),
    "name": (r"[A-Za-zÄÖÜäöüß0-9][\wÄÖÜäöüß-]*", "frei gewählter Name einer Meldung und ihres "
                                                 "Vorgangs in diesem Szenario: N-77"),
    "text": (r'„[^“]*“|"[^"]*"', "Text in Anführungszeichen"),
    "antwort": (one_of(ANSWERS), ", ".join(ANSWERS)),
    "ausgang": (one_of(OUTCOMES), ", ".join(OUTCOMES)),
    "menge": (r"keine?n?|(?:genau |mindestens |höchstens )?(?:eine?n?|\d+)",
              "keine, eine (genau eine), 3, mindestens 2, höchstens 1"),
    "sendung": (r"Mails?|SMS|Nachricht(?:en)?", "Mail, SMS oder Nachricht (beides)"),
    "aufgaben": ("offenen? Aufgaben?", "offene Aufgabe, offene Aufgaben"),
    "zahl": (r"\d+", "eine Zahl"),
    "wort": (r"[a-z_0-9]+", "Wort aus dem Programm (Stand, Kennzeichen, Art): requested, task"),
    "feld": (r"[a-z_]+(?:\.[a-z_]+)?", "Feld einer Meldung: data.next_step"),
    "kennung": (r"E-[A-ZÄÖÜ-]+", "Fehlerkennung: E-PFLICHT"),
    "datei": (r"[a-z_-]+\.conf", "Datei der Konfiguration: routes.conf"),
    "schlüssel": (r"[a-z_]+(?:\.[a-z_]+)+", "Einstellung: ledger.night"),
    "zusage": (one_of(RSVPS), ", ".join(RSVPS)),
    "sitzungen": ("Sitzung(?:en)?", "Sitzung, Sitzungen (eines Termins, geplant)"),
    "einträge": ("Eintrag|Einträge", "Eintrag, Einträge (im Kalender)"),
    "befehl": (r".+", "Befehl von stafettectl; {name} darin steht für das Kürzel des Vorgangs"),
}

FORMS = (
    ("G", "die Uhr steht auf {zeit}", "clock_starts",
     "Anfang des Szenarios; sonst Mo 16.11.2026 um 08:00"),
    ("G", "die Einstellung {schlüssel} ist {text}", "setting", "ändert die Konfiguration vorher"),
    ("G", "die Stadt plant keine Termine", "no_meetings",
     "meetings.conf bleibt weg: keine Einladungen, wo es um anderes geht"),
    ("W", "in {datei} wird {text} ersetzt durch {text:neu}", "edit",
     "ändert die Konfiguration; bei laufendem Dienst folgt „die Konfiguration wird neu geladen“"),
    ("W", "in {datei} wird {text} gestrichen", "edit", "wie ersetzt durch nichts"),
    ("W", "die Konfiguration wird neu geladen", "reload", "wie SIGHUP: alles oder nichts"),
    ("W", "{quelle} meldet {ereignis}[ zu {name:vorgang}][ als {name}]", "report",
     "sendet eine Meldung; eingerückt darunter stehen Felder, die anders als üblich sind"),
    ("W", "{quelle} meldet {zahl}-mal {ereignis}", "report_many",
     "ebenso viele Meldungen zu ebenso vielen Fällen, sonst gleich"),
    ("W", "{quelle} wiederholt {name}", "repeat", "sendet dieselbe Meldung noch einmal"),
    ("W", "{stelle} antwortet auf {name} mit {antwort}[ ({wort:code})]", "answer",
     "stafettectl answer; in Klammern der Grund"),
    ("W", "{stelle} ist von {zeit} bis {zeit:ende} abwesend[, Vertretung {stelle:vertretung}]",
     "absence", "stafettectl absence; ein Ende ohne Uhrzeit schließt den Tag ein"),
    ("W", "die Leitstelle ruft: {befehl}", "control", "irgendein Befehl von stafettectl"),
    ("W", "{stelle} antwortet auf die Einladung zu {name} mit {zusage}[ für {zeit}]", "rsvp",
     "eines Termins; mit einer Zeit nur für die Sitzung, die nach der Regel dann beginnt"),
    ("W", "die Uhr geht vor bis {zeit}", "go_to", "alles, was bis dahin fällig wird, geschieht"),
    ("W", "die Uhr auf {zeit} vorgeht", "go_to", "dasselbe"),
    ("W", "{dauer} vergehen", "pass_time", "dasselbe um eine Dauer"),
    ("W", "{dauer} vergeht", "pass_time", "dasselbe"),
    ("W", "der Dienst stürzt ab und startet neu", "crash", "SIGKILL"),
    ("W", "der Dienst stürzt vor dem nächsten Versand ab und startet neu", "crash_before_send",
     "SIGKILL, sobald das Nächste angenommen, aber noch nicht versandt ist"),

    ("D", "lautet <die Quittung zu {name}> {ausgang}[ mit {kennung}][ für {feld}]", "receipt",
     "Antwort an das Fachverfahren"),
    ("D", "nennt <die Quittung zu {name}> das Feld {feld}", "receipt_field",
     "ob zurückgegeben oder abgewiesen"),
    ("D", "hat <{name}> den Stand {wort}", "state", "Stand wie in stafettectl item show"),
    ("D", "hat <{name}> nicht den Stand {wort}", "not_state", ""),
    ("D", "ist <{stelle}> zuständig für {name}", "responsible", "wer jetzt verantwortlich ist"),
    ("D", "wartet <{name}> auf niemanden", "waits_nobody", ""),
    ("D", "wartet <{name}> auf {stelle}", "waits", "wer jetzt antworten muss"),
    ("D", "trägt <{name}> das Kennzeichen {wort}", "flag", "overdue, escalated, out_of_order ..."),
    ("D", "hat <{name}> die nächste Frist {zeit}", "due", "ohne Uhrzeit: an diesem Tag"),
    ("D", "nennt <der Verlauf von {name}> {text}", "history", "Prüfpfad in item show"),
    ("D", "nennt <der Vorgang {name}> {text}", "item_says", "irgendwo in item show"),
    ("D", "hat <{stelle}> {menge} {sendung}[ zu {name}][ seit {zeit}][ mit {text}][ ohne "
          "{text:nicht}]", "has", "nach Adressen der Stelle gezählt; mit/ohne: im Text"),
    ("D", "hat <die Adresse {text:adresse}> {menge} {sendung}[ zu {name}][ seit {zeit}][ mit "
          "{text}]", "address_has", "eine Adresse oder Rufnummer"),
    ("D", "hat <niemand außer {stellen}> eine {sendung}[ zu {name}][ seit {zeit}][ mit {text}]",
     "nobody_but", "wer sonst noch etwas bekam, wird genannt"),
    ("D", "hat <niemand> mehr als {zahl} {sendung}[ zu {name}][ seit {zeit}]", "at_most",
     "je Adresse gezählt"),
    ("D", "gehen <insgesamt {menge} {sendung}> hinaus[ zu {name}][ seit {zeit}]", "went_out",
     "an alle Adressen zusammen"),
    ("D", "wird nichts verschickt", "silence", "nichts seit dem letzten Wenn"),
    ("D", "wird nichts verschickt zu {name}", "silence", "nichts, das diesen Vorgang nennt"),
    ("D", "enthält <keine {sendung}> {text}", "no_message_says", "in keiner bisher verschickten"),
    ("D", "erfährt <{quelle}> {ereignis}[ zu {name}][ mit {feld} {text}]", "status",
     "Statusmeldung an das Fachverfahren"),
    ("D", "erfährt <{quelle}> nicht {ereignis}[ zu {name}]", "no_status", ""),
    ("D", "gibt es einen neuen Vorgang der Art {wort} bei {stelle}[ mit dem Grund {wort:grund}]"
          "[ als {name}]", "new_item", "seit dem letzten Wenn: handover, referral, task ..."),
    ("D", "gibt es {menge} {aufgaben} bei {stelle}", "tasks", "Vorgänge der Art task"),
    ("D", "nennt <die Erklärung zu {name}> {text}", "explain", "stafettectl explain"),
    ("D", "nennt <die Erklärung zu {name}> nicht {text}", "explain_not", ""),
    ("D", "nennt <die Ausgabe> {text}", "output", "des letzten Befehls"),
    ("D", "nennt <die Ausgabe> nicht {text}", "output_not", ""),
    ("D", "kam <die Ausgabe> in weniger als {zahl} Sekunden", "output_fast", "wirkliche Zeit"),
    ("D", "gelingt <der Befehl>", "succeeds", "Ende mit 0"),
    ("D", "scheitert <der Befehl>[ mit {text}]", "fails", "Ende mit Fehler"),
    ("D", "gelingt <die Prüfung der Konfiguration>", "check_good", "stafetted --check"),
    ("D", "scheitert <die Prüfung der Konfiguration>[ mit {text}]", "check_bad", ""),
    ("D", "gilt <die alte Konfiguration> weiter", "old_config", "nach „wird neu geladen“"),
    ("D", "gilt <die neue Konfiguration>", "new_config", ""),
    ("D", "steht <{text}> nirgends", "nowhere", "Ablage, Protokoll, Quittungen, Nachrichten"),
    ("D", "hat <{name}> {menge} {sitzungen}[ ab {zeit}]", "sessions",
     "geplante Sitzungen; ein Termin heißt wie in meetings.conf oder wie seine Meldung"),
    ("D", "beginnt <eine Sitzung von {name}> {zeit}", "session_at", ""),
    ("D", "beginnt <keine Sitzung von {name}> {zeit}", "no_session_at", ""),
    ("D", "zeigt <der Kalender von {stelle}> {menge} {einträge} zu {name}[ {zeit}]",
     "calendar_shows", "was ein Kalenderprogramm aus den Einladungen bis jetzt macht"),
    ("D", "nennt <die Einladung von {stelle} zu {name}> {text}", "invitation_says",
     "in der jüngsten Einladung als Kalendereintrag: SEQUENCE:1"),
    ("D", "ist <die Bilanz> ausgeglichen", "balanced", "status grün, stafettectl ledger grün"),
)


def manual():
    """The list of sentences as it stands in tests/scenarios/README.md."""
    lines = []
    for letter, title in (("G", "Nur nach Gegeben"), ("W", "Nach Gegeben und Wenn"),
                          ("D", "Nach Dann (auch mit „bis {zeit}“ davor: die Uhr geht vor)")):
        lines += [f"### {title}", ""]
        for kind, sentence, _, meaning in FORMS:
            if kind == letter:
                lines.append(f"- `{sentence}`" + (f": {meaning}" if meaning else ""))
        lines.append("")
    lines += ["### Lücken", ""]
    lines += [f"- `{{{kind}}}`: {meaning}" for kind, (_, meaning) in KINDS.items()]
    return "\n".join(lines) + "\n"
