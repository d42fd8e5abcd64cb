"""A registry of container images in memory, on loopback, for those who show the credentials teacher:secret. usage: registry.py PORT-FILE LOG-FILE"""
import base64
import hashlib
import json
import os
import re
import sys
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

AUTHORIZATION = "Basic " + base64.b64encode(b"teacher:secret").decode()
blobs, manifests, uploads = {}, {}, {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format, *values):
        with open(sys.argv[2], "a") as log:
            log.write(format % values + "\n")

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def read(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        data = b""
        while size := int(self.rfile.readline(), 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return data

    def is_admitted(self):
        if self.headers.get("Authorization") == AUTHORIZATION:
            return True
        self.read()
        self.answer(401, json.dumps({"errors": [{"code": "UNAUTHORIZED", "message": "who are you?"}]}).encode(),
                    WWW_Authenticate='Basic realm="registry"')
        return False

    def get(self):
        if not self.is_admitted():
            return
        if manifest := re.fullmatch(r"/v2/(.+)/manifests/(.+)", self.path):
            kind, body = manifests.get(manifest[2]) or manifests.get(manifest[1] + ":" + manifest[2]) or (None, None)
            if body is None:
                return self.answer(404, b"{}")
            return self.answer(200, body, Content_Type=kind, Docker_Content_Digest="sha256:" + hashlib.sha256(body).hexdigest())
        if blob := re.fullmatch(r"/v2/.+/blobs/(sha256:.+)", self.path):
            body = blobs.get(blob[1])
            return self.answer(404, b"{}") if body is None else self.answer(200, body, Docker_Content_Digest=blob[1])
        self.answer(200, b"{}")

    do_GET = do_HEAD = get

    def do_POST(self):
        if self.is_admitted():
            self.read()
            name = str(uuid.uuid4())
            uploads[name] = b""
            self.answer(202, Location=self.path.split("?")[0] + name, Range="0-0")

    def do_PATCH(self):
        if self.is_admitted():
            path = self.path.split("?")[0]
            name = path.rsplit("/", 1)[1]
            uploads[name] += self.read()
            self.answer(202, Location=path, Range=f"0-{len(uploads[name]) - 1}")

    def do_PUT(self):
        if not self.is_admitted():
            return
        body = self.read()
        if manifest := re.fullmatch(r"/v2/(.+)/manifests/(.+)", self.path):
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            manifests[digest] = manifests[manifest[1] + ":" + manifest[2]] = (self.headers["Content-Type"], body)
            return self.answer(201, Docker_Content_Digest=digest)
        path, query = self.path.split("?")
        body = uploads.pop(path.rsplit("/", 1)[1]) + body
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        if digest != query.split("digest=")[1].replace("%3A", ":"):
            return self.answer(400, b"{}")
        blobs[digest] = body
        self.answer(201, Docker_Content_Digest=digest)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
