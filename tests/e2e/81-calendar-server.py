#!/usr/bin/python3
# time limit: 180 s
"""A calendar server that is not ours (Radicale) takes our calendars, gives them back, and finds the
sessions of the feed where ical_expand() has them: day by day over the year, and to the minute on
both sides of both changes of the clock."""

import datetime
import os
import subprocess
import sys

sys.path.insert(0, "tests/peers")

import icalendar  # noqa: E402
from dateutil.tz import UTC, gettz  # noqa: E402

from calendar_server import Radicale  # noqa: E402
from peers import Cases  # noqa: E402

BUILD = os.environ.get("STAFETTE_BUILD", "build")
BERLIN = gettz("Europe/Berlin")
MINUTE = datetime.timedelta(minutes=1)
EPOCH = datetime.datetime(1970, 1, 1)
# What the feed says about single sessions of the rule (tests/ical_sample.h).
LEFT_OUT = [datetime.datetime(2027, 5, 6, 9)]
MOVED = {datetime.datetime(2027, 4, 1, 9): datetime.datetime(2027, 4, 8, 14)}
SINGLE = datetime.datetime(2027, 3, 28, 3, 30)


def golden(name):
    with open(f"tests/golden/ical-{name}.ics", encoding="utf-8", newline="") as file:
        return file.read()


def our_sessions():
    """The starts of the rule by ical_expand(), then the changes of the feed; moments in UTC."""
    master = icalendar.Calendar.from_ical(golden("feed")).walk("VEVENT")[0]
    rule = master["RRULE"].to_ical().decode()
    span = [datetime.datetime(2027, 1, 7, 9), datetime.datetime(2027, 1, 1),
            datetime.datetime(2028, 1, 1)]
    line = rule + "".join(" %d" % (when - EPOCH).total_seconds() for when in span)
    run = subprocess.run([BUILD + "/tests/expand_rules"], input=line, capture_output=True,
                         text=True, check=True, timeout=20)
    starts = [EPOCH + datetime.timedelta(seconds=int(s)) for s in run.stdout.split()]
    starts = [MOVED.get(s, s) for s in starts if s not in LEFT_OUT] + [SINGLE]
    return sorted(s.replace(tzinfo=BERLIN).astimezone(UTC) for s in starts)


def takes_and_gives(server):
    # A session alone is a message between calendars, not a calendar: Radicale wants its series.
    for name in ("master", "cancelled-all", "single", "feed"):
        status = server.put(name, golden(name))
        assert status == 201, (name, status)
        ours = icalendar.Calendar.from_ical(golden(name)).walk("VEVENT")
        theirs = icalendar.Calendar.from_ical(server.get(name)).walk("VEVENT")
        key = [(e["UID"], str(e.get("RECURRENCE-ID") and e["RECURRENCE-ID"].dt)) for e in ours]
        assert sorted(key) == sorted(
            (e["UID"], str(e.get("RECURRENCE-ID") and e["RECURRENCE-ID"].dt)) for e in theirs)
        for event in ours:
            twin = [e for e in theirs
                    if e["UID"] == event["UID"] and e["DTSTART"].dt == event["DTSTART"].dt]
            assert len(twin) == 1, event["DTSTART"]
            for field in ("DTEND", "SUMMARY", "DESCRIPTION", "LOCATION", "STATUS", "SEQUENCE"):
                assert twin[0][field].to_ical() == event[field].to_ical(), (name, field)


def refuses_what_is_broken(server):
    """So that being taken means something."""
    status = server.put("broken", golden("master").replace("DTSTART;", "DTSTRAT;"))
    assert status == 400, status


def meets_on_our_days(server):
    sessions = our_sessions()
    assert len(sessions) == 12, sessions
    day = datetime.datetime(2027, 1, 1, tzinfo=BERLIN)
    for number in range(365):
        begin = (day + datetime.timedelta(days=number)).astimezone(UTC)
        end = (day + datetime.timedelta(days=number + 1)).astimezone(UTC)
        want = sum(begin <= session < end for session in sessions)
        assert server.met("feed", begin, end) == want, (begin, want)


def meets_to_the_minute(server):
    for session in our_sessions():
        assert server.met("feed", session, session + MINUTE) == 1, session
        assert server.met("feed", session - MINUTE, session) == 0, session
        assert server.met("feed", session + 90 * MINUTE, session + 91 * MINUTE) == 0, session
        assert server.met("feed", session + 89 * MINUTE, session + 90 * MINUTE) == 1, session


def main():
    with Radicale() as server:
        cases = Cases()
        cases.run("Radicale takes our calendars and gives them back", takes_and_gives, server)
        cases.run("Radicale refuses a calendar without starts", refuses_what_is_broken, server)
        cases.run("it finds the sessions on our days", meets_on_our_days, server)
        cases.run("and to the minute, in summer and winter", meets_to_the_minute, server)
        cases.end()


if __name__ == "__main__":
    main()
