#!/usr/bin/python3
# time limit: 240 s
"""Replies that come by mail, read from a real IMAP server (Dovecot) and handed in by
`stafettectl mail-in`: each mail is decided once and marked after that, a crash between repeats it,
a mail that is too large is never fetched, and a mailbox that cannot be read is one incident which
ends by itself."""

import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, "tests/peers")

from gateway import Gateway  # noqa: E402
from mailbox_peer import Dovecot, KEYWORD, TlsFront, mail  # noqa: E402
from peers import (BUILD, Cases, Folder, Talker, make_certificate, started,  # noqa: E402
                   wait_until)
from scene import Scene, handover  # noqa: E402


def settings(folder, box, password="geheim", **more):
    secret = pathlib.Path(folder) / "mailbox-password"
    secret.write_text(password + "\n")
    secret.chmod(0o600)
    every = {"mailbox.url": box.url, "mailbox.user": "antworten", "mailbox.tls": "none",
             "mailbox.password_file": secret, "mailbox.poll": "1s", **more}
    return {name: value for name, value in every.items() if value is not None}


def counts(scene):
    """{result: number} of stafette_mail_in_total."""
    text = scene.page("/metrics")
    return {name: int(n) for name, n in
            re.findall(r'stafette_mail_in_total\{result="(\w+)"\} (\d+)', text) if int(n)}


def trouble(scene):
    found = re.search(r'stafette_transport_trouble\{transport="mailbox"\} (\d)',
                      scene.page("/metrics"))
    return found and found.group(1) == "1"


def healthz(scene, status):
    return json.loads(scene.page("/healthz", status))["troubles"]


def large(size):
    head = b"From: team@traeger.example\r\nSubject: gross\r\n\r\n"
    return head + b"x" * 70 + b"\r\n" * (size // 2)


# ---- the mailbox

def is_read_and_marked():
    folder = Folder()
    box = Dovecot(folder)
    with started(box), Scene(settings=settings(folder, box)) as scene:
        names = ("reply-thunderbird", "reply-google", "auto-exchange", "bounce-postfix",
                 "person-plain")
        uids = [box.append(mail(name)) for name in names]
        for uid in uids:
            box.wait_marked(uid)
        assert all("\\Seen" in box.flags()[uid] for uid in uids), box.flags()
        wait_until(lambda: sum(counts(scene).values()) == 5, "five mails are counted")
        assert counts(scene) == {"unknown": 2, "automatic": 2, "other": 1}, counts(scene)
        log = scene.gateway.log
        assert log.count('msg="incoming mail" way=mailbox') == 5
        assert "traeger.example" not in log.split('msg="incoming mail"', 1)[1], "an address in it"


def twice_is_harmless():
    folder = Folder()
    box = Dovecot(folder)
    with started(box), Scene(settings=settings(folder, box)) as scene:
        uid = box.append(mail("reply-outlook-desktop"), mail("reply-outlook-desktop"))
        box.wait_marked(uid)
        box.wait_marked(uid - 1)
        box.change(uid, "-FLAGS", KEYWORD)
        box.wait_marked(uid)
        wait_until(lambda: counts(scene) == {"unknown": 3}, "it was read three times")


def many_at_once():
    """More than one session takes, and one that vanishes from among them."""
    folder = Folder()
    box = Dovecot(folder)
    with started(box):
        last = box.append(*[mail("reply-apple")] * 120)
        box.change(last - 60, "+FLAGS", "\\Deleted")
        with Scene(settings=settings(folder, box)) as scene:
            box.wait_marked(last)
            wait_until(lambda: counts(scene) == {"unknown": 120}, "all are counted")
            assert all(KEYWORD in flags for flags in box.flags().values())


def too_large_is_not_fetched():
    folder = Folder()
    box = Dovecot(folder)
    with started(box), Scene(settings=settings(folder, box)) as scene:
        uid = box.append(large(4 << 20))
        small = box.append(mail("reply-nextcloud"))
        box.wait_marked(uid)
        box.wait_marked(small)
        wait_until(lambda: counts(scene) == {"too_large": 1, "unknown": 1}, "both are counted")
        scene.gateway.stop()
        log = (box.folder / "dovecot.log").read_text()
        sent = [int(n) for n in re.findall(r" body_bytes=(\d+)", log)]
        assert 0 < sum(sent) < 1 << 20, f"the server sent {sent} bytes of mails"


def crash_before_mark():
    """Decided and committed, killed before the mark: the mail is read again, and marked then."""
    folder = Folder()
    box = Dovecot(folder)
    with started(box), Scene(settings=settings(folder, box), points=True,
                             env={"STAFETTE_KILL_AT": "before-mark:1"}) as scene:
        uid = box.append(mail("reply-exchange"))
        scene.gateway.process.reap()
        assert not box.marked(uid), "marked before it was to be"
        assert "\\Seen" in box.flags()[uid], "it was not even fetched"
        scene.gateway.env = {}
        scene.gateway.start()
        box.wait_marked(uid)
        wait_until(lambda: counts(scene) == {"unknown": 1}, "it was decided again")


# ---- when it cannot be read

def stopped_and_started():
    folder = Folder()
    box = Dovecot(folder)
    with started(box), Scene(settings=settings(folder, box),
                             test_clock="2026-11-20T09:00:00+01:00") as scene:
        box.wait_marked(box.append(mail("reply-google")))
        assert not trouble(scene)
        box.stop()
        wait_until(lambda: 'msg="mailbox" state=failed class=connect' in scene.gateway.log,
                   "a session fails")
        scene.gateway.advance("2m")
        wait_until(lambda: trouble(scene), "it is an incident")
        assert any(t["what"] == "transport mailbox" for t in healthz(scene, 503))
        assert scene.gateway.log.count("name=mailbox state=trouble") == 1
        box.start()
        uid = box.append(mail("reply-google"))
        box.wait_marked(uid)
        wait_until(lambda: not trouble(scene), "the incident is over")
        assert scene.gateway.log.count("name=mailbox state=well") == 1


def wrong_password():
    """An incident at once; a new credential file ends it without a reload."""
    folder = Folder()
    box = Dovecot(folder)
    with started(box), Scene(settings=settings(folder, box, "falsch")) as scene:
        wait_until(lambda: trouble(scene), "it is an incident")
        why = [t["why"] for t in healthz(scene, 503) if t["what"] == "transport mailbox"]
        assert why and "class auth" in why[0], why
        assert "falsch" not in scene.gateway.log
        (pathlib.Path(folder) / "mailbox-password").write_text("geheim\n")
        box.wait_marked(box.append(mail("reply-google")))
        wait_until(lambda: not trouble(scene), "the incident is over")


def never_in_clear():
    """Encryption is required and not offered: an incident, and no password on the wire."""
    said = []

    def talk(client):
        client.sendall(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN LOGIN] ready\r\n")
        while True:
            line = client.recv(4096)
            if not line:
                return
            said.append(line)
            tag = line.split(b" ", 1)[0]
            client.sendall(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" + tag + b" OK done\r\n")

    folder = Folder()
    talker = Talker(talk)
    talker.url = f"imap://127.0.0.1:{talker.port}/INBOX"
    try:
        with Scene(settings=settings(folder, talker, **{"mailbox.tls": "required"})) as scene:
            wait_until(lambda: trouble(scene), "it is an incident")
            assert "class=tls" in scene.gateway.log
    finally:
        talker.stop()
    assert said and b"geheim" not in b"".join(said) and b"AUTHENTICATE" not in b"".join(said), said


def encrypted():
    folder = Folder()
    certificate, key = make_certificate(folder)
    box = Dovecot(folder)
    front = TlsFront(box, certificate, key)
    more = {"mailbox.tls": "required", "mailbox.ca_file": certificate}
    try:
        with started(box), Scene(settings=settings(folder, front, **more)) as scene:
            box.wait_marked(box.append(mail("reply-thunderbird")))
            assert not trouble(scene)
        del more["mailbox.ca_file"]
        with started(box), Scene(settings=settings(folder, front, **more)) as scene:
            wait_until(lambda: trouble(scene), "a certificate that nobody knows is an incident")
            assert "class=tls" in scene.gateway.log
    finally:
        front.stop()


def server_that_hangs():
    """It takes the connection and says nothing: pages, control and the end are not held up."""
    folder = Folder()
    talker = Talker(lambda client: client.recv(1))
    talker.url = f"imap://127.0.0.1:{talker.port}/INBOX"
    try:
        with Scene(settings=settings(folder, talker)) as scene:
            scene.soziales.accepted("handover.requested", handover())
            assert scene.gateway.json("status")["broker"] == "up"
            scene.gateway.stop(timeout=10)
    finally:
        talker.stop()


# ---- handed in

def hand_in(scene, content, *words):
    """Exit status and words of stafettectl mail-in."""
    done = subprocess.run([str(BUILD / "stafettectl"), "-c", str(scene.gateway.config), "mail-in",
                           *map(str, words)], input=content, capture_output=True, timeout=30)
    return done.returncode, (done.stdout + done.stderr).decode()


HANDED = [
    ("a reply", mail("reply-google"), 0, "gibt es hier nicht"),
    ("an automatic mail", mail("auto-exchange"), 0, "eine automatische Mail"),
    ("a person's words", mail("person-plain"), 0, "nicht aufbewahrt"),
    ("nothing", b"", 65, "no mail"),
    ("no header", b"\r\nnur Text\r\n", 65, "no mail"),
    ("a NUL first", b"\0From: x\r\n\r\n", 65, "no mail"),
    ("256 KB", large(256 << 10)[:256 << 10], 0, "nicht aufbewahrt"),
    ("one byte more", large(256 << 10)[:(256 << 10) + 1], 65, "larger than the 262144 bytes"),
    ("a thousand levels", b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n"
                                   % (i, i) for i in range(1000)), 65, "too many parts"),
]


def handed_in(scene, content, status, words):
    got, said = hand_in(scene, content)
    assert got == status and words in said, f"{got}: {said}"


def from_a_file(scene):
    file = pathlib.Path(scene.gateway.folder) / "mail.eml"
    file.write_bytes(mail("reply-apple"))
    assert hand_in(scene, b"", file)[0] == 0
    got, said = hand_in(scene, b"", f"{file}.none")
    assert got == 75 and "cannot open" in said, f"{got}: {said}"


def not_reachable(scene):
    scene.gateway.stop()
    got, said = hand_in(scene, mail("reply-google"))
    assert got == 75 and "not running" in said, f"{got}: {said}"


def broken_configuration(scene):
    with open(scene.gateway.config / "stafette.conf", "a", encoding="utf-8") as file:
        file.write("\nhttp = {{\n")
    got, said = hand_in(scene, mail("reply-google"))
    assert got == 75, f"{got}: {said}"


CONFIG = [
    ("a search in the url", {"mailbox.url": "imap://127.0.0.1/INBOX?ALL"}, "must not hold a user"),
    ("a message in the url", {"mailbox.url": "imap://127.0.0.1/INBOX;UID=1"}, "of one mailbox"),
    ("no mailbox", {"mailbox.url": "imap://127.0.0.1"}, "of one mailbox"),
    ("another scheme", {"mailbox.url": "pop3://127.0.0.1/INBOX"}, "write imap://host:port/INBOX"),
    ("a password in it", {"mailbox.url": "imap://a:b@127.0.0.1/INBOX"}, "must not hold a user"),
    ("clear text to elsewhere", {"mailbox.url": "imap://imap.stadt.example/INBOX"}, "loopback"),
    ("no user", {"mailbox.user": None}, "user and password_file"),
    ("no file", {"mailbox.password_file": "nowhere"}, "credential file"),
]


def configuration(more, words):
    folder = Folder()
    gateway = Gateway(folder, 1883, settings=settings(folder, Dovecot(folder), **more))
    done = subprocess.run([str(BUILD / "stafetted"), "-c", str(gateway.config), "--check"],
                          capture_output=True, text=True, timeout=30)
    lines = [line for line in done.stderr.splitlines() if words in line]
    assert done.returncode == 78 and lines, f"{done.returncode}: {done.stderr}"
    assert re.search(r"\.conf:\d+: ", lines[0]), lines[0]


cases = Cases()
cases.run("mails are decided, marked and counted", is_read_and_marked)
cases.run("a mail twice is harmless", twice_is_harmless)
cases.run("120 mails at once", many_at_once)
cases.run("a mail that is too large is marked and not fetched", too_large_is_not_fetched)
cases.run("killed between commit and mark: read again", crash_before_mark)
cases.run("the server is stopped and started", stopped_and_started)
cases.run("wrong password", wrong_password)
cases.run("encryption that is not offered", never_in_clear)
cases.run("encryption", encrypted)
cases.run("a server that hangs", server_that_hangs)
with Scene() as handed:
    for label, *case in HANDED:
        cases.run(f"mail-in: {label}", handed_in, handed, *case)
    cases.run("mail-in: from a file", from_a_file, handed)
    cases.run("mail-in: no daemon", not_reachable, handed)
    cases.run("mail-in: broken configuration", broken_configuration, handed)
for label, *case in CONFIG:
    cases.run(f"--check: {label}", configuration, *case)
cases.end()
