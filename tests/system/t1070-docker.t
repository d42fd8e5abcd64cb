#!/bin/sh
test_description='workers in containers of a real engine, and workers that share no disk'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

. "$CLX_SOURCE_ROOT/tests/system/engine.sh"

for topic in a b c; do
    mkdir -p "slides/module_100_m/topic_100_$topic"
    printf '# %%%% [markdown]\n# # Title %s\n\n# %%%%\nprint("%s")\n' $topic $topic >"slides/module_100_m/topic_100_$topic/slides_$topic.py"
done
mkdir .clx
cat >.clx/config.toml <<'CONFIG'
[worker_management]
docker_network = "host"
CONFIG
cat >course.yaml <<'SPEC'
name: Small
languages: [en]
prog_lang: python
sections:
  - name: One
    topics: [{id: a, evaluate: false}, {id: b, evaluate: false}, {id: c, evaluate: false}]
SPEC

test_expect_success 'an image that is missing is told with what to do' '
    test_expect_code 1 "$CLX" build course.yaml --workers=docker 2>err && grep "there is no image .localhost/clx-notebook:latest." err &&
    grep "run .clx docker build notebook., or name another one in worker_management.notebook.image" err
'
test_expect_success 'an engine that is missing is told, and nothing is half started' '
    DOCKER_HOST=unix:///nowhere/docker.sock test_expect_code 1 "$CLX" build course.yaml --workers=docker 2>err &&
    grep "no container engine answers at unix:///nowhere/docker.sock" err && "$CLX" workers list --format=json >workers &&
    test "$(cat workers)" = "[]"
'
test_expect_success 'an address of an engine is not taken for a place in a file, and a network that is missing is told with its setting' '
    DOCKER_HOST=tcp://127.0.0.1:9 test_expect_code 1 "$CLX" docker list 2>err && grep "clx: error: no container engine answers at tcp://127.0.0.1:9 (" err &&
    test_expect_code 1 env CLX_WORKER_MANAGEMENT__DOCKER_NETWORK=nowhere "$CLX" build course.yaml --workers=docker 2>err &&
    grep "worker_management.docker_network: docker: network nowhere not found" err
'
# Lists images with an engine that speaks the versions $1 to $2.
list_with()
{
    "$CLX_SOURCE_ROOT/tests/system/fake-engine" "$PWD/fake.sock" "$2" "$1" >paths & fake=$!
    wait_until 20 test -S fake.sock && DOCKER_HOST=unix://$PWD/fake.sock "$CLX" docker list >out 2>err
    status=$?
    kill $fake && { wait $fake; rm -f fake.sock; }
    return $status
}
test_expect_success 'the version of the API is agreed on; an engine that is too old or too new is told' '
    list_with 1.24 1.41 && grep "^/v1.41/images" paths && list_with 1.44 1.45 && grep "^/v1.45/images" paths && list_with 1.44 1.60 && grep "^/v1.47/images" paths &&
    ! list_with 1.12 1.40 && grep "speaks API 1.12 to 1.40; clx needs 1.41 to 1.47" err && ! list_with 1.50 1.60 && grep "speaks API 1.50 to 1.60" err
'
test_expect_success 'an image is made without any registry' '
    "$CLX_SOURCE_ROOT/tests/system/worker-image" "$CLX" "$CLX_SOURCE_ROOT" image.tar &&
    docker import --change "ENTRYPOINT [\"/usr/local/bin/clx\", \"worker\", \"notebook\"]" image.tar localhost/clx-notebook:latest &&
    rm image.tar
'
test_expect_success 'a build with containers gives the same bytes as one with processes' '
    "$CLX" build course.yaml --workers=direct -o direct && rm -rf clx_cache.* &&
    "$CLX" build course.yaml --workers=docker -o docker && diff -r direct docker && test -n "$(list_paths docker)"
'
test_expect_success 'no container is left, and the events read as in direct mode' '
    { test -z "$(docker ps -aq)" || { docker ps -a; false; }; } &&
    sqlite3 clx_jobs.db "SELECT event_type FROM worker_events WHERE execution_mode = '"'docker'"' ORDER BY id" >events &&
    for event in pool_starting worker_starting worker_registered worker_ready pool_started pool_stopping worker_stopping worker_stopped \
        pool_stopped; do grep -qx $event events || { cat events; return 1; }; done
'
cat >places.py <<'PYTHON'
"""Where a token stands while containers run: in the environment of a container as the engine knows it, and nowhere else."""
import json, pathlib, subprocess, sys

token, logs = pathlib.Path("token").read_text().strip(), sys.argv[1:]

def output(*command):
    return subprocess.run(["docker", *command], check=True, capture_output=True, text=True).stdout

def strip(value, path=""):
    """The places below which a text of a JSON document has the token."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] if isinstance(value, str) and token in value else [place for name, member in members for place in strip(member, f"{path}/{name}")]

containers = output("ps", "-aq").split()
assert containers
for container in containers:
    (place,) = strip(json.loads(output("inspect", container))[0])
    assert place.startswith("/Config/Env/"), place
    for command in (["logs"], ["top"]):
        assert token not in output(*command, container)
assert token not in output("ps", "-a", "--no-trunc") + output("events", "--since", "1h", "--until", "0s", "--format", "{{json .}}")
for process in pathlib.Path("/proc").glob("[0-9]*"):
    for name in ("cmdline", "environ"):
        try:
            text = (process / name).read_bytes()
        except OSError:
            continue  # it has ended
        assert token.encode() not in text, (process, name)
for root in map(pathlib.Path, logs):
    for path in [root] if root.is_file() else root.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path
PYTHON
# Stops the build once a worker is ready, so that its containers can be looked at.
hold_build()
{
    rm -rf clx_cache.* && { "$CLX" build course.yaml --workers=docker -o held & } && build=$! &&
    wait_until 30 sh -c "test -n \"\$(docker ps -q)\" && sqlite3 clx_jobs.db \"SELECT status FROM workers\" 2>&1 | grep -E \"idle|busy\"" && kill -STOP $build
}
test_expect_success 'the token is random, and another one for each build' '
    for n in 1 2; do
        hold_build && docker inspect -f "{{range .Config.Env}}{{println .}}{{end}}" $(docker ps -q | head -n 1) | sed -n "s/^CLX_API_TOKEN=//p" >token$n; kill -CONT $build && wait $build || return 1
    done; grep -xE "[0-9a-f]{64}" token1 && grep -xE "[0-9a-f]{64}" token2 && ! cmp -s token1 token2
'
test_expect_success 'the token is in the environment of its container, and in no other output, process, log, event or database' '
    echo 0123456789-known-token >token && export CLX_WORKER_API__TOKEN_FILE="$PWD/token" && hold_build && unset CLX_WORKER_API__TOKEN_FILE &&
    python3 places.py "$engine/log" clx_jobs.db clx_jobs.db-wal clx_jobs.logs clx_cache.db; status=$?; kill -CONT $build; wait $build && test $status -eq 0 &&
    python3 -c "import pathlib, sys; sys.exit(any(b\"known-token\" in path.read_bytes() for path in pathlib.Path().rglob(\"*\") if path.is_file() and path.name not in (\"token\", \"places.py\") and \"test\" not in path.name))"
'
test_expect_success 'a container is confined: no root, no capabilities, source read-only' '
    "$CLX" build course.yaml --workers=docker --ignore-cache -o confined >/dev/null 2>&1 & build=$! &&
    wait_until 30 sh -c "test -n \"\$(docker ps -aq --filter label=clx.owner=clx)\"" &&
    docker inspect $(docker ps -aq --filter label=clx.owner=clx | head -n 1) >inspected; wait $build;
    grep -q "\"no-new-privileges\"" inspected && grep -q "\"ALL\"" inspected && grep -q "\"User\": \"65534:65534\"" inspected &&
    grep -q "\"ReadOnly\": true" inspected && grep -q "\"PidsLimit\": 512" inspected && grep -q "host.docker.internal:host-gateway" inspected
'
test_expect_success 'after SIGKILL of the build no container runs 5 s later, and the next build removes what is left' '
    rm -rf clx_cache.* && { "$CLX" build course.yaml --workers=docker -o killed & } && build=$! &&
    wait_until 30 sh -c "test -n \"\$(docker ps -q --filter label=clx.owner=clx)\"" && kill -9 $build && { wait $build; true; } &&
    wait_until 8 sh -c "test -z \"\$(docker ps -q --filter label=clx.owner=clx)\"" && rm -rf clx_cache.* &&
    "$CLX" build course.yaml --workers=docker -o killed && diff -r direct killed && test -z "$(docker ps -aq)"
'
test_expect_success 'a foreign container that has taken the name of no worker is left alone' '
    docker create --name stranger --network host localhost/clx-notebook:latest && rm -rf clx_cache.* &&
    "$CLX" build course.yaml --workers=docker -o other && test "$(docker ps -aq | wc -l)" -eq 1 && docker rm stranger
'
# The tables of version 7, with a worker of a container that has no label of ours.
make_old_database()
{
    sqlite3 clx_jobs.db "
        CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
        INSERT INTO schema_version (version) VALUES (7);
        CREATE TABLE jobs (id INTEGER PRIMARY KEY AUTOINCREMENT, job_type TEXT NOT NULL, status TEXT NOT NULL, priority INTEGER DEFAULT 0,
            input_file TEXT NOT NULL, output_file TEXT NOT NULL, content_hash TEXT NOT NULL, payload TEXT NOT NULL, worker_id INTEGER,
            attempts INTEGER DEFAULT 0, max_attempts INTEGER DEFAULT 3);
        CREATE TABLE workers (id INTEGER PRIMARY KEY AUTOINCREMENT, worker_type TEXT NOT NULL, container_id TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
            last_heartbeat TIMESTAMP DEFAULT CURRENT_TIMESTAMP, cpu_usage REAL, execution_mode TEXT, config TEXT, session_id TEXT, managed_by TEXT,
            parent_pid INTEGER);
        INSERT INTO workers (worker_type, container_id, status, execution_mode, managed_by) VALUES ('notebook', '$1', 'idle', 'docker', 'cli');
        INSERT INTO jobs (job_type, status, input_file, output_file, content_hash, payload, worker_id) VALUES
            ('notebook', 'processing', 'a.py', 'a.html', 'x', '{}', 1)"
}
test_expect_success 'a database of the earlier implementation is taken over: its containers are known, and nobody touches them' '
    stranger=$(docker run -d --network host --entrypoint /usr/local/bin/clx localhost/clx-notebook:latest build --help) && rm -rf clx_jobs.db* clx_cache.* &&
    make_old_database $stranger && "$CLX" build course.yaml --workers=docker -o migrated && diff -r direct migrated && "$CLX" workers list --format=json >workers &&
    grep $stranger workers && grep "\"docker\"" workers && test "$(sqlite3 clx_jobs.db "SELECT status FROM jobs WHERE id = 1")" = cancelled &&
    "$CLX" workers cleanup --force && ! "$CLX" workers list | grep $stranger && test "$(docker ps -aq --no-trunc)" = $stranger && docker rm -f $stranger
'
docker network create clx-own >/dev/null 2>&1 && docker network rm clx-own >/dev/null && test_set_prereq BRIDGES
test_expect_success BRIDGES 'containers in a network of their own, whose gateway the engine tells or does not tell, reach the build' '
    for option in --label=x --subnet=10.231.0.0/24; do
        docker network create $option clx-own && rm -rf clx_cache.* &&
        CLX_WORKER_MANAGEMENT__DOCKER_NETWORK=clx-own "$CLX" build course.yaml --workers=docker -o network; status=$?; docker network rm clx-own
        test $status -eq 0 && diff -r direct network || return 1
    done
'
# ---- where the engine is ----
make_certificates()
{
    mkdir -p "$1" && for name in ca cert server; do
        openssl genrsa -out "$1/$name.key" 2048 2>/dev/null && openssl req -new -key "$1/$name.key" -subj "/CN=clx $name" -out "$1/$name.csr" || return 1
    done
    printf "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n" >"$1/extensions"
    openssl x509 -req -in "$1/ca.csr" -signkey "$1/ca.key" -days 2 -out "$1/ca.pem" 2>/dev/null && for name in cert server; do
        openssl x509 -req -in "$1/$name.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 2 -extfile "$1/extensions" \
            -out "$1/$name.pem" 2>/dev/null || return 1
    done
    cp "$1/cert.key" "$1/key.pem"
}
tls_port=$((20000 + $$ % 20000))
restart_engine()
{
    kill "$dockerd" && { wait "$dockerd"; true; } && clear_engine && start_engine "$@"
}
build_here()
{
    rm -rf clx_cache.* out && "$CLX" build course.yaml --workers=docker -o out && diff -r direct out
}
test_expect_success 'an engine behind TLS, with an authority of its own: DOCKER_HOST, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH' '
    make_certificates tls && restart_engine --host tcp://127.0.0.1:$tls_port --tlsverify --tlscacert "$PWD/tls/ca.pem" --tlscert "$PWD/tls/server.pem" \
        --tlskey "$PWD/tls/server.key" && (export DOCKER_HOST=tcp://127.0.0.1:$tls_port DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$PWD/tls" && build_here)
'
test_expect_success 'an engine whose certificate another authority has signed is not trusted, and one that wants a certificate gets none by chance' '
    make_certificates foreign && (export DOCKER_HOST=tcp://127.0.0.1:$tls_port DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$PWD/foreign" &&
        test_expect_code 1 "$CLX" build course.yaml --ignore-cache --workers=docker -o out 2>err) && grep -i "certificate" err &&
    rm tls/cert.pem && (export DOCKER_HOST=tcp://127.0.0.1:$tls_port DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="$PWD/tls" &&
        test_expect_code 1 "$CLX" build course.yaml --ignore-cache --workers=docker -o out 2>err) && grep "no container engine answers at tcp://127.0.0.1:$tls_port" err
'
test_expect_success 'the current docker context says where the engine is; DOCKER_CONTEXT and DOCKER_HOST come first' '
    address=$DOCKER_HOST && (unset DOCKER_HOST && docker context create here --docker "host=$address" && docker context create nowhere --docker "host=unix:///nowhere/docker.sock" &&
        docker context use here && build_here && DOCKER_CONTEXT=nowhere test_expect_code 1 "$CLX" build course.yaml --ignore-cache --workers=docker -o out 2>err &&
        grep "no container engine answers at unix:///nowhere/docker.sock" err && docker context use nowhere && DOCKER_HOST=$address build_here)
'
test_expect_success 'a worker that shares no disk registers, and a wrong token does nothing' '
    echo 0123456789abcdef0123456789abcdef >token && rm -rf clx_cache.* clx_jobs.* &&
    { CLX_API_URL=http://127.0.0.1:18765 CLX_API_TOKEN=wrong "$CLX" worker notebook 2>wrong.log & } && wrong=$! &&
    { CLX_API_URL=http://127.0.0.1:18765 CLX_API_TOKEN_FILE="$PWD/token" "$CLX" worker notebook 2>right.log & } && right=$! &&
    CLX_WORKER_API__ENABLED=true CLX_WORKER_API__PORT=18765 CLX_WORKER_API__TOKEN_FILE="$PWD/token" "$CLX" build course.yaml --no-auto-start -o remote &&
    sqlite3 clx_jobs.db "SELECT message FROM worker_events WHERE execution_mode = '"'remote'"'" | grep .; status=$?
    kill $wrong $right; wait $right; test $? -eq 0 && test $status -eq 0 && diff -r direct remote && grep ready right.log && ! grep ready wrong.log
'
test_done
