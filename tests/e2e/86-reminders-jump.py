#!/usr/bin/python3
# time limit: 120 s
"""Reminders of meetings when the wall clock jumps: a suspend of three days, an hour back, both
changes between summer and winter time. Nobody is reminded twice of a session on waking, nobody is
reminded of what is over, and what passed meanwhile is marked over and asked for."""

import datetime
import sys

sys.path.insert(0, "tests/peers")

from peers import Cases, wait_until  # noqa: E402
from reminders import HOST, SENT, Book, called, stamp  # noqa: E402
from scene import Scene  # noqa: E402

START = "2026-10-19T06:00:00+00:00"  # a Monday, 08:00 in Ulm, in summer time
PARTIES = ["ksd-eselsberg", "jugend-eselsberg", "leitung-soziales"]
ALL = sorted([HOST, *PARTIES])


def parse(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def at(text):
    """A moment as the clock in Ulm has it: "2026-10-26T09:00+01:00"."""
    return datetime.datetime.fromisoformat(text)


class City:
    def __init__(self, scene):
        self.scene = scene
        self.book = Book(scene.gateway.store)

    def now(self):
        return parse(self.scene.gateway.clock.read_text().strip())

    def now_ms(self):
        return int(self.now().timestamp() * 1000)

    def jump(self, when):
        """The clock stands at that time at once, as after a suspend; returns when all is quiet."""
        almost = when.astimezone(datetime.timezone.utc) - datetime.timedelta(seconds=1)
        self.scene.gateway.clock.write_text(almost.isoformat() + "\n")
        wait_until(lambda: parse(self.scene.gateway.json("status")["now"]) == almost,
                   "the daemon sees the new time")
        self.scene.gateway.advance("1s")
        self.scene.gateway.wait_quiet()

    def call(self, name, start, **more):
        self.scene.soziales.accepted("meeting.called", called(name, start, PARTIES, **more),
                                     time=stamp(self.now()))
        self.scene.gateway.wait_quiet()

    def reminded(self, name, since_ms=0):
        """Units that got a mail, each as often as it did."""
        found = self.book.reminded(name, since_ms)
        return sorted(unit for (_, unit), n in found.items() for _ in range(n))

    def mails(self):
        """Those of meetings that were sent, each of which is a file of the Maildir."""
        sent = self.book.one("select count(*) from delivery d join meeting m"
                             " on m.item_seq = d.item_seq where d.state = ?", SENT)
        assert sent <= len(self.scene.gateway.mails())
        return sent


def suspended(city):
    """Three days asleep: one session over, one in two hours, one tomorrow, one in a week."""
    city.call("vorbei", at("2026-10-20T10:00+02:00"))
    city.call("gleich", at("2026-10-22T10:00+02:00"))
    city.call("morgen", at("2026-10-23T10:00+02:00"))
    city.call("spaeter", at("2026-10-29T10:00+01:00"))
    before = city.mails()
    city.jump(at("2026-10-22T08:00+02:00"))
    assert city.book.sessions("vorbei") == ["over"], city.book.sessions("vorbei")
    asked = city.book.notices("vorbei", "meeting.asked")
    assert asked == [(HOST, "Hat dieser Termin stattgefunden?")], asked
    assert not city.reminded("vorbei"), city.reminded("vorbei")
    for name in ("gleich", "morgen", "spaeter"):
        assert city.reminded(name) == ALL, (name, city.reminded(name))
    assert city.mails() - before == 3 * len(ALL) + 1, city.mails() - before
    city.book.clocks_are_right()


def hour_before(city):
    """What was not due yet comes at its time: an hour before each."""
    since_ms = city.now_ms()
    city.scene.gateway.advance("59m")
    assert not city.reminded("gleich", since_ms)
    city.scene.gateway.advance("1m")
    assert city.reminded("gleich", since_ms) == ALL


def back_an_hour(city):
    """Nothing comes again, nothing comes early; what is due next comes at its time."""
    city.call("zurueck", at("2026-10-22T13:00+02:00"))
    city.jump(at("2026-10-22T12:00+02:00"))
    assert city.reminded("zurueck") == ALL
    mails = city.mails()
    city.jump(at("2026-10-22T11:00+02:00"))
    for minutes in (59, 1, 30):
        city.scene.gateway.advance(f"{minutes}m")
        assert city.reminded("zurueck") == ALL
    assert city.mails() - mails <= 1, "mails repeated after a step back"  # "gleich" is asked for
    assert city.book.sessions("zurueck") == ["planned"]
    city.jump(at("2026-10-22T14:00+02:00"))
    assert city.book.sessions("zurueck") == ["over"]
    city.book.clocks_are_right()


def to_winter(city):
    """The night with 25 hours: an hour before is an hour before, the day before is a day."""
    city.jump(at("2026-10-23T12:30+02:00"))
    city.call("winter", at("2026-10-26T09:00+01:00"))
    city.call("nacht", at("2026-10-25T02:30+01:00"))
    since_ms = city.now_ms()
    city.jump(at("2026-10-26T07:59+01:00"))
    assert len(set(city.reminded("winter"))) == len(city.reminded("winter"))
    assert not city.reminded("nacht", since_ms), "reminded of what is over"
    assert city.book.sessions("nacht") == ["over"]
    since_ms = city.now_ms()
    city.scene.gateway.advance("1m")
    assert city.reminded("winter", since_ms) == ALL
    city.scene.gateway.advance("2h")
    assert city.book.sessions("winter") == ["over"]
    city.book.clocks_are_right()


def to_summer(city):
    """A weekly series across the night with 23 hours, slept through, keeps its hour on the wall."""
    city.jump(at("2027-03-19T12:00+01:00"))
    city.scene.soziales.accepted(
        "meeting.series.defined",
        {"meeting_id": "reihe", "kind": "hospitation", "unit": HOST,
         "start": stamp(at("2027-03-22T09:00+01:00")), "duration": "PT1H",
         "rule": "FREQ=WEEKLY;BYDAY=MO;COUNT=4", "parties": ",".join(PARTIES)},
        time=stamp(city.now()))
    city.jump(at("2027-03-22T12:00+01:00"))
    since_ms = city.now_ms()
    city.jump(at("2027-03-29T07:59+02:00"))
    assert set(city.book.reminded("reihe", since_ms).values()) <= {1}, "reminded twice on waking"
    since_ms = city.now_ms()
    city.scene.gateway.advance("1m")
    assert city.reminded("reihe", since_ms) == ALL, "an hour before 09:00 in summer time"
    city.scene.gateway.advance("2h")
    assert city.book.sessions("reihe") == ["over", "over", "planned", "planned"]
    city.book.clocks_are_right()


def while_stopped(city):
    """The same when the daemon was not running at all."""
    city.call("aus", at("2027-03-31T10:00+02:00"))
    city.call("an", at("2027-04-02T10:00+02:00"))
    city.scene.gateway.stop()
    city.scene.gateway.clock.write_text("2027-04-01T08:00:00+00:00\n")
    city.scene.gateway.start()
    city.scene.gateway.advance("1s")
    city.scene.gateway.wait_quiet()
    assert city.book.sessions("aus") == ["over"] and not city.reminded("aus")
    assert city.reminded("an") == ALL, city.reminded("an")
    city.book.clocks_are_right()


def balanced(city):
    done = city.scene.gateway.ctl("ledger", "--at", stamp(city.now()), check=False)
    assert done.returncode == 0, done.stdout
    city.scene.gateway.ctl("audit", "verify")
    status = city.scene.gateway.json("status")
    assert status["open_items"] == status["open_clocks"], status


CASES = [
    ("asleep for three days: one reminder each, what passed is asked for", suspended),
    ("an hour before comes at its time", hour_before),
    ("an hour back: nothing again, nothing early", back_an_hour),
    ("across the change to winter time", to_winter),
    ("across the change to summer time, a series", to_summer),
    ("stopped for two days", while_stopped),
    ("ledger and audit are good", balanced),
]


def main():
    cases = Cases()
    with Scene(test_clock=START, settings={"meetings": "( )"}) as scene:
        city = City(scene)
        for label, case in CASES:
            cases.run(label, case, city)
    cases.end()


main()
