#!/bin/sh
test_description='bad input: one clear message with place and remedy, the other jobs are done, earlier outputs stay'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
. "$CLX_SOURCE_ROOT/tests/system/lib.sh"

one=slides/module_100_m/topic_100_one/slides_one.py
two=slides/module_100_m/topic_110_two/slides_two.py

# A course of two notebooks that do nothing.
make_course()
{
    rm -rf slides output .clx clx_* && mkdir -p .clx slides/module_100_m/topic_100_one/pu slides/module_100_m/topic_110_two &&
    printf 'name: T\nlanguages: [en]\nprog_lang: python\nsections:\n  - {name: One, topics: [one, two]}\n' >course.yaml &&
    printf '# %%%%\n1\n' >$one && printf '# %%%%\n2\n' >$two
}

# refused SPEC: exit 2, nothing started, nothing written.
refused()
{
    test_expect_code 2 "$CLX" build "$1" >out 2>err && test ! -s out && ! test -e clx_jobs.db && ! test -e output
}

# one_fails MESSAGE: the first notebook fails with it, the second one is built, what was there stays.
one_fails()
{
    rm -f $two.before && printf '\n# %%%%\n%s\n' "'$1'" >>$two && list_sums_of_one >before &&
    test_expect_code 1 "$CLX" build course.yaml >out 2>err && grep -e "$1" err >matching &&
    test "$(wc -l <matching)" -eq 1 && list_sums_of_one >after && test_cmp before after &&
    grep "slides_two.py completed" err && grep "1 failed" out
}

list_sums_of_one()
{
    find output -name '*slides_one*' -type f -exec sha256sum {} + | sort
}

make_course && rm -f course.yaml
test_expect_success 'a missing spec' 'refused course.yaml && grep "course.yaml.: No such file" err'
test_expect_success 'an empty spec' ': >course.yaml && refused course.yaml && grep "course.yaml: error: the spec is empty" err'
test_expect_success 'a binary spec' 'printf "\177ELF\001\0\0\377" >course.yaml && refused course.yaml && grep "^course.yaml:1:" err'
test_expect_success 'a spec that is not UTF-8' 'printf "name: a\nprog_lang: \377\n" >course.yaml && refused course.yaml && grep "^course.yaml:2:12: .*UTF-8" err'
test_expect_success 'a spec that links to itself' 'ln -sf loop.yaml loop.yaml && refused loop.yaml && grep "loop.yaml.: Too many levels" err'
test_expect_success 'a spec that is a folder, or a pipe' 'refused slides && grep "not a regular file" err && mkfifo pipe && refused pipe && grep "not a regular file" err'
test_expect_success 'XML that breaks off' 'printf "<?xml version=\"1.0\"?>\n<course><name>" >x.xml && refused x.xml && grep "^x.xml:2:" err'
test_expect_success 'an entity that would grow, in XML' '
    printf "<!DOCTYPE course [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n<course><name><en>&b;</en></name></course>\n" >x.xml &&
    refused x.xml && grep "^x.xml:" err
'
test_expect_success 'a topic that is not there names the nearest' '
    make_course && sed -i "s/\[one/[onee/" course.yaml && refused course.yaml && grep "^course.yaml:5:26: error: no topic has the id .onee" err &&
    grep "did you mean .one" err
'
test_expect_success 'every mistake is told at once' '
    printf "name: T\nlangauges: [en]\nprog_lang: python\nsections:\n  - {name: One, topics: [onee, twoo]}\n" >course.yaml && refused course.yaml &&
    grep "did you mean .languages" err && test "$(grep -c "^course.yaml:[0-9]*:[0-9]*: error" err)" -eq 3
'

make_course && "$CLX" build course.yaml -q
test_expect_success 'a source that is not UTF-8' 'printf "# %%%%\nx = 1\ny = \"\377\"\n" >$one && one_fails "slides_one.py:3:6: .*UTF-8"'
test_expect_success 'a binary source' 'head -c 2000 "$CLX" >$one && one_fails "slides_one.py:1:[0-9]*: .*\(UTF-8\|NUL\)"'
test_expect_success 'a source that links to itself' 'rm $one && ln -s slides_one.py $one && one_fails "slides_one.py.*symbolic links"; rm $one'
test_expect_success 'a source that is a pipe' 'mkfifo $one && one_fails "slides_one.py.*not a regular file"; rm $one'
test_expect_success 'an undefined name in a template' 'printf "# %%%%\n{{ nobody }}\n" >$one && one_fails "slides_one.py:2:.*nobody. is undefined"'
test_expect_success 'a template with a syntax error' 'printf "# %%%%\n# j2 for x in\n" >$one && one_fails "slides_one.py:2:"'
test_expect_success 'a cell header that cannot be read' '
    printf "# %%%%\n1\n\n# %%%% tags=[\"alt\"\n2\n" >$one && one_fails "slides_one.py:4:6: error: the cell.s metadata cannot be read: tags" &&
    grep "close brackets and quotes" err
'
test_expect_success 'an unknown cell type' '
    printf "# %%%% cell_type=\"kode\"\n1\n" >$one && one_fails "slides_one.py:1:6: error: unknown cell type .kode"
'
test_expect_success 'an unknown filter, with the one that was meant' '
    printf "# %%%%\n# {{ lang|uper }}\n" >$one && one_fails "slides_one.py:2:11: error: no filter named .uper" && grep "did you mean .upper" err
'
test_expect_success 'a template that is not there, with the folders' '
    printf "# %%%%\n# j2 include \"no.j2\"\n" >$one && one_fails "slides_one.py:2:6: error: template .no.j2. not found" &&
    grep "looked in .*topic_100_one" err
'
test_expect_success 'templates that include each other' '
    printf "# %%%%\n# j2 include \"a.j2\"\n" >$one && echo "{% include \"b.j2\" %}" >"$(dirname $one)/a.j2" &&
    echo "{% include \"a.j2\" %}" >"$(dirname $one)/b.j2" && one_fails "[ab].j2:1:4: error: recursion is too deep, in template" &&
    grep "in template .a.j2., called from slides_one.py:2:6" err; rm "$(dirname $one)"/[ab].j2
'
test_expect_success 'a kernel that is not installed' '
    printf "name: T\nlanguages: [en]\nprog_lang: python\nsections:\n  - {name: One, topics: [{id: one, prog_lang: rust}, two]}\n" >course.yaml &&
    printf "# %%%%\n1\n" >$one && one_fails "kernel .rust. is not installed: "
'
make_course && "$CLX" build course.yaml -q
test_expect_success 'a data file that cannot be read fails what needs it, once, and nothing else' '
    ln -s nowhere slides/module_100_m/topic_100_one/data.csv && one_fails "slides_one.py.*data.csv" ; cat err
    test "$(grep -c "^clx: error: .*data.csv" err)" -eq 1 && rm slides/module_100_m/topic_100_one/data.csv
'
test_expect_success 'a PlantUML diagram with a syntax error, beside a good one' '
    printf "@startuml\nA -> B\nthis is no line of a diagram\n@enduml\n" >slides/module_100_m/topic_100_one/pu/bad.pu &&
    printf "@startuml\nA -> B\n@enduml\n" >slides/module_100_m/topic_100_one/pu/good.pu && echo "# " >>$two &&
    test_expect_code 1 "$CLX" build course.yaml >out 2>err && grep "pu/bad.pu:3: error: " err && grep "pu/good.pu completed" err &&
    find output -name good.png | grep . && rm slides/module_100_m/topic_100_one/pu/bad.pu
'
test_expect_success 'no java' '
    mkdir -p nojava && printf "@startuml\nA -> D\n@enduml\n" >slides/module_100_m/topic_100_one/pu/good.pu && echo "# " >>$two &&
    test_expect_code 1 env PATH="$PWD/nojava" JAVA_HOME= "$CLX" build course.yaml >out 2>err && grep "java.*apt-get install" err &&
    grep "slides_two.py completed" err
'
make_course && "$CLX" build course.yaml -q
if test "$(id -u)" -eq 0 && mkdir full && mount -t tmpfs -o size=64k none full 2>/dev/null; then
    test_set_prereq MOUNT && umount full
fi
test_expect_success MOUNT 'a full disk: what fits is written, the rest is said once, and the next build only writes' '
    mount -t tmpfs -o size=64k none full && { test_expect_code 1 "$CLX" build course.yaml -o full/out >out 2>err; umount full; } &&
    grep "No space left on device" err && grep "outputs could not be written.*--output-dir" err && test "$(grep -c error: err)" -eq 1 &&
    "$CLX" build course.yaml -o full/out >out && grep "0 jobs run" out && rm -rf full/out
'
test_expect_success MOUNT 'a read-only disk' '
    mount -t tmpfs none full && mount -o remount,ro full && { test_expect_code 1 "$CLX" build course.yaml -o full/out >out 2>err; umount full; } &&
    grep "Read-only file system" err && grep -e --output-dir err && test "$(grep -c error: err)" -eq 1
'
for which in jobs cache; do
    code=$(test $which = jobs && echo 1 || echo 2)
    test_expect_success "a $which database that is none, or of another program, or newer, is refused untouched" "
        echo '1 + 1' >>\$one && printf 'this is a text and not a database, and it is longer than a header would have to be for SQLite: 100 bytes' >f.db &&
        sqlite3 g.db 'CREATE TABLE recipes (id)' && sqlite3 h.db 'CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (999); CREATE TABLE jobs (id); CREATE TABLE results (id)' &&
        for db in f g h; do
            sha256sum \$db.db >before && test_expect_code $code \"\$CLX\" --$which-db-path=\$db.db build course.yaml >out 2>err && grep \"\$db.db: \" err &&
            sha256sum \$db.db >after && test_cmp before after || return 1
        done && rm ?.db
    "
done
test_expect_success 'a database that another program has locked is waited for' '
    echo "3" >>$one && mkfifo commands && { sqlite3 clx_jobs.db <commands & } && exec 9>commands &&
    printf "BEGIN EXCLUSIVE;\n.shell touch locked\n" >&9 && wait_until 20 test -e locked &&
    { "$CLX" build course.yaml >out 2>err 9>&- & build=$!; } && wait_until 20 grep -q clx_jobs.db /proc/$build/maps &&
    echo "COMMIT;" >&9 && exec 9>&- && wait $build && grep succeeded out
'
test_done
