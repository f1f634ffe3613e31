// What the page's scripts share. components/frame/scripts.py puts it before each; it uses the `trigger` that gr.HTML gives.

const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;

function make(tag, name, text) {
  const node = document.createElement(tag);
  if (name) node.className = name;
  if (text !== undefined) node.textContent = text;
  return node;
}

// The same for a part of a drawing.
function shape(tag, attributes, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
  if (text !== undefined) node.textContent = text;
  return node;
}

// Messages of a run are numbered. Is this the next one, or a whole redraw? One that finds a gap asks for a whole redraw;
// one without a run calls `clear`; one that is known already is left.
function expected(news, state, clear) {
  if (!news || !news.run) { clear(); return false; }
  if (news.fresh) return true;
  const gap = news.number - state.number;
  if (news.run === state.run && gap === 0) return false;
  if (news.run === state.run && gap === 1) return true;
  trigger("resync");
  return false;
}

// What the browser remembers for us; storage may be blocked, as in a page within a page.
function remembered(key) {
  try { return JSON.parse(localStorage.getItem(key)); } catch { return null; }
}

function remember(key, value) {
  try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* it lasts until the page is closed */ }
}

// Copies the text of a field; where the clipboard is closed the text is at least selected. True when it was copied.
async function copied(field) {
  field.select();
  try { await navigator.clipboard.writeText(field.value); return true; } catch { /* only on https, and if allowed */ }
  try { return document.execCommand("copy"); } catch { return false; }
}
