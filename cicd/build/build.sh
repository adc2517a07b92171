#!/usr/bin/env bash
# The gate of a feature branch: what the branch affects is tested in the test image, linted and
# type-checked. Every stage runs, so that one run tells everything, and each one that fails closes
# the gate.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: build.sh [--since REF | --all] [--no-image]

  --since REF  what the branch is compared with: its own commits since it left REF, and what is in
               no commit yet (default: origin/develop, develop, origin/main or main, the first
               that exists; --all where none does)
  --all        take everything as affected
  --no-image   leave out the test image, on a machine without a container engine; Pants then runs
               the unit tests

Example:
  cicd/build/build.sh --since origin/develop

Exit code: 1 when a stage failed, 2 on wrong usage. The last line names the stages that failed.
USAGE
}

fail() {
    echo "build.sh: $1" >&2
    exit "${2:-2}"
}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
since='' image=1
while (($#)); do
    case $1 in
        -h | --help)
            usage
            exit
            ;;
        --since)
            since=${2:-}
            [[ -n $since ]] || fail "--since needs a branch or a commit"
            git rev-parse --quiet --verify "$since^{commit}" >/dev/null || fail "there is no branch or commit '$since'"
            shift
            ;;
        --all) since=:: ;;
        --no-image) image=0 ;;
        *) fail "unknown argument '$1'; see --help" ;;
    esac
    shift
done
for branch in origin/develop develop origin/main main; do
    if [[ -z $since ]] && git rev-parse --quiet --verify "$branch^{commit}" >/dev/null; then
        since=$branch
    fi
done
: "${since:=::}"

# What Pants does not follow to the targets that it changes: its own settings,
# macros, the launcher, and files that are gone, whose importers are the ones that break.
affects_everything() {
    local base
    base=$(git merge-base "$since" HEAD)
    git diff --name-only --no-renames --diff-filter=D "$base" -- 'libs/**' 'apps/**'
    git diff --name-only "$base" -- pants 'pants*.toml' pyproject.toml macros.py BUILD 3rdparty cicd/build
    git ls-files --others --exclude-standard -- 'pants*.toml' 3rdparty cicd/build
}

selection=(--changed-since="$since" --changed-dependents=transitive)
everything=(::)
if [[ $since != :: ]]; then
    everything=()
    reason=$(affects_everything)
    if [[ -n $reason ]]; then
        echo "build.sh: everything is affected, by ${reason%%$'\n'*}" >&2
        since=:: everything=(::)
    fi
fi
if [[ $since == :: ]]; then
    selection=()
fi

affected=$(./pants "${selection[@]}" list "${everything[@]}")
if [[ -z $affected ]]; then
    echo "build.sh: nothing is affected since $since"
    exit
fi
mapfile -t rooms < <(grep -oE '^(libs|apps)/[^/:]+' <<<"$affected" | sort -u)
echo "build.sh: affected: ${rooms[*]:-no lib and no app} ($(wc -l <<<"$affected") targets)"

failed=()
# A stage is one command, not a function of this script: within an `if`, bash ignores `set -e`, and
# a function would go on after what failed in it.
stage() {
    local name=$1 start=$SECONDS
    shift
    if "$@"; then
        echo "build.sh: ok: $name ($((SECONDS - start)) s)"
    else
        failed+=("$name")
        echo "build.sh: FAILED: $name ($((SECONDS - start)) s)" >&2
    fi
}

stage "every file has a target" ./pants tailor --check update-build-files --check ::
stage "every folder has an owner" python3 cicd/build/utils/owners.py --check
if [[ $since == :: ]]; then # a change of requirements is among what affects everything
    stage "locks" python3 cicd/build/utils/lock.py --check
fi
stage "lint" ./pants "${selection[@]}" lint "${everything[@]}"
stage "types" ./pants "${selection[@]}" check "${everything[@]}"
stage "formats" python3 cicd/build/utils/lint_formats.py
if ((image && ${#rooms[@]})); then
    reports=dist/test/reports-plain
    mkdir -p "$reports"
    stage "test image" cicd/build/docker/test_image.sh ropewalk-test
    # Of the image that was built now, or none: an older one says nothing about this branch.
    if [[ " ${failed[*]} " != *" test image "* ]]; then
        stage "unit tests in the image" docker run --rm --read-only --tmpfs /tmp --network none \
            --user "$(id -u):$(id -g)" --volume "$PWD/$reports:/reports" \
            ropewalk-test --test-type unit "${rooms[@]/#/--room=}"
    fi
elif ((! image)); then
    stage "unit tests" ./pants --tag=unit "${selection[@]}" test "${everything[@]}"
fi

if ((${#failed[@]})); then
    (
        IFS=,
        echo "build.sh: closed: ${failed[*]}"
    )
    exit 1
fi
echo "build.sh: open: every stage passed"
