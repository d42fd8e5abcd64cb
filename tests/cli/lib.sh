# What the tests of the jobs database share. Sourced after sharness.
unset NO_COLOR CI COLUMNS
export HOME="$PWD" XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"

# An empty jobs database, made by the program itself: `workers cleanup` would make none, a worker without a row does.
make_jobs_db()
{
    CLX_WORKER_ID=999999 DB_PATH="$PWD/clx_jobs.db" CACHE_DB_PATH="$PWD/clx_cache.db" "$CLX" worker notebook 2>/dev/null
    test -f clx_jobs.db
}

sql()
{
    sqlite3 -cmd ".timeout 5000" clx_jobs.db "$@"
}
