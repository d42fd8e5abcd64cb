#!/usr/bin/python3
"""Writes the hash of the sources that results depend on: result-version.py OUTPUT.c FILE…

A result of an older program is then never taken for one of this program, and no number has to be raised by hand."""
import hashlib
import sys

hasher = hashlib.sha256()
for path in sorted(sys.argv[2:]):
    with open(path, "rb") as file:
        hasher.update(hashlib.sha256(file.read()).digest())
with open(sys.argv[1], "w", encoding="utf-8") as out:
    out.write('#include "build/result_version.h"\n\nconst char result_version[] = "%s";\n' % hasher.hexdigest()[:16])
