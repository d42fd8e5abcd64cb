#!/usr/bin/python3
"""The chaos suite: builds of 40 short jobs under which processes, rows, results, the disk and the clock are broken at random moments.

usage: chaos.py [--rounds N] [--seed N] [--fault NAME] [--keep]

Each round has its own seed, from which follow the faults and their moments; a failing round prints it, and `--seed N --rounds 1` runs it
again. CLX names the program, CLX_CHAOS_ROUNDS the number of rounds (30) and CLX_CHAOS_SEED the first seed (by default the time).
N_PLANS seeds in a row have each kind of fault as often as FAULTS says, and further ones by chance. The
output is TAP. Needs root for the full disk (a small tmpfs) and libfaketime for the clock; rounds that cannot be had are skipped by name.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from chaos_course import N_JOBS, make_course

CLX = os.environ.get("CLX", "clx")
PATIENCE = float(os.environ.get("CLX_CHAOS_PATIENCE", "1"))  # of machines that are slow, or builds with sanitizers
BUILD_LIMIT_S = 120 * PATIENCE
TARGET_LIMIT_S = 20 * PATIENCE
END_LIMIT_S = 5 * PATIENCE
FAKETIME = next(iter(pathlib.Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)

KINDS = {
    "build": re.compile(rb"clx\0(-[^\0]*\0)*build\0"),
    "worker": re.compile(rb"clx\0worker\0"),
    "kernel": re.compile(rb"kernel-server\.py|ipykernel|kernel-[^\0]*\.json|forkserver"),
    "jvm": re.compile(rb"java\0|java$|java\x00.*plantuml"),
}


class Failure(Exception):
    """What a round found; the message says it."""


# ---- processes ----


def marked(mark, is_prefix=False):
    """The pids whose environment carries the mark, or one that begins so, with their command lines."""
    entry = f"CLX_TEST_MARK={mark}".encode()
    found = {}
    for folder in pathlib.Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            entries = (folder / "environ").read_bytes().split(b"\0")
            if any(e.startswith(entry) if is_prefix else e == entry for e in entries):
                found[int(folder.name)] = (folder / "cmdline").read_bytes()
        except OSError:
            continue
    return {pid: line for pid, line in found.items() if line}


def find(mark, kind):
    return [pid for pid, line in marked(mark).items() if KINDS[kind].search(line)]


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def wait_for(condition, limit_s):
    """The first true answer within the limit, else the last one."""
    end = time.monotonic() + limit_s
    while not (answer := condition()) and time.monotonic() < end:
        select.select([], [], [], 0.01)
    return answer


def remove(folder):
    """A folder with the disks that are mounted in it."""
    for line in pathlib.Path("/proc/mounts").read_text().splitlines():
        if line.split(" ")[1].startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", line.split(" ")[1]], check=False)
    shutil.rmtree(folder, ignore_errors=True)


def clear_all(folder):
    """Whatever a run that is ended from outside has started and mounted."""
    for pid in marked(f"chaos-{os.getpid()}-", is_prefix=True):
        send(pid, signal.SIGKILL)
    remove(folder)


# ---- one project ----


class Project:
    """A copy of the course with its databases; `mark` is in the environment of everything that its builds start."""

    def __init__(self, folder, mark, template=None):
        self.folder, self.mark = folder, mark
        self.environment = dict(os.environ, HOME=str(folder), XDG_CONFIG_HOME=str(folder / "config"), CLX_TEST_MARK=mark,
                                DRAWIO_EXECUTABLE=str(folder / "desktop"), CLX_WORKER_MANAGEMENT__NOTEBOOK__COUNT="2",
                                CLX_WORKER_MANAGEMENT__HEARTBEAT_TIMEOUT=str(int(4 * PATIENCE)))
        for kind in ("NOTEBOOK", "PLANTUML", "DRAWIO"):
            self.environment[f"CLX_WORKER_MANAGEMENT__{kind}__MAX_JOB_TIME"] = str(int(15 * PATIENCE))
        for name in ("NO_COLOR", "CI"):
            self.environment.pop(name, None)
        make_course(folder)
        (folder / ".clx").mkdir()
        if template is not None:
            shutil.copy(template, self.database)

    @property
    def database(self):
        return self.folder / "clx_jobs.db"

    def start(self, output, environment=None):
        log = open(self.folder.parent / f"{output}.err", "ab")
        report = open(self.folder.parent / f"{output}.json", "wb")
        with log, report:
            return subprocess.Popen([CLX, "build", "course.yaml", "-o", output, "-O", "json"], cwd=self.folder, stdout=report, stderr=log,
                                    stdin=subprocess.DEVNULL, env={**self.environment, **(environment or {})}, start_new_session=True)

    def report(self, output):
        try:
            return json.loads((self.folder.parent / f"{output}.json").read_text())
        except (OSError, ValueError):
            return None

    def errors(self, output):
        return (self.folder.parent / f"{output}.err").read_text(errors="replace")[-2000:]

    def tree(self, output):
        root = self.folder / output
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in root.rglob("*") if path.is_file()}

    def query(self, sql, *values):
        connection = sqlite3.connect(self.database, timeout=20)
        try:
            with connection:
                return connection.execute(sql, values).fetchall()
        finally:
            connection.close()


def wait_for_build(project, process, output):
    try:
        return process.wait(BUILD_LIMIT_S)
    except subprocess.TimeoutExpired:
        states = project.query("SELECT status, count(*) FROM jobs GROUP BY status")
        workers = project.query("SELECT id, worker_type, status, current_job, last_heartbeat FROM workers")
        raise Failure(f"the build did not end within {BUILD_LIMIT_S:.0f} s; jobs {states}, workers {workers}, processes"
                      f" {marked(project.mark)}\n{project.errors(output)}") from None


def watch_kinds(project, process):
    """Each kind of process is there to be hit: a pattern that fits none would make the suite a friendly one."""
    unseen = set(KINDS)
    while unseen and process.poll() is None:
        unseen -= {kind for kind in unseen if find(project.mark, kind)}
        select.select([], [], [], 0.02)
    if unseen:
        raise Failure(f"never seen: {sorted(unseen)}")


def make_reference(folder):
    """An undisturbed build: its outputs, how long it took, and a database without rows that writes down every change of a job's status."""
    project = Project(folder / "reference", f"chaos-{os.getpid()}-reference")
    start = time.monotonic()
    process = project.start("out")
    watch_kinds(project, process)
    if wait_for_build(project, process, "out") != 0:
        raise Failure(f"the undisturbed build failed: {project.errors('out')}\n{json.dumps(project.report('out'))[-1500:]}")
    duration = time.monotonic() - start
    n_jobs = project.query("SELECT count(*) FROM jobs")[0][0]
    if n_jobs != N_JOBS:
        raise Failure(f"the course has {n_jobs} jobs instead of {N_JOBS}")
    template = folder / "template.db"
    connection = sqlite3.connect(project.database, isolation_level=None)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    shutil.copy(project.database, template)
    connection = sqlite3.connect(template, isolation_level=None)
    for table in ("jobs", "workers", "worker_events", "sessions"):
        connection.execute(f"DELETE FROM {table}")
    connection.execute("CREATE TABLE audit (id INTEGER PRIMARY KEY, job INTEGER, old TEXT, new TEXT, worker INTEGER, token INTEGER)")
    connection.execute("CREATE TRIGGER audit_status AFTER UPDATE OF status ON jobs WHEN OLD.status <> NEW.status BEGIN"
                       " INSERT INTO audit (job, old, new, worker, token) VALUES (NEW.id, OLD.status, NEW.status, NEW.worker_id, NEW.attempts);"
                       " END")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return project.tree("out"), duration, template


# ---- faults ----


class Round:
    def __init__(self, seed, folder, reference, only):
        self.random = random.Random(seed)
        self.reference, self.duration, template = reference
        self.seed = seed
        self.plan = self.make_plan(only)
        self.folder = folder / f"round-{seed}"
        self.folder.mkdir()
        self.is_mounted = "fill disk" in self.plan
        project = self.folder / "project"
        project.mkdir()
        if self.is_mounted:
            mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "chaos", str(project)], capture_output=True, text=True)
            if mount.returncode != 0:
                self.is_mounted = False
                raise Skip(f"no tmpfs: {mount.stderr.strip()}")
        self.project = Project(project, f"chaos-{os.getpid()}-{seed}", template)
        self.environment = self.make_environment()
        if self.environment:
            self.make_kernelspec()
        self.builds = {}  # output -> process
        self.told = []
        self.continued = []  # (time, pid): stopped processes that go on
        self.is_build_hit = self.is_unsure = False

    def make_plan(self, only):
        """The names of the faults, in order."""
        names = list(only or [PLANS[self.seed % N_PLANS]])
        if not only and self.random.random() < 0.4:
            names.append(self.random.choice(PLANS))
        if "set clock back" in names and (FAKETIME is None or b"__asan_init" in pathlib.Path(CLX).read_bytes()):
            raise Skip("no libfaketime, or a program with sanitizers, which it cannot be loaded into")
        self.n_builds = 2 if "two builds" in names or self.random.random() < 0.15 else 1
        return [name for name in names if name != "two builds"]

    def make_environment(self):
        if "set clock back" not in self.plan:
            return {}
        (self.folder / "clock").write_text("+0")
        return {"LD_PRELOAD": str(FAKETIME), "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"), "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", "FAKETIME_ONLY_CMDS": "clx"}

    def make_kernelspec(self):
        """ipykernel does not answer when libfaketime is loaded into it: only clx itself sees another time."""
        folder = self.project.folder / ".local" / "share" / "jupyter" / "kernels" / "python3"
        folder.mkdir(parents=True)
        argv = ["env", "-u", "LD_PRELOAD", "/usr/bin/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Python 3", "language": "python"}))

    def tell(self, text):
        self.told.append(text)

    def is_running(self):
        return any(process.poll() is None for process in self.builds.values())

    def target(self, kind):
        """A process of this kind, waited for while a build runs; None when none comes any more."""
        def look():
            return not self.is_running() or find(self.project.mark, kind)
        found = wait_for(look, TARGET_LIMIT_S)
        return self.random.choice(sorted(found)) if isinstance(found, list) and found else None

    def hit(self, kind, number):
        pid = self.target(kind)
        if pid is None:
            self.tell(f"no {kind} any more")
            return
        self.is_build_hit |= kind == "build"
        self.is_unsure |= kind in ("kernel", "jvm")
        self.tell(f"{signal.Signals(number).name} {kind} {pid}")
        send(pid, number)
        if number == signal.SIGSTOP:
            self.plan_continuation(kind, pid)

    def plan_continuation(self, kind, pid):
        """What is stopped goes on after a while, or never; a build that never goes on is killed, as a person would."""
        if self.random.random() < (0.3 if kind in ("worker", "build") else 0.15):
            delay = None if kind != "build" else self.random.uniform(0.5, 3)
            number = signal.SIGKILL
        else:
            delay, number = self.random.uniform(0.1, 2), signal.SIGCONT
        if delay is not None:
            self.tell(f"{signal.Signals(number).name} {delay:.1f} s later")
            self.continued.append((time.monotonic() + delay, pid, number))

    def delete_row(self):
        rows = self.project.query("SELECT id FROM workers ORDER BY id")
        if not rows:
            self.tell("no row any more")
            return
        row = self.random.choice(rows)[0]
        try:
            self.project.query("DELETE FROM workers WHERE id = ?", row)
        except sqlite3.OperationalError as error:  # the disk is full already
            self.tell(f"could not delete the row of worker {row}: {error}")
            return
        self.tell(f"deleted the row of worker {row}")

    def corrupt_result(self):
        def look():
            return not self.is_running() or [p for p in (self.project.folder / "clx_cache.objects").rglob("*") if p.is_file()]
        objects = wait_for(look, TARGET_LIMIT_S)
        if not objects or objects is True:  # none in time, or the build has ended
            self.tell("no result to corrupt")
            return
        path = self.random.choice(sorted(objects))
        try:
            size = path.stat().st_size
            path.chmod(0o644)
            with open(path, "r+b") as file:
                file.truncate(self.random.randint(0, size))
                file.write(b"chaos")
        except FileNotFoundError:
            pass
        self.is_unsure = True
        self.tell(f"corrupted {path.name[:8]}")

    def fill_disk(self):
        filler = self.project.folder / "filler"
        with open(filler, "wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue
        self.is_unsure = True
        self.tell("filled the disk")

    def set_clock_back(self):
        (self.folder / "clock").write_text("-3600")
        self.tell("set the clock back an hour")

    # ---- the course of a round ----

    def sleep_until(self, moment):
        """Until a moment, or the end of all builds; stopped processes go on in time, also when their build is dead."""
        while (self.is_running() or self.continued) and time.monotonic() < moment:
            for item in [item for item in self.continued if item[0] <= time.monotonic()]:
                self.continued.remove(item)
                send(item[1], item[2])
            select.select([], [], [], 0.005)

    def run(self):
        moments = sorted(self.random.uniform(0, 1.1) * self.duration for _ in self.plan)
        if self.random.random() < 0.4:  # all at once
            moments = moments[:1] * len(moments)
        start = time.monotonic()
        for n in range(self.n_builds):
            output = f"out-{n}"
            self.builds[output] = self.project.start(output, self.environment)
        for name, moment in zip(self.plan, moments):
            self.sleep_until(start + moment)
            self.tell(f"at {time.monotonic() - start:.2f} s")
            FAULTS[name][0](self)
        self.sleep_until(start + BUILD_LIMIT_S)
        statuses = {output: wait_for_build(self.project, process, output) for output, process in self.builds.items()}
        reports = {output: self.project.report(output) for output in self.builds}
        self.check_statuses(statuses)
        self.repair()
        self.check_processes()
        for output in self.builds:
            self.finish(output, statuses[output], reports[output])
        self.check_all()

    def check_statuses(self, statuses):
        for output, status in statuses.items():
            if status not in (0, 1, -signal.SIGKILL):
                raise Failure(f"the build ended with {status}\n{self.project.errors(output)}")
            if status != 0 and not self.is_build_hit and not self.is_unsure:
                raise Failure(f"the build ended with {status}, although only workers were hit\n{self.project.errors(output)}\n"
                              f"{(self.folder / (output + '.json')).read_text()[-1500:]}")

    def repair(self):
        (self.project.folder / "filler").unlink(missing_ok=True)
        self.environment = {}

    def check_processes(self):
        left = wait_for(lambda: not marked(self.project.mark), END_LIMIT_S)
        if left is not True:
            raise Failure(f"processes are left: {marked(self.project.mark)}")

    def finish(self, output, status, report):
        """The next build finishes the work, and has none when the disturbed one succeeded."""
        project = self.project
        again = wait_for_build(project, project.start(output), output)
        second = project.report(output)
        if again != 0 or second is None:
            raise Failure(f"the next build ended with {again}\n{project.errors(output)}\n{json.dumps(second)[-1500:]}")
        if status == 0 and not self.is_unsure and second["counts"]["jobs"].get("completed") != 0:
            raise Failure(f"the build succeeded, and yet the next one ran jobs again: {second['jobs']}")
        if status == 0 and report is not None and not self.is_unsure and second["counts"]["files"]["written"] != 0:
            raise Failure(f"the build succeeded, and yet the next one wrote files: {second['files']}")
        if status == 0 and report["counts"]["files"]["written"] > len(self.reference):
            raise Failure(f"the build wrote {report['counts']['files']['written']} files, and the course has only {len(self.reference)}")
        self.check_tree(output)

    def check_tree(self, output):
        tree = self.project.tree(output)
        if tree != self.reference:
            names = {name for name in tree.keys() | self.reference.keys() if tree.get(name) != self.reference.get(name)}
            raise Failure(f"{output} differs from an undisturbed build in {sorted(names)[:5]}")

    def check_all(self):
        self.check_jobs()
        self.check_processes()
        self.check_files()
        check_events(self.project)

    def check_jobs(self):
        query = self.project.query
        if open_jobs := query("SELECT id, status, worker_id, session_id FROM jobs WHERE status IN ('pending', 'processing')"):
            raise Failure(f"jobs without an end: {open_jobs}")
        if twice := query("SELECT job, count(*) FROM audit WHERE new = 'completed' GROUP BY job HAVING count(*) > 1"):
            raise Failure(f"jobs were completed twice: {twice}")
        if twice := query("SELECT session_id, content_hash, count(*) FROM jobs WHERE status = 'completed' GROUP BY 1, 2 HAVING count(*) > 1"):
            raise Failure(f"a build did the same work twice: {twice}")
        if rows := query("SELECT id, worker_type, status FROM workers WHERE status <> 'dead'"):
            raise Failure(f"workers are left in the table: {rows}")
        if rows := query("SELECT session_id FROM sessions"):
            raise Failure(f"sessions are left in the table: {rows}")

    def check_files(self):
        project = self.project.folder
        if left := [str(path) for path in project.rglob("*") if path.name.endswith(".tmp") or path.name.startswith(".clx-")]:
            raise Failure(f"temporary files are left: {left}")
        base = pathlib.Path(f"/tmp/clx-{os.getuid()}")
        bells = base / hashlib.sha256(os.fsencode(os.path.realpath(self.project.database))).hexdigest()[:16]
        if bells.exists() and (left := os.listdir(bells)):
            raise Failure(f"sockets are left: {left}")
        for (message,) in self.project.query("SELECT message FROM worker_events WHERE event_type = 'worker_starting'"):
            name = message.split()[-1]
            if (base / name).exists():
                raise Failure(f"the runtime folder of {name} is left")

    def clear(self, keep):
        for process in self.builds.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        for pid in marked(self.project.mark) if hasattr(self, "project") else []:
            send(pid, signal.SIGKILL)
        if not keep:
            remove(self.folder)


WORKER_TRAIL = re.compile(r"worker_starting worker_registered (worker_ready )*(worker_stopping |parent_died )*(worker_stopped |worker_failed )$")
POOL_TRAIL = re.compile(r"pool_starting (pool_started )?(pool_stopping )?pool_stopped $")


def check_events(project):
    """Every worker that was started has a beginning and one end, in order, and no number is missing."""
    rows = project.query("SELECT id, event_type, worker_id, worker_type, session_id FROM worker_events ORDER BY id")
    if rows and rows[-1][0] - rows[0][0] + 1 != len(rows):
        raise Failure("the numbers of the events have a gap")
    trails = {}
    for _, event, worker, kind, session in rows:
        key = ("worker", worker) if worker is not None else ("pool", session, kind)
        trails[key] = trails.get(key, "") + event + " "
    for key, trail in trails.items():
        pattern = WORKER_TRAIL if key[0] == "worker" else POOL_TRAIL
        if not pattern.match(trail):
            raise Failure(f"the events of {key} have a gap: {trail}")


class Skip(Exception):
    """A round that cannot be had on this machine."""


FAULTS = {  # name -> what happens, how often
    "kill build": (lambda r: r.hit("build", signal.SIGKILL), 3),
    "kill worker": (lambda r: r.hit("worker", signal.SIGKILL), 3),
    "kill kernel": (lambda r: r.hit("kernel", signal.SIGKILL), 2),
    "kill jvm": (lambda r: r.hit("jvm", signal.SIGKILL), 2),
    "stop build": (lambda r: r.hit("build", signal.SIGSTOP), 2),
    "stop worker": (lambda r: r.hit("worker", signal.SIGSTOP), 2),
    "stop kernel": (lambda r: r.hit("kernel", signal.SIGSTOP), 1),
    "stop jvm": (lambda r: r.hit("jvm", signal.SIGSTOP), 1),
    "delete row": (Round.delete_row, 2),
    "corrupt result": (Round.corrupt_result, 2),
    "fill disk": (Round.fill_disk, 2),
    "set clock back": (Round.set_clock_back, 2),
    "two builds": (None, 2),
}
PLANS = [name for name in sorted(FAULTS) for _ in range(FAULTS[name][1])]
N_PLANS = len(PLANS)
random.Random(0).shuffle(PLANS)


def run_round(number, seed, folder, reference, only, keep):
    """Prints the round's TAP line; false if it failed."""
    current = None
    try:
        current = Round(seed, folder, reference, only)
        current.run()
        ok, text = True, ""
    except Skip as reason:
        print(f"ok {number} - seed {seed} # SKIP {reason}", flush=True)
        return True
    except Failure as failure:
        ok, text = False, str(failure)
    finally:
        if current is not None:
            current.clear(keep)
    what = ", ".join(current.told)
    print(f"{'ok' if ok else 'not ok'} {number} - seed {seed}, {current.n_builds} build{'s' * (current.n_builds > 1)}: {what}", flush=True)
    for line in text.splitlines():
        print(f"# {line}", flush=True)
    if not ok:
        print(f"# again: tests/system/chaos.py --seed {seed} --rounds 1", flush=True)
    return ok


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("CLX_CHAOS_ROUNDS", "30")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CLX_CHAOS_SEED", str(int(time.time())))))
    parser.add_argument("--fault", action="append", choices=sorted(FAULTS))
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # what is mounted and started is cleared then, too
    folder = pathlib.Path(tempfile.mkdtemp(prefix="clx-chaos-"))
    print(f"1..{options.rounds}\n# seeds {options.seed} to {options.seed + options.rounds - 1}", flush=True)
    try:
        reference = make_reference(folder)
        print(f"# an undisturbed build takes {reference[1]:.1f} s and writes {len(reference[0])} files", flush=True)
        failed = [n for n in range(options.rounds)
                  if not run_round(n + 1, options.seed + n, folder, reference, options.fault, options.keep)]
    except Failure as failure:
        print("Bail out! " + str(failure).replace("\n", "\n# "))
        return 1
    finally:
        if not options.keep:
            clear_all(folder)
    return 1 if failed else 0


sys.exit(main())
