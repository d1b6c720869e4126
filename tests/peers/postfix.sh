#!/bin/bash
# postfix.sh DIR PORT NEXT_HOP_PORT WAY...
# A private Postfix of build/peers on a free loopback port: a relay that hands all mail to the
# server at NEXT_HOP_PORT, and writes a report of its own (RFC 3464) when that one refuses a
# recipient. Mail for gw.example, where the gateway's bounces go, takes the WAY:
#   maildir FOLDER NAME UID GID     into the Maildir FOLDER/NAME of a mailbox server
#   lmtp HOST:PORT             to an LMTP server; or lmtp unix:PATH
#   pipe USER COMMAND          to a command, which sees ${recipient} and ${sender}
# Runs until it is told to end (TERM). DIR holds configuration, queue and log. Postfix must be
# started by root; it is not for other users to run.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
peers=$(cd "$top/build/peers" && pwd -P)
dir=$1 port=$2 next_hop=$3 way=$4
shift 4

[ -x "$peers/usr/lib/postfix/sbin/master" ] || { echo "missing: postfix; run contrib/install-deps test" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "postfix must be started by root" >&2; exit 1; }

case $way in
maildir) transport='virtual:' ;;
lmtp) case $1 in unix:*) transport=lmtp:$1 ;; *) transport=lmtp:inet:$1 ;; esac ;;
pipe) transport='stafette:' ;;
*) echo "unknown way: $way" >&2; exit 64 ;;
esac
mkdir -p "$dir"/etc "$dir"/data
for queue in active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace; do
    mkdir -p "$dir/queue/$queue"
done
cat >"$dir/etc/main.cf" <<EOT
compatibility_level = 3.6
queue_directory = $dir/queue
data_directory = $dir/data
daemon_directory = $peers/usr/lib/postfix/sbin
command_directory = $peers/usr/sbin
shlib_directory = $peers/usr/lib/postfix
meta_directory = $peers/etc/postfix
mail_owner = uucp
setgid_group = games
import_environment = MAIL_CONFIG LD_LIBRARY_PATH TZ STAFETTE_TEST_MARK
maillog_file = $dir/postfix.log
maillog_file_prefixes = $dir
myhostname = relay.gw.example
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtp_tls_security_level = none
relayhost = 127.0.0.1:$next_hop
recipient_delimiter = +
transport_maps = inline:{ { gw.example = $transport } }
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtp_destination_recipient_limit = 1
lmtp_destination_recipient_limit = 1
stafette_destination_recipient_limit = 1
EOT
[ "$way" != maildir ] || cat >>"$dir/etc/main.cf" <<EOT
virtual_mailbox_base = $1
virtual_mailbox_domains =
virtual_mailbox_maps = static:$2/
virtual_uid_maps = static:$3
virtual_gid_maps = static:$4
virtual_minimum_uid = 1
EOT
[ ! -f "$dir/more.cf" ] || cat "$dir/more.cf" >>"$dir/etc/main.cf"
cat >"$dir/etc/master.cf" <<EOT
$port     inet  n - n - - smtpd
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 1 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
virtual   unix  - n n - - virtual
error     unix  - - n - - error
retry     unix  - - n - - error
proxymap  unix  - - n - - proxymap
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
EOT
[ "$way" != pipe ] || cat >>"$dir/etc/master.cf" <<EOT
stafette  unix  - n n - - pipe
  flags=R user=$1 argv=$2
EOT
# Postfix refuses to share its users with anything else that it starts. Every Debian has these two,
# and nothing of this project runs as one of them.
uid=$(id -u uucp) gid=$(id -g uucp) drop=$(getent group games | cut -d : -f 3)
chown -R root:root "$dir/etc"
chown "$uid:$gid" "$dir/data" "$dir"/queue/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace}
chown "$uid:$drop" "$dir"/queue/{maildrop,public}
chmod 1730 "$dir/queue/maildrop"
chmod 2710 "$dir/queue/public"
chmod 700 "$dir"/queue/{active,bounce,corrupt,defer,deferred,flush,hold,incoming,private,saved,trace} "$dir/data"
exec "$peers/run" usr/lib/postfix/sbin/master -d -c "$dir/etc"
