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

# One file without queue and workers: the tools are children of the command itself.
printf '<mxfile><diagram name="A"><mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/></root></mxGraphModel></diagram></mxfile>' >x.drawio
# PlantUML counts rounds of loops, and gives up; 2^40 calls it does not.
{
    printf '@startuml\n!function $f0()\n!return 1\n!endfunction\n'
    for n in $(seq 1 40); do
        printf '!function $f%d()\n!return $f%d()+$f%d()\n!endfunction\n' $n $((n - 1)) $((n - 1))
    done
    printf '!$x = $f40()\n@enduml\n'
} >endless.puml
# What it starts survives the program itself: in a session of its own, and without its folder.
cat >endless-drawio <<'SCRIPT'
#!/bin/sh
(cd / && setsid sleep 600) &
echo x >"$TMPDIR/left"
: >"$CLX_TEST_RUNNING"
wait
SCRIPT
# The command is stopped as soon as its browser starts, so that it cannot have finished before it is killed.
cat >stopping-chromium <<'SCRIPT'
#!/bin/sh
kill -STOP $PPID
exec "$CLX_TEST_CHROMIUM" "$@"
SCRIPT
chmod +x endless-drawio stopping-chromium
CLX_TEST_CHROMIUM=$(command -v chromium) && export CLX_TEST_CHROMIUM && "$CLX" doctor | grep -q "^ok .*Draw.io application" &&
    test_set_prereq CHROMIUM
command -v java >/dev/null && test -f /usr/share/plantuml/plantuml.jar && test_set_prereq PLANTUML

# Starts a conversion in the background; its pid is in $convert.
start_convert()
{
    mark=$1
    shift
    CLX_TEST_RUNNING="$PWD/$mark.running" && export CLX_TEST_RUNNING
    env CLX_TEST_MARK="$mark" DRAWIO_EXECUTABLE="$PWD/endless-drawio" CLX_EXTERNAL_TOOLS__CHROMIUM="$PWD/stopping-chromium" "$@" \
        >"$mark.out" 2>"$mark.err" &
    convert=$!
}

has_processes() # among them the command itself and its keeper
{
    [ "$(list_marked "$1" | wc -l)" -ge "$2" ]
}

# The first of the marked processes with this argument.
find_marked()
{
    for pid in $(list_marked "$1"); do
        grep -qsz -x -e "$2" "/proc/$pid/cmdline" && echo "$pid" && return 0
    done
    return 1
}

# The browser's processes carry no marks, for they write their titles over their environments: they are a group. Its number is in $browser.
has_browser()
{
    browser=$(find_marked "$1" --remote-debugging-pipe) && [ "$(pgrep -c -g "$browser")" -ge 3 ]
}

is_browser_gone()
{
    ! pgrep -g "$browser" >/dev/null
}

list_scratch()
{
    find "/tmp/clx-$(id -u)" -maxdepth 1 -name "scratch-$1-*"
}

# Neither processes nor files.
is_all_gone()
{
    none_marked "$1" && [ -z "$(list_scratch "$2")" ]
}

test_expect_success 'after SIGKILL of clx convert nothing that the Draw.io program started or wrote is left' '
    start_convert desktop-$$ env CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=desktop "$CLX" convert x.drawio -o x.png &&
    wait_until 60 test -e desktop-$$.running && test -n "$(list_scratch $convert)" && has_processes desktop-$$ 4 &&
    kill -9 $convert && { wait $convert; wait_until 5 is_all_gone desktop-$$ $convert; }
'
test_expect_success 'nor after Ctrl-C' '
    start_convert typed-$$ env --default-signal=INT CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=desktop "$CLX" convert x.drawio -o x.png &&
    wait_until 60 test -e typed-$$.running && test -n "$(list_scratch $convert)" &&
    kill -INT $convert && { wait $convert; test $? -eq 130; } && wait_until 5 is_all_gone typed-$$ $convert
'
test_expect_success CHROMIUM 'nor of the browser' '
    start_convert browser-$$ env CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=browser "$CLX" convert x.drawio -o x.png &&
    wait_until 60 has_browser browser-$$ && test -n "$(list_scratch $convert)" &&
    kill -9 $convert && { wait $convert; wait_until 5 is_all_gone browser-$$ $convert; } && wait_until 5 is_browser_gone
'
test_expect_success PLANTUML 'nor of the JVM' '
    start_convert jvm-$$ "$CLX" convert endless.puml -o x.png &&
    wait_until 60 find_marked jvm-$$ -jar && test -n "$(list_scratch $convert)" &&
    kill -9 $convert && { wait $convert; wait_until 5 is_all_gone jvm-$$ $convert; }
'
# Of this user's programs the next one that starts does it: maybe one of another test.
test_expect_success 'whoever was to tidy up and was killed, too, is stood in for by the next one' '
    start_convert both-$$ env CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=desktop "$CLX" convert x.drawio -o x.png &&
    wait_until 60 test -e both-$$.running &&
    keeper=$(pgrep -P $convert clx-keeper) && kill -9 $keeper $convert &&
    { wait $convert; env CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=native "$CLX" convert x.drawio -o y.png; } && wait_until 5 is_all_gone both-$$ $convert
'
test_expect_success CHROMIUM,PLANTUML 'nor of browser and JVM of a build' '
    mkdir -p drawn/slides/module_100_m/topic_100_d/pu drawn/slides/module_100_m/topic_100_d/drawio &&
    cp endless.puml drawn/slides/module_100_m/topic_100_d/pu/ && cp x.drawio drawn/slides/module_100_m/topic_100_d/drawio/ &&
    printf "name: D\nlanguages: [en]\nprog_lang: python\nsections: [{name: One, topics: [d]}]\n" >drawn/course.yaml &&
    start_convert drawing-$$ env CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=browser CLX_EXTERNAL_TOOLS__CHROMIUM="$CLX_TEST_CHROMIUM" \
        "$CLX" -C drawn build course.yaml &&
    wait_until 60 has_browser drawing-$$ && wait_until 60 find_marked drawing-$$ -jar &&
    for pid in $(list_marked drawing-$$); do grep -szho "^WORKER_ID=.*" /proc/$pid/environ; done | tr "\0" "\n" | sort -u >ids &&
    test "$(wc -l <ids)" -eq 2 && kill -9 $convert && { wait $convert; wait_until 5 none_marked drawing-$$; } && wait_until 5 is_browser_gone &&
    for id in $(cat ids); do test ! -e "/tmp/clx-$(id -u)/${id#WORKER_ID=}" || return 1; done
'
test_expect_success 'without workers and without leave to start some the build says so' '
    test_expect_code 1 "$CLX" build course.yaml --no-auto-start 2>err && grep "no notebook worker is running" err
'
test_done
