#!/usr/bin/python3
# time limit: 120 s
"""From an event on the broker to the mail in a Maildir, the SMS in a file, the receipt and the
status events: every handled type, repeats, refusals and how they end."""

import json
import sys

sys.path.insert(0, "tests/peers")

from peers import Cases, wait_until  # noqa: E402
from scene import Scene, case_ref, emergency, handover, now, referral, topic_of  # noqa: E402

TEAM = "egh-eselsberg@ulm.example"
CATCH_ALL = "koordination-sozialraum@ulm.example"
TECHNICAL = "technik-soziales@ulm.example"


def codes(receipt):
    return [fault["code"] for fault in receipt.get("faults", [])]


def refused(receipt, code):
    assert receipt["outcome"] == "refused" and code in codes(receipt), receipt


def answer(item, unit="egh-eselsberg", code="seen"):
    return {"item_id": item, "by_unit": unit, "code": code}


def at(item, unit="egh-eselsberg"):
    return {"item_id": item, "by_unit": unit, "at": now()}


def approval(item):
    return {"item_id": item, "by_role": "leitung-soziales", "budget_line": "egh-2027"}


def provided(item, code):
    return {"item_id": item, "provider": "rehaverein", "code": code}


# ---- one event all the way

def handover_to_mail(scene):
    data = handover()
    receipt = scene.soziales.accepted("handover.requested", data, urgency="prompt")
    assert (receipt["item_kind"], receipt["state"]) == ("handover", "requested"), receipt
    code = receipt["item_id"]
    mail = scene.wait_mail(code)
    assert mail.to == TEAM, mail
    assert mail.subject == "Neue Übergabemeldung - bitte quittieren", mail
    for word in ("Kommunaler Sozialer Dienst Eselsberg", "Bitte quittieren bis: ",
                 f"https://portal.ulm.example/vorgang/{code}", "bis die Übernahme bestätigt ist"):
        assert word in mail.text, f"{word} is not in:\n{mail.text}"
    for secret in (data["case_ref"], data["consent_ref"], "SGB", "transition", "36b"):
        assert secret not in mail.text, f"{secret} is in:\n{mail.text}"
    status = scene.soziales.status("notice.sent", code)
    assert status["responsible"] == "ksd-eselsberg", status
    assert status["case_ref"] == data["case_ref"], status


def emergency_to_sms(scene):
    receipt = scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency")
    code = receipt["item_id"]
    wait_until(lambda: scene.texts(code), "the SMS of the emergency")
    text = scene.texts(code)[0]
    assert "+4915100000001" in text, text
    assert "Bereitschaft" in text and "wiblingen" not in text.lower(), text
    assert scene.wait_mail(code).to == "bereitschaft@ulm.example"
    item = scene.item(code)
    assert (item["state"], item["waiting_for"]) == ("reported", "bereitschaft"), item


def binary_mode(scene):
    event = scene.soziales.event("handover.requested", handover(), urgency="urgent")
    scene.soziales.publish_binary(event)
    receipt = scene.soziales.receipt(event["id"])
    assert receipt["outcome"] == "accepted", receipt
    assert scene.item(receipt["item_id"])["urgency"] == "urgent"
    assert scene.wait_mail(receipt["item_id"]).to == TEAM
    # In binary mode the properties are the envelope: what they lack, the event lacks.
    event = scene.soziales.event("handover.requested", handover(), time=None)
    scene.soziales.publish_binary(event)
    refused(scene.soziales.receipt(event["id"]), "E-UMSCHLAG")


# ---- every handled type

def opened(scene):
    return scene.soziales.accepted("handover.requested", handover())["item_id"]


def offered(scene):
    code = scene.soziales.accepted("referral.requested", referral())["item_id"]
    receipt = scene.soziales.accepted("referral.approved", approval(code))
    assert receipt["state"] == "offered", receipt
    return code


def goes(source, kind, data, state):
    receipt = source.accepted(kind, data)
    assert receipt["state"] == state, receipt
    source.status(kind, receipt["item_id"])


def handover_ways(scene):
    soziales = scene.soziales
    code = opened(scene)
    goes(soziales, "handover.acknowledged", answer(code), "acknowledged")
    assert scene.item(code)["responsible"] == "ksd-eselsberg", "seen is not accepted"
    goes(soziales, "handover.accepted", at(code), "accepted")
    assert scene.item(code)["responsible"] == "egh-eselsberg"
    goes(soziales, "handover.returned", answer(opened(scene), code="incomplete"), "returned")
    goes(soziales, "handover.rejected", answer(opened(scene), code="no_capacity"), "rejected")
    goes(soziales, "handover.rejected", answer(opened(scene), code="not_competent"), "conflict")
    goes(soziales, "handover.withdrawn", at(opened(scene), "ksd-eselsberg"), "withdrawn")


def referral_ways(scene):
    code = scene.soziales.accepted("referral.requested", referral())["item_id"]
    assert scene.wait_mail(code).to == "leitung-soziales@ulm.example"
    scene.gateway.wait_quiet()
    provider = "aufnahme@rehaverein.example"
    assert not scene.mails(code, provider), "a provider was told before the approval"
    goes(scene.soziales, "referral.approved", approval(code), "offered")
    scene.wait_mail(code, provider)
    goes_to(scene, "referral.accepted", provided(code, "accepted"), "accepted")
    goes_to(scene, "referral.declined", provided(offered(scene), "voll"), "declined")
    code = scene.soziales.accepted("referral.requested", referral())["item_id"]
    goes(scene.soziales, "referral.refused", approval(code), "refused")


def goes_to(scene, kind, data, state):
    """The provider answers; the asking source hears of it."""
    receipt = scene.traeger.accepted(kind, data)
    assert receipt["state"] == state, receipt
    scene.soziales.status(kind, receipt["item_id"])


def emergency_cleared(scene):
    code = scene.hotline.accepted("emergency.reported", emergency())["item_id"]
    goes(scene.hotline, "hazard.cleared", {"item_id": code, "at": now()}, "cleared")


# ---- repeats

def repeats(scene):
    event = scene.soziales.event("handover.requested", handover())
    scene.soziales.publish(event)
    first = scene.soziales.receipt(event["id"])
    scene.wait_mail(first["item_id"])
    before = len(scene.gateway.mails())
    for _ in range(3):
        scene.soziales.publish(event)
        again = scene.soziales.receipt(event["id"])
        assert again["outcome"] == "repeated" and again["item_id"] == first["item_id"], again
    scene.gateway.wait_quiet()
    assert len(scene.gateway.mails()) == before, "a repeat was told again"
    scene.soziales.publish({**event, "data": {**event["data"], "open_tasks": 4}})
    refused(scene.soziales.receipt(event["id"]), "E-DOPPELT")


def same_id_of_another_source(scene):
    """An id is unique to its source only."""
    event = scene.hotline.event("emergency.reported", emergency(), id="same-id-1")
    scene.hotline.publish(event)
    mine = scene.soziales.event("handover.requested", handover(), id="same-id-1")
    scene.soziales.publish(mine)
    first, second = scene.hotline.receipt("same-id-1"), scene.soziales.receipt("same-id-1")
    assert first["outcome"] == second["outcome"] == "accepted", (first, second)


# ---- where nobody fits, and what is refused

def unknown_place(scene):
    receipt = scene.soziales.accepted("handover.requested", handover(place="neu-ulm"))
    assert scene.wait_mail(receipt["item_id"]).to == CATCH_ALL


def incomplete(scene):
    receipt = scene.soziales.send("handover.requested", handover(reason=None))
    assert receipt["outcome"] == "returned", receipt
    assert receipt["faults"][0]["field"] == "data.reason", receipt
    code = receipt["item_id"]
    mail = scene.wait_mail(code)
    assert mail.to == "ksd-eselsberg@ulm.example" and "data.reason" in mail.text, mail.text
    item = scene.item(code)
    assert item["state"] == "returned" and item["due_at"], item
    data = handover(case_ref=item["case_ref"], item_id=code)
    receipt = scene.soziales.accepted("handover.requested", data)
    assert (receipt["item_id"], receipt["state"]) == (code, "requested"), receipt
    scene.wait_mail(code, TEAM)


def open_refusal(scene):
    event = scene.soziales.event("handover.requested", handover(diagnosis="F32.1"))
    scene.soziales.publish(event)
    receipt = scene.soziales.receipt(event["id"])
    refused(receipt, "E-FELD")
    assert receipt["faults"][0]["field"] == "data.diagnosis", receipt
    assert receipt["item_kind"] == "refusal", receipt
    assert "F32" not in json.dumps(receipt), receipt
    return event, receipt["item_id"]


def refusal_is_an_item(scene):
    _, code = open_refusal(scene)
    mail = scene.wait_mail(code)
    assert mail.to == TECHNICAL, mail
    assert "data.diagnosis" in mail.text and "F32" not in mail.text, mail.text
    item = scene.item(code)
    assert (item["state"], item["responsible"]) == ("open", "technik-soziales"), item
    assert item["next_clock"] and item["due_at"], item
    assert code in scene.gateway.ctl("item", "list").stdout


def corrected_by_event_id(scene):
    event, refusal = open_refusal(scene)
    receipt = scene.soziales.accepted("handover.requested", handover(), corrects=event["id"])
    assert receipt["item_id"] != refusal, "the corrected event opens an item of its own"
    assert scene.item(refusal)["state"] == "corrected"
    scene.soziales.status("refusal.corrected", refusal)
    scene.wait_mail(refusal, TECHNICAL, count=2)
    scene.wait_mail(receipt["item_id"], TEAM)


def corrected_by_code(scene):
    """What the technical desk's mail says: (corrects: CODE)."""
    _, refusal = open_refusal(scene)
    assert f"corrects: {refusal}" in scene.wait_mail(refusal, TECHNICAL).text
    scene.soziales.accepted("handover.requested", handover(), corrects=refusal)
    assert scene.item(refusal)["state"] == "corrected"


def corrected_without_id(scene):
    """A message that is no JSON has no id; its refusal can be named by its code only."""
    before = {row["item_id"] for row in scene.gateway.json("item", "list")}
    scene.soziales.client.publish(topic_of("soziales-ulm", "handover.requested"), '{"id": "x',
                                  content_type="application/cloudevents+json")
    receipt = scene.soziales.receipt("")
    refused(receipt, "E-JSON")
    assert receipt["item_id"] not in before, receipt
    scene.soziales.accepted("handover.requested", handover(), corrects=receipt["item_id"])
    assert scene.item(receipt["item_id"])["state"] == "corrected"


def not_corrected_by_others(scene):
    _, refusal = open_refusal(scene)
    for name in ("corrects", "item_id"):
        data = emergency(**{name: refusal})
        refused(scene.hotline.send("emergency.reported", data), "E-VORGANG")
    assert scene.item(refusal)["state"] == "open"


def closed_by_hand(scene):
    _, refusal = open_refusal(scene)
    scene.gateway.ctl("item", "close", refusal, "called_back")
    item = scene.item(refusal)
    assert item["state"] == "closed" and "due_at" not in item, item
    assert any("called_back" in row["what"] for row in item["audit"]), item["audit"]
    again = scene.gateway.ctl("item", "close", refusal, "called_back", check=False)
    assert again.returncode == 65 and "only an open refusal" in again.stderr, again
    code = opened(scene)
    done = scene.gateway.ctl("item", "close", code, "done", check=False)
    assert done.returncode == 65 and not scene.item(code).get("closed_at"), done


def refused_emergency(scene):
    event = scene.hotline.event("emergency.reported", emergency(name="Muster"))
    scene.hotline.publish(event)
    receipt = scene.hotline.receipt(event["id"])
    refused(receipt, "E-FELD")
    code = receipt["item_id"]
    wait_until(lambda: scene.texts(code), "the SMS to the on-call")
    text = scene.texts(code)[0]
    assert "Meldung abgewiesen, bitte Quelle anrufen" in text and "Muster" not in text, text
    scene.wait_mail(code, "technik-hotline@ulm.example")


def ambiguous(scene):
    ref = case_ref()
    both = sorted(scene.soziales.accepted("handover.requested", handover(case_ref=ref))["item_id"]
                  for _ in range(2))
    seen = {"case_ref": ref, "by_unit": "egh-eselsberg", "code": "seen"}
    receipt = scene.soziales.send("handover.acknowledged", seen)
    refused(receipt, "E-MEHRDEUTIG")
    candidates = receipt["faults"][0]["candidates"].split()
    assert sorted(candidates) == both, (candidates, both)
    receipt = scene.soziales.accepted("handover.acknowledged", {**seen, "item_id": both[0]})
    assert receipt["item_id"] == both[0] and receipt["state"] == "acknowledged", receipt
    # Now exactly one is left that can be meant.
    receipt = scene.soziales.accepted("handover.acknowledged", seen)
    assert receipt["item_id"] == both[1], receipt


def in_reply_to(scene):
    event = scene.soziales.event("handover.requested", handover())
    scene.soziales.publish(event)
    code = scene.soziales.receipt(event["id"])["item_id"]
    data = {"in_reply_to": event["id"], "by_unit": "egh-eselsberg", "code": "seen"}
    assert scene.soziales.accepted("handover.acknowledged", data)["item_id"] == code


def retained(scene):
    event = scene.soziales.event("handover.requested", handover())
    scene.soziales.publish(event, retain=True)
    refused(scene.soziales.receipt(event["id"]), "E-RETAIN")
    topic = topic_of("soziales-ulm", "handover.requested")
    scene.soziales.client.publish(topic, b"", retain=True)


def not_yet(scene):
    data = {"unit": "egh-eselsberg", "from": now()}
    refused(scene.soziales.send("unit.changed", data), "E-NOCH-NICHT")


def all_well(scene):
    scene.gateway.wait_quiet()
    status = scene.gateway.json("status")
    assert status["green"] and status["broker"] == "up" and not status["pending"], status
    assert status["open_items"] == status["open_clocks"], status


STEPS = [
    ("a handover becomes a mail, a receipt and a status", handover_to_mail),
    ("an emergency becomes an SMS and a mail", emergency_to_sms),
    ("binary mode with user properties", binary_mode),
    ("handover: seen, accepted, returned, rejected, withdrawn", handover_ways),
    ("referral: approved, accepted, declined, refused", referral_ways),
    ("emergency: cleared", emergency_cleared),
    ("a repeat is told once; another content under its id is refused", repeats),
    ("two sources may use one id", same_id_of_another_source),
    ("an unknown place goes to the catch-all desk", unknown_place),
    ("an incomplete request is returned and completed", incomplete),
    ("a refused message is an item of the technical desk", refusal_is_an_item),
    ("a corrected event ends the refusal", corrected_by_event_id),
    ("the refusal's code does so too, as its mail says", corrected_by_code),
    ("a message without an id is corrected by the code", corrected_without_id),
    ("no other source ends a refusal", not_corrected_by_others),
    ("a human closes a refusal, and nothing else", closed_by_hand),
    ("a refused emergency calls the on-call without content", refused_emergency),
    ("two open items of a case: ambiguous, with candidates", ambiguous),
    ("an answer by in_reply_to", in_reply_to),
    ("a retained event is refused", retained),
    ("a type that is not handled yet is refused", not_yet),
    ("green at the end, an item a clock", all_well),
]


def main():
    cases = Cases()
    with Scene() as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.end()


main()
