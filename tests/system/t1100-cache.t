#!/bin/sh
test_description='nothing is built twice, and nothing is ever stale'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

topic=slides/module_100_m/topic_100_first
mkdir -p .clx "$topic/pu" slides/module_100_m/topic_110_second templates
cat >course.yaml <<'SPEC'
name: {de: Kurs, en: Course}
prog_lang: python
template_dir: ./templates
sections:
  - {name: {de: Eins, en: One}, topics: [{id: first, evaluate: false}]}
  - {name: {de: Zwei, en: Two}, topics: [{id: second, evaluate: false}]}
SPEC
source=$topic/slides_first.py
cat >"$source" <<'SOURCE'
# j2 from 'words.j2' import word
# %% [markdown]
# This is {{ word }}

# %% tags=["strange"]
print(1)
SOURCE
printf '# %%%% [markdown]\n# Second\n' >slides/module_100_m/topic_110_second/slides_second.py
echo '{% set word = "one" %}' >templates/words.j2
printf '@startuml\n!include part.iuml\na -> b\n@enduml\n' >"$topic/pu/plan.puml"
printf 'skinparam monochrome true\n' >"$topic/pu/part.iuml"

# build OPTION...: its report in `out`, the number of jobs that ran in $ran.
build()
{
    "$CLX" build course.yaml --explain "$@" >out 2>&1
    status=$?
    ran=$(sed -n 's/.*; \([0-9]*\) jobs\{0,1\} run.*/\1/p' out)
    return $status
}

# Fails for want of java, and tries.
build_without_java()
{
    test_expect_code 1 env -u JAVA_HOME PATH=/nowhere "$CLX" build course.yaml --explain >out 2>&1 && grep "^plantuml .*plan.puml: tool .plantuml. changed .*none" out ||
        { cat out; return 1; }
}

ran_just() { test "$ran" -eq "$1" || { cat out; return 1; }; }
shows() { grep -rqF "$1" output || { cat out; return 1; }; }

test_expect_success 'the first build runs every job' '
    build && ran_just 3 && shows "This is one"
'
test_expect_success 'the second runs none, and tells the warnings of the first again' '
    build && ran_just 0 && grep "slides_first.py:5:.*strange" out
'
test_expect_success 'a change of the source is told with old and new' '
    echo "# %%" >>"$source" && build && ran_just 1 && grep -E "slides_first.py: source changed \([0-9a-f]{8} -> [0-9a-f]{8}\)" out
'
test_expect_success 'line endings do not matter to a source' '
    sed -i "s/\$/\r/" "$source" && build && ran_just 0 && sed -i "s/\r//" "$source"
'
test_expect_success 'a template that was read counts, with its name' '
    echo "{% set word = \"two\" %}" >templates/words.j2 && build && ran_just 1 && shows "This is two" &&
    grep "template or include .words.j2. changed" out
'
test_expect_success 'back to the earlier template is back to the earlier result' '
    echo "{% set word = \"one\" %}" >templates/words.j2 && build && ran_just 0 && shows "This is one"
'
test_expect_success 'a template that nobody reads does not count' '
    echo x >templates/other.j2 && build && ran_just 0
'
test_expect_success 'a template that appears where it is looked for first counts' '
    mkdir -p templates/python && echo "{% set word = \"three\" %}" >templates/python/words.j2 && build && ran_just 1 &&
    shows "This is three" && rm -r templates/python && build && ran_just 0 && shows "This is one"
'
test_expect_success 'an included part of a diagram counts' '
    echo "skinparam handwritten true" >>"$topic/pu/part.iuml" && build && grep "plan.puml: .*part.iuml. changed" out
'
test_expect_success 'another file of the topic counts, with its name' '
    echo 1 >"$topic/data.csv" && build && ran_just 1 && grep "file .data.csv. is new" out &&
    echo 2 >"$topic/data.csv" && build && grep "file .data.csv. changed" out && rm "$topic/data.csv" && build && ran_just 0
'
test_expect_success 'a setting of the topic is told with both values' '
    sed -i "s/name: {de: Kurs, en: Course}/name: {de: Kurs, en: Tour}/" course.yaml && build && ran_just 2 &&
    grep "setting .course_name. changed (.*Course.* -> .*Tour.*)" out
'
test_expect_success 'a build of one language finds the results of all' '
    build --language de && ran_just 0 && build -T default --speaker-only && ran_just 0
'
test_expect_success 'a cache filled by builds of single languages holds for all' '
    build --clear-cache --language de && ran_just 3 && build --language en && ran_just 2 && build && ran_just 0
'
test_expect_success 'an output that was changed or removed by hand is repaired without a job' '
    page=$(find output -name "*.html" | head -n 1) && rm "$page" && build && ran_just 0 && test -e "$page" &&
    echo x >"$page" && build && ran_just 0 && ! grep -qx x "$page"
'
test_expect_success 'a damaged object is noticed when it is needed, and made again' '
    page=$(find output -name "*.html" | head -n 1) && name=$(sha256sum "$page" | cut -c 3-64) && rm -r output &&
    object=$(echo clx_cache.objects/*/$name) && test -e "$object" && echo x >"$object" && build && ran_just 1 &&
    grep "missing or damaged" out && build && ran_just 0
'
test_expect_success 'the output tree comes back from the cache alone' '
    list_paths output >expected && rm -r output && build && ran_just 0 && list_paths output >actual && test_cmp expected actual
'
test_expect_success 'a mistake in a source is told again at once, without a job' '
    echo "# {{ nowhere }}" >>"$source" && test_expect_code 1 "$CLX" build course.yaml >out 2>&1 && grep "nowhere.* is undefined" out &&
    ! build && ran_just 0 && grep "nowhere.* is undefined" out && grep "ignore-cache" out && grep "1 failed" out
'
test_expect_success 'until an input changes' '
    echo "{% set word = \"one\" %}{# touched #}" >templates/words.j2 && ! build && grep "first.py: template or include" out
'
test_expect_success 'or the cache is ignored' '
    ! build --ignore-cache && grep "first.py: the cache is ignored" out
'
test_expect_success 'and is gone with the mistake' '
    sed -i "/nowhere/d" "$source" && build
'
test_expect_success 'what is missing on the machine is no mistake of a source, and is looked for anew' '
    echo "a -> c" >>"$topic/pu/part.iuml" && build_without_java && build_without_java && build
'
test_expect_success 'a build of one topic leaves the strays of the others' '
    rm slides/module_100_m/topic_110_second/slides_second.py && echo x >slides/module_100_m/topic_110_second/more.txt &&
    build --only first && ls output/public/En/*/Slides/Html/Completed/Two/*.html
'
test_expect_success 'a build of one language removes its strays and no others' '
    build --language de && ! ls output/public/De/*/Folien/Html/Completed/Zwei/*.html && ls output/public/En/*/Slides/Html/Completed/Two/*.html
'
test_expect_success '--keep-directory removes nothing' '
    build --keep-directory && ls output/public/En/*/Slides/Html/Completed/Two/*.html
'
test_expect_success 'the whole build removes what is left' '
    build && ! ls output/public/En/*/Slides/Html/Completed/Two/*.html
'
test_expect_success 'a tree that the spec no longer names goes, one of --output-dir stays' '
    build --output-dir elsewhere && echo "output_dir: ./made" >>course.yaml && build && test -d made/public && test -z "$(find output -type f)" &&
    test -d elsewhere/public
'
test_expect_success '--incremental writes what is new and looks at nothing else' '
    page=$(find made -name more.txt | head -n 1) && rm "$page" && echo "# %% [markdown]" >>"$source" && echo "# News" >>"$source" &&
    build --incremental && test ! -e "$page" && grep -rq News made
'
test_expect_success '--force-execute runs the code again, a plain build does not' '
    sed -i "s/id: first, evaluate: false/id: first, evaluate: true/" course.yaml &&
    printf "# %%%%\nimport os, pathlib\npathlib.Path(os.environ[\"RUNS\"]).open(\"a\").write(\"x\")\n" >"$source" &&
    RUNS=$PWD/runs && export RUNS && build && test -s runs && cp runs before && printf "\n# %%%% [markdown]\n# Prose\n" >>"$source" &&
    build && ran_just 1 && test_cmp before runs && build && ran_just 0 && build --force-execute && ran_just 1 && ! test_cmp before runs
'
# The system calls of a build that has nothing to do. What a source had when it had just been changed is not kept (it may change again within
# its time stamp), so that builds look into it until it has settled. The leak checker can't work in a traced program.
trace_build()
{
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o trace -e trace=open,openat,execve,clone,clone3,fork,vfork "$CLX" build course.yaml >out 2>&1 || return 1
    ! grep -E "slides_|\.puml|\.iuml|\.csv|\.j2|more\.txt" trace | grep -qv O_DIRECTORY
}
test_expect_success 'a build that has nothing to do reads no source and starts nothing' '
    build && wait_until 60 trace_build && grep " 0 jobs run" out && test "$(grep -c execve trace)" -eq 1 &&
    ! grep -E "clone|fork" trace && ! grep -E "clx_cache.objects|[.](ttf|otf|jar)\"|/java" trace
'
test_expect_success 'two builds at once share one cache, and a third finds all that they made' '
    rm -rf clx_cache.* clx_jobs.* made a b && sed -i "s/evaluate: true/evaluate: false/" course.yaml &&
    for n in $(seq 30); do printf "# %%%% [markdown]\n# Number $n\n" >"$topic/slides_n$n.py"; done &&
    { "$CLX" build course.yaml --output-dir a >out-a 2>&1 & one=$!; "$CLX" build course.yaml --output-dir b >out-b 2>&1 & other=$!; } &&
    { wait $one; test $? -eq 0 || { cat out-a; false; }; } && { wait $other; test $? -eq 0 || { cat out-b; false; }; } &&
    diff -r a b && build --output-dir a && ran_just 0 && grep " 0 files written" out && build --output-dir c && ran_just 0 && diff -r a c
'
test_expect_success 'so do two courses at once, while a third process collects' '
    rm -rf clx_cache.* clx_jobs.* && for name in x y; do mkdir -p $name/.clx && cp -r course.yaml slides templates $name; done &&
    { "$CLX" -C x build course.yaml --cache-db-path "$PWD/both.db" >out-x 2>&1 & one=$!
      "$CLX" -C y build course.yaml --cache-db-path "$PWD/both.db" >out-y 2>&1 & other=$!; } &&
    while kill -0 $one 2>/dev/null || kill -0 $other 2>/dev/null; do
        test ! -e both.db || "$CLX" cache gc --cache-db-path "$PWD/both.db" --max-age 1 --max-size 1m >out-gc 2>&1 || { cat out-gc; break; }
    done
    { wait $one; test $? -eq 0 || { cat out-x; false; }; } && { wait $other; test $? -eq 0 || { cat out-y; false; }; } &&
    diff -r x/made y/made && "$CLX" -C x build course.yaml --cache-db-path "$PWD/both.db" >out 2>&1 && grep " 0 files written" out
'
test_done
