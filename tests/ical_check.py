#!/usr/bin/python3
# Do readers that are not ours understand what we write, and does python-dateutil meet when we meet?
# Reads tests/golden/ical-*.ics with python-icalendar and vobject, the golden mails with Python's
# email package, and compares build/tests/expand_rules with dateutil over random rules.
#
# ical_check.py [SEED [RULES]]   needs python3-icalendar, python3-vobject, python3-dateutil.
# Run it from the top directory.
# time limit: 300 s
import datetime
import email
import email.policy
import os
import random
import re
import subprocess
import sys

import icalendar
import vobject
from dateutil.rrule import rrulestr
from dateutil.tz import gettz

BUILD = os.environ.get("STAFETTE_BUILD", "build")
GOLDEN = "tests/golden/"
BERLIN = gettz("Europe/Berlin")
EPOCH = datetime.datetime(1970, 1, 1)
YEARS = (2026, 2036)
METHODS = {
    "ical-master": "REQUEST", "ical-moved-session": "REQUEST", "ical-cancelled-session": "CANCEL",
    "ical-cancelled-all": "CANCEL", "ical-single": "REQUEST", "ical-feed": "PUBLISH",
}
MAILS = {
    "mail-invitation": "ical-master", "mail-invitation-attached": "ical-master",
    "mail-moved-session": "ical-moved-session", "mail-cancelled-session": "ical-cancelled-session",
}
# First Thursdays of 2027 at nine, but Ascension Day; April's and June's change in the feed.
SESSIONS = ["2027-%02d-%02d 09:00" % (month, day) for month, day in
            ((1, 7), (2, 4), (3, 4), (4, 1), (6, 3), (7, 1), (8, 5), (9, 2), (10, 7), (11, 4),
             (12, 2))]
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


def read(name):
    with open(GOLDEN + name, "rb") as file:
        return file.read()


def need(condition, text):
    if not condition:
        raise AssertionError(text)


def offset_by_zone(component, when):
    """What the VTIMEZONE says at a wall time, from its own rules: the last change before it."""
    last = None
    for part in component.subcomponents:
        start = part["DTSTART"].dt
        rule = rrulestr(part["RRULE"].to_ical().decode(), dtstart=start)
        change = rule.before(when, inc=True)
        if change and (last is None or change > last[0]):
            last = (change, part["TZOFFSETTO"].td)
    return last[1]


def check_zone(calendar):
    """Both changes of each year: the days around them and the hours on them."""
    zones = [c for c in calendar.subcomponents if c.name == "VTIMEZONE"]
    need(len(zones) == 1 and zones[0]["TZID"] == "Europe/Berlin", "one zone, ours")
    for year in range(*YEARS):
        for month in (3, 10):
            last = datetime.datetime(year, month, 31)
            sunday = last - datetime.timedelta(days=(last.weekday() + 1) % 7)
            for hours in (-24, 1, 4, 24):
                when = sunday + datetime.timedelta(hours=hours)
                want = when.replace(tzinfo=BERLIN).utcoffset()
                need(offset_by_zone(zones[0], when) == want, "zone at %s" % when)


def check_icalendar(name):
    calendar = icalendar.Calendar.from_ical(read(name + ".ics"))
    need(calendar["METHOD"] == METHODS[name], "method")
    need(calendar["PRODID"] == "-//Stafette//Stafette//DE", "prodid")
    check_zone(calendar)
    for event in calendar.walk("VEVENT"):
        need(not event.errors, "errors %r" % event.errors)
        need(event["DTSTART"].params["TZID"] == "Europe/Berlin", "zone of the start")
        need(event["DTEND"].dt > event["DTSTART"].dt, "the end is behind the start")
        need(str(event["ORGANIZER"]) == "mailto:stafette@example.org", "organizer")
        need(("ATTENDEE" in event) == (METHODS[name] != "PUBLISH"), "attendees")
        need((event["STATUS"] == "CANCELLED") == (METHODS[name] == "CANCEL" or
                                                  event["SEQUENCE"] == 2), "status")
        need("Räume, Zugang und Einwahl stehen im Portal \\ Kalender." in event["DESCRIPTION"] and
             event["LOCATION"] == "Bürgerhaus, Raum 2; Eingang Süd", "texts")
    return calendar


def check_session(name, session, start):
    event = icalendar.Calendar.from_ical(read(name + ".ics")).walk("VEVENT")[0]
    need(event["RECURRENCE-ID"].params["TZID"] == "Europe/Berlin", "zone of the session")
    need(str(event["RECURRENCE-ID"].dt)[:16] == session, "the session's name")
    need(str(event["DTSTART"].dt)[:16] == start, "the session's start")
    need("RRULE" not in event and "EXDATE" not in event, "one session has no rule")


def check_vobject(name):
    calendar = vobject.readOne(read(name + ".ics").decode())
    need(calendar.method.value == METHODS[name], "method")
    found = calendar.vevent_list[0]
    need(found.dtstart.value.utcoffset() is not None, "zone")
    if name not in ("ical-master", "ical-cancelled-all", "ical-feed"):
        return
    starts = found.getrruleset(addRDate=False)
    need([s.strftime("%Y-%m-%d %H:%M") for s in starts] == SESSIONS, "sessions")
    # vobject gives wall times or moments, whichever its version thinks right.
    need(all(s.hour == 9 for s in starts), "nine o'clock in summer and winter")


def check_mail(name):
    mail = email.message_from_bytes(read(name + ".eml"), policy=email.policy.default)
    calendar = read(MAILS[name] + ".ics").decode()
    parts = [part for part in mail.walk() if not part.is_multipart()]
    need(not any(part.defects for part in mail.walk()), "defects")
    need([p.get_content_type() for p in parts][:2] == ["text/plain", "text/calendar"], "parts")
    inner = mail if name != "mail-invitation-attached" else next(mail.iter_parts())
    need(inner.get_content_type() == "multipart/alternative", "alternative")
    need(list(inner.iter_parts())[-1].get_content_type() == "text/calendar", "calendar is last")
    need(parts[1].get_param("method") == METHODS[MAILS[name]], "method of the part")
    need("METHOD:%s\r\n" % parts[1].get_param("method") in calendar, "method of the calendar")
    need(parts[1].get_param("charset") == "utf-8", "charset")
    need(parts[1].get_content().replace("\r\n", "\n") == calendar.replace("\r\n", "\n"), "calendar")
    organizer = re.search(r"mailto:(\S+)", calendar.replace("\r\n ", "").split("ORGANIZER")[1])
    need(organizer.group(1) == mail["From"].addresses[0].addr_spec, "organizer is the sender")
    need("Grüße" in parts[0].get_content(), "text")
    attached = [p for p in parts if p.get_content_disposition() == "attachment"]
    need(len(attached) == (1 if name == "mail-invitation-attached" else 0), "attachment")
    for part in attached:
        need(part.get_filename() == "invite.ics", "name")
        need(part.get_content_type() == "application/ics", "type")
        need(part.get_content().decode() == calendar, "the same calendar")


def check_feed():
    calendar = icalendar.Calendar.from_ical(read("ical-feed.ics"))
    need(calendar["X-WR-CALNAME"] == "Termine KSD Eselsberg", "name")
    need(len(calendar.walk("VEVENT")) == 4, "all of them")
    need("mailto:leitung" not in read("ical-feed.ics").decode(), "no member in a feed")


# ---- random rules

def some(rng, values, most):
    return ",".join(str(v) for v in rng.sample(values, rng.randint(1, min(most, len(values)))))


def signed(n):
    return [x for x in range(-n, n + 1) if x]


def random_days(rng, freq):
    """The BY parts, without what dateutil 2.8 has otherwise: a plain and an n-th weekday together
    (RFC: either, dateutil: both), and the last weeks of a year (it counts those of the year before
    by the length of this one, so 1 January can be in a week 53 that there is not; check_weeks)."""
    parts, months = [], False
    if rng.random() < (0.5 if freq == "YEARLY" else 0.25):
        parts.append("BYMONTH=" + some(rng, list(range(1, 13)), 5))
        months = True
    if freq in ("DAILY", "WEEKLY"):
        if rng.random() < 0.6:
            parts.append("BYDAY=" + some(rng, WEEKDAYS, 5))
        if freq == "DAILY" and rng.random() < 0.2:
            parts.append("BYMONTHDAY=" + some(rng, signed(31), 6))
        return parts
    weeks = freq == "YEARLY" and rng.random() < 0.15
    if weeks:
        parts.append("BYWEEKNO=" + some(rng, list(range(1, 52)) + [-1], 4))
    elif freq == "YEARLY" and rng.random() < 0.15:
        parts.append("BYYEARDAY=" + some(rng, signed(366), 4))
    kind = rng.random()
    if kind < 0.6:
        of = signed(5 if freq == "MONTHLY" or months else 53)
        nth = rng.random() < 0.7 and not weeks
        days = ["%d%s" % (n, d) for n in of for d in WEEKDAYS] if nth else WEEKDAYS
        parts.append("BYDAY=" + some(rng, days, 4))
    if kind > 0.45:
        parts.append("BYMONTHDAY=" + some(rng, signed(31), 4))
    if rng.random() < 0.25:
        parts.append("BYSETPOS=" + some(rng, [1, 2, 3, -1, -2], 2))
    return parts


def random_rule(rng):
    """A rule for us and the same for dateutil, which wants UNTIL in wall time."""
    freq = rng.choice(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
    parts = ["FREQ=" + freq] + random_days(rng, freq)
    if rng.random() < 0.5:
        parts.append("INTERVAL=%d" % rng.choice([1, 2, 2, 3, 4, 5, 6, 12, 13]))
    if rng.random() < 0.2:
        parts.append("WKST=" + rng.choice(WEEKDAYS))
    kind = rng.random()
    if kind < 0.2:
        parts.append("COUNT=%d" % rng.randint(1, 60))
    ours = theirs = ";".join(parts)
    if kind > 0.7:
        until = random_time(rng, datetime.datetime(2026, 6, 1), 3000)
        theirs += until.strftime(";UNTIL=%Y%m%dT%H%M%S")
        moment = until.replace(tzinfo=BERLIN).astimezone(datetime.timezone.utc)
        ours += moment.strftime(";UNTIL=%Y%m%dT%H%M%SZ")
    return ours, theirs


def random_time(rng, start, days):
    """Quarters of an hour, none of which a change of the clock leaves out or has twice."""
    return start + datetime.timedelta(days=rng.randrange(days),
                                      minutes=15 * rng.choice(range(13, 96)))


def seconds(when):
    return int((when - EPOCH).total_seconds())


def starts_of(rule, start, end):
    found = []
    if "COUNT" not in rule and "UNTIL" not in rule:
        rule += end.strftime(";UNTIL=%Y%m%dT%H%M%S")  # it would look for a date until the year 9999
    for when in rrulestr(rule, dtstart=start):
        if when >= end or len(found) == 1000:
            break
        found.append(seconds(when))
    return found


def expand(lines):
    run = subprocess.run([BUILD + "/tests/expand_rules"], input=lines, capture_output=True,
                         text=True, check=True, timeout=60)
    return run.stdout.split("\n")


def check_weeks():
    """Each week of the ISO calendar, over all kinds of years."""
    first, last = datetime.datetime(2020, 1, 1), datetime.datetime(2048, 1, 1)
    days = [first + datetime.timedelta(days=n) for n in range((last - first).days)]
    lines = "".join("FREQ=YEARLY;BYWEEKNO=%d %d %d %d\n"
                    % (week, seconds(first), seconds(first), seconds(last))
                    for week in range(1, 54))
    for week, got in enumerate(expand(lines)[:53], 1):
        want = [seconds(day) for day in days if day.isocalendar()[1] == week]
        need([int(s) for s in got.split()] == want, "week %d" % week)


def check_rules(seed, rules):
    rng = random.Random(seed)
    cases, lines = [], ""
    end = datetime.datetime(YEARS[1], 1, 1)
    for _ in range(rules):
        ours, theirs = random_rule(rng)
        start = random_time(rng, datetime.datetime(YEARS[0], 1, 1), 700)
        cases.append((ours, theirs, start))
        lines += "%s %d %d %d\n" % (ours, seconds(start), seconds(start), seconds(end))
    met, silent, wrong = 0, 0, []
    for (ours, theirs, start), got in zip(cases, expand(lines)):
        want = starts_of(theirs, start, end)
        met += len(want)
        silent += not want
        if got != " ".join(str(s) for s in want):
            wrong.append("%s from %s: %.60s / %s" % (ours, start, got, want[:3]))
    print("# seed %d: %d rules, %d starts in ten years, %d rules without any"
          % (seed, rules, met, silent))
    need(not wrong, "%d differ: %s" % (len(wrong), wrong[:3]))
    need(met > 50 * rules and silent < rules / 2, "the rules have something to say")


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(10 ** 9)
    rules = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    tests = [("python-icalendar reads " + name, check_icalendar, (name,)) for name in METHODS]
    tests += [("vobject reads " + name, check_vobject, (name,)) for name in METHODS]
    tests += [("Python reads " + name, check_mail, (name,)) for name in MAILS]
    tests += [
        ("a moved session", check_session,
         ("ical-moved-session", "2027-04-01 09:00", "2027-04-08 14:00")),
        ("a cancelled session", check_session,
         ("ical-cancelled-session", "2027-06-03 09:00", "2027-06-03 09:00")),
        ("the feed", check_feed, ()),
        ("Python counts the weeks as we do", check_weeks, ()),
        ("python-dateutil meets when we meet", check_rules, (seed, rules)),
    ]
    failed = 0
    for number, (label, check, arguments) in enumerate(tests, 1):
        try:
            check(*arguments)
            print("ok %d - %s" % (number, label))
        except Exception as error:  # whatever a reader raises is a finding
            failed += 1
            print("not ok %d - %s\n# %s: %s" % (number, label, type(error).__name__, error))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
