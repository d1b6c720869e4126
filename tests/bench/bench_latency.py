"""latency_p99_vs_p50: from the moment an event is written to the broker's socket to the moment the
relay has the final dot of its mail, at 100 events a second. Both ends are read from the same
monotonic clock; which mail belongs to which event is read from the store."""

import re
import select
import sqlite3
import time

from bench_tools import AT_ONCE, MAILED, Daemon, events, figure, fresh_store, mail_transports
from bench_tools import median, note, ratio, write_config
from mqtt5 import Client
from peers import Broker, Folder, started
from slow_relay import SlowRelay

PER_S, SECONDS, ROUNDS = 100, 12, 3
EMAIL = 0  # enum channel
SETTINGS = f"delivery = {{ carriers = 16; in_flight_max = 512; {AT_ONCE} }};"


def publish_paced(broker, load):
    """The time at which each event was written, in order. Late is late: no event is left out and
    none is brought forward."""
    written, begun = [], time.monotonic()
    with Client(broker.port, "publisher") as publisher:
        for i, (topic, payload) in enumerate(load):
            while (wait := begun + i / PER_S - time.monotonic()) > 0:
                if select.select([publisher], [], [], wait)[0]:
                    publisher.poll()
            written.append(time.monotonic())
            publisher.publish(topic, payload, wait=False)
    return written


def events_of_deliveries(config):
    """{delivery number: number of its event, counted from 0}"""
    store = sqlite3.connect(f"file:{config}/stafette.db?mode=ro", uri=True)
    rows = store.execute("select d.delivery_seq, e.event_id from delivery d"
                         " join item i using (item_seq) join event e using (event_seq)"
                         " where d.channel = ?", (EMAIL,)).fetchall()
    store.close()
    return {seq: int(event_id.split("-")[1]) % 10_000_000 for seq, event_id in rows}


def latencies(config, relay, written):
    event_of = events_of_deliveries(config)
    first = {}
    for at, message_id in relay.taken():
        number = event_of[int(re.match(r"<d(\d+)\.", message_id).group(1))]
        first.setdefault(number, at)
    if len(first) != len(written):
        raise AssertionError(f"{len(written)} events but mails for {len(first)} of them")
    return sorted(1000 * (first[i] - at) for i, at in enumerate(written))


def one_round(folder, broker, seed):
    with started(SlowRelay(folder, keep=True)) as relays:
        relay = relays[0]
        config, port = write_config(folder, broker.port, mail_transports(relay.port), 10, SETTINGS)
        fresh_store(config)
        daemon = Daemon(folder, config, port).start()
        daemon.wait_value("stafette_broker_up", 1)
        load = events(PER_S * SECONDS, 10, seed)
        written = publish_paced(broker, load)
        daemon.wait_value(MAILED, len(load))
        daemon.stop()
        return latencies(config, relay, written)


def main():
    folder = Folder()
    broker = Broker(folder, durable=False)
    rows = []
    with started(broker):
        for i in range(ROUNDS):
            ms = one_round(folder, broker, 30 + i)
            p50, p99 = ms[len(ms) // 2], ms[len(ms) * 99 // 100]
            rows.append((p50, p99))
            note(f"round {i + 1}: p50 {p50:.2f} ms, p99 {p99:.2f} ms, worst {ms[-1]:.2f} ms")
    figure("latency_p50", median([p50 for p50, _ in rows]), "ms")
    figure("latency_p99", median([p99 for _, p99 in rows]), "ms")
    ratio("latency_p99_vs_p50", median([p99 / p50 for p50, p99 in rows]))


main()
