#!/bin/sh
test_description='clx convert draws diagrams'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/cli/lib.sh"

printf '<mxfile><diagram name="A"><mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/></root></mxGraphModel></diagram></mxfile>' >x.drawio
printf '@startuml\nA -> B : hello\n@enduml\n' >x.puml
cat >drawio <<'SCRIPT'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -x | -t) all="$all $1" ;;
    -o) out=$2; shift ;;
    -*) all="$all $1 $2"; shift ;;
    esac
    shift
done
echo "$all" >"$out"
SCRIPT
chmod +x drawio
DRAWIO_EXECUTABLE="$PWD/drawio" CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER=desktop DISPLAY=:99
export DRAWIO_EXECUTABLE CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER DISPLAY
command -v java >/dev/null && test -f /usr/share/plantuml/plantuml.jar && test_set_prereq PLANTUML
command -v rsvg-convert >/dev/null && test_set_prereq RSVG

test_expect_success 'page, layers, scale, border, background and format reach the renderer' '
    "$CLX" convert x.drawio -o a.png && echo " -x -f png -s 3 -b 20" >expected && test_cmp expected a.png &&
    "$CLX" convert x.drawio --to svg --page 2 --layer 1,3 --scale 2 --border 0 -o a.svg &&
    echo " -x -f svg -s 2 -b 0 -p 1 -l 0,2" >expected && test_cmp expected a.svg &&
    "$CLX" convert x.drawio --background transparent -o b.png && grep -e " -t" b.png
'
test_expect_success 'the suffix of the output says what it becomes, and standard output gets the bytes' '
    "$CLX" convert x.drawio -o a.pdf && grep -e "-f pdf" a.pdf && "$CLX" convert x.drawio --to=svg >out && grep -e "-f svg" out
'
test_expect_success 'what no diagram has is refused before anything starts' '
    test_expect_code 2 "$CLX" convert x.drawio --page 0 2>err && grep -e "--page: .0. must be a number from 1" err &&
    test_expect_code 2 "$CLX" convert x.drawio --scale big 2>err && grep -e "--scale" err &&
    test_expect_code 2 "$CLX" convert x.puml --to html 2>err && grep "png, svg or pdf" err &&
    test_expect_code 2 "$CLX" convert x.puml --background pink 2>err &&
    test_expect_code 2 "$CLX" convert x.puml --scale 2 2>err && grep -e "--scale is for Draw.io files only" err &&
    test_expect_code 2 "$CLX" convert x.puml --background transparent 2>err && grep -e "--background is for Draw.io" err &&
    test_expect_code 1 "$CLX" convert nothing.drawio -o a.png 2>err && grep nothing.drawio err
'
test_expect_success PLANTUML 'a PlantUML source becomes SVG, and a mistake has its line' '
    "$CLX" convert x.puml --to svg -o a.svg && grep hello a.svg &&
    printf "@startuml\nA -> B\nthis is (((\n@enduml\n" >wrong.puml && test_expect_code 1 "$CLX" convert wrong.puml -o a.svg 2>err &&
    grep "wrong.puml:3: " err
'
test_expect_success PLANTUML 'a page of a PlantUML source is one of its diagrams' '
    printf "@startuml\nA -> B : one\n@enduml\n@startuml\nA -> B : two\n@enduml\n" >many.puml &&
    "$CLX" convert many.puml --page 2 -o a.svg && grep ">two<" a.svg && ! grep ">one<" a.svg &&
    test_expect_code 1 "$CLX" convert many.puml --page 3 -o a.svg 2>err && grep "many.puml: there is no diagram 3: the file has 2" err
'
test_expect_success PLANTUML,RSVG 'a PDF has the same bytes each time' '
    "$CLX" convert x.puml -o a.pdf && "$CLX" convert x.puml -o b.pdf && head -c 4 a.pdf | grep PDF && cmp a.pdf b.pdf
'
test_done
