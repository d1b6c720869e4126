#!/usr/bin/python3
# time limit: 120 s
"""Stopping and starting: cleanly within the limit, the heartbeat says so, a second daemon on the
same store is refused, and what came in meanwhile is decided after the start."""

import json
import resource
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, "tests/peers")

from peers import Cases, HttpSink, Process, free_port, wait_until  # noqa: E402
from scene import Scene, emergency, handover  # noqa: E402

STOP_S = 10  # what the daemon gives transfers that hang (STOP_WAIT_MS); the unit file gives 90 s
SLACK_S = 5


class RestartScene(Scene):
    """SMS go to a gateway that can hang; mails are files."""

    def __init__(self):
        self.sink = HttpSink(lambda _: "hang" if self.hangs else (200, "OK"))
        self.hangs = False
        transports = (f'( {{ name = "post"; adapter = "email_file"; path = "mail"; '
                      f'from = "stafette@ulm.example"; }}, {{ name = "sms"; '
                      f'adapter = "sms_http"; url = "{self.sink.url}/?to={{to}}&text={{text}}"; '
                      f'tls = "none"; }} )')
        super().__init__(settings={"transports": transports, "events.heartbeat": "1s",
                                   "mqtt.keepalive": "5s"})

    def __enter__(self):
        self.sink.start()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.sink.stop()

    def heartbeat(self):
        """The retained heartbeat, as somebody sees it who comes late."""
        with self.connect("stafette-watch") as client:
            client.subscribe("stafette/gateway/+")
            message = client.receive(1, 10)[0]
            assert message.topic == "stafette/gateway/ulm" and message.retain, message
            return json.loads(message.payload)

    def wait_state(self, state):
        wait_until(lambda: self.heartbeat()["state"] == state, f"the heartbeat is {state}")


def online(scene):
    scene.wait_state("online")
    beat = scene.heartbeat()
    assert beat["instance"] == "ulm" and beat["green"] and beat["balance"], beat
    assert not beat["held"] and beat["version"] and beat["checked_at"], beat


def stops_at_once(scene):
    for number in (signal.SIGTERM, signal.SIGINT):
        began = time.monotonic()
        scene.gateway.process.signal(number)
        assert scene.gateway.process.reap(STOP_S) == 0
        assert time.monotonic() - began < SLACK_S, "an idle daemon stops at once"
        assert scene.heartbeat()["state"] == "offline", scene.heartbeat()
        assert 'msg="stop"' in scene.gateway.log
        assert not (scene.folder / "control.sock").exists(), "the control socket is left behind"
        scene.gateway.start()
        scene.wait_state("online")


def last_will(scene):
    scene.gateway.kill()
    scene.wait_state("offline")
    scene.gateway.start()
    scene.wait_state("online")


def queued_meanwhile(scene):
    """What was published while the daemon was away is decided once, in order, after the start."""
    scene.gateway.stop()
    events = [scene.soziales.event("handover.requested", handover()) for _ in range(20)]
    for event in events:
        scene.soziales.publish(event)
    scene.gateway.start()
    codes = [scene.soziales.receipt(event["id"])["item_id"] for event in events]
    assert len(set(codes)) == 20, codes
    for code in codes:
        assert len(scene.mails(code)) == 1 or scene.wait_mail(code)
    scene.gateway.wait_quiet()
    assert [len(scene.mails(code)) for code in codes] == [1] * 20


def second_is_refused(scene):
    program, config = str(scene.gateway.program), str(scene.gateway.config)
    done = subprocess.run([program, "-c", config], capture_output=True, text=True, timeout=20)
    assert done.returncode == 69, done
    assert "stafette.db" in done.stderr and "in use" in done.stderr, done.stderr
    assert scene.gateway.answers(), "the first one suffers"
    assert scene.heartbeat()["state"] == "online"


def second_elsewhere_is_refused(scene):
    """Another configuration with the same store, whose socket and port would be free."""
    config = scene.folder / "other"
    copied = subprocess.run(["cp", "-R", str(scene.gateway.config.parent), str(config)])
    assert copied.returncode == 0
    path = config / "ulm/stafette.conf"
    text = path.read_text()
    text = text.replace(f":{scene.gateway.internal_port}", f":{free_port()}")
    path.write_text(text.replace("control.sock", "control2.sock").replace("stafette-ulm", "other"))
    process = Process("second", [str(scene.gateway.program), "-c", str(config / "ulm")],
                      scene.folder)
    assert process.reap(20) == 69, process.log.read_text()
    assert not (scene.folder / "control2.sock").exists()


def cpu_s():
    """Processor time of the children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def hanging_transfer(scene):
    """A gateway that never answers must not keep the daemon from stopping; the SMS is not lost."""
    scene.hangs = True
    code = scene.hotline.accepted("emergency.reported", emergency())["item_id"]
    scene.sink.wait(1)
    began, used = time.monotonic(), cpu_s()
    scene.gateway.stop(STOP_S + SLACK_S)
    assert time.monotonic() - began < STOP_S + SLACK_S
    assert cpu_s() - used < 2, f"{cpu_s() - used:.1f} s of processor time while it waited"
    assert scene.heartbeat()["state"] == "offline"
    scene.hangs = False
    scene.sink.let_go()
    before = len(scene.sink.requests)
    scene.gateway.start()
    wait_until(lambda: len(scene.sink.requests) > before, "the SMS once more")
    scene.gateway.wait_quiet()
    states = {d["channel"]: d["state"] for d in scene.item(code)["deliveries"]}
    assert states == {"sms": "sent", "email": "sent"}, states


def missing_key_is_refused(scene):
    """A new key would change all codes and forget all ids; the old one put back, all goes on."""
    key, kept = scene.folder / "keys", scene.folder / "keys-kept"
    scene.gateway.stop()
    key.rename(kept)
    try:
        process = Process("keyless", [str(scene.gateway.program), "-c", str(scene.gateway.config)],
                          scene.folder)
        assert process.reap(20) == 69, process.log.read_text()
        assert "key file" in process.log.read_text() and not key.exists()
    finally:
        kept.rename(key)
    scene.gateway.start()


def store_is_whole(scene):
    scene.gateway.stop()
    with sqlite3.connect(f"file:{scene.gateway.store}?mode=ro", uri=True) as db:
        assert db.execute("pragma integrity_check").fetchone() == ("ok",)
    scene.gateway.start()
    status = scene.gateway.json("status")
    assert status["green"] and status["open_items"] == status["open_clocks"] > 20, status


STEPS = [
    ("the heartbeat is retained and says online", online),
    ("TERM and INT stop at once; the heartbeat says offline", stops_at_once),
    ("after SIGKILL the last will says offline", last_will),
    ("events of the time between are decided once", queued_meanwhile),
    ("a second daemon with the same configuration is refused", second_is_refused),
    ("a second one on the same store is refused", second_elsewhere_is_refused),
    ("a hanging gateway does not hold up the stop; its SMS goes out later", hanging_transfer),
    ("a store without its key is not opened with a new one", missing_key_is_refused),
    ("the store is whole", store_is_whole),
]


def main():
    cases = Cases()
    with RestartScene() as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.end()


main()
