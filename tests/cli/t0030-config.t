#!/bin/sh
test_description='settings: layers, origins, trust, mistakes, and the root of a project'
. "${SHARNESS:-/usr/share/sharness/sharness.sh}"
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

mkdir -p config/clx project/.clx project/deep/down
user=config/clx/config.toml
project=project/.clx/config.toml
show()
{
    "$CLX" -C project config show --origin "$@"
}

test_expect_success 'each layer takes precedence over the one before, and is named as the origin' '
    show >out && grep "^worker_management.startup_timeout = 30  # default$" out &&
    printf "[worker_management]\nstartup_timeout = 40\nstartup_parallel = 2\n" >$user &&
    show >out && grep "startup_timeout = 40  # user: .*/config/clx/config.toml" out &&
    printf "[worker_management]\nstartup_timeout = 50\n" >$project &&
    show >out && grep "startup_timeout = 50  # project: .*/project/.clx/config.toml" out && grep "startup_parallel = 2  # user" out &&
    CLX_WORKER_MANAGEMENT__STARTUP_TIMEOUT=60 show >out &&
    grep "startup_timeout = 60  # environment: CLX_WORKER_MANAGEMENT__STARTUP_TIMEOUT" out &&
    CLX_PATHS__JOBS_DB_PATH=/tmp/e.db show --jobs-db-path=o.db >out && grep "jobs_db_path = o.db  # option" out
'
test_expect_success 'the JSON form has the same keys for every setting, and typed values' '
    "$CLX" -C project config show --format=json >out.json &&
    python3 - out.json <<-"END"
	import json, sys
	rows = {row["key"]: row for row in json.load(open(sys.argv[1]))}
	assert all(set(row) == {"key", "value", "origin", "source", "help"} for row in rows.values())
	assert rows["worker_management.startup_timeout"]["value"] == 50
	assert rows["worker_management.auto_start"]["value"] is True
	assert rows["paths.jobs_db_path"]["value"] is None
	assert rows["worker_management.startup_parallel"]["origin"] == "user"
	assert rows["worker_management.default_execution_mode"]["value"] == "direct"
	END
'
test_expect_success '--config stands for the project file' '
    printf "[worker_management]\nstartup_timeout = 70\n" >other.toml && "$CLX" config show --config other.toml >out &&
    grep "startup_timeout = 70" out && test_expect_code 2 "$CLX" config show --config missing.toml 2>err && grep "missing.toml" err
'
test_expect_success 'the root is the nearest folder upwards with .clx or clx.toml' '
    (cd project/deep/down && "$CLX" config locate) >out && grep "^project root .*/project$" out &&
    touch project/deep/clx.toml && (cd project/deep/down && "$CLX" config locate) >out && grep "^project root .*/project/deep$" out &&
    grep "^jobs database .*/project/deep/clx_jobs.db$" out && rm project/deep/clx.toml
'
test_expect_success 'booleans in all usual spellings, and no others' '
    for word in true TRUE yes On 1
    do
        CLX_WORKER_MANAGEMENT__AUTO_STOP=$word "$CLX" config show --format json >out || return 1
        grep -A1 "\"worker_management.auto_stop\"" out | grep "\"value\": true" || return 1
    done &&
    for word in false no OFF 0
    do
        CLX_WORKER_MANAGEMENT__AUTO_STOP=$word "$CLX" config show --format json >out || return 1
        grep -A1 "\"worker_management.auto_stop\"" out | grep "\"value\": false" || return 1
    done &&
    test_expect_code 2 env CLX_WORKER_MANAGEMENT__AUTO_STOP=maybe "$CLX" config show 2>err && grep "AUTO_STOP.*true or false" err
'
test_expect_success 'a number out of bounds is an error with its place and the bounds' '
    printf "[worker_management]\nstartup_timeout = 4\n[worker_management.notebook]\ncount = 65\n" >$project &&
    test_expect_code 2 "$CLX" -C project config show 2>err &&
    grep "config.toml:2:19: error: .*from 5 to 300" err && grep "config.toml:4:9: error: .*from 1 to 64" err
'
test_expect_success 'an unknown key is a warning with what may have been meant' '
    printf "[worker_management]\nstart_timeout = 30\n" >$project && "$CLX" -C project config show >out 2>err &&
    grep "config.toml:2:[0-9]*: warning: unknown setting" err && grep "did you mean .worker_management.startup_timeout." err && rm $project
'
test_expect_success 'so is an unknown variable' '
    CLX_WORKER_MANAGEMENT__AUTO_STRAT=true "$CLX" config show >out 2>err &&
    grep "warning: .*CLX_WORKER_MANAGEMENT__AUTO_STRAT" err && grep "did you mean .CLX_WORKER_MANAGEMENT__AUTO_START." err &&
    CLX_SOMETHING=1 "$CLX" config show 2>err >out && test ! -s err
'
test_expect_success 'every setting has a variable that works' '
    "$CLX" config show --format json >all.json &&
    python3 -c "import json; print(*(row[\"key\"] for row in json.load(open(\"all.json\"))), sep=\"\n\")" >keys && test -s keys &&
    while read -r key
    do
        variable=CLX_$(echo $key | sed "s/\\./__/g" | tr a-z A-Z)
        case $key in *image_format) value=svg ;; *image_mode) value=shared ;; *mode) value=direct ;; *level) value=debug ;; *renderer) value=browser ;; *limit) value=512m ;; *auto_*|*reuse*|*warm_*|*enabled|*control_groups) value=no ;; *) value=20 ;; esac
        env $variable=$value "$CLX" config show --origin >out || return 1
        grep "^$key = $value  # environment: $variable$" out || return 1
    done <keys
'
test_expect_success 'a project file names programs only when it is trusted, as it is' '
    printf "[external_tools]\nplantuml_jar = \"/opt/p.jar\"\n" >$project &&
    show >out 2>err && grep "plantuml_jar = (unset)" out && grep "config.toml:2:[0-9]*: warning: .*ignored" err && grep "clx config trust" err &&
    "$CLX" -C project config trust && show >out 2>err && grep "plantuml_jar = /opt/p.jar  # project" out && test ! -s err &&
    echo "java = \"/opt/java\"" >>$project && show >out 2>err && grep "plantuml_jar = (unset)" out
'
test_done
