"""The supervisor's numbers, called by bench/bench: each line says what was measured and what is wanted."""
import os
import sqlite3
import statistics
import subprocess
import time

N_WORKERS = 8
SETTLE_S = 3
IDLE_S = 61  # one heartbeat of each


def tell(what, value, unit, wanted):
    print(f"{what:58} {value:9.2f} {unit:3}   (wanted: {wanted})")


def environment(**settings):
    return {**os.environ, **{f"CLX_WORKER_MANAGEMENT__{name.upper()}": str(value) for name, value in settings.items()}}


def query(folder, sql):
    with sqlite3.connect(folder / "clx_jobs.db", timeout=20) as connection:
        return connection.execute(sql).fetchall()


def bench_pool(clx, folder):
    """Workers that stay: from the first spawn to all idle, then what they cost while nothing is to be done."""
    (folder / ".clx").mkdir(parents=True)
    command = [clx, "-C", folder, "workers"]
    spans = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run([*command, "start", "--type=plantuml"], check=True, stdout=subprocess.DEVNULL,
                       env=environment(plantuml__count=N_WORKERS, startup_parallel=N_WORKERS))
        spans.append((time.perf_counter() - start) * 1000)
        if len(spans) < 5:
            subprocess.run([*command, "stop"], check=True, stdout=subprocess.DEVNULL)
    tell(f"start of a pool of {N_WORKERS} workers to all idle", statistics.median(spans), "ms", "under 100")
    pids = [pid for (pid,) in query(folder, "SELECT pid FROM workers")]
    time.sleep(SETTLE_S)
    before = sum(map(cpu_ms, pids))
    time.sleep(IDLE_S)
    used = sum(map(cpu_ms, pids)) - before
    tell("processor time of 1000 idle worker-seconds", used * 1000 / (IDLE_S * len(pids)), "ms", "not measurable")
    subprocess.run([*command, "stop"], check=True, stdout=subprocess.DEVNULL)


def cpu_ms(pid):
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e6


def bench_queue(build, folder):
    folder.mkdir()
    answer = subprocess.run([build / "bench" / "bench-queue", folder], capture_output=True, text=True, check=True)
    median, p99, one_short, one_long, eight_short, eight_long = map(float, answer.stdout.split())
    tell("submit to claim, median", median, "ms", "under 1")
    tell("submit to claim, 99 %", p99, "ms", "under 5")
    tell("claims per second, 1 worker", one_short, "/s", "over 5000")
    tell("claims per second, 8 workers", eight_short, "/s", "over 5000")
    tell("the same with 100 000 queued over 100, 1 worker", one_long / one_short, "", "0.8 to 1.2")
    tell("the same with 100 000 queued over 100, 8 workers", eight_long / eight_short, "", "0.8 to 1.2")


def bench_list(clx, folder):
    """100 workers and 100 000 events."""
    (folder / ".clx").mkdir(parents=True)
    subprocess.run([clx, "worker", "notebook"], stderr=subprocess.DEVNULL,
                   env={**os.environ, "CLX_WORKER_ID": "999999", "DB_PATH": str(folder / "clx_jobs.db"),
                        "CACHE_DB_PATH": str(folder / "clx_cache.db")}, check=False)
    with sqlite3.connect(folder / "clx_jobs.db") as connection:
        connection.executemany("INSERT INTO workers (worker_type, container_id, status, pid, pid_start_time) VALUES ('notebook', ?, 'idle', 1, 1)",
                               [(f"direct-notebook-{n}-00000000",) for n in range(100)])
        connection.executemany("INSERT INTO worker_events (event_type, worker_id) VALUES ('worker_ready', ?)", [(n % 100,) for n in range(100000)])
    spans = []
    for _ in range(20):
        start = time.perf_counter()
        subprocess.run([clx, "-C", folder, "workers", "list"], stdout=subprocess.DEVNULL, check=True)
        spans.append((time.perf_counter() - start) * 1000)
    tell("workers list with 100 workers and 100 000 events", statistics.median(spans), "ms", "under 30")


SLOW = "# %%\nimport pathlib, time\npathlib.Path({mark!r}).touch()\ntime.sleep(600)\n"
QUICK = "# %% [markdown]\n# # Quick\n"


def bench_death(clx, folder):
    """Two workers, one at a job: from its death to the job running at the other one."""
    topic = folder / "slides" / "module_100_m" / "topic_100_t"
    topic.mkdir(parents=True)
    (folder / ".clx").mkdir()
    (folder / "course.yaml").write_text("name: Death\nlanguages: [en]\nprog_lang: python\nsections:\n  - {name: One, topics: [t]}\n")
    (topic / "slides_1.py").write_text(SLOW.format(mark=str(folder / "mark")))
    (topic / "slides_2.py").write_text(QUICK)
    build = subprocess.Popen([clx, "-C", folder, "build", "course.yaml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                             env=environment(notebook__count=2))
    try:
        while not (folder / "mark").exists():
            time.sleep(0.05)
        (pid,) = query(folder, "SELECT pid FROM workers WHERE status = 'busy'")[0]
        connection = sqlite3.connect(folder / "clx_jobs.db", timeout=20)
        start = time.perf_counter()
        os.kill(pid, 9)
        while not connection.execute("SELECT 1 FROM jobs WHERE attempts = 2 AND status = 'processing'").fetchone():
            pass
        tell("death of a worker to its job running elsewhere", (time.perf_counter() - start) * 1000, "ms", "under 100")
    finally:
        build.terminate()
        build.wait()


def bench_workers(build, folder):
    clx = build / "clx"
    folder.mkdir()
    bench_queue(build, folder / "queue")
    bench_pool(clx, folder / "pool")
    bench_death(clx, folder / "death")
    bench_list(clx, folder / "list")
