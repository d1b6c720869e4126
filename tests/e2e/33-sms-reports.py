#!/usr/bin/python3
# time limit: 180 s
"""Delivery reports. A real Kannel reports what became of its SMS: accepted, delivered, refused by
the network; a failed report moves on to the next contact. Then a gateway of our own that holds its
reports back: out of order, twice, for a daemon that was killed in between, a day late, and never.
And the door itself: wrong secrets and sources, strangers' ids, huge and binary bodies; and the
preview of a text."""

import datetime
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, "tests/peers")

from peers import Cases, Folder, HttpSink, Kannel, free_port, started, wait_until  # noqa: E402
from scene import Scene, emergency  # noqa: E402

ON_CALL = "+4915100000001"
SECRET = "sms-reports-secret-0123456789"
POST = '{ name = "post"; adapter = "null_email"; }'


def secret_file(folder, name="reports.secret", text=SECRET):
    path = folder / name
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def reports(folder, sources="127.0.0.1"):
    return f'reports = {{ secret_file = "{secret_file(folder)}"; sources = "{sources}"; }};'


def report(scene):
    """An emergency: the code of its item."""
    return scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency")["item_id"]


def sms_of(scene, code):
    rows = [d for d in scene.item(code)["deliveries"]
            if d["channel"] == "sms" and d["contact"].startswith("bereitschaft/")]
    return rows[0] if rows else None


def wait_report(scene, code, word, timeout=20):
    def is_so():
        row = sms_of(scene, code)
        return row if row and row.get("report") == word else None

    try:
        return wait_until(is_so, f"the report is {word}", timeout)
    except AssertionError as error:
        raise AssertionError(f"{error}, but: {sms_of(scene, code)}") from None


def counted(scene, result):
    page = scene.page("/metrics")
    return int(re.search(rf'stafette_sms_reports_total{{result="{result}"}} (\d+)', page).group(1))


# ---- Kannel

def kannel_delivers(scene):
    code = report(scene)
    scene.hotline.status("notice.delivered", code)
    row = wait_report(scene, code, "delivered")
    assert row["state"] == "sent" and row["reported_at"], row
    assert any("report=delivered" in line["what"] for line in scene.item(code)["audit"])
    assert scene.item(code)["state"] != "acknowledged", "a report is no answer"
    wait_until(lambda: counted(scene, "taken") + counted(scene, "known") >= 2, "both reports")
    assert counted(scene, "refused") == counted(scene, "unreadable") == 0


def kannel_refused(scene, network):
    """Kannel took it, the network did not: told at once, and the next way is tried."""
    code = report(scene)
    network.wait(1)
    scene.hotline.status("notice.failed", code)
    row = wait_report(scene, code, "failed")
    assert (row["state"], row["class"]) == ("failed", "permanent"), row
    mails = [d for d in scene.item(code)["deliveries"]
             if d["contact"].startswith("bereitschaft/") and d["channel"] == "email"]
    assert mails, scene.item(code)["deliveries"]
    flags = [f["contact"] for f in scene.gateway.json("contacts")]
    assert flags == [row["contact"]], flags


def kannel_scene(kannel, folder, port):
    password = secret_file(folder, "kannel-password", "geheim")
    transports = (f'( {POST}, {{ name = "kannel"; adapter = "sms_kannel"; url = "{kannel.url}";'
                  f' username = "gw"; password_file = "{password}"; tls = "none";'
                  f' report_url = "http://127.0.0.1:{port}/sms/report/kannel";'
                  f' {reports(folder)} }} )')
    return Scene(settings={"transports": transports, "http.public": f"127.0.0.1:{port}"})


def kannel_cases(cases):
    folder, port = Folder(), free_port()
    kannel = Kannel(folder)
    with started(kannel), kannel_scene(kannel, folder, port) as scene:
        cases.run("Kannel: accepted, then delivered", kannel_delivers, scene)
        cases.run("Kannel: no trace of the secret", no_secret, scene)
    folder, port = Folder(), free_port()
    network = HttpSink(lambda request: (400, "no such number"))
    kannel = Kannel(folder, second=(ON_CALL, network.url))
    with started(network, kannel), kannel_scene(kannel, folder, port) as scene:
        cases.run("Kannel: refused by the network", kannel_refused, scene, network)


def no_secret(scene):
    scene.gateway.wait_quiet()
    places = {path.name: path.read_bytes() for path in scene.folder.path.glob("stafette.db*")}
    places["log"] = scene.gateway.log.encode()
    for name, content in places.items():
        assert SECRET.encode() not in content, f"the secret stands in {name}"
        assert ON_CALL[1:].encode() not in content, f"the number stands in {name}"


# ---- a gateway that reports when it is told to

class Slow:
    """Takes every SMS under an id of its own."""

    def __init__(self, port):
        self.port = port
        self.sink = HttpSink(lambda request: (200, json.dumps(
            {"id": "m-" + json.loads(request.body)["ref"].partition(".")[0]})))

    def transports(self, folder, sources="127.0.0.1"):
        return (f'( {POST}, {{ name = "tor"; adapter = "sms_http"; url = "{self.sink.url}/sms";'
                ' body = "json"; params = ( { name = "to"; value = "{to}"; },'
                ' { name = "text"; value = "{text}"; }, { name = "ref"; value = "{reference}"; } );'
                ' id_pointer = "/id"; tls = "none"; price_cents = 7.5; report_reference = "ref";'
                ' report_id = "id"; report_status = "st"; report_queued = "queued";'
                ' report_sent = "sent"; report_delivered = "delivered"; report_failed = "failed";'
                f' report_expired = "expired"; {reports(folder, sources)} }} )')

    def reference(self, code):
        """Our reference of the on-call's SMS about the item."""
        found = [json.loads(r.body) for r in self.sink.requests]
        return [b["ref"] for b in found if b["to"] == ON_CALL and code in b["text"]][0]

    def call(self, path="/sms/report/tor", method="GET", body=None, headers=(), **fields):
        query = urllib.parse.urlencode(fields)
        url = f"http://127.0.0.1:{self.port}{path}" + (f"?{query}" if query else "")
        request = urllib.request.Request(url, body, dict(headers), method=method)
        try:
            answer = urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
            assert SECRET.encode() not in content and b"m-d" not in content, content
            return answer.status

    def says(self, status, **fields):
        assert self.call(key=SECRET, st=status, **fields) == 200


def sent(scene):
    """An item whose SMS the gateway has taken."""
    code = report(scene)
    wait_until(lambda: (sms_of(scene, code) or {}).get("state") == "sent", "the SMS is sent")
    return code


def out_of_order(scene, slow):
    code = sent(scene)
    ref = slow.reference(code)
    assert sms_of(scene, code)["report"] == "awaited", sms_of(scene, code)
    for word in ("queued", "sent"):
        slow.says(word, ref=ref)
        wait_report(scene, code, word)
    slow.says("delivered", ref=ref)
    for word in ("sent", "delivered", "failed", "queued"):
        slow.says(word, ref=ref)
    row = wait_report(scene, code, "delivered")
    assert row["state"] == "sent", row
    scene.hotline.status("notice.delivered", code)
    known = counted(scene, "known")
    assert known == 4, known


def by_their_id(scene, slow):
    code = sent(scene)
    slow.says("delivered", id=" m-" + slow.reference(code).partition(".")[0] + " ")
    wait_report(scene, code, "delivered")


def expired(scene, slow):
    code = sent(scene)
    slow.says("expired", ref=slow.reference(code))
    row = wait_report(scene, code, "failed")
    assert (row["state"], row["class"]) == ("failed", "temporary"), row
    scene.hotline.status("notice.failed", code)


def killed(scene, slow):
    """What was answered with 200 is in the store; what is reported later finds its delivery."""
    first, second = sent(scene), sent(scene)
    slow.says("sent", ref=slow.reference(first))
    scene.gateway.kill()
    try:
        slow.says("delivered", ref=slow.reference(second))
        raise AssertionError("somebody answers")
    except (urllib.error.URLError, ConnectionError):
        pass
    scene.gateway.start().wait_online()
    assert sms_of(scene, first)["report"] == "sent", sms_of(scene, first)
    for code in (first, second):
        slow.says("delivered", ref=slow.reference(code))
        wait_report(scene, code, "delivered")
        scene.hotline.status("notice.delivered", code)


def strangers(scene, slow):
    code = sent(scene)
    ref = slow.reference(code)
    before = counted(scene, "no_delivery")
    forged = (ref[:-1] + ("0" if ref[-1] != "0" else "1"), ref.partition(".")[0], ref + "0", "d1",
              "d0.00000000", "1", "-1")
    for name in forged:
        slow.says("failed", ref=name)
    for name in ("m-0", "M-1", "%", "m-" + "1" * 70):
        assert slow.call(key=SECRET, st="failed", id=name) in (200, 400)
    assert counted(scene, "no_delivery") >= before + len(forged)
    slow.says("Nonsense", ref=ref)
    assert sms_of(scene, code)["report"] == "awaited", sms_of(scene, code)


def closed(scene, slow):
    code = sent(scene)
    good = {"ref": slow.reference(code), "st": "delivered"}
    before = counted(scene, "refused")
    for secret in ("", "x", SECRET[:-1], SECRET + "x", SECRET.upper()):
        assert slow.call(key=secret, **good) == 403
    assert slow.call(headers={"Authorization": f"Basic {SECRET}"}, **good) == 403
    for path in ("/sms/report/post", "/sms/report/", "/sms/report/tor/", "/sms/in/tor"):
        assert slow.call(path=path, key=SECRET, **good) == 403, path
    assert slow.call(method="PUT", key=SECRET, **good) == 405
    assert counted(scene, "refused") == before + 9
    assert sms_of(scene, code)["report"] == "awaited", sms_of(scene, code)


def hostile(scene, slow):
    code = sent(scene)
    ref = slow.reference(code)
    raw = f"/sms/report/tor?key={SECRET}&ref={ref}&st="
    for word in ("%00", "%", "%zz", "%FF%FE"):
        assert slow.call(raw + word) == 400, word
    for word in ("%0adelivered", "delivered%00", "d" * 5000, "%25s%25n", "delivered+sent"):
        assert slow.call(raw + word) in (200, 400), word
    form = {"Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Bearer {SECRET}"}
    huge = urllib.parse.urlencode({"ref": ref, "st": "delivered " * 20000}).encode()
    assert slow.call(method="POST", body=huge, headers=form) == 413
    assert slow.call(method="POST", body=b"\x00\xff" * 100, headers=form) == 400
    assert sms_of(scene, code)["report"] == "awaited", sms_of(scene, code)
    body = urllib.parse.urlencode({"ref": ref, "st": "delivered"}).encode()
    assert slow.call(method="POST", body=body, headers=form) == 200
    wait_report(scene, code, "delivered")


def preview(scene, _):
    """What the tool says is what the gateway gets."""
    ctl = scene.gateway.json
    plain = ctl("sms", "Grüße – „wie“ bestellt…")
    assert plain["text"] == 'Grüße - "wie" bestellt...', plain
    assert (plain["encoding"], plain["parts"], plain["price_millicents"]) == ("GSM-7", 1, 7500)
    foreign = ctl("sms", "Ж" * 71)
    assert (foreign["encoding"], foreign["parts"]) == ("UCS-2", 2), foreign
    assert foreign["foreign"][0] == {"character": "Ж", "place": 1}, foreign
    said = scene.gateway.ctl("sms", "--template", "emergency.reported").stdout
    assert "GSM-7" in said and "1 Teil" in said and "7,5 Cent" in said, said
    assert scene.gateway.ctl("sms", check=False).returncode
    assert scene.gateway.ctl("sms", "--template", "x.y", check=False).returncode
    assert scene.gateway.ctl("sms", "x", "--transport", "post", check=False).returncode


def late_and_never(cases):
    """A day passes: unknown, not delivered; then the late report counts, and the other stays."""
    def unknown(scene, slow):
        first, second = sent(scene), sent(scene)
        scene.gateway.advance("25h")
        for code in (first, second):
            assert sms_of(scene, code)["report"] == "unknown", sms_of(scene, code)
        assert scene.gateway.json("status")["sms_unknown"] >= 2
        before = scene.gateway.json("status")["sms_unknown"]
        slow.says("delivered", ref=slow.reference(first))
        wait_report(scene, first, "delivered")
        assert sms_of(scene, second)["report"] == "unknown", sms_of(scene, second)
        assert scene.gateway.json("status")["sms_unknown"] == before - 1

    port = free_port()
    slow = Slow(port)
    with started(slow.sink), Scene(test_clock=datetime.timedelta(0), settings={
            "transports": slow.transports(Folder()),
            "http.public": f"127.0.0.1:{port}"}) as scene:
        cases.run("late, and never", unknown, scene, slow)


def other_source(cases):
    def refused(scene, slow):
        code = sent(scene)
        assert slow.call(key=SECRET, ref=slow.reference(code), st="delivered") == 403
        assert sms_of(scene, code)["report"] == "awaited"

    port = free_port()
    slow = Slow(port)
    with started(slow.sink), Scene(settings={
            "transports": slow.transports(Folder(), "192.0.2.0/24 127.0.0.2"),
            "http.public": f"127.0.0.1:{port}"}) as scene:
        cases.run("from another address: refused", refused, scene, slow)


def main():
    cases = Cases()
    kannel_cases(cases)
    port = free_port()
    slow = Slow(port)
    with started(slow.sink), Scene(settings={"transports": slow.transports(Folder()),
                                             "http.public": f"127.0.0.1:{port}"}) as scene:
        cases.run("out of order, and twice", out_of_order, scene, slow)
        cases.run("by the gateway's own id", by_their_id, scene, slow)
        cases.run("expired", expired, scene, slow)
        cases.run("the daemon is killed in between", killed, scene, slow)
        cases.run("ids that are not ours", strangers, scene, slow)
        cases.run("wrong secret, transport, method", closed, scene, slow)
        cases.run("huge, binary and odd", hostile, scene, slow)
        cases.run("the preview of a text", preview, scene, slow)
        cases.run("no trace", no_secret, scene)
    late_and_never(cases)
    other_source(cases)
    cases.end()


main()
