"""Draw.io files made by rule: every shape, turn, line and arrow that the renderer in C says it draws, laid out on a grid.

cases(seed, share) gives (name, text of a file) for the share (0 to 1) of the cells that a seeded draw picks; the same ones for the same seed.
"""
import random
from xml.sax.saxutils import quoteattr

SHAPES = """rectangle ellipse doubleEllipse rhombus triangle hexagon line cloud actor cylinder swimlane partialRectangle callout card corner cross cube
curlyBracket cylinder2 cylinder3 dataStorage datastore delay display document doubleArrow internalStorage lineEllipse loopLimit manualInput message note
note2 offPageConnector orEllipse parallelogram process singleArrow step sumEllipse tape tee trapezoid waypoint component endState folder lollipop module
providedRequiredInterface requiredInterface requires startState umlActor umlBoundary umlControl umlDestroy umlEntity umlFrame umlLifeline
associativeEntity collate crossbar database dimension ext isoCube isoCube2 isoRectangle or plus sortShape switch tapeData transparent xor""".split()
ARROWS = """none classic classicThin block blockThin open openThin oval diamond diamondThin async openAsync box circle circlePlus halfCircle cross dash ERone
ERmandOne ERmany ERoneToMany ERzeroToOne ERzeroToMany""".split()
EDGES = ["none", "orthogonalEdgeStyle", "elbowEdgeStyle;elbow=vertical", "elbowEdgeStyle;elbow=horizontal", "segmentEdgeStyle", "sideToSideEdgeStyle",
         "topToBottomEdgeStyle", "entityRelationEdgeStyle", "isometricEdgeStyle", "isometricEdgeStyle;elbow=vertical"]
EFFECTS = ["", "dashed=1;", "dashed=1;dashPattern=8 4 1 4;strokeWidth=2;", "gradientColor=#7EA6E0;fillColor=#ffe6cc;", "shadow=1;fillColor=#d5e8d4;",
           "rounded=1;strokeWidth=3;", "fillColor=none;strokeColor=#b85450;", "strokeColor=none;fillColor=#dae8fc;", "opacity=50;fillColor=#f8cecc;"]
TURNS = ["", "rotation=30;", "rotation=90;", "direction=south;", "direction=west;", "direction=north;", "flipH=1;", "flipV=1;",
         "flipH=1;direction=south;", "flipV=1;direction=north;", "rotation=45;flipH=1;"]
FIXED = ["", "exitX=1;exitY=0.5;entryX=0;entryY=0.5;", "exitX=0.5;exitY=1;exitDx=0;exitDy=0;entryX=0.5;entryY=0;entryDx=0;entryDy=0;",
         "exitX=0;exitY=0.25;entryX=1;entryY=0.75;exitPerimeter=0;entryPerimeter=0;", "exitX=0.5;exitY=0;entryX=0.5;entryY=1;entryDx=10;entryDy=5;"]
WAYS = [[], [(90, -20)], [(60, 90), (120, 90)], [(20, 80), (80, 20), (120, 110)]]
LABELS = ["A label", "Two<br>lines", "<b>bold</b> and <i>thin</i>", "some words that need more than one line",
          "<div>one</div><div>two</div>", "<font style=\"font-size: 18px\">large</font> small"]
AWS = {"resourceIcon": ("resIcon", "ec2 lambda s3 redshift_ra3 snowcone"), "productIcon": ("prIcon", "athena dynamodb namespace reserved_instance_reporting"),
       "group": ("grIcon", "group_vpc group_region group_aws_cloud"), "groupCenter": ("grIcon", "group_auto_scaling_group group_security_group"),
       "group2": ("grIcon", "group_subnet group_on_premise lambda")}
AWS_LOOKS = ["fillColor=#ED7100;strokeColor=#ffffff;gradientColor=none;pointerEvents=1;", "fillColor=#277116;strokeColor=#ffffff;gradientColor=#60A337;",
             "fillColor=#277116;strokeColor=#232F3E;gradientColor=#60A337;gradientDirection=north;", "fillColor=none;strokeColor=#00A4A6;dashed=1;pointerEvents=0;",
             "fillColor=none;gradientColor=#F34482;gradientDirection=east;grStroke=0;", "fillColor=#E6F2F8;strokeColor=none;", "shadow=1;strokeWidth=2;opacity=60;",
             "fillColor=#D05C17;gradientColor=#F78E04;gradientDirection=radial;strokeColor=#ffffff;shadow=1;pointerEvents=1;strokeWidth=3;"]
AWS_SIZES = [(78, 78), (48, 48), (110, 70), (40, 90)]
GCP = ["hexIcon;prIcon=compute_engine;", "hexIcon;prIcon=cloud_router;", "hexIcon;prIcon=bigquery;", "hexIcon;", "doubleRect;"]
PITCH = 200
COLUMNS = 8


class Page:
    def __init__(self):
        self.cells, self.n = [], 0

    def place(self):
        x, y = self.n % COLUMNS * PITCH, self.n // COLUMNS * PITCH
        self.n += 1
        return x + 40, y + 40

    def vertex(self, x, y, width, height, style, label=""):
        name = f"c{len(self.cells)}"
        self.cells.append(f'<mxCell id="{name}" value={quoteattr(label)} style={quoteattr(style)} vertex="1" parent="1"><mxGeometry x="{x}" y="{y}" '
                          f'width="{width}" height="{height}" as="geometry"/></mxCell>')
        return name

    def edge(self, source, target, style, points=(), label=""):
        array = "".join(f'<mxPoint x="{x}" y="{y}"/>' for x, y in points)
        array = f'<Array as="points">{array}</Array>' if array else ""
        self.cells.append(f'<mxCell id="c{len(self.cells)}" value={quoteattr(label)} style={quoteattr(style)} edge="1" parent="1" source="{source}" '
                          f'target="{target}"><mxGeometry relative="1" as="geometry">{array}</mxGeometry></mxCell>')

    def text(self):
        return ('<mxfile><diagram name="Page-1"><mxGraphModel grid="0" shadow="0"><root><mxCell id="0"/><mxCell id="1" parent="0"/>' +
                "".join(self.cells) + "</root></mxGraphModel></diagram></mxfile>")


def shape_specs():
    for i, shape in enumerate(SHAPES):
        for k, turn in enumerate(TURNS):
            effect = EFFECTS[(i + k) % len(EFFECTS)]
            yield f"shape={shape};html=1;whiteSpace=wrap;{turn}{effect}"


def draw_shape(page, style):
    x, y = page.place()
    page.vertex(x, y, 110, 70, style)


def arrow_specs():
    for i, start in enumerate(ARROWS):
        for k in range(4):
            end = ARROWS[(i * 5 + k * 7 + 1) % len(ARROWS)]
            size = ("", "startSize=12;endSize=10;", "strokeWidth=2;", "startFill=0;endFill=0;")[k]
            yield f"startArrow={start};endArrow={end};{size}html=1;"


def draw_arrow(page, style):
    x, y = page.place()
    a = page.vertex(x, y, 30, 30, "html=1;")
    page.edge(a, page.vertex(x + 110, y + 50, 30, 30, "html=1;"), style)


def edge_specs():
    ends = ["rhombus", "ellipse;perimeter=ellipsePerimeter", "rectangle", "hexagon;perimeter=hexagonPerimeter2", "triangle;perimeter=trianglePerimeter"]
    for i, edge in enumerate(EDGES):
        for f, fixed in enumerate(FIXED):
            for w, way in enumerate(WAYS):
                look = ("rounded=0;", "rounded=1;", "curved=1;", "rounded=1;arcSize=8;jettySize=auto;orthogonalLoop=1;")[(i + f + w) % 4]
                end = "shape=" + ends[(i + 2 * f + w) % len(ends)] + ";html=1;"
                if "rhombus" in end:
                    end += "perimeter=rhombusPerimeter;"
                yield f"edgeStyle={edge};{fixed}{look}html=1;", way, end, (f + w) % 3


def draw_edge(page, spec):
    style, way, end, place = spec
    x, y = page.place()
    dx, dy = ((110, 60), (0, 80), (90, -10))[place]
    a, b = page.vertex(x, y, 40, 30, end), page.vertex(x + dx, y + dy, 40, 30, "html=1;")
    page.edge(a, b, style, [(x + px, y + py) for px, py in way])


def label_specs():
    for html in ("html=1;", "html=1;whiteSpace=wrap;", ""):
        for h in ("left", "center", "right"):
            for v in ("top", "middle", "bottom"):
                for position in ("", "labelPosition=left;", "labelPosition=right;", "verticalLabelPosition=top;", "verticalLabelPosition=bottom;"):
                    for extra in ("", "rotation=30;", "horizontal=0;", "spacing=8;spacingLeft=4;spacingTop=6;", "fontStyle=5;fontSize=15;fontColor=#0000CC;"):
                        yield f"{html}align={h};verticalAlign={v};{position}{extra}"


def draw_label(page, style):
    x, y = page.place()
    text = LABELS[page.n % len(LABELS)] if "html=1" in style else "plain text"
    page.vertex(x, y, 110, 70, style, text)


def aws_specs():
    for shape, (key, icons) in AWS.items():
        for i, icon in enumerate(["", *icons.split()]):
            for k, look in enumerate(AWS_LOOKS):
                turn = TURNS[(i * 3 + k) % len(TURNS)] if (i + k) % 2 else ""
                label = ("verticalLabelPosition=bottom;verticalAlign=top;align=center;", "align=left;verticalAlign=top;spacingLeft=30;")["group" in shape]
                named = f"{key}=mxgraph.aws4.{icon};" if icon else ""
                yield f"shape=mxgraph.aws4.{shape};{named}html=1;fontSize=12;{label}{look}{turn}", AWS_SIZES[(i + k) % len(AWS_SIZES)]


def gcp_specs():
    for i, shape in enumerate(GCP):
        for k, look in enumerate(AWS_LOOKS):
            turn = TURNS[(i * 3 + k) % len(TURNS)] if (i + k) % 2 else ""
            label = "labelPosition=right;verticalLabelPosition=middle;align=left;verticalAlign=top;spacingLeft=5;spacingTop=-8;"
            yield f"shape=mxgraph.gcp2.{shape}html=1;{label}{look}{turn}", AWS_SIZES[(i + k) % len(AWS_SIZES)]


def draw_cloud(page, spec):
    style, (width, height) = spec
    x, y = page.place()
    page.vertex(x, y, width, height, style, "A service")


KINDS = [("shapes", shape_specs, draw_shape), ("arrows", arrow_specs, draw_arrow), ("edges", edge_specs, draw_edge), ("labels", label_specs, draw_label),
         ("aws", aws_specs, draw_cloud), ("gcp", gcp_specs, draw_cloud)]


def cases(seed, share, kinds=KINDS, page_size=64):
    draw = random.Random(seed)
    for name, specs, paint in kinds:
        picked = [spec for spec in specs() if draw.random() < share]
        for start in range(0, len(picked), page_size):
            page = Page()
            for spec in picked[start:start + page_size]:
                paint(page, spec)
            yield f"{name}{start // page_size}", page.text()
