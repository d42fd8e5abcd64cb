"use strict";
(() => {
  const word = document.body.dataset;
  const cells = [...document.querySelectorAll("body > main > .cell")]; // what outputs call so is not meant, here and below

  function button(label, title, act) {
    const b = document.createElement("button");
    b.type = "button";
    b.textContent = label;
    b.title = title;
    b.setAttribute("aria-label", title);
    b.addEventListener("click", act);
    return b;
  }

  // Maths: the TeX that stands in the page is replaced if KaTeX is part of it.
  if (window.katex) {
    for (const place of document.querySelectorAll("span.maths")) {
      const source = place.textContent;
      const tex = source.replace(/^\$\$?|\$\$?$/g, "");
      try {
        window.katex.render(tex, place, { displayMode: place.classList.contains("display"), throwOnError: true, trust: false, maxSize: 50 });
      } catch (error) {
        place.textContent = source;
      }
    }
  }

  // Copy buttons.
  async function copy(text) {
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(text);
      return;
    }
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "away";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  for (const source of document.querySelectorAll(".source")) {
    const code = source.querySelector("code");
    if (!code?.textContent.trim()) continue;
    const b = button(word.copy, word.copy, async () => {
      await copy(code.textContent.replace(/\n$/, ""));
      b.textContent = word.copied;
      setTimeout(() => { b.textContent = word.copy; }, 1500);
    });
    b.className = "copy";
    source.append(b);
  }

  // What scrolls sideways can be reached by keyboard.
  const scrolling = document.querySelectorAll("pre, .table, .rich, .maths.display");
  const reach = () => {
    for (const box of scrolling) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  reach();
  window.addEventListener("resize", reach);

  // Contents: open where there is room for it.
  const contents = document.querySelector("body > nav.contents details");
  const wide = window.matchMedia("(min-width: 82rem)");
  const arrange = () => { if (contents) contents.open = wide.matches; };
  arrange();
  wide.addEventListener("change", arrange);

  // Contents: the heading that one reads is marked.
  const links = [...document.querySelectorAll("body > nav.contents a")].map((link) => [link, document.getElementById(decodeURIComponent(link.getAttribute("href").slice(1)))]);
  const follow = () => {
    const read = links.filter(([, heading]) => heading && heading.getBoundingClientRect().top < window.innerHeight / 3);
    const now = (read.pop() || links[0] || [])[0];
    for (const [link] of links) {
      if (link === now) link.setAttribute("aria-current", "location");
      else link.removeAttribute("aria-current");
    }
  };
  follow();
  let following = 0;
  window.addEventListener("scroll", () => {
    cancelAnimationFrame(following);
    following = requestAnimationFrame(follow);
  }, { passive: true });

  // Slides: columns (slide) of pages (subslide); each page is a list of cells.
  const pages = [];
  let column = -1;
  for (const cell of cells) {
    const type = cell.dataset.slide;
    if (type === "skip") continue;
    if (type === "slide" || !pages.length) {
      column++;
      pages.push({ column, cells: [] });
    } else if (type === "subslide") {
      pages.push({ column, cells: [] });
    }
    pages[pages.length - 1].cells.push(cell);
  }
  if (!pages.length) return;
  for (const page of pages) page.cells[0].classList.add("page-start");

  let current = -1;
  const bar = document.createElement("div");
  bar.className = "bar";
  const place = document.createElement("span");
  place.setAttribute("aria-live", "polite");
  const slides = button("▶ " + word.slides, word.slides + " (S)", () => { current < 0 ? show(firstVisible()) : leave(); });
  const back = button("‹", word.previous + " (←)", () => show(current - 1));
  const forth = button("›", word.next + " (→)", () => show(current + 1));
  bar.append(back, place, forth, slides);
  document.body.append(bar);

  function firstVisible() {
    const found = pages.findIndex((page) => page.cells.some((cell) => cell.getBoundingClientRect().bottom > 40));
    return Math.max(found, 0);
  }
  function show(n) {
    current = Math.min(Math.max(n, 0), pages.length - 1);
    document.documentElement.classList.add("slides");
    for (const cell of cells) cell.classList.toggle("shown", pages[current].cells.includes(cell));
    place.textContent = (current + 1) + " / " + pages.length;
    slides.textContent = "✕";
    slides.title = word.leave + " (Esc)";
    slides.setAttribute("aria-label", slides.title);
    back.disabled = current === 0;
    forth.disabled = current === pages.length - 1;
    window.scrollTo(0, 0);
    history.replaceState(null, "", "#/" + (current + 1));
  }
  function leave() {
    const cell = pages[current].cells[0];
    current = -1;
    document.documentElement.classList.remove("slides");
    place.textContent = "";
    slides.textContent = "▶ " + word.slides;
    slides.title = word.slides + " (S)";
    slides.setAttribute("aria-label", slides.title);
    history.replaceState(null, "", location.pathname + location.search);
    if (cell) cell.scrollIntoView();
  }
  // The first page of the next or previous column.
  function jump(step) {
    const wanted = pages[current].column + step;
    const n = pages.findIndex((page) => page.column === wanted);
    if (n >= 0) show(n);
  }
  const keys = {
    ArrowRight: () => show(current + 1), PageDown: () => show(current + 1), " ": () => show(current + 1), n: () => show(current + 1),
    ArrowLeft: () => show(current - 1), PageUp: () => show(current - 1), p: () => show(current - 1),
    Home: () => show(0), End: () => show(pages.length - 1), Escape: leave, s: leave,
    N: () => document.documentElement.classList.toggle("without-notes"), ArrowDown: null, ArrowUp: null,
    "]": () => jump(1), "[": () => jump(-1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    if (event.key === " " && event.target.tagName === "BUTTON") return;
    if (current < 0) {
      if (event.key === "s" || event.key === "S") show(firstVisible());
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  let touch = null;
  document.addEventListener("touchstart", (event) => { touch = event.changedTouches[0]; }, { passive: true });
  document.addEventListener("touchend", (event) => {
    if (current < 0 || !touch) return;
    const dx = event.changedTouches[0].clientX - touch.clientX, dy = event.changedTouches[0].clientY - touch.clientY;
    if (Math.abs(dx) > 70 && Math.abs(dx) > 2 * Math.abs(dy)) show(current + (dx < 0 ? 1 : -1));
  }, { passive: true });
  const asked = /^#\/(\d+)$/.exec(location.hash);
  if (asked) show(Number(asked[1]) - 1);
})();
