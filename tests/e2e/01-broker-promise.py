#!/usr/bin/python3
# time limit: 120 s
"""The shipped broker configuration (contrib/mosquitto) against the real mosquitto: who may write
and read what, and that nothing queued for an absent gateway is lost, not even by SIGKILL."""

import itertools

from mqtt5 import Client, MqttError
from peers import Broker, Cases, Folder, started

ACCOUNTS = {"stafette": "pw1", "jobcenter-ulm": "pw2", "soziales-ulm": "pw3",
            "stafette-watch": "pw4"}


NUMBERS = itertools.count()


def connect(broker, name, client_id="", **options):
    """A second connection with the same client id would end the first."""
    return Client(broker.port, client_id or f"c{next(NUMBERS)}", name, ACCOUNTS[name], **options)


def may_write(broker, name, topic):
    with connect(broker, name) as client:
        try:
            return client.publish(topic, "{}") < 0x80
        except MqttError:
            return False


def may_read(broker, name, filters, writer, topic):
    """A forbidden subscription is granted by mosquitto but brings nothing; the second message,
    sent to a topic the client may read, shows that the first is not merely late."""
    beacons = {"stafette": ("jobcenter-ulm", "stafette/in/jobcenter-ulm/beacon"),
               "stafette-watch": ("stafette", "stafette/gateway/beacon")}
    beacon_writer, beacon = beacons.get(name, ("stafette", f"stafette/out/{name}/beacon"))
    with connect(broker, name) as reader, connect(broker, writer) as sender, \
            connect(broker, beacon_writer) as other:
        reader.subscribe(filters, beacon)
        assert sender.publish(topic, "probe") < 0x80
        assert other.publish(beacon, "beacon") < 0x80
        reader.receive(1, match=lambda m: m.payload == b"beacon")
        return any(m.payload == b"probe" for m in reader.messages)


WRITES = [
    ("source writes its own events", "jobcenter-ulm", "stafette/in/jobcenter-ulm/handover/x", True),
    ("source speaks as another", "jobcenter-ulm", "stafette/in/soziales-ulm/handover/x", False),
    ("source forges a receipt", "jobcenter-ulm", "stafette/out/jobcenter-ulm/receipt", False),
    ("source forges a heartbeat", "jobcenter-ulm", "stafette/gateway/ulm", False),
    ("gateway writes a receipt", "stafette", "stafette/out/jobcenter-ulm/receipt", True),
    ("gateway writes its heartbeat", "stafette", "stafette/gateway/ulm", True),
    ("watch writes nothing", "stafette-watch", "stafette/gateway/ulm", False),
    ("a topic of nobody", "stafette", "other/topic", False),
]

READS = [
    ("source reads its receipts", "jobcenter-ulm", "stafette/out/jobcenter-ulm/#", "stafette",
     "stafette/out/jobcenter-ulm/receipt", True),
    ("source reads another's receipts", "jobcenter-ulm", "stafette/out/#", "stafette",
     "stafette/out/soziales-ulm/receipt", False),
    ("source reads another's events", "jobcenter-ulm", "stafette/in/#", "soziales-ulm",
     "stafette/in/soziales-ulm/handover/x", False),
    ("gateway reads events", "stafette", "stafette/in/#", "jobcenter-ulm",
     "stafette/in/jobcenter-ulm/handover/x", True),
    ("watch reads heartbeats", "stafette-watch", "stafette/gateway/+", "stafette",
     "stafette/gateway/ulm", True),
    ("watch reads no events", "stafette-watch", "stafette/in/#", "jobcenter-ulm",
     "stafette/in/jobcenter-ulm/handover/x", False),
]


def check(found, want):
    assert found == want, f"{'allowed' if found else 'refused'}, wanted the opposite"


def nobody_unknown(broker):
    for name, password in (("jobcenter-ulm", "wrong"), ("unknown", "pw"), ("", "")):
        try:
            Client(broker.port, "c-unknown", name, password).close()
        except MqttError:
            continue
        raise AssertionError(f"account '{name}' came in")


def absent_gateway_keeps_all(folder, end):
    """3000 events while the gateway is away: more than mosquitto's default of 1000."""
    broker = Broker(folder, ACCOUNTS).start()
    session = {"client_id": "gateway", "clean": False, "expiry": 3600}
    gateway = connect(broker, "stafette", **session)
    gateway.subscribe("stafette/in/#")
    gateway.drop()
    with connect(broker, "jobcenter-ulm") as source:
        events = (("stafette/in/jobcenter-ulm/e", f"{n}") for n in range(3000))
        assert source.publish_many(events, window=100) == 3000
        # The broker saves in the round after the acknowledgement; this one is that round.
        source.publish("stafette/in/jobcenter-ulm/last", "last")
    end(broker)
    broker.start()
    with connect(broker, "stafette", **session) as gateway:
        assert gateway.session_present, "the session was forgotten"
        got = gateway.receive(3000, match=lambda m: m.topic.endswith("/e"))
    broker.stop()
    assert [int(m.payload) for m in got] == list(range(3000)), "lost or out of order"


def main():
    cases = Cases()
    folder = Folder()
    with started(Broker(folder, ACCOUNTS)) as (broker,):
        for label, name, topic, want in WRITES:
            cases.run(label, lambda n=name, t=topic, w=want: check(may_write(broker, n, t), w))
        for label, *args, want in READS:
            cases.run(label, lambda a=args, w=want: check(may_read(broker, *a), w))
        cases.run("wrong and missing passwords stay out", nobody_unknown, broker)
    cases.run("3000 events wait through a restart", absent_gateway_keeps_all, Folder(), Broker.stop)
    cases.run("3000 events wait through SIGKILL", absent_gateway_keeps_all, Folder(), Broker.kill)
    cases.end()


main()
