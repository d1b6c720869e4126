"""Meetings on the test clock, for 86-reminders-jump.py and 87-reminders-crash.py: calling them, and
reading from the store who was reminded of which session when."""

import collections
import contextlib
import datetime
import sqlite3

UTC = datetime.timezone.utc
HOST = "egh-eselsberg"
FIRED, OPEN = 1, 0                    # clock.state
MEETING_CLOCK, REMINDER_CLOCK = 7, 8  # clock.kind
SENT, SUPERSEDED = 1, 3               # delivery.state
SESSION = {0: "planned", 1: "left_out", 2: "cancelled", 3: "over", 4: "held", 5: "not_held"}


def stamp(when):
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def called(name, start, parties, kind="hospitation", **more):
    """Data of meeting.called."""
    return {"meeting_id": name, "kind": kind, "unit": HOST, "start": stamp(start),
            "duration": "PT1H", "parties": ",".join(parties), **more}


class Book:
    """The store, read while the daemon runs or after."""

    def __init__(self, store):
        self.store = store

    def rows(self, sql, *values):
        where = f"file:{self.store}?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=10)) as db:
            return db.execute(sql, values).fetchall()

    def one(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def reminded(self, name, since_ms=0):
        """Counter of units that a mail reminded of the meeting's sessions: {(session, unit): n}."""
        return collections.Counter(
            (session, unit) for session, unit in self.rows(
                "select n.session_seq, n.unit from notice n"
                " join meeting m on m.item_seq = n.item_seq"
                " join delivery d on d.notice_seq = n.notice_seq"
                " where m.meeting_id = ? and n.template_name = 'meeting.reminder'"
                " and d.state <> ? and n.created_ms >= ?", name, SUPERSEDED, since_ms))

    def notices(self, name, template):
        """(unit, outcome) of that template, in order."""
        return self.rows("select n.unit, n.outcome from notice n"
                         " join meeting m on m.item_seq = n.item_seq where m.meeting_id = ?"
                         " and n.template_name = ? order by notice_seq", name, template)

    def sessions(self, name):
        """States of its sessions, by date."""
        return [SESSION[state] for (state,) in self.rows(
            "select s.state from session s join meeting m on m.item_seq = s.item_seq"
            " where m.meeting_id = ? order by s.original_s", name)]

    def clocks_are_right(self):
        """Each fired clock has one audit row; no reminder of one session and time fired twice."""
        fired = self.one("select count(*) from clock where state = ?", FIRED)
        told = self.one("select count(distinct substr(content, 1, instr(content, ' ')))"
                        " from audit where content like 'clock=%'")
        rows = self.one("select count(*) from audit where content like 'clock=%'")
        assert fired == told == rows, f"{fired} clocks fired, {rows} rows of {told} clocks"
        early = self.rows("select clock_seq from clock where state = ? and fired_ms < due_ms",
                          FIRED)
        assert not early, f"fired early: {early[:3]}"
        twice = self.rows("select session_seq, step, due_ms, count(*) as n from clock"
                          " where kind = ? and state = ?"
                          " group by session_seq, step, due_ms having n > 1",
                          REMINDER_CLOCK, FIRED)
        assert not twice, f"reminders that fired twice: {twice[:3]}"
        wrong = self.rows(
            "select m.meeting_id, i.closed_ms, (select count(*) from clock c where c.state = ?"
            " and c.kind = ? and c.item_seq = i.item_seq) as n from meeting m join item i"
            " on i.item_seq = m.item_seq where n <> (i.closed_ms = 0)", OPEN, MEETING_CLOCK)
        assert not wrong, f"meetings without their one clock: {wrong[:3]}"
