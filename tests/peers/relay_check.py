"""What must be true after a run of relay_load.py, read from its store and its relays."""

import bisect
import collections
import math
import statistics

from crash_check import EMAIL, SENT, equal
from peers import say
from relay_load import RELAYS, UNWELL

FAILED, CANCELLED, PENDING = 2, 3, 0  # delivery.state
ID_BYTES = 38          # an id that is remembered (daemon/known.c), at most
MEMORY_RATIO, MEMORY_SLACK_KB = 1.05, 1024
SETTLED_S = 30         # of a life: then its queues and caches have their size
DELAY_RATIO = 1.5
OWN_SECONDS_MIN = 60   # that the host took nothing of, or they are too few for a percentile
NEAR_KILL_S = 5

Delay = collections.namedtuple("Delay", "p95 own_p95 own_seconds")  # milliseconds


class Found:
    """A run as the checks of crash_check.py want it."""

    def __init__(self, run):
        self.run = run
        self.rows = run.rows
        self.waiting = {}  # before the relays were healed: {relay: deliveries}

    def one(self, sql, *values):
        return self.rows(sql, *values)[0][0]

    def column(self, sql):
        return [row[0] for row in self.rows(sql)]


def events_decided(found):
    assert found.one("select count(*) from event") == found.run.count
    assert found.one("select count(distinct event_id) from event") == found.run.count
    assert found.one("select count(*) from item") >= found.run.count


def only_unwell_wait(found):
    """Healthy relays owe nothing; each unwell one had something to wait for, or it shows little."""
    well = set(found.waiting) - set(UNWELL)
    assert not well, f"healthy relays with waiting deliveries: {well}"
    say(f"waiting at the end of the load, by relay: {found.waiting}")


def all_accounted(found):
    """Each notice has a delivery; each delivery an ending or a next attempt."""
    assert not found.one("select count(*) from notice where notice_seq not in"
                         " (select notice_seq from delivery)"), "a notice without a delivery"
    lost = found.one("select count(*) from delivery where (state = ? and next_ms = 0)"
                     " or (state <> ? and ended_ms = 0)", PENDING, PENDING)
    assert not lost, f"{lost} deliveries without ending and without next attempt"
    states = dict(found.rows("select state, count(*) from delivery group by state"))
    say(f"deliveries: {states.get(SENT, 0)} sent, {states.get(FAILED, 0)} failed, "
        f"{states.get(CANCELLED, 0)} cancelled, {states.get(PENDING, 0)} waiting")
    assert not states.get(PENDING), "something still waits although all relays are well"


def rejected_went_on(found):
    """What a relay refused for good has failed, and its item was brought before the next people."""
    if not found.run.troubled:
        return
    refused = found.rows("select item_seq from delivery where state = ? and channel = ?",
                         FAILED, EMAIL)
    assert refused, "nothing was refused: the run shows too little"
    alone = found.one(
        "select count(*) from (select item_seq from delivery where state = ? and channel = ?"
        " except select item_seq from delivery where state = ?)", FAILED, EMAIL, SENT)
    assert not alone, f"{alone} items of which nobody was told"


def mails_arrived(found):
    """Each sent delivery's mail is at a relay, always under one Message-ID."""
    numbers = list(found.run.mails.delivery.values())
    assert len(numbers) == len(set(numbers)), "a delivery has two Message-IDs"
    sent = {row[0] for row in found.rows("select delivery_seq from delivery where state = ?"
                                         " and channel = ?", SENT, EMAIL)}
    equal(set(numbers), sent, "mails")


def memory_flat(found):
    """In the last life: the median of its last third at most 5 % (and 1 MB) above that of its
    second third, but for the ids that came in between."""
    life = found.run.memory[-1][0]
    rows = [row for row in found.run.memory if row[0] == life and row[1] >= SETTLED_S]
    third = len(rows) // 3
    assert third >= 3, "the last life is too short to judge its memory"
    second, last = rows[third:2 * third], rows[2 * third:]
    before, after = (statistics.median(row[3] for row in part) for part in (second, last))
    ids_kb = (statistics.median(row[2] for row in last)
              - statistics.median(row[2] for row in second)) * ID_BYTES / 1024
    say(f"memory of the last life: {before:.0f} KB in its second third, {after:.0f} KB in its "
        f"last, of which up to {ids_kb:.0f} KB are ids; most of all lives "
        f"{max(row[3] for row in found.run.memory)} KB")
    assert after - ids_kb <= before * MEMORY_RATIO + MEMORY_SLACK_KB


def delays(run):
    """{Unix second: [milliseconds from creation to acceptance]} of the mails to teams of healthy
    relays."""
    unwell = ",".join(map(str, UNWELL))
    found = collections.defaultdict(list)
    for second, delay in run.rows(
            "select created_ms / 1000, ended_ms - created_ms from delivery"
            " where state = ? and channel = ? and contact like 'team%'"
            " and cast(substr(contact, 5, instr(contact, '/') - 5) as integer) % ?"
            f" not in ({unwell})", SENT, EMAIL, RELAYS):
        found[second].append(delay)
    return found


def sorted_of(by_second, without=()):
    return sorted(delay for second, values in by_second.items() if second not in without
                  for delay in values)


def percentile(values, percent):
    """Of sorted whole milliseconds, each of which stands for all times from it to the next: within
    the one in which the percentile lies, as many thousandths as it takes of the values there."""
    if not values:
        return math.nan
    wanted = len(values) * percent / 100
    at = values[min(len(values) - 1, int(wanted))]
    below, here = bisect.bisect_left(values, at), values.count(at)
    return round(at + (wanted - below) / here, 2)


def near_kills(run):
    return {kill + s for kill in run.killed for s in range(NEAR_KILL_S)}


def delay_bounded(usual, found):
    """usual, found: Delay of the two runs. Of all seconds, and of those alone that were our own:
    the one may be spoilt by the host, the other by leaving out what was busy, so both must hold."""
    for what, before, after in (("of all seconds", usual.p95, found.p95),
                                ("without those the host took", usual.own_p95, found.own_p95)):
        say(f"p95 delay of healthy relays {what}: {after} ms, in the run without trouble "
            f"{before} ms, {after / before:.2f} times that, at most {DELAY_RATIO}")
    assert min(usual.own_seconds, found.own_seconds) >= OWN_SECONDS_MIN, \
        "the host left too few seconds alone: run it again"
    assert found.p95 <= DELAY_RATIO * usual.p95
    assert found.own_p95 <= DELAY_RATIO * usual.own_p95


def print_figures(run, prefix):
    values = delays(run)
    stolen = run.host.stolen & set(values)
    say(f"{prefix}: {len(values)} seconds, of which the host took {len(stolen)}; "
        f"{len(stolen & near_kills(run))} of those are of the {len(near_kills(run))} s after kills")
    for name, without in (("delay_with_stolen", ()), ("delay", stolen)):
        for percent in (50, 95, 99):
            said = percentile(sorted_of(values, without), percent)
            print(f"figure soak_{prefix}_{name}_p{percent} {said} ms")
    sent, waiting = run.tally()
    print(f"figure soak_{prefix}_events {run.count} events")
    print(f"figure soak_{prefix}_sent {sent} deliveries")
    print(f"figure soak_{prefix}_waiting {waiting} deliveries")
    print(f"figure soak_{prefix}_repeats {run.mails.extra()} mails")
    print(f"figure soak_{prefix}_kills {run.kills.total()} kills")
    print(f"figure soak_{prefix}_memory {run.memory[-1][3]} KB", flush=True)
    return Delay(percentile(sorted_of(values), 95), percentile(sorted_of(values, stolen), 95),
                 len(values) - len(stolen))
