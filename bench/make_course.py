"""Writes a course that looks like a real one in size and nothing else: make_course(folder, notebooks) -> path of its spec."""
import pathlib

TOPICS_PER_SECTION = 10
PARTS = 12
PART = '''
# %% [markdown] lang="de" tags=["slide"]
#
# ## Teil {part}
#
# Ein Absatz mit **{word}** und einer Formel: $x_{part} = {number}$.

# %% [markdown] lang="en" tags=["slide"]
#
# ## Part {part}
#
# A paragraph with **{word}** and a formula: $x_{part} = {number}$.

# %% tags=["keep"]
numbers_{part} = [n * {number} for n in range({part} + 3)]

# %%
print("{word}", sum(numbers_{part}))

# %% [markdown] lang="en" tags=["notes"]
#
# Ask what {word} means here.
'''
HEAD = '''# j2 from 'macros.j2' import header
# {{{{ header("Thema {n}", "Topic {n}") }}}}
'''
DIAGRAM = "@startuml\nclass A{n}\nclass B{n}\nA{n} --> B{n} : uses\n@enduml\n"
WORDS = ["list", "loop", "class", "module", "test", "file", "number"]


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_topic(folder, n, n_parts):
    parts = [PART.format(part=part, word=WORDS[(n + part) % len(WORDS)], number=n * part + 1) for part in range(1, n_parts + 1)]
    write(folder / f"slides_t{n:03}.py", HEAD.format(n=n) + "".join(parts))
    if n % 5 == 0:
        write(folder / "pu" / f"d{n:03}.pu", DIAGRAM.format(n=n))
    if n % 2 == 0:
        write(folder / "data" / f"values{n:03}.csv", "".join(f"{i},{i * n}\n" for i in range(200)))


ONE_OUTPUT = ["output_targets:", "  - {name: one, path: ./output, kinds: [completed], formats: [notebook], languages: [en]}"]


def make_course(folder, notebooks, evaluates=False, parts=PARTS, has_one_output=False):
    """Unless `evaluates`, no notebook is run: what is measured is clx, not a kernel. A part has five cells. `has_one_output`: of
    each notebook."""
    folder = pathlib.Path(folder)
    lines = ["name: {de: Messkurs, en: Bench Course}", "prog_lang: python", "sections:"]
    for n in range(1, notebooks + 1):
        section = (n - 1) // TOPICS_PER_SECTION + 1
        if n % TOPICS_PER_SECTION == 1:
            lines += [f"  - name: {{de: Woche {section}, en: Week {section}}}", "    topics:"]
        make_topic(folder / "slides" / f"module_{section:03}_m" / f"topic_{n:03}_t{n:03}", n, parts)
        lines.append(f"      - {{id: t{n:03}, evaluate: {str(evaluates).lower()}}}")
    lines += ONE_OUTPUT if has_one_output else []
    write(folder / "course.yaml", "\n".join(lines) + "\n")
    return folder / "course.yaml"
