#!/usr/bin/python3
# time limit: 180 s
"""Answer links in a real browser: from the mail of the real daemon, on a phone's width, without
script, by keyboard only, by day and by night."""

import datetime
import sys

sys.path.insert(0, "tests/peers")

from browser import DOWN, ENTER, SHIFT, TAB  # noqa: E402
from links import UNANSWERED, UNIT, PublicScene  # noqa: E402
from peers import Cases  # noqa: E402
from phone import CONTRAST, Phone, contrast, fits, luminance  # noqa: E402

START = datetime.datetime.fromisoformat("2026-11-16T09:00:00+00:00")
NEW_LINK = "Neuen Link an dieses Postfach senden"


def ask(town):
    code = town.ask(clock=START, next_deadline="2026-12-16")
    return code, town.links(code)


def scripts_are_off(phone, _town):
    phone.open("data:text/html,<title>off</title><script>document.title='on'</script>")
    assert phone.title == "off", phone.title


def opening(phone, town):
    code, links = ask(town)
    before = town.item(code)
    for path in links.values():
        phone.go(path)
        assert phone.title == f"Antworten: Übergabe {code}", phone.title
        assert phone.find("html")[0].attribute("lang") == "de"
        assert [h.text for h in phone.find("h1")] == [f"Übergabe {code}"]
        assert not phone.find("script, img, link, iframe")
        fits(phone)
    assert town.item(code) == before, "looking changed something"


def seen_and_accepted(phone, town):
    code, links = ask(town)
    for label, state in (("Gesehen", "acknowledged"), ("Wir übernehmen", "accepted")):
        phone.go(links[label])
        button = phone.tab_to("button", label)
        assert (button.role, button.label) == ("button", label), (button.role, button.label)
        assert button.css("outline-style") == "solid", button.css("outline-style")
        assert float(button.css("outline-width").removesuffix("px")) >= 2
        phone.press_for(ENTER, "Gespeichert")
        assert town.state(code) == state, town.state(code)
        said = phone.find("[role=status]")
        assert len(said) == 1 and code in said[0].text, [one.text for one in said]
        fits(phone)
    assert town.item(code)["responsible"] == UNIT


def second_click(phone, town):
    code, links = ask(town)
    phone.go(links["Gesehen"])
    phone.tab_to("button", "Gesehen")
    phone.press_for(ENTER, "Gespeichert")
    before = town.item(code)
    for again in ("refresh", "back"):  # the form is sent once more; the page is fetched once more
        phone.do("POST", f"/{again}")
        assert phone.title == f"Antworten: Übergabe {code}", (again, phone.title)
        assert [one.text for one in phone.find("button")] == [NEW_LINK], again
    assert town.item(code) == before, "the second click changed something"


def other_answer(phone, town):
    """Reasons are a group of radio buttons with a name; none is chosen before; every stop of the
    focus has a name, forth and back."""
    code, links = ask(town)
    phone.go(links["Andere Antwort"])
    fits(phone)
    stops = []
    for _ in range(30):
        phone.key(TAB)
        at = phone.active()
        if at.tag == "body":
            break
        assert at.label, (at.tag, at.attribute("name"))
        assert at.css("outline-style") == "solid", at.label
        stops.append(at.label)
    assert len(stops) >= 4 and len(set(stops)) == len(stops), stops
    phone.key(TAB, held=SHIFT)
    assert phone.active().label == stops[-1], (phone.active().label, stops)
    assert not [one for one in phone.find("input[type=radio]") if one.attribute("checked")]
    assert phone.find("fieldset legend") and phone.find("fieldset")[0].role == "group"
    phone.go(links["Andere Antwort"])
    phone.tab_to("input")
    phone.key(DOWN)
    phone.tab_to("button")
    phone.press_for(ENTER, "Gespeichert")
    assert town.state(code) not in (*UNANSWERED, "acknowledged"), town.state(code)


def without_a_reason(phone, town):
    """The browser itself asks for the reason; nothing is sent."""
    code, links = ask(town)
    phone.go(links["Andere Antwort"])
    reason = phone.tab_to("input")
    phone.tab_to("button")
    phone.key(ENTER)
    assert phone.active().label == reason.label or phone.active().tag == "input"
    assert phone.title.startswith("Antworten") and town.state(code) in UNANSWERED


def colours(phone, town):
    _, links = ask(town)
    phone.go(links["Andere Antwort"])
    paper = phone.find("body")[0].css("background-color")
    for selector, ground in (("h1", paper), ("p", paper), ("dd", None), ("button", None),
                             ("button.other", None)):
        element = phone.find(selector)[0]
        behind = ground or phone.find("dl")[0].css("background-color")
        if selector.startswith("button"):
            behind = element.css("background-color")
        found = contrast(element.css("color"), behind)
        assert found >= CONTRAST, (selector, found)
    return luminance(paper)


def night(phone, town):
    assert colours(phone, town) < 0.1, "the page stays bright at night"


def day(phone, town):
    assert colours(phone, town) > 0.9, "the page is dark by day"


def expired(phone, town):
    code, links = ask(town)
    before = len(town.mails(code, UNIT))
    town.gateway.advance("72h")
    told = len(town.mails(code, UNIT))
    phone.go(links["Gesehen"])
    assert "abgelaufen" in phone.source and before <= told
    fits(phone)
    phone.tab_to("button", NEW_LINK)
    phone.key(ENTER)
    fresh = town.links(code, count=told + 1)
    phone.go(fresh["Gesehen"])
    phone.tab_to("button", "Gesehen")
    phone.press_for(ENTER, "Gespeichert")
    assert town.state(code) == "acknowledged", town.state(code)


def stranger(phone, town):
    phone.go("/a/" + "A" * 36)
    assert phone.title == "Diese Seite gibt es nicht", phone.title
    fits(phone)


def main():
    cases = Cases()
    with PublicScene(test_clock=START, anonymous=True) as town:
        with Phone(town) as phone:
            cases.run("scripts are off", scripts_are_off, phone, town)
            cases.run("opening the links changes nothing", opening, phone, town)
            cases.run("seen, then accepted, by Tab and Enter", seen_and_accepted, phone, town)
            cases.run("sent again and back: harmless", second_click, phone, town)
            cases.run("another answer with its reason, every stop named", other_answer, phone, town)
            cases.run("without a reason nothing is sent", without_a_reason, phone, town)
            cases.run("colours by day", day, phone, town)
            cases.run("a strange link", stranger, phone, town)
            cases.run("expired: a new link by mail", expired, phone, town)
        with Phone(town, dark=True) as phone:
            cases.run("colours by night", night, phone, town)
    cases.end()


main()
