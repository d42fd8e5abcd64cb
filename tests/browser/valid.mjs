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

const programs = {
  python: ["py", "#", "class A:\n    x: int = 1 < 2  # \"<b>\"\n"],
  cpp: ["cpp", "//", "#include <vector>\ntemplate <typename T> T f(T a) { return a << 1 && '<'; } // <b>\n"],
  c: ["c", "//", "#include <stdio.h>\nint main(void) { printf(\"<b>%d\\n\", 1 < 2); }\n"],
  csharp: ["cs", "//", "List<string> x = new(); var s = $\"<{x}>\"; // <b>\n"],
  java: ["java", "//", "List<String> x = List.of(\"<b>\"); @Deprecated class A<T extends B> {}\n"],
  typescript: ["ts", "//", "const f = <T>(x: T): x is T => `<b>${x}`; // <b>\n"],
  rust: ["rs", "//", "fn f<'a, T: A<B>>(x: &'a str) -> Vec<T> { println!(\"<b>{}\", x); }\n"],
};

// A course of one notebook in a programming language, each kind in three languages of people; the pages.
function buildProgram(name) {
  const [suffix, comment, code] = programs[name], folder = makeFolder(), topic = join(folder, "slides", "module_1_m", "topic_1_t");
  mkdirSync(topic, { recursive: true });
  writeFileSync(join(topic, `slides_t.${suffix}`), [
    `${comment} j2 from "macros.j2" import header`, `${comment} {{ header({"de": "T & <T>", "en": "T \'<T>\'", "fr": "T \\"T\\""}) }}`, "",
    `${comment} %% [markdown] tags=["slide"]`, `${comment} ## A table`, `${comment}`, `${comment} | a | b |`, `${comment} |---|--:|`, `${comment} | $x<1$ | \`<b>\` |`, "",
    `${comment} %% tags=["keep"]`, code, `${comment} %% [markdown] tags=["notes"]`, `${comment} Say **this**.`, "", `${comment} %%`, code].join("\n"));
  writeFileSync(join(folder, "course.yaml"), `name: {de: K, en: C, fr: C}\nlanguages: [de, en, fr]\nprog_lang: ${name}\nauthor: "A & <B>"\n` +
    `sections: [{name: {de: W, en: W, fr: S}, topics: [{id: t, evaluate: false}]}]\noutput_targets: [{name: all, path: ./output, formats: [html]}]\n`);
  return build(folder, () => {});
}

const list = [
  ["pages of each kind in seven programming languages", async () => {
    const pages = Object.keys(programs).flatMap(buildProgram);
    assert.equal(pages.length, 7 * 3 * 3);
    for (const page of pages)
      assert.match(readFileSync(page, "utf8"), /class="cell code"/, page);
    assertValid(pages);
  }],
  ["a page of what authors bring along", async () => assertValid([render("brought.ipynb", "speaker")])],
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
