// The live preview: pages that follow their sources, at the reader's place.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, run, violations } from "./browser.mjs";

const course = makeFolder();
const topic = (name) => join(course, "slides", "module_100_m", `topic_100_${name}`);
const source = (name) => join(topic(name), `slides_${name}.py`);
const cells = (text) => Array.from({ length: 60 }, (_, i) => `# %% [markdown]\n# ## ${text} ${i}\n#\n# A paragraph about ${text} ${i}.\n`).join("\n");
const spec = (...ids) => writeFileSync(join(course, "course.yaml"), `name: Course\nlanguages: [en]\nprog_lang: python
sections:\n  - {name: One, topics: [${ids.map((id) => `{id: ${id}, evaluate: false}`).join(", ")}]}\n`);

mkdirSync(join(course, ".clx"));
for (const name of ["alpha", "beta"]) {
  mkdirSync(topic(name), { recursive: true });
  writeFileSync(source(name), cells(name));
}
spec("alpha", "beta");

// The address that the server tells, once the first build is done.
function start() {
  const child = spawn(process.env.CLX, ["build", "course.yaml", "--watch", "--serve", "--port", "0"], { cwd: course, stdio: ["ignore", "ignore", "pipe"] });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr.setEncoding("utf8").on("data", (part) => {
      text += part;
      const found = /pages are at (\S+)/.exec(text);
      if (found && text.includes("watching for changes"))
        resolve({ child, address: found[1] });
    });
    child.on("exit", () => reject(new Error(`the server ended: ${text}`)));
  });
}

const { child, address } = await start();
process.on("exit", () => child.kill("SIGTERM"));

const open = async (page, title) => {
  await page.goto(address);
  await page.selectOption("#kind", "completed");
  await page.getByRole("link", { name: title }).click();
  await page.waitForSelector("html[data-clx-live]");
};
const shows = (page, text) => page.getByText(text, { exact: true }).first().waitFor();
// The topmost cell that is seen, and where it stands.
const place = (page) => page.evaluate(() => {
  const cell = [...document.querySelectorAll("#notebook > .cell")].find((one) => one.getBoundingClientRect().bottom > 2);
  return { text: cell.textContent.trim().slice(0, 40), top: Math.round(cell.getBoundingClientRect().top) };
});

await run([
  ["the index lists the course and finds titles and text", async ({ page }) => {
    await page.goto(address);
    await page.selectOption("#kind", "completed");
    assert.equal(await page.locator("main a").count(), 2);
    await page.fill("#search", "about BETA 17");
    await page.waitForFunction(() => document.querySelectorAll("main a").length === 1);
    assert.match(await page.locator("main li").textContent(), /beta/);
    await page.fill("#search", "no such words");
    await page.waitForFunction(() => document.querySelector("main").textContent === "No page.");
  }],
  ["the index is usable by everybody", async ({ page }) => {
    await page.goto(address);
    await page.waitForSelector("main a");
    assert.deepEqual(await violations(page), []);
  }],
  ["an edit reloads the page at the reader's place, though text came in above", async ({ page }) => {
    await open(page, "alpha");
    await page.evaluate(() => document.querySelectorAll("#notebook > .cell")[30].scrollIntoView({ behavior: "instant" }));
    await page.evaluate(() => window.scrollBy({ top: 25, behavior: "instant" }));
    const before = await place(page);
    writeFileSync(source("alpha"), "# %% [markdown]\n# Fresh paragraph\n#\n# with several\n#\n# more lines\n\n" + cells("alpha"));
    await shows(page, "Fresh paragraph");
    await page.waitForFunction((text) => {
      const cell = [...document.querySelectorAll("#notebook > .cell")].find((one) => one.getBoundingClientRect().bottom > 2);
      return cell && cell.textContent.trim().slice(0, 40) === text;
    }, before.text);
    const after = await place(page);
    assert.ok(Math.abs(after.top - before.top) <= 2, `${JSON.stringify(before)} became ${JSON.stringify(after)}`);
  }],
  ["a page that did not change is not reloaded", async ({ page }) => {
    await open(page, "alpha");
    await page.evaluate(() => { window.isStillHere = true; localStorage.setItem("clx-follow", "no"); });
    appendFileSync(source("beta"), "\n# %% [markdown]\n# Elsewhere\n");
    const other = await page.context().newPage();
    await open(other, "beta");
    await shows(other, "Elsewhere");
    assert.ok(await page.evaluate(() => window.isStillHere));
  }],
  ["a mistake is shown over the page with file and line, until it is mended", async ({ page }) => {
    await open(page, "alpha");
    const good = readFileSync(source("alpha"));
    appendFileSync(source("alpha"), "\n# {{ nowhere }}\n");
    const overlay = page.locator("#clx-errors");
    await overlay.waitFor();
    const line = readFileSync(source("alpha"), "utf8").split("\n").findIndex((text) => text.includes("nowhere")) + 1;
    assert.match(await overlay.textContent(), new RegExp(`slides_alpha\\.py:${line}:\\d+ 'nowhere' is undefined`));
    assert.ok(await page.getByText("Fresh paragraph").isVisible(), "the last good page stays");
    writeFileSync(source("alpha"), good);
    await overlay.waitFor({ state: "detached" });
  }],
  ["a mistake in the spec is shown too", async ({ page }) => {
    await open(page, "alpha");
    appendFileSync(join(course, "course.yaml"), "nonsense: 1\n");
    await page.locator("#clx-errors").getByText("course.yaml:").waitFor();
    spec("alpha", "beta");
    await page.locator("#clx-errors").waitFor({ state: "detached" });
  }],
  ["the browser follows to the page that was just edited, in the same kind", async ({ page }) => {
    await open(page, "alpha");
    appendFileSync(source("beta"), "\n# %% [markdown]\n# Followed here\n");
    await page.waitForURL(/Completed.*beta/);
    await shows(page, "Followed here");
  }],
  ["new and deleted sources change the index", async ({ page }) => {
    await page.goto(address);
    await page.evaluate(() => localStorage.setItem("clx-follow", "no"));
    await page.selectOption("#kind", "completed");
    mkdirSync(join(course, "aside"));
    writeFileSync(join(course, "aside", "slides_gamma.py"), cells("gamma"));
    renameSync(join(course, "aside"), topic("gamma"));
    spec("alpha", "beta", "gamma");
    await page.getByRole("link", { name: "gamma" }).waitFor();
    spec("alpha", "beta");
    rmSync(topic("gamma"), { recursive: true });
    await page.getByRole("link", { name: "gamma" }).waitFor({ state: "detached" });
  }],
  ["nothing outside of the output trees is served, and to no other host name", async ({ page }) => {
    for (const path of ["t/0/../course.yaml", "t/0/%2e%2e/course.yaml", "t/9/x", "t/0//etc/passwd", "etc/passwd"])
      assert.equal((await page.request.get(address + path)).status(), 404, path);
    assert.equal((await page.request.get(address, { headers: { Host: "evil.example" } })).status(), 403);
  }],
]);
child.kill("SIGINT");
