#!/usr/bin/python3
# time limit: 180 s
"""SMS by a modem of the city's own: Debian's gammu-smsd with its simulated phone. What it has sent
is reported and tidied away, what it gave up goes to the next contact, its phone's answers count;
while it is away, files wait for it; a killed daemon sends nothing twice; and no file of another
program is touched."""

import contextlib
import re
import sqlite3
import sys

sys.path.insert(0, "tests/peers")

from gammu import Gammu  # noqa: E402
from peers import Cases, Folder, wait_until  # noqa: E402
from scene import Scene, emergency  # noqa: E402

ON_CALL = "+4915100000001"
FOREIGN = "OUTC20260101_000000_00_+4915199999999_sms0.txt"


def transports(gammu):
    paths = " ".join(f'{name} = "{path}";' for name, path in gammu.path.items())
    return ('( { name = "post"; adapter = "null_email"; },'
            f' {{ name = "modem"; adapter = "sms_gammu"; {paths} every = "1s"; }} )')


def report(scene):
    """An emergency: the code of its item."""
    return scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency")["item_id"]


def texts(gammu, code):
    return [text for number, text in gammu.texts if code in text and number == ON_CALL]


def on_call(scene, code):
    """The SMS to the on-call phone, as the store has it."""
    where = f"file:{scene.gateway.store}?mode=ro"
    rows = [d for d in scene.item(code)["deliveries"] if d["contact"].startswith("bereitschaft/")
            and d["channel"] == "sms"]
    with contextlib.closing(sqlite3.connect(where, uri=True, timeout=10)) as db:
        found = db.execute("select d.state, d.report, d.provider_id from delivery d"
                           " where d.provider_id <> '' and d.contact = ? and d.channel = 1"
                           " order by d.delivery_seq desc", (rows[0]["contact"],)).fetchall()
    return rows[0], found


def outgoing(gammu, folder):
    return [name for name in gammu.files(folder) if ON_CALL in name]


def waits(scene, gammu):
    """Without the program an SMS is a file in its outbox, urgent ones first in the alphabet."""
    code = report(scene)
    wait_until(lambda: outgoing(gammu, "outbox"), "a file in the outbox")
    names = outgoing(gammu, "outbox")
    assert len(names) == 1 and names[0].startswith("OUTA"), names
    data = (gammu.path["outbox"] / names[0]).read_bytes()
    assert data[:2] == b"\xfe\xff" and code in data[2:].decode("utf-16-be"), data
    wait_until(lambda: on_call(scene, code)[0]["state"] == "sent", "taken over")
    return code


def sent(scene, gammu, code):
    gammu.start()
    wait_until(lambda: texts(gammu, code), "the phone sends it")
    wait_until(lambda: on_call(scene, code)[1][0][1] == 2, "the report")
    wait_until(lambda: not outgoing(gammu, "sent") + outgoing(gammu, "outbox"), "tidied away")
    assert len(texts(gammu, code)) == 1, gammu.texts


def answered(scene, gammu):
    code = report(scene)
    text = wait_until(lambda: texts(gammu, code), "the phone sends it")[0]
    number = re.search(r"OK\+?\s*(\d\d)", text).group(1)
    gammu.say(ON_CALL, f"OK {number}")
    scene.hotline.status("emergency.acknowledged", code)
    wait_until(lambda: [t for t in texts(gammu, code) if "Vermerkt" in t], "the reply")
    assert scene.item(code)["state"] == "acknowledged"
    wait_until(lambda: gammu.files("inbox") == ["liesmich"], "the inbox is tidied")


def given_up(scene, gammu):
    gammu.stop()
    code = report(scene)
    name = wait_until(lambda: outgoing(gammu, "outbox"), "a file in the outbox")[0]
    gammu.give_up(name)
    scene.hotline.status("notice.failed", code)
    row = on_call(scene, code)[0]
    assert (row["state"], row["class"]) == ("failed", "connect"), row
    wait_until(lambda: not outgoing(gammu, "error"), "tidied away")
    others = [d for d in scene.item(code)["deliveries"] if d["contact"] != row["contact"]]
    assert others, "nobody else was told"
    assert scene.gateway.json("contacts") == [], "the number is blamed for the modem"


def killed(scene, gammu):
    """Killed with the SMS handed over; gammu-smsd sends it while the daemon is down."""
    code = report(scene)
    wait_until(lambda: outgoing(gammu, "outbox"), "a file in the outbox")
    scene.gateway.kill()
    gammu.start()
    wait_until(lambda: texts(gammu, code), "the phone sends it")
    scene.gateway.start()
    wait_until(lambda: on_call(scene, code)[1][0][1] == 2, "the report")
    wait_until(lambda: not outgoing(gammu, "sent") + outgoing(gammu, "outbox"), "tidied away")
    assert len(texts(gammu, code)) == 1, gammu.texts


def untouched(scene, gammu):
    assert FOREIGN in gammu.files("sent") and "liesmich" in gammu.files("inbox"), gammu.path
    assert ON_CALL[1:] not in scene.gateway.log


def away(scene, gammu):
    """A folder that cannot be read is one incident, and ends."""
    gone = gammu.path["inbox"].rename(gammu.folder / "away")
    wait_until(lambda: "cannot read the folder inbox" in scene.gateway.log, "said so")
    gone.rename(gammu.path["inbox"])
    code = report(scene)
    wait_until(lambda: on_call(scene, code)[1][0][1] == 2, "the report")


def main():
    cases = Cases()
    gammu = Gammu(Folder())
    (gammu.path["sent"] / FOREIGN).write_text("foreign")
    (gammu.path["inbox"] / "liesmich").write_text("foreign")
    try:
        with Scene(settings={"transports": transports(gammu)}) as scene:
            first = []
            cases.run("the modem program is away: a file waits",
                      lambda: first.append(waits(scene, gammu)))
            cases.run("it is there: sent, reported, tidied away", lambda: sent(scene, gammu,
                                                                               first[0]))
            cases.run("an answer comes back by the same way", answered, scene, gammu)
            cases.run("given up: the next contact, the number is not blamed", given_up, scene,
                      gammu)
            cases.run("a killed daemon sends nothing twice", killed, scene, gammu)
            cases.run("a folder that is away", away, scene, gammu)
            cases.run("files of others and the log", untouched, scene, gammu)
    finally:
        gammu.stop()
    cases.end()


main()
