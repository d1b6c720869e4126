"""ledger_1m_s: run time of `stafettectl ledger` over 1,000,000 open items, each with its event,
notice, delivery, clock and audit row, the file being in the page cache; the daemon's own child does
the same work. ledger_1m_mb: its highest resident memory. Green, or there is no figure."""

import hashlib
import json
import os
import pathlib
import re
import sqlite3
import struct
import subprocess
import sys
import time

from bench_memory import ITEMS, NEVER_MS, SAMPLES, fill, sample
from bench_tools import figure, fresh_store, mail_transports, median, note, write_config
from peers import BUILD, Broker, Folder, started
from slow_relay import SlowRelay

ROUNDS = 3


def chained(rows, link):
    """Audit rows (seq, at, item, content) with salt, commitment and link."""
    salt = os.urandom(16)
    for seq, at, item, content in rows:
        commitment = hashlib.sha256(salt + content.encode()).digest()
        link = hashlib.sha256(link + struct.pack(">qqq", seq, at, item) + commitment).digest()
        yield seq, at, item, salt, content, commitment, link


def fill_audit(config):
    """The samples' rows for each copy, chained anew from the beginning."""
    store = sqlite3.connect(config / "stafette.db", isolation_level=None)
    made = store.execute("select at_ms, item_seq, content from audit where content like 'event=%'"
                         " order by audit_seq").fetchall()
    assert len(made) == SAMPLES, f"{len(made)} audit rows"

    def rows():
        for n in range(ITEMS):
            at, item, content = made[n % SAMPLES]
            step = n // SAMPLES * SAMPLES
            event = int(content[len("event="):content.index(" ")])
            yield n + 1, at, item + step, content.replace(f"event={event} ",
                                                          f"event={event + step} ", 1)

    store.execute("begin immediate")
    store.execute("delete from audit")
    store.executemany("insert into audit (audit_seq, at_ms, item_seq, salt, content, commitment,"
                      " link) values (?, ?, ?, ?, ?, ?, ?)", chained(rows(), bytes(32)))
    store.execute("commit")
    store.execute("pragma wal_checkpoint(truncate)")
    store.close()


def memory_kb(pid):
    """The peak of the program itself; what wait4() tells includes the parent it was forked from."""
    try:
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", text).group(1))
    except (OSError, AttributeError):
        return 0


def measure(config):
    """Seconds, MB."""
    begun, highest = time.monotonic(), 0
    child = subprocess.Popen([str(BUILD / "stafettectl"), "-c", str(config), "--json", "ledger"],
                             stdout=subprocess.PIPE, text=True)
    while child.poll() is None:
        highest = max(highest, memory_kb(child.pid))
        time.sleep(0.02)
    took, said = time.monotonic() - begun, child.stdout.read()
    result = json.loads(said) if said else {}
    if not result.get("green") or sum(result["open"].values()) != ITEMS:
        sys.exit(f"the ledger is not green: status {child.returncode}, {said}")
    note(f"{took:.2f} s, {highest / 1024:.0f} MB")
    return took, highest / 1024


def main():
    folder = Folder()
    broker, relay = Broker(folder, durable=False), SlowRelay(folder, NEVER_MS)
    with started(broker, relay):
        config, port = write_config(folder, broker.port, mail_transports(relay.port))
        fresh_store(config)
        sample(folder, broker, config, port)
        fill(config)
        fill_audit(config)
    note(f"{(config / 'stafette.db').stat().st_size >> 20} MB of store")
    rounds = [measure(config) for _ in range(ROUNDS)]
    figure("ledger_1m_s", median([took for took, _ in rounds]), "s")
    figure("ledger_1m_mb", median([memory for _, memory in rounds]), "MB")


main()
