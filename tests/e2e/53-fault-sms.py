#!/usr/bin/python3
# time limit: 180 s
"""The SMS gateway fails the daemon: errors, throttling, silence, garbage, a refused number; the
same message reference at each attempt, and nothing else waits for it. And a real Kannel that hands
the SMS to its network, also after having been away."""

import json
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from peers import Cases, Folder, HttpSink, Kannel, Talker, started, wait_until  # noqa: E402
from scene import Scene, emergency, handover  # noqa: E402

ON_CALL = "+4915100000001"
QUICK = {"delivery.retry_first": "1s", "delivery.retry_max": "1s"}
POST = '{ name = "post"; adapter = "null_email"; }'
GOOD = (200, '{"status": "accepted", "id": "m-1"}')


def by_http(url):
    return (f'( {POST}, {{ name = "gateway"; adapter = "sms_http"; url = "{url}/sms";'
            ' body = "json"; params = ( { name = "to"; value = "{to}"; },'
            ' { name = "text"; value = "{text}"; }, { name = "ref"; value = "{reference}"; } );'
            ' ok_pointer = "/status"; ok_values = "accepted"; id_pointer = "/id";'
            ' credit_values = "empty"; address_codes = "400"; tls = "none"; timeout = "2s"; } )')


def by_kannel(url, password):
    return (f'( {POST}, {{ name = "kannel"; adapter = "sms_kannel"; url = "{url}";'
            f' username = "gw"; password_file = "{password}"; tls = "none"; timeout = "3s"; }} )')


def report(scene, **more):
    """An emergency: the code of its item."""
    return scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency",
                                  **more)["item_id"]


def sms_of(scene, code, unit="bereitschaft"):
    rows = [d for d in scene.item(code)["deliveries"]
            if d["channel"] == "sms" and d["contact"].startswith(f"{unit}/")]
    return rows[0] if rows else None


def wait_state(scene, code, state, timeout=20):
    def is_so():
        row = sms_of(scene, code)
        return row if row and row["state"] == state else None

    try:
        return wait_until(is_so, f"the SMS is {state}", timeout)
    except AssertionError as error:
        raise AssertionError(f"{error}, but: {sms_of(scene, code)}") from None


class Moody:
    """An HTTP gateway that plays answers in order, then accepts."""

    def __init__(self):
        self.script = []
        self.sink = HttpSink(self._answer)

    def _answer(self, request):
        if json.loads(request.body)["to"] != ON_CALL:
            return GOOD
        return self.script.pop(0) if self.script else GOOD

    def bodies(self, code):
        """(time, body) of each request about the item and the on-call's phone."""
        found = [(r.at, json.loads(r.body)) for r in self.sink.requests]
        return [(at, body) for at, body in found
                if code in body["text"] and body["to"] == ON_CALL]


def attempts(scene, since):
    return [line for line in scene.gateway.log[since:].splitlines()
            if 'msg="attempt"' in line and "channel=sms" in line]


def fails_then_sent(scene, moody, answers, *words):
    """Each answer is a deferred attempt with those words in the log; then the SMS is accepted."""
    since = len(scene.gateway.log)
    moody.script = list(answers)
    code = report(scene)
    row = wait_state(scene, code, "sent")
    assert row["attempts"] == len(answers) + 1, row
    requests = moody.bodies(code)
    assert len({body["ref"] for _, body in requests}) == 1, requests
    assert len(requests) == len(answers) + 1, requests
    lines = [line for line in attempts(scene, since) if "result=deferred" in line]
    assert len(lines) == len(answers), lines
    for word in words:
        assert all(word in line for line in lines), lines
    scene.hotline.status("notice.sent", code)
    return requests


def throttled(scene, moody):
    answer = (429, "slow down", {"Retry-After": "4"})
    requests = fails_then_sent(scene, moody, [answer], "class=throttled", "code=429")
    waited = requests[1][0] - requests[0][0]
    assert 4.0 <= waited < 8.0, f"asked for 4 s, waited {waited:.1f} s"


def hangs(scene, moody):
    """Meanwhile another SMS and the pages go on."""
    since = len(scene.gateway.log)
    moody.script = ["hang"]
    before = len(moody.sink.requests)
    code = report(scene)
    moody.sink.wait(before + 1)
    assert sms_of(scene, code)["state"] == "pending"
    other = report(scene)
    row = wait_state(scene, other, "sent", 1.5)
    assert row["attempts"] == 1, row
    assert sms_of(scene, code)["state"] == "pending", "the one that hangs is over already"
    began = time.monotonic()
    urllib.request.urlopen(f"http://127.0.0.1:{scene.gateway.internal_port}/metrics", timeout=2)
    assert time.monotonic() - began < 0.5
    wait_state(scene, code, "sent")
    assert len({body["ref"] for _, body in moody.bodies(code)}) == 1
    deferred = [line for line in attempts(scene, since) if "result=deferred" in line]
    assert len(deferred) == 1 and "class=ambiguous" in deferred[0], deferred
    moody.sink.let_go()


def closes(scene, moody):
    """On a kept connection libcurl asks once more by itself: HTTP cannot tell a gateway that
    closed an idle connection from one that took the request and fell silent."""
    since = len(scene.gateway.log)
    moody.script = ["close", "close"]
    code = report(scene)
    row = wait_state(scene, code, "sent")
    assert row["attempts"] in (2, 3), row
    requests = moody.bodies(code)
    assert len(requests) == 3 and len({body["ref"] for _, body in requests}) == 1, requests
    assert any("result=deferred" in line for line in attempts(scene, since))


def refused_number(scene, moody):
    """This number for good: failed at once, and the sender hears of it."""
    moody.script = [(400, "no such number")]
    code = report(scene)
    status = scene.hotline.status("notice.failed", code)
    assert (status["channel"], status["class"]) == ("sms", "address"), status
    assert status["reason"] == "Unter dieser Adresse oder Nummer ist niemand zu erreichen.", status
    row = sms_of(scene, code)
    assert (row["state"], row["class"], row["attempts"]) == ("failed", "address", 1), row
    flags = scene.gateway.json("contacts")
    assert [(f["contact"], f["class"], f["failures"]) for f in flags] == [
        (row["contact"], "address", 1)], flags
    assert ON_CALL not in scene.gateway.ctl("contacts").stdout
    wait_state(scene, report(scene), "sent")
    assert scene.gateway.json("contacts") == [], "a success does not clear the flag"


def health(scene):
    try:
        answer = urllib.request.urlopen(f"http://127.0.0.1:{scene.gateway.internal_port}/healthz",
                                        timeout=5)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.read().decode()


def operators_hear(scene, moody, answer, error):
    """What only the operators can mend is an incident at once, and over with the first success."""
    before = len(moody.sink.requests)
    since = len(scene.gateway.log)
    moody.script = [answer]
    code = report(scene)
    moody.sink.wait(before + 1)
    wait_until(lambda: f"name=gateway state=trouble class={error}" in scene.gateway.log[since:],
               f"an incident of class {error}")
    wait_state(scene, code, "sent")
    wait_until(lambda: "gateway" not in health(scene), "/healthz is well again")


def wrong_login(scene, moody):
    fails_then_sent(scene, moody, [(401, "who?")], "class=auth", "code=401")


# ---- what is not HTTP at all

def always(answer, port=0):
    """Answers each connection with the same bytes, after having read the request."""
    def talk(client):
        client.recv(65536)
        client.sendall(answer)
    return Talker(talk, port)


NOISE = [
    ("no HTTP", b"\x16\x03\x01 hello\r\n\r\n"),
    ("nothing at all", b""),
    ("half an answer", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"status\": \"acc"),
    ("a header without end", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 400000),
]


def noise(answer):
    raw = always(answer)
    with Scene(settings={"transports": by_http(f"http://127.0.0.1:{raw.port}"), **QUICK}) as scene:
        try:
            code = report(scene)
            wait_until(lambda: sms_of(scene, code)["attempts"] >= 2, "two attempts")
            row = sms_of(scene, code)
            assert row["state"] == "pending" and row["class"] in ("connect", "ambiguous"), row
            raw.stop()
            raw = always(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                         b"Content-Length: 22\r\n\r\n{\"status\": \"accepted\"}", raw.port)
            wait_state(scene, code, "sent")
        finally:
            raw.stop()


def http(cases):
    moody = Moody()
    with started(moody.sink), Scene(settings={"transports": by_http(moody.sink.url),
                                              **QUICK}) as scene:
        cases.run("well: accepted at once", fails_then_sent, scene, moody, [])
        cases.run("500 twice, then sent with the same reference", fails_then_sent, scene, moody,
                  [(500, "oops"), (503, "")], "class=temporary")
        cases.run("429 with Retry-After is obeyed", throttled, scene, moody)
        cases.run("a hanging gateway holds nothing else up", hangs, scene, moody)
        cases.run("200 with a maintenance page is no acceptance", fails_then_sent, scene, moody,
                  [(200, "<html>Wartung</html>"), (200, ""), (200, b"\x00\xff{")],
                  "class=ambiguous")
        cases.run("closed without an answer", closes, scene, moody)
        cases.run("a refused login is repeated", wrong_login, scene, moody)
        for label, answer, error in (
                ("no credit", (402, "pay"), "credit"),
                ("no credit, in the gateway's own word", (200, '{"status": "empty"}'), "credit"),
                ("another address of the gateway", (404, "gone"), "local")):
            cases.run(f"{label}: an incident at once", operators_hear, scene, moody, answer, error)
        cases.run("a refused number fails at once", refused_number, scene, moody)
        cases.run("no number in the log", no_word, scene, ON_CALL[1:])
    for label, answer in NOISE:
        cases.run(f"garbage: {label}", noise, answer)


def no_word(scene, word):
    assert word not in scene.gateway.log


# ---- Kannel

def kannel_delivers(scene, kannel):
    code = report(scene)
    wait_state(scene, code, "sent")
    text = wait_until(lambda: [t for t in kannel.texts if code in t], "the network has the SMS")[0]
    assert ON_CALL.lstrip("+") in text, text
    assert "Bereitschaft" in text, text


def kannel_away(scene, kannel):
    """Down for a while: deferred, then delivered, once."""
    kannel.stop()
    code = report(scene)
    wait_until(lambda: sms_of(scene, code)["attempts"] >= 1, "an attempt")
    row = sms_of(scene, code)
    assert row["state"] == "pending" and row["class"] == "connect", row
    back = Kannel(Folder())
    back.ports = kannel.ports
    with started(back):
        wait_state(scene, code, "sent", 30)
        wait_until(lambda: [t for t in back.texts if code in t], "the network has the SMS")
        other = scene.soziales.accepted("handover.requested", handover())["item_id"]
        scene.soziales.status("notice.sent", other)
        texts = [t for t in back.texts if code in t]
        assert len(texts) == 1, texts


def real(cases):
    folder = Folder()
    kannel = Kannel(folder)
    password = folder / "kannel-password"
    password.write_text("geheim\n")
    password.chmod(0o600)
    with started(kannel), Scene(settings={"transports": by_kannel(kannel.url, password),
                                          **QUICK}) as scene:
        cases.run("Kannel hands the SMS to its network", kannel_delivers, scene, kannel)
        cases.run("Kannel away and back: delivered once", kannel_away, scene, kannel)
        cases.run("its password is not in the log", no_word, scene, "geheim")


def main():
    cases = Cases()
    http(cases)
    real(cases)
    cases.end()


main()
