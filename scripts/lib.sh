# Shared by the scripts beside it; sourced, not run. Expects `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

build_packages=(libsqlite3-dev libcurl4-openssl-dev libssl-dev libsystemd-dev pkg-config)

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Installs those of the named Debian packages that are missing; without root says the exact line and ends.
need_packages() {
    command -v dpkg-query >/dev/null || fail "this is no Debian; install by hand what these Debian packages hold: $*"
    local package missing=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        printf 'Debian packages are missing. Run this, then try again:\n\n' >&2
        printf '  sudo apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
        exit 1
    fi
    say "installing ${missing[*]}"
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

need_swift() {
    command -v swift >/dev/null \
        || fail 'no Swift toolchain in PATH. Install Swift 6.2 or newer for Debian 12 from https://www.swift.org/install/linux/'
}

# Builds the release binary and names it in $outbox.
build_release() {
    need_swift
    say 'building lambda-outbox (release; the first build takes some minutes)'
    swift build -c release --product lambda-outbox
    outbox=$(swift build -c release --product lambda-outbox --show-bin-path)/lambda-outbox
}

# Nothing of the caller's own AWS set-up may reach what the scripts start: no account, no endpoint, no proxy.
forget_aws() {
    local name
    for name in $(compgen -e | grep -E '^AWS_' || true) http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY; do
        unset "$name"
    done
}
