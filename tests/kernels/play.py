#!/usr/bin/python3
"""A kernel that plays its part of a conversation: play.py CONVERSATION ARGUMENT…, where the last argument that is a file is the connection file.

Everything but the language is real: sockets, signatures, identities, the order of messages. It refuses with exit status 9 what the kernel
itself would refuse: a transport that it does not know, a cell that is not the next one, a signature that is wrong.
A conversation: transport, kernel_info, cells. A cell: code, says (pairs of message type and content, for iopub), reply (what differs from
a good one), "interrupted" (says and reply for an interrupt_request that it waits for before it answers), "dies" (an exit status).
The conversations were written, not recorded, since none of these kernels can be installed from Debian. The complaints of Rust, Java and C++
have the form of outputs that users of these kernels published; those of C# and TypeScript follow the protocol only."""
import hashlib
import hmac
import json
import pathlib
import signal
import sys
import uuid

import zmq

DELIMITER = b"<IDS|MSG>"


def refuse(why):
    print(why, file=sys.stderr, flush=True)
    sys.exit(9)


class Player:
    def __init__(self, conversation, connection):
        self.conversation, self.key, self.count = conversation, connection["key"].encode(), 0
        if connection["transport"] != conversation["transport"]:
            refuse(f"transport {connection['transport']} is not supported")
        self.context = context = zmq.Context()
        self.sockets = {}
        for name, kind in (("shell", zmq.ROUTER), ("control", zmq.ROUTER), ("stdin", zmq.ROUTER), ("iopub", zmq.PUB), ("hb", zmq.REP)):
            self.sockets[name] = context.socket(kind)
            self.sockets[name].bind(f"tcp://{connection['ip']}:{connection[name + '_port']}")

    def sign(self, parts):
        return hmac.new(self.key, b"".join(parts), hashlib.sha256).hexdigest().encode()

    def receive(self, name):
        """Identities, header and content."""
        frames = self.sockets[name].recv_multipart()
        at = frames.index(DELIMITER)
        if not hmac.compare_digest(frames[at + 1], self.sign(frames[at + 2 : at + 6])):
            refuse("the signature is wrong")
        return frames[:at], json.loads(frames[at + 2]), json.loads(frames[at + 5])

    def send(self, name, kind, content, parent, identities=()):
        header = {"msg_id": str(uuid.uuid4()), "session": "player", "username": "kernel", "date": "2024-01-01T00:00:00Z", "msg_type": kind,
                  "version": "5.3"}
        parts = [json.dumps(part).encode() for part in (header, parent, {}, content)]
        first = identities or (kind.encode(),)
        self.sockets[name].send_multipart([*first, DELIMITER, self.sign(parts), *parts])

    def answer(self, parent, identities, said, kind, content, name="shell"):
        for message, told in said:
            self.send("iopub", message, told, parent)
        self.send(name, kind, content, parent, identities)
        self.send("iopub", "status", {"execution_state": "idle"}, parent)

    def execute(self, identities, parent, content):
        cell = self.conversation["cells"][self.count]
        self.count += 1
        if content["code"] != cell["code"]:
            refuse(f"cell {self.count} is {content['code']!r}")
        self.send("iopub", "execute_input", {"code": content["code"], "execution_count": self.count}, parent)
        if "dies" in cell:
            self.die(cell)
        reply = {"status": "ok", "execution_count": self.count, "user_expressions": {}, "payload": [], **cell.get("reply", {})}
        if "interrupted" in cell:
            who, request, _ = self.receive("control")
            if request["msg_type"] != "interrupt_request":
                refuse(f"{request['msg_type']} instead of an interrupt")
            self.send("control", "interrupt_reply", {"status": "ok"}, request, who)
            cell, reply = cell["interrupted"], {**reply, **cell["interrupted"]["reply"]}
        self.answer(parent, identities, cell.get("says", []), "execute_reply", reply)

    def die(self, cell):
        """As a runtime does that tidies up: the connections end a while before the process, which an interrupt then would hit."""
        print(cell.get("last_words", ""), file=sys.stderr, flush=True)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self.context.destroy(linger=0)
        if signal.sigtimedwait({signal.SIGINT}, 0.2) is not None:
            refuse("interrupted while it ends")
        sys.exit(cell["dies"])

    def play(self):
        while True:
            identities, parent, content = self.receive("shell")
            self.send("iopub", "status", {"execution_state": "busy"}, parent)
            if parent["msg_type"] == "kernel_info_request":
                self.answer(parent, identities, [], "kernel_info_reply", {"status": "ok", **self.conversation["kernel_info"]})
            elif parent["msg_type"] == "execute_request":
                self.execute(identities, parent, content)


def main():
    conversation = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    files = [argument for argument in sys.argv[2:] if pathlib.Path(argument).is_file()]
    Player(conversation, json.loads(pathlib.Path(files[-1]).read_text(encoding="utf-8"))).play()


if __name__ == "__main__":
    main()
