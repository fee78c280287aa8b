# Shared by the scripts beside it; sourced, not run. Expects `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# Paths on the command line are the caller's: see from_caller.
caller=$PWD
cd "$root"

build_packages=(libsqlite3-dev libcurl4-openssl-dev libssl-dev libsystemd-dev pkg-config)

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# A path as the caller means it, who isn't in the project's folder.
from_caller() {
    case $1 in
    /*) printf '%s\n' "$1" ;;
    *) printf '%s/%s\n' "${caller%/}" "$1" ;;
    esac
}

# Fills $arguments with the given ones, those behind the named options ("--output --directory") made absolute.
caller_arguments() { # options, arguments…
    local options=" $1 " previous='' word
    shift
    arguments=()
    for word in "$@"; do
        case $options in
        *" $previous "*) word=$(from_caller "$word") ;;
        *" ${word%%=*} "*) if [[ $word == *=* ]]; then word=${word%%=*}=$(from_caller "${word#*=}"); fi ;;
        esac
        arguments+=("$word")
        previous=$word
    done
}

# Whether a Debian package is there, in this machine's architecture or for all.
is_installed() {
    dpkg-query -W -f '${db:Status-Status} ${Architecture}\n' "$1" 2>/dev/null \
        | grep -qxE "installed ($(dpkg --print-architecture)|all)"
}

# Installs those of the named Debian packages that are missing; without root says the exact line and ends. Services that
# come with them aren't started.
need_packages() {
    command -v dpkg-query >/dev/null || fail "this is no Debian; install by hand what these Debian packages hold: $*"
    local package missing=()
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        printf 'Debian packages are missing. Run this, then try again:\n\n' >&2
        printf '  sudo apt-get install --no-install-recommends %s\n\n' "${missing[*]}" >&2
        exit 1
    fi
    say "installing ${missing[*]}"
    apt-get update
    local policy=/usr/sbin/policy-rc.d status=0
    if [ -e "$policy" ]; then policy=; else start_no_services "$policy"; fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" || status=$?
    [ -z "$policy" ] || rm -f "$policy"
    # What came only to be asked must not serve from the next boot on.
    local service
    for service in nginx prometheus redis-server syslog-ng; do
        case " ${missing[*]} " in *" $service"[\ -]*) update-rc.d "$service" disable ;; esac
    done
    return "$status"
}

# Debian starts services as it installs them, unless this file says no. It says so only while this script runs: left
# behind by a power cut it changes nothing.
start_no_services() { # file
    printf '#!/bin/sh\n# Made by %s for one installation; may be deleted.\nkill -0 %d 2>/dev/null && exit 101\nexit 0\n' \
        "$root/scripts" $$ >"$1"
    chmod 755 "$1"
}

need_swift() {
    command -v swift >/dev/null \
        || fail 'no Swift toolchain in PATH. Install Swift 6.2 or newer for Debian 12 from https://www.swift.org/install/linux/'
}

# The names of the bugs that a build for scripts/mutants has.
planted_bugs() { sed -nE 's/^.* static var ([A-Za-z]+): Bool \{ isOn\(\) \}$/\1/p' Sources/OutboxCore/Planted.swift; }

# Builds the release binary and names it in $outbox.
build_release() {
    need_swift
    say 'building lambda-outbox (release; the first build takes some minutes)'
    swift build -c release --product lambda-outbox
    outbox=$(swift build -c release --product lambda-outbox --show-bin-path)/lambda-outbox
    # The variable that says which planted bug is on; a binary without it has every one as a constant false.
    if grep -aqF 7PlantedO6active "$outbox"; then fail 'the release binary holds planted bugs'; fi
}

# Nothing of the caller's own AWS set-up may reach what the scripts start: no account, no endpoint, no proxy, no files.
forget_aws() { # a folder for two empty files
    local name
    for name in $(compgen -e | grep -E '^AWS_' || true) http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY; do
        unset "$name"
    done
    (umask 077 && : >"$1/aws-config" && : >"$1/aws-credentials")
    export AWS_CONFIG_FILE=$1/aws-config AWS_SHARED_CREDENTIALS_FILE=$1/aws-credentials
}
