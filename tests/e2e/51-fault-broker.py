#!/usr/bin/python3
# time limit: 180 s
"""The broker fails the daemon: restarted and killed under traffic, away at the start, refusing the
password, with TLS, client certificate and a stranger's authority, and in MQTT 3.1.1."""

import json
import pathlib
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from gateway import Gateway  # noqa: E402
from mqtt5 import Client, MqttError  # noqa: E402
from peers import Broker, Cases, Folder, free_port, say, wait_until  # noqa: E402
from scene import (ACCOUNTS, CHANCE, PREFIX, STRUCTURED, Source, handover, now,  # noqa: E402
                   topic_of)

FAST = {"mqtt.reconnect_max": "1s", "mqtt.keepalive": "5s"}


def health(gateway):
    """{what: why} of the troubles."""
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{gateway.internal_port}/healthz",
                                        timeout=2)
    except urllib.error.HTTPError as error:
        answer = error
    return {row["what"]: row["why"] for row in json.loads(answer.read())["troubles"]}


def wait_up(gateway):
    wait_until(lambda: "broker" not in health(gateway), "the broker is up", 30)


def wait_down(gateway, *words):
    """Until the trouble with the broker is told in these words, on the page and in the log."""
    def told():
        why = health(gateway).get("broker", "")
        return all(word in why for word in words)

    try:
        wait_until(told, f"told of the broker: {' '.join(words)}", 30)
    except AssertionError as error:
        raise AssertionError(f"{error}, but: {health(gateway)}") from None


def rows(gateway, sql):
    with sqlite3.connect(f"file:{gateway.store}?mode=ro", uri=True) as db:
        return db.execute(sql).fetchall()


class Setting:
    """A broker and a daemon in a folder of their own; ended whatever happens."""

    def __init__(self, settings=None, extra=(), start=True, port=None, **options):
        self.folder = Folder()
        self.sources = 0
        self.broker = Broker(self.folder, ACCOUNTS, extra=extra)
        self.start = start
        filled = {**FAST, **({"mqtt.port": port} if port else {}), **(settings or {})}
        self.gateway = Gateway(self.folder, self.broker, settings=filled, **options)

    def __enter__(self):
        if self.start:
            self.broker.start()
        self.gateway.start()
        return self

    def __exit__(self, *_):
        if self.gateway.process:
            self.gateway.kill()
        if self.broker.process:
            self.broker.kill()

    def source(self):
        """One more connection of a source; ids go on from the last one's."""
        source = Source(self.broker.port, "soziales-ulm", ACCOUNTS)
        self.sources += 1
        source.count = self.sources * 1000
        return source


# ---- a source as the README wants it: keeps each event until its receipt

class Steady(threading.Thread):
    """Publishes events by and by, on a persistent session, through every loss of the broker, and
    again what has no receipt. `receipts` and `told` (items with notice.sent) are what came."""

    def __init__(self, broker, count, name):
        super().__init__(daemon=True)
        self.broker = broker
        self.client_id = f"steady-{name}"
        self.events = [self._event(f"{name}-{n}") for n in range(count)]
        self.receipts = {}
        self.told = set()
        self.connects = 0
        self.published = 0
        self.over = threading.Event()

    @staticmethod
    def _event(event_id):
        return {"specversion": "1.0", "id": event_id, "source": "/soziales-ulm/fachverfahren",
                "type": f"{PREFIX}handover.requested.v1", "time": now(), "urgency": "routine",
                "data": handover()}

    def run(self):
        while not self.over.is_set():
            try:
                with Client(self.broker.port, self.client_id, "soziales-ulm",
                            ACCOUNTS["soziales-ulm"], clean=False, expiry=3600) as client:
                    self.connects += 1
                    try:
                        client.subscribe("stafette/out/soziales-ulm/#")
                        self._session(client)
                    finally:
                        self._take(client)  # acknowledged, so they never come again
            except (MqttError, OSError):
                self.over.wait(0.05)

    def _session(self, client):
        while not self.over.is_set():
            missing = [e for e in self.events if e["id"] not in self.receipts][:5]
            for event in missing:
                client.publish(topic_of("soziales-ulm", "handover.requested"), json.dumps(event),
                               content_type=STRUCTURED)
                self.published += 1
            self._read(client, missing)

    def _read(self, client, wanted):
        """Until these have receipts, or 2 s have passed."""
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline and not self.over.is_set():
            client.poll(0.05)
            self._take(client)
            if wanted and all(event["id"] in self.receipts for event in wanted):
                return

    def _take(self, client):
        for message in client.messages:
            event = json.loads(message.payload)
            if message.topic.endswith("/receipt"):
                self.receipts[event["data"]["event_id"]] = event["data"]
            elif event["type"] == f"{PREFIX}notice.sent.v1":
                self.told.add(event["data"]["item_id"])
        client.messages.clear()

    def done(self):
        return len(self.receipts) == len(self.events)


def through_losses(setting, end, name, losses=5, count=150):
    """Traffic while the broker is lost several times; returns the source."""
    source = Steady(setting.broker, count, name)
    pid = setting.gateway.process.pid
    before = rows(setting.gateway, "select count(*) from event")[0][0]
    source.start()
    try:
        for n in range(losses):
            wanted = min(len(source.receipts) + CHANCE.randrange(5, count // losses), count)
            wait_until(lambda w=wanted: len(source.receipts) >= w, f"{wanted} receipts", 40)
            end(setting.broker)
            setting.broker.start()
        wait_until(source.done, "a receipt for each event", 40)
        wait_up(setting.gateway)
        setting.gateway.wait_quiet()
        outcomes = {receipt["outcome"] for receipt in source.receipts.values()}
        assert outcomes <= {"accepted", "repeated"}, outcomes
        assert rows(setting.gateway, "select count(*), count(distinct event_id) from event") == \
            [(before + count, before + count)]
        assert setting.gateway.process.running() and setting.gateway.process.pid == pid
        say(f"{name}: {count} events, {losses} losses, published {source.published} times,"
            f" {source.connects} sessions of the source")
        return source
    except BaseException:
        source.over.set()
        raise


def status_complete(source):
    """Each item's notice.sent reaches the source in its session."""
    items = {receipt["item_id"] for receipt in source.receipts.values()}
    assert len(items) == len(source.events), "an item twice"
    try:
        wait_until(lambda: items <= source.told, f"notice.sent of {len(items)} items", 30)
    except AssertionError as error:
        raise AssertionError(f"{error}: {len(items - source.told)} never came") from None


def restarted():
    with Setting() as setting:
        source = through_losses(setting, Broker.stop, "term")
        status_complete(source)
        source.over.set()
        source.join()
        wait_until(lambda: setting.gateway.json("status")["status_events_waiting"] == 0,
                   "no status event waits")


def killed():
    with Setting() as setting:
        source = through_losses(setting, Broker.kill, "kill")
        source.over.set()
        source.join()
        assert 'msg="broker" state=down why="connection to the broker lost' in setting.gateway.log
        wait_until(lambda: setting.gateway.json("status")["status_events_waiting"] == 0,
                   "no status event waits")


# ---- away at the start

def away_at_start():
    with Setting(start=False) as setting:
        wait_down(setting.gateway, "cannot connect to the broker", "Connection refused")
        text = json.dumps({"specversion": "1.0", "id": "by-hand", "type": PREFIX +
                           "handover.requested.v1", "source": "/soziales-ulm/hand", "time": now(),
                           "urgency": "urgent", "data": handover()})
        done = setting.gateway.ctl("send", "-", "--source", "soziales-ulm", stdin=text)
        assert "accepted" in done.stdout, done.stdout
        wait_until(setting.gateway.mails, "the mail, without a broker")
        setting.broker.start()
        wait_up(setting.gateway)
        setting.source().accepted("handover.requested", handover())


# ---- refused

def wrong_password():
    setting = Setting()
    (setting.gateway.folder / "mqtt-password").write_text("wrong\n")
    with setting:
        wait_down(setting.gateway, "the broker refuses us", "Not authorized")
        assert setting.gateway.ctl("status").returncode == 0
        assert "wrong" not in setting.gateway.log, "the password is in the log"
        why = setting.gateway.json("status")["broker"]
        assert "refuses us" in why, why
        wait_until(lambda: 'msg="broker" state=down why="the broker refuses us: Not authorized'
                   in setting.gateway.log, "the log says why")


# ---- TLS

def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_authority(folder, name):
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
            f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem")


def make_signed(folder, authority, name, more=""):
    """name.pem and name.key, signed by the authority."""
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout",
            f"{name}.key", "-out", f"{name}.csr")
    (pathlib.Path(folder) / f"{name}.ext").write_text(more or "basicConstraints=CA:FALSE\n")
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey",
            f"{authority}.key", "-CAcreateserial", "-days", "30", "-extfile", f"{name}.ext",
            "-out", f"{name}.pem")


class Papers:
    """Certificates of a city, and of a stranger."""

    def __init__(self):
        self.folder = Folder()
        make_authority(self.folder, "stadt-ca")
        make_authority(self.folder, "fremde-ca")
        make_signed(self.folder, "stadt-ca", "broker", "subjectAltName=IP:127.0.0.1\n")
        make_signed(self.folder, "stadt-ca", "anderer", "subjectAltName=DNS:anderer.example\n")
        make_signed(self.folder, "stadt-ca", "gateway")
        make_signed(self.folder, "fremde-ca", "fremd")

    def listener(self, port, certificate="broker"):
        return (f"listener {port} 127.0.0.1", f"cafile {self.folder.path}/stadt-ca.pem",
                f"certfile {self.folder.path}/{certificate}.pem",
                f"keyfile {self.folder.path}/{certificate}.key", "tls_version tlsv1.2",
                "require_certificate true")

    def settings(self, ca="stadt-ca", own="gateway"):
        files = {"mqtt.tls": True, "mqtt.ca_file": self.folder / f"{ca}.pem"}
        if own:
            files["mqtt.cert_file"] = self.folder / f"{own}.pem"
            files["mqtt.key_file"] = self.folder / f"{own}.key"
        return files

    def setting(self, certificate="broker", **files):
        port = free_port()
        return Setting({**self.settings(**files)}, self.listener(port, certificate), port=port)


def tls(papers):
    with papers.setting() as setting:
        wait_up(setting.gateway)
        source = setting.source()
        source.accepted("handover.requested", handover())
        # Many at once, so that some wait decrypted inside the library.
        ids = [source.publish(source.event("handover.requested", handover()), wait=False)
               for _ in range(300)]
        for event_id in ids:
            assert source.receipt(event_id)["outcome"] == "accepted"
        setting.broker.restart()
        wait_up(setting.gateway)
        setting.source().accepted("handover.requested", handover())


def tls_refused(papers, words, how):
    with papers.setting(**how) as setting:
        wait_down(setting.gateway, *words)
        wait_until(lambda: f'msg="broker" state=down why="{health(setting.gateway)["broker"]}'
                   in setting.gateway.log, "the log says the same")
        received = setting.broker.process.log.read_text()
        assert "stafette-ulm" not in received, f"connected all the same:\n{received}"


REFUSALS = [
    ("TLS: an authority we do not trust", ("certificate verify failed",), {"ca": "fremde-ca"}),
    ("TLS: a certificate for another name", ("certificate verify failed",),
     {"certificate": "anderer"}),
    ("TLS: our certificate is a stranger's", ("unknown ca",), {"own": "fremd"}),
    ("TLS: no certificate of our own", ("certificate required",), {"own": ""}),
]


def plain_at_tls_door(papers):
    port = free_port()
    with Setting(extra=papers.listener(port), port=port) as setting:
        wait_down(setting.gateway, "broker", ":")
        assert setting.gateway.answers()


# ---- MQTT 3.1.1

def older_protocol():
    with Setting({"mqtt.version": "3.1.1"}) as setting:
        wait_up(setting.gateway)
        source = setting.source()
        source.accepted("handover.requested", handover())
        log = setting.broker.process.log.read_text()
        assert "as stafette-ulm (p2" in log, "not MQTT 3.1.1"
        setting.gateway.stop()
        ids = [source.publish(source.event("handover.requested", handover())) for _ in range(50)]
        setting.gateway.start()
        for event_id in ids:
            assert source.receipt(event_id)["outcome"] == "accepted"
        assert "session_present=1" in setting.gateway.log
        setting.broker.restart()
        wait_up(setting.gateway)
        setting.source().accepted("handover.requested", handover())


def main():
    cases = Cases()
    papers = Papers()
    cases.run("restarted under traffic: all decided once, all status events", restarted)
    cases.run("killed under traffic: all decided once", killed)
    cases.run("away at the start: serves, tells by hand, connects later", away_at_start)
    cases.run("a wrong password is named", wrong_password)
    cases.run("TLS with client certificate, user and password", tls, papers)
    for label, words, how in REFUSALS:
        cases.run(label, tls_refused, papers, words, how)
    cases.run("plain text at the TLS door", plain_at_tls_door, papers)
    cases.run("MQTT 3.1.1", older_protocol)
    cases.end()


main()
