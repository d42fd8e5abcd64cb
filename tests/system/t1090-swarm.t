#!/bin/sh
test_description='swarm mode: services of a real cluster of one machine'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"
. "$CLX_SOURCE_ROOT/tests/system/engine.sh"

swarm_port=$((20000 + $$ % 20000))
for topic in a b c d e f; do
    mkdir -p "slides/module_100_m/topic_100_$topic"
    printf '# %%%% [markdown]\n# # Title %s\n\n# %%%%\nprint("%s")\n' $topic $topic >"slides/module_100_m/topic_100_$topic/slides_$topic.py"
done
mkdir .clx
printf '[worker_management]\ndocker_network = "host"\ndefault_worker_count = 2\n' >.clx/config.toml
cat >course.yaml <<'SPEC'
name: Small
languages: [en]
prog_lang: python
sections:
  - name: One
    topics: [{id: a, evaluate: false}, {id: b, evaluate: false}, {id: c, evaluate: false}, {id: d, evaluate: false}, {id: e, evaluate: false},
      {id: f, evaluate: false}]
SPEC

build()
{
    rm -rf clx_cache.* && "$CLX" build course.yaml --workers=swarm "$@"
}
nothing_left()
{
    test -z "$(docker service ls -q)" && test -z "$(docker secret ls -q)" && test -z "$(docker ps -q)"
}

test_expect_success 'an engine without a swarm is told with what to do' '
    test_expect_code 1 build -o none 2>err && grep "manages no swarm" err && grep "docker swarm init" err
'
test_expect_success 'the cluster is made' '
    docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:$swarm_port &&
    "$CLX_SOURCE_ROOT/tests/system/worker-image" "$CLX" "$CLX_SOURCE_ROOT" image.tar &&
    docker import --change "ENTRYPOINT [\"/usr/local/bin/clx\", \"worker\", \"notebook\"]" image.tar localhost/clx-notebook:latest && rm image.tar
'
test_expect_success 'a build by the cluster gives the same bytes as one with processes, and leaves nothing' '
    "$CLX" build course.yaml --workers=direct -o direct && build -o swarm && diff -r direct swarm && test -n "$(list_paths swarm)" &&
    wait_until 30 nothing_left
'
test_expect_success 'the pool has its events, and the workers theirs' '
    sqlite3 clx_jobs.db "SELECT event_type FROM worker_events ORDER BY id" >events &&
    for event in pool_starting worker_registered worker_ready pool_started pool_stopping pool_stopped; do grep -qx $event events || return 1; done &&
    test "$(sqlite3 clx_jobs.db "SELECT DISTINCT execution_mode FROM worker_events WHERE event_type = '"'worker_registered'"'")" = "$(printf "direct\nswarm")"
'
test_expect_success 'a cluster that cannot start workers is told with its reason' '
    test_expect_code 1 env CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=localhost/no-such-image CLX_WORKER_MANAGEMENT__STARTUP_TIMEOUT=5 "$CLX" build course.yaml --workers=swarm --ignore-cache -o none 2>err &&
    grep "no notebook worker of the swarm comes" err && grep "no-such-image" err && wait_until 30 nothing_left
'
test_expect_success 'no inspection of service, secret or container shows the token, and nothing of this machine is mounted' '
    echo 0123456789-known-token >token && rm -rf clx_cache.* && { CLX_WORKER_API__TOKEN_FILE="$PWD/token" "$CLX" build course.yaml --workers=swarm -o inspected & } && build=$! &&
    wait_until 60 sh -c "docker secret inspect \$(docker secret ls -q) >secret.json 2>/dev/null" &&
    wait_until 60 sh -c "docker service inspect \$(docker service ls -q) >service.json 2>/dev/null" &&
    wait_until 60 sh -c "docker inspect \$(docker ps -q) >container.json 2>/dev/null" && wait $build &&
    grep CLX_API_TOKEN_FILE service.json && grep CLX_API_TOKEN_FILE container.json && ! grep known-token secret.json service.json container.json &&
    ! grep "$(printf 0123456789-known-token | base64)" secret.json service.json container.json && ! grep "\"Type\": \"bind\"" service.json container.json &&
    wait_until 60 nothing_left
'
test_expect_success 'after SIGKILL of the build the next one removes what is left and does the work' '
    rm -rf clx_cache.* && { "$CLX" build course.yaml --workers=swarm -o killed & } && build=$! && wait_until 60 sh -c "test -n \"\$(docker ps -q)\"" &&
    kill -9 $build && { wait $build; true; } && build -o again && diff -r direct again && wait_until 60 nothing_left
'
test_done
