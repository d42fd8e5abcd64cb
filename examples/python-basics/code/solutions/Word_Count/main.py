"""Counts the words of the files on the command line."""

import sys
from pathlib import Path

for name in sys.argv[1:]:
    print(len(Path(name).read_text(encoding="utf-8").split()), name)
