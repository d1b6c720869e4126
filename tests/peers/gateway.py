"""The daemon under test: a configuration directory of its own, start, stop, kill, control calls.

The configuration is a copy of a real one (config/ulm, tests/config/...) with values replaced in the
text: what is tested is what a city would write. Setting("mqtt.port", 1883) replaces one line;
Setting("transports", "( ... )") replaces a whole top-level setting, wherever it stands.
"""

import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import zoneinfo

from peers import BUILD, DEADLINE, TOP, Process, free_port, tail, wait_until

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
NAME = re.compile(r"[A-Za-z*][A-Za-z0-9_*-]*")


def skip_blank(text, at):
    """After blanks and comments (#, //, /* */)."""
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] == "#" or text.startswith("//", at):
            at = text.find("\n", at)
            at = len(text) if at < 0 else at
        elif text.startswith("/*", at):
            end = text.find("*/", at)
            at = len(text) if end < 0 else end + 2
        else:
            break
    return at


def skip_value(text, at):
    """After one value: a scalar, a run of adjacent strings, or a bracket and all within."""
    if at < len(text) and text[at] in "([{":
        depth = 0
        while at < len(text):
            at = skip_blank(text, at)
            if at >= len(text):
                break
            if text[at] == '"':
                at = skip_text(text, at)
                continue
            depth += (text[at] in "([{") - (text[at] in ")]}")
            at += 1
            if depth == 0:
                break
        return at
    if at < len(text) and text[at] == '"':
        while at < len(text) and text[at] == '"':
            end = skip_text(text, at)
            at = skip_blank(text, end)
        return end
    while at < len(text) and text[at] not in ";,})]\n#":
        at += 1
    return at


def skip_text(text, at):
    at += 1
    while at < len(text) and text[at] != '"':
        at += 2 if text[at] == "\\" else 1
    return at + 1


def settings_in(text, start, end):
    """Yields (name, value start, value end) of each setting of one level."""
    at = skip_blank(text, start)
    while at < end:
        found = NAME.match(text, at)
        if not found or text[at] == "@":
            newline = text.find("\n", at)
            at = skip_blank(text, end if newline < 0 else newline)
            continue
        value = skip_blank(text, found.end())
        if value >= end or text[value] not in "=:":
            at = skip_blank(text, found.end() + 1)
            continue
        value = skip_blank(text, value + 1)
        after = skip_value(text, value)
        yield found.group(), value, after
        at = skip_blank(text, after)
        while at < end and text[at] in ";,":
            at = skip_blank(text, at + 1)


def find_setting(text, name, start=0, end=None):
    for found, value, after in settings_in(text, start, len(text) if end is None else end):
        if found == name:
            return value, after
    return None


def to_conf(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, pathlib.PurePath):
        return json.dumps(str(value))
    text = str(value)
    return text if text.startswith(("(", "[", "{")) else json.dumps(text, ensure_ascii=False)


def set_in_files(files, key, value):
    """Replaces `key` ("group.name" or "name") in the first of the files that has it, else adds it
    to the group, else to the last file."""
    group, _, name = key.rpartition(".")
    written = to_conf(value)
    for path in files:
        text = path.read_text()
        place = find_setting(text, group or name)
        if not place:
            continue
        if group:
            inner = find_setting(text, name, place[0] + 1, place[1] - 1)
            if not inner:
                text = f"{text[:place[0] + 1]} {name} = {written};{text[place[0] + 1:]}"
                path.write_text(text)
                return
            place = inner
        path.write_text(text[:place[0]] + written + text[place[1]:])
        return
    line = f"{group} = {{ {name} = {written}; }};" if group else f"{name} = {written};"
    files[-1].write_text(files[-1].read_text() + "\n" + line + "\n")


def make_config(folder, base="config/ulm", settings=None):
    """A copy of the configuration `base` in folder/config/<name> with settings replaced. The
    neighbours (templates) come along, so that relative paths hold."""
    base = TOP / base
    target = pathlib.Path(folder) / "config" / base.name
    shutil.copytree(base, target, dirs_exist_ok=True)
    templates = TOP / "config" / "templates"
    if templates.is_dir():
        shutil.copytree(templates, target.parent / "templates", dirs_exist_ok=True)
    files = sorted(target.glob("*.conf"), key=lambda path: path.name == "stafette.conf")
    for key, value in (settings or {}).items():
        set_in_files(files, key, value)
    return target


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def no_daily_mails(start):
    """What goes out by the time of day comes in no test that starts at whatever time it is: the
    one mail that cannot be turned off is due twelve hours from the start."""
    far = start.astimezone(BERLIN) + datetime.timedelta(hours=12)
    return {"ledger.night": far.strftime("%H:%M"), "digest.weekly": "", "digest.morning": "",
            "digest.orphans": "", "reach.weekly": ""}


class Gateway:
    """build/stafetted with a configuration of its own. `settings` go to make_config(); ports, store
    and control socket are filled in. `points` runs the variant with test points, whose variables go
    in by `env`. test_clock starts the daemon on a clock of its own at that time (UTC), or so long
    after now. The meetings of the configuration are left out unless own_meetings: they would be
    open items everywhere."""

    def __init__(self, folder, broker, base="config/ulm", settings=None, account="stafette",
                 points=False, env=None, test_clock=None, own_meetings=False):
        self.folder = pathlib.Path(folder)
        self.internal_port = free_port()
        self.public_port = free_port()
        self.store = self.folder / "stafette.db"
        self.program = BUILD / ("points/stafetted" if points else "stafetted")
        self.ctl_program = BUILD / "stafettectl"
        self.env = env or {}
        self.process = None
        self.starts = 0
        self.extra = []
        filled = self._settings(broker, account)
        if not own_meetings:
            filled["meetings"] = "( )"
        if isinstance(test_clock, datetime.timedelta):
            test_clock = now() + test_clock
            filled.update(no_daily_mails(test_clock))
        elif not test_clock:
            filled.update(no_daily_mails(now()))
        filled.update(settings or {})
        self.config = make_config(self.folder, base, filled)
        if test_clock:
            self._use_clock(test_clock)

    def _settings(self, broker, account):
        filled = {
            "gateway.store": self.store,
            "gateway.key_file": self.folder / "keys",
            "mqtt.host": "127.0.0.1",
            "mqtt.port": broker if isinstance(broker, int) else broker.port,
            "http.internal": f"127.0.0.1:{self.internal_port}",
            "http.control_socket": self.folder / "control.sock",
            # One mail a notice, at once: what tests count. Bundles have tests of their own.
            "delivery.bundle": "0s",
            "delivery.contact_per_hour": 0,
        }
        accounts = getattr(broker, "accounts", None)
        if accounts:
            password = self.folder / "mqtt-password"
            password.write_text(accounts[account] + "\n")
            password.chmod(0o600)
            filled["mqtt.username"] = account
            filled["mqtt.password_file"] = password
        return filled

    def _use_clock(self, when):
        if isinstance(when, str):
            when = datetime.datetime.fromisoformat(when)
        self.clock = self.folder / "clock"
        self.clock.write_text(when.astimezone(datetime.timezone.utc).isoformat() + "\n")
        self.extra += ["--test-clock", str(self.clock)]

    @property
    def log(self):
        return tail(self.process.log, 100000) if self.process else ""

    def launch(self, *args, **env):
        """Starts without waiting."""
        if not self.program.exists():
            raise AssertionError(f"{self.program} is missing: run make")
        self.starts += 1
        command = [str(self.program), "-c", str(self.config), *self.extra, *args]
        environment = {**os.environ, **self.env, **env}
        self.process = Process("stafetted", command, self.folder, env=environment)
        return self

    def start(self, *args, **env):
        self.launch(*args, **env)
        self.process.wait_ready(self.answers)
        return self

    def wait_online(self):
        """Until it is subscribed: what is published before has no session to be kept for."""
        wait_until(lambda: self.json("status")["broker"] == "up", "the daemon is subscribed")
        return self

    def answers(self):
        return self.ctl("status", check=False).returncode == 0

    def stop(self, timeout=DEADLINE):
        if self.process and self.process.running():
            status = self.process.stop(timeout)
            assert status == 0, f"stafetted ended with {status}:\n{tail(self.process.log)}"

    def kill(self):
        self.process.kill()

    def freeze(self):
        self.process.signal(signal.SIGSTOP)

    def thaw(self):
        self.process.signal(signal.SIGCONT)

    def reload(self):
        self.process.signal(signal.SIGHUP)

    def ctl(self, *words, check=True, stdin=None, timeout=30):
        """Runs stafettectl; with check, its failure is an AssertionError that shows its words."""
        done = subprocess.run([str(self.ctl_program), "-c", str(self.config), *map(str, words)],
                              input=stdin, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode:
            raise AssertionError(f"stafettectl {' '.join(map(str, words))} ended with "
                                 f"{done.returncode}: {done.stderr or done.stdout}")
        return done

    def json(self, *words):
        """The answer of a control command as Python values."""
        return json.loads(self.ctl("--json", *words).stdout)

    def advance(self, duration):
        """Moves the test clock; returns when nothing is due or in flight."""
        return self.ctl("clock", "advance", duration)

    def wait_quiet(self, timeout=DEADLINE):
        """Until no delivery is pending any more."""
        def quiet():
            rows = self.json("outbox")
            rows = rows.get("destinations", []) if isinstance(rows, dict) else rows
            return all(not row.get("pending") for row in rows)

        wait_until(quiet, "the outbox is empty", timeout)

    def mails(self, folder="mail"):
        """The mails of the Maildir transport, oldest first."""
        return [path.read_bytes() for path in
                sorted((self.config / folder).glob("new/*"), key=lambda p: p.stat().st_mtime_ns)]

    def texts(self, folder="sms"):
        """The short messages of the file transport, oldest first; hidden ones are being written."""
        found = (self.config / folder).glob("[!.]*.sms")
        return [path.read_text() for path in sorted(found, key=lambda p: p.stat().st_mtime_ns)]
