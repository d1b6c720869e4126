#!/usr/bin/python3
# time limit: 120 s
"""No PUBACK before the commit, seen on the wire: a relay between broker and daemon writes down each
packet. While another connection holds the store's write lock, nothing is acknowledged; and when the
daemon is killed right before or right after a commit, every event whose PUBACK has left is in the
store. libmosquitto does not document what this rests on (daemon/mqtt.h), so it is pinned here."""

import contextlib
import json
import re
import sqlite3
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from gateway import Gateway  # noqa: E402
from mqtt5 import Message, Relay, split_packet  # noqa: E402
from peers import Broker, Cases, Folder, say, wait_until  # noqa: E402
from scene import STRUCTURED, Source, handover, topic_of  # noqa: E402

EVENTS = 60
TROUBLES = 6  # so many tries of the daemon are watched, with pauses from 0.1 s doubled each time
PAGE_S = 1.0  # a page is answered meanwhile; the daemon itself aims at 50 ms (DESIGN 2)
TRANSPORTS = ('( { name = "post"; adapter = "null_email"; },'
              '  { name = "sms"; adapter = "null_sms"; } )')


class Bench:
    """The daemon with test points behind a relay, and one source."""

    def __init__(self):
        self.folder = Folder()
        self.broker = Broker(self.folder, durable=False).start()
        self.relay = Relay(self.broker)
        self.gateway = Gateway(self.folder, self.relay, points=True,
                               settings={"transports": TRANSPORTS})
        self.gateway.start()
        wait_until(lambda: self.relay.count("down", "SUBACK"), "the daemon is subscribed")
        self.source = Source(self.broker.port, "soziales-ulm")
        self.sent = 0

    def close(self):
        self.gateway.kill()
        self.relay.close()
        self.broker.stop()

    def publish(self, count=EVENTS):
        """Events that the broker has; their ids."""
        events = [self.source.event("handover.requested", handover()) for _ in range(count)]
        topic = topic_of("soziales-ulm", "handover.requested")
        assert count == self.source.client.publish_many(
            ((topic, json.dumps(event)) for event in events), STRUCTURED)
        self.sent += count
        return {event["id"] for event in events}

    def page_s(self):
        """How long the internal listener takes to answer, whatever it answers."""
        began = time.monotonic()
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://127.0.0.1:{self.gateway.internal_port}/healthz",
                                   timeout=10).close()
        return time.monotonic() - began

    def stored(self):
        with contextlib.closing(self.connect("ro")) as db:
            return {row[0] for row in db.execute("select event_id from event")}

    def row(self, sql):
        with contextlib.closing(self.connect("ro")) as db:
            return db.execute(sql).fetchone()

    def wait_quiet(self):
        wait_until(lambda: self.row("select (select count(*) from delivery where state = 0)"
                                    " + (select count(*) from out_event)") == (0,),
                   "nothing is pending")

    def connect(self, mode):
        return sqlite3.connect(f"file:{self.gateway.store}?mode={mode}", uri=True, timeout=10,
                               isolation_level=None)

    def outcomes(self, ids):
        """The receipts of these events: {id: [outcome, ...]}, when each has one."""
        found = {}

        def complete():
            self.source.client.poll(0.05)
            for message in self.source.client.messages:
                if message.topic.endswith("/receipt"):
                    data = json.loads(message.payload)["data"]
                    found.setdefault(data["event_id"], []).append(data["outcome"])
            self.source.client.messages.clear()
            return ids <= found.keys()

        wait_until(complete, "a receipt for each event", interval=0)
        return {event_id: found[event_id] for event_id in ids}

    def wait_read(self):
        """After the end of a life: the relay closes towards the broker when it has read all that
        the daemon had written."""
        def closed():
            log = self.broker.process.log.read_text()
            return (len(re.findall(r"New client connected .* as stafette-ulm ", log)) ==
                    len(re.findall(r"Client stafette-ulm (?:closed|disconnected|already)", log)))

        wait_until(closed, "the relay has read everything")

    def mark(self):
        """A place on the wire, for acknowledged()."""
        with self.relay.changed:
            return len(self.relay.seen)

    def delivered(self, mark):
        """Since that place: [(event id, time of its PUBACK or None)] in the order of delivery."""
        with self.relay.changed:
            seen = self.relay.seen[mark:]
        found, open_ids = [], {}
        for direction, name, raw, at in seen:
            _, flags, start, _ = split_packet(raw)
            if (direction, name) == ("down", "PUBLISH"):
                message = Message(flags, raw[start:])
                open_ids[message.pid] = [json.loads(message.payload)["id"], None]
                found.append(open_ids[message.pid])
            elif (direction, name) == ("up", "PUBACK"):
                open_ids[struct.unpack_from("!H", raw, start)[0]][1] = at
        return found

    def acknowledged(self, mark):
        return {event_id for event_id, at in self.delivered(mark) if at is not None}


def locked(bench):
    """The store cannot be written: events are delivered and tried again, and not acknowledged; the
    daemon does not stand still while it waits."""
    slowest = 0.0
    mark, log = bench.mark(), bench.gateway.log.count("state=trouble")
    with contextlib.closing(bench.connect("rw")) as lock:
        lock.execute("begin immediate")
        began = time.monotonic()
        ids = bench.publish()

        def tried():
            nonlocal slowest
            slowest = max(slowest, bench.page_s())
            assert not bench.acknowledged(mark), "acknowledged before the commit"
            return bench.gateway.log.count("state=trouble") >= log + TROUBLES

        wait_until(tried, f"{TROUBLES} tries", interval=0.05)
        delivered = bench.delivered(mark)
        assert delivered, "no event was delivered: this shows nothing"
        assert not bench.stored() & ids
        released = time.monotonic()
        lock.execute("rollback")
    wait_until(lambda: bench.acknowledged(mark) == ids, "all are acknowledged")
    assert ids <= bench.stored()
    first = min(at for _, at in bench.delivered(mark))
    say(f"{len(delivered)} of {len(ids)} events delivered, none acknowledged for "
        f"{released - began:.1f} s; the first {(first - released) * 1000:.0f} ms after the release")
    assert first > released, "acknowledged before the lock was released"
    assert slowest < PAGE_S, f"a page took {slowest:.2f} s"
    assert all(said == ["accepted"] for said in bench.outcomes(ids).values())


def killed(bench, live, point, passing):
    """Ends one life at that point; returns what was delivered and acknowledged in it. The events
    wait for it in the broker, or come while it is connected (live). The life before leaves nothing
    to do, so that the first commit of this one is one of events."""
    bench.wait_quiet()
    bench.gateway.kill()
    bench.wait_read()
    before, mark, connections = bench.stored(), bench.mark(), bench.relay.count("down", "SUBACK")
    ids = set() if live else bench.publish()
    bench.gateway.launch(STAFETTE_KILL_AT=f"{point}:{passing}")
    if live:
        wait_until(lambda: bench.relay.count("down", "SUBACK") > connections, "it is subscribed")
        ids = bench.publish()
    try:
        status = bench.gateway.process.popen.wait(20)
    except subprocess.TimeoutExpired:
        raise AssertionError(f"{point}:{passing} was not reached") from None
    assert status == -9, f"ended with {status}"
    bench.wait_read()
    delivered = {event_id for event_id, _ in bench.delivered(mark)}
    decided, acknowledged = bench.stored() - before, bench.acknowledged(mark)
    assert acknowledged <= bench.stored(), "acknowledged and not stored: lost"
    return ids, delivered, decided, acknowledged


def goes_on(bench, ids, acknowledged):
    """The next life gets what was not acknowledged, and decides each event once. (The receipts of
    the others may be lost with the crash; then their sender repeats them, see 40-crash.py.)"""
    bench.gateway.start()
    outcomes = bench.outcomes(ids - acknowledged)
    assert ids <= bench.stored()
    assert bench.row("select count(*), count(distinct event_id) from event") == \
        (bench.sent, bench.sent)
    return outcomes


def before_commit(bench, live):
    """At the first commit the events are neither stored nor acknowledged; later ones may be
    settlings, for which killed() holds alone."""
    for passing in (1, 2, 3):
        ids, delivered, decided, acknowledged = killed(bench, live, "before-commit", passing)
        if passing == 1:
            assert delivered, "nothing was under decision: this shows nothing"
            assert not decided and not acknowledged, (len(decided), len(acknowledged))
        say(f"pass {passing}: {len(delivered)} delivered, {len(decided)} stored, "
            f"{len(acknowledged)} acknowledged")
        goes_on(bench, ids, acknowledged)


def before_acks(bench, live):
    """The events of the turn are stored and not acknowledged; the broker sends them again."""
    for passing in (1, 2, 3):
        ids, delivered, decided, acknowledged = killed(bench, live, "before-acks", passing)
        if passing == 1:
            assert decided and not acknowledged, (len(decided), len(acknowledged))
        say(f"pass {passing}: {len(delivered)} delivered, {len(decided)} stored, "
            f"{len(acknowledged)} acknowledged")
        outcomes = goes_on(bench, ids, acknowledged)
        assert all(outcomes[event_id] == ["repeated"] for event_id in decided - acknowledged)


def main():
    cases = Cases()
    bench = Bench()
    try:
        cases.run("a locked store: no PUBACK until the commit", locked, bench)
        for live, when in ((False, "a backlog"), (True, "live events")):
            cases.run(f"{when}, killed before the commit: neither stored nor acknowledged",
                      before_commit, bench, live)
            cases.run(f"{when}, killed after it: stored, not acknowledged, sent again",
                      before_acks, bench, live)
    finally:
        bench.close()
    cases.end()


main()
