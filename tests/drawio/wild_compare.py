#!/usr/bin/python3
"""Draws random diagrams (see wild.py) with the renderer in C and with the resident Draw.io: what the former does not refuse must look the same.

usage: wild_compare.py DRAW BROWSER KIND SEED COUNT [OUT]

Held against each other are the structure (structure.py), the place of each letter (letters.py) and the picture (native_compare.py).
"""
import os
import subprocess
import sys
import tempfile

import letters
import native_compare
import structure
import wild

SCALE = 2  # of pictures: lines are wider than what half a pixel makes of them
LEAST_AREA = 400 * 400  # pixels
MAX_FAR = 0.03
MAX_TONE = 4
MAX_FAR_OF_LABEL = 0.1  # underlines that lie a unit higher
MAX_TONE_OF_LABEL = 10  # letters that are hinted in another way


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def make(out, kind, seed, count):
    for i, text in enumerate(wild.diagrams(kind, seed, count)):
        path = os.path.join(out, f"{kind}-{seed}-{i:04}")
        with open(path + ".drawio", "w", encoding="utf-8") as file:
            file.write(text)
        yield path


def draws(draw, path):
    """Draws natively, as SVG and PNG; False when the renderer refuses the file."""
    runs = [subprocess.run([draw, path + ".drawio", path + end, str(SCALE), "0"], stderr=subprocess.PIPE, text=True, check=False) for end in (".svg", ".png")]
    return all(run.returncode == 0 for run in runs)


def draw_originals(browser, paths):
    for end in ("svg", "png"):
        pairs = [path + more for path in paths for more in (".drawio", ".ref." + end)]
        run = subprocess.run([browser, end, str(SCALE), "0", *pairs], stdout=subprocess.PIPE, text=True, check=False)
        if "is not there" in run.stdout:
            print("skipped:", run.stdout.split("\n")[0])
            sys.exit(77)


def structure_differs(own, reference):
    """Rules of labels aside, which the original leaves to the browser: the pictures tell of them."""
    return [text for text in structure.compare(own, reference) if not text.startswith("outline filled #808080 too much")]


def picture_differs(path, max_far, max_tone):
    far, tone = native_compare.measure(path + ".png", path + ".ref.png", 1)
    width, height = native_compare.size_of(path + ".ref.png")
    tone *= min(1, width * height / LEAST_AREA)  # a word fills a small picture
    is_like = far <= max_far and tone <= max_tone
    return [] if is_like else [f"picture: far {far:.4f} tone {tone:.2f}"]


def main():
    draw, browser, kind, seed, count = sys.argv[1:6]
    limits = (MAX_FAR_OF_LABEL, MAX_TONE_OF_LABEL) if kind in ("html", "labels") else (MAX_FAR, MAX_TONE)
    with tempfile.TemporaryDirectory(prefix="clx-wild-") as out:
        if len(sys.argv) > 6:
            out = sys.argv[6]
        paths = [path for path in make(out, kind, int(seed), int(count)) if draws(draw, path)]
        draw_originals(browser, paths)
        drawn = [path for path in paths if os.path.exists(path + ".ref.svg") and os.path.exists(path + ".ref.png")]
        pairs = [(read(path + ".svg"), read(path + ".ref.svg")) for path in drawn]
        wrong = 0
        for path, pair, elsewhere in zip(drawn, pairs, letters.compare(pairs)):
            told = structure_differs(*pair) + elsewhere + picture_differs(path, *limits)
            wrong += bool(told)
            print(os.path.basename(path), *(["DIFFERS"] + ["\n    " + text for text in told] if told else ["same"]))
    print(f"{count} made, {len(paths)} not refused, {len(paths) - len(drawn)} not drawn by the original, {wrong} wrong")
    sys.exit(1 if wrong or not drawn else 0)


if __name__ == "__main__":
    main()
