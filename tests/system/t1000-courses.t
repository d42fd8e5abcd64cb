#!/bin/sh
test_description='real courses are built into the paths that they are known to have'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

if ! test -d "$cases/courses"; then
    skip_all="skipped: no cases at $cases"
    test_done
fi
mkdir .clx && cp -r "$cases/courses/clx-test-data" data && chmod -R u+w data && make_drawio drawio
DRAWIO_EXECUTABLE="$PWD/drawio" && export DRAWIO_EXECUTABLE

for n in 1 2 3 4 5; do
    test_expect_success "spec $n gives the listed paths" "
        \"\$CLX\" build data/course-specs/test-spec-$n.xml -o out-$n >log 2>&1 || { cat log; false; } &&
        list_paths out-$n >actual && grep -v '/\\.' \"\$cases/courses/expected/test-spec-$n.paths\" | LC_ALL=C sort >expected &&
        test_cmp expected actual
    "
done
test_expect_success 'a second build does nothing: no job, no worker, no mtime changes' '
    find out-1 -type f -printf "%p %T@ %i\n" | sort >before &&
    "$CLX" build data/course-specs/test-spec-1.xml -o out-1 -O json >report &&
    find out-1 -type f -printf "%p %T@ %i\n" | sort >after && test_cmp before after &&
    grep "\"completed\": 0" report && grep "\"written\": 0" report &&
    "$CLX" workers list --format=json >workers && test "$(cat workers)" = "[]"
'
test_expect_success 'an edited source changes its own outputs only' '
    find out-1 -type f -printf "%p %T@ %i\n" | sort >before &&
    printf "\n# %%%% [markdown]\n# A new cell.\n" >>"data/slides/module_000_test_1/topic_110_another_topic_from_test_1.py" &&
    "$CLX" build data/course-specs/test-spec-1.xml -o out-1 --explain >out 2>err && grep "another_topic.*source changed" err &&
    find out-1 -type f -printf "%p %T@ %i\n" | sort >after &&
    { diff before after | grep "^>" >changed; grep -c . changed; } && test -s changed &&
    ! grep -v "Another Topic from Test 1\|Mehr Folien von Test 1" changed
'
test_expect_success 'an output of a topic that is gone is removed, foreign files and changed ones stay' '
    echo mine >"out-1/public/En/My Course/foreign.txt" && mkdir -p out-1/.git && echo ref >out-1/.git/HEAD &&
    echo changed >"out-1/public/En/My Course/Slides/Python/Completed/Week 2/01 Another Topic from Test 1.py" &&
    sed "/another_topic_from_test_1/s/another_topic_from_test_1/simple_notebook/" data/course-specs/test-spec-1.xml >spec &&
    cp spec data/course-specs/test-spec-1.xml && "$CLX" build data/course-specs/test-spec-1.xml -o out-1 -v >out 2>err &&
    test -f "out-1/public/En/My Course/foreign.txt" && test -f out-1/.git/HEAD &&
    test -f "out-1/public/En/My Course/Slides/Python/Completed/Week 2/01 Another Topic from Test 1.py" &&
    ! test -e "out-1/public/En/My Course/Slides/Html/Completed/Week 2/01 Another Topic from Test 1.html" &&
    grep "left as it is" err
'
test_expect_success 'a filtered build leaves what the filter hides' '
    list_paths out-1 >before && "$CLX" build data/course-specs/test-spec-1.xml -o out-1 -L de && list_paths out-1 >after &&
    test_cmp before after
'
test_expect_success 'a misspelt section is refused before anything starts' '
    test_expect_code 2 "$CLX" build data/course-specs/test-spec-1.xml -o out-1 --only "Wek 1" 2>err && grep "Week 1" err
'
test_expect_success 'a failing notebook is exit 1, with its place, and leaves nothing behind' '
    test_expect_code 1 "$CLX" build data/course-specs/test-spec-6-failing.xml -o out-6 >out 2>err &&
    grep "slides_failing_notebook.py:[0-9]*" err && "$CLX" workers list --format=json >workers && test "$(cat workers)" = "[]"
'
test_done
