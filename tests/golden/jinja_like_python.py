#!/usr/bin/python3
"""Renders each template with clx and with Jinja2 itself and compares: jinja_like_python.py CLX. Skipped where Jinja2 is not installed."""
import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile
import traceback
import warnings

try:
    import jinja2
except ImportError:
    print("skipped: templates against Jinja2: python3-jinja2 is not installed")
    sys.exit(77)

warnings.simplefilter("ignore", SyntaxWarning)  # of what Jinja2 makes of odd templates

import jinja_corpus
import jinja_templates

GLOBALS = {"is_notebook": True, "is_html": False, "lang": "en", "author": "", "organization": "", "course_name": "", "prog_lang": "python"}


def line_of(error, folder):
    """The line of the template that the error is about, or None where Python itself refused the compiled template."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return error.lineno
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(folder))]
    return lines[-1] if lines else None


def render_by_python(environment, path):
    try:
        return environment.get_template(path.name).render(), None
    except Exception as error:  # whatever it is: the template is refused
        return None, line_of(error, path.parent)


def render_by_clx(path):
    answer = subprocess.run([sys.argv[1], "expand", path], capture_output=True, check=False)
    if answer.returncode not in (0, 2):
        sys.exit(f"{path.read_text()!r}: exit status {answer.returncode}: {answer.stderr.decode()}")
    place = re.match(r".*?:(\d+):\d+: error: ", answer.stderr.decode())
    return answer.stdout.decode() if answer.returncode == 0 else None, int(place[1]) if place else None


def compare(templates, siblings):
    """How many templates are not rendered as Jinja2 renders them."""
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for sibling, text in siblings.items():
            (folder / sibling).parent.mkdir(exist_ok=True)
            (folder / sibling).write_text(text, encoding="utf-8")
        environment = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined, line_statement_prefix="# j2",
                                         loader=jinja2.FileSystemLoader(folder))
        environment.globals.update(GLOBALS)
        paths = [folder / f"template-{i}.py" for i in range(len(templates))]
        for path, text in zip(paths, templates):
            path.write_text(text, encoding="utf-8", newline="")
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for path, text, (ours, our_line) in zip(paths, templates, pool.map(render_by_clx, paths)):
                theirs, their_line = render_by_python(environment, path)
                if ours != theirs or (their_line and our_line != their_line):
                    wrong += 1
                    print(f"{text!r}\n  Jinja2: {theirs!r}, line {their_line}\n  clx:    {ours!r}, line {our_line}")
    print(f"{len(templates) - wrong} alike, {wrong} different")
    return wrong


sys.exit(1 if sum(compare(corpus.TEMPLATES, corpus.SIBLINGS) for corpus in (jinja_templates, jinja_corpus)) else 0)
