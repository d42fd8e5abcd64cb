#!/usr/bin/python3
"""Edits a course at random, builds it incrementally, and compares with a clean build in an empty folder: byte for byte.

usage: incremental.py CLX [--rounds N] [--seed N] [--keep FOLDER] [--static]

Every step is chosen by the seed alone, so a failure comes again with the same seed; what was done is printed with it."""
import argparse
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

WORDS = ["list", "loop", "class", "module", "test", "file", "number"]
SECTIONS = ["Anfang", "Mitte", "Ende"]
JAR = pathlib.Path("/usr/share/plantuml/plantuml.jar")
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c4890000000d49444154789c63640000000600023081d02f0000000049454e44ae426082")


class Course:
    """A course in a folder, and the random changes that can be made to it; all of its state is in this object and in the files."""

    def __init__(self, root, rng, is_static):
        self.root, self.rng, self.n = root, rng, 0
        self.is_static = is_static  # nothing is run or drawn
        self.topics = {}  # id -> {"evaluate": bool, "section": int}
        self.spec = {"name": "Kurs", "author": "A", "kinds": None, "output": "output", "flip": False}
        self.is_broken = False
        for section in range(2):
            for _ in range(2):
                self.add_topic(section)
        self.write("templates/shared.j2", '{% set word = "one" %}\n')
        self.write_kernel(1)
        self.change_settings()
        self.write_spec()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def number(self):
        self.n += 1
        return self.n

    def word(self):
        return self.rng.choice(WORDS) + str(self.number())

    def write_kernel(self, version):
        argv = ["/usr/bin/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        kernel = {"argv": argv, "display_name": "Python 3", "language": "python", "env": {"KERNEL_VERSION_OF_TEST": str(version)}}
        self.write("jupyter/kernels/python3/kernel.json", json.dumps(kernel))

    def write_spec(self):
        lines = [f"name: {{de: {self.spec['name']}, en: Course}}", "prog_lang: python", f"author: {self.spec['author']}",
                 "template_dir: ./templates", "sections:"]
        sections = sorted({topic["section"] for topic in self.topics.values()})
        for section in sections:
            lines += [f"  - name: {{de: {SECTIONS[section]}, en: Part {section}}}", "    topics:"]
            ids = sorted((name for name, topic in self.topics.items() if topic["section"] == section), reverse=self.spec["flip"])
            lines += [f"      - {{id: {name}, evaluate: {str(self.topics[name]['evaluate']).lower()}}}" for name in ids]
        lines += ["output_targets:", f"  - {{name: all, path: ./{self.spec['output']}/all}}"]
        if self.spec["kinds"]:
            lines += [f"  - {{name: some, path: ./{self.spec['output']}/some, kinds: [{self.spec['kinds']}], languages: [en]}}"]
        self.write("course.yaml", "\n".join(lines) + "\n")

    def folder(self, name):
        return self.root / "slides" / "module_100_m" / f"topic_100_{name}"

    # ---- changes; each returns what it did, or None when there was nothing to do it to ----

    def add_topic(self, section=None):
        name = f"t{self.number()}"
        self.topics[name] = {"evaluate": not self.is_static and (len(self.topics) == 0 or self.rng.random() < 0.15),
                             "section": self.rng.randrange(3) if section is None else section}
        self.add_notebook(name)
        if self.rng.random() < 0.5:
            self.write(self.folder(name) / "data" / f"values_{name}.csv", self.word())
        if self.rng.random() < 0.3:
            self.add_diagram(name)
        self.write_spec()
        return f"topic {name} added"

    def add_notebook(self, name=None):
        name = name or self.rng.choice(sorted(self.topics))
        path = self.folder(name) / f"slides_{self.word()}.py"
        self.write(path, f"""# j2 from 'macros.j2' import header
# j2 from 'shared.j2' import word
# {{{{ header("{self.word()}", "{self.word()}") }}}}

# %% [markdown]
#
# {self.word()} {{{{ word }}}}

# %% tags=["keep"]
import os, pathlib
print({self.number()}, os.environ.get("KERNEL_VERSION_OF_TEST"))
for path in sorted(pathlib.Path(".").rglob("*.csv")): print(path, path.read_text())

# %% [markdown] lang="de"
# {self.word()}
""")
        return f"notebook {path.name} added to {name}"

    def add_diagram(self, name=None):
        if self.is_static:
            return None
        name = name or self.rng.choice(sorted(self.topics))
        self.write(self.folder(name) / "pu" / f"{self.word()}.puml", f"@startuml\n!include part.iuml\na -> b : {self.word()}\n@enduml\n")
        self.write(self.folder(name) / "pu" / "part.iuml", f"' {self.word()}\n")
        return f"diagram added to {name}"

    def pick(self, pattern):
        found = sorted(path for path in (self.root / "slides").rglob(pattern) if path.is_file())
        return self.rng.choice(found) if found else None

    def edit_prose(self):
        path = self.pick("slides_*.py")
        if path is None:
            return None
        path.write_bytes(path.read_bytes() + f"\n# %% [markdown]\n# {self.word()}\n".encode())
        return f"prose added to {path.name}"

    def edit_code(self):
        path = self.pick("slides_*.py")
        if path is None:
            return None
        path.write_bytes(path.read_bytes().replace(b"print(", f"print({self.number()}, ".encode(), 1))
        return f"code edited in {path.name}"

    def edit_title(self):
        path = self.pick("slides_*.py")
        if path is None:
            return None
        path.write_bytes(path.read_bytes().replace(b'header("', f'header("{self.rng.choice("XYZ")}'.encode(), 1))
        return f"title edited in {path.name}"

    def edit_secretly(self):
        """Same size, same mtime: only the inode's own time tells."""
        path = self.pick("*.csv") or self.pick("slides_*.py")
        if path is None:
            return None
        info, text = path.stat(), path.read_bytes()
        digits = bytes(ord("0") + self.rng.randrange(10) if chr(c).isdigit() else c for c in text[-12:])
        path.write_bytes(text[:-12] + digits)
        os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
        return f"{path.name} edited with its old size and date"

    def change_line_ends(self):
        path = self.pick("slides_*.py")
        if path is None:
            return None
        text = path.read_bytes()
        path.write_bytes(text.replace(b"\r\n", b"\n") if b"\r\n" in text else text.replace(b"\n", b"\r\n"))
        return f"line ends of {path.name} changed"

    def add_file(self):
        name = self.rng.choice(sorted(self.topics))
        suffix = self.rng.choice([".csv", ".txt", ".png", ".py"])
        path = self.folder(name) / self.rng.choice(["data", "", "img"]) / (self.word() + suffix)
        self.write(path, PNG if suffix == ".png" else f"# {self.word()}\n")
        return f"{path.name} added to {name}"

    def edit_file(self):
        path = self.pick("*.csv") or self.pick("*.iuml")
        if path is None:
            return None
        path.write_text(f"' {self.word()}\n" if path.suffix == ".iuml" else self.word())
        return f"{path.name} edited"

    def rename_file(self):
        path = self.pick("*")
        if path is None or path.suffix == ".iuml":
            return None
        new = path.with_name(("slides_" if path.name.startswith("slides_") else "") + self.word() + path.suffix)
        path.rename(new)
        return f"{path.name} renamed to {new.name}"

    def delete_file(self):
        path = self.pick("*")
        if path is None or path.suffix == ".iuml":
            return None
        path.unlink()
        return f"{path.name} deleted"

    def touch(self):
        path = self.pick("*")
        if path is None:
            return None
        os.utime(path, None if self.rng.random() < 0.5 else (1000000000, 1000000000 + self.number()))
        return f"{path.name} touched"

    def change_mode(self):
        path = self.pick("*.csv") or self.pick("*.txt")
        if path is None:
            return None
        path.chmod(path.stat().st_mode ^ 0o111)
        return f"mode of {path.name} changed"

    def delete_topic(self):
        if len(self.topics) < 3:
            return None
        name = self.rng.choice(sorted(self.topics))
        del self.topics[name]
        shutil.rmtree(self.folder(name), ignore_errors=True)
        self.write_spec()
        return f"topic {name} deleted"

    def edit_template(self):
        self.write("templates/shared.j2", f'{{% set word = "{self.rng.choice(WORDS)}" %}}\n')
        return "shared.j2 edited"

    def shadow_template(self):
        path = self.root / "templates" / "python" / "shared.j2"
        if path.exists():
            path.unlink()
            return "python/shared.j2 deleted"
        self.write(path, f'{{% set word = "{self.word()}" %}}\n')
        return "python/shared.j2 added"

    def shadow_macros(self):
        path = self.root / "templates" / "macros.j2"
        if path.exists():
            path.unlink()
            return "macros.j2 deleted"
        self.write(path, "{% macro header(de, en) %}# %% [markdown]\n# # {{ de }} / {{ en }}{% endmacro %}\n")
        return "macros.j2 added"

    def change_spec(self):
        key, value = self.rng.choice([("name", self.word().title()), ("author", self.word()), ("flip", not self.spec["flip"]),
                                      ("kinds", self.rng.choice([None, "completed", "speaker, code-along"])),
                                      ("output", self.rng.choice(["output", "built"]))])
        self.spec[key] = value
        self.write_spec()
        return f"spec: {key} is {value}"

    def change_topic(self):
        name = self.rng.choice(sorted(self.topics))
        if self.rng.random() < 0.5 and not self.is_static:
            self.topics[name]["evaluate"] = not self.topics[name]["evaluate"]
        else:
            self.topics[name]["section"] = self.rng.randrange(3)
        self.write_spec()
        return f"spec: topic {name} is {self.topics[name]}"

    def change_kernel(self):
        self.write_kernel(self.number())
        return "the kernel has another version"

    def change_settings(self):
        """Those that a build may take from a file; the time limit of a cell is part of what a run can see."""
        limit, images = self.rng.choice([60, 120, 300]), self.rng.choice(["duplicated", "shared"])
        warm, count = self.rng.choice(["true", "false"]), self.rng.choice([1, 2])
        self.write(".clx/config.toml", f'[build]\ncell_timeout = {limit}\nimage_mode = "{images}"\n[notebooks]\nwarm_kernels = {warm}\n'
                   f"[worker_management]\ndefault_worker_count = {count}\n")
        return f"settings: cell_timeout {limit}, images {images}, warm kernels {warm}, {count} worker(s)"

    def change_jar(self):
        """Another version of PlantUML: the file is replaced, or only touched."""
        jar = self.root.parent / "plantuml.jar"
        if not JAR.exists():
            return None
        jar.unlink(missing_ok=True)
        shutil.copy(JAR, jar)
        os.utime(jar, (1500000000, 1500000000 + self.number()))
        return "the jar of PlantUML is another"

    def break_or_mend(self):
        path = self.root / "templates" / "shared.j2"
        self.is_broken = not self.is_broken
        self.write(path, "{% set word = nowhere.at_all %}\n" if self.is_broken else '{% set word = "mended" %}\n')
        return "shared.j2 broken" if self.is_broken else "shared.j2 mended"


CHANGES = ([Course.edit_prose] * 3 + [Course.edit_code] * 2 + [Course.edit_file] * 2 + [
    Course.edit_title, Course.edit_secretly, Course.change_line_ends, Course.add_file, Course.add_notebook, Course.add_topic,
    Course.add_diagram, Course.rename_file, Course.delete_file, Course.touch, Course.change_mode, Course.delete_topic,
    Course.edit_template, Course.shadow_template, Course.shadow_macros, Course.change_spec, Course.change_topic, Course.change_kernel,
    Course.change_settings, Course.change_jar, Course.break_or_mend])


class Test:
    def __init__(self, clx, seed, folder, is_static):
        self.clx, self.folder = clx, folder
        self.rng = random.Random(seed)
        self.env = dict(os.environ, HOME=str(folder), XDG_CONFIG_HOME=str(folder / "config"), XDG_STATE_HOME=str(folder / "state"))
        self.log = []
        self.is_repaired = False  # the last build succeeded, and nothing was changed since
        (folder / "course" / ".clx").mkdir(parents=True)
        self.course = Course(folder / "course", self.rng, is_static)
        if self.course.change_jar():
            self.env["PLANTUML_JAR"] = str(folder / "plantuml.jar")

    def command(self, root, *options):
        return [self.clx, "-C", str(root), "build", "course.yaml", "-O", "quiet", *options]

    def build(self, root, *options):
        env = dict(self.env, JUPYTER_PATH=str(root / "jupyter"))
        done = subprocess.run(self.command(root, *options), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=600)
        return done.returncode, done.stderr

    def kill_a_build(self):
        env = dict(self.env, JUPYTER_PATH=str(self.course.root / "jupyter"))
        process = subprocess.Popen(self.command(self.course.root), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        moment = self.rng.choice([0.01, 0.05, 0.1, 0.3, 0.6, 1.0, 1.5])
        try:
            process.wait(moment)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return f"a build killed after {moment} s"

    def build_a_part(self):
        part = self.rng.choice([["--language", "de"], ["--language", "en"], ["--targets", "all"], ["--speaker-only"],
                                ["--only", self.rng.choice(sorted(self.course.topics))], ["--incremental"], ["--keep-directory"]])
        self.build(self.course.root, *part)
        return "built with " + " ".join(part)

    def damage(self):
        """Things that happen to output trees and caches; each is repaired by the next build."""
        trees = [path for name in ("output", "built") for path in (self.course.root / name).rglob("*") if path.is_file()]
        objects = [path for path in (self.course.root / "clx_cache.objects").rglob("*") if path.is_file()]
        files, what = self.rng.choice([(sorted(trees), "output"), (sorted(objects), "object")])
        if not files:
            return None
        path = self.rng.choice(files)
        if self.rng.random() < 0.5:
            path.unlink()
            return f"{what} {path.name} deleted"
        path.write_bytes(b"damaged")
        return f"{what} {path.name} damaged"

    def change(self):
        chance = self.rng.random()
        if chance < 0.1:
            return self.damage() if self.is_repaired else None
        if chance < 0.2:
            return self.kill_a_build()
        if chance < 0.3:
            return self.build_a_part()
        return self.rng.choice(CHANGES)(self.course)

    def clean_build(self):
        root = self.folder / "clean"
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir()
        for name in ("course.yaml", "slides", "templates", "jupyter", ".clx"):
            path = self.course.root / name
            if path.is_dir():
                shutil.copytree(path, root / name)
            else:
                shutil.copy2(path, root / name)
        return root, self.build(root)

    def compare(self):
        status, errors = self.build(self.course.root)
        root, (clean_status, clean_errors) = self.clean_build()
        if status != clean_status:
            return f"exit status {status}, of the clean build {clean_status}\n{errors}\n--- clean:\n{clean_errors}"
        self.is_repaired = status == 0
        if status != 0:
            return None if self.course.is_broken else f"both builds failed:\n{errors}"
        return difference(read_trees(self.course.root), read_trees(root))

    def round(self, n):
        self.log.append(f"round {n}:")
        # An output that was changed by hand stays when its source goes: damage is repaired before anything else changes.
        for _ in range(self.rng.randint(1, 4)):
            done = self.change()
            if done is None:
                continue
            self.log.append("  " + done)
            if "damaged" in done or "deleted" in done and "output" in done:
                self.build(self.course.root)
            else:
                self.is_repaired = False
        return self.compare()


def read_trees(root):
    """path -> (bytes, executable) of everything below the output trees."""
    return {str(path.relative_to(root)): (path.read_bytes(), bool(path.stat().st_mode & 0o100))
            for name in ("output", "built") for path in (root / name).rglob("*") if path.is_file()}


def difference(ours, clean):
    lines = [f"missing: {path}" for path in sorted(clean.keys() - ours.keys())]
    lines += [f"stray: {path}" for path in sorted(ours.keys() - clean.keys())]
    lines += [f"different: {path}" for path in sorted(ours.keys() & clean.keys()) if ours[path] != clean[path]]
    return "\n".join(lines[:20]) or None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clx")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--static", action="store_true", help="no code is run, no diagram drawn: many more rounds in the same time")
    arguments = parser.parse_args()
    folder = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="clx-incremental-"))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    test = Test(str(pathlib.Path(arguments.clx).resolve()), arguments.seed, folder, arguments.static)
    print(f"1..{arguments.rounds}")
    for n in range(1, arguments.rounds + 1):
        problem = test.round(n)
        print(f"{'not ' if problem else ''}ok {n} - seed {arguments.seed}, round {n}", flush=True)
        if problem:
            print("# " + "\n# ".join(test.log + problem.split("\n")))
            return 1
    if not arguments.keep:
        shutil.rmtree(folder)
    return 0


sys.exit(main())
