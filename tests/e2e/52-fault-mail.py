#!/usr/bin/python3
# time limit: 180 s
"""The mail relay fails the daemon in every way a relay can: what is deferred is tried again with
the same Message-ID and arrives when the relay is well, what is refused for good runs the next step
at once, and nothing ever goes out in clear where TLS is demanded. What will come late is told to
its sender and goes another way before its deadline."""

import datetime
import email
import pathlib
import socket
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from peers import (Aiosmtpd, Cases, Folder, SmtpSink, Talker, free_port,  # noqa: E402
                   make_certificate, wait_until)
from scene import Scene, emergency, handover  # noqa: E402

TEAM = "egh-eselsberg@ulm.example"
DEPUTY = "egh-mitte-ost@ulm.example"
LEAD = "leitung-soziales@ulm.example"
CATCH_ALL = "koordination-sozialraum@ulm.example"
QUICK = {"delivery.retry_first": "1s", "delivery.retry_max": "1s"}
SMS = '{ name = "sms"; adapter = "null_sms"; }'


def relay_by(port, more='tls = "none";'):
    return (f'( {{ name = "relay"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{port}";'
            f' from = "stafette@ulm.example"; timeout = "2s"; {more} }}, {SMS} )')


def scene_with(port, more='tls = "none";', **settings):
    return Scene(settings={"transports": relay_by(port, more), **QUICK, **settings})


def attempts(scene, since=0):
    """The attempts in the log as dictionaries."""
    lines = [line for line in scene.gateway.log[since:].splitlines() if 'msg="attempt"' in line]
    return [dict(word.split("=", 1) for word in line.split() if "=" in word)
            for line in lines if "channel=email" in line]


def wait_attempt(scene, since, **want):
    def found():
        return [a for a in attempts(scene, since)
                if all(a.get(name) == value for name, value in want.items())]

    try:
        return wait_until(found, f"an attempt with {want}")[-1]
    except AssertionError as error:
        raise AssertionError(f"{error}, but: {attempts(scene, since)}") from None


def deliveries(scene, code, unit="egh-eselsberg"):
    return [d for d in scene.item(code)["deliveries"]
            if d["contact"].startswith(f"{unit}/") and d["channel"] == "email"]


def message_id(content):
    return email.message_from_bytes(content)["Message-ID"]


def plain(content):
    """The text of a mail, its lines as they were before they were wrapped for the way."""
    mail = email.message_from_bytes(content)
    part = next(p for p in mail.walk() if p.get_content_type() == "text/plain")
    return part.get_payload(decode=True).decode()


def ask(scene, **more):
    return scene.soziales.accepted("handover.requested", handover(), **more)["item_id"]


def at_port(peer, port):
    peer.port = port
    return peer


# ---- smtp-sink's faults, one after the other at one address

SINK_FAULTS = [
    ("421 at RCPT", ("-Q", "RCPT"), "throttled", "421"),
    ("451 at RCPT", ("-r", "RCPT", "-b", "451 4.3.0 later"), "temporary", "451"),
    ("451 at DATA", ("-r", "DATA", "-b", "451 4.3.0 later"), "temporary", "451"),
    ("451 after the final dot", ("-r", ".", "-b", "451 4.3.0 later"), "temporary", "451"),
    ("dropped at MAIL", ("-q", "MAIL"), "connect", "0"),
    ("dropped after the final dot", ("-q", "."), "ambiguous", "0"),
    ("550 at MAIL: our own fault", ("-f", "MAIL", "-B", "550 5.7.1 no"), "local", "550"),
    ("refused connections", None, "connect", "0"),
    ("552 at RCPT: a full mailbox", ("-f", "RCPT", "-B", "552 5.2.2 over quota"), "full", "552"),
    ("450 at RCPT: greylisting", ("-r", "RCPT", "-b", "450 4.7.1 come back"), "temporary", "450"),
]

# What the sender and the coordinator read, in plain German.
REASONS = {
    "address": "Unter dieser Adresse oder Nummer ist niemand zu erreichen.",
    "permanent": "Die Empfangsseite hat die Nachricht endgültig abgelehnt.",
    "policy": "Die Empfangsseite lässt unsere Nachrichten nach ihren Regeln nicht zu.",
    "temporary": "Die Empfangsseite nimmt vorübergehend keine Nachrichten an.",
}


def sink_fault(scene, port, flags, error, code):
    since = len(scene.gateway.log)
    folder = Folder()
    bad = at_port(SmtpSink(folder, *flags), port).start() if flags else None
    try:
        item = ask(scene)
        wait_attempt(scene, since, result="deferred", **{"class": error}, code=code)
        assert deliveries(scene, item)[0]["state"] == "pending"
    finally:
        if bad:
            bad.stop()
    good = at_port(SmtpSink(folder, keep=True), port).start()
    try:
        status = scene.soziales.status("notice.sent", item)
        assert status["state"] == "delivered", status
        scene.gateway.wait_quiet()
        mails = [mail for mail in good.kept() if item.encode() in mail]
        assert len(mails) == 1, f"{len(mails)} mails"
        row = deliveries(scene, item)[0]
        assert row["state"] == "sent" and row["attempts"] >= 2, row
    finally:
        good.stop()


def sink_refusal(scene, port, flags, error, code="550"):
    """Refused for good: failed after one attempt, and the ladder goes up to the catch-all desk."""
    since = len(scene.gateway.log)
    sink = at_port(SmtpSink(Folder(), *flags), port).start()
    try:
        item = ask(scene)
        status = scene.soziales.status("notice.failed", item)
        told = (status["channel"], status["class"], status["reason"])
        assert told == ("email", error, REASONS[error]), status
        wait_attempt(scene, since, result="failed", **{"class": error}, code=code)
        rows = wait_until(lambda: deliveries(scene, item, "koordination-sozialraum"),
                          "the catch-all desk is told at last")
        assert deliveries(scene, item)[0]["attempts"] == 1
        wait_until(lambda: deliveries(scene, item, "koordination-sozialraum")[0]["state"] ==
                   "failed", "the desk cannot be reached either")
        # The desk's own failures wait for its next reminder: no chase.
        assert len(rows) == 1 and scene.item(item)["due_at"], rows
    finally:
        sink.stop()


def slow(scene, port):
    """A relay that takes its time is waited for; one that takes too long is tried again."""
    since = len(scene.gateway.log)
    sink = at_port(SmtpSink(Folder(), "-w", "1", keep=True), port).start()
    try:
        item = ask(scene)
        scene.soziales.status("notice.sent", item)
        assert wait_attempt(scene, since, result="sent")["class"] == "none"
    finally:
        sink.stop()
    since = len(scene.gateway.log)
    folder = Folder()
    sink = at_port(SmtpSink(folder, "-w", "4"), port).start()
    try:
        item = ask(scene)
        wait_attempt(scene, since, result="deferred", **{"class": "timeout"})
    finally:
        sink.stop()
    sink = at_port(SmtpSink(folder, keep=True), port).start()
    try:
        scene.soziales.status("notice.sent", item)
    finally:
        sink.stop()


# ---- a relay that breaks off in the middle of the data

class MidData(Talker):
    """Answers up to 354, reads some of the mail and resets the connection."""

    def __init__(self, port):
        self.broken = 0
        super().__init__(self._talk, port)

    def _talk(self, client):
        client.sendall(b"220 relay.test\r\n")
        for line in client.makefile("rb"):
            if line.upper().startswith(b"DATA"):
                client.sendall(b"354 go\r\n")
                client.recv(100)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                self.broken += 1
                return
            client.sendall(b"250 relay.test\r\n")


def mid_data(scene, port):
    since = len(scene.gateway.log)
    bad = MidData(port)
    try:
        item = ask(scene)
        attempt = wait_attempt(scene, since, result="deferred")
        assert attempt["class"] in ("connect", "ambiguous"), attempt
        assert bad.broken, "it never came to the data"
    finally:
        bad.stop()
    good = at_port(SmtpSink(Folder(), keep=True), port).start()
    try:
        scene.soziales.status("notice.sent", item)
        assert len([mail for mail in good.kept() if item.encode() in mail]) == 1
    finally:
        good.stop()


def sinks(cases):
    port = free_port()
    with scene_with(port) as scene:
        for label, *fault in SINK_FAULTS:
            cases.run(f"deferred, then sent: {label}", sink_fault, scene, port, *fault)
        cases.run("deferred, then sent: reset in the middle of the data", mid_data, scene, port)
        cases.run("deferred, then sent: slow", slow, scene, port)
        for label, flags, error in (
                ("RCPT", ("-f", "RCPT", "-B", "550 5.1.1 unknown"), "address"),
                ("DATA", ("-f", "DATA", "-B", "550 5.6.0 no"), "permanent"),
                ("the final dot", ("-f", ".", "-B", "550 5.6.0 no"), "permanent")):
            cases.run(f"failed: 550 at {label}", sink_refusal, scene, port, flags, error)
        cases.run("failed by the recipient's rules: an incident", sink_policy, scene, port)


def sink_policy(scene, port):
    """Refused by rules: the operators hear of it at once, the coordinator why nobody was told."""
    assert "class=policy" not in scene.gateway.log and "relay" not in health(scene)
    sink_refusal(scene, port, ("-f", "RCPT", "-B", "554 5.7.1 blocked"), "policy", "554")
    wait_until(lambda: "relay" in health(scene), "/healthz names the relay")
    assert 'msg="transport" name=relay state=trouble class=policy' in scene.gateway.log


def late(scene, port):
    """Ten minutes to answer, the next attempt in an hour: told, and sent by SMS at once."""
    sink = at_port(SmtpSink(Folder(), "-r", "RCPT", "-b", "451 4.3.0 later"), port).start()
    try:
        item = scene.hotline.accepted("emergency.reported", emergency(),
                                      urgency="emergency")["item_id"]
        status = scene.hotline.status("notice.delayed", item)
        told = (status["channel"], status["class"], status["reason"])
        assert told == ("email", "temporary", REASONS["temporary"]), status
        now = datetime.datetime.now(datetime.timezone.utc)
        planned, deadline = (datetime.datetime.fromisoformat(status[name].replace("Z", "+00:00"))
                             for name in ("next_attempt", "deadline"))
        assert planned > now + datetime.timedelta(minutes=30), status
        assert deadline < now + datetime.timedelta(minutes=11), status
        sent = scene.hotline.status("notice.sent", item)
        assert sent["notice_id"] == status["notice_id"], (sent, status)
        rows = [(d["channel"], d["state"]) for d in scene.item(item)["deliveries"]
                if d["contact"].startswith("bereitschaft/")]
        assert sorted(rows) == [("email", "pending"), ("sms", "sent")], rows
    finally:
        sink.stop()


def lateness(cases):
    port = free_port()
    with Scene(settings={"transports": relay_by(port), "delivery.retry_first": "1h",
                         "delivery.retry_max": "2h",
                         "policies": '( { id = "standard"; }, { id = "erstanlauf"; } )'}) as scene:
        cases.run("late: told to the sender, and sent another way in time", late, scene, port)


# ---- aiosmtpd: what exactly is said and repeated

class Moody:
    """Scripted answers by recipient and by turn; keeps what it refused."""

    def __init__(self, port):
        self.refused = []
        self.data = ""
        self.unknown = ()
        self.relay = Aiosmtpd(on_rcpt=self._rcpt, on_data=self._data)
        self.relay.controller.port = self.relay.port = port
        self.relay.start()

    def _rcpt(self, address):
        return "550 5.1.1 user unknown" if address in self.unknown else None

    def _data(self, _address, content):
        if self.data:
            self.refused.append(content)
        return self.data

    def mails(self, item):
        return [(to, content) for _, to, content in self.relay.mails if item.encode() in content]

    def stop(self):
        self.relay.stop()


def same_message_id(scene, moody):
    moody.data = "451 4.3.0 try later"
    item = ask(scene)
    wait_until(lambda: len(moody.refused) >= 3, "three attempts")
    moody.data = ""
    scene.soziales.status("notice.sent", item)
    scene.gateway.wait_quiet()
    ids = {message_id(content) for content in moody.refused}
    (to, content), = moody.mails(item)
    assert ids == {message_id(content)} and None not in ids, (ids, message_id(content))
    assert to == TEAM, to
    moody.refused.clear()


def survives_restart(scene, moody, end):
    moody.data = "451 4.3.0 try later"
    item = ask(scene)
    wait_until(lambda: deliveries(scene, item)[0]["attempts"] >= 2, "two attempts")
    before = message_id(moody.refused[-1])
    made = deliveries(scene, item)[0]["attempts"]
    end()
    moody.data = ""
    scene.gateway.start()
    scene.soziales.status("notice.sent", item)
    row = deliveries(scene, item)[0]
    assert row["state"] == "sent" and row["attempts"] > made, (made, row)
    assert {message_id(content) for _, content in moody.mails(item)} == {before}
    moody.refused.clear()


def next_step_at_once(scene, moody):
    moody.unknown = (TEAM,)
    item = ask(scene, urgency="routine")
    status = scene.soziales.status("notice.failed", item)
    assert status["responsible"] == "ksd-eselsberg", "the giver stays responsible"
    wait_until(lambda: any(to == DEPUTY for to, _ in moody.mails(item)),
               "the deputy is told", 10)
    row = deliveries(scene, item)[0]
    assert (row["state"], row["class"], row["attempts"]) == ("failed", "address", 1), row
    scene.soziales.status("handover.overdue", item)
    assert not any(to == CATCH_ALL for to, _ in moody.mails(item)), "two steps at once"
    shown = scene.item(item)
    assert shown["due_at"] and shown["waiting_for"] == "egh-eselsberg", shown
    moody.unknown = ()


def both_unreachable(scene, moody):
    moody.unknown = (TEAM, DEPUTY, LEAD)
    item = ask(scene, urgency="routine")
    wait_until(lambda: any(to == CATCH_ALL for to, _ in moody.mails(item)),
               "the catch-all desk is told", 10)
    (text,) = [plain(content) for to, content in moody.mails(item) if to == CATCH_ALL]
    assert "Zustellung: Die Nachricht an " in text and REASONS["address"] in text, text
    assert "lassen Sie das Verzeichnis berichtigen" in text, text
    moody.unknown = ()


def words(cases):
    port = free_port()
    with scene_with(port) as scene:
        moody = Moody(port)
        try:
            cases.run("451 three times: the same Message-ID, one mail", same_message_id, scene,
                      moody)
            cases.run("a deferred mail survives a restart", survives_restart, scene, moody,
                      scene.gateway.stop)
            cases.run("a deferred mail survives SIGKILL", survives_restart, scene, moody,
                      scene.gateway.kill)
            cases.run("an unknown address: the deputy is told at once", next_step_at_once, scene,
                      moody)
            cases.run("an unknown deputy and lead too: the catch-all desk is told at once",
                      both_unreachable, scene, moody)
        finally:
            moody.stop()


# ---- TLS and AUTH

class Plain(Talker):
    """Offers AUTH and no STARTTLS; keeps every line that it hears."""

    def __init__(self, port):
        self.heard = []
        super().__init__(self._talk, port)

    def _talk(self, client):
        client.sendall(b"220 relay.test\r\n")
        for line in client.makefile("rb"):
            self.heard.append(line.strip().upper())
            client.sendall(b"250-relay.test\r\n250 AUTH PLAIN LOGIN\r\n")


def encrypted(port, certificate, password):
    """aiosmtpd with STARTTLS and AUTH, both demanded."""
    from aiosmtpd.smtp import AuthResult

    def login(_server, _session, _envelope, _mechanism, data):
        good = data.login == b"gateway" and data.password == password.encode()
        return AuthResult(success=True) if good else AuthResult(success=False, handled=False)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))
    relay = Aiosmtpd(tls_context=context, require_starttls=True, authenticator=login,
                     auth_required=True)
    relay.controller.port = relay.port = port
    return relay.start()


def other_name(folder):
    """A certificate for another host: (certificate, key)."""
    name = pathlib.Path(folder) / "anderer"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                    "/CN=anderer", "-addext", "subjectAltName=DNS:anderer.example", "-days", "30",
                    "-keyout", f"{name}.key", "-out", f"{name}.pem"], check=True,
                   capture_output=True)
    return pathlib.Path(f"{name}.pem"), pathlib.Path(f"{name}.key")


def health(scene):
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{scene.gateway.internal_port}/healthz",
                                        timeout=5)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.read().decode()


class Encryption:
    """One mail that meets one bad relay after the other, until a good one takes it."""

    def __init__(self, folder):
        self.port = free_port()
        self.good = make_certificate(folder, "relay")
        self.stranger = make_certificate(folder, "fremd")
        self.other = other_name(folder)
        trusted = folder / "trusted.pem"
        trusted.write_text(self.good[0].read_text() + self.other[0].read_text())
        self.password = folder / "relay-password"
        self.password.write_text("richtig\n")
        self.password.chmod(0o600)
        more = (f'ca_file = "{trusted}"; username = "gateway";'
                f' password_file = "{self.password}";')
        self.scene = scene_with(self.port, more)
        self.item = None

    def meets(self, peer, error):
        since = len(self.scene.gateway.log)
        try:
            if not self.item:
                self.item = ask(self.scene)
            wait_attempt(self.scene, since, result="deferred", **{"class": error})
            wait_until(lambda: "relay" in health(self.scene), "/healthz names the relay")
            assert "richtig" not in self.scene.gateway.log, "the password is in the log"
            assert deliveries(self.scene, self.item)[0]["state"] == "pending"
        finally:
            peer.stop()

    def not_offered(self):
        plain = Plain(self.port)
        self.meets(plain, "tls")
        allowed = (b"EHLO", b"HELO", b"QUIT", b"STARTTLS")
        assert plain.heard, "nobody came"
        assert all(line.split()[0] in allowed for line in plain.heard), plain.heard

    def untrusted(self, certificate):
        relay = encrypted(self.port, certificate, "richtig")
        self.meets(relay, "tls")
        assert not relay.mails

    def wrong_login(self):
        relay = encrypted(self.port, self.good, "anders")
        self.meets(relay, "auth")
        assert not relay.mails

    def well(self):
        relay = encrypted(self.port, self.good, "richtig")
        try:
            self.scene.soziales.status("notice.sent", self.item)
            (sender, to, content), = relay.mails
            assert to == TEAM and self.item.encode() in content, (sender, to)
            wait_until(lambda: "relay" not in health(self.scene), "/healthz is well again")
        finally:
            relay.stop()


def encryption(cases):
    folder = Folder()
    crypt = Encryption(folder)
    with crypt.scene:
        cases.run("TLS demanded, not offered: nothing in clear", crypt.not_offered)
        cases.run("TLS: a stranger's certificate", crypt.untrusted, crypt.stranger)
        cases.run("TLS: a certificate for another name", crypt.untrusted, crypt.other)
        cases.run("a refused login is an incident", crypt.wrong_login)
        cases.run("STARTTLS and AUTH: the mail arrives at last", crypt.well)


def main():
    cases = Cases()
    sinks(cases)
    words(cases)
    lateness(cases)
    encryption(cases)
    cases.end()


main()
