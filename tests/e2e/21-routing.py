#!/usr/bin/python3
# time limit: 180 s
"""Routing with the real daemon: a table that promises to be complete (UL2), a table that becomes
active on its day (MH4), a notice that may not leave and is let go (R9), budgets by control call."""

import subprocess
import sys

sys.path.insert(0, "tests/peers")

from peers import Cases, wait_until  # noqa: E402
from scene import Scene, handover  # noqa: E402

START = "2027-03-31T09:00:00+00:00"  # a Wednesday, 11:00 in Ulm
WJH = '{ rule = "wjh"; service = "wjh"; to = [ "wjh-eselsberg" ]; },'
EGH = '{ rule = "egh"; service = "egh"; to = [ "egh-eselsberg" ]; },'
V8 = ('{ rule = "egh-v7"; service = "egh"; to = [ "egh-eselsberg" ]; valid_to = "2027-04-01"; },'
      '{ rule = "egh-v8"; service = "egh"; to = [ "egh-wiblingen" ]; valid_from = "2027-04-01"; },')
BUDGETS = ('\nbudgets = ( { line = "bb-2027"; total_cents = 6000000; committed_cents = 4450000; '
           'lead = "leitung-soziales"; } );\n')


def change(scene, name, old, new):
    path = scene.gateway.config / name
    text = path.read_text()
    assert text.count(old) >= 1, f"{name} holds no {old!r}"
    path.write_text(text.replace(old, new, 1))


def counts(scene):
    rows = dict(line.rsplit(" ", 1) for line in scene.page("/metrics").splitlines()
                if not line.startswith("#"))
    return (int(rows["stafette_reloads_done_total"]), int(rows["stafette_reloads_refused_total"]))


def reload(scene, good=True):
    done, refused = counts(scene)
    want = (done + good, refused + (not good))
    scene.gateway.reload()
    wait_until(lambda: counts(scene) == want, f"the reload ends as {want}")
    scene.gateway.wait_quiet()


def check(scene):
    command = [str(scene.gateway.program), "-c", str(scene.gateway.config), "--check"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def ask(scene, **more):
    data = handover(next_deadline="2027-05-14", **more)
    at = scene.gateway.json("status")["now"]
    return scene.soziales.accepted("handover.requested", data, time=at)["item_id"]


def delivered(scene, code):
    return [(d["contact"], d["state"]) for d in scene.item(code)["deliveries"]]


def empty_cell(scene):
    """UL2: exit is not 0, the cell is named, and the old table stays active."""
    assert check(scene).returncode == 0, check(scene)
    reload(scene)
    before = scene.gateway.json("status")["config"]
    change(scene, "routes.conf", WJH, "")
    bad = check(scene)
    assert bad.returncode == 78, bad
    for word in ("routes.conf:", "Eselsberg", "(eselsberg, wjh)"):
        assert word in bad.stderr, bad.stderr
    reload(scene, good=False)
    assert scene.gateway.json("status")["config"] == before
    assert "(eselsberg, wjh)" in scene.gateway.log
    change(scene, "routes.conf", '{ rule = "eselsberg"; place = "eselsberg";\n      rules = (',
           '{ rule = "eselsberg"; place = "eselsberg";\n      rules = (\n        ' + WJH)
    reload(scene)


def new_table(scene):
    """MH4: the open handovers of the old table go to the new one's unit, once."""
    change(scene, "routes.conf", EGH, V8)
    reload(scene)
    code = ask(scene)
    assert scene.item(code)["waiting_for"] == "egh-eselsberg", scene.item(code)
    scene.gateway.wait_quiet()
    scene.gateway.advance("13h")
    item = scene.item(code)
    assert item["waiting_for"] == "egh-wiblingen", item
    assert item["rule"].endswith("/egh-v8"), item["rule"]
    assert scene.gateway.json("status")["green"]
    for to in ("egh-eselsberg@ulm.example", "egh-wiblingen@ulm.example"):
        scene.wait_mail(code, to)
    assert "nichts mehr tun" in scene.wait_mail(code, "egh-eselsberg@ulm.example", 2).text
    told = len(scene.item(code)["notices"])
    scene.gateway.stop()
    scene.gateway.start().wait_online()
    scene.gateway.wait_quiet()
    assert len(scene.item(code)["notices"]) == told, "told again after a restart"


def held(scene):
    """R9: what no row allows is held, told, and leaves when the matrix allows it."""
    row = 'to = "egh-wiblingen"; kinds = [ "handover" ]; bases = [ "sgb10_69", "sgb8_36b",'
    change(scene, "permissions.conf", row, row.replace('"sgb8_36b",', ""))
    reload(scene)
    code = ask(scene)
    status = scene.soziales.status("notice.held", code)
    assert status["missing"] == "permission", status
    scene.gateway.wait_quiet()
    assert ("egh-wiblingen/1", "held") in delivered(scene, code), delivered(scene, code)
    assert not scene.mails(code, "egh-wiblingen@"), "it left"
    wait_until(lambda: any("Berechtigung" in m.text for m in scene.mails(to="koordination")),
               "the coordinator's task")
    change(scene, "permissions.conf", row.replace('"sgb8_36b",', ""), row)
    reload(scene)
    scene.wait_mail(code, "egh-wiblingen@ulm.example")
    assert ("egh-wiblingen/1", "sent") in delivered(scene, code), delivered(scene, code)


def budgets(scene):
    assert scene.gateway.json("budget", "list") == []
    path = scene.gateway.config / "permissions.conf"
    path.write_text(path.read_text() + BUDGETS)
    reload(scene)
    line = scene.gateway.json("budget", "list")[0]
    assert (line["percent"], line["frozen"]) == (74, False), line
    assert scene.gateway.json("budget", "freeze", "bb-2027")["frozen"] is True
    assert scene.gateway.json("budget", "freeze", "bb-2027")["frozen"] is True
    assert scene.gateway.json("budget", "thaw", "bb-2027")["frozen"] is False
    for wrong in ("", "bb-2028", "../status", "x" * 300, "bb%202027"):
        assert scene.gateway.ctl("budget", "freeze", wrong, check=False).returncode != 0, wrong
    assert scene.gateway.json("counts") == []


STEPS = [
    ("UL2: an empty cell is named and refused", empty_cell),
    ("MH4: a table becomes active on its day", new_table),
    ("R9: a notice is held, and leaves when it may", held),
    ("DO6: budgets are listed, frozen and thawed", budgets),
]


def main():
    cases = Cases()
    with Scene(test_clock=START) as scene:
        for name, step in STEPS:
            cases.run(name, step, scene)
    cases.end()


main()
