#!/usr/bin/python3
# time limit: 240 s
"""Meetings by link in a real browser: from the mails of the real daemon, on a phone's width,
without script, by keyboard only. Whether somebody comes, single sessions of a series, a poll, the
tick list, whether it took place; and the feed, read by a calendar library that is not ours."""

import datetime
import subprocess
import sys

import icalendar

sys.path.insert(0, "tests/peers")

from browser import ENTER, SPACE, TAB  # noqa: E402
from links import LINK, UNIT, PublicScene  # noqa: E402
from peers import Cases, wait_until  # noqa: E402
from phone import CONTRAST, Phone, contrast, fits  # noqa: E402
from scene import case_ref  # noqa: E402

START = datetime.datetime.fromisoformat("2026-11-16T09:00:00+00:00")  # a Monday, 10:00 in Ulm
HOST, OFFICE, KEEPER = "ksd-eselsberg", "koordination-sozialraum", "hlu-boefingen"
ANSWERS = ["Zusage", "Absage", "Unter Vorbehalt", "Vertretung kommt"]
MEETINGS = f"""(
  {{ id = "team"; kind = "sozialraumteam"; unit = "{HOST}"; start = "2026-11-26T14:00";
    duration = "90m"; rule = "FREQ=WEEKLY;BYDAY=TH"; until = "2027-01-31"; room = "Raum 1";
    members = ( "{UNIT}", {{ unit = "{OFFICE}"; role = "secretariat"; }},
                {{ unit = "{KEEPER}"; role = "keeper"; }} ); }},
  {{ id = "toj"; kind = "toj"; unit = "{HOST}"; start = "2026-11-18T09:00"; duration = "2h";
    room = "Raum 2, Hof; links"; members = ( "{UNIT}" ); }},
  {{ id = "runde"; kind = "sozialraumrunde"; unit = "{HOST}"; start = "2026-12-10T09:00";
    duration = "2h"; room = "Raum 3"; members = ( "{UNIT}" ); }} )"""


class Town(PublicScene):
    """Ulm with three meetings, on the test clock."""

    def __init__(self):
        super().__init__(settings={"meetings": MEETINGS}, test_clock=START, anonymous=True)

    def code(self, meeting):
        return self.meeting(meeting)["item_id"]

    def meeting(self, meeting):
        return self.gateway.json("meeting", "show", meeting)

    def until(self, when):
        """Moves the clock there, a time of the wall in Ulm in winter."""
        text = self.gateway.clock.read_text().strip().replace("Z", "+00:00")
        to = datetime.datetime.fromisoformat(when + "+01:00")
        seconds = int((to - datetime.datetime.fromisoformat(text)).total_seconds())
        if seconds > 0:
            self.gateway.advance(f"{seconds}s")

    def mail_links(self, code, to, subject):
        """{label: path} of the latest mail with that subject."""
        def found():
            return [mail for mail in self.mails(code, to) if subject in mail.subject]

        wait_until(found, f"a mail \"{subject}\" to {to}")
        self.gateway.wait_quiet()
        return {label: url[url.index("/a/"):] for label, url in LINK.findall(found()[-1].text)}

    def answers(self, code):
        """What the audit says was answered, oldest first: "accepted"."""
        rows = [row["what"] for row in self.item(code)["audit"] if "rsvp unit=" in row["what"]]
        return [row.split("status=")[1].split()[0] for row in rows]


def state(town, meeting):
    return town.meeting(meeting), town.item(town.code(meeting))


def looking_changes_nothing(town):
    """What scanners of mail do: every link, every method, also a POST without the form's field."""
    for meeting in ("team", "toj"):
        code = town.code(meeting)
        links = town.mail_links(code, UNIT, "Einladung")
        assert list(links) == ANSWERS, links
        before = state(town, meeting)
        for path in links.values():
            for method in ("GET", "HEAD", "GET"):
                assert town.get(path, method).status == 200
            for body in ("", "answer=accepted", "form=&answer=declined",
                         "answer=sessions&s1=1&form=" + "A" * 22):
                answer = town.post(path, body)
                assert "noch nichts gespeichert" in answer.text, answer.text
        assert state(town, meeting) == before, "looking changed something"


def readable(phone, heading):
    """Language, one main heading, groups with a legend, a name for each stop of the focus."""
    assert phone.find("html")[0].attribute("lang") == "de"
    assert [one.text for one in phone.find("h1")] == [heading]
    assert not phone.find("script, img, link, iframe")
    fits(phone)
    for group in phone.find("fieldset"):
        assert group.role == "group" and group.label, group.label
    stops = []
    for _ in range(60):
        phone.key(TAB)
        at = phone.active()
        if at.tag == "body":
            break
        assert at.label, (at.tag, at.attribute("name"))
        assert at.css("outline-style") == "solid", at.label
        stops.append(at.label)
    assert stops and len(set(stops)) == len(stops), stops
    paper = phone.find("body")[0].css("background-color")
    for selector in ("h1", "h2", "legend", "label"):
        for element in phone.find(selector)[:1]:
            assert contrast(element.css("color"), paper) >= CONTRAST, selector
    return stops


def a_change_of_mind(phone, town):
    code = town.code("toj")
    links = town.mail_links(code, UNIT, "Einladung")
    phone.go(links["Zusage"])
    assert phone.title == f"Antworten: Termin {code}", phone.title
    assert readable(phone, f"Termin {code}") == ANSWERS
    phone.go(links["Zusage"])
    button = phone.tab_to("button")
    assert button.label == "Zusage", button.label
    phone.press_for(ENTER, "Gespeichert")
    assert code in phone.title and len(phone.find("[role=status]")) == 1
    fits(phone)
    phone.go(links["Zusage"])
    phone.tab_to("button", "Absage")
    phone.press_for(ENTER, "Gespeichert")
    assert town.answers(code) == ["accepted", "declined"], town.answers(code)
    phone.do("POST", "/refresh")  # the form is sent once more
    assert "schon vermerkt" in phone.source, phone.source
    phone.go(links["Zusage"])
    assert "Absage</dd>" in phone.source
    phone.tab_to("button", "Zusage")
    phone.press_for(ENTER, "Gespeichert")
    assert town.answers(code) == ["accepted", "declined", "accepted"], town.answers(code)


def single_sessions(phone, town):
    code = town.code("team")
    links = town.mail_links(code, UNIT, "Einladung")
    phone.go(links["Absage"])
    stops = readable(phone, f"Termin {code}")
    assert stops[0] == "Absage" and set(stops[:4]) == set(ANSWERS), stops
    assert "nicht dabei: Do 26.11.2026, 14:00 bis 15:30 Uhr" in stops, stops
    phone.go(links["Absage"])
    phone.tab_to("input", "03.12.2026")
    phone.key(SPACE)
    phone.tab_to("button", "Auswahl speichern")
    phone.press_for(ENTER, "Gespeichert")
    assert "Absage für Do 03.12.2026" in phone.find("[role=status]")[0].text
    assert town.answers(code) == ["declined"], town.answers(code)
    # Taken back; the others stay as they are.
    phone.go(links["Absage"])
    assert len(phone.find("input[type=checkbox][checked]")) == 1
    phone.tab_to("input", "03.12.2026")
    phone.key(SPACE)
    phone.tab_to("button", "Auswahl speichern")
    phone.press_for(ENTER, "Gespeichert")
    assert "Zusage für Do 03.12.2026" in phone.find("[role=status]")[0].text
    phone.go(links["Zusage"])
    phone.tab_to("button", "Zusage")
    phone.press_for(ENTER, "Gespeichert")
    member = [one for one in town.meeting("team")["members"] if one["unit"] == UNIT][0]
    assert member["answer"] == "accepted", member


def poll_by_keyboard(phone, town):
    opened = town.soziales.accepted(
        "poll.opened", {"unit": HOST, "meeting_id": "projekt-2027", "due_on": "2026-12-18",
                        "parties": f"{UNIT},{KEEPER}", "options": f"{HOST},{OFFICE}"},
        time=START.strftime("%Y-%m-%dT%H:%M:%SZ"))
    code = opened["item_id"]
    links = town.mail_links(code, UNIT, "")
    assert list(links) == ["Zur Umfrage"], links
    before = town.item(code)
    phone.go(links["Zur Umfrage"])
    stops = readable(phone, f"Umfrage {code}")
    assert len(stops) == 4 and stops[2:] == ["Auswahl senden", "Nichts davon"], stops
    assert town.item(code) == before, "looking changed something"
    phone.go(links["Zur Umfrage"])
    phone.tab_to("button", "Auswahl senden")
    phone.key(ENTER)
    wait_until(lambda: "noch nichts gespeichert" in phone.source, "the page asks to choose")
    phone.tab_to("input")
    phone.key(SPACE)
    phone.tab_to("button", "Auswahl senden")
    phone.press_for(ENTER, "Gespeichert")
    assert len(phone.find("input[type=checkbox][checked]")) == 1
    phone.tab_to("button", "Nichts davon")
    phone.press_for(ENTER, "Gespeichert")
    assert not phone.find("input[type=checkbox][checked]")
    assert "liegt vor" in phone.source


def took_place(phone, town):
    code = town.code("toj")
    town.until("2026-11-18T11:05:00")
    links = town.mail_links(code, HOST, "Bitte zu einem Termin")
    assert list(links) == ["Hat stattgefunden", "Hat nicht stattgefunden"], links
    before = state(town, "toj")
    phone.go(links["Hat nicht stattgefunden"])
    assert state(town, "toj") == before, "looking changed something"
    phone.go(links["Hat stattgefunden"])
    assert readable(phone, f"Termin {code}") == ["Hat stattgefunden"]
    phone.go(links["Hat stattgefunden"])
    phone.tab_to("button")
    phone.press_for(ENTER, "Gespeichert")
    sessions = [one["state"] for one in town.meeting("toj")["sessions"]]
    assert sessions == ["held"], sessions
    phone.go(links["Hat nicht stattgefunden"])
    assert not phone.find("button") and "nichts mehr zu tun" in phone.source, phone.source
    # Who was invited finds the door closed, politely.
    links = town.mail_links(code, UNIT, "Einladung")
    phone.go(links["Absage"])
    assert not phone.find("button") and phone.title == f"Antworten: Termin {code}"


def tick_list(phone, town):
    code = town.code("team")
    now = START.strftime("%Y-%m-%dT%H:%M:%SZ")
    for reason in ("fallbesprechung", "ressource"):
        town.soziales.accepted("agenda.item.added", {
            "meeting_id": "team", "kind": "sozialraumteam", "case_ref": case_ref(),
            "by_unit": HOST, "reason": reason}, time=now)
    town.until("2026-11-26T15:35:00")
    # The office may not see the cases (Ulm's permissions), so the host is asked.
    links = town.mail_links(code, HOST, "Bitte zu einem Termin")
    assert "Besprochenes abhaken" in links, links
    phone.go(links["Besprochenes abhaken"])
    stops = readable(phone, f"Termin {code}")
    assert len(stops) == 4, stops
    phone.go(links["Besprochenes abhaken"])
    phone.tab_to("input", "Ressource gesucht")
    phone.key(SPACE)
    phone.tab_to("button", "Auswahl speichern")
    phone.press_for(ENTER, "Gespeichert")
    assert "besprochen 1 von 2" in phone.source, phone.source
    phone.go(links["Besprochenes abhaken"])
    assert "schon benutzt" in phone.source, phone.source


def curl(url, *more):
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", "20", *more, url],
                          capture_output=True, check=True)
    head, _, body = done.stdout.decode().partition("\r\n\r\n")
    return int(head.split(" ")[1]), head, body


def feed(town):
    url = town.gateway.ctl("feed", UNIT).stdout.strip()
    status, head, body = curl(url)
    assert status == 200 and "text/calendar; charset=utf-8" in head, head
    assert "Cache-Control: private" in head, head
    calendar = icalendar.Calendar.from_ical(body)
    assert str(calendar["METHOD"]) == "PUBLISH"
    events = calendar.walk("VEVENT")
    days = [event.decoded("DTSTART").strftime("%Y-%m-%d %H:%M") for event in events]
    assert days[0] == "2026-11-18 09:00" and "2026-12-03 14:00" in days, days
    assert "2026-12-10 09:00" in days and len(events) == 12, days
    assert len({str(event["UID"]) for event in events}) == len(events)
    assert str(events[0]["LOCATION"]) == "Raum 2, Hof; links", events[0]["LOCATION"]
    assert not [event for event in events if "ATTENDEE" in event]
    tag = [line.split(": ", 1)[1] for line in head.split("\r\n") if line.startswith("ETag")][0]
    status, _, body = curl(url, "-H", f"If-None-Match: {tag}")
    assert (status, body) == (304, ""), (status, body)
    assert curl(url, "-I")[0] == 200
    renewed = town.gateway.ctl("feed", UNIT, "--new").stdout.strip()
    assert renewed != url and curl(url)[0] == 404 and curl(renewed)[0] == 200
    assert renewed == town.gateway.ctl("feed", UNIT).stdout.strip()
    other = town.gateway.ctl("feed", HOST).stdout.strip()
    assert curl(other)[0] == 200 and other != renewed
    assert town.gateway.ctl("feed", "nobody", check=False).returncode == 65
    town.gateway.stop()
    town.gateway.start().wait_online()
    assert curl(renewed)[0] == 200 and curl(url)[0] == 404


def main():
    cases = Cases()
    with Town() as town:
        with Phone(town) as phone:
            cases.run("scanners change nothing", looking_changes_nothing, town)
            cases.run("coming or not, by Tab and Enter, and a change of mind", a_change_of_mind,
                      phone, town)
            cases.run("single sessions of a series", single_sessions, phone, town)
            cases.run("a poll", poll_by_keyboard, phone, town)
            cases.run("the feed, read by python3-icalendar", feed, town)
            cases.run("it took place", took_place, phone, town)
            cases.run("the tick list", tick_list, phone, town)
    cases.end()


main()
