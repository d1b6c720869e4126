#!/usr/bin/python3
# time limit: 180 s
"""Answers by SMS. A real Kannel: the SMS goes out to its network, the phone answers, Kannel calls
our public door, the item is acknowledged and the phone gets the reply. Then the door itself: wrong
secrets and sources, forged senders, repeats, huge and binary bodies; and no telephone number and no
word of an SMS in store, log or metrics."""

import contextlib
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, "tests/peers")

from peers import Cases, Folder, Kannel, free_port, started, wait_until  # noqa: E402
from scene import Scene, emergency  # noqa: E402

ON_CALL = "+4915100000001"
STRANGER = "+4915199999999"
SECRET = "sms-in-secret-0123456789"
CANARY = "kanarienwort"
POST = '{ name = "post"; adapter = "null_email"; }'


def report(scene):
    """An emergency: the code of its item."""
    return scene.hotline.accepted("emergency.reported", emergency(), urgency="emergency")["item_id"]


def secret_file(folder):
    path = folder / "sms-in.secret"
    path.write_text(SECRET + "\n")
    path.chmod(0o600)
    return path


def inbound(folder, sources="127.0.0.1", more=""):
    return f'inbound = {{ secret_file = "{secret_file(folder)}"; sources = "{sources}"; {more} }};'


def words(kannel, code):
    """What the network got about an item; fakesmsc shows each line of an SMS for itself."""
    whole = " ".join(line.partition("<")[2].rstrip(">") for line in kannel.texts)
    return [text for text in re.split(r"(?=13013 \+49)", whole) if code in text]


def wait_words(kannel, code, word):
    """The SMS about the item with that word, as the network got it."""
    return wait_until(lambda: [t for t in words(kannel, code) if word in t],
                      f"an SMS with {word!r} among {kannel.texts}")[0]


def number_in(text):
    return re.search(r"OK\+?\s*(\d\d)", text).group(1)


# ---- Kannel

def by_kannel(scene, kannel):
    code = report(scene)
    number = number_in(wait_words(kannel, code, "quittieren"))
    kannel.say(ON_CALL.lstrip("+"), f"OK {number} {CANARY}")
    scene.hotline.status("emergency.acknowledged", code)
    wait_words(kannel, code, "Vermerkt")
    item = scene.item(code)
    assert item["state"] == "acknowledged", item
    said = [row["what"] for row in item["audit"] if "via=sms" in row["what"]]
    assert said == ["answer=seen via=sms by=bereitschaft result=recorded"], said
    time_of_reply = [n for n in item["notices"] if n["what"] == "sms.reply"]
    assert len(time_of_reply) == 1 and time_of_reply[0]["reason"] == "answered", item["notices"]


def ask_back(scene, kannel):
    """A number alone is asked back; the code does as well as the number, and so does an umlaut."""
    code = report(scene)
    number = number_in(wait_words(kannel, code, "quittieren"))
    kannel.say(ON_CALL.lstrip("+"), number)
    wait_words(kannel, code, "Nicht verstanden")
    assert scene.item(code)["state"] != "acknowledged"
    kannel.say(ON_CALL.lstrip("+"), f"wir übernehmen {code}")
    scene.hotline.status("emergency.acknowledged", code)
    wait_words(kannel, code, "Vermerkt")


def kannel_cases(cases):
    folder = Folder()
    port = free_port()
    kannel = Kannel(folder, f"http://127.0.0.1:{port}/sms/in/kannel?key={SECRET}")
    password = folder / "kannel-password"
    password.write_text("geheim\n")
    password.chmod(0o600)
    transports = (f'( {POST}, {{ name = "kannel"; adapter = "sms_kannel"; url = "{kannel.url}";'
                  f' username = "gw"; password_file = "{password}"; tls = "none";'
                  f' {inbound(folder)} }} )')
    settings = {"transports": transports, "http.public": f"127.0.0.1:{port}"}
    with started(kannel), Scene(settings=settings) as scene:
        cases.run("Kannel: OK and the number, and the reply", by_kannel, scene, kannel)
        cases.run("Kannel: asked back, then by the code", ask_back, scene, kannel)
        cases.run("Kannel: no trace", no_trace, scene)


# ---- the door

class Door:
    """The public door of a scene whose SMS are files."""

    def __init__(self, scene, port):
        self.scene = scene
        self.port = port

    def call(self, path="/sms/in/funk", method="GET", body=None, headers=(), **fields):
        """The status; the answer must be empty, whatever it is."""
        query = urllib.parse.urlencode(fields)
        url = f"http://127.0.0.1:{self.port}{path}" + (f"?{query}" if query else "")
        request = urllib.request.Request(url, body, dict(headers), method=method)
        try:
            answer = urllib.request.urlopen(request, timeout=10)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            content = answer.read()
            assert SECRET.encode() not in content and b"4915" not in content, content
            assert answer.status != 200 or content == b"", content
            return answer.status

    def say(self, text, sender=ON_CALL, **more):
        return self.call(**{"key": SECRET, "from": sender, "text": text, **more})

    def counted(self, result):
        page = self.scene.page("/metrics")
        return int(re.search(rf'stafette_sms_in_total{{result="{result}"}} (\d+)', page).group(1))

    def gives(self, result, *args, **fields):
        before = self.counted(result)
        assert self.say(*args, **fields) == 200
        assert self.counted(result) == before + 1, f"not counted as {result}"


def asked(scene):
    """An emergency and its number, read from the SMS itself."""
    code = report(scene)
    text = wait_until(lambda: scene.texts(code), "the SMS")[0]
    return code, number_in(text)


def state(scene, code):
    return scene.item(code)["state"]


def replies(scene, code):
    return [n for n in scene.item(code)["notices"] if n["what"] == "sms.reply"]


def by_get_and_post(scene, door):
    code, number = asked(scene)
    door.gives("applied", f"ok {number}")
    assert state(scene, code) == "acknowledged"
    code, number = asked(scene)
    body = urllib.parse.urlencode({"from": "0" + ON_CALL[3:], "text": f"Ja, {number}"}).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Bearer {SECRET}"}
    assert door.call(method="POST", body=body, headers=form) == 200
    assert state(scene, code) == "acknowledged"


def strangers(scene, door):
    code, number = asked(scene)
    door.gives("unknown", f"OK {number}", STRANGER)
    for sender in ("Stadtwerke", "13013", "", "+49151000000010", "4915100000001x", "%2B49151",
                   ON_CALL + "\n", ON_CALL + " OR 1=1"):
        before = len(replies(scene, code))
        assert door.say(f"OK {number}", sender) == 200
        assert len(replies(scene, code)) == before
    # A line feed behind the number is no other number, so only that one may have counted.
    assert state(scene, code) in ("reported", "delivered"), state(scene, code)


def wrong_secret(scene, door):
    code, number = asked(scene)
    before = door.counted("refused")
    good = {"from": ON_CALL, "text": f"OK {number}"}
    for secret in ("", "x", SECRET[:-1], SECRET + "x", SECRET.upper(), SECRET * 20):
        assert door.call(key=secret, **good) == 403
    assert door.call(headers={"Authorization": SECRET}, **good) == 403
    assert door.call(headers={"Authorization": f"Basic {SECRET}"}, **good) == 403
    assert door.call(path="/sms/in/post", key=SECRET, **good) == 403
    assert door.call(path="/sms/in/", key=SECRET, **good) == 403
    assert door.call(path="/sms/in/funk/", key=SECRET, **good) == 403
    assert door.call(path="/sms/in/..%2Ffunk", key=SECRET, **good) == 403
    assert door.call(method="PUT", key=SECRET, **good) == 405
    assert door.counted("refused") == before + 12
    assert state(scene, code) != "acknowledged"


def repeats(scene, door):
    """The gateway calls again with its id: taken once, replied to once."""
    code, number = asked(scene)
    door.gives("applied", f"OK {number}", id="m-1")
    for _ in range(3):
        door.gives("repeated", f"OK {number}", id="m-1")
    assert len(replies(scene, code)) == 1, scene.item(code)["notices"]
    door.gives("applied", f"OK {number}", id="m-2")
    assert len(replies(scene, code)) == 2


def hostile(scene, door):
    """Nothing of it is an answer, nothing of it is a reason to fall over."""
    code, number = asked(scene)
    raw = f"/sms/in/funk?key={SECRET}&from=%2B{ON_CALL[1:]}&text="
    for text in ("%00OK", "%", "%zz", "%C3%28", "%FF%FE", "OK%20" + number + "%00", "%u0041"):
        assert door.call(raw + text) == 400, text
    for text in ("", "%25s%25n%25n", "%0a%0d%0a", "a" * 5000, "%E2%80%AE", "%F0%9F%91%8D",
                 "%D9%A2%D9%A3", "{answer_number}", "Automatische+Antwort+OK+" + number):
        assert door.call(raw + text) == 200, text
    huge = {"from": ON_CALL, "text": "OK " * 100000}
    body = urllib.parse.urlencode(huge).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded",
            "Authorization": f"Bearer {SECRET}"}
    assert door.call(method="POST", body=body, headers=form) == 413
    assert door.call(method="POST", body=b"\x00\xff" * 100, headers=form) == 400
    assert state(scene, code) != "acknowledged"
    # The reply limit of five an hour holds for these as well.
    assert len(replies(scene, code)) <= 5, replies(scene, code)


def no_trace(scene):
    """Neither number nor words in store with WAL, log and metrics."""
    scene.gateway.wait_quiet()
    places = {path.name: path.read_bytes() for path in scene.folder.path.glob("stafette.db*")}
    assert "stafette.db" in places, places.keys()
    places["log"] = scene.gateway.log.encode()
    places["metrics"] = scene.page("/metrics").encode()
    for name, content in places.items():
        for word in (ON_CALL[1:], ON_CALL[3:], STRANGER[3:], CANARY, SECRET, "bernehme"):
            assert word.encode() not in content, f"{word} in {name}"
    assert b'msg="incoming SMS"' in places["log"]


def other_source(cases):
    """The secret alone does not open the door."""
    def refused(scene, door):
        code, number = asked(scene)
        assert door.say(f"OK {number}") == 403
        assert state(scene, code) != "acknowledged"

    with files_scene("192.0.2.0/24 2001:db8::/32 127.0.0.2") as (scene, door):
        cases.run("from another address: refused", refused, scene, door)

    def behind_proxy(scene, door):
        code, number = asked(scene)
        for told in ("198.51.100.7", "192.0.2.10, 198.51.100.7", "192.0.2.10,", ""):
            assert door.say(f"OK {number}", headers={"X-Forwarded-For": told}) == 403, told
        told = {"X-Forwarded-For": "198.51.100.7, 192.0.2.10"}
        assert door.say(f"OK {number}", headers=told) == 200
        assert state(scene, code) == "acknowledged"

    proxy = {"http.proxy": "127.0.0.1"}
    with files_scene("192.0.2.0/24", settings=proxy) as (scene, door):
        cases.run("behind a proxy: who calls is what the proxy says", behind_proxy, scene, door)


def json_gateway(cases):
    """Any gateway by configuration: a JSON body and its own names."""
    def answers(scene, door):
        code, number = asked(scene)
        body = json.dumps({"sms": {"msisdn": ON_CALL[1:], "body": f"gesehen {number}"}}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"}
        assert door.call(method="POST", body=b"{" + body, headers=headers) == 200
        assert state(scene, code) != "acknowledged"
        assert door.counted("unreadable") == 1
        assert door.call(method="POST", body=body, headers=headers) == 200
        assert state(scene, code) == "acknowledged"

    more = 'from = "/sms/msisdn"; text = "/sms/body"; id = "/sms/id";'
    with files_scene(more=more) as (scene, door):
        cases.run("a gateway that sends JSON", answers, scene, door)


@contextlib.contextmanager
def files_scene(sources="127.0.0.1", more="", settings=None):
    """SMS are files; answers come by a door of its own."""
    port = free_port()
    transports = (f'( {POST}, {{ name = "funk"; adapter = "sms_file"; path = "sms";'
                  f' {inbound(Folder(), sources, more)} }} )')
    with Scene(settings={"transports": transports, "http.public": f"127.0.0.1:{port}",
                         **(settings or {})}) as scene:
        yield scene, Door(scene, port)


def main():
    cases = Cases()
    kannel_cases(cases)
    with files_scene() as (scene, door):
        cases.run("GET with a key, POST with a bearer", by_get_and_post, scene, door)
        cases.run("a repeated callback counts once", repeats, scene, door)
        cases.run("forged and impossible senders", strangers, scene, door)
        cases.run("wrong secret, transport, method", wrong_secret, scene, door)
        cases.run("huge, binary and odd texts", hostile, scene, door)
        cases.run("no trace", no_trace, scene)
    other_source(cases)
    json_gateway(cases)
    cases.end()


main()
