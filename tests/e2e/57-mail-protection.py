#!/usr/bin/python3
# time limit: 180 s
"""Mail to a mailbox of class high: the openssl program opens what a real SMTP server received, a
stranger does not, and after the certificate's end the content-free form leaves until a new one is
loaded. And the policy of recipient domains: TLS that is too old is refused and is an incident; the
mail of a listed domain goes by the relays of its list or waits."""

import datetime
import email
import email.policy
import pathlib
import shutil
import ssl
import subprocess
import sys
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from peers import (Aiosmtpd, Cases, Folder, SmtpSink, TOP, free_port,  # noqa: E402
                   make_certificate, wait_until)
from scene import Scene, handover  # noqa: E402

TEAM = "egh-eselsberg@ulm.example"
PLAIN = 'contacts = ( { channel = "email"; address = "egh-eselsberg@ulm.example"; } );'
SMS = '{ name = "sms"; adapter = "null_sms"; }'
QUICK = {"delivery.retry_first": "1s", "delivery.retry_max": "1s"}
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
DAYS = 60


def relay(name, port, more='tls = "none";'):
    return (f'{{ name = "{name}"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{port}";'
            f' from = "stafette@ulm.example"; timeout = "5s"; {more} }}')


def openssl(*words, check=True):
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, check=check)


class Mailbox:
    """A certificate and its key in a folder."""

    def __init__(self, folder, name, address=TEAM, days=DAYS, kind=("rsa:2048",)):
        self.certificate = pathlib.Path(folder) / f"{name}.pem"
        self.key = pathlib.Path(folder) / f"{name}.key"
        openssl("req", "-x509", "-nodes", "-days", days, "-subj", f"/CN={name}", "-newkey", *kind,
                "-addext", f"subjectAltName=email:{address}", "-keyout", self.key,
                "-out", self.certificate)

    def opens(self, folder, mail):
        """The inner entity as a message, or None when this key does not open it."""
        path = pathlib.Path(folder) / "mail.eml"
        path.write_bytes(mail)
        done = openssl("cms", "-decrypt", "-in", path, "-recip", self.certificate, "-inkey",
                       self.key, check=False)
        if done.returncode:
            return None
        return email.message_from_bytes(done.stdout, policy=email.policy.default)


class City:
    """Ulm, whose team for integration assistance has a mailbox of class high."""

    def __init__(self, **made):
        self.folder = Folder()
        self.base = self.folder / "base" / "ulm"
        shutil.copytree(TOP / "config/ulm", self.base)
        self.team = Mailbox(self.folder, "team", **made)
        self.stranger = Mailbox(self.folder, "fremd", "fremd@ulm.example")
        units = self.base / "units.conf"
        text = units.read_text()
        high = PLAIN.replace("; } );", f'; class = "high"; certificate = '
                             f'"{self.team.certificate}"; }} );')
        assert text.count(PLAIN) == 1
        units.write_text(text.replace(PLAIN, high))
        self.sink = SmtpSink(self.folder, keep=True)

    def scene(self, days=0, more='tls = "none";'):
        later = datetime.timedelta(days=days, hours=1)
        settings = {"transports": f'( {relay("relay", self.sink.port, more)}, {SMS} )', **QUICK}
        return Scene(base=self.base, settings=settings, test_clock=later)


def clock_now(scene):
    return scene.gateway.clock.read_text().strip()


def ask(scene, **more):
    now = datetime.datetime.fromisoformat(clock_now(scene).replace("Z", "+00:00"))
    data = handover(next_deadline=(now + datetime.timedelta(days=14)).date().isoformat())
    return scene.soziales.accepted("handover.requested", data,
                                   time=now.strftime("%Y-%m-%dT%H:%M:%SZ"), **more)["item_id"]


def to_team(sink, seen):
    """The mails to the team besides those files; smtp-sink's names have no order in a second."""
    mails = [path.read_bytes() for path in sink.mails.iterdir() if path not in seen]
    return [mail for mail in mails if f"To: {TEAM}".encode() in mail]


def new_mail(scene, sink):
    """An item and the one mail to the team that it makes."""
    seen = set(sink.mails.iterdir())
    item = ask(scene)
    scene.soziales.status("notice.sent", item)
    scene.gateway.wait_quiet()
    mails = to_team(sink, seen)
    assert len(mails) == 1, f"{len(mails)} mails"
    return item, mails[0]


def is_sealed(city, item, mail):
    outside = email.message_from_bytes(mail, policy=email.policy.default)
    assert outside["Subject"] == "Verschlüsselte Nachricht", outside["Subject"]
    assert outside.get_content_type() == "application/pkcs7-mime", outside.get_content_type()
    assert outside["Message-ID"] and outside["References"] and outside["Auto-Submitted"]
    assert item.encode() not in mail and b"quittieren" not in mail, "something can be read"
    inside = city.team.opens(city.folder, mail)
    assert inside is not None, "the mailbox cannot open it"
    text = inside.get_content()
    assert item in text and "für Fallmanagement Eingliederungshilfe Eselsberg" in text, text
    assert city.stranger.opens(city.folder, mail) is None, "a stranger can open it"


def is_bare(city, scene, item, mail, why):
    message = email.message_from_bytes(mail, policy=email.policy.default)
    text = message.get_content()
    assert item in text and "kein gültiges Zertifikat" in text, text
    assert "bergabe" not in text + message["Subject"] and "/a/" not in text, text
    rows = scene.gateway.ctl("audit", "show", item).stdout
    assert f"form=content-free certificate={why}" in rows, rows
    assert TEAM not in scene.gateway.log, "an address is in the log"


def states(scene):
    return {row["contact"]: (row["certificate"], row["notices"])
            for row in scene.gateway.json("certificates")}


def sealed(city):
    with city.scene() as scene:
        item, mail = new_mail(scene, city.sink)
        is_sealed(city, item, mail)
        assert states(scene) == {"egh-eselsberg/1": ("valid", "encrypted")}, states(scene)
        rows = scene.gateway.ctl("audit", "show", item).stdout
        assert "result=sent" in rows and "content-free" not in rows, rows


def calendar(city):
    """An invitation: the calendar is inside, and no part of it outside."""
    with city.scene(more='tls = "none"; smime_cipher = "aes-256-gcm";') as scene:
        seen = set(city.sink.mails.iterdir())
        day = (NOW + datetime.timedelta(days=10)).strftime("%Y-%m-%dT10:00")
        scene.gateway.ctl("meeting", "call", "probe-eselsberg", "--kind", "clearing", "--unit",
                          "egh-eselsberg", "--start", day)
        wait_until(lambda: to_team(city.sink, seen), "the invitation")
        scene.gateway.wait_quiet()  # the file is whole then
        mails = to_team(city.sink, seen)
        assert b"VCALENDAR" not in mails[0] and b"text/calendar" not in mails[0]
        assert b"authEnveloped-data" in mails[0]
        inside = city.team.opens(city.folder, mails[0])
        parts = [part.get_content_type() for part in inside.walk()]
        assert parts == ["multipart/alternative", "text/plain", "text/calendar"], parts
        assert "BEGIN:VCALENDAR" in inside.get_payload()[1].get_content()


def soon(city):
    with city.scene(DAYS - 20) as scene:
        assert states(scene) == {"egh-eselsberg/1": ("soon", "encrypted")}, states(scene)
        metrics = scene.page("/metrics")
        assert 'stafette_certificates{state="soon"} 1' in metrics, metrics
        scene.gateway.reload()
        wait_until(lambda: "the certificate ends on" in scene.gateway.log, "the warning in the log")


def early(city):
    with city.scene(-1) as scene:
        item, mail = new_mail(scene, city.sink)
        is_bare(city, scene, item, mail, "early")


def expired_and_renewed(city):
    with city.scene(DAYS + 1) as scene:
        item, mail = new_mail(scene, city.sink)
        is_bare(city, scene, item, mail, "expired")
        assert states(scene) == {"egh-eselsberg/1": ("expired", "without content")}, states(scene)
        city.team = Mailbox(city.folder, "team", days=DAYS + 400)
        scene.gateway.reload()
        wait_until(lambda: states(scene)["egh-eselsberg/1"][0] == "valid", "the new certificate")
        item, mail = new_mail(scene, city.sink)
        is_sealed(city, item, mail)
        # A file that is for somebody else does not replace it.
        shutil.copy(city.stranger.certificate, city.team.certificate)
        scene.gateway.reload()
        wait_until(lambda: "state=refused" in scene.gateway.log, "the reload is refused")
        assert "it is not for the mailbox" in scene.gateway.log
        assert states(scene) == {"egh-eselsberg/1": ("valid", "encrypted")}, states(scene)


def check_warns(city):
    """--check by the real clock: nothing now, a warning for one that ends soon."""
    short = City(days=20)
    for which, want in ((city, False), (short, True)):
        with which.scene() as scene:
            done = subprocess.run([str(scene.gateway.program), "-c", str(scene.gateway.config),
                                   "--check"], capture_output=True, text=True, check=True)
            assert ("warning: contact egh-eselsberg/1: the certificate ends on" in
                    done.stderr) == want, done.stderr


def certificates(cases):
    for label, made in (("RSA", {}),
                        ("EC", {"kind": ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")})):
        city = City(**made)
        city.sink.start()
        try:
            cases.run(f"{label}: the mailbox opens it, a stranger does not", sealed, city)
            cases.run(f"{label}: an invitation with its calendar, GCM", calendar, city)
        finally:
            city.sink.stop()
    city = City()
    city.sink.start()
    try:
        cases.run("a certificate that ends soon is shown", soon, city)
        cases.run("not yet valid: without content", early, city)
        cases.run("--check warns of the end", check_warns, city)
        cases.run("expired: without content until a new one is loaded", expired_and_renewed, city)
    finally:
        city.sink.stop()


# ---- TLS and relays by domain

def tls_relay(port, certificate, newest):
    """aiosmtpd with STARTTLS of one version only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # or it would not offer TLS 1.1 at all
    context.minimum_version = context.maximum_version = newest
    peer = Aiosmtpd(tls_context=context, require_starttls=True)
    peer.controller.port = peer.port = port
    return peer.start()


def health(scene):
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{scene.gateway.internal_port}/healthz",
                                        timeout=5)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.read().decode()


def attempts(scene, since, **want):
    lines = [line for line in scene.gateway.log[since:].splitlines() if 'msg="attempt"' in line]
    rows = [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]
    return [row for row in rows if all(row.get(name) == value for name, value in want.items())]


def too_old(version, tls_min):
    """Refused as long as the relay speaks no newer TLS; sent when it does."""
    folder = Folder()
    certificate = make_certificate(folder, "relay")
    port = free_port()
    more = f'ca_file = "{certificate[0]}"; tls_min = "{tls_min}";'
    settings = {"transports": f'( {relay("relay", port, more)}, {SMS} )', **QUICK}
    with Scene(settings=settings) as scene:
        old = tls_relay(port, certificate, version)
        try:
            item = scene.soziales.accepted("handover.requested", handover())["item_id"]
            wait_until(lambda: attempts(scene, 0, result="deferred", **{"class": "tls"}),
                       "an attempt that ends by TLS")
            wait_until(lambda: "relay" in health(scene), "/healthz names the relay")
            assert not old.mails
        finally:
            old.stop()
        new = tls_relay(port, certificate, ssl.TLSVersion.TLSv1_3)
        try:
            scene.soziales.status("notice.sent", item)
            assert len(new.mails) == 1, new.mails
        finally:
            new.stop()


def only_its_relays():
    """Urgent, its relay down, another one well: it waits all the same. Others go by that one."""
    down, well = free_port(), Aiosmtpd()
    settings = {"transports": f'( {relay("a", well.port)}, {relay("b", down)}, {SMS} )',
                "mail_domains": '( { domain = "ulm.example"; transports = [ "b" ];'
                                ' tls = "required"; } )', **QUICK}
    well.start()
    try:
        with Scene(settings=settings) as scene:
            item = scene.soziales.accepted("handover.requested", handover(),
                                           urgency="urgent")["item_id"]
            wait_until(lambda: len(attempts(scene, 0, transport="b", result="deferred")) >= 3,
                       "three attempts by its relay")
            assert not attempts(scene, 0, transport="a"), scene.gateway.log
            late = Aiosmtpd()
            late.controller.port = late.port = down
            late.start()
            try:
                scene.soziales.status("notice.sent", item)
                assert [to for _, to, _ in late.mails] == [TEAM], late.mails
            finally:
                late.stop()
            assert not well.mails, well.mails
    finally:
        well.stop()


def main():
    cases = Cases()
    certificates(cases)
    cases.run("TLS 1.1 is refused by default", too_old, ssl.TLSVersion.TLSv1_1, "1.2")
    cases.run("TLS 1.2 is refused with tls_min 1.3", too_old, ssl.TLSVersion.TLSv1_2, "1.3")
    cases.run("a domain's mail goes by its own relays only", only_its_relays)
    cases.end()


main()
