#!/usr/bin/env bash
# tests/e2e/03-install.sh: `make install` into an empty directory, under a strict umask, gives a
# layout that works from there: programs that start, a city's configuration that is good, and
# nothing that the daemon's own account could not read.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${STAFETTE_BUILD:-build}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
unset MAKEFLAGS MAKELEVEL
passed=0
failed=0

# say NAME COMMAND...: one check; what the command prints is shown when it fails
say() {
    local name=$1 printed
    shift
    if printed=$("$@" 2>&1); then
        echo "ok - $name"
        passed=$((passed + 1))
    else
        echo "not ok - $name"
        [ -z "$printed" ] || printf '%s\n' "$printed" | sed 's/^/# /'
        failed=$((failed + 1))
    fi
}

# say() runs this in a shell of its own, so the umask ends with it
install_all() {
    umask 077
    make --no-print-directory BUILD="$build" DESTDIR="$place" PREFIX=/usr install
}

# none COMMAND...: right when it prints nothing
none() {
    local found
    found=$("$@") || return 1
    printf '%s' "$found"
    [ -z "$found" ]
}

unit_starts_what_is_there() {
    local program
    program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$place/usr/lib/systemd/system/stafetted.service")
    [ -n "$program" ] && [ -x "$place$program" ]
}

manuals_are_there() {
    (cd "$place/usr/share/man" && ls man1/stafettectl.1 man5/stafette.conf.5 man8/stafetted.8)
}

say "make install" install_all
say "the daemon takes the installed configuration of a city" \
    "$place/usr/sbin/stafetted" -c "$place/usr/share/stafette/config/ulm" --check
say "the daemon knows its version" "$place/usr/sbin/stafetted" --version
say "the control tool shows its help" "$place/usr/bin/stafettectl" --help
say "the service unit starts the installed daemon" unit_starts_what_is_there
say "the manual pages are there" manuals_are_there
say "everybody can read what was installed" \
    none find "$place/usr/share" "$place/usr/lib" -type f ! -perm -044
say "nobody else can change what was installed" none find "$place/usr" -type f -perm /022
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
