#!/usr/bin/python3
# time limit: 120 s
"""Invitations out and answers in, with a real IMAP server (Dovecot) between: the calendar that
members get is read by a library that is not ours, and replies come back in the forms that mail
programs write (tests/mails/README): the same twice, out of order, from a forwarded address, for one
session of a series."""

import datetime
import email
import email.policy
import pathlib
import re
import sys

import icalendar

sys.path.insert(0, "tests/peers")

from mailbox_peer import Dovecot  # noqa: E402
from peers import Cases, Folder, TOP, started, wait_until  # noqa: E402
from scene import Scene  # noqa: E402

START = datetime.datetime(2026, 11, 20, 9, 0, tzinfo=datetime.timezone.utc)
MEETING = "fallteam-eselsberg"
TEAM = "egh-eselsberg"


def settings(folder, box):
    secret = pathlib.Path(folder) / "mailbox-password"
    secret.write_text("geheim\n")
    secret.chmod(0o600)
    return {"mailbox.url": box.url, "mailbox.user": "antworten", "mailbox.tls": "none",
            "mailbox.password_file": secret, "mailbox.poll": "1s"}


class Town:
    """A scene with its mailbox and the invitation of the team."""

    def __init__(self, scene, box):
        self.scene = scene
        self.box = box
        self.members = {row["unit"]: row for row in self.show()["members"]}

    def show(self):
        return self.scene.gateway.json("meeting", "show", MEETING)

    def answer_of(self, unit):
        rows = self.show()["members"]
        return next(row["answer"] for row in rows if row["unit"] == unit)

    def mails(self, to, subject=""):
        found = [email.message_from_bytes(content, policy=email.policy.default)
                 for content in self.scene.gateway.mails()]
        return [m for m in found if to in m["To"] and subject in m["Subject"]]

    def invitation(self, unit):
        """(address, calendar, mail) of what the unit got for this meeting."""
        def look():
            for mail in self.mails(f"{unit}@", "Einladung"):
                part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
                calendar = icalendar.Calendar.from_ical(part.get_content())
                if str(calendar.walk("VEVENT")[0]["SUMMARY"]) == "Fallteam":
                    return mail["To"].addresses[0].addr_spec, calendar, mail
            return None

        return wait_until(look, f"invitation of {unit}")

    def office_notes(self):
        return len(self.mails("ksd-eselsberg@", "Mitteilung"))

    def hand_in(self, content):
        uid = self.box.append(content)
        self.box.wait_marked(uid)


def reply(client, uid, address, status, **more):
    """A mail of tests/mails made the answer to our invitation: who, what, when, which session."""
    raw = (TOP / f"tests/mails/reply-{client}.eml").read_bytes()
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    part = next(p for p in message.walk() if p.get_content_type() == "text/calendar")
    text = re.sub(r"\r?\n[ \t]", "", part.get_content())
    text = re.sub(r"(?m)^UID:.*$", f"UID:{uid}", text)
    text = re.sub(r"(?mi)^(ATTENDEE[^\r\n]*)mailto:[^\r\n]*", rf"\1mailto:{address}", text)
    text = re.sub(r"PARTSTAT=\w+(-\w+)?", f"PARTSTAT={status}", text)
    text = re.sub(r"(?m)^SEQUENCE:\d+", f"SEQUENCE:{more.get('sequence', 0)}", text)
    text = re.sub(r"(?m)^RECURRENCE-ID.*\r?\n", "", text)
    text = re.sub(r"(?m)^DTSTAMP.*$", f"DTSTAMP:20261120T{more.get('at', '100000')}Z", text)
    if "session" in more:
        text = text.replace("END:VEVENT", f"{more['session']}\r\nEND:VEVENT")
    kept = part["Content-Type"].params
    part.set_content(text, subtype="calendar", charset="utf-8", cte="base64")
    part.set_param("method", kept.get("method", "REPLY"))
    del message["From"]
    message["From"] = more.get("sender", address)
    return message.as_bytes(policy=email.policy.SMTP)


# ---- cases

def invitation_is_read(town):
    address, calendar, mail = town.invitation(TEAM)
    event = calendar.walk("VEVENT")[0]
    assert str(calendar["METHOD"]) == "REQUEST"
    part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
    assert part.get_param("method") == "REQUEST", part["Content-Type"]
    assert mail.get_content_type() == "multipart/alternative", mail.get_content_type()
    assert str(event["ORGANIZER"]).lower() == f"mailto:{mail['From'].addresses[0].addr_spec}"
    assert address in str(event["ATTENDEE"])
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"
    assert event["DTSTART"].dt.isoformat() == "2027-01-13T13:30:00+01:00", event["DTSTART"].dt
    assert "Mitte" not in str(event["SUMMARY"]) and str(event["SUMMARY"]) == "Fallteam"


def client_answers(town, client, unit, status, want):
    address, calendar, _ = town.invitation(unit)
    uid = str(calendar.walk("VEVENT")[0]["UID"])
    at = "100500" if client == "apple" else "100000"
    town.hand_in(reply(client, uid, address, status, at=at))
    got = town.answer_of(unit)
    assert got == want, f"{client}: {got}, not {want}"


def twice_and_out_of_order(town):
    address, calendar, _ = town.invitation(TEAM)
    uid = str(calendar.walk("VEVENT")[0]["UID"])
    for at, status, want in (("110000", "ACCEPTED", "accepted"), ("110000", "ACCEPTED", "accepted"),
                             ("103000", "DECLINED", "accepted"),
                             ("113000", "TENTATIVE", "tentative")):
        town.hand_in(reply("thunderbird", uid, address, status, at=at))
        got = town.answer_of(TEAM)
        assert got == want, f"{at} {status}: {got}, not {want}"


def one_session(town):
    """The answer is about that session only: no reminder of it, the rest stays as it is."""
    address, calendar, _ = town.invitation(TEAM)
    uid = str(calendar.walk("VEVENT")[0]["UID"])
    town.hand_in(reply("google", uid, address, "DECLINED", at="120000",
                       session="RECURRENCE-ID:20270113T123000Z"))
    assert town.answer_of(TEAM) == "tentative"
    town.scene.gateway.ctl("clock", "advance", "54d")  # the morning after the session
    reminders = [m for m in town.mails(f"{TEAM}@", "Erinnerung")
                 if "13.01.2027" in m.get_body(("plain",)).get_content()]
    assert not reminders, f"{len(reminders)} reminders of a session that was declined"
    others = [m for m in town.mails("hlu-eselsberg@", "Erinnerung")
              if "13.01.2027" in m.get_body(("plain",)).get_content()]
    assert others, "nobody was reminded"


def forwarded(town):
    address, calendar, _ = town.invitation(TEAM)
    uid = str(calendar.walk("VEVENT")[0]["UID"])
    before, answer = town.office_notes(), town.answer_of(TEAM)
    town.hand_in(reply("apple", uid, address, "DECLINED", at="130000",
                       sender="fremd@anderswo.example"))
    assert town.answer_of(TEAM) == answer
    wait_until(lambda: town.office_notes() > before, "note to the office")


def made_up(town):
    """An entry that is none of ours changes nothing and is told to nobody."""
    address, calendar, _ = town.invitation(TEAM)
    uid = str(calendar.walk("VEVENT")[0]["UID"])
    before, answer = town.office_notes(), town.answer_of(TEAM)
    wrong = uid.replace(".", ".0000", 1)
    town.hand_in(reply("apple", wrong, address, "DECLINED", at="140000"))
    assert town.answer_of(TEAM) == answer and town.office_notes() == before


def main():
    cases, folder = Cases(), Folder()
    box = Dovecot(folder)
    with started(box), Scene(settings=settings(folder, box), test_clock=START,
                                own_meetings=True) as scene:
        town = Town(scene, box)
        cases.run("an invitation is read by a library that is not ours", invitation_is_read, town)
        for client, unit, status, want in (
                ("outlook-desktop", "egh-eselsberg", "ACCEPTED", "accepted"),
                ("exchange", "hlu-eselsberg", "TENTATIVE", "tentative"),
                ("google", "wjh-eselsberg", "DECLINED", "declined"),
                ("apple", "hlu-eselsberg", "ACCEPTED", "accepted"),
                ("sabre", "ksd-eselsberg", "ACCEPTED", "accepted")):
            cases.run(f"{client}: {status} makes {want}", client_answers, town, client, unit,
                      status, want)
        cases.run("a reply twice, and one out of order", twice_and_out_of_order, town)
        cases.run("a reply from a forwarded address goes to the office", forwarded, town)
        cases.run("an entry that was made up changes nothing", made_up, town)
        cases.run("a reply for one session of the series", one_session, town)
    cases.end()


main()
