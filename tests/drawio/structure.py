"""The structure of a drawing in SVG: where its lines and filled outlines run, where they end, and which texts it has.

compare(own, reference) holds the SVG of the renderer in C against the one that the original wrote for the same page and returns what differs by more
than REACH units, as texts; an empty list means the same structure.
"""
import collections
import math
import re
import xml.etree.ElementTree

REACH = 3  # units by which places may differ
BULLET = 10  # units: narrower circles may be bullets
STEP = 1.0  # between the points that stand for a line
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
IDENTITY = (1, 0, 0, 1, 0, 0)


def numbers(text):
    return [float(n) for n in NUMBER.findall(text or "")]


def multiply(m, n):
    a, b, c, d, e, f = m
    g, h, i, j, k, l = n
    return (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f)


def one_transform(name, v):
    if name == "matrix":
        return tuple(v)
    if name == "translate":
        return (1, 0, 0, 1, v[0], v[1] if len(v) > 1 else 0)
    if name == "scale":
        return (v[0], 0, 0, v[1] if len(v) > 1 else v[0], 0, 0)
    if name == "rotate":
        c, s = math.cos(math.radians(v[0])), math.sin(math.radians(v[0]))
        x, y = (v[1], v[2]) if len(v) > 2 else (0, 0)
        return (c, s, -s, c, x - c * x + s * y, y - s * x - c * y)
    raise ValueError("unknown transform " + name)


def transform_of(element):
    result = IDENTITY
    for name, arguments in re.findall(r"(\w+)\(([^)]*)\)", element.get("transform") or ""):
        result = multiply(result, one_transform(name, numbers(arguments)))
    return result


def apply(m, p):
    return (m[0] * p[0] + m[2] * p[1] + m[4], m[1] * p[0] + m[3] * p[1] + m[5])


def bezier(points, n=24):
    out = []
    for i in range(1, n + 1):
        t, layer = i / n, points
        while len(layer) > 1:
            layer = [(a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t) for a, b in zip(layer, layer[1:])]
        out.append(layer[0])
    return out


def arc(p, rx, ry, degrees, large, sweep, q, n=32):
    """Points of an elliptical arc, by the conversion to its centre that the SVG specification describes."""
    rx, ry = abs(rx), abs(ry)
    if rx == 0 or ry == 0 or p == q:
        return [q]
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    dx, dy = (p[0] - q[0]) / 2, (p[1] - q[1]) / 2
    x, y = c * dx + s * dy, c * dy - s * dx
    grow = math.sqrt(max(1, (x / rx) ** 2 + (y / ry) ** 2))
    rx, ry = rx * grow, ry * grow
    bottom = (rx * y) ** 2 + (ry * x) ** 2
    k = math.sqrt(max(0, (rx * ry) ** 2 / bottom - 1)) * (-1 if bool(large) == bool(sweep) else 1)
    cx, cy = k * rx * y / ry, -k * ry * x / rx
    start = math.atan2((y - cy) / ry, (x - cx) / rx)
    turn = (math.atan2((-y - cy) / ry, (-x - cx) / rx) - start) % (2 * math.pi)
    if not sweep:
        turn -= 2 * math.pi
    middle = ((p[0] + q[0]) / 2, (p[1] + q[1]) / 2)
    out = []
    for i in range(1, n + 1):
        a = start + turn * i / n
        u, v = cx + rx * math.cos(a), cy + ry * math.sin(a)
        out.append((c * u - s * v + middle[0], s * u + c * v + middle[1]))
    return out


def path_lines(text):
    """The subpaths of a path as (points, whether closed)."""
    lines, points = [], []
    for letter, arguments in re.findall(r"([MLHVCQAZ])([^MLHVCQAZ]*)", text):
        v = numbers(arguments)
        pairs = list(zip(v[::2], v[1::2]))
        if letter == "M":
            if len(points) > 1:
                lines.append((points, False))
            points = [pairs[0]]
        elif letter == "L":
            points += pairs
        elif letter == "C":
            for i in range(0, len(pairs), 3):
                points += bezier([points[-1], *pairs[i:i + 3]])
        elif letter == "Q":
            for i in range(0, len(pairs), 2):
                points += bezier([points[-1], *pairs[i:i + 2]])
        elif letter == "A":
            for i in range(0, len(v), 7):
                points += arc(points[-1], v[i], v[i + 1], v[i + 2], v[i + 3], v[i + 4], (v[i + 5], v[i + 6]))
        elif letter == "Z" and points:
            lines.append((points + [points[0]], True))
            points = [points[0]]
    if len(points) > 1:
        lines.append((points, False))
    return lines


def ellipse_line(cx, cy, rx, ry):
    return [([(cx + rx * math.cos(a * math.pi / 48), cy + ry * math.sin(a * math.pi / 48)) for a in range(97)], True)]


def lines_of(element, tag):
    def get(name):
        return float((element.get(name) or "0").rstrip("px"))
    if tag == "path":
        return path_lines(element.get("d") or "")
    if tag == "ellipse":
        return ellipse_line(get("cx"), get("cy"), get("rx"), get("ry"))
    if tag == "rect" and "%" not in (element.get("width") or ""):
        x, y, w, h = get("x"), get("y"), get("width"), get("height")
        r = min(get("rx"), w / 2)
        s = min(get("ry") or get("rx"), h / 2)
        if r <= 0 or s <= 0:
            return [([(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)], True)]
        return path_lines(f"M {x + r} {y} L {x + w - r} {y} Q {x + w} {y} {x + w} {y + s} L {x + w} {y + h - s} Q {x + w} {y + h} {x + w - r} {y + h} "
                          f"L {x + r} {y + h} Q {x} {y + h} {x} {y + h - s} L {x} {y + s} Q {x} {y} {x + r} {y} Z")
    return []


def spread(points):
    """Points no further than STEP from each other along the line."""
    out = [points[0]]
    for a, b in zip(points, points[1:]):
        n = min(100000, max(1, math.ceil(math.hypot(b[0] - a[0], b[1] - a[1]) / STEP)))
        out += [(a[0] + (b[0] - a[0]) * i / n, a[1] + (b[1] - a[1]) * i / n) for i in range(1, n + 1)]
    return out


class Structure:
    def __init__(self, svg):
        root = xml.etree.ElementTree.fromstring(svg)
        box = numbers(root.get("viewBox"))
        self.size = (box[2], box[3])
        self.fills, self.strokes, self.ends, self.texts, self.images = {}, {}, [], [], []
        self.backgrounds, self.last_fills = set(), []
        self.flat = flat_gradients(root)
        self.walk(root, (1, 0, 0, 1, -box[0], -box[1]))

    def walk(self, element, outer):
        tag = element.tag.split("}")[-1]
        if tag in ("defs", "clipPath") or element.get("visibility") == "hidden":
            return
        matrix = multiply(outer, transform_of(element))
        if tag in ("path", "rect", "ellipse"):
            self.add_figure(element, lines_of(element, tag), matrix)
        elif tag == "image":
            x, y, w, h = (float(element.get(k) or 0) for k in ("x", "y", "width", "height"))
            self.images += [apply(matrix, p) for p in ((x, y), (x + w, y), (x + w, y + h), (x, y + h))]
        elif tag == "foreignObject":
            self.texts.append(letters("".join(element.itertext())))
        elif tag == "g" and any(child.tag.endswith("}text") for child in element):
            self.texts.append(letters("".join(element.itertext())))
            self.set_backgrounds_apart()
        elif tag != "text":
            for child in element:
                self.walk(child, matrix)

    def set_backgrounds_apart(self):
        """Fills right before a text may be its background and its rules, which the original leaves to the browser."""
        self.backgrounds.update((round(x) + dx, round(y) + dy) for x, y in self.last_fills for dx in (-1, 0, 1) for dy in (-1, 0, 1))
        self.last_fills = []

    def add_figure(self, element, lines, matrix):
        fill, stroke = (color_of(self.flat.get(element.get(k), element.get(k) or "none")) for k in ("fill", "stroke"))
        for points, is_closed in lines:
            moved = spread([apply(matrix, p) for p in points])
            if len(set(moved)) == 1:
                continue  # nothing to be seen
            is_bullet = fill == "none" and max(x for x, _ in moved) - min(x for x, _ in moved) < BULLET
            self.last_fills = self.last_fills + moved if stroke == "none" or is_bullet else moved
            if fill != "none":
                self.fills.setdefault(fill, []).extend(moved)
            if stroke != "none":
                self.strokes.setdefault(stroke, []).extend(moved)
                if not is_closed and math.dist(moved[0], moved[-1]) > 1:
                    self.ends += [moved[0], moved[-1]]


def flat_gradients(root):
    """The colour of each gradient that has only one, by the fill that names it."""
    flat = {}
    for gradient in (element for element in root.iter() if element.tag.endswith("Gradient")):
        colors = {re.search("stop-color: ?([^;]+)", stop.get("style") or "stop-color:gradient")[1].lower() for stop in gradient}
        if len(colors) == 1:
            flat[f"url(#{gradient.get('id')})"] = colors.pop()
    return flat


def color_of(text):
    if text.startswith("url"):
        return "gradient"
    if text.startswith("rgb"):
        return "#%02x%02x%02x" % tuple(round(n) for n in numbers(text)[:3])
    names = {"black": "#000000", "white": "#ffffff", "gray": "#808080", "red": "#ff0000", "blue": "#0000ff", "transparent": "none"}
    if text.startswith("light-dark("):
        return color_of(text[len("light-dark("):].split(",")[0])
    text = names.get(text.lower(), text.lower())
    return "#" + "".join(c * 2 for c in text[1:]) if re.fullmatch("#[0-9a-f]{3}", text) else text[:7] if re.fullmatch("#[0-9a-f]{8}", text) else text


def letters(text):
    """What of a text is seen, without the numbers of items, which a browser adds."""
    return re.sub("[\\s\u00a0\u200b]+|[0-9]+\\.", "", text)


def cells_of(points):
    return {(round(x), round(y)) for x, y in points}


DISC = [(x, y) for x in range(-REACH, REACH + 1) for y in range(-REACH, REACH + 1) if math.hypot(x, y) <= REACH + 1]  # and what rounding takes


def far_points(points, others):
    near = {(x + dx, y + dy) for x, y in cells_of(others) for dx, dy in DISC}
    return sorted(cells_of(points) - near)


def tell(what, own, reference, excused=frozenset()):
    told = []
    for verb, points in ((f"{what} missing", far_points(reference, own)),
                         (f"{what} too much", [point for point in far_points(own, reference) if point not in excused])):
        if points:
            told.append(f"{verb}: {len(points)} points, as at {points[0]}, {points[len(points) // 2]}, {points[-1]}")
    return told


def compare_colors(what, own, reference, excused=frozenset()):
    told = []
    for color in sorted(set(own) | set(reference)):
        told += tell(f"{what} {color}", own.get(color, []), reference.get(color, []), excused)
    return told


def compare_texts(own, reference):
    missing, extra = collections.Counter(reference), collections.Counter(own)
    missing, extra = missing - extra, extra - missing
    return [f"text missing: {text[:40]!r}" for text in missing if text] + [f"text too much: {text[:40]!r}" for text in extra if text]


def compare(own, reference):
    mine, theirs = Structure(own), Structure(reference)
    told = []
    if any(abs(a - b) > REACH for a, b in zip(mine.size, theirs.size)):
        told.append(f"size {mine.size}, not {theirs.size}")
    told += compare_colors("outline filled", mine.fills, theirs.fills, mine.backgrounds)
    told += compare_colors("line", mine.strokes, theirs.strokes, mine.backgrounds)
    told += tell("ends of lines", mine.ends, theirs.ends)
    told += tell("corners of images", mine.images, theirs.images)
    told += compare_texts(mine.texts, theirs.texts)
    return told
