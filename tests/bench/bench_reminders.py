"""reminders_1m_find: milliseconds to find what is due among 1,000,000 pending reminders: weekly
series of a year with 20 members each. reminders_fired: reminders fired per second, each with a
notice and a delivery for all 20 members; reminders_vs_sqlite: against plain_reminders.c, which
makes SQLite read and write the same rows on a copy of the same store. reminders_turn: the longest
turn meanwhile. Mails wait behind a relay that does not answer."""

import datetime
import re
import shutil
import sqlite3
import subprocess
import time

from bench_memory import NEVER_MS, columns
from bench_tools import AT_ONCE, Daemon, figure, fresh_store, mail_transports, median, note
from bench_tools import ratio, write_config
from peers import BUILD, TOP, Broker, Folder, started
from slow_relay import SlowRelay

REMINDERS, MEMBERS, ROUNDS, BATCH, FINDS = 1_000_000, 20, 3, 200, 200
FIRED_NAME = "stafette_clocks_fired_total"
HOUR_MS, REMINDER, LAST_LEAD = 3_600_000, 8, 2
SHARE = 0.5  # of the series that have a reminder due now
# Each table with the columns that number its rows or those of another table.
COPIED = {"item": "item_seq", "meeting": "item_seq", "session": "session_seq item_seq",
          "member": "item_seq", "clock": "clock_seq item_seq session_seq"}


def meeting_conf():
    """A team that meets every week; the first time is some days ahead."""
    first = datetime.date.today() + datetime.timedelta(days=10)
    members = ", ".join(f'"u{n}"' for n in range(MEMBERS - 1))
    return (f'meetings = ( {{ id = "team"; kind = "reflexion"; unit = "u{MEMBERS}";'
            f' start = "{first}T10:00"; duration = "1h"; rule = "FREQ=WEEKLY";'
            f' members = ( {members} ); }} );')


def sample(folder, config, port):
    """The daemon itself plans the one series that is multiplied."""
    daemon = Daemon(folder, config, port).start()
    daemon.wait_value("stafette_open_items", 1)
    daemon.stop()


def multiply(store, table, numbered, copies):
    def value(name):
        step = STEPS.get(name)
        if name in numbered:
            return f"case {name} when 0 then 0 else {name} + {step} * value end"
        return "'team-' || value" if name == "meeting_id" else name

    names = columns(store, table)
    store.execute(f"insert into {table} ({', '.join(names)}) select"
                  f" {', '.join(map(value, names))} from {table}, copies where value <= {copies}")


STEPS = {}


def fill(config):
    """So many copies of the series that REMINDERS are pending; the last lead time of the next
    session is due in some of them, and nothing else is."""
    store = sqlite3.connect(config / "stafette.db", isolation_level=None)
    store.execute("pragma temp_store = memory")
    for table, name in (("item", "item_seq"), ("session", "session_seq"), ("clock", "clock_seq")):
        STEPS[name] = store.execute(f"select max({name}) from {table}").fetchone()[0]
    each = store.execute("select count(*) from clock where kind = ?", (REMINDER,)).fetchone()[0]
    copies = REMINDERS // each
    store.execute("create temp table copies as with recursive n(value) as (select 1 union all"
                  f" select value + 1 from n where value < {copies}) select value from n")
    store.execute("begin immediate")
    store.execute("delete from delivery")
    store.execute("delete from notice")
    for table, numbered in COPIED.items():
        multiply(store, table, numbered.split(), copies)
    # Called by events: the configuration does not know them, and would end them.
    store.execute("update meeting set origin = 1 where item_seq > 1")
    due_ms = int(time.time() * 1000) - HOUR_MS
    done = store.execute(
        "update clock set due_ms = ? where kind = ? and step = ? and item_seq <= ?"
        " and due_ms = (select min(c.due_ms) from clock c where c.kind = ? and c.step = ?"
        " and c.item_seq = 1)",
        (due_ms, REMINDER, LAST_LEAD, int(copies * SHARE), REMINDER, LAST_LEAD))
    store.execute("commit")
    pending = store.execute("select count(*) from clock where kind = ?", (REMINDER,)).fetchone()[0]
    store.execute("pragma wal_checkpoint(truncate)")
    store.close()
    note(f"{copies + 1} series, {pending} reminders pending, {done.rowcount} due")
    return done.rowcount


def compiled():
    """plain_reminders with the daemon's own parts."""
    program = BUILD / "bench" / "plain_reminders"
    program.parent.mkdir(exist_ok=True)
    libraries = ["libmosquitto", "libcurl", "sqlite3", "libconfig", "jansson", "libmicrohttpd",
                 "libsodium", "libidn2", "gmime-3.0"]
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", *libraries], check=True,
                           capture_output=True, text=True).stdout.split()
    subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-o", program,
                    TOP / "tests/bench/plain_reminders.c", BUILD / "libstafette.a", *flags,
                    "-lpthread", "-lm"], check=True)
    return program


def renew(config, full):
    fresh_store(config)
    shutil.copyfile(full, config / "stafette.db")


def ask(program, *words):
    done = subprocess.run([str(program), *map(str, words)], check=True, capture_output=True,
                          text=True)
    return done.stdout.split()


def by_sqlite(program, config):
    words = ask(program, "fire", config / "stafette.db", BATCH)
    return int(words[1]) / float(words[5])


def turns(daemon):
    """How many took at most so many seconds."""
    return [(float(end), int(n)) for end, n in
            re.findall(r'stafette_turn_seconds_bucket\{le="([^"]+)"\} (\d+)', daemon.metrics())]


def longest_turn(before, after):
    """In seconds, as the upper end of the last step of the histogram that got a turn."""
    new = [(end, n - m) for (end, n), (_, m) in zip(after, before)]
    return next(end for end, n in new if n == new[-1][1])


def by_daemon(folder, config, port, due):
    """Reminders per second from the first that was seen, processor seconds for each, and the
    longest turn."""
    daemon = Daemon(folder, config, port).start()
    begun = daemon.wait_value(FIRED_NAME, 1)
    before = turns(daemon)  # the first one reads the whole store
    seen, cpu = daemon.value(FIRED_NAME), daemon.cpu_s()
    ended = daemon.wait_value(FIRED_NAME, due, 100)
    fired, spent = daemon.value(FIRED_NAME) - seen, daemon.cpu_s() - cpu
    after = turns(daemon)
    longest = longest_turn(before, after)
    note("turns:", ", ".join(f"{n - m} within {end:g} s" for (end, n), (_, m)
                             in zip(after, before)))
    daemon.process.kill()
    return fired / (ended - begun), spent / fired, longest


def main():
    folder = Folder()
    broker, relay = Broker(folder, durable=False), SlowRelay(folder, NEVER_MS)
    program = compiled()
    plain, rows = [], []
    with started(broker, relay):
        config, port = write_config(folder, broker.port, mail_transports(relay.port), 10,
                                    "delivery = { carriers = 1; in_flight_max = 1; "
                                    f"{AT_ONCE} }};\n{meeting_conf()}")
        fresh_store(config)
        sample(folder, config, port)
        due = fill(config)
        full = folder / "full.db"
        shutil.copyfile(config / "stafette.db", full)
        find_ms = float(ask(program, "find", config / "stafette.db", FINDS)[3])
        for i in range(ROUNDS):
            renew(config, full)
            plain.append(by_sqlite(program, config))
            renew(config, full)
            rows.append(by_daemon(folder, config, port, due))
            note(f"round {i + 1}: plain SQLite {plain[-1]:.0f}/s, fired {rows[-1][0]:.0f}/s, "
                 f"{rows[-1][1] * 1e6:.0f} us of processor each, longest turn "
                 f"{rows[-1][2] * 1e3:.0f} ms")
    figure("reminders_1m_find", find_ms, "ms")
    figure("reminders_sqlite", median(plain), "reminders/s")
    figure("reminders_fired", median([row[0] for row in rows]), "reminders/s")
    figure("reminders_turn", median([row[2] for row in rows]) * 1e3, "ms")
    ratio("reminders_vs_sqlite", median([r[0] / p for r, p in zip(rows, plain)]))


if __name__ == "__main__":
    main()
