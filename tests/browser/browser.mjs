// What the browser tests share: Debian's Chromium through Playwright, cases that report in TAP, axe-core and the HTML checker.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const folder = dirname(fileURLToPath(import.meta.url));

const program = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
if (!program || !existsSync(join(folder, "node_modules", "playwright-core"))) {
  console.log("1..0 # SKIP Chromium or the tools of package.json are missing; './run tests' installs them");
  process.exit(0);
}
const { chromium } = await import("playwright-core");

// A headless browser; the caller closes it. Its sandbox needs a user that is not root.
export function launch() {
  const args = process.getuid() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: program, args });
}

const folders = [];
process.on("exit", () => folders.forEach((made) => rmSync(made, { recursive: true, force: true })));

// A folder that is removed when the test ends.
export function makeFolder() {
  const made = mkdtempSync(join(tmpdir(), "clx-browser-"));
  folders.push(made);
  return made;
}

// Runs the cases one after the other in a browser, each on a fresh context, and prints TAP: cases is [[name, async ({ context, page }) => …], …].
export async function run(cases, options = {}) {
  const browser = await launch();
  let failed = 0;
  console.log(`1..${cases.length}`);
  for (const [index, [name, body]] of cases.entries()) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    try {
      await body({ browser, context, page });
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${index + 1} - ${name}`);
      console.log(String(error.stack ?? error).replace(/^/gm, "# "));
    }
    await context.close();
  }
  await browser.close();
  process.exitCode = failed ? 1 : 0;
}

// Runs axe-core in the page (without the page's own policy in the way) and returns one line for each violation of WCAG 2 A and AA.
export async function violations(page) {
  const { default: axe } = await import("axe-core");
  await page.evaluate(axe.source);
  const result = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
  }));
  return result.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.any.map((check) => check.message).join("; ")}`));
}

// The complaints of the Nu HTML checker about files, one line each; undefined without Java.
export function checkHtml(files) {
  const jar = join(folder, "node_modules", "vnu-jar", "build", "dist", "vnu.jar");
  const { error, stderr } = spawnSync("java", ["-Xss4m", "-jar", jar, "--errors-only", "--format", "gnu", ...files], { encoding: "utf8", maxBuffer: 1 << 26 });
  return error ? undefined : stderr.split("\n").filter((line) => line && !line.startsWith("Picked up"));
}
