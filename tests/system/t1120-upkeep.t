#!/bin/sh
test_description='the cache is explained, bounded and carried to other machines'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

topic=slides/module_100_m/topic_100_first
mkdir -p one/.clx "one/$topic" one/templates
cat >one/course.yaml <<'SPEC'
name: Course
languages: [en]
prog_lang: python
template_dir: ./templates
sections:
  - {name: One, topics: [first]}
SPEC
cat >"one/$topic/slides_first.py" <<'SOURCE'
# j2 from 'words.j2' import word
# %% [markdown]
# {{ word }}

# %%
import os, pathlib
pathlib.Path(os.environ["RUNS"]).open("a").write("x")
print(open("data.csv").read())
SOURCE
echo '{% set word = "one" %}' >one/templates/words.j2
echo 17 >"one/$topic/data.csv"
RUNS=$PWD/runs && export RUNS

clx() { "$CLX" -C one "$@"; }
explain() { clx cache explain "$@" >out 2>&1 || { cat out; return 1; }; }
says() { grep -q "$1" out || { cat out; return 1; }; }

test_expect_success 'without a cache there is nothing to explain' '
    test_expect_code 1 "$CLX" -C one cache explain x 2>err && grep "there is no cache" err
'
test_expect_success 'a source that is built would not run' '
    clx build course.yaml && test "$(cat runs)" = x && explain $topic/slides_first.py && says "would not run: the result of its inputs is known"
'
test_expect_success 'a template, a file of the topic and an output are explained too' '
    explain templates/words.j2 && says "slides_first.py (notebook) would not run" && explain $topic/data.csv && says slides_first.py &&
    explain "output/public/En/Course/Slides/Html/Completed/One/01 slides_first.html" && says slides_first.py
'
test_expect_success '-v shows the inputs' '
    explain -v $topic/slides_first.py && says "file *data.csv: [0-9a-f]\{8\}" && says "read *words.j2: [0-9a-f]\{8\}" && says "setting *cell_timeout: 300"
'
test_expect_success 'what changed is told with old and new' '
    echo 18 >"one/$topic/data.csv" && explain $topic/slides_first.py && says "would run: file .data.csv. changed ([0-9a-f]\{8\} -> [0-9a-f]\{8\})"
'
test_expect_success 'a file of no course is an error' '
    test_expect_code 1 "$CLX" -C one cache explain course.yaml 2>err && grep "is no source" err
'
test_expect_success 'figures come as a table and as JSON' '
    clx db stats >out && says "results" && clx db stats --format json >out && python3 -c "
import json
stats = json.load(open(\"out\"))
assert stats[\"cache\"][\"results\"] > 0 and stats[\"cache\"][\"object_bytes\"] > 0 and stats[\"jobs\"][\"jobs\"] > 0"
'
test_expect_success 'another machine with the archive runs no code' '
    clx build course.yaml && cp runs before && clx cache export --executions "$PWD/runs.clxcache" && mkdir two && cp -r one/course.yaml one/slides one/templates two &&
    mkdir two/.clx && "$CLX" -C two cache import "$PWD/runs.clxcache" && "$CLX" -C two build course.yaml && test_cmp before runs &&
    ( cd one && find output -type f -exec sha256sum {} + | sort ) >expected && ( cd two && find output -type f -exec sha256sum {} + | sort ) >actual &&
    test_cmp expected actual
'
test_expect_success 'with the whole archive it runs no job' '
    clx cache export "$PWD/all.clxcache" && mkdir three && cp -r one/course.yaml one/slides one/templates three && mkdir three/.clx &&
    "$CLX" -C three cache import "$PWD/all.clxcache" && "$CLX" -C three build course.yaml >out && says " 0 jobs run"
'
test_expect_success 'the same cache gives the same archive' '
    clx cache export "$PWD/again.clxcache" && cmp all.clxcache again.clxcache
'
test_expect_success 'a damaged archive is refused, entry by entry or as a whole' '
    mkdir four four/.clx && echo "no archive" >bad.clxcache && test_expect_code 1 "$CLX" -C four cache import "$PWD/bad.clxcache" 2>err &&
    grep "no archive of clx" err && cp all.clxcache bad.clxcache &&
    sqlite3 bad.clxcache "UPDATE objects SET data = zeroblob(3) WHERE name = (SELECT min(name) FROM objects)" &&
    test_expect_code 1 "$CLX" -C four cache import "$PWD/bad.clxcache" 2>err && grep "damaged and were left out" err &&
    cp all.clxcache bad.clxcache && sqlite3 bad.clxcache "DROP TABLE results; CREATE VIEW results AS SELECT 1 AS key, 2 AS result" &&
    test_expect_code 1 "$CLX" -C four cache import "$PWD/bad.clxcache" 2>err && grep "no archive of clx" err
'
test_expect_success 'young objects and those in use stay' '
    clx cache gc --max-size 1k && rm -r one/output && clx build course.yaml >out && says " 0 jobs run"
'
test_expect_success 'results that were not used for long go, with their objects' '
    sqlite3 one/clx_cache.db "UPDATE results SET used_day = used_day - 100" && find one/clx_cache.objects -type f -exec touch -d yesterday {} + &&
    clx cache gc --dry-run >out && says "[1-9][0-9]* results and [1-9][0-9]* objects .* would be removed" && clx cache gc --max-age 200 >out &&
    says "0 results and" && clx db prune >out && says "[1-9][0-9]* results and [1-9]" && test -z "$(find one/clx_cache.objects -type f)"
'
test_expect_success 'the cache fills again, and outputs that are right are not written' '
    clx build course.yaml >out && says " 0 files written" && says " 1 job run"
'
test_expect_success 'the longest unused results go first when it is too large' '
    echo 19 >"one/$topic/data.csv" && clx build course.yaml && sqlite3 one/clx_cache.db "UPDATE results SET used_day = used_day - 5" &&
    clx build course.yaml && find one/clx_cache.objects -type f -exec touch -d yesterday {} + && clx cache gc --max-size 1k >out &&
    says "[1-9][0-9]* results" && rm -r one/output && clx build course.yaml >out && says " 0 jobs run"
'
test_expect_success 'db clean prunes and gives space back' '
    clx db clean >out && says "free space given back" && clx db vacuum
'
test_expect_success 'wrong limits are refused' '
    test_expect_code 2 "$CLX" -C one cache gc --max-size huge 2>err && grep -e "--max-size" err
'
test_done
