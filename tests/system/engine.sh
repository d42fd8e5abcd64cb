# A private container engine without any network of its own; containers use that of this machine. Sourced after lib.sh. Skips the whole suite, by
# name, where no engine can be started.
# CLX_TEST_ENGINE=FOLDER keeps its images there from one run to the next, for who works on these tests.
engine=${CLX_TEST_ENGINE:-$(mktemp -d /tmp/clx-engine-XXXXXX)}
mkdir -p "$engine"
DOCKER_HOST="unix://$engine/docker.sock" && export DOCKER_HOST

start_engine()
{
    dockerd --host "unix://$engine/docker.sock" --data-root "$engine/root" --exec-root "$engine/exec" --pidfile "$engine/docker.pid" \
        --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --host-gateway-ip=127.0.0.1 \
        --log-level=error "$@" >>"$engine/log" 2>&1 &
    dockerd=$!
    wait_until 60 docker version >/dev/null 2>&1
}

# After SIGKILL of the engine: what it left behind would be in the way of the next one.
clear_engine()
{
    umount "$engine/exec/netns/default" "$engine/root" 2>/dev/null
    rm -f "$engine/docker.pid" "$engine/docker.sock"
}

stop_engine()
{
    kill -CONT "$dockerd" 2>/dev/null
    kill "$dockerd" 2>/dev/null && wait "$dockerd"
    clear_engine
    [ -n "${CLX_TEST_ENGINE-}" ] || rm -rf "$engine"
}

if [ "$(id -u)" -ne 0 ] || ! command -v dockerd >/dev/null || ! start_engine; then
    [ -n "${CLX_TEST_ENGINE-}" ] || rm -rf "$engine"
    skip_all='no container engine can be started here'
    test_done
fi
trap stop_engine EXIT

# The containers of clx: all of them, and those that run.
all_ours()
{
    docker ps -aq --filter label=clx.owner=clx "$@"
}

none_ours()
{
    test -z "$(all_ours)"
}

one_runs()
{
    test -n "$(docker ps -q --filter label=clx.owner=clx --filter label=clx.worker_type="$1")"
}
