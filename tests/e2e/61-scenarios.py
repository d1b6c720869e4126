#!/usr/bin/python3
# time limit: 240 s
"""The runner of the scenarios, tested: each kind of wrong expectation is found and said in one line
with its number, a badly written line is named with the sentence that comes nearest, random text
never ends in a traceback, and the manual is the table."""

import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/peers")

from peers import TOP, Cases, Folder, say  # noqa: E402
from scenario_forms import FORMS, KINDS, manual  # noqa: E402
from scenario_language import GAP, ScenarioError, parse, pattern_of, read_sentence  # noqa: E402
from scenario_steps import STEPS, amount  # noqa: E402

SEED = int(os.environ.get("STAFETTE_SEED") or random.SystemRandom().randrange(1 << 32))
MANGLED = 3000

BEGIN = """Szenario: {id} Probe
Gegeben die Uhr steht auf Mo 16.11.2026 um 09:00
Und die Stadt plant keine Termine
Wenn soziales-ulm meldet handover.requested als A:
  from_unit: ksd-eselsberg
  place: eselsberg
  service: ksd
"""
FIRST = BEGIN.count("\n") + 1

# A sentence behind BEGIN, and what its line must say; "" when it holds.
SENTENCES = (
    ("Dann lautet die Quittung zu A angenommen", ""),
    ("Dann lautet die Quittung zu A abgewiesen", "erwartet: Quittung refused, gefunden: accepted"),
    ("Dann nennt die Quittung zu A das Feld data.place", "erwartet: das Feld data.place"),
    ("Dann hat A den Stand accepted", "erwartet: A im Stand accepted, gefunden: "),
    ("Dann hat A nicht den Stand accepted", ""),
    ("Dann ist ksd-eselsberg zuständig für A", ""),
    ("Dann ist ksd-wiblingen zuständig für A", "gefunden: ksd-eselsberg"),
    ("Dann wartet A auf ksd-eselsberg", ""),
    ("Dann wartet A auf ksd-wiblingen", "gefunden: ksd-eselsberg"),
    ("Dann wartet A auf niemanden", "gefunden: ksd-eselsberg"),
    ("Dann wartet A auf niemand-hier", "eine Stelle niemand-hier in ulm"),
    ("Dann wartet B auf ksd-eselsberg", "ein Vorgang B, gefunden: keiner"),
    ("Dann trägt A das Kennzeichen overdue", "gefunden: kein Kennzeichen"),
    ("Dann hat A die nächste Frist am Di 17.11.2026", ""),
    ("Dann hat A die nächste Frist am Mi 18.11.2026", "gefunden: Di 17.11.2026"),
    ("Dann nennt der Verlauf von A „Zauberwort“", "„Zauberwort“ im Verlauf von A"),
    ("Dann nennt der Vorgang A „Zauberwort“", "„Zauberwort“ im Vorgang A"),
    ("Dann hat ksd-eselsberg eine Mail zu A", ""),
    ("Dann hat ksd-eselsberg genau 2 Mails zu A", "gefunden: 1"),
    ("Dann hat ksd-eselsberg keine Mail", "gefunden: 1"),
    ("Dann hat ksd-wiblingen eine Mail", "gefunden: 0 (sonst an: ksd-eselsberg@ulm.example)"),
    ("Dann hat ksd-eselsberg mindestens eine SMS", "gefunden: 0"),
    ("Dann hat ksd-eselsberg höchstens eine Mail", ""),
    ("Dann hat ksd-eselsberg eine Mail zu A mit „Zauberwort“", "mit „Zauberwort“, gefunden: 0"),
    ("Dann hat ksd-eselsberg eine Mail zu A ohne „Vorgang“", "gefunden: 0"),
    ("Dann hat ksd-eselsberg eine Mail seit um 09:01", "gefunden: 0"),
    ("Dann hat die Adresse „ksd-eselsberg@ulm.example“ eine Mail", ""),
    ("Dann hat die Adresse „niemand@ulm.example“ eine Mail", "gefunden: 0"),
    ("Dann hat niemand außer ksd-eselsberg eine Nachricht", ""),
    ("Dann hat niemand außer ksd-wiblingen eine Nachricht", "gefunden: ksd-eselsberg@"),
    ("Dann hat niemand mehr als 0 Mails", "gefunden: ksd-eselsberg@ulm.example 1"),
    ("Dann wird nichts verschickt", "gefunden: mail an ksd-eselsberg@ulm.example"),
    ("Dann wird nichts verschickt zu A", "gefunden: mail an ksd-eselsberg@ulm.example"),
    ("Dann enthält keine Mail „Übergabe“", "gefunden: mail an"),
    ("Dann erfährt soziales-ulm notice.sent zu A", ""),
    ("Dann erfährt soziales-ulm handover.accepted zu A", "erwartet: soziales-ulm erfährt"),
    ("Dann erfährt soziales-ulm notice.sent zu A mit item_id „XXXX“", "erfährt notice.sent"),
    ("Dann erfährt soziales-ulm nicht notice.sent zu A", "gefunden: 1-mal"),
    ("Dann erfährt nirgendwo nicht notice.sent", "ein Fachverfahren nirgendwo in ulm"),
    ("Dann gibt es einen neuen Vorgang der Art handover bei ksd-eselsberg als B", ""),
    ("Dann gibt es einen neuen Vorgang der Art task bei ksd-eselsberg", "gefunden: handover"),
    ("Dann gibt es keine offenen Aufgaben bei ksd-eselsberg", ""),
    ("Dann gibt es eine offene Aufgabe bei ksd-eselsberg", "gefunden: 0"),
    ("Dann nennt die Erklärung zu A „ksd-eselsberg“", ""),
    ("Dann nennt die Erklärung zu A „Zauberwort“", "„Zauberwort“ in der Erklärung"),
    ("Dann nennt die Erklärung zu A nicht „ksd-eselsberg“", "kein „ksd-eselsberg“"),
    ("Dann nennt die Ausgabe „Zauberwort“", "ein Befehl vorher, gefunden: keiner"),
    ("Dann gelingt die Prüfung der Konfiguration", ""),
    ("Dann scheitert die Prüfung der Konfiguration", "gefunden: sie gelingt"),
    ("Dann gilt die alte Konfiguration weiter", ""),
    ("Dann gilt die neue Konfiguration", "gefunden: die alte gilt weiter"),
    ("Dann steht „Zauberwort“ nirgends", ""),
    ("Dann steht „ksd-eselsberg“ nirgends", "gefunden: "),
    ("Dann ist die Bilanz ausgeglichen", ""),
    ("Dann bis am Mi 18.11.2026 um 08:00 hat ksd-mitte-ost eine Mail zu A", ""),
    ("Dann bis am Di 17.11.2026 um 08:59 hat leitung-soziales eine Mail zu A", "gefunden: 0"),
    ("Dann bis um 08:00 hat leitung-soziales keine Mail", "die Uhr steht vor Mo 16.11.2026 08:00"),
)

# Whole texts behind BEGIN, and the number of the line that differs with what it says.
TEXTS = (
    ("Wenn die Leitstelle ruft: stafettectl item show {A}\nDann nennt die Ausgabe „eselsberg“\n"
     "Und die Ausgabe kam in weniger als 9 Sekunden\n", 0, ""),
    ("Wenn die Leitstelle ruft: stafettectl item show {A}\nDann scheitert der Befehl\n", 1,
     "er gelingt"),
    ("Wenn die Leitstelle ruft: stafettectl who nirgends sgb8\nDann scheitert der Befehl mit "
     "„not in the directory“\n", 0, ""),
    ("Wenn die Leitstelle ruft: stafettectl who nirgends sgb8\nUnd die Uhr geht vor bis um 10:00\n"
     "Dann hat A nicht den Stand closed\n", 0, "der Befehl gelingt, gefunden: "),
    ("Wenn die Leitstelle ruft: stafettectl who nirgends sgb8\nDann gelingt der Befehl\n", 1,
     "der Befehl gelingt"),
    ("Wenn die Leitstelle ruft: stafettectl zaubere\nDann scheitert der Befehl\n", 1,
     "scheitert an der Sache"),
    ("Wenn soziales-ulm wiederholt A\nDann lautet die Quittung zu A wiederholt\n"
     "Und wird nichts verschickt\n", 0, ""),
    ("Wenn der Dienst stürzt ab und startet neu\nDann hat ksd-eselsberg eine Mail\n", 0, ""),
    ("Wenn in units.conf wird „gibt es nicht“ gestrichen\nDann wird nichts verschickt\n", 0,
     "„gibt es nicht“ einmal in units.conf, gefunden: 0-mal"),
    ("Wenn in units.conf wird „ksd-eselsberg@ulm“ ersetzt durch „neu@ulm“\n"
     "Und die Konfiguration wird neu geladen\nDann gilt die neue Konfiguration\n", 0, ""),
    ("Wenn soziales-ulm meldet handover.requested als B:\n  from_unit: ksd-eselsberg\n"
     "  place: eselsberg\n  service: ksd\n  ohne reason\n"
     "Dann lautet die Quittung zu B zurückgegeben mit E-PFLICHT für data.reason\n"
     "Und die Quittung zu B lautet zurückgegeben mit E-PFLICHT für data.place\n", 6,
     "Quittung returned mit E-PFLICHT data.place"),
    ("Wenn soziales-ulm meldet zauber.stab als B\nDann wird nichts verschickt\n", 0,
     "eine Meldung zauber.stab im Katalog"),
    ("Wenn soziales-ulm meldet emergency.reported als B\nDann wird nichts verschickt\n", 0,
     "das Feld place für emergency.reported"),
)

# Badly written lines behind the first one, and what the error must say.
MANGLED_LINES = (
    ("Dann hat ksd eine Meil", "probe.txt:2: nicht verstanden: „hat ksd eine Meil“"),
    ("Dann hat ksd eine Meil", "am nächsten kommt: hat"),
    ("Dann die Bilantz ist ausgeglichen", "am nächsten kommt: ist die Bilanz ausgeglichen"),
    ("Gegeben die Uhr steht auf Di 16.11.2026", "der 16.11.2026 ist ein Mo, nicht Di"),
    ("Gegeben die Uhr steht auf Mo 31.02.2026", "gibt es im Kalender nicht"),
    ("Gegeben die Uhr steht auf Mo 16.11.2026 um 25:00", "gibt es im Kalender nicht"),
    ("Falls es regnet", "beginnt mit Gegeben, Wenn, Dann oder Und, nicht mit „Falls“"),
    ("Und die Bilanz ist ausgeglichen", "beginnt mit Gegeben"),
    ("Wenn die Bilanz ist ausgeglichen", "steht nur nach Dann"),
    ("Dann a meldet handover.requested", "steht nur nach Gegeben oder Wenn"),
    ("  feld: wert", "nur Felder unter einem „meldet“-Satz"),
    ("Wenn a meldet handover.requested:\n  place eselsberg", "probe.txt:3: erwartet: „feld: wert“"),
    ("Wenn a meldet handover.requested:\n  place: a\n  place: b", "das Feld place steht zweimal"),
    ("Wenn der Dienst stürzt ab und startet neu:", "steht nur nach „meldet“"),
    ("Szenario: X2 Noch eines", "erwartet: einmal „Szenario: KENNUNG Titel“"),
    ("Wenn der Dienst stürzt ab und startet neu", "ohne Dann wird nichts geprüft"),
    ("Dann " + "x" * 2000, "länger als 1000 Zeichen"),
)


def run(folder, *words):
    """scenario.py on a folder: (status, {ID: rest of its line}, the lines)."""
    done = subprocess.run([sys.executable, str(TOP / "tests/peers/scenario.py"), "--dir",
                           os.fspath(folder), *words], capture_output=True, text=True, timeout=200)
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    for line in lines:
        assert re.fullmatch(r"[A-Za-z0-9]+\t\S[^\t]*", line), f"not ID<TAB>words: {line!r}"
    return done.returncode, dict(line.split("\t") for line in lines), lines


def write(folder, id, text):
    city = folder / "ulm"
    city.mkdir(exist_ok=True)
    (city / f"{id}-probe.txt").write_text(text, encoding="utf-8")


def wants(said, number, words, id):
    if not words:
        assert said == "passed", f"{id}: {said}"
    else:
        assert said.startswith(f"Zeile {number} ("), f"{id}: not line {number}: {said}"
        assert words in said, f"{id}: {words!r} is not in: {said}"


def wrong_sentences():
    folder = Folder()
    for n, (sentence, _) in enumerate(SENTENCES, 1):
        write(folder, f"S{n}", BEGIN.format(id=f"S{n}") + sentence + "\n")
    status, said, lines = run(folder, "--jobs", "3")
    assert status == 1 and len(lines) == len(SENTENCES), (status, lines)
    for n, (sentence, words) in enumerate(SENTENCES, 1):
        wants(said[f"S{n}"], FIRST, words, sentence)


def wrong_texts():
    folder = Folder()
    for n, (text, _, _) in enumerate(TEXTS, 1):
        write(folder, f"T{n}", BEGIN.format(id=f"T{n}") + text)
    _, said, lines = run(folder, "--jobs", "3")
    assert len(lines) == len(TEXTS), lines
    for n, (text, offset, words) in enumerate(TEXTS, 1):
        wants(said[f"T{n}"], FIRST + offset, words, text)


def bad_lines():
    for text, words in MANGLED_LINES:
        try:
            parse(f"Szenario: X1 Probe\n{text}\n", "probe.txt")
        except ScenarioError as error:
            assert words in str(error), f"{words!r} is not in: {error}"
        else:
            raise AssertionError(f"read without a word: {text}")


def bad_file():
    """A file that cannot be read is one line as well, and the others are played."""
    folder = Folder()
    write(folder, "Z1", "Szenario: Z1 Probe\nDann hat ksd eine Meil\nDann gute Nacht\n")
    write(folder, "Z2", BEGIN.format(id="Z2") + "Dann hat ksd-eselsberg eine Mail\n")
    (folder / "ulm" / "Z3-probe.txt").write_bytes(b"\xff\xfe\0")
    status, said, _ = run(folder)
    assert status == 1 and said["Z2"] == "passed", said
    assert "Z1-probe.txt:2: nicht verstanden" in said["Z1"] and ":3: " in said["Z1"], said
    assert "nicht lesbar" in said["Z3"], said


def own_config():
    """DIR with a configuration of its own, by its place or by the scenario's word."""
    folder = Folder()
    shutil.copytree(TOP / "config/ulm", folder / "config" / "ulm")
    shutil.copytree(TOP / "config/ulm", folder / "anders")
    for name in ("config/ulm", "anders"):
        units = folder / name / "units.conf"
        units.write_text(units.read_text().replace("ksd-eselsberg@", f"{name[-3:]}@"))
    write(folder, "C1", BEGIN.format(id="C1")
          + "Dann hat die Adresse „ulm@ulm.example“ eine Mail\n")
    named = BEGIN.replace("Probe\n", "Probe\nKonfiguration: {config}\n")
    write(folder, "C2", named.format(id="C2", config="../anders")
          + "Dann hat die Adresse „ers@ulm.example“ eine Mail\n")
    write(folder, "C3", named.format(id="C3", config="../nie")
          + "Dann hat ksd-eselsberg eine Mail\n")
    status, said, lines = run(folder)
    assert (said["C1"], said["C2"]) == ("passed", "passed"), said
    assert status == 1 and "eine Konfiguration ../nie, gefunden: keine" in said["C3"], said
    status, said, lines = run(folder, "--only", "c2,C1")
    assert status == 0 and [line[:2] for line in lines] == ["C1", "C2"], lines
    assert run(folder, "--only", "C9")[0] == 2
    assert run(folder / "gibt-es-nicht")[0] == 2


def summer_time():
    """An hour passes where the wall clock leaps one, and none is lost on a long way over it."""
    folder = Folder()
    start = BEGIN.replace("Mo 16.11.2026 um 09:00", "So 28.03.2027 um 01:30")
    write(folder, "U1", start.format(id="U1") + "Wenn 1 Stunde vergeht\n"
          "Und die Leitstelle ruft: stafettectl --json status\n"
          "Dann nennt die Ausgabe „2027-03-28T01:30:00“\n"
          "Und bis um 03:31 hat ksd-eselsberg eine Mail zu A\n")
    start = BEGIN.replace("Mo 16.11.2026 um 09:00", "Mo 15.03.2027 um 09:00")
    write(folder, "U2", start.format(id="U2") + "Wenn die Uhr geht vor bis Mo 29.03.2027 um 09:00\n"
          "Und die Leitstelle ruft: stafettectl --json status\n"
          "Dann nennt die Ausgabe „2027-03-29T07:00:00“\n")
    _, said, _ = run(folder)
    assert said == {"U1": "passed", "U2": "passed"}, said


def tap():
    folder = Folder()
    write(folder, "P1", BEGIN.format(id="P1") + "Dann hat ksd-eselsberg eine Mail\n")
    write(folder, "P2", BEGIN.format(id="P2") + "Dann hat ksd-eselsberg keine Mail\n")
    done = subprocess.run([sys.executable, str(TOP / "tests/peers/scenario.py"), "--tap", "--dir",
                           os.fspath(folder)], capture_output=True, text=True, timeout=100)
    lines = done.stdout.splitlines()
    assert lines[0] == "ok 1 - P1 Probe" and lines[1].startswith("not ok 2 - P2: Zeile "), lines
    assert lines[2] == "1..2" and done.returncode == 1, lines


# ---- the table

SAMPLES = {
    "zeit": "am Mo 16.11.2026 um 08:00", "dauer": "2 Stunden", "stelle": "ksd-eselsberg",
    "stellen": "a, b und c", "quelle": "soziales-ulm", "ort": "ulm", "bereich": "sgb8",
    "dienst": "ksd", "ereignis": "handover.requested", "name": "N-77", "text": "„ein Text“",
    "antwort": "nicht zuständig", "ausgang": "angenommen", "menge": "mindestens eine",
    "sendung": "Nachrichten", "aufgaben": "offene Aufgaben", "zahl": "3", "wort": "task",
    "feld": "data.place", "kennung": "E-PFLICHT", "datei": "routes.conf",
    "schlüssel": "ledger.night", "befehl": "stafettectl status", "zusage": "Absage",
    "sitzungen": "Sitzungen", "einträge": "Einträge",
}


def every_row_is_reached():
    """Each sentence, whole and without what may be left out, in both orders, is read as its own
    row: none hides behind another."""
    assert set(SAMPLES) == set(KINDS), set(SAMPLES) ^ set(KINDS)
    for row in FORMS:
        letter, sentence, step, _ = row
        assert step in STEPS, f"{step} is no step"
        assert len(pattern_of(sentence)) == (2 if "<" in sentence else 1), sentence
        full = re.sub(r"[<>\[\]]", "", sentence)
        short = re.sub(r"[<>]", "", re.sub(r"\[[^\]]*\]", "", sentence))
        turned = re.sub(r"^(\S+) <([^>]*)>", r"\2 \1", sentence)
        turned = re.sub(r"[<>]", "", re.sub(r"\[[^\]]*\]", "", turned))
        for text in (full, short, turned):
            said = GAP.sub(lambda gap: SAMPLES[gap[1]], text)
            found = read_sentence(said, letter)[0]
            assert found[2] == step, f"{said}: read as {found[1]}"


def manual_is_the_table():
    text = (TOP / "tests/scenarios/README.md").read_text(encoding="utf-8")
    assert text.endswith(manual()), "README.md is not as scenario.py --forms prints it"


def amounts():
    for words, want in (("keine", (0, 0)), ("eine", (1, 1)), ("genau eine", (1, 1)),
                        ("genau 2", (2, 2)), ("3", (3, 3)), ("höchstens 1", (0, 1)),
                        ("mindestens eine", (1, 1 << 30)), ("mindestens 2", (2, 1 << 30))):
        assert amount(words) == want, (words, amount(words))


def good_files():
    """Every scenario of the cities can be read, and has the ID of its file's name."""
    files = sorted((TOP / "tests/scenarios").glob("*/*.txt"))
    assert files, "no scenario"
    for path in files:
        scenario = parse(path.read_text(encoding="utf-8"), path.name)
        assert path.name.startswith(f"{scenario.id}-"), f"{path.name} holds {scenario.id}"


def fuzz():
    """Scenarios, mangled: read, or refused with one line each; never anything else."""
    chance = random.Random(SEED)
    texts = [path.read_text(encoding="utf-8")
             for path in sorted((TOP / "tests/scenarios").glob("*/*.txt"))]
    refused = 0
    for _ in range(MANGLED):
        text = mangle(chance, chance.choice(texts), texts)
        try:
            parse(text, "probe.txt")
        except ScenarioError as error:
            refused += 1
            for line in str(error).split("\n"):
                assert re.match(r"probe\.txt:\d+: .", line), repr(line)
    assert refused > MANGLED / 2, f"only {refused} of {MANGLED} were refused"


def mangle(chance, text, texts):
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(text) + 1)
        end = min(len(text), at + chance.randrange(1, 40))
        odd = chance.choice(["\0", "\n", "„", "“", "{", "[", "(", "9" * 40, "\u202e", "ä", "\t",
                             "\ud800", " ", ":", "Mo 99.99.9999", "um 99:99", "\x1b", "\r", "."])
        other = chance.choice(texts)
        cut = chance.randrange(len(other))
        text = chance.choice([text[:at] + text[end:], text[:at] + odd + text[at:],
                              text[:at] + other[cut:cut + 60] + text[at:],
                              text[:at] + text[at:end][::-1] + text[end:]])
    return text


def main():
    say(f"seed {SEED}")
    cases = Cases()
    cases.run("the manual is the table", manual_is_the_table)
    cases.run("every sentence is read as its own row", every_row_is_reached)
    cases.run("amounts", amounts)
    cases.run("the cities' scenarios can be read", good_files)
    cases.run("a badly written line is named with its remedy", bad_lines)
    cases.run(f"{MANGLED} mangled scenarios", fuzz)
    cases.run(f"{len(SENTENCES)} sentences, right and wrong", wrong_sentences)
    cases.run("courses of events, right and wrong", wrong_texts)
    cases.run("a file that cannot be read", bad_file)
    cases.run("a folder with its own configuration; some of it only", own_config)
    cases.run("the night of the summer time", summer_time)
    cases.run("TAP", tap)
    cases.end()


main()
