#!/usr/bin/python3
# time limit: 120 s
"""A hundred days on the test clock: what is over its time is gone, class by class, the audit chain
holds from its checkpoint, ids are forgotten together with their rows, numbers are not given out
again, and the totals for the ledger balance."""

import contextlib
import datetime
import json
import sqlite3
import sys

sys.path.insert(0, "tests/peers")

from peers import Cases  # noqa: E402
from scene import Scene, case_ref, handover  # noqa: E402

START = "2026-11-20T09:00:00+00:00"
UNIT = "egh-eselsberg"


def now_of(scene):
    return datetime.datetime.fromisoformat(
        scene.gateway.clock.read_text().strip().replace("Z", "+00:00"))


def stamp(scene):
    return now_of(scene).strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(scene, ref):
    due = (now_of(scene) + datetime.timedelta(days=60)).date().isoformat()
    event = scene.soziales.event("handover.requested",
                                 handover(case_ref=ref, next_deadline=due), time=stamp(scene))
    scene.soziales.publish(event)
    receipt = scene.soziales.receipt(event["id"])
    assert receipt["outcome"] == "accepted", receipt
    return event, receipt["item_id"]


def take(scene, code):
    scene.soziales.accepted("handover.accepted",
                            {"item_id": code, "by_unit": UNIT, "at": stamp(scene)},
                            time=stamp(scene))


def rows(scene, sql):
    path = scene.gateway.store
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql).fetchall()


def count(scene, table, where="1"):
    return rows(scene, f"select count(*) from {table} where {where}")[0][0]


def meta(scene, name):
    found = rows(scene, f"select value from meta where name = '{name}'")
    return int(found[0][0]) if found else 0


def balanced(scene):
    """As a ledger would count: requests still there and removed, items still there and removed."""
    requests = count(scene, "event", "exists (select 1 from item i where i.item_seq = "
                     "event.item_seq and i.event_seq = event.event_seq and i.kind < 4)")
    items = count(scene, "item", "kind < 4")
    left = requests + meta(scene, "ledger_pruned_events")
    right = items + meta(scene, "ledger_pruned_items")
    assert left == right == scene.asked, (left, right, scene.asked)
    status = scene.gateway.json("status")
    assert status["green"] and status["open_items"] == status["open_clocks"], status
    done = scene.gateway.ctl("ledger", "--at", stamp(scene), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def begun(scene):
    """Two ended items, one open, a refusal closed by hand."""
    scene.ref = case_ref()
    scene.closed = [ask(scene, scene.ref) for _ in range(2)]
    for _, code in scene.closed:
        take(scene, code)
    scene.open_event, scene.open = ask(scene, case_ref())
    scene.asked = 4
    refused = scene.soziales.send("handover.requested", {**handover(), "note": "x"},
                                  time=stamp(scene))
    scene.gateway.ctl("item", "close", refused["item_id"], "called_back")
    scene.gateway.wait_quiet()
    scene.highest = {table: rows(scene, f"select max({table}_seq) from {table}")[0][0]
                     for table in ("item", "event", "audit")}
    assert scene.gateway.json("status")["retention"]["closed"] == 0
    balanced(scene)


def known_for_35_days(scene):
    """A repeat is known on the 35th day, and on the 37th its row and its memory are gone."""
    scene.gateway.advance("35d")
    event, code = scene.closed[0]
    scene.soziales.publish(event)
    receipt = scene.soziales.receipt(event["id"])
    assert receipt["outcome"] == "repeated" and receipt["item_id"] == code, receipt
    before = count(scene, "event")
    scene.gateway.advance("2d")
    assert count(scene, "event") < before and not count(scene, "event", "item_seq > 0 and "
                                                        f"event_id = '{event['id']}'")
    metrics = scene.page("/metrics")
    ids = [line for line in metrics.splitlines() if line.startswith("stafette_known_ids ")]
    assert int(float(ids[0].split()[1])) == count(scene, "event"), (ids, count(scene, "event"))
    scene.soziales.publish(event)
    receipt = scene.soziales.receipt(event["id"])
    assert receipt["outcome"] == "refused", receipt
    assert [f["code"] for f in receipt["faults"]] == ["E-ALT"], receipt
    scene.asked += 1  # the refusal is an item
    assert scene.item(code)["state"] == "accepted"
    balanced(scene)


def closed_after_90_days(scene):
    scene.gateway.advance("52d")
    assert count(scene, "item", "kind = 0") == 3, "too early"
    scene.gateway.advance("2d")
    assert count(scene, "item", "kind = 0 and closed_ms > 0") == 0
    assert scene.item(scene.open)["state"] in ("requested", "delivered")
    for table in ("notice", "delivery", "clock"):
        left = rows(scene, f"select distinct item_seq from {table} where not exists"
                    f" (select 1 from item i where i.item_seq = {table}.item_seq)")
        assert not left, (table, left)
    done = scene.gateway.ctl("item", "show", scene.closed[0][1], check=False)
    assert done.returncode == 65 and "no item" in done.stderr, done
    assert "nichts gespeichert" in scene.gateway.ctl("export", scene.ref).stdout
    assert not rows(scene, "pragma foreign_key_check")
    balanced(scene)


def reported(scene):
    status = scene.gateway.json("status")["retention"]
    assert status["ended_at"], status
    told = [text for (text,) in
            rows(scene, "select content from audit where content like 'retention %'")]
    sums = {}
    for text in told:
        for word in text.split()[1:]:
            name, value = word.split("=")
            if value.isdigit():
                sums[name] = sums.get(name, 0) + int(value)
    assert sums["closed"] == meta(scene, "ledger_pruned_items") == 3, (told, sums)
    assert sums["memory"] == meta(scene, "retention_memory") >= 6, sums
    metrics = scene.page("/metrics")
    assert 'stafette_retention_removed_total{class="closed"} 3' in metrics
    assert "stafette_retention_ended_seconds" in metrics
    wal = scene.gateway.store.with_name("stafette.db-wal")
    assert wal.stat().st_size < 100000, wal.stat().st_size


def numbers_are_new(scene):
    """The newest rows are gone; after a restart nothing is given out twice all the same."""
    scene.gateway.stop()
    scene.gateway.start().wait_online()
    _, code = ask(scene, case_ref())
    scene.asked += 1
    assert code not in [c for _, c in scene.closed]
    for table, highest in scene.highest.items():
        now = rows(scene, f"select max({table}_seq) from {table}")[0][0]
        assert now > highest, (table, now, highest)
    take(scene, code)
    balanced(scene)


def audit_after_two_years(scene):
    first = scene.gateway.json("audit", "verify")
    assert first["holds"] and not first["checkpoint"], first
    take(scene, scene.open)
    for _ in range(8):
        scene.gateway.advance("91d")
    chain = scene.gateway.json("audit", "verify")
    assert chain["holds"] and chain["checkpoint"] > 5, chain
    assert chain["first"] == chain["checkpoint"] + 1, chain
    assert "Beginnt hinter Zeile" in scene.gateway.ctl("audit", "verify").stdout
    oldest = rows(scene, "select min(at_ms) from audit")[0][0] / 1000
    age = now_of(scene).timestamp() - oldest
    assert age < 731 * 86400, age / 86400
    assert count(scene, "item", "closed_ms > 0 and kind = 0") == 0
    balanced(scene)


def checkpoint_is_checked(scene):
    """A row taken from behind the checkpoint is missed."""
    scene.gateway.stop()
    assert scene.gateway.json("audit", "verify")["holds"]
    with contextlib.closing(sqlite3.connect(scene.gateway.store)) as db:
        db.execute("delete from audit where audit_seq = (select min(audit_seq) from audit)")
        db.commit()
    done = scene.gateway.ctl("--json", "audit", "verify", check=False)
    assert done.returncode == 1 and not json.loads(done.stdout)["holds"], done


STEPS = [
    ("ended and open items", begun),
    ("ids are known for 35 days, then forgotten with their rows", known_for_35_days),
    ("ended items go after 90 days, open ones stay", closed_after_90_days),
    ("what was removed stands in audit, status and metrics", reported),
    ("no number is given out again", numbers_are_new),
    ("the audit trail goes after two years and verifies", audit_after_two_years),
    ("a row missing behind the checkpoint is found", checkpoint_is_checked),
]


def crowd():
    """More than one step can do, beside work that goes on; no turn takes long."""
    with Scene(test_clock=START, durable=False) as scene:
        codes = [ask(scene, case_ref())[1] for _ in range(700)]
        for code in codes:
            take(scene, code)
        scene.gateway.wait_quiet()
        scene.gateway.advance("95d")
        left = rows(scene, "select kind, state, code, closed_ms from item where kind < 6")
        assert not left, left
        scene.asked = 700
        balanced(scene)
        slow = [line for line in scene.page("/metrics").splitlines()
                if 'turn_seconds_bucket{le="0.5"}' in line or "turn_seconds_count" in line]
        assert len({line.split()[1] for line in slow}) == 1, f"a turn of over half a second {slow}"


def main():
    cases = Cases()
    with Scene(test_clock=START) as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.run("700 items in pieces", crowd)
    cases.end()


main()
