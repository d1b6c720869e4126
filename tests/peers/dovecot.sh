#!/bin/bash
# dovecot.sh DIR PORT USER PASSWORD
# A private Dovecot (IMAP only, without encryption) of build/peers on a free loopback port. Runs
# until it is told to end (TERM). DIR holds configuration, mailbox (Maildir) and log. The unpacked
# programs look for nothing outside of build/peers and DIR; started by root they run as nobody.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
peers=$top/build/peers
dir=$1 port=$2 user=$3 password=$4

for program in usr/sbin/dovecot usr/lib/dovecot/imap; do
    [ -x "$peers/$program" ] || { echo "missing: $program; run contrib/install-deps test" >&2; exit 1; }
done
as_whom=()
name=$(id -un) group=$(id -gn)
if [ "$(id -u)" = 0 ]; then
    name=nobody group=nogroup
    as_whom=(setpriv "--reuid=$name" "--regid=$group" --clear-groups)
fi
# Below a home directory that others may not enter, nobody cannot read the programs: then they lie
# once more beside the mailbox, as links where the file system allows it.
if ! "${as_whom[@]}" test -r "$peers/run"; then
    shown=$dir/peers
    mkdir -p "$shown"
    cp -a --link "$peers/." "$shown/" 2>/dev/null || cp -a "$peers/." "$shown/"
    chmod 755 "$dir" "$shown"
    peers=$shown
fi
uid=$(id -u "$name") gid=$(getent group "$group" | cut -d: -f3)

mkdir -p "$dir/run" "$dir/mail"
printf '%s:{PLAIN}%s::::::\n' "$user" "$password" >"$dir/users"
cat >"$dir/dovecot.conf" <<EOT
base_dir = $dir/run
state_dir = $dir/run
log_path = $dir/dovecot.log
libexec_dir = $peers/usr/lib/dovecot
mail_plugin_dir = $peers/usr/lib/dovecot/modules
login_plugin_dir = $peers/usr/lib/dovecot/modules/login
import_environment = LD_LIBRARY_PATH
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = $name
default_internal_group = $group
default_login_user = $name
first_valid_uid = 1
mail_location = maildir:$dir/mail/%n
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%n $dir/users
}
userdb {
  driver = static
  args = uid=$uid gid=$gid home=$dir/mail/%n
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
EOT
# One path cannot be configured: where the library looks for modules. A copy of it has one of the
# same length there, below the directory in which the processes run.
mkdir -p "$dir/lib" "$dir/run/login"
LC_ALL=C sed 's|/usr/lib/dovecot/modules|/proc/self/cwd/./modules|g' \
    "$peers/usr/lib/dovecot/libdovecot.so.0" >"$dir/lib/libdovecot.so.0"
for place in "$dir/run" "$dir/run/login"; do
    ln -sfn "$peers/usr/lib/dovecot/modules" "$place/modules"
done
cat >"$dir/start" <<EOT
#!/bin/sh
LD_LIBRARY_PATH=$dir/lib:$peers/usr/lib/dovecot/modules/old-stats:\$LD_LIBRARY_PATH exec "\$@"
EOT
chmod 755 "$dir/start"
[ "$(id -u)" != 0 ] || find "$dir" -path "$dir/peers" -prune -o -exec chown "$name:$group" {} +
# What the program "dovecot" does first is to call /usr/bin/doveconf, which is not there.
exec "${as_whom[@]}" "$peers/run" "$dir/start" "$peers/usr/bin/doveconf" -f service=master -c "$dir/dovecot.conf" \
    -m master -e "$peers/usr/sbin/dovecot" -F -c "$dir/dovecot.conf"
