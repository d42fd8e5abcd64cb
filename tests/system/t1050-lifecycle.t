#!/bin/sh
test_description='the document on the lifecycle of workers, command by command, as its reader types them'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

# A course that needs notebook and PlantUML workers, and no Draw.io worker.
mkdir -p slides/module_100_m/topic_100_first/pu
printf 'name: Small\nlanguages: [en]\nprog_lang: python\nsections:\n  - {name: One, topics: [first]}\n' >course.yaml
for n in 1 2 3; do
    printf '# %%%% [markdown]\n# # Part %s\n' $n >slides/module_100_m/topic_100_first/slides_$n.py
done
printf '@startuml\nA -> B : hello\n@enduml\n' >slides/module_100_m/topic_100_first/pu/d.pu
mark=lifecycle-$$

sql()
{
    sqlite3 -cmd ".timeout 5000" clx_jobs.db "$@"
}

marked()
{
    env CLX_TEST_MARK=$mark "$CLX" "$@"
}

# Makes every job necessary again.
touch_sources()
{
    stamp=$((${stamp:-0} + 1))
    for file in slides/module_100_m/topic_100_first/slides_*.py; do
        printf '\n# %%%% [markdown]\n# more %s\n' $stamp >>"$file"
    done
    printf "@startuml\nA -> B : hello $stamp\n@enduml\n" >slides/module_100_m/topic_100_first/pu/d.pu
}

test_expect_success 'config init --location=project writes .clx/config.toml, which changes nothing until it is edited' '
    "$CLX" config init --location=project && grep "^# auto_start = true" .clx/config.toml && grep "^\[worker_management.notebook\]" .clx/config.toml &&
    "$CLX" config show --origin >out && ! grep "# project" out
'
test_expect_success 'the configuration of the document is accepted as it stands, and says where it comes from' '
    cat >.clx/config.toml <<-"END" &&
	[worker_management]
	default_execution_mode = "direct"
	default_worker_count = 1
	auto_start = true
	auto_stop = true
	reuse_workers = true
	startup_timeout = 30
	startup_parallel = 5

	[worker_management.notebook]
	execution_mode = "direct"
	count = 2
	memory_limit = "1g"
	max_job_time = 600
	image = "mhoelzl/clx-notebook-processor:0.5.0"

	[worker_management.plantuml]
	execution_mode = "direct"
	count = 1
	memory_limit = "512m"
	max_job_time = 300

	[worker_management.drawio]
	execution_mode = "direct"
	count = 1
	memory_limit = "512m"
	max_job_time = 300
	END
    "$CLX" config show --origin >out 2>err && test ! -s err && grep "^worker_management.notebook.count = 2  # project: .*config.toml" out
'
test_expect_success 'clx build starts the workers that the course needs, and stops them' '
    marked build course.yaml >log 2>&1 || { cat log; false; } &&
    none_marked $mark && "$CLX" workers list --format=json >out && test "$(cat out)" = "[]" &&
    test "$(sql "SELECT group_concat(worker_type) FROM (SELECT worker_type FROM worker_events WHERE event_type = '\''pool_started'\'' ORDER BY 1)")" \
        = "notebook,plantuml" &&
    test "$(sql "SELECT count(*) FROM worker_events WHERE event_type = '\''worker_starting'\'' AND worker_type = '\''notebook'\''")" -eq 2
'
test_expect_success 'the query of the document shows each worker in the order starting, registered, ready' '
    sql "SELECT event_type FROM worker_events WHERE event_type IN ('\''worker_starting'\'', '\''worker_registered'\'', '\''worker_ready'\'')
         AND worker_id = (SELECT min(worker_id) FROM worker_events) ORDER BY created_at, id" >out &&
    printf "worker_starting\nworker_registered\nworker_ready\n" >expected && test_cmp expected out
'
test_expect_success 'each pool has the four events of its life, all with the session of the build' '
    sql "SELECT event_type FROM worker_events WHERE worker_type = '\''plantuml'\'' AND worker_id IS NULL ORDER BY id" >out &&
    printf "pool_starting\npool_started\npool_stopping\npool_stopped\n" >expected && test_cmp expected out &&
    test "$(sql "SELECT count(DISTINCT session_id), count(*) = count(session_id) FROM worker_events")" = "1|1"
'
test_expect_success 'a worker that stops tells how long it lived, what it did and how much memory it took' '
    sql "SELECT metadata FROM worker_events WHERE event_type = '\''worker_stopped'\''" >out && test "$(wc -l <out)" -eq 3 &&
    grep "\"duration_s\"" out && grep "\"peak_memory_mib\"" out && grep "\"jobs\":" out
'
test_expect_success 'the log of each worker names its jobs, and jobs logs finds them' '
    test "$(ls clx_jobs.logs/*.log | wc -l)" -eq 3 && "$CLX" jobs list --status=completed >out && test "$(wc -l <out)" -eq 5 &&
    for id in 1 2 3 4; do
        "$CLX" jobs logs $id >log && grep "job $id, attempt 1: /.*/topic_100_first/" log && grep "job $id completed" log &&
            test "$(grep -c ", attempt " log)" -eq 1 || return 1
    done
'
test_expect_success 'environment variables take precedence over the file' '
    CLX_WORKER_MANAGEMENT__DEFAULT_WORKER_COUNT=3 "$CLX" config show --origin >out &&
    grep "^worker_management.default_worker_count = 3  # environment: CLX_WORKER_MANAGEMENT__DEFAULT_WORKER_COUNT" out &&
    for value in false 0 no off False NO; do
        CLX_WORKER_MANAGEMENT__AUTO_START=$value "$CLX" config show --format=json >out && python3 - <<-"END" || return 1
	import json
	assert [row["value"] for row in json.load(open("out")) if row["key"] == "worker_management.auto_start"] == [False]
	END
    done
'
test_expect_success 'CLX_WORKER_MANAGEMENT__AUTO_START=false: no worker is started, and the error says how to get some' '
    touch_sources && CLX_WORKER_MANAGEMENT__AUTO_START=false test_expect_code 1 "$CLX" build course.yaml >out 2>err &&
    grep "no notebook worker" err && grep "clx workers start" err && grep "auto-start" err
'
test_expect_success 'the environment variables of the document decide how, and how many' '
    mkdir -p plain/.clx && cp -r course.yaml slides plain && cd plain &&
    DOCKER_HOST=unix:///nowhere/docker.sock CLX_WORKER_MANAGEMENT__DEFAULT_EXECUTION_MODE=docker test_expect_code 1 "$CLX" build course.yaml 2>err &&
    grep "no container engine answers" err && CLX_WORKER_MANAGEMENT__DEFAULT_WORKER_COUNT=3 "$CLX" build course.yaml >log 2>&1 &&
    test "$(sql "SELECT count(*) FROM worker_events WHERE event_type = '\''worker_starting'\'' AND worker_type = '\''notebook'\''")" -eq 3 &&
    cd .. && rm -r plain
'
test_expect_success 'a worker is told in its environment who it is and where it works' '
    marked workers start --type=plantuml >/dev/null && sql "SELECT pid FROM workers WHERE session_id IS NULL AND status <> '\''dead'\''" >pid &&
    tr "\000" "\n" <"/proc/$(cat pid)/environ" >env && "$CLX" workers stop >/dev/null &&
    grep "^WORKER_TYPE=plantuml$" env && grep "^WORKER_ID=direct-plantuml-0-" env && grep "^CLX_WORKER_ID=[0-9]*$" env &&
    grep -F "DB_PATH=$PWD/clx_jobs.db" env && grep -F "CACHE_DB_PATH=$PWD/clx_cache.db" env && grep -F "WORKSPACE_PATH=$PWD" env &&
    grep "^LOG_LEVEL=" env
'
# marked_argument NAME: whether a process of ours has this argument.
marked_argument()
{
    for pid in $(list_marked $mark); do
        tr "\000" "\n" <"/proc/$pid/cmdline" 2>/dev/null | grep -qx -e "$1" && return 0
    done
    return 1
}
"$CLX" doctor | grep -q "^ok .*Draw.io application" && test_set_prereq DRAWIO
test_expect_success 'a worker fits its tools to its memory limit, and they stay for the next diagram' '
    touch_sources && marked workers start >/dev/null && "$CLX" build course.yaml --no-auto-start >log 2>&1 &&
    marked_argument -Xmx336m && "$CLX" workers stop >/dev/null && none_marked $mark
'
test_expect_success 'a worker that stays draws as each build wants it' '
    mkdir -p boxes/slides/module_100_m/topic_100_first/drawio && cp course.yaml boxes &&
    echo "<mxGraphModel><root><mxCell id=\"0\"/><mxCell id=\"1\" parent=\"0\"/><mxCell id=\"2\" parent=\"1\" vertex=\"1\"><mxGeometry width=\"48\"
        height=\"48\" as=\"geometry\"/></mxCell></root></mxGraphModel>" >boxes/slides/module_100_m/topic_100_first/drawio/box.drawio &&
    marked -C boxes workers start --type=drawio && CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=native "$CLX" -C boxes build course.yaml --no-auto-start &&
    test_expect_code 1 env CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=desktop CLX_EXTERNAL_TOOLS__DRAWIO_EXECUTABLE=/nowhere/drawio \
        "$CLX" -C boxes build course.yaml --no-auto-start 2>err &&
    grep "desktop program is not there" err && "$CLX" -C boxes workers stop && none_marked $mark
'
test_expect_success DRAWIO 'the memory limit of the document is enough for Draw.io diagrams with a large library of shapes' '
    mkdir -p aws/slides/module_100_m/topic_100_first/drawio && cp -r .clx course.yaml aws &&
    for n in 1 2; do
        echo "<mxGraphModel><root><mxCell id=\"0\"/><mxCell id=\"1\" parent=\"0\"/><mxCell id=\"2\" parent=\"1\" vertex=\"1\" value=\"$n\"
            style=\"shape=mxgraph.aws4.resourceIcon;resIcon=mxgraph.aws4.lambda;fillColor=#ED7100;strokeColor=#ffffff\"><mxGeometry width=\"48\"
            height=\"48\" as=\"geometry\"/></mxCell></root></mxGraphModel>" >aws/slides/module_100_m/topic_100_first/drawio/lambda$n.drawio
    done &&
    { CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=browser "$CLX" -C aws build course.yaml >log 2>&1 || { cat log; false; }; } && grep "2 jobs run, .* 0 failed" log &&
    test "$(sqlite3 aws/clx_jobs.db "SELECT max(attempts) FROM jobs")" -eq 1
'
test_expect_success '--notebook-workers and the like decide how many start' '
    touch_sources && "$CLX" build course.yaml --workers=direct --notebook-workers=3 --plantuml-workers=1 --drawio-workers=1 >log 2>&1 &&
    session=$(sql "SELECT session_id FROM worker_events ORDER BY id DESC LIMIT 1") &&
    test "$(sql "SELECT count(*) FROM worker_events WHERE session_id = '\''$session'\'' AND event_type = '\''worker_ready'\''")" -eq 4
'
test_expect_success 'numbers beyond 1-64 are refused' '
    test_expect_code 2 "$CLX" build course.yaml --notebook-workers=0 2>err && grep "from 1 to 64" err &&
    test_expect_code 2 "$CLX" build course.yaml --notebook-workers=65 2>err
'
test_expect_success '--no-auto-stop leaves the workers, which belong to no build then' '
    touch_sources && marked build course.yaml --no-auto-stop >log 2>&1 && test -n "$(list_marked $mark)" &&
    "$CLX" workers list --status=idle >out && test "$(grep -c healthy out)" -eq 3 &&
    test "$(sql "SELECT count(*) FROM workers WHERE session_id IS NULL")" -eq 3
'
test_expect_success '--no-auto-start uses them' '
    touch_sources && "$CLX" build course.yaml --no-auto-start >log 2>&1 && grep "4 jobs run" log &&
    test "$(sql "SELECT sum(jobs_processed) > 3 FROM workers")" -eq 1
'
test_expect_success 'a build reuses healthy workers, and starts what is missing' '
    touch_sources && before=$(sql "SELECT count(*) FROM worker_events WHERE event_type = '\''worker_starting'\''") &&
    "$CLX" build course.yaml >log 2>&1 && after=$(sql "SELECT count(*) FROM worker_events WHERE event_type = '\''worker_starting'\''") &&
    test $before -eq $after && touch_sources && "$CLX" build course.yaml --notebook-workers=3 >log 2>&1 &&
    test "$(sql "SELECT count(*) FROM worker_events WHERE event_type = '\''worker_starting'\''")" -eq $((after + 1)) &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 3
'
test_expect_success '--fresh-workers starts all anew and leaves the others alone' '
    touch_sources && jobs=$(sql "SELECT sum(jobs_processed) FROM workers") && "$CLX" build course.yaml --fresh-workers >log 2>&1 &&
    test "$(sql "SELECT sum(jobs_processed) FROM workers")" -eq $jobs && test "$(sql "SELECT count(*) FROM workers")" -eq 3
'
test_expect_success 'workers list filters by status and speaks JSON' '
    "$CLX" workers list --status=idle >out && test "$(grep -c " idle " out)" -eq 3 && "$CLX" workers list --status=busy,hung,dead,created >out &&
    grep "no workers" out && "$CLX" workers list --format=json >out && python3 -c "import json; assert len(json.load(open(\"out\"))) == 3"
'
test_expect_success 'workers cleanup leaves healthy workers; --all --force ends all of them' '
    "$CLX" workers cleanup </dev/null >out && grep "nothing to clean up" out && test "$(sql "SELECT count(*) FROM workers")" -eq 3 &&
    "$CLX" workers cleanup --all --force >out && test "$(grep -c "^ended" out)" -eq 3 && none_marked $mark &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 0
'
test_expect_success 'cleanup asks on standard input, too' '
    marked workers start --type=notebook >/dev/null && echo n | test_expect_code 2 "$CLX" workers cleanup --all 2>err && grep "y/N" err &&
    echo y | "$CLX" workers cleanup --all >out 2>/dev/null && test "$(grep -c "^ended" out)" -eq 2 && none_marked $mark
'
test_expect_success 'a worker that has done max_jobs jobs starts anew: same process, same row' '
    touch_sources && session=$(sql "SELECT max(id) FROM worker_events") &&
    CLX_WORKER_MANAGEMENT__NOTEBOOK__COUNT=1 CLX_WORKER_MANAGEMENT__NOTEBOOK__MAX_JOBS=1 "$CLX" build course.yaml >log 2>&1 &&
    test "$(sql "SELECT count(*) FROM worker_events WHERE id > $session AND message = '\''recycled after 1 jobs'\''")" -ge 2 &&
    test "$(sql "SELECT count(*) FROM worker_events WHERE id > $session AND worker_type = '\''notebook'\'' AND event_type = '\''worker_starting'\''")" -eq 1
'
test_expect_success 'a worker that has grown beyond recycle_memory starts anew' '
    touch_sources && CLX_WORKER_MANAGEMENT__NOTEBOOK__RECYCLE_MEMORY=1m "$CLX" build course.yaml >log 2>&1 &&
    sql "SELECT message FROM worker_events" >out && grep "recycled with .* MiB" out
'
test_expect_success 'a row of a machine that was restarted is recognised, even with a living process of that number' '
    sql "INSERT INTO workers (worker_type, container_id, status, pid, pid_start_time, boot_id) VALUES
         ('\''notebook'\'', '\''direct-notebook-0-000000bb'\'', '\''idle'\'', $$, $(sed "s/.*) //" /proc/$$/stat | cut -d" " -f20), '\''another'\'')" &&
    "$CLX" workers list >out && grep "the machine was restarted" out && "$CLX" workers cleanup --force >out && grep "no process of it" out
'
test_expect_success 'created rows older than 30 s and rows of dead parents are cleaned up by themselves' '
    sql "INSERT INTO workers (worker_type, container_id, parent_pid, parent_start_time, started_at) VALUES
         ('\''notebook'\'', '\''direct-notebook-0-000000bc'\'', $$, $(sed "s/.*) //" /proc/$$/stat | cut -d" " -f20), datetime('\''now'\'', '\''-31 seconds'\'')),
         ('\''notebook'\'', '\''direct-notebook-0-000000bd'\'', 999999, 1, datetime('\''now'\''))" &&
    "$CLX" build course.yaml >log 2>&1 && test "$(sql "SELECT count(*) FROM workers WHERE status = '\''dead'\''")" -eq 2 &&
    sql "SELECT message FROM worker_events WHERE event_type = '\''worker_failed'\''" >out && grep "not ready within 30 s" out &&
    grep "its parent died before it was ready" out && "$CLX" workers cleanup --force >out
'
test_expect_success 'what is older than retention_days is forgotten by the next build with work' '
    sql "INSERT INTO worker_events (id, event_type, created_at) VALUES (-1, '\''pool_started'\'', datetime('\''now'\'', '\''-31 days'\''))" &&
    touch -d "40 days ago" clx_jobs.logs/direct-old.log && touch_sources && "$CLX" build course.yaml >log 2>&1 &&
    test "$(sql "SELECT count(*) FROM worker_events WHERE id < 0")" -eq 0 && ! test -e clx_jobs.logs/direct-old.log &&
    test "$(sql "SELECT count(*) > 0 FROM worker_events")" -eq 1
'
test_expect_success 'a job that kills its workers is quarantined, and their logs say how they died' '
    printf "# %%%%\nimport os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n" >slides/module_100_m/topic_100_first/slides_1.py &&
    test_expect_code 1 "$CLX" build course.yaml >out 2>err && grep "quarantined" err &&
    "$CLX" jobs list --status=failed --format=json >out && id=$(python3 -c "import json; print(json.load(open(\"out\"))[-1][\"id\"])") &&
    "$CLX" jobs show $id >out && grep "^killed  *2 workers" out && "$CLX" jobs logs $id >out && cat out && test "$(grep -c "killed by signal 9" out)" -eq 2 &&
    sql "SELECT metadata FROM worker_events WHERE event_type = '\''worker_failed'\'' AND json_extract(metadata, '\''$.signal'\'') = 9" >out && test -s out &&
    printf "# %%%%\nprint(1)\n" >slides/module_100_m/topic_100_first/slides_1.py
'
# A build with a job that runs until the file `go` is there; its number goes to the file `job`.
start_long_build()
{
    rm -f go && printf "# %%%%\nimport os, time\nprint($1)\nwhile not os.path.exists(\"$PWD/go\"):\n    time.sleep(0.05)\n" \
        >slides/module_100_m/topic_100_first/slides_1.py && { "$CLX" build course.yaml >log 2>&1 & echo $! >pid; } && wait_until 120 is_running
}
is_running()
{
    sql "SELECT id FROM jobs WHERE status = 'processing' AND input_file LIKE '%slides_1.py'" >job && test -s job
}
has_status()
{
    test "$(sql "SELECT status FROM jobs WHERE id = $1")" = "$2"
}
count_starts()
{
    sql "SELECT count(*) FROM worker_events WHERE event_type = 'worker_starting'"
}
test_expect_success 'a cancelled job that is tried again by workers that stay is published by the next build, which runs nothing' '
    start_long_build 41 && "$CLX" jobs cancel $(cat job) && test_expect_code 1 wait $(cat pid) && touch go &&
    grep "^Small failed: .* 0 failed, 1 cancelled; " log &&
    marked workers start --type=notebook >/dev/null && "$CLX" jobs retry $(cat job) >out && grep "the next build publishes its result" out &&
    again=$(sed -n "s/.* as job \([0-9]*\);.*/\1/p" out) && wait_until 120 has_status $again completed && "$CLX" workers stop >/dev/null &&
    n=$(count_starts) && "$CLX" build course.yaml >log 2>&1 && test "$(count_starts)" -eq $n && grep -r "print(41)" output >/dev/null &&
    test "$(sql "SELECT session_id IS NOT NULL FROM jobs WHERE id = $again")" -eq 1
'
test_expect_success 'one that no worker has done is done by the next build, once' '
    start_long_build 42 && "$CLX" jobs cancel $(cat job) && test_expect_code 1 wait $(cat pid) && touch go &&
    "$CLX" jobs retry $(cat job) >out && grep "no worker waits for it" out && again=$(sed -n "s/.* as job \([0-9]*\);.*/\1/p" out) &&
    "$CLX" build course.yaml >log 2>&1 && has_status $again completed && grep -r "print(42)" output >/dev/null &&
    test "$(sql "SELECT max(id) FROM jobs WHERE input_file LIKE '\''%slides_1.py'\''")" -eq $again
'
test_expect_success 'one that failed by its source is run again, though its mistake is known' '
    flag=$PWD/works && rm -f "$flag" && printf "# %%%%\nimport os\nassert os.path.exists(\"$flag\")\n" >slides/module_100_m/topic_100_first/slides_1.py &&
    test_expect_code 1 "$CLX" build course.yaml >log 2>&1 && touch "$flag" && test_expect_code 1 "$CLX" build course.yaml >log 2>&1 && grep " 0 jobs run" log &&
    "$CLX" jobs retry $(sql "SELECT max(id) FROM jobs WHERE status = '\''failed'\''") >out && again=$(sed -n "s/.* as job \([0-9]*\);.*/\1/p" out) &&
    "$CLX" build course.yaml >log 2>&1 && grep " 1 job run" log && has_status $again completed
'
test_expect_success 'the result of one whose source has changed since is not used' '
    start_long_build 43 && "$CLX" jobs cancel $(cat job) && test_expect_code 1 wait $(cat pid) && touch go &&
    marked workers start --type=notebook >/dev/null && "$CLX" jobs retry $(cat job) >out &&
    again=$(sed -n "s/.* as job \([0-9]*\);.*/\1/p" out) && wait_until 120 has_status $again completed && "$CLX" workers stop >/dev/null &&
    printf "# %%%%\nprint(44)\n" >slides/module_100_m/topic_100_first/slides_1.py && "$CLX" build course.yaml >log 2>&1 &&
    grep -r "print(44)" output >/dev/null && test "$(sql "SELECT session_id IS NULL FROM jobs WHERE id = $again")" -eq 1
'
# is_of_build STATUS N: the job of slides_N in the build that runs has this status; its number goes to the file `job$2`.
is_of_build()
{
    sql "SELECT j.id FROM jobs j JOIN sessions USING (session_id) WHERE j.status = '$1' AND input_file LIKE '%slides_$2.py'" >job$2 && test -s job$2
}
test_expect_success 'jobs that failed or were cancelled and are tried again while their build runs are done by it, and all is well at its end' '
    here=$PWD && rm -f works go3 && cd slides/module_100_m/topic_100_first &&
    printf "# %%%%\nimport os\nassert os.path.exists(\"$here/works\"), \"it\" + \" fails\"\nprint(\"tried\" + \"again\")\n" >slides_2.py &&
    printf "# %%%%\nimport os, time\nwhile not os.path.exists(\"$here/go3\"):\n    time.sleep(0.05)\nprint(\"cancelled\" + \"once\")\n" >slides_3.py && cd "$here" &&
    start_long_build 45 && wait_until 60 is_of_build failed 2 && touch works && "$CLX" jobs retry $(cat job2) >out &&
    grep "the running build publishes its result" out &&
    wait_until 60 is_of_build processing 3 && "$CLX" jobs cancel $(cat job3) &&
    wait_until 60 grep -rq triedagain output &&
    touch go3 && "$CLX" jobs retry $(cat job3) >out && wait_until 60 grep -rq cancelledonce output &&
    touch go && wait $(cat pid) && ! grep "error" log && grep " jobs run, .* 0 failed" log &&
    "$CLX" build course.yaml >log 2>&1 && grep " 0 jobs run" log
'
test_expect_success 'delete-database asks, and workers whose database is gone end by themselves' '
    marked workers start --type=notebook >/dev/null && test -n "$(list_marked $mark)" &&
    test_expect_code 2 "$CLX" delete-database </dev/null 2>err && grep -e "--force" err && test -f clx_jobs.db &&
    echo y | "$CLX" delete-database --which=jobs 2>/dev/null && ! test -e clx_jobs.db && wait_until 10 none_marked $mark
'
test_expect_success 'the next build makes a new one' '
    "$CLX" delete-database --force && ! test -e clx_cache.db && "$CLX" build course.yaml >log 2>&1 && test -f clx_jobs.db && grep "4 jobs run" log
'
test_expect_success 'a worker that cannot write down the end of its job gives it back, and the job is done by another' '
    "$CLX" delete-database --force && "$CLX" build course.yaml >log 2>&1 && touch_sources &&
    sql "CREATE TRIGGER no_end BEFORE UPDATE OF status ON jobs WHEN NEW.status = \"completed\" BEGIN SELECT RAISE(ABORT, \"no\"); END" &&
    { marked build course.yaml >log 2>&1 & } && build=$! &&
    has_given_back() { sql "SELECT 1 FROM worker_events WHERE event_type = \"worker_stopped\" AND message LIKE \"the end of its job%\" LIMIT 1" | grep 1; } &&
    wait_until 30 has_given_back && sql "DROP TRIGGER no_end" && wait $build && grep "4 jobs run" log &&
    test "$(sql "SELECT count(*) FROM jobs WHERE status <> \"completed\"")" = 0 && none_marked $mark
'

test_done
