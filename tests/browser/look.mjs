// How a page looks: nothing overflows at any width, contrast and structure satisfy WCAG AA, dark is dark, print is whole.
import assert from "node:assert/strict";
import { run, violations } from "./browser.mjs";
import { render, renderCells, url } from "./pages.mjs";

const speaker = url(render("everything.ipynb", "speaker"));
const completed = url(render("everything.ipynb", "completed"));
const brought = url(render("brought.ipynb", "speaker"));
const WIDTHS = [1440, 820, 390, 320];

// Opens the page in a context of its own; its policy does not stop axe-core.
async function open(browser, address, options, look) {
  const context = await browser.newContext({ bypassCSP: true, ...options });
  const page = await context.newPage();
  await page.goto(address);
  await look(page);
  await context.close();
}

// In the page: the contrast (WCAG 2) between the middle of a picture and the page's ground.
async function measureContrast(address) {
  const picture = await createImageBitmap(await (await fetch(address)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  canvas.drawImage(picture, 0, 0);
  const middle = canvas.getImageData(picture.width / 2, picture.height / 2, 1, 1).data;
  const ground = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const [a, b] = [light(middle), light(ground)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

const luminance = (page) => page.evaluate(() => {
  const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
  return (r + g + b) / 3;
});

await run([
  ...WIDTHS.map((width) => [`at ${width} pixels only code, tables and pictures scroll, never the page`, async ({ browser }) => {
    await open(browser, completed, { viewport: { width, height: 900 } }, async (page) => {
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "the page is wider than the window");
      const outside = await page.evaluate(() => [...document.querySelectorAll("main > .cell, nav.contents, footer")]
        .filter((element) => element.getBoundingClientRect().right > window.innerWidth + 1).map((element) => element.textContent.slice(0, 40)));
      assert.deepEqual(outside, []);
    });
  }]),
  ...["light", "dark"].flatMap((colorScheme) => [1440, 390].map((width) => [`axe-core finds nothing in the ${colorScheme} page at ${width} pixels`, async ({ browser }) => {
    await open(browser, speaker, { colorScheme, viewport: { width, height: 900 } }, async (page) => assert.deepEqual(await violations(page), []));
  }])),
  ...["light", "dark"].map((colorScheme) => [`axe-core finds nothing in ${colorScheme} slides`, async ({ browser }) => {
    await open(browser, speaker, { colorScheme }, async (page) => {
      await page.keyboard.press("s");
      for (let i = 0; i < 4; i++) {
        assert.deepEqual(await violations(page), [], `slide ${i + 1}`);
        await page.keyboard.press("ArrowRight");
      }
    });
  }]),
  ...["light", "dark"].map((colorScheme) => [`what authors bring along can be read on a ${colorScheme} page`, async ({ browser }) => {
    await open(browser, brought, { colorScheme }, async (page) => {
      assert.deepEqual(await violations(page), []);
      const ink = await page.locator(".own").evaluate((box) => getComputedStyle(box).color);
      assert.ok(Math.max(...ink.match(/\d+/g).map(Number)) < 100, `${ink} on a light box`);
    });
  }]),
  ...["blue", "navy", "red", "green", "#8b008b", "black"].flatMap((colour) => [`<font color="${colour}">`, `<span style="color: ${colour}">`]).map((tag) =>
    [`a text in ${tag} can be read on a dark page`, async ({ browser }) => {
      const address = url(renderCells([{ cell_type: "markdown", metadata: {}, source: tag + "█████</" + tag.slice(1, 5) + ">" }]));
      await open(browser, address, { colorScheme: "dark" }, async (page) => {
        const picture = (await page.locator("main p > *").screenshot()).toString("base64");
        const contrast = await page.evaluate(measureContrast, "data:image/png;base64," + picture);
        assert.ok(contrast >= 4.5, `a contrast of ${contrast}`);
      });
    }]),
  ["a print's text and code are of one size", async ({ browser }) => {
    await open(browser, completed, {}, async (page) => {
      await page.emulateMedia({ media: "print" });
      const sizes = await page.evaluate(() => [".markdown p", ".source code", ".out pre", ".markdown p code"].map((name) => parseFloat(getComputedStyle(document.querySelector(name)).fontSize)));
      assert.ok(sizes.every((size) => size > 11 && size < 14), `${sizes} pixels`);
      assert.equal(new Set(sizes.slice(1)).size, 1, `${sizes} pixels`);
    });
  }],
  ["the arrow of a vector is seen", async ({ browser }) => {
    await open(browser, brought, {}, async (page) => {
      const width = await page.locator(".katex .overlay svg").first().evaluate((svg) => svg.getBoundingClientRect().width);
      assert.ok(width > 4, `${width} pixels wide`);
    });
  }],
  ["dark mode is dark and light mode is light", async ({ browser }) => {
    await open(browser, completed, { colorScheme: "dark" }, async (page) => assert.ok(await luminance(page) < 60));
    await open(browser, completed, { colorScheme: "light" }, async (page) => assert.ok(await luminance(page) > 230));
  }],
  ["a print is black on white, whole, and without the controls", async ({ browser }) => {
    await open(browser, completed, { colorScheme: "dark" }, async (page) => {
      await page.emulateMedia({ media: "print", colorScheme: "dark" });
      assert.ok(await luminance(page) > 230);
      assert.equal(await page.locator(".bar:visible, .copy:visible, nav.contents:visible").count(), 0);
      const cut = await page.evaluate(() => [...document.querySelectorAll(".source > pre, .out pre")].filter((pre) => pre.scrollWidth > pre.clientWidth + 1).length);
      assert.equal(cut, 0);
      assert.ok((await page.pdf({ format: "A4" })).length > 20000);
    });
  }],
  ["slides printed are all slides, one a page", async ({ browser }) => {
    await open(browser, completed, {}, async (page) => {
      await page.keyboard.press("s");
      await page.emulateMedia({ media: "print" });
      const pdf = (await page.pdf({ width: "1280px", height: "720px" })).toString("latin1");
      const pages = Math.max(...[...pdf.matchAll(/\/Count (\d+)/g)].map((found) => Number(found[1])));
      assert.ok(pages >= 7, `${pages} pages`);
    });
  }],
  ["a terminal's colours can be told apart and read", async ({ browser }) => {
    await open(browser, completed, {}, async (page) => {
      const colours = await page.locator(".out", { hasText: "bright0" }).locator("span").evaluateAll((spans) => new Set(spans.map((span) => getComputedStyle(span).color + getComputedStyle(span).backgroundColor)).size);
      assert.ok(colours > 60, `${colours} different colours`);
    });
  }],
]);
