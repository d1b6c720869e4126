#!/usr/bin/python3
# time limit: 120 s
"""The canary of DESIGN 5: a forbidden value in every position of hostile events must not be found
anywhere behind the gateway's door: store and its log, backup, receipts, status events, heartbeats,
log, metrics, health, control answers, mails, SMS."""

import base64
import json
import sys
import threading
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from mqtt5 import Client  # noqa: E402
from peers import Cases, say, wait_until  # noqa: E402
from scene import (PREFIX, STRUCTURED, Scene, case_ref, emergency, handover, now,  # noqa: E402
                   referral, topic_of)

WORD = "Kanarienvogel"
CANARY = f"{WORD} Wert 17"  # no field allows a blank and a capital
ENVELOPE = ("specversion", "id", "source", "type", "time", "subject", "dataschema",
            "datacontenttype", "effectiveat", "urgency", "restricted", "tenant", "itemid",
            "inreplyto", "corrects")
SAMPLES = {
    "handover.requested": handover(to_unit="egh-eselsberg", application_received_on="2026-11-02"),
    "handover.acknowledged": {"case_ref": case_ref(), "by_unit": "egh-eselsberg", "code": "seen",
                              "due_on": "2026-12-01"},
    "handover.accepted": {"case_ref": case_ref(), "by_unit": "egh-eselsberg", "at": now(),
                          "mode": "phone"},
    "referral.requested": referral(provider_wish="rehaverein", budget_cents=1000),
    "referral.approved": {"case_ref": case_ref(), "by_role": "leitung-soziales",
                          "budget_line": "egh-2027"},
    "emergency.reported": emergency(on_call_unit="bereitschaft"),
    "meeting.called": {"meeting_id": "m-1", "kind": "fallteam", "unit": "egh-eselsberg",
                       "start": now(), "duration": "PT1H", "room": "r-1",
                       "link": "https://portal.ulm.example/m"},
}
NEEDLES = [WORD.lower().encode()] + [
    base64.b64encode(WORD.encode()[skip:][:9])[:12].lower() for skip in range(3)] + [
    WORD.encode().hex().encode()]


def holds(data, needles=None):
    """True when the bytes carry the canary: as it is, as base64 at any offset, or as hex."""
    low = data.lower()
    return any(needle in low for needle in needles or NEEDLES)


class Ear:
    """Everything that the gateway publishes, topics included."""

    def __init__(self, port):
        self.client = Client(port, "ear")
        self.client.subscribe("stafette/out/#", "stafette/gateway/#")
        self.bytes = b""
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    def _listen(self):
        while not self.stopped.is_set():
            self.client.poll(0.1)
            for message in self.client.messages:
                self.bytes += message.topic.encode() + b" " + message.payload + b"\n"
            self.client.messages.clear()

    def close(self):
        self.stopped.set()
        self.thread.join()
        self.client.close()


# ---- hostile events: (topic, payload, content type, user properties, retained)

def envelope(kind, data, **attributes):
    return {"specversion": "1.0", "id": f"leak-{case_ref()}", "source": "/soziales-ulm/x",
            "type": f"{PREFIX}{kind}.v1", "time": now(), **attributes, "data": data}


def structured(event, kind="handover.requested", source="soziales-ulm"):
    payload = event if isinstance(event, bytes) else json.dumps(event).encode()
    return topic_of(source, kind), payload, STRUCTURED, (), False


def binary(event, kind="handover.requested", extra=()):
    user = [(name, str(value)) for name, value in event.items() if name != "data"]
    payload = json.dumps(event["data"]).encode()
    return topic_of("soziales-ulm", kind), payload, "application/json", [*user, *extra], False


def in_values():
    for kind, data in SAMPLES.items():
        for name in data:
            for value in (CANARY, [CANARY], {"x": CANARY}, {CANARY: 1}):
                yield structured(envelope(kind, {**data, name: value}), kind)
        yield structured(envelope(kind, {**data, "note": CANARY}), kind)
        yield structured(envelope(kind, {**data, CANARY: 1}), kind)
        yield structured(envelope(kind, {**data, "x" * 40 + WORD: CANARY}), kind)
        yield structured(envelope(kind, CANARY), kind)
        yield structured(envelope(kind, [CANARY]), kind)


def in_envelopes():
    data = SAMPLES["handover.requested"]
    for name in (*ENVELOPE, "traceparent", "comment", WORD):
        yield structured(envelope("handover.requested", data, **{name: CANARY}))
        yield structured(envelope("handover.requested", data, **{name: {CANARY: CANARY}}))
        yield binary(envelope("handover.requested", data, **{name: CANARY}))
        yield binary(envelope("handover.requested", data), extra=[(name, CANARY)])
    for name in ("id", "source", "type"):
        yield structured(envelope("emergency.reported", SAMPLES["emergency.reported"],
                                  **{name: CANARY}), "emergency.reported")
    event = envelope("handover.requested", data)
    yield binary(event, extra=[(CANARY, CANARY)] * 40)
    topic, payload, content_type, _, _ = structured(event)
    yield topic, payload, content_type, [(WORD, CANARY)], False


def in_bytes():
    good = json.dumps(envelope("handover.requested", SAMPLES["handover.requested"])).encode()
    canary = CANARY.encode()
    yield structured(b'{"id": "' + canary)
    yield structured(b'{"id": "' + canary + b'" "x"}')
    yield structured(b'{"id": "' + canary + b'\xff"}')
    yield structured(b'"' + canary + b'"')
    yield structured(canary)
    yield structured(good + canary)
    yield structured(good[:-1] + b', "' + canary + b'": 1, "' + canary + b'": 2}')
    yield structured(b"[" * 100 + b'"' + canary + b'"' + b"]" * 100)
    yield structured(b'{"data": "' + canary * 4000 + b'"}')
    yield structured(b'{"id": ' + canary + b"}")


def in_topics():
    event = json.dumps(envelope("handover.requested", SAMPLES["handover.requested"])).encode()
    for topic in (f"stafette/in/soziales-ulm/{WORD}", f"stafette/in/soziales-ulm/{CANARY}/held",
                  f"stafette/in/{CANARY}/handover/requested", f"stafette/in/{WORD}",
                  f"stafette/in/soziales-ulm/handover/requested/{WORD}"):
        yield topic, event, STRUCTURED, (), False
    topic = topic_of("soziales-ulm", "handover.requested")
    yield topic, event, CANARY, (), False
    yield topic, event, f"{STRUCTURED}; charset={WORD}", (), False
    hostile = envelope("handover.requested", {**handover(), "note": CANARY})
    yield topic, json.dumps(hostile).encode(), STRUCTURED, (), True


def hostile_events():
    for make in (in_values, in_envelopes, in_bytes, in_topics):
        yield from make()


# ---- other doors

def knock(scene):
    base = f"http://127.0.0.1:{scene.gateway.internal_port}"
    for path in (f"/{WORD}", f"/healthz?{WORD}={WORD}", f"/control/item/{WORD}"):
        request = urllib.request.Request(base + path, headers={"X-Name": CANARY})
        try:
            yield urllib.request.urlopen(request, timeout=10).read()
        except urllib.error.HTTPError as error:
            yield error.read()


def by_hand(scene):
    event = json.dumps(envelope("handover.requested", {**handover(), "note": CANARY}))
    for words in (("send", "-"), ("--json", "send", "-"), ("explain", "-"),
                  ("item", "show", CANARY), ("who", CANARY, CANARY)):
        done = scene.gateway.ctl(*words, check=False, stdin=event)
        yield (done.stdout + done.stderr).encode()


def reports(scene):
    base = f"http://127.0.0.1:{scene.gateway.internal_port}"
    yield urllib.request.urlopen(f"{base}/metrics", timeout=10).read()
    yield urllib.request.urlopen(f"{base}/healthz", timeout=10).read()
    for words in (("status",), ("outbox",), ("item", "list", "--all")):
        yield scene.gateway.ctl("--json", *words).stdout.encode()
    for row in scene.gateway.json("item", "list", "--all")[:50]:
        yield scene.gateway.ctl("--json", "item", "show", row["item_id"]).stdout.encode()


def files(scene):
    """Name and bytes of each file of the daemon's: store, log, backup, mails, SMS."""
    found = list(scene.folder.path.glob("stafette*")) + list(scene.folder.path.glob("backup*"))
    found += [path for path in scene.gateway.config.glob("mail/**/*") if path.is_file()]
    found += [path for path in scene.gateway.config.glob("sms/*") if path.is_file()]
    return [(path, path.read_bytes()) for path in found if path.name != "stafette.db.lock"]


# ---- the checks

def publish_all(scene):
    """All hostile events, then a harmless one whose receipt says that all are decided."""
    count = 0
    with scene.connect("hostile") as client:
        for topic, payload, content_type, user, retain in hostile_events():
            client.publish(topic, payload, content_type, user, retain)
            count += 1
    receipt = scene.soziales.accepted("handover.requested", scene.marker)
    say(f"{count} hostile events")
    scene.gateway.wait_quiet()
    scene.code = receipt["item_id"]
    decided = scene.gateway.json("status")["events_since_start"]
    assert sum(decided.values()) >= count, (decided, count)
    assert decided["refused"] >= count * 0.9, decided


def reminded(scene):
    """Escalations and their texts must not bring it up either."""
    before = len(scene.gateway.mails())
    scene.gateway.advance("3d")
    wait_until(lambda: len(scene.gateway.mails()) > before, "reminders")
    scene.gateway.wait_quiet()


def nothing_said(scene, chunks):
    for chunk in chunks(scene):
        assert not holds(chunk), f"the canary is in {chunk[:2000]!r}"


def nothing_heard(scene):
    assert len(scene.ear.bytes) > 50000, "the ear is deaf"
    at = scene.ear.bytes.lower().find(NEEDLES[0])
    assert not holds(scene.ear.bytes), scene.ear.bytes[max(at - 300, 0):at + 200]


def nothing_kept(scene):
    for path, data in files(scene):
        at = data.lower().find(NEEDLES[0])
        assert not holds(data), f"{path.name}: {data[max(at - 200, 0):at + 100]!r}"


def search_works(scene):
    """What is allowed is found where it belongs: the search above could have found something."""
    ref = scene.marker["case_ref"].encode()
    kept = dict(files(scene))
    names = {path.name for path in kept}
    assert {"stafette.db", "stafette.db-wal", "stafetted.log", "backup.db"} <= names, names
    assert any(holds(data, [ref]) for path, data in kept.items() if "stafette.db" in path.name)
    assert holds(scene.ear.bytes, [ref]), "no status event with the marker"
    assert len([name for name in names if name.endswith(".sms")]) > 3, "no SMS"
    assert len(scene.gateway.mails()) > 100, "no mails"
    shown = b"".join(reports(scene))
    assert holds(shown, [b"stafette_events_total", b"e-feld"])
    coded = base64.b64encode(f"--{WORD}--".encode())
    assert holds(coded) and holds(CANARY.encode()) and holds(WORD.upper().encode())


def main():
    cases = Cases()
    with Scene(anonymous=True, test_clock="2026-11-20T09:00:00+00:00") as scene:
        scene.marker = handover()
        scene.ear = Ear(scene.broker.port)
        cases.run("hostile events are refused, the next one goes on", publish_all, scene)
        cases.run("reminders of refusals go out", reminded, scene)
        cases.run("not in answers to hostile web requests", nothing_said, scene, knock)
        cases.run("not in answers to hostile control calls", nothing_said, scene, by_hand)
        scene.gateway.ctl("backup", scene.folder / "backup.db")
        cases.run("not in metrics, health, status and items", nothing_said, scene, reports)
        cases.run("not in receipts, status events and heartbeats", nothing_heard, scene)
        cases.run("not in store, its log, backup, log, mails, SMS", nothing_kept, scene)
        cases.run("the search itself works", search_works, scene)
        scene.gateway.stop()
        cases.run("not after a stop either", nothing_kept, scene)
        scene.ear.close()
    cases.end()


main()
