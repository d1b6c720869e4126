#!/usr/bin/python3
# time limit: 120 s
"""stafettectl against a played daemon (what it asks, what it prints, how it ends), and its watch
against a real broker and a real relay, with a gateway that freezes, dies and comes back."""

import json
import os
import pathlib
import socketserver
import subprocess
import threading
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler

from mqtt5 import Client
from peers import (BUILD, Aiosmtpd, Broker, Cases, Folder, Process, started, wait_until)

CTL = str(BUILD / "stafettectl")
RECEIPT = {"specversion": "1.0", "data": {"event_id": "e1", "outcome": "accepted"}}


class Played(BaseHTTPRequestHandler):
    """Answers from the server's table; records what was asked."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        self.server.asked.append((self.command, self.path, self.rfile.read(length)))
        status, body = self.server.answers.get(self.path.split("?")[0],
                                               (404, b'{"error":"no such thing"}'))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


class Daemon(socketserver.ThreadingUnixStreamServer):
    def __init__(self, path):
        super().__init__(str(path), Played)
        self.asked = []
        self.answers = {}
        threading.Thread(target=self.serve_forever, daemon=True).start()


def ctl(*words, stdin=None):
    return subprocess.run([CTL, *map(str, words)], input=stdin, capture_output=True, timeout=20,
                          check=False)


def expect(done, status, out=b"", err=b""):
    shown = f"status {done.returncode}, out {done.stdout!r}, err {done.stderr!r}"
    assert done.returncode == status, shown
    assert out in done.stdout and err in done.stderr, shown


def looking(daemon, path):
    body = b'{"broker":"up",  "queue":3}'
    daemon.answers["/control/status"] = (200, body)
    expect(ctl("--socket", path, "status"), 0, b"broker: up\nqueue:  3\n")
    assert ctl("--socket", path, "--json", "status").stdout == body + b"\n"
    daemon.answers["/control/explain"] = (200, json.dumps({"text": "Weg:\n  ulm"}).encode())
    expect(ctl("--socket", path, "explain", "-", stdin=b"{}"), 0, b"Weg:\n  ulm\n")
    assert daemon.asked[-1] == ("POST", "/control/explain", b"{}")
    expect(ctl("--socket", path, "item", "show", "X"), 65, err=b"no such thing")


def sending(daemon, path, folder):
    event = folder / "event.json"
    event.write_bytes(b'{"id":"e1"}')
    for outcome, status in (("accepted", 0), ("repeated", 0), ("refused", 65), ("returned", 65)):
        receipt = json.dumps({**RECEIPT, "data": {"event_id": "e1", "outcome": outcome}}).encode()
        daemon.answers["/control/send"] = (200, receipt)
        done = ctl("--socket", path, "--json", "send", event, "--source", "amt-a", "--late")
        expect(done, status, receipt)
        assert daemon.asked[-1] == ("POST", "/control/send?source=amt-a&late=1", b'{"id":"e1"}')
    # A large body must not wait for "100 Continue".
    event.write_bytes(b" " * 200000)
    expect(ctl("--socket", path, "send", event), 65)
    assert len(daemon.asked[-1][2]) == 200000


def wrong_calls(daemon, path, folder):
    expect(ctl("--socket", folder / "nothing", "status"), 69, err=b"not running")
    stale = folder / "stale"
    socketserver.UnixStreamServer(str(stale), Played).server_close()
    expect(ctl("--socket", stale, "status"), 69, err=b"not running")
    expect(ctl("--socket", path, "send", folder / "missing"), 66, err=b"missing")
    expect(ctl("-c", folder / "missing", "status"), 78, err=b"configuration")
    expect(ctl("--socket", path, "stauts"), 64, err=b'did you mean "status"')
    expect(ctl("--socket"), 64, err=b"--socket")
    expect(ctl(), 64, err=b"--help")
    daemon.answers["/control/release"] = (503, b'{"error":"the store is busy"}')
    expect(ctl("--socket", path, "release"), 69, err=b"the store is busy")
    daemon.answers["/control/release"] = (500, b"oops")
    expect(ctl("--socket", path, "release"), 70, err=b"oops")
    expect(ctl("--help"), 0, b"clock advance DURATION")
    expect(ctl("item", "list", "--help"), 0, b"--all")
    full = subprocess.run([CTL, "--help"], stdout=open("/dev/full", "wb"), check=False,
                          stderr=subprocess.PIPE)
    assert full.returncode == 74, full


def from_configuration(daemon, folder):
    conf = folder / "conf"
    conf.mkdir()
    (conf / "a.conf").write_text('http = { control_socket = "../control"; };\n')
    daemon.answers["/control/status"] = (200, b'{"broker":"up"}')
    expect(ctl("-c", conf, "status"), 0, b"broker: up")
    (conf / "a.conf").write_text("http = { control_socket = 5; };\n")
    expect(ctl("-c", conf, "status"), 78, err=b"a.conf:1")


def deadlines():
    """A local command: no daemon, no configuration, no -c."""
    done = ctl("deadline", "2026-12-18", "2 weeks", "BW")
    assert done.returncode == 0 and done.stderr == b"", done
    lines = done.stdout.decode().splitlines()
    assert lines[0] == "2027-01-04", lines
    assert any("§ 187 Abs. 1 BGB" in line for line in lines), lines
    assert any("Neujahr: verschoben auf Mo 04.01.2027 (§ 26 Abs. 3 SGB X)" in line
               for line in lines), lines
    for start, length, calendar, want in (("2026-12-23", "2 weeks", "BW", "2027-01-07"),
                                          ("2026-12-23", "2 weeks", "SH", "2027-01-06"),
                                          ("2026-12-23", "2 weeks", "NW", "2027-01-06"),
                                          ("2026-10-17", "2 weeks", "SH", "2026-11-02"),
                                          ("2026-12-23", "7 Werktage", "BW", "2027-01-04"),
                                          ("2026-12-23", "3 Arbeitstage", "BW", "2026-12-29"),
                                          ("2026-12-23", "2 months", "BW", "2027-02-23")):
        expect(ctl("deadline", start, length, calendar), 0, f"{want}\n".encode())
    found = json.loads(ctl("--json", "deadline", "2026-12-09", "C1", "SH").stdout)
    assert found["end"] == "2026-12-23" and found["clock"] == "C1", found
    assert found["warnings"] == {"three_quarters": "2026-12-18", "two_days": "2026-12-21",
                                 "last_day": "2026-12-23", "overdue": "2026-12-24"}, found
    expect(ctl("deadline", "2026-12-18T16:00", "C24", "NW"), 0, b"2026-12-21T16:00:00+01:00\n")
    for words, status, why in ((["2026-12-18", "2 weeks"], 64, b"CALENDAR is missing"),
                               (["2026-12-18", "2", "weeks", "BW"], 64, b"one argument too many"),
                               (["18.12.2026", "2 weeks", "BW"], 65, b"write 2026-12-23"),
                               (["2026-12-18", "2 wks", "BW"], 65, b'write "2 weeks"'),
                               (["2026-12-18", "C3/exp", "BW"], 65, b"C3/expert"),
                               (["2026-12-18", "2 weeks", "XX"], 65, b"BB, BE, BW, BY (also +mh")):
        done = ctl("deadline", *words)
        expect(done, status, err=why)
        assert done.stdout == b"", done


def classes():
    """A local command as well: what an answer of a mail server or gateway is judged to be."""
    expect(ctl("classes"), 0, "Das Postfach der Stelle ist voll.".encode())
    expect(ctl("classes", "552-5.2.2 over quota"), 0, b"who_acts:       unit")
    found = json.loads(ctl("--json", "classes", "--http", "429").stdout)
    assert (found["class"], found["retried"]) == ("throttled", True), found
    found = json.loads(ctl("--json", "classes", "--curl=28", "--stage=dot").stdout)
    assert found["class"] == "ambiguous", found
    expect(ctl("classes", "unknown user"), 65, err=b"REPLY")
    expect(ctl("classes", "550", "5.1.1"), 64, err=b"one argument too many")


def beat(client, **more):
    payload = {"instance": "ulm", "state": "online", "green": True, **more}
    client.publish("stafette/gateway/ulm", json.dumps(payload), retain=True)


def watch(folder, broker, name, *how):
    command = [CTL, "watch", "--broker", f"127.0.0.1:{broker.port}", "--instance", "ulm",
               "--after", "2s", *map(str, how)]
    return Process(name, command, folder)


def watched(client, told, count, **more):
    """Beats until that many reports are there; then all of them."""
    def enough():
        if more.get("state") != "silent":
            beat(client, **more)
        return len(told()) >= count

    wait_until(enough, f"{count} reports, not {told()}", interval=0.3)
    return told()


def watch_runs_a_command(folder):
    notes = folder / "notes"
    notes.touch()
    command = f'echo "$STAFETTE_INSTANCE $STAFETTE_REASON" >> {notes}'

    def told():
        return [line.split(":")[0] for line in notes.read_text().splitlines()]

    with started(Broker(folder)) as (broker,):
        process = watch(folder, broker, "watch-command", "--command", command)
        with Client(broker.port, "gateway") as client:
            watched(client, told, 1, state="silent")
            watched(client, told, 2)
            watched(client, told, 3, green=False)
            watched(client, told, 4)
            watched(client, told, 5, state="silent")
        assert process.stop() == 0, process.popen.returncode
    want = ["silent", "recovered", "not_green", "recovered", "silent"]
    assert told() == [f"ulm {word}" for word in want], told()


def watch_sends_mail(folder):
    relay = Aiosmtpd(on_data=lambda *_: None if relay.refused else "451 4.3.0 later")
    with started(Broker(folder), relay) as (broker, _):
        process = watch(folder, broker, "watch-mail", "--mail-to", "it@stadt.example",
                        "--mail-from", "watch@stadt.example", "--relay",
                        f"smtp://127.0.0.1:{relay.port}")
        wait_until(lambda: relay.refused, "the first attempt")
        wait_until(lambda: relay.mails, "the second attempt", timeout=60)
        assert process.stop() == 0, process.popen.returncode
    sender, address, content = relay.mails[0]
    mail = message_from_bytes(content, policy=policy.default)
    assert (sender, address) == ("watch@stadt.example", "it@stadt.example"), relay.mails
    assert mail["Subject"] == "Stafette ulm: Störung", mail["Subject"]
    assert mail["Message-ID"].endswith("@stadt.example>"), mail["Message-ID"]
    assert not mail["In-Reply-To"]
    assert "kein Lebenszeichen" in mail.get_content(), mail.get_content()


def watch_refuses():
    base = ["watch", "--broker", "127.0.0.1:1", "--instance", "ulm"]
    mail = ["--mail-from", "a@stadt.example", "--relay", "smtp://127.0.0.1:25"]
    for words, why in (
            ([], b"--command"),
            (["--command", "true", "--mail-to", "a@stadt.example"], b"either --command"),
            (["--mail-to", "nobody", *mail], b"--mail-to"),
            (["--mail-to", "a@stadt.example", "--mail-from", "a@stadt.example", "--relay",
              "http://x"], b"url"),
            (["--command", "true", "--after", "soon"], b"--after"),
            (["--command", "true", "--ca-file", "/nonexistent"], b"TLS")):
        expect(ctl(*base, *words), 64, err=why)
    expect(ctl("watch", "--broker", "host:x", "--instance", "a", "--command", "true"), 64,
           err=b"HOST:PORT")


def main():
    cases = Cases()
    folder = pathlib.Path(os.fspath(Folder()))
    path = folder / "control"
    daemon = Daemon(path)
    cases.run("looking: tables, JSON byte for byte, plain text", looking, daemon, path)
    cases.run("send: the receipt and its exit status", sending, daemon, path, folder)
    cases.run("what goes wrong has words and a status", wrong_calls, daemon, path, folder)
    cases.run("the socket is found in the configuration", from_configuration, daemon, folder)
    cases.run("deadline: the date, why, and what it refuses", deadlines)
    cases.run("classes: what follows from an answer, and the table", classes)
    cases.run("watch runs a command once a trouble", watch_runs_a_command, Folder())
    cases.run("watch mails, again when the relay says later", watch_sends_mail, Folder())
    cases.run("watch refuses what cannot work", watch_refuses)
    daemon.shutdown()
    cases.end()


main()
