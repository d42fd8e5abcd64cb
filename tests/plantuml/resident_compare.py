#!/usr/bin/python3
"""The resident JVM draws what PlantUML draws when it is started for each diagram: the same bytes.

usage: resident_compare.py DRAW [FOLDER]

PLANTUML_JAR chooses the version. Draws some diagrams of its own, in PNG; with CLX_ALL_DIAGRAMS set also those of FOLDER (*.puml), and in SVG too. Those that PlantUML itself calls mistaken
are drawn in between, to see that they do no harm, and not compared.
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

OWN = {
    "sequence": "@startuml\nA -> B : ä\nactivate B\nnote right: 漢\nreturn ok\n@enduml\n",
    "broken": "@startuml\nA -> B\nthis is (((\n@enduml\n",
    "class": "@startuml\n!include part.iuml\nclass C {\n +m(): int\n}\nC <|-- D\n@enduml\n",
    "activity": "@startuml\nstart\nif (a?) then (yes)\n :b;\nendif\nstop\n@enduml\n",
    "theme": "@startuml\n!theme own from themes\nA -> B\n@enduml\n",  # a mistake to versions before 1.2021
    "mindmap": "@startmindmap\n* a\n** b\n** c\n@endmindmap\n",
}
KINDS_WITHOUT_SKINPARAM = ("@startjson", "@startyaml")


def jar():
    given = os.environ.get("PLANTUML_JAR")
    for path in [given] if given else ["/usr/share/plantuml/plantuml.jar", "/usr/local/share/plantuml/plantuml.jar"]:
        if os.path.isfile(path):
            return path
    print(f"skipped: no {given or 'plantuml.jar'}")
    return sys.exit(77)


def draw_alone(source, form, folder):
    """As a user would, with a JVM of its own; None when PlantUML finds a mistake."""
    text = source.read_text(encoding="utf-8")
    options = [f"-t{form}", "-nometadata", "-charset", "UTF-8"]
    folder.mkdir()
    if form == "png" and text.startswith(KINDS_WITHOUT_SKINPARAM):
        text = text.replace("\n", "\nscale 200/96\n", 1)
    elif form == "png":
        options.append("-Sdpi=200")
    copy = folder / "x.puml"
    copy.write_text(text, encoding="utf-8")
    for part in ("part.iuml", "themes/puml-theme-own.puml"):
        if (source.parent / part).exists():
            (folder / part).parent.mkdir(exist_ok=True)
            shutil.copy(source.parent / part, folder / part)
    run = subprocess.run(["java", "-Djava.awt.headless=true", "-XX:TieredStopAtLevel=1", "-DPLANTUML_LIMIT_SIZE=16384", "-jar", jar(), *options, copy],
                         env={**os.environ, "LC_ALL": "C.UTF-8"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    pictures = sorted(folder.glob("*." + form), key=lambda path: (path.name != "x." + form, path.name))
    return pictures[0].read_bytes() if run.returncode == 0 and pictures else None


def compare(draw, sources, form, folder):
    out = folder / form
    out.mkdir()
    pairs = [word for source in sources for word in (source, out / (source.stem + "." + form))]
    told = subprocess.run([draw, form, *pairs], stdout=subprocess.PIPE, text=True, check=True).stdout
    wrong = same = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        alone = list(pool.map(lambda source: draw_alone(source, form, out / ("alone-" + source.stem)), sources))
    for source, reference in zip(sources, alone):
        own = out / (source.stem + "." + form)
        if reference is None or not own.exists():
            continue
        is_same = own.read_bytes() == reference
        same += is_same
        wrong += not is_same
        if not is_same:
            print(f"{source.name}: other bytes than those of a JVM of its own ({form})")
    print(told, end="")
    print(f"{form}: {same} of {len(sources)} the same, {wrong} different")
    return wrong == 0 and same > len(sources) / 2


def refuses_what_has_no_svg(draw, folder):
    """Some versions have no SVG of a ditaa diagram and write a PNG instead: that is said, and no picture of another kind is taken."""
    source, picture = folder / "ditaa.puml", folder / "ditaa.svg"
    source.write_text("@startditaa\n+---+\n| a |\n+---+\n@endditaa\n", encoding="utf-8")
    told = subprocess.run([draw, "svg", source, picture], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    print(told or "ditaa: drawn as SVG")
    return told.endswith("draws diagrams of this kind as PNG only") if told else picture.read_bytes().lstrip().startswith((b"<?xml", b"<svg"))


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="clx-plantuml-"))
    cases = pathlib.Path(os.environ.get("CLX_CASES", "")) / "plantuml" if os.environ.get("CLX_CASES") else pathlib.Path(sys.argv[2])
    jar()
    if not shutil.which("java"):
        print("skipped: no java")
        sys.exit(77)
    (folder / "part.iuml").write_text("class Included\n", encoding="utf-8")
    (folder / "themes").mkdir()
    (folder / "themes" / "puml-theme-own.puml").write_text("skinparam backgroundColor #fedcba\n", encoding="utf-8")
    sources = [folder / ("own-" + name + ".puml") for name in OWN]
    for source in sources:
        source.write_text(OWN[source.stem.removeprefix("own-")], encoding="utf-8")
    forms = ["png"]
    if os.environ.get("CLX_ALL_DIAGRAMS"):
        sources += sorted(cases.glob("*.puml"))
        forms.append("svg")
    good = [compare(sys.argv[1], sources, form, folder) for form in forms] + [refuses_what_has_no_svg(sys.argv[1], folder)]
    shutil.rmtree(folder)
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
