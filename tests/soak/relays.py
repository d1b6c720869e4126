#!/usr/bin/python3
# time limit: 7200 s
"""200,000 notices to 2,000 mail domains over 20 relays, for half an hour: two relays defer, one
hangs, one rejects, all restart once, and the daemon is killed at random moments. In the end the
unwell ones become well, and all that waited must leave. Before it, the same rate without trouble,
whose delays are what the delays at healthy relays are compared with.

STAFETTE_SOAK_MINUTES, STAFETTE_SOAK_NOTICES, STAFETTE_SOAK_KILLS, STAFETTE_SOAK_BASELINE (minutes):
other numbers. A run of a few minutes is too short for the verdicts on memory and delays.
"""

import os
import sys

sys.path.insert(0, "tests/peers")

import relay_check as check  # noqa: E402
from crash_check import audit_holds, copies_are_few, ledger_is_green, store_is_sound  # noqa: E402
from peers import Cases, say  # noqa: E402
from relay_load import RELAYS, UNWELL, Run  # noqa: E402

MINUTES = float(os.environ.get("STAFETTE_SOAK_MINUTES", "30"))
NOTICES = int(os.environ.get("STAFETTE_SOAK_NOTICES", "200000"))
KILLS = int(os.environ.get("STAFETTE_SOAK_KILLS", "20"))
BASELINE = float(os.environ.get("STAFETTE_SOAK_BASELINE", str(min(10.0, MINUTES))))
DRAIN_S, HEALED_S = 300, 900

CHECKS = [
    ("the store is sound", store_is_sound),
    ("each event is decided exactly once", check.events_decided),
    ("only unwell relays had something waiting", check.only_unwell_wait),
    ("nothing is lost: each delivery has its ending", check.all_accounted),
    ("what was rejected went to somebody else", check.rejected_went_on),
    ("each sent mail is at a relay, under one Message-ID", check.mails_arrived),
    ("repeats are at most kills x in_flight_max", copies_are_few),
    ("the audit chain holds", audit_holds),
    ("memory stays flat", check.memory_flat),
]


def load(run, found):
    run.start()
    run.go()
    run.wait_decided(DRAIN_S)
    run.wait_sent(set(range(RELAYS)) - (set(UNWELL) if run.troubled else set()), DRAIN_S)
    found.waiting = run.pending_by_relay()


def heal(run):
    run.relays.heal(run.folder)
    run.wait_sent(set(range(RELAYS)), HEALED_S)


def baseline(cases):
    """The delays without trouble."""
    run = Run("usual", int(NOTICES / MINUTES * BASELINE), BASELINE * 60, seed=1)
    usual = []
    try:
        cases.run("without trouble: everything is sent", load, run, check.Found(run))
        if not cases.failed:
            usual = check.print_figures(run, "usual")
    finally:
        run.close()
    return usual


def troubled(cases, usual):
    run = Run("troubled", NOTICES, MINUTES * 60, KILLS, seed=2)
    found = check.Found(run)
    try:
        cases.run("with trouble: healthy relays send everything", load, run, found)
        if cases.failed:
            return
        cases.run("relays that are well again get what waited", heal, run)
        cases.run("the ledger is green", ledger_is_green, found)
        cases.run("the daemon ends in order", run.stop)
        for label, one in CHECKS:
            cases.run(label, one, found)
        cases.run("delays at healthy relays", check.delay_bounded, usual,
                  check.print_figures(run, "troubled"))
    finally:
        run.close()


def main():
    cases = Cases()
    say(f"{NOTICES} notices in {MINUTES:g} minutes, {KILLS} kills; before, {BASELINE:g} minutes "
        "without trouble")
    usual = baseline(cases)
    if not cases.failed:
        troubled(cases, usual)
    cases.end()


main()
