"""Stages of the fault matrix: a city, its real peers, and one fault at a time.

A stage starts its own Scene. `break_(fault)` injects a fault, `heal()` takes it away, `arrived()`
counts what has reached the on-call by each way. All notices are emergencies to the on-call: ten
minutes to answer, and the next attempt in an hour, so that waiting breaks the deadline and the
other way must be taken at once.
"""

import contextlib
import datetime
import email
import json
import pathlib
import re
import ssl
import subprocess

from gammu import Gammu
from mailbox_peer import Postfix, Rules
from peers import (Aiosmtpd, Folder, HttpSink, Kannel, SmtpSink, free_port,
                   make_certificate, wait_until)
from scene import Scene, emergency, handover

ON_CALL = "+4915100000001"
ON_CALL_MAIL = "bereitschaft@ulm.example"
BOUNCE = "bounce@gw.example"
SLOW = {"delivery.retry_first": "1h", "delivery.retry_max": "2h"}
# By mail first, and by SMS only when that fails.
MAIL_FIRST = {**SLOW, "policies": '( { id = "standard"; }, { id = "erstanlauf"; } )'}
POST = '{ name = "post"; adapter = "email_file"; path = "mail"; }'
SMS = '{ name = "sms"; adapter = "sms_file"; path = "sms"; }'


def secret(folder, name, word):
    path = pathlib.Path(folder) / name
    path.write_text(word + "\n")
    path.chmod(0o600)
    return path


def relay(port, more='tls = "none";'):
    return (f'{{ name = "relay"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{port}";'
            f' from = "stafette@ulm.example"; timeout = "2s"; {more} }}')


class Stage:
    """What all have in common. A subclass sets `transport` and `settings`."""

    unit = "bereitschaft"
    transport = "relay"
    ways = ("mail", "SMS")
    options = {}

    def __init__(self):
        self.folder = Folder()
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.scene = self.stack.enter_context(Scene(settings=self.settings, **self.options))
        return self

    def __exit__(self, *_):
        self.mend()
        self.stack.close()

    def up(self, peer):
        """Starts a peer that stays for the whole stage."""
        peer.start()
        self.stack.callback(peer.stop)
        return peer

    @property
    def source(self):
        return self.scene.hotline

    def ask(self):
        return self.source.accepted("emergency.reported", emergency(),
                                    urgency="emergency")["item_id"]

    def break_(self, fault):
        pass

    def mend(self):
        """The fault is over; nothing need be there in its place."""

    def heal(self):
        """The fault is over, and a good peer is there."""

    def mails(self, item):
        """The mails about the item to the on-call, as bytes."""
        return [mail.text for mail in self.scene.mails(item, ON_CALL_MAIL)]

    def texts(self, item):
        return [text for text in self.scene.texts(item) if ON_CALL in text]

    def arrived(self, item):
        return len(self.mails(item)), len(self.texts(item))

    def reload(self):
        def done():
            return int(re.search(r"stafette_reloads_done_total (\d+)",
                                 self.scene.page("/metrics")).group(1))

        before = done()
        self.scene.gateway.reload()
        wait_until(lambda: done() == before + 1, "the reload")

    def clear(self):
        """After a contact was flagged: a notice that arrives takes the flag away."""
        if self.scene.gateway.json("contacts"):
            self.source.status("notice.sent", self.ask())
            wait_until(lambda: not self.scene.gateway.json("contacts"), "no contact is flagged")

    def copies(self, item):
        """How many names the mails have: one, if all are copies of the same."""
        return 0


class OnPort(Stage):
    """One relay address where one peer follows the other; all keep their mails in one place."""

    def __init__(self):
        super().__init__()
        self.port = free_port()
        self.peer = None
        self.settings = {"transports": f"( {relay(self.port)}, {SMS} )", **MAIL_FIRST}

    def sink(self, flags):
        peer = SmtpSink(self.folder, *flags, keep=True)
        peer.port = self.port
        return peer.start()

    def break_(self, fault):
        self.mend()
        self.peer = self.sink(fault) if fault is not None else None

    def mend(self):
        if self.peer:
            self.peer.stop()
        self.peer = None

    def heal(self):
        self.mend()
        self.peer = self.sink(())

    def mails(self, item):
        kept = (self.folder / "smtp-sink").glob("*")
        return [mail for mail in (path.read_bytes() for path in kept)
                if item.encode() in mail and ON_CALL_MAIL.encode() in mail]

    def copies(self, item):
        return len({email.message_from_bytes(m)["Message-ID"] for m in self.mails(item)})


class OnPortLong(OnPort):
    """The same fault, half an hour later by the clock of the test."""

    def __init__(self):
        super().__init__()
        self.options = {"test_clock": datetime.timedelta(0)}

    def ask(self):
        item = super().ask()
        self.scene.gateway.advance("1m")
        self.scene.gateway.advance("45m")
        return item


class OnPostfix(Stage):
    """A real relay whose rules say what is to be said, and a next server that refuses what the
    relay has taken: then the relay's own report comes back by LMTP."""

    def __init__(self):
        super().__init__()
        self.at_relay = self.at_next = ("", "")
        self.rules = self.up(Rules(self._rule))
        self.next = self.up(Aiosmtpd(on_rcpt=self._next))
        lmtp = f"127.0.0.1:{free_port()}"
        self.postfix = self.up(Postfix(self.folder, self.next.port, "lmtp", lmtp,
                                       self.rules.settings))
        self.settings = {"transports": f"( {relay(self.postfix.port)}, {SMS} )", **MAIL_FIRST,
                         "mail.bounce": BOUNCE, "lmtp.listen": lmtp}

    def _rule(self, state, recipient):
        at, said = self.at_relay
        return said if state == at and recipient in ("", ON_CALL_MAIL) else ""

    def _next(self, address):
        return self.at_next[1] if address == ON_CALL_MAIL else None

    def break_(self, fault):
        """("RCPT", "550 ..."): the relay says it; ("next", "550 ..."): the server behind
        it; with "twice" it has happened once before."""
        if fault[0] == "next":
            self.at_next = fault
        else:
            self.at_relay = fault[:2]
        if "twice" in fault:
            self.source.status("notice.failed", self.ask())

    def mend(self):
        self.at_relay = self.at_next = ("", "")

    heal = mend

    def mails(self, item):
        return [content for _, to, content in self.next.mails
                if to == ON_CALL_MAIL and item.encode() in content]


class OnTls(OnPort):
    """Encryption and login are demanded by our side; peers that lack either."""

    def __init__(self):
        super().__init__()
        good, self.good_key = make_certificate(self.folder, "relay")
        self.good = (good, self.good_key)
        self.stranger = make_certificate(self.folder, "fremd")
        self.other = self._other_name()
        trusted = self.folder / "trusted.pem"
        trusted.write_text(good.read_text() + self.other[0].read_text())
        more = (f'ca_file = "{trusted}"; username = "gateway";'
                f' password_file = "{secret(self.folder, "password", "richtig")}";')
        self.kept = []
        self.settings = {"transports": f"( {relay(self.port, more)}, {SMS} )", **MAIL_FIRST}

    def _other_name(self):
        name = self.folder / "anderer"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj",
                        "/CN=anderer", "-addext", "subjectAltName=DNS:anderer.example", "-days",
                        "30", "-keyout", f"{name}.key", "-out", f"{name}.pem"], check=True,
                       capture_output=True)
        return pathlib.Path(f"{name}.pem"), pathlib.Path(f"{name}.key")

    def _server(self, certificate, password):
        from aiosmtpd.smtp import AuthResult

        def login(_server, _session, _envelope, _mechanism, data):
            good = data.login == b"gateway" and data.password == password
            return AuthResult(success=good, handled=False) if not good else AuthResult(success=True)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*map(str, certificate))
        peer = Aiosmtpd(tls_context=context, require_starttls=True, authenticator=login,
                        auth_required=True)
        peer.controller.port = peer.port = self.port
        peer.mails = self.kept
        return peer.start()

    def break_(self, fault):
        self.mend()
        kinds = {"no STARTTLS": lambda: self.sink(()),
                 "stranger": lambda: self._server(self.stranger, b"richtig"),
                 "other name": lambda: self._server(self.other, b"richtig"),
                 "wrong login": lambda: self._server(self.good, b"anders")}
        self.peer = kinds[fault]()

    def heal(self):
        self.mend()
        self.peer = self._server(self.good, b"richtig")

    def mails(self, item):
        return [content for _, to, content in self.kept
                if to == ON_CALL_MAIL and item.encode() in content] + super().mails(item)


class OnHttp(Stage):
    """A gateway that answers the on-call's SMS as it is told to."""

    transport = "gateway"
    GOOD = (200, '{"status": "accepted", "id": "m-1"}')

    def __init__(self):
        super().__init__()
        self.fault = None
        self.got = []
        self.sink = self.up(HttpSink(self._answer))
        self.settings = {"transports": (
            f'( {POST}, {{ name = "gateway"; adapter = "sms_http"; url = "{self.sink.url}/sms";'
            ' body = "json"; params = ( { name = "to"; value = "{to}"; },'
            ' { name = "text"; value = "{text}"; }, { name = "ref"; value = "{reference}"; } );'
            ' ok_pointer = "/status"; ok_values = "accepted"; id_pointer = "/id";'
            ' address_codes = "400"; tls = "none"; timeout = "2s"; } )'), **SLOW}

    def _answer(self, request):
        said = json.loads(request.body)
        if said["to"] != ON_CALL:
            return self.GOOD
        if self.fault in (None, "close", "hang"):
            self.got.append(said)
        return self.fault or self.GOOD

    def break_(self, fault):
        self.fault = fault

    def mend(self):
        self.fault = None

    heal = mend

    def texts(self, item):
        return [said for said in self.got if item in said["text"]]

    def copies(self, item):
        return len({said["ref"] for said in self.texts(item)})


class OnKannel(Stage):
    """Kannel and its simulated network; with a network of ours the reports of failed SMS."""

    transport = "kannel"

    def __init__(self, password="geheim", network=None):
        super().__init__()
        self.network = self.up(HttpSink(network)) if network else None
        self.kannel = Kannel(self.folder, second=(ON_CALL, self.network.url) if network else None)
        self.kannel.start()
        self.stack.callback(lambda: self.kannel.stop())
        port = free_port()
        self.word = secret(self.folder, "kannel-password", password)
        reports = secret(self.folder, "reports.secret", "sms-reports-secret-0123456789")
        self.settings = {"http.public": f"127.0.0.1:{port}", "transports": (
            f'( {POST}, {{ name = "kannel"; adapter = "sms_kannel"; url = "{self.kannel.url}";'
            f' username = "gw"; password_file = "{self.word}"; tls = "none"; timeout = "3s";'
            f' report_url = "http://127.0.0.1:{port}/sms/report/kannel";'
            f' reports = {{ secret_file = "{reports}"; sources = "127.0.0.1"; }}; }} )'), **SLOW}

    def break_(self, fault):
        if fault == "away":
            self.kannel.stop()

    def heal(self):
        if self.word.read_text() != "geheim\n":
            self.word.write_text("geheim\n")
            self.reload()
        if not self.kannel.process.running():
            ports = self.kannel.ports
            self.kannel = Kannel(Folder())
            self.kannel.ports = ports
            self.kannel.start()

    def texts(self, item):
        return [text for text in self.kannel.texts if item in text and ON_CALL[1:] in text]


class OnModem(Stage):
    """gammu-smsd and its simulated phone."""

    transport = "modem"

    def __init__(self):
        super().__init__()
        self.gammu = Gammu(self.folder)
        self.stack.callback(self.gammu.stop)
        self.kept = []
        paths = " ".join(f'{name} = "{path}";' for name, path in self.gammu.path.items())
        self.settings = {"transports": f'( {POST}, {{ name = "modem"; adapter = "sms_gammu";'
                                       f' {paths} every = "1s"; }} )', **SLOW}

    def break_(self, fault):
        self.fault = fault
        if fault == "folder away":
            self.gammu.path["outbox"].rename(self.folder / "away")
        elif fault == "sends":
            self.gammu.start()

    def ask(self):
        item = super().ask()
        if self.fault == "gives up":
            self.gammu.give_up(wait_until(lambda: self._waiting(item), "its file")[0])
        elif self.fault == "sends":
            wait_until(lambda: self.gammu.texts and not self._waiting(item), "the phone sends it")
        return item

    def heal(self):
        self.kept += self.gammu.texts if self.gammu.process else []
        self.gammu.stop()
        if (self.folder / "away").exists():
            (self.folder / "away").rename(self.gammu.path["outbox"])

    def texts(self, item):
        """What the phone sent, and what lies ready for it."""
        sent = self.kept + (self.gammu.texts if self.gammu.process else [])
        return ([text for number, text in sent if item in text and number == ON_CALL] +
                self._waiting(item))

    def _waiting(self, item):
        """The files of the item's SMS that lie ready for the program."""
        return [path.name for path in self.gammu.path["outbox"].glob("*") if ON_CALL in path.name
                and item.encode("utf-16-be") in path.read_bytes()]


class OnPermit(Stage):
    """A handover that the matrix of permissions does not allow."""

    unit = "egh-eselsberg"
    transport = "post"
    ROW = '{ from = "*"; to = "egh-eselsberg"; kinds = [ "handover" ]; bases = [ "sgb10_69", '

    def __init__(self):
        super().__init__()
        self.settings = {"transports": f"( {POST}, {SMS} )"}

    @property
    def source(self):
        return self.scene.soziales

    def ask(self):
        return self.source.accepted("handover.requested", handover())["item_id"]

    def _change(self, old, new):
        path = self.scene.gateway.config / "permissions.conf"
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))
        self.reload()

    def break_(self, fault):
        self._change(self.ROW + '"sgb8_36b", ', self.ROW)

    def heal(self):
        self._change(self.ROW, self.ROW + '"sgb8_36b", ')

    def mails(self, item):
        return [mail.text for mail in self.scene.mails(item, "egh-eselsberg@ulm.example")]
