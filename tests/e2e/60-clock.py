#!/usr/bin/python3
# time limit: 120 s
"""The wall clock steps: no clock fires twice, late ones fire once, attempts are neither repeated
nor stopped; and the ladder from the unit to its deputy, its lead, the catch-all desk, and the desk
again."""

import collections
import datetime
import re
import sqlite3
import subprocess
import sys

sys.path.insert(0, "tests/peers")

from gateway import make_config  # noqa: E402
from peers import BUILD, Aiosmtpd, Cases, Folder, free_port, wait_until  # noqa: E402
from scene import Scene, emergency, handover  # noqa: E402

START = "2026-11-20T09:00:00+00:00"  # a Friday, 10:00 in Ulm
UNIT, DEPUTY = "egh-eselsberg", "egh-mitte-ost"
LEAD, DESK = "leitung-soziales", "koordination-sozialraum"
CROWD = 450  # more than two turns' worth of clocks


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def span(**units):
    return datetime.timedelta(**units)


class Clock:
    """The daemon's wall clock, settable to any time."""

    def __init__(self, scene):
        self.scene = scene

    def now(self):
        return parse(self.scene.gateway.clock.read_text().strip())

    def write(self, when):
        self.scene.gateway.clock.write_text(when.isoformat() + "\n")

    def set(self, when):
        """Returns when nothing is due or in flight at that time."""
        self.write(when - span(seconds=1))
        wait_until(lambda: parse(self.scene.gateway.json("status")["now"]) ==
                   when - span(seconds=1), "the daemon sees the new time")
        self.scene.gateway.advance("1s")

    def step(self, **units):
        self.set(self.now() + span(**units))


def stamp(clock):
    return clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(scene, clock, urgency="prompt"):
    due = (clock.now() + span(days=30)).date().isoformat()
    return scene.soziales.accepted("handover.requested", handover(next_deadline=due),
                                   urgency=urgency, time=stamp(clock))["item_id"]


def told(scene, code):
    """[(unit, template, reason)] in order."""
    notices = sorted(scene.item(code)["notices"], key=lambda notice: notice["notice"])
    return [(n["unit"], n["what"], n["reason"]) for n in notices]


def due(scene, code):
    return parse(scene.item(code)["due_at"])


def rows(scene, sql):
    with sqlite3.connect(f"file:{scene.gateway.store}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


def fired_once(scene):
    """Each clock has fired at most once: one audit row each, and never before it was due."""
    fired = collections.Counter(
        int(re.match(r"clock=(\d+)", text).group(1)) for (text,) in
        rows(scene, "select content from audit where content like 'clock=%'"))
    twice = {clock: n for clock, n in fired.items() if n > 1}
    assert not twice, f"fired more than once: {twice}"
    stored = {clock for (clock,) in rows(scene, "select clock_seq from clock where state = 1")}
    assert stored == set(fired), "fired without its effect, or the other way round"
    early = rows(scene, "select clock_seq from clock where state = 1 and fired_ms < due_ms")
    assert not early, f"fired early: {early}"
    several = rows(scene, "select item_seq, count(*) from clock where state = 0"
                          " group by item_seq having count(*) > 1")
    assert not several, f"items with several open clocks: {several}"


# ---- the ladder

def just_before(scene, clock, code):
    before = told(scene, code)
    clock.set(due(scene, code) - span(seconds=1))
    assert told(scene, code) == before, "fired early"
    clock.set(due(scene, code))


def ladder(scene, clock):
    code = scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency",
                                  time=stamp(clock))["item_id"]
    reported = clock.now()
    assert told(scene, code) == [("bereitschaft", "emergency.reported", "route")] or \
        told(scene, code) == [("bereitschaft", "emergency.reported", "on_call")], told(scene, code)
    assert due(scene, code) - reported == span(minutes=10)
    scene.gateway.advance("9m")
    assert len(told(scene, code)) == 1
    scene.gateway.advance("1m")
    assert told(scene, code)[1:] == [(LEAD, "emergency.reminder", "lead")], told(scene, code)
    assert scene.hotline.status("emergency.overdue", code)["told"] == LEAD
    assert due(scene, code) - reported == span(minutes=20)
    scene.gateway.advance("10m")
    assert told(scene, code)[2:] == [(DESK, "emergency.reminder", "catch_all")], told(scene, code)
    assert scene.hotline.status("emergency.escalated", code)["told"] == DESK
    for again in (1, 2):
        just_before(scene, clock, code)
        assert told(scene, code)[2:] == [(DESK, "emergency.reminder", "catch_all")] * (1 + again)
        assert scene.hotline.status("emergency.escalated", code)["told"] == DESK
    reached(scene, code)
    fired_once(scene)


def reached(scene, code):
    """Each step went out by mail and by SMS; the overview of the week names the item as well."""
    to = [mail.to for mail in scene.mails(code) if mail.subject != "Ihre Wochenübersicht"]
    assert to.count(f"{LEAD}@ulm.example") == 1, to
    assert to.count(f"{DESK}@ulm.example") == 3, to
    texts = scene.texts(code)
    for number, count in (("+4915100000001", 1), ("+4915100000002", 1), ("+4915100000003", 3)):
        assert sum(number in text for text in texts) == count, (number, texts)


def answered(scene, clock):
    """Seen stops the ladder's present step, accepted ends it."""
    code = ask(scene, clock)
    scene.soziales.accepted("handover.accepted",
                            {"item_id": code, "by_unit": UNIT, "at": stamp(clock)},
                            time=stamp(clock))
    before = told(scene, code)
    clock.step(days=20)
    assert told(scene, code) == before, told(scene, code)


# ---- steps of the wall clock

def forward(scene, clock):
    """What fell due in a month's leap fires once, and its successor counts from now."""
    codes = [ask(scene, clock, urgency) for urgency in ("routine", "prompt", "urgent")]
    for code in codes:
        assert len(told(scene, code)) == 1
    clock.step(days=31)
    for code in codes:
        assert [unit for unit, *_ in told(scene, code)] == [UNIT, DEPUTY], told(scene, code)
        assert due(scene, code) > clock.now(), "the next one is late already"
    clock.step(days=31)
    for code in codes:
        assert [unit for unit, *_ in told(scene, code)] == [UNIT, DEPUTY, LEAD], told(scene, code)
    fired_once(scene)


def back(scene, clock):
    """Nothing fires again, nothing fires early, and the time in between does not count twice."""
    code = ask(scene, clock, "urgent")
    clock.set(due(scene, code) + span(minutes=1))
    assert [unit for unit, *_ in told(scene, code)] == [UNIT, DEPUTY]
    mails, next_due = len(scene.mails(code)), due(scene, code)
    for step in (span(hours=-6), span(days=-3), span(days=2), span(hours=23)):
        clock.set(clock.now() + step)
        assert [unit for unit, *_ in told(scene, code)] == [UNIT, DEPUTY], told(scene, code)
        assert due(scene, code) == next_due, "the clock was moved"
    assert len(scene.mails(code)) == mails, "a mail was repeated"
    assert "step=back" in scene.gateway.log
    clock.set(next_due - span(seconds=1))
    assert len(told(scene, code)) == 2, "fired early"
    clock.set(next_due)
    assert [unit for unit, *_ in told(scene, code)] == [UNIT, DEPUTY, LEAD]
    fired_once(scene)


def told_while_back(scene, clock):
    """Attempts go by a time that never steps back: what comes now goes out now."""
    clock.step(hours=-5)
    code = ask(scene, clock, "urgent")
    assert scene.wait_mail(code).to == f"{UNIT}@ulm.example"
    assert due(scene, code) > clock.now()
    clock.step(hours=5)
    fired_once(scene)


def wobble(scene, clock):
    """A clock that cannot decide, around a due time."""
    code = ask(scene, clock, "urgent")
    at = due(scene, code)
    for offset in (-2, 1, -1, 0, 2, -3, 1, -1):
        clock.set(at + span(seconds=offset))
    assert [unit for unit, *_ in told(scene, code)] == [UNIT, DEPUTY], told(scene, code)
    fired_once(scene)


def crowd(scene, clock):
    """More late clocks than one turn takes: each fires once."""
    ids = []
    for _ in range(CROWD):
        when = (clock.now() + span(days=30)).date().isoformat()
        event = scene.soziales.event("handover.requested", handover(next_deadline=when),
                                     urgency="prompt", time=stamp(clock))
        ids.append(scene.soziales.publish(event))
    codes = [scene.soziales.receipt(id)["item_id"] for id in ids]
    before = rows(scene, "select count(*) from clock where state = 1")[0][0]
    clock.step(days=10)
    sample = codes[::30]
    for code in sample:
        assert [unit for unit, *_ in told(scene, code)] == [UNIT, DEPUTY], told(scene, code)
    fired = rows(scene, "select count(*) from clock where state = 1")[0][0] - before
    assert CROWD <= fired <= CROWD + 20, f"{fired} clocks fired for {CROWD} items"
    fired_once(scene)
    for code in codes:
        scene.soziales.publish(scene.soziales.event(
            "handover.accepted", {"item_id": code, "by_unit": UNIT, "at": stamp(clock)},
            time=stamp(clock)))
    wait_until(lambda: scene.item(codes[-1])["state"] == "accepted", "all are accepted")


def stopped(scene, clock):
    """Steps while the daemon is away."""
    late, early = ask(scene, clock, "urgent"), ask(scene, clock, "routine")
    scene.gateway.stop()
    clock.write(clock.now() + span(days=1))
    scene.gateway.start()
    clock.step(seconds=1)
    assert [unit for unit, *_ in told(scene, late)] == [UNIT, DEPUTY], told(scene, late)
    assert [unit for unit, *_ in told(scene, early)] == [UNIT], told(scene, early)
    scene.gateway.stop()
    clock.write(clock.now() - span(days=1))
    scene.gateway.start()
    clock.step(seconds=1)
    assert len(told(scene, late)) == 2 and len(told(scene, early)) == 1, "fired again"
    clock.step(days=1)
    fired_once(scene)


def balanced(scene, clock):
    clock.step(seconds=1)
    status = scene.gateway.json("status")
    assert status["green"] and status["open_items"] == status["open_clocks"], status
    assert "msg=\"store\"" not in scene.gateway.log


LADDER = [
    ("ladder: unit, lead, catch-all desk, and the desk again", ladder),
    ("an accepted item is left alone", answered),
]

STEPS = [
    ("forward: late clocks fire once", forward),
    ("back: nothing fires again or early", back),
    ("back: what comes now goes out now", told_while_back),
    ("to and fro around a due time", wobble),
    ("450 late clocks, each once", crowd),
    ("steps while the daemon is away", stopped),
    ("green at the end", balanced),
]


# ---- a mail that waits for its next attempt when the clock is put right

def put_right():
    """The clock was a day ahead, a mail was deferred, the daemon restarts with the right time: the
    next attempt must not wait for that day."""
    port = free_port()
    transports = ('( { name = "relay"; adapter = "email_smtp"; from = "stafette@ulm.example";'
                  f' url = "smtp://127.0.0.1:{port}"; tls = "none"; }},'
                  ' { name = "sms"; adapter = "null_sms"; } )')
    with Scene(test_clock=START, settings={"transports": transports}) as scene:
        clock = Clock(scene)
        clock.step(days=1)
        code = ask(scene, clock, "urgent")
        wait_until(lambda: scene.item(code)["deliveries"][0]["attempts"] >= 1, "an attempt")
        scene.gateway.stop()
        clock.write(clock.now() - span(days=1))
        relay = Aiosmtpd()
        relay.controller.port = relay.port = port
        relay.start()
        try:
            scene.gateway.start()
            clock.step(minutes=31)  # delivery.retry_max and a bit
            wait_until(lambda: relay.mails, "the mail goes out", 5)
        finally:
            relay.stop()


# ---- what the option refuses

def refused_with_real_peers():
    """--test-clock is for tests: not with a relay elsewhere, not with a file that holds no time."""
    folder = Folder()
    for peer, content, words in (
            ("192.0.2.1", START, "reaches beyond this machine"),
            ("127.0.0.1", "soon", "holds no time")):
        port = free_port()
        clear = 'tls = "none";' if peer.startswith("127") else ""
        transports = ('( { name = "relay"; adapter = "email_smtp"; from = "stafette@ulm.example";'
                      f' url = "smtp://{peer}:2525"; {clear} }},'
                      ' { name = "sms"; adapter = "null_sms"; } )')
        config = make_config(folder / peer, settings={
            "transports": transports, "gateway.store": folder / "x.db",
            "gateway.key_file": folder / "keys", "http.internal": f"127.0.0.1:{port}",
            "http.control_socket": folder / "control"})
        (folder / "clock").write_text(content + "\n")
        done = subprocess.run([str(BUILD / "stafetted"), "-c", str(config), "--test-clock",
                               str(folder / "clock")], capture_output=True, text=True, timeout=20)
        assert done.returncode and words in done.stderr, (done.returncode, done.stderr)


def main():
    cases = Cases()
    for group in (LADDER, STEPS):
        with Scene(test_clock=START) as scene:
            clock = Clock(scene)
            for label, step in group:
                cases.run(label, step, scene, clock)
    cases.run("a deferred mail when a wrong clock is put right", put_right)
    cases.run("--test-clock is refused with real peers", refused_with_real_peers)
    cases.end()


main()
