// The header: the switch of light and dark, and links that keep what the address says. The visitor's own choice of colours
// outlives a reload; without one Gradio follows the system. Given by gr.HTML: element.

const apply = (dark) => document.body.classList.toggle("dark", dark);
const chosen = localStorage.getItem("distilloscope-dark");
if (chosen !== null && !new URL(location).searchParams.has("__theme")) apply(chosen === "1");
element.querySelector("[data-dark]").addEventListener("click", () => {
  const dark = !document.body.classList.contains("dark");
  localStorage.setItem("distilloscope-dark", dark ? "1" : "0");
  apply(dark);
});

// What an address says of language and colours goes along to the other pages.
["pointerdown", "click"].forEach((name) => document.addEventListener(name, ({ target }) => {
  const link = target.closest?.("a[href]"), here = new URLSearchParams(location.search);
  if (!link || link.origin !== location.origin || link.getAttribute("href").startsWith("#")) return;
  const url = new URL(link.href);
  ["lang", "__theme"].forEach((kept) => { if (here.has(kept) && !url.searchParams.has(kept)) url.searchParams.set(kept, here.get(kept)); });
  if (url.search !== link.search) link.href = url.href;
}, true));
