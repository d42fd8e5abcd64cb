#!/bin/sh
test_description='commands that read a course without building it'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

mkdir -p slides/module_010_a/topic_010_lists
echo '# {{ header("Listen", "Lists *now*") }}' >slides/module_010_a/topic_010_lists/slides_lists.py
printf 'name: {de: Kurs, en: Course}\nprog_lang: python\nsections:\n  - {name: {de: Eins, en: One}, topics: [lists]}\n' >course.yaml

test_expect_success 'a valid course is counted' '
    "$CLX" validate course.yaml >out && grep "valid: 1 sections, 1 topics, 18 outputs, 0 warnings" out
'
test_expect_success 'every mistake is reported with its place and exit code 2' '
    printf "nmae: x\nprog_lang: pyhton\n" >bad.yaml &&
    test_expect_code 2 "$CLX" validate bad.yaml >out 2>err && test ! -s out &&
    grep "^bad.yaml:1:1: error: unknown key" err && grep "^bad.yaml:2:12: error: unknown programming language" err && grep "3 mistakes" err
'
test_expect_success 'a source that is no text is found' '
    mkdir -p slides/module_010_a/topic_020_broken && printf "x\n\377" >slides/module_010_a/topic_020_broken/slides_b.py &&
    printf "name: C\nlanguage: en\nprog_lang: python\nsections: [{name: A, topics: [broken]}]\n" >broken.yaml &&
    test_expect_code 2 "$CLX" validate broken.yaml 2>err && grep "slides_b.py:2: error: the file is not UTF-8" err
'
test_expect_success 'the outline is Markdown in the language that is asked for' '
    "$CLX" outline course.yaml -L de >out && printf "# Kurs\n\n## Eins\n\n- Listen\n" >expected && test_cmp expected out &&
    "$CLX" outline course.yaml -o outline.md && grep -F "Lists \\*now\\*" outline.md &&
    "$CLX" outline course.yaml -d outlines && test -f outlines/Kurs-de.md && test -f outlines/Course-en.md &&
    test_expect_code 2 "$CLX" outline course.yaml -L fr
'
test_expect_success 'targets are listed as a table and as JSON' '
    "$CLX" targets course.yaml >out && grep "^default .*code-along,completed,speaker .*/output$" out &&
    "$CLX" targets course.yaml --format=json >out && grep "^    \"name\": \"default\"" out &&
    test_expect_code 2 "$CLX" targets course.yaml --format=xml
'
test_done
