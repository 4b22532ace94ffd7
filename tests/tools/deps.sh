#!/usr/bin/env bash
# Installs those of the named Debian packages that are missing; elsewhere says what is needed.
set -eu
missing=()
if command -v dpkg-query >/dev/null 2>&1; then
    have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | awk '$1 == "installed" {print $2}')
    for package in "$@"; do
        grep -qxF "$package" <<<"$have" || missing+=("$package")
    done
fi
[ ${#missing[@]} -gt 0 ] || command -v dpkg-query >/dev/null 2>&1 || {
    echo "This is no Debian system. Wattyard needs what these Debian 12 packages hold:" >&2
    echo "  $*" >&2
    exit 0
}
[ ${#missing[@]} -gt 0 ] || exit 0
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "Missing packages, and no sudo here; as root run:" >&2
        echo "  apt-get install ${missing[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
echo "Installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
install || { "${as_root[@]}" apt-get update >"$log" 2>&1 && install; } || {
    cat "$log" >&2
    exit 1
}
