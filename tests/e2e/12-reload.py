#!/usr/bin/python3
# time limit: 120 s
"""SIGHUP, all or nothing: a good configuration takes effect, a bad one is refused with file and
line, what open items need cannot be taken away, and a waiting delivery keeps its text."""

import subprocess
import sys

sys.path.insert(0, "tests/peers")

from peers import Aiosmtpd, Cases, wait_until  # noqa: E402
from scene import Mail, Scene, handover, now  # noqa: E402

EXTRA_UNIT = """  {
    id = "probe-team"; kind = "team"; phone = "+49 731 000999"; name = "Probeteam Eselsberg";
    areas = [ "sgb9" ]; places = [ "eselsberg" ]; functions = [ "cm" ];
    contacts = ( { channel = "email"; address = "probe-team@ulm.example"; } );
    lead = "leitung-soziales";
  },
"""


def relay_settings(relay):
    return {"transports": f'( {{ name = "relay"; adapter = "email_smtp"; '
                          f'url = "smtp://127.0.0.1:{relay.port}"; tls = "none"; '
                          f'from = "stafette@ulm.example"; }}, '
                          f'{{ name = "sms-ausgang"; adapter = "sms_file"; path = "sms"; }} )',
            "delivery.retry_first": "1s", "delivery.retry_max": "1s"}


class Files:
    """Edits of the daemon's configuration."""

    def __init__(self, scene):
        self.folder = scene.gateway.config

    def change(self, name, old, new):
        path = self.folder / name
        text = path.read_text()
        assert text.count(old) >= 1, f"{name} holds no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def line_of(self, name, text):
        lines = (self.folder / name).read_text().splitlines()
        return next(n for n, line in enumerate(lines, 1) if text in line)


def counts(scene):
    """How many reloads were done, and how many refused."""
    rows = dict(line.rsplit(" ", 1) for line in scene.page("/metrics").splitlines()
                if not line.startswith("#"))
    return (int(rows["stafette_reloads_done_total"]), int(rows["stafette_reloads_refused_total"]))


def reload(scene, good):
    """SIGHUP, and wait for its end; the version in use before and after."""
    done, refused = counts(scene)
    before = scene.gateway.json("status")["config"]
    want = (done + good, refused + (not good))
    scene.gateway.reload()
    wait_until(lambda: counts(scene) == want, f"the reload ends as {want}, now {counts(scene)}")
    return before, scene.gateway.json("status")["config"]


def told(scene, to):
    code = scene.soziales.accepted("handover.requested", handover())["item_id"]
    wait_until(lambda: scene.of(code), "the mail")
    assert scene.of(code)[0].to == to, scene.of(code)
    return code


def good_takes_effect(scene, files):
    told(scene, "egh-eselsberg@ulm.example")
    files.change("units.conf", "egh-eselsberg@ulm.example", "egh-neu@ulm.example")
    before, after = reload(scene, True)
    assert before != after, "another configuration has another version"
    told(scene, "egh-neu@ulm.example")


def bad_is_refused(scene, files):
    files.change("units.conf", "egh-neu@ulm.example", "egh-dritte@ulm.example")
    files.change("policies.conf", '"2 office hours"', '"2 offize hours"')
    line = files.line_of("policies.conf", "offize")
    before, after = reload(scene, False)
    assert before == after, "a refused configuration is not in use"
    assert f"policies.conf:{line}:" in scene.gateway.log, scene.gateway.log[-1500:]
    assert "state=refused" in scene.gateway.log
    told(scene, "egh-neu@ulm.example")
    files.change("policies.conf", '"2 offize hours"', '"2 office hours"')
    reload(scene, True)
    told(scene, "egh-dritte@ulm.example")


def every_fault_in_one_run(scene, files):
    files.change("policies.conf", '"1 staffed day"', '"1 stuffed day"')
    files.change("routes.conf", 'to = [ "bereitschaft" ]', 'to = [ "bereitschafft" ]')
    lines = {name: files.line_of(name, word) for name, word in
             (("policies.conf", "stuffed"), ("routes.conf", "bereitschafft"))}
    reload(scene, False)
    for name, line in lines.items():
        assert f"{name}:{line}:" in scene.gateway.log, f"{name}:{line} is not in the log"
    files.change("policies.conf", '"1 stuffed day"', '"1 staffed day"')
    files.change("routes.conf", 'to = [ "bereitschafft" ]', 'to = [ "bereitschaft" ]')
    reload(scene, True)


def syntax_error(scene, files):
    files.change("places.conf", "places = (", "places = ( ;")
    line = files.line_of("places.conf", "places = ( ;")
    before, after = reload(scene, False)  # and the daemon can still be asked
    assert before == after
    assert f"places.conf:{line}" in scene.gateway.log, scene.gateway.log[-1500:]
    files.change("places.conf", "places = ( ;", "places = (")
    reload(scene, True)


def unit_in_use_stays(scene, files):
    files.change("units.conf", "units = (\n", "units = (\n" + EXTRA_UNIT)
    files.change("sources.conf", '"koordination-sozialraum",',
                 '"koordination-sozialraum", "probe-team",')
    files.change("permissions.conf", "permissions = (",
                 'permissions = ( { from = "*"; to = "probe-team"; kinds = [ "handover" ]; '
                 'bases = [ "*" ]; },')
    reload(scene, True)
    data = handover(to_unit="probe-team", place=None, rechtskreis=None, service=None)
    code = scene.soziales.accepted("handover.requested", data)["item_id"]
    assert scene.item(code)["waiting_for"] == "probe-team", scene.item(code)
    remove_unit(files)
    before, after = reload(scene, False)
    assert before == after
    assert "unit probe-team: 1 open items name it" in scene.gateway.log
    answer = {"item_id": code, "by_unit": "probe-team", "at": now()}
    assert scene.soziales.accepted("handover.accepted", answer)["state"] == "accepted"
    reload(scene, True)
    answer = {"item_id": code, "by_unit": "probe-team", "code": "seen"}
    assert scene.soziales.send("handover.acknowledged", answer)["outcome"] == "refused"


def remove_unit(files):
    files.change("units.conf", EXTRA_UNIT, "")
    files.change("sources.conf", ' "probe-team",', "")
    files.change("permissions.conf",
                 '{ from = "*"; to = "probe-team"; kinds = [ "handover" ]; bases = [ "*" ]; },', "")


def text_is_frozen(scene, files):
    scene.later = True
    code = scene.soziales.accepted("handover.requested", handover())["item_id"]
    wait_until(lambda: scene.relay.refused, "a first attempt")
    template = "../templates/handover.requested.email.txt"
    files.change(template, "So geht es weiter", "Die naechsten Schritte")
    reload(scene, True)
    scene.later = False
    wait_until(lambda: scene.of(code), "the deferred mail")
    assert "So geht es weiter" in scene.of(code)[0].text, "the text changed while it waited"
    code = scene.soziales.accepted("handover.requested", handover())["item_id"]
    wait_until(lambda: scene.of(code), "the next mail")
    assert "Die naechsten Schritte" in scene.of(code)[0].text, "the new text is not used"


def address_is_not_frozen(scene, files):
    """Who fills a role is read at each attempt (DESIGN 6)."""
    scene.later = True
    before = len(scene.relay.refused)
    code = scene.soziales.accepted("handover.requested", handover())["item_id"]
    wait_until(lambda: len(scene.relay.refused) > before, "a first attempt")
    files.change("units.conf", "egh-dritte@ulm.example", "egh-vierte@ulm.example")
    reload(scene, True)
    scene.later = False
    wait_until(lambda: scene.of(code), "the deferred mail")
    assert scene.of(code)[0].to == "egh-vierte@ulm.example", scene.of(code)


def bad_template(scene, files):
    template = "../templates/handover.requested.sms.txt"
    files.change(template, "{code}", "{case_ref}")
    reload(scene, False)
    assert "handover.requested.sms.txt:" in scene.gateway.log, "the template is not named"
    files.change(template, "{case_ref}", "{code}")
    reload(scene, True)


def check_agrees(scene, files):
    """`stafetted --check` says the same and touches nothing."""
    command = [str(scene.gateway.program), "-c", str(scene.gateway.config), "--check"]
    good = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert good.returncode == 0 and "good: " in good.stdout, good
    files.change("policies.conf", '"2 office hours"', '"2 offize hours"')
    line = files.line_of("policies.conf", "offize")
    bad = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert bad.returncode == 78, bad
    assert f"policies.conf:{line}:" in bad.stderr, bad.stderr
    files.change("policies.conf", '"2 offize hours"', '"2 office hours"')


STEPS = [
    ("a good configuration takes effect", good_takes_effect),
    ("a bad one is refused with file and line, the old one stays", bad_is_refused),
    ("every fault is named in one run", every_fault_in_one_run),
    ("a syntax error is refused too", syntax_error),
    ("a template with a forbidden key is refused", bad_template),
    ("a unit that an open item waits for cannot go", unit_in_use_stays),
    ("a waiting mail keeps its text", text_is_frozen),
    ("a waiting mail goes to the unit's new address", address_is_not_frozen),
    ("--check says the same", check_agrees),
]


class SmtpScene(Scene):
    """Mails go to a relay that says "later" while `later` is set."""

    def __init__(self):
        self.later = False
        self.relay = Aiosmtpd(on_data=lambda *_: "451 4.3.0 later" if self.later else None)
        super().__init__(settings=relay_settings(self.relay))

    def of(self, code):
        mails = [Mail(content) for _, _, content in self.relay.mails]
        return [mail for mail in mails if code in mail.text]

    def __enter__(self):
        self.relay.start()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.relay.stop()


def main():
    cases = Cases()
    with SmtpScene() as scene:
        files = Files(scene)
        for label, step in STEPS:
            cases.run(label, step, scene, files)
    cases.end()


main()
