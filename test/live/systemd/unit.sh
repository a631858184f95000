#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The unit file, the user and the places as systemd's own tools read them; needs no running systemd.
# Exit status: 0 well, 1 not, 77 skipped.
set -eu
: "${WQ_SOURCE:?}"

if ! command -v systemd-analyze >/dev/null 2>&1; then
    echo 'SKIPPED: systemd-analyze is not installed (Debian: systemd); the unit file was NOT checked' >&2
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/unit" "$work/root/etc" "$work/root/var/lib" "$work/wrong"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# verify's exit status is 0 for words it does not know: what counts is that it has nothing to say. The programs need
# not be installed here.
verify() {
    systemd-analyze verify --man=no "$1" 2>&1
}
fit() {
    sed 's#^\(Exec[A-Za-z]*\)=/usr/bin/wqd#\1=/bin/true#' "$WQ_SOURCE/systemd/wqd.service"
}
fit >"$work/unit/wqd.service"
said=$(verify "$work/unit/wqd.service") || fail "systemd-analyze verify: $said"
[ -z "$said" ] || fail "systemd-analyze verify: $said"

# The same look must find a fault.
fit | sed 's/^WatchdogSec=.*/WatchdogSec=ninety/; s/^ProtectHome=/ProtectHomes=/' >"$work/wrong/wqd.service"
said=$(verify "$work/wrong/wqd.service" || :)
case $said in
*ninety*) ;;
*) fail "a wrong unit was not noticed: $said" ;;
esac

# 20 stands for an exposure of 2.0 of 10.
exposure=$(systemd-analyze security --no-pager --offline=true --threshold=20 "$work/unit/wqd.service" 2>&1) ||
    fail "systemd-analyze security: $exposure"
echo "$exposure" | tail -n 1

# What the daemon relies on, and what hardening must not take from it.
for line in Type=notify Restart=always StartLimitIntervalSec=0 'WatchdogSec=90' 'SystemCallFilter=adjtimex'; do
    grep -q "^$line" "$WQ_SOURCE/systemd/wqd.service" || fail "the unit lacks $line"
done

echo 'dialout:x:20:' >"$work/root/etc/group"
if command -v systemd-sysusers >/dev/null 2>&1; then
    systemd-sysusers --root="$work/root" "$WQ_SOURCE/systemd/wqd.sysusers" 2>"$work/said" ||
        fail "systemd-sysusers: $(cat "$work/said")"
    grep -q '^wqd:' "$work/root/etc/passwd" || fail 'systemd-sysusers made no user wqd'
    grep -q '^dialout:.*wqd' "$work/root/etc/group" || fail 'wqd is not a member of dialout'
fi
if command -v systemd-tmpfiles >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
    systemd-tmpfiles --root="$work/root" --create "$WQ_SOURCE/systemd/wqd.tmpfiles" 2>"$work/said" ||
        fail "systemd-tmpfiles: $(cat "$work/said")"
    [ "$(stat -c %a "$work/root/etc/wqd/credentials")" = 700 ] || fail 'credentials can be read by others'
    [ "$(stat -c %a "$work/root/var/lib/wqd")" = 750 ] || fail 'the history can be read by everybody'
fi
