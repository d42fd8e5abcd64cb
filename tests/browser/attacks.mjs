// A notebook in which every output and text tries to run something, to load something, or to get out of its place. Behind each stands a
// cell of the page's own, so that one sees whether it is still where it belongs.
import { renderCells } from "./pages.mjs";

const run = "document.documentElement.dataset.ran = 1";
const host = "http://evil.example";
const hide = "h1, h2, main, .cell { display: none !important }";

const html = [
  // What ends the place.
  "</div></div></div></main></body></html><h1>out</h1>",
  "<li><div><li></li></div></li>".repeat(8), "<dl><dt><div><dd></dd></div></dt></dl>".repeat(8), "<li><div><li>".repeat(9), "<dd><div><dt>".repeat(9),
  "<button><div><button></button></div></button>".repeat(8), "<table><div><table></table></div></table>".repeat(8),
  "<svg><main><p></p></main></svg>".repeat(2), "<svg><aside><div></div></aside></svg>".repeat(8), "<math><mtext><main><p></main></mtext></math>".repeat(8),
  "<p><button><div></p></div></button></p>".repeat(8), "<table><tr><td></table></div></td></tr></table></div></div>",
  "<a><div><a><div><a></div></a></div></a>".repeat(8), "<b><p><i></b></p></i></div>".repeat(8), "<table><b><tr><td></b></table></div></b></div>",
  "<select><div></select></div><option></div><select><input></div>", "<form><div></form></form></div></div>", "</p></br></div></body>",
  "<ruby><li><rt><div><rp></div></li></ruby></div>".repeat(8), "<h1><div><h2></h1></div></h2></div>".repeat(8),
  "<svg><title></svg></title></div></svg><svg><desc><div></svg></desc></div>".repeat(8), "<math><annotation-xml encoding='text/html'><div></math></div>".repeat(8),
  "<svg><foreignObject><div></foreignObject></svg></div>".repeat(8), "<object><div></object></div><applet></div><marquee></div>".repeat(8),
  // What swallows the rest.
  "<!--", "<!-- ", "<!", "<?", "<![CDATA[", "<svg><![CDATA[", "<plaintext>", "<textarea>", "<title>", "<xmp>", "<noscript>", "<noembed>", "<noframes>", "<iframe>",
  "<template>", "<select>", "<script>", "<script><!--<script>", "<style>", "<style>/*", "<svg>", "<math>", "<table>", "<table><colgroup>", "<frameset>", "<object>",
  "<b><i><u><s><big><font color=red>", "<a href='#'>", "<h1>", "<p", "<p title='", "<p title=\"x", "<", "</", "&", "<div ".repeat(500), "<div>".repeat(1200),
  "<b>".repeat(1200), "<svg><style><p><plaintext></p></style></svg>", "<svg><style><!--</style>", "<math><style><table><plaintext>", "<template shadowrootmode=open><slot>",
  // What runs something.
  `<script>${run}</script>`, `<ScRiPt\n>${run}</sCrIpT >`, `<svg><script>${run}</script></svg>`, `<svg><script href='data:,${run}'/></svg>`, `<img src=x onerror='${run}'>`,
  `<img/src=x/onerror='${run}'>`, `<svg onload='${run}'></svg>`, `<svg><animate onbegin='${run}' attributeName=x dur=1s></svg>`, `<body onload='${run}'>`,
  `<details open ontoggle='${run}'>`, `<input autofocus onfocus='${run}'>`, `<video><source onerror='${run}'></video>`, `<iframe srcdoc='<script>top.${run}</script>'></iframe>`,
  `<iframe src='javascript:top.${run}'></iframe>`, `<a id=go href='javascript:${run}'>go</a>`, `<a class=go href='java&#115;cript:${run}'>go</a>`,
  `<a class=go href='&#1;javascript:${run}'>go</a>`, `<a class=go href='java\nscript:${run}'>go</a>`, `<a class=go href='javascript&colon;${run}'>go</a>`,
  `<svg><a class=go xlink:href='javascript:${run}'><text y=20>go</text></a></svg>`, `<a class=go href='data:text/html,<script>${run}</script>'>go</a>`,
  `<form action='javascript:${run}'><input type=submit class=go></form>`, `<button formaction='javascript:${run}' class=go>go</button>`,
  `<math><a class=go xlink:href='javascript:${run}'>go</a></math>`, `<svg><a class=go><set attributeName=href to='javascript:${run}'/><text y=20>go</text></a></svg>`,
  `<noscript><p title="</noscript><img src=x onerror='${run}'>">`, `<svg></p><style><a title="</style><img src=x onerror='${run}'>">`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${run}&gt;">`,
  `<form><math><mtext></form><form><mglyph><svg><mtext><style><path id="</style><img onerror='${run}' src>">`,
  `<textarea><img title="</textarea><img src=x onerror='${run}'>"></textarea>`, `<xmp><p title="</xmp><img src=x onerror='${run}'>">`,
  `<iframe><p title="</iframe><img src=x onerror='${run}'>">`, `<style><p title="</style><img src=x onerror='${run}'>">`, `<embed src='data:text/html,<script>top.${run}</script>'>`,
  `<object data='data:text/html,<script>top.${run}</script>'></object>`, `<img src=x title="\`onerror='${run}'">`, `<a href="x" =onclick='${run}'>x</a>`,
  // What loads something or goes somewhere.
  `<meta http-equiv=refresh content='0;url=${host}/'>`, `<svg><style><meta http-equiv=refresh content='0;url=${host}/'></style></svg>`, `<base href='${host}/'>`,
  `<link rel=stylesheet href='${host}/x.css'>`, `<link rel=prefetch href='${host}/p'>`, `<link rel=dns-prefetch href='${host}'>`, `<img src='${host}/x.png'>`,
  "<img src='//evil.example/x.png'>", "<img src='\\\\evil.example\\x.png'>", "<img src='/&#47;evil.example/x.png'>", "<img src='&#47;/evil.example/x.png'>", "<img src='/\t/evil.example/x'>",
  "<img src='file://evil.example/x.png'>", `<img srcset='${host}/x.png 1x, //evil.example/x 2x'>`, `<picture><source srcset='//evil.example/x.png'><img></picture>`,
  "<table background='//evil.example/x.png'><tr><td background='//evil.example/y.png'></table>", `<video src='//evil.example/v' poster='//evil.example/p'></video>`,
  `<audio src='${host}/a' autoplay></audio>`, "<input type=image src='//evil.example/i'>", "<svg><image href='//evil.example/i'/><use href='//evil.example/u#x'/></svg>",
  "<svg><image xlink:href='//evil.example/i'/><feImage href='//evil.example/f'/></svg>", `<iframe src='${host}/'></iframe>`, `<object data='${host}/'></object>`,
  `<form action='${host}/' method=post><input name=a value=b><button class=go>go</button></form>`, `<a class=go href='#' ping='${host}/ping'>go</a>`,
  "<div style='background:url(//evil.example/b)'>x</div>", "<div style='background:url(&quot;//evil.example/b&quot;)'>x</div>", "<div style='background:\\75rl(//evil.example/b)'>x</div>",
  "<div style='background:u&#114;l(//evil.example/b)'>x</div>", "<div style='background:image-set(\"//evil.example/b\" 1x)'>x</div>",
  "<style>div { background: url(//evil.example/s) }</style>", "<style>div { background: url( '/\\2f evil.example/s' ) }</style>", `<style>@import '${host}/i.css';</style>`,
  `<style>@font-face { font-family: f; src: url(//evil.example/f) } * { font-family: f }</style>`, "<style>div { cursor: -webkit-image-set('//evil.example/c' 1x), auto }</style>",
  // Styles that want to hold everywhere.
  `<style>${hide}</style>`, `<style>} ${hide} .x {</style>`, `<style>:scope, :root, html { ${hide.slice(4)}</style>`, `<style>.x{} xurl(/*) { url(*/) } ${hide}</style>`,
  `<style>#url(/*) { url(*/) } ${hide}</style>`, `<style>@url(/*) { url(*/) } ${hide}</style>`, `<style><url(/*) { url(*/) } ${hide}</style>`, `<style>×url(/*) { url(*/) } ${hide}</style>`,
  `<style>×url(} ${hide} a{b:c(/*){)/**/}}</style>`, `<style>a { b: '\n } ${hide} c { d: ' }</style>`, `<style>@scope (body) { ${hide} } @media all { ${hide} }</style>`,
  `<style>@scope (html) to (x) { :scope h1 { display: none } }</style>`, `<style>:scope { position: fixed; inset: 0; z-index: 99; background: red; contain: none !important }</style>`,
  `<svg><style>&#125; ${hide} &#123;</style></svg>`, `<svg><style>} ${hide} x {</style></svg>`, `<style>:is(body:has(:scope) main, h1) { display: none }</style>`,
  // Covers.
  "<div style='position:fixed;inset:0;background:red;z-index:2147483647'>cover</div>", "<div style='position:absolute;left:-500px;top:-900px;width:5000px;height:5000px;background:red'>cover</div>",
  "<div style='margin:-900px;height:2000px;background:red'>cover</div>", "<div style='transform:scale(99);background:red'>cover</div>", "<div class=bar style='inset:0'>cover</div>",
  "<div style='box-shadow:0 0 0 9999px red'>cover</div>", "<div style='outline:9999px solid red'>cover</div>", "<dialog open style='position:fixed;inset:0;width:99vw;height:99vh'>cover</dialog>",
  "<button class=go popovertarget=pop>go</button><div id=pop popover style='position:fixed;inset:0;width:100vw;height:100vh'>cover</div>",
  "<button class=go commandfor=dia command=show-modal>go</button><dialog id=dia style='width:100vw;height:100vh'>cover</dialog>",
  // Names of the page.
  "<div id=notebook><h2 id='after-1'>x</h2></div>", "<main id=notebook><div class=cell data-slide=slide>mine</div></main>", "<h2 id='after-200'>x</h2><a name='after-201'>x</a>",
  "<div class=source></div><div class=source><pre>x</pre></div>", "<nav class=contents><details><summary>x</summary><a>no address</a><a href='%'>x</a></details></nav>",
  "<a id=exports></a><a id=module></a><a id=define></a><a id=katex></a><span class='maths display'>$\\rule{999em}{999em}$</span>",
  "<img name=body><img name=querySelectorAll><img name=createElement><img name=getElementById><img name=addEventListener><form name=documentElement></form>",
  "<embed name=body><object name=querySelector></object><iframe name=title></iframe><form id=createElement></form><img id=querySelectorAll name=x>",
];

const outputs = [
  ...html.map((text) => ({ "text/html": text })),
  ...["image/svg+xml", "text/markdown", "text/latex", "text/plain", "application/json", "image/png", "image/jpeg"].map((type) =>
    ({ [type]: `</div></main><script>${run}</script><img src='${host}/x' onerror='${run}'>"><plaintext>` })),
  { "text/markdown": `# Not of the contents\n\n[x](javascript:${run}) <javascript:${run}> ![x](${host}/x.png) ![x](//evil.example/y)\n\n<li><div><li></li></div></li></div></div>` },
  { "text/latex": `\\href{javascript:${run}}{x} \\includegraphics{${host}/x.png} \\htmlClass{bar}{x} \\rule{9999em}{9999em} \\kern-9999em x` },
  { "image/svg+xml": `<svg xmlns='http://www.w3.org/2000/svg' onload='${run}'><script>${run}</script><image href='${host}/x'/></svg>` },
  { "application/json": { "</div>": `<script>${run}</script>` } },
];
const streams = [
  `\x1b]8;;javascript:${run}\x1b\\link\x1b]8;;\x1b\\ \x1b]0;title\x07 \x1b[2J\x1b[H\x1b[999;999H \x1bP+q\x1b\\ \x1b_G\x1b\\ \x1b[31m</div></main>`, "\x1b[38;2;</span>m<b>x", "\x1b]",
  "\x01\x08\x0b\x7f\u0085\u009b31m\ufffe\uffff", `<script>${run}</script>`, "\u202ereversed",
];
const texts = [
  `</div></div></main></body><script>${run}</script>`, "<li><div><li></li></div></li></div>".repeat(8), "- <li><div><li></div></div></div></div>", "> <plaintext>", "| a |\n|---|\n| <table></div><td> |",
  `# <img src=x onerror='${run}'> \`<b>\` [x](javascript:${run})`, `$\\href{javascript:${run}}{x}$ $</span></div><script>${run}</script>$`, "[^1]: </li></ol></section></div>\n\nx[^1]",
  `![x](attachment:a) [x](attachment:b)`, "text <div>\n\n</p></div></div></div>", "<textarea>", "<!-- never closed", `<svg><style><p><plaintext>`, "```</div>\n</code></pre></div>\n```", "`</code></div>`",
  `<meta http-equiv=refresh content='0;url=${host}/'>`, "<p title=\"$x$\" onclick='x'>$\\text{</p>}$", "<div style='position:fixed;inset:0;background:red;z-index:99'>cover</div>",
];

// Tags in any order, the same in each run.
function soup(count) {
  const names = ("a b i font nobr p div span main aside section li ul ol dl dt dd h1 h2 pre table caption colgroup col thead tbody tfoot tr td th form fieldset legend button select option optgroup " +
    "input textarea label details summary dialog svg g path foreignObject desc title math mi mtext mrow annotation-xml mglyph style script iframe object applet marquee embed template noscript " +
    "ruby rb rt rp rtc br hr img image body html head frameset plaintext xmp center address blockquote figure audio video source param area map base link meta search menu article").split(" ");
  const insides = ["", "x", "x", " ", "&lt;", "<", "<!--x-->", "<![CDATA[x]]>", "</", "&#60;div>"];
  let state = 12345;
  const next = (n) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0, (state >>> 8) % n);
  const tag = () => {
    const name = names[next(names.length - (next(4) ? 40 : 0))];
    return ["</" + name + ">", "<" + name + ">", "<" + name + ">", "<" + name + " id=s class=cell>", "<" + name + "/>"][next(5)];
  };
  return Array.from({ length: count }, () => Array.from({ length: 3 + next(14) }, () => tag() + insides[next(insides.length)]).join("") + "</div>".repeat(next(6)));
}

const code = (outputs) => ({ cell_type: "code", metadata: {}, source: "show()", execution_count: 1, outputs });
const display = (data) => code([{ output_type: "display_data", metadata: {}, data }]);
const markdown = (source) => ({ cell_type: "markdown", metadata: {}, source });

// The cells that attack; `named`: only those written by hand.
export function attacks(named = false) {
  return [
    ...outputs.map(display),
    ...streams.map((text) => code([{ output_type: "stream", name: "stdout", text }])),
    code([{ output_type: "error", ename: "</pre></div>", evalue: `<script>${run}</script>`, traceback: [] }]),
    code([{ output_type: "execute_result", execution_count: "</div>", metadata: { "image/png": { width: "1' onload='x" } }, data: { "image/png": "' onload='x", "text/plain": "'\"><b>" } }]),
    ...texts.map((source) => ({ ...markdown(source), attachments: { a: { "image/png\"><b>": "x\"><script>" }, b: { "text/html": run } } })),
    { cell_type: "raw", metadata: { raw_mimetype: "text/html" }, source: `</div></main><li><div><li></li></div></li></div><script>${run}</script>` },
    { cell_type: "raw", metadata: { slideshow: { slide_type: "\"><b>" }, tags: ["\"><b>"] }, source: "</pre></div><plaintext>" },
    { cell_type: "code", metadata: {}, source: `</code></pre></div><script>${run}</script>`, outputs: [] },
    ...(named ? [] : soup(800).flatMap((text, i) => i % 5 ? [display({ "text/html": text })] : [markdown(text)])),
  ];
}

// The page of these cells, each with one of the page's own behind it, and how many attacks it holds.
export function renderAttacks(named = false) {
  const cells = attacks(named);
  return { page: renderCells(cells.flatMap((cell, i) => [cell, markdown(`## after ${i}\n\n$x^2$`)])), count: cells.length };
}
