#!/usr/bin/env bash
# Builds the test image. Packages are fetched by this machine's own pip, with whatever index,
# login and certificates it is set up with, and checked against the lock's hashes twice: here, and
# again in the image.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: test_image.sh [NAME]

Build the image NAME (default ropewalk-test) from the sources as they are, with every package of
3rdparty/python/default.lock. Starts a container engine if none answers.

Example:
  cicd/build/docker/test_image.sh && docker run --rm ropewalk-test --test-type unit

Environment: BASE_IMAGE (see base_image.sh --any).
USAGE
}

fail() {
    echo "test_image.sh: $1" >&2
    exit "${2:-3}"
}

case ${1:-} in
    -h | --help)
        usage
        exit
        ;;
    -*) fail "unknown option '$1'" 2 ;;
esac
(($# <= 1)) || fail "one NAME at a time, not $#" 2
name=${1:-ropewalk-test}

here=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
cd -- "$here/../../.."
"$here/engine.sh" start >&2
base=$("$here/base_image.sh" --any)

# The setuptools lock, too: it builds what is released as source alone.
locks=(3rdparty/python/default.lock 3rdparty/python/tools/setuptools.lock)
packages=dist/packages
key=$(cat "${locks[@]}" | sha256sum)
if [[ $(cat "$packages/.key" 2>/dev/null) != "$key" ]]; then
    command -v python3.11 >/dev/null || fail "no python3.11 here, whose pip fetches the packages"
    echo "test_image.sh: fetching the packages of ${locks[0]}" >&2
    mkdir -p dist
    work=$(mktemp -d dist/packages.XXXXXX)
    trap 'rm -rf "$work"' EXIT
    python3.11 -m venv "$work/venv" || fail "python3.11 makes no venv (Debian: apt-get install python3.11-venv)"
    "$work/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps \
        --require-hashes --dest "$work/packages" --requirement "${locks[0]}" \
        --requirement "${locks[1]}" 2>"$work/log" || {
        tail -n 5 "$work/log" >&2
        fail "the packages of the lock can't be fetched"
    }
    echo "$key" >"$work/packages/.key"
    rm -rf "$packages"
    mv "$work/packages" "$packages"
fi

log=$(mktemp)
docker build --file cicd/build/docker/Dockerfile --tag "$name" \
    --build-arg "BASE_IMAGE=$base" --build-arg PIP_NO_INDEX=1 . >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "the image can't be built; all of Docker's output is in $log"
}
rm -f "$log"
docker image inspect --format "test_image.sh: built $name, {{.Size}} bytes" "$name" >&2
