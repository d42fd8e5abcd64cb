# A private service of podman, which speaks the engine's API with deviations of its own. Sourced after lib.sh. Skips the whole suite, by name, where
# none can be started.
engine=$(mktemp -d /tmp/clx-podman-XXXXXX)
DOCKER_HOST="unix://$engine/podman.sock" CONTAINERS_CONF=$engine/containers.conf && export DOCKER_HOST CONTAINERS_CONF
# Its usual limits are more than a process may have that may not raise them.
printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' >"$CONTAINERS_CONF"

start_podman()
{
    podman --root "$engine/root" --runroot "$engine/run" --tmpdir "$engine/tmp" --cgroup-manager cgroupfs --events-backend file system service --time 0 \
        "$DOCKER_HOST" >>"$engine/log" 2>&1 &
    podman=$!
    wait_until 30 docker version >/dev/null 2>&1
}

stop_podman()
{
    docker ps -aq | xargs -r docker rm -f >/dev/null
    kill "$podman" && wait "$podman"
    umount "$engine/root/overlay" 2>/dev/null
    rm -rf "$engine"
}

if [ "$(id -u)" -ne 0 ] || ! command -v podman >/dev/null || ! command -v docker >/dev/null || ! start_podman; then
    rm -rf "$engine"
    skip_all='no service of podman can be started here'
    test_done
fi
trap stop_podman EXIT
