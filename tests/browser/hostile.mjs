// Outputs and texts that attack the page (attacks.mjs): no script of theirs runs, nothing is asked for, and the page stays as it is.
import assert from "node:assert/strict";
import { renderAttacks } from "./attacks.mjs";
import { checkHtml, run } from "./browser.mjs";
import { url } from "./pages.mjs";

const { page: path, count } = renderAttacks();
const address = url(path), named = url(renderAttacks(true).page);

// Opens the page; returns what it asked for besides itself and files beside it, and its errors. What its policy refuses is not asked for.
async function open(page, address) {
  const asked = [], errors = [];
  const ask = (request) => {
    const { protocol, host } = new URL(request.url());
    if (request.isNavigationRequest() ? request.url() !== address : protocol !== "data:" && (protocol !== "file:" || host)) asked.push(request.url());
  };
  page.on("requestfinished", ask);
  page.on("requestfailed", (request) => { if (request.failure().errorText !== "csp") ask(request); });
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("dialog", (dialog) => { errors.push("a dialog"); dialog.dismiss(); });
  await page.goto(address);
  await page.evaluate(() => document.fonts.ready);
  return { asked, errors };
}

const ran = (page) => page.evaluate(() => document.documentElement.dataset.ran);

// What is not as the page was written: cells that are not where they belong, or not seen.
const displaced = (page) => page.evaluate((count) => {
  const cells = [...document.querySelectorAll("body > main > .cell")], found = [];
  if (cells.length !== 2 * count) found.push(`${cells.length} of ${2 * count} cells`);
  for (const [i, heading] of cells.map((cell) => cell.querySelector(":scope > .row > .markdown > h2")).entries())
    if (i % 2 && (heading?.textContent !== `after ${(i - 1) / 2}¶` || !heading.checkVisibility())) found.push(`cell ${i}, behind ${cells[i - 1].textContent.slice(0, 200)}`);
  return found.slice(0, 5);
}, count);

await run([
  ["the page has its own parts only", async ({ page }) => {
    const { errors } = await open(page, address);
    assert.deepEqual(await displaced(page), []);
    assert.deepEqual(await page.evaluate(() => [...document.body.children].map((element) => element.tagName + "." + element.className)),
      ["A.skip", "NAV.contents", "MAIN.", "FOOTER.", "SCRIPT.", "DIV.bar"]);
    assert.equal(await page.evaluate(() => [...document.querySelectorAll("body > main > *")].filter((element) => !element.classList.contains("cell")).length), 0);
    assert.equal(await page.evaluate(() => document.querySelectorAll("iframe, object, embed, form, base, link, body script, main meta").length), 1);
    assert.equal(await page.evaluate(() => [...document.querySelectorAll("*")].filter((element) => element.getAttributeNames().some((name) => name.startsWith("on"))).length), 0);
    assert.deepEqual(errors, []);
  }],
  ["no script runs and no host is asked", async ({ page }) => {
    const { asked } = await open(page, address);
    assert.equal(await ran(page), undefined);
    assert.deepEqual(asked, []);
  }],
  ["nothing of it runs either where its policy does not hold, also when one clicks", async ({ browser }) => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await context.route(/^http/, (route) => route.abort());
    await open(page, address);
    await page.evaluate(() => document.querySelectorAll("#go, .go").forEach((element) => element.dispatchEvent(new MouseEvent("click", { bubbles: true }))));
    assert.equal(await ran(page), undefined);
    assert.equal(page.url().replace(/#$/, ""), address);
    await context.close();
  }],
  ["it reads the same without scripts", async ({ browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(address);
    assert.equal(await page.locator("body > main > .cell").count(), 2 * count);
    assert.ok(await page.locator("footer").isVisible());
    await context.close();
  }],
  ["nothing covers the cells behind it", async ({ page }) => {
    await open(page, named);
    await page.evaluate(() => document.querySelectorAll("button.go").forEach((element) => element.click()));
    assert.equal(await page.evaluate(() => document.querySelectorAll(":popover-open, :modal").length), 0);
    const covered = await page.evaluate(() => {
      const found = [];
      for (const cell of document.querySelectorAll("body > main > .cell:nth-child(even)")) {
        cell.scrollIntoView({ block: "center", behavior: "instant" });
        const { top, bottom, left, right } = cell.getBoundingClientRect();
        for (const x of [0.02, 0.3, 0.6, 0.9]) {
          const element = document.elementFromPoint(left + (right - left) * x, (top + bottom) / 2);
          if (!cell.contains(element)) {
            found.push(`${cell.previousElementSibling.innerHTML.slice(0, 300)}: ${element?.outerHTML.slice(0, 100)}`);
            break;
          }
        }
      }
      return found.slice(0, 5);
    });
    assert.deepEqual(covered, []);
  }],
  ["the contents, the slides and the maths of the page work", async ({ page }) => {
    await open(page, address);
    const links = await page.locator("body > nav.contents a").evaluateAll((found) => found.map((link) => [link.textContent, decodeURIComponent(link.getAttribute("href").slice(1))]));
    const wanted = links.filter(([text]) => text.startsWith("after "));
    assert.equal(wanted.length, count);
    assert.ok(!links.some(([text]) => text.includes("Not of the contents")));
    const missed = await page.evaluate((links) => links.filter(([text, id]) => document.getElementById(id)?.textContent !== text + "¶"), wanted);
    assert.deepEqual(missed, []);
    assert.ok(await page.locator("body > main > .cell:nth-child(even) .katex").count() >= count);
    await page.keyboard.press("s");
    assert.ok(await page.evaluate(() => document.documentElement.classList.contains("slides")));
  }],
  ["a parser finds every element closed where it ends", async () => {
    const complaints = checkHtml([path]);
    assert.ok(complaints, "java is installed");
    const ofParser = /Stray|Unclosed element|No element|open elements|implied|in scope|seen|nesting|Misplaced|Forbidden|End of file|Cannot recover/i;
    assert.deepEqual(complaints.filter((line) => ofParser.test(line)).slice(0, 10), []);
  }],
]);
