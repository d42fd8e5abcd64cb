// The pages that are looked at: everything.ipynb, which holds all that a notebook can show, in each kind and language.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, makeFolder } from "./browser.mjs";

const target = makeFolder();

// Renders a notebook of this folder and returns the page's path.
export function render(notebook = "everything.ipynb", kind = "completed", language = "en") {
  const path = join(target, `${notebook}-${kind}-${language}.html`);
  writeFileSync(path, execFileSync(process.env.CLX_RENDER_PAGE, [join(folder, notebook), language, kind], { maxBuffer: 1 << 28 }));
  return path;
}

// Renders cells that a test makes up and returns the page's path.
export function renderCells(cells, language = "en") {
  const path = join(makeFolder(), "cells");
  writeFileSync(path + ".ipynb", JSON.stringify({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  writeFileSync(path + ".html", execFileSync(process.env.CLX_RENDER_PAGE, [path + ".ipynb", language, "speaker"], { maxBuffer: 1 << 28 }));
  return path + ".html";
}

export const url = (path) => "file://" + path;
