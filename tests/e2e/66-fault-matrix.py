#!/usr/bin/python3
# time limit: 90 s
"""The fault matrix: every class of ending, injected by a real peer, and what the recipient, the
sender and the operators really saw of it: the mails and SMS that came, the status event with class
and German reason, and /healthz, /metrics, the outbox, the flagged contacts and the tasks. The table
is written to build/log/fault-matrix.md as it was seen; what differs from the rows below fails.

"mended" is the end of the fault, after which the operator says `stafettectl outbox retry --all`."""

import sys

sys.path.insert(0, "tests/peers")

from fault_matrix import CLASSES, Row, play, write  # noqa: E402
from fault_stages import (OnHttp, OnKannel, OnModem, OnPermit, OnPort,  # noqa: E402
                          OnPortLong, OnPostfix, OnTls)
from peers import Cases, say  # noqa: E402

# What the recipient sees: the other way at once, because waiting would miss the deadline.
SMS_NOW = "SMS; mail when mended"
MAIL_NOW = "mail; SMS when mended"


def waits(error, recipient=SMS_NOW, operator="waits"):
    """Tried again later: what is expected of such a row."""
    incident = f"incident {error}; " if operator == "incident" else ""
    sent = "notice.sent"
    return (recipient, f"notice.delayed ({error}), {sent}",
            f"{incident}outbox {operator}, {error}")


def fails(error, operator, recipient="SMS"):
    """Given up at once."""
    return (recipient, f"notice.failed ({error}), notice.sent", operator)


def flagged(error, contact=2):
    return f"bereitschaft/{contact} flagged, {error}"


PORT = [
    Row("none", "smtp-sink", "takes everything", (), ("mail", "notice.sent", "nothing")),
    Row("connect", "nobody", "connection refused", None, waits("connect")),
    Row("connect", "smtp-sink", "connection lost at MAIL", ("-q", "MAIL"), waits("connect")),
    Row("timeout", "smtp-sink", "silent for 5 s, 2 s allowed", ("-w", "5"), waits("timeout")),
    Row("temporary", "smtp-sink", "451 4.3.0 at DATA", ("-r", "DATA", "-b", "451 4.3.0 later"),
        waits("temporary")),
    Row("throttled", "smtp-sink", "421 at RCPT", ("-Q", "RCPT"), waits("throttled")),
    Row("ambiguous", "smtp-sink", "takes it, lost after the final dot", ("-q", "."),
        waits("ambiguous", "mail; SMS; mail again when mended, same id")),
    Row("local", "smtp-sink", "550 5.7.1 at MAIL", ("-f", "MAIL", "-B", "550 5.7.1 no"),
        waits("local", operator="incident")),
    Row("permanent", "smtp-sink", "550 5.6.0 at DATA", ("-f", "DATA", "-B", "550 5.6.0 no"),
        fails("permanent", flagged("permanent"))),
    Row("policy", "smtp-sink", "554 5.7.1 at DATA", ("-f", "DATA", "-B", "554 5.7.1 no"),
        fails("policy", "incident policy")),
]
LONG = [
    Row("connect", "nobody", "connection refused, for half an hour", None,
        waits("connect", operator="incident")),
]
POSTFIX = [
    Row("none", "Postfix", "takes and delivers it", ("", ""), ("mail", "notice.sent", "nothing")),
    Row("temporary", "Postfix", "450 4.7.1 at RCPT: greylisting", ("RCPT", "450 4.7.1 greylisted"),
        waits("temporary")),
    Row("throttled", "Postfix", "421 4.7.0 at RCPT", ("RCPT", "421 4.7.0 too many"),
        waits("throttled")),
    Row("full", "Postfix", "452 4.2.2 at RCPT", ("RCPT", "452 4.2.2 over quota"), waits("full")),
    Row("full", "Postfix", "552 5.2.2 after the final dot",
        ("END-OF-MESSAGE", "552 5.2.2 over quota"), waits("full")),
    Row("address", "Postfix", "550 5.1.1 at RCPT", ("RCPT", "550 5.1.1 unknown"),
        fails("address", flagged("address"))),
    Row("address", "Postfix", "550 5.1.1 at RCPT, a second time",
        ("RCPT", "550 5.1.1 unknown", "twice"),
        fails("address", flagged("address") + "; task for koordination-sozialraum")),
    Row("address", "Postfix, report by LMTP", "next server: 550 5.1.1", ("next", "550 5.1.1 no"),
        ("SMS", "notice.sent, notice.failed (address), notice.sent", flagged("address"))),
    Row("full", "Postfix, report by LMTP", "next server: 552 5.2.2", ("next", "552 5.2.2 quota"),
        ("SMS", "notice.sent, notice.failed (full), notice.sent", flagged("full"))),
    Row("policy", "Postfix, report by LMTP", "next server: 554 5.7.1", ("next", "554 5.7.1 no"),
        ("SMS", "notice.sent, notice.failed (policy), notice.sent", "incident policy")),
]
TLS = [
    Row("tls", "smtp-sink", "offers no STARTTLS", "no STARTTLS", waits("tls", operator="incident")),
    Row("tls", "aiosmtpd", "a stranger's certificate", "stranger",
        waits("tls", operator="incident")),
    Row("tls", "aiosmtpd", "a certificate for another name", "other name",
        waits("tls", operator="incident")),
    Row("auth", "aiosmtpd", "535 to our login", "wrong login", waits("auth", operator="incident")),
]
HTTP = [
    Row("none", "HTTP", "200", None, ("mail; SMS", "notice.sent, notice.sent", "nothing")),
    Row("temporary", "HTTP", "503", (503, "oops"), waits("temporary", MAIL_NOW)),
    Row("throttled", "HTTP", "429, Retry-After: 3 h", (429, "slow", {"Retry-After": "10800"}),
        (MAIL_NOW, "notice.delayed (throttled, next attempt as asked), notice.sent",
         "outbox waits, throttled")),
    Row("ambiguous", "HTTP", "takes it, no answer", "hang",
        waits("ambiguous", "mail; SMS; SMS again when mended, same id")),
    Row("ambiguous", "HTTP", "200 with a maintenance page", (200, "<html>Wartung</html>"),
        waits("ambiguous", MAIL_NOW)),
    Row("auth", "HTTP", "401", (401, "who?"), waits("auth", MAIL_NOW, "incident")),
    Row("credit", "HTTP", "402", (402, "pay"), waits("credit", MAIL_NOW, "incident")),
    Row("local", "HTTP", "404", (404, "gone"), waits("local", MAIL_NOW, "incident")),
    Row("address", "HTTP", "400, configured as a wrong number", (400, "no such number"),
        fails("address", flagged("address", 1), "mail")),
    Row("permanent", "HTTP", "422", (422, "no"), fails("permanent", flagged("permanent", 1),
                                                       "mail")),
    Row("policy", "HTTP", "451", (451, "no"), fails("policy", "incident policy", "mail")),
]
KANNEL = [
    Row("none", "Kannel", "its network takes it", None,
        ("mail; SMS", "notice.sent, notice.sent, notice.delivered", "nothing")),
    Row("connect", "Kannel", "away", "away", waits("connect", MAIL_NOW)),
]
KANNEL_FAILS = [
    Row("permanent", "Kannel, report", "its network refuses the number", None,
        fails("permanent", flagged("permanent", 1), "mail")),
]
KANNEL_LOGIN = [
    Row("auth", "Kannel", "403 to our login", None, waits("auth", MAIL_NOW, "incident")),
]
MODEM = [
    Row("none", "gammu-smsd", "sends it", "sends", ("mail; SMS", "notice.sent, notice.sent",
                                                     "nothing")),
    Row("connect", "gammu-smsd, report", "gives up", "gives up", fails("connect", "nothing",
                                                                       "mail")),
    Row("local", "gammu-smsd", "its folder is away", "folder away",
        waits("local", MAIL_NOW, "incident")),
]
PERMIT = [
    Row("forbidden", "nobody asked", "no row in the matrix of permissions", None,
        ("mail when mended", "notice.held (permission)",
         "outbox blocked, forbidden; task for koordination-sozialraum")),
]

STAGES = [
    (OnPort, PORT),
    (OnPortLong, LONG),
    (OnPostfix, POSTFIX),
    (OnTls, TLS),
    (OnHttp, HTTP),
    (OnKannel, KANNEL),
    (lambda: OnKannel(network=lambda request: (400, "no such number")), KANNEL_FAILS),
    (lambda: OnKannel(password="falsch"), KANNEL_LOGIN),
    (OnModem, MODEM),
    (OnPermit, PERMIT),
]


def all_classes(rows):
    missing = [name for name in CLASSES if name not in {row.error for row in rows}]
    assert not missing, missing


def main():
    cases = Cases()
    rows = [row for _, stage_rows in STAGES for row in stage_rows]
    try:
        for make, stage_rows in STAGES:
            with make() as stage:
                for row in stage_rows:
                    cases.run(row.label, play, row, stage)
    finally:
        say(f"the table as it was seen: {write(rows)}")
    cases.run("no class is missing", all_classes, rows)
    cases.end()


main()
