#!/usr/bin/python3
# time limit: 300 s
"""The mail relay is away for two hours on the test clock, with 5,000 items open whose reminders
fall due meanwhile, some of them several times for the same desk. When it is back, nobody gets more
than one mail of each item, and everybody who was to be reminded gets that one. Emergencies go by
SMS meanwhile; for the operators it is one incident.

STAFETTE_ITEMS: another number of items."""

import collections
import contextlib
import email
import json
import os
import re
import sqlite3
import sys

sys.path.insert(0, "tests/peers")

from peers import Cases, SmtpSink, Folder, say, wait_until  # noqa: E402
from scene import STRUCTURED, Scene, emergency, handover, topic_of  # noqa: E402

ITEMS = int(os.environ.get("STAFETTE_ITEMS", "5000"))
IN_OUTAGE = ITEMS // 5       # come while the relay is away
ANSWERED = ITEMS // 10       # of these, accepted before it is back
START = "2026-11-16T09:00:00+00:00"  # Monday, 10:00 in Ulm
UNIT, DEPUTY = "egh-eselsberg", "egh-mitte-ost"
LEAD, DESK = "leitung-soziales", "koordination-sozialraum"
ON_CALL = "+4915100000001"
CODE = re.compile(r"/vorgang/([0-9A-Z]{4}-[0-9A-Z]{4})")
# Unit at 0, deputy at 20, lead at 40, the desk at 60 and 120 minutes, which is twice in the outage,
# and at 180, when all that waits must long have been tried again.
FIRST = {"routine": "20m", "prompt": "20m", "urgent": "20m", "emergency": "10m"}
NEXT = {"routine": "15m", "prompt": "15m", "urgent": "15m", "emergency": "10m"}
REPEAT, RETRY, CAUGHT_UP_M = "1h", "30m", 38
STEP_M, STEPS, REMINDERS = 10, 12, 4


def lengths(values):
    return "{ " + " ".join(f'{name} = "{value}";' for name, value in values.items()) + " }"


def policy(name):
    return (f'{{ id = "{name}"; ack = {lengths(FIRST)}; escalate = {lengths(NEXT)};'
            f' repeat = "{REPEAT}"; expire = {lengths(dict.fromkeys(FIRST, "1d"))};'
            f' sms = [ "urgent", "emergency" ]; }}')


POLICIES = f'( {policy("standard")}, {policy("erstanlauf")} )'


def settings(port):
    relay = (f'name = "relay"; adapter = "email_smtp"; tls = "none"; '
             f'url = "smtp://127.0.0.1:{port}"; from = "stafette@ulm.example";')
    return {"transports": f'( {{ {relay} }}, {{ name = "sms"; adapter = "sms_file";'
                          f' path = "sms"; }} )',
            "policies": POLICIES, "delivery.retry_max": RETRY}


class Outage:
    """The city, its relay, and what came."""

    def __init__(self, folder):
        self.sink = SmtpSink(folder, keep=True).start()
        self.scene = Scene(anonymous=True, durable=False, test_clock=START,
                           settings=settings(self.sink.port))
        self.refs = []
        self.sent = 0

    def stamp(self):
        return self.scene.gateway.clock.read_text().strip()[:19] + "Z"

    def publish(self, kind, data_of_many):
        """Many events of one kind, decided when this returns."""
        soziales, events = self.scene.soziales, []
        for data in data_of_many:
            event = soziales.event(kind, data, urgency="prompt", time=self.stamp())
            events.append((topic_of(soziales.name, kind), json.dumps(event)))
        soziales.client.publish_many(events, STRUCTURED)
        self.sent += len(events)
        wait_until(lambda: self.one("select count(*) from event") >= self.sent, "all are decided")

    def ask(self, count):
        made = [handover() for _ in range(count)]
        self.refs += [data["case_ref"] for data in made]
        self.publish("handover.requested", made)

    def one(self, sql, *values):
        where = f"file:{self.scene.gateway.store}?mode=ro"
        with contextlib.closing(sqlite3.connect(where, uri=True, timeout=10)) as db:
            return db.execute(sql, values).fetchone()[0]

    def advance(self, minutes):
        self.scene.gateway.ctl("clock", "advance", f"{minutes}m", timeout=120)

    def take_mails(self):
        """Counter of (recipient, item) of the mails that came since the last call."""
        found = collections.Counter()
        for path in list(self.sink.mails.iterdir()):
            message = email.message_from_bytes(path.read_bytes())
            text = message.get_payload(decode=True) or b""
            if message.is_multipart():
                text = message.get_payload(0).get_payload(decode=True)
            code = CODE.search(text.decode())
            assert code, f"a mail without its item:\n{text.decode()}"
            found[message["To"].strip("<>").partition("@")[0], code.group(1)] += 1
            path.unlink()
        return found

    def open_items(self):
        return self.one("select count(*) from item where kind = 0 and closed_ms = 0")


def before(outage):
    outage.ask(ITEMS - IN_OUTAGE)
    outage.scene.gateway.wait_quiet(60)
    mails = outage.take_mails()
    assert mails.total() == len(mails) == ITEMS - IN_OUTAGE, mails.total()
    assert {unit for unit, _ in mails} == {UNIT}


def two_hours(outage):
    """The relay is away; time passes, requests, answers and an emergency come."""
    outage.sink.stop()
    outage.alarm = None
    for step in range(1, STEPS + 1):
        outage.advance(STEP_M)
        if step == 6:
            outage.ask(IN_OUTAGE)
        if step == 3:
            outage.alarm = call_for_help(outage)
        if step == 8:
            outage.publish("handover.accepted",
                           ({"case_ref": ref, "by_unit": UNIT, "at": outage.stamp()}
                            for ref in outage.refs[-ANSWERED:]))
    assert not outage.take_mails(), "a mail came while the relay was away"
    fired = outage.one("select count(*) from clock where state = 1")
    say(f"{outage.open_items()} items open, {fired} clocks fired in the outage, "
        f"{outage.one('select count(*) from delivery where state = 0')} mails wait, "
        f"{outage.one('select count(*) from delivery where state = 3')} were superseded")
    assert outage.open_items() == ITEMS - ANSWERED
    assert fired >= REMINDERS * (ITEMS - IN_OUTAGE), "the reminders did not fall due"


def call_for_help(outage):
    hotline = outage.scene.hotline
    code = hotline.accepted("emergency.reported", emergency(), urgency="emergency",
                            time=outage.stamp())["item_id"]
    outage.sent += 1
    wait_until(lambda: [text for text in outage.scene.texts(code) if ON_CALL in text],
               "the SMS of the emergency, without any minute passing")
    return code


def emergency_by_sms(outage):
    """Also its next steps: the line above after 10 minutes, and so on."""
    texts = outage.scene.texts(outage.alarm)
    assert len(texts) >= 3, f"{len(texts)} SMS of the emergency in the outage"
    status = outage.scene.hotline.status("notice.sent", outage.alarm)
    assert status["item_id"] == outage.alarm


def one_catch_up(outage):
    """Before the next reminder is due, all that waited goes out: once to each, and to all."""
    outage.sink.start()
    outage.advance(CAUGHT_UP_M)
    waiting = outage.one("select count(*) from delivery where state = 0")
    assert not waiting, f"{waiting} mails still wait"
    mails = outage.take_mails()
    twice = {which: n for which, n in mails.items() if n > 1}
    assert not twice, f"{len(twice)} times more than one mail: {list(twice.items())[:3]}"
    got = collections.Counter(unit for unit, _ in mails)
    say("catch-up mails:", ", ".join(f"{unit} {n}" for unit, n in got.most_common()))
    open_items = ITEMS - ANSWERED
    for unit in (DEPUTY, LEAD, DESK):
        assert got[unit] >= open_items, f"{unit} got {got[unit]} mails of {open_items} items"
    assert got[UNIT] >= IN_OUTAGE - ANSWERED, "what was asked in the outage did not arrive"


def one_incident(outage):
    log = outage.scene.gateway.process.log.read_text().splitlines()
    lines = [line for line in log if 'msg="transport"' in line]
    say(len([line for line in log if "result=deferred" in line]), "attempts were in vain")
    troubles = [line for line in lines if "state=trouble" in line]
    assert len(troubles) == 1 and "name=relay" in troubles[0], lines[:5]
    assert len([line for line in lines if "state=well" in line]) == 1, lines[:5]


def goes_on(outage):
    """The next reminder is an ordinary one, and the ledger is green."""
    outage.advance(25)
    mails = outage.take_mails()
    assert max(mails.values()) == 1, mails.most_common(3)
    desk = [which for which in mails if which[0] == DESK]
    assert len(desk) >= ITEMS - ANSWERED, len(desk)
    done = outage.scene.gateway.ctl("ledger", "--at", outage.stamp(), check=False)
    assert done.returncode == 0, done.stdout


CASES = [
    (f"{ITEMS - IN_OUTAGE} requests are delivered", before),
    ("two hours without relay", two_hours),
    ("an emergency goes by SMS meanwhile, step by step", emergency_by_sms),
    ("one catch-up mail for each item and recipient", one_catch_up),
    ("it was one incident", one_incident),
    ("then things go on as usual", goes_on),
]


def main():
    cases = Cases()
    outage = Outage(Folder())
    try:
        with outage.scene:
            for label, case in CASES:
                cases.run(label, case, outage)
    finally:
        outage.sink.stop()
    cases.end()


main()
