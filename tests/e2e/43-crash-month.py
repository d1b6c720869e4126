#!/usr/bin/python3
# time limit: 300 s
"""Nobody gets lost in a month of work: handovers, referrals and emergencies with their answers,
reminders and conflicts on the test clock, while the daemon is ended by SIGKILL at its test points
and at random moments. Afterwards the ledger is green, each clock fired once or was answered, each
event is decided once, and all that was to be told was told.

STAFETTE_ITEMS, STAFETTE_KILLS: other sizes (tests/soak/crash_month.py runs the large one)."""

import os
import sys

sys.path.insert(0, "tests/peers")

from crash_month import DAYS, Month  # noqa: E402
from crash_month_check import CHECKS, Found  # noqa: E402
from peers import Cases, say  # noqa: E402

ITEMS = int(os.environ.get("STAFETTE_ITEMS", "2000"))
KILLS = int(os.environ.get("STAFETTE_KILLS", "60"))
EMERGENCIES = max(ITEMS // 150, 4)


def drive(run):
    run.run()
    run.finish()
    say(f"{len(run.cases)} cases, {run.published} events, {run.kills.total()} kills, {DAYS} days "
        f"in {run.seconds:.1f} s")


def main():
    cases = Cases()
    run = Month(ITEMS, EMERGENCIES, KILLS)
    found = Found(run)
    try:
        cases.run("a month of kills, then nothing is pending", drive, run)
        if not cases.failed:
            for label, check in CHECKS:
                cases.run(label, check, found)
    finally:
        run.close()
    cases.end()


main()
