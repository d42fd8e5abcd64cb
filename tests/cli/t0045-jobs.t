#!/bin/sh
test_description='jobs list, show, logs, cancel and retry, on rows that are known'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/cli/lib.sh"

mkdir .clx
add_job()
{
    sql "INSERT INTO jobs (id, job_type, status, input_file, output_file, content_hash, payload, session_id, worker_id, attempts, error)
         VALUES ($1, '$2', '$3', '/course/$4', '/out/$1', 'h$1', '{\"n\": $1}', '$5', $6, 1, $7)"
}

test_expect_success 'without a database there are no jobs' '
    "$CLX" jobs list >out && grep "no jobs" out && "$CLX" jobs list --format=json >out && test "$(cat out)" = "[]" &&
    test_expect_code 1 "$CLX" jobs show 1 2>err && grep "there is no job 1" err && ! test -e clx_jobs.db
'
test_expect_success 'set-up: jobs of two builds' '
    make_jobs_db &&
    add_job 1 notebook completed slides_a.py s1 5 NULL &&
    add_job 2 plantuml failed d.pu s1 6 "'\''{\"type\": \"source\", \"message\": \"d.pu:3: Syntax Error?\nmore\"}'\''" &&
    add_job 3 notebook pending slides_b.py s2 NULL NULL && add_job 4 drawio cancelled p.drawio s2 NULL NULL &&
    sql "INSERT INTO workers (id, worker_type, container_id, status) VALUES (5, '\''notebook'\'', '\''direct-notebook-0-0a'\'', '\''idle'\'')" &&
    sql "INSERT INTO worker_events (event_type, worker_id, metadata) VALUES
         ('\''worker_starting'\'', 6, '\''{\"executor_id\": \"direct-plantuml-0-0b\"}'\''),
         ('\''worker_starting'\'', 7, '\''{\"executor_id\": \"direct-plantuml-0-0c\"}'\''),
         ('\''worker_failed'\'', 7, '\''{\"job\": 2, \"signal\": 9}'\'')"
'
test_expect_success 'the table has a line for each, the newest last' '
    "$CLX" jobs list >out && test "$(wc -l <out)" -eq 5 &&
    head -n 1 out | tr -s " " | grep "^ *ID TYPE STATUS FILE WORKER ATTEMPTS RAN AGE ERROR$" &&
    tail -n 1 out | grep "^ *4  drawio .* cancelled" && grep "^ *2  plantuml .*failed .*d.pu .* 6 .* d.pu:3: Syntax Error?$" out
'
test_expect_success 'filters by status, type, build and number' '
    "$CLX" jobs list --status=failed,cancelled >out && test "$(wc -l <out)" -eq 3 &&
    "$CLX" jobs list --type notebook --status pending >out && test "$(wc -l <out)" -eq 2 &&
    "$CLX" jobs list --session s1 >out && test "$(wc -l <out)" -eq 3 &&
    "$CLX" jobs list --limit=1 >out && test "$(wc -l <out)" -eq 2 && grep drawio out &&
    test_expect_code 2 "$CLX" jobs list --limit=0 2>err && test_expect_code 2 "$CLX" jobs list --status=done 2>err && grep completed err
'
test_expect_success 'the JSON form has the same keys for every job' '
    "$CLX" jobs list --format=json >out && python3 - <<-"END"
	import json
	rows = json.load(open("out"))
	keys = """id job_type status input_file output_file session_id worker_id attempts max_attempts kills created_at started_at completed_at
	cancelled_by run_seconds error"""
	assert [row["id"] for row in rows] == [1, 2, 3, 4] and all(set(row) == set(keys.split()) for row in rows), rows
	assert rows[1]["error"]["type"] == "source" and rows[2]["worker_id"] is None
	END
'
test_expect_success 'a job is shown with all that is known of it' '
    "$CLX" jobs show 2 >out && grep "^status  *failed$" out && grep "^error  *d.pu:3: Syntax Error?$" out && grep "^input  */course/d.pu$" out &&
    "$CLX" jobs show 2 --format=json >out && grep "\"n\": 2" out &&
    test_expect_code 1 "$CLX" jobs show 99 2>err && grep "jobs list" err && test_expect_code 2 "$CLX" jobs show x 2>err
'
test_expect_success 'the logs of a job are its own lines in the logs of all workers that had it' '
    mkdir clx_jobs.logs &&
    printf "%s\n" "T plantuml worker 7: job 2, attempt 1: /course/d.pu" "T supervisor: worker 7 was killed by signal 9 (Killed)" \
        >clx_jobs.logs/direct-plantuml-0-0c.log &&
    printf "%s\n" "T plantuml worker 6: ready" "T plantuml worker 6: job 21, attempt 1: /course/x.pu" "noise" \
        "T plantuml worker 6: job 2, attempt 2: /course/d.pu" "java says something" "T plantuml worker 6: job 2 failed: d.pu:3" \
        "T plantuml worker 6: job 22, attempt 1: /course/y.pu" >clx_jobs.logs/direct-plantuml-0-0b.log &&
    "$CLX" jobs logs 2 >out && printf "%s\n" "T plantuml worker 6: job 2, attempt 2: /course/d.pu" "java says something" \
        "T plantuml worker 6: job 2 failed: d.pu:3" "T plantuml worker 7: job 2, attempt 1: /course/d.pu" \
        "T supervisor: worker 7 was killed by signal 9 (Killed)" >expected && test_cmp expected out &&
    "$CLX" jobs logs 1 >out && grep "are gone" out
'
test_expect_success 'a waiting job is cancelled, one that has ended is not' '
    "$CLX" jobs cancel 3 >out && grep "cancelled job 3" out && test "$(sql "SELECT status, cancelled_by FROM jobs WHERE id = 3")" = "cancelled|user" &&
    test_expect_code 1 "$CLX" jobs cancel 1 3 2>err && grep "job 1 has ended: completed" err && grep "job 3 has ended: cancelled" err
'
test_expect_success 'a failed job is queued again, a completed one is not' '
    "$CLX" jobs retry 2 >out && grep "job 2 is queued again as job 5; the next build publishes its result" out && grep "no worker waits" out &&
    test "$(sql "SELECT status, job_type, session_id IS NULL, payload FROM jobs WHERE id = 5")" = "pending|plantuml|1|{\"n\": 2}" &&
    test_expect_code 1 "$CLX" jobs retry 1 2>err && grep "job 1 is completed" err
'
test_done
