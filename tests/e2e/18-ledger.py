#!/usr/bin/python3
# time limit: 180 s
"""The ledger on a store that the real daemon made: green untouched, each corruption found with its
own code by `stafettectl ledger`; the hourly child turns heartbeat, /healthz and metrics red, and
the line of the night tells the coordinator, green or red, once a day."""

import contextlib
import json
import re
import shutil
import sqlite3
import sys

sys.path.insert(0, "tests/peers")

from peers import Cases, wait_until  # noqa: E402
from scene import Scene, emergency, handover  # noqa: E402

START = "2026-11-20T09:00:00+00:00"  # a Friday, 10:00 in Ulm
DESK = "koordination-sozialraum"
UNIT = "egh-eselsberg"

# label, SQL, codes. :open is an open item with a fired clock, :ended one that was accepted.
CORRUPTIONS = [
    ("an item is deleted", "delete from item where item_seq = :open", {"L-01", "L-11", "L-15"}),
    ("a closed item is deleted", "delete from item where item_seq = :ended", {"L-01", "L-15"}),
    ("its event row is deleted",
     "delete from event where event_seq = (select event_seq from item where item_seq = :open)",
     {"L-04"}),
    ("a clock is deleted", "delete from clock where item_seq = :open and state = 0", {"L-08"}),
    ("an audit row in the middle is deleted",
     "delete from audit where audit_seq = (select min(audit_seq) + 3 from audit"
     " where content like 'delivery=%' and item_seq >= :open)", None),
    ("an audit row is changed",
     "update audit set content = replace(content, 'outcome=accepted', 'outcome=refused')"
     " where audit_seq = (select max(audit_seq) from audit where item_seq = :ended"
     " and content like 'event=%')", {"L-05"}),
    ("the time of an audit row is changed",
     "update audit set at_ms = at_ms - 60000 where audit_seq = :ended", {"L-05"}),
    ("a clock is doubled",
     "insert into clock select 1000000, item_seq, kind, step, due_ms, 0, 0, 0, 0 from clock"
     " where item_seq = :open and state = 0", {"L-09"}),
    ("a clock was not fired",
     "update clock set due_ms = due_ms - 864000000 where item_seq = :open and state = 0",
     {"L-10"}),
    ("a fired clock lost its effect",
     "insert into clock select 1000000, item_seq, kind, step, due_ms, 1, due_ms, 0, 0 from clock"
     " where item_seq = :open and state = 0", {"L-12"}),
    ("the owner is a unit that was removed",
     "update item set owner_unit = 'aufgeloest' where item_seq = :open", {"L-06"}),
    ("so is the one that must answer",
     "update item set waiting_unit = 'aufgeloest' where item_seq = :open", {"L-07"}),
    ("a notice has no delivery",
     "insert into notice select 1000000, item_seq, unit, reason, template_name, deadline_ms,"
     " outcome, doubtful, created_ms, instead_of, 0 from notice where item_seq = :open limit 1",
     {"L-14"}),
    ("a delivery has no notice",
     "update delivery set notice_seq = 1000000 where delivery_seq = (select min(delivery_seq)"
     " from delivery where item_seq = :open)", {"L-14", "L-15"}),
    ("a delivery lost its next attempt",
     "update delivery set state = 0, next_ms = 0 where delivery_seq = (select min(delivery_seq)"
     " from delivery where item_seq = :open)", {"L-16"}),
    ("an open item is marked as closed",
     "update item set closed_ms = 1 where item_seq = :open", {"L-11", "L-17"}),
]


def now(scene):
    return scene.gateway.json("status")["now"]


def ask(scene):
    return scene.soziales.accepted("handover.requested", handover(next_deadline="2026-12-20"),
                                   time=now(scene))["item_id"]


def work(scene):
    """Items of each kind and ending, with clocks that have fired."""
    scene.code = ask(scene)
    scene.ended = ask(scene)
    for _ in range(10):
        ask(scene)
    scene.soziales.accepted("handover.accepted", {"item_id": scene.ended, "by_unit": UNIT,
                                                  "at": now(scene)}, time=now(scene))
    scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency",
                           time=now(scene))
    assert scene.soziales.send("handover.requested", {"diagnosis": "x"},
                               time=now(scene))["outcome"] == "refused"
    assert scene.soziales.send("handover.requested", handover(
        next_deadline=None, open_tasks=None), time=now(scene))["outcome"] == "returned"


def look(scene, *words):
    """Exit status and parsed result of `stafettectl ledger`."""
    done = scene.gateway.ctl("--json", "ledger", "--at", scene.now, *words, check=False)
    assert done.returncode in (0, 1), done
    result = json.loads(done.stdout)
    assert result["green"] == (done.returncode == 0) == (not result["findings"]), result
    return result


def untouched(scene):
    work(scene)
    scene.gateway.advance("8d")
    scene.now = now(scene)
    status = scene.gateway.json("status")
    assert status["green"] and status["findings"] == 0, status
    assert status["ledger_at"] == scene.now, status
    result = look(scene)
    assert result["green"] and not result["findings"], result
    assert result["requests"] == 14 and result["asked"] == 15, result
    assert sum(result["open"].values()) == status["open_items"] == 14, (result, status)
    text = scene.gateway.ctl("ledger", "--at", scene.now).stdout
    assert "alles in Ordnung: 14 offene Vorgänge" in text, text


def row(scene, sql, *values):
    """The connection must be closed: the daemon's last one to leave empties its log."""
    with contextlib.closing(sqlite3.connect(f"file:{scene.gateway.store}?mode=ro",
                                            uri=True)) as store:
        return store.execute(sql, values).fetchone()


def item_seq(scene, where):
    return row(scene, f"select min(item_seq) from item where {where}")[0]


def change(scene, sql, **values):
    store = sqlite3.connect(scene.gateway.store, timeout=10)
    with store:
        touched = store.execute(sql, {**values}).rowcount
    store.close()
    assert touched > 0, f"nothing was corrupted: {sql}"


def corrupt(scene):
    """Each corruption on a copy of the sound store, the daemon being away."""
    scene.open = item_seq(scene, "closed_ms = 0")
    ended = item_seq(scene, "closed_ms > 0 and kind = 0")
    scene.gateway.stop()
    store, sound = scene.gateway.store, scene.folder / "sound.db"
    shutil.copy(store, sound)
    missed = []
    for label, sql, want in CORRUPTIONS:
        change(scene, sql.replace(":open", str(scene.open)).replace(":ended", str(ended)))
        result = look(scene)
        codes = {finding["code"] for finding in result["findings"]}
        if codes != (want or codes) or "L-05" not in codes and want is None:
            missed.append(f"{label}: {sorted(codes)}, not {sorted(want or ['L-05'])}")
        for finding in result["findings"]:
            assert finding["count"] >= 1 and len(finding["items"]) <= 20, finding
            assert finding["what"].endswith(".") and finding["remedy"].endswith("."), finding
        text = scene.gateway.ctl("ledger", "--at", scene.now, check=False).stdout
        assert all(code in text for code in codes) and "nicht in Ordnung" in text, text
        for old in store.parent.glob(store.name + "-*"):
            old.unlink() if old.name != store.name + ".lock" else None
        shutil.copy(sound, store)
    assert not missed, "\n".join(missed)
    assert look(scene)["green"], "the copy is not what it was"
    scene.gateway.start()
    scene.gateway.wait_online()


def names_item(scene):
    change(scene, "delete from clock where item_seq = :open and state = 0", open=scene.open)
    found = look(scene)["findings"]
    assert [f["code"] for f in found] == ["L-08"] and found[0]["items"] == [scene.code], found


def heartbeat(scene, fits):
    def beat():
        with scene.connect("stafette-watch") as client:
            client.subscribe("stafette/gateway/+")
            return json.loads(client.receive(1, 10)[0].payload)

    found = []
    wait_until(lambda: fits(found.append(beat()) or found[-1]), "the heartbeat")
    return found[-1]


def hourly(scene):
    """What the count of each minute cannot see: an owner who does not exist."""
    scene.gateway.stop()
    shutil.copy(scene.folder / "sound.db", scene.gateway.store)
    scene.gateway.start()
    scene.gateway.wait_online()
    scene.gateway.advance("1s")
    heartbeat(scene, lambda beat: beat["green"] and beat.get("findings") == 0)
    owner, = row(scene, "select owner_unit from item where item_seq = ?", scene.open)
    change(scene, "update item set owner_unit = 'aufgeloest' where item_seq = :open",
           open=scene.open)
    assert scene.gateway.json("status")["green"], "nobody has looked yet"
    scene.gateway.advance("1h")
    beat = heartbeat(scene, lambda beat: not beat["green"])
    assert beat["balance"] and beat["findings"] == 1, beat
    status = scene.gateway.json("status")
    assert not status["green"] and status["ledger_trouble"].startswith("L-06"), status
    trouble = json.loads(scene.page("/healthz", 503))["troubles"]
    assert [t["what"] for t in trouble] == ["full ledger"], trouble
    metrics = scene.page("/metrics")
    assert re.search(r"^stafette_ledger_findings 1$", metrics, re.M), metrics
    assert re.search(r"^stafette_ledger_full_green 0$", metrics, re.M), metrics
    assert re.search(r"^stafette_ledger_green 1$", metrics, re.M), metrics
    assert 'msg="full ledger" state=red' in scene.gateway.log
    assert "findings=L-06:1" in scene.gateway.log
    return owner


def night_mails(scene):
    return [mail for mail in scene.mails(to=DESK) if "Nachtprüfung" in mail.subject]


def red_night(scene):
    before = len(night_mails(scene))
    assert before >= 1, "the nights before were green"
    assert all("alles in Ordnung" in mail.subject for mail in night_mails(scene))
    scene.gateway.advance("24h")
    mails = night_mails(scene)
    assert len(mails) == before + 1, mails
    text = mails[-1].text
    assert "bitte handeln" in mails[-1].subject, mails[-1]
    assert "nicht in Ordnung: 1 Befund bei 14 offenen Vorgängen. L-06, 1 Mal" in text, text
    assert scene.code in text and "Bitte bestimmen, wer zuständig ist" in text, text


def green_again(scene, owner):
    change(scene, "update item set owner_unit = :owner where item_seq = :open", owner=owner,
           open=scene.open)
    before = len(night_mails(scene))
    scene.gateway.advance("24h")
    mails = night_mails(scene)
    assert len(mails) == before + 1, mails
    assert "alles in Ordnung" in mails[-1].subject, mails[-1]
    assert "alles in Ordnung: 14 offene Vorgänge, jeder mit" in mails[-1].text, mails[-1].text
    assert scene.gateway.json("status")["green"]
    heartbeat(scene, lambda beat: beat["green"] and beat["findings"] == 0)
    code = re.search(r"Prüfung: (\S+)", mails[-1].text).group(1)
    item = scene.item(code)
    assert item["kind"] == "ledger" and item["state"] == "closed", item
    assert any("night=green" in row["what"] for row in item["audit"]), item


def once_a_day(scene):
    """Not again after a restart, nor later that day; what is missed is made up for, once."""
    before = len(night_mails(scene))
    scene.gateway.stop()
    scene.gateway.start().wait_online()
    scene.gateway.advance("1m")
    assert len(night_mails(scene)) == before, "the same night was told twice"
    scene.gateway.kill()
    scene.gateway.clock.write_text("2026-12-24T12:00:00+00:00\n")
    scene.gateway.start().wait_online()
    scene.gateway.advance("1s")
    wait_until(lambda: len(night_mails(scene)) == before + 1, "the line of the missed night")
    scene.gateway.advance("6h")
    assert len(night_mails(scene)) == before + 1, "several lines for one outage"


def refusals(scene):
    """What it cannot do it says, and makes nothing."""
    done = scene.gateway.ctl("ledger", "--at", "soon", check=False)
    assert done.returncode == 64 and "--at needs a time" in done.stderr, done
    keys = scene.folder / "keys"
    keys.rename(scene.folder / "keys.away")
    done = scene.gateway.ctl("ledger", check=False)
    assert done.returncode == 77 and "key file" in done.stderr, done
    assert not keys.exists(), "a key file was made"
    (scene.folder / "keys.away").rename(keys)
    scene.gateway.stop()
    scene.gateway.store.write_bytes(b"SQLite format 3\0" + b"\xff" * 4000)
    for old in scene.gateway.store.parent.glob(scene.gateway.store.name + "-*"):
        old.unlink()
    done = scene.gateway.ctl("ledger", check=False)
    assert done.returncode == 74 and "stafette.db" in done.stderr, done


def main():
    cases = Cases()
    with Scene(test_clock=START, settings={"events.heartbeat": "1s"}) as scene:
        cases.run("a store that the daemon made is green", untouched, scene)
        cases.run("each corruption is found with its code", corrupt, scene)
        cases.run("a finding names its item", names_item, scene)
        owner = []
        cases.run("the hourly child turns heartbeat, health and metrics red",
                  lambda: owner.append(hourly(scene)))
        cases.run("the night's line is red and says what to do", red_night, scene)
        cases.run("green again", green_again, scene, owner and owner[0])
        cases.run("one line a day, over restart and outage", once_a_day, scene)
        cases.run("what it cannot do", refusals, scene)
    cases.end()


main()
