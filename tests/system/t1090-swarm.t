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
    for event in pool_starting worker_registered worker_ready pool_started pool_stopping pool_stopped; do grep -qx $event events || return 1; done
'
test_expect_success 'the service grows with the queue; the token is in no inspection; a container killed is replaced' '
    { build -o grown & } && build=$! && wait_until 30 sh -c "test -n \"\$(docker ps -q)\"" && docker service inspect $(docker service ls -q) >service &&
    docker inspect $(docker ps -q) >containers; docker kill $(docker ps -q | head -n 1); wait $build && diff -r direct grown &&
    ! grep -q CLX_API_TOKEN= service containers && grep -q CLX_API_TOKEN_FILE service &&
    sqlite3 clx_jobs.db "SELECT message FROM worker_events WHERE event_type = '"'worker_starting'"'" | grep "from 1 to 2 workers" && wait_until 30 nothing_left
'
test_expect_success 'after SIGKILL of the build its workers end, and the next build removes the service' '
    { build -o killed & } && build=$! && wait_until 30 sh -c "test -n \"\$(docker ps -q)\"" && kill -9 $build && { wait $build; true; } &&
    wait_until 20 sh -c "test -z \"\$(docker ps -q)\"" && test -n "$(docker service ls -q)" && build -o killed && diff -r direct killed && wait_until 30 nothing_left
'
test_expect_success 'a cluster that cannot start workers is told with its reason' '
    test_expect_code 1 env CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=localhost/no-such-image CLX_WORKER_MANAGEMENT__STARTUP_TIMEOUT=5 "$CLX" build course.yaml --workers=swarm --ignore-cache -o none 2>err &&
    grep "no notebook worker of the swarm comes" err && grep "no-such-image" err && wait_until 30 nothing_left
'
test_expect_success 'TLS: the engine is reached by TCP with certificates of our own, and not without' '
    mkdir tls && (cd tls &&
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca-key.pem -out ca.pem -subj /CN=ca -days 2 &&
    for who in server client; do
        openssl req -newkey rsa:2048 -nodes -keyout $who-key.pem -out $who.csr -subj /CN=$who &&
        printf "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n" >ext &&
        openssl x509 -req -in $who.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out $who.pem -days 2 -extfile ext || exit 1
    done 2>/dev/null && mkdir client && cp ca.pem client && cp client.pem client/cert.pem && cp client-key.pem client/key.pem) &&
    port=$((swarm_port + 1)) && docker swarm leave --force && kill $dockerd && { wait $dockerd; clear_engine; } &&
    start_engine --host tcp://127.0.0.1:$port --tlsverify --tlscacert tls/ca.pem --tlscert tls/server.pem --tlskey tls/server-key.pem &&
    DOCKER_HOST=tcp://127.0.0.1:$port DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$PWD/tls/client "$CLX" docker list >images && grep "clx-notebook:latest *yes" images &&
    test_expect_code 1 env DOCKER_HOST=tcp://127.0.0.1:$port DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=$PWD/nowhere "$CLX" docker list 2>err && grep "no container engine answers" err &&
    test_expect_code 1 env DOCKER_HOST=tcp://127.0.0.1:$port DOCKER_TLS_VERIFY= "$CLX" docker list
'
test_expect_success 'a context of docker names the engine, with its certificates' '
    hash=$(printf lab | sha256sum | cut -d" " -f1) && mkdir -p context/contexts/meta/$hash context/contexts/tls/$hash/docker && cp tls/client/* context/contexts/tls/$hash/docker &&
    printf "{\"currentContext\": \"lab\"}" >context/config.json &&
    printf "{\"Name\": \"lab\", \"Endpoints\": {\"docker\": {\"Host\": \"tcp://127.0.0.1:%s\", \"SkipTLSVerify\": false}}}" $((swarm_port + 1)) >context/contexts/meta/$hash/meta.json &&
    env -u DOCKER_HOST DOCKER_CONFIG=$PWD/context "$CLX" docker list >images && grep "clx-notebook:latest *yes" images
'
test_done
