#!/bin/sh
test_description='every message has one form: place first, remedy indented, colour on terminals only'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

mkdir -p .clx slides/module_010_a/topic_010_lists
echo '# %% nothing' >slides/module_010_a/topic_010_lists/slides_lists.py
printf 'name: C\nlanguage: en\nprog_lang: python\nnmae: x\nsections: [{name: A, topics: [lists]}]\n' >bad.yaml
printf '# {{ missing }}\n' >broken.py
printf 'name: C\nlanguage: en\nprog_lang: python\nsections: [{name: A, topics: [lists]}]\n' >good.yaml
escape=$(printf '\033')

test_expect_success 'an error without a place begins with the program, its remedy is indented' '
    test_expect_code 2 "$CLX" bild 2>err && printf "clx: error: unknown command '\''bild'\''\n  did you mean '\''clx build'\''?\n" >expected &&
    test_cmp expected err
'
test_expect_success 'a diagnostic begins with its place, whichever command finds it' '
    for command in build validate targets outline
    do
        test_expect_code 2 "$CLX" $command bad.yaml 2>err && grep "^bad.yaml:4:1: error: unknown key" err || return 1
    done &&
    test_expect_code 2 "$CLX" expand broken.py 2>err && grep "^broken.py:1:[0-9]*: error: " err
'
test_expect_success 'a settings file too' '
    echo "[worker_management" >.clx/config.toml && test_expect_code 2 "$CLX" config show 2>err &&
    grep "config.toml:1:19: error: " err && rm .clx/config.toml
'
test_expect_success 'without a terminal nothing is coloured' '
    test_expect_code 2 "$CLX" validate bad.yaml 2>err && ! grep "$escape" err
'
test_expect_success 'on a terminal severities are coloured, unless it is not wanted' '
    script -qec "\"$CLX\" validate bad.yaml" /dev/null >out; grep "error:" out | grep "$escape" &&
    script -qec "\"$CLX\" validate bad.yaml --no-color" /dev/null >out; grep "error:" out && ! grep "$escape" out &&
    script -qec "NO_COLOR=1 \"$CLX\" validate bad.yaml" /dev/null >out; grep "error:" out && ! grep "$escape" out &&
    script -qec "CI=true \"$CLX\" validate bad.yaml" /dev/null >out; grep "error:" out && ! grep "$escape" out
'
test_expect_success 'quiet commands say only what went wrong' '
    "$CLX" -q validate good.yaml >out 2>err && test ! -s out && test ! -s err &&
    "$CLX" -q config init --force >out && test ! -s out && test -s .clx/config.toml &&
    echo "[worker_mangement]" >.clx/config.toml && "$CLX" config locate -q >out 2>err && test -s out && test ! -s err &&
    "$CLX" config locate 2>err && grep "config.toml:1:[0-9]*: warning: " err && rm .clx/config.toml &&
    "$CLX" -q config init && "$CLX" -q config trust >out && test ! -s out && rm .clx/config.toml &&
    "$CLX" -q delete-database --force >out && test ! -s out
'
test_expect_success 'standard output that cannot be written is a failure' '
    test_expect_code 1 "$CLX" config show >/dev/full 2>err && grep "cannot write" err
'
test_done
