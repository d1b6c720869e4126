"""A load on the daemon while it is killed over and over (40-crash.py, tests/soak/crash.py).

A case system publishes requests and answers what it hears was delivered; an ear with a persistent
session writes down all receipts and status events; Postfix's smtp-sink takes the mails; and the
daemon is ended by SIGKILL, at the test points (daemon/testpoint.h) and at random moments. Nothing
is judged here: crash_check.py does that when all is quiet.

Memory: of what came only ids and hashes are kept, and a mail's file goes once it is counted.
"""

import collections
import contextlib
import json
import os
import random
import re
import sqlite3
import subprocess
import threading
import time

from gateway import Gateway
from mqtt5 import Client, MqttError
from peers import Broker, Folder, SmtpSink, say, wait_until
from scene import PREFIX, SEED, STRUCTURED, handover, now, topic_of

SOURCE = "soziales-ulm"
UNIT = "egh-eselsberg"
# Each point, and at which pass of it at the latest the daemon ends: a life gets some 80 events,
# which are a few commits, and one start for each mail.
POINTS = {"before-commit": 10, "before-acks": 10, "before-start": 60, "before-settle": 8}
RANDOM_S = 0.6  # a random moment is at most so long after the start of the process
IN_FLIGHT_MAX = 16
# What is said when that was heard of a request whose number leaves that rest by seven.
ANSWERS = {("notice.sent", 0): "handover.acknowledged",
           ("notice.sent", 3): "handover.acknowledged",
           ("handover.acknowledged", 0): "handover.accepted"}
DETAILS = {"handover.acknowledged": {"code": "seen"},
           "handover.accepted": {"at": now(), "mode": "phone"}}
WINDOW = 500
DRIPS, DRIP_S = 8, 0.02  # a life's events come in so many parts, at such distances
IDLE_S = 0.2
SLOW = ("-W", ".:1")
LIFE_S = 60
HELD = 4        # the first window of daemon/flow.h: what a destination gets before it has answered
MESSAGE_ID = re.compile(rb"^Message-ID: <(d(\d+)\.[^@>]+)@", re.MULTILINE | re.IGNORECASE)


def event_id_of(number):
    return f"ev-{SEED}-{number}"


class Ear:
    """The receipts and status events, and which items may be answered now."""

    def __init__(self, port):
        self.status = {}       # CloudEvents id -> hash of the payload
        self.clashes = []      # ids that came with another payload
        self.notices = set()   # numbers of notices of which a notice.sent told
        self.told = set()      # (short type, case_ref)
        self.receipts = {}     # event id -> outcomes
        self.repeats = 0       # messages that had come before
        self.open = {}         # event id -> (topic, payload), until its receipt has come
        self.answerable = collections.deque()  # (short type, case_ref) that was heard of first
        self.heard_at = time.monotonic()
        self.error = None
        self.client = Client(port, "ear", clean=False, expiry=86400)
        self.client.subscribe("stafette/out/+/status", "stafette/out/+/receipt")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self):
        try:
            while not self._ended.is_set():
                if self.client.poll(0.05):
                    self.heard_at = time.monotonic()
                for message in self.client.messages:
                    self._take(message.topic, message.payload)
                self.client.messages.clear()
        except Exception as error:
            self.error = error

    def _take(self, topic, payload):
        event = json.loads(payload)
        if topic.endswith("/receipt"):
            self._take_receipt(event["data"])
        else:
            self._take_status(event, hash(payload))

    def _take_receipt(self, data):
        self.receipts.setdefault(data["event_id"], set()).add(data["outcome"])
        self.open.pop(data["event_id"], None)

    def _take_status(self, event, content):
        before = self.status.get(event["id"])
        self.repeats += before is not None
        if before not in (None, content):
            self.clashes.append(event["id"])
        self.status[event["id"]] = content
        short = event["type"].removeprefix(PREFIX).removesuffix(".v1")
        if short == "notice.sent":
            self.notices.add(int(event["data"]["notice_id"]))
        fact = (short, event["data"].get("case_ref", ""))  # a refusal has none
        if fact not in self.told:
            self.told.add(fact)
            self.answerable.append(fact)

    def silent_s(self):
        return time.monotonic() - self.heard_at

    def close(self):
        self._ended.set()
        self._thread.join()
        self.client.close()


class Sender:
    """The case system: of ten events seven are requests, two acknowledge one, one accepts one that
    was acknowledged. A request is answered when the status event says that its mail has left, as
    people do. It publishes as fast as the broker takes it, up to what allow() permits."""

    def __init__(self, port, count, ear):
        self.requests = count * 7 // 10
        self.count = self.requests + self.requests * 3 // 7
        self.ear = ear
        self.published = 0
        self.requested = 0
        self.acknowledged = 0  # by the broker
        self.allowed = 0
        self.error = None
        self.case = {}         # case_ref -> number of its request
        self.wanted = set()    # (short type, case_ref) of the answers that were given
        self.client = Client(port, "sender")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def allow(self, count):
        self.allowed = min(max(count, self.allowed), self.count)

    def finished(self):
        return self.acknowledged == self.count

    def _send(self):
        try:
            while not self._ended.is_set() and not self.finished():
                self._publish_some()
                self.client.poll(0.01)
                self._count_acknowledged()
        except Exception as error:
            self.error = error

    def _publish_some(self):
        while self.published < self.allowed and self.published - self.acknowledged < WINDOW:
            made = self._answer() or self._request()
            if not made:
                return
            self._publish(*made)

    def _count_acknowledged(self):
        bad = [code for code in self.client.pubacks.values() if code]
        if bad:
            raise MqttError(f"PUBACK reason 0x{bad[0]:02x}: the gateway's session is gone")
        self.acknowledged += len(self.client.pubacks)
        self.client.pubacks.clear()

    def _publish(self, kind, data, attributes):
        event_id = event_id_of(self.published)
        event = {"specversion": "1.0", "id": event_id, "source": f"/{SOURCE}/fachverfahren",
                 "type": f"{PREFIX}{kind}.v1", "time": now(), **attributes, "data": data}
        topic, payload = topic_of(SOURCE, kind), json.dumps(event)
        self.ear.open[event_id] = (topic, payload)
        self.published += 1
        self.client.publish(topic, payload, STRUCTURED, wait=False)

    def _request(self):
        """One in four is urgent: a lane of its own, so that both are full when the end comes."""
        if self.requested == self.requests:
            return None
        data = handover()
        self.case[data["case_ref"]] = (self.requested, event_id_of(self.published))
        urgency = "routine" if self.requested % 4 else "urgent"
        self.requested += 1
        return "handover.requested", data, {"urgency": urgency}

    def _answer(self):
        while self.ear.answerable:
            fact, ref = self.ear.answerable.popleft()
            number, event_id = self.case.get(ref, (None, ""))
            kind = ANSWERS.get((fact, number % 7)) if event_id else None
            if kind:
                self.wanted.add((kind, ref))
                data = {"case_ref": ref, "by_unit": UNIT, **DETAILS[kind]}
                return kind, data, {"inreplyto": event_id}
        return None

    def repeat_open(self):
        """Sends again what has no receipt; returns how many those are."""
        events = list(self.ear.open.values())
        assert self.client.publish_many(events, STRUCTURED) == len(events)
        return len(events)

    def close(self):
        self._ended.set()
        self._thread.join()
        self.client.close()


class MailCount:
    """Counts the mails that smtp-sink keeps, by Message-ID, and removes them."""

    def __init__(self, sink):
        self.sink = sink
        self.copies = collections.Counter()  # by Message-ID
        self.delivery = {}                   # Message-ID -> number of the delivery

    def take(self, older_than_s):
        """Younger files may not be whole yet; smtp-sink removes those that were broken off."""
        limit = time.time() - older_than_s
        for path in list(self.sink.mails.iterdir()):
            with contextlib.suppress(FileNotFoundError):
                self._take_one(path, limit)

    def _take_one(self, path, limit):
        if path.stat().st_mtime > limit:
            return
        found = MESSAGE_ID.search(path.read_bytes())
        assert found, f"{path}: no Message-ID"
        path.unlink()
        self.copies[found.group(1)] += 1
        self.delivery[found.group(1)] = int(found.group(2))

    def drop_broken(self):
        """After smtp-sink was ended itself: what it had only begun to take, and never accepted."""
        for path in list(self.sink.mails.iterdir()):
            if not MESSAGE_ID.search(path.read_bytes()):
                path.unlink()

    def extra(self):
        return self.copies.total() - len(self.copies)


def kill_plan(kills, points, chance):
    """(point, pass) and ("random", seconds) by turns of chance, equally many of each."""
    share = kills // (len(points) + 1)
    plan = [(point, chance.randint(1, deepest)) for point, deepest in points.items()
            for _ in range(share)]
    plan += [("random", chance.uniform(0, RANDOM_S)) for _ in range(kills - len(plan))]
    chance.shuffle(plan)
    return plan


class Run:
    """`count` events, of which `share` come while the daemon is killed `kills` times, at `points`
    and at random. A slow relay answers each final dot after a second, until the last life; then a
    life ends when the relay holds as many mails as a daemon that just began hands out (HELD)."""

    def __init__(self, count, kills, share=1.0, points=POINTS, in_flight_max=IN_FLIGHT_MAX,
                 slow_relay=False):
        self.folder = Folder()
        self.broker = Broker(self.folder, durable=False).start()
        self.sink = SmtpSink(self.folder, *(SLOW if slow_relay else ()), keep=True).start()
        self.mails = MailCount(self.sink)
        self.in_flight_max = in_flight_max
        self.gateway = self._gateway()
        self.gateway.start()  # its session must exist before the first event
        self.gateway.kill()
        self.ear = Ear(self.broker.port)
        self.sender = Sender(self.broker.port, count, self.ear)
        self.plan = kill_plan(kills, points, random.Random(SEED))
        if slow_relay:
            self.plan = [("held", min(HELD, in_flight_max))] * kills
        self.share = share
        self.goal = self.drip = 0  # of the current life: see _let_out()
        self.kills = collections.Counter()
        self.began = time.monotonic()
        self.ended = None
        self.store = self.gateway.store  # the copy, once there is one

    def _gateway(self):
        relay = (f'name = "relay"; adapter = "email_smtp"; tls = "none"; '
                 f'url = "smtp://127.0.0.1:{self.sink.port}"; from = "stafette@ulm.example";')
        return Gateway(self.folder, self.broker, points=True, settings={
            "transports": f'( {{ {relay} }}, {{ name = "sms"; adapter = "null_sms"; }} )',
            "delivery.carriers": 16, "delivery.in_flight_max": self.in_flight_max,
            "delivery.retry_first": "1s"})

    def close(self):
        self.gateway.kill()
        for part in (self.sender, self.ear):
            part.close()
        self.sink.stop()
        self.broker.stop()

    def seconds(self):
        """From the first event until nothing was pending."""
        return self.ended - self.began

    def look_well(self):
        """The threads must be alive, or the test would wait for nothing."""
        for part in (self.sender, self.ear):
            if part.error:
                raise AssertionError(f"{type(part).__name__} ended: {part.error!r}")

    def kill_often(self, time_box_s=None):
        """All lives of the plan, or as many as the time box has room for."""
        for number, (what, value) in enumerate(self.plan, 1):
            if time_box_s and time.monotonic() - self.began > time_box_s:
                say(f"time box of {time_box_s:g} s is over")
                return
            self.goal = int(self.sender.count * self.share * number / len(self.plan))
            self.drip = max((self.goal - self.sender.published) // DRIPS, 1)
            self._live(what, value)
            self.kills[what] += 1
            if number % 100 == 0:
                self.mails.take(older_than_s=5)
                say(f"{number} kills, {self.sender.published} events published")

    def _let_out(self):
        """Some of the life's events wait in the broker when it begins, the others come by and by;
        a life that has nothing to do gets more, or it would never reach its point."""
        self.look_well()
        if self.sender.published < self.goal or self.ear.silent_s() > IDLE_S:
            self.sender.allow(self.sender.published + self.drip)

    def _live(self, what, value):
        self._let_out()
        if what == "held":
            before = len(os.listdir(self.sink.mails))
            self.gateway.launch()
            self._wait_end(LIFE_S, lambda: len(os.listdir(self.sink.mails)) >= before + value)
            self.gateway.kill()
            return
        if what == "random":
            self.gateway.launch()
            self._wait_end(value)
            assert self.gateway.process.running(), f"ended by itself:\n{self.gateway.log[-2000:]}"
            self.gateway.kill()
            return
        self.gateway.launch(STAFETTE_KILL_AT=f"{what}:{value}")
        assert self._wait_end(LIFE_S), f"{what}:{value} was not reached in {LIFE_S} s"
        status = self.gateway.process.popen.returncode
        assert status == -9, f"ended with {status} instead:\n{self.gateway.log[-2000:]}"

    def _wait_end(self, seconds, enough=lambda: False):
        """Lets events out until the daemon has ended, it is enough, or so many seconds are over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not enough():
            try:
                self.gateway.process.popen.wait(min(DRIP_S, deadline - time.monotonic()))
                return True
            except subprocess.TimeoutExpired:
                self._let_out()
        return False

    # ---- the last life: all that is left, until nothing is pending

    def start_last(self):
        if self.sink.flags[:2] == [*SLOW]:
            self.sink.stop()
            del self.sink.flags[:2]
            self.sink.start()
        began = time.monotonic()
        self.gateway.start()
        say(f"last start took {time.monotonic() - began:.3f} s")

    def _wait(self, condition, what, timeout):
        try:
            wait_until(lambda: self.look_well() or condition(), what, timeout, 0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.state()}") from None

    def state(self):
        names = ("decided", "pending deliveries", "unsettled out-events", "out-events made")
        return (f"of {self.sender.count} events {self.sender.published} published and "
                f"{self.sender.acknowledged} acknowledged by the broker; {len(self.ear.status)} "
                f"status events heard; {dict(zip(names, self.waiting()))}")

    def finish(self, count, timeout):
        """Lets `count` events out; returns when nothing is pending and all status events came."""
        self.sender.allow(count)
        self._wait(lambda: self.sender.acknowledged >= count, f"{count} events published", timeout)
        self._wait(self.is_quiet, "nothing is pending", timeout)
        self.ended = time.monotonic()

    def is_quiet(self):
        events, pending, out, high = self.waiting()
        return (events >= self.sender.published and not pending and not out
                and len(self.ear.status) >= high)

    def waiting(self):
        """Events decided, deliveries pending, out-events unsettled, out-events ever made."""
        where = f"file:{self.gateway.store}?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=10)) as db:
            return db.execute(
                "select (select count(*) from event),"
                " (select count(*) from delivery where state = 0),"
                " (select count(*) from out_event),"
                " coalesce((select cast(value as integer) from meta where name = 'out_high'), 0)"
            ).fetchone()

    def repeat_open(self, timeout=60):
        """What has no receipt is sent again, as its sender would do; returns their ids."""
        ids = set(self.ear.open)
        self.sender.repeat_open()
        self._wait(lambda: not self.ear.open, "a receipt for each event", timeout)
        return ids

    def memory_kb(self):
        with open(f"/proc/{self.gateway.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

    def stop_and_copy(self):
        """Ends the daemon cleanly and copies its store, for the checks."""
        self.gateway.stop()
        copy = self.folder / "copy"
        copy.mkdir()
        for path in self.folder.path.glob("stafette.db*"):
            (copy / path.name).write_bytes(path.read_bytes())
        self.store = copy / "stafette.db"
        self.mails.take(older_than_s=0)
