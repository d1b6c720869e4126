#!/usr/bin/python3
# Do the published schemas and the daemon's own table agree? Both judge the same corpus: every type
# whole, with each field left out, with fields added, and each form of value with many values. What
# the schema calls valid the daemon must take (or call not handled yet), and the other way round.
#
# Needs python3-jsonschema and build/tests/test_event. Run from the top directory. Known and wanted
# differences, not in the corpus: 3.0 is an integer to JSON Schema; a schema sees neither topic nor
# repeated names nor whether the subject is the case of the data.
import datetime
import glob
import json
import os
import re
import subprocess
import sys

import jsonschema

BUILD = os.environ.get("STAFETTE_BUILD", "build")
PROGRAM = sys.argv[1] if len(sys.argv) > 1 else BUILD + "/tests/test_event"
REF = "cr-7f3k92qxm4t8b"

POOL = [
    REF, "cr-k4m7p2x9", "cr-abcdefghijklm", "cr-mustermann", "cr-12345bg1234567", "cr-123a123456",
    "cr-a123456789", "cr-12345678a123", "cr-01011980", "cr-ab010180", "cr-meier19800101",
    "cr-abcde010180", "cr-ab123456ab", "cr-abcde1234567x", "cr-550e8400e29b41d4a716446655440000",
    "cr-" + "a1" * 20, "cr-" + "a1" * 20 + "b", "cr-k4m7p2x", "cr-k4m7p2x9\n", "CR-k4m7p2x9",
    "kiel-mitte", "k", "x" * 63, "x" * 64, "a_b-c9", "Kiel", "kiel mitte", "ü", "49731000000",
    "123456789", "12345678", "x12345bg1234567", "x123a123456", "a.b", "-", "_", "sgb9", "SGB_IX",
    "SGB_XXXXX", "SGB_XXXXXX", "SGB_", "SGB_9", "sgb_ix", "transition_36b", "a" * 32, "a" * 33,
    "geb_1980", "sgb8_36b_123", "code ", " code", "", "consent", "c-8841", "c-88", "c-123456789",
    "c-abc_d", "c-" + "9a" * 20, "c-" + "9a" * 21, "K7F3-92QX", "k7f3-92qx", "K7F3-92Q",
    "K7F392QXX", "01JD3K9Q7Z", "550e8400-e29b-41d4-a716-446655440000", "A123456789", "a123456789",
    "12345BG1234567", "123A123456", "12345678A123", "DE12345678901234567890", ".a", "a:b", "a/b",
    "z" * 127, "z" * 128, "2026-12-04", "2028-02-29", "2027-02-29", "2026-13-01", "2026-00-10",
    "2026-04-31", "1999-12-31", "2100-01-01", "2026-1-1", "04.12.2026", "2026-12-04\n",
    "2026-11-20T09:14:03+01:00", "2026-11-20T09:14:03Z", "2026-11-20t09:14:03z",
    "2026-11-20T09:14:60Z", "2026-11-20T09:14:03.123456789Z", "2026-11-20T09:14:03.1234567890Z",
    "2026-11-20T09:14:03.Z", "2026-11-20T24:00:00Z", "2026-11-20T09:60:00Z", "2026-02-30T09:00:00Z",
    "2026-11-20T09:14:03", "2026-11-20 09:14:03Z", "2026-11-20T09:14:03+24:00",
    "2026-11-20T09:14:03+01", "1980-01-01T00:00:00Z", "2027-W05", "2027-W53", "2027-W54",
    "2027-W00", "2027-5", "1999-W05", "PT90M", "PT1H30M", "PT2H", "PT0M", "PT0H0M", "PT0H1M", "PT",
    "PT999M", "PT1000M", "PT99H", "PT100H", "PT1H2H", "PT5M1H", "P1D", "90m", "PT1H30",
    "https://konferenz.example/raum-7", "https://konferenz.example", "https://k.example:8443/",
    "https://k.example:/a", "https://k.example:123456/a", "https://k.example/a?pwd=1",
    "https://k.example/a#b", "https://u:p@k.example/a", "https://.example/a", "https:///a",
    "http://k.example/a", "https://K.example/a", "https://k.example/A_b~c.-", "https://k.example/ä",
    "https://k.example/" + "a" * 182, "https://k.example/" + "a" * 183, "javascript:alert(1)",
    "FREQ=MONTHLY;BYDAY=1TH", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=52", "FREQ=HOURLY",
    "FREQ=WEEKLY;", "FREQ=WEEKLY;COUNT=1;COUNT=2", "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
    "FREQ=YEARLY;BYMONTHDAY=1;BYDAY=MO;BYMONTH=2", "FREQ=DAILY;UNTIL=20271231T225959Z",
    "FREQ=DAILY;INTERVAL=123", "FREQ=DAILY;X=1", "freq=daily", "FREQ=WEEKLY;WKST=MO",
    "FREQ=WEEKLY;BYDAY=", "FREQ=WEEKLY;BYSETPOS=-1;BYDAY=MO", "FREQ=WEEKLYX",
    "FREQ=WEEKLY" + ";BYDAY=MO,TU,WE,TH,FR" * 6, "/jugendamt-kiel", "/jugendamt-kiel/fach.1",
    "jugendamt-kiel", "/", "//a", "/a//b", "/a/", "/A", "/jugendamt-kiel/" + "b" * 200, "1.0",
    "1.1", "application/json", "application/json; charset=utf-8", "application/xml", "routine",
    "emergency", "high", "urn:stafette:handover.requested:v1", "urn:stafette:case.opened:v1",
    "https://k.example/handover.requested.json", "https://k.example/a/case.opened.json",
    "person", "grund", "tried", "verlauf", "none", "hotline", "C1", "C25", "C26", "preventive",
    "phb", "sozialraumkonferenz", "fallteam", "missed_appt", "accepted",
    0, 1, -1, 3, 366, 367, 999, 1000, 10000, 10001, 1000000, 1000001, 10 ** 11, 10 ** 11 + 1, 3.5,
    True, False, None, [], {}, ["a"], {"a": "b"},
]


def strict_pattern(_validator, pattern, instance, _schema):
    # `$` of ECMA 262 does not match before a final newline; Python's does.
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield jsonschema.ValidationError("pattern")


def is_date_time(text):
    if not isinstance(text, str):
        return True
    try:
        datetime.date.fromisoformat(text[:10])
        return True
    except ValueError:
        return False


CHECKER = jsonschema.FormatChecker(formats=["date"])
CHECKER.checks("date-time")(is_date_time)
Strict = jsonschema.validators.extend(
    jsonschema.Draft202012Validator, {"pattern": strict_pattern})


def load():
    schemas = {}
    for path in sorted(glob.glob("contrib/schemas/*.json")):
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        Strict.check_schema(schema)
        schemas[schema["title"]] = schema
    return schemas


def fits(schema, value):
    return Strict(schema, format_checker=CHECKER).is_valid(value)


def sample(schema):
    return next(value for value in reversed(POOL) if fits(schema, value)) \
        if "enum" not in schema else schema["enum"][-1]


def envelope(name, data):
    return {"specversion": "1.0", "id": "e-1", "source": "/jugendamt-kiel",
            "type": "de.sozialraum.%s.v1" % name, "time": "2026-11-20T09:14:03+01:00",
            "data": data}


def topic_of(name, event):
    source = event.get("source")
    match = re.match(r"/([a-z0-9_-]{1,63})(/|$)", source if isinstance(source, str) else "")
    return "stafette/in/%s/%s" % (match.group(1) if match else "jugendamt-kiel",
                                  name.replace(".", "/"))


def whole(name, schema):
    """Each type complete, with everything, with each field less, with further fields."""
    data_schema = schema["properties"]["data"]
    fields = {f: sample(s) for f, s in data_schema["properties"].items()}
    if "case_ref" in fields:
        fields["case_ref"] = REF
    yield envelope(name, fields)
    least = {f: fields[f] for f in data_schema["required"]}
    for basis in (least, dict(least, case_ref=REF), fields):
        yield envelope(name, basis)
        for f in basis:
            yield envelope(name, {g: v for g, v in basis.items() if g != f})
    for more in ("item_id", "in_reply_to", "corrects", "to_unit", "place", "kind", "diagnosis"):
        if more in fields:
            yield envelope(name, dict(least, **{more: fields[more]}))
        else:
            yield envelope(name, dict(least, **{more: "x"}))
    for extension in ("itemid", "inreplyto", "corrects"):
        yield dict(envelope(name, least), **{extension: "K7F3-92QX"})
    yield dict(envelope(name, fields), traceparent="00-1")
    for attribute in ("specversion", "id", "source", "type", "time", "data"):
        event = envelope(name, fields)
        del event[attribute]
        yield event
    if "legal_basis" in fields:
        yield envelope(name, dict(least, legal_basis="consent"))
        yield envelope(name, dict(least, legal_basis="consent", to_unit="ksd",
                                  consent_ref="c-8841"))
    if "kind" in fields and "meeting_id" in fields:
        for kind in data_schema["properties"]["kind"]["enum"]:
            yield envelope(name, dict(least, kind=kind))
            yield envelope(name, dict(least, kind=kind, case_ref=REF))


def forms(schemas):
    """Each different form of a field or attribute once, with every value of the pool."""
    seen = set()
    for name, schema in schemas.items():
        data_schema = schema["properties"]["data"]
        full = {f: sample(s) for f, s in data_schema["properties"].items()}
        if "case_ref" in full:
            full["case_ref"] = REF
        for field, form in data_schema["properties"].items():
            key = json.dumps({k: v for k, v in form.items() if k != "$comment"})
            if key in seen or field == "legal_basis":
                continue
            seen.add(key)
            for value in POOL:
                yield name, envelope(name, dict(full, **{field: value}))
    name = "roster.changed"
    full = {f: sample(s) for f, s in schemas[name]["properties"]["data"]["properties"].items()}
    for attribute in schemas[name]["properties"]:
        if attribute in ("data", "subject", "itemid", "inreplyto", "corrects"):
            continue
        for value in POOL:
            yield name, dict(envelope(name, full), **{attribute: value})
    # Without case_ref and meeting_id in the data a subject is judged by its form alone.
    for value in POOL:
        yield name, dict(envelope(name, full), subject=value)


def main():
    schemas = load()
    corpus = [(n, e) for n, s in schemas.items() for e in whole(n, s)]
    corpus += list(forms(schemas))
    lines = "".join("%s\t%s\n" % (topic_of(n, e), json.dumps(e)) for n, e in corpus)
    run = subprocess.run([PROGRAM, "--verdicts"], input=lines, capture_output=True, text=True,
                         check=True, timeout=100)
    verdicts = run.stdout.splitlines()
    assert len(verdicts) == len(corpus), (len(verdicts), len(corpus))
    validators = {n: Strict(s, format_checker=CHECKER) for n, s in schemas.items()}
    count, wrong = {True: 0, False: 0}, {}
    for (name, event), verdict in zip(corpus, verdicts):
        valid = validators[name].is_valid(event)
        taken = verdict.startswith(("ok", "not_handled"))
        count[valid] += 1
        if valid != taken:
            wrong.setdefault(name, []).append((valid, verdict, event))
    for number, name in enumerate(schemas, 1):
        print("%s %d - schema and table agree: %s" % ("not ok" if name in wrong else "ok", number,
                                                      name))
        for valid, verdict, event in wrong.get(name, [])[:5]:
            print("#   schema says %s, table says %s: %s"
                  % ("valid" if valid else "invalid", verdict, json.dumps(event)))
    print("# %d events: %d valid, %d invalid" % (len(corpus), count[True], count[False]))
    enough = count[True] > 300 and count[False] > 3000
    print("%s %d - the corpus has both kinds" % ("ok" if enough else "not ok", len(schemas) + 1))
    return 1 if wrong or not enough else 0


if __name__ == "__main__":
    sys.exit(main())
