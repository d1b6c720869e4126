"""A mailbox: Dovecot of build/peers (dovecot.sh) with one user, and what may lie in it; and a
relay that returns what it cannot deliver.

    box = Dovecot(folder).start()
    uid = box.append(mail("reply-thunderbird"))
    box.wait_marked(uid)
"""

import imaplib
import os
import pathlib
import re
import socket
import socketserver
import ssl
import threading

from peers import DEADLINE, TOP, Process, free_port, port_open, wait_until

KEYWORD = "Verarbeitet"


def mail(name):
    """A mail of tests/mails as it goes over the wire."""
    text = (TOP / "tests/mails" / f"{name}.eml").read_bytes()
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Dovecot:
    """IMAP at `port` for user "antworten", password "geheim", mailbox INBOX."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "dovecot"
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o755)
        self.port = free_port()
        self.url = f"imap://127.0.0.1:{self.port}/INBOX"
        self.process = None

    def start(self):
        command = ["bash", str(TOP / "tests/peers/dovecot.sh"), str(self.folder), str(self.port),
                   "antworten", "geheim"]
        self.process = Process("dovecot-start", command, self.folder)
        self.process.wait_ready(lambda: port_open(self.port))
        return self

    def stop(self):
        if self.process and self.process.running():
            self.process.stop()

    def _session(self):
        session = imaplib.IMAP4("127.0.0.1", self.port, timeout=DEADLINE)
        session.login("antworten", "geheim")
        return session

    def append(self, *mails):
        """Puts mails into the mailbox, unread; returns the uid of the last."""
        session = self._session()
        for content in mails:
            answer, data = session.append("INBOX", None, None, content)
            assert answer == "OK", data
        session.logout()
        return int(re.search(rb"APPENDUID \d+ (\d+)", data[0]).group(1))

    def flags(self, folder="INBOX"):
        """{uid: [flags]} of all mails."""
        session = self._session()
        session.select(folder, readonly=True)
        _, lines = session.uid("FETCH", "1:*", "(FLAGS)")
        session.logout()
        found = {}
        for line in lines:
            # What another session changes meanwhile comes unasked, without its uid.
            uid = re.search(rb"UID (\d+)", line or b"")
            if uid:
                found[int(uid.group(1))] = imaplib.ParseFlags(line)
        return {uid: [flag.decode() for flag in flags] for uid, flags in found.items()}

    def change(self, uid, how, flags):
        """Somebody else's program: change(7, "-FLAGS", KEYWORD)."""
        session = self._session()
        session.select("INBOX")
        answer, data = session.uid("STORE", str(uid), how, f"({flags})")
        assert answer == "OK", data
        session.logout()

    def marked(self, uid):
        return KEYWORD in self.flags().get(uid, [])

    def wait_marked(self, uid):
        wait_until(lambda: self.marked(uid), f"mail {uid} is marked", interval=0.05)


class Rules:
    """Rules for a Postfix (its SMTP access policy delegation): answer(state, recipient) says what
    it replies at "RCPT", "DATA" or "END-OF-MESSAGE", as "550 5.1.1 unknown"; "" lets it pass."""

    def __init__(self, answer):
        rules = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                asked = {}
                for line in self.rfile:
                    name, _, value = line.decode().rstrip("\n").partition("=")
                    if name:
                        asked[name] = value
                        continue
                    said = rules.answer(asked["protocol_state"], asked["recipient"]) or "dunno"
                    self.wfile.write(f"action={said}\n\n".encode())
                    asked = {}

        self.answer = answer
        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        where = f"check_policy_service inet:127.0.0.1:{self.server.server_address[1]}"
        self.settings = (f"smtpd_recipient_restrictions = {where}, permit_mynetworks, reject\n"
                         f"smtpd_data_restrictions = {where}\n"
                         f"smtpd_end_of_data_restrictions = {where}\n")

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Postfix:
    """A relay that hands mail to the server at `next_hop`, and what it cannot deliver back to
    gw.example by a way: ("maildir", box), ("lmtp", "127.0.0.1:8024"), ("pipe", command).
    postfix.sh says more. `more` are lines of main.cf."""

    def __init__(self, folder, next_hop, way, where, more=""):
        self.folder = pathlib.Path(folder) / "postfix"
        self.folder.mkdir(exist_ok=True)
        if more:
            (self.folder / "more.cf").write_text(more)
        self.port = free_port()
        self.next_hop = next_hop
        self.way = [way, where]
        if way == "maildir":
            owner = os.stat(where.folder / "mail")
            self.way = [way, where.folder / "mail", "antworten", owner.st_uid, owner.st_gid]
        elif way == "pipe":
            self.way = [way, "nobody", where]
        self.process = None

    def start(self):
        command = ["bash", str(TOP / "tests/peers/postfix.sh"), self.folder, self.port,
                   self.next_hop, *self.way]
        self.process = Process("postfix", [str(word) for word in command], self.folder)
        self.process.wait_ready(lambda: port_open(self.port))
        return self

    def stop(self):
        if self.process and self.process.running():
            self.process.stop()

    @property
    def log(self):
        return (self.folder / "postfix.log").read_text()


class TlsFront:
    """IMAP with TLS from the first byte (imaps) before a Dovecot."""

    def __init__(self, box, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.box = box
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"imaps://127.0.0.1:{self.port}/INBOX"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                client = self.context.wrap_socket(self.listener.accept()[0], server_side=True)
            except ssl.SSLError:
                continue  # it does not trust the certificate
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.box.port))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
