"""A city at work for one scenario: broker, the daemon with the city's configuration on a test
clock, its case systems, and everything that left the building.

Time goes from one due moment to the next, never over one, because what a leaping clock finds late
counts from then on. Mails and SMS are dated by the clock at which they were first seen. Nothing
waits by sleeping: the daemon answers `clock advance` when nothing is due or in flight.
"""

import contextlib
import datetime
import email
import email.policy
import http.client
import json
import shutil
import socket
import subprocess
import urllib.parse
import zoneinfo

from gateway import Gateway
from mqtt5 import Client, MqttError
from peers import BUILD, TOP, Broker, Folder, wait_until
from scenario_conf import Directory

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UTC = datetime.timezone.utc
PREFIX = "de.sozialraum."
STRUCTURED = "application/cloudevents+json"
RECEIPT_S = 20
# On a long way: when daily checks run and offices open and close. On a short way: each hour.
DAY_STOPS = tuple(datetime.time(h) for h in (0, 7, 12))
SHORT_WAY = datetime.timedelta(days=8)


class Message:
    """A mail or an SMS as its reader has it."""

    def __init__(self, kind, to, text, seen_at, calendar=""):
        self.calendar = calendar
        self.kind = kind
        self.to = to
        self.text = text
        self.seen_at = seen_at


def read_mail(content, seen_at):
    message = email.message_from_bytes(content, policy=email.policy.default)
    text = f"{message['Subject']}\n{message.get_body(('plain',)).get_content()}"
    parts = [part.get_content() for part in message.walk()
             if part.get_content_type() == "text/calendar"]
    return Message("mail", message["To"].addresses[0].addr_spec, text, seen_at,
                   parts[0] if parts else "")


def read_sms(text, seen_at):
    head, _, body = text.partition("\n\n")
    to = next(line[4:].strip() for line in head.splitlines() if line.startswith("To: "))
    return Message("sms", to, body, seen_at)


class ControlSocket(http.client.HTTPConnection):
    """The daemon's control socket, without a process for each call."""

    def __init__(self, path):
        super().__init__("stafette", timeout=120)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class City:
    """Use as a context; start() when the configuration is as the scenario wants it."""

    def __init__(self, base):
        self.base = base
        self.folder = Folder("stafette-scenario-")
        self.directory = Directory(base)
        self.start_at = datetime.datetime(2026, 11, 16, 8, 0, tzinfo=BERLIN)
        self.broker = self.gateway = self.control = None
        self.clients = {}
        self.heard = []       # (source, type, data, payload) of status events
        self.messages = []
        self.read = set()     # files of messages already read
        self.armed = False    # the daemon will end itself before it sends
        self.edits = []       # made before the start
        self.left_out = []    # files of the configuration
        self.settings = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients.values():
            with contextlib.suppress(Exception):
                client.close()
        if self.gateway and self.gateway.process:
            self.gateway.kill()
        if self.broker:
            self.broker.stop()
        shutil.rmtree(self.folder.path, ignore_errors=True)

    # ---- start and stop

    def prepare(self):
        """Broker and configuration, with the edits that came before; the daemon not yet."""
        if self.gateway:
            return
        accounts = {name: f"pw-{name}" for name in ("stafette", *self.directory.sources)}
        self.broker = Broker(self.folder, accounts, durable=False)
        self.broker.start()
        settings = {"transports": self.transports(), **self.settings}
        if "public" in self.directory.http:
            settings["http.public"] = "127.0.0.1:0"
        self.gateway = Gateway(self.folder, self.broker, base=self.base, settings=settings,
                               test_clock=self.start_at, own_meetings=True)
        if "http.public" in settings:
            self.replace_port()
        templates = self.base.parent / "templates"
        if templates.is_dir():
            shutil.copytree(templates, self.gateway.config.parent / "templates",
                            dirs_exist_ok=True)
        for edit in self.edits:
            self.edit(*edit)
        for name in self.left_out:
            (self.gateway.config / name).unlink(missing_ok=True)

    def start(self):
        self.prepare()
        status, text = self.check()
        if status:
            raise AssertionError(f"{self.base.name} wird geladen, gefunden: {text[:600]}")
        self.gateway.start().wait_online()

    def replace_port(self):
        for path in self.gateway.config.glob("*.conf"):
            text = path.read_text(encoding="utf-8")
            if '"127.0.0.1:0"' in text:
                port = f'"127.0.0.1:{self.gateway.public_port}"'
                path.write_text(text.replace('"127.0.0.1:0"', port), encoding="utf-8")

    def transports(self):
        """The city's own transports by their names, each writing into a folder."""
        rows = []
        for own in self.directory.transports:
            mail = own["adapter"].startswith("email") or own["adapter"] == "null_email"
            row = {"name": own["name"], "adapter": "email_file" if mail else "sms_file",
                   "path": "mail" if mail else "sms"}
            row |= {key: own[key] for key in ("from", "from_name") if mail and key in own}
            rows.append("{ " + " ".join(f"{key} = {json.dumps(value, ensure_ascii=False)};"
                                        for key, value in row.items()) + " }")
        return f"( {', '.join(rows)} )"

    def edit(self, name, old, new):
        path = self.gateway.config / name
        if not path.is_file():
            raise AssertionError(f"eine Datei {name} in {self.base.name}, gefunden: keine")
        text = path.read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise AssertionError(f"„{old}“ einmal in {name}, gefunden: {text.count(old)}-mal")
        path.write_text(text.replace(old, new), encoding="utf-8")

    def restart(self, points=False, **env):
        self.gateway.kill()
        self.control = None
        program = BUILD / ("points/stafetted" if points else "stafetted")
        self.gateway.program = program
        self.armed = points
        self.gateway.start(**env).wait_online()

    def check(self):
        """stafetted --check on the configuration as it is now: (status, text)."""
        done = subprocess.run([str(BUILD / "stafetted"), "-c", str(self.gateway.config),
                               "--check"], capture_output=True, text=True, timeout=60)
        text = (done.stdout + done.stderr).replace(f"{self.gateway.config}/", "")
        return done.returncode, text

    # ---- control

    def call(self, method, path):
        """One control call; its answer as Python values."""
        if not self.control:
            self.control = ControlSocket(self.gateway.folder / "control.sock")
        try:
            self.control.request(method, path)
            answer = self.control.getresponse()
            body = answer.read()
        except (http.client.HTTPException, OSError):
            self.control = None
            raise
        if answer.status != 200:
            raise AssertionError(f"{path} gelingt, gefunden: {body.decode()[:200]}")
        return json.loads(body)

    def item(self, code):
        return self.call("GET", f"/control/item/{urllib.parse.quote(code)}")

    def meeting(self, name):
        """The meeting of that id, or None."""
        try:
            return self.call("GET", f"/control/meeting/{urllib.parse.quote(name)}")
        except AssertionError:
            return None

    def items(self, ended=False):
        return self.call("GET", "/control/items" + ("?state=all" if ended else ""))

    # ---- time

    @property
    def now(self):
        text = self.gateway.clock.read_text().strip().replace("Z", "+00:00")
        return datetime.datetime.fromisoformat(text).astimezone(BERLIN)

    def settle(self):
        """Returns when nothing is due or in flight, with every message read."""
        if self.armed and not self.gateway.process.running():
            self.restart()
        self.call("POST", "/control/clock?advance=0")
        self.collect()

    def go_to(self, target):
        # In UTC: Python reckons within one zone by the clock on the wall, wrong when it is changed.
        target, now = target.astimezone(UTC), self.now.astimezone(UTC)
        if target < now:
            raise AssertionError(f"die Uhr steht vor {stamp(target.astimezone(BERLIN))}, "
                                 f"gefunden: {stamp(self.now)}")
        self.settle()
        short = target - now <= SHORT_WAY
        while now < target:
            step = min([due for due in self.dues() if due > now]
                       + [next_stop(now, short), target])
            seconds = -((now - step) // datetime.timedelta(seconds=1))
            self.call("POST", f"/control/clock?advance={seconds}s")
            self.collect()
            now = self.now.astimezone(UTC)

    def dues(self):
        """The moments at which something known is due, in UTC."""
        rows = self.items() + [self.call("GET", "/control/outbox")]
        for row in rows:
            for key in ("due_at", "next_at", "next"):
                if isinstance(row.get(key), str) and "T" in row[key]:
                    yield moment_of(row[key]).astimezone(UTC)

    # ---- what came out

    def collect(self):
        for client in self.clients.values():
            while client.poll():
                pass
        for source, client in self.clients.items():
            for message in client.receive_all():
                event = json.loads(message.payload)
                kind = event["type"].removeprefix(PREFIX).removesuffix(".v1")
                self.heard.append((source, message.topic.rpartition("/")[2], kind,
                                   event.get("data", {})))
        now = self.now.astimezone(UTC)
        folder = self.gateway.config
        for path in sorted(folder.glob("mail/new/*"), key=written) + \
                sorted(folder.glob("sms/[!.]*.sms"), key=written):
            if path in self.read:
                continue
            self.read.add(path)
            read = read_sms if path.suffix == ".sms" else None
            self.messages.append(read(path.read_text(encoding="utf-8"), now) if read
                                 else read_mail(path.read_bytes(), now))

    # ---- case systems

    def client(self, source):
        if source not in self.directory.sources:
            raise AssertionError(f"ein Fachverfahren {source} in {self.base.name}, gefunden: "
                                 f"{', '.join(sorted(self.directory.sources))}")
        if source not in self.clients:
            client = Listener(self.broker.port, f"szenario-{source}", source, f"pw-{source}")
            client.subscribe(f"stafette/out/{source}/#")
            self.clients[source] = client
        return self.clients[source]

    def publish(self, source, event):
        """Publishes and returns the data of the receipt; restarts a daemon that was to crash."""
        kind = event["type"].removeprefix(PREFIX).removesuffix(".v1")
        client = self.client(source)
        seen = len(self.heard)
        topic = f"stafette/in/{source}/{kind.replace('.', '/')}"

        def send():
            client.publish(topic, json.dumps(event), content_type=STRUCTURED)

        def receipt():
            if self.armed and not self.gateway.process.running():
                self.restart()
                send()  # no receipt came: a case system sends the same bytes again
            client.poll(0.05)
            self.collect()
            return next((data for who, topic, _, data in self.heard[seen:]
                         if (who, topic) == (source, "receipt")
                         and data["event_id"] == event["id"]), None)

        send()
        try:
            found = wait_until(receipt, "Quittung", RECEIPT_S)
        except (AssertionError, MqttError) as error:
            raise AssertionError(f"eine Quittung für {kind}, gefunden: {error}") from None
        self.settle()
        return found


class Listener(Client):
    """A client whose messages are taken all at once."""

    def receive_all(self):
        found, self.messages = self.messages, []
        return found


def written(path):
    return path.stat().st_mtime_ns


def moment_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(BERLIN)


def stamp(when):
    day = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")[when.weekday()]
    return f"{day} {when:%d.%m.%Y %H:%M}" + (f":{when:%S}" if when.second else "")


def utc(when):
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_stop(now, short):
    """The next moment (UTC) at which something unseen may be due: hourly, or at the stops of a
    day."""
    if short:
        return now.replace(minute=0, second=0, microsecond=0) + datetime.timedelta(hours=1)
    today = now.astimezone(BERLIN).date()
    for day in (today, today + datetime.timedelta(days=1)):
        for time in DAY_STOPS:
            stop = datetime.datetime.combine(day, time, BERLIN).astimezone(UTC)
            if stop > now:
                return stop
    raise AssertionError("unreachable")


def config_of(scenario, folder):
    """The configuration that a scenario uses: named by it, beside it, or the city's own."""
    city = folder.name
    names = [folder / scenario.config, TOP / scenario.config] if scenario.config else \
        [folder.parent / "config" / city, folder / "config" / city, folder / "config",
         folder.parent / "config", TOP / "config" / city]
    for name in names:
        if name.is_dir() and any(name.glob("*.conf")) and not (name / "templates").is_dir():
            return name.resolve()
    wanted = scenario.config or f"config/{city}"
    raise AssertionError(f"eine Konfiguration {wanted}, gefunden: keine")
