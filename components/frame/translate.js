// The page in Chinese: writes the Chinese of a table over the English of the page, in place, and over whatever the page
// writes later; remembers the English of each text, so that going back restores it. Only ever sets the value of a text
// or of an attribute: no node comes or goes. Text that is data (translate="no", code, fields) is never touched.
// Knows the table and no component. Given by gr.HTML: element, props; by shared.js: remembered, remember.

const KEY = "distilloscope-language", LANGUAGES = { zh: "zh-CN", en: "en" };
const ATTRIBUTES = ["aria-label", "title", "placeholder", "alt", "aria-valuetext", "data-column"];  // the last is shown by the stylesheet
// `.options` is an open list of Gradio: a field shows its choice untranslated, so the list agrees with it
const SKIP = "script, style, textarea, code, pre, [translate=no], [contenteditable=true], .options";
const DATA = "\u2060";  // a word joiner: in a text where no attribute can be, as in Plotly's
const WORDY = /(?:[a-z'\u2019-]+ ){3}[a-z'\u2019-]+/i;  // four English words in a row
const MOST_KNOWN = 5000, DEEPEST = 4;
const state = { language: wanted(), table: null, patterns: [], known: new Map(), used: false, passes: 0 };
const texts = new WeakMap(), attributes = new WeakMap();  // what was English and what it became

function wanted() {
  const asked = new URLSearchParams(location.search).get("lang");
  const found = [asked, remembered(KEY)].find((name) => Object.hasOwn(LANGUAGES, name ?? ""));
  return found || ((navigator.language || "").toLowerCase().startsWith("zh") ? "zh" : "en");
}

// -- the table ---------------------------------------------------------------------------------------------------
// "{n} of {name}": one letter is a number, {setting} and {value} one word of data, any other name a text of one sentence.
// What stands in quotes is data: it may be any text, and stays as it is. "(s)" is there or not.
function compile(english, chinese) {
  const names = [], slot = /([\u201c"'`]?)\{([a-z]+)\}|\(s\)/g;
  let source = "", from = 0, fixed = 0, found;
  const plain = (text) => { fixed += text.length; return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); };
  while ((found = slot.exec(english))) {
    source += plain(english.slice(from, found.index) + (found[1] || ""));
    from = found.index + found[0].length;
    if (!found[2]) { source += "s?"; continue; }
    const quoted = Boolean(found[1]), number = found[2].length === 1, word = found[2] === "setting" || found[2] === "value";
    names.push({ name: found[2], said: !quoted && !number && !word });
    source += number ? "([-+\u2212]?[\\d.,]*\\d(?:e[-+]?\\d+)?|inf|nan)" : quoted ? "([\\s\\S]*?)" : word ? "(\\S+)" : "((?:(?![.?!] [A-Z]|; ).)+?)";
  }
  const first = english.search(/\{|\(s\)/);
  return { regex: new RegExp(`^${source + plain(english.slice(from))}$`, "u"), names, chinese, fixed, before: english.slice(0, first) };
}

function read(table) {
  const all = Object.entries(table);
  state.table = new Map(all);
  state.patterns = all.filter(([english]) => /\{[a-z]+\}|\(s\)/.test(english)).map((pair) => compile(...pair))
    .sort((a, b) => b.fixed - a.fixed);  // the most specific first
}

// -- one text ----------------------------------------------------------------------------------------------------
// The Chinese of an English text, or null: the whole of it, else as a pattern, else sentence by sentence.
function say(english, depth = 0) {
  if (depth > DEEPEST || english.length > 2000 || !/[a-z]/i.test(english)) return null;
  if (state.known.has(english)) return state.known.get(english);
  const found = asWhole(english, depth) ?? inParts(english, depth);
  if (state.known.size > MOST_KNOWN) state.known.clear();
  state.known.set(english, found);
  return found;
}

const asWhole = (english, depth) => state.table.get(english) ?? byPattern(english, depth);

function byPattern(english, depth) {
  for (const pattern of state.patterns) {
    const found = english.startsWith(pattern.before) && pattern.regex.exec(english);
    if (!found) continue;
    const values = Object.fromEntries(pattern.names.map(({ name, said }, i) => [name, said ? value(found[i + 1], depth + 1) : found[i + 1]]));
    if (pattern.names.some(({ name, said }) => said && WORDY.test(values[name]))) continue;  // no name: another sentence
    return pattern.chinese.replace(/\{([a-z]+)\}/g, (_, name) => values[name]);
  }
  return null;
}

// Sentences, or parts of a list. As many at once as the table knows together.
function inParts(english, depth) {
  const parts = english.split(/(?<=[.?!]) (?=[A-Z0-9\u201c+\u2212-])|(?<=;) /), said = [];
  for (let from = 0, to; parts.length > 1 && from < parts.length; from = to) {
    let found = null;
    for (to = parts.length; to > from && found === null; to--) {
      if (to - from < parts.length) found = asWhole(parts.slice(from, to).join(" ").replace(/;$/, ""), depth + 1);
    }
    to += 1;
    said.push(found === null ? parts[from] : found + (parts[to - 1].endsWith(";") ? "\uff1b" : ""));
  }
  if (said.every((part) => parts.includes(part))) return null;
  return said.reduce((all, part) => all + (/[\u3002\uff1f\uff01\uff1b]$/.test(all) ? "" : " ") + part);
}

// What stands in a placeholder may be words of the table too, or a list of them.
function value(english, depth) {
  const known = say(english, depth);
  if (known !== null) return known;
  for (const [between, chinese] of [[", ", "\u3001"], [" and ", " \u548c "], [" or ", " \u6216 "]]) {
    const parts = english.split(between), said = parts.map((part) => say(part, depth));
    if (parts.length > 1 && said.some((part) => part !== null)) return said.map((part, i) => part ?? value(parts[i], depth + 1)).join(chinese);
  }
  return english;
}

function chinese(now) {
  if (now.includes(DATA)) return null;
  const key = now.trim();
  const said = key && say(key.replace(/\s+/g, " "));
  return said === null || said === "" ? null : now.replace(key, () => said);
}

// -- the page ----------------------------------------------------------------------------------------------------
function text(node) {
  const now = node.data, known = texts.get(node);
  if (state.language === "en") { if (known && known.zh === now) node.data = known.en; return; }
  if (known && known.zh === now) return;
  const zh = chinese(now);
  if (zh === null || zh === now) return;
  texts.set(node, { en: now, zh });
  node.data = zh;
}

function attribute(node, name) {
  const now = node.getAttribute(name);
  if (now === null) return;
  const mine = attributes.get(node) || attributes.set(node, {}).get(node), known = mine[name];
  if (known && known.zh === now) { if (state.language === "en") node.setAttribute(name, known.en); return; }
  const zh = state.language === "en" ? null : chinese(now);
  if (zh === null || zh === now) return;
  mine[name] = { en: now, zh };
  node.setAttribute(name, zh);
}

// An element, and all below it that is not data. Its own attributes are the interface's, whatever it holds.
function whole(root) {
  if (root.nodeType === Node.TEXT_NODE) return root.parentElement?.closest(SKIP) ? undefined : text(root);
  if (root.nodeType !== Node.ELEMENT_NODE || root.parentElement?.closest(SKIP)) return;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) => {
    if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
    ATTRIBUTES.forEach((name) => attribute(node, name));
    if (!node.matches(SKIP)) return NodeFilter.FILTER_SKIP;
    if (node.translate === false && !node.lang) node.lang = "en";  // for screen readers: this stays English
    return NodeFilter.FILTER_REJECT;
  });
  ATTRIBUTES.forEach((name) => attribute(root, name));
  if (root.matches(SKIP)) return;
  while (walker.nextNode()) text(walker.currentNode);
}

// Runs before the browser paints what was written, so no English is ever seen.
const watcher = new MutationObserver((news) => {
  if (!state.table) return;
  state.passes += 1;
  const began = performance.now();
  news.forEach(({ type, target, addedNodes, attributeName }) => {
    if (type === "childList") addedNodes.forEach(whole);
    else if (type === "attributes") { if (!target.parentElement?.closest(SKIP)) attribute(target, attributeName); }
    else if (!target.parentElement?.closest(SKIP)) text(target);
  });
  watcher.takeRecords();  // what was just done is no news
  Object.assign(window.distilloscopeLanguage, { passes: state.passes, spent: window.distilloscopeLanguage.spent + performance.now() - began });
});

// -- the language ------------------------------------------------------------------------------------------------
async function fetched() {
  const found = await fetch(((window.gradio_config || {}).root || "") + "/" + props.table);
  if (!found.ok) throw new Error("the table of strings did not come");
  return found.json();
}

async function speak(language) {
  state.language = language;
  element.querySelectorAll("[data-language]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.language === language));
  if (language === "zh" && !state.table) {
    try { read(await fetched()); } catch { state.language = "en"; return speak("en"); }
    if (state.language !== "zh") return;  // the visitor changed their mind meanwhile
  }
  document.documentElement.lang = LANGUAGES[language];
  if (language === "en" && !state.used) return;
  const began = performance.now();
  window.distilloscopeLanguage.now = language;
  window.dispatchEvent(new CustomEvent("distilloscope:language", { detail: { language } }));  // whoever split texts joins them
  whole(document.documentElement);
  watcher.takeRecords();
  if (!state.used) {
    state.used = true;  // from now on: a node that was put aside comes back in the language it left in
    watcher.observe(document.documentElement, { childList: true, characterData: true, subtree: true, attributes: true, attributeFilter: ATTRIBUTES });
  }
  window.distilloscopeLanguage.whole = performance.now() - began;
}

// `say` and `write` are for scripts that must know the words before they are on the page.
window.distilloscopeLanguage = { now: "en", passes: 0, spent: 0, whole: 0,
  say: (english) => (state.table && state.language === "zh" ? say(english) ?? english : english),
  write: (root) => { if (state.table && state.language === "zh") whole(root); } };

element.addEventListener("click", ({ target }) => {
  const language = target.closest("[data-language]")?.dataset.language;
  if (!language || language === state.language) return;
  remember(KEY, language);
  const url = new URL(location);
  if (url.searchParams.has("lang")) {  // the address would win at the next visit
    url.searchParams.set("lang", language);
    history.replaceState(history.state, "", url);
  }
  speak(language);
});
speak(state.language);
