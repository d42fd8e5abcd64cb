"""Small Draw.io files with random content of the kinds that real diagrams hold: whatever a style or a label may say, known to the renderer in C or not.

diagrams(kind, seed, count) gives `count` texts of files, always the same ones for a kind and a seed. The kinds are
  mixed    a few cells and edges with whatever may be said of them
  html     a box whose label is any HTML
  labels   a box whose label is such HTML as the editor of the original and what people paste into it write
  loops    edges from a cell to itself
  halves   boxes and lines at halves and quarters of units
"""
import random
from xml.sax.saxutils import escape, quoteattr

import generate

PICTURE = ("data:image/svg+xml,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA0MCAyMCIgd2lkdGg9IjQwIiBoZWlnaHQ9IjIwIj48cmVjdCB3aWR0aD0iND"
           "AiIGhlaWdodD0iMjAiIGZpbGw9IiMwMDgwZmYiLz48Y2lyY2xlIGN4PSIxMCIgY3k9IjEwIiByPSI4IiBmaWxsPSJyZWQiLz48L3N2Zz4=")
COLORS = ["#dae8fc", "#FFE6CC", "#d5e8d4", "#f8cecc", "none", "default", "light-dark(#ffcccc,#330000)", "inherit", "red", "rgb(120, 200, 90)", "#fa0", "transparent"]
LINES = ["#6c8ebf", "#B85450", "none", "default", "#000000", "inherit", "blue", "light-dark(#333333, #eeeeee)", "#82b36677"]
WORDS = "alpha beta of gamma the delta and epsilon omega some words in a row HTTP-Server user_name id:int AV/To fine office — é ß 100% <x> & more".split(" ")
STENCILS = """mxgraph.flowchart.database mxgraph.flowchart.decision mxgraph.flowchart.document mxgraph.flowchart.terminator mxgraph.cisco.routers.router
mxgraph.networks.radio_tower mxgraph.aws3.queue mxgraph.aws3.internet_gateway mxgraph.office.users.outlook_user mxgraph.azure.github_code mxgraph.ios7.icons.user
mxgraph.basic.star mxgraph.basic.smiley mxgraph.arrows2.arrow mxgraph.bpmn.event mxgraph.bpmn.task mxgraph.electrical.resistors.resistor_1
mxgraph.cisco19.workstation mxgraph.aws4.resourceIcon mxgraph.gcp2.hexIcon mxgraph.mockup.forms.button mxgraph.er.entity mxgraph.infographic.ribbonSimple""".split()
PERIMETERS = """rectanglePerimeter ellipsePerimeter rhombusPerimeter trianglePerimeter hexagonPerimeter2 parallelogramPerimeter trapezoidPerimeter stepPerimeter
calloutPerimeter centerPerimeter lifelinePerimeter backbonePerimeter orthogonalPerimeter""".split()
EDGES = ["none", "orthogonalEdgeStyle", "orthogonalEdgeStyle", "elbowEdgeStyle", "segmentEdgeStyle", "entityRelationEdgeStyle", "isometricEdgeStyle",
         "sideToSideEdgeStyle", "topToBottomEdgeStyle", "loopEdgeStyle"]
# Styles as (key, values); each is set with the share of the table it stands in.
VERTEX = [("rotation", ["15", "90", "-45", "180", "270"]), ("direction", ["south", "north", "west", "east"]), ("flipH", ["1"]), ("flipV", ["1"]),
          ("rounded", ["1", "0"]), ("arcSize", ["5", "20", "50", "0"]), ("absoluteArcSize", ["1"]), ("dashed", ["1"]), ("dashPattern", ["1 2", "8 8", "5"]),
          ("fixDash", ["1"]), ("strokeWidth", ["2", "0.5", "5", "0"]), ("shadow", ["1"]), ("glass", ["1", "0"]), ("sketch", ["1", "0"]), ("comic", ["1", "0"]),
          ("opacity", ["50", "30", "0"]), ("fillOpacity", ["40"]), ("strokeOpacity", ["40"]), ("textOpacity", ["50"]), ("size", ["0.3", "10", "25", "0"]),
          ("fixedSize", ["1"]), ("startSize", ["20", "40", "0"]), ("horizontal", ["0", "1"]), ("swimlaneLine", ["0"]), ("swimlaneFillColor", COLORS),
          ("boundedLbl", ["1"]), ("double", ["1"]), ("perimeterSpacing", ["5"]), ("collapsible", ["0"]), ("container", ["1"]), ("aspect", ["fixed"]),
          ("backgroundOutline", ["1"]), ("darkOpacity", ["0.1"]), ("top", ["0"]), ("left", ["0"]), ("right", ["0"]), ("bottom", ["0"]), ("dx", ["10"]), ("dy", ["15"]),
          ("pointerEvents", ["0"]), ("gradientColor", ["#7ea6e0", "none", "default", "#ffffff"]), ("gradientDirection", ["north", "south", "east", "west", "radial"]),
          ("imageBorder", LINES), ("imageBackground", COLORS), ("imageAspect", ["0", "1"]), ("imageAlign", ["left", "center", "right"]),
          ("imageVerticalAlign", ["top", "middle", "bottom"]), ("imageWidth", ["20"]), ("imageHeight", ["10"]), ("separatorColor", LINES), ("treeFolding", ["1"]),
          ("lid", ["0"]), ("participant", ["umlActor", "umlBoundary"]), ("base", ["10"]), ("position", ["0.3"]), ("position2", ["0.7"]), ("line", ["vertical"]),
          ("perimeter", PERIMETERS), ("portConstraint", ["east", "northsouth"]), ("points", ["[]"]), ("clipPath", ["circle(50%)"]), ("columnLines", ["0"]),
          ("rowLines", ["0"]), ("fillStyle", ["hatch", "solid", "auto"]), ("indicatorShape", ["ellipse"]), ("noLabel", ["1", "0"])]
TEXT = [("align", ["left", "right", "center"]), ("verticalAlign", ["top", "bottom", "middle"]), ("labelPosition", ["left", "right", "center"]),
        ("verticalLabelPosition", ["top", "bottom", "middle"]), ("spacing", ["10", "0"]), ("spacingLeft", ["8", "-4"]), ("spacingRight", ["12"]), ("spacingTop", ["-7", "6"]),
        ("spacingBottom", ["9"]), ("fontSize", ["9", "15", "24", "11.5"]), ("fontStyle", ["1", "2", "4", "3", "8", "5"]),
        ("fontFamily", ["Courier New", "Times New Roman", "Verdana", "Georgia", "Helvetica", "Comic Sans MS", "Roboto", "Architects Daughter"]),
        ("fontColor", ["#FF0000", "default", "none", "inherit", "#33333380", "light-dark(#000000,#ffffff)"]), ("labelBackgroundColor", ["#ffffff", "none", "#ffff00", "default"]),
        ("labelBorderColor", ["#00aa00", "none", "default"]), ("overflow", ["hidden", "fill", "width", "visible", "block"]), ("whiteSpace", ["wrap", "wrap", "nowrap"]),
        ("html", ["1", "1", "1", "0"]), ("labelWidth", ["60"]), ("textDirection", ["ltr", "rtl"]), ("textShadow", ["0"]), ("resizable", ["0"]), ("autosize", ["1"])]
EDGE = [("exitX", ["0", "0.5", "1", "0.25"]), ("exitY", ["0", "0.5", "1"]), ("entryX", ["0", "0.5", "1", "0.75"]), ("entryY", ["0", "0.5", "1"]), ("exitDx", ["5", "-10"]),
        ("entryDy", ["8"]), ("exitPerimeter", ["0", "1"]), ("entryPerimeter", ["0"]), ("curved", ["1", "0"]), ("rounded", ["1", "0"]), ("arcSize", ["4", "30"]),
        ("jettySize", ["auto", "20", "0"]), ("orthogonalLoop", ["1"]), ("elbow", ["vertical", "horizontal"]), ("startFill", ["0", "1"]), ("endFill", ["0", "1"]),
        ("startSize", ["12", "2", "0"]), ("endSize", ["14", "3"]), ("dashed", ["1"]), ("dashPattern", ["1 4", "12 3"]), ("strokeWidth", ["2", "4", "0.3"]),
        ("jumpStyle", ["arc", "gap", "sharp", "none", "line"]), ("jumpSize", ["8"]), ("shape", ["link", "flexArrow", "arrow", "connector", "filledEdge", "pipe", "wire"]),
        ("width", ["8", "20"]), ("startWidth", ["12"]), ("endWidth", ["22"]), ("shadow", ["1"]), ("opacity", ["40"]), ("segment", ["12", "60"]), ("snapToPoint", ["1"]),
        ("sourcePerimeterSpacing", ["6"]), ("targetPerimeterSpacing", ["9"]), ("noEdgeStyle", ["1"]), ("flowAnimation", ["1"]), ("sketch", ["1"]), ("comic", ["1"]),
        ("bendable", ["0"]), ("edgeStyle", EDGES), ("sourcePortConstraint", ["south"]), ("targetPortConstraint", ["north"]), ("portConstraint", ["eastwest"]),
        ("horizontal", ["0"]), ("startArrow", generate.ARROWS + ["baseDash", "doubleBlock", "manyOptional"]), ("endArrow", generate.ARROWS + ["baseDash", "doubleBlock"]),
        ("verticalAlign", ["top", "bottom", "middle"]), ("align", ["left", "right", "center"])]
CSS = ["font-size: 18px", "font-size: 8px", "font-size: 150%", "font-size: large", "font-size: initial", "color: #cc0000", "color: rgb(0, 128, 0)", "color: initial",
       "color: light-dark(rgb(0, 0, 0), rgb(255, 255, 255))", "background-color: #ffff88", "background-color: initial", "background: yellow", "font-weight: bold",
       "font-weight: 400", "font-weight: normal", "font-style: italic", "font-style: normal", "text-align: left", "text-align: right", "text-align: center",
       "text-align: start", "text-align: justify", "text-align: inherit", "line-height: 1.5", "line-height: 20px", "line-height: normal", "line-height: 100%", "line-height: 0",
       "white-space: nowrap", "white-space: normal", "white-space: pre", "white-space: pre-wrap", "white-space: initial", "text-wrap: nowrap", "white-space: pre-line",
       "white-space-collapse: preserve", "text-indent: 20px", "letter-spacing: 2px", "letter-spacing: normal", "word-spacing: 5px", "text-transform: uppercase",
       "text-transform: none", "font-variant: small-caps", "text-decoration: underline", "text-decoration: line-through", "text-decoration: none", "margin: 10px",
       "margin: 0px 0px 0px 15px", "margin: 0", "margin-top: 8px", "margin-left: 12px", "margin-bottom: -5px", "padding: 5px", "padding: 2px 8px", "padding-left: 20px",
       "border: 1px solid red", "border-bottom: 2px solid blue", "width: 50px", "width: 100%", "height: 40px", "max-width: 40px", "min-height: 30px", "float: left", "float: none",
       "display: inline !important", "display: inline-block", "display: block", "display: flex", "display: none", "vertical-align: top", "vertical-align: super",
       "vertical-align: middle", "font-family: Courier New", "font-family: monospace", "font-family: Georgia, serif", "font-family: &quot;Times New Roman&quot;",
       "font-family: inherit", "opacity: 0.5", "overflow: hidden", "word-break: break-all", "overflow-wrap: break-word", "overflow-wrap: anywhere", "direction: rtl",
       "list-style-type: none", "list-style-type: square", "list-style: decimal", "position: relative", "border-color: var(--border-color)", "text-shadow: none",
       "font: 14px Arial", "box-sizing: border-box", "padding: 0px", "outline: none", "orphans: 2", "-webkit-text-stroke-width: 0px", "font-size: 0.8em", "font-size: 1rem",
       "font-size: medium", "font-size: smaller", "font-size: inherit", "color: inherit", "line-height: inherit", "background-color: transparent", "white-space: break-spaces",
       "transform: rotate(10deg)", "font-stretch: condensed", "font-weight: lighter", "font-weight: 600", "font-weight: inherit", "text-decoration: overline", "hyphens: auto",
       "tab-size: 2", "text-align-last: right", "margin: auto", "text-overflow: ellipsis", "text-underline-offset: 4px", "font-variant-numeric: tabular-nums"]
INLINE = ["b", "i", "u", "font", "span", "span", "span", "sub", "sup", "code", "a", "strike", "s", "em", "strong", "small", "big", "tt", "mark", "kbd", "del", "ins", "q", "label",
          "button", "abbr", "cite"]
BLOCK = ["div", "div", "div", "p", "p", "h1", "h2", "h3", "h4", "h5", "pre", "blockquote", "center", "ul", "ol", "table", "hr", "section", "dl", "figure", "address", "nav"]
FONT = ['color="#0000ff"', 'size="1"', 'size="4"', 'face="Courier New"', 'style="font-size: 20px"', 'color="red"', 'size="+1"', 'face="Times New Roman"', "style=\"font-size: 9px\""]


def maker(draw):
    """Functions that share a source of chance."""
    def words(most=6):
        return escape(" ".join(draw.choice(WORDS) for _ in range(draw.randint(1, most))))

    def attributes(tag):
        if tag == "a":
            return draw.choice(["", ' href="https://example.org"'])
        if tag == "font":
            return " " + draw.choice(FONT)
        styles = [draw.choice(CSS) for _ in range(draw.choice([0, 0, 1, 1, 2]))]
        extra = draw.choice(["", "", "", "", ' align="center"', ' align="right"', ' class="x"', ' dir="ltr"', ' dir="rtl"'])
        return (f' style="{"; ".join(styles)}"' if styles else "") + (extra if tag not in INLINE else "")

    def inline(depth=0):
        parts = []
        for _ in range(draw.randint(1, 3)):
            kind = draw.random()
            if kind < 0.5 or depth > 2:
                parts.append(words(4))
            elif kind < 0.6:
                parts.append(draw.choice(["<br>", "<br/>", "&nbsp;", "&nbsp; &nbsp;", "<br><br>", "\n", "  ", "&shy;", "&#8203;", "\t"]))
            else:
                tag = draw.choice(INLINE)
                parts.append(f"<{tag}{attributes(tag)}>{inline(depth + 1)}</{tag}>")
        return draw.choice([" ", ""]).join(parts)

    def block(depth=0):
        tag = draw.choice(BLOCK)
        inner = block(depth + 1) if depth < 2 and draw.random() < 0.2 else inline(1)
        if tag == "hr":
            return draw.choice(["<hr>", "<hr size=\"1\"/>", "<hr style=\"border-style:solid;\"/>", "<hr size=\"1\" style=\"border-style:solid;\"/>"])
        if tag in ("ul", "ol"):
            return f"<{tag}{attributes(tag)}>" + "".join(f"<li{attributes('li')}>{inline(1)}</li>" for _ in range(draw.randint(1, 3))) + f"</{tag}>"
        if tag == "table":
            row = "<tr>" + "".join(f"<td{attributes('td')}>{inline(2)}</td>" for _ in range(2)) + "</tr>"
            return f'<table border="{draw.choice("01")}"{draw.choice(["", " cellpadding=4", " width=100%"])}>{row}{row}</table>'
        if tag == "dl":
            return f"<dl><dt>{inline(1)}</dt><dd>{inline(1)}</dd></dl>"
        return f"<{tag}{attributes(tag)}>{inner}</{tag}>"

    def label():
        kind = draw.random()
        if kind < 0.25:
            return words()
        if kind < 0.55:
            return inline()
        return "".join(draw.choice([block, block, inline])() for _ in range(draw.randint(1, 3)))

    def style(table, share):
        return "".join(f"{key}={draw.choice(values)};" for key, values in table if draw.random() < share)

    def vertex_style():
        shape = draw.random()
        base = draw.choice(["html=1;whiteSpace=wrap;", "html=1;whiteSpace=wrap;", "html=1;", "", "text;html=1;", "rounded=1;whiteSpace=wrap;html=1;", "swimlane;", "swimlane;html=1;",
                            "ellipse;html=1;whiteSpace=wrap;", "rhombus;whiteSpace=wrap;html=1;", "line;", "image;html=1;", "label;html=1;", "group;", "edgeLabel;html=1;", "triangle;"])
        if shape < 0.4:
            base += f"shape={draw.choice(generate.SHAPES)};"
        elif shape < 0.5:
            base += f"shape={draw.choice(STENCILS)};"
        elif shape < 0.55:
            base = f"shape=image;html=1;image={PICTURE};"
        elif shape < 0.58:
            base = f"label;html=1;image={PICTURE};"
        colors = draw.choice(["", f"fillColor={draw.choice(COLORS)};", f"fillColor={draw.choice(COLORS)};strokeColor={draw.choice(LINES)};"])
        return base + colors + style(VERTEX, draw.choice([0, 0.02, 0.06])) + style(TEXT, draw.choice([0, 0.05, 0.15]))

    def edge_style():
        return draw.choice(["html=1;", "", "endArrow=classic;html=1;rounded=0;", "edgeStyle=orthogonalEdgeStyle;html=1;", "edgeStyle=orthogonalEdgeStyle;rounded=0;html=1;jettySize=auto;orthogonalLoop=1;",
                            "edgeStyle=entityRelationEdgeStyle;", "edgeStyle=elbowEdgeStyle;", "endArrow=none;html=1;edgeStyle=segmentEdgeStyle;"]) + \
            f"edgeStyle={draw.choice(EDGES)};" * (draw.random() < 0.4) + style(EDGE, draw.choice([0.02, 0.08])) + style(TEXT, draw.choice([0, 0.04]))

    return label, vertex_style, edge_style


def diagram(draw):
    label, vertex_style, edge_style = maker(draw)
    cells, boxes = [], []

    def add(cell, value, style, kind, geometry, parent="1", more=""):
        cells.append(f'<mxCell id="{cell}" value={quoteattr(value)} style={quoteattr(style)} {kind}="1" parent="{parent}" {more}>'
                     f'<mxGeometry {geometry}</mxCell>')

    for i in range(draw.choice([1, 2, 2, 3])):
        parent = draw.choice(boxes) if boxes and draw.random() < 0.3 else "1"
        x, y = (40 + 200 * i + draw.randint(0, 30), 40 + draw.randint(0, 60)) if parent == "1" else (draw.randint(0, 60), draw.randint(20, 60))
        value = label() if draw.random() < 0.8 else ""
        more = 'collapsed="1"' if draw.random() < 0.03 else ""
        add(f"v{i}", value, vertex_style(), "vertex", f'x="{x}" y="{y}" width="{draw.choice([30, 80, 120, 121.5])}" height="{draw.choice([20, 40, 60, 90.25])}" as="geometry"/>',
            parent, more)
        boxes.append(f"v{i}")
    for i in range(draw.choice([0, 1, 1, 2])):
        points = "".join(f'<mxPoint x="{draw.randint(0, 600)}" y="{draw.randint(0, 200)}"/>' for _ in range(draw.choice([0, 0, 1, 2, 3])))
        ends = ""
        free = ""
        pair = draw.sample(boxes, 2) if len(boxes) > 1 and draw.random() < 0.9 else [boxes[0]] * 2
        for box, end in zip(pair, ("source", "target")):
            if draw.random() < 0.9:
                ends += f' {end}="{box}"'
            else:
                free += f'<mxPoint x="{draw.randint(0, 600)}" y="{draw.randint(0, 300)}" as="{end}Point"/>'
        array = f'<Array as="points">{points}</Array>' if points else ""
        place = draw.choice(['relative="1"', 'relative="1"', 'x="-0.4" y="12" relative="1"'])
        add(f"e{i}", label() if draw.random() < 0.4 else "", edge_style(), "edge", f'{place} as="geometry">{free}{array}</mxGeometry>', "1", ends)
        if draw.random() < 0.3:
            add(f"l{i}", label(), "edgeLabel;html=1;align=center;verticalAlign=middle;resizable=0;points=[];", "vertex",
                f'x="{draw.uniform(-1, 1):.3f}" y="{draw.randint(-10, 10)}" relative="1" as="geometry"><mxPoint x="{draw.randint(-9, 9)}" as="offset"/></mxGeometry>', f"e{i}")
    return ('<mxfile><diagram name="Page-1"><mxGraphModel grid="0" shadow="0"><root><mxCell id="0"/><mxCell id="1" parent="0"/>' + "".join(cells) +
            "</root></mxGraphModel></diagram></mxfile>")


# What real labels are made of, by the number of times it is in the list.
COMMON_CSS = ["font-size: 18px", "font-size: 10px", "font-size: 9px", "color: #cc0000", "color: rgb(0, 128, 0)", "background-color: #ffff88", "font-weight: bold", "font-style: italic",
              "text-align: left", "text-align: right", "text-align: center", "line-height: 1.5", "line-height: 100%", "white-space: nowrap", "text-decoration: underline",
              "font-family: Courier New", "font-family: Helvetica", "font-family: sans-serif", "font-family: Georgia, serif", "font-weight: normal", "background-color: initial", "background-color: transparent", "font-size: 12px"]
COMMON_INLINE = [("<b>", "</b>")] * 4 + [("<i>", "</i>"), ("<u>", "</u>"), ("<sup>", "</sup>"), ("<sub>", "</sub>"), ("<code>", "</code>"), ("<strong>", "</strong>"), ("<em>", "</em>")]
COMMON_BLOCK = [("<div>", "</div>")] * 4 + [("<p>", "</p>"), ('<p style="margin:0px;margin-top:4px;text-align:center;">', "</p>"), ('<p style="margin:0px;margin-left:4px;">', "</p>"),
                ("<h1>", "</h1>"), ("<h2>", "</h2>"), ("<h3>", "</h3>"), ('<div style="text-align: left">', "</div>"), ('<div style="text-align: right">', "</div>"),
                ("<pre>", "</pre>"), ('<div align="left">', "</div>"), ("<center>", "</center>"), ("<blockquote>", "</blockquote>")]


def common_label(draw):
    """HTML as real labels have it."""
    def text(depth=0):
        parts = []
        for _ in range(draw.choice([1, 1, 2, 3])):
            kind = draw.random()
            if kind < 0.55 or depth > 1:
                parts.append(escape(" ".join(draw.choice(WORDS) for _ in range(draw.randint(1, 4)))))
            elif kind < 0.65:
                parts.append(draw.choice(["<br>", "<br>", "<br/>", "&nbsp;", "<br><br>"]))
            else:
                opening, closing = draw.choice(COMMON_INLINE + [(f"<font {draw.choice(FONT)}>", "</font>"), (f'<span style="{draw.choice(COMMON_CSS)}">', "</span>"),
                                                                (f'<span style="{draw.choice(COMMON_CSS)}; {draw.choice(COMMON_CSS)};">', "</span>")] * 3)
                parts.append(opening + text(depth + 1) + closing)
        return draw.choice([" ", " ", ""]).join(parts)

    def block(depth=0):
        kind = draw.random()
        if kind < 0.15:
            tag = draw.choice(["ul", "ol"])
            return f"<{tag}>" + "".join(f"<li>{block(1) if depth == 0 and draw.random() < 0.2 else text(1)}</li>" for _ in range(draw.randint(1, 3))) + f"</{tag}>"
        if kind < 0.25:
            return draw.choice(["<hr>", '<hr size="1"/>', '<hr size="1" style="border-style:solid;">'])
        opening, closing = draw.choice(COMMON_BLOCK)
        return opening + (block(depth + 1) if depth == 0 and draw.random() < 0.2 else text()) + closing

    return "".join(draw.choice([text, block])() for _ in range(draw.choice([1, 1, 2, 3])))


def file_of(*cells):
    return ('<mxfile><diagram name="Page-1"><mxGraphModel grid="0" shadow="0"><root><mxCell id="0"/><mxCell id="1" parent="0"/>' + "".join(cells) +
            "</root></mxGraphModel></diagram></mxfile>")


def vertex(cell, value, style, box):
    x, y, width, height = box
    return (f'<mxCell id="{cell}" value={quoteattr(value)} style={quoteattr(style)} vertex="1" parent="1">'
            f'<mxGeometry x="{x}" y="{y}" width="{width}" height="{height}" as="geometry"/></mxCell>')


def edge(cell, style, ends, points):
    array = "".join(f'<mxPoint x="{x}" y="{y}"/>' for x, y in points)
    array = f'<Array as="points">{array}</Array>' if points else ""
    return (f'<mxCell id="{cell}" style={quoteattr(style)} edge="1" parent="1" source="{ends[0]}" target="{ends[1]}">'
            f'<mxGeometry relative="1" as="geometry">{array}</mxGeometry></mxCell>')


def label_diagram(draw, label):
    style = draw.choice(["rounded=0;whiteSpace=wrap;html=1;", "rounded=0;whiteSpace=wrap;html=1;", "text;html=1;", "html=1;"])
    style += draw.choice(["", "", "", "align=left;", "align=right;", "verticalAlign=top;", "align=left;verticalAlign=top;spacingLeft=4;", "overflow=fill;", "fontSize=14;", "fontStyle=1;"])
    return file_of(vertex("v", label, style, (200, 200, draw.choice([80, 120, 160, 240]), draw.choice([40, 60, 120]))))


def loop_diagram(draw):
    style = draw.choice(["edgeStyle=orthogonalEdgeStyle;rounded=0;orthogonalLoop=1;jettySize=auto;html=1;", "edgeStyle=orthogonalEdgeStyle;html=1;", "html=1;", "edgeStyle=loopEdgeStyle;html=1;",
                         "edgeStyle=elbowEdgeStyle;html=1;", "edgeStyle=entityRelationEdgeStyle;html=1;", "curved=1;html=1;", "edgeStyle=orthogonalEdgeStyle;curved=1;html=1;orthogonalLoop=1;"])
    for end in ("exit", "entry"):
        if draw.random() < 0.5:
            x, y = draw.choice([(0, 0.5), (1, 0.5), (0.5, 0), (0.5, 1), (0.25, 0), (1, 0.75)])
            style += f"{end}X={x};{end}Y={y};{end}Dx=0;{end}Dy=0;"
    box = (100, 100, draw.choice([40, 120]), draw.choice([40, 60]))
    points = [(draw.randint(40, 300), draw.randint(40, 240)) for _ in range(draw.choice([0, 0, 1, 2, 3]))]
    return file_of(vertex("v", "", draw.choice(["html=1;", "ellipse;html=1;", "rhombus;html=1;"]), box), edge("e", style, "vv", points))


def half_diagram(draw):
    def number(low, high):
        return draw.randint(low, high) + draw.choice([0, 0.5, 0.25, 0.75])

    boxes = [vertex(cell, "", draw.choice(["html=1;", "ellipse;html=1;", "rounded=1;html=1;"]), (number(x, x + 60), number(40, 200), number(30, 90), number(30, 60)))
             for cell, x in (("a", 40), ("b", 240))]
    style = draw.choice(["html=1;", "edgeStyle=orthogonalEdgeStyle;html=1;rounded=0;", "edgeStyle=orthogonalEdgeStyle;html=1;", "edgeStyle=elbowEdgeStyle;html=1;", "edgeStyle=entityRelationEdgeStyle;html=1;"])
    style += draw.choice(["", "", "exitX=1;exitY=0.5;entryX=0;entryY=0.5;", "exitX=0.5;exitY=1;entryX=0.5;entryY=0;", "dashed=1;", "strokeWidth=2;", "endArrow=none;"])
    return file_of(*boxes, edge("e", style, "ab", [(number(40, 300), number(40, 240)) for _ in range(draw.choice([0, 0, 1, 2]))]))


KINDS = {"mixed": diagram, "html": lambda draw: label_diagram(draw, maker(draw)[0]()), "labels": lambda draw: label_diagram(draw, common_label(draw)),
         "loops": loop_diagram, "halves": half_diagram}


def diagrams(kind, seed, count):
    draw = random.Random(seed)
    return [KINDS[kind](random.Random(draw.random())) for _ in range(count)]
