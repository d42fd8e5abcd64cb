#!/usr/bin/python3
"""Renders each template with clx and with Jinja2 itself and compares: jinja_like_python.py CLX. Skipped where Jinja2 is not installed."""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile

try:
    import jinja2
except ImportError:
    print("skipped: templates against Jinja2: python3-jinja2 is not installed")
    sys.exit(77)

from jinja_templates import SIBLINGS, TEMPLATES

GLOBALS = {"is_notebook": True, "is_html": False, "lang": "en", "author": "", "organization": "", "course_name": "", "prog_lang": "python"}


def render_by_python(environment, text):
    try:
        return environment.from_string(text).render()
    except Exception:  # whatever it is: the template is refused
        return None


def render_by_clx(path):
    answer = subprocess.run([sys.argv[1], "expand", path], capture_output=True, check=False)
    if answer.returncode not in (0, 2):
        sys.exit(f"{path.read_text()!r}: exit status {answer.returncode}: {answer.stderr.decode()}")
    return answer.stdout.decode() if answer.returncode == 0 else None


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    for sibling, text in SIBLINGS.items():
        (folder / sibling).write_text(text, encoding="utf-8")
    environment = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined, line_statement_prefix="# j2",
                                     loader=jinja2.FileSystemLoader(folder))
    environment.globals.update(GLOBALS)
    paths = []
    for i, text in enumerate(TEMPLATES):
        paths.append(folder / f"template-{i}.txt")
        paths[-1].write_text(text, encoding="utf-8", newline="")
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for text, ours in zip(TEMPLATES, pool.map(render_by_clx, paths)):
            theirs = render_by_python(environment, text)
            if ours != theirs:
                wrong += 1
                print(f"{text!r}\n  Jinja2: {theirs!r}\n  clx:    {ours!r}")
    print(f"{len(TEMPLATES) - wrong} alike, {wrong} different")
sys.exit(1 if wrong else 0)
