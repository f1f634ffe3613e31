// What if: keeps the edits of each run for the visitor's session, asks the server what they change, and lists them with
// an undo each. Texts are untrusted: they only ever go through textContent. The answer's markup is the server's.
// Given by gr.HTML: element, props, trigger, watch.

const part = (selector) => element.querySelector(selector);
const PATIENCE_S = 330;
const state = { run: null, texts: [], edits: [], now: [], figures: {}, answers: new Map(), number: 0, asked: null, warmed: new Set() };
const key = (edits) => JSON.stringify(edits);

// -- what lasts for the session --------------------------------------------------------------------------------------
const place = (run) => `distilloscope-what-if:${run}`;

// Nothing where the run was decoded anew since: the edits were of other texts.
function recall(run, texts) {
  try {
    const found = JSON.parse(sessionStorage.getItem(place(run)));
    return key(found.texts) === key(texts) ? found : {};
  } catch { return {}; }
}

function keep() {
  const { texts, edits, now, figures } = state, answer = state.answers.get(key(edits));
  const least = { texts, edits, now, figures };
  for (const kept of [{ ...least, markup: answer?.markup }, least]) {
    try { return sessionStorage.setItem(place(state.run), JSON.stringify(kept)); } catch { /* full or closed: less, or nothing */ }
  }
}

// -- messages --------------------------------------------------------------------------------------------------------
function take(news) {
  if (news && Array.isArray(news.texts)) return begin(news);
  if (!news || news.run !== state.run || news.number !== state.number || !state.asked) return;
  if (news.share !== undefined) {
    part("progress").value = news.share;
    return waiting();
  }
  const asked = state.asked;
  end();
  if (news.error) return failed(asked, news.error);
  state.answers.set(key(asked.edits), news.answer);
  state.figures[key(asked.edits)] = news.answer.figures;
  shown(asked.edits);
}

// Another run is on screen, or its texts have just come.
function begin(news) {
  end();
  const { edits = [], now = news.texts, figures = {}, markup } = recall(news.run, news.texts);
  Object.assign(state, { run: news.run, texts: news.texts, edits, now, figures });
  state.answers = new Map(markup ? [[key(edits), { markup, texts: now, figures: figures[key(edits)] || [] }]] : []);
  part("[data-error]").replaceChildren();
  draw();
}

function ask(edits, edit = null) {
  if (state.asked || !state.run) return;
  part("[data-error]").replaceChildren();
  if (!edits.length || state.answers.has(key(edits))) return shown(edits);
  state.number += 1;
  state.asked = { edits, edit, until: setTimeout(silent, 1000 * PATIENCE_S) };
  part("progress").value = 0;
  draw();
  element.scrollIntoView({ block: "nearest" });
  trigger("ask", { run: state.run, edits, number: state.number });
}

function shown(edits) {
  state.edits = edits;
  state.now = edits.length ? state.answers.get(key(edits)).texts : state.texts;
  keep();
  draw();
  element.scrollIntoView({ block: "nearest" });
}

function failed(asked, markup) {
  part("[data-error]").innerHTML = markup;
  draw({ failed: asked.edit });
}

function silent() {
  const { edit } = state.asked;
  end();
  const box = make("div", "ds-failure");
  box.setAttribute("role", "alert");
  box.append(make("strong", "", "The server gave no answer."), make("p", "", "Try it again."));
  part("[data-error]").replaceChildren(box);
  draw({ failed: edit });
}

function end() {
  if (state.asked) clearTimeout(state.asked.until);
  state.asked = null;
}

// -- drawing ---------------------------------------------------------------------------------------------------------
function waiting() {
  const share = part("progress").value;
  part("[data-said]").textContent = share ? `Fresh students learn from the changed texts: ${Math.round(100 * share)} %`
    : "Getting fresh students ready.";
}

function draw(more = {}) {
  const { edits, asked } = state, answer = edits.length ? state.answers.get(key(edits)) : null;
  part(".ds-whatif").dataset.state = asked ? "asking" : edits.length || part("[data-error]").firstChild ? "told" : "empty";
  part(".ds-whatif").dataset.run = state.run || "";
  part(".ds-whatif-wait").hidden = !asked;
  if (asked) waiting();
  part("[data-answer]").innerHTML = answer ? answer.markup : "";
  part("[data-answer]").toggleAttribute("data-old", Boolean(asked));
  part(".ds-whatif-past").hidden = !edits.length;
  part(".ds-whatif-past ol").replaceChildren(...edits.map(line));
  part("[data-all]").disabled = Boolean(asked);
  window.distilloscopeWhatIf = { run: state.run, texts: state.texts, now: state.now, busy: Boolean(asked), ...more };
  window.dispatchEvent(new CustomEvent("distilloscope:what-if"));
}

// One change: what it was, by how much the texts with it and all before it teach more, and its undo.
function line(edit, index) {
  const node = make("li"), said = make("span", "", kind(edit)), text = edit.question === undefined ? null : make("q", "", edit.question);
  node.append(said);
  if (text) {
    text.translate = false;
    node.append(" ", text);
  }
  const known = state.figures[key(state.edits.slice(0, index + 1))];
  if (known) {
    const figure = make("small", "", known.map(({ name, points }) => `${name} ${points}`).join(" · "));
    figure.translate = false;
    node.append(figure);
  }
  const undo = make("button", "", "Undo");
  undo.type = "button";
  undo.dataset.undo = index;
  undo.disabled = Boolean(state.asked);
  undo.setAttribute("aria-label", `Undo change ${index + 1}`);
  node.append(undo);
  return node;
}

function kind(edit) {
  if (edit.remove) return `Text ${edit.slot + 1} removed`;
  return edit.real === undefined ? `Text ${edit.slot + 1} reworded` : `Text ${edit.slot + 1} replaced by a real question`;
}

// -- events ----------------------------------------------------------------------------------------------------------
window.addEventListener("distilloscope:edit", ({ detail }) => {
  if (detail.run === state.run) ask([...state.edits, detail.edit], detail.edit);
});
window.addEventListener("distilloscope:editing", ({ detail }) => {  // the unedited texts' students, while one is typing
  if (detail.run !== state.run || state.warmed.has(state.run)) return;
  state.warmed.add(state.run);
  trigger("warm", { run: state.run });
});
element.addEventListener("click", ({ target }) => {
  const { undo, all } = target.closest("button")?.dataset || {};
  if (undo !== undefined) ask(state.edits.filter((_, index) => index !== Number(undo)));
  if (all !== undefined) ask([]);
});
watch("value", () => take(props.value));
take(props.value);
