# What the system tests share. Sourced after sharness; needs $CLX and $CLX_SOURCE_ROOT.
unset NO_COLOR CI
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"
cases="${CLX_CASES:-$CLX_SOURCE_ROOT/../shared/cases}"

# Stands in for the Draw.io desktop program: writes a picture to the file named after -o or --output.
make_drawio()
{
    cat >"$1" <<'SCRIPT'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o | --output) output=$2 ;;
    --output=*) output=${1#--output=} ;;
    esac
    shift
done
echo iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg== | base64 -d >"$output"
SCRIPT
    chmod +x "$1"
}

# Every path below a folder but dotfiles, sorted.
list_paths()
{
    (cd "$1" && find . -type f ! -path '*/.*/*' ! -name '.*' | sed 's|^\./||' | LC_ALL=C sort)
}

# The processes that carry a mark in their environment, by pid.
list_marked()
{
    for environ in /proc/[0-9]*/environ; do
        grep -qsz "^CLX_TEST_MARK=$1\$" "$environ" || continue
        pid=${environ#/proc/}
        echo "${pid%/environ}"
    done
}

# Waits until a command succeeds, at most $1 seconds.
wait_until()
{
    deadline=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -lt "$deadline" ] || return 1
        sleep 0.05
    done
}

none_marked()
{
    [ -z "$(list_marked "$1")" ]
}

# The containers of clx: all of them, and those that run.
all_ours()
{
    docker ps -aq --filter label=clx.owner=clx "$@"
}

none_ours()
{
    test -z "$(all_ours)"
}
