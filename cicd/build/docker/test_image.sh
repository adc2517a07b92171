#!/usr/bin/env bash
# Builds the test image. Packages are fetched by this machine's own pip, with whatever index,
# login and certificates it is set up with, and checked against the lock's hashes twice: here, and
# again in the image.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: test_image.sh [NAME]

Build the image NAME (default ropewalk-test) from the sources as they are, with every package of
3rdparty/python/default.lock and the tools that check them. Starts a container engine if none
answers. Prints the image's number.

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

context=dist/test-image
# The setuptools lock, too: it builds what is released as source alone.
code=(default tools/setuptools)
tools=(tools/{black,checks,coverage-py,mypy,mypy-stubs,ruff,versions,setuptools})

# Fetch the packages of some locks into a folder, unless they are there.
fetch() {
    local folder=$context/packages/$1 locks=("${@:2}") key work
    locks=("${locks[@]/#/3rdparty/python/}")
    locks=("${locks[@]/%/.lock}")
    key=$(cat "${locks[@]}" | sha256sum)
    if [[ $(cat "$folder.key" 2>/dev/null) == "$key" ]]; then
        return
    fi
    command -v python3.11 >/dev/null || fail "no python3.11 here, whose pip fetches the packages"
    echo "test_image.sh: fetching the packages of the $1" >&2
    mkdir -p "$context/packages"
    work=$(mktemp -d "$context.XXXXXX")
    python3.11 -m venv "$work/venv" || fail "python3.11 makes no venv (Debian: apt-get install python3.11-venv)"
    # One lock after the other: two tools may pin the same package differently.
    local lock
    for lock in "${locks[@]}"; do
        "$work/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps \
            --require-hashes --dest "$work/packages" --requirement "$lock" 2>"$work/log" || {
            tail -n 5 "$work/log" >&2
            fail "the packages of $lock can't be fetched; $work is left"
        }
    done
    rm -rf "$folder"
    mv "$work/packages" "$folder"
    echo "$key" >"$folder.key"
    rm -rf "$work"
}

fetch code "${code[@]}"
fetch tools "${tools[@]}"
rm -rf "$context/installer" "$context/locks"
mkdir -p "$context/installer/cicd/build/utils" "$context/locks/tools"
cp cicd/build/bootstrap_pants.py "$context/installer/cicd/build/"
cp cicd/build/utils/environments.py "$context/installer/cicd/build/utils/"
cp 3rdparty/python/default.lock "$context/locks/"
for lock in "${tools[@]}"; do
    cp "3rdparty/python/$lock.lock" "$context/locks/tools/"
done
# What git tracks or would track, and is there.
git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' path; do
        if [[ -e $path || -L $path ]]; then
            printf '%s\0' "$path"
        fi
    done | sort -zu |
    tar --create --file "$context/source.tar" --null --no-recursion --verbatim-files-from --files-from - \
        --owner 0 --group 0 --numeric-owner

log=$context.log
docker build --file cicd/build/docker/Dockerfile --tag "$name" --iidfile "$context.id" \
    --build-arg "BASE_IMAGE=$base" "$context" >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "the image can't be built; all of Docker's output is in $log"
}
docker image inspect --format "test_image.sh: built $name, {{.Size}} bytes" "$name" >&2
# The name may be another one's by now, the number is not.
cat "$context.id"
