#!/usr/bin/python3
# time limit: 240 s
"""The delivery engine against real relays and gateways: routine mail goes around a dead relay and
back, limits are kept, notices to one mailbox become one mail whose links work one by one, a digest
waits for its hour, and a crash with a bundle under way costs one copy at most."""

import contextlib
import datetime
import email
import email.policy
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, "tests/peers")

from links import LINK, PublicScene  # noqa: E402
from peers import (BUILD, TOP, Aiosmtpd, Cases, Folder, HttpSink, free_port,  # noqa: E402
                   started, wait_until)
from scene import Mail, Scene, emergency, handover  # noqa: E402

UNIT = "egh-eselsberg"
TEAM = "egh-eselsberg@ulm.example"
PHONE = "+4915100000078"
MONDAY = "2026-11-16T09:00:00+00:00"  # 10:00 in Ulm
SEEN = "acknowledged"
RATE, BURST_S = 5, 1.0
COPIES = 10
STEP = datetime.timedelta(minutes=30)


class Relay:
    """A relay at one port that can go away and come back; `came` is (time, recipient, mail)."""

    def __init__(self):
        self.port = free_port()
        self.came = []
        self.server = None

    def start(self):
        self.server = Aiosmtpd(on_data=self._take)
        self.server.controller.port = self.server.port = self.port
        self.server.start()
        return self

    def stop(self):
        if self.server:
            self.server.stop()
        self.server = None

    def _take(self, address, content):
        self.came.append((time.monotonic(), address, content))

    @property
    def envelopes(self):
        """(sender, recipient, bytes) of what came since it was started last."""
        return self.server.mails

    def about(self, code):
        return [content for _, _, content in self.came if code in Mail(content).text]


def relay_conf(name, relay, more=""):
    return (f'{{ name = "{name}"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{relay.port}";'
            f' from = "stafette@ulm.example"; tls = "none"; timeout = "5s"; {more} }}')


NO_SMS = '{ name = "sms"; adapter = "null_sms"; }'


def transports(*all_of_them):
    return f'( {", ".join(all_of_them)} )'


def city(folder, contact):
    """Ulm, with another contact of the team."""
    target = pathlib.Path(folder) / "base" / "ulm"
    shutil.copytree(TOP / "config/ulm", target)
    units = target / "units.conf"
    old = f'{{ channel = "email"; address = "{TEAM}"; }}'
    text = units.read_text()
    assert text.count(old) == 1
    units.write_text(text.replace(old, contact))
    return target


def test_time(scene):
    at = datetime.datetime.fromisoformat(scene.gateway.clock.read_text().strip())
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(scene, **more):
    """A request for the team; its code. Under a test clock the event carries that time."""
    if hasattr(scene.gateway, "clock"):
        more.setdefault("time", test_time(scene))
    return scene.soziales.accepted("handover.requested", handover(), **more)["item_id"]


def row(scene, code):
    """The item's first delivery to the team."""
    return next(d for d in scene.item(code)["deliveries"] if d["contact"].startswith(f"{UNIT}/"))


def wait_sent(scene, code):
    wait_until(lambda: row(scene, code)["state"] == "sent", f"{code} is sent")


# ---- two relays

def urgent_at_once(scene, first, second):
    """The first is gone, nobody knows yet: what is urgent tries the other in the same second."""
    ask_code = ask(scene)
    wait_sent(scene, ask_code)
    assert first.about(ask_code) and not second.came
    first.stop()
    code = ask(scene, urgency="urgent")
    wait_sent(scene, code)
    assert second.about(code)
    assert row(scene, code)["attempts"] == 2, row(scene, code)


def routine_goes_around(scene, first, second, waiting):
    """Once it is an incident, what is new takes the other relay and waits for nothing."""
    waiting += [ask(scene) for _ in range(3)]
    for code in waiting:
        wait_until(lambda c=code: row(scene, c)["attempts"] == 1, "the first attempt has failed")
    for _ in range(12):
        if 'name=relay-a state=trouble' in scene.gateway.log:
            break
        scene.gateway.advance("20s")
    assert 'name=relay-a state=trouble' in scene.gateway.log, "no incident"
    code = ask(scene)
    wait_sent(scene, code)
    assert second.about(code)
    assert row(scene, code)["attempts"] == 1, row(scene, code)


def goes_back(scene, first, second, waiting):
    """It is back: one routine mail finds that out, and what waited need not wait any longer."""
    late = [code for code in waiting if row(scene, code)["state"] == "pending"]
    assert late, "nothing waits: nothing would be shown"
    first.start()
    scene.gateway.advance("31s")  # retry_first: the time between two probes
    code = ask(scene)
    wait_sent(scene, code)
    for waited in late:
        wait_sent(scene, waited)
    assert first.about(code), "the other relay carried it"
    wait_until(lambda: "name=relay-a state=well" in scene.gateway.log, "the incident is over")
    since = len(second.came)
    code = ask(scene)
    wait_sent(scene, code)
    assert first.about(code) and len(second.came) == since, "not back"
    for waited in waiting:
        assert len(first.about(waited) + second.about(waited)) == 1, "a copy without need"


def two_relays(cases):
    first, second = Relay(), Relay()
    both = transports(relay_conf("relay-a", first), relay_conf("relay-b", second), NO_SMS)
    waiting = []
    with started(first, second), Scene(settings={"transports": both},
                                       test_clock=MONDAY) as scene:
        cases.run("a dead relay: urgent mail takes the other at once", urgent_at_once, scene,
                  first, second)
        cases.run("a dead relay: routine mail goes around", routine_goes_around, scene, first,
                  second, waiting)
        cases.run("it is back: fail-back, and what waited is hastened", goes_back, scene, first,
                  second, waiting)


# ---- limits

def times(relay):
    return sorted(at for at, _, _ in relay.came)


def rate_is_kept(count):
    relay = Relay()
    by = transports(relay_conf("relay", relay, f"rate_per_s = {RATE};"), NO_SMS)
    with started(relay), Scene(settings={"transports": by}) as scene:
        events = [scene.soziales.event("handover.requested", handover()) for _ in range(count)]
        for event in events:
            scene.soziales.publish(event)
        wait_until(lambda: len(relay.came) == count, "all have come")
        came = times(relay)
        for i, start in enumerate(came):
            within = sum(1 for at in came[i:] if at < start + BURST_S)
            assert within <= 2 * RATE + 1, f"{within} mails within a second"
        least = (count - RATE) / RATE
        assert came[-1] - came[0] >= 0.8 * least, f"{count} mails in {came[-1] - came[0]:.1f} s"


def domain_is_kept(count):
    """60 a minute: ten at once, then one a second; what is urgent does not wait."""
    relay = Relay()
    more = {"transports": transports(relay_conf("relay", relay), NO_SMS),
            "delivery.domain_per_minute": 60}
    with started(relay), Scene(settings=more) as scene:
        for _ in range(count):
            scene.soziales.publish(scene.soziales.event("handover.requested", handover()))
        wait_until(lambda: len(relay.came) >= 10, "the first ten")
        urgent = ask(scene, urgency="urgent")
        wait_until(lambda: relay.about(urgent), "the urgent one", 1.5)
        assert len(relay.came) < count + 1, "nothing waited: nothing is shown"
        wait_until(lambda: len(relay.came) == count + 1, "all have come")
        came = sorted(at for at, _, content in relay.came if urgent not in Mail(content).text)
        assert came[-1] - came[0] >= 0.8 * (count - 10), f"in {came[-1] - came[0]:.1f} s"


def retry_after():
    """The gateway asks for three seconds: nobody asks it meanwhile, for whomever."""
    asked = []

    def answer(_):
        asked.append(time.monotonic())
        return (429, "slow", {"Retry-After": "3"}) if len(asked) == 1 else (200, "OK")

    folder = Folder()
    sink = HttpSink(answer)
    sms = (f'{{ name = "gateway"; adapter = "sms_http"; url = "{sink.url}/sms"; tls = "none";'
           ' body = "json"; params = ( { name = "to"; value = "{to}"; },'
           ' { name = "text"; value = "{text}"; } ); }')
    base = city(folder, f'{{ channel = "sms"; address = "{PHONE}"; }}')
    more = {"transports": transports('{ name = "post"; adapter = "null_email"; }', sms),
            "delivery.retry_first": "1s"}
    with started(sink), Scene(base=base, settings=more) as scene:
        first = ask(scene)
        sink.wait(1)
        wait_until(lambda: row(scene, first)["class"] == "throttled", "its answer is settled")
        second = ask(scene)
        wait_sent(scene, second)
        wait_sent(scene, first)
        assert len(asked) == 3, asked
        assert asked[1] - asked[0] >= 2.9, f"asked again after {asked[1] - asked[0]:.1f} s"


def at(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def step_until(scene, condition, what):
    for _ in range(200):
        if condition():
            return at(test_time(scene))
        scene.gateway.advance(f"{STEP.seconds}s")
    raise AssertionError(f"not within 200 steps: {what}")


def held_too_long():
    """An operator's hold runs into the deadline: the sender hears of it when half of the time is
    gone (until the deadline or the expiry), before the end the team is told by SMS, and the mail
    leaves when it may, although it has expired."""
    folder = Folder()
    relay = Relay()
    base = city(folder, f'{{ channel = "email"; address = "{TEAM}"; }},'
                f' {{ channel = "sms"; address = "{PHONE}"; }}')
    by = transports(relay_conf("relay", relay),
                    '{ name = "sms"; adapter = "sms_file"; path = "sms"; }')
    with started(relay), Scene(base=base, settings={"transports": by},
                               test_clock=MONDAY) as scene:
        scene.gateway.ctl("outbox", "hold", "relay")
        begun = at(test_time(scene))
        code = ask(scene)
        warned = step_until(scene, lambda: 'msg="late" warned=1' in scene.gateway.log, "a warning")
        told = scene.soziales.status("notice.delayed", code)
        assert told["class"] == "local" and "next_attempt" not in told, told
        end = at(told["deadline"])
        delivery = scene.gateway.json("outbox", "show", row(scene, code)["delivery"])
        expiry = at(delivery["expires_at"])
        least = (min(end, expiry) - begun) / 2
        assert begun + least <= warned <= begun + least + STEP, (warned, told, delivery)
        assert not scene.texts(code), "too early"
        by_sms = step_until(scene, lambda: scene.texts(code), "the SMS")
        assert by_sms < end, f"at {by_sms}, to be answered until {end}"
        assert row(scene, code)["state"] == "pending" and not relay.came
        step_until(scene, lambda: at(test_time(scene)) > expiry, "the expiry")
        scene.gateway.ctl("outbox", "release", "relay")
        wait_sent(scene, code)
        assert relay.about(code)


def limits(cases):
    cases.run("a relay's rate is kept", rate_is_kept, 20)
    cases.run("a domain's rate is kept", domain_is_kept, 14)
    cases.run("Retry-After holds the gateway for all routine SMS", retry_after)
    cases.run("what is held too long is told, and goes another way", held_too_long)


# ---- one mail of many notices

def audited(scene, code):
    return [entry["what"] for entry in scene.item(code)["audit"] if "result=sent" in entry["what"]]


def one_mail(scene, relay, codes):
    """An emergency meanwhile goes alone and at once; then the ten leave in one mail."""
    codes += [ask(scene) for _ in range(COPIES)]
    alarm = scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency",
                                   time=test_time(scene))["item_id"]
    wait_until(lambda: relay.about(alarm), "the emergency is told")
    assert not any(relay.about(code) for code in codes), "the window is still open"
    scene.gateway.advance("5m")
    mails = {content for code in codes for content in relay.about(code)}
    assert len(mails) == 1, f"{len(mails)} mails"
    content = mails.pop()
    assert alarm not in Mail(content).text
    message = email.message_from_bytes(content, policy=email.policy.default)
    threads = re.findall(r"<[^>]+>", message["References"])
    assert len(set(threads)) == COPIES, threads
    assert message["Subject"] == f"{COPIES} Nachrichten für Ihre Stelle", message["Subject"]
    for code in codes:
        assert len(audited(scene, code)) == 1, audited(scene, code)
        scene.soziales.status("notice.sent", code)


def each_link_works(scene, relay, codes):
    text = Mail(relay.about(codes[0])[0]).text
    found = [url[url.index("/a/"):] for label, url in LINK.findall(text) if label == "Gesehen"]
    assert len(set(found)) == COPIES, found
    for done, path in enumerate(found, 1):
        assert scene.press(path, "seen").status in (200, 303), path
        seen = [code for code in codes if scene.state(code) == SEEN]
        assert len(seen) == done, f"{done} links used, {len(seen)} items seen"


def comes_back(scene, relay, codes):
    """Its bounce is the bounce of all, and one failure of the mailbox."""
    sender = next(sender for sender, to, content in relay.envelopes
                  if to == TEAM and codes[0] in Mail(content).text)
    report = (TOP / "tests/mails/report-vague.eml").read_text()
    tag = sender.partition("+")[2].partition("@")[0]
    report = report.replace("bounce+@TAG@@amt.example", sender).replace("@TAG@", tag)
    done = subprocess.run([str(BUILD / "stafettectl"), "-c", str(scene.gateway.config), "mail-in",
                           "--recipient", sender], input=report.encode(), capture_output=True,
                          timeout=30)
    assert done.returncode == 0, done.stderr
    for code in codes:
        assert row(scene, code)["state"] == "failed", row(scene, code)
        assert scene.soziales.status("notice.failed", code)["class"] == "address"
    with contextlib.closing(sqlite3.connect(f"file:{scene.gateway.store}?mode=ro",
                                            uri=True)) as store:
        failures, = store.execute("select failures from contact_flag where contact = ?",
                                  (f"{UNIT}/1",)).fetchone()
    assert failures == 1, f"one mail came back, {failures} failures of the mailbox"


def bundles(cases):
    relay = Relay()
    codes = []
    more = {"transports": transports(relay_conf("relay", relay), NO_SMS), "delivery.bundle": "5m",
            "mail.bounce": "bounce@gw.example"}
    with started(relay), PublicScene(settings=more, test_clock=MONDAY) as scene:
        cases.run("ten notices within the window are one mail", one_mail, scene, relay, codes)
        cases.run("each notice has its own link that works", each_link_works, scene, relay, codes)
        cases.run("its bounce fails all of them", comes_back, scene, relay, codes)


def digest():
    """Asked at 06:00 and 06:40 in Ulm; the mailbox is read at 07:30."""
    folder = Folder()
    relay = Relay()
    base = city(folder, f'{{ channel = "email"; address = "{TEAM}"; digest = true; }}')
    more = {"transports": transports(relay_conf("relay", relay), NO_SMS), "delivery.bundle": "5m"}
    with started(relay), Scene(base=base, settings=more,
                               test_clock="2026-11-16T05:00:00+00:00") as scene:
        codes = [ask(scene)]
        scene.gateway.advance("40m")
        codes.append(ask(scene))
        scene.gateway.advance("49m")
        assert not any(relay.about(code) for code in codes), "before its hour"
        scene.gateway.advance("2m")
        mails = [relay.about(code) for code in codes]
        assert mails[0] and mails[0] == mails[1] and len(mails[0]) == 1, mails


# ---- a crash with a bundle under way

def crash(point, copies):
    """All are sent, with the one Message-ID; what had left before the crash has one copy."""
    relay = Relay()
    more = {"transports": transports(relay_conf("relay", relay), NO_SMS), "delivery.bundle": "2s"}
    with started(relay), Scene(settings=more, points=True,
                               env={"STAFETTE_KILL_AT": f"{point}:1"}) as scene:
        codes = [scene.soziales.accepted("handover.requested", handover())["item_id"]
                 for _ in range(5)]
        wait_until(lambda: not scene.gateway.process.running(), "it is killed")
        assert scene.gateway.process.popen.returncode == -signal.SIGKILL
        scene.gateway.start(STAFETTE_KILL_AT="")
        for code in codes:
            wait_sent(scene, code)
            scene.soziales.status("notice.sent", code)
        ids = {Mail(content).message_id for _, to, content in relay.came if to == TEAM}
        assert len(ids) == 1, ids
        assert len(relay.came) == copies, f"{len(relay.came)} mails"
        for code in codes:
            assert len(relay.about(code)) == copies
            assert len(audited(scene, code)) == 1


def main():
    cases = Cases()
    two_relays(cases)
    limits(cases)
    bundles(cases)
    cases.run("a digest waits for its hour, in one mail", digest)
    cases.run("killed before a bundle leaves: no copy", crash, "before-start", 1)
    cases.run("killed before it is settled: one copy", crash, "before-settle", 2)
    cases.end()


main()
