#!/bin/sh
test_description='the images of workers, built from a Debian that no registry has given, and the example course in them'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"
command -v debootstrap >/dev/null || { skip_all='debootstrap is not installed'; test_done; }
. "$CLX_SOURCE_ROOT/tests/system/engine.sh"

# Where this machine gets its Debian packages; debootstrap knows a place of its own.
mirror()
{
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null |
        sed -nE 's/^URIs: *([^ ]+).*/\1/p; s/^deb +(\[[^]]*\] +)?(http[^ ]+) +bookworm .*/\2/p' | grep -m 1 '/debian/*$'
}

# A small Debian as an image, without what nobody reads in a container.
make_base()
{
    # shellcheck disable=SC2046
    debootstrap --variant=minbase bookworm "$engine/base" $(mirror) >"$engine/debootstrap.log" 2>&1 || return 1
    cp /etc/apt/sources.list.d/debian.sources "$engine/base/etc/apt/sources.list.d" 2>/dev/null
    apt-config dump 2>/dev/null | grep -i '^Acquire::.*proxy' >"$engine/base/etc/apt/apt.conf.d/proxy"
    (cd "$engine/base" && rm -rf var/cache/apt/archives/* var/lib/apt/lists/* usr/share/doc/* usr/share/man/* usr/share/locale/*)
    tar -C "$engine/base" -c . | docker import - localhost/debian:bookworm >/dev/null && rm -rf "$engine/base"
}

if ! docker image inspect localhost/debian:bookworm >/dev/null 2>&1 && ! make_base; then
    skip_all='no Debian can be fetched here'
    test_done
fi

cp -r "$CLX_SOURCE_ROOT/examples/python-basics" course
export CLX_WORKER_MANAGEMENT__DOCKER_NETWORK=host CLX_WORKER_MANAGEMENT__DEFAULT_WORKER_COUNT=1
build()
{
    rm -rf course/clx_cache.* && "$CLX" -C course build course.yaml "$@"
}

test_expect_success 'the images are built from the Dockerfiles, with this program in them' '
    "$CLX" docker build --base=localhost/debian:bookworm --network=host >built 2>steps && grep -c "^built localhost/clx-" built >n &&
    test "$(cat n)" = 3 && grep "^Step 1/" steps
'
test_expect_success 'docker list knows them, as a table and as JSON' '
    "$CLX" docker list >table && grep -E "notebook +localhost/clx-notebook:latest +yes" table && "$CLX" docker list --format=json >json &&
    python3 -c "import json; rows = json.load(open(\"json\")); assert [r[\"type\"] for r in rows if r[\"is_here\"] and r[\"clx_version\"]] == [\"notebook\", \"plantuml\", \"drawio\"], rows"
'
test_expect_success 'an image has a user without rights, no set-uid program, a health check, and no list of packages' '
    for type in notebook plantuml drawio; do
        docker inspect localhost/clx-$type >inspected && grep "\"User\": \"clx\"" inspected && grep -q "\"--health\"" inspected || return 1
        test -z "$(docker run --rm --network=host --entrypoint=find localhost/clx-$type / -xdev -type f -perm /6000)" || return 1
        test -z "$(docker run --rm --network=host --entrypoint=find localhost/clx-$type /var/lib/apt/lists -type f)" || return 1
    done
'
test_expect_success 'images are small' '
    docker image inspect -f "{{.Size}}" localhost/clx-notebook localhost/clx-plantuml localhost/clx-drawio >sizes &&
    test "$(sed -n 1p sizes)" -lt 320000000 && test "$(sed -n 2p sizes)" -lt 560000000 && test "$(sed -n 3p sizes)" -lt 240000000
'
# The bytes of every file of an image.
cat >contents.py <<'PYTHON'
"""Prints mode, owner, path and digest of each file in a tar stream."""
import hashlib, sys, tarfile

with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
    lines = []
    for member in archive:
        data = hashlib.sha256(archive.extractfile(member).read()).hexdigest() if member.isfile() else member.linkname
        lines.append(f"{member.mode:o} {member.uid} {member.name} {data}")
print("\n".join(sorted(lines)))
PYTHON
contents()
{
    id=$(docker create --network=host "$1") && docker export "$id" | python3 contents.py; docker rm "$id" >/dev/null
}
test_expect_success 'an image is reproducible: built anew, each file has the same bytes' '
    contents localhost/clx-drawio:latest >first && "$CLX" docker build drawio --base=localhost/debian:bookworm --network=host --no-cache -q &&
    contents localhost/clx-drawio:latest >second && test_cmp first second && grep -q "usr/local/bin/clx" first
'
test_expect_success 'a step that fails is told with what it said' '
    test_expect_code 1 "$CLX" docker build notebook --base=localhost/debian:bookworm --network=host --package=no-such-package 2>err &&
    grep "cannot build localhost/clx-notebook:latest" err && grep "no-such-package" err
'
test_expect_success 'the example course in containers is byte for byte that of processes' '
    build --workers=direct -o ../direct && build --workers=docker -o ../docker && diff -r direct docker && test -n "$(list_paths docker)" && none_ours
'
test_expect_success 'a mixed course: notebooks in containers, diagrams by processes' '
    CLX_WORKER_MANAGEMENT__NOTEBOOK__EXECUTION_MODE=docker build -o ../mixed && diff -r direct mixed &&
    sqlite3 course/clx_jobs.db "SELECT DISTINCT worker_type, execution_mode FROM worker_events WHERE session_id = (SELECT session_id FROM
        worker_events ORDER BY id DESC LIMIT 1) AND event_type = '"'worker_ready'"' ORDER BY 1" >modes &&
    printf "drawio|direct\nnotebook|docker\nplantuml|direct\n" >expected && test_cmp expected modes
'
test_expect_success 'a container that works is healthy' '
    mkdir slow && cd slow && mkdir -p slides/module_100_m/topic_100_a && echo "{name: S, languages: [en], prog_lang: python, sections: [{name: One, topics: [a]}]}" >course.yaml &&
    printf "# %%%%\nimport time\ntime.sleep(14)\nprint(1)\n" >slides/module_100_m/topic_100_a/slides_a.py &&
    { "$CLX" build course.yaml --workers=docker -o out & } && build=$! &&
    wait_until 60 sh -c "docker ps --filter label=clx.worker_type=notebook --format \"{{.Status}}\" | grep \"(healthy)\"" && wait $build && test -n "$(list_paths out)"; status=$?; cd ..; return $status
'
test_expect_success 'what a notebook sees: no token, a source that it cannot write, no other user' '
    mkdir -p nosy/slides/module_100_m/topic_100_a && cp slow/course.yaml nosy && cat >nosy/slides/module_100_m/topic_100_a/slides_a.py <<-\EOF &&
	# %%
	import os, re
	print("found", re.findall(rb"CLX_API_TOKEN=([0-9a-f]+)", open("/proc/1/environ", "rb").read()), "CLX_API_TOKEN" in os.environ)
	print("root", os.getuid() == 0, "writes", os.access("/source", os.W_OK))
	EOF
    "$CLX" -C nosy build course.yaml --workers=docker -o out && grep -rq "found \[\] False" nosy/out && grep -rq "root False writes False" nosy/out
'

# ---- faults ----
slow()
{
    rm -rf slow/clx_cache.* && sed -i "s/sleep(.*)/sleep($1)/" slow/slides/module_100_m/topic_100_a/slides_a.py && shift && "$CLX" -C slow build course.yaml --workers=docker "$@"
}
busy()
{
    test "$(sqlite3 slow/clx_jobs.db "SELECT count(*) FROM jobs WHERE status = 'processing'")" = 1
}
test_expect_success 'after SIGKILL of a container its job is done by another one' '
    { slow 4 -o killed & } && build=$! && wait_until 60 busy && docker kill -s KILL $(all_ours) && wait $build && test -n "$(list_paths slow/killed)" &&
    sqlite3 slow/clx_jobs.db "SELECT message FROM worker_events WHERE event_type = '"'worker_failed'"'" | grep "killed by signal 9" && none_ours
'
test_expect_success 'a job that needs too much memory fails with that as its reason' '
    mkdir -p hog/slides/module_100_m/topic_100_a && cp slow/course.yaml hog && printf "# %%%%\nx = bytearray(1 << 30)\n" >hog/slides/module_100_m/topic_100_a/slides_a.py &&
    test_expect_code 1 env CLX_WORKER_MANAGEMENT__NOTEBOOK__MEMORY_LIMIT=300m "$CLX" -C hog build course.yaml --workers=docker -o out 2>err &&
    grep "memory limit 300m exceeded" err && none_ours
'
test_expect_success 'a job without progress is ended after max_job_time' '
    printf "# %%%%\nimport time\ntime.sleep(100)\n" >hog/slides/module_100_m/topic_100_a/slides_a.py &&
    test_expect_code 1 env CLX_WORKER_MANAGEMENT__NOTEBOOK__MAX_JOB_TIME=10 "$CLX" -C hog build course.yaml --workers=docker -o out 2>err &&
    grep "no progress within max_job_time" err && none_ours
'
test_expect_success 'the last words of a container that fails are in the error' '
    printf "FROM localhost/debian:bookworm\nENTRYPOINT [\"sh\", \"-c\", \"echo the engine room is on fire >&2; exit 3\"]\n" | docker build -q -t localhost/broken - &&
    test_expect_code 1 env CLX_WORKER_MANAGEMENT__NOTEBOOK__IMAGE=localhost/broken "$CLX" -C slow build course.yaml --ignore-cache --workers=docker -o out 2>err &&
    grep "ended with exit status 3" err && grep "the engine room is on fire" err && none_ours
'
test_expect_success 'an engine that is slow is waited for' '
    { slow 1 -o waited & } && build=$! && wait_until 60 sh -c "test -n \"\$(docker ps -aq --filter label=clx.owner=clx)\"" && kill -STOP $dockerd && sleep 4 &&
    kill -CONT $dockerd && wait $build && test -n "$(list_paths slow/waited)" && none_ours
'
test_expect_success 'an engine that hangs is told as one that does not answer' '
    kill -STOP $dockerd && { test_expect_code 1 slow 1 -o hung 2>err; status=$?; kill -CONT $dockerd; test $status -eq 0; } && grep "no container engine answers" err
'
test_expect_success 'a name that a stranger has taken is left to him' '
    { "$CLX_SOURCE_ROOT/tests/system/steal.py" "$engine/docker.sock" "$PWD/proxy.sock" localhost/debian:bookworm & } && proxy=$! && wait_until 20 test -S proxy.sock &&
    { DOCKER_HOST=unix://$PWD/proxy.sock slow 1 -o stolen; status=$?; kill $proxy; test $status -eq 0; } && test -n "$(list_paths slow/stolen)" && none_ours &&
    test "$(docker ps -aq | wc -l)" -eq 1 && docker rm $(docker ps -aq)
'
test_expect_success 'two builds at once, of one project and of two, do not disturb each other' '
    cp -r slow other && rm -rf slow/clx_cache.* other/clx_cache.* && { "$CLX" -C slow build course.yaml --workers=docker -o one & } && first=$! &&
    { "$CLX" -C slow build course.yaml --workers=docker --ignore-cache -o two & } && second=$! && "$CLX" -C other build course.yaml --workers=docker -o three && wait $first && wait $second &&
    diff -r slow/one slow/two && diff -r slow/one other/three && none_ours
'
test_expect_success 'after SIGKILL of the build its containers end, and the next build removes them' '
    rm -rf slow/clx_cache.* && sed -i "s/sleep(.*)/sleep(30)/" slow/slides/module_100_m/topic_100_a/slides_a.py && { "$CLX" -C slow build course.yaml --workers=docker -o out & } && build=$! &&
    wait_until 60 busy && kill -9 $build && { wait $build; true; } && wait_until 10 sh -c "test -z \"\$(docker ps -q --filter label=clx.owner=clx)\"" &&
    slow 1 -o after && none_ours
'
test_done
