"""What must be true after a run of crash_run.py, read from a copy of the store and from what came
over the wire. Each check raises an AssertionError that says what is wrong."""

import contextlib
import hashlib
import sqlite3
import struct

from crash_run import POINTS, event_id_of
from peers import say

ACCEPTED = 0                        # event.outcome
SENT, FAILED = 1, 2                 # delivery.state
EMAIL = 0                           # delivery.channel
CLOCK_OPEN = 0                      # clock.state
STATES = {"delivered": 18, "acknowledged": 3, "accepted": 11}  # item.state


class Found:
    """The end of a run."""

    def __init__(self, run):
        self.run = run
        self.ear, self.sender = run.ear, run.sender
        self.repeated = set()  # ids of events that were sent again for their receipt

    def rows(self, sql, *values):
        with contextlib.closing(sqlite3.connect(self.run.store)) as db:
            return db.execute(sql, values).fetchall()

    def one(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def column(self, sql):
        return [row[0] for row in self.rows(sql)]


def equal(found, wanted, what):
    """Two sets; says some of the difference."""
    lost, more = wanted - found, found - wanted
    assert not lost and not more, (f"{what}: {len(lost)} missing {sorted(lost, key=str)[:3]}, "
                                   f"{len(more)} too many {sorted(more, key=str)[:3]}")


def killed_enough(found, at_each, in_all):
    kills = found.run.kills
    say(", ".join(f"{kills[point]} at {point}" for point in (*POINTS, "random")))
    assert kills.total() >= in_all, f"{kills.total()} kills, wanted {in_all}"
    assert all(kills[point] >= at_each for point in (*POINTS, "random")), kills


def store_is_sound(found):
    assert found.rows("pragma integrity_check") == [("ok",)]
    assert not found.rows("pragma foreign_key_check")


def events_decided_once(found):
    ids = found.column("select event_id from event")
    assert len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} events have two rows"
    equal(set(ids), {event_id_of(n) for n in range(found.sender.count)}, "events")
    assert found.one("select count(distinct id_hash) from event") == len(ids)
    assert not found.one("select count(*) from event where outcome <> ?", ACCEPTED)


def items_are_right(found):
    """One item for each request, in the state to which its answers led."""
    refs = found.column("select case_ref from item")
    assert len(refs) == len(set(refs)), "a request has two items"
    wanted = dict.fromkeys(found.sender.case, "delivered")
    for kind in ("acknowledged", "accepted"):  # in this order: the later one counts
        wanted.update((ref, kind) for fact, ref in found.sender.wanted if fact.endswith(kind))
    for kind, state in STATES.items():
        of_kind = {ref for ref, last in wanted.items() if last == kind}
        assert of_kind, f"no item was {kind}: the run shows too little"
        rows = found.rows("select case_ref from item where state = ?", state)
        equal({row[0] for row in rows}, of_kind, f"items {kind}")
    assert found.one("select count(*) from item") == len(wanted)
    assert not found.one("select count(*) from item where (closed_ms <> 0) <> (state = ?)",
                         STATES["accepted"])


def clocks_are_right(found):
    """Each open item has exactly one open clock, a closed one has none."""
    wrong = found.rows(
        "select item_seq, closed_ms, (select count(*) from clock"
        " where clock.item_seq = item.item_seq and clock.state = ?) as clocks"
        " from item where clocks <> (closed_ms = 0)", CLOCK_OPEN)
    assert not wrong, f"{len(wrong)} items, such as (item, closed, clocks) {wrong[:3]}"
    assert found.one("select count(*) from clock where state = ?", CLOCK_OPEN)


def deliveries_sent(found):
    """Each notice has a delivery, and each delivery is sent."""
    assert not found.one("select count(*) from notice where notice_seq not in"
                         " (select notice_seq from delivery)"), "a notice without a delivery"
    states = found.rows("select state, count(*) from delivery group by state")
    assert [state for state, _ in states] == [SENT], f"deliveries by state: {states}"
    assert not found.one("select count(*) from item where item_seq not in"
                         " (select item_seq from notice)"), "an item of which nobody was told"


def mails_arrived(found):
    """Each delivery's mail is at the relay, always under one Message-ID."""
    mails = found.run.mails
    numbers = list(mails.delivery.values())
    assert len(numbers) == len(set(numbers)), "a delivery has two Message-IDs"
    wanted = found.rows("select delivery_seq from delivery where channel = ?", EMAIL)
    equal(set(numbers), {row[0] for row in wanted}, "mails")


def copies_are_few(found):
    """What was in flight at a crash is repeated, and nothing else."""
    mails, kills, in_flight = found.run.mails, found.run.kills.total(), found.run.in_flight_max
    most = kills * in_flight
    say(f"{len(mails.copies)} mails, {mails.extra()} copies beyond the first, at most {most} = "
        f"{kills} kills x {in_flight} in flight")
    assert mails.extra() <= most
    assert max(mails.copies.values()) <= 1 + kills


def status_events_arrived(found):
    """Every status event that was ever made came, none under the id of another."""
    ear = found.ear
    assert not ear.clashes, f"one id for two events: {ear.clashes[:3]}"
    high = int(found.one("select value from meta where name = 'out_high'"))
    equal(set(ear.status), {f"ulm-{n}" for n in range(1, high + 1)}, "status events")
    say(f"{high} status events, {ear.repeats} repeated")


def outcomes_told(found):
    """One notice.sent for each notice that was sent, and one fact for each answer."""
    sent = found.rows("select distinct notice_seq from delivery where state = ?", SENT)
    equal(found.ear.notices, {row[0] for row in sent}, "notices told as sent")
    facts = {fact for fact in found.ear.told if fact[0] != "notice.sent"}
    equal(facts, found.sender.wanted, "answers told")


def receipts_arrived(found):
    """One receipt or more for each event; what was sent again is told to be repeated."""
    receipts = found.ear.receipts
    equal(set(receipts), {event_id_of(n) for n in range(found.sender.count)}, "receipts")
    outcomes = set().union(*receipts.values())
    assert outcomes <= {"accepted", "repeated"}, outcomes
    again = {event_id: receipts[event_id] for event_id in found.repeated}
    assert all(said == {"repeated"} for said in again.values()), \
        f"sent again: {[(i, s) for i, s in again.items() if s != {'repeated'}][:3]}"
    say(f"{len(again)} receipts were lost in crashes and told when the event was sent again")


def audit_holds(found):
    """The chain of store_audit.h, computed here; one row for each event and for each delivery that
    an attempt ended. What was cancelled before has none: the row of what ended its item says it."""
    previous, seen = bytes(32), 0
    with contextlib.closing(sqlite3.connect(found.run.store)) as db:
        for row in db.execute("select audit_seq, at_ms, item_seq, salt, content, commitment, link"
                              " from audit order by audit_seq"):
            previous = audit_row_holds(previous, *row)
            seen += 1
            assert row[0] == seen, f"audit rows are not numbered without a gap: {row[0]}"
    ended = f"delivery where state in ({SENT}, {FAILED})"
    for kind, rows in (("event", "event"), ("delivery", ended)):
        subjects = found.column(f"select substr(content, 1, instr(content, ' ') - 1) from audit"
                                f" where content like '{kind}=%'")
        wanted = set(found.column(f"select '{kind}=' || {kind}_seq from {rows}"))
        assert len(subjects) == len(set(subjects)), f"an {kind} has two audit rows"
        equal(set(subjects), wanted, f"audit rows of each {kind}")
    say(f"{seen} audit rows")


def audit_row_holds(previous, seq, at_ms, item_seq, salt, content, commitment, link):
    """The link of this row, when it follows from the one before."""
    assert hashlib.sha256(salt + content.encode()).digest() == commitment, f"row {seq}: content"
    numbers = struct.pack(">qqq", seq, at_ms, item_seq)
    assert hashlib.sha256(previous + numbers + commitment).digest() == link, f"row {seq}: link"
    return link


def ledger_is_green(found):
    """As `stafettectl ledger` sees it, with SQL of its own."""
    done = found.run.gateway.ctl("ledger", check=False)
    assert done.returncode == 0 and "alles in Ordnung" in done.stdout, done


CHECKS = [
    ("the store is sound", store_is_sound),
    ("each event is decided exactly once", events_decided_once),
    ("each item is in the state its answers led to", items_are_right),
    ("each open item has exactly one open clock", clocks_are_right),
    ("each notice has its delivery, each delivery is sent", deliveries_sent),
    ("each mail arrived, under one Message-ID", mails_arrived),
    ("copies are at most kills x in_flight_max", copies_are_few),
    ("each status event arrived, none took the id of another", status_events_arrived),
    ("each sent notice and each answer was told", outcomes_told),
    ("each event has its receipt", receipts_arrived),
    ("the audit chain holds", audit_holds),
    ("the ledger is green", ledger_is_green),
]
