#!/bin/sh
test_description='a watch builds what changed, whatever way it changed'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

module=slides/module_100_m
mkdir -p .clx $module/topic_100_first templates
cat >course.yaml <<'SPEC'
name: Course
languages: [en]
prog_lang: python
template_dir: ./templates
sections:
  - {name: One, topics: [{id: first, evaluate: false}]}
SPEC
source=$module/topic_100_first/slides_first.py
printf "# j2 from 'words.j2' import word\n# %%%% [markdown]\n# First {{ word }}\n" >$source
echo '{% set word = "alpha" %}' >templates/words.j2

# start_watch MARK OPTION...: returns when the first build is done; its pid is in $watch.
start_watch()
{
    mark=$1
    shift
    rm -f err # what an earlier one has said
    env CLX_TEST_MARK="$mark" "$CLX" build course.yaml --watch "$@" >out 2>err &
    watch=$!
    wait_until 60 grep -qs "watching for changes" err || { cat out err; return 1; }
}

shown() { grep -rqF "$1" output; }
gone() { ! grep -rqF "$1" output; }
comes() { wait_until 90 shown "$1" || { cat out err; return 1; }; }
goes() { wait_until 90 gone "$1" || { cat out err; return 1; }; }
no_rows() { test -z "$(find output -name "f*.csv")"; }
all_rows() { test "$(find output -name "f*.csv" | wc -l)" -eq 2000; }
says() { wait_until 90 grep -q "$1" err || { cat out err; return 1; }; }

test_expect_success 'it builds and waits' '
    start_watch watch-$$ && shown "First alpha"
'
test_expect_success 'an edited source is built' '
    printf "\n# %%%% [markdown]\n# Added text\n" >>$source && comes "Added text"
'
test_expect_success 'a file that an editor writes aside and renames is built' '
    sed "s/Added text/Renamed text/" $source >$source.new && mv $source.new $source && comes "Renamed text" && goes "Added text"
'
test_expect_success 'an edited template is built' '
    echo "{% set word = \"beta\" %}" >templates/words.j2 && comes "First beta"
'
test_expect_success 'a template in a new folder is built' '
    mkdir templates/python && echo "{% set word = \"gamma\" %}" >templates/python/words.j2 && comes "First gamma" &&
    rm -r templates/python && comes "First beta"
'
test_expect_success 'a mistake is told with its place, and the watch goes on' '
    echo "# {{ nowhere }}" >>$source && says "slides_first.py:7:.*nowhere" && sed -i "/nowhere/d" $source &&
    printf "\n# %%%% [markdown]\n# Mended\n" >>$source && comes "Mended"
'
test_expect_success 'an edited spec is loaded, and topics in new folders are built' '
    mkdir -p $module/topic_110_second && printf "# %%%% [markdown]\n# Second text\n" >$module/topic_110_second/slides_second.py &&
    sed -i "s/id: first, evaluate: false}/&, {id: second, evaluate: false}/" course.yaml && comes "Second text"
'
test_expect_success 'a mistake in the spec is told, and the watch goes on' '
    cp course.yaml good.yaml && echo "nonsense: 1" >>course.yaml && says "course.yaml:.*nonsense" && mv good.yaml course.yaml &&
    printf "\n# %%%% [markdown]\n# After the spec\n" >>$source && comes "After the spec"
'
test_expect_success 'a deleted source takes its outputs along' '
    rm $module/topic_110_second/slides_second.py && goes "Second text"
'
test_expect_success 'a folder that is moved in is built, one that is moved away is gone' '
    mkdir -p aside/deep && echo "deep data" >aside/deep/values.txt && mv aside $module/topic_100_first/data && comes "deep data" &&
    mv $module/topic_100_first/data elsewhere && goes "deep data"
'
test_expect_success 'a folder that was renamed is watched under its new name' '
    mv elsewhere $module/topic_100_first/renamed && comes "deep data" && echo "edited there" >$module/topic_100_first/renamed/deep/values.txt &&
    comes "edited there"
'
test_expect_success 'hundreds of files at once are built' '
    mkdir many && seq 400 | while read -r n; do echo "number $n" >many/file$n.txt; done && mv many $module/topic_100_first/many &&
    comes "number 400" && comes "number 1" && rm -r $module/topic_100_first/many && goes "number 400"
'
test_expect_success 'more changes than the kernel keeps lose none' '
    kill -STOP $watch && mkdir $module/topic_100_first/img && limit=$(cat /proc/sys/fs/inotify/max_queued_events) &&
    ( cd $module/topic_100_first && seq $limit | sed "s/.*/x&.bkp/" | xargs touch && rm -f x*.bkp ) &&
    printf "\n# %%%% [markdown]\n# After the flood\n" >>$source && kill -CONT $watch && comes "After the flood" &&
    find $module -name "x*.bkp" -delete
'
test_expect_success 'it ends in order and leaves nobody' '
    kill -INT $watch && { wait $watch; test $? -eq 130; } && none_marked watch-$$
'
test_expect_success 'a git checkout of thousands of files is built, in both directions' '
    mkdir -p checkout/.clx checkout/$module/topic_100_first/data && cd checkout && cat >course.yaml <<-\SPEC &&
	name: Course
	prog_lang: python
	sections: [{name: One, topics: [{id: first, evaluate: false}]}]
	output_targets: [{name: one, path: ./output, kinds: [completed], formats: [notebook], languages: [en]}]
	SPEC
    printf "# %%%% [markdown]\n# On the main branch\n" >$source && printf "output\nclx_*\nout\nerr\n.clx\n" >.gitignore &&
    git init -q . && git config user.name A && git config user.email a@example.org && git add -A && git commit -qm one &&
    git checkout -qb many && printf "# %%%% [markdown]\n# On the other branch\n" >$source &&
    seq 2000 | while read -r n; do echo "row $n" >$module/topic_100_first/data/f$n.csv; done && git add -A && git commit -qm many &&
    git checkout -q - && start_watch git-$$ && shown "On the main branch" &&
    git checkout -q many && comes "On the other branch" && wait_until 90 all_rows &&
    git checkout -q - && comes "On the main branch" && wait_until 90 no_rows && git checkout -q many && comes "On the other branch" &&
    wait_until 90 all_rows && kill -INT $watch && { wait $watch; test $? -eq 130; } && cd ..
'
test_expect_success 'a job whose source changed is cancelled and superseded' '
    sed -i "s/id: first, evaluate: false/id: first, evaluate: true/" course.yaml &&
    printf "# %%%%\nimport pathlib, time\npathlib.Path(\"%s\").touch()\ntime.sleep(600)\n" "$PWD/running" >$source &&
    env CLX_TEST_MARK=super-$$ "$CLX" build course.yaml --watch --notebook-workers 1 >out 2>err &
    watch=$! && wait_until 60 test -e running &&
    printf "# %%%%\nprint(\"over\" + \"taken\")\n" >$source && comes overtaken &&
    kill -INT $watch && { wait $watch; test $? -eq 130; } && none_marked super-$$
'
test_expect_success 'a job that is tried again is run by the watch and published, though its mistake is known' '
    sql() { sqlite3 -cmd ".timeout 20000" clx_jobs.db "$1"; } &&
    printf "# %%%%\nimport os\nassert os.path.exists(\"%s\"), \"no such\" + \" flag\"\nprint(\"tried\" + \"again\")\n" "$PWD/flag" >$source &&
    start_watch retry-$$ && grep "no such flag" err && touch flag &&
    "$CLX" jobs retry $(sql "SELECT max(id) FROM jobs WHERE status = '\''failed'\''") >told && grep "the running build publishes its result" told &&
    comes triedagain && again=$(sed -n "s/.* as job \([0-9]*\);.*/\1/p" told) &&
    test "$(sql "SELECT status, session_id IS NOT NULL FROM jobs WHERE id = $again")" = "completed|1" &&
    test "$(sql "SELECT max(id) FROM jobs")" -eq $again
'
test_expect_success 'one that was cancelled, too' '
    rm -f running && printf "# %%%%\nimport os, pathlib, time\npathlib.Path(\"%s\").touch()\nwhile not os.path.exists(\"%s\"):\n    time.sleep(0.05)\nprint(\"cancelled\" + \"once\")\n" \
        "$PWD/running" "$PWD/go" >$source && wait_until 60 test -e running &&
    id=$(sql "SELECT id FROM jobs WHERE status = '\''processing'\''") && "$CLX" jobs cancel $id && touch go && "$CLX" jobs retry $id &&
    comes cancelledonce && kill -INT $watch && { wait $watch; test $? -eq 130; } && none_marked retry-$$
'
test_expect_success 'fast mode runs no code after the first build' '
    start_watch fast-$$ --watch-mode fast && printf "# %%%% tags=[\"keep\"]\nprint(\"over\" + \"fast\")\n" >$source &&
    comes "\"fast\"" && ! grep -rq overfast output && kill -INT $watch && { wait $watch; test $? -eq 130; }
'
test_expect_success 'the next build runs it' '
    "$CLX" build course.yaml && shown overfast
'
test_done
