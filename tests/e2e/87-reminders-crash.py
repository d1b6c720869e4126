#!/usr/bin/python3
# time limit: 300 s
"""SIGKILL in the middle of reminder runs: some hundred meetings with their members on the test
clock, called, answered, moved and cancelled, while the daemon is ended at its test points (among
them after each single clock that fired) and at random. Afterwards each reminder that was due is one
notice, no more and no less; mails repeat only within the bound of what was in flight; each clock
fired once; ledger and audit are good.

STAFETTE_MEETINGS, STAFETTE_KILLS: other sizes."""

import os
import sys

sys.path.insert(0, "tests/peers")

import crash_check  # noqa: E402
from crash_month_check import Found, no_clock_missed, no_clock_twice  # noqa: E402
from peers import Cases, say  # noqa: E402
from reminders import FIRED, REMINDER_CLOCK, SESSION, Book  # noqa: E402
from reminders_run import POINTS, Reminders  # noqa: E402

MEETINGS = int(os.environ.get("STAFETTE_MEETINGS", "300"))
KILLS = int(os.environ.get("STAFETTE_KILLS", "60"))
LEADS, RSVP = (0, 1, 2, 3), 4       # clock.step
DECLINED = 2                        # member.status


def drive(run):
    run.run()
    run.finish()
    say(f"{run.meetings} meetings, {run.published} events, {run.kills.total()} kills in "
        f"{run.seconds:.1f} s")


def killed_enough(found):
    kills = found.run.kills
    say(", ".join(f"{kills[point]} at {point}" for point in (*POINTS, "random")))
    assert kills.total() >= found.run.wanted * 8 // 10, f"{kills.total()} kills"
    assert kills["clock-fired"] >= found.run.wanted // 20, "hardly killed in reminder runs"


def events_decided_once(found):
    ids = [row[0] for row in found.rows("select event_id from event")]
    assert len(ids) == len(set(ids)) == found.run.published, (len(ids), found.run.published)
    odd = found.rows("select type, outcome, faults from event where outcome <> 0")
    assert not odd, f"{len(odd)} events not accepted: {odd[:3]}"


def meetings_are_there(found):
    assert found.one("select count(*) from meeting") == found.run.meetings
    states = dict(found.rows("select state, count(*) from session group by state"))
    say(", ".join(f"{n} {SESSION[state]}" for state, n in states.items()))
    assert not found.one("select count(*) from session s join meeting using (item_seq) where"
                         " s.state = 0 and (s.start_s + s.duration_s + 3600) * 1000 < ?",
                         found.run.quiet_ms[-1]), "a session that has passed is still planned"
    assert states.get(2) and states.get(3), "no session was cancelled, or none is over"


def reminders_once(found):
    """For each lead time of a session that fired and was not passed over: one notice for each
    member that had not declined; and none that nobody's clock explains."""
    passed = {(item, at_ms) for item, at_ms in found.rows(
        "select item_seq, at_ms from audit where content like 'reminder=% passed over: %'")}
    wanted = set()
    for item, session, at_ms, step in found.rows(
            "select item_seq, session_seq, fired_ms, step from clock"
            " where kind = ? and state = ? and step <= ?", REMINDER_CLOCK, FIRED, RSVP):
        if (item, at_ms) not in passed:
            wanted.add((item, session, at_ms))
    notices = found.rows(
        "select item_seq, session_seq, created_ms, unit, count(*) from notice"
        " where template_name = 'meeting.reminder' group by 1, 2, 3, 4")
    twice = [row for row in notices if row[4] != 1]
    assert not twice, f"{len(twice)} reminders are there twice: {twice[:3]}"
    told = {row[:3] for row in notices}
    assert not told - wanted, f"reminders of no clock: {list(told - wanted)[:3]}"
    silent = [key for key in wanted - told if not all_declined(found, key[0])]
    assert not silent, f"{len(silent)} reminders told to nobody: {silent[:3]}"
    say(f"{len(notices)} reminders of {len(wanted)} clocks, {len(passed)} passed over")
    assert len(notices) > 3 * found.run.meetings


def all_declined(found, item):
    return not found.one("select count(*) from member where item_seq = ? and status <> ?", item,
                         DECLINED)


def members_reminded(found):
    """At each reminder all members but those who declined before (a mailbox of its own each)."""
    few = found.rows(
        "select n.item_seq, n.session_seq, n.created_ms, count(*) as told,"
        " (select count(*) from member m where m.item_seq = n.item_seq and m.session_seq = 0"
        "   and m.status <> ?) as members"
        " from notice n where n.template_name = 'meeting.reminder' and n.instead_of = ''"
        " group by 1, 2, 3 having told < members", DECLINED)
    assert not few, f"{len(few)} reminders to too few, such as {few[:3]}"


def deliveries_ended(found):
    left = found.rows("select state, count(*) from delivery where state not in (1, 3)"
                      " group by state")
    assert not left, f"deliveries by state: {left}"


def mails_arrived(found):
    """Each delivery that was sent is at the relay under one Message-ID, and nothing else is."""
    mails = found.run.mails
    numbers = list(mails.delivery.values())
    assert len(numbers) == len(set(numbers)), "a delivery has two Message-IDs"
    sent = {row[0] for row in found.rows("select delivery_seq from delivery where state = 1"
                                         " and channel = 0")}
    assert sent <= set(numbers), f"{len(sent - set(numbers))} mails did not arrive"
    replaced = set(numbers) - sent
    assert len(replaced) <= found.run.kills.total() * found.run.in_flight_max, len(replaced)


def clocks_are_right(found):
    Book(found.run.store).clocks_are_right()


def ledger_and_audit(found):
    gateway = found.run.gateway
    done = gateway.ctl("ledger", "--at", found.run.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
                       check=False)
    assert done.returncode == 0, done.stdout
    crash_check.audit_holds(found)


CHECKS = [
    ("killed at each point and at random", killed_enough),
    ("the store is sound", crash_check.store_is_sound),
    ("each event is decided once", events_decided_once),
    ("each meeting is there, what has passed is over", meetings_are_there),
    ("each clock fired once, and its effect is there", no_clock_twice),
    ("no clock was missed", no_clock_missed),
    ("each meeting has its one clock, no reminder fired twice", clocks_are_right),
    ("each reminder is one notice for each member", reminders_once),
    ("no member was passed over", members_reminded),
    ("each delivery has ended", deliveries_ended),
    ("each mail arrived, under one Message-ID", mails_arrived),
    ("copies are at most kills x in_flight_max", crash_check.copies_are_few),
    ("ledger and audit chain are good", ledger_and_audit),
]


def main():
    cases = Cases()
    run = Reminders(MEETINGS, 0, KILLS)
    found = Found(run)
    try:
        cases.run("killed in reminder runs, then nothing is pending", drive, run)
        if not cases.failed:
            for label, check in CHECKS:
                cases.run(label, check, found)
    finally:
        run.close()
    cases.end()


main()
