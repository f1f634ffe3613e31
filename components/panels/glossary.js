// The glossary in the browser: finds the field's words in the interface's own sentences, underlines the first of each in
// a panel and explains it on hover, focus and tap; puts formulas under the settings they belong to. Looks again when
// Gradio or a script has rewritten a sentence. Never touches what is data (translate="no"), nor controls.
// A panel is one stop of the Tab key; the arrow keys go from word to word. Given by gr.HTML: element; by the bundle: distilloscope.glossary.

const MARKED = ["[data-terms]", ".ds-finding-said :is(h2, p)", ".ds-found-arm > span", ".ds-watching", ".ds-run-about", ".ds-step small",
  "#told p", ".ds-wall > header p", ".ds-keys span", ".ds-path > p", ".ds-more-on p", ".ds-lens figcaption", ".ds-lens h3", ".ds-results p", ".ds-panel figcaption span",
  ".ds-panel figcaption small", "#preset-about p", "#form .info-text", ".ds-moves p"].join();
const NOT_IN = "[translate=no], .ds-term, a, button, summary, input, select, textarea, code, pre, svg, [role=button], [aria-live], [role=status]";
const PANELS = ".ds-fold, .ds-moves > li, .ds-card, #wall, #path, #lens, #slow, #results, #judge, #lessons";
const SOON = 250, LINGER = 220;  // ms
const all = distilloscope.glossary;
let byForm, pattern;
function learn() {  // the forms in the language of the page; between Chinese words there is no space
  const say = window.distilloscopeLanguage?.say || ((form) => form), spaced = (form) => /^[\x20-\x7e]+$/.test(form);
  byForm = new Map(all.flatMap((entry) => entry.forms.map((form) => [say(form).toLowerCase(), entry])).reverse());
  const escaped = [...byForm.keys()].sort((a, b) => b.length - a.length).map((form) => {
    const plain = form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return spaced(form) ? `(?<![a-z\\p{N}_-])${plain}(?![a-z\\p{N}_-])` : plain;
  });
  pattern = new RegExp(escaped.join("|"), "iu");
}
learn();

function list() {  // every word, in the order of the alphabet
  const rows = [...all].sort((a, b) => a.term.localeCompare(b.term, "en", { sensitivity: "base" })).flatMap((entry) => {
    const says = make("dd", "", entry.says);
    if (entry.formula) says.append(Object.assign(make("span", "ds-knob", entry.formula), { translate: false }));
    return [make("dt", "", entry.term), says];
  });
  element.querySelector("dl").replaceChildren(...rows);
}
list();
const box = document.body.appendChild(make("div", "ds-said"));
Object.assign(box, { id: "ds-said", popover: "manual" });
box.setAttribute("role", "tooltip");
const state = { term: null, pinned: false, timer: null, scan: null };

// -- finding -----------------------------------------------------------------------------------------------------
const panelOf = (node) => node.closest(PANELS) || document.body;
const termsOf = (panel) => [...panel.querySelectorAll(".ds-term")].filter((term) => panelOf(term) === panel);

function texts(sentence) {
  const walker = document.createTreeWalker(sentence, NodeFilter.SHOW_TEXT,
    (text) => (text.parentElement.closest(NOT_IN) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  const found = [];
  while (walker.nextNode()) found.push(walker.currentNode);
  return found;
}

// The first of each word in a panel becomes a dfn; the text before and behind it stays text.
function mark(sentence, known) {
  const queue = texts(sentence);
  while (queue.length) {
    const text = queue.shift();
    let from = 0, found;
    while ((found = pattern.exec(text.data.slice(from)))) {
      const entry = byForm.get(found[0].toLowerCase()), at = from + found.index;
      from = at + found[0].length;
      if (known.has(entry.term)) continue;
      known.add(entry.term);
      const rest = text.splitText(at);
      queue.unshift(rest.splitText(found[0].length));
      const term = make("dfn", "ds-term", rest.data);
      Object.assign(term.dataset, { term: entry.term });
      Object.entries({ role: "button", tabindex: -1, "aria-expanded": false }).forEach(([name, value]) => term.setAttribute(name, value));
      rest.replaceWith(term);
      break;
    }
  }
}

function knobs() {
  all.forEach(({ knobs = {} }) => Object.entries(knobs).forEach(([name, formula]) => {
    const said = document.querySelector(`#setting-${name} .info-text`);
    if (!said || said.nextElementSibling?.matches(".ds-knob")) return;
    const line = make("span", "ds-knob", formula);
    line.setAttribute("translate", "no");
    said.after(line);
  }));
}

// Each sentence is one text again, in the node it had first: so it can be said in another language.
function join() {
  hide();
  document.querySelectorAll(".ds-term").forEach((term) => {
    const before = term.previousSibling, after = term.nextSibling;
    if (!(before instanceof Text)) return term.replaceWith(term.textContent);
    before.data += term.textContent + (after instanceof Text ? after.data : "");
    if (after instanceof Text) after.remove();
    term.remove();
  });
}

function scan() {
  state.scan = null;
  const known = new Map();
  document.querySelectorAll(MARKED).forEach((sentence) => {
    const panel = panelOf(sentence);
    if (!known.has(panel)) known.set(panel, new Set(termsOf(panel).map((term) => term.dataset.term)));
    if (!sentence.closest(NOT_IN)) mark(sentence, known.get(panel));
  });
  known.forEach((_, panel) => stop(panel));
  knobs();
  if (state.term && !state.term.isConnected) hide();
  watcher.takeRecords();  // what was just done is no news
}

// One word of a panel can be reached with Tab: the one that had the focus, else the first that is on screen.
function stop(panel) {
  const terms = termsOf(panel), shown = terms.filter((term) => term.offsetParent);
  const chosen = shown.find((term) => term === document.activeElement) || shown.find((term) => term.tabIndex === 0) || shown[0];
  terms.forEach((term) => { const index = term === chosen ? 0 : -1; if (term.tabIndex !== index) term.tabIndex = index; });
}

// -- explaining --------------------------------------------------------------------------------------------------
function show(term, pinned = false) {
  clearTimeout(state.timer);
  if (state.term !== term) hide();
  const entry = all.find((found) => found.term === term.dataset.term);
  Object.assign(state, { term, pinned: pinned || state.pinned });
  box.replaceChildren(make("b", "", entry.term), make("p", "", entry.says));
  if (entry.formula) {
    const formula = box.appendChild(make("p", "ds-formula", entry.formula));
    formula.setAttribute("translate", "no");
  }
  window.distilloscopeLanguage?.write(box);  // before it is measured
  term.setAttribute("aria-describedby", box.id);
  term.setAttribute("aria-expanded", true);
  box.showPopover();
  const at = term.getBoundingClientRect(), width = box.offsetWidth, height = box.offsetHeight, edge = document.documentElement.clientWidth;
  const below = at.bottom + 8 + height < window.innerHeight || at.top - 8 - height < 0;
  box.style.left = `${Math.max(8, Math.min(at.left, edge - width - 8)) + window.scrollX}px`;
  box.style.top = `${(below ? at.bottom + 8 : at.top - 8 - height) + window.scrollY}px`;
}

function hide() {
  clearTimeout(state.timer);
  if (!state.term) return;
  state.term.removeAttribute("aria-describedby");
  state.term.setAttribute("aria-expanded", false);
  box.hidePopover();
  Object.assign(state, { term: null, pinned: false });
}

function leave() {
  clearTimeout(state.timer);
  if (!state.pinned && state.term !== document.activeElement) state.timer = setTimeout(hide, LINGER);
}

function walk(term, key) {
  const terms = termsOf(panelOf(term)).filter((other) => other.offsetParent), last = terms.length - 1, here = terms.indexOf(term);
  const to = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: last }[key];
  if (to === undefined) return false;
  terms[Math.max(0, Math.min(last, to))].focus();
  stop(panelOf(term));
  return true;
}

// -- events ------------------------------------------------------------------------------------------------------
const termAt = (event) => event.target.closest?.(".ds-term");
document.addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  const term = termAt(event);
  if (term && !state.pinned) { clearTimeout(state.timer); state.timer = setTimeout(show, state.term ? 0 : 120, term); }
  else if (event.target.closest?.(".ds-said")) clearTimeout(state.timer);
  else leave();
});
document.addEventListener("focusin", (event) => {
  const term = termAt(event);
  if (term?.matches(":focus-visible")) show(term);
  else if (!term) hide();
});
document.addEventListener("focusout", (event) => { if (termAt(event) === state.term && !state.pinned) hide(); });
document.addEventListener("click", (event) => {
  const term = termAt(event);
  if (!term) { if (!event.target.closest?.(".ds-said")) hide(); return; }
  event.preventDefault();  // inside a label it would go to the label's own field
  event.stopPropagation();
  state.term === term && state.pinned ? hide() : show(term, true);
}, true);
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.term) { event.stopPropagation(); hide(); return; }
  const term = termAt(event);
  if (!term || event.altKey || event.ctrlKey || event.metaKey) return;
  const pressed = event.key === "Enter" || event.key === " ";
  if (pressed) state.term === term ? hide() : show(term, true);
  if (pressed || walk(term, event.key)) { event.preventDefault(); event.stopPropagation(); }
}, true);

window.addEventListener("distilloscope:language", () => { join(); learn(); });
const watcher = new MutationObserver(() => { state.scan ||= setTimeout(scan, SOON); });
watcher.observe(document.body, { childList: true, characterData: true, subtree: true });
scan();
