#!/bin/sh
# Sees that a system library or program is there; installs it where we may, else says how.
#   pango     lays out letters as PDF
#   chromium  drives the browser tests
#   java      runs Spark
set -eu

have() {
    case "$1" in
    pango) ldconfig -p 2>/dev/null | grep -q libpango-1.0 || [ "$(uname)" = Darwin ] ;;
    chromium) command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ;;
    java) command -v java >/dev/null 2>&1 ;;
    esac
}

package() {
    case "$1" in
    pango) echo libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 ;;
    chromium) echo chromium ;;
    java) echo default-jre-headless ;;
    esac
}

for need in "$@"; do
    have "$need" && continue
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Installing $need."
        apt-get update -qq
        # shellcheck disable=SC2046
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(package "$need") >/dev/null
    else
        echo "$need is not installed. As an administrator: apt-get install $(package "$need")"
        echo "Everything else works without it."
    fi
done
