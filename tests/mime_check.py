#!/usr/bin/python3
"""Reads a mail back with Python's email package and prints what it found, for test_mime.c.

Fails (exit 1, reason on stderr) on anything that a strict reader would object to: bytes outside
ASCII, a line without CRLF, a line over 78 bytes that could be folded, a defect that the parser
noted.
"""
import email
import email.header
import email.parser
import email.policy
import email.utils
import sys


def complain(reason):
    print(reason, file=sys.stderr)
    sys.exit(1)


def check_lines(raw):
    rest = raw.replace(b"\r\n", b"")
    if not raw.endswith(b"\r\n") or b"\n" in rest or b"\r" in rest:
        complain("a line does not end in CRLF")
    if any(byte > 126 or (byte < 32 and byte not in (9, 10, 13)) for byte in raw):
        complain("a byte outside printable ASCII")
    for line in raw.split(b"\r\n"):
        fixed = line.startswith((b"To: ", b"Message-ID: ", b"References: ", b"In-Reply-To: "))
        if len(line) > 998 or (len(line) > 76 and not fixed):
            complain("a line of %d bytes" % len(line))


def display_name(raw):
    """The new parser puts a blank between encoded words of a name (against RFC 2047 6.2); the old
    one does not."""
    name = email.utils.parseaddr(email.message_from_bytes(raw)["From"])[0]
    return str(email.header.make_header(email.header.decode_header(name)))


def main(path):
    with open(path, "rb") as file:
        raw = file.read()
    check_lines(raw)
    mail = email.parser.BytesParser(policy=email.policy.default).parsebytes(raw)
    defects = list(mail.defects)
    for name in ("From", "To", "Subject", "Date"):
        if len(mail.get_all(name, [])) != 1:
            complain("%s: not exactly once" % name)
        defects += mail[name].defects
    if defects:
        complain("defects: %r" % defects)
    if mail["Bcc"] or mail["X-Evil"]:
        complain("a header was smuggled in")
    if mail["Auto-Submitted"] != "auto-generated" or mail["X-Auto-Response-Suppress"] != "All":
        complain("not marked as automatic")
    sender = mail["From"].addresses[0]
    print("from=%s|%s" % (display_name(raw), sender.addr_spec))
    print("to=%s" % mail["To"].addresses[0].addr_spec)
    print("subject=%s" % mail["Subject"])
    print("date=%s" % mail["Date"].datetime.isoformat())
    thread = (mail["Message-ID"], mail["References"], mail["In-Reply-To"])
    print("id=%s references=%s reply=%s" % thread)
    print("body=%s" % mail.get_content().replace("\r\n", "\n").replace("\r", "<CR>"), end="")


main(sys.argv[1])
