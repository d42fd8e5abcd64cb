"""The renderer in C: the processor time of a typical Draw.io diagram, and of 500 on two cores; its memory."""
import subprocess
import time

SHAPES = ["rounded=1;whiteSpace=wrap;html=1;fillColor=#dae8fc;strokeColor=#6c8ebf", "rhombus;whiteSpace=wrap;html=1",
          "shape=cylinder3;whiteSpace=wrap;html=1;boundedLbl=1;size=15", "ellipse;whiteSpace=wrap;html=1;shadow=1",
          "swimlane;whiteSpace=wrap;html=1", "shape=note;whiteSpace=wrap;html=1;size=14;fillColor=#fff2cc;gradientColor=#ffd966"]


def diagram(number):
    """20 shapes with labels in HTML and 19 edges between them."""
    cells = []
    for i in range(20):
        x, y = (i % 5) * 170, (i // 5) * 120
        cells.append(f'<mxCell id="v{i}" value="Step {number}.{i} &lt;b&gt;of a course&lt;/b&gt;&lt;br&gt;with two lines" vertex="1" parent="1" '
                     f'style="{SHAPES[(i + number) % len(SHAPES)]}"><mxGeometry x="{x}" y="{y}" width="120" height="60" as="geometry"/></mxCell>')
        if i > 0:
            cells.append(f'<mxCell id="e{i}" value="uses {i}" edge="1" parent="1" source="v{i - 1}" target="v{i}" '
                         'style="edgeStyle=orthogonalEdgeStyle;rounded=1;html=1"><mxGeometry relative="1" as="geometry"/></mxCell>')
    return ('<mxfile><diagram name="Page-1"><mxGraphModel><root><mxCell id="0"/><mxCell id="1" parent="0"/>' + "".join(cells)
            + "</root></mxGraphModel></diagram></mxfile>")


def bench_drawio(folder, build, diagrams=500):
    folder.mkdir()
    paths = []
    for number in range(diagrams):
        paths.append(folder / f"{number}.drawio")
        paths[-1].write_text(diagram(number))
    program = build / "bench" / "bench-drawio"
    start = time.perf_counter()
    halves = [subprocess.Popen([program, *paths[half::2]], stdout=subprocess.PIPE, text=True) for half in (0, 1)]
    answers = [half.communicate()[0].split() for half in halves]
    elapsed = time.perf_counter() - start
    seconds = sum(float(answer[0]) for answer in answers)
    early, late = (max(int(answer[place]) for answer in answers) for place in (3, 4))
    print(f"{'processor time of a Draw.io diagram to PNG, in C':58} {seconds / diagrams * 1000:9.2f} ms    (wanted: under 30)")
    print(f"{f'{diagrams} Draw.io diagrams on two cores, in C':58} {elapsed:9.2f} s     (wanted: under 10)")
    print(f"{'memory after all of them over after a tenth of them':58} {late:9} KiB / {early:9} KiB = {late / early:6.2f}")
