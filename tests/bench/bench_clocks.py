"""clocks_vs_sqlite: due clocks fired per second out of 1,000,000 that fell due together (each with
its item marked, its reminder, delivery, audit row, next clock and status event, published and
settled), against plain_clocks.c, which makes SQLite write the same rows in the same batches on a
copy of the same store. Mails wait behind a relay that does not answer."""

import shutil
import sqlite3
import subprocess
import time

from bench_memory import ITEMS, NEVER_MS, fill, sample
from bench_tools import AT_ONCE, Daemon, figure, fresh_store, mail_transports, median, note
from bench_tools import ratio, write_config
from peers import Broker, Folder, started
from slow_relay import SlowRelay, compiled

FIRED, ROUNDS, BATCH = 100_000, 3, 200  # BATCH: TURN_CLOCKS_MAX
FIRED_NAME = "stafette_clocks_fired_total"
HOUR_MS = 3_600_000


def make_due(config):
    """All clocks are due, in the order of their numbers; nothing else is to do."""
    store = sqlite3.connect(config / "stafette.db", isolation_level=None)
    first_ms = int(time.time() * 1000) - HOUR_MS
    store.execute("update clock set due_ms = ? + clock_seq", (first_ms - ITEMS,))
    store.execute("pragma wal_checkpoint(truncate)")
    store.close()


def renew(config, full):
    fresh_store(config)
    shutil.copyfile(full, config / "stafette.db")


def by_daemon(folder, config, port):
    """Clocks per second from the first that was seen; and processor seconds for each."""
    daemon = Daemon(folder, config, port).start()
    begun = daemon.wait_value(FIRED_NAME, 1)
    seen, cpu = daemon.value(FIRED_NAME), daemon.cpu_s()
    ended = daemon.wait_value(FIRED_NAME, seen + FIRED)
    fired, spent = daemon.value(FIRED_NAME) - seen, daemon.cpu_s() - cpu
    daemon.process.kill()
    return fired / (ended - begun), spent / fired


def by_sqlite(config):
    done = subprocess.run([str(compiled("plain_clocks", "-lsqlite3")), str(config / "stafette.db"),
                           str(FIRED), str(BATCH)], check=True, capture_output=True, text=True)
    _, fired, _, seconds = done.stdout.split()
    return int(fired) / float(seconds)


def main():
    folder = Folder()
    broker, relay = Broker(folder, durable=False), SlowRelay(folder, NEVER_MS)
    plain, rows = [], []
    with started(broker, relay):
        config, port = write_config(folder, broker.port, mail_transports(relay.port), 10,
                                    f"delivery = {{ carriers = 1; in_flight_max = 1; {AT_ONCE} }};")
        fresh_store(config)
        sample(folder, broker, config, port)
        fill(config)
        make_due(config)
        full = folder / "full.db"
        shutil.copyfile(config / "stafette.db", full)
        for i in range(ROUNDS):
            renew(config, full)
            plain.append(by_sqlite(config))
            renew(config, full)
            rows.append(by_daemon(folder, config, port))
            note(f"round {i + 1}: plain SQLite {plain[-1]:.0f}/s, fired {rows[-1][0]:.0f}/s, "
                 f"{rows[-1][1] * 1e6:.0f} us of processor each")
    figure("clocks_sqlite", median(plain), "clocks/s")
    figure("clocks_fired", median([rate for rate, _ in rows]), "clocks/s")
    ratio("clocks_vs_sqlite", median([r[0] / p for r, p in zip(rows, plain)]))


if __name__ == "__main__":
    main()
