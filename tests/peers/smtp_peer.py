"""A relay for adapter tests: aiosmtpd whose answers are scripted by the recipient's local part.

    smtp_peer.py PORT DIR [--tls | --smtps] [--auth]

DIR/log gets one line a mail or refusal: "SESSION VERB FROM TO"; DIR/<n>.eml the bytes of each
accepted mail as they came (dots unstuffed). With --tls the certificate DIR/cert.pem, DIR/key.pem is
offered by STARTTLS and demanded, with --smtps it is there from the beginning; with --auth a login
as "gateway" with "richtig" is demanded.

Local parts: "r550-5.1.1" is answered so at RCPT, "d452-4.2.2" after the final dot, "hangrcpt",
"hangdot" get no answer, "closercpt", "closedot" lose the connection; all others are accepted.
"""

import asyncio
import pathlib
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

PORT, DIR = int(sys.argv[1]), pathlib.Path(sys.argv[2])
TLS, SMTPS, AUTH = (flag in sys.argv for flag in ("--tls", "--smtps", "--auth"))


class Handler:
    mails = 0
    sessions = {}

    def note(self, session, verb, envelope, to):
        number = self.sessions.setdefault(id(session), len(self.sessions) + 1)
        self.kept = getattr(self, "kept", []) + [session]  # so that no id() comes twice
        with open(DIR / "log", "a", encoding="ascii", errors="replace") as log:
            log.write(f"{number} {verb} {envelope.mail_from} {to}\n")

    @staticmethod
    def scripted(letter, address):
        match = re.match(letter + r"(\d{3})(?:-([\d.]+))?@", address)
        if not match:
            return None
        code, enhanced = match.groups()
        return f"{code} {enhanced + ' ' if enhanced else ''}<{address}>: scripted answer"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.scripted("r", address)
        if address.startswith("hangrcpt"):
            await asyncio.Event().wait()
        if address.startswith("closercpt"):
            server.transport.abort()
        if answer:
            self.note(session, "RCPT", envelope, address)
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        if to.startswith("hangdot"):
            await asyncio.Event().wait()
        if to.startswith("closedot"):
            server.transport.abort()
            return "250 never seen"
        Handler.mails += 1
        (DIR / f"{Handler.mails}.eml").write_bytes(envelope.original_content)
        self.note(session, "DATA", envelope, " ".join(envelope.rcpt_tos))
        return self.scripted("d", to) or f"250 2.0.0 Ok: queued as 4XQ{Handler.mails}abc"


def login(server, session, envelope, mechanism, data):
    good = data.login == b"gateway" and data.password == b"richtig"
    return AuthResult(success=good, handled=False) if not good else AuthResult(success=True)


def certificate():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(DIR / "cert.pem", DIR / "key.pem")
    return context


def make():
    options = {"hostname": "relay.test", "ident": "test", "enable_SMTPUTF8": False}
    if TLS:
        context = certificate()
        options.update(tls_context=context, require_starttls=True)
    if AUTH:
        options.update(authenticator=login, auth_required=True, auth_require_tls=TLS)
    return SMTP(handler, **options)


handler = Handler()
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
loop.run_until_complete(loop.create_server(make, "127.0.0.1", PORT,
                                           ssl=certificate() if SMTPS else None))
loop.run_forever()
