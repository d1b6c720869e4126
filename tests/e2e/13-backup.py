#!/usr/bin/python3
# time limit: 120 s
"""Backup under load, restore, replay, release: what the backup still had waiting is held until a
human says so, new events work meanwhile, and no id is given out twice."""

import contextlib
import json
import os
import sqlite3
import sys
import threading

sys.path.insert(0, "tests/peers")

from peers import Aiosmtpd, Cases, say, wait_until  # noqa: E402
from scene import SOURCES, STRUCTURED, Mail, Scene, case_ref, handover, topic_of  # noqa: E402

LOAD_MAX = 100000


class BackupScene(Scene):
    """Mails go to a relay that says "later" while `later` is set."""

    def __init__(self):
        self.later = False
        self.relay = Aiosmtpd(on_data=lambda *_: "451 4.3.0 later" if self.later else None)
        transports = (f'( {{ name = "relay"; adapter = "email_smtp"; tls = "none"; '
                      f'url = "smtp://127.0.0.1:{self.relay.port}"; from = "stafette@ulm.example"; '
                      f'}}, {{ name = "sms-ausgang"; adapter = "sms_file"; path = "sms"; }} )')
        super().__init__(durable=False, settings={"transports": transports,
                                                  "delivery.retry_first": "1s",
                                                  "delivery.retry_max": "1s",
                                                  "events.heartbeat": "1s"})
        self.items = {}  # event id -> item code, of what was accepted before the restore
        self.sent = []   # those events

    def __enter__(self):
        self.relay.start()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.relay.stop()

    def of(self, code):
        return [mail for mail in (Mail(content) for _, _, content in self.relay.mails)
                if code in mail.text]

    def request(self):
        event = self.soziales.event("handover.requested", handover())
        self.soziales.publish(event)
        receipt = self.soziales.receipt(event["id"])
        assert receipt["outcome"] == "accepted", receipt
        return event, receipt["item_id"]

    def known(self, count):
        """That many requests, remembered as sent before the restore."""
        made = [self.request() for _ in range(count)]
        self.sent += [event for event, _ in made]
        self.items.update({event["id"]: code for event, code in made})
        return [code for _, code in made]

    def heartbeat(self, fits):
        """Waits for a heartbeat that fits."""
        with self.connect("stafette-watch") as client:
            client.subscribe("stafette/gateway/ulm")
            client.receive(1, 10, lambda m: fits(json.loads(m.payload)))


def load_events(source, enough):
    """Valid events that are only written down: the store works, the relay does not."""
    for _ in range(LOAD_MAX):
        if enough.is_set():
            return
        event = source.event("case.closed", {"case_ref": case_ref(), "kind": "cost",
                                             "rechtskreis": "SGB_IX", "place": "eselsberg"},
                             id=f"l-{case_ref()}")
        yield topic_of(source.name, "case.closed"), json.dumps(event)


def backup_under_load(scene):
    done, enough = [], threading.Event()
    source = scene.source["jobcenter-ulm"]
    scene.backup = scene.folder / "backup.db"
    before = events_in(scene.gateway.store)
    with scene.connect("jobcenter-ulm") as client:
        thread = threading.Thread(target=lambda: done.append(client.publish_many(
            load_events(source, enough), STRUCTURED)))
        thread.start()
        try:
            wait_until(lambda: events_in(scene.gateway.store) > before + 300, "the load runs")
            scene.gateway.ctl("backup", scene.backup)
            kept = events_in(scene.backup)
            wait_until(lambda: events_in(scene.gateway.store) > kept + 300, "the load goes on")
        finally:
            enough.set()
            thread.join(60)
    assert done and 600 < done[0] < LOAD_MAX, done
    wait_until(lambda: events_in(scene.gateway.store) == before + done[0], "all are decided")
    scene.load = done[0]
    say(f"{kept} of {before + scene.load} events are in the backup")
    assert before + 300 < kept < before + scene.load - 300, (before, kept, scene.load)


def events_in(path):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        return db.execute("select count(*) from event").fetchone()[0]


def backup_is_sound(scene):
    assert scene.backup.stat().st_mode & 0o777 == 0o600, oct(scene.backup.stat().st_mode)
    with contextlib.closing(sqlite3.connect(f"file:{scene.backup}?mode=ro", uri=True)) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
        assert not db.execute("pragma foreign_key_check").fetchall()
    again = scene.gateway.ctl("backup", scene.backup, check=False)
    assert again.returncode == 73 and "cannot create" in again.stderr, again


def restore_needs_a_stop(scene):
    done = scene.gateway.ctl("restore", scene.backup, check=False)
    assert done.returncode != 0 and "stop stafetted" in done.stderr, done
    assert scene.gateway.answers()


def restore_refuses_others(scene):
    bad = scene.folder / "bad.db"
    whole = scene.backup.read_bytes()
    for content in (b"", b"SQLite format 3\0" + b"x" * 5000, whole[:len(whole) // 2],
                    scene.gateway.store.read_bytes()):
        bad.write_bytes(content)
        done = scene.gateway.ctl("restore", bad, check=False)
        assert done.returncode != 0 and "not a sound backup" in done.stderr, done
    assert events_in(scene.gateway.store) > scene.load, "a refused restore touched the store"


def restored_is_held(scene):
    scene.gateway.stop()
    restore_refuses_others(scene)
    store, other = scene.gateway.store, 65534
    if os.getuid() == 0:
        os.chown(store, other, other)
    owner = store.stat().st_uid
    missing = scene.gateway.ctl("restore", "/nonexistent", check=False)
    assert missing.returncode != 0 and "No such file" in missing.stderr, missing
    scene.gateway.ctl("restore", scene.backup)
    assert store.stat().st_uid == owner, "the daemon's account cannot open what root restored"
    assert store.stat().st_mode & 0o777 == 0o600, oct(store.stat().st_mode)
    assert events_in(f"{scene.gateway.store}.before-restore") > scene.load
    scene.later = False
    scene.mails_before = len(scene.relay.mails)
    scene.gateway.start()
    status = scene.gateway.json("status")
    assert status["held"] == len(scene.waiting) and not status["green"], status
    assert not status["pending"], status


def replay_is_asked(scene):
    for name in SOURCES:
        data = scene.source[name].replay()
        assert data["since"], data
    scene.heartbeat(lambda beat: beat["held"] and not beat["green"])
    page = json.loads(scene.page("/healthz", status=503))
    assert [trouble["what"] for trouble in page["troubles"]] == ["held"], page


def old_stays_new_leaves(scene):
    event, code = scene.request()
    wait_until(lambda: scene.of(code), "the mail of a new event")
    assert "möglicherweise doppelt" not in scene.of(code)[0].text
    scene.fresh = {event["id"]: code}
    # An answer to an old item is taken, but what it says to others is held like the rest.
    old = scene.waiting[0]
    answer = {"item_id": old, "by_unit": "egh-eselsberg", "code": "seen"}
    assert scene.soziales.accepted("handover.acknowledged", answer)["state"] == "acknowledged"
    assert len(scene.relay.mails) == scene.mails_before + 1, "something old has left"
    for old in scene.waiting:
        assert not scene.of(old), f"{old} was told before the release"


def replayed(scene):
    """What the backup knows is a repeat; what came after it is new, under a number of its own."""
    known = lost = 0
    for event in scene.sent:
        scene.soziales.publish(event)
        receipt = scene.soziales.receipt(event["id"])
        if receipt["outcome"] == "repeated":
            assert receipt["item_id"] == scene.items[event["id"]], receipt
            known += 1
        else:
            assert receipt["outcome"] == "accepted", receipt
            scene.fresh[event["id"]] = receipt["item_id"]
            lost += 1
    assert (known, lost) == (scene.in_backup, scene.after_backup), (known, lost)
    twice = set(scene.fresh.values()) & set(scene.items.values())
    assert not twice, f"given out twice: {twice}"


def numbers_are_new(scene):
    """Ids of status events, too: no number of the lost time comes again."""
    with contextlib.closing(sqlite3.connect(f"{scene.gateway.store}.before-restore")) as db:
        old = db.execute("select max(audit_seq) from audit").fetchone()[0]
        last = db.execute("select max(delivery_seq) from delivery").fetchone()[0]
    with contextlib.closing(sqlite3.connect(f"file:{scene.gateway.store}?mode=ro", uri=True)) as db:
        for table, top in (("audit", old), ("delivery", last)):
            rows = db.execute(f"select {table}_seq from {table} order by 1 desc limit 1").fetchone()
            assert rows[0] > top, (table, rows, top)


def still_held_after_restart(scene):
    scene.gateway.stop()
    scene.gateway.start()
    assert scene.gateway.json("status")["held"] >= len(scene.waiting)
    for old in scene.waiting:
        assert not scene.of(old), f"{old} was told before the release"


def released(scene):
    held = scene.gateway.json("status")["held"]
    answer = scene.gateway.json("release")
    assert answer["released"] == held > 0, (answer, held)
    for old in scene.waiting:
        wait_until(lambda code=old: scene.of(code), f"the held mail of {old}")
        assert "möglicherweise doppelt" in scene.of(old)[0].text, scene.of(old)[0].text
    status = scene.gateway.json("status")
    assert status["green"] and not status["held"], status
    scene.heartbeat(lambda beat: beat["green"] and not beat["held"])
    again = scene.gateway.ctl("release", check=False)
    assert again.returncode == 65 and "nothing to release" in again.stderr, again


def prepare(scene):
    """Three items told before the backup, three that wait in it, two lost after it."""
    for code in scene.known(3):
        wait_until(lambda code=code: scene.of(code), "mails before the backup")
    scene.later = True
    scene.waiting = scene.known(3)
    scene.in_backup = len(scene.sent)
    wait_until(lambda: len(scene.relay.refused) >= 3, "first attempts")


def lose(scene):
    scene.after_backup = len(scene.known(2))


STEPS = [
    ("items told, and items that wait", prepare),
    ("backup while events come in", backup_under_load),
    ("the backup is sound, private, and not overwritten", backup_is_sound),
    ("two more items, which the backup does not know", lose),
    ("no restore while the daemon runs", restore_needs_a_stop),
    ("the restored store is held; no other file is taken", restored_is_held),
    ("all sources are asked to replay; not green", replay_is_asked),
    ("nothing old leaves, a new event does", old_stays_new_leaves),
    ("the replay: known is repeated, lost is new", replayed),
    ("no number is used again", numbers_are_new),
    ("a restart does not release", still_held_after_restart),
    ("release: held mails leave, marked as perhaps double", released),
]


def main():
    cases = Cases()
    with BackupScene() as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.end()


main()
