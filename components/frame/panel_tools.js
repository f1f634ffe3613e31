// What a visitor can do with any panel of any page: see it on the whole screen, save its charts, take away or copy their numbers.
// A chart says its numbers in `data-saves`, or by the `saves` of its element; a card needs nothing. Nothing is sent anywhere.
// Given by drawing.js: distilloscopeDrawing; by shared.js: make, shape, copied.

const CARDS = ".ds-view .ds-card:not(.ds-card .ds-card, #run-card, #takeaway)", SOON = 300;  // ms
const sheet = { png: "image/png", svg: "image/svg+xml", csv: "text/csv" };

// -- the whole screen ----------------------------------------------------------------------------------------------
function equip() {
  document.querySelectorAll(CARDS).forEach((card) => {
    if (card.querySelector(":scope > .ds-whole")) return;
    const button = make("button", "ds-whole ds-unsaved");
    Object.assign(button, { type: "button", title: "Full screen" });
    button.setAttribute("aria-label", "Full screen");
    button.setAttribute("aria-pressed", "false");
    button.append(icon("M3 9V3h6M15 3h6v6M21 15v6h-6M9 21H3v-6"));
    card.append(button);
  });
}

function icon(path) {
  const found = shape("svg", { viewBox: "0 0 24 24", width: 14, height: 14, "aria-hidden": "true" });
  found.append(shape("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": 2.4, "stroke-linecap": "round" }));
  return found;
}

const enlarged = () => document.querySelector(".ds-enlarged");

// The card fills the window; where the browser lets it, the window fills the screen.
function enlarge(card) {
  shrink();
  card.classList.add("ds-enlarged");
  document.documentElement.classList.add("ds-one-card");
  document.documentElement.requestFullscreen?.().catch(() => {});  // a page within a page may not
  changed(card, true);
}

function shrink() {
  const card = enlarged();
  if (!card) return;
  card.classList.remove("ds-enlarged");
  document.documentElement.classList.remove("ds-one-card");
  if (document.fullscreenElement) document.exitFullscreen();
  changed(card, false);
  card.scrollIntoView({ block: "nearest" });
}

function changed(card, whole) {
  const button = card.querySelector(":scope > .ds-whole"), said = whole ? "Leave full screen" : "Full screen";
  button.setAttribute("aria-pressed", whole);
  button.setAttribute("aria-label", said);
  button.title = said;
  button.focus({ preventScroll: true });
  window.dispatchEvent(new CustomEvent("distilloscope:whole"));
}

// -- saving --------------------------------------------------------------------------------------------------------
function savesOf(node) { return node.saves || JSON.parse(node.dataset.saves); }

async function save(button) {
  const node = button.closest("[data-saves]"), kind = button.dataset.save, { name, rows, figure } = savesOf(node);
  const file = `distilloscope-${name}.${kind}`.toLowerCase().replace(/[^a-z0-9.]+/g, "-");
  button.closest("details").open = false;
  if (kind === "csv") return give(file, new Blob([csv(typeof rows === "function" ? rows() : rows)], { type: sheet.csv }));
  const { text, width, height } = figure ? await figure() : window.distilloscopeDrawing(node);
  const picture = new Blob([text], { type: sheet.svg });
  give(file, kind === "svg" ? picture : await painted(text, width, height));
}

function give(name, blob) {
  const link = make("a");
  Object.assign(link, { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// At twice the size on screen, which is what print needs.
function painted(text, width, height) {
  return new Promise((resolve, reject) => {
    const image = new Image(), canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
    image.onload = () => { canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height); canvas.toBlob(resolve, sheet.png); };
    image.onerror = reject;
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  });
}

// A text that a spreadsheet would take for a formula gets a mark before it, as in the exported tables; a number stays a number.
function csv(rows) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const text = /^[=+\-@'\t\r\n]/.test(value) ? `'${value}` : String(value);
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => row.map(cell).join(",") + "\n").join("");
}

// -- copying -------------------------------------------------------------------------------------------------------
const tables = {
  markdown: (rows) => [rows[0], rows[0].map(() => "---"), ...rows.slice(1)]
    .map((row) => `| ${row.map((value) => written(value).replace(/[\\|]/g, "\\$&")).join(" | ")} |\n`).join(""),
  latex: (rows) => `\\begin{tabular}{${rows[0].map((_, place) => (typeof rows[1]?.[place] === "number" ? "r" : "l")).join("")}}\n\\toprule\n`
    + rows.map((row, place) => `${row.map((value) => tex(written(value))).join(" & ")} \\\\\n${place ? "" : "\\midrule\n"}`).join("")
    + "\\bottomrule\n\\end{tabular}\n",
};
const TEX = { "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" };
const tex = (text) => text.replace(/[\\~^]|[&%$#_{}]/g, (letter) => TEX[letter] || `\\${letter}`);

// A number to four digits, as a table wants it; a text on one line.
function written(value) {
  if (typeof value === "number") return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
  return String(value ?? "").replace(/\s+/g, " ");
}

async function copyAs(button) {
  const { rows } = savesOf(button.closest("[data-saves]")), field = make("textarea"), said = button.textContent;
  field.value = tables[button.dataset.copyAs](typeof rows === "function" ? rows() : rows);
  document.body.append(field);
  const done = await copied(field);
  field.remove();
  button.textContent = done ? "Copied" : "Not copied";
  setTimeout(() => { button.textContent = said; button.closest("details").open = false; }, 1500);
}

// -- events --------------------------------------------------------------------------------------------------------
document.addEventListener("click", ({ target }) => {
  const whole = target.closest?.(".ds-whole"), wanted = target.closest?.("button[data-save]"), copy = target.closest?.("button[data-copy-as]");
  if (whole) whole.parentElement === enlarged() ? shrink() : enlarge(whole.parentElement);
  if (wanted) save(wanted);
  if (copy) copyAs(copy);
  document.querySelectorAll(".ds-save[open]").forEach((menu) => { if (!menu.contains(target)) menu.open = false; });
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.querySelector(".ds-save[open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); event.stopPropagation(); }
  else if (enlarged()) { shrink(); event.stopPropagation(); }
}, true);
// Escape leaves the browser's own full screen without a key that a page could hear.
document.addEventListener("fullscreenchange", () => { if (!document.fullscreenElement) shrink(); });
let soon = null;
new MutationObserver(() => { soon ||= setTimeout(() => { soon = null; equip(); }, SOON); }).observe(document.body, { childList: true, subtree: true });
equip();
