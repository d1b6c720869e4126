"""ingest_vs_mosquitto_sub: handovers fully decided and durable (event, item, notice, delivery,
clock, audit) per second, against mosquitto_sub -q 1 reading the same backlog to nowhere.
route_10000_vs_10: processor time of an event with 10,000 rules against 10."""

import subprocess
import time

from bench_tools import ACCEPTED, AT_ONCE, Daemon, events, figure, fresh_store, median, note
from bench_tools import open_session, ratio, write_config
from mqtt5 import Client
from peers import Broker, Folder, started

EVENTS, ROUNDS = 60000, 3
# No mail leaves meanwhile but one at a time, so that deciding is what is measured.
TRANSPORTS = '{ name = "post"; adapter = "null_email"; }, { name = "sms"; adapter = "null_sms"; }'
QUIET = f"delivery = {{ carriers = 1; in_flight_max = 1; {AT_ONCE} }};"


def read_plain(port, count):
    begun = time.monotonic()
    subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-i", "plain", "-c", "-V",
                    "mqttv5", "-x", "3600", "-q", "1", "-t", "stafette/in/#", "-C", str(count)],
                   stdout=subprocess.DEVNULL, check=True)
    return count / (time.monotonic() - begun)


def decide(daemon, count):
    """Events per second and processor seconds per event, from the first tenth to the last."""
    daemon.start()
    first = daemon.wait_value(ACCEPTED, 1)
    seen, cpu = daemon.value(ACCEPTED), daemon.cpu_s()
    last = daemon.wait_value(ACCEPTED, count)
    spent = daemon.cpu_s() - cpu
    daemon.stop()
    return (count - seen) / (last - first), spent / (count - seen)


def one_round(folder, broker, rules, seed, plain):
    config, port = write_config(folder, broker.port, TRANSPORTS, rules, QUIET)
    fresh_store(config)
    open_session(broker.port, "stafette-bench")
    if plain:
        open_session(broker.port, "plain")
    with Client(broker.port, "publisher") as publisher:
        publisher.publish_many(events(EVENTS, rules, seed))
    base = read_plain(broker.port, EVENTS) if plain else 0
    daemon = Daemon(folder, config, port)
    return base, decide(daemon, EVENTS)


def main():
    folder = Folder()
    broker = Broker(folder, durable=False)
    plain, few, many = [], [], []
    with started(broker):
        for i in range(ROUNDS):
            base, result = one_round(folder, broker, 10, 2 * i + 1, True)
            plain.append(base)
            few.append(result)
            many.append(one_round(folder, broker, 10000, 2 * i + 2, False)[1])
            note(f"round {i + 1}: mosquitto_sub {base:.0f}/s, decided {result[0]:.0f}/s, "
                 f"10000 rules {many[-1][0]:.0f}/s")
    figure("ingest_mosquitto_sub", median(plain), "events/s")
    figure("ingest_decided", median([rate for rate, _ in few]), "events/s")
    ratio("ingest_vs_mosquitto_sub", median([r[0] / p for r, p in zip(few, plain)]))
    ratio("route_10000_vs_10", median([m[1] / f[1] for m, f in zip(many, few)]))


main()
