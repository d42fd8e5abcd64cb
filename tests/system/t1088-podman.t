#!/bin/sh
test_description='workers in containers of podman, whose service speaks the API of the engine in its own way'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"
. "$CLX_SOURCE_ROOT/tests/system/podman.sh"

CLX_WORKER_MANAGEMENT__DOCKER_NETWORK=host && export CLX_WORKER_MANAGEMENT__DOCKER_NETWORK
for n in $(seq 3); do
    mkdir -p "slides/module_100_m/topic_100_t"
    printf '# %%%% [markdown]\n# # Title %s\n\n# %%%%\nprint("%s")\n' "$n" "$n" >"slides/module_100_m/topic_100_t/slides_$n.py"
done
echo '{name: Small, languages: [en], prog_lang: python, sections: [{name: One, topics: [{id: t, evaluate: false}]}]}' >course.yaml
touch clx.toml

build()
{
    "$CLX" build course.yaml --workers=docker --ignore-cache "$@"
}
events()
{
    sqlite3 clx_jobs.db "SELECT message FROM worker_events WHERE event_type = '$1' ORDER BY id DESC"
}

test_expect_success 'an image that is missing is told with what to do' '
    test_expect_code 1 build -o none 2>err && grep "there is no image .localhost/clx-notebook:latest." err && grep "run .clx docker build notebook." err
'
test_expect_success 'a build gives the same bytes as one with processes, and leaves no container' '
    "$CLX_SOURCE_ROOT/tests/system/worker-image" "$CLX" "$CLX_SOURCE_ROOT" image.tar &&
    docker import --change "ENTRYPOINT [\"/usr/local/bin/clx\", \"worker\", \"notebook\"]" image.tar localhost/clx-notebook:latest &&
    "$CLX" build course.yaml --workers=direct -o direct && build -o podman && diff -r direct podman && test -n "$(list_paths podman)" && none_ours
'
test_expect_success 'its containers are confined' '
    { build -o confined & } && build=$! && wait_until 30 sh -c "test -n \"\$(docker ps -aq)\"" && docker inspect $(docker ps -aq | head -n 1) >inspected && wait $build &&
    python3 -c "
import json
found = json.load(open(\"inspected\"))[0]
host, mounts = found[\"HostConfig\"], found[\"Mounts\"]
assert found[\"Config\"][\"User\"] == \"65534:65534\" and host[\"PidsLimit\"] == 512, found[\"Config\"]
assert \"no-new-privileges\" in host[\"SecurityOpt\"] and len(host[\"CapDrop\"]) > 5 and not host[\"CapAdd\"], host
assert [mount[\"RW\"] for mount in mounts if mount[\"Destination\"] == \"/source\"] == [False], mounts
"
'
test_expect_success 'a name that a stranger has taken is left to him: podman answers 500 where the engine says 409' '
    { "$CLX_SOURCE_ROOT/tests/system/steal.py" "$engine/podman.sock" "$PWD/proxy.sock" localhost/clx-notebook & } && proxy=$! && wait_until 20 test -S proxy.sock &&
    { DOCKER_HOST=unix://$PWD/proxy.sock build -o stolen; status=$?; kill $proxy; test $status -eq 0; } && diff -r direct stolen && none_ours &&
    test "$(docker ps -aq | wc -l)" -eq 1 && docker rm $(docker ps -aq)
'
test_expect_success 'the last words of a container that fails are in the error' '
    docker import --change "ENTRYPOINT [\"/usr/local/bin/clx\", \"worker\", \"nonsense\"]" - localhost/broken:latest <image.tar &&
    CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=localhost/broken test_expect_code 1 build -o none 2>err && grep "ended with exit status 2" err && grep "nonsense" err && none_ours
'
test_expect_success 'after SIGKILL of a container the build goes on with another one' '
    { build -o killed & } && build=$! && wait_until 30 sh -c "test -n \"\$(docker ps -q)\"" && docker kill -s KILL $(docker ps -q) && wait $build &&
    diff -r direct killed && events worker_failed | head -n 1 | grep "killed by signal 9" && none_ours
'
test_expect_success 'after SIGKILL of the build its containers end, and the next build removes them' '
    { build -o again & } && build=$! && wait_until 30 sh -c "test -n \"\$(docker ps -q)\"" && kill -9 $build && { wait $build; true; } &&
    wait_until 10 sh -c "test -z \"\$(docker ps -q)\"" && build -o again && diff -r direct again && none_ours
'
test_done
