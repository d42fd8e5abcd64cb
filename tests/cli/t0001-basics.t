#!/bin/sh
test_description='options, help, errors and exit codes, as a user meets them'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

test_expect_success 'the version is printed' '
    "$CLX" --version >out && grep "^clx [0-9]" out
'
test_expect_success 'no command is wrong usage with a remedy' '
    test_expect_code 2 "$CLX" 2>err && grep "clx help" err
'
test_expect_success 'a misspelt command is corrected' '
    test_expect_code 2 "$CLX" workers lst 2>err && test_expect_code 2 "$CLX" delete-databse 2>err && grep "delete-database" err
'
test_expect_success 'a misspelt option is corrected' '
    test_expect_code 2 "$CLX" workers list --sttus=idle 2>err && grep -e "--status" err
'
test_expect_success 'every command has a help that fits 80 columns, with its purpose first and an example' '
    "$CLX" help | sed -n "s/^  \([a-z][a-z -]*[a-z]\)   *[A-Z].*/\1/p" >names && test -s names &&
    while read -r name
    do
        "$CLX" $name --help >help || return 1
        test "$(wc -L <help)" -le 80 || { echo "$name is too wide"; return 1; }
        head -n 1 help | grep -q "^[A-Z]" && grep -q "^example:" help || { echo "$name"; return 1; }
    done <names
'
test_expect_success 'without a database there are no workers' '
    "$CLX" workers list >out && grep "no workers" out && "$CLX" workers list --format=json >out && test "$(cat out)" = "[]"
'
test_expect_success 'an unknown status is refused with the choices' '
    test_expect_code 2 "$CLX" workers list --status=sleepy 2>err && grep "created, idle, busy, hung, dead" err
'
test_expect_success 'a bad value in the environment names the variable' '
    test_expect_code 2 env CLX_WORKER_MANAGEMENT__AUTO_START=perhaps "$CLX" config locate 2>err &&
    grep CLX_WORKER_MANAGEMENT__AUTO_START err
'
test_expect_success '-C works as if started there' '
    mkdir -p there/.clx && "$CLX" -C there config locate >out && grep "there/clx_jobs.db" out
'
test_expect_success 'delete-database does not ask without a terminal and leaves foreign files alone' '
    "$CLX" delete-database </dev/null >out && grep "no database" out && : >clx_cache.db &&
    test_expect_code 2 "$CLX" delete-database </dev/null && test -f clx_cache.db && rm clx_cache.db &&
    echo "my precious file, no database" >clx_jobs.db &&
    test_expect_code 1 "$CLX" delete-database --force 2>err && grep "no database of clx" err && test -f clx_jobs.db && rm clx_jobs.db
'
test_expect_success 'a file that is no database is refused and left as it is' '
    echo "something else entirely, long enough" >foreign && cp foreign copy &&
    test_expect_code 1 "$CLX" workers list --jobs-db-path foreign 2>err && grep -i foreign err && cmp foreign copy
'
test_expect_success 'config init writes a file that loads with every line set, and is not replaced without --force' '
    mkdir fresh && "$CLX" -C fresh config init --location=project &&
    sed "s/^# \\([a-z_]* =\\)/\\1/" fresh/.clx/config.toml >all && cp all fresh/.clx/config.toml && "$CLX" -C fresh config trust &&
    "$CLX" -C fresh config show --origin >out 2>err && test ! -s err && grep "auto_start = true  # project" out &&
    ! grep -e "# default" -e "(unset)" out &&
    test_expect_code 1 "$CLX" -C fresh config init && cmp all fresh/.clx/config.toml && "$CLX" -C fresh config init --force
'
test_expect_success 'doctor names what is missing with its remedy, and fails without the common tools' '
    test_expect_code 1 env PATH=/nowhere JAVA_HOME= JUPYTER_PATH= "$CLX" doctor >out && grep "^missing *java .*apt-get install" out &&
    mkdir -p jupyter/kernels/python3 java/bin && touch plantuml.jar &&
    printf "#!/bin/sh\necho PlantUML version 1.2.3\n" >java/bin/java && chmod +x java/bin/java &&
    echo "{\"argv\": [\"sh\", \"{connection_file}\"], \"language\": \"python\", \"display_name\": \"x\"}" >jupyter/kernels/python3/kernel.json &&
    env JAVA_HOME="$PWD/java" JUPYTER_PATH="$PWD/jupyter" PLANTUML_JAR="$PWD/plantuml.jar" "$CLX" doctor >out && grep "^ok *java" out &&
    grep "^ok *PlantUML.*1[.]2[.]3" out
'
test_done
