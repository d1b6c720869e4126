#!/usr/bin/python3
# time limit: 200 s
"""Erasing a case, its export, and the audit trail: what is there before, that nothing is left in
store, log files and list afterwards, that repeats are still known, that a restored backup and a
crash between list and commit do not bring the case back."""

import contextlib
import datetime
import json
import sqlite3
import sys

sys.path.insert(0, "tests/peers")

from peers import Aiosmtpd, Cases, wait_until  # noqa: E402
from scene import Scene, case_ref, handover  # noqa: E402

START = "2026-11-20T09:00:00+00:00"
UNIT, DESK = "egh-eselsberg", "koordination-sozialraum"
WAITING = ("requested", "delivered")  # the relay may have it by now


def stamp(scene):
    text = scene.gateway.clock.read_text().strip()
    when = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(scene, ref, **more):
    """One request; (event, item code). The reference stands in the event's id, too."""
    event = scene.soziales.event("handover.requested", handover(case_ref=ref, **more),
                                 time=stamp(scene), id=f"{ref}-{case_ref()}", subject=ref)
    scene.soziales.publish(event)
    receipt = scene.soziales.receipt(event["id"])
    assert receipt["outcome"] == "accepted", receipt
    return event, receipt["item_id"]


def take(scene, ref, code):
    scene.soziales.accepted("handover.accepted",
                            {"item_id": code, "case_ref": ref, "by_unit": UNIT,
                             "at": stamp(scene)}, time=stamp(scene))


def rows(path, sql, *values):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return db.execute(sql, values).fetchall()


def refused(scene, *words, says, status=65):
    done = scene.gateway.ctl(*words, check=False)
    assert done.returncode == status and says in done.stderr, \
        (words[0], words[-1][:60], done.returncode, done.stderr[:300])
    return done


def files(scene):
    """Name and bytes of the store's files, the list of erasures and the daemon's log."""
    found = [path for path in scene.folder.path.glob("stafette*") if path.is_file()]
    names = {path.name for path in found}
    assert {"stafette.db", "stafette.db.erasures", "stafetted.log"} <= names, names
    return [(path.name, path.read_bytes()) for path in found]


def nothing_left(scene, *words):
    wait_until(lambda: not scene.gateway.json("status")["erased_in_log"], "the log is emptied")
    for name, data in files(scene):
        for word in words:
            at = data.find(word.encode())
            assert at < 0, f"{name} holds {word}: {data[max(at - 100, 0):at + 100]!r}"


# ---- before

def prepared(scene):
    scene.ref, scene.other = case_ref(), case_ref()
    scene.consent = "c-" + case_ref()[3:]
    scene.event, scene.code = ask(scene, scene.ref, consent_ref=scene.consent)
    scene.done_event, scene.done_code = ask(scene, scene.ref)
    _, scene.other_code = ask(scene, scene.other)
    take(scene, scene.ref, scene.done_code)
    scene.wait_mail(scene.code)
    scene.gateway.wait_quiet()
    scene.gateway.ctl("backup", scene.folder / "backup.db")
    kept = b"".join(data for _, data in store_files(scene))
    for word in (scene.ref, scene.event["id"], scene.consent):
        assert word.encode() in kept, f"{word} was never there: the search proves nothing"


def store_files(scene):
    return [(p.name, p.read_bytes()) for p in scene.folder.path.glob("stafette.db*")]


def exported(scene):
    text = scene.gateway.ctl("export", scene.ref).stdout
    for word in (scene.ref, scene.code, scene.done_code, "Art. 15 DSGVO", "übernommen",
                 "wartet auf Quittung", scene.consent, "Eingliederungshilfe", "E-Mail",
                 "handover.requested", "Protokoll", "Fristen"):
        assert word in text, f"not in the export: {word}\n{text}"
    assert "@" not in text and "+49" not in text, text
    assert scene.other not in text and scene.other_code not in text, text
    data = scene.gateway.json("export", scene.ref)
    items = {item["item_id"]: item for item in data["items"]}
    assert set(items) == {scene.code, scene.done_code}, data
    item = items[scene.code]
    assert item["state"] in WAITING and item["events"][0]["data"]["case_ref"] == scene.ref
    told = [n for n in item["notices"] if n["unit"] == UNIT]
    assert told and told[0]["deliveries"][0]["template"].startswith("handover.requested"), item
    assert told[0]["deliveries"][0]["state"] == "sent", told
    assert [c["state"] for c in items[scene.done_code]["clocks"]].count("open") == 0
    assert any("outcome=accepted" in row["what"] for row in item["audit"]), item


def unknown_exports(scene):
    text = scene.gateway.ctl("export", case_ref()).stdout
    assert "nichts gespeichert" in text, text
    refused(scene, "export", "Maria", says="case reference")
    refused(scene, "export", "cr-" + "a1" * 50000, says="case reference")
    refused(scene, "export", says="one of", status=64)
    refused(scene, "export", scene.ref, "--record", says="one of", status=64)


def records(scene):
    text = scene.gateway.ctl("export", "--permissions").stdout
    assert "Berechtigungsmatrix" in text and "permissions.conf:" in text, text[:500]
    assert f"* | {UNIT} | Übergabe | sgb8_36b" in text, text[:2000]
    text = scene.gateway.ctl("export", "--record").stdout
    for word in ("Art. 30 DSGVO", "Löschfristen", ": 90 Tage", ": 730 Tage", "case_ref",
                 "freie Träger", "sgb10_69"):
        assert word in text, f"{word} is not in the record:\n{text}"
    data = scene.gateway.json("export", "--record")
    version = scene.gateway.json("status")["config"]
    assert data["config"] == version and "Art. 30" in data["text"], data["config"]


def verified(scene):
    data = scene.gateway.json("audit", "verify")
    count = rows(scene.gateway.store, "select count(*) from audit")[0][0]
    assert data["holds"] and data["rows"] == count and not data["erased"], data
    assert len(data["head"]) == 64 and data["head"] in scene.gateway.ctl("audit", "verify").stdout
    shown = scene.gateway.ctl("audit", "show", scene.code).stdout
    assert "Meldung verarbeitet: event=" in shown and "Zustellung beendet" in shown, shown
    refused(scene, "audit", "show", "X", says="item code")
    refused(scene, "audit", "show", "K7F3-92QX", says="no item")


# ---- erasing

def hostile(scene):
    before = rows(scene.gateway.store, "select count(*) from item where state = 1")
    for word in ("", " ", "Maria", "cr-", "cr-%", "cr-' or 1=1 --", "cr-" + "a1" * 1000,
                 "../x", "cr-\u00fc" + "a1" * 8, scene.ref.upper(), scene.ref + "\n"):
        refused(scene, "erase", word, says="case reference")
    refused(scene, "erase", "cr-" + "a1" * 50000, says="too big")
    refused(scene, "erase", case_ref(), says="nothing is kept")
    refused(scene, "erase", "--force", case_ref(), says="nothing is kept")
    refused(scene, "erase", says="CASE_REF is missing", status=64)
    assert rows(scene.gateway.store, "select count(*) from item where state = 1") == before
    assert not (scene.folder / "stafette.db.erasures").exists()


def open_is_refused(scene):
    done = refused(scene, "erase", scene.ref, says="--force")
    assert scene.ref not in done.stderr and "1 items" in done.stderr, done
    assert scene.item(scene.code)["state"] in WAITING
    assert not (scene.folder / "stafette.db.erasures").exists()


def erased(scene):
    answer = scene.gateway.json("erase", scene.ref, "--force")
    assert answer["items"] == 2 and answer["open_items"] == 1, answer
    assert answer["events"] == 3 and answer["notices"] and answer["audit_rows"], answer
    scene.ticket = answer["ticket"]
    for code in (scene.code, scene.done_code):
        item = scene.item(code)
        assert item["state"] == "erased" and item["closed_at"], item
        status = scene.soziales.status("handover.erased", code)
        assert "case_ref" not in status, status
    told = {scene.wait_mail(scene.code, to).to for to in (f"{DESK}@", f"{UNIT}@")}
    assert len(told) == 2
    wait_until(lambda: any("gelöscht" in m.text for m in scene.mails(scene.code, f"{UNIT}@")),
               "the unit is told")
    desk = scene.mails(scene.code, f"{DESK}@")[-1].text
    assert "gelöscht" in desk and scene.ref not in desk, desk
    assert not [m for m in scene.mails(scene.done_code) if "gelöscht" in m.text], "nobody waited"


def is_gone(scene):
    nothing_left(scene, scene.ref, scene.event["id"], scene.done_event["id"], scene.consent)
    assert any(scene.other.encode() in data for _, data in store_files(scene)), "too much is gone"
    scene.gateway.stop()
    nothing_left_offline(scene)
    scene.gateway.start().wait_online()


def nothing_left_offline(scene):
    for name, data in files(scene):
        for word in (scene.ref, scene.event["id"], scene.consent):
            assert word.encode() not in data, f"{name} holds {word} after a stop"


def list_is_silent(scene):
    path = scene.folder / "stafette.db.erasures"
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) == 1 and lines[0].startswith("1 2026-11-"), lines
    assert scene.ticket in lines[0]


def chain_holds(scene):
    data = scene.gateway.json("audit", "verify")
    assert data["holds"] and data["erased"] >= 4, data
    shown = scene.gateway.ctl("audit", "show", scene.code).stdout
    assert "(Inhalt gelöscht)" in shown and f"ticket={scene.ticket}" in shown, shown
    text = scene.gateway.ctl("export", scene.ref).stdout
    assert "nichts gespeichert" in text and "gelöscht am Fr 20.11.2026" in text, text


def green(scene):
    status = scene.gateway.json("status")
    assert status["green"] and status["open_items"] == status["open_clocks"], status
    done = scene.gateway.ctl("ledger", "--at", stamp(scene), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def repeats_known(scene):
    for event, code in ((scene.event, scene.code), (scene.done_event, scene.done_code)):
        scene.soziales.publish(event)
        receipt = scene.soziales.receipt(event["id"])
        assert receipt["outcome"] == "repeated" and receipt["item_id"] == code, receipt
        assert receipt["state"] == "erased", receipt
    nothing_left(scene, scene.ref, scene.consent)


def twice(scene):
    refused(scene, "erase", scene.ref, says="nothing is kept")
    refused(scene, "erase", scene.ref, "--force", says="nothing is kept")


def late_and_new(scene):
    """What was made before the erasure is refused, what comes after opens the case anew."""
    late = scene.soziales.event("handover.requested", handover(case_ref=scene.ref),
                                time=stamp(scene))
    scene.soziales.publish(late)
    receipt = scene.soziales.receipt(late["id"])
    assert receipt["outcome"] == "refused", receipt
    assert [f["code"] for f in receipt["faults"]] == ["E-GELOESCHT"], receipt
    nothing_left(scene, scene.ref)
    scene.gateway.advance("1m")
    _, code = ask(scene, scene.ref)
    scene.gateway.stop()
    scene.gateway.start().wait_online()
    assert scene.item(code)["state"] in WAITING, "a new case was erased with the old one"
    assert scene.gateway.json("erase", scene.ref, "--force")["items"] == 1
    nothing_left(scene, scene.ref)


def restored(scene):
    """A backup from before: erased again before anything else, and the replay does not undo it."""
    scene.gateway.stop()
    scene.gateway.ctl("restore", scene.folder / "backup.db")
    assert rows(scene.gateway.store, "select count(*) from item where case_ref = ?", scene.ref)
    scene.gateway.start().wait_online()
    assert scene.gateway.json("status")["held_since"]
    assert scene.item(scene.code)["state"] == "erased"
    nothing_left(scene, scene.ref, scene.consent)
    scene.gateway.ctl("release")
    lost = scene.soziales.event("handover.requested", handover(case_ref=scene.ref),
                                time="2026-11-20T09:00:00Z")
    scene.soziales.publish(lost)
    receipt = scene.soziales.receipt(lost["id"])
    assert receipt["faults"][0]["code"] == "E-GELOESCHT", receipt
    data = scene.gateway.json("audit", "verify")
    assert data["holds"], data
    green(scene)


def broken_chain(scene):
    scene.gateway.stop()
    assert scene.gateway.json("audit", "verify")["holds"], "without the daemon, too"
    with contextlib.closing(sqlite3.connect(scene.gateway.store)) as db:
        db.execute("update audit set content = content || ' x' where audit_seq ="
                   " (select max(audit_seq) from audit where content <> '')")
        db.commit()
    done = scene.gateway.ctl("audit", "verify", check=False)
    assert done.returncode == 1 and "GEBROCHEN" in done.stdout, done
    data = json.loads(scene.gateway.ctl("--json", "audit", "verify", check=False).stdout)
    assert not data["holds"] and data["broken"] > 0, data


STEPS = [
    ("a case with an open and a closed item", prepared),
    ("its export: text and JSON, roles and no addresses", exported),
    ("exports of unknown, malformed and huge references", unknown_exports),
    ("permission matrix and processing record", records),
    ("the audit trail holds and shows an item", verified),
    ("hostile references are refused, nothing is touched", hostile),
    ("an open item is not erased", open_is_refused),
    ("--force: erased, who waits is told, the source hears of it", erased),
    ("nothing is left in store, log and list", is_gone),
    ("the list says nothing", list_is_silent),
    ("the chain holds without the content", chain_holds),
    ("repeats are still known", repeats_known),
    ("erasing twice", twice),
    ("late copies are refused, a new event opens the case anew", late_and_new),
    ("a restored backup is erased again", restored),
    ("a changed audit row is found", broken_chain),
]


# ---- in flight, and crashes

class SlowScene(Scene):
    """Mails wait at the relay's final dot while `slow` is set."""

    def __init__(self):
        self.refuse = True
        self.relay = Aiosmtpd(on_data=lambda *_: "451 4.3.0 later" if self.refuse else None)
        transports = (f'( {{ name = "relay"; adapter = "email_smtp"; tls = "none"; '
                      f'url = "smtp://127.0.0.1:{self.relay.port}"; from = "stafette@ulm.example"; '
                      f'}}, {{ name = "sms-ausgang"; adapter = "sms_file"; path = "sms"; }} )')
        super().__init__(settings={"transports": transports, "delivery.retry_first": "1s",
                                   "delivery.retry_max": "1s"}, test_clock=START)

    def __enter__(self):
        self.relay.start()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.relay.stop()


def in_flight():
    """Erased while its mails are under way and queued: they settle as nothing."""
    with SlowScene() as scene:
        ref = case_ref()
        codes = [ask(scene, ref)[1] for _ in range(20)]
        wait_until(lambda: len(scene.relay.refused) >= 5, "attempts are under way")
        answer = scene.gateway.json("erase", ref, "--force")
        assert answer["items"] == answer["open_items"] == 20, answer
        scene.refuse = False
        scene.gateway.advance("1m")
        scene.gateway.wait_quiet()
        assert all(scene.item(code)["state"] == "erased" for code in codes)
        orphans = rows(scene.gateway.store, "select count(*) from delivery d where not exists"
                       " (select 1 from notice n where n.notice_seq = d.notice_seq)")
        assert orphans == [(0,)], orphans
        assert not rows(scene.gateway.store, "pragma foreign_key_check")
        nothing_left(scene, ref)
        green(scene)


def killed_at(point):
    """Dies at the point; after the start all of the case is gone, and who waits is told."""
    with Scene(points=True, test_clock=START) as scene:
        ref = case_ref()
        event, code = ask(scene, ref)
        scene.wait_mail(code)
        scene.gateway.wait_quiet()
        scene.gateway.stop()
        scene.gateway.start(STAFETTE_KILL_AT=f"{point}:1")
        done = scene.gateway.ctl("erase", ref, "--force", check=False)
        assert done.returncode, "not killed"
        scene.gateway.process.reap()
        scene.gateway.start().wait_online()
        assert scene.item(code)["state"] == "erased"
        nothing_left(scene, ref, event["id"])
        wait_until(lambda: [m for m in scene.mails(code, f"{UNIT}@") if "gelöscht" in m.text],
                   "the unit is told")
        assert scene.gateway.json("audit", "verify")["holds"]
        green(scene)


def in_a_busy_store():
    """Rows that grew and moved from page to page leave no copies behind."""
    with Scene(test_clock=START) as scene:
        ref, others = case_ref(), [case_ref() for _ in range(4)]
        codes = []
        for turn in range(150):
            codes.append((ref, ask(scene, ref)[1]))
            other = others[turn % len(others)]
            codes.append((other, ask(scene, other)[1]))
        for kind in ("acknowledged", "rejected"):
            for about, code in codes:
                data = {"item_id": code, "case_ref": about, "by_unit": UNIT,
                        "code": "seen" if kind == "acknowledged" else "not_competent"}
                scene.soziales.accepted(f"handover.{kind}", data, time=stamp(scene))
        scene.gateway.advance("3d")
        scene.gateway.wait_quiet()
        answer = scene.gateway.json("erase", ref, "--force")
        assert answer["items"] == 150 and answer["events"] == 450, answer
        nothing_left(scene, ref)
        scene.gateway.wait_quiet()
        for other in others:
            assert any(other.encode() in data for _, data in store_files(scene))
        green(scene)


def reader_in_the_way():
    """A long reader keeps the log from being cut; it is cut when the reader is gone."""
    with Scene(test_clock=START) as scene:
        ref = case_ref()
        _, code = ask(scene, ref)
        scene.wait_mail(code)
        scene.gateway.wait_quiet()
        with contextlib.closing(sqlite3.connect(scene.gateway.store)) as db:
            db.execute("begin")
            db.execute("select count(*) from item").fetchone()
            scene.gateway.json("erase", ref, "--force")
            assert scene.gateway.json("status")["erased_in_log"]
            db.execute("rollback")
        nothing_left(scene, ref)


def list_trouble():
    """Without its list nothing is erased; with a list that cannot be read nothing starts."""
    with Scene(test_clock=START) as scene:
        ref = case_ref()
        _, code = ask(scene, ref)
        path = scene.folder / "stafette.db.erasures"
        path.mkdir()
        refused(scene, "erase", ref, "--force", says="cannot be written", status=70)
        assert scene.item(code)["state"] in WAITING
        path.rmdir()
        assert scene.gateway.json("erase", ref, "--force")["items"] == 1
        scene.gateway.stop()
        whole = path.read_bytes()
        path.write_bytes(whole + b"2 2026-11-2")
        scene.gateway.start().wait_online()
        scene.gateway.stop()
        path.write_bytes(whole + b"nonsense\n")
        scene.gateway.launch()
        assert scene.gateway.process.reap() == 69
        assert "no erasure" in scene.gateway.log, scene.gateway.log
        path.write_bytes(whole)


def main():
    cases = Cases()
    with Scene(test_clock=START) as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.run("erased while in flight", in_flight)
    cases.run("erased in a busy store", in_a_busy_store)
    cases.run("a reader in the way", reader_in_the_way)
    cases.run("the list cannot be written or read", list_trouble)
    cases.run("killed between list and commit", killed_at, "erase-listed")
    cases.run("killed at the commit", killed_at, "before-commit")
    cases.run("killed between commit and flush", killed_at, "before-flush")
    cases.end()


main()
