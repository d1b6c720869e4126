"""Reads the text of a scenario (tests/scenarios/README.md) into steps. Pure: touches nothing but
the text. Whatever the text is, the answer is a Scenario or a ScenarioError that names each bad line
and the sentence that comes nearest to it."""

import dataclasses
import datetime
import difflib
import re

from scenario_forms import FORMS, KINDS

DAYS = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
KEYWORDS = {"Gegeben": "GW", "Wenn": "W", "Dann": "D"}
SAME = ("Und", "Aber")
HEAD = re.compile(r"Szenario: (?P<id>[A-Za-z]{1,4}\d{1,4}[a-z]?) +(?P<title>\S.*)")
FIELD = re.compile(r"(?P<name>[a-z_0-9]{1,40}):(?: +(?P<value>.*))?")
GAP = re.compile(r"\{([a-zäöüß]+)(?::([a-zäöüß]+))?\}")
UNTIL = re.compile(rf"bis (?P<zeit>{KINDS['zeit'][0]}) (?P<rest>.+)")
CLOCK = re.compile(r"(?:(?P<day>Mo|Di|Mi|Do|Fr|Sa|So) (?P<d>\d+)\.(?P<m>\d+)\.(?P<y>\d+))?"
                   r"(?: ?(?:um )?(?P<H>\d+):(?P<M>\d\d)(?::(?P<S>\d\d))?)?")
LINE_MAX = 1000


class ScenarioError(Exception):
    """One sentence for each bad line, "file:line: ..."."""


@dataclasses.dataclass
class Moment:
    """A day, a time of day, or both; neither is "now"."""
    day: datetime.date = None
    time: datetime.time = None


@dataclasses.dataclass
class Step:
    line: int
    said: str
    action: str
    values: dict
    fields: list = dataclasses.field(default_factory=list)  # (line, name, text or None)
    until: Moment = None
    begins: bool = False  # stands behind Wenn itself
    checks: bool = False


@dataclasses.dataclass
class Scenario:
    path: str
    id: str = ""
    title: str = ""
    config: str = ""
    steps: list = dataclasses.field(default_factory=list)


def moment(text):
    """„am Mo 16.11.2026 um 08:00“; ValueError says what is wrong with it."""
    text = text.removeprefix("am ").removeprefix("jetzt")
    found = CLOCK.fullmatch(text)
    if not found:
        raise ValueError(f"„{text}“ ist keine Zeit")
    day = time = None
    try:
        if found["day"]:
            day = datetime.date(int(found["y"]), int(found["m"]), int(found["d"]))
        if found["H"]:
            time = datetime.time(int(found["H"]), int(found["M"]), int(found["S"] or 0))
    except (ValueError, OverflowError):
        raise ValueError(f"„{text}“ gibt es im Kalender nicht") from None
    if day and DAYS[day.weekday()] != found["day"]:
        raise ValueError(f"der {day:%d.%m.%Y} ist ein {DAYS[day.weekday()]}, "
                         f"nicht {found['day']}")
    return Moment(day, time)


def pattern_of(sentence):
    """Regular expressions of a sentence, one for each order of verb and subject."""
    turned = re.fullmatch(r"(\S+) <([^>]*)>(.*)", sentence)
    orders = [sentence]
    if turned:
        verb, subject, rest = turned.groups()
        orders = [f"{verb} {subject}{rest}", f"{subject} {verb}{rest}"]
    return [re.compile(expression(order)) for order in orders]


def expression(text):
    out, at = "", 0
    for found in GAP.finditer(text):
        kind, name = found.groups()
        out += literal(text[at:found.start()]) + f"(?P<{name or kind}>{KINDS[kind][0]})"
        at = found.end()
    return out + literal(text[at:])


def literal(text):
    return re.escape(text).replace(r"\[", "(?:").replace(r"\]", ")?").replace(r"\ ", " ")


PATTERNS = [(row, pattern) for row in FORMS for pattern in pattern_of(row[1])]
KIND_OF = {row[1]: {(name or kind): kind for kind, name in GAP.findall(row[1])} for row in FORMS}


def words_of(text):
    return set(re.findall(r"[A-Za-zÄÖÜäöüß]{3,}", text))


PLAIN = [(row[0], re.sub(r"[<>]", "", row[1]), words_of(GAP.sub("", row[1])))
         for row in FORMS]


def nearest(said, classes):
    """The sentence of the table that comes nearest, for the error message."""
    words = words_of(said[:300])
    ranked = sorted(((len(words & own) / (len(own) or 1), plain) for letter, plain, own in PLAIN
                     if letter in classes), reverse=True)
    return max(ranked[:8], key=lambda pair: pair[0] + difflib.SequenceMatcher(
        None, said[:120], pair[1]).ratio())[1]


def values_of(row, found):
    """The gaps' values; texts without their quotes, times as Moment."""
    values = {}
    for name, kind in KIND_OF[row[1]].items():
        text = found.groupdict().get(name)
        if text is None:
            continue
        if kind == "zeit":
            values[name] = moment(text)
        elif kind == "text":
            values[name] = text[1:-1]
        else:
            values[name] = text
    return values


def read_sentence(said, classes):
    """(row, values) of a sentence; ValueError when no row fits."""
    for row, pattern in PATTERNS:
        found = pattern.fullmatch(said) if row[0] in classes else None
        if found:
            return row, values_of(row, found)
    for row, pattern in PATTERNS:
        if pattern.fullmatch(said):
            places = {"G": "nach Gegeben", "W": "nach Gegeben oder Wenn", "D": "nach Dann"}
            raise ValueError(f"„{said}“ steht nur {places[row[0]]}")
    raise ValueError(f"nicht verstanden: „{said[:120]}“; am nächsten kommt: "
                     f"{nearest(said, classes)}")


class Parser:
    def __init__(self, text, path):
        self.scenario = Scenario(path)
        self.lines = text.splitlines()
        self.classes = ""
        self.errors = []
        self.step = None

    def fault(self, number, what):
        self.errors.append(f"{self.scenario.path}:{number}: {what}")

    def read(self):
        for number, raw in enumerate(self.lines, 1):
            line = raw.rstrip()
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            if len(line) > LINE_MAX:
                self.fault(number, f"länger als {LINE_MAX} Zeichen")
                continue
            try:
                self.line(number, line)
            except ValueError as error:
                self.fault(number, error)
        if not self.scenario.id and not self.errors:
            self.fault(1, "es fehlt die Zeile „Szenario: KENNUNG Titel“")
        if not any(step.checks for step in self.scenario.steps) and not self.errors:
            self.fault(len(self.lines) or 1, "ohne Dann wird nichts geprüft")
        if self.errors:
            raise ScenarioError("\n".join(self.errors))
        return self.scenario

    def line(self, number, line):
        if line[0] in " \t":
            self.field(number, line.strip())
            return
        self.step = None
        words = " ".join(line.split())
        if words.startswith("Szenario:"):
            self.head(words)
        elif words.startswith("Konfiguration:"):
            self.scenario.config = words.partition(":")[2].strip()
        else:
            self.sentence(number, words)

    def head(self, words):
        found = HEAD.fullmatch(words)
        if not found or self.scenario.id:
            raise ValueError("erwartet: einmal „Szenario: KENNUNG Titel“, z. B. "
                             "„Szenario: MH9 Gesundheitsangaben“")
        self.scenario.id, self.scenario.title = found["id"], found["title"]

    def sentence(self, number, words):
        if not self.scenario.id:
            raise ValueError("vor dem ersten Satz steht „Szenario: KENNUNG Titel“")
        keyword, _, said = words.partition(" ")
        if keyword in KEYWORDS:
            self.classes = KEYWORDS[keyword]
        elif keyword not in SAME or not self.classes:
            raise ValueError(f"ein Satz beginnt mit Gegeben, Wenn, Dann oder Und, nicht mit "
                             f"„{keyword[:40]}“")
        fields = said.endswith(":")
        said = said.rstrip(".:") if fields or said.endswith(".") else said
        until = UNTIL.fullmatch(said) if self.classes == "D" else None
        row, values = read_sentence(until["rest"] if until else said, self.classes)
        if fields and row[2] not in ("report", "report_many"):
            raise ValueError("ein Doppelpunkt mit Feldern darunter steht nur nach „meldet“")
        step = Step(number, words, row[2], values, until=moment(until["zeit"]) if until else None,
                    begins=keyword == "Wenn", checks=row[0] == "D")
        self.scenario.steps.append(step)
        self.step = step if row[2] in ("report", "report_many") else None

    def field(self, number, text):
        if not self.step:
            raise ValueError("eingerückt stehen nur Felder unter einem „meldet“-Satz")
        gone = re.fullmatch(r"ohne ([a-z_0-9]{1,40})", text)
        found = FIELD.fullmatch(text)
        if not gone and not found:
            raise ValueError(f"erwartet: „feld: wert“ oder „ohne feld“, gefunden: „{text[:80]}“")
        name = gone[1] if gone else found["name"]
        if any(name == known for _, known, _ in self.step.fields):
            raise ValueError(f"das Feld {name} steht zweimal da")
        self.step.fields.append((number, name, None if gone else found["value"] or ""))


def parse(text, path):
    return Parser(text, path).read()
