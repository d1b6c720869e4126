#!/usr/bin/python3
# time limit: 180 s
"""Drills and the proof of reachability against the real daemon on the test clock: mails over
Postfix's smtp-sink, SMS into files, the answer by the link of the mail; figures and the ledger are
the same before and after; a drill survives SIGKILL; a real emergency goes before it."""

import datetime
import email
import email.policy
import json
import re
import shutil
import sys

sys.path.insert(0, "tests/peers")

from links import LINK, PublicScene  # noqa: E402
from peers import TOP, Cases, Folder, SmtpSink, started, wait_until  # noqa: E402
from scene import Mail, emergency  # noqa: E402

START = "2026-11-19T09:00:00+00:00"  # Thursday 10:00 in Ulm
DESK = "koordination-sozialraum@ulm.example"
UNITS = """
  { id = "probe-a"; kind = "team"; name = "Team Probe A"; lead = "leitung-soziales";
    places = [ "eselsberg" ]; deputies = [ "probe-b" ]; contacts = (
      { channel = "email"; address = "probe-a@ulm.example"; },
      { channel = "sms"; address = "+4915100000091"; } ); },
  { id = "probe-b"; kind = "team"; name = "Team Probe B"; lead = "leitung-soziales";
    places = [ "eselsberg" ]; deputies = [ "probe-a" ]; contacts = (
      { channel = "email"; address = "probe-b@ulm.example"; },
      { channel = "sms"; address = "+4915100000092"; } ); },
  { id = "dienst-probe"; kind = "desk"; name = "Dienst Probe"; roster = "probe";
    lead = "leitung-soziales"; contacts = (
      { channel = "email"; address = "dienst-probe@ulm.example"; } ); },
"""
PLAN = """
rosters = ( { roster = "probe"; starts = "2026-11-01T00:00"; shifts = (
    { days = "daily"; from = "00:00"; to = "24:00"; lines = [ "probe-b" ]; } ); } );
"""


def city(folder):
    """Ulm with two teams that stand in for each other, and a desk with a plan."""
    base = folder / "base" / "ulm"
    shutil.copytree(TOP / "config/ulm", base)
    path = base / "units.conf"
    text = path.read_text()
    assert text.count("\nunits = (\n") == 1
    path.write_text(text.replace("\nunits = (\n", "\nunits = (\n" + UNITS) + PLAN)
    return base


class Town(PublicScene):
    """With a relay on the wire, and SMS as files."""

    def __init__(self, sink, base):
        transports = (f'( {{ name = "relay"; adapter = "email_smtp"; tls = "none";'
                      f' url = "smtp://127.0.0.1:{sink.port}"; from = "stafette@ulm.example"; }},'
                      f' {{ name = "sms"; adapter = "sms_file"; path = "sms"; }} )')
        super().__init__(settings={"transports": transports, "mail.from": "stafette@ulm.example"},
                         base=base, test_clock=START)
        self.sink = sink

    def mails(self, code="", to=""):
        found = []
        for content in self.sink.kept():
            message = email.message_from_bytes(content, policy=email.policy.default)
            if message["Subject"] and message.get_body(("plain",)):
                found.append(Mail(content))
        return [mail for mail in found if code in mail.text and to in mail.to]

    def now(self):
        return datetime.datetime.fromisoformat(
            self.gateway.clock.read_text().strip().replace("Z", "+00:00"))

    def until(self, when):
        left = datetime.datetime.fromisoformat(when + "+01:00") - self.now()
        assert left.total_seconds() > 0, (when, self.now())
        self.gateway.advance(f"{int(left.total_seconds())}s")

    def drill(self, *words):
        begun = self.gateway.json("drill", *words)
        assert len(begun) == 1 and not begun[0]["refused"], begun
        return begun[0]["drill"]

    def drilled(self, code):
        return next(row for row in self.gateway.json("drill", "list") if row["drill"] == code)

    def reach(self, *unit):
        done = self.gateway.ctl("--json", "reach", *unit, check=False)
        return done.returncode, json.loads(done.stdout)

    def figures(self):
        """Everything that counts something, and the ledger."""
        stamp = self.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        ledger = self.gateway.json("ledger", "--at", stamp)
        assert ledger["green"], ledger
        return {"week": self.gateway.ctl("digest", "weekly").stdout,
                "morning": self.gateway.ctl("digest", "morning", "--unit", "probe-a").stdout,
                "counts": self.gateway.ctl("counts").stdout,
                "figures": self.gateway.ctl("figures").stdout,
                "open": {kind: n for kind, n in ledger["open"].items() if kind != "drill"}}


def starts_marked(mail):
    first = mail.text.strip().splitlines()[0]
    return mail.subject.startswith("PROBEALARM") and first.startswith("PROBEALARM")


def proof(town):
    """Two ways and a deputy: 0. Something missing: 1, with the sentence."""
    status, answer = town.reach("probe-a")
    assert (status, answer["well"], answer["list"][0]["ways"]) == (0, True, 2), answer
    assert [c["last_reached"] for c in answer["list"][0]["contacts"]] == ["never"] * 2, answer
    status, answer = town.reach("egh-eselsberg")
    assert status == 1 and "one_way" in answer["list"][0]["faults"], answer
    status, answer = town.reach()
    assert status == 1 and answer["units"] > 20 and answer["missing"] < answer["units"], answer
    text = town.gateway.ctl("reach", "egh-eselsberg", check=False)
    assert text.returncode == 1 and "nur per E-Mail erreichbar" in text.stdout, text
    assert "@" not in json.dumps(answer) and "+49" not in json.dumps(answer), answer
    text = town.gateway.ctl("reach", "nirgends", check=False)
    assert text.returncode not in (0, 1) and "not in the directory" in text.stderr, text


def answered(town):
    """Mail and SMS, both marked; the link's page changes nothing, its button ends the drill."""
    before = town.figures()
    code = town.drill("probe-a")
    mail = town.wait_mail(code, "probe-a@ulm.example")
    assert starts_marked(mail), mail.text
    sms = wait_until(lambda: town.texts(code), "the SMS")
    assert len(sms) == 1 and "PROBEALARM" in sms[0] and "OK" in sms[0], sms
    town.gateway.wait_quiet()
    assert town.figures() == before, "an open drill is counted"
    paths = {label: url[url.index("/a/"):] for label, url in LINK.findall(mail.text)}
    assert list(paths) == ["Gesehen"], paths
    page = town.get(paths["Gesehen"])
    assert page.status == 200 and "Probealarm" in page.text, page.text
    assert town.drilled(code)["state"] == "open"
    town.gateway.advance("3m")
    page = town.press(paths["Gesehen"], "seen")
    assert page.status == 200, page
    row = town.drilled(code)
    want = {"unit": "probe-a", "state": "answered", "answered_by": "probe-a", "rungs": 0}
    assert {name: row[name] for name in want} == want, row
    assert 180 <= row["answered_s"] <= 181 and 0 <= row["sent_s"] <= 1, row
    report = town.wait_mail("nach 3 Minuten von „Team Probe A“ bestätigt", DESK)
    assert starts_marked(report) and code in report.text, report.text
    town.gateway.wait_quiet()
    assert town.figures() == before, "an ended drill is counted"
    assert town.item(code)["state"] == "done"
    contacts = town.reach("probe-a")[1]["list"][0]["contacts"]
    assert all(c["last_reached"] != "never" for c in contacts), contacts


def silent(town):
    """Nobody answers: deputy on call elsewhere is left out, the lead is asked, the head is not;
    over a SIGKILL in between."""
    before = town.figures()
    code = town.drill("probe-a")
    town.wait_mail(code, "probe-a@ulm.example")
    town.gateway.kill()
    town.gateway.start().wait_online()
    for _ in range(6):
        town.gateway.advance("10m")
    row = town.drilled(code)
    assert (row["state"], row["answered_s"], row["rungs"]) == ("unanswered", -1, 1), row
    told = {mail.to for mail in town.mails(code)}
    assert told == {"probe-a@ulm.example", "leitung-soziales@ulm.example", DESK}, told
    assert all(starts_marked(mail) for mail in town.mails(code)), town.mails(code)
    assert all("PROBEALARM" in text for text in town.texts(code)), town.texts(code)
    report = town.wait_mail("Niemand hat geantwortet", DESK)
    assert "anrufen müssen" in report.text, report.text
    town.gateway.wait_quiet()
    assert town.figures() == before, "an unanswered drill is counted"


def on_call(town):
    """All plans; who is on duty answers by stafettectl, as the phone would."""
    begun = town.gateway.json("drill", "--all-on-call")
    assert [row["unit"] for row in begun] == ["dienst-probe"], begun
    code = begun[0]["drill"]
    assert town.wait_mail(code, "probe-b@ulm.example")
    refused = town.gateway.ctl("drill", "dienst-probe", check=False)
    assert refused.returncode and "under way already" in refused.stderr, refused
    town.gateway.ctl("answer", code, "seen", "--unit", "probe-b")
    assert town.drilled(code)["answered_by"] == "probe-b"


def emergency_first(town):
    """A drill under way ends when an emergency comes, and none begins while it is open."""
    code = town.drill("bereitschaft")
    stamp = town.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    real = town.hotline.accepted("emergency.reported", emergency(), urgency="emergency",
                                 time=stamp)["item_id"]
    assert town.item(code)["state"] == "closed", town.item(code)
    town.wait_mail("wurde abgebrochen", DESK)
    town.wait_mail(real, "bereitschaft@ulm.example")
    refused = town.gateway.ctl("drill", "bereitschaft", check=False)
    assert refused.returncode and "open emergency" in refused.stderr, refused
    town.gateway.ctl("answer", real, "seen", "--unit", "bereitschaft")


def refusals(town):
    for words, why in (((), "name a unit"), (("probe-a", "--all-on-call"), "name a unit"),
                       (("nirgends",), "not in the directory"),
                       (("probe-a", "--kind", "task"), "emergency or handover")):
        done = town.gateway.ctl("drill", *words, check=False)
        assert done.returncode and why in done.stderr, (words, done)


def weekly(town):
    """Monday at 06:50 one mail with the sentences, and a line in the overview of seven."""
    subject = "Nicht alle sind sicher erreichbar"
    assert not [mail for mail in town.mails() if subject in mail.subject]
    town.until("2026-11-23T06:50:00")
    mails = wait_until(lambda: [m for m in town.mails() if subject in m.subject], "the proof")
    assert [mail.to for mail in mails] == [DESK], mails
    assert "nur per E-Mail erreichbar" in mails[0].text and "Probe A" not in mails[0].text
    assert not re.search(r"[a-z]@ulm|\+4915", mails[0].text), mails[0].text
    assert "Stellen fehlt etwas" in town.gateway.ctl("digest", "weekly").stdout
    assert "nur per E-Mail" in town.gateway.ctl("digest", "reach").stdout


def main():
    cases = Cases()
    folder = Folder()
    sink = SmtpSink(folder, keep=True)
    with started(sink), Town(sink, city(folder)) as town:
        cases.run("reach: what is missing, and its exit status", proof, town)
        cases.run("drill: mail, SMS, answered by the link, counted nowhere", answered, town)
        cases.run("drill: nobody answers, over a SIGKILL", silent, town)
        cases.run("drill: all on-duty plans", on_call, town)
        cases.run("drill: a real emergency goes first", emergency_first, town)
        cases.run("drill refuses what makes no sense", refusals, town)
        cases.run("the weekly proof", weekly, town)
    return cases.end()


if __name__ == "__main__":
    sys.exit(main())
