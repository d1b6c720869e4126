"""A working month of a city on the test clock, while the daemon is killed over and over
(43-crash-month.py, tests/soak/crash_month.py).

The month is a list of events with their times, made from STORIES by chance: handovers and referrals
on working days, emergencies at night, and their answers with the delays that people take, of which
more than half come after the first reminder. The driver moves the clock from one moment to the
next, publishes what belongs there, and waits until all is quiet: everything is decided, no clock is
due, nothing waits to be sent. Meanwhile the daemon ends by SIGKILL, at its test points and at
random, and starts again. At each quiet moment no open clock may be due; crash_month_check.py judges
the rest at the end.
"""

import collections
import contextlib
import datetime
import json
import random
import socket
import sqlite3
import subprocess
import time

import crash_run
from crash_run import IN_FLIGHT_MAX, Ear, MailCount, kill_plan
from gateway import Gateway
from mqtt5 import Client
from peers import TOP, Broker, Folder, SmtpSink, say, wait_until
from scene import PREFIX, SEED, STRUCTURED, case_ref, topic_of

START = datetime.datetime(2026, 11, 2, 7, tzinfo=datetime.timezone.utc)  # Monday, 08:00 in Ulm
DAYS = 28
STEP_H = 3
# Each point, and at which pass of it at the latest the daemon ends.
POINTS = {"event-decided": 40, "clock-fired": 15, "before-commit": 20, "before-acks": 20,
          "before-start": 60, "before-settle": 15}
RANDOM_S, QUIET_S = 0.3, 30  # a random end is at most so long after the clock was moved
CITY, PROVIDERS, HOTLINE = "soziales-ulm", "traeger-portal", "hotline"
LEAD = "leitung-soziales"
# Place, what its units are called by, provider of Eingliederungshilfe.
PLACES = [("boefingen", "boefingen", "bruderhaus-diakonie"),
          ("weststadt-soeflingen", "weststadt", "lebenshilfe"),
          ("eselsberg", "eselsberg", "rehaverein"),
          ("wiblingen", "wiblingen", "liebenau-teilhabe")]
SERVICES = [("egh", "SGB_IX"), ("hzp", "SGB_XII"), ("hlu", "SGB_XII")]


# ---- what happens: (after how many hours at least and at most, source, type, data, state then)

def by_receiver(case, **more):
    return {"by_unit": case.receiver, **more}


def seen(case):
    return by_receiver(case, code="seen")


def talk(case):
    return by_receiver(case, at=case.stamp, mode="phone")


def taken_back(case):
    return {"by_unit": case.giver, "at": case.stamp, "mode": "phone"}


def called_off(case):
    return {"by_unit": case.giver, "at": case.stamp}


def code(word):
    return lambda case: by_receiver(case, code=word)


def decided(word):
    return lambda case: {"by_unit": LEAD, "code": word}


def approved(case):
    return {"by_role": LEAD, "budget_line": "egh-2027"}


def provided(word, **more):
    return lambda case: {"provider": case.provider, "code": word, **more}


def met(case):
    return {"provider": case.provider, "on": case.stamp[:10]}


def on_call(case):
    return {"by_unit": "bereitschaft", "at": case.stamp}


def cleared(case):
    return {"at": case.stamp}


def over(case):
    return {"by_unit": "bereitschaft", "code": "resolved"}


SEEN = "handover.acknowledged"
TAKEN = "handover.accepted"
SOON, DAY, LATE = (1, 6), (20, 28), (100, 180)
MINUTES = (0.05, 0.15)
APPROVED = ("referral.approved", approved, "offered")

# Name: weight, what asks, Hilfeplan or not, the answers, each counted from the one before. A state
# of None is not foretold: it hangs on clocks, or on who else may be asked.
STORIES = {
    "swift": (14, "handover", False, [
        (SOON, CITY, SEEN, seen, "acknowledged"), (DAY, CITY, TAKEN, talk, "accepted")]),
    "slow": (22, "handover", False, [
        (LATE, CITY, SEEN, seen, "acknowledged"), (DAY, CITY, TAKEN, talk, "accepted")]),
    "silent": (12, "handover", False, []),
    "forgotten": (5, "handover", False, [(SOON, CITY, SEEN, seen, "acknowledged")]),
    "talk": (6, "handover", True, [
        (LATE, CITY, SEEN, seen, "acknowledged"),
        (DAY, CITY, "handover.conversation.held", talk, "conversation_held"),
        (DAY, CITY, TAKEN, talk, "accepted")]),
    "talk told late": (6, "handover", True, [
        (SOON, CITY, SEEN, seen, "acknowledged"), (DAY, CITY, TAKEN, talk, "acknowledged"),
        (SOON, CITY, "handover.conversation.held", talk, "accepted")]),
    "answered before asked": (3, "handover", False, [
        ((-2, -1), CITY, SEEN, seen, "acknowledged"), (DAY, CITY, TAKEN, talk, "accepted")]),
    "withdrawn": (4, "handover", False, [
        (DAY, CITY, "handover.withdrawn", taken_back, "withdrawn"),
        (LATE, CITY, SEEN, seen, "closed")]),
    "withdrawn, unconfirmed": (3, "handover", False, [
        (LATE, CITY, "handover.withdrawn", taken_back, "withdrawn")]),
    "conflict": (3, "handover", False, [
        (DAY, CITY, "handover.rejected", code("not_competent"), "conflict"),
        (LATE, CITY, "handover.conflict.decided", decided("confirmed"), "confirmed"),
        (DAY, CITY, TAKEN, talk, "accepted")]),
    "conflict, the giver keeps it": (2, "handover", False, [
        (DAY, CITY, "handover.rejected", code("wrong_place"), "conflict"),
        (DAY, CITY, "handover.conflict.decided", decided("giver_keeps"), "closed")]),
    "conflict, undecided": (2, "handover", False, [
        (DAY, CITY, "handover.rejected", code("wrong_area"), "conflict")]),
    "returned": (3, "handover", False, [
        (DAY, CITY, "handover.returned", code("incomplete"), "returned")]),
    "rejected": (2, "handover", False, [
        (DAY, CITY, "handover.rejected", code("no_capacity"), "rejected")]),
    "runs": (5, "referral", False, [
        (DAY, CITY, *APPROVED),
        (SOON, PROVIDERS, "referral.acknowledged", provided("seen"), "acknowledged"),
        (SOON, PROVIDERS, "referral.accepted", provided("accepted"), "accepted"),
        (SOON, PROVIDERS, "referral.contact.scheduled", met, "contact_scheduled"),
        (SOON, PROVIDERS, "referral.contact.held", met, "running")]),
    "waits": (3, "referral", False, [
        (LATE, CITY, *APPROVED),
        (SOON, PROVIDERS, "referral.waitlisted", provided("voll", expected_week="2026-W52"),
         "waitlisted"),
        (LATE, PROVIDERS, "referral.accepted", provided("accepted"), "accepted"),
        (SOON, PROVIDERS, "referral.contact.held", met, "running")]),
    "contact told early": (3, "referral", False, [
        (DAY, CITY, *APPROVED),
        (SOON, PROVIDERS, "referral.contact.scheduled", met, "offered"),
        (SOON, PROVIDERS, "referral.accepted", provided("accepted"), "contact_scheduled"),
        (SOON, PROVIDERS, "referral.contact.held", met, "running")]),
    "never approved": (3, "referral", False, []),
    "offer lapses": (3, "referral", False, [(DAY, CITY, *APPROVED[:2], None)]),
    "declined": (3, "referral", False, [
        (DAY, CITY, *APPROVED), (SOON, PROVIDERS, "referral.declined", provided("voll"), None),
        (LATE, CITY, "referral.withdrawn", called_off, "withdrawn")]),
    "no first contact": (3, "referral", False, [
        (DAY, CITY, *APPROVED),
        (SOON, PROVIDERS, "referral.accepted", provided("accepted"), None)]),
    "emergency": (0, "emergency", False, [
        (MINUTES, HOTLINE, "emergency.acknowledged", on_call, "acknowledged"),
        ((1, 2), HOTLINE, "hazard.cleared", cleared, "cleared"),
        ((1, 2), HOTLINE, "emergency.closed", over, "closed")]),
    "emergency, answered late": (0, "emergency", False, [
        ((0.4, 0.8), HOTLINE, "emergency.acknowledged", on_call, "acknowledged"),
        ((1, 2), HOTLINE, "hazard.cleared", cleared, "cleared"),
        ((1, 2), HOTLINE, "emergency.closed", over, "closed")]),
}
ASKED = {"handover": "delivered", "referral": "approval_pending", "emergency": "reported"}


class Case:
    """One story: who takes part, and what was said so far."""

    def __init__(self, story, chance):
        self.story = story
        self.kind, self.hilfeplan = STORIES[story][1:3]
        self.ref = case_ref()
        self.place, short, self.provider = chance.choice(PLACES)
        self.service, self.area = SERVICES[0] if self.kind == "referral" else \
            chance.choice(SERVICES)
        self.giver = f"ksd-{short}"
        self.receiver = f"{self.service}-{short}"
        self.urgency = chance.choice(("routine", "routine", "prompt", "urgent"))
        self.stamp = ""          # now, when data are made
        self.state = "nothing"   # what it must have come to
        self.request_id = None

    def request(self):
        """Source, type, data."""
        data = {"case_ref": self.ref, "place": self.place}
        if self.kind == "emergency":
            return HOTLINE, "emergency.reported", {**data, "channel": "hotline"}
        data.update(from_unit=self.giver, service=self.service)
        if self.kind == "referral":
            return CITY, "referral.requested", {
                **data, "legal_basis": "sgb9_113", "complexity": "complex",
                "offer_check": "tried", "consent_ref": "c-8841"}
        return CITY, "handover.requested", {
            **data, "rechtskreis": self.area, "reason": "move", "legal_basis": "sgb10_69",
            "hilfeplan": self.hilfeplan, "open_tasks": 3, "next_deadline": "2026-12-18"}


def working_hour(chance):
    """Hours from START to a moment between 08:00 and 16:00 of one of the first 18 working days."""
    day = chance.randrange(18)
    return (day // 5 * 7 + day % 5) * 24 + chance.uniform(0, 8)


def night_hour(chance):
    return chance.randrange(DAYS - 2) * 24 + chance.uniform(13, 22)


def make_month(items, emergencies, chance):
    """[(hours from START, case, None for its request or (source, type, data, state))] by time."""
    names = [name for name, story in STORIES.items() if story[0]]
    weights = [STORIES[name][0] for name in names]
    nights = [name for name, story in STORIES.items() if not story[0]]
    told = [(working_hour(chance), Case(name, chance))
            for name in chance.choices(names, weights, k=items)]
    told += [(night_hour(chance), Case(nights[n % len(nights)], chance))
             for n in range(emergencies)]
    events = []
    for at_h, case in told:
        if case.kind == "emergency":
            case.urgency = "emergency"
        events.append((at_h, len(events), case, None))
        for (least, most), *answer in STORIES[case.story][3]:
            said_h = at_h + chance.uniform(least, most)
            at_h = max(at_h, said_h)
            events.append((said_h, len(events), case, tuple(answer)))
    return sorted(event for event in events if 0 <= event[0] < DAYS * 24)


def moments(events):
    """Hours at which the clock stands still: every STEP_H, and for each word of an emergency."""
    fixed = {float(hour) for hour in range(0, DAYS * 24 + 1, STEP_H)}
    return sorted(fixed | {event[0] for event in events if event[2].kind == "emergency"})


class OrderedEar(Ear):
    """Also the order in which the status events of each item came first, and whether the last
    receipt said that its event was a repeat."""

    def __init__(self, port):
        self.order = collections.defaultdict(list)  # item_id -> numbers
        self.repeated = {}                          # event id -> bool
        super().__init__(port)

    def _take_status(self, event, content):
        if event["id"] not in self.status:
            self.order[event["data"].get("item_id", "")].append(
                int(event["id"].rpartition("-")[2]))
        super()._take_status(event, content)

    def _take_receipt(self, data):
        self.repeated[data["event_id"]] = data["repeated"]
        super()._take_receipt(data)


class Month:
    """The city, its month, and the kills."""

    points = POINTS
    settings = {}  # beside those of _gateway()

    def __init__(self, items, emergencies, kills):
        chance = random.Random(SEED)
        self._make(items, emergencies, chance)
        self.chance, self.wanted = chance, kills
        self.plan = kill_plan(kills, self.points, chance)
        self.kills = collections.Counter()
        self.quiet_ms = []       # the test-clock moments at which nothing was due
        self.published = 0
        self.folder = Folder()
        self.broker = Broker(self.folder, durable=False).start()
        self.sink = SmtpSink(self.folder, keep=True).start()
        self.mails = MailCount(self.sink)
        self.in_flight_max = IN_FLIGHT_MAX
        self.gateway = self._gateway()
        self.gateway.start().wait_online()  # its session must exist before the first event
        self.ear = OrderedEar(self.broker.port)
        self.client = Client(self.broker.port, "month")
        self.store = self.gateway.store
        self.began = time.monotonic()
        self.life = None         # the plan's entry of this life
        self.end_at = None       # when it ends at random
        self.steps_left = None   # moments until then
        self.gateway.kill()
        self._next_life()

    def _make(self, items, emergencies, chance):
        """What happens, and when the clock stands still."""
        self.events = make_month(items, emergencies, chance)
        self.cases = {event[2].ref: event[2] for event in self.events}
        self.moments = moments(self.events)

    def _gateway(self):
        relay = (f'name = "relay"; adapter = "email_smtp"; tls = "none"; '
                 f'url = "smtp://127.0.0.1:{self.sink.port}"; from = "stafette@ulm.example";')
        return Gateway(self.folder, self.broker, points=True, test_clock=START, settings={
            "transports": f'( {{ {relay} }}, {{ name = "sms"; adapter = "null_sms"; }} )',
            "delivery.carriers": IN_FLIGHT_MAX, "delivery.in_flight_max": IN_FLIGHT_MAX,
            **self.settings})

    def close(self):
        self.gateway.kill()
        for part in (self.ear, self.client):
            part.close()
        self.sink.stop()
        self.broker.stop()

    # ---- lives

    def _next_life(self):
        """What the plan has for it; a random moment is counted in moves of the clock."""
        self.life = self.plan.pop() if self.plan else None
        self.end_at, self.steps_left, env = None, None, {}
        if self.life and self.life[0] == "random":
            longest = 2 * len(self.moments) / self.wanted
            self.steps_left = int(self.life[1] / crash_run.RANDOM_S * longest)
        elif self.life:
            env["STAFETTE_KILL_AT"] = "{}:{}".format(*self.life)
        self.gateway.launch(**env)

    def _kill(self):
        self.gateway.kill()
        self.kills["random"] += 1
        if self.life and self.life[0] != "random":
            self.plan.append(self.life)  # its point was not reached: later
        self._next_life()

    def _tend(self):
        """Starts the daemon anew when it has ended, and ends it when its time has come."""
        try:
            status = self.gateway.process.popen.wait(0.01)
        except subprocess.TimeoutExpired:
            if self.end_at and time.monotonic() > self.end_at:
                self._kill()
            return
        assert status == -9 and self.life and self.life[0] != "random", \
            f"ended with {status} by itself:\n{self.gateway.log[-2000:]}"
        self.kills[self.life[0]] += 1
        self._next_life()

    # ---- time

    def _set_clock(self, hours):
        when = START + datetime.timedelta(hours=hours)
        fresh = self.folder / "clock.new"
        fresh.write_text(when.isoformat(timespec="seconds") + "\n")
        fresh.rename(self.gateway.clock)
        self.now = when.replace(microsecond=0)

    def _publish(self, case, answer):
        """One event; case.state is what it must lead to."""
        case.stamp = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        if answer:
            source, kind, data, state = answer
            data = {"case_ref": case.ref, **data(case)}
            case.state = state
        else:
            source, kind, data = case.request()
            early = case.state != "nothing"  # answered before it was asked
            case.state = case.state if early else ASKED[case.kind]
        event_id = f"ev-{SEED}-{self.published}"
        event = {"specversion": "1.0", "id": event_id, "source": f"/{source}/fachverfahren",
                 "type": f"{PREFIX}{kind}.v1", "time": case.stamp, "urgency": case.urgency,
                 "data": data}
        if answer and case.request_id:
            event["inreplyto"] = case.request_id
        elif not answer:
            case.request_id = event_id
        payload = json.dumps(event)
        self.ear.open[event_id] = (topic_of(source, kind), payload)
        self.published += 1
        self.client.publish(topic_of(source, kind), payload, STRUCTURED, wait=False)

    def waiting(self):
        """Events undecided, clocks due, deliveries pending, out-events unsettled."""
        now_ms = int(self.now.timestamp() * 1000)
        where = f"file:{self.gateway.store}?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=10)) as db:
            found = db.execute(
                "select (select count(*) from event),"
                " (select count(*) from clock where state = 0 and due_ms <= ?),"
                " (select count(*) from delivery where state = 0),"
                " (select count(*) from out_event)", (now_ms,)).fetchone()
        return (self.published - found[0], *found[1:])

    def _wake(self):
        """A daemon that waits for nothing looks at the clock once a second; a call wakes it."""
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.gateway.internal_port), 1).close()

    def _until_quiet(self):
        deadline = time.monotonic() + QUIET_S
        while True:
            self._tend()
            self.client.poll()
            if self.ear.error:
                raise AssertionError(f"the ear ended: {self.ear.error!r}")
            left = self.waiting()
            if not any(left):
                return
            if left[1]:
                self._wake()
            assert time.monotonic() < deadline, \
                (f"not quiet in {QUIET_S} s at {self.now}: events undecided, clocks due, "
                 f"deliveries pending, out-events {left}\n{self.gateway.log[-1500:]}")

    def _end_at_random(self, due, moments):
        """Whether this life ends within this moment: its time has come, or it is too long. It ends
        while there is work: on a fast machine a moment is quiet long before RANDOM_S. When still
        more are missing it ends at once, so that the number of kills does not hang on speed."""
        if self.steps_left is not None:
            self.steps_left -= 1
        now = time.monotonic()
        missing = due - self.kills.total()
        if missing > 4:
            self.end_at = now
        elif not self.end_at and (missing > 2 or
                                  (self.steps_left is not None and self.steps_left < 0)):
            usual_s = (now - self.began) / moments
            self.end_at = now + self.chance.uniform(0, min(RANDOM_S, usual_s))

    def run(self, time_box_s=None):
        """The whole month. Kills come as time goes by: a life that is too long ends at random."""
        at = 0
        for number, hours in enumerate(self.moments, 1):
            self._set_clock(hours)
            while at < len(self.events) and self.events[at][0] <= hours:
                self._publish(*self.events[at][2:])
                at += 1
            self._end_at_random(self.wanted * number // len(self.moments), number)
            self._until_quiet()
            self.quiet_ms.append(int(self.now.timestamp() * 1000))
            if number % 80 == 0:
                self.mails.take(older_than_s=5)
                say(f"{self.now:%d.%m. %H:%M}: {self.published} events, "
                    f"{self.kills.total()} kills, {time.monotonic() - self.began:.0f} s")
            if time_box_s and time.monotonic() - self.began > time_box_s:
                raise AssertionError(f"the month is not over after {time_box_s:g} s")
        self.seconds = time.monotonic() - self.began

    def finish(self):
        """One clean life: what lost its receipt is sent again; then the store is copied."""
        self.gateway.kill()
        self.plan.clear()
        self._next_life()
        self.gateway.process.wait_ready(self.gateway.answers)
        wait_until(lambda: self.ear.silent_s() > 2 * RANDOM_S, "nothing more is heard", 30)
        self.again = set(self.ear.open)
        self.client.publish_many(list(self.ear.open.values()), STRUCTURED)
        wait_until(lambda: not self.ear.open, "a receipt for each event", 30)
        self.gateway.advance("1s")
        wait_until(lambda: not any(self.waiting()), "nothing is pending", 30)
        self.gateway.stop()
        copy = self.folder / "copy"
        copy.mkdir()
        for path in self.folder.path.glob("stafette.db*"):
            (copy / path.name).write_bytes(path.read_bytes())
        self.store = copy / "stafette.db"
        self.mails.take(older_than_s=0)


def state_numbers():
    """Name of a state -> its number in the store, from the list in machine.h."""
    text = (TOP / "daemon/machine.h").read_text()
    names = text[text.index("STATE_NONE,"):text.index("ITEM_STATE_COUNT")].split("\n")
    words = [line.strip().split(",")[0] for line in names if line.strip().startswith("STATE_")]
    return {word.removeprefix("STATE_").lower(): number for number, word in enumerate(words)}
