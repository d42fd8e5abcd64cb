"""Where each letter of a drawing in SVG is, by the word of a browser.

compare(pairs) takes pairs of SVG texts (own, reference) and returns for each what letters of the reference have no like letter within REACH units in the
own drawing, as texts. None where there is no browser.
"""
import html
import json
import math
import os
import re
import shutil
import subprocess
import tempfile

REACH = 3  # units by which places may differ
SHOWN = 40  # letters of a text that differs
MEASURE = """
function lettersOf(holder) {
  const svg = holder.querySelector("svg"), inverse = svg.getScreenCTM().inverse(), found = [];
  const box = svg.viewBox.baseVal, walker = document.createTreeWalker(svg, NodeFilter.SHOW_TEXT), range = document.createRange();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.data, parent = node.parentElement;
    if (!parent.closest("text, foreignObject") || parent.closest("style, script, defs"))
      continue;
    for (let i = 0; i < text.length; i += text.codePointAt(i) > 0xffff ? 2 : 1) {
      const letter = String.fromCodePoint(text.codePointAt(i));
      range.setStart(node, i);
      range.setEnd(node, i + letter.length);
      const rect = range.getClientRects()[0];
      if (letter.trim() === "" || !rect || rect.width === 0)
        continue;
      const place = new DOMPoint(rect.x + rect.width / 2, rect.y + rect.height / 2).matrixTransform(inverse);
      found.push([letter, place.x - box.x, place.y - box.y]);
    }
  }
  return found;
}
const result = [...document.querySelectorAll(".drawing")].map(lettersOf);
document.body.textContent = JSON.stringify(result);
"""


# The original asks for Courier New where this browser takes the monospace family of the system.
FONTS = '<style>code, kbd, pre, samp, tt { font-family: "Courier New" } :is(code, kbd, pre, samp, tt) font:is([size="4"], [size="+1"]) { font-size: 16px }</style>'


def find_browser():
    return next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


def letters_of(svgs):
    """For each drawing its letters as [letter, x, y], the middle of each; None without a browser."""
    browser = find_browser()
    if browser is None:
        return None
    drawings = "".join(f'<div class="drawing" style="position:absolute;left:0;top:0">{re.sub("<[?!][^>]*>", "", svg)}</div>' for svg in svgs)
    with tempfile.TemporaryDirectory(prefix="clx-letters-") as folder:
        page = os.path.join(folder, "page.html")
        with open(page, "w", encoding="utf-8") as file:
            file.write(f'<!doctype html><meta charset="utf-8">{FONTS}<body>{drawings}<script>{MEASURE}</script>')
        run = subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={folder}",
                              "--dump-dom", "file://" + page], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
    return json.loads(html.unescape(re.search(r"<body>(.*)</body>", run.stdout, re.S).group(1)))


def far_letters(own, reference):
    """The letters of the reference without a like one nearby, and how far the nearest is."""
    places = {}
    for letter, x, y in own:
        places.setdefault(letter, []).append((x, y))
    for letter, x, y in reference:
        distance = min((math.dist(place, (x, y)) for place in places.get(letter, [])), default=math.inf)
        if distance > REACH:
            yield letter, x, y, distance


def tell(own, reference):
    far = list(far_letters(own, reference))
    if not far:
        return []
    text, (_, x, y, distance) = "".join(letter for letter, *_ in far), far[0]
    return [f"letters elsewhere: {len(far)}, as {text[:SHOWN]!r} at ({x:.0f}, {y:.0f}), by {distance:.1f}"]


def compare(pairs):
    measured = letters_of([svg for pair in pairs for svg in pair])
    return measured and [tell(measured[i], measured[i + 1]) for i in range(0, len(measured), 2)]
