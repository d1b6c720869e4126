#!/bin/bash
# kannel.sh DIR ADMIN BOX SENDSMS SMSC [MO-URL [NUMBER PORT URL]]
# A private Kannel (bearerbox, smsbox, fakesmsc) of build/peers on four free loopback ports. Says
# "ready" when it takes SMS; runs until it is told to end (TERM, INT, HUP or end of standard input)
# and takes its three processes with it. DIR holds configuration, spool and logs; DIR/fs.out what
# the "network" got. SMS to NUMBER go to a second network instead, an HTTP server at URL that takes
# them (202) or refuses them (400); Kannel listens for it on PORT. User "gw", password "geheim". MO-URL gets replies (from, to, text, id). A line
# "FROM TO TYPE TEXT" on standard input is an SMS that a phone sends (types as fakesmsc has them).
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
usr=$top/build/peers/usr
run=$top/build/peers/run
dir=$1 admin=$2 box=$3 send=$4 smsc=$5 mo=${6:-}
number=${7:-} second=${8:-} url=${9:-}

for program in "$usr/sbin/bearerbox" "$usr/sbin/smsbox" "$usr/lib/kannel/test/fakesmsc"; do
    [ -x "$program" ] || { echo "missing: $program; run contrib/install-deps test" >&2; exit 1; }
done
mkdir -p "$dir/spool" && cd "$dir" || exit 1

cat > kannel.conf <<EOT
group = core
admin-port = $admin
admin-interface = 127.0.0.1
admin-password = adm
smsbox-port = $box
smsbox-interface = 127.0.0.1
dlr-storage = internal
box-allow-ip = "127.0.0.1"
box-deny-ip = "*.*.*.*"
store-type = spool
store-location = "$dir/spool"

group = smsc
smsc = fake
smsc-id = fake1
host = 127.0.0.1
port = $smsc
connect-allow-ip = 127.0.0.1
${number:+denied-prefix = "$number"}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = $send
sendsms-interface = 127.0.0.1
sendsms-chars = "0123456789 +-"
global-sender = 13013
http-request-retry = 3
http-queue-delay = 2

group = sendsms-user
username = gw
password = geheim
user-allow-ip = "127.0.0.1"
max-messages = 10
concatenation = true
EOT
[ -z "$number" ] || cat >> kannel.conf <<EOT

group = smsc
smsc = http
smsc-id = second
system-type = kannel
smsc-username = x
smsc-password = y
port = $second
connect-allow-ip = 127.0.0.1
send-url = "$url"
allowed-prefix = "$number"
EOT
case $mo in *\?*) query='&' ;; *) query='?' ;; esac
[ -z "$mo" ] || cat >> kannel.conf <<EOT

group = sms-service
keyword = default
get-url = "$mo${query}from=%p&to=%P&text=%a&id=%I"
max-messages = 0
catch-all = true
omit-empty = true
EOT

pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    for _ in $(seq 50); do
        alive=0
        for pid in "${pids[@]}"; do kill -0 "$pid" 2>/dev/null && alive=1; done
        [ $alive = 0 ] && break
        sleep 0.1
    done
    for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null; done
    exit 0
}
trap finish TERM INT HUP

listening() { (exec 3<> "/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
await() { # PORT PID WHAT
    for _ in $(seq 200); do
        listening "$1" && return
        kill -0 "$2" 2>/dev/null || break
        sleep 0.05
    done
    echo "$3 does not listen on port $1; see $dir" >&2
    finish
}

"$run" "$usr/sbin/bearerbox" -v 1 kannel.conf > bb.out 2>&1 < /dev/null & pids+=($!)
await "$box" "${pids[0]}" bearerbox
"$run" "$usr/sbin/smsbox" -v 1 kannel.conf > sb.out 2>&1 < /dev/null & pids+=($!)
await "$send" "${pids[1]}" smsbox
# fakesmsc says what it was started with, then listens: another SMS is another fakesmsc.
network() { # COUNT MESSAGE
    "$run" "$usr/lib/kannel/test/fakesmsc" -H 127.0.0.1 -r "$smsc" -i 0.01 -m "$1" "$2" \
        >> fs.out 2>&1 < /dev/null & pids[2]=$!
}
network 0 "49151 13013 text x"
echo ready
while read -r message; do
    kill "${pids[2]}" && wait "${pids[2]}" 2>/dev/null
    network 1 "$message"
done
finish
