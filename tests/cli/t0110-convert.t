#!/bin/sh
test_description='one source becomes one file: clx convert and clx expand'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

mkdir -p slides/module_010_a/topic_010_lists templates
cat >slides/module_010_a/topic_010_lists/slides_lists.py <<'EOF'
# j2 from 'macros.j2' import header
# {{ header("Listen", "Lists") }}

# %% [markdown] lang="de"
#
# Nur deutsch

# %% tags=["keep"]
print("{{ author }} {{ lang }}")

# %%
secret = 42

# %% [markdown] tags=["notes"]
#
# for the speaker
EOF
printf 'name: C\nlanguage: en\nprog_lang: python\nauthor: Ada\ntemplate_dir: templates\nsections: [{name: A, topics: [lists]}]\n' >course.yaml
source=slides/module_010_a/topic_010_lists/slides_lists.py

test_expect_success 'a source becomes a notebook of nbformat 4.5' '
    "$CLX" convert $source --to=ipynb >out && python3 -c "
import json
book = json.load(open(\"out\"))
assert book[\"nbformat\"] == 4 and book[\"nbformat_minor\"] == 5
assert any(\"secret\" in \"\".join(cell[\"source\"]) for cell in book[\"cells\"])"
'
test_expect_success 'the suffix of the output says what is wanted' '
    "$CLX" -q convert $source -o new/lists.ipynb && cmp out new/lists.ipynb &&
    "$CLX" -q convert $source -o new/lists.html && grep -q "<!DOCTYPE html>" new/lists.html && grep -q "<title>Lists" new/lists.html &&
    "$CLX" convert $source -o new/lists.py >said && grep -q "wrote new/lists.py" said && grep -q "^secret = 42" new/lists.py
'
test_expect_success 'kind and language choose the cells' '
    "$CLX" convert $source --to=code --kind=code-along >out && ! grep -e secret -e speaker -e deutsch out && grep "print" out &&
    "$CLX" convert $source --to=code --kind=speaker --language=de >out && grep "for the speaker" out && grep "deutsch" out
'
test_expect_success 'the build makes the same notebook' '
    "$CLX" -q build course.yaml --output-dir=built >/dev/null && find built -name "*Lists.ipynb" -path "*Completed*" >found &&
    "$CLX" convert $source --to=ipynb --spec=course.yaml >out && cmp out "$(cat found)" && grep -q "Ada en" out
'
test_expect_success 'a course or an option says what templates know' '
    "$CLX" expand $source --spec=course.yaml >out && grep "print(.Ada en.)" out &&
    "$CLX" expand $source -D author=Grace >out && grep "print(.Grace en.)" out &&
    test_expect_code 2 "$CLX" expand $source -D author 2>err && grep "NAME=VALUE" err
'
test_expect_success 'templates of the course shadow the built-in ones' '
    echo "{% macro header(a, b) %}own {{ b }}{% endmacro %}" >templates/macros.j2 &&
    "$CLX" expand $source --spec=course.yaml >out && grep "^# own Lists" out &&
    "$CLX" expand $source --template-dir=templates >out && grep "^# own Lists" out &&
    test_expect_code 2 "$CLX" expand $source --template-dir=no/such 2>err && grep "there is no folder .no/such" err
'
test_expect_success 'a notebook may be the source' '
    "$CLX" convert new/lists.ipynb --to=code >out && grep "^secret = 42" out
'
test_expect_success 'mistakes have a place, and nothing is written' '
    printf "# %%%%\n{{ nothing }}\n" >broken.py && test_expect_code 2 "$CLX" convert broken.py -o broken.ipynb 2>err &&
    grep "^broken.py:2:4: error: .nothing. is undefined" err && test ! -e broken.ipynb &&
    test_expect_code 2 "$CLX" convert $source 2>err && grep -e "--to" err &&
    test_expect_code 2 "$CLX" convert $source -o lists.xyz 2>err && grep -e "--to" err
'
test_expect_success 'an output that cannot be written is told' '
    test_must_fail "$CLX" convert $source --to=code -o /proc/no/such 2>err && grep "^clx: error: " err
'
test_done
