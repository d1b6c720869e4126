#!/usr/bin/python3
# time limit: 240 s
"""A mail that comes back. A real relay (Postfix) takes a notice, the next server refuses its
recipient, and Postfix writes its report to the delivery's return path: into a mailbox that is read
by IMAP (Dovecot), or to the daemon by pipe(8) or LMTP. Each way ends the same: the delivery has
failed, the contact is flagged, the unit is told by its other channel. And what is forged, late or
said twice ends nothing."""

import email
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, "tests/peers")

from mailbox_peer import Dovecot, Postfix, mail  # noqa: E402
from peers import (BUILD, DEADLINE, TOP, Aiosmtpd, Cases, Folder, free_port,  # noqa: E402
                   started, wait_until)
from scene import Scene, handover  # noqa: E402

TEAM = "egh-eselsberg@ulm.example"
PHONE = "+4915100000077"
BOUNCE = "bounce@gw.example"


def city(folder):
    """Ulm, with a telephone of the office beside the team's mailbox."""
    target = pathlib.Path(folder) / "base" / "ulm"
    shutil.copytree(TOP / "config/ulm", target)
    units = target / "units.conf"
    old = f'{{ channel = "email"; address = "{TEAM}"; }}'
    text = units.read_text()
    assert text.count(old) == 1
    units.write_text(text.replace(old, f'{old}, {{ channel = "sms"; address = "{PHONE}"; }}'))
    return target


def settings(port, **more):
    relay = (f'( {{ name = "relay"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{port}";'
             f' from = "stafette@ulm.example"; tls = "none"; }},'
             f' {{ name = "sms"; adapter = "sms_file"; path = "sms"; }} )')
    return {"transports": relay, "mail.bounce": BOUNCE, **more}


def refuse(address):
    return "550 5.1.1 unknown here" if address == TEAM else None


def password(folder):
    secret = pathlib.Path(folder) / "mailbox-password"
    secret.write_text("geheim\n")
    secret.chmod(0o600)
    return secret


def by_imap(folder, box):
    return {"bounce_mailbox.url": box.url, "bounce_mailbox.user": "antworten",
            "bounce_mailbox.tls": "none", "bounce_mailbox.password_file": password(folder),
            "bounce_mailbox.poll": "1s", "bounce_mailbox.filed": "Erledigt"}


def counts(scene):
    text = scene.page("/metrics")
    return {name: int(n) for name, n in
            re.findall(r'stafette_mail_in_total\{result="(\w+)"\} (\d+)', text) if int(n)}


def deliveries(scene, code):
    return {d["contact"]: d for d in scene.item(code)["deliveries"]
            if d["contact"].startswith("egh-eselsberg/")}


def ask(scene):
    return scene.soziales.accepted("handover.requested", handover())["item_id"]


def comes_back(scene):
    """A notice bounces: what there must be in the end."""
    code = ask(scene)

    def failed():
        return deliveries(scene, code)["egh-eselsberg/1"]["state"] == "failed"

    wait_until(failed, "the delivery has failed")
    wait_until(lambda: scene.texts(code), "the team is told by SMS")
    both = deliveries(scene, code)
    mail_, sms = both["egh-eselsberg/1"], both["egh-eselsberg/2"]
    assert mail_["class"] == "address" and mail_["channel"] == "email", mail_
    assert sms["channel"] == "sms", sms
    assert PHONE in scene.texts(code)[0]
    rows = [row["what"] for row in scene.item(code)["audit"]]
    assert any("mail=failed status=5.1.1" in row for row in rows), rows
    assert any("result=failed class=address code=550" in row for row in rows), rows
    assert any("result=sent" in row and "channel=email" in row for row in rows), "never sent"
    flagged = scene.gateway.ctl("contacts").stdout
    assert "egh-eselsberg/1" in flagged, flagged
    scene.soziales.status("notice.failed", code)
    assert counts(scene) == {"bounce": 1}, counts(scene)
    assert scene.gateway.ctl("ledger").returncode == 0
    assert TEAM not in scene.gateway.log and BOUNCE not in scene.gateway.log
    return code


# ---- the ways

def through_imap():
    folder = Folder()
    box = Dovecot(folder)
    server = Aiosmtpd(on_rcpt=refuse)
    with started(box, server):
        relay = Postfix(folder, server.port, "maildir", box)
        with started(relay), Scene(base=city(folder),
                                   settings=settings(relay.port, **by_imap(folder, box))) as scene:
            comes_back(scene)
            wait_until(lambda: not box.flags(), "the report is filed away")
            assert box.flags("Erledigt"), "it is nowhere"


def through_pipe():
    """The relay's pipe(8) runs as another user, so the socket is opened to it."""
    folder = Folder()
    server = Aiosmtpd(on_rcpt=refuse)
    program = folder / "stafettectl"
    shutil.copy(BUILD / "stafettectl", program)
    with started(server):
        control = folder / "control.sock"
        relay = Postfix(folder, server.port, "pipe",
                        f"{program} --socket {control} mail-in --recipient ${{recipient}}"
                        f" --sender ${{sender}}")
        more = {"http.control_socket": control}
        with started(relay), Scene(base=city(folder),
                                   settings=settings(relay.port, **more)) as scene:
            os.chmod(control, 0o666)
            comes_back(scene)
            assert "status=sent (delivered via stafette service" in relay.log, relay.log


def pipe_waits_for_the_daemon():
    """A report that comes while the daemon is down stays with the relay and comes again."""
    folder = Folder()
    server = Aiosmtpd(on_rcpt=refuse)
    program = folder / "stafettectl"
    shutil.copy(BUILD / "stafettectl", program)
    with started(server):
        control = folder / "control.sock"
        relay = Postfix(folder, server.port, "pipe",
                        f"{program} --socket {control} mail-in --recipient ${{recipient}}")
        more = {"http.control_socket": control}
        with started(relay), Scene(base=city(folder),
                                   settings=settings(relay.port, **more)) as scene:
            os.chmod(control, 0o600)  # not for the relay: it must keep the report
            code = ask(scene)
            wait_until(lambda: "status=deferred (temporary failure" in relay.log,
                       "the relay keeps the report")
            assert deliveries(scene, code)["egh-eselsberg/1"]["state"] == "sent"
            os.chmod(control, 0o666)
            wait_until(lambda: scene.texts(code), "the team is told by SMS", timeout=60)
            assert deliveries(scene, code)["egh-eselsberg/1"]["state"] == "failed"


def through_lmtp(by_socket):
    folder = Folder()
    server = Aiosmtpd(on_rcpt=refuse)
    port = free_port()
    where = folder / "lmtp.sock" if by_socket else f"127.0.0.1:{port}"
    with started(server):
        relay = Postfix(folder, server.port, "lmtp", f"unix:{where}" if by_socket else where)
        more = {"lmtp.listen": where}
        with started(relay), Scene(base=city(folder),
                                   settings=settings(relay.port, **more)) as scene:
            if by_socket:
                assert oct(os.stat(where).st_mode & 0o777) == "0o660"
                os.chmod(where, 0o666)  # a city puts the relay into the daemon's group
            comes_back(scene)
            assert "status=sent (250 2.0.0 taken)" in relay.log, relay.log


class Lmtp:
    """A client that says what it likes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
        self.lines = self.socket.makefile("rb")
        assert self.answer().startswith("220 ")

    def answer(self):
        """The next answer's last line; "" at the end."""
        while True:
            line = self.lines.readline().decode()
            if line[3:4] != "-":
                return line

    def say(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode() + b"\r\n")
        return self.answer()

    def close(self):
        self.lines.close()
        self.socket.close()


def dialogue(scene, server, port):
    """What Postfix does not do: forged and foreign recipients, several at once, bytes by bytes."""
    code = ask(scene)
    tag = tag_of(server)
    wait_until(lambda: deliveries(scene, code)["egh-eselsberg/1"]["state"] == "sent", "it is sent")
    client = Lmtp(port)
    assert client.say("LHLO mx.example").startswith("250 ")
    assert client.say("MAIL FROM:<> SIZE=300000").startswith("552 5.3.4")
    assert client.say("MAIL FROM:<>").startswith("250 2.1.0")
    made_up = tag[:-1] + ("0" if tag[-1] != "0" else "1")
    for who, status in ((f"bounce+{made_up}@gw.example", "550 5.1.1"),
                        ("postmaster@gw.example", "550 5.1.1"), ("stafette@ulm.example", "250 "),
                        (f"BOUNCE+{tag}@GW.example", "250 ")):
        got = client.say(f"RCPT TO:<{who}>")
        assert got.startswith(status), f"{who}: {got}"
    assert client.say("DATA").startswith("354 ")
    content = sample("bounce-qmail", "x") + b".\r\n"
    for i in range(0, len(content) - 100, 100):
        client.socket.sendall(content[i:i + 100])
    first = client.say(content[i + 100:])
    assert first.startswith("250 2.0.0") and client.answer().startswith("250 2.0.0")
    wait_until(lambda: scene.texts(code), "the team is told by SMS")
    assert counts(scene) == {"forged": 1, "automatic": 1, "bounce": 1}, counts(scene)
    # A report whose inner id and envelope differ; then what is no mail; pipelined.
    client.socket.sendall(b"MAIL FROM:<>\r\nRCPT TO:<bounce@gw.example>\r\nDATA\r\n"
                          + sample("bounce-qmail", made_up) + b".\r\n"
                          b"MAIL FROM:<>\r\nRCPT TO:<bounce@gw.example>\r\nDATA\r\n"
                          b"\r\nno header\r\n.\r\nQUIT\r\n")
    said = [client.answer()[:9] for _ in range(9)]
    assert said == ["250 2.1.0", "250 2.1.5", "354 end w", "550 5.7.1", "250 2.1.0", "250 2.1.5",
                    "354 end w", "554 5.6.0", "221 2.0.0"], said
    assert client.answer() == ""
    client.close()


def many_sessions(scene, port):
    """One more than there is room for is sent away; when they have gone there is room again."""
    clients = [Lmtp(port) for _ in range(20)]
    extra = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
    assert extra.recv(100).startswith(b"421 4.3.2")
    extra.close()
    for client in clients:
        client.socket.sendall(b"LHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<bounce@gw.example>\r\n"
                              b"DATA\r\nhalf")
        client.close()

    def room():
        try:
            client = Lmtp(port)
        except AssertionError:
            return False
        client.close()
        return True

    wait_until(room, "a session ends")
    assert scene.gateway.json("status")["broker"] == "up"


def lmtp_cases(cases):
    folder = Folder()
    server = Aiosmtpd()
    port = free_port()
    more = {"lmtp.listen": f"127.0.0.1:{port}"}
    with started(server), Scene(base=city(folder), settings=settings(server.port, **more)) as scene:
        cases.run("LMTP: forged, foreign, several, pipelined", dialogue, scene, server, port)
        cases.run("LMTP: more sessions than there is room for", many_sessions, scene, port)


# ---- handed in: what may be believed

def hand_in(scene, content, *words):
    done = subprocess.run([str(BUILD / "stafettectl"), "-c", str(scene.gateway.config), "mail-in",
                           *words], input=content, capture_output=True, timeout=30)
    return done.returncode, (done.stdout + done.stderr).decode()


def tag_of(server):
    """What the return path of the first mail names."""
    sender = wait_until(lambda: [m[0] for m in server.mails if m[1] == TEAM], "a mail")[0]
    return re.fullmatch(r"bounce\+(d\d+\.[0-9a-f]{16})@gw\.example", sender).group(1)


def sample(name, tag):
    """A mail of tests/mails about that delivery, of this gateway."""
    text = mail(name).replace(b"@TAG@@amt.example>", tag.encode() + b"@ulm.example>")
    return text.replace(b"@TAG@@amt.example", tag.encode() + b"@gw.example")


def believed(scene, server):
    """In the order in which a forger, a robot and a mail server would write."""
    code = ask(scene)
    tag = tag_of(server)
    made_up = tag[:-1] + ("0" if tag[-1] != "0" else "1")
    wait_until(lambda: deliveries(scene, code)["egh-eselsberg/1"]["state"] == "sent", "it is sent")
    steps = [
        ("a made-up tag", sample("report-vague", made_up), (), 77, "nicht kennen kann"),
        ("a made-up tag in the envelope", sample("report-vague", "x"),
         ("--recipient", f"bounce+{made_up}@gw.example"), 77, "nicht kennen kann"),
        ("nobody's", sample("report-vague", "x"), ("--sender", "<>"), 0, "automatische Mail"),
        ("a wrong option", b"", ("--recipients", "x"), 64, "no option"),
        ("out of office", sample("auto-verp", tag), (), 0, "automatische Mail"),
        ("delayed", sample("report-delayed", tag), (), 0, "vermerkt"),
    ]
    for label, content, words, status, said in steps:
        got, answer = hand_in(scene, content, *words)
        assert got == status and said in answer, f"{label}: {got}: {answer}"
        assert deliveries(scene, code)["egh-eselsberg/1"]["state"] == "sent", label
    assert not scene.texts(code)
    rows = [row["what"] for row in scene.item(code)["audit"] if " mail=" in row["what"]]
    assert len(rows) == 2 and "auto-reply" in rows[0] and "delayed" in rows[1], rows
    got, answer = hand_in(scene, sample("bounce-qmail", "x"), "--recipient",
                          f"BOUNCE+{tag.upper()}@GW.EXAMPLE", "--sender", "MAILER-DAEMON")
    assert got == 0 and "der nächste Weg" in answer, answer
    wait_until(lambda: scene.texts(code), "the team is told by SMS")
    got, answer = hand_in(scene, sample("bounce-qmail", tag))
    assert got == 0 and "schon bekannt" in answer, answer
    assert len(scene.texts(code)) == 1
    assert counts(scene) == {"forged": 2, "automatic": 2, "report": 2, "bounce": 1}, counts(scene)


def no_trace(scene):
    """Nothing of what was handed in is kept."""
    scene.gateway.stop()
    for path in scene.gateway.folder.glob("stafette.db*"):
        content = path.read_bytes()
        for word in (b"mail.verein.example", b"altes-team", b"Postfach wird nicht gelesen"):
            assert word not in content, f"{word} in {path.name}"
    assert "verein.example" not in scene.gateway.log


def handed_in(cases):
    folder = Folder()
    server = Aiosmtpd()
    with started(server), Scene(base=city(folder), settings=settings(server.port)) as scene:
        cases.run("forged, automatic, delayed, failed, again", believed, scene, server)
        cases.run("no trace of them", no_trace, scene)


def message_id_is_enough():
    """A report to the plain address, with the header of the mail that came back."""
    folder = Folder()
    server = Aiosmtpd()
    with started(server), Scene(base=city(folder), settings=settings(server.port)) as scene:
        code = ask(scene)
        tag_of(server)
        content = [m[2] for m in server.mails if m[1] == TEAM][0]
        sent = email.message_from_bytes(content)["Message-ID"].strip("<>")
        wait_until(lambda: deliveries(scene, code)["egh-eselsberg/1"]["state"] == "sent",
                   "it is sent")
        report = mail("report-full").replace(b"bounce+@TAG@@amt.example", BOUNCE.encode())
        report = report.replace(b"@TAG@@amt.example", sent.encode())
        got, answer = hand_in(scene, report)
        assert got == 0 and "der nächste Weg" in answer, answer
        wait_until(lambda: scene.texts(code), "the team is told by SMS")


cases = Cases()
cases.run("Postfix, Dovecot, IMAP", through_imap)
cases.run("Postfix, pipe", through_pipe)
cases.run("Postfix, pipe: kept while nobody answers", pipe_waits_for_the_daemon)
cases.run("Postfix, LMTP", through_lmtp, False)
cases.run("Postfix, LMTP by a socket", through_lmtp, True)
lmtp_cases(cases)
handed_in(cases)
cases.run("known by the Message-ID alone", message_id_is_enough)
cases.end()
