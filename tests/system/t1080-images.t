#!/bin/sh
test_description='the images of workers, built from a Debian that no registry has given, and the example course in them'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"
command -v debootstrap >/dev/null || { skip_all='debootstrap is not installed'; test_done; }
keeps_images=yes
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
    test "$(cat n)" = 3 && grep "^Step 1/" steps && note_images
'
[ -n "$has_old_images" ] || test_set_prereq FRESH # else Debian may have other versions of its packages by now
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
test_expect_success 'a step that fails is told with what it said' '
    test_expect_code 1 "$CLX" docker build notebook --base=localhost/debian:bookworm --network=host --package=no-such-package 2>err &&
    grep "cannot build localhost/clx-notebook:latest" err && grep "no-such-package" err
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
test_expect_success FRESH 'an image is reproducible: built anew, each file has the same bytes' '
    CLX_WORKER_MANAGEMENT__DRAWIO__IMAGE=localhost/again "$CLX" docker build drawio --base=localhost/debian:bookworm --network=host --no-cache -q &&
    contents localhost/clx-drawio >first && contents localhost/again >second && test_cmp first second && grep -q "usr/local/bin/clx" first; status=$?
    docker image rm localhost/again >/dev/null; return $status # else the next run would take its steps for those of the images
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
# A course whose diagram clx leaves to the browser.
mkdir -p diagrams/slides/module_100_m/topic_100_a/drawio
echo '{name: D, languages: [en], prog_lang: python, sections: [{name: One, topics: [a]}]}' >diagrams/course.yaml
cat >diagrams/slides/module_100_m/topic_100_a/drawio/d.drawio <<'XML'
<mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/><mxCell id="2" parent="1" vertex="1" value="drawn"
 style="shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.lambda;fillColor=#ED7100;strokeColor=#ffffff;sketch=1;verticalLabelPosition=bottom"><mxGeometry
 width="60" height="60" as="geometry"/></mxCell></root></mxGraphModel>
XML
"$CLX" doctor | grep -q "^ok .*Draw.io application" && test_set_prereq DRAWIO
test_expect_success 'a diagram that clx does not draw itself is told to be incomplete without a browser in the image' '
    test_expect_code 1 env CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=browser "$CLX" -C diagrams build course.yaml --workers=docker -o out 2>err && grep "Chromium is not there" err
'
test_expect_success DRAWIO 'with the browser in the image it is byte for byte that of a process' '
    CLX_WORKER_MANAGEMENT__DRAWIO__IMAGE=localhost/clx-drawio-browser CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=browser &&
    export CLX_WORKER_MANAGEMENT__DRAWIO__IMAGE CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER &&
    "$CLX" docker build drawio --with-browser --base=localhost/debian:bookworm --network=host -q &&
    "$CLX" -C diagrams build course.yaml --workers=direct -o direct && rm -rf diagrams/clx_cache.* &&
    "$CLX" -C diagrams build course.yaml --workers=docker -o docker && diff -r diagrams/direct diagrams/docker && test -n "$(list_paths diagrams/docker)" && none_ours; status=$?
    unset CLX_WORKER_MANAGEMENT__DRAWIO__IMAGE CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER; return $status
'
test_expect_success 'the browser is only for the image of drawio workers' '
    test_expect_code 2 "$CLX" docker build notebook --with-browser 2>err && grep "drawio" err
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
# The processes of containers, also when no engine runs.
no_container_runs()
{
    for shim in $(pgrep -f "containerd-shim.* -address $engine/"); do
        ! pgrep -P "$shim" >/dev/null || return 1
    done
}
test_expect_success 'after SIGKILL of the engine the build tells of it, its containers end, and with an engine again the next build does the work' '
    { slow 60 -o orphaned 2>err & } && build=$! && wait_until 60 busy && kill -9 $dockerd && { wait $build; test $? -eq 1; } && grep "$engine/docker.sock" err &&
    sqlite3 slow/clx_jobs.db "SELECT message FROM worker_events WHERE event_type = '"'worker_failed'"'" | grep "the container engine at .* does not answer any more" &&
    wait_until 10 no_container_runs && clear_engine && start_engine && slow 1 -o after && none_ours
'
test_expect_success 'what a killed build has left is removed by workers cleanup, too' '
    rm -rf slow/clx_cache.* && sed -i "s/sleep(.*)/sleep(30)/" slow/slides/module_100_m/topic_100_a/slides_a.py && { "$CLX" -C slow build course.yaml --workers=docker -o out & } && build=$! &&
    wait_until 60 busy && kill -9 $build && { wait $build; true; } && test -n "$(all_ours)" &&
    wait_until 10 sh -c "test -z \"\$(docker ps -q --filter label=clx.owner=clx)\"" && "$CLX" -C slow workers cleanup --force && none_ours
'
test_expect_success 'Ctrl-C ends a build with its containers' '
    rm -rf slow/clx_cache.* && sed -i "s/sleep(.*)/sleep(60)/" slow/slides/module_100_m/topic_100_a/slides_a.py &&
    { "$CLX" -C slow build course.yaml --workers=docker -o out & } && build=$! && wait_until 60 busy && kill -INT $build && { wait $build; test $? -eq 130; } && none_ours
'
test_expect_success 'an engine that hangs does not hold up Ctrl-C, and the next build removes what is left' '
    rm -rf slow/clx_cache.* && { "$CLX" -C slow build course.yaml --workers=docker -o out & } && build=$! && wait_until 60 busy && kill -STOP $dockerd && kill -INT $build &&
    began=$(date +%s) && { wait $build; status=$?; kill -CONT $dockerd; test $status -eq 130; } && test $(($(date +%s) - began)) -lt 30 && slow 1 -o after && none_ours
'

# ---- a cluster of one machine ----
nothing_left()
{
    test -z "$(docker service ls -q)" && test -z "$(docker secret ls -q)" && test -z "$(docker ps -q)"
}
# Six notebooks that take a while, the last one longer than it takes a fleet to shrink.
mkdir -p fleet/slides/module_100_m/topic_100_a && cp slow/course.yaml fleet
for n in 1 2 3 4 5 6; do
    printf '# %%%%\nimport time\ntime.sleep(%s)\nprint(%s)\n' $((n / 6 * 12 + 2)) "$n" >"fleet/slides/module_100_m/topic_100_a/slides_$n.py"
done
fleet()
{
    rm -rf fleet/clx_cache.* && CLX_WORKER_MANAGEMENT__NOTEBOOK__COUNT=3 CLX_WORKER_MANAGEMENT__NOTEBOOK__MIN_COUNT=1 "$CLX" -C fleet build course.yaml "$@"
}
test_expect_success 'the example course by a cluster is byte for byte that of processes' '
    docker swarm init --advertise-addr 127.0.0.1 --listen-addr 127.0.0.1:$((20000 + $$ % 20000)) && build --workers=swarm -o ../swarm && diff -r direct swarm && wait_until 60 nothing_left
'
test_expect_success 'a fleet grows with the queue, shrinks when less is left, and the job in hand is ended first' '
    fleet --workers=direct -o direct && fleet --workers=swarm -o swarm && diff -r fleet/direct fleet/swarm &&
    sqlite3 fleet/clx_jobs.db "SELECT message FROM worker_events WHERE message LIKE '"'% workers'"' ORDER BY id" >sizes && grep "from 1 to 3 workers" sizes && grep "to 1 workers" sizes &&
    test "$(sqlite3 fleet/clx_jobs.db "SELECT max(attempts) FROM jobs")" = 1 && wait_until 60 nothing_left
'
test_expect_success 'a task that is killed is started anew, and its job is done' '
    { fleet --workers=swarm -o killed & } && build=$! && wait_until 60 sh -c "test \"\$(sqlite3 fleet/clx_jobs.db \"SELECT count(*) FROM jobs WHERE status = '"'processing'"'\")\" -ge 2" &&
    docker kill -s KILL $(docker ps -q | head -n 1) && wait $build && diff -r fleet/direct fleet/killed && wait_until 60 nothing_left
'
test_expect_success 'a machine that is drained and comes back costs no job' '
    { fleet --workers=swarm -o drained & } && build=$! && wait_until 60 sh -c "test \"\$(sqlite3 fleet/clx_jobs.db \"SELECT count(*) FROM jobs WHERE status = '"'processing'"'\")\" -ge 2" &&
    node=$(docker node ls -q) && docker node update --availability drain $node && wait_until 60 sh -c "test -z \"\$(docker ps -q)\"" &&
    docker node update --availability active $node && wait $build && diff -r fleet/direct fleet/drained && wait_until 60 nothing_left
'
test_done
