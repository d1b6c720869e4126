#!/usr/bin/python3
# time limit: 120 s
"""Who is there now, against the real daemon on the test clock: an absence and who stands in (MH5),
the on-duty plan (DO1), quiet hours, the lint of --check, and what the operator sees of it."""

import datetime
import json
import shutil
import subprocess
import sys
import time

sys.path.insert(0, "tests/peers")

from gateway import make_config  # noqa: E402
from peers import BUILD, TOP, Cases, Folder, wait_until  # noqa: E402
from scene import Scene, emergency, handover  # noqa: E402

START = "2026-11-14T21:30:00+00:00"  # Saturday 22:30 in Ulm
FIRST, SECOND, THIRD = "+4915100000071", "+4915100000072", "+4915100000073"
QUIET = "+4915100000074"
TEAM, DEPUTY = "egh-eselsberg", "egh-mitte-ost"

ROSTER = """rosters = ( {
  roster = "bereit"; starts = "2026-11-01"; ends = "2027-12-31";
  shifts = (
    { days = "daily"; from = "08:00"; to = "16:00"; lines = [ "fm-2", "fm-1" ]; },
    { days = "daily"; from = "16:00"; to = "08:00"; lines = [ "fm-1", "fm-2" ]; } );
} );
"""


def unit(name, number, more=""):
    return (f'  {{ id = "{name}"; kind = "team"; name = "Fallmanagement {name}"; {more}\n'
            f'    contacts = ( {{ channel = "sms"; address = "{number}"; urgent_only = true; }},\n'
            f'      {{ channel = "email"; address = "{name}@ulm.example"; }} ); }},\n')


def city(folder, roster=ROSTER):
    """Ulm with an on-duty plan and a unit that keeps quiet at night."""
    base = folder / "base" / "ulm"
    shutil.copytree(TOP / "config/ulm", base)
    path = base / "units.conf"
    text = path.read_text()
    more = unit("fm-1", FIRST) + unit("fm-2", SECOND) + unit("fm-3", THIRD)
    more += unit("nachtruhe", QUIET, 'quiet = "20:00-07:00"; restricted_ok = true;')
    desk = 'id = "bereitschaft"; kind = "desk";'
    assert desk in text and "units = (\n" in text
    text = text.replace(desk, desk + ' roster = "bereit";')
    path.write_text(text.replace("units = (\n", "units = (\n" + more))
    (base / "rosters.conf").write_text(roster)
    return base


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def clock_now(scene):
    return parse(scene.gateway.clock.read_text().strip())


def stamp(scene):
    return clock_now(scene).strftime("%Y-%m-%dT%H:%M:%SZ")


def until(scene, when):
    """Moves the clock to that time in Europe/Berlin (winter)."""
    left = parse(when + "+01:00") - clock_now(scene)
    assert left.total_seconds() > 0, (when, clock_now(scene))
    scene.gateway.advance(f"{int(left.total_seconds())}s")


def ask(scene, **more):
    on = (clock_now(scene) + datetime.timedelta(days=30)).date().isoformat()
    urgency = more.pop("urgency", "prompt")
    return scene.soziales.accepted("handover.requested", handover(next_deadline=on, **more),
                                   urgency=urgency, time=stamp(scene))["item_id"]


def told(scene, code):
    rows = sorted(scene.item(code)["notices"], key=lambda row: row["notice"])
    return [(row["unit"], row["reason"]) for row in rows]


def report(scene):
    return scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency",
                                  time=stamp(scene))["item_id"]


def on_duty(scene):
    """DO1: the SMS goes to the first line within a minute, at night too; then to the next."""
    until(scene, "2026-11-14T22:40:00")
    began = time.monotonic()
    code = report(scene)
    text = wait_until(lambda: scene.texts(code), "the SMS", 60)[0]
    assert time.monotonic() - began < 60 and FIRST in text, text
    assert told(scene, code) == [("fm-1", "on_call")], told(scene, code)
    mail = scene.wait_mail(code)
    assert mail.to == "fm-1@ulm.example" and "hat Bereitschaftsdienst" in mail.text, mail.text
    assert "wird als Nächstes" in mail.text, mail.text
    scene.gateway.advance("9m")
    assert len(told(scene, code)) == 1, told(scene, code)
    scene.gateway.advance("1m")
    assert told(scene, code)[1:] == [("fm-2", "deputy")], told(scene, code)
    assert SECOND in scene.texts(code)[-1], scene.texts(code)
    scene.gateway.advance("10m")
    assert told(scene, code)[2:] == [("leitung-soziales", "lead")], told(scene, code)
    assert "voice" in scene.item(code)["flags"], scene.item(code)["flags"]


def absent_on_duty(scene):
    """Who is on duty falls ill: the second line has the first."""
    scene.gateway.ctl("absence", "fm-1", "2026-11-14", "2026-11-15")
    code = report(scene)
    assert told(scene, code) == [("fm-2", "on_call")], told(scene, code)
    assert SECOND in wait_until(lambda: scene.texts(code), "the SMS")[0]
    number = scene.gateway.json("absence", "list")[0]["number"]
    scene.gateway.ctl("absence", "end", number)
    assert scene.gateway.json("absence", "list") == []
    assert told(scene, report(scene)) == [("fm-1", "on_call")]


def roster(scene):
    rows = scene.gateway.json("roster", "bereit", "--at", "2026-11-14T22:40", "--days", "2")
    assert [(row["from"][:16], row["until"][:16], row["first"], row["second"]) for row in rows] == [
        ("2026-11-14T22:40", "2026-11-15T08:00", "fm-1", "fm-2"),
        ("2026-11-15T08:00", "2026-11-15T16:00", "fm-2", "fm-1"),
        ("2026-11-15T16:00", "2026-11-16T08:00", "fm-1", "fm-2"),
        ("2026-11-16T08:00", "2026-11-16T16:00", "fm-2", "fm-1"),
        ("2026-11-16T16:00", "2026-11-17T08:00", "fm-1", "fm-2")], rows
    assert not any(row["gap"] for row in rows), rows
    rows = scene.gateway.json("roster", "--at", "2027-12-31T20:00", "--days", "1")
    assert [row["gap"] for row in rows] == [False, True], rows
    assert json.loads(scene.page("/healthz"))["status"] == "ok"
    for words in (("nothing",), ("--at", "gestern"), ("--days", "0"), ("--days", "x")):
        done = scene.gateway.ctl("roster", *words, check=False)
        assert done.returncode == 65 and done.stderr, done


def quiet(scene):
    """E8: an SMS below emergency waits for the morning, the mail does not."""
    assert clock_now(scene) < parse("2026-11-15T06:00:00+01:00")
    code = ask(scene, to_unit="nachtruhe", place=None, service=None, rechtskreis=None,
               urgency="urgent")
    scene.wait_mail(code, to="nachtruhe@ulm.example")
    rows = {row["channel"]: row for row in scene.item(code)["deliveries"]}
    assert rows["sms"]["state"] == "pending", rows
    assert rows["sms"]["next_at"].startswith("2026-11-15T06:00:00"), rows
    scene.gateway.stop()
    scene.gateway.start().wait_online()
    scene.gateway.advance("1m")
    assert not scene.texts(code), "the SMS woke somebody"
    until(scene, "2026-11-15T07:00:00")
    wait_until(lambda: scene.texts(code), "the SMS of the morning")


def mh5(scene):
    """Open items go to who stands in when the absence begins, new ones at once; then it is over."""
    until(scene, "2026-11-20T10:00:00")
    before = ask(scene)
    assert told(scene, before) == [(TEAM, "route")], told(scene, before)
    scene.gateway.ctl("absence", TEAM, "2026-11-23", "2026-11-27")
    row = scene.gateway.json("who", "eselsberg", "sgb9", "egh")[0]
    assert (row["unit"], row["absent"], row["absent_until"]) == (TEAM, False, ""), row
    until(scene, "2026-11-22T23:59:00")
    assert told(scene, before) == [(TEAM, "route")], told(scene, before)
    until(scene, "2026-11-23T00:00:00")
    assert told(scene, before) == [(TEAM, "route"), (DEPUTY, "deputy")], told(scene, before)
    mail = scene.wait_mail(before, to=f"{DEPUTY}@ulm.example")
    stood_in = [row["instead_of"] for row in scene.item(before)["notices"]]
    assert sorted(stood_in) == ["", TEAM], stood_in
    role = "Fallmanagement Eingliederungshilfe Eselsberg"
    assert f"Sie erhalten dies als Vertretung für {role}." in mail.text, mail.text
    until(scene, "2026-11-24T09:00:00")
    began = time.monotonic()
    row = scene.gateway.json("who", "eselsberg", "sgb9", "egh")[0]
    took = time.monotonic() - began
    assert took < 1, f"the lookup took {took:.2f} s"
    assert row["unit"] == TEAM and row["absent"] is True, row
    assert row["absent_until"] == "2026-11-28T00:00:00+01:00", row
    assert row["deputy_unit"] == DEPUTY and row["deputy_mailbox"] == f"{DEPUTY}@ulm.example", row
    assert row["deputy_phone"].startswith("+49 731") and row["deputy"], row
    assert told(scene, ask(scene)) == [(DEPUTY, "deputy")]
    assert [unit for unit, _ in told(scene, before)].count(DEPUTY) == 1, told(scene, before)
    until(scene, "2026-11-28T00:00:00")
    row = scene.gateway.json("who", "eselsberg", "sgb9", "egh")[0]
    assert row["absent"] is False, row
    assert told(scene, ask(scene)) == [(TEAM, "route")]


def expired_deputy(scene):
    """A deputy who was named for a while is nobody afterwards."""
    scene.gateway.ctl("absence", TEAM, "2026-11-30T08:00", "2026-11-30T12:00", "--deputy",
                      "ksd-eselsberg")
    until(scene, "2026-11-30T11:59:00")
    row = scene.gateway.json("who", "eselsberg", "sgb9", "egh")[0]
    assert row["deputy_unit"] == "ksd-eselsberg", row
    until(scene, "2026-11-30T12:00:00")
    row = scene.gateway.json("who", "eselsberg", "sgb9", "egh")[0]
    assert row["deputy_unit"] == DEPUTY and not row["absent"], row


def refused(scene):
    for words, why in (((TEAM, "2026-12-05", "2026-12-01"), "does not lie after"),
                       ((TEAM, "2026-11-01", "2026-11-02"), "in the past"),
                       ((TEAM, "2026-12-01", "2029-12-01"), "400 days"),
                       (("nobody", "2026-12-01", "2026-12-02"), "not in the directory"),
                       ((TEAM, "2026-12-01", "2026-12-02", "--deputy", "x"), "not in the dir"),
                       ((TEAM, "2026-12-01", "2026-12-02", "--deputy", TEAM), "for itself"),
                       ((TEAM, "morgen", "2026-12-02"), "such as 2026-11-23"),
                       (("end", "99"), "no absence with that number"),
                       (("end", "x"), "number of an absence")):
        done = scene.gateway.ctl("absence", *words, check=False)
        assert done.returncode == 65 and why in done.stderr, (words, done)
    assert "Nobody is absent." in scene.gateway.ctl("absence", "list").stdout
    assert "could be reached" in scene.gateway.ctl("contacts").stdout


def restart(scene):
    """What was reported holds after a crash, and nobody is told twice."""
    scene.gateway.ctl("absence", TEAM, "2026-11-30", "2026-12-04")
    code = ask(scene)
    assert told(scene, code) == [(DEPUTY, "deputy")], told(scene, code)
    scene.gateway.kill()
    scene.gateway.start().wait_online()
    scene.gateway.advance("1m")
    assert told(scene, code) == [(DEPUTY, "deputy")], told(scene, code)
    assert scene.gateway.json("who", "eselsberg", "sgb9", "egh")[0]["absent"] is True
    audit = [row["what"] for row in scene.item(code)["audit"]]
    assert audit and "@" not in "".join(audit), audit


def plan_ends(scene):
    """The last week of a plan is trouble, and its end more so."""
    until(scene, "2027-12-25T12:00:00")
    page = json.loads(scene.page("/healthz", status=503))
    assert [row["why"] for row in page["troubles"] if row["what"] == "on-duty plan bereit"] == [
        "it ends within a week; continue it in the configuration"], page
    until(scene, "2028-01-01T00:00:00")
    page = json.loads(scene.page("/healthz", status=503))
    assert any(row["why"].startswith("nobody is on duty") for row in page["troubles"]), page
    assert told(scene, report(scene)) == [("leitung-soziales", "deputy")]


def check(folder, roster, words):
    base = city(folder, roster)
    config = make_config(folder, base)
    done = subprocess.run([BUILD / "stafetted", "-c", config, "--check"], capture_output=True,
                          text=True, timeout=30)
    text = done.stdout + done.stderr
    assert (done.returncode != 0) == bool(words), (done.returncode, text)
    assert words in text, text


def main():
    cases = Cases()
    folder = Folder()
    with Scene(base=city(folder), test_clock=START) as scene:
        for label, step in (
                ("DO1: the first line has the SMS, then the next", on_duty),
                ("on duty but absent: the second line", absent_on_duty),
                ("roster: shifts and gaps", roster),
                ("quiet hours, over a restart", quiet),
                ("MH5: absence, open items, today's deputy, the end", mh5),
                ("an expired deputy is never returned", expired_deputy),
                ("what is refused", refused),
                ("a crash forgets no absence", restart),
                ("the plan ends: trouble, and the lead is told", plan_ends)):
            cases.run(label, step, scene)
    cases.run("--check: a covered plan", check, Folder(), ROSTER, "")
    cases.run("--check names the first gap", check, Folder(),
              ROSTER.replace('"daily"; from = "08:00"', '"mon-fri"; from = "08:00"'),
              "Sa 08:00-16:00 is uncovered")
    cases.run("--check wants an SMS contact", check, Folder(),
              ROSTER.replace('"fm-2", "fm-1"', '"ksd-eselsberg", "egh-eselsberg"'),
              '"egh-eselsberg" is on duty but has no SMS')
    cases.end()


main()
