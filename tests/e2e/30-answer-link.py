#!/usr/bin/python3
# time limit: 180 s
"""Answer links as bytes on the wire: what answers, what changes nothing, and what strangers get."""

import concurrent.futures
import datetime
import pathlib
import secrets
import sys
import urllib.parse

sys.path.insert(0, "tests/peers")

from links import UNANSWERED, UNIT, PublicScene, raw  # noqa: E402
from peers import Cases  # noqa: E402
from scene import emergency, referral  # noqa: E402

START = datetime.datetime.fromisoformat("2026-11-16T09:00:00+00:00")  # a Monday, 10:00 in Ulm
LEAD, DESK = "leitung-soziales", "bereitschaft"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Town(PublicScene):
    """On the test clock, which stands still between the cases."""

    def __init__(self):
        super().__init__(test_clock=START, anonymous=True)

    def now(self):
        text = self.gateway.clock.read_text().strip()
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

    def stamp(self):
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")

    def withdrawal(self, code):
        return {"item_id": code, "case_ref": self.item(code)["case_ref"],
                "by_unit": "ksd-eselsberg", "at": self.stamp()}

    def fresh(self):
        """A new item and its links."""
        code = self.ask(clock=self.now(),
                        next_deadline=(self.now() + datetime.timedelta(days=30)).date().isoformat())
        links = self.links(code)
        assert list(links) == ["Gesehen", "Wir übernehmen", "Andere Antwort"], links
        return code, links


def looking_changes_nothing(town):
    code, links = town.fresh()
    before = town.item(code)
    for path in links.values():
        for method in ("GET", "HEAD", "GET"):
            answer = town.get(path, method)
            assert answer.status == 200, answer.status
            assert (method == "HEAD") == (answer.text == ""), answer.text
        for body in ("", "answer=seen", "form=&answer=accept", "answer=accept&form=" + "A" * 22):
            answer = town.post(path, body)
            assert answer.status == 200 and "noch nichts gespeichert" in answer.text, answer.text
    assert town.item(code) == before


def headers(town):
    _, links = town.fresh()
    for answer in (town.get(links["Gesehen"]), town.get("/a/none"), town.get("/")):
        found = answer.headers
        assert found["cache-control"] == "no-store", found
        assert found["referrer-policy"] == "no-referrer", found
        assert "noindex" in found["x-robots-tag"], found
        assert found["content-type"] == "text/html; charset=utf-8", found
        policy = found["content-security-policy"]
        for word in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"):
            assert word in policy, policy
        assert "script" not in policy and "set-cookie" not in found, found


def one_answer_each(town):
    code, links = town.fresh()
    done = town.press(links["Gesehen"], "seen")
    assert done.status == 200 and code in done.text, done.text
    assert "<title>Gespeichert" in done.text and "Als Nächstes ist gefragt" in done.text, done.text
    assert town.state(code) == "acknowledged", town.state(code)
    again = town.get(links["Gesehen"])
    assert "schon benutzt" in again.text and again.buttons == ["link"], again.text
    # "seen" does not use up "accepted".
    done = town.press(links["Wir übernehmen"], "accept")
    assert "<title>Gespeichert" in done.text, done.text
    shown = town.item(code)
    assert (shown["state"], shown["responsible"]) == ("accepted", UNIT), shown
    late = town.get(links["Andere Antwort"])
    assert late.status == 200 and "übernommen" in late.text, late.text


def a_reason_is_needed(town):
    code, links = town.fresh()
    page = town.get(links["Andere Antwort"])
    assert "reject" in page.buttons and 'type="radio"' in page.text, page.text
    for chosen in ("", "&code=", "&code=made_up", "&code=<b>"):
        answer = town.post(links["Andere Antwort"], f"form={page.field}&answer=reject{chosen}")
        assert "wählen Sie einen Grund" in answer.text and "<b>" not in answer.text, answer.text
    assert town.state(code) in UNANSWERED
    reason = page.text.split('name="code" required value="')[1].split('"')[0]
    done = town.press(links["Andere Antwort"], "reject", reason)
    assert "<title>Gespeichert" in done.text, done.text
    assert town.state(code) not in UNANSWERED


def purposes_are_kept(town):
    """The link for "seen" accepts nothing, whatever the form says."""
    code, links = town.fresh()
    page = town.get(links["Gesehen"])
    assert page.buttons == ["seen"], page.buttons
    for wish in ("accept", "reject", "approve", "SEEN", "link%00", "x" * 5000):
        answer = town.post(links["Gesehen"], f"form={page.field}&answer={wish}")
        assert answer.status in (200, 400), answer.status
    # What is appended to a link does not replace what the form says.
    town.post(links["Gesehen"] + "?answer=accept", f"form={page.field}&answer=seen")
    assert town.state(code) in UNANSWERED, town.state(code)
    # The field of one link is none for another.
    other = town.get(links["Wir übernehmen"])
    answer = town.post(links["Gesehen"], f"form={other.field}&answer=seen")
    assert "noch nichts gespeichert" in answer.text, answer.text
    assert town.state(code) in UNANSWERED, town.state(code)


def both_at_once(town):
    code, links = town.fresh()
    page = town.get(links["Gesehen"])
    body = f"form={page.field}&answer=seen"
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: town.post(links["Gesehen"], body), range(16)))
    assert all(answer.status == 200 for answer in answers), [a.status for a in answers]
    done = [answer for answer in answers if "<title>Gespeichert" in answer.text]
    assert len(done) == 1, len(done)
    seen = [row for row in town.item(code)["audit"] if "acknowledged" in row["what"]]
    assert town.state(code) == "acknowledged" and len(seen) <= 1, seen


def strangers(town):
    """Whatever is no token of ours gets the same page, and nobody learns why."""
    _, links = town.fresh()
    good = links["Gesehen"]
    last = good[:-1] + ALPHABET[(ALPHABET.index(good[-1]) + 1) % 62]
    bad = ["/a/", "/a/x", good[:-1], good + "A", good + "/", good + "/x", last, good + "%20",
           "/a/" + "A" * 36, "/a/" + "A" * 8000, "/a/..", "/a/%2e%2e/control/status",
           "/A/" + good[3:], "/a/" + secrets.token_urlsafe(27), "/a/%C3%BC",
           "/a/ü".encode().decode("latin-1")]
    bodies = set()
    for path in bad:
        for method in ("GET", "POST"):
            answer = (town.get(path) if method == "GET" else
                      town.post(path, "form=AAAAAAAAAAAAAAAAAAAAAA&answer=seen"))
            assert answer.status in (400, 404, 429), (path, answer.status)
            if answer.status == 404:
                bodies.add(answer.text)
    assert len(bodies) == 1 and "K7F3" not in bodies.pop(), len(bodies)
    # Percent-encoded, it is the same address.
    spelt = "/a/" + "".join(f"%{ord(c):02X}" for c in good[3:])
    assert town.get(spelt).status == 200
    assert town.get(urllib.parse.quote(good) + "?utm_source=mail").status == 200


def nothing_else(town):
    for path in ("/", "/metrics", "/healthz", "/control/status", "/control/items", "/a",
                 "/favicon.ico", "/robots.txt", "/control/clock", "//a/x"):
        answer = town.get(path)
        assert answer.status == 404, (path, answer.status)
        assert "Diese Seite gibt es nicht" in answer.text, answer.text
    _, links = town.fresh()
    for method in ("PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
        assert town.get(links["Gesehen"], method).status in (400, 405, 501), method


def floods(town):
    """Bad links are refused after a while, also those of an address that is made up; good ones
    never."""
    code, links = town.fresh()
    statuses = [town.get("/a/" + secrets.token_urlsafe(27),
                         headers=[f"X-Forwarded-For: 192.0.2.{n}"]).status for n in range(60)]
    assert statuses[-1] == 429 and set(statuses) <= {404, 429}, statuses
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(
            lambda n: town.get(links["Gesehen"], "HEAD" if n % 2 else "GET").status, range(400)))
    assert set(answers) == {200}, set(answers)
    assert town.state(code) in UNANSWERED
    log = pathlib.Path(town.gateway.process.log).read_text()
    assert log.count("answer links") == 1, log.count("answer links")


def behind_a_proxy():
    """Only what the trusted proxy says counts as the caller, and only its last word."""
    with PublicScene(settings={"http.proxy": "127.0.0.1"}, anonymous=True) as town:
        def bad(header):
            return town.get("/a/" + secrets.token_urlsafe(27), headers=[header]).status

        assert {bad(f"X-Forwarded-For: 192.0.2.{n}") for n in range(60)} == {404}
        statuses = [bad(f"X-Forwarded-For: 198.51.100.{n}, 203.0.113.7") for n in range(40)]
        assert statuses[0] == 404 and statuses[-1] == 429, statuses


def huge_and_broken(town):
    _, links = town.fresh()
    path = links["Gesehen"]
    field = town.get(path).field
    form = f"form={field}&answer=seen"
    assert town.post(path, form + "&x=" + "y" * 200000).status == 413
    assert town.post(path, "&".join(f"a{n}=1" for n in range(300))).status == 400
    assert town.post(path, form + "&code=%zz").status == 400
    assert town.post(path, form, ["Content-Type: text/plain"]).status == 200  # read as no form
    assert town.get(path + "?" + "x" * 30000).status in (400, 413, 414, 431, 0)
    cut = raw(town.port, f"POST {path} HTTP/1.1\r\nHost: s\r\nContent-Length: 3\r\n"
                         f"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n".encode())
    assert cut.status == 400, cut.status
    assert "schon benutzt" not in town.get(path).text


def withdrawn(town):
    """A withdrawn item says so on every link; its receiver confirms; then it is over for all."""
    code, links = town.fresh()
    page = town.get(links["Wir übernehmen"])
    town.soziales.accepted("handover.withdrawn", town.withdrawal(code), time=town.stamp())
    answer = town.post(links["Wir übernehmen"], f"form={page.field}&answer=accept")
    assert "<title>Gespeichert" not in answer.text and "zurückgezogen" in answer.text, answer.text
    assert answer.buttons == ["link"], answer.buttons
    town.press(links["Gesehen"], "seen")
    for path in links.values():
        answer = town.get(path)
        assert "Der Vorgang ist beendet" in answer.text and answer.buttons == [], answer.text
    town.gateway.wait_quiet()
    before = len(town.mails(code, UNIT))
    town.post(links["Wir übernehmen"], f"form={page.field}&answer=link")
    town.gateway.wait_quiet()
    assert len(town.mails(code, UNIT)) == before


def before_the_conversation(town):
    """With a Hilfeplan (H2) the acceptance waits for the conversation, and the page says so."""
    due = (town.now() + datetime.timedelta(days=30)).date().isoformat()
    code = town.ask(clock=town.now(), hilfeplan=True, next_deadline=due)
    links = town.links(code)
    done = town.press(links["Wir übernehmen"], "accept")
    assert "Übergabegespräch" in done.text and town.state(code) != "accepted", done.text
    assert town.item(code)["responsible"] == "ksd-eselsberg"
    assert "schon benutzt" in town.get(links["Wir übernehmen"]).text
    town.press(links["Andere Antwort"], "conversed")
    shown = town.item(code)
    assert (shown["state"], shown["responsible"]) == ("accepted", UNIT), shown


def after_the_case_system(town):
    """All ways are equal (E13): what an event said first, a link finds done."""
    code, links = town.fresh()
    page = town.get(links["Gesehen"])
    town.soziales.accepted("handover.acknowledged", {"item_id": code, "by_unit": UNIT,
                                                     "case_ref": town.item(code)["case_ref"],
                                                     "code": "seen"}, time=town.stamp())
    before = town.item(code)
    answer = town.post(links["Gesehen"], f"form={page.field}&answer=seen")
    assert answer.status == 200 and code in answer.text, answer.text
    after = town.item(code)
    assert (after["state"], after["notices"]) == (before["state"], before["notices"]), after


def a_referral(town):
    """Four eyes and the provider, all by links."""
    receipt = town.soziales.accepted("referral.requested", referral(), time=town.stamp())
    code = receipt["item_id"]
    ask = town.links(code, LEAD)
    assert list(ask)[:2] == ["Freigeben", "Nicht freigeben"], ask
    done = town.press(ask["Freigeben"], "approve")
    assert "<title>Gespeichert" in done.text, done.text
    assert "beim jetzigen Stand nicht möglich" in town.get(ask["Nicht freigeben"]).text
    town.gateway.wait_quiet()
    provider = town.item(code)["waiting_for"]
    offer = town.links(code, provider)
    town.press(offer["Wir nehmen den Auftrag an"], "accept")
    shown = town.item(code)
    assert (shown["state"], shown["responsible"]) == ("accepted", provider), shown


def an_emergency(town):
    code = town.hotline.accepted("emergency.reported", emergency(), time=town.stamp(),
                                 urgency="emergency")["item_id"]
    links = town.links(code, DESK)
    assert list(links) == ["Gesehen", "Die Gefahr ist beseitigt"], links
    assert "<title>Gespeichert" in town.press(links["Gesehen"], "seen").text
    assert not [text for text in town.texts(code) if "/a/" in text], "a link in an SMS (R5)"


def expired(town):
    """An expired link shows the state and sends a new one to the same mailbox, once in ten
    minutes; the new one works."""
    code, links = town.fresh()
    page = town.get(links["Gesehen"])
    town.gateway.advance("72h")
    answer = town.post(links["Gesehen"], f"form={page.field}&answer=seen")
    assert "<title>Gespeichert" not in answer.text and town.state(code) in UNANSWERED, answer.text
    answer = town.get(links["Gesehen"])
    assert "abgelaufen" in answer.text and answer.buttons == ["link"], answer.text
    before = len(town.mails(code, UNIT))
    done = town.press(links["Gesehen"], "link")
    assert "unterwegs" in done.text, done.text
    fresh = town.links(code, count=before + 1)
    again = town.press(links["Gesehen"], "link")
    assert "vor weniger als zehn Minuten" in again.text, again.text
    assert len(town.mails(code, UNIT)) == before + 1
    assert fresh["Gesehen"] != links["Gesehen"]
    done = town.press(fresh["Gesehen"], "seen")
    assert "<title>Gespeichert" in done.text and town.state(code) == "acknowledged", done.text
    town.gateway.advance("11m")
    assert "unterwegs" in town.press(links["Gesehen"], "link").text


def keys_change(town):
    """With a further key, links under way still work; with one more, they are strangers."""
    code, links = town.fresh()
    keys = town.folder / "keys"
    field = town.get(links["Gesehen"]).field
    for status in (200, 404):
        town.gateway.stop()
        with open(keys, "ab") as file:
            file.write(secrets.token_bytes(32))
        town.gateway.start().wait_online()
        assert town.get(links["Gesehen"]).status == status, status
    answer = town.post(links["Gesehen"], f"form={field}&answer=seen")
    assert answer.status in (404, 429) and town.state(code) in UNANSWERED, answer.status
    assert town.get(town.fresh()[1]["Gesehen"]).status == 200


def nothing_is_told(town):
    """No token and no field in log, store or metrics; no address in the log."""
    _, links = town.fresh()
    field = town.get(links["Gesehen"]).field
    town.press(links["Gesehen"], "seen")
    needles = [path[3:].encode() for path in links.values()] + [field.encode()]
    assert all(len(needle) in (36, 22) for needle in needles), needles
    town.gateway.stop()
    for path in (town.gateway.process.log, *town.folder.path.glob("stafette.db*")):
        data = pathlib.Path(path).read_bytes()
        for needle in needles:
            assert needle not in data, (path, needle)
    assert b"192.0.2." not in pathlib.Path(town.gateway.process.log).read_bytes()
    town.gateway.start().wait_online()


def main():
    cases = Cases()
    with Town() as town:
        cases.run("GET, HEAD and POST without the field change nothing", looking_changes_nothing,
                  town)
        cases.run("security headers on every page", headers, town)
        cases.run("one answer each, second click harmless", one_answer_each, town)
        cases.run("a reason is needed where there are some", a_reason_is_needed, town)
        cases.run("a link answers what it is for", purposes_are_kept, town)
        cases.run("sixteen clicks at once are one answer", both_at_once, town)
        cases.run("forged, cut, huge, encoded: one page for all", strangers, town)
        cases.run("the public door offers nothing else", nothing_else, town)
        cases.run("huge and broken requests", huge_and_broken, town)
        cases.run("floods", floods, town)
        cases.run("behind a proxy", behind_a_proxy)
        cases.run("a withdrawn item says so", withdrawn, town)
        cases.run("accepted before the conversation", before_the_conversation, town)
        cases.run("the case system was first", after_the_case_system, town)
        cases.run("a referral: approved and accepted", a_referral, town)
        cases.run("an emergency", an_emergency, town)
        cases.run("expired: a new link to the same mailbox", expired, town)
        cases.run("keys change", keys_change, town)
        cases.run("no secret is told", nothing_is_told, town)
    cases.end()


main()
