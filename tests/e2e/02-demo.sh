#!/usr/bin/env bash
# time limit: 120 s
# The demo is the first thing a newcomer sees: it must show every handled event type with its
# receipt, mails and SMS, and leave neither a process nor a directory behind.
set -u
cd "$(dirname "$0")/../.." || exit 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
out=$scratch/out
number=0
failed=0

check() {
    local label=$1
    shift
    number=$((number + 1))
    if "$@" >/dev/null 2>&1; then
        echo "ok $number - $label"
    else
        echo "not ok $number - $label"
        failed=1
    fi
}

# shellcheck disable=SC2317
# receipt TYPE OUTCOME: the first step of that type got that receipt
receipt() { grep -A 1 -F "($1)" "$out" | grep -q "receipt to .*: $2"; }

TMPDIR=$scratch contrib/demo/run >"$out" 2>&1
check "the demo ends well" test $? -eq 0
for type in handover.requested handover.acknowledged handover.accepted handover.returned \
    handover.rejected handover.withdrawn referral.requested referral.approved referral.accepted \
    referral.declined referral.refused emergency.reported hazard.cleared; do
    check "$type is accepted" receipt "$type" accepted
done
check "an event with a diagnosis is refused" receipt handover.requested refused
check "its value is shown nowhere" test "$(grep -c 'F32' "$out")" -eq 0
check "the refusal names field and remedy" grep -q 'E-FELD: data.diagnosis ist nicht' "$out"
check "a whole mail is shown in German" grep -q 'Zuständig ist jetzt: Kommunaler Sozialer' "$out"
check "the on-call SMS is shown" grep -q 'Bereitschaft: neue Meldung' "$out"
check "no provider is told before the approval" \
    test -z "$(grep -A 3 -F '(referral.requested)' "$out" | grep 'mail to aufnahme@')"
check "the provider is told after it" \
    test -n "$(grep -A 3 -F '(referral.approved)' "$out" | grep 'mail to aufnahme@')"
check "explain says which rule applies" grep -q 'Es gilt: Regel root/eselsberg/egh' "$out"
check "the gateway is green at the end" grep -qE 'green: +yes' "$out"
check "no directory is left" test -z "$(find "$scratch" -mindepth 1 -maxdepth 1 -type d)"
[ "$failed" -eq 0 ] || sed 's/^/# /' "$out"
exit $failed
