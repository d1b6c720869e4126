#!/usr/bin/python3
# time limit: 120 s
"""`stafettectl watch` with the real daemon: frozen, killed, stopped, held and back again; told by a
command and by a mail over a relay of its own, through the shipped ACL."""

import sys

sys.path.insert(0, "tests/peers")

from peers import Aiosmtpd, Cases, Process, wait_until  # noqa: E402
from scene import ACCOUNTS, Mail, Scene  # noqa: E402

AFTER = "3s"
WAIT = 15  # seconds for a report: silence, the broker's last will, and a busy machine
WORDS = {"silent": "kein Lebenszeichen", "offline": "nicht am Broker angemeldet",
         "not_green": "meldet aber selbst eine Störung", "recovered": "meldet sich wieder"}


class Watched(Scene):
    """The daemon and two watches of it."""

    def __init__(self):
        super().__init__(settings={"events.heartbeat": "1s"})
        self.relay = Aiosmtpd()
        self.notes = self.folder / "notes"
        self.notes.touch()
        self.watches = []

    def __enter__(self):
        super().__enter__()
        self.relay.start()
        password = self.folder / "watch-password"
        password.write_text(ACCOUNTS["stafette-watch"] + "\n")
        command = f'echo "$STAFETTE_INSTANCE $STAFETTE_REASON" >> {self.notes}'
        for name, how in (("watch-command", ["--command", command]),
                          ("watch-mail", ["--mail-to", "it@ulm.example", "--mail-from",
                                          "watch@ulm.example", "--relay",
                                          f"smtp://127.0.0.1:{self.relay.port}"])):
            words = [str(self.gateway.ctl_program), "watch", "--broker",
                     f"127.0.0.1:{self.broker.port}", "--username", "stafette-watch",
                     "--password-file", str(password), "--instance", "ulm", "--after", AFTER, *how]
            self.watches.append(Process(name, words, self.folder))
        for watch in self.watches:
            watch.wait_ready(lambda w=watch: "watch connected" in w.log.read_text())
        return self

    def __exit__(self, *_):
        for watch in self.watches:
            watch.kill()
        self.relay.stop()
        super().__exit__()

    def told(self):
        return self.notes.read_text().splitlines()

    def mailed(self):
        return [Mail(content) for _, _, content in self.relay.mails]


def expect(scene, trouble):
    """The next report of both watches is this trouble."""
    count = scene.reports = getattr(scene, "reports", 0) + 1
    wait_until(lambda: len(scene.told()) >= count and len(scene.mailed()) >= count,
               f"report {count} ({trouble}), not {scene.told()}", WAIT)
    assert scene.told()[count - 1].startswith(f"ulm {trouble}: "), scene.told()
    mail = scene.mailed()[count - 1]
    assert mail.to == "it@ulm.example", mail
    assert f"Zustand: {trouble}" in mail.text and WORDS[trouble] in mail.text, mail.text
    over = trouble == "recovered"
    assert mail.subject == f"Stafette ulm: {'wieder in Ordnung' if over else 'Störung'}", mail


def frozen(scene):
    scene.gateway.freeze()
    expect(scene, "silent")
    scene.gateway.thaw()
    expect(scene, "recovered")


def killed(scene):
    """The broker publishes the last will, so this is known before the silence is long enough."""
    scene.gateway.kill()
    expect(scene, "offline")
    scene.gateway.start()
    expect(scene, "recovered")


def stopped(scene):
    scene.gateway.stop()
    expect(scene, "offline")
    scene.gateway.start()
    expect(scene, "recovered")


def restored(scene):
    """A held store is alive and not green."""
    backup = scene.folder / "backup.db"
    scene.gateway.ctl("backup", backup)
    scene.gateway.stop()
    expect(scene, "offline")
    scene.gateway.ctl("restore", backup)
    scene.gateway.start()
    expect(scene, "not_green")
    scene.gateway.ctl("release")
    expect(scene, "recovered")


def broker_gone(scene):
    """Without the broker nobody hears the gateway: the report names that."""
    scene.broker.kill()
    expect(scene, "silent")
    assert "Der Broker ist von hier nicht erreichbar" in scene.told()[-1], scene.told()
    scene.broker.start()
    expect(scene, "recovered")


def nothing_more(scene):
    """Each trouble and its end was told once."""
    assert len(scene.told()) == len(scene.mailed()) == scene.reports, scene.told()
    for watch in scene.watches:
        assert watch.stop() == 0, watch.popen.returncode


STEPS = [
    ("frozen (SIGSTOP) and thawed", frozen),
    ("killed (SIGKILL) and started", killed),
    ("stopped (SIGTERM) and started", stopped),
    ("restored: not green until the release", restored),
    ("the broker gone and back", broker_gone),
    ("each is told once; the watch ends well", nothing_more),
]


def main():
    cases = Cases()
    with Watched() as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.end()


main()
