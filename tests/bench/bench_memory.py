"""rss_1m_vs_empty: resident memory with 1,000,000 deliveries waiting behind a relay that does not
answer, against the same daemon with an empty store; without the set of known ids, which is the
figure known_id_bytes. start_1m: from the start of the process to its first answer by HTTP, which
its first turn gives, with 1,000,000 open items and clocks."""

import sqlite3
import sys
import time
import urllib.error

from bench_tools import ACCEPTED, Daemon, events, figure, fresh_store, mail_transports, median
from bench_tools import note, ratio, write_config
from mqtt5 import Client
from peers import BUILD, Broker, Folder, Process, started, wait_until
from slow_relay import SlowRelay

ITEMS, SAMPLES, ROUNDS, WATCHED_S = 1_000_000, 50, 3, 3
NEVER_MS = 3_600_000
# Each table with the columns that number its rows or those of another table.
COPIED = {"item": "item_seq event_seq", "notice": "notice_seq item_seq",
          "delivery": "delivery_seq notice_seq item_seq", "clock": "clock_seq item_seq",
          "event": "event_seq item_seq"}


def columns(store, table):
    return [row[1] for row in store.execute(f"pragma table_info({table})")]


def multiply(store, table, numbered, step):
    """Adds a copy of all rows for each row of the table copies, each `step` further on in every
    numbered column."""
    def value(name):
        if name in numbered:
            return f"{name} + {step} * (1 + value)"
        return "randomblob(16)" if name == "id_hash" else name

    names = columns(store, table)
    store.execute(f"insert into {table} ({', '.join(names)}) select"
                  f" {', '.join(map(value, names))} from copies, {table} as t"
                  f" where t.rowid <= {step}")


def fill(config):
    """Makes ITEMS of the SAMPLES that the daemon itself has stored, in one transaction."""
    store = sqlite3.connect(config / "stafette.db", isolation_level=None)
    store.execute("pragma temp_store = memory")
    store.execute("create temp table copies as with recursive n(value) as"
                  f" (select 0 union all select value + 1 from n"
                  f" where value < {ITEMS // SAMPLES - 2})"
                  " select value from n")
    store.execute("begin immediate")
    for table, numbered in COPIED.items():
        rows = store.execute(f"select count(*), max(rowid) from {table}").fetchone()
        if rows != (SAMPLES, SAMPLES):
            raise AssertionError(f"{table} has {rows} rows and highest number, not {SAMPLES}")
        multiply(store, table, numbered.split(), SAMPLES)
    store.execute("commit")
    store.execute("pragma wal_checkpoint(truncate)")
    store.close()


def sample(folder, broker, config, port):
    daemon = Daemon(folder, config, port).start()
    daemon.wait_value("stafette_broker_up", 1)
    with Client(broker.port, "publisher") as publisher:
        publisher.publish_many(events(SAMPLES, 10, 50))
    daemon.wait_value(ACCEPTED, SAMPLES)
    daemon.stop()


def answers(daemon):
    try:
        return daemon.metrics()
    except (urllib.error.URLError, ConnectionError):
        return None


def measure(folder, config, port):
    """Start in seconds, the highest resident memory seen without the known ids in kB, the number
    of known ids, their bytes."""
    daemon = Daemon(folder, config, port)
    begun = time.monotonic()
    daemon.process = Process("stafetted", [str(BUILD / "stafetted"), "-c", str(config)], folder)
    wait_until(lambda: answers(daemon), "the first turn", 120, 0.002)
    start_s, highest = time.monotonic() - begun, 0
    while time.monotonic() < begun + start_s + WATCHED_S:
        known = daemon.value("stafette_known_id_bytes")
        highest = max(highest, daemon.memory_kb() - known / 1024)
    result = start_s, highest, daemon.value("stafette_known_ids"), known
    daemon.process.kill()
    return result


def main():
    folder = Folder()
    broker, relay = Broker(folder, durable=False), SlowRelay(folder, NEVER_MS)
    empty, full = [], []
    with started(broker, relay):
        config, port = write_config(folder, broker.port, mail_transports(relay.port))
        for _ in range(ROUNDS):
            fresh_store(config)
            empty.append(measure(folder, config, port))
        fresh_store(config)
        sample(folder, broker, config, port)
        begun = time.monotonic()
        fill(config)
        note(f"{ITEMS} items written in {time.monotonic() - begun:.0f} s")
        for i in range(ROUNDS):
            full.append(measure(folder, config, port))
            note(f"round {i + 1}: empty {empty[i][1]:.0f} kB, full {full[i][1]:.0f} kB without "
                 f"{full[i][3] / 1024:.0f} kB of ids; start {full[i][0]:.2f} s")
    if any(known < ITEMS for _, _, known, _ in full):
        sys.exit(f"not all ids are known: {full}")
    figure("rss_empty", median([row[1] for row in empty]) / 1024, "MB")
    figure("rss_1m", median([row[1] for row in full]) / 1024, "MB")
    figure("known_id_bytes", median([row[3] / row[2] for row in full]), "bytes")
    figure("start_1m", median([row[0] for row in full]), "s")
    ratio("rss_1m_vs_empty", median([f[1] / e[1] for f, e in zip(full, empty)]))


if __name__ == "__main__":
    main()
