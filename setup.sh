#!/bin/sh
# Everything a fresh Debian or Ubuntu needs: PostgreSQL with PL/Python, .venv from requirements.lock, and for the tests
# PgBouncer and the peer's client with Node. `setup.sh run` leaves out what only tests need. Run again it changes nothing
# and takes no time. PYTHON names another interpreter.
set -eu
cd "$(dirname "$0")"
oldest_server=15

say() { printf '%s\n' "setup: $*"; }
fail() { printf '%s\n' "setup: $*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo --preserve-env=DEBIAN_FRONTEND "$@"
    else
        fail "distribution packages are missing ($missing): run as root or install sudo"
    fi
}

install_packages() {
    missing="$*"
    command -v apt-get >/dev/null || fail "apt-get not found: install PostgreSQL >= $oldest_server with plpython3u and Python >= 3.11 by hand"
    say "installing $missing"
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends --yes "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        fail "the package manager could not install: $missing"
    }
    rm -f "$log"
}

update_package_lists() {
    [ -z "${lists_are_fresh:-}" ] || return 0
    command -v apt-get >/dev/null || return 0
    missing="package lists"
    say "reading the package lists"
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null || fail "the package manager could not read its lists"
    lists_are_fresh=yes
}

# the newest server that has PL/Python; with an argument, the newest server at all
server_version() {
    for bin in /usr/lib/postgresql/*/bin; do
        version=$(basename "$(dirname "$bin")")
        case $version in *[!0-9]*) continue ;; esac
        [ "$version" -ge "$oldest_server" ] && [ -x "$bin/initdb" ] || continue
        [ -n "${1:-}" ] || [ -e "/usr/share/postgresql/$version/extension/plpython3u.control" ] || continue
        echo "$version"
    done | sort -n | tail -n 1
}

setup_server() {
    [ -z "$(server_version)" ] || return 0
    update_package_lists
    version=$(server_version any)
    [ -n "$version" ] || version=$(apt-cache depends postgresql 2>/dev/null | sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1)
    [ -n "$version" ] || fail "the distribution has no package 'postgresql'"
    [ "$version" -ge "$oldest_server" ] || fail "the distribution has PostgreSQL $version: version $oldest_server or newer is needed"
    install_packages "postgresql-$version" "postgresql-plpython3-$version"
    [ -n "$(server_version)" ] || fail "PostgreSQL with plpython3u is still missing after its installation"
}

can_make_environments() {
    "$1" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    for candidate in ${PYTHON:-/usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11}; do
        if can_make_environments "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
}

setup_python() {
    fingerprint=$(cat requirements.lock pyproject.toml setup.sh | sha256sum | cut -d ' ' -f 1)
    if [ -x .venv/bin/python ] && [ "$(cat .venv/fingerprint 2>/dev/null)" = "$fingerprint" ]; then
        return 0
    fi
    python=$(find_python)
    if [ -z "$python" ]; then
        update_package_lists
        install_packages python3 python3-venv
        python=$(find_python)
        [ -n "$python" ] || fail "Python 3.11 or newer with its module 'venv' is needed"
    fi
    say "installing Python packages into .venv"
    .venv/bin/python -c '' 2>/dev/null || "$python" -m venv --clear .venv
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements.lock ||
        fail "pip could not install requirements.lock"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable . ||
        fail "pip could not install this package"
    echo "$fingerprint" >.venv/fingerprint
}

setup_pooler() {
    if command -v pgbouncer >/dev/null || [ -x /usr/sbin/pgbouncer ]; then
        return 0
    fi
    update_package_lists
    install_packages pgbouncer
}

# the README's sessions are typed by a test
setup_curl() {
    if command -v curl >/dev/null; then
        return 0
    fi
    update_package_lists
    install_packages curl
}

# from tests/sdk/package-lock.json
setup_client() {
    fingerprint=$(cat tests/sdk/package.json tests/sdk/package-lock.json | sha256sum | cut -d ' ' -f 1)
    if [ "$(cat tests/sdk/node_modules/.fingerprint 2>/dev/null)" = "$fingerprint" ]; then
        return 0
    fi
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        update_package_lists
        install_packages nodejs npm
    fi
    say "installing Node packages into tests/sdk"
    npm ci --prefix tests/sdk --silent --ignore-scripts --no-audit --no-fund || fail "npm could not install tests/sdk"
    echo "$fingerprint" >tests/sdk/node_modules/.fingerprint
}

# two calls at a time would install into each other's half-made environment
exec 9<setup.sh
flock 9
setup_server
setup_python
[ "${1:-}" != run ] || exit 0
setup_curl
setup_pooler
setup_client
