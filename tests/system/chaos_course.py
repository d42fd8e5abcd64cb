"""The course of the chaos suite: 40 short jobs of all three types. make_course(folder) writes it."""
import pathlib

N_EVALUATED, N_PLAIN, N_PLANTUML, N_DRAWIO = 4, 24, 8, 4
N_JOBS = N_EVALUATED + N_PLAIN + N_PLANTUML + N_DRAWIO

EVALUATED = """# %%
value = {n}

# %%
print(sum(range(value + 10)))
"""
PLAIN = """# %% [markdown]
# # Topic {n}

# %%
print({n})
"""
PLANTUML = "@startuml\nAlice -> Bob : message {n}\nBob --> Alice : answer {n}\n@enduml\n"
DRAWIO = """<mxfile><diagram name="Page-1"><mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>
<mxCell id="2" value="box {n}" style="rounded=0;html=1;" vertex="1" parent="1"><mxGeometry x="{n}0" y="10" width="80" height="40"
as="geometry"/></mxCell></root></mxGraphModel></diagram></mxfile>
"""
DESKTOP = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o | --output) output=$2 ;;
    --output=*) output=${1#--output=} ;;
    esac
    shift
done
echo iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg== | base64 -d >"$output"
"""


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def make_course(folder):
    """Writes course.yaml, the sources and `desktop`, which stands in for the Draw.io desktop program."""
    folder = pathlib.Path(folder)
    topics = []
    for n in range(N_EVALUATED + N_PLAIN):
        topic = folder / "slides" / "module_100_m" / f"topic_{n:03}_t{n:03}"
        is_evaluated = n % ((N_EVALUATED + N_PLAIN) // N_EVALUATED) == 0  # kernels work all the time
        write(topic / f"slides_t{n:03}.py", (EVALUATED if is_evaluated else PLAIN).format(n=n))
        topics.append(f"      - {{id: t{n:03}, evaluate: {'true' if is_evaluated else 'false'}}}")
        if n < N_PLANTUML:
            write(topic / "pu" / f"sequence{n:03}.pu", PLANTUML.format(n=n))
        elif n < N_PLANTUML + N_DRAWIO:
            write(topic / "drawio" / f"box{n:03}.drawio", DRAWIO.format(n=n))
    write(folder / "course.yaml", "\n".join(["name: Chaos", "languages: [en]", "prog_lang: python",
                                             "outputs: {speaker: true, participant: false}", "sections:", "  - name: One",
                                             "    topics:", *topics]) + "\n")
    write(folder / "desktop", DESKTOP)
    (folder / "desktop").chmod(0o755)
