"""The fault matrix: rows of what is expected, what was really seen of each, and both as Markdown.

A row says in three short phrases what the recipient, the sender and the operators see; `Seen` makes
the same phrases out of what the daemon, its tools and the peers show, so that they can be compared
and printed. See tests/e2e/66-fault-matrix.py.
"""

import contextlib
import datetime
import json
import re
import urllib.error
import urllib.request

from peers import BUILD, wait_until

# What a sender reads, by class (daemon/verdict.c).
REASONS = {
    "connect": "Der Versandweg war nicht erreichbar.",
    "timeout": "Der Versandweg hat nicht rechtzeitig geantwortet.",
    "temporary": "Die Empfangsseite nimmt vorübergehend keine Nachrichten an.",
    "throttled": "Die Empfangsseite nimmt zurzeit nicht so viele Nachrichten an.",
    "ambiguous": "Die Verbindung ist beim Versand abgebrochen. Ob die Nachricht angekommen ist, "
                 "steht nicht fest.",
    "auth": "Der Versandweg hat unsere Anmeldung abgelehnt.",
    "tls": "Eine sichere Verbindung zum Versandweg kam nicht zustande. Ungesichert wird nichts "
           "verschickt.",
    "local": "Der Versand ist auf unserer Seite gestört.",
    "address": "Unter dieser Adresse oder Nummer ist niemand zu erreichen.",
    "permanent": "Die Empfangsseite hat die Nachricht endgültig abgelehnt.",
    "full": "Das Postfach der Stelle ist voll.",
    "policy": "Die Empfangsseite lässt unsere Nachrichten nach ihren Regeln nicht zu.",
    "credit": "Das Guthaben für den Versand ist aufgebraucht oder gesperrt.",
}
# So late is no next attempt unless the peer has asked for it (fault_stages.SLOW and its spread).
OWN_HOURS_MAX = 2.6
CLASSES = ("none", *REASONS, "forbidden")


class Row:
    """What is injected, and what is expected of it."""

    def __init__(self, error, peer, how, fault, expected):
        self.error = error
        self.peer = peer
        self.how = how
        self.fault = fault
        self.expected = expected
        self.seen = ("", "", "")

    @property
    def label(self):
        return f"{self.error}, {self.peer}: {self.how}"

    def compare(self, recipient, sender, operator):
        self.seen = (recipient, sender, operator)
        names = ("recipient", "sender", "operator")
        wrong = [f"{name}: expected {want!r}, seen {got!r}" for name, want, got in
                 zip(names, self.expected, self.seen) if want != got]
        assert not wrong, "\n".join(wrong)

    def line(self):
        mark = "as expected" if self.seen == self.expected else "**differs**"
        return " | ".join((self.error, self.peer, self.how, *self.seen, mark))


def markdown(rows):
    head = ("class", "peer", "how injected", "the recipient saw", "the sender saw",
            "the operators saw", "")
    lines = [" | ".join(head), " | ".join("---" for _ in head), *(row.line() for row in rows)]
    reasons = [f"- {name}: „{text}“" for name, text in REASONS.items()]
    return "\n".join([*(f"| {line} |" for line in lines), "",
                      "The German reason in notice.delayed and notice.failed:", "", *reasons, ""])


def write(rows):
    path = BUILD / "log" / "fault-matrix.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(markdown(rows))
    return path


def troubles(scene):
    """The transports in /healthz with the class of each."""
    url = f"http://127.0.0.1:{scene.gateway.internal_port}/healthz"
    try:
        answer = urllib.request.urlopen(url, timeout=5)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        page = json.loads(answer.read())
    return {t["what"].removeprefix("transport "): re.search(r"class (\w+)", t["why"]).group(1)
            for t in page["troubles"] if t["what"].startswith("transport ")}


def classes(scene):
    """How many attempts had each class, as /metrics counts them."""
    found = re.findall(r'stafette_attempt_classes_total\{class="(\w+)"\} (\d+)',
                       scene.page("/metrics"))
    return {name: int(count) for name, count in found}


def hours_until(when):
    at = datetime.datetime.fromisoformat(when.replace("Z", "+00:00"))
    return (at - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 3600


class Watch:
    """One injected fault, watched from all three sides."""

    def __init__(self, row, stage):
        self.row = row
        self.stage = stage
        self.scene = stage.scene
        self.before = classes(self.scene)
        self.tasks = self._tasks()

    def _tasks(self):
        """Who has to do something: {task: unit}."""
        return {item["item_id"]: item["waiting_for"]
                for item in self.scene.gateway.json("item", "list") if item["kind"] == "task"}

    def _sender(self, kind, item):
        """Waits for that status event, and says it with its class; a wrong reason shows."""
        status = self.stage.source.status(kind, item)
        if "missing" in status:
            return f"{kind} ({status['missing']})"
        if "class" not in status:
            return kind
        said = status["class"]
        if REASONS[said] != status["reason"]:
            said += f": {status['reason']}"
        if "next_attempt" in status and hours_until(status["next_attempt"]) > OWN_HOURS_MAX:
            said += ", next attempt as asked"
        return f"{kind} ({said})"

    def sender(self, item):
        """The status events that are expected, in any order, as they came."""
        return ", ".join(self._sender(kind, item) for kind in
                         re.findall(r"(notice\.\w+)", self.row.expected[1]))

    def operator(self):
        """/healthz, the outbox, the flagged contacts and new tasks, as they are now."""
        said = [f"incident {error}" for name, error in sorted(troubles(self.scene).items())
                if name == self.stage.transport]
        rows = [row for row in self.scene.gateway.json("outbox")
                if re.split("[/ ]", row["destination"])[0] == self.stage.transport]
        said += [f"outbox {row['state']}, {row['last_class']}" for row in rows
                 if row["pending"] + row["held"]]
        said += [f"{flag['contact']} flagged, {flag['class']}" for flag in
                 self.scene.gateway.json("contacts")]
        said += [f"task for {unit}" for task, unit in self._tasks().items()
                 if task not in self.tasks]
        return "; ".join(said) or "nothing"

    def settled(self, look, want):
        """What look() says; asked until it is what is wanted, for a short while."""
        with contextlib.suppress(AssertionError):
            wait_until(lambda: look() == want, want, 5)
        return look()

    def counted(self):
        if self.row.error == "forbidden" or "report" in self.row.peer:
            return  # no attempt ended so
        wait_until(lambda: classes(self.scene)[self.row.error] > self.before[self.row.error],
                   f"/metrics counts an attempt of class {self.row.error}")


def ways(stage, item, at_once, later):
    """What came to the recipient, in words."""
    said = [name for name, count in zip(stage.ways, at_once) for _ in range(count)]
    for name, first, last in zip(stage.ways, at_once, later):
        again = "again " if first else ""
        said += [f"{name} {again}when mended"] * (last - first)
        if again and last > first and stage.copies(item) == 1:
            said[-1] += ", same id"
    return "; ".join(said) or "nothing"


def play(row, stage):
    """One row: the fault, what is seen of it, the end of the fault, what has come in the end."""
    stage.break_(row.fault)
    watch = Watch(row, stage)
    item = stage.ask()
    sender = watch.sender(item)
    watch.counted()
    operator = watch.settled(watch.operator, row.expected[2])
    at_once = stage.arrived(item)
    stage.heal()
    stage.scene.gateway.ctl("outbox", "retry", "--all")
    stage.scene.gateway.wait_quiet()
    recipient = watch.settled(lambda: ways(stage, item, at_once, stage.arrived(item)),
                              row.expected[0])
    stage.clear()
    row.compare(recipient, sender, operator)
