"""What the sentences of a scenario do: one function for each step of scenario_forms.py, called with
the scene and the step's values. A check that does not hold raises AssertionError "WANTED, gefunden:
FOUND"; scenario.py puts the line and "erwartet" before it."""

import datetime
import json
import pathlib
import random
import re
import shlex
import subprocess
import time
import urllib.request
import zlib

import icalendar
import recurring_ical_events

from peers import TOP, wait_until
from scenario_forms import ANSWERS, FORMS, OUTCOMES, RSVPS
from scenario_language import moment
from scenario_world import BERLIN, PREFIX, City, moment_of, stamp, utc

ATTRIBUTES = ("urgency", "restricted", "effectiveat", "corrects", "subject", "id", "time", "tenant",
              "dataschema", "inreplyto", "itemid")
FLAGS = {"ja": True, "nein": False, "true": True, "false": False}
SCHEMAS = TOP / "contrib/schemas"


class Said:
    """A message that a case system sent: its bytes, its receipt, its item."""

    def __init__(self, source, event, receipt):
        self.source = source
        self.event = event
        self.receipt = receipt
        self.code = receipt.get("item_id", "")


BEFORE_THE_START = ("clock_starts", "setting", "edit", "no_meetings", "check_good", "check_bad")


class Earlier(AssertionError):
    """What differs belongs to an earlier step: a command failed, and no sentence asked for that."""

    def __init__(self, step, words):
        super().__init__(words)
        self.step = step


class Scene:
    """One scenario being played."""

    def __init__(self, scenario, base):
        self.city = City(base)
        self.said = {}
        self.last = None       # the last command: CompletedProcess with .took_s
        self.unread = None     # the step in which it failed, until a sentence says so
        self.step = None
        self.mark = (0, 0, set())
        self.version = ""
        self.running = False
        self.events = 0
        self.tasks = set()
        self.chance = random.Random(zlib.crc32(scenario.id.encode()))

    def run(self, step):
        if not self.running and step.action not in BEFORE_THE_START:
            self.begin()
        if self.unread and step.action not in ("fails", "output", "output_not", "succeeds"):
            self.complain()
        self.step = step
        if step.begins and self.running:
            self.note()
        if step.until:
            self.city.go_to(self.time_of(step.until))
        elif step.checks and self.running:
            self.city.settle()
        values = dict(step.values, fields=step.fields) \
            if step.action in ("report", "report_many") else step.values
        STEPS[step.action](self, values)

    def begin(self):
        self.city.start()
        self.running = True
        self.version = self.city.call("GET", "/control/status").get("config", "")

    def note(self):
        """What is new is what comes after this."""
        items = {row["item_id"] for row in self.city.items(ended=True)}
        self.mark = (len(self.city.messages), len(self.city.heard), items)

    def end(self):
        """Every scenario ends well: nothing unread, the balance green."""
        if self.unread:
            self.complain()
        if self.running and self.city.gateway.process.running():
            balanced(self, {})

    def complain(self):
        raise Earlier(self.unread, f"der Befehl gelingt, gefunden: {self.words()}")

    def words(self):
        text = (self.last.stderr or self.last.stdout).strip().splitlines()
        return text[0] if text else f"Ende mit {self.last.returncode}"

    def time_of(self, when, end=False):
        """A Moment as a time; without a day today, without a time the day's beginning or end."""
        now = self.city.now if self.running else self.city.start_at
        if not when.day and not when.time:
            return now
        day = when.day or now.date()
        if not when.time and end:
            return datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time(),
                                             BERLIN)
        return datetime.datetime.combine(day, when.time or datetime.time(), BERLIN)

    def meeting(self, name):
        """A meeting by its id, or by the name of the message that made it."""
        said = self.said.get(name)
        found = self.city.meeting(said.event["data"].get("meeting_id", "") if said else name)
        need(found, f"ein Termin {name}", "keiner dieser Kennung")
        return found

    def code(self, name):
        if name not in self.said and self.running:
            meeting = self.city.meeting(name)
            if meeting:
                return meeting["item_id"]
        if name not in self.said:
            raise AssertionError(f"ein Vorgang {name}, gefunden: keiner dieses Namens")
        if not self.said[name].code:
            raise AssertionError(f"ein Vorgang zu {name}, gefunden: {self.said[name].receipt}")
        return self.said[name].code

    def item(self, name):
        return self.city.item(self.code(name))

    def unit(self, name):
        if name not in self.city.directory.units:
            raise AssertionError(f"eine Stelle {name} in {self.city.base.name}, gefunden: keine "
                                 "dieser Kennung")
        return name

    def ctl(self, *words, stdin=None):
        before = time.monotonic()
        self.last = self.city.gateway.ctl(*words, check=False, stdin=stdin)
        self.last.took_s = time.monotonic() - before
        self.unread = self.step if self.last.returncode else None
        self.city.settle()


def need(good, wanted, found):
    if not good:
        raise AssertionError(f"{wanted}, gefunden: {found}")


# ---- Gegeben

def clock_starts(scene, given):
    need(not scene.running, "der Anfang der Uhr vor allem anderen", "der Dienst läuft schon")
    when = scene.time_of(given["zeit"])
    scene.city.start_at = when


def setting(scene, given):
    need(not scene.running, "die Einstellung vor allem anderen", "der Dienst läuft schon")
    scene.city.settings[given["schlüssel"]] = given["text"]


def no_meetings(scene, _):
    need(not scene.running, "dass keine Termine geplant sind vor allem anderen",
         "der Dienst läuft schon")
    scene.city.left_out.append("meetings.conf")


def edit(scene, given):
    change = (given["datei"], given["text"], given.get("neu", ""))
    if scene.running:
        scene.city.edit(*change)
    else:
        scene.city.edits.append(change)


# ---- Wenn: messages of case systems

def schema_of(kind):
    path = SCHEMAS / f"{kind}.json"
    need(path.is_file(), f"eine Meldung {kind} im Katalog", "keine dieses Namens")
    return json.loads(path.read_text(encoding="utf-8"))["properties"]["data"]


def case_ref(chance):
    """Letters and digits by turns: random enough, and like no file number or name."""
    pairs = (chance.choice("abcdefghjkmnpqrstvwxyz") + chance.choice("0123456789")
             for _ in range(7))
    return "cr-" + "".join(pairs)


def usual(scene, field, data, follows):
    """The usual value of a field that the message must carry and the scenario does not name."""
    now = scene.city.now
    values = {
        "case_ref": lambda: case_ref(scene.chance),
        "reason": lambda: "transition",
        "legal_basis": lambda: "sgb10_69",
        "hilfeplan": lambda: False,
        "open_tasks": lambda: 1,
        "next_deadline": lambda: (now.date() + datetime.timedelta(days=28)).isoformat(),
        "due_on": lambda: (now.date() + datetime.timedelta(days=28)).isoformat(),
        "complexity": lambda: "complex",
        "offer_check": lambda: "tried",
        "channel": lambda: "hotline",
        "budget_line": lambda: "haushalt",
        "at": lambda: utc(now),
        "start_on": lambda: now.date().isoformat(),
        "on": lambda: now.date().isoformat(),
        "rechtskreis": lambda: scene.city.directory.area_of(data.get("service", ""),
                                                            data.get("from_unit", "")),
        "by_unit": lambda: follows and scene.city.item(follows.code).get("waiting_for"),
        "provider": lambda: follows and scene.city.item(follows.code).get("waiting_for"),
        "by_role": lambda: follows and scene.city.item(follows.code).get("waiting_for"),
    }
    return values[field]() if field in values else None


def value_of(scene, schema, name, text, number):
    """The text of a field as the catalogue wants it: number, yes or no, date, time."""
    if text.startswith("wie "):
        other = scene.said.get(text[4:])
        need(other, f"eine Meldung {text[4:]} (Zeile {number})", "keine dieses Namens")
        return other.event["data"].get(name, other.event.get(name))
    kind = schema.get("properties", {}).get(name, {})
    if kind.get("type") == "boolean" or name == "restricted":
        return FLAGS.get(text, text)
    if kind.get("type") == "integer" and re.fullmatch(r"-?\d{1,15}", text):
        return int(text)
    if re.match(r"(am )?(Mo|Di|Mi|Do|Fr|Sa|So) |jetzt|um \d", text):
        try:
            said = moment(text)
        except ValueError as error:
            raise AssertionError(f"eine Zeit (Zeile {number}), gefunden: {error}") from None
        when = scene.time_of(said)
        return utc(when) if said.time or kind.get("format") == "date-time" \
            else when.date().isoformat()
    return text


def data_of(scene, kind, fields, follows):
    """Data and attributes: what the scenario says, and the usual for the rest."""
    schema = schema_of(kind)
    known = schema.get("properties", {})
    said = {name: text and value_of(scene, schema, name, text, line)
            for line, name, text in fields}
    attributes = {name: said.pop(name) for name in list(said)
                  if name in ATTRIBUTES and name not in known}
    data = {}
    if follows and "item_id" in known and not {"in_reply_to", "item_id"} & set(said):
        data["item_id"] = follows.code
    data |= said
    for field in needed(schema, data):
        if field in data:
            continue
        value = usual(scene, field, data, follows)
        if field == "rechtskreis" and not value:
            continue
        need(value is not None, f"das Feld {field} für {kind}", "keines; es hat keinen üblichen "
             "Wert")
        data[field] = value
    return {name: value for name, value in data.items() if value is not None}, attributes


def needed(schema, data):
    """The fields that the message must have; a case_ref unless it names its item otherwise."""
    known = schema.get("properties", {})
    fields = [name for name in schema.get("required", []) if name != "case_ref"]
    if "case_ref" in known and not {"item_id", "in_reply_to"} & set(data):
        fields.append("case_ref")
    if "rechtskreis" in known and "service" in data and "rechtskreis" not in fields:
        fields.append("rechtskreis")
    return fields


def report(scene, given):
    kind, source = given["ereignis"], given["quelle"]
    follows = None
    if "vorgang" in given:
        scene.code(given["vorgang"])
        follows = scene.said[given["vorgang"]]
    data, attributes = data_of(scene, kind, given["fields"], follows)
    scene.events += 1
    urgency = {"urgency": "emergency"} if kind == "emergency.reported" else {"urgency": "prompt"}
    event = {"specversion": "1.0", "id": f"ev-{scene.events}-{scene.chance.randrange(1 << 30)}",
             "source": f"/{source}/fachverfahren", "type": f"{PREFIX}{kind}.v1",
             "time": utc(scene.city.now), **urgency, **attributes, "data": data}
    event = {name: value for name, value in event.items() if value is not None}
    receipt = scene.city.publish(source, event)
    said = Said(source, event, receipt)
    scene.said[given.get("name", "")] = said
    if follows and "name" in given and not said.code:
        said.code = follows.code


def report_many(scene, given):
    for _ in range(int(given["zahl"])):
        report(scene, given)
        said = scene.said.pop("")
        found = said.receipt["outcome"]
        need(found == "accepted", "Quittung accepted", f"{found} {said.receipt.get('faults')}")


def repeat(scene, given):
    need(given["name"] in scene.said, f"eine Meldung {given['name']}", "keine dieses Namens")
    said = scene.said[given["name"]]
    said.receipt = scene.city.publish(given["quelle"], said.event)


# ---- Wenn: people, time, operators

def answer(scene, given):
    verb, code = ANSWERS[given["antwort"]]
    code = given.get("code", code)
    words = ["answer", scene.code(given["name"]), verb, "--unit", scene.unit(given["stelle"])]
    scene.ctl(*words, *(("--code", code) if code else ()))


def rsvp(scene, given):
    words = ["meeting", "answer", scene.meeting(given["name"])["meeting"],
             RSVPS[given["zusage"]], "--unit", scene.unit(given["stelle"])]
    if "zeit" in given:
        words += ["--session", utc(scene.time_of(given["zeit"]))]
    scene.ctl(*words)


def absence(scene, given):
    start, end = scene.time_of(given["zeit"]), scene.time_of(given["ende"], end=True)
    deputy = ("--deputy", scene.unit(given["vertretung"])) if "vertretung" in given else ()
    scene.ctl("absence", scene.unit(given["stelle"]), utc(start), utc(end), *deputy)


def control(scene, given):
    said = re.sub(r"\{([^{}]+)\}", lambda found: scene.code(found[1]), given["befehl"])
    words = shlex.split(said)
    scene.ctl(*(words[1:] if words[:1] == ["stafettectl"] else words))


def go_to(scene, given):
    scene.city.go_to(scene.time_of(given["zeit"]))


def pass_time(scene, given):
    number, unit = given["dauer"].split()
    seconds = {"Se": 1, "Mi": 60, "St": 3600, "Ta": 86400, "Wo": 604800}[unit[:2]]
    step = datetime.timedelta(seconds=seconds * int(number))
    now = scene.city.now
    # Days are days of the calendar, hours pass by the clock on the wall of the world.
    target = now + step if seconds >= 86400 else \
        (now.astimezone(datetime.timezone.utc) + step).astimezone(BERLIN)
    scene.city.go_to(target)


def reload(scene, _):
    page = scene.city.gateway
    before = counters(page)
    page.reload()
    wait_until(lambda: counters(page) != before, "das Ende des Ladens")
    scene.city.settle()


def counters(gateway):
    with urllib.request.urlopen(f"http://127.0.0.1:{gateway.internal_port}/metrics",
                                timeout=10) as page:
        return [line for line in page.read().decode().splitlines()
                if line.startswith("stafette_reloads_")]


def crash(scene, _):
    scene.city.restart()
    scene.city.settle()


def crash_before_send(scene, _):
    scene.city.settle()  # or what is still to be sent would end it before anything happens
    scene.city.restart(points=True, STAFETTE_KILL_AT="before-start:1")


# ---- Dann: receipts and items

def receipt(scene, given):
    said = known(scene, given["name"])
    want = OUTCOMES[given["ausgang"]]
    found = said.receipt["outcome"]
    faults = [(fault["code"], fault.get("field", "")) for fault in said.receipt.get("faults", [])]
    shown = f"{found} {' '.join(' '.join(fault) for fault in faults)}".strip()
    need(found == want, f"Quittung {want}", shown)
    fits = [1 for code, field in faults if given.get("kennung", code) == code
            and given.get("feld", field) == field]
    if "kennung" in given or "feld" in given:
        wanted = " ".join(given[key] for key in ("kennung", "feld") if key in given)
        need(fits, f"Quittung {want} mit {wanted}", shown)


def receipt_field(scene, given):
    faults = known(scene, given["name"]).receipt.get("faults", [])
    fields = [fault.get("field", "") for fault in faults]
    need(given["feld"] in fields, f"das Feld {given['feld']} in der Quittung",
         ", ".join(fields) or known(scene, given["name"]).receipt["outcome"])


def known(scene, name):
    need(name in scene.said, f"eine Meldung {name}", "keine dieses Namens")
    return scene.said[name]


def state(scene, given):
    found = scene.item(given["name"])["state"]
    need(found == given["wort"], f"{given['name']} im Stand {given['wort']}", found)


def not_state(scene, given):
    found = scene.item(given["name"])["state"]
    need(found != given["wort"], f"{given['name']} nicht im Stand {given['wort']}", found)


def responsible(scene, given):
    scene.unit(given["stelle"])
    found = scene.item(given["name"])["responsible"]
    need(found == given["stelle"], f"{given['stelle']} zuständig für {given['name']}",
         found or "niemand")


def waits(scene, given):
    scene.unit(given["stelle"])
    found = scene.item(given["name"])["waiting_for"]
    need(found == given["stelle"], f"{given['name']} wartet auf {given['stelle']}",
         found or "niemand")


def waits_nobody(scene, given):
    found = scene.item(given["name"])["waiting_for"]
    need(not found, f"{given['name']} wartet auf niemanden", found)


def flag(scene, given):
    item = scene.item(given["name"])
    flags = item.get("flags", [])
    flags = flags.split() if isinstance(flags, str) else [*flags]
    flags += [name for name, value in item.items() if value is True]
    need(given["wort"] in flags, f"{given['name']} trägt {given['wort']}",
         " ".join(map(str, flags)) or "kein Kennzeichen")


def due(scene, given):
    item = scene.item(given["name"])
    need(item.get("due_at"), f"eine Frist von {given['name']}", "keine")
    found = moment_of(item["due_at"])
    want = given["zeit"]
    good = found == scene.time_of(want) if want.time else found.date() == want.day
    shown = stamp(scene.time_of(want)) if want.time else stamp(scene.time_of(want))[:13]
    need(good, f"nächste Frist {shown}", stamp(found))


def history(scene, given):
    rows = [row["what"] for row in scene.item(given["name"]).get("audit", [])]
    need(any(given["text"] in row for row in rows), f"„{given['text']}“ im Verlauf von "
         f"{given['name']}", f"{len(rows)} Zeilen ohne das, zuletzt {rows[-1:]}")


def item_says(scene, given):
    found = json.dumps(scene.item(given["name"]), ensure_ascii=False)
    need(given["text"] in found, f"„{given['text']}“ im Vorgang {given['name']}", found[:300])


# ---- Dann: meetings

def planned(scene, name):
    """Starts of the planned sessions of a meeting."""
    return sorted(moment_of(row["start"]) for row in scene.meeting(name)["sessions"]
                  if row["state"] == "planned")


def sessions(scene, given):
    starts = planned(scene, given["name"])
    if "zeit" in given:
        starts = [at for at in starts if at >= scene.time_of(given["zeit"])]
    least, most = amount(given["menge"])
    need(least <= len(starts) <= most, f"{given['menge']} Sitzungen von {given['name']}",
         f"{len(starts)}: {', '.join(map(stamp, starts))}")


def begins(scene, given):
    when = scene.time_of(given["zeit"])
    starts = planned(scene, given["name"])
    exact = given["zeit"].time is not None
    found = [at for at in starts if (at == when if exact else at.date() == when.date())]
    return found, ", ".join(map(stamp, starts)) or "keine Sitzung"


def session_at(scene, given):
    found, shown = begins(scene, given)
    need(found, f"eine Sitzung von {given['name']} {stamp(scene.time_of(given['zeit']))}", shown)


def no_session_at(scene, given):
    found, shown = begins(scene, given)
    need(not found, f"keine Sitzung von {given['name']} {stamp(scene.time_of(given['zeit']))}",
         shown)


def invitations(scene, unit, name):
    """The calendars that a unit has got of a meeting, oldest first."""
    code, to = scene.code(name), scene.city.directory.addresses(scene.unit(unit))
    return [m.calendar for m in scene.city.messages
            if m.calendar and m.to in to and code in m.text]


def calendar_shows(scene, given):
    """What a calendar program makes of it: the newest of each entry, cancelled ones out."""
    entries = {}
    for text in invitations(scene, given["stelle"], given["name"]):
        calendar = icalendar.Calendar.from_ical(text)
        for event in calendar.walk("VEVENT"):
            key = (str(event["UID"]), event.get("RECURRENCE-ID") and event["RECURRENCE-ID"].dt)
            if not event.get("RECURRENCE-ID") and event.get("RRULE"):
                entries = {k: v for k, v in entries.items() if k[0] != key[0]}
            entries[key] = event
    whole = icalendar.Calendar()
    for event in entries.values():
        cancelled = str(event.get("STATUS", "")) == "CANCELLED"
        master = entries.get((str(event["UID"]), None))
        if cancelled and event.get("RECURRENCE-ID") and master is not None:
            master.add("EXDATE", event["RECURRENCE-ID"].dt)
        elif not cancelled:
            whole.add_component(event)
    first = scene.city.start_at.date()
    last = first + datetime.timedelta(days=1100)
    starts = sorted(e["DTSTART"].dt for e in recurring_ical_events.of(whole).between(first, last))
    if "zeit" in given:
        when = scene.time_of(given["zeit"])
        starts = [at for at in starts if at.date() == when.date()
                  and (given["zeit"].time is None or at.astimezone(BERLIN) == when)]
    least, most = amount(given["menge"])
    need(least <= len(starts) <= most,
         f"{given['menge']} Einträge im Kalender von {given['stelle']}",
         f"{len(starts)}: {', '.join(stamp(at.astimezone(BERLIN)) for at in starts[:20])}")


def invitation_says(scene, given):
    found = invitations(scene, given["stelle"], given["name"])
    need(found, f"eine Einladung von {given['stelle']} zu {given['name']}", "keine")
    text = found[-1].replace("\r\n ", "").replace("\n ", "")
    need(given["text"] in text, f"„{given['text']}“ in der Einladung",
         " ".join(text.split())[:400])


# ---- Dann: messages to people

def amount(menge):
    """(least, most) of „genau eine“, „mindestens 2“, „keine“ ..."""
    words = menge.split()
    number = 1 if words[-1].startswith("ein") else 0 if words[-1].startswith("kein") \
        else int(words[-1])
    if words[0] == "mindestens":
        return number, 1 << 30
    return (0, number) if words[0] == "höchstens" else (number, number)


def chosen(scene, given):
    """The messages of that kind, about that item, since that time, with and without that text."""
    kinds = {"M": ("mail",), "S": ("sms",), "N": ("mail", "sms")}[given["sendung"][0]]
    found = [m for m in scene.city.messages if m.kind in kinds]
    if "name" in given:
        code = scene.code(given["name"])
        found = [m for m in found if code in m.text]
    if "zeit" in given:
        since = scene.time_of(given["zeit"]).astimezone(datetime.timezone.utc)
        found = [m for m in found if m.seen_at >= since]
    if "text" in given:
        found = [m for m in found if given["text"] in flat(m.text)]
    if "nicht" in given:
        found = [m for m in found if given["nicht"] not in flat(m.text)]
    return found


def flat(text):
    return " ".join(text.split())


def counted(scene, given, who, addresses):
    all_of = chosen(scene, given)
    found = [m for m in all_of if m.to in addresses]
    least, most = amount(given["menge"])
    others = sorted({m.to for m in all_of} - addresses)
    elsewhere = f" (sonst an: {', '.join(others)})" if others and least else ""
    about = "".join(f" {key} „{given[value]}“" for key, value in (("mit", "text"),
                                                                ("ohne", "nicht"))
                    if value in given)
    need(least <= len(found) <= most, f"{who} hat {given['menge']} {given['sendung']}{about}",
         f"{len(found)}{elsewhere}")


def has(scene, given):
    unit = scene.unit(given["stelle"])
    counted(scene, given, unit, scene.city.directory.addresses(unit))


def address_has(scene, given):
    counted(scene, given, given["adresse"], {given["adresse"]})


def nobody_but(scene, given):
    allowed = set()
    for unit in re.split(r", | und ", given["stellen"]):
        allowed |= scene.city.directory.addresses(scene.unit(unit))
    others = sorted({m.to for m in chosen(scene, given)} - allowed)
    need(not others, f"niemand außer {given['stellen']} hat eine {given['sendung']}",
         ", ".join(others))


def at_most(scene, given):
    counts = {}
    for message in chosen(scene, given):
        counts[message.to] = counts.get(message.to, 0) + 1
    over = [f"{to} {n}" for to, n in sorted(counts.items()) if n > int(given["zahl"])]
    need(not over, f"niemand hat mehr als {given['zahl']} {given['sendung']}", ", ".join(over))


def went_out(scene, given):
    found = chosen(scene, given)
    least, most = amount(given["menge"])
    need(least <= len(found) <= most, f"insgesamt {given['menge']} {given['sendung']}",
         f"{len(found)}")


def silence(scene, given):
    if "name" in given:
        code = scene.code(given["name"])
        found = [m for m in scene.city.messages if code in m.text]
    else:
        found = scene.city.messages[scene.mark[0]:]
    need(not found, "nichts wird verschickt",
         ", ".join(f"{m.kind} an {m.to}" for m in found[:5]))


def no_message_says(scene, given):
    found = [m for m in chosen(scene, {"sendung": given["sendung"]})
             if given["text"] in flat(m.text)]
    need(not found, f"keine {given['sendung']} enthält „{given['text']}“",
         ", ".join(f"{m.kind} an {m.to}" for m in found[:5]))


# ---- Dann: status events, new items, explanations

def heard(scene, given):
    """Status events that the source heard, of that type, about that item, with that field."""
    scene.city.client(given["quelle"])
    code = scene.code(given["name"]) if "name" in given else ""
    rows = [(kind, data) for source, topic, kind, data in scene.city.heard
            if source == given["quelle"] and topic == "status"
            and (not code or data.get("item_id") == code)]
    fits = [data for kind, data in rows if kind == given["ereignis"]]
    if "feld" in given:
        field = given["feld"].removeprefix("data.")
        fits = [data for data in fits if given["text"] in str(data.get(field, ""))]
    return fits, [kind for kind, _ in rows]


def status(scene, given):
    fits, kinds = heard(scene, given)
    need(fits, f"{given['quelle']} erfährt {given['ereignis']}", ", ".join(kinds) or "nichts")


def no_status(scene, given):
    fits, _ = heard(scene, given)
    need(not fits, f"{given['quelle']} erfährt nicht {given['ereignis']}", f"{len(fits)}-mal")


def code_of(scene, row):
    return row.get("code") or scene.city.item(row["item_id"]).get("code", "")


def new_item(scene, given):
    unit, reason = scene.unit(given["stelle"]), given.get("grund", "")
    rows = [row for row in scene.city.items(ended=True) if row["item_id"] not in scene.mark[2]]
    fits = [row for row in rows if row["kind"] == given["wort"] and concerns(row, unit)
            and (not reason or code_of(scene, row) == reason)]
    shown = ", ".join(f"{row['kind']} {code_of(scene, row)} bei "
                      f"{row.get('waiting_for') or row.get('responsible')}" for row in rows)
    need(fits, f"ein neuer Vorgang der Art {given['wort']} {reason} bei {unit}",
         shown or "kein neuer")
    if "name" in given:
        scene.said[given["name"]] = Said("", {"data": {}}, {"item_id": fits[0]["item_id"],
                                                            "outcome": ""})


def concerns(row, unit):
    return unit in (row.get("waiting_for"), row.get("responsible"))


def tasks(scene, given):
    unit = scene.unit(given["stelle"])
    found = [row for row in scene.city.items() if row["kind"] == "task"
             and concerns(row, unit)]
    least, most = amount(given["menge"])
    need(least <= len(found) <= most, f"{given['menge']} offene Aufgaben bei {unit}", len(found))


def explanation(scene, name):
    path = pathlib.Path(scene.city.folder / "ereignis.json")
    path.write_text(json.dumps(known(scene, name).event), encoding="utf-8")
    done = scene.city.gateway.ctl("explain", path, check=False)
    return flat(done.stdout + done.stderr)


def explain(scene, given):
    text = explanation(scene, given["name"])
    need(given["text"] in text, f"„{given['text']}“ in der Erklärung", text[:400])


def explain_not(scene, given):
    text = explanation(scene, given["name"])
    need(given["text"] not in text, f"kein „{given['text']}“ in der Erklärung", text[:400])


# ---- Dann: commands, configuration, balance

def the_output(scene):
    need(scene.last, "ein Befehl vorher", "keiner")
    scene.unread = None
    return flat(scene.last.stdout + scene.last.stderr)


def output(scene, given):
    text = the_output(scene)
    need(given["text"] in text, f"„{given['text']}“ in der Ausgabe", text[:300] or "nichts")


def output_not(scene, given):
    text = the_output(scene)
    need(given["text"] not in text, f"kein „{given['text']}“ in der Ausgabe", text[:300])


def output_fast(scene, given):
    the_output(scene)
    need(scene.last.took_s < int(given["zahl"]), f"Ausgabe in weniger als {given['zahl']} s",
         f"{scene.last.took_s:.2f} s")


def succeeds(scene, _):
    the_output(scene)
    need(scene.last.returncode == 0, "der Befehl gelingt", scene.words())


def fails(scene, given):
    text = the_output(scene)
    need(scene.last.returncode != 0, "der Befehl scheitert", f"er gelingt: {text[:100]}")
    need(scene.last.returncode != 64, "der Befehl scheitert an der Sache", scene.words())
    need(given.get("text", "") in text, f"der Befehl scheitert mit „{given.get('text')}“",
         text[:300])


def checked(scene):
    scene.city.prepare()
    status, text = scene.city.check()
    return status, flat(text)


def check_good(scene, _):
    status, text = checked(scene)
    need(status == 0, "die Prüfung gelingt", text[:400])


def check_bad(scene, given):
    status, text = checked(scene)
    need(status != 0, "die Prüfung scheitert", "sie gelingt")
    need(given.get("text", "") in text, f"die Prüfung nennt „{given.get('text')}“", text[:400])


def old_config(scene, _):
    found = scene.city.call("GET", "/control/status")["config"]
    need(found == scene.version, "die alte Konfiguration gilt weiter", "die neue gilt")


def new_config(scene, _):
    found = scene.city.call("GET", "/control/status")["config"]
    need(found != scene.version, "die neue Konfiguration gilt", "die alte gilt weiter")
    scene.version = found


def nowhere(scene, given):
    word = given["text"].encode()
    found = [path.name for path in pathlib.Path(scene.city.folder.path).rglob("*")
             if path.is_file() and "broker" not in path.parts and word in path.read_bytes()]
    found += [f"{topic} an {source}" for source, topic, _, data in scene.city.heard
              if given["text"] in json.dumps(data, ensure_ascii=False)]
    need(not found, f"„{given['text']}“ steht nirgends", ", ".join(found[:5]))


def balanced(scene, _):
    status = scene.city.call("GET", "/control/status")
    need(status.get("green", True), "die Bilanz ist ausgeglichen",
         json.dumps(status, ensure_ascii=False)[:300])
    if " ledger" in ledger_help(scene):
        done = scene.city.gateway.ctl("ledger", "--at", scene.city.now.isoformat(), check=False)
        need(done.returncode == 0, "das Hauptbuch ist grün", flat(done.stdout + done.stderr)[:300])


def ledger_help(scene):
    return subprocess.run([str(scene.city.gateway.ctl_program), "--help"], capture_output=True,
                          text=True).stdout


STEPS = {row[2]: globals()[row[2]] for row in FORMS}
