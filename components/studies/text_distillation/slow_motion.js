// Slow motion in the browser: asks the server for one update at a time, tells it as five moves with a picture each, and
// takes the other panels along. Prompts are untrusted text: textContent only.
// Given by gr.HTML: element, props, trigger, watch.

const PAUSE = 60;  // ms, so that a held key does not flood the server
const state = { run: null, wanted: null, number: 0, found: null, timer: null, open: false,
  leading: false, wallAt: null };
const part = (selector) => element.querySelector(selector);
const panel = part(".ds-slow");

// -- asking ----------------------------------------------------------------------------------------------------
function ask(step) {
  state.wanted = step;
  panel.setAttribute("aria-busy", "true");
  clearTimeout(state.timer);
  state.number += 1;
  state.timer = setTimeout(() => trigger("walk", { run: state.run, step, number: state.number }), PAUSE);
}

function take(found) {
  if (!state.open || !found || found.run !== state.run || found.number !== state.number) return;  // the visitor went on
  Object.assign(state, { found, wanted: found.step ?? null });
  panel.removeAttribute("aria-busy");
  draw();
  if (found.moves) lead();
}

// The other panels go to the snapshot that this update began from or made; the curve to the very update.
function lead() {
  const { run, found } = state;
  state.leading = true;
  if (found.snapshot !== null) tell("pick", { run, step: found.snapshot, view: "matching" });
  state.leading = false;
  tell("mark", { run, step: found.step });
}

function tell(name, detail) {
  window.dispatchEvent(new CustomEvent("distilloscope:" + name, { detail: { ...detail, from: "slow" } }));
}

function go(by) {
  const { found } = state;
  if (!found || !found.moves) return;
  const step = state.wanted + by;
  if (step < found.first || (step > found.last && !found.live)) return;
  ask(step);
}

function close() {
  Object.assign(state, { open: false, found: null });
  panel.hidden = true;
  delete panel.dataset.step;
  document.querySelector("#wall [data-slow]")?.focus();
}

// -- pictures --------------------------------------------------------------------------------------------------
const line = (x1, y1, x2, y2, name) => shape("line", { x1, y1, x2, y2, class: name });
const dot = (cx, cy, r, name) => shape("circle", { cx, cy, r, class: name });
const word = (x, y, text, anchor = "start") => shape("text", { x, y, "text-anchor": anchor }, text);

const pictures = {
  segment({ from, to, of }) {
    const x = (step) => 10 + 180 * step / of;
    return [line(x(0), 30, x(of), 30, "ds-rest"), line(x(from), 30, x(to), 30, "ds-expert"), dot(x(from), 30, 5, "ds-from"),
      dot(x(to), 30, 6, "ds-goal"), word(x(from), 52, from, "middle"), word(x(to), 52, to, "middle")];
  },
  steps({ steps }) {
    const shown = Math.min(steps, 24), x = (k) => 10 + 180 * k / shown, y = (k) => 44 - 24 * Math.sin(1.3 * k / shown);
    const dots = Array.from({ length: shown + 1 }, (_, k) => dot(x(k), y(k), k === shown ? 5 : 3, "ds-student"));
    return [...dots, word(190, 58, `${steps} steps`, "end")];
  },
  left({ left, angle }) {
    if (left === null) return [];
    const done = Math.max(0, 1 - left), turn = (angle ?? 0) * Math.PI / 180;
    return [line(10, 14, 190, 14, "ds-rest"), line(10, 14, 10 + 180 * done, 14, "ds-made"), dot(190, 14, 5, "ds-goal"),
      word(190, 33, `${left.toFixed(2)} left`, "end"),
      line(10, 56, 80, 56, "ds-expert"), line(10, 56, 10 + 34 * Math.cos(turn), 56 - 34 * Math.sin(turn), "ds-made"),
      ...(angle === null ? [] : [word(90, 58, `${Math.round(angle)}°`)])];
  },
  norm({ norm, limit }) {
    if (norm === null) return [];
    const most = Math.max(norm, limit ?? 0) || 1, x = (value) => 10 + 180 * value / most;
    const bar = [line(10, 26, x(norm), 26, "ds-made ds-thick"), word(10, 52, norm.toFixed(3))];
    if (limit === null) return bar;
    return [...bar, line(x(limit), 12, x(limit), 40, "ds-limit"), word(x(limit), 52, "limit", limit / most > 0.8 ? "end" : "middle")];
  },
  words({ distance, weight }) {
    if (distance === null) return [];
    return [dot(60, 30, 6, "ds-token"), dot(60 + 110 * Math.min(1, distance), 30, 6, "ds-student"),
      line(66, 30, 54 + 110 * Math.min(1, distance), 30, "ds-rest"), word(60, 54, "token", "middle"),
      word(190, 14, weight ? `pull ${weight.toPrecision(2)}` : "no pull yet", "end")];
  },
};

function picture(kind, numbers) {
  const svg = shape("svg", { viewBox: "0 0 200 64", class: "ds-move-picture", "aria-hidden": "true" });
  svg.append(...pictures[kind](numbers));
  return svg;
}

// -- drawing ---------------------------------------------------------------------------------------------------
function pair({ slot, before, after }) {
  const row = make("p", "ds-move-words");
  row.append(make("b", "", `#${slot + 1}`), make("del", "", before), make("ins", "", after));
  row.querySelectorAll("del, ins").forEach((node) => node.setAttribute("translate", "no"));
  return row;
}

function move({ title, text, formula, picture: kind, numbers, words }) {
  const row = make("li"), said = make("div");
  said.append(make("h3", "", title), make("p", "", text));
  if (formula) {
    said.append(make("p", "ds-knob", formula));
    said.lastChild.setAttribute("translate", "no");
  }
  if (words?.length) {
    const more = make("details");
    more.append(make("summary", "", "Which words"), ...words.map(pair));
    said.append(more);
  }
  row.append(picture(kind, numbers), said);
  return row;
}

function draw() {
  const { found } = state;
  panel.hidden = false;
  panel.dataset.step = found.step ?? "";
  part("[data-said]").textContent = found.said;
  part(".ds-moves").replaceChildren(...(found.moves || []).map(move));
  const [back, next] = panel.querySelectorAll("[data-go]");
  back.disabled = !found.moves || found.step <= found.first;
  next.disabled = !found.moves || (found.step >= found.last && !found.live);
  part("[data-note]").hidden = !found.moves;
  window.dispatchEvent(new CustomEvent("distilloscope:shown"));  // the address follows
}

// -- events ----------------------------------------------------------------------------------------------------
window.addEventListener("distilloscope:slow", ({ detail }) => {
  Object.assign(state, { run: detail.run, found: null, open: true });
  panel.hidden = false;
  part("[data-said]").textContent = "Looking";
  part(".ds-moves").replaceChildren();
  panel.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  part("h2").focus({ preventScroll: true });
  ask(detail.step ?? Number.MAX_SAFE_INTEGER);
});
window.addEventListener("distilloscope:mark", ({ detail }) => {  // the wall was moved: go with it
  if (!state.open || detail.from === "slow") return;
  if (detail.run !== state.run) return close();
  if (state.leading) state.wallAt = detail.at;
  if (!state.found?.moves || state.leading || detail.playing) return;
  if (detail.at === state.wallAt) tell("mark", { run: state.run, step: state.found.step });
  else ask(detail.at);
});
panel.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("close" in button.dataset) close();
  else go(Number(button.dataset.go));
});
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    event.stopPropagation();  // a lesson that is open stays
    return close();
  }
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  go(by);
});
watch("value", () => take(props.value));
