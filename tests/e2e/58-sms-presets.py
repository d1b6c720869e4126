#!/usr/bin/python3
# time limit: 300 s
"""The presets of SMS gateways against imitations that speak their documents: a notice goes out and
is accepted, its id is kept, each documented error means what it should and is mended by the next
attempt or ends the delivery, a repeat carries the same reference, and the delivery reports of the
gateway move what is known of the SMS. Imitated, not proven."""

import contextlib
import json
import sqlite3
import sys
import urllib.request

sys.path.insert(0, "tests/peers")

from peers import Cases, Folder, free_port, started, wait_until  # noqa: E402
from scene import Scene, emergency  # noqa: E402
from sms_gateways import FAILED, GATEWAYS  # noqa: E402

ON_CALL = "+4915100000001"
SECRET = "sms-presets-secret-0123456789"
QUICK = {"delivery.retry_first": "1s", "delivery.retry_max": "1s"}


def transports(gateway, folder):
    key = folder / f"{gateway.preset}.key"
    key.write_text(gateway.key + "\n")
    key.chmod(0o600)
    secret = folder / "reports.secret"
    secret.write_text(SECRET + "\n")
    secret.chmod(0o600)
    reports = f' reports = {{ secret_file = "{secret}"; sources = "127.0.0.1"; }};'
    return ('( { name = "post"; adapter = "null_email"; },'
            f' {{ name = "gateway"; adapter = "sms_http"; preset = "{gateway.preset}";'
            f' url = "{gateway.url}"; tls = "none"; timeout = "3s"; {gateway.options(key)}'
            f'{reports if gateway.reports else ""} }} )')


def report(scene):
    """An emergency: the code of its item."""
    return scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency")["item_id"]


def sms_of(scene, code):
    """The first SMS about the item to the on-call phone."""
    return [d for d in scene.item(code)["deliveries"]
            if d["channel"] == "sms" and d["contact"].startswith("bereitschaft/")][0]


def taken(gateway, code):
    return [sms for sms in gateway.accepted if code in sms[1] and sms[0] == ON_CALL]


def last_id(scene):
    where = f"file:{scene.gateway.store}?mode=ro"
    with contextlib.closing(sqlite3.connect(where, uri=True, timeout=10)) as db:
        return db.execute("select provider_id from delivery where channel = 1 and state = 1"
                          " order by ended_ms desc, delivery_seq desc").fetchone()[0]


def attempts(scene, since):
    return [line for line in scene.gateway.log[since:].splitlines()
            if 'msg="attempt"' in line and "channel=sms" in line]


def goes_out(scene, gateway):
    code = report(scene)
    wait_until(lambda: sms_of(scene, code)["state"] == "sent", f"sent, but: {gateway.refused}")
    assert len(taken(gateway, code)) == 1, gateway.accepted
    assert not gateway.refused, gateway.refused
    reference = taken(gateway, code)[0][2]
    assert reference is None or reference.startswith("d"), reference
    assert bool(last_id(scene)) == gateway.tells_id, last_id(scene)
    scene.hotline.status("notice.sent", code)


def error(scene, gateway, name):
    _, wanted, ending = gateway.faults[name]
    since = len(scene.gateway.log)
    gateway.fault = name
    code = report(scene)
    wait_until(lambda: f"class={wanted} " in "\n".join(attempts(scene, since)) + " ",
               f"class={wanted}, but: {attempts(scene, since)}")
    if ending == FAILED:
        wait_until(lambda: sms_of(scene, code)["state"] == "failed", "failed")
        assert sms_of(scene, code)["attempts"] == 1, sms_of(scene, code)
        return
    wait_until(lambda: sms_of(scene, code)["state"] == "sent", "sent after the error")
    assert len(taken(gateway, code)) == 1, gateway.accepted


def reported(scene, gateway, port, report_row):
    """The callback by our reference, as the gateway sends it."""
    word, shown, wanted = report_row
    code = report(scene)
    wait_until(lambda: sms_of(scene, code)["state"] == "sent", f"sent, but: {gateway.refused}")
    reference = taken(gateway, code)[0][2]
    body = gateway.report(f"{7700 + len(gateway.accepted)}", reference, word)
    url = f"http://127.0.0.1:{port}/sms/report/gateway?key={SECRET}"
    request = urllib.request.Request(url, json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200, answer.status
    wait_until(lambda: sms_of(scene, code).get("report") == shown,
               f"{shown}, but: {sms_of(scene, code)}")
    if wanted:
        assert sms_of(scene, code)["class"] == wanted, sms_of(scene, code)


def no_secret(scene, gateway):
    for word in (gateway.key, ON_CALL[1:]):
        assert word not in scene.gateway.log, word


def main():
    cases = Cases()
    folder = Folder()
    for kind in GATEWAYS:
        port = free_port()
        gateway = kind()
        with started(gateway.sink), Scene(settings={"transports": transports(gateway, folder),
                                                    "http.public": f"127.0.0.1:{port}",
                                                    **QUICK}) as scene:
            cases.run(f"{gateway.preset}: accepted", goes_out, scene, gateway)
            for name in gateway.faults:
                cases.run(f"{gateway.preset}: {name}", error, scene, gateway, name)
            for row in gateway.reports:
                cases.run(f"{gateway.preset}: report {row[0]}", reported, scene, gateway,
                          port, row)
            cases.run(f"{gateway.preset}: no key and no number in the log", no_secret, scene,
                      gateway)
    cases.end()


main()
