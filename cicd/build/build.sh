#!/usr/bin/env bash
# The gate of a feature branch: what the branch affects is tested and checked in the test image, and
# what needs git, Pants or a network on this machine. Every check runs, so that one run tells
# everything; gate.py has the list of them, and the verdict.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: build.sh [--since REF | --all] [--no-image]

  --since REF  what the branch is compared with: its own commits since it left REF, and what is in
               no commit yet (default: origin/develop, develop, origin/main or main, the first
               that exists; --all where none does)
  --all        take everything as affected
  --no-image   leave out the test image, on a machine without a container engine: the same checks
               run on this machine, and the summary says so

Example:
  cicd/build/build.sh --since origin/develop

The last line says "mergeable", or "not mergeable" and why. dist/gate holds the summary (summary.md,
summary.json), and what CI services show: gate.xml (JUnit) and gate.sarif.

Exit code: 1 when it is not mergeable, 2 on wrong usage.

Environment: BASE_IMAGE (see docker/base_image.sh). ADVISORY_DATABASE, the query address of an OSV
service: with it, a lock that can't be audited is not mergeable. SONAR_TOKEN and SONAR_HOST_URL,
SNYK_TOKEN: with them these two are asked.
USAGE
}

fail() {
    echo "build.sh: $1" >&2
    exit "${2:-2}"
}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
of=() image=1
while (($#)); do
    case $1 in
        -h | --help)
            usage
            exit
            ;;
        --since)
            of=(--since "${2:-}")
            [[ -n ${of[1]} ]] || fail "--since needs a branch or a commit"
            git rev-parse --quiet --verify "${of[1]}^{commit}" >/dev/null || fail "there is no branch or commit '${of[1]}'"
            shift
            ;;
        --all) of=(--all) ;;
        --no-image) image=0 ;;
        *) fail "unknown argument '$1'; see --help" ;;
    esac
    shift
done
for branch in origin/develop develop origin/main main; do
    if ((! ${#of[@]})) && git rev-parse --quiet --verify "$branch^{commit}" >/dev/null; then
        of=(--since "$branch")
    fi
done
((${#of[@]})) || of=(--all)

gate=cicd/build/gate.py
python3 "$gate" prepare "${of[@]}"

# What is not done leaves no result, and the verdict says that nobody looked: nothing here is lost
# by going on.
if ((image)); then
    # The image that was built now, or none: another one says nothing about this branch.
    if built=$(cicd/build/docker/test_image.sh); then
        mkdir -p dist/gate-cache
        docker run --rm --read-only --tmpfs /tmp --network none --user "$(id -u):$(id -g)" \
            --volume "$PWD/dist/gate:/repo/dist/gate:ro" \
            --volume "$PWD/dist/gate/made:/repo/dist/gate/made" \
            --volume "$PWD/dist/gate-cache:/repo/dist/gate-cache" \
            --entrypoint python "$built" "$gate" look image || true
    fi
else
    python3 "$gate" look image --place machine || true
fi
python3 "$gate" look machine || true
python3 "$gate" verdict
