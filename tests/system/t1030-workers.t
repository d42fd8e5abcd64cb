#!/bin/sh
test_description='workers that stay are started, serve builds, are stopped, and cleaned up; strangers are left alone'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

mkdir -p .clx slides/module_100_m/topic_100_first
printf '[worker_management.notebook]\ncount = 2\n' >.clx/config.toml
printf 'name: Small\nlanguages: [en]\nprog_lang: python\nsections:\n  - {name: One, topics: [first]}\n' >course.yaml
source=slides/module_100_m/topic_100_first/slides_first.py
printf '# %%%%\nprint(6 * 7)\n' >$source
mark=workers-$$

sql()
{
    sqlite3 -cmd ".timeout 5000" clx_jobs.db "$@"
}

marked()
{
    env CLX_TEST_MARK=$mark "$CLX" "$@"
}

test_expect_success 'workers start starts the configured workers, and only what is missing' '
    marked workers start --type=notebook >out && grep "started 2 workers, 0 there already" out &&
    marked workers start --type=notebook >out && grep "started 0 workers, 2 there already" out &&
    "$CLX" workers list --status=idle >out && test "$(grep -c "notebook .* healthy" out)" -eq 2
'
test_expect_success 'they outlive the command and serve one build after another' '
    "$CLX" build course.yaml --no-auto-start >log 2>&1 || { cat log; false; } &&
    printf "\n# %%%%\nprint(2)\n" >>$source && "$CLX" build course.yaml >log 2>&1 && grep "1 job run" log &&
    "$CLX" workers list --format=json >out && test "$(grep -c "\"status\": \"idle\"" out)" -eq 2 &&
    test "$(sql "SELECT sum(jobs_processed) FROM workers")" -eq 2
'
test_expect_success 'workers cleanup leaves healthy workers alone' '
    "$CLX" workers cleanup --force >out && grep "nothing to clean up" out && test "$(sql "SELECT count(*) FROM workers")" -eq 2
'
test_expect_success 'workers stop ends them, with all that they started' '
    "$CLX" workers stop --type=plantuml >out && grep "stopped 0" out && test -n "$(list_marked $mark)" &&
    "$CLX" workers stop >out && grep "stopped 2 workers" out && none_marked $mark &&
    "$CLX" workers list --format=json >out && test "$(cat out)" = "[]"
'
test_expect_success 'without them a build that may not start any fails' '
    echo "# %% " >>$source && echo "print(3)" >>$source && test_expect_code 1 "$CLX" build course.yaml --no-auto-start 2>err &&
    grep "no notebook worker" err
'
test_expect_success 'an idle worker ends after idle_timeout' '
    CLX_WORKER_MANAGEMENT__IDLE_TIMEOUT=1 marked workers start --type=notebook && wait_until 20 none_marked $mark &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 0
'
test_expect_success 'a worker with a memory limit that ends by itself leaves no control group' '
    CLX_WORKER_MANAGEMENT__NOTEBOOK__MEMORY_LIMIT=2g marked workers start --type=notebook &&
    names=$(sql "SELECT container_id FROM workers") && kill $(sql "SELECT pid FROM workers") && wait_until 20 none_marked $mark &&
    test -n "$names" && for name in $names; do test -z "$(find /sys/fs/cgroup -name "clx-$name")" || return 1; done
'
test_expect_success 'the row of a killed worker is cleaned up, but only said with --dry-run' '
    marked workers start --type=plantuml && kill -9 "$(sql "SELECT pid FROM workers")" && wait_until 5 none_marked $mark &&
    "$CLX" workers list >out && grep faulty out &&
    "$CLX" workers cleanup --dry-run >out && grep "would end or remove plantuml worker .*: its process is gone" out &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 1 &&
    "$CLX" workers cleanup --force >out && grep "removed plantuml worker .*no process" out &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 0
'
test_expect_success 'workers whose database is deleted end' '
    marked workers start --type=plantuml && rm -f clx_jobs.db clx_jobs.db-wal clx_jobs.db-shm && wait_until 30 none_marked $mark
'
test_expect_success 'a worker that does not listen is ended with its kernel, and its job is given back' '
    printf "# %%%%\nimport os, pathlib, time\npathlib.Path(os.environ[\"CLX_TEST_RUNNING\"]).touch()\ntime.sleep(600)\n" >$source &&
    CLX_TEST_RUNNING="$PWD/running" && export CLX_TEST_RUNNING && marked workers start --type=notebook &&
    { "$CLX" build course.yaml --no-auto-start >log 2>&1 & build=$!; } && wait_until 60 test -e running &&
    worker=$(sql "SELECT pid FROM workers WHERE status = '\''busy'\''") && kill -STOP $worker &&
    "$CLX" workers cleanup --all --force >out; cat out; grep "ended notebook worker .*its process is stopped; process $worker" out &&
    none_marked $mark && kill $build && { wait $build; test $? -eq 130; } &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 0
'
test_expect_success 'a stranger with the number of a worker is never touched' '
    sleep 600 & stranger=$! &&
    sql "INSERT INTO workers (worker_type, container_id, status, pid, pid_start_time) VALUES
         ('\''notebook'\'', '\''direct-notebook-0-000000aa'\'', '\''idle'\'', $stranger, 1),
         ('\''notebook'\'', '\''direct-notebook-1-000000ab'\'', '\''hung'\'', $stranger, 1),
         ('\''drawio'\'', '\''direct-drawio-0-000000ac'\'', '\''dead'\'', $stranger, 0)" &&
    "$CLX" workers cleanup --all --force >out && test "$(grep -c "no process of it was running" out)" -eq 3 &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 0 && kill -0 $stranger && kill $stranger
'
test_expect_success 'cleanup without --force does not act without a terminal, and asks on one' '
    sql "INSERT INTO workers (worker_type, container_id, status) VALUES ('\''drawio'\'', '\''direct-drawio-0-000000ad'\'', '\''dead'\'')" &&
    test_expect_code 2 "$CLX" workers cleanup </dev/null 2>err && grep -e "--force" err &&
    echo n | script -qec "\"$CLX\" workers cleanup" /dev/null >out; grep "nothing was cleaned up" out && test "$(sql "SELECT count(*) FROM workers")" -eq 1 &&
    echo y | script -qec "\"$CLX\" workers cleanup" /dev/null >out; grep "removed drawio" out &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 0
'
test_expect_success 'in a stream of short jobs a worker hears that it is to stop' '
    mkdir -p stream/.clx stream/slides/module_100_m/topic_100_many && cd stream &&
    printf "name: Stream\nlanguages: [en]\nprog_lang: python\nsections:\n  - {name: One, topics: [{id: many, evaluate: false}]}\n" >course.yaml &&
    for n in $(seq 300); do printf "# %%%% [markdown]\n# Number $n\n" >slides/module_100_m/topic_100_many/slides_$n.py; done &&
    { "$CLX" build course.yaml --notebook-workers 1 >log 2>&1 & build=$!; } &&
    wait_until 60 grep -q "1/300 .* completed" log && worker=$(sqlite3 -cmd ".timeout 10000" clx_jobs.db "SELECT pid FROM workers WHERE worker_type = '\''notebook'\''") &&
    kill -TERM $worker && { wait $build; cat log; cd ..; grep -q succeeded stream/log; } &&
    test "$(sqlite3 stream/clx_jobs.db "SELECT count(*) FROM worker_events WHERE event_type = '\''worker_ready'\''")" -eq 2
'
test_expect_success 'without a database there is nothing to stop or clean up' '
    mkdir -p fresh/.clx && "$CLX" -C fresh workers stop >out && grep "stopped 0" out && "$CLX" -C fresh workers cleanup >out &&
    grep "nothing" out && ! test -e fresh/clx_jobs.db
'
test_done
