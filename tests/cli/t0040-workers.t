#!/bin/sh
test_description='workers list and workers events, on rows that are known'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/cli/lib.sh"

mkdir .clx
start_time()
{
    sed "s/.*) //" "/proc/$1/stat" | cut -d" " -f20
}

test_expect_success 'without a database there are no workers and no events' '
    "$CLX" workers list >out && grep "no workers" out && "$CLX" workers list --format=json >out && test "$(cat out)" = "[]" &&
    "$CLX" workers events >out && grep "no events" out && "$CLX" workers events --format=json >out && test "$(cat out)" = "[]" &&
    ! test -e clx_jobs.db
'
test_expect_success 'set-up: a busy worker, one that is gone, one that has not started, a dead one' '
    make_jobs_db &&
    sql "INSERT INTO jobs (id, job_type, input_file, output_file, content_hash, payload)
         VALUES (7, '\''notebook'\'', '\''/course/slides_a.py'\'', '\''/out/a.html'\'', '\''h'\'', '\''{}'\'')" &&
    sql "INSERT INTO workers (id, worker_type, container_id, status, pid, pid_start_time, started_at, memory_usage, progress, jobs_processed)
         VALUES (1, '\''notebook'\'', '\''direct-notebook-0-0a'\'', '\''idle'\'', $$, $(start_time $$), datetime('\''now'\'', '\''-3700 seconds'\''),
         120.4, NULL, 5)" &&
    sql "UPDATE jobs SET status = '\''processing'\'', worker_id = 1, attempts = 1, started_at = datetime('\''now'\'', '\''-65 seconds'\'')
         WHERE id = 7; UPDATE workers SET progress = '\''cell 2 of 9'\'' WHERE id = 1" &&
    sql "INSERT INTO workers (id, worker_type, container_id, status, pid, pid_start_time)
         VALUES (2, '\''plantuml'\'', '\''direct-plantuml-0-0b'\'', '\''idle'\'', $$, 1)" &&
    sql "INSERT INTO workers (id, worker_type, container_id, parent_pid, parent_start_time)
         VALUES (3, '\''drawio'\'', '\''direct-drawio-0-0c'\'', $$, $(start_time $$))" &&
    sql "INSERT INTO workers (id, worker_type, container_id, status) VALUES (4, '\''drawio'\'', '\''direct-drawio-0-0d'\'', '\''dead'\'')"
'
test_expect_success 'the table says who works on what for how long, and what is wrong with the others' '
    "$CLX" workers list >out && test "$(wc -l <out)" -eq 5 &&
    head -n 1 out | tr -s " " | grep "^ *ID TYPE EXECUTOR STATUS HEALTH UP JOBS FAILED CPU MEMORY JOB FOR NOW$" &&
    grep "^ *1  notebook  direct-notebook-0-0a  busy  *healthy  *1h01m  *5  *0  *0%  *120 MB  *7  *1m0[56]s  slides_a.py (cell 2 of 9)$" out &&
    grep "^ *2  plantuml .* idle  *faulty .* its process is gone$" out &&
    grep "^ *3  drawio .* created  *starting " out && grep "^ *4  drawio .* dead  *faulty " out
'
test_expect_success 'filters may be repeated or listed' '
    "$CLX" workers list --status=idle,created >out && test "$(wc -l <out)" -eq 3 &&
    "$CLX" workers list --status=idle --status created --type drawio >out && test "$(wc -l <out)" -eq 2 &&
    "$CLX" workers list --status=hung >out && grep "no workers" out
'
test_expect_success 'the table fits the terminal' '
    COLUMNS=100 "$CLX" workers list >out && test "$(wc -L <out)" -le 100 && grep "…" out &&
    COLUMNS=300 "$CLX" workers list >out && ! grep "…" out
'
test_expect_success 'in a narrow one it leaves out what matters least' '
    for columns in 80 60 40; do
        COLUMNS=$columns "$CLX" workers list >out && test "$(wc -L <out)" -le $columns && grep "^ *ID.* STATUS .* NOW$" out || return 1
        COLUMNS=$columns "$CLX" jobs list >out && test "$(wc -L <out)" -le $columns && grep "^ *ID .*STATUS .*FILE .*ERROR$" out || return 1
    done &&
    COLUMNS=80 "$CLX" workers list >out && head -n 1 out | tr -s " " | grep "^ *ID TYPE STATUS HEALTH UP JOBS CPU MEMORY JOB FOR NOW$" &&
    COLUMNS=44 "$CLX" workers list >out && head -n 1 out | tr -s " " | grep "^ *ID TYPE STATUS HEALTH NOW$"
'
test_expect_success 'the JSON form has the same keys for every worker' '
    "$CLX" workers list --format=json >out && python3 - out <<-"END"
	import json, sys
	rows = json.load(open(sys.argv[1]))
	keys = """id worker_type executor_id status health fault execution_mode started_at last_heartbeat session_id pid parent_pid
	jobs_processed jobs_failed cpu_usage memory_usage peak_memory avg_processing_time uptime_seconds heartbeat_age_seconds current_job current_file job_seconds progress"""
	assert all(set(row) == set(keys.split()) for row in rows), rows
	assert [row["health"] for row in rows] == ["healthy", "faulty", "starting", "faulty"]
	assert rows[0]["current_job"] == 7 and rows[0]["current_file"] == "/course/slides_a.py" and 60 < rows[0]["job_seconds"] < 90
	assert rows[1]["fault"] == "its process is gone" and rows[1]["current_job"] is None
	END
'
test_expect_success 'a database that is being written to is read' '
    python3 - <<-"END" && test "$(wc -l <out)" -eq 5
	import os, sqlite3, subprocess
	db = sqlite3.connect("clx_jobs.db", isolation_level=None)
	db.execute("BEGIN IMMEDIATE")
	db.execute("UPDATE workers SET progress = NULL")
	subprocess.run([os.environ["CLX"], "workers", "list"], stdout=open("out", "w"), check=True, timeout=5)
	END
'
test_expect_success 'events are told oldest first, since a time or for a while' '
    for age in 7200 300 10
    do
        sql "INSERT INTO worker_events (event_type, worker_id, worker_type, message, created_at, session_id, metadata) VALUES
             ('\''worker_ready'\'', 1, '\''notebook'\'', '\''$age s ago'\'', datetime('\''now'\'', '\''-$age seconds'\''), '\''s$age'\'', '\''{\"n\": 1}'\'')"
    done &&
    "$CLX" workers events >out && sed "s/.*  //" out >messages && printf "7200 s ago\n300 s ago\n10 s ago\n" >expected &&
    test_cmp expected messages &&
    "$CLX" workers events --since=10m >out && test "$(wc -l <out)" -eq 2 &&
    "$CLX" workers events --since=3h --session s300 >out && test "$(wc -l <out)" -eq 1 &&
    "$CLX" workers events --since="$(date -u -d "@$(($(date +%s) - 60))" "+%F %T")" >out && test "$(wc -l <out)" -eq 1 &&
    "$CLX" workers events --since=2001-01-01 --format=json >out && grep "\"n\": 1" out &&
    "$CLX" workers events --type worker_failed >out && grep "no events" out &&
    test_expect_code 2 "$CLX" workers events --since=tomorrow 2>err && grep "10m" err &&
    test_expect_code 2 "$CLX" workers events --type worker_redy 2>err && grep "did you mean .worker_ready." err
'
test_expect_success 'an event is one line, whatever its message holds, and one of a pool is of no worker' '
    sql "INSERT INTO worker_events (event_type, worker_type, message, session_id)
         VALUES ('\''pool_started'\'', '\''drawio'\'', '\''two'\'' || char(10) || '\''lines'\'' || char(27) || '\''[31m'\'', '\''odd'\'')" &&
    "$CLX" workers events --session=odd >out && test "$(wc -l <out)" -eq 1 && grep "pool_started  *drawio  *-  two lines \[31m$" out &&
    "$CLX" workers events --session=odd --format=json >out && grep "\"worker_id\": null" out && sql "DELETE FROM worker_events WHERE session_id = '\''odd'\''"
'
test_expect_success 'every key of the JSON forms is described' '
    for command in "workers list" "workers events" "jobs list" "jobs show 7" "config show"; do
        "$CLX" $command --format=json >out && python3 - "$command" "$CLX_SOURCE_ROOT/docs/worker-lifecycle.md" <<-"END" || return 1
	import json, re, sys
	cells = {cell[0]: cell[1] for cell in re.findall(r"^\| `clx ([a-z ]+)` \| (.*) \|$", open(sys.argv[2]).read(), re.M)}
	described = lambda name: set(re.findall(r"[a-z_]+", re.sub(r"\(.*?\)|; .*|the same,", "", cells[name])))
	rows, name = json.load(open("out")), sys.argv[1].rstrip(" 7")
	expected = described(name) | (described("jobs list") if name == "jobs show" else set())
	rows = rows if isinstance(rows, list) else [rows]
	assert rows and all(set(row) == expected for row in rows), (expected ^ set(rows[0]))
	END
    done
'
test_expect_success 'whoever follows for somebody who has heard enough ends' '
    { timeout 20 "$CLX" workers events --follow; echo $? >status; } | head -n 1 >out && test "$(wc -l <out)" -eq 1 && test "$(cat status)" -ne 124
'
test_expect_success 'an end of input is no, and the answer has its own line' '
    test_expect_code 2 "$CLX" workers cleanup --all </dev/null 2>err && grep "\[y/N\] $" err && grep "^clx: error: nothing was cleaned up" err &&
    test "$(sql "SELECT count(*) FROM workers")" -eq 4
'
test_expect_success 'a command that a group does not have is named' '
    test_expect_code 2 "$CLX" workers lst 2>err && grep "unknown command .workers lst." err && grep "needs one of: cleanup, events, list" err
'
test_expect_success 'who follows hears of an event as soon as it happens' '
    "$CLX" workers events --follow --since=1m >followed &
    follower=$! &&
    tries=0; until grep -q "10 s ago" followed || test $((tries += 1)) -gt 200; do sleep 0.05; done;
    CLX_WORKER_ID=3 DB_PATH="$PWD/clx_jobs.db" CACHE_DB_PATH="$PWD/clx_cache.db" "$CLX" worker drawio 2>/dev/null &
    worker=$!
    tries=0; until grep -q "ready for jobs" followed || test $((tries += 1)) -gt 200; do sleep 0.05; done
    kill $worker $follower; wait $worker; wait $follower; test $? -eq 130 &&
    grep "worker_ready  *drawio  *3  ready for jobs" followed
'
test_done
