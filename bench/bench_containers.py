"""Containers, called by bench/bench: from the start of one to its worker asking for a job, beside the start of one that does nothing."""
import http.client
import http.server
import json
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import threading
import time

from bench_workers import tell

IMAGE = "localhost/clx-bench:latest"
ROUNDS = 10
TOKEN = "0123456789abcdef0123456789abcdef"


class Engine:
    """A private engine without any network of its own."""

    def __init__(self, folder):
        self.path = folder / "docker.sock"
        self.folder = folder
        command = ["dockerd", "--host", f"unix://{self.path}", "--data-root", folder / "root", "--exec-root", folder / "exec", "--pidfile",
                   folder / "docker.pid", "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while time.monotonic() < end and not self.answers():
            time.sleep(0.1)

    def answers(self):
        try:
            return self.call("GET", "/_ping")[0] == 200
        except OSError:
            return False

    def call(self, method, path, body=None, kind="application/json"):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(self.path))
        connection.request(method, path, body, {"Content-Type": kind})
        reply = connection.getresponse()
        text = reply.read()
        connection.close()
        return reply.status, text

    def create(self, command, env):
        host = {"NetworkMode": "host", "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges"], "Tmpfs": {"/workspace": "rw,mode=1777"}, "PidsLimit": 512}
        body = {"Image": IMAGE, "User": "65534:65534", "Entrypoint": command, "Env": env, "HostConfig": host}
        status, text = self.call("POST", "/v1.41/containers/create", json.dumps(body))
        assert status == 201, text
        return json.loads(text)["Id"]

    def start(self, container):
        status, text = self.call("POST", f"/v1.41/containers/{container}/start")
        assert status == 204, text

    def remove(self, container):
        self.call("DELETE", f"/v1.41/containers/{container}?force=1")

    def close(self):
        self.process.terminate()
        self.process.wait()
        for mount in ("exec/netns/default", "root"):
            subprocess.run(["umount", self.folder / mount], stderr=subprocess.DEVNULL, check=False)


class Api(http.server.BaseHTTPRequestHandler):
    """As much of the Worker API as a worker needs to become idle; a claim waits until the container is gone."""
    protocol_version = "HTTP/1.1"
    idle = threading.Event()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/claim"):
            Api.idle_at = time.perf_counter()
            Api.idle.set()
            time.sleep(1)
        answer = json.dumps({"job": None, "acknowledged": True, "activated_at": "", "worker_id": 1}).encode()
        try:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except OSError:
            pass

    def log_message(self, *args):
        pass


def time_plain(engine):
    container = engine.create(["/usr/local/bin/clx", "--version"], [])
    start = time.perf_counter()
    engine.start(container)
    spent = time.perf_counter() - start
    engine.remove(container)
    return spent * 1000


def time_to_idle(engine, port):
    env = ["WORKER_TYPE=notebook", "WORKER_ID=bench", "CLX_WORKER_ID=1", f"CLX_API_URL=http://127.0.0.1:{port}", f"CLX_API_TOKEN={TOKEN}",
           "WORKSPACE_PATH=/workspace", "HOME=/tmp"]
    container = engine.create(["/usr/local/bin/clx", "worker", "notebook"], env)
    Api.idle.clear()
    start = time.perf_counter()
    engine.start(container)
    assert Api.idle.wait(60), "the worker does not become idle"
    engine.remove(container)
    return (Api.idle_at - start) * 1000


def measure(engine, clx, top, folder):
    tar = folder / "image.tar"
    subprocess.run([top / "tests" / "system" / "worker-image", clx, top, tar], check=True)
    with open(tar, "rb") as file:
        status, text = engine.call("POST", "/v1.41/images/create?fromSrc=-&repo=localhost/clx-bench&tag=latest", file, "application/x-tar")
        assert status == 200, text
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pairs = [(time_to_idle(engine, server.server_port), time_plain(engine)) for _ in range(ROUNDS)]
    server.shutdown()
    return statistics.median(idle for idle, _ in pairs), statistics.median(plain for _, plain in pairs)


def bench_containers(clx, top, show):
    what = "container started to worker idle, minus the engine's start"
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        print(f"{what}: skipped: no container engine can be started here")
        return
    with tempfile.TemporaryDirectory(prefix="clx-bench-") as name:
        folder = type(top)(name)
        engine = Engine(folder)
        try:
            if not engine.answers():
                print(f"{what}: skipped: the container engine does not start")
                return
            idle, plain = measure(engine, clx, top, folder)
        finally:
            engine.close()
    show("container started to worker idle over a plain start", idle, plain)
    tell(what, idle - plain, "ms", "under 300")
