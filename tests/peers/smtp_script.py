"""A relay that says what it is told to, byte by byte, and offers PIPELINING and SIZE.

    smtp_script.py PORT DIR

DIR/script has lines "VERB answer" or "SESSION:VERB answer", read anew at each command; verbs are
EHLO MAIL RCPT DATA . RSET QUIT. Escapes such as \\0 or \\r\\n stand for their bytes, and a CRLF is
added. "close" closes without an answer, "hang" says nothing more, "!" at the end closes after it.
A session is counted from its EHLO.
DIR/log gets "SESSION VERB" for each command that was understood, DIR/mail the last message as it
came over the wire, DIR/commands the last MAIL. A line on standard input: 421 to all who are
connected, then their end; "BYE" in the log when it is done."""

import itertools
import pathlib
import socket
import sys
import threading

PORT, DIR = int(sys.argv[1]), pathlib.Path(sys.argv[2])
NORMAL = {"EHLO": "250-relay.test\\r\\n250-PIPELINING\\r\\n250 SIZE 1000000", "DATA": "354 go on",
          "QUIT": "221 bye!"}
lock = threading.Lock()
numbers = itertools.count(1)
open_now = []


def note(line):
    with lock, open(DIR / "log", "a", encoding="ascii") as log:
        log.write(line + "\n")


def scripted(session, verb):
    script = dict(line.split(" ", 1) for line in (DIR / "script").read_text().splitlines()
                  if line)
    return script.get(f"{session}:{verb}") or script.get(verb) or NORMAL.get(verb, "250 2.0.0 Ok")


def answer(client, session, verb):
    """False when the connection is to end."""
    note(f"{session} {verb}")
    text = scripted(session, verb)
    if text == "hang":
        client.recv(1)
        return False
    if text == "close":
        return False
    client.sendall(text.rstrip("!").encode().decode("unicode_escape").encode("latin-1") + b"\r\n")
    return not text.endswith("!")


def take_message(lines):
    """Everything up to the final dot, as it came; False when the connection ended before it."""
    mail = b""
    for line in lines:
        mail += line
        if line == b".\r\n":
            (DIR / "mail").write_bytes(mail)
            return True
    return False


def talk(client):
    lines = client.makefile("rb")
    session = 0
    client.sendall(b"220 relay.test\r\n")
    for line in lines:
        verb = line[:4].decode("latin-1").strip().upper()
        if verb == "EHLO":
            session = next(numbers)
        if verb == "MAIL":
            (DIR / "commands").write_bytes(line)
        if not answer(client, session, verb):
            return
        data = verb == "DATA" and scripted(session, verb).startswith("354")
        if data and (not take_message(lines) or not answer(client, session, ".")):
            return


def serve(client):
    try:
        talk(client)
    except OSError:
        pass
    finally:
        open_now.remove(client)
        client.close()


def byes():
    for _ in sys.stdin:
        for client in list(open_now):
            client.sendall(b"421 4.3.2 closing\r\n")
            client.shutdown(socket.SHUT_WR)
        note("BYE")


threading.Thread(target=byes, daemon=True).start()
listener = socket.create_server(("127.0.0.1", PORT), backlog=100)
while True:
    connection, _ = listener.accept()
    open_now.append(connection)
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
