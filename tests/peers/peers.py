"""Real peers for end-to-end tests, each as a class with start and stop.

Broker (mosquitto with the shipped ACL), SmtpSink (Postfix's smtp-sink), Relay and Client for MQTT
(mqtt5.py), Aiosmtpd (Maildir and scripted answers), HttpSink (recorded requests, scripted
answers, hangs), Kannel, Gateway (gateway.py: the daemon itself).

Everything listens on a free loopback port; processes are ended by their own pid; waiting is always
for a condition with a deadline. The servers are the unpacked ones of build/peers
(contrib/install-deps); a missing one raises an error that says so: a test must then fail.
"""

import atexit
import contextlib
import getpass
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = TOP / os.environ.get("STAFETTE_BUILD", "build")
PEERS = TOP / "build" / "peers"
DEADLINE = float(os.environ.get("STAFETTE_DEADLINE", "20"))


def say(*words):
    print("#", *words, flush=True)


def wait_until(condition, what, timeout=DEADLINE, interval=0.01):
    """Polls until condition() is true and returns its value; AssertionError at the deadline."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what}")
        time.sleep(interval)


RESERVED = []  # as long as this process runs


def free_port():
    """A free loopback port from below the ephemeral range, so that no outgoing connection takes it
    before its server binds. smtp-sink binds with SO_REUSEPORT: two on one port would both work. A
    name in the abstract namespace keeps it from tests that choose at the same time."""
    chooser = random.SystemRandom()
    for _ in range(200):
        port = chooser.randrange(12000, 31000)
        name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with socket.socket() as probe:
            try:
                name.bind(f"\0stafette-test-port-{port}")
                probe.bind(("127.0.0.1", port))
            except OSError:
                name.close()
                continue
            RESERVED.append(name)
            return port
    raise AssertionError("no free port")


def port_open(port, host="127.0.0.1"):
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((host, port)) == 0


def peer_command(program, *args):
    path = PEERS / program
    if not path.exists():
        raise AssertionError(f"{path} is missing: run contrib/install-deps test bench")
    return [str(PEERS / "run"), program, *map(str, args)]


def tail(path, lines=15):
    try:
        return "\n".join(pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


class Process:
    """One child process with a log file, ended by its own pid; ends with the test at the latest."""

    def __init__(self, name, command, folder, env=None, stdin=subprocess.DEVNULL):
        self.name = name
        self.log = pathlib.Path(folder) / f"{name}.log"
        with open(self.log, "ab") as out:
            self.popen = subprocess.Popen(command, stdin=stdin, stdout=out,
                                          stderr=subprocess.STDOUT, env=env)
        atexit.register(self.kill)

    @property
    def pid(self):
        return self.popen.pid

    def running(self):
        return self.popen.poll() is None

    def wait_ready(self, condition, timeout=DEADLINE):
        def ready():
            if not self.running():
                raise AssertionError(f"{self.name} ended with {self.popen.returncode}:\n"
                                     f"{tail(self.log)}")
            return condition()

        try:
            wait_until(ready, f"{self.name} is ready", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{tail(self.log)}") from None

    def signal(self, number):
        if self.running():
            self.popen.send_signal(number)

    def stop(self, timeout=DEADLINE):
        """SIGTERM, then wait; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.reap(timeout)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self.reap(DEADLINE)

    def reap(self, timeout=DEADLINE):
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.name} did not end within {timeout:g} s") from None


class Folder:
    """A scratch directory below $TMPDIR, removed at exit unless STAFETTE_KEEP is set."""

    def __init__(self, prefix="stafette-test-"):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
        self.path.chmod(0o755)  # smtp-sink, started by root, writes as nobody
        if not os.environ.get("STAFETTE_KEEP"):
            atexit.register(shutil.rmtree, self.path, ignore_errors=True)

    def __truediv__(self, name):
        return self.path / name

    def __fspath__(self):
        return str(self.path)


class Broker:
    """mosquitto as contrib/mosquitto configures it, on a free port. accounts: {name: password};
    None stands for one anonymous broker that allows everything (throughput, raw tests).
    durable=False leaves the save after each change out, for loads that it would throttle."""

    def __init__(self, folder, accounts=None, durable=True, extra=()):
        self.folder = pathlib.Path(folder) / "broker"
        self.folder.mkdir(exist_ok=True)
        self.port = free_port()
        self.accounts = accounts
        self.config = self.folder / "mosquitto.conf"
        self.config.write_text(self._config(durable, extra))
        self.process = None
        if accounts is not None:
            self._write_passwords()

    def _config(self, durable, extra):
        """The shipped file with its places replaced: what is tested is what is shipped."""
        lines = []
        for line in (TOP / "contrib/mosquitto/stafette.conf").read_text().splitlines():
            word = line.split(" ")[0]
            if word == "listener":
                line = f"listener {self.port} 127.0.0.1"
            elif word == "persistence_location":
                line = f"persistence_location {self.folder}/"
            elif word == "password_file":
                line = f"password_file {self.folder}/passwd" if self.accounts is not None else ""
            elif word == "acl_file":
                acl = TOP / "contrib/mosquitto/acl"
                line = f"acl_file {acl}" if self.accounts is not None else ""
            elif word == "allow_anonymous":
                line = f"allow_anonymous {'false' if self.accounts is not None else 'true'}"
            elif word.startswith("autosave") and not durable:
                line = ""
            lines.append(line)
        return "\n".join([*lines, f"user {getpass.getuser()}", *extra, ""])

    def _write_passwords(self):
        passwords = self.folder / "passwd"
        passwords.write_text("".join(f"{name}:{word}\n" for name, word in self.accounts.items()))
        passwords.chmod(0o600)
        subprocess.run([tool("mosquitto_passwd"), "-U", str(passwords)], check=True)

    def start(self):
        command = peer_command("usr/sbin/mosquitto", "-c", self.config)
        self.process = Process("mosquitto", command, self.folder)
        self.process.wait_ready(lambda: port_open(self.port))
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        self.process.kill()

    def restart(self):
        if self.process.running():
            self.stop()
        return self.start()


def tool(name):
    """A program of the unpacked packages or of the system."""
    unpacked = PEERS / "usr" / "bin" / name
    found = str(unpacked) if unpacked.exists() else shutil.which(name)
    if not found:
        raise AssertionError(f"{name} is missing: run contrib/install-deps demo test")
    return found


class SmtpSink:
    """Postfix's smtp-sink. flags as its manual: ("-r", "RCPT") soft and ("-f", "RCPT") hard
    refusals, ("-W", ".:1") delays, ("-c",) counts. One process for each kind of fault. With
    keep=True each mail is a file in `mails`."""

    def __init__(self, folder, *flags, keep=False, backlog=1000):
        self.folder = pathlib.Path(folder)
        self.mails = self.folder / "smtp-sink"
        self.port = free_port()
        self.flags = [*flags]
        self.backlog = backlog
        self.process = None
        if keep:
            self.mails.mkdir(exist_ok=True)
            self.mails.chmod(0o777)
            self.flags += ["-d", f"{self.mails}/%Y%m%d%H%M%S."]

    def start(self):
        user = ("-u", "nobody") if os.getuid() == 0 else ()
        command = peer_command("usr/sbin/smtp-sink", *user, *self.flags,
                               f"127.0.0.1:{self.port}", self.backlog)
        self.process = Process(f"smtp-sink-{self.port}", command, self.folder)
        self.process.wait_ready(lambda: port_open(self.port))
        return self

    def stop(self):
        if self.process:
            self.process.kill()

    def kept(self):
        """The kept mails as bytes, with smtp-sink's own X- header lines."""
        return [path.read_bytes() for path in sorted(self.mails.iterdir())]


class Aiosmtpd:
    """An SMTP server in this process. on_rcpt(address) and on_data(address, bytes) return an answer
    line ("450 4.2.0 later") or None to accept. Accepted mails are in `mails` as (sender, recipient,
    bytes) and, with a Maildir given, in its new/."""

    def __init__(self, maildir=None, on_rcpt=None, on_data=None, **options):
        try:
            from aiosmtpd.controller import Controller
        except ImportError:
            raise AssertionError("python3-aiosmtpd is missing: run contrib/install-deps test, "
                                 "and use /usr/bin/python3") from None
        self.mails = []
        self.refused = []
        self.on_rcpt = on_rcpt
        self.on_data = on_data
        self.maildir = pathlib.Path(maildir) if maildir else None
        if self.maildir:
            for name in ("tmp", "new", "cur"):
                (self.maildir / name).mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        answer = self.on_rcpt(address) if self.on_rcpt else None
        if answer:
            self.refused.append((address, answer))
            return answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server, _session, envelope):
        address = envelope.rcpt_tos[0]
        answer = self.on_data(address, envelope.content) if self.on_data else None
        if answer:
            self.refused.append((address, answer))
            return answer
        if self.maildir:
            name = f"{time.time_ns()}.{len(self.mails)}"
            (self.maildir / "tmp" / name).write_bytes(envelope.content)
            (self.maildir / "tmp" / name).rename(self.maildir / "new" / name)
        self.mails.append((envelope.mail_from, address, envelope.content))
        return f"250 2.0.0 Ok: queued as Q{len(self.mails)}"

    def start(self):
        self.controller.start()
        return self

    def stop(self):
        with contextlib.suppress(Exception):
            self.controller.stop()


class Kannel:
    """Kannel with its simulated network, by kannel.sh: `url` takes SMS (user "gw", password
    "geheim"), `texts` are the words the network got. mo_url gets what phones send by say(). With
    second=(number, url) SMS to that number go to the HTTP server there, which takes (202) or
    refuses them (400)."""

    def __init__(self, folder, mo_url="", second=None):
        self.folder = pathlib.Path(folder) / "kannel"
        self.folder.mkdir(exist_ok=True)
        self.ports = [free_port() for _ in range(4)]
        self.url = f"http://127.0.0.1:{self.ports[2]}/cgi-bin/sendsms"
        self.mo_url = mo_url
        self.second = [second[0], str(free_port()), second[1]] if second else []
        self.process = None

    def start(self):
        command = ["bash", str(TOP / "tests/peers/kannel.sh"), str(self.folder),
                   *map(str, self.ports), self.mo_url, *self.second]
        self.process = Process("kannel", command, self.folder, stdin=subprocess.PIPE)
        self.process.wait_ready(lambda: "ready" in tail(self.process.log))
        return self

    def stop(self):
        if self.process:
            self.process.popen.stdin.close()
            self.process.stop()

    def say(self, sender, text, kind="text"):
        """An SMS of that phone. `text` as fakesmsc takes it: "ucs2" and "data" are URL-encoded."""
        self.process.popen.stdin.write(f"{sender} 13013 {kind} {text}\n".encode())
        self.process.popen.stdin.flush()

    @property
    def texts(self):
        lines = tail(self.folder / "fs.out", 100000).splitlines()
        return [line.partition("Got message ")[2] for line in lines if "Got message " in line]


class Request:
    """One request as HttpSink got it."""

    def __init__(self, method, path, headers, body):
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body
        self.at = time.monotonic()

    def __repr__(self):
        return f"{self.method} {self.path} ({len(self.body)} bytes)"


class HttpSink:
    """A threaded HTTP server that records `requests`. answer(request) returns (status, body) or
    (status, body, headers), or the word "hang": the connection stays silent until let_go() or
    stop(), or "close": it is closed without an answer. Without it: 200 and `body`."""

    def __init__(self, answer=None, body=b"OK"):
        self.requests = []
        self.answer = answer
        self.changed = threading.Condition()
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", free_port()), self._handler(body))
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def _handler(self, default):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.command, self.path, dict(self.headers), body)
                with sink.changed:
                    sink.requests.append(request)
                    sink.changed.notify_all()
                answer = sink.answer(request) if sink.answer else (200, default)
                if answer == "hang":
                    sink.released.wait()
                    answer = "close"
                if answer == "close":
                    self.close_connection = True
                    return
                self._reply(*answer)

            def _reply(self, status, content, headers=()):
                data = content.encode() if isinstance(content, str) else content
                self.send_response(status)
                for name, value in dict(headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = _do

            def log_message(self, *_):
                pass

        return Handler

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def wait(self, count=1, timeout=DEADLINE):
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.requests) >= count, timeout):
                raise AssertionError(f"{len(self.requests)} of {count} requests in {timeout:g} s")
            return self.requests[:]

    def let_go(self):
        self.released.set()

    def stop(self):
        self.let_go()
        self.server.shutdown()
        self.server.server_close()


class Talker:
    """A server of a few lines: talk(client) plays each connection, one after another."""

    def __init__(self, talk, port=0):
        self.talk = talk
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with client, contextlib.suppress(OSError):
                client.settimeout(5)
                self.talk(client)

    def stop(self):
        """The port is free afterwards."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()


@contextlib.contextmanager
def started(*peers):
    """Starts peers in order and stops them in reverse order, whatever happens."""
    up = []
    try:
        for peer in peers:
            up.append(peer)
            peer.start()
        yield peers
    finally:
        for peer in reversed(up):
            with contextlib.suppress(AssertionError):
                peer.stop()


def make_certificate(folder, name="localhost"):
    """A self-signed certificate for 127.0.0.1: (certificate file, key file)."""
    certificate = pathlib.Path(folder) / f"{name}.pem"
    key = pathlib.Path(folder) / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1",
                    "-keyout", str(key), "-out", str(certificate)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return certificate, key


class Cases:
    """Runs named cases and prints a TAP line each; exit status 1 when one fails."""

    def __init__(self):
        self.failed = 0
        self.count = 0

    def run(self, label, function, *args):
        self.count += 1
        try:
            function(*args)
        except Exception as error:  # a test's own errors are failures too, and the rest goes on
            self.failed += 1
            print(f"not ok {self.count} - {label}", flush=True)
            for line in f"{type(error).__name__}: {error}".splitlines():
                say(line)
        else:
            print(f"ok {self.count} - {label}", flush=True)

    def end(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)
