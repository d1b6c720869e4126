#!/usr/bin/python3
# time limit: 3000 s
"""The long run of tests/e2e/43-crash-month.py: 8000 handovers and referrals, 300 kills.

STAFETTE_ITEMS and STAFETTE_KILLS: other numbers; STAFETTE_MONTH_S: fails when the month takes
longer."""

import os
import sys

sys.path.insert(0, "tests/peers")

from crash_month import DAYS, Month  # noqa: E402
from crash_month_check import CHECKS, Found  # noqa: E402
from peers import Cases, say  # noqa: E402

ITEMS = int(os.environ.get("STAFETTE_ITEMS", "8000"))
KILLS = int(os.environ.get("STAFETTE_KILLS", "300"))
TIME_BOX_S = float(os.environ.get("STAFETTE_MONTH_S", "2400"))


def drive(run):
    run.run(TIME_BOX_S)
    run.finish()
    say(f"{len(run.cases)} cases, {run.published} events, {run.kills.total()} kills, {DAYS} days "
        f"in {run.seconds:.0f} s, {run.published / run.seconds:.0f} events/s")


def main():
    cases = Cases()
    run = Month(ITEMS, ITEMS // 150, KILLS)
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
