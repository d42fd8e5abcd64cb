// The HTML checker over every page: those of everything.ipynb, of the example course, and of the notebooks among the cases.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkHtml, makeFolder, run } from "./browser.mjs";
import { render } from "./pages.mjs";

const root = process.env.CLX_SOURCE_ROOT;
const cases = process.env.CLX_CASES ?? join(root, "..", "shared", "cases");

const findPages = (folder) => readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith(".html")).map((name) => join(folder, name));

function assertValid(files) {
  assert.ok(files.length > 0, "there is a page");
  const all = checkHtml(files);
  assert.ok(all, "java is installed");
  // A "<T>" in somebody's text is an element that HTML does not know; it is kept, as in Jupyter.
  const unknown = new Set([...all.join("\n").matchAll(/The “(.+?)” element is a completely-unknown element/g)].map((match) => match[1]));
  const complaints = all.filter((line) => !unknown.has(/(?:Element|The) “(.+?)”/.exec(line)?.[1]));
  assert.deepEqual(complaints.slice(0, 20), []);
}

// A course built in a folder of its own, without running its code; the pages.
function build(course, spec) {
  const folder = makeFolder();
  cpSync(course, join(folder, "course"), { recursive: true, filter: (path) => !/\/(output|\.clx|clx_\w+\.db.*)$/.test(path) });
  mkdirSync(join(folder, "course", ".clx"));
  spec(join(folder, "course", "course.yaml"));
  const { status, stderr } = spawnSync(process.env.CLX, ["-C", join(folder, "course"), "build", "course.yaml"], { encoding: "utf8", env: { ...process.env, HOME: folder } });
  assert.equal(status, 0, stderr);
  return findPages(join(folder, "course", "output"));
}

const list = [
  ["pages of each kind and language that hold everything", async () => {
    assertValid(["code-along", "completed", "speaker"].flatMap((kind) => ["de", "en"].map((language) => render("everything.ipynb", kind, language))));
  }],
  ["pages of the example course", async () => assertValid(build(join(root, "examples", "python-basics"), () => {}))],
];
if (existsSync(join(cases, "notebooks", "course")))
  list.push(["pages of notebooks in five languages", async () => assertValid(build(join(cases, "notebooks", "course"), (path) => {
    const text = readFileSync(path, "utf8").replace("kinds: [code-along, completed, speaker], formats: [notebook, code]", "kinds: [code-along], formats: [html]");
    writeFileSync(path, text);
  }))]);
await run(list);
