#!/usr/bin/python3
# time limit: 300 s
"""How many mails go out twice. The relay takes its time with each final dot, so that all that may
be in flight is in flight at each kill, and all of it is repeated: the copies come close to the
bound of kills x in_flight_max, and a daemon that hands out more than it may would pass it.

STAFETTE_KILLS: how often."""

import os
import sys

sys.path.insert(0, "tests/peers")

from crash_check import CHECKS, Found  # noqa: E402
from crash_run import Run  # noqa: E402
from peers import Cases  # noqa: E402

KILLS = int(os.environ.get("STAFETTE_KILLS", "40"))
IN_FLIGHT_MAX = 6


def drive(run, found):
    run.kill_often()
    run.start_last()
    run.finish(run.sender.count, 120)
    found.repeated = run.repeat_open()
    run.stop_and_copy()


def near_the_bound(found):
    extra, most = found.run.mails.extra(), KILLS * IN_FLIGHT_MAX
    assert extra >= most // 2, f"only {extra} copies where {most} are allowed: too little shown"


def main():
    cases = Cases()
    run = Run(KILLS * 10, KILLS, points={}, in_flight_max=IN_FLIGHT_MAX, slow_relay=True)
    found = Found(run)
    try:
        cases.run("killed with a slow relay, then nothing is pending", drive, run, found)
        if not cases.failed:
            cases.run("what was in flight was repeated", near_the_bound, found)
            for label, check in CHECKS:
                cases.run(label, check, found)
    finally:
        run.close()
    cases.end()


main()
