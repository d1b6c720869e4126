"""Some hundred meetings with their reminders on the test clock, while the daemon is ended by
SIGKILL at its test points and at random moments (87-reminders-crash.py). Of crash_month.py it has
the lives and the kills; what happens is meetings called, answered, moved and cancelled, and time
that comes to every reminder. crash_month_check.py and reminders.py judge."""

import datetime
import json

from crash_month import START, Month
from reminders import HOST, called, stamp
from scene import PREFIX, SEED, STRUCTURED, topic_of

DAYS, STEP_H = 12, 2
# Passes at which the daemon ends at the latest: a morning brings some hundred clocks.
POINTS = {"event-decided": 6, "clock-fired": 15, "before-commit": 4, "before-acks": 4,
          "before-start": 30, "before-settle": 8}
MEMBERS = ["ksd-eselsberg", "jugend-eselsberg", "leitung-soziales", "hlu-eselsberg"]
SOURCE = "soziales-ulm"


def make_events(meetings, chance):
    """[(hours from START, number, type, data)] by time: calls on the first day, then words."""
    events = []
    for n in range(meetings):
        name = f"m-{n}"
        day = chance.randrange(3, DAYS - 1)
        begins = START + datetime.timedelta(days=day, hours=chance.randrange(0, 8))
        parties = chance.sample(MEMBERS, chance.randrange(2, 5))
        events.append((chance.uniform(0, 8), n, "meeting.called",
                       called(name, begins, parties)))
        kind = chance.random()
        said_h = chance.uniform(10, day * 24 - 24)
        at = {"session": stamp(begins)}
        if kind < 0.25:
            events.append((said_h, n, "rsvp.received",
                           {"meeting_id": name, "unit": parties[0], "code": "declined"}))
        elif kind < 0.45:
            moved = begins + datetime.timedelta(hours=chance.randrange(1, 30))
            events.append((said_h, n, "meeting.changed",
                           {"meeting_id": name, "kind": "hospitation", "unit": HOST, **at,
                            "start": stamp(moved), "duration": "PT1H"}))
        elif kind < 0.6:
            events.append((said_h, n, "meeting.cancelled",
                           {"meeting_id": name, "kind": "hospitation", "unit": HOST,
                            "start": stamp(begins), "code": "illness"}))
    return sorted(events, key=lambda event: event[:2])


class Reminders(Month):
    """The city, its meetings, and the kills."""

    points = POINTS
    settings = {"meetings": "( )"}

    def _make(self, items, emergencies, chance):
        self.events = make_events(items, chance)
        self.meetings = items
        self.moments = sorted({float(hour) for hour in range(0, DAYS * 24 + 1, STEP_H)})

    def _publish(self, kind, data):
        event_id = f"ev-{SEED}-{self.published}"
        event = {"specversion": "1.0", "id": event_id, "source": f"/{SOURCE}/fachverfahren",
                 "type": f"{PREFIX}{kind}.v1", "time": stamp(self.now), "data": data}
        payload = json.dumps(event)
        self.ear.open[event_id] = (topic_of(SOURCE, kind), payload)
        self.published += 1
        self.client.publish(topic_of(SOURCE, kind), payload, STRUCTURED, wait=False)
