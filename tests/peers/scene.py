"""A city for end-to-end tests: broker, daemon with Ulm's configuration, and its case systems.

    with Scene() as scene:
        receipt = scene.soziales.send("handover.requested", scene.handover())

Events are synthetic; the seed of their case numbers is printed, and STAFETTE_SEED repeats it.
"""

import contextlib
import datetime
import email
import email.policy
import json
import os
import random
import urllib.error
import urllib.request

from gateway import Gateway
from mqtt5 import Client
from peers import Broker, Folder, say, wait_until

SOURCES = ("soziales-ulm", "jobcenter-ulm", "traeger-portal", "hotline")
ACCOUNTS = {name: f"pw-{name}" for name in ("stafette", "stafette-watch", *SOURCES)}
PREFIX = "de.sozialraum."
STRUCTURED = "application/cloudevents+json"

SEED = int(os.environ.get("STAFETTE_SEED") or random.SystemRandom().randrange(1 << 32))
CHANCE = random.Random(SEED)
say(f"seed {SEED}")


def case_ref():
    """Letters and digits by turns: random enough, and like no file number or name."""
    pairs = (CHANCE.choice("abcdefghjkmnpqrstvwxyz") + CHANCE.choice("0123456789")
             for _ in range(7))
    return "cr-" + "".join(pairs)


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def handover(**more):
    """Data of a request that Ulm routes to egh-eselsberg; None takes a field out."""
    on = (datetime.date.today() + datetime.timedelta(days=14)).isoformat()
    data = {"case_ref": case_ref(), "from_unit": "ksd-eselsberg", "place": "eselsberg",
            "rechtskreis": "SGB_IX", "service": "egh", "reason": "transition_36b",
            "legal_basis": "sgb8_36b", "hilfeplan": False, "open_tasks": 3, "next_deadline": on,
            "consent_ref": "c-8841", **more}
    return {name: value for name, value in data.items() if value is not None}


def referral(**more):
    return {"case_ref": case_ref(), "service": "egh", "place": "eselsberg",
            "from_unit": "egh-eselsberg", "legal_basis": "sgb9_113", "complexity": "complex",
            "offer_check": "tried", **more}


def emergency(**more):
    return {"case_ref": case_ref(), "place": "wiblingen", "channel": "hotline", **more}


def topic_of(source, kind):
    return f"stafette/in/{source}/{kind.replace('.', '/')}"


class Source:
    """A case system: publishes its events and reads its receipts and status events."""

    def __init__(self, port, name, accounts=None):
        self.name = name
        self.client = Client(port, f"test-{name}-{CHANCE.randrange(1 << 30)}",
                             name if accounts else "", accounts[name] if accounts else "")
        self.client.subscribe(f"stafette/out/{name}/#")
        self.count = 0

    def event(self, kind, data, **attributes):
        self.count += 1
        event = {"specversion": "1.0", "id": f"ev-{SEED}-{self.count}",
                 "source": f"/{self.name}/fachverfahren", "type": f"{PREFIX}{kind}.v1",
                 "time": now(), "urgency": "routine", **attributes, "data": data}
        return {name: value for name, value in event.items() if value is not None}

    def publish(self, event, topic=None, **options):
        kind = event["type"].removeprefix(PREFIX).removesuffix(".v1")
        self.client.publish(topic or topic_of(self.name, kind), json.dumps(event),
                            content_type=STRUCTURED, **options)
        return event["id"]

    def publish_binary(self, event):
        """The envelope as MQTT 5 user properties, the data as payload."""
        user = [(name, str(value).lower() if isinstance(value, bool) else value)
                for name, value in event.items() if name != "data"]
        kind = event["type"].removeprefix(PREFIX).removesuffix(".v1")
        self.client.publish(topic_of(self.name, kind), json.dumps(event["data"]),
                            content_type="application/json", user=user)
        return event["id"]

    def _out(self, kind, fits, timeout=None):
        topic = f"stafette/out/{self.name}/{kind}"

        def match(message):
            return message.topic == topic and fits(json.loads(message.payload))

        return json.loads(self.client.receive(1, timeout, match)[0].payload)

    def receipt(self, event_id):
        return self._out("receipt", lambda e: e["data"]["event_id"] == event_id)["data"]

    def status(self, kind, item):
        """The next status event of that type about that item."""
        found = self._out("status", lambda e: e["type"] == f"{PREFIX}{kind}.v1"
                          and e["data"]["item_id"] == item)
        return found["data"]

    def replay(self):
        return self._out("replay", lambda e: True)["data"]

    def send(self, kind, data, **attributes):
        """Publishes an event and returns the data of its receipt."""
        return self.receipt(self.publish(self.event(kind, data, **attributes)))

    def accepted(self, kind, data, **attributes):
        receipt = self.send(kind, data, **attributes)
        assert receipt["outcome"] == "accepted", receipt
        return receipt


class Mail:
    """A mail as its reader sees it."""

    def __init__(self, content):
        message = email.message_from_bytes(content, policy=email.policy.default)
        self.to = message["To"].addresses[0].addr_spec
        self.subject = message["Subject"]
        self.message_id = message["Message-ID"]
        self.text = message.get_body(("plain",)).get_content()

    def __repr__(self):
        return f"Mail(to {self.to}, {self.subject})"


class Scene:
    """Broker, daemon and one connection per source, in a folder of their own. `options` go to
    Gateway(); with anonymous=True the broker lets everybody write everything, with durable=False
    it does not save after each event."""

    def __init__(self, anonymous=False, durable=True, **options):
        self.folder = Folder()
        self.accounts = None if anonymous else ACCOUNTS
        self.broker = Broker(self.folder, self.accounts, durable)
        self.options = options
        self.gateway = None
        self.source = {}

    def __enter__(self):
        self.broker.start()
        try:
            self.gateway = Gateway(self.folder, self.broker, **self.options)
            self.gateway.start().wait_online()
            for name in SOURCES:
                self.source[name] = Source(self.broker.port, name, self.accounts)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for source in self.source.values():
            with contextlib.suppress(Exception):
                source.client.close()
        if self.gateway and self.gateway.process:
            self.gateway.thaw()
            self.gateway.kill()
        self.broker.stop()

    @property
    def soziales(self):
        return self.source["soziales-ulm"]

    @property
    def traeger(self):
        return self.source["traeger-portal"]

    @property
    def hotline(self):
        return self.source["hotline"]

    def connect(self, account, **options):
        """One more connection to the broker."""
        name, word = (account, ACCOUNTS[account]) if self.accounts else ("", "")
        return Client(self.broker.port, f"test-{account}-{CHANCE.randrange(1 << 30)}", name, word,
                      **options)

    def mails(self, code="", to=""):
        """The mails in the Maildir that name an item and have that recipient, oldest first."""
        found = [Mail(content) for content in self.gateway.mails()]
        return [mail for mail in found if code in mail.text and to in mail.to]

    def wait_mail(self, code="", to="", count=1):
        wait_until(lambda: len(self.mails(code, to)) >= count,
                   f"{count} mails to {to or 'anybody'}")
        return self.mails(code, to)[count - 1]

    def texts(self, code=""):
        return [text for text in self.gateway.texts() if code in text]

    def item(self, code):
        return self.gateway.json("item", "show", code)

    def page(self, path, status=200):
        """A page of the internal listener, which must answer with that status."""
        url = f"http://127.0.0.1:{self.gateway.internal_port}{path}"
        try:
            answer = urllib.request.urlopen(url, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            assert answer.status == status, f"{path}: status {answer.status}"
            return answer.read().decode()
