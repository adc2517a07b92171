#!/usr/bin/env bash
# Makes sure that a container engine answers: uses the one that runs, else starts Docker, and
# installs Debian's docker.io first where there is none.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: engine.sh [start|status|stop]

  start   (default) do nothing if an engine answers; else install Debian's docker.io where no
          dockerd is found, start dockerd and wait until it answers
  status  exit 0 if an engine answers, 3 if none does
  stop    stop the dockerd that `start` started; an engine that was there before is left alone

Example:
  sudo cicd/build/docker/engine.sh && docker info

Environment: DOCKER_HOST (default unix:///var/run/docker.sock), and where a dockerd started here
keeps its images, ROPEWALK_DOCKER_ROOT (default /var/lib/docker).
USAGE
}

state=/run/ropewalk-dockerd
log=/var/log/ropewalk-dockerd.log

fail() {
    echo "engine.sh: $1" >&2
    exit "${2:-3}"
}

answers() {
    command -v docker >/dev/null && docker info --format '{{.ServerVersion}}' >/dev/null 2>&1
}

# The number in a pid file outlives its process, and another process may have it by now.
runs() {
    [[ -s $state/pid ]] && [[ $(cat "/proc/$(<"$state/pid")/comm" 2>/dev/null) == dockerd ]]
}

install_engine() {
    command -v apt-get >/dev/null ||
        fail "no dockerd and no apt-get here: install a container engine by hand"
    echo "engine.sh: installing docker.io" >&2
    export DEBIAN_FRONTEND=noninteractive
    if ! { apt-get update -qq &&
        apt-get install -y -qq --no-install-recommends docker.io iptables ca-certificates; } \
        >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        fail "docker.io can't be installed; all of apt's output is in $log"
    fi
}

start() {
    if answers; then
        return
    fi
    if [[ ${DOCKER_HOST:-unix://} != unix://* ]]; then
        fail "DOCKER_HOST=$DOCKER_HOST does not answer, and an engine elsewhere can't be started from here"
    fi
    if ((EUID != 0)); then
        fail "no engine answers, and starting one needs root: run this with sudo"
    fi
    mkdir -p "$state"
    # Two jobs on one machine may both find no engine: the second waits for the first one's.
    exec 9>"$state/lock"
    flock 9
    if ! command -v dockerd >/dev/null || ! command -v docker >/dev/null; then
        install_engine
    fi
    # The other job, or the package's own service, may have started one meanwhile.
    if answers; then
        return
    fi
    if ! runs; then
        rm -f "$state/pid"
        setsid dockerd --host "${DOCKER_HOST:-unix:///var/run/docker.sock}" \
            --data-root "${ROPEWALK_DOCKER_ROOT:-/var/lib/docker}" \
            --pidfile "$state/pid" --exec-root "$state/exec" >"$log" 2>&1 </dev/null 9>&- &
    fi
    local waited
    for ((waited = 0; waited < 60; waited++)); do
        if answers; then
            return
        fi
        sleep 1
    done
    tail -n 15 "$log" >&2
    fail "dockerd does not answer after 60 s; above is the end of $log"
}

stop() {
    if ! runs; then
        fail "nothing to stop: no dockerd that this script started is running" 0
    fi
    local pid waited
    pid=$(<"$state/pid")
    kill "$pid"
    for ((waited = 0; waited < 30; waited++)); do
        if ! runs; then
            return
        fi
        sleep 1
    done
    fail "dockerd (process $pid) is still stopping after 30 s"
}

case ${1:-start} in
    start)
        start
        docker info --format 'engine: Docker {{.ServerVersion}}, {{.Driver}}'
        ;;
    status) answers || exit 3 ;;
    stop) stop ;;
    -h | --help) usage ;;
    *) fail "unknown command '$1'; it is start, status or stop" 2 ;;
esac
