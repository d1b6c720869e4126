"""One run of the relay soak: 20 relays of which some are unwell, events at a steady rate, a daemon
that is killed at random moments and relays that restart. Nothing is judged here (relay_check.py).

Memory: of the mails only Message-IDs are kept; a file goes once it is counted.
"""

import collections
import contextlib
import random
import selectors
import socket
import sqlite3
import threading
import time

from crash_run import MailCount
from gateway import Gateway
from mqtt5 import Client
from peers import Broker, Folder, SmtpSink, free_port, say, wait_until
from relay_town import RELAYS, TOPIC, make_event, write_town

UNWELL = {2: ("-r", "RCPT", "-b", "450 4.2.0 try again later"),
          8: ("-r", "RCPT", "-b", "451 4.3.2 system not accepting messages"),
          12: "hangs",
          16: ("-f", "RCPT", "-B", "550 5.1.1 user unknown")}
KILLED_UNTIL = 0.6     # of the run: its last life is long enough to see the memory in
RESTARTED = (0.1, 0.9)
SECOND_S, SAMPLE_S, COUNT_S, MINUTE_S = 1, 2, 5, 60
STOLEN_TICKS = 5       # of a second: 50 ms of processor time
IN_FLIGHT_MAX = 64     # relay_town.py


class HangingRelay:
    """Takes connections and never says a word."""

    def __init__(self):
        self.port = free_port()
        self.stopped = threading.Event()

    def start(self):
        self.stopped.clear()
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=1000)
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        return self

    def _serve(self):
        with selectors.DefaultSelector() as all_of_them:
            all_of_them.register(self.listener, selectors.EVENT_READ)
            while not self.stopped.is_set():
                for key, _ in all_of_them.select(0.2):
                    self._serve_one(all_of_them, key.fileobj)
            for key in list(all_of_them.get_map().values()):
                key.fileobj.close()

    def _serve_one(self, all_of_them, fd):
        if fd is self.listener:
            all_of_them.register(fd.accept()[0], selectors.EVENT_READ)
            return
        with contextlib.suppress(OSError):
            if fd.recv(4096):
                return
        all_of_them.unregister(fd)
        fd.close()

    def stop(self):
        self.stopped.set()
        self.thread.join()


class Relays:
    """All relays, and what they have taken: a MailCount over all of them."""

    def __init__(self, folder, unwell):
        self.peer = [self._make(folder.path / f"relay{i:02d}", unwell.get(i, ()))
                     for i in range(RELAYS)]
        self.restarts = 0
        self.copies = collections.Counter()
        self.delivery = {}
        self.counts = []

    def _make(self, folder, fault):
        if fault == "hangs":
            return HangingRelay()
        folder.mkdir()
        folder.chmod(0o755)
        return SmtpSink(folder, *fault, keep=True)

    def start(self):
        for peer in self.peer:
            peer.start()
        self._count_at(self.peer)

    def _count_at(self, peers):
        for sink in peers:
            if isinstance(sink, SmtpSink):
                self.counts.append(MailCount(sink))
                self.counts[-1].copies, self.counts[-1].delivery = self.copies, self.delivery

    def restart(self, position):
        self.peer[position].stop()
        self._drop_broken(position)
        self.peer[position].start()
        self.restarts += 1

    def _drop_broken(self, position):
        for count in self.counts:
            if count.sink is self.peer[position]:
                count.drop_broken()

    def heal(self, folder):
        """Well ones take the places of those that are not."""
        for position in UNWELL:
            self.peer[position].stop()
            self._drop_broken(position)
            port = self.peer[position].port
            self.peer[position] = self._make(folder.path / f"healed{position:02d}", ())
            self.peer[position].port = port
            self.peer[position].start()
            self._count_at([self.peer[position]])

    def take(self, older_than_s):
        for count in self.counts:
            count.take(older_than_s)

    def extra(self):
        return self.copies.total() - len(self.copies)

    def stop(self):
        for peer in self.peer:
            peer.stop()


class Sender(threading.Thread):
    """Publishes `count` events evenly over `seconds`; late is late: none is left out."""

    def __init__(self, port, count, seconds, seed):
        super().__init__(daemon=True)
        self.client = Client(port, "sender")
        self.count, self.seconds, self.chooser = count, seconds, random.Random(seed)
        self.published = self.acknowledged = 0
        self.error = None

    def run(self):
        try:
            begun = time.monotonic()
            while self.acknowledged < self.count:
                self._publish_due(time.monotonic() - begun)
                self.client.poll(0.005)
                self.acknowledged += len(self.client.pubacks)
                self.client.pubacks.clear()
        except Exception as error:
            self.error = error

    def _publish_due(self, passed_s):
        due = min(self.count, int(self.count * passed_s / self.seconds) + 1)
        while self.published < due and self.published - self.acknowledged < 1000:
            self.client.publish(TOPIC, make_event(self.published, self.chooser), wait=False)
            self.published += 1


class Plan:
    """What is done when: [(seconds, "kill" or "restart", relay)], latest first."""

    def __init__(self, seconds, kills, restarts, seed):
        chance = random.Random(seed)
        self.steps = [(chance.uniform(0, KILLED_UNTIL * seconds), "kill", 0)
                      for _ in range(kills)]
        self.steps += [(chance.uniform(*(part * seconds for part in RESTARTED)), "restart", i)
                       for i in (range(RELAYS) if restarts else ())]
        self.steps.sort(reverse=True)

    def due(self, passed_s):
        while self.steps and self.steps[-1][0] <= passed_s:
            yield self.steps.pop()


class Host:
    """The seconds in which the machine that ours is a guest of gave its processors to others
    (proc(5): steal). Everything is slow then, whatever is measured."""

    def __init__(self):
        self.ticks = self._ticks()
        self.stolen = set()  # Unix seconds

    @staticmethod
    def _ticks():
        with open("/proc/stat", encoding="ascii") as lines:
            return int(lines.readline().split()[8])

    def look(self):
        """Once a second."""
        before, self.ticks = self.ticks, self._ticks()
        if self.ticks - before >= STOLEN_TICKS:
            now = int(time.time())
            self.stolen.update((now - 1, now))


class Run:
    """`count` events in `seconds`, with or without trouble."""

    def __init__(self, name, count, seconds, kills=None, seed=1):
        self.name, self.count, self.seconds = name, count, seconds
        self.troubled = kills is not None
        self.in_flight_max = IN_FLIGHT_MAX
        self.folder = Folder(f"stafette-soak-{name}-")
        self.relays = self.mails = Relays(self.folder, UNWELL if self.troubled else {})
        self.broker = Broker(self.folder, durable=False)
        town = write_town(self.folder.path / "town", [peer.port for peer in self.relays.peer])
        self.gateway = Gateway(self.folder, self.broker, base=str(town))
        self.kills = collections.Counter()
        self.plan = Plan(seconds, kills or 0, self.troubled, seed)
        self.seed = seed
        self.host = Host()
        self.killed = set()  # Unix seconds
        self.memory = []  # (life, seconds since its start, events decided, KB)
        self.store = self.gateway.store

    def start(self):
        self.broker.start()
        self.relays.start()
        self.gateway.start().wait_online()
        self.life_began = time.monotonic()
        self.sender = Sender(self.broker.port, self.count, self.seconds, self.seed)

    def close(self):
        for part in (self.gateway.kill, self.relays.stop, self.broker.stop):
            with contextlib.suppress(Exception):
                part()

    # ---- the run

    def go(self):
        begun = time.monotonic()
        every_s = {self.host.look: SECOND_S, self._sample: SAMPLE_S,
                   self._count_mails: COUNT_S, self._report: MINUTE_S}
        next_s = dict.fromkeys(every_s, 0)
        self.sender.start()
        while self.sender.is_alive():
            passed = time.monotonic() - begun
            for step in self.plan.due(passed):
                self._do(*step[1:])
            for job, at in next_s.items():
                if at <= passed:
                    job()
                    next_s[job] = passed + every_s[job]
            self.sender.join(0.05)
            self._look_well()
        if self.sender.error:
            raise AssertionError(f"the sender ended: {self.sender.error!r}")
        self._report()

    def _look_well(self):
        if not self.gateway.process.running():
            raise AssertionError(f"the daemon ended by itself:\n{self.gateway.log[-2000:]}")

    def _do(self, what, position):
        if what == "restart":
            self.relays.restart(position)
            return
        self.gateway.kill()
        self.killed.add(int(time.time()))
        self.kills["random"] += 1
        self.gateway.start()
        self.life_began = time.monotonic()

    def _sample(self):
        self.memory.append((self.kills.total(), time.monotonic() - self.life_began,
                            self.sender.published, self.memory_kb()))

    def _count_mails(self):
        self.relays.take(older_than_s=5)

    def _report(self):
        sent, waiting = self.tally()
        say(f"{time.strftime('%H:%M:%S')} {self.name}: {self.sender.published} events, {sent} "
            f"sent, {waiting} waiting, {self.memory_kb()} KB, {self.kills.total()} kills, "
            f"{self.relays.restarts} restarts, {self.relays.extra()} repeats")

    def memory_kb(self):
        with open(f"/proc/{self.gateway.process.pid}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))

    # ---- what is in the store

    def rows(self, sql, *values):
        where = f"file:{self.store}?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=30)) as db:
            return db.execute(sql, values).fetchall()

    def tally(self):
        return self.rows("select coalesce(sum(state = 1), 0), coalesce(sum(state = 0), 0)"
                         " from delivery")[0]

    def pending_by_relay(self):
        """{position of the usual relay: deliveries that wait}"""
        return dict(self.rows(
            "select cast(substr(contact, 5, instr(contact, '/') - 5) as integer) % ?, count(*)"
            " from delivery where state = 0 and contact like 'team%' group by 1", RELAYS))

    def wait_decided(self, timeout):
        wait_until(lambda: self.rows("select count(*) from event")[0][0] >= self.count,
                   f"{self.count} events decided", timeout, 0.2)

    def wait_sent(self, positions, timeout):
        """Until nothing waits for these relays."""
        def nothing():
            self._look_well()
            return not positions & set(self.pending_by_relay())

        wait_until(nothing, "nothing waits", timeout, 1)

    def stop(self):
        self.gateway.stop(60)
        self.relays.take(older_than_s=0)
