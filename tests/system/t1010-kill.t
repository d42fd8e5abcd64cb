#!/bin/sh
test_description='nobody survives a build, however it ends'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

mkdir -p .clx slides/module_100_m/topic_100_slow
cat >course.yaml <<'SPEC'
name: Slow
languages: [en]
prog_lang: python
sections:
  - {name: One, topics: [slow]}
SPEC
cat >slides/module_100_m/topic_100_slow/slides_slow.py <<'SOURCE'
# %%
import os, pathlib, subprocess
child = subprocess.Popen(["sleep", "600"])
pathlib.Path(os.environ["CLX_TEST_RUNNING"]).touch()

# %%
child.wait()
SOURCE

# Starts a build whose notebook waits for ever, and returns when the cell runs; its pid is in $build.
start_build()
{
    mark=$1
    CLX_TEST_RUNNING="$PWD/$mark.running" && export CLX_TEST_RUNNING
    env CLX_TEST_MARK="$mark" "$CLX" build course.yaml >"$mark.out" 2>"$mark.err" &
    build=$!
    wait_until 60 test -e "$mark.running" && test -n "$(list_marked "$mark")" || { cat "$mark.err"; return 1; }
}

test_expect_success 'after SIGKILL no process of the build lives 5 s later' '
    start_build killed-$$ && kill -9 $build && { wait $build; wait_until 5 none_marked killed-$$; }
'
test_expect_success 'Ctrl-C ends the build in order with 130 and leaves nobody' '
    start_build interrupted-$$ && kill -INT $build && { wait $build; test $? -eq 130; } && none_marked interrupted-$$ &&
    "$CLX" workers list --format=json >workers && test "$(cat workers)" = "[]"
'
test_expect_success 'a second Ctrl-C ends it at once' '
    start_build twice-$$ && kill -INT $build && kill -INT $build && { wait $build; test $? -eq 130; } && wait_until 5 none_marked twice-$$
'
test_expect_success 'SIGTERM ends it in order too' '
    start_build terminated-$$ && kill -TERM $build && { wait $build; test $? -eq 130; } && none_marked terminated-$$
'
test_expect_success 'without workers and without leave to start some the build says so' '
    test_expect_code 1 "$CLX" build course.yaml --no-auto-start 2>err && grep "no notebook worker is running" err
'
test_done
