// What people do with a page: read it without scripts, copy code, walk through the contents, show it as slides.
import assert from "node:assert/strict";
import { run } from "./browser.mjs";
import { render, url } from "./pages.mjs";

const speaker = url(render("everything.ipynb", "speaker"));
const completed = url(render("everything.ipynb", "completed"));
const german = url(render("everything.ipynb", "completed", "de"));

const shown = (page) => page.evaluate(() => [...document.querySelectorAll("main > .cell")].filter((cell) => cell.checkVisibility()).map((cell) => cell.textContent.trim().slice(0, 30)));
const place = (page) => page.locator(".bar span").textContent();
const isSlides = (page) => page.evaluate(() => document.documentElement.classList.contains("slides"));

await run([
  ["a page asks no host for anything and reports no error", async ({ page }) => {
    const asked = [], complaints = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(speaker);
    assert.deepEqual(asked.filter((address) => !/^(file|data|blob):/.test(address)), []);
    assert.deepEqual(complaints, []);
  }],
  ["everything can be read without scripts", async ({ browser }) => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(speaker);
    for (const text of ["Lists and everything else", "class Circle:", "'12.566'", "München", "\\int_0^1 x^2", "ZeroDivisionError"])
      assert.ok(await page.locator("main").getByText(text).first().isVisible(), text);
    assert.equal(await page.locator("button:visible").count(), 0);
    await context.close();
  }],
  ["maths is set by KaTeX with its own fonts, and its TeX stays for screen readers", async ({ page }) => {
    await page.goto(completed);
    assert.equal(await page.locator(".katex-error").count(), 0);
    assert.ok(await page.locator(".katex-display").count() >= 2);
    assert.equal(await page.locator(".katex annotation").first().textContent(), "e^{i\\pi} + 1 = 0");
    assert.ok(await page.evaluate(async () => { await document.fonts.ready; return document.fonts.check("16px KaTeX_Main"); }));
  }],
  ["hostile output stays in its place and runs nothing", async ({ page }) => {
    await page.goto(completed);
    const place = page.locator(".out", { hasText: "Hostile" });
    assert.equal(await page.evaluate(() => document.body.dataset.broken), undefined);
    assert.equal(await place.locator("[onclick], [onerror], [srcdoc], script").count(), 0);
    assert.ok(await page.evaluate(() => [...document.querySelectorAll("main > .cell")].pop().textContent.includes("a very long line of code")));
  }],
  ["hostile styles stay in their place", async ({ page }) => {
    await page.goto(completed);
    const box = await page.locator("h1").first().boundingBox();
    assert.ok(box && box.height > 0);
    const covered = await page.evaluate(() => {
      const cell = document.querySelector(".cover").closest(".cell"), next = cell.nextElementSibling;
      next.scrollIntoView();
      const { top, bottom, left, right } = next.getBoundingClientRect();
      const places = [...Array(40).keys()].map((i) => document.elementFromPoint(left + (right - left) * i / 40, (top + bottom) / 2));
      return places.some((element) => element?.closest(".cover"));
    });
    assert.ok(!covered, "the output covers the next cell");
  }],
  ["the copy button copies the code and says so", async ({ browser }) => {
    const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"] });
    const page = await context.newPage();
    await page.goto(completed);
    const source = page.locator(".source").first();
    await source.hover();
    await source.locator("button.copy").click();
    await page.locator("button.copy", { hasText: "Copied" }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(text.startsWith("import math\n\n\nclass Circle:") && text.endsWith('f"{Circle(2).area:.3f}"'), text);
    await context.close();
  }],
  ["the contents lead to every heading, in order", async ({ page }) => {
    await page.goto(completed);
    const links = page.locator("nav.contents a");
    assert.deepEqual(await links.allTextContents(), ["Lists and everything else", "Tables and lists", "Maths", "Raw HTML", "A very long line"]);
    if (!await links.first().isVisible())
      await page.locator("nav.contents summary").click();
    await page.locator("nav.contents a", { hasText: "Raw HTML" }).click();
    await page.waitForFunction(() => Math.abs(document.getElementById("Raw-HTML").getBoundingClientRect().top) < 120);
    await page.locator("nav.contents a[aria-current]", { hasText: "Raw HTML" }).waitFor({ state: "attached" });
  }],
  ["a footnote leads there and back", async ({ page }) => {
    await page.goto(completed);
    for (const link of await page.locator(".footnote a, .footnotes a").evaluateAll((found) => found.map((a) => a.getAttribute("href"))))
      assert.equal(await page.locator(`[id="${link.slice(1)}"]`).count(), 1, link);
  }],
  ["keys walk through the slides", async ({ page }) => {
    await page.goto(completed);
    await page.keyboard.press("s");
    assert.ok(await isSlides(page));
    assert.equal(await place(page), "1 / 7");
    assert.deepEqual(await shown(page), ["Lists and everything else¶\nA p", "These notes are for the speake"]);
    await page.keyboard.press("ArrowRight");
    assert.equal(await place(page), "2 / 7");
    await page.keyboard.press("End");
    assert.equal(await place(page), "7 / 7");
    await page.keyboard.press("ArrowRight");
    assert.equal(await place(page), "7 / 7");
    await page.keyboard.press("Home");
    await page.keyboard.press(" ");
    await page.keyboard.press("ArrowLeft");
    assert.equal(await place(page), "1 / 7");
    await page.keyboard.press("Escape");
    assert.ok(!await isSlides(page));
    assert.ok((await shown(page)).length > 15);
  }],
  ["the address names the slide, and a reload stays there", async ({ page }) => {
    await page.goto(completed + "#/3");
    assert.equal(await place(page), "3 / 7");
    await page.reload();
    assert.equal(await place(page), "3 / 7");
  }],
  ["buttons and fingers do what keys do", async ({ browser }) => {
    const context = await browser.newContext({ hasTouch: true, viewport: { width: 390, height: 800 } });
    const page = await context.newPage();
    await page.goto(completed);
    await page.getByRole("button", { name: "Slides" }).click();
    await page.getByRole("button", { name: "Next slide" }).click();
    assert.equal(await place(page), "2 / 7");
    const swipe = (from, to) => page.evaluate(([a, b]) => {
      const touch = (x) => new Touch({ identifier: 1, target: document.body, clientX: x, clientY: 300 });
      document.body.dispatchEvent(new TouchEvent("touchstart", { changedTouches: [touch(a)], bubbles: true }));
      document.body.dispatchEvent(new TouchEvent("touchend", { changedTouches: [touch(b)], bubbles: true }));
    }, [from, to]);
    await swipe(300, 80);
    assert.equal(await place(page), "3 / 7");
    await swipe(80, 300);
    assert.equal(await place(page), "2 / 7");
    await page.getByRole("button", { name: "Leave slides" }).click();
    assert.ok(!await isSlides(page));
    await context.close();
  }],
  ["the speaker sees notes on a slide and can hide them", async ({ page }) => {
    await page.goto(speaker);
    await page.keyboard.press("s");
    const notes = page.locator("aside.cell");
    assert.ok(await notes.isVisible());
    await page.keyboard.press("Shift+N");
    assert.ok(!await notes.isVisible());
    await page.keyboard.press("Shift+N");
    assert.ok(await notes.isVisible());
  }],
  ["a German page speaks German", async ({ page }) => {
    await page.goto(german);
    assert.equal(await page.evaluate(() => document.documentElement.lang), "de");
    assert.equal(await page.locator("nav.contents summary").textContent(), "Inhalt");
    assert.ok(await page.getByRole("button", { name: "Folien" }).isVisible());
  }],
]);
