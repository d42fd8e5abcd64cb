#!/usr/bin/python3
"""Compares the structure of drawings by the renderer in C with that of the original's drawings of the same files (see structure.py),
and the places of their letters (see letters.py).

usage: structure_compare.py DRAW FOLDER [NN ...]         FOLDER holds NN.drawio and NN.ref.svg; files that the renderer refuses are passed over
       structure_compare.py DRAW BROWSER SEED SHARE      files made by generate.py, drawn by both; none of them may be refused
       structure_compare.py DRAW BROWSER SEED SHARE OUT  keeps the files
"""
import os
import subprocess
import sys
import tempfile

import generate
import letters
import structure

REFUSED = 3


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def draw_file(draw, source, own, may_be_refused):
    """What is wrong, as texts; None when the renderer refuses the file."""
    run = subprocess.run([draw, source, own, "1", "0"], stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode == REFUSED and may_be_refused:
        return None
    return [run.stderr.split("\n")[0]] if run.returncode != 0 else []


def judge(told, references, owns):
    """Adds to what is told of each file how its drawing differs from the original's."""
    drawn = [name for name in told if told[name] == []]
    for name in [name for name in drawn if not os.path.exists(references[name])]:
        told[name] = ["the original drew nothing"]
        drawn.remove(name)
    pairs = [(read(owns[name]), read(references[name])) for name in drawn]
    measured = letters.compare(pairs)
    if measured is None:
        print("letters are not compared: no browser")
    for name, pair, elsewhere in zip(drawn, pairs, measured or [[]] * len(drawn)):
        told[name] = structure.compare(*pair) + elsewhere


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
        references, owns = ({name: os.path.join(place, name + end) for name in names} for place, end in ((folder, ".ref.svg"), (out, ".svg")))
        told = {name: draw_file(draw, os.path.join(folder, name + ".drawio"), owns[name], not is_generated) for name in names}
        judge(told, references, owns)
    wrong = same = 0
    for name, texts in told.items():
        wrong += bool(texts)
        same += texts == []
        print(name, "refused" if texts is None else "DIFFERS" if texts else "same", *("\n    " + text for text in texts or []))
    print(f"{same} of {len(names)} the same in structure, {wrong} wrong")
    sys.exit(1 if wrong or same == 0 else 0)


if __name__ == "__main__":
    main()
