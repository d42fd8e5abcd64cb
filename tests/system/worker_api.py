#!/usr/bin/env python3
"""The Worker API of a real build: held against docs/worker-api.md, driven by workers of the earlier implementation, by hostile, slow and broken
clients, and by workers that vanish. TAP on standard output. Needs $CLX and $CLX_SOURCE_ROOT."""
import base64
import gzip
import hashlib
import http.client
import json
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

import jsonschema
import yaml

CLX = os.environ["CLX"]
ROOT = Path(os.environ["CLX_SOURCE_ROOT"])
TOKEN = "0123456789abcdef0123456789abcdef"
LIMIT_S = 60


def wait_until(condition, what):
    end = time.monotonic() + LIMIT_S
    while not (value := condition()):
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.02)
    return value


class Build:
    """A build of a small course that serves workers and starts none."""

    def __init__(self, topics="a", is_run=False, **settings):
        self.folder = Path(tempfile.mkdtemp(prefix="clx-api-"))
        for topic in topics:
            folder = self.folder / "slides/module_100_m" / f"topic_100_{topic}"
            folder.mkdir(parents=True)
            (folder / f"slides_{topic}.py").write_text(f'# %% [markdown]\n# # Title {topic}\n\n# %%\nprint("{topic}")\n')
            (folder / "table.csv").write_bytes(bytes(range(256)) * 64)
        listed = ", ".join(f"{{id: {topic}, evaluate: {str(is_run).lower()}}}" for topic in topics)
        (self.folder / "course.yaml").write_text(
            f"name: Small\nlanguages: [en]\nprog_lang: python\nsections: [{{name: One, topics: [{listed}]}}]\n")
        (self.folder / "clx.toml").write_text("")
        (self.folder / "token").write_text(TOKEN + "\n")
        self.env = {**os.environ, "HOME": str(self.folder), "CLX_WORKER_API__ENABLED": "true", "CLX_WORKER_API__PORT": "0",
                    "CLX_WORKER_API__TOKEN_FILE": str(self.folder / "token"), "CLX_WORKER_API__SOCKET": "api.sock",
                    "CLX_WORKER_MANAGEMENT__HEARTBEAT_TIMEOUT": "300", **settings}
        self.start()

    def start(self):
        self.process = subprocess.Popen([CLX, "build", "course.yaml", "--no-auto-start", "-o", "out"], cwd=self.folder, env=self.env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        restore_signals=False)  # SIGXFSZ stays ignored: check_uncommitted
        self.errors, self.port = [], None
        threading.Thread(target=self.read_errors, daemon=True).start()
        wait_until(lambda: self.port or self.process.poll() is not None, "the API")
        wait_until(lambda: (self.folder / "api.sock").exists() or self.process.poll() is not None, "the socket")
        assert self.port, self.errors

    def read_errors(self):
        for line in self.process.stderr:
            self.errors.append(line)
            if served := re.search(r"served at http://127\.0\.0\.1:(\d+)", line):
                self.port = int(served[1])

    def request(self, method, path, body=None, token=TOKEN, **headers):
        """Status, headers and body of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        connection.request(method, path, data, headers)
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        return reply.status, reply.headers, text

    def post(self, path, body, status=200):
        got, _, text = self.request("POST", "/api/worker/" + path, body)
        assert got == status, (path, got, text)
        return json.loads(text)

    def register(self, worker_type="notebook"):
        return self.post("register", {"worker_type": worker_type, "container_id": f"test-{os.urandom(4).hex()}"})["worker_id"]

    def claim(self, worker, wait=20):
        return self.post("jobs/claim", {"worker_id": worker, "wait": wait, "api_version": 2})["job"]

    def deliver(self, data):
        name = hashlib.sha256(data).hexdigest()
        status, _, text = self.request("PUT", "/api/worker/blobs/" + name, data)
        assert status == 201, text
        return name

    def finish(self, worker, job, mark=b"made of "):
        outputs = []
        for output in job["payload"]["outputs"]:
            data = mark + json.dumps(output).encode()
            outputs.append({**output, "sha256": self.deliver(data), "size": len(data)})
        return self.post(f"jobs/{job['id']}/status", {"worker_id": worker, "status": "completed", "token": job["token"],
                                                      "result": {"outputs": outputs, "warnings": [], "deps": []}})

    def finish_all(self):
        worker = self.register()
        while self.process.poll() is None:
            try:
                job = self.claim(worker, wait=1)
            except (OSError, http.client.HTTPException):
                break
            if job:
                self.finish(worker, job)
        self.end(0)

    def query(self, statement):
        with sqlite3.connect(f"file:{self.folder}/clx_jobs.db?mode=ro", uri=True, timeout=20) as database:
            return database.execute(statement).fetchall()

    def execute(self, statement):
        with sqlite3.connect(self.folder / "clx_jobs.db", timeout=20) as database:
            database.execute(statement)

    def end(self, status=None):
        if status is None and self.process.poll() is None:
            self.process.terminate()
        got = self.process.wait(LIMIT_S)
        assert status is None or got == status, (got, self.errors)

    def close(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


def with_build(test, **options):
    build = Build(**options)
    try:
        test(build)
    finally:
        build.close()


# ---- the description is true ----
class Description:
    """docs/worker-api.md; notes which answers of it were seen."""

    def __init__(self):
        self.document = yaml.safe_load((ROOT / "docs/worker-api.md").read_text().split("```")[1].removeprefix("yaml"))
        self.seen = set()

    def resolve(self, value):
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if "$ref" in value:
            place = self.document
            for part in value["$ref"].split("/")[1:]:
                place = place[part]
            return self.resolve(place)
        value = {name: self.resolve(member) for name, member in value.items()}
        if value.pop("nullable", False) and "type" in value:
            value["type"] = [value["type"], "null"]
        return value

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if method != "parameters":
                    yield path, method, self.resolve(operation)

    def check(self, build, method, path, body=None, status=200, **options):
        got, headers, text = build.request(method, path, body, **options)
        assert got == status, (method, path, got, text)
        for template, name, operation in self.operations():
            pattern = re.sub(r"\{\w+\}", "[^/]+", template)
            if name != method.lower() or not re.fullmatch(pattern, path):
                continue
            answer = operation["responses"].get(str(got))
            assert answer, f"{method} {path}: {got} is not described"
            content = answer.get("content", {})
            kind = headers.get("Content-Type", "").split(";")[0]
            assert not text or method == "HEAD" or kind in content, (path, kind, content)
            if kind == "application/json":
                jsonschema.validate(json.loads(text), content[kind]["schema"])
            for header in answer.get("headers", {}):
                assert header in headers, (path, header)
            self.seen.add((template, name, got))
            return json.loads(text) if kind == "application/json" else text
        raise AssertionError(f"{method} {path} is not described")


def send_all(client, data, times):
    try:
        for _ in range(times):
            client.sendall(data)
    except OSError:
        pass  # the other side has seen enough


def flood(build, path, body):
    """Thousands of requests at once over one connection, until the server has had enough of it."""
    text = json.dumps(body)
    one = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode()
    with socket.create_connection(("127.0.0.1", build.port), LIMIT_S) as client:
        threading.Thread(target=send_all, args=(client, one * 100, 120), daemon=True).start()
        seen = b""
        while b"HTTP/1.1 429 " not in seen:
            part = client.recv(1 << 16)
            assert part, "the connection was closed"
            seen = seen[-20:] + part
        assert b"Retry-After: 1" in seen + client.recv(1 << 16)


def check_description(build):
    api = Description()
    unknown = {"worker_id": 999}
    for path, method, operation in api.operations():
        real = path.replace("{id}", "999999").replace("{sha256}", "0" * 64)
        body = None if method in ("get", "head") else {}
        api.check(build, method.upper(), real, body, 401, token=None)
        if "404" in operation["responses"]:
            api.check(build, method.upper(), real, unknown if method == "post" else None, 404)
        if "400" in operation["responses"] and method == "post":
            api.check(build, "POST", real, b"no json", 400)
    api.check(build, "GET", "/health")
    assert build.request("GET", "/api/worker/nonsense")[0] == 404 and build.request("DELETE", "/health")[0] == 405
    api.check(build, "POST", "/api/worker/register", {"worker_type": "nonsense"}, 400)
    worker = api.check(build, "POST", "/api/worker/register", {"worker_type": "notebook"})["worker_id"]
    api.check(build, "POST", "/api/worker/activate", {"worker_id": worker}, 400)
    database = sqlite3.connect(build.folder / "clx_jobs.db", timeout=20)
    session = database.execute("SELECT session_id FROM workers WHERE id = ?", (worker,)).fetchone()[0]
    with database:
        announced = database.execute("INSERT INTO workers (worker_type, container_id, status, execution_mode, session_id) VALUES ('notebook', 'x', 'created',"
                                     " 'docker', ?)", (session,)).lastrowid
    api.check(build, "POST", "/api/worker/activate", {"worker_id": announced})
    api.check(build, "POST", "/api/worker/unregister", {"worker_id": announced, "reason": "test"})
    api.check(build, "POST", "/api/worker/jobs/claim", {"worker_id": worker, "job_type": "nonsense"}, 400)
    job = api.check(build, "POST", "/api/worker/jobs/claim", {"worker_id": worker, "wait": 20, "api_version": 2})["job"]
    other = build.register()
    assert api.check(build, "POST", "/api/worker/jobs/claim", {"worker_id": other, "wait": 0.1, "job_type": "drawio"})["job"] is None
    assert not api.check(build, "POST", "/api/worker/heartbeat", {"worker_id": worker, "job_id": job["id"], "token": job["token"], "progress": "cell 1",
                                                                  "cpu_usage": 1.5, "memory_usage": 20})["cancelled"]
    assert api.check(build, "POST", "/api/worker/heartbeat", {"worker_id": worker, "job_id": job["id"], "token": 77})["cancelled"]
    assert not api.check(build, "GET", f"/api/worker/jobs/{job['id']}/cancelled")["cancelled"]
    api.check(build, "POST", "/api/worker/cache/add", {"output_file": "x", "content_hash": "y", "result_metadata": {}})
    blob = job["inputs"][0]
    data = api.check(build, "GET", "/api/worker/blobs/" + blob["sha256"])
    assert hashlib.sha256(data).hexdigest() == blob["sha256"]
    assert api.check(build, "GET", "/api/worker/blobs/" + blob["sha256"], None, 206, Range="bytes=5-") == data[5:]
    api.check(build, "GET", "/api/worker/blobs/..%2f..%2fetc%2fpasswd", None, 400)
    made = os.urandom(100) * 200
    name = hashlib.sha256(made).hexdigest()
    api.check(build, "PUT", "/api/worker/blobs/" + name, b"other bytes", 400)
    api.check(build, "PUT", "/api/worker/blobs/" + name, made[:1000], 202, Content_Range=f"bytes 0-999/{len(made)}")
    api.check(build, "PUT", "/api/worker/blobs/" + name, made[:1000], 202, Content_Range=f"bytes 0-999/{len(made)}")  # of another worker: passed over
    api.check(build, "PUT", "/api/worker/blobs/" + name, made[2000:3000], 416, Content_Range=f"bytes 2000-2999/{len(made)}")
    api.check(build, "PUT", "/api/worker/blobs/" + name, made[2000:2999], 400, Content_Range=f"bytes 2000-2999/{len(made)}")
    api.check(build, "PUT", "/api/worker/blobs/" + name, made[1000:2000], 413, Content_Range=f"bytes 1000-1999/{1 << 30}")
    api.check(build, "PUT", "/api/worker/blobs/" + name, made[1000:], 201, Content_Range=f"bytes 1000-{len(made) - 1}/{len(made)}")
    api.check(build, "HEAD", "/api/worker/blobs/" + name)
    path = f"/api/worker/jobs/{job['id']}/status"
    api.check(build, "POST", path, {"worker_id": worker, "status": "nonsense"}, 400)
    api.check(build, "POST", path, {"worker_id": worker, "status": "completed", "token": job["token"], "result": {"outputs": [{"sha256": "0" * 64}]}}, 400)
    api.check(build, "POST", path, {"worker_id": worker, "status": "failed", "token": 77}, 409)
    for path in ("/api/worker/heartbeat", "/api/worker/register"):
        flood(build, path, {"worker_id": other, "worker_type": "notebook"})
        api.seen.add((path, "post", 429))
    build.finish(worker, job)
    api.seen.add(("/api/worker/jobs/{id}/status", "post", 200))
    described = {(path, method, int(status)) for path, method, operation in api.operations() for status in operation["responses"]}
    assert described == api.seen, described ^ api.seen


# ---- the earlier implementation ----
V1_FIELDS = ["data", "input_file", "input_file_name", "output_file", "kind", "prog_lang", "language", "format", "other_files", "img_path_prefix",
             "source_topic_dir", "correlation_id"]


def check_v1(build):
    """A worker that knows the routes and members of version 1 and nothing else makes a whole course."""
    worker = build.post("register", {"worker_type": "notebook", "container_id": "old", "parent_pid": 1})["worker_id"]
    written = {}
    while build.process.poll() is None:
        try:
            job = build.post("jobs/claim", {"worker_id": worker, "job_type": "notebook"})["job"]
        except (OSError, http.client.HTTPException):
            break
        if job is None:
            build.post("heartbeat", {"worker_id": worker})
            continue
        payload = job["payload"]
        assert not [name for name in V1_FIELDS if name not in payload], payload.keys()
        assert payload["data"] == Path(payload["input_file"]).read_text() and payload["input_file_name"] in ("slides_a.py", "slides_b.py")
        assert base64.b64decode(payload["other_files"]["table.csv"]) == bytes(range(256)) * 64
        text = f"{payload['kind']} {payload['language']} {payload['format']} of {payload['input_file_name']}\n"
        Path(payload["output_file"]).write_text(text)
        written[payload["input_file_name"], payload["kind"], payload["format"]] = text
        build.post("cache/add", {"output_file": payload["output_file"], "content_hash": job["content_hash"], "result_metadata": {}})
        try:
            build.post(f"jobs/{job['id']}/status", {"worker_id": worker, "status": "completed", "result": {}})
            if build.query(f"SELECT status FROM jobs WHERE id = {job['id']}") == [("processing",)]:  # more outputs: tell it again, as if no reply came
                build.post(f"jobs/{job['id']}/status", {"worker_id": worker, "status": "completed", "result": {}})
        except (OSError, http.client.HTTPException):
            break  # with the last output the build is over
    build.end(0)
    published = sorted(path.read_text() for path in (build.folder / "out").rglob("*") if path.suffix in (".html", ".ipynb", ".py"))
    assert published == sorted(written.values()) and len(published) > 10, published
    assert not list(build.folder.glob("*.staging")), "the staging folder is left"


def check_v1_failure(build):
    """Its errors are told; an output that it did not write, or that is a link to something else, is none."""
    worker = build.register()
    job = build.post("jobs/claim", {"worker_id": worker, "job_type": "notebook"})["job"]
    os.symlink("/etc/hostname", job["payload"]["output_file"])
    build.post(f"jobs/{job['id']}/status", {"worker_id": worker, "status": "completed"})
    assert "left no output" in build.query(f"SELECT error FROM jobs WHERE id = {job['id']}")[0][0]
    for _ in range(2):
        job = build.post("jobs/claim", {"worker_id": worker, "job_type": "notebook"})["job"]
        build.post(f"jobs/{job['id']}/status", {"worker_id": worker, "status": "failed", "error": {"error_message": "the old way of failing"}})
    build.end(1)
    wait_until(lambda: "the old way of failing" in "".join(build.errors), "the message")


# ---- nobody does what he may not (docs/security.md) ----
def check_tokens(build):
    before = build.query("SELECT count(*) FROM workers")
    for token in (None, "", TOKEN[:-1], TOKEN + "0", TOKEN[:-1] + "0", TOKEN.upper(), "Bearer " + TOKEN):
        for method, path in (("GET", "/health"), ("POST", "/api/worker/register"), ("PUT", "/api/worker/blobs/" + "0" * 64), ("GET", "/nowhere")):
            status, _, text = build.request(method, path, {"worker_type": "notebook"} if method != "GET" else None, token=token)
            assert (status, text) == (401, b""), (token, path, status)
    assert build.query("SELECT count(*) FROM workers") == before
    for process in Path("/proc").glob("[0-9]*"):
        try:
            assert TOKEN.encode() not in (process / "cmdline").read_bytes(), process
        except (FileNotFoundError, ProcessLookupError):
            pass
    build.finish_all()
    for path in build.folder.rglob("*"):
        if path.is_file() and path.name != "token":
            assert TOKEN.encode() not in path.read_bytes(), path
    assert TOKEN not in "".join(build.errors)


def listening(pid):
    """The TCP addresses at which a process listens, as /proc has them: address in hex, port."""
    def inode(link):
        try:
            return os.readlink(link)
        except OSError:
            return ""  # closed meanwhile

    sockets = {inode(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]]
    return [fields[1].split(":")[0] for fields in lines if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets]


def check_listening(build):
    """The API is served at the address that was asked for, and not at all when nobody needs it."""
    assert listening(build.process.pid) == ["0100007F"], listening(build.process.pid)
    build.finish_all()
    (build.folder / "mark").unlink(missing_ok=True)
    source = next(build.folder.glob("slides/*/*/*.py"))
    source.write_text(f'# %%\nimport pathlib, time\npathlib.Path("{build.folder}/mark").touch()\ntime.sleep(600)\n')
    (build.folder / "course.yaml").write_text((build.folder / "course.yaml").read_text().replace("evaluate: false", "evaluate: true"))
    env = {name: value for name, value in build.env.items() if not name.startswith("CLX_WORKER_API__")}
    build.process = subprocess.Popen([CLX, "build", "course.yaml", "-o", "out"], cwd=build.folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until((build.folder / "mark").exists, "the notebook")
    assert not listening(build.process.pid)
    build.end()


def check_short_token(build):
    """A token that can be guessed is refused."""
    build.finish_all()
    (build.folder / "token").write_text("0123456789abcde\n")
    (build.folder / "clx_cache.db").unlink()
    answer = subprocess.run([CLX, "build", "course.yaml", "--no-auto-start", "-o", "out"], cwd=build.folder, env=build.env, capture_output=True, text=True)
    assert answer.returncode == 1 and "a token needs at least 16 characters" in answer.stderr and "0123456789" not in answer.stderr, answer


def check_blobs(build):
    """A blob is an input of a job that was handed out, or was delivered; a file or an object that is neither cannot be had."""
    hidden = b"of another build"
    name = hashlib.sha256(hidden).hexdigest()
    objects = next(build.folder.glob("clx_cache*objects*"), build.folder / "clx_cache.objects")
    (objects / name[:2]).mkdir(parents=True, exist_ok=True)
    for place in (objects / name[:2] / name, objects / name, objects / name[:2] / name[2:]):
        place.write_bytes(hidden)
    source = hashlib.sha256((build.folder / "slides/module_100_m/topic_100_a/slides_a.py").read_bytes()).hexdigest()
    worker = build.register()
    for blob in (name, source):
        assert build.request("GET", "/api/worker/blobs/" + blob)[0] == 404, blob
    job = build.claim(worker)
    assert build.request("GET", "/api/worker/blobs/" + source)[0] == 200
    for bad in ("../clx_jobs.db", "%2e%2e/clx_jobs.db", "/etc/passwd", name.upper(), name[:-1], name + "0", ""):
        assert build.request("GET", "/api/worker/blobs/" + bad)[0] in (400, 404), bad
        assert build.request("PUT", "/api/worker/blobs/" + bad, b"x")[0] in (400, 404), bad
    data = b"text that packs well " * 5000
    name, packed = hashlib.sha256(data).hexdigest(), [gzip.compress(data[:60000]), gzip.compress(data[60000:])]
    path = "/api/worker/blobs/" + name
    assert build.request("PUT", path, packed[0], Content_Encoding="gzip", Content_Range=f"bytes 0-59999/{len(data)}")[0] == 202
    assert build.request("HEAD", path)[1]["X-Received"] == "60000"
    assert build.request("PUT", path, packed[1][:-9], Content_Encoding="gzip", Content_Range=f"bytes 60000-{len(data) - 1}/{len(data)}")[0] == 400
    assert build.request("PUT", path, packed[1], Content_Encoding="gzip", Content_Range=f"bytes 60000-{len(data) - 1}/{len(data)}")[0] == 201
    bomb = gzip.compress(bytes(64 << 20))
    assert build.request("PUT", path, bomb, Content_Encoding="gzip")[0] == 400
    status, headers, text = build.request("GET", path, Accept_Encoding="gzip")
    assert status == 200 and headers["Content-Encoding"] == "gzip" and gzip.decompress(text) == data
    assert build.request("GET", path)[2] == data and build.request("GET", path, Range="bytes=99-")[2] == data[99:]
    build.finish(worker, job)
    build.end(0)


def check_commit(build):
    """A job is claimed for certain before its inputs are read: the jobs database is locked no longer than that. The reading is held up by a lock of the
    other database, which keeps the hashes."""
    worker, jobs = build.register(), []
    claimer = threading.Thread(target=lambda: jobs.append(build.claim(worker)), daemon=True)
    cache = sqlite3.connect(build.folder / "clx_cache.db", isolation_level=None, timeout=20)
    cache.execute("DELETE FROM files")
    cache.execute("BEGIN IMMEDIATE")
    claimer.start()
    wait_until(lambda: build.query("SELECT 1 FROM jobs WHERE status = 'processing'"), "the claim")
    with sqlite3.connect(build.folder / "clx_jobs.db", isolation_level=None, timeout=0) as database:
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
    assert not jobs
    cache.execute("ROLLBACK")
    claimer.join(LIMIT_S)
    build.finish(worker, jobs[0])
    build.end(0)


def check_uncommitted(build):
    """A claim whose transaction cannot be committed came to nothing: it is refused, and the job is there for the next one."""
    worker = build.register()
    limits = resource.prlimit(build.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(build.process.pid, resource.RLIMIT_FSIZE, (0, limits[1]))
    answer = build.post("jobs/claim", {"worker_id": worker, "wait": 20, "api_version": 2}, 500)
    assert answer == {"detail": "the jobs database cannot be written"}, answer
    resource.prlimit(build.process.pid, resource.RLIMIT_FSIZE, limits)
    assert build.query("SELECT status, attempts FROM jobs") == [("pending", 0)]
    assert build.query(f"SELECT status FROM workers WHERE id = {worker}") == [("idle",)]
    build.finish(worker, build.claim(worker))
    build.end(0)


def check_unfinished_bytes(build):
    """Blobs on their way have 512 MiB in all; the oldest gives way, and its worker is told from where to send."""
    worker = build.register()
    job, part, size = build.claim(worker), bytes(16 << 20), 256 << 20
    oldest, second, third = ("/api/worker/blobs/" + digit * 64 for digit in "abc")

    def send(path, numbers):
        for number in numbers:
            first = number * len(part)
            status, _, text = build.request("PUT", path, part, Content_Range=f"bytes {first}-{first + len(part) - 1}/{size}")
            assert status == 202, (status, text)

    def received():
        return [int(build.request("HEAD", path)[1]["X-Received"]) // len(part) for path in (oldest, second, third)]

    send(oldest, range(15))
    send(second, range(15))
    send(third, range(2))
    assert received() == [15, 15, 2], received()
    send(third, [2])
    assert received() == [0, 15, 3], received()
    status, _, text = build.request("PUT", oldest, part, Content_Range=f"bytes {15 * len(part)}-{16 * len(part) - 1}/{size}")
    assert status == 416 and b"0 bytes of it are here" in text and b"send it from there on" in text, (status, text)
    build.finish(worker, job)
    build.end(0)


def check_unfinished(build):
    """Of blobs on their way there are 128 at most; the oldest gives way."""
    worker, names = build.register(), []
    job = build.claim(worker)
    for i in range(140):
        data = f"unfinished {i}".encode()
        names.append(hashlib.sha256(data).hexdigest())
        status = build.request("PUT", "/api/worker/blobs/" + names[-1], data[:5], Content_Range=f"bytes 0-4/{len(data)}")[0]
        assert status == 202, status
    received = [build.request("HEAD", "/api/worker/blobs/" + name)[1]["X-Received"] for name in names]
    assert received == ["0"] * 12 + ["5"] * 128, received
    build.finish(worker, job)
    build.end(0)


def check_nonsense(build):
    """A result that is not what the job asks for fails this job alone, and nothing of it is published."""
    worker = build.register()
    good, job = build.claim(worker), None
    build.finish(worker, good)
    job = build.claim(worker)
    outputs = [{**job["payload"]["outputs"][0], "kind": "../../../evil", "path": "/tmp/evil", "sha256": build.deliver(b"hostile bytes"), "size": 13}]
    build.post(f"jobs/{job['id']}/status", {"worker_id": worker, "status": "completed", "token": job["token"],
                                            "result": {"outputs": outputs, "warnings": [], "deps": []}})
    build.end(1)
    wait_until(lambda: "lacks" in "".join(build.errors), "the message")
    published = [path.read_bytes() for path in (build.folder / "out").rglob("*") if path.is_file()]
    assert b"hostile bytes" not in published and not Path("/tmp/evil").exists()
    assert [data for data in published if b"made of" in data], "the other job"
    assert build.query(f"SELECT status FROM jobs WHERE id = {good['id']}") == [("completed",)]


def check_hostile(build):
    """With the token one can spoil one's own jobs, and no others."""
    good, bad = build.register(), build.register()
    job = build.claim(good)
    path = f"jobs/{job['id']}/status"
    build.post(path, {"worker_id": bad, "status": "completed", "token": job["token"], "result": {"outputs": []}}, 409)
    build.post(path, {"worker_id": bad, "status": "failed", "error": "ha"}, 409)
    build.post(path, {"worker_id": good, "status": "completed", "token": job["token"] + 1, "result": {"outputs": []}}, 409)
    assert build.request("POST", "/api/worker/" + path, b"{" * 100000)[0] == 400
    assert build.request("POST", "/api/worker/" + path, b"[1, 2]")[0] == 400
    with socket.create_connection(("127.0.0.1", build.port), LIMIT_S) as large:
        large.sendall(f"POST /api/worker/register HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {17 << 20}\r\n\r\n".encode())
        assert large.recv(99).startswith(b"HTTP/1.1 413 ")
    other = build.claim(bad)
    assert other["id"] != job["id"]
    build.post(f"jobs/{other['id']}/status", {"worker_id": bad, "status": "failed", "token": other["token"],
                                              "error": {"type": "source", "message": "spoiled \x00\x1b[31m by the worker"}})
    build.finish(good, job)
    build.end(1)
    wait_until(lambda: "spoiled" in "".join(build.errors), "the message")
    assert "\x1b[31m by" not in "".join(build.errors)
    assert [path for path in (build.folder / "out").rglob("*.html") if b"made of" in path.read_bytes()]


def check_broken(build):
    """Clients that send half a request, nonsense, or nothing, hold up nobody."""
    head = f"Authorization: Bearer {TOKEN}\r\n"
    starts = [b"", b"GET /health HT", b"POST /api/worker/register HTTP/1.1\r\nContent-Length: 99\r\n" + head.encode() + b"\r\n{", b"\x16\x03\x01\x02\x00\x01",
              b"GET / HTTP/9.9\r\n\r\n", b"POST /api/worker/jobs/claim HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + head.encode() + b"\r\nffffffffffffffff\r\n",
              b"POST /api/worker/register HTTP/1.1\r\nContent-Length: -5\r\n" + head.encode() + b"\r\n", b"A" * 70000]
    open_ones = []
    for start in starts * 40:
        client = socket.create_connection(("127.0.0.1", build.port))
        client.setblocking(False)
        try:
            client.send(start)
        except OSError:
            pass
        open_ones.append(client)
    worker = build.register()
    job = build.claim(worker)
    for client in open_ones[::2]:
        client.close()
    build.finish(worker, job)
    build.end(0)


# ---- workers that vanish, come back, and come another way ----
def check_unwritten(build):
    """An end that cannot be written down leaves the job with its worker, which tells it again."""
    worker = build.register()
    job = build.claim(worker)
    end = {"worker_id": worker, "status": "failed", "token": job["token"], "error": {"type": "source", "message": "told twice"}}
    build.execute("CREATE TRIGGER no_end BEFORE UPDATE OF status ON jobs WHEN NEW.status = 'failed' BEGIN SELECT RAISE(ABORT, 'no'); END")
    build.post(f"jobs/{job['id']}/status", end, 500)
    assert build.query(f"SELECT status, current_job FROM workers WHERE id = {worker}") == [("busy", job["id"])]
    assert build.claim(worker, wait=0)["id"] == job["id"], "what it has in hand"
    build.execute("DROP TRIGGER no_end")
    build.post(f"jobs/{job['id']}/status", end)
    build.end(1)


def check_vanished(build):
    """A worker that is silent loses its job to another one, and cannot end it any more."""
    lost = build.register()
    job = build.claim(lost)
    worker = build.register()
    again = wait_until(lambda: build.post("heartbeat", {"worker_id": worker}) and build.claim(worker, wait=1), "the job")
    assert again["id"] == job["id"] and again["token"] == job["token"] + 1
    build.post(f"jobs/{job['id']}/status", {"worker_id": lost, "status": "completed", "token": job["token"], "result": {"outputs": []}}, 409)
    build.finish(worker, again)
    build.end(0)
    assert build.query("SELECT count(*) FROM worker_events WHERE event_type = 'worker_failed' AND message LIKE 'no heartbeat%'") == [(1,)]
    assert build.query("SELECT id, status FROM workers") == [(lost, "dead")]
    ends = build.query(f"SELECT event_type FROM worker_events WHERE worker_id = {lost} AND event_type IN ('worker_failed', 'worker_stopped')")
    assert ends == [("worker_failed",)], ends


def start_worker(build, **env):
    return subprocess.Popen([CLX, "worker", "notebook"], env={**os.environ, "CLX_API_TOKEN_FILE": str(build.folder / "token"), **env},
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def check_socket(build):
    """Over the unix socket, which nobody else may open, with packed blobs; the worker tells of its health, and stops when told."""
    assert (build.folder / "api.sock").stat().st_mode & 0o077 == 0
    worker = start_worker(build, CLX_API_URL=f"unix://{build.folder}/api.sock", CLX_API_COMPRESS="1")
    build.end(0)
    health = [CLX, "worker", "notebook", "--health"]
    wait_until(lambda: subprocess.run(health).returncode == 0, "its health")
    worker.terminate()
    assert worker.wait(LIMIT_S) == 0
    assert list((build.folder / "out").rglob("*.html"))


TESTS = [
    ("the API is what docs/worker-api.md says", check_description, {}),
    ("a worker of the earlier implementation makes a course", check_v1, {"topics": "ab", "is_run": True}),
    ("a worker of the earlier implementation fails in its own way", check_v1_failure, {}),
    ("without the right token nothing is done, and the token is nowhere to be seen", check_tokens, {}),
    ("the API listens where it is asked to, and only when it is needed", check_listening, {}),
    ("a token that is too short is refused", check_short_token, {}),
    ("blobs are named by hash and cannot leave the session", check_blobs, {}),
    ("a claim is committed before inputs are read", check_commit, {}),
    ("blobs on their way are bounded in number", check_unfinished, {}),
    ("blobs on their way are bounded in bytes", check_unfinished_bytes, {}),
    ("a claim that cannot be committed came to nothing", check_uncommitted, {}),
    ("a result that nobody asked for fails its job", check_nonsense, {"topics": "ab"}),
    ("a hostile worker spoils its own jobs only", check_hostile, {"topics": "ab"}),
    ("slow and broken clients hold up nobody", check_broken, {}),
    ("an end that cannot be written down is told again", check_unwritten, {}),
    ("a worker that is silent loses its job", check_vanished, {"CLX_WORKER_MANAGEMENT__HEARTBEAT_TIMEOUT": "3"}),
    ("a worker at the unix socket, with packed blobs", check_socket, {}),
]


def main():
    print(f"1..{len(TESTS)}")
    wanted = sys.argv[1:]
    failed = 0
    for number, (name, test, options) in enumerate(TESTS, 1):
        if wanted and not any(word in test.__name__ for word in wanted):
            print(f"ok {number} # SKIP not asked for")
            continue
        try:
            with_build(test, **options)
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            print("".join("# " + line + "\n" for line in traceback.format_exc().splitlines()), flush=True)
    return failed > 0


sys.exit(main())
