#!/usr/bin/python3
# time limit: 60 s
"""Nobody speaks in another's name: what the broker's ACL stops, and what the daemon refuses when
the topic is right and the envelope or the unit is not."""

import json
import sys

sys.path.insert(0, "tests/peers")

import scene as scenes  # noqa: E402
from mqtt5 import MqttError  # noqa: E402
from peers import Cases  # noqa: E402
from scene import STRUCTURED, Scene, Source, handover, now, referral, topic_of  # noqa: E402

STRANGER = "altes-verfahren"  # an account at the broker that the directory does not know


def publish_as(scene, account, topic, payload):
    """True when the broker took it."""
    with scene.connect(account) as client:
        try:
            return client.publish(topic, payload, STRUCTURED) < 0x80
        except MqttError:
            return False


def decided(scene):
    return sum(scene.gateway.json("status")["events_since_start"].values())


def settle(scene):
    """One good event after the bad ones: all before it are decided when its receipt is there."""
    return scene.soziales.accepted("handover.requested", handover())


def codes(receipt):
    return {(fault["code"], fault.get("field", "")) for fault in receipt.get("faults", [])}


def expect_refused(receipt, code, field):
    assert receipt["outcome"] == "refused", receipt
    assert (code, field) in codes(receipt), receipt


def other_topic(scene):
    """The broker stops it; nothing reaches the daemon."""
    event = json.dumps(scene.soziales.event("handover.requested", handover()))
    before = decided(scene)
    for account in ("jobcenter-ulm", "traeger-portal", "hotline", "stafette-watch"):
        took = publish_as(scene, account, topic_of("soziales-ulm", "handover.requested"), event)
        assert not took, f"{account} wrote in the name of soziales-ulm"
    settle(scene)
    assert decided(scene) == before + 1, "a forged event was decided"


def other_source(scene):
    """The right topic, another's name in the envelope."""
    jobcenter = scene.source["jobcenter-ulm"]
    for source in ("/soziales-ulm/fachverfahren", "/soziales-ulm", "/jobcenter-ulm-2/x",
                   "/jobcenter/x"):
        receipt = jobcenter.send("handover.requested", handover(from_unit="jobcenter-ulm"),
                                 source=source)
        expect_refused(receipt, "E-QUELLE", "source")
    assert jobcenter.accepted("handover.requested",
                              handover(from_unit="jobcenter-ulm", legal_basis="sgb10_69"),
                              source="/jobcenter-ulm")


def other_unit(scene):
    receipt = scene.source["jobcenter-ulm"].send("handover.requested", handover())
    expect_refused(receipt, "E-STELLE", "data.from_unit")
    receipt = scene.traeger.send("referral.requested", referral())
    expect_refused(receipt, "E-STELLE", "data.from_unit")


def other_answer(scene):
    """Somebody else's item, with a unit of one's own or of others."""
    code = settle(scene)["item_id"]
    jobcenter = scene.source["jobcenter-ulm"]
    for unit in ("egh-eselsberg", "jobcenter-ulm"):
        answer = {"item_id": code, "by_unit": unit, "at": now()}
        expect_refused(jobcenter.send("handover.accepted", answer), "E-STELLE", "data.by_unit")
    # The giver cannot accept for the receiver, nor the receiver withdraw.
    for kind, unit in (("accepted", "ksd-eselsberg"), ("withdrawn", "egh-eselsberg")):
        answer = {"item_id": code, "by_unit": unit, "at": now()}
        receipt = scene.soziales.send(f"handover.{kind}", answer)
        expect_refused(receipt, "E-STELLE", "data.by_unit")
    item = scene.item(code)
    assert item["state"] in ("requested", "delivered"), item
    assert item["responsible"] == "ksd-eselsberg", item


def own_approval(scene):
    """A provider approves nothing, and neither does the asking team."""
    code = scene.soziales.accepted("referral.requested", referral())["item_id"]
    approval = {"item_id": code, "by_role": "leitung-soziales", "budget_line": "egh-2027"}
    expect_refused(scene.traeger.send("referral.approved", approval), "E-STELLE", "data.by_role")
    approval["by_role"] = "egh-eselsberg"
    receipt = scene.soziales.send("referral.approved", approval)
    assert receipt["outcome"] == "refused", receipt
    assert scene.item(code)["state"] == "approval_pending"


def other_type(scene):
    event = scene.soziales.event("handover.requested", handover())
    scene.soziales.publish(event, topic=topic_of("soziales-ulm", "handover.withdrawn"))
    expect_refused(scene.soziales.receipt(event["id"]), "E-TYP", "type")


def stranger(scene):
    """The broker lets it in, the directory does not know it: refused, and a desk is told."""
    source = Source(scene.broker.port, STRANGER, scenes.ACCOUNTS)
    receipt = source.send("handover.requested", handover())
    expect_refused(receipt, "E-QUELLE", "")
    item = scene.item(receipt["item_id"])
    assert (item["kind"], item["responsible"]) == ("refusal", "technik-soziales"), item
    scene.wait_mail(receipt["item_id"], "technik-soziales@ulm.example")
    source.client.close()


def other_receipts(scene):
    """A source hears its own receipts and status events only; the beacon says it does hear."""
    with scene.connect("jobcenter-ulm") as spy:
        spy.subscribe("stafette/out/#", "stafette/out/soziales-ulm/receipt", "stafette/in/#")
        settle(scene)
        jobcenter = scene.source["jobcenter-ulm"]
        receipt = jobcenter.send("handover.requested", handover())
        spy.receive(1, 10, lambda m: m.topic == "stafette/out/jobcenter-ulm/receipt"
                    and receipt["item_id"].encode() in m.payload)
        heard = {message.topic for message in spy.messages}
    assert not [topic for topic in heard if "/jobcenter-ulm/" not in topic], heard


def forged_out(scene):
    """Nobody but the gateway writes receipts, status events and heartbeats."""
    for account in ("jobcenter-ulm", "stafette-watch"):
        for topic in ("stafette/out/jobcenter-ulm/receipt", "stafette/out/soziales-ulm/status",
                      "stafette/gateway/ulm"):
            assert not publish_as(scene, account, topic, "{}"), f"{account} wrote {topic}"


def no_password(scene):
    for name, word in (("soziales-ulm", "wrong"), ("nobody", "x"), ("", "")):
        try:
            scenes.Client(scene.broker.port, "guest", name, word).close()
        except MqttError:
            continue
        raise AssertionError(f"'{name}' came in")


STEPS = [
    ("on another's topic: stopped by the broker", other_topic),
    ("another's name in the envelope: refused", other_source),
    ("for another's unit: refused", other_unit),
    ("an answer to another's item: refused", other_answer),
    ("approving one's own or another's referral: refused", own_approval),
    ("another type than the topic's: refused", other_type),
    ("a source that the directory does not know: refused and told", stranger),
    ("another's receipts and events: not heard", other_receipts),
    ("forged receipts and heartbeats: stopped by the broker", forged_out),
    ("wrong or no password: stays out", no_password),
]


def main():
    cases = Cases()
    scenes.ACCOUNTS[STRANGER] = f"pw-{STRANGER}"
    with Scene() as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.end()


main()
