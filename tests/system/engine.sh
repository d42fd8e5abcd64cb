# A private container engine without any network of its own; containers use that of this machine. Sourced after lib.sh. Skips the whole suite, by
# name, where no engine can be started.
# A suite that sets keeps_images before has its images kept from one run to the next, for a week, in the folder that CLX_TEST_IMAGES names (./run tests
# does); whoever comes second while that is in use has its own. has_old_images is set when there are some.
engine=$(mktemp -d /tmp/clx-engine-XXXXXX)
engine_root=$engine/root has_old_images=
if [ -n "${keeps_images-}" ] && [ -n "${CLX_TEST_IMAGES-}" ] && mkdir -p "$CLX_TEST_IMAGES" && exec 8>"$CLX_TEST_IMAGES/lock" && flock -n 8; then
    engine_root=$CLX_TEST_IMAGES/root
    [ -z "$(find "$CLX_TEST_IMAGES" -maxdepth 1 -name born -mtime +7)" ] || rm -rf "$engine_root" "$CLX_TEST_IMAGES/born"
    [ ! -e "$CLX_TEST_IMAGES/born" ] || has_old_images=yes
fi
# There are images now: their week begins.
note_images()
{
    [ "$engine_root" = "$engine/root" ] || [ -n "$has_old_images" ] || : >"$CLX_TEST_IMAGES/born"
}
DOCKER_HOST="unix://$engine/docker.sock" && export DOCKER_HOST

start_engine()
{
    dockerd --host "unix://$engine/docker.sock" --data-root "$engine_root" --exec-root "$engine/exec" --pidfile "$engine/docker.pid" \
        --bridge=none --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --host-gateway-ip=127.0.0.1 \
        --log-level=error "$@" >>"$engine/log" 2>&1 &
    dockerd=$!
    wait_until 60 docker version >/dev/null 2>&1
}

# The parts of an engine that outlive its SIGKILL: its containerd, and a shim with its processes for each container.
kill_parts()
{
    for shim in $(pgrep -f "containerd-shim.* -address $engine/"); do
        kill -9 $(pgrep -P "$shim") "$shim" 2>/dev/null
    done
    [ ! -e "$engine/exec/containerd/containerd.pid" ] || kill -9 "$(cat "$engine/exec/containerd/containerd.pid")" 2>/dev/null
    wait_until 10 no_part
}

no_part()
{
    ! pgrep -f "containerd.* $engine/" >/dev/null
}

# After SIGKILL of the engine: what it left behind would be in the way of the next one.
clear_engine()
{
    kill_parts
    umount "$engine_root"/overlay2/*/merged 2>/dev/null
    umount "$engine/exec/netns/default" "$engine_root" 2>/dev/null
    rm -f "$engine/docker.pid" "$engine/docker.sock"
}

stop_engine()
{
    kill -CONT "$dockerd" 2>/dev/null
    kill "$dockerd" 2>/dev/null && wait "$dockerd"
    clear_engine
    rm -rf "$engine"
}

if [ "$(id -u)" -ne 0 ] || ! command -v dockerd >/dev/null || ! start_engine; then
    rm -rf "$engine"
    skip_all='no container engine can be started here'
    test_done
fi
trap stop_engine EXIT
# What a run that was killed has left.
docker swarm leave --force >/dev/null 2>&1
docker ps -aq | xargs -r docker rm -f >/dev/null && docker image prune -f >/dev/null
