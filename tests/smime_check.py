#!/usr/bin/python3
"""Reads an encrypted mail with Python's email package and opens it with the openssl program, for
test_smime.c.

    smime_check.py MAIL CERT KEY INNER [SIGNER]

Fails (exit 1, reason on stderr) when the outside tells more than it may or is not a proper mail,
when CERT and KEY do not open it, when what is inside differs from the file INNER by a byte, or,
with SIGNER given, when it is not signed by that certificate. Prints the type of the structure.
"""
import email
import email.parser
import email.policy
import subprocess
import sys

SHOWN = {"date", "from", "to", "subject", "message-id", "in-reply-to", "references",
         "auto-submitted", "x-auto-response-suppress", "mime-version", "content-type",
         "content-transfer-encoding", "content-disposition"}


def complain(reason):
    print(reason, file=sys.stderr)
    sys.exit(1)


def openssl(*words):
    done = subprocess.run(["openssl", "cms", *words], capture_output=True, check=False)
    if done.returncode:
        complain("openssl cms %s: %s" % (words[0], done.stderr.decode(errors="replace")))
    return done.stdout


def check_outside(raw):
    rest = raw.replace(b"\r\n", b"")
    if b"\n" in rest or b"\r" in rest or not raw.isascii():
        complain("a line without CRLF, or a byte outside ASCII")
    if max(map(len, raw.split(b"\r\n"))) > 78:
        complain("a line that is too long")
    mail = email.parser.BytesParser(policy=email.policy.default).parsebytes(raw)
    if mail.defects:
        complain("defects: %r" % mail.defects)
    extra = {name.lower() for name in mail.keys()} - SHOWN
    if extra:
        complain("headers that nobody asked for: %s" % extra)
    if mail["Subject"] != "Verschlüsselte Nachricht":
        complain("the subject tells: %s" % mail["Subject"])
    if mail.get_content_type() != "application/pkcs7-mime":
        complain("it is %s" % mail.get_content_type())
    if mail.get_param("name") != "smime.p7m" or mail.get_filename() != "smime.p7m":
        complain("no reader knows it by its name")
    return mail["Content-Type"].params["smime-type"]


def main(path, certificate, key, inner, *signer):
    with open(path, "rb") as file:
        kind = check_outside(file.read())
    with open(inner, "rb") as file:
        want = file.read()
    got = openssl("-decrypt", "-in", path, "-recip", certificate, "-inkey", key)
    if signer:
        subprocess.run(["tee", path + ".signed"], input=got, check=True, capture_output=True)
        got = openssl("-verify", "-binary", "-in", path + ".signed", "-CAfile", signer[0],
                      "-certfile", signer[0], "-purpose", "any")
    if got != want:
        complain("what is inside differs:\n%r\n%r" % (got, want))
    print(kind)


main(*sys.argv[1:])
