#!/usr/bin/python3
# time limit: 4000 s
"""The long run of tests/e2e/40-crash.py: 1000 kills under 150,000 events, then 50,000 more in one
life, whose memory must stay flat.

STAFETTE_KILLS and STAFETTE_EVENTS: other numbers; STAFETTE_SOAK_S: the kills end after so many
seconds, whatever was reached."""

import os
import sys

sys.path.insert(0, "tests/peers")

from crash_check import CHECKS, Found, killed_enough  # noqa: E402
from crash_run import POINTS, Run  # noqa: E402
from peers import Cases, say  # noqa: E402

KILLS = int(os.environ.get("STAFETTE_KILLS", "1000"))
EVENTS = int(os.environ.get("STAFETTE_EVENTS", "200000"))
TIME_BOX_S = float(os.environ.get("STAFETTE_SOAK_S", "1800"))
UNDER_KILLS = 0.75
STEPS = 5  # of the last life; memory is read after each, with nothing pending
# What an event costs for good: its id, remembered for 35 days (daemon/known.c), least and most.
ID_BYTES = (28, 38)
SLACK_KB = 1024


def kills(run):
    run.kill_often(TIME_BOX_S)
    run.start_last()
    run.finish(run.sender.published, 900)
    say(f"{run.sender.published} events, {run.kills.total()} kills, {run.seconds():.0f} s, "
        f"{run.sender.published / run.seconds():.0f} events/s")


def one_life(run, found):
    """Publishes the rest in steps; notes (events, memory) after each."""
    first = run.sender.published
    found.memory = []
    for step in range(1, STEPS + 1):
        run.finish(first + (run.sender.count - first) * step // STEPS, 900)
        found.memory.append((run.sender.published, run.memory_kb()))
        say(f"{found.memory[-1][0]} events, {found.memory[-1][1]} KB")
    found.repeated = run.repeat_open(300)
    run.stop_and_copy()


def memory_flat(found):
    """After the first step queues and caches have their size; from then on only ids may grow."""
    (first, before), (last, after) = found.memory[0], found.memory[-1]
    allowed = SLACK_KB + (last * ID_BYTES[1] - first * ID_BYTES[0]) // 1024
    say(f"{after - before} KB more after {last - first} more events, at most {allowed}")
    assert after - before <= allowed


def main():
    cases = Cases()
    run = Run(EVENTS, KILLS, share=UNDER_KILLS)
    found = Found(run)
    try:
        cases.run("killed over and over, then nothing is pending", kills, run)
        if not cases.failed:
            cases.run("one long life", one_life, run, found)
        if not cases.failed:
            cases.run("memory stays flat", memory_flat, found)
            least = len(run.plan) // 2  # a slow machine may use up its time box
            cases.run("killed at each point and at random", killed_enough, found,
                      least // (len(POINTS) + 2), least)
            for label, check in CHECKS:
                cases.run(label, check, found)
    finally:
        run.close()
    cases.end()


main()
