#!/usr/bin/python3
# time limit: 400 s
"""Nobody gets lost when the daemon is killed: 20,000 events while it is ended by SIGKILL 250 times,
at each test point and at random moments. Afterwards each event is decided exactly once, all that
follows from it is there and was told, and no more mails went out twice than were in flight.

STAFETTE_KILLS: how often (10 for a short run, with as many events fewer); STAFETTE_EVENTS."""

import os
import sys

sys.path.insert(0, "tests/peers")

from crash_check import CHECKS, Found, killed_enough  # noqa: E402
from crash_run import Run  # noqa: E402
from peers import Cases, say  # noqa: E402

KILLS = int(os.environ.get("STAFETTE_KILLS", "250"))
EVENTS = int(os.environ.get("STAFETTE_EVENTS", str(min(20000, KILLS * 170))))


def drive(run, found):
    """The run itself; the checks say whether it came out well."""
    run.kill_often()
    run.start_last()
    run.finish(run.sender.count, 120)
    say(f"{run.sender.count} events decided and told in {run.seconds():.1f} s, "
        f"{run.sender.count / run.seconds():.0f}/s with {run.kills.total()} kills")
    found.repeated = run.repeat_open()
    run.stop_and_copy()


def main():
    cases = Cases()
    run = Run(EVENTS, KILLS)
    found = Found(run)
    try:
        cases.run("killed over and over, then nothing is pending", drive, run, found)
        if not cases.failed:
            cases.run("killed at each point and at random", killed_enough, found, KILLS // 5, KILLS)
            for label, check in CHECKS:
                cases.run(label, check, found)
    finally:
        run.close()
    cases.end()


main()
