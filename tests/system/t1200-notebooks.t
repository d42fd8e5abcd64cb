#!/bin/sh
test_description='code runs once, on warm kernels, and what goes wrong is told in one line with its place'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

if ! /usr/bin/python3 -c 'import ipykernel' 2>/dev/null; then
    skip_all='skipped: no IPython kernel is installed'
    test_done
fi
mkdir -p .clx slides/module_100_m/topic_100_good slides/module_100_m/topic_110_bad slides/module_100_m/topic_120_skipped \
    slides/module_100_m/topic_130_unevaluated
cat >course.yaml <<'YAML'
name: {de: "Kurs", en: "Course"}
languages: [de, en]
prog_lang: python
sections:
  - name: {de: "Woche", en: "Week"}
    topics:
      - good
      - bad
      - {id: skipped, skip_errors: true}
      - {id: unevaluated, evaluate: false}
output_targets:
  - {name: all, path: ./out, kinds: [completed, speaker], formats: [html]}
YAML
cat >slides/module_100_m/topic_100_good/slides_good.py <<'PY'
# j2 from "macros.j2" import header
# {{ header("Gut", "Good") }}
# %% [markdown] lang="de"
# Deutsch
# %% [markdown] lang="en"
# English
# %%
open("note.txt", "w").write("x")
print("ran with", sorted(__import__("os").listdir(".")))
PY
echo data >slides/module_100_m/topic_100_good/data.txt
cat >slides/module_100_m/topic_110_bad/slides_bad.py <<'PY'
# j2 from "macros.j2" import header
# {{ header("Schlecht", "Bad") }}
# %%
print("before the failure")
# %%
x = 1

raise ValueError("no good")
# %%
print("never reached")
PY
sed 's/Schlecht", "Bad/Egal", "Skipped/' slides/module_100_m/topic_110_bad/slides_bad.py >slides/module_100_m/topic_120_skipped/slides_skipped.py
sed 's/Schlecht", "Bad/Stumm", "Unevaluated/' slides/module_100_m/topic_110_bad/slides_bad.py \
    >slides/module_100_m/topic_130_unevaluated/slides_unevaluated.py

find_page()
{
    find "$1" -path "*$2*" -name "*$3.html"
}

test_expect_success 'a cell that raises fails its notebook alone, with place, lines and exception' '
    test_expect_code 1 "$CLX" build course.yaml -O json >report 2>err &&
    grep -q "slides_bad.py:8: cell [0-9]*: ValueError: no good" report && grep -q "x = 1" report &&
    test -n "$(find_page out En Good)" && test -z "$(find_page out En Bad)"
'
test_expect_success 'the page up to the failure is kept beside the logs, and the error names it' '
    page=$(ls clx_jobs.logs/failed/*slides_bad.py.de.html) && grep -q "before the failure" "$page" && ! grep -q "^never reached" "$page" &&
    grep -q "failed/.*slides_bad.py.de.html" report
'
test_expect_success 'languages with equal code share a run' '
    /usr/bin/python3 -c "
import json
runs = json.load(open(\"report\"))[\"counts\"][\"runs\"]
assert runs == {\"executed\": 2, \"saved\": 2}, runs"
'
test_expect_success 'a run sees the files of its topic, in a folder of its own' '
    grep -q "ran with \[.*data.txt.*note.txt.*\]" "$(find_page out En/ Good | head -n 1)" && test ! -e slides/module_100_m/topic_100_good/note.txt
'
test_expect_success 'skipped errors stand in the page, and the cells behind them ran' '
    page=$(find_page out En/ Skipped | head -n 1) && grep -q "no good" "$page" && grep -q "never reached$" "$page"
'
test_expect_success 'a topic that is not evaluated has no outputs' '
    page=$(find_page out En/ Unevaluated | head -n 1) && grep -q "never reached" "$page" && ! grep -q "class=\"row output\"" "$page"
'
test_expect_success 'prose edits run no code' '
    sed -i "s/^# English/# English prose/" slides/module_100_m/topic_100_good/slides_good.py &&
    test_expect_code 1 "$CLX" build course.yaml -O json >report &&
    /usr/bin/python3 -c "
import json
runs = json.load(open(\"report\"))[\"counts\"][\"runs\"]
assert runs[\"executed\"] == 0 and runs[\"saved\"] == 2, runs" &&
    grep -q "English prose" "$(find_page out En/ Good | head -n 1)"
'
test_expect_success 'a forced run is made once for both languages' '
    test_expect_code 1 "$CLX" build course.yaml --force-execute -O json >report &&
    /usr/bin/python3 -c "
import json
runs = json.load(open(\"report\"))[\"counts\"][\"runs\"]
assert runs == {\"executed\": 2, \"saved\": 2}, runs"
'
test_expect_success 'a kernel that dies once is tried again, and the report says so once' '
    mkdir -p flaky/.clx flaky/slides/module_100_m/topic_100_flaky &&
    cat >flaky/slides/module_100_m/topic_100_flaky/slides_flaky.py <<-"PY" &&
	# j2 from "macros.j2" import header
	# {{ header("Wackelig", "Flaky") }}
	# %%
	import os, pathlib
	mark = pathlib.Path(os.environ["FLAKY_MARK"])
	if not mark.exists():
	    mark.touch()
	    os.kill(os.getpid(), 9)
	print("at last")
	PY
    sed "/topics:/,/output_targets:/{/- /d; /topics:/a\\
      - flaky
    }" course.yaml >flaky/course.yaml &&
    FLAKY_MARK=$PWD/flaky.mark "$CLX" -C flaky build course.yaml 2>err && grep -q "slides_flaky.py.*succeeded only at attempt 2" err &&
    grep -q "at last" "$(find_page flaky/out En/ Flaky | head -n 1)" &&
    FLAKY_MARK=$PWD/flaky.mark "$CLX" -C flaky build course.yaml 2>err && ! grep -q "only at attempt" err
'
test_expect_success 'a kernel that dies each time leaves the page up to there too' '
    mkdir -p dying/.clx dying/slides/module_100_m/topic_100_flaky &&
    sed "/exists/,/touch/d; s/^    os.kill/os.kill/; s/^import.*/print(\"said before\", flush=True)/; s/^mark.*/import os/" \
        flaky/slides/module_100_m/topic_100_flaky/slides_flaky.py >dying/slides/module_100_m/topic_100_flaky/slides_flaky.py &&
    cp flaky/course.yaml dying/ && test_expect_code 1 "$CLX" -C dying build course.yaml 2>err &&
    grep -q "slides_flaky.py:[0-9]*: .*was killed by signal 9" err && grep -q "page up to there: .*slides_flaky.py.*html" err &&
    grep -q "said before" dying/clx_jobs.logs/failed/*slides_flaky.py.*.html
'
test_expect_success 'pages of the example course are the same with warm and with cold kernels' '
    cp -r "$CLX_SOURCE_ROOT/examples/python-basics" warm && rm -rf warm/output warm/clx_* && cp -r warm cold && mkdir -p warm/.clx cold/.clx &&
    "$CLX" -C warm build course.yaml -q && CLX_NOTEBOOKS__WARM_KERNELS=false "$CLX" -C cold build course.yaml -q &&
    diff -r warm/output cold/output
'
test_done
