#!/usr/bin/python3
"""Builds the course of golden notebooks and compares every notebook and code file byte for byte: notebooks.py CLX CASES."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

clx, cases = sys.argv[1], pathlib.Path(os.environ.get("CLX_CASES", sys.argv[2])) / "notebooks"
if not (cases / "map.tsv").is_file():
    print(f"skipped: golden notebooks: no cases in {cases}")
    sys.exit(77)

with tempfile.TemporaryDirectory() as folder:
    course = pathlib.Path(folder) / "course"
    shutil.copytree(cases / "course", course, copy_function=shutil.copyfile)
    subprocess.run([clx, "-C", course, "build", "course.yaml", "--output-mode=quiet"], check=True)
    wrong = right = 0
    for line in (cases / "map.tsv").read_text(encoding="utf-8").splitlines():
        name, language, kind, form, path, golden = line.split("\t")
        output = course / "output" / "all" / path
        if output.is_file() and output.read_bytes() == (cases / golden).read_bytes():
            right += 1
            continue
        wrong += 1
        print(f"differs: {name} {language} {kind} {form}: {path}")
print(f"{right} equal, {wrong} different")
sys.exit(1 if wrong or not right else 0)
