#!/usr/bin/python3
"""Looks in every output of every real notebook for text that its kind or language must not show: leaks.py CLX CASES.

What may be shown is found out here once more, from the text after Jinja and the table of tags alone, with none of the program's own code."""
import collections
import html
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

clx, cases = sys.argv[1], pathlib.Path(os.environ.get("CLX_CASES", sys.argv[2]))
KINDS = ("code-along", "completed", "speaker")
DROPPED = {"code-along": {"del", "notes", "alt"}, "completed": {"del", "notes", "start"}, "speaker": {"del", "start"}}
COMMENTS = {".py": "#", ".cpp": "//", ".c": "//", ".cs": "//", ".java": "//", ".ts": "//", ".rs": "//"}
LABELS = "*Answer:* *Antwort:*"
MIN_LENGTH = 6  # of a line that is looked for
PAGES = """  - {name: pages, path: ./output/pages, kinds: [code-along], formats: [html], languages: [de, en]}
"""


def run(*command):
    return subprocess.run([clx, *command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()


def cells_of(text, comment):
    """(metadata line, lines) of each cell; lines in front of the first marker belong to a cell without metadata."""
    marker = re.compile(rf"\s*{re.escape(comment)}\s*%%(\s.*)?$")
    cells = [("", [])]
    for line in text.splitlines():
        if marker.match(line):
            cells.append((line, []))
        else:
            cells[-1][1].append(line)
    return cells


def split(cell, language, kind):
    """The lines of a cell that may be seen, and those that must not."""
    header, lines = cell
    found = re.search(r"tags=(\[[^]]*\])", header) or re.search(r'"tags": *(\[[^]]*\])', header)
    tags = set(json.loads(found.group(1))) if found else set()
    active = re.search(r'(?<!["\w-])active="([\w,]*)"', header)
    own = re.search(r'lang="(\w+)"', header)
    is_code = not re.search(r"\[(markdown|md|raw)\]", header)
    if "active-py" in tags or (active and "ipynb" not in active.group(1)):
        is_code = False  # a raw cell
    if tags & DROPPED[kind] or (own and own.group(1) != language):
        return [], lines
    if kind != "code-along":
        return lines, []
    if "answer" in tags and not is_code:
        return [], lines
    if not is_code:
        return lines, []
    if not tags & {"keep", "start"}:
        return [], lines
    shown, hidden, inside = [], [], False
    for line in lines:
        if "### BEGIN SOLUTION" in line or "### END SOLUTION" in line:
            inside = "BEGIN" in line
        else:
            (hidden if inside else shown).append(line)
    return shown, hidden


def strings_of(value):
    if isinstance(value, dict):
        return [text for key, item in value.items() if key != "id" for text in strings_of(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings_of(item)]
    return [str(value)]


def text_of(output, suffix):
    """What a reader, or a search in the file, finds: the raw text and the text behind JSON or HTML."""
    if suffix == ".ipynb":
        return output + "\n".join(strings_of(json.loads(output)))
    if suffix == ".html":
        return output + html.unescape(re.sub(r"<[^>]*>", "", output))
    return output


def forbidden(cells, language, kind, comment):
    """Lines that only hidden text has. What stands in front of the first marker as comments is the file's header."""
    parts = [split(cell, language, kind) for cell in cells]
    if all(line.startswith(comment) or not line for line in cells[0][1]):
        parts[0] = cells[0][1], []
    shown = "\n".join([line for lines, _ in parts for line in lines] + [header for header, _ in cells] + [LABELS])
    strip = re.compile(rf"^\s*({re.escape(comment)} ?)*")
    hidden = {strip.sub("", line).strip() for _, lines in parts for line in lines}
    return {line for line in hidden if len(line) >= MIN_LENGTH and line not in shown}


def built(course):
    """Builds the golden course; each source with language, kind and the output's path."""
    spec = course / "course.yaml"
    spec.write_text(spec.read_text(encoding="utf-8").replace("sections:\n", PAGES + "sections:\n", 1), encoding="utf-8")
    run("-C", str(course), "build", "course.yaml", "--output-mode=quiet")
    paths = {path.stem.removeprefix("slides_"): path for path in (course / "slides").rglob("*") if path.suffix in COMMENTS}
    for row in (cases / "notebooks/map.tsv").read_text(encoding="utf-8").splitlines():
        name, language, kind, _, path, _ = row.split("\t")
        yield paths[name], language, kind, course / "output/all" / path
        if kind == "code-along" and path.endswith(".ipynb"):
            yield paths[name], language, kind, course / "output/pages" / path.replace("/Notebooks/", "/Html/").replace(".ipynb", ".html")


def converted(folder):
    """Sources of the other courses, each converted alone."""
    for source in sorted((cases / "courses").glob("*/slides/**/*")):
        if source.suffix in COMMENTS and "%%" in source.read_text(encoding="utf-8"):
            for language, kind in (("de", "code-along"), ("en", "code-along"), ("en", "completed")):
                output = folder / "output.ipynb"
                run("convert", str(source), "--language", language, "--kind", kind, "--output", str(output))
                yield source, language, kind, output


def expanded(source, language, templates):
    return run("expand", "--template-dir", str(templates), "--language", language, str(source))


def check(outputs, templates, empty_page):
    counts = collections.Counter()
    texts = {}
    for source, language, kind, output in outputs:
        comment = COMMENTS[source.suffix]
        if (source, language) not in texts:
            texts[source, language] = cells_of(expanded(source, language, templates), comment)
        hidden = forbidden(texts[source, language], language, kind, comment)
        text = text_of(output.read_text(encoding="utf-8"), output.suffix)
        found = [line for line in hidden if line in text and not (output.suffix == ".html" and line in empty_page)]
        counts.update(outputs=1, lines=len(hidden), found=len(found))
        for line in found:
            print(f"{source.name}: {language} {kind} {output.suffix}: {line}")
    return counts


if not (cases / "notebooks/map.tsv").is_file():
    print(f"skipped: leaks: no cases in {cases}")
    sys.exit(77)
with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    course = folder / "course"
    shutil.copytree(cases / "notebooks/course", course, copy_function=shutil.copyfile)
    (folder / "empty.py").touch()
    page = run("convert", "--to", "html", str(folder / "empty.py"))
    counts = check(itertools.chain(built(course), converted(folder)), course / "templates", page)
print(f"{counts['lines']} lines looked for in {counts['outputs']} outputs: {counts['found']} found")
sys.exit(1 if counts["found"] or counts["lines"] < 1000 else 0)
