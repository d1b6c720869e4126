#!/usr/bin/python3
# time limit: 180 s
"""The disk runs full under a backlog, for longer than the broker waits: nothing is acknowledged,
the pages go on and name the reason, and when there is room again every event is decided exactly
once, without a restart. tests/faultvfs.c plays the disk, below SQLite."""

import json
import sqlite3
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from gateway import Gateway  # noqa: E402
from mqtt5 import Relay  # noqa: E402
from peers import Broker, Cases, Folder, say, wait_until  # noqa: E402
from scene import STRUCTURED, Source, handover, topic_of  # noqa: E402

BACKLOG = 3000
KEEPALIVE_S = 5
TRANSPORTS = ('( { name = "post"; adapter = "null_email"; },'
              ' { name = "sms"; adapter = "null_sms"; } )')


class Bench:
    """The daemon with test points, behind a relay that counts its acknowledgements."""

    def __init__(self):
        self.folder = Folder()
        self.broker = Broker(self.folder, durable=False).start()
        self.relay = Relay(self.broker)
        self.fault = self.folder / "fault"
        self.hits = self.folder / "fault.hits"
        self.gateway = Gateway(self.folder, self.relay, points=True,
                               env={"STAFETTE_FAULT_FILE": str(self.fault)},
                               settings={"mqtt.keepalive": f"{KEEPALIVE_S}s",
                                         "transports": TRANSPORTS})
        self.gateway.start().wait_online()
        self.pid = self.gateway.process.pid
        self.source = Source(self.broker.port, "soziales-ulm")
        self.sent = 0
        self.slowest_s = 0.0

    def close(self):
        self.gateway.kill()
        self.relay.close()
        self.broker.stop()

    def health(self):
        """(status, troubles) as the internal listener says; the slowest answer is kept."""
        began = time.monotonic()
        url = f"http://127.0.0.1:{self.gateway.internal_port}/healthz"
        try:
            answer = urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError as error:
            answer = error
        body = json.loads(answer.read())
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        return answer.status, {row["what"]: row["why"] for row in body["troubles"]}

    def acknowledged(self):
        return self.relay.count("up", "PUBACK")

    def publish(self, count):
        """Events on the broker; their ids."""
        events = [self.source.event("handover.requested", handover()) for _ in range(count)]
        pairs = ((topic_of("soziales-ulm", "handover.requested"), json.dumps(event))
                 for event in events)
        assert self.source.client.publish_many(pairs, STRUCTURED) == count
        self.sent += count
        return {event["id"] for event in events}

    def receipts(self, ids, timeout=60):
        """Reads until each id has a receipt; {id: [outcome, ...]} of all that came."""
        found = {}
        deadline = time.monotonic() + timeout
        while not ids <= found.keys():
            assert time.monotonic() < deadline, f"{len(ids - found.keys())} without a receipt"
            self.source.client.poll(0.1)
            for message in self.source.client.messages:
                if message.topic.endswith("/receipt"):
                    data = json.loads(message.payload)["data"]
                    found.setdefault(data["event_id"], []).append(data["outcome"])
            self.source.client.messages.clear()
        return found

    def lost_by_broker(self):
        """How often the broker gave the daemon up."""
        return self.broker.process.log.read_text().count("has exceeded timeout")

    def rows(self, sql):
        with sqlite3.connect(f"file:{self.gateway.store}?mode=ro", uri=True) as db:
            return db.execute(sql).fetchall()


def trouble_shows(bench, why):
    status, troubles = wait_until(lambda: (lambda found: found if "store" in found[1] else None)(
        bench.health()), "/healthz tells of the store")
    assert status == 503, status
    assert why in troubles["store"], troubles
    done = bench.gateway.ctl("status", check=False)
    assert done.returncode and why in done.stderr, f"stafettectl says {done.stderr!r}"


def outlast(bench, lost_before, acknowledged):
    """Holds the fault until the broker has given us up; nothing may be acknowledged meanwhile."""
    def given_up():
        status, troubles = bench.health()
        assert status == 503 and "store" in troubles, (status, troubles)
        assert bench.acknowledged() == acknowledged, "acknowledged without a commit"
        assert not any(m.topic.endswith("/receipt") for m in bench.source.client.messages)
        bench.source.client.poll(0.0)
        return bench.lost_by_broker() > lost_before

    wait_until(given_up, "the broker gives us up", KEEPALIVE_S * 3, interval=0.05)


def tries_again(bench, count, acknowledged):
    def tried():
        assert bench.acknowledged() == acknowledged, "acknowledged without a commit"
        return bench.hits.read_text().count("\n") >= count

    wait_until(tried, f"{count} tries", interval=0.05)


def recovers(bench, ids):
    found = bench.receipts(ids)
    outcomes = {outcome for id in ids for outcome in found[id]}
    assert outcomes <= {"accepted", "repeated"}, outcomes
    wait_until(lambda: bench.health()[0] == 200, "/healthz is well")
    assert bench.gateway.process.running() and bench.gateway.process.pid == bench.pid
    decided_once(bench)
    repeats = sum(len(found[id]) for id in ids)
    say(f"{len(ids)} events, {repeats} receipts, slowest /healthz {bench.slowest_s * 1000:.0f} ms")
    assert bench.slowest_s < 1.0, f"/healthz took {bench.slowest_s:.2f} s"
    bench.slowest_s = 0.0


def decided_once(bench):
    assert bench.rows("select count(*), count(distinct event_id) from event") == \
        [(bench.sent, bench.sent)], bench.rows("select count(*) from event")
    assert bench.rows("select count(*), count(distinct case_ref) from item") == \
        [(bench.sent, bench.sent)]
    assert bench.rows("select count(*) from item where item_seq not in"
                      " (select item_seq from clock where state = 0)") == [(0,)]
    assert bench.rows("select count(*) from item where item_seq not in"
                      " (select item_seq from delivery)") == [(0,)]
    assert bench.rows("select count(*) from pragma_integrity_check"
                      " where integrity_check <> 'ok'") == [(0,)]


def full(bench, mode, place, why, long):
    """One outage: `mode` fails at `place`; a long one outlasts the keepalive."""
    bench.gateway.wait_quiet(60)
    bench.hits.unlink(missing_ok=True)
    log_before = len(bench.gateway.log)
    lost_before = bench.lost_by_broker()
    acknowledged = bench.acknowledged()
    bench.gateway.freeze()  # so that its first turn finds a backlog
    ids = bench.publish(BACKLOG if long else 1000)
    bench.fault.write_text(mode)
    bench.gateway.thaw()
    try:
        trouble_shows(bench, why)
        if long:
            outlast(bench, lost_before, acknowledged)
        else:
            tries_again(bench, 4, acknowledged)
        places = set(bench.hits.read_text().split())
        assert places == {place}, f"failed at {places}, wanted {place}"
    finally:
        bench.fault.unlink()
    recovers(bench, ids)
    log = bench.gateway.log[log_before:]
    assert f'why="{why}' in log and 'msg="store" state=trouble' in log, log[-500:]
    assert 'msg="store" state=well' in log, log[-500:]
    assert "set aside" not in log, "an event was blamed for the disk"


def works(bench):
    assert bench.receipts(bench.publish(10))
    decided_once(bench)


OUTAGES = [
    ("no room at an INSERT, longer than the keepalive", "full-write", "insert",
     "database or disk is full (13)", True),
    ("no room inside COMMIT, longer than the keepalive", "full-commit", "commit",
     "database or disk is full (13)", True),
    ("no room found out by fsync", "full-sync", "sync", "database or disk is full (13)", False),
    ("a disk that cannot write", "ioerr", "sync", "disk I/O error (1034)", False),
]


def main():
    cases = Cases()
    bench = Bench()
    try:
        cases.run("before: events are decided", works, bench)
        for label, *outage in OUTAGES:
            cases.run(label, full, bench, *outage)
        cases.run("after: events are decided", works, bench)
    finally:
        bench.close()
    cases.end()


main()
