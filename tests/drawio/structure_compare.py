#!/usr/bin/python3
"""Compares the structure of drawings by the renderer in C with that of the original's drawings of the same files (see structure.py).

usage: structure_compare.py DRAW FOLDER [NN ...]         FOLDER holds NN.drawio and NN.ref.svg; files that the renderer refuses are passed over
       structure_compare.py DRAW BROWSER SEED SHARE      files made by generate.py, drawn by both; none of them may be refused
       structure_compare.py DRAW BROWSER SEED SHARE OUT  keeps the files
"""
import os
import subprocess
import sys
import tempfile

import generate
import structure

REFUSED = 3
KNOWN = {"07": "an elbow that is half a unit high ends with its arrow upwards"}  # deviations that docs/drawio.md owns up to


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def judge(draw, source, reference, own, may_be_refused):
    """What is wrong, as texts; None when the renderer refuses the file."""
    run = subprocess.run([draw, source, own, "1", "0"], stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode == REFUSED and may_be_refused:
        return None
    if run.returncode != 0:
        return [run.stderr.split("\n")[0]]
    return structure.compare(read(own), read(reference)) if os.path.exists(reference) else ["the original drew nothing"]


def generated(browser, seed, share, out):
    """Makes the files and has the original draw them; the names."""
    names = []
    for name, text in generate.cases(int(seed), float(share)):
        with open(os.path.join(out, name + ".drawio"), "w", encoding="utf-8") as file:
            file.write(text)
        names.append(name)
    pairs = [os.path.join(out, name + end) for name in names for end in (".drawio", ".ref.svg")]
    run = subprocess.run([browser, "svg", "1", "0", *pairs], stdout=subprocess.PIPE, text=True, check=False)
    if "is not there" in run.stdout:
        print("skipped:", run.stdout.split("\n")[0])
        sys.exit(77)
    return names


def main():
    draw, folder, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    is_generated = not os.path.isdir(folder) and os.access(folder, os.X_OK)
    with tempfile.TemporaryDirectory(prefix="clx-drawio-") as out:
        if is_generated:
            browser, folder = folder, arguments[2] if len(arguments) > 2 else out
            names = generated(browser, arguments[0], arguments[1], folder)
        else:
            folder = os.path.join(os.environ["CLX_CASES"], "drawio") if os.environ.get("CLX_CASES") else folder
            if not os.path.isdir(folder):
                print("skipped: no folder", folder)
                sys.exit(77)
            names = arguments or sorted(f[:-7] for f in os.listdir(folder) if f.endswith(".drawio"))
        wrong = same = 0
        for name in names:
            path = os.path.join(folder, name)
            told = judge(draw, path + ".drawio", path + ".ref.svg", os.path.join(out, name + ".svg"), not is_generated)
            is_known = not is_generated and not arguments and name in KNOWN
            wrong += bool(told) and not is_known
            same += told == []
            print(name, "refused" if told is None else "DIFFERS" if told else "same", f"(known: {KNOWN[name]})" if is_known else "", *("\n    " + text for text in told or []))
    print(f"{same} of {len(names)} the same in structure, {wrong} wrong")
    sys.exit(1 if wrong or same == 0 else 0)


if __name__ == "__main__":
    main()
