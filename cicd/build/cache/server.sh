#!/usr/bin/env bash
# Starts and stops the shared build cache: buildgrid, which speaks the protocol of Pants' remote
# cache (REAPI), with its tools from 3rdparty/python/tools/buildgrid.lock.
set -euo pipefail

usage() {
    cat <<'USAGE'
Usage: server.sh start|status|stop|token [--port PORT] [--address ADDRESS] [--folder FOLDER]
                 [--size SIZE] [--days DAYS]

  start   start the cache and wait until it answers; do nothing if it runs already
  status  exit 0 if it answers, 3 if not
  stop    stop the cache that `start` started in this folder, and no other
  token   print a token; only who has one may write

  --folder FOLDER    blobs, log and the secret that tokens are signed with
                     (default: $XDG_CACHE_HOME/ropewalk-cache, or ~/.cache/ropewalk-cache)
  --port PORT        default: 8980
  --address ADDRESS  where it listens (default: 127.0.0.1). The connection is not encrypted: for
                     other machines put what ends TLS before it, and use grpcs:// there
  --size SIZE        how large the blobs may grow, as 500M or 10G (default: 10G)
  --days DAYS        how long the token is good (default: 90)

Example:
  cicd/build/cache/server.sh start
  cicd/build/cache/server.sh token >token
  export PANTS_REMOTE_STORE_ADDRESS=grpc://127.0.0.1:8980 PANTS_REMOTE_CACHE_READ=true
  PANTS_REMOTE_CACHE_WRITE=true PANTS_REMOTE_INSTANCE_NAME=write \
      PANTS_REMOTE_OAUTH_BEARER_TOKEN_PATH=token ./pants test ::

Exit code: 2 on wrong usage or when the server can't start, 3 when it does not run.
USAGE
}

fail() {
    echo "server.sh: $1" >&2
    exit "${2:-2}"
}

here=$(cd -- "${BASH_SOURCE[0]%/*}" && pwd)
folder=${XDG_CACHE_HOME:-${HOME:-.}/.cache}/ropewalk-cache
host=127.0.0.1 port=8980 size=10G days=90
case ${1:-} in
    start | status | stop | token) command=$1 ;;
    -h | --help)
        usage
        exit
        ;;
    *) fail "unknown command '${1:-}'; it is start, status, stop or token" ;;
esac
shift
while (($#)); do
    [[ $1 =~ ^--(port|address|folder|size|days)$ ]] || fail "unknown argument '$1'; see --help"
    [[ -n ${2:-} ]] || fail "$1 needs a value"
    case $1 in
        --port) port=$2 ;;
        --address) host=$2 ;;
        --folder) folder=$2 ;;
        --size) size=$2 ;;
        --days) days=$2 ;;
    esac
    shift 2
done
[[ $port =~ ^[1-9][0-9]{0,3}$|^[1-5][0-9]{4}$ ]] || fail "--port $port is no port; give a number from 1 to 59999"
[[ $size =~ ^[1-9][0-9]{0,5}[MGT]$ ]] || fail "--size $size is no size; give a number with M, G or T, for example 10G"
[[ $days =~ ^[1-9][0-9]{0,3}$ ]] || fail "--days $days is no number of days from 1 to 9999"
[[ $folder == /* ]] || folder=$PWD/$folder
address=$host:$port

# Only a process that serves this folder: a number in a pid file outlives its process, and another
# process may have it by now.
runs() {
    [[ -s $folder/pid ]] && [[ $(ps -o args= -p "$(<"$folder/pid")") == *"serve.py $folder "* ]]
}

find_tools() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "python3 is not Python 3.11 or newer; put one on PATH (Debian 12: apt-get install python3)"
    tools=$(python3 -c 'import sys; sys.path.insert(0, sys.argv[1])
from cicd.build.utils.environments import environment
print(environment("buildgrid"))' "$here/../../..") || fail "buildgrid can't be installed; pip says why above"
}

answers() {
    "$tools/python" -c 'import sys, grpc
grpc.channel_ready_future(grpc.insecure_channel(sys.argv[1])).result(timeout=1)' "$1" 2>/dev/null
}

make_secret() {
    if [[ ! -s $folder/secret ]]; then
        head -c 48 /dev/urandom | base64 -w 0 >"$folder/secret.new"
        mv "$folder/secret.new" "$folder/secret"
    fi
}

start() {
    umask 077
    mkdir -p "$folder" 2>/dev/null || fail "$folder can't be made; choose another --folder"
    [[ -w $folder ]] || fail "$folder can't be written; choose another --folder"
    find_tools
    # Two jobs on one machine may both find no cache: the second waits for the first one's.
    exec 9>"$folder/lock"
    flock 9
    if runs; then
        [[ $(<"$folder/address") == "$address" ]] ||
            fail "the cache in $folder runs on $(<"$folder/address") already; stop it first"
    else
        ! (exec 8<>"/dev/tcp/$host/$port") 2>/dev/null || fail "something else listens on $address; choose another --port"
        make_secret
        CACHE_ADDRESS=$address CACHE_FOLDER=$folder CACHE_RIGHTS=$here/rights.yaml \
            setsid python3 "$here/serve.py" "$folder" "$size" >>"$folder/log" 2>&1 </dev/null 9>&- &
        echo "$!" >"$folder/pid"
        echo "$address" >"$folder/address"
    fi
    local waited
    for ((waited = 0; waited < 60; waited++)); do
        if answers "$address"; then
            echo "cache: grpc://$address, in $folder"
            return
        fi
        kill -0 "$(<"$folder/pid")" 2>/dev/null || break
        sleep 0.2
    done
    kill "$(<"$folder/pid")" 2>/dev/null || true
    fail "no cache answers on $address; $folder/log ends with: $(tail -n 1 "$folder/log")"
}

status() {
    runs || fail "no cache runs in $folder" 3
    find_tools
    answers "$(<"$folder/address")" || fail "the cache in $folder does not answer on $(<"$folder/address")" 3
    echo "cache: grpc://$(<"$folder/address"), in $folder"
}

stop() {
    runs || fail "nothing to stop: no cache runs in $folder" 0
    local pid waited
    pid=$(<"$folder/pid")
    kill "$pid"
    for ((waited = 0; waited < 150; waited++)); do
        if ! runs; then
            rm -f "$folder/pid"
            return
        fi
        sleep 0.2
    done
    fail "the cache (process $pid) is still stopping after 30 s" 3
}

token() {
    [[ -s $folder/secret ]] || fail "$folder has no secret to sign with; start a cache in it first"
    find_tools
    "$tools/python" -c 'import pathlib, sys, time, jwt
secret = pathlib.Path(sys.argv[1]).read_text()
print(jwt.encode({"exp": int(time.time()) + 86400 * int(sys.argv[2])}, secret, algorithm="HS256"))' \
        "$folder/secret" "$days"
}

"$command"
