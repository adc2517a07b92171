#!/usr/bin/env bash
# Makes a small base image out of Debian packages, for machines that can't pull the public one.
# It holds Python 3.11 and the two system libraries that scientific wheels expect, and no package
# manager: nothing can be installed into what is built on it.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: base_image.sh NAME | --any

  NAME   make the image NAME from the Debian mirror that this machine's apt uses, unless the
         engine has an image of that name already (`docker image rm NAME` for a newer one).
         Needs root
  --any  print the name of a base image that this machine can build on: $BASE_IMAGE if that is
         set, else the Dockerfiles' public default if it is here or can be pulled, else one made
         as above

Example:
  sudo cicd/build/docker/base_image.sh ropewalk-base:bookworm
  BASE_IMAGE=ropewalk-base:bookworm ./pants package apps/predictor:docker
USAGE
}

# The one Debian release whose Python is 3.11.
release=bookworm
packages=(
    python3.11-minimal python3.11-venv # the interpreter; the test image makes a venv
    python3-distutils                  # PEX imports it when it makes a venv
    libgomp1 libstdc++6                # OpenMP and C++, linked by scikit-learn and pyarrow
    ca-certificates tzdata             # TLS to a model store, time zones of the data
)

fail() {
    echo "base_image.sh: $1" >&2
    exit "${2:-3}"
}

case ${1:-} in
    -h | --help)
        usage
        exit
        ;;
    --any) ;;
    "" | -*) fail "say which image to make: base_image.sh NAME" 2 ;;
esac
(($# == 1)) || fail "one NAME at a time, not $#" 2
name=$1

if [[ $name == --any ]]; then
    if [[ -n ${BASE_IMAGE:-} ]]; then
        echo "$BASE_IMAGE"
        exit
    fi
    # One place says what the default is.
    public=$(sed -n 's/^ARG BASE_IMAGE=//p' "$(dirname -- "${BASH_SOURCE[0]}")/Dockerfile")
    if docker image inspect "$public" >/dev/null 2>&1 || timeout 300 docker pull --quiet "$public" >/dev/null 2>&1; then
        echo "$public"
        exit
    fi
    name=ropewalk-base:bookworm
    echo "base_image.sh: $public can't be pulled here; using $name, of Debian packages" >&2
    "$0" "$name"
    echo "$name"
    exit
fi

docker version >/dev/null 2>&1 || fail "no container engine answers; start one with cicd/build/docker/engine.sh"
if docker image inspect "$name" >/dev/null 2>&1; then
    echo "base_image.sh: $name exists already" >&2
    exit
fi
((EUID == 0)) || fail "making an image from packages needs root: run this with sudo"
command -v apt-get >/dev/null || fail "no apt-get here; pull a public image of Python 3.11 instead"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
log=$work/log

quietly() {
    "$@" >"$log" 2>&1 || {
        tail -n 10 "$log" >&2
        fail "this failed: $1 $2"
    }
}

export DEBIAN_FRONTEND=noninteractive
quietly apt-get update -qq
command -v mmdebstrap >/dev/null ||
    quietly apt-get install -y -qq --no-install-recommends mmdebstrap

# apt itself knows where this machine gets its packages from, security updates included.
apt-get indextargets --format "deb \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
    "Created-By: Packages" "Origin: Debian" "Component: main" |
    grep -E " $release(-updates|-security)? main\$" | sort -u >"$work/sources.list" ||
    fail "apt on this machine has no source for Debian $release (see /etc/apt)"

# What dpkg's scripts needed once, Perl above all, goes at the end: nothing is installed later.
# Only packages marked essential and the ones above; documentation and translations never land.
quietly mmdebstrap --mode=root --variant=essential --format=tar \
    --include="$(IFS=, && echo "${packages[*]%% *}")" \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --customize-hook="rm -rf \"\$1\"/usr/share/perl \"\$1\"/usr/lib/*/perl \"\$1\"/usr/lib/*/gconv" \
    --customize-hook="rm -rf \"\$1/etc/apt/sources.list\" \"\$1\"/var/log/*" \
    "$release" "$work/image.tar" "$work/sources.list"

docker import --change 'ENV LANG=C.UTF-8' --change 'CMD ["python3.11"]' \
    --message "Debian $release with Python 3.11" "$work/image.tar" "$name" >/dev/null
docker image inspect --format "base_image.sh: made $name, {{.Size}} bytes" "$name" >&2
