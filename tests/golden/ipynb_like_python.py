#!/usr/bin/python3
"""Notebook files must be what Python's json writes for the same value, and what nbformat takes: ipynb_like_python.py CLX.

Sources with random texts and metadata are converted; each output is parsed and written again by Python, byte for byte."""
import json
import pathlib
import random
import subprocess
import sys
import tempfile

try:
    import nbformat
except ImportError:
    nbformat = None
    print("nbformat is not there: only json is compared")

clx = sys.argv[1]
PIECES = ["a", "ä", "😀", '"', "\\", "/", "\t", "\x7f", "\x1b", "\u2028", "\u0085", " ", "'", "<", "&", "\u00a0", "\ufeff", "é", "0", "\x0c", "{", "#"]
KEYS = ["k", "K", "ä", "k.a", "k-b", "_", "z9", "lines", "own", "title"]


def text(rng, n=8):
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(n)))


def value(rng, depth=0):
    kind = rng.randrange(8 if depth < 3 else 6)
    if kind == 0:
        return rng.randrange(-(2**63), 2**63) * rng.choice([1, 1, 2**70])
    if kind == 1:
        return rng.choice([0.1, 1e22, 1e16, 1e15, -0.0, 5e-324, 5.9e307, float("inf"), 1e-5, 1e-4, 123456.789, 2.5]) * rng.choice([1, -1, 3])
    if kind < 4:
        return text(rng)
    if kind < 6:
        return rng.choice([True, False, None, 0, -1])
    if kind == 6:
        return [value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {text(rng, 4) or "x": value(rng, depth + 1) for _ in range(rng.randrange(4))}


def source(rng):
    """A notebook file with what percent sources cannot have; texts of cells end lines in every way that Python knows."""
    cells = []
    for _ in range(rng.randrange(1, 6)):
        kind = rng.choice(["code", "markdown", "raw"])
        lines = [text(rng) + rng.choice(["\n", "\r\n", "\n\n"]) for _ in range(rng.randrange(4))] + [text(rng)]
        cell = {"cell_type": kind, "metadata": {rng.choice(KEYS): value(rng) for _ in range(rng.randrange(4))}, "source": lines}
        if kind == "code":
            cell |= {"outputs": [], "execution_count": None}
        cells.append(cell)
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"own": value(rng)}, "cells": cells}


def convert(path):
    return subprocess.run([clx, "convert", "--to", "ipynb", "--kind", "speaker", str(path)], check=True, capture_output=True).stdout.decode()


def lines_of(cell):
    return "".join(cell["source"]).splitlines(True)


n = 120
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / "a.ipynb"
    for seed in range(n):
        wanted = source(random.Random(seed))
        path.write_text(json.dumps(wanted), encoding="utf-8")
        found = convert(path)
        notebook = json.loads(found)
        assert found == json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n", f"seed {seed}: not as Python writes it\n{found}"
        assert notebook["metadata"]["own"] == wanted["metadata"]["own"], f"seed {seed}: the metadata changed"
        for have, want in zip(notebook["cells"], wanted["cells"], strict=True):
            assert have["metadata"] == want["metadata"], f"seed {seed}: {want['metadata']} became {have['metadata']}"
            assert have["source"] == lines_of(want), f"seed {seed}: {want['source']} became {have['source']}"
        if nbformat:
            nbformat.validate(nbformat.reads(found, as_version=4))
print(f"{n} notebooks as Python writes them")
