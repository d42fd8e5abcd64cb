"""Diagrams: a resident JVM beside a JVM for each, and what a diagram takes the resident Draw.io."""
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import time

SHAPES = ["rounded=1", "ellipse", "rhombus", "shape=cylinder3", "shape=note", "shape=process", "text", "swimlane", "shape=mxgraph.aws4.ec2"]
JARS = [os.environ.get("PLANTUML_JAR"), "/usr/share/plantuml/plantuml.jar", "/usr/local/share/plantuml/plantuml.jar"]


def plantuml_source(n):
    kinds = [
        f"A -> B : message {n}\nactivate B\nB -> C : call\nC --> B : answer\nB --> A : done\ndeactivate B",
        f"class A{n} {{\n +a: int\n +m(): str\n}}\nA{n} <|-- B\nB *-- C : part",
        f"start\nif (ready {n}?) then (yes)\n :work;\nelse (no)\n :wait;\nendif\nstop",
        f"object o{n} {{\n a = {n}\n}}\nobject p\no{n} --> p",
    ]
    return f"@startuml\n{kinds[n % len(kinds)]}\n@enduml\n"


def drawio_source(n):
    """Twenty boxes of many kinds and their connectors; one shape that only the original can draw."""
    pick, cells = random.Random(n), ['<mxCell id="0"/><mxCell id="1" parent="0"/>']
    for i in range(20):
        style = SHAPES[(n + i) % len(SHAPES)] + ";html=1;whiteSpace=wrap;"
        cells.append(f'<mxCell id="v{i}" value="Step &lt;b&gt;{i}&lt;/b&gt;" style="{style}" vertex="1" parent="1"><mxGeometry x="{i % 5 * 180}" '
                     f'y="{i // 5 * 120}" width="120" height="60" as="geometry"/></mxCell>')
        if i > 0:
            cells.append(f'<mxCell id="e{i}" style="edgeStyle=orthogonalEdgeStyle;html=1;" edge="1" parent="1" source="v{pick.randrange(i)}" '
                         f'target="v{i}"><mxGeometry relative="1" as="geometry"/></mxCell>')
    return f'<mxfile><diagram name="A"><mxGraphModel><root>{"".join(cells)}</root></mxGraphModel></diagram></mxfile>'


def make_course(folder, suffix, source, n):
    topic = folder / "slides" / "module_010_a" / "topic_010_a"
    (topic / "pu").mkdir(parents=True)
    (topic / "slides_a.py").write_text("# %% [markdown]\n# A\n")
    (folder / "course.yaml").write_text("name: A\nlanguage: en\nprog_lang: python\noutput_targets: [{name: all, path: out, formats: [code], kinds: "
                                        "[completed]}]\nsections: [{name: A, topics: [a]}]\n")
    sources = [topic / "pu" / f"d{i:02d}{suffix}" for i in range(n)]
    for i, path in enumerate(sources):
        path.write_text(source(i), encoding="utf-8")
    return sources


def build(clx, course, **settings):
    environment = {**os.environ, **settings}
    start = time.perf_counter()
    run = subprocess.run([clx, "-C", course, "build", "course.yaml", "--output-mode", "json"], stdout=subprocess.PIPE, env=environment, check=True)
    return (time.perf_counter() - start) * 1000, json.loads(run.stdout)


def alone(jar, sources, folder):
    """A JVM for each diagram, one after the other, in the way that existing tools start it."""
    folder.mkdir()
    start = time.perf_counter()
    for source in sources:
        subprocess.run(["java", "-Djava.awt.headless=true", "-jar", jar, "-tpng", "-Sdpi=200", "-o", folder, source], check=True)
    return (time.perf_counter() - start) * 1000


def bench_plantuml(clx, folder, show):
    jar = next((path for path in JARS if path and os.path.isfile(path)), None)
    if jar is None or not shutil.which("java"):
        print("diagrams: no java or plantuml.jar")
        return
    sources = make_course(folder / "warm", ".pu", plantuml_source, 6)
    build(clx, folder / "warm")  # what is made once: the archive of classes
    sources = make_course(folder / "plantuml", ".pu", plantuml_source, 20)
    ours, _ = build(clx, folder / "plantuml")
    show("build of 20 PlantUML diagrams over a JVM for each", ours, alone(jar, sources, folder / "alone"))


def bench_drawio(clx, folder):
    make_course(folder / "drawio", ".drawio", drawio_source, 25)
    try:
        _, report = build(clx, folder / "drawio", CLX_EXTERNAL_TOOLS__DRAWIO_RENDERER="browser")
    except subprocess.CalledProcessError as error:
        print("diagrams: no resident Draw.io: " + error.stdout.decode()[:200])
        return
    times = sorted(job["duration_s"] for job in report["jobs"] if job["file"].endswith(".drawio"))
    print(f"{'resident Draw.io, first diagram with the browser start':58} {times[-1]:9.2f} s     (the browser is up in about 2)")
    print(f"{'resident Draw.io, median of a diagram':58} {statistics.median(times):9.2f} s     (wanted: under 0.4)")


def bench_diagrams(build_folder, folder, show):
    clx = pathlib.Path(build_folder) / "clx"
    folder.mkdir()
    bench_plantuml(clx, folder, show)
    bench_drawio(clx, folder)
