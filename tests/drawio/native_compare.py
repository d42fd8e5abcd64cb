#!/usr/bin/python3
"""Compares pictures of the renderer in C with pictures that the original drew of the same files.

usage: native_compare.py DRAW FOLDER [--out FOLDER] [--table FILE [--write]] [NN ...]

FOLDER holds NN.drawio and NN.ref.png (border 0). For each file that the renderer claims to draw: the size must agree within 3 pixels per unit of
scale, and the pictures must look alike. Two measures, on pictures scaled to one pixel per unit:
  far    share of dark or coloured pixels of one picture that have no like pixel of the other within 3 pixels (structure)
  tone   mean difference of the blurred pictures, of 255 (perception)
--table: the table in FILE must say the same, or with --write is made to.
"""
import os
import re
import struct
import subprocess
import sys
import tempfile

import numpy
from PIL import Image, ImageFilter

Image.MAX_IMAGE_PIXELS = None
REACH = 3
MAX_FAR = 0.02
MAX_TONE = 2.5
FAR_SLACK = 0.003  # of what the table says: other fonts and versions of libraries
TONE_SLACK = 0.3


def size_of(path):
    with open(path, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:24])


def scale_of(folder, name):
    """1 or 3: the references were made at either, and the SVG beside them says at which."""
    svg = os.path.join(folder, name + ".ref.svg")
    with open(svg, encoding="utf-8") as file:
        head = file.read(2000)
    width = float(head.split('width="')[1].split("px")[0])
    return max(1, round(size_of(os.path.join(folder, name + ".ref.png"))[0] / width))


def load(path, size):
    image = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    image = Image.alpha_composite(white, image).convert("RGB")
    if image.size != size:
        image = image.resize(size, Image.BOX)
    return image


def spread(array, reach, lowest):
    """Minimum or maximum over a square of 2*reach+1 pixels."""
    pick = numpy.minimum if lowest else numpy.maximum
    for axis in (0, 1):
        out = array.copy()
        for step in range(1, reach + 1):
            for sign in (1, -1):
                out = pick(out, numpy.roll(array, sign * step, axis))
        array = out
    return array


def far_share(mine, other):
    """Pixels of `mine` that lie outside of what `other` shows anywhere within reach, over all pixels that are not background."""
    low, high = spread(other, REACH, True), spread(other, REACH, False)
    outside = ((mine < low - 48) | (mine > high + 48)).any(axis=2)
    drawn = (abs(mine.astype(int) - 255) > 24).any(axis=2).sum()
    return outside.sum() / max(drawn, 400)


def measure(own, reference, scale):
    width, height = size_of(reference)
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    a, b = load(own, size), load(reference, size)
    mine, theirs = numpy.asarray(a).astype(numpy.int16), numpy.asarray(b).astype(numpy.int16)
    far = max(far_share(mine, theirs), far_share(theirs, mine))
    blurred = [numpy.asarray(i.filter(ImageFilter.GaussianBlur(2))).astype(float) for i in (a, b)]
    return far, abs(blurred[0] - blurred[1]).mean()


def judge(draw, folder, name, out):
    reference, own = os.path.join(folder, name + ".ref.png"), os.path.join(out, name + ".png")
    scale = scale_of(folder, name)
    source = os.path.join(folder, name + ".drawio")
    run = subprocess.run([draw, source, own, str(scale), "0"], stderr=subprocess.PIPE, text=True, check=False)
    if run.returncode not in (0, 3):
        return "failed", run.stderr.strip(), 0, 0
    width, height = size_of(own)
    wide, high = size_of(reference)
    far, tone = measure(own, reference, scale)
    if run.returncode == 3:
        return "no", run.stderr.split("\n")[0], far, tone
    if abs(width - wide) > 3 * scale or abs(height - high) > 3 * scale:
        return "WRONG SIZE", f"{width}x{height}, not {wide}x{high}", far, tone
    if far <= MAX_FAR and tone <= MAX_TONE:
        return "yes", "", far, tone
    return "DIFFERS", "", far, tone


def row(name, verdict, far, tone):
    return f"| {name} | {verdict} | {far:.4f} | {tone:.2f} |"


def is_told(line, name, verdict, detail, far, tone):
    """Whether a row of the table is true; without the application's stencils there is no telling of shapes from them."""
    told = re.fullmatch(r"\| (\w+) \| (yes|no) \| ([\d.]+) \| ([\d.]+) \|", line)
    if told is None or told[1] != name:
        return False
    if told[2] == "yes" and verdict == "no" and "the shape 'mxgraph." in detail:
        return True
    return told[2] == verdict and (verdict == "no" or (abs(float(told[3]) - far) <= FAR_SLACK and abs(float(told[4]) - tone) <= TONE_SLACK))


def check_table(path, results, may_write):
    """Names of the files about which the table is wrong."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    wrong = []
    for name, verdict, detail, far, tone in results:
        line = next((line for line in text.split("\n") if line.startswith(f"| {name} |")), "")
        if not is_told(line, name, verdict, detail, far, tone):
            wrong.append(name)
            text = text.replace(line, row(name, verdict, far, tone)) if line else text
    if may_write:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return [] if may_write else wrong


def take_option(arguments, name):
    """Removes "NAME VALUE" from the arguments; the value, or None."""
    if name not in arguments:
        return None
    i = arguments.index(name)
    value = arguments[i + 1]
    del arguments[i:i + 2]
    return value


def main():
    arguments = [a for a in sys.argv[1:] if a != "--write"]
    table, out = take_option(arguments, "--table"), take_option(arguments, "--out") or tempfile.mkdtemp(prefix="clx-drawio-")
    os.makedirs(out, exist_ok=True)
    draw, folder = arguments[0], os.environ.get("CLX_CASES", "") and os.path.join(os.environ["CLX_CASES"], "drawio") or arguments[1]
    if not os.path.isdir(folder):
        print("skipped: no folder", folder)
        sys.exit(77)
    names = arguments[2:] or sorted(f[:-7] for f in os.listdir(folder) if f.endswith(".drawio"))
    results = [(name, *judge(draw, folder, name, out)) for name in names]
    for name, verdict, detail, far, tone in results:
        print(f"{name}  {verdict:10}  far {far:.4f}  tone {tone:.2f}  {detail}")
    verdicts = [result[1] for result in results]
    drawn, wrong = verdicts.count("yes"), len([verdict for verdict in verdicts if verdict not in ("yes", "no")])
    print(f"{drawn} of {len(names)} drawn and alike, {wrong} wrong")
    untrue = check_table(table, results, "--write" in sys.argv) if table is not None and "CLX_CASES" not in os.environ else []
    if untrue:
        print("the table in", table, "is not true of", *untrue)
    if wrong or untrue or (len(arguments) == 2 and drawn * 2 < len(names)):
        sys.exit(1)


if __name__ == "__main__":
    main()
