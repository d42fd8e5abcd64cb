#!/bin/sh
test_description='diagrams of a course: several in one file, names, formats, includes'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI PLANTUML_JAR
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"
command -v java >/dev/null && test -f /usr/share/plantuml/plantuml.jar && test_set_prereq PLANTUML

topic=slides/module_010_a/topic_010_lists
mkdir -p $topic/pu
cat >$topic/slides_lists.py <<'EOF2'
# %% [markdown]
# <img src="img/x.png"> <img src="img/x_001.png"> <img src="img/other.png"> <img src="img/y.png">
EOF2
printf '@startuml\n!include ../common.iuml\nA -> B : one\n@enduml\n\n@startuml\nA -> B : two\n@enduml\n@startuml other\nA -> B : three\n@enduml\n' >$topic/pu/x.pu
printf '@startuml other\nA -> B : four\n@enduml\n' >$topic/pu/y.pu
printf 'Common -> A\n' >$topic/common.iuml
cat >course.yaml <<'EOF2'
name: C
language: en
prog_lang: python
output_targets: [{name: all, path: out, formats: [code], kinds: [completed]}]
sections: [{name: A, topics: [lists]}]
EOF2
images=out/En/C/Slides/Python/Completed/A/img

test_expect_success PLANTUML 'every diagram of a source is a picture, called as PlantUML calls it; the first one like the file' '
    "$CLX" build course.yaml 2>err && ls $images >found && printf "other.png\nx.png\nx_001.png\ny.png\n" >expected && test_cmp expected found &&
    grep "y.pu: warning: has a picture .other., which .*x.pu. makes" err
'
test_expect_success PLANTUML 'SVG for the whole course, and notebooks name what there is' '
    "$CLX" -q build course.yaml --image-format=svg && ls $images >found && printf "other.svg\nx.svg\nx_001.svg\ny.svg\n" >expected &&
    test_cmp expected found && grep ">two<" $images/x_001.svg && grep ">three<" $images/other.svg && grep ">four<" $images/y.svg &&
    grep "Common" $images/x.svg && grep "<img src=.img/x.svg.> <img src=.img/x_001.svg.> <img src=.img/other.svg.> <img src=.img/y.svg.>" out -r &&
    "$CLX" -q build course.yaml --image-format=svg --image-mode=shared && test -f out/En/C/img/x_001.svg && ! test -d $images &&
    grep "<img src=.../../../../img/x.svg.> <img src=.../../../../img/x_001.svg.>" out -r
'
test_expect_success PLANTUML 'the setting does it too, and pictures that were made are not made again' '
    mkdir -p .clx && printf "[build]\nimage_format = \"svg\"\n" >.clx/config.toml &&
    "$CLX" build course.yaml 2>&1 | grep "0 jobs run" && test -f $images/x.svg &&
    "$CLX" build course.yaml --image-format=png 2>&1 | grep " 0 failed" && test -f $images/x.png && rm -r .clx
'
test_expect_success PLANTUML 'a change of an included file draws the picture again, a mistake in it has its line there' '
    printf "Other -> A\n(((\n" >$topic/common.iuml && test_expect_code 1 "$CLX" build course.yaml 2>err &&
    grep "$topic/common.iuml:2: .*Syntax Error? (included by $topic/pu/x.pu)" err
'
test_expect_success PLANTUML 'what is outside of the course is not included' '
    printf "@startuml\nA -> B\n!include /etc/passwd\n@enduml\n" >$topic/pu/x.pu && test_expect_code 1 "$CLX" build course.yaml 2>err &&
    grep "$topic/pu/x.pu:3: .*/etc/passwd. is not included" err
'
test_expect_success PLANTUML 'doctor names PlantUML, its version and graphviz' '
    { "$CLX" doctor >out.txt || :; } && grep "PlantUML *.*plantuml.jar, version 1\.20" out.txt && grep Graphviz out.txt
'
test_done
