#!/usr/bin/python3
"""Writes files as C strings: embed.py OUTPUT.c NAME=FILE…; the header that declares them is written by hand."""
import sys


def main():
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        for argument in sys.argv[2:]:
            name, path = argument.split("=", 1)
            with open(path, "rb") as file:
                lines = file.read().splitlines(keepends=True)
            out.write("extern const char %s[];\nconst char %s[] =\n" % (name, name))
            for line in lines or [b""]:
                out.write('    "%s"\n' % "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else "\\%03o" % b for b in line))
            out.write("    ;\n")


main()
