#!/usr/bin/python3
"""Compares pictures of the resident Draw.io with pictures that the original drew of the same files: same size, under 1 % of the pixels differ.

usage: browser_compare.py DRAW FOLDER [NN ...]         FOLDER holds NN.drawio and NN.ref.png (border 0)
"""
import os
import subprocess
import sys
import tempfile

import numpy
from PIL import Image

from native_compare import scale_of

Image.MAX_IMAGE_PIXELS = None
MAX_SHARE = 0.01
TOLERANCE = 16  # of a channel: what antialiasing may differ by


def share_of_differing(own, reference):
    """Of all pixels, those that differ visibly; None when the sizes differ."""
    pictures = [Image.open(path).convert("RGBA") for path in (own, reference)]
    white = [Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB") for picture in pictures]
    if white[0].size != white[1].size:
        return None
    a, b = (numpy.asarray(picture).astype(numpy.int16) for picture in white)
    return float((abs(a - b).max(axis=2) > TOLERANCE).mean())


def judge(name, folder, own):
    reference = os.path.join(folder, name + ".ref.png")
    if not os.path.exists(own):
        return f"{name}  NOT DRAWN", False
    share = share_of_differing(own, reference)
    if share is None:
        return f"{name}  WRONG SIZE {Image.open(own).size}, not {Image.open(reference).size}", False
    return f"{name}  {share * 100:.3f} % differ", share < MAX_SHARE


def main():
    folder = os.environ.get("CLX_CASES", "") and os.path.join(os.environ["CLX_CASES"], "drawio") or sys.argv[2]
    if not os.path.isdir(folder):
        print("skipped: no folder", folder)
        sys.exit(77)
    names = sys.argv[3:] or sorted(f[:-7] for f in os.listdir(folder) if f.endswith(".drawio"))
    good = True
    with tempfile.TemporaryDirectory(prefix="clx-drawio-") as out:
        for scale in sorted({scale_of(folder, name) for name in names}):
            wanted = [name for name in names if scale_of(folder, name) == scale]
            pairs = [word for name in wanted for word in (os.path.join(folder, name + ".drawio"), os.path.join(out, name + ".png"))]
            run = subprocess.run([sys.argv[1], "png", str(scale), "0", *pairs], stdout=subprocess.PIPE, text=True, check=False)
            if "is not there" in run.stdout:
                print("skipped:", run.stdout.split("\n")[0])
                sys.exit(77)
            print(run.stdout, end="")
        for name in names:
            text, is_good = judge(name, folder, os.path.join(out, name + ".png"))
            print(text)
            good &= is_good
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
