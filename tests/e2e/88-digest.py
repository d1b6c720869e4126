#!/usr/bin/python3
# time limit: 120 s
"""Overviews against the real daemon on the test clock: the coordinator's week, a team's morning,
what nobody is responsible for, the month's figure for who oversees; once each over restarts,
SIGKILL and an outage; the text of the moment of sending; `stafettectl digest`."""

import contextlib
import datetime
import shutil
import sqlite3
import sys

sys.path.insert(0, "tests/peers")

from peers import TOP, Cases, Folder, wait_until  # noqa: E402
from scene import Scene, handover  # noqa: E402

START = "2026-11-20T09:00:00+00:00"  # Friday 10:00 in Ulm
DESK = "koordination-sozialraum@ulm.example"
TEAM = "egh-eselsberg"
MAILBOX = f"{TEAM}@ulm.example"
WEEK, MORNING, ORPHANS = "Ihre Wochenübersicht", "Ihre Morgenübersicht", "ohne zuständige Stelle"
MONTH = "Zahlen zu Fristen im vergangenen Monat"
OVERSIGHT = "qualitaet@ulm.example"


def city(folder):
    """Ulm with one team that wants a morning, and a desk that oversees the quality."""
    base = folder / "base" / "ulm"
    shutil.copytree(TOP / "config/ulm", base)
    path = base / "units.conf"
    text = path.read_text()
    team = f'id = "{TEAM}"; kind = "team";'
    assert team in text
    desk = ('units = (\n  { id = "qualitaet"; kind = "desk"; name = "Qualitätsverantwortung";'
            f' quality_oversight = true; contacts = ( {{ channel = "email";'
            f' address = "{OVERSIGHT}"; }} ); }},')
    assert "units = (" in text
    path.write_text(text.replace(team, team + " digest = true;").replace("units = (", desk, 1))
    return base


def clock_now(scene):
    return datetime.datetime.fromisoformat(
        scene.gateway.clock.read_text().strip().replace("Z", "+00:00"))


def until(scene, when):
    """Moves the clock to that time in Europe/Berlin (winter)."""
    left = datetime.datetime.fromisoformat(when + "+01:00") - clock_now(scene)
    assert left.total_seconds() > 0, (when, clock_now(scene))
    scene.gateway.advance(f"{int(left.total_seconds())}s")


def found(scene, subject, to=""):
    return [mail for mail in scene.mails(to=to) if subject in mail.subject]


def ask(scene):
    stamp = clock_now(scene).strftime("%Y-%m-%dT%H:%M:%SZ")
    return scene.soziales.accepted("handover.requested", handover(next_deadline="2026-12-18"),
                                   urgency="prompt", time=stamp)["item_id"]


def said(scene, *words):
    return scene.gateway.ctl("digest", *words).stdout


def week(scene):
    """Monday at seven, and only then; overdue items by team and code."""
    scene.code = ask(scene)  # due on Monday when the office closes
    until(scene, "2026-11-23T06:59:59")
    assert not found(scene, WEEK)
    until(scene, "2026-11-23T07:00:00")
    mails = found(scene, WEEK)
    assert [mail.to for mail in mails] == [DESK], mails
    assert "Es ist alles in Ordnung" in mails[0].text, mails[0].text
    assert "kann nicht abbestellt werden" in mails[0].text, mails[0].text
    assert "erhält diese Übersicht zu festen Zeiten" in mails[0].text, mails[0].text
    until(scene, "2026-11-24T00:00:00")
    assert len(found(scene, WEEK)) == 1
    text = said(scene, "weekly")
    assert "Überfällig" in text and f"{scene.code} (Übergabe, seit Fr 20.11.2026)" in text, text
    assert scene.gateway.json("digest", "weekly")["kind"] == "weekly"


def morning(scene):
    """Half past seven, only with something in it; never instead of the notice itself."""
    assert not found(scene, MORNING, DESK)
    before = len(found(scene, MORNING, MAILBOX))
    until(scene, "2026-11-24T12:00:00")
    code = ask(scene)  # due on Wednesday
    scene.wait_mail(code, to=MAILBOX)
    assert len(found(scene, MORNING, MAILBOX)) <= before + 1
    until(scene, "2026-11-25T07:29:59")
    before = len(found(scene, MORNING, MAILBOX))
    until(scene, "2026-11-25T07:30:00")
    mails = found(scene, MORNING, MAILBOX)
    assert len(mails) == before + 1, mails
    assert f"{code} (Übergabe): bitte antworten bis Mi 25.11.2026" in mails[-1].text, mails[-1].text
    assert "kann die Technik sie für Ihre Stelle abstellen" in mails[-1].text, mails[-1].text
    assert code in said(scene, "morning", "--unit", TEAM)
    for item in (code, scene.code):
        scene.gateway.ctl("answer", item, "seen", "--unit", TEAM)
        scene.gateway.ctl("answer", item, "accept", "--unit", TEAM, check=False)
    assert "nichts verschickt" in said(scene, "morning", "--unit", TEAM)
    until(scene, "2026-11-26T12:00:00")
    assert len(found(scene, MORNING, MAILBOX)) == before + 1, "an empty morning"
    others = {mail.to for mail in found(scene, MORNING)} - {MAILBOX}
    assert not others, f"nobody else wants one: {others}"


def change(scene, sql, **values):
    with contextlib.closing(sqlite3.connect(scene.gateway.store, timeout=10)) as db, db:
        db.execute(sql, values)


def orphans(scene):
    """A store that was tampered with: the list each morning until it is mended."""
    code = ask(scene)
    seq = scene.gateway.json("item", "show", code)
    assert seq["responsible"], seq
    until(scene, "2026-11-27T06:00:00")
    assert not found(scene, ORPHANS)
    change(scene, "update item set owner_unit = 'aufgeloest' where item_seq ="
           " (select max(item_seq) from item where kind = 0)")
    until(scene, "2026-11-27T07:00:00")
    mails = found(scene, ORPHANS, DESK)
    assert len(mails) == 1, mails
    assert f"{code} (Übergabe): keine zuständige Stelle" in mails[0].text, mails[0].text
    assert code in said(scene, "orphans") and code in said(scene, "weekly")
    until(scene, "2026-11-28T07:00:00")
    assert len(found(scene, ORPHANS, DESK)) == 2
    change(scene, "update item set owner_unit = 'ksd-eselsberg' where owner_unit = 'aufgeloest'")
    until(scene, "2026-11-29T07:00:00")
    assert len(found(scene, ORPHANS, DESK)) == 2, "mended, and still told"


def once(scene):
    """Not again after a restart or SIGKILL; of an outage of three weeks one."""
    until(scene, "2026-11-30T07:00:00")
    before = len(found(scene, WEEK))
    assert before == 2, before
    scene.gateway.stop()
    scene.gateway.start().wait_online()
    scene.gateway.advance("1m")
    scene.gateway.kill()
    scene.gateway.start().wait_online()
    scene.gateway.advance("1m")
    assert len(found(scene, WEEK)) == before, "the same week was told twice"
    scene.gateway.kill()
    scene.gateway.clock.write_text("2026-12-22T12:00:00+00:00\n")
    scene.gateway.start().wait_online()
    scene.gateway.advance("1s")
    wait_until(lambda: len(found(scene, WEEK)) == before + 1, "the week of the outage")
    scene.gateway.advance("6h")
    assert len(found(scene, WEEK)) == before + 1, "several for one outage"
    month(scene)


def month(scene):
    """November's figure, which fell into the outage; nobody else gets it, no item is named."""
    mails = found(scene, MONTH)
    assert [mail.to for mail in mails] == [OVERSIGHT], mails
    text = " ".join(mails[0].text.split())
    assert "So 01.11.2026 bis Mo 30.11.2026" in text, text
    assert "zusammen: 1-4. Mehr wird nicht genannt" in text, text
    assert scene.code not in text and TEAM not in text, text
    until(scene, "2027-01-01T05:59:59")
    assert len(found(scene, MONTH)) == 1, "told before the month was over"
    until(scene, "2027-01-01T06:00:00")
    scene.gateway.kill()
    scene.gateway.start().wait_online()
    scene.gateway.advance("1h")
    assert len(found(scene, MONTH)) == 2, found(scene, MONTH)
    assert "Zeitraum: Di 01.12.2026 bis Do 31.12.2026" in said(scene, "quality")


def refusals(scene):
    for words, why in ((("morning",), "name it by --unit"), (("monthly",), "there is weekly"),
                       (("phases",), "name it by --unit"),
                       (("morning", "--unit", "nobody"), "not in the directory"),
                       ((), "WHICH is missing")):
        done = scene.gateway.ctl("digest", *words, check=False)
        assert done.returncode and why in done.stderr, (words, done)


def main():
    cases = Cases()
    folder = Folder()
    with Scene(base=city(folder), test_clock=START) as scene:
        cases.run("the coordinator's week, Monday at seven", week, scene)
        cases.run("a team's morning, only with something in it", morning, scene)
        cases.run("what nobody is responsible for, each day until mended", orphans, scene)
        cases.run("once over restarts, SIGKILL and an outage", once, scene)
        cases.run("stafettectl digest refuses what is not there", refusals, scene)
    return cases.end()


if __name__ == "__main__":
    sys.exit(main())
