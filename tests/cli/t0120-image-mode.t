#!/bin/sh
test_description='image mode shared: each picture once per course folder, and sources that name it there'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

for topic in lists maps
do
    mkdir -p slides/module_010_a/topic_010_$topic/img
    cat >slides/module_010_a/topic_010_$topic/slides_$topic.py <<'EOF'
# %% [markdown]
#
# <img src="img/cat.png" alt="img/cat.png"> <IMG width=3 src='./img/cat.png'/>
# <video controls src=img/film.mp4></video> <img src="img/none.png"> <a src="img/cat.png">
# <image src="img/cat.png"> < img src="img/cat.png">
# ![img/cat.png](img/cat.png "A cat") [![](./img/cat.png)](<img/cat.png>) ![](img/none.png) `![](img/cat.png)` ![](img/my%20cat.png)

# %%
print('<img src="img/cat.png">')
EOF
    echo cat >slides/module_010_a/topic_010_$topic/img/cat.png
    echo my >"slides/module_010_a/topic_010_$topic/img/my cat.png"
    echo film >slides/module_010_a/topic_010_$topic/img/film.mp4
    echo data >slides/module_010_a/topic_010_$topic/data.csv
done
cat >course.yaml <<'EOF'
name: C
language: en
prog_lang: python
output_targets: [{name: all, path: out, formats: [notebook, code]}]
sections: [{name: A, topics: [lists]}, {name: B, topics: [maps]}]
EOF

test_expect_success 'images are duplicated unless it is wished otherwise' '
    "$CLX" -q build course.yaml &&
    find out -name cat.png >found && test "$(wc -l <found)" -eq 12 && ! grep -r "\.\./img" out
'
test_expect_success 'shared images lie once in the course folder; data stays beside the notebooks' '
    "$CLX" -q build course.yaml --image-mode=shared &&
    find out -name "cat.png" >found && test "$(cat found)" = "out/En/C/img/cat.png" &&
    find out -name "film.mp4" >found && test "$(cat found)" = "out/En/C/img/film.mp4" &&
    find out -name "data.csv" >found && test "$(wc -l <found)" -eq 12
'
test_expect_success 'Markdown names them there, from every kind and format; nothing else changes' '
    code="$(find out -path "*Speaker*" -name "*lists.py")" && cat "$code" &&
    grep "^# <img src=\"../../../../img/cat.png\" alt=\"img/cat.png\"> <IMG width=3 src=.../../../../img/cat.png./>" "$code" &&
    grep "^# <video controls src=../../../../img/film.mp4></video> <img src=\"img/none.png\"> <a src=\"img/cat.png\">" "$code" &&
    grep "^# !\[img/cat.png\](../../../../img/cat.png \"A cat\") \[!\[\](../../../../img/cat.png)\](<../../../../img/cat.png>) " "$code" &&
    grep -F "![](img/none.png) \`![](img/cat.png)\` ![](../../../../img/my%20cat.png)" "$code" &&
    grep "^# <image src=\"img/cat.png\"> < img src=\"img/cat.png\">" "$code" && grep "^print(.<img src=\"img/cat.png\">.)" "$code" &&
    test -f "$(dirname "$code")/../../../../img/cat.png" &&
    test "$(grep -l "\.\./img/cat.png" -r out | wc -l)" -eq 12
'
test_expect_success 'ids of cells do not depend on the mode' '
    find out -path "*Speaker*" -name "*lists.ipynb" -exec grep "\"id\"" {} + >ids_shared && "$CLX" -q build course.yaml &&
    find out -path "*Speaker*" -name "*lists.ipynb" -exec grep "\"id\"" {} + >ids && test -s ids && test_cmp ids_shared ids
'
test_expect_success 'a setting has the same effect, and an option overrides it' '
    mkdir -p .clx && printf "[build]\nimage_mode = \"shared\"\n" >.clx/config.toml &&
    "$CLX" -q build course.yaml && test -f out/En/C/img/cat.png && "$CLX" -q build course.yaml --image-mode=duplicated &&
    test ! -e out/En/C/img && rm .clx/config.toml
'
test_expect_success 'two different images with one name fail the build, with both names' '
    echo "another cat" >slides/module_010_a/topic_010_maps/img/cat.png &&
    "$CLX" -q build course.yaml && test_must_fail "$CLX" build course.yaml --image-mode=shared 2>err &&
    grep "topic_010_lists/img/cat.png.*topic_010_maps/img/cat.png" err && grep -e "--image-mode=duplicated" err &&
    test_expect_code 2 "$CLX" validate course.yaml --image-mode=shared 2>err && grep "another image" err && "$CLX" validate course.yaml
'
test_done
