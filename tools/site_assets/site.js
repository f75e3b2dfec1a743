// Search in the pages of the course. The index comes from search-index.js: a page opened from a folder cannot fetch one.
(function () {
  "use strict";
  const form = document.querySelector("form[role=search]");
  const box = form.querySelector("input"), panel = form.querySelector(".results");
  const list = document.getElementById("results"), said = document.getElementById("said");
  const most = 20;
  const plain = (text) => text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, "");
  const entries = (window.COURSE_INDEX || []).map((e) => ({ ...e, h: plain(e.head + " " + e.name), t: plain(e.text) }));

  function rank(entry, words) {           // every word must occur; at the start of a word and in a heading it counts more
    let score = entry.concept ? 6 : 0;
    for (const word of words) {
      const start = new RegExp("(^|[^a-z0-9])" + word.replace(/[^a-z0-9]/g, "\\$&"));
      if (start.test(entry.h)) score += 4;
      else if (start.test(entry.t)) score += 2;
      else if (entry.t.includes(word)) score += 1;
      else return 0;
      if (start.test(entry.t)) score += 1;
    }
    return score + (words.length > 1 && (entry.h + " " + entry.t).includes(words.join(" ")) ? 5 : 0);
  }

  function excerpt(entry, words) {        // built from text nodes: nothing of the index is read as HTML
    const places = [words.join(" "), ...words].map((w) => entry.t.indexOf(w)).filter((i) => i >= 0);
    const at = places[0] > 60 ? entry.t.indexOf(" ", places[0] - 60) + 1 : 0;
    const text = (at ? "… " : "") + entry.text.slice(at, at + 170) + (entry.text.length > at + 170 ? " …" : "");
    const out = document.createElement("span");
    const parts = text.split(new RegExp("(" + words.map((w) => w.replace(/[^a-z0-9]/g, "\\$&")).join("|") + ")", "i"));
    parts.forEach((part, i) => {
      out.append(i % 2 ? Object.assign(document.createElement("mark"), { textContent: part }) : part);
    });
    return out;
  }

  function search() {
    const words = plain(box.value).split(/\s+/).filter(Boolean);
    list.replaceChildren();
    panel.hidden = !words.length;
    if (!words.length) { said.textContent = ""; return; }
    const hits = entries.map((e) => [rank(e, words), e]).filter((x) => x[0]).sort((a, b) => b[0] - a[0]);
    said.textContent = !hits.length ? "Nothing found." : hits.length > most ? `${hits.length} places; the best ${most}:`
      : hits.length === 1 ? "1 place" : `${hits.length} places`;
    for (const [, e] of hits.slice(0, most)) {
      const link = Object.assign(document.createElement("a"), { href: e.page + (e.at ? "#" + e.at : "") });
      link.append(Object.assign(document.createElement("b"), { textContent: e.head }), " ",
        Object.assign(document.createElement("small"), { textContent: e.name === e.head ? "" : e.name }), excerpt(e, words));
      list.append(document.createElement("li"));
      list.lastChild.append(link);
    }
  }

  function close() { panel.hidden = true; }
  form.hidden = false;
  box.addEventListener("input", search);
  box.addEventListener("focus", search);
  form.addEventListener("submit", (e) => { e.preventDefault(); const first = list.querySelector("a"); if (first) first.click(); });
  list.addEventListener("click", close);
  document.addEventListener("click", (e) => { if (!form.contains(e.target)) close(); });
  form.addEventListener("focusout", (e) => { if (e.relatedTarget && !form.contains(e.relatedTarget)) close(); });
  document.addEventListener("keydown", (e) => {
    if (e.key === "/" && !/^(INPUT|TEXTAREA)$/.test(e.target.tagName)) { e.preventDefault(); box.focus(); box.select(); }
    if (!form.contains(e.target)) return;
    const stops = [box, ...list.querySelectorAll("a")], here = stops.indexOf(document.activeElement);
    if (e.key === "Escape") { box.focus(); box.value = ""; search(); }
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      stops[Math.max(0, Math.min(stops.length - 1, here + (e.key === "ArrowDown" ? 1 : -1)))].focus();
    }
  });
  const toc = document.querySelector(".toc details");
  if (toc && innerWidth < 1200) toc.open = false;
  for (const wide of document.querySelectorAll(".scroll, .code pre, .output pre")) {     // what scrolls can be reached by key
    if (wide.scrollWidth > wide.clientWidth) Object.assign(wide, { tabIndex: 0 });
  }
})();
