// Pictures to look at, in a folder: everything.ipynb in each kind at three widths, light and dark, as slides and printed; with a second
// argument, a page, only that page: its first screen at 1200 pixels, as the README shows it.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { launch } from "./browser.mjs";
import { render, url } from "./pages.mjs";

const [into, only] = process.argv.slice(2).map((path) => resolve(path));
if (!into) {
  console.error("usage: node shots.mjs FOLDER [PAGE]");
  process.exit(2);
}
mkdirSync(into, { recursive: true });
const browser = await launch();

async function open(address, options, look) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(address);
  await look(page);
  await context.close();
}

async function shootKind(kind) {
  const address = url(render("everything.ipynb", kind));
  for (const colorScheme of ["light", "dark"]) {
    for (const width of [1440, 820, 390])
      await open(address, { colorScheme, viewport: { width, height: 900 } },
        (page) => page.screenshot({ path: join(into, `${kind}-${width}-${colorScheme}.png`), fullPage: true }));
    await open(address, { colorScheme, viewport: { width: 1280, height: 720 } }, async (page) => {
      await page.keyboard.press("s");
      for (let slide = 1; slide <= 4; slide++) {
        await page.screenshot({ path: join(into, `${kind}-slide-${slide}-${colorScheme}.png`) });
        await page.keyboard.press("ArrowRight");
      }
    });
  }
  await open(address, {}, (page) => page.pdf({ path: join(into, `${kind}.pdf`), format: "A4" }));
}

if (only)
  await open(url(only), { viewport: { width: 1200, height: 900 } }, (page) => page.screenshot({ path: join(into, "page.png") }));
else
  for (const kind of ["code-along", "completed", "speaker"])
    await shootKind(kind);
await browser.close();
