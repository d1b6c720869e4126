"""What must be true after the month of crash_month.py, read from a copy of the store and from what
came over the wire. Each check raises an AssertionError that says what is wrong."""

import bisect
import collections
import contextlib
import re
import sqlite3

from crash_check import audit_row_holds, copies_are_few, equal
from crash_month import POINTS, state_numbers
from peers import say
from scene import SEED

ACCEPTED, PARKED = 0, 3             # event.outcome
FIRED, CANCELLED = 1, 2             # clock.state
PENDING, SENT, HELD = 0, 1, 4       # delivery.state
EMAIL = 0                           # delivery.channel
ASKED_KINDS = (0, 1, 2)             # item.kind: handover, referral, emergency
TASK = 4
FIRE = re.compile(r"clock=(\d+) kind=(\w+) step=(\d+) told=(\S+)")


class Found:
    """The end of a run."""

    def __init__(self, run):
        self.run, self.ear = run, run.ear

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.run.store)) as db:
            return db.execute(sql, values).fetchall()

    def one(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def column(self, sql):
        return [row[0] for row in self.rows(sql)]

    def fires(self):
        """(audit_seq, at_ms, item_seq, clock, kind, step, told) of each row that a clock left."""
        for seq, at_ms, item, text in self.rows(
                "select audit_seq, at_ms, item_seq, content from audit"
                " where content like 'clock=%' order by audit_seq"):
            clock, kind, step, told = FIRE.match(text).groups()
            yield seq, at_ms, item, int(clock), kind, int(step), told


def killed_enough(found):
    kills, wanted = found.run.kills, found.run.wanted
    say(", ".join(f"{kills[point]} at {point}" for point in (*POINTS, "random")))
    assert kills.total() >= wanted * 9 // 10, f"{kills.total()} kills, wanted {wanted}"
    least = wanted // (4 * (len(POINTS) + 1))
    assert all(kills[point] >= least for point in (*POINTS, "random")), f"{kills}, each {least}"


def store_is_sound(found):
    assert found.rows("pragma integrity_check") == [("ok",)]
    assert not found.rows("pragma foreign_key_check")


def events_decided_once(found):
    ids = [row[0] for row in found.rows("select event_id from event")]
    assert len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} events have two rows"
    equal(set(ids), {f"ev-{SEED}-{n}" for n in range(found.run.published)}, "events")
    odd = found.rows("select type, outcome, faults from event where outcome not in (?, ?)",
                     ACCEPTED, PARKED)
    assert not odd, f"{len(odd)} events neither accepted nor parked: {odd[:3]}"
    say(f"{len(ids)} events, {found.one('select count(*) from event where outcome = 3')} parked")


def items_are_right(found):
    """One item for each request, in the state to which its story led."""
    rows = found.rows("select case_ref, state from item where kind in (?, ?, ?)", *ASKED_KINDS)
    states = dict(rows)
    assert len(states) == len(rows), "a request has two items"
    asked = {case.ref: case for case in found.run.cases.values() if case.request_id}
    equal(set(states), set(asked), "items")
    numbers = state_numbers()
    wrong = [(case.story, case.state, states[ref]) for ref, case in asked.items()
             if case.state and states[ref] != numbers[case.state]]
    assert not wrong, f"{len(wrong)} items, such as (story, wanted, state) {wrong[:5]}"
    say(f"{len(states)} items:", ", ".join(
        f"{n} {story}" for story, n in collections.Counter(
            case.story for case in asked.values()).most_common(8)))


def parked_were_tried(found):
    """What was parked waits no longer: it was applied when its predecessor came, or its day has
    passed and somebody was asked."""
    numbers = state_numbers()
    left = found.rows("select item_seq from item where kind = ? and code = 'parked' and state = ?",
                      TASK, numbers["waiting"])
    late = found.rows("select item_seq from clock where state = 0 and kind = 5")
    assert {row[0] for row in left} <= {row[0] for row in late}, "parked without a clock"
    done = found.one("select count(*) from item where code = 'parked' and closed_ms > 0")
    assert done, "nothing was parked and applied: the run shows too little"


def ladders_once(found):
    """Each open item has one clock that ends in a person, a closed one has no clock at all."""
    wrong = found.rows(
        "select item_seq, closed_ms, (select count(*) from clock where clock.item_seq ="
        " item.item_seq and clock.state = 0 and clock.kind not in (3, 4, 8)) as ladders,"
        " (select count(*) from clock where clock.item_seq = item.item_seq and clock.state = 0)"
        " as clocks from item where ladders <> (closed_ms = 0)"
        " or (closed_ms > 0 and clocks > 0)")
    assert not wrong, f"{len(wrong)} items, such as (item, closed, ladders, clocks) {wrong[:3]}"


def no_clock_twice(found):
    """One audit row for each clock that fired, and no other; it is the row that the clock names."""
    fires = list(found.fires())
    times = collections.Counter(clock for *_, clock, _, _, _ in fires)
    twice = {clock: n for clock, n in times.items() if n > 1}
    assert not twice, f"fired more than once: {twice}"
    effects = {(clock, seq, at_ms, item) for seq, at_ms, item, clock, *_ in fires}
    equal(effects, set(found.rows("select clock_seq, effect_seq, fired_ms, item_seq from clock"
                                  " where state = ?", FIRED)), "fired clocks and their effects")
    say(f"{len(fires)} clocks fired, "
        f"{found.one('select count(*) from clock where state = ?', CANCELLED)} were answered")


def no_clock_missed(found):
    """Each clock fired not before it was due, and not after the first moment of quiet since: at
    that moment it would still have been open. (At each of those moments the driver itself saw
    that no open clock was due.)"""
    quiet = sorted(found.run.quiet_ms)
    late = []
    for clock, due_ms, fired_ms in found.rows(
            "select clock_seq, due_ms, fired_ms from clock where state = ?", FIRED):
        assert fired_ms >= due_ms, f"clock {clock} fired early"
        first = bisect.bisect_left(quiet, due_ms)
        if first < len(quiet) and fired_ms > quiet[first]:
            late.append((clock, due_ms, fired_ms))
    assert not late, f"{len(late)} clocks fired late, such as {late[:3]}"
    say(f"{len(quiet)} moments of quiet")


def ladder_without_gap(found):
    """Computed from the audit alone: between two answers to an item its reminders follow each
    other from the first rung up, each time a higher one or the one above the ladder again."""
    rows = found.rows("select item_seq, content from audit where item_seq > 0 order by audit_seq")
    last, highest = {}, 0
    for item, text in rows:
        fire = FIRE.match(text)
        if not fire:
            if text.startswith("step ") or "outcome=accepted" in text:
                last.pop(item, None)
            continue
        if fire.group(2) not in ("ack_due", "acceptance_due", "completion_due"):
            continue
        step = int(fire.group(3))
        before = last.get(item)
        assert step == 0 if before is None else step >= before, \
            f"item {item}: step {step} after {before}"
        last[item] = step
        highest = max(highest, step)
    assert highest >= 2, "nobody's ladder was climbed: the run shows too little"


def somebody_was_told(found):
    """Each reminder has its notice, of that moment, to whom the audit says or, where that one has
    no address, to somebody else."""
    notices = set(found.rows("select item_seq, created_ms from notice"))
    lost = [fire for fire in found.fires() if fire[-1] != "-" and (fire[2], fire[1]) not in notices]
    assert not lost, f"{len(lost)} reminders of which nobody was told, such as {lost[:3]}"


def half_escalated(found):
    """The month is one in which people are late."""
    asked = found.one("select count(*) from item where kind in (0, 1)")
    late = found.one("select count(distinct item_seq) from item where kind in (0, 1) and item_seq"
                     " in (select item_seq from clock where state = ? and kind in (0, 1, 2))",
                     FIRED)
    say(f"{late} of {asked} handovers and referrals needed a reminder")
    assert late * 2 >= asked, f"only {late} of {asked} needed a reminder"


def deliveries_ended(found):
    """Each notice has a delivery; none is pending or held."""
    assert not found.one("select count(*) from notice where notice_seq not in"
                         " (select notice_seq from delivery)"), "a notice without a delivery"
    states = dict(found.rows("select state, count(*) from delivery group by state"))
    assert not states.get(PENDING) and not states.get(HELD), f"deliveries by state: {states}"
    assert states[SENT], states
    untold = found.one("select count(*) from item where kind in (0, 1, 2)"
                       " and item_seq not in (select item_seq from notice)")
    assert not untold, f"{untold} items of which nobody was told"


def mails_arrived(found):
    """Each sent mail is at the relay, always under one Message-ID; and no other but those that
    were in flight when they became needless."""
    numbers = list(found.run.mails.delivery.values())
    assert len(numbers) == len(set(numbers)), "a delivery has two Message-IDs"
    wanted = {row[0] for row in found.rows(
        "select delivery_seq from delivery where channel = ? and state = ?", EMAIL, SENT)}
    assert wanted <= set(numbers), f"{len(wanted - set(numbers))} mails are lost"
    most = found.run.kills.total() * found.run.in_flight_max
    assert len(set(numbers) - wanted) <= most, "mails of deliveries that were not sent"


def status_in_order(found):
    """Every status event that was ever made came, none under the id of another, and those of one
    item came in the order in which they were made."""
    ear = found.ear
    assert not ear.clashes, f"one id for two events: {ear.clashes[:3]}"
    high = int(found.one("select value from meta where name = 'out_high'"))
    equal(set(ear.status), {f"ulm-{n}" for n in range(1, high + 1)}, "status events")
    mixed = [item for item, numbers in ear.order.items() if numbers != sorted(numbers)]
    assert not mixed, f"{len(mixed)} items with status events out of order: {mixed[:3]}"
    say(f"{high} status events of {len(ear.order)} items, {ear.repeats} repeated")


def receipts_arrived(found):
    receipts = found.ear.receipts
    equal(set(receipts), {f"ev-{SEED}-{n}" for n in range(found.run.published)}, "receipts")
    fresh = [event_id for event_id in found.run.again if not found.ear.repeated[event_id]]
    assert not fresh, f"sent again, and not told so: {fresh[:3]}"
    say(f"{len(found.run.again)} receipts were lost in crashes and told when their events were "
        "sent again")


def audit_holds(found):
    """The chain of store_audit.h, computed here."""
    previous, seen = bytes(32), 0
    for row in found.rows("select audit_seq, at_ms, item_seq, salt, content, commitment, link"
                          " from audit order by audit_seq"):
        previous = audit_row_holds(previous, *row)
        seen += 1
        assert row[0] == seen, f"audit rows are not numbered without a gap: {row[0]}"
    events = found.one("select count(distinct substr(content, 1, instr(content, ' ')))"
                       " from audit where content like 'event=%'")
    assert events == found.run.published, f"{events} events in the audit"
    say(f"{seen} audit rows")


def ledger_is_green(found):
    """As `stafettectl ledger` sees it, with SQL of its own."""
    at = found.run.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    done = found.run.gateway.ctl("ledger", "--at", at, check=False)
    assert done.returncode == 0 and "alles in Ordnung" in done.stdout, done


CHECKS = [
    ("killed at each point and at random", killed_enough),
    ("the store is sound", store_is_sound),
    ("each event is decided exactly once", events_decided_once),
    ("each item is in the state its story led to", items_are_right),
    ("what was parked was tried again or has its clock", parked_were_tried),
    ("each open item has one clock that ends in a person", ladders_once),
    ("no clock fired twice, each left its row", no_clock_twice),
    ("no clock was missed or fired early", no_clock_missed),
    ("reminders climb without a gap", ladder_without_gap),
    ("each reminder told somebody", somebody_was_told),
    ("half of the items needed a reminder", half_escalated),
    ("each notice has its delivery, none is pending", deliveries_ended),
    ("each sent mail arrived, under one Message-ID", mails_arrived),
    ("copies are at most kills x in_flight_max", copies_are_few),
    ("status events came, in order for each item", status_in_order),
    ("each event has its receipt", receipts_arrived),
    ("the audit chain holds", audit_holds),
    ("the ledger is green", ledger_is_green),
]
