// The neighbour lens in the browser: one prompt's tokens, the real tokens near each, and where it lies in the vocabulary.
// Asks the server for one prompt at one step, and again when the prompt wall moves. Tokens are untrusted: textContent only.
// Given by gr.HTML: element, props, trigger, watch.

const PAUSE = 250;  // ms between two questions to the server
const state = { run: null, slot: null, place: 0, tokens: null, step: null, mark: null, map: null, mapOf: null, timer: null };
const part = (selector) => element.querySelector(selector);
const seen = (token) => token.replace(/ /g, "\u00b7").replace(/\n/g, "\u21b5");  // a blank belongs to its token

// -- asking ----------------------------------------------------------------------------------------------------
function ask() {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => trigger("look",
    { run: state.run, slot: state.slot, step: state.mark ?? Number.MAX_SAFE_INTEGER, have: state.mapOf }), PAUSE);
}

function take(found) {
  if (!found || found.run !== state.run || found.slot !== state.slot) return;  // the visitor went on meanwhile
  if (found.vocabulary) Object.assign(state, { map: found.vocabulary, mapOf: found.run });
  Object.assign(state, { tokens: found.tokens, step: found.step, facts: found.facts });
  if (state.tokens) state.place = Math.min(state.place, state.tokens.length - 1);
  draw();
}

function close() {
  clearTimeout(state.timer);
  document.querySelector(`#wall [data-closer="${state.slot}"]`)?.focus();
  Object.assign(state, { slot: null, tokens: null });
  part(".ds-lens").hidden = true;
}

// -- drawing ---------------------------------------------------------------------------------------------------
function draw() {
  part(".ds-lens").hidden = false;
  part(".ds-lens").dataset.step = state.step ?? "";
  part(".ds-lens").dataset.slot = state.slot;
  part(".ds-lens-parts").hidden = !state.tokens;
  if (!state.tokens) {
    part("[data-said]").textContent = "No neighbours were recorded: the run predates the lens or has not started.";
    return part(".ds-places").replaceChildren();
  }
  const { near } = state.tokens[state.place], [[first, far], second] = near;
  part("[data-said]").textContent = `Prompt ${state.slot + 1} ${state.step ? "at update " + state.step : "at its start"}. `
    + (far < 0.0005 ? `Here it is exactly the token \u201c${seen(first)}\u201d.`
      : `The learned token lies ${far.toFixed(2)} from the nearest real one, \u201c${seen(first)}\u201d`
        + (second ? `; the next, \u201c${seen(second[0])}\u201d, is ${second[1].toFixed(2)} away.` : "."));
  part(".ds-places").replaceChildren(...state.tokens.map((token, place) => {
    const button = make("button", "", seen(token.near[0][0]));
    button.type = "button";
    button.dataset.place = place;
    button.translate = false;
    button.setAttribute("aria-pressed", place === state.place);
    button.style.setProperty("--far", Math.min(1, token.near[0][1]));
    return button;
  }));
  // all lie about as far: a dot between the nearest and the farthest tells them apart, where bars from 0 would not
  const distances = near.map(([, distance]) => distance), least = Math.min(...distances), most = Math.max(...distances);
  part(".ds-near").replaceChildren(...near.map(([token, distance]) => {
    const row = make("li"), bar = make("i");
    bar.style.setProperty("--share", (distance - least) / (most - least || 1));
    row.append(Object.assign(make("b", "", seen(token)), { translate: false }), bar, make("span", "", distance.toFixed(3)));
    return row;
  }));
  const [left, , right] = element.querySelectorAll(".ds-near-axis span");
  [left.textContent, right.textContent] = [least, most].map((distance) => distance.toFixed(2));
  part(".ds-lens-parts").saves = { name: "lens", rows: () => [["what", "place", "token", "distance", "x", "y"],
    ...near.map(([token, distance], i) => ["nearest", i + 1, token, distance, null, null]),
    ...state.tokens.map(({ at, near: [[token, distance]] }, i) => ["token of the prompt", i + 1, token, distance, ...at])] };
  drawMap();
  drawFacts();
}

// What is known of the finished text, whatever step the other panels show.
function drawFacts() {
  const { facts } = state;
  part(".ds-facts").hidden = !facts;
  if (!facts) return;
  part("[data-finished]").textContent = `${facts.text} → ${facts.answer}`;
  part(".ds-facts ul").replaceChildren(...sayings(facts).map((said) => make("li", "", said)));
  const near = facts.nearest.map(({ question, answer }) => make("li", "", `${question} → ${answer}`));
  near.forEach((row) => row.setAttribute("translate", "no"));
  part(".ds-nearest").replaceChildren(...(near.length ? near : [make("li", "", "None shares a distinctive word with it.")]));
}

function sayings(facts) {
  const said = [], judges = facts.judged_by === "heldout" ? "held-out experts" : "the experts it was learned on";
  if (facts.contribution !== null) {
    const by = Math.abs(facts.contribution).toFixed(3), side = facts.contribution > 0 ? "higher" : "lower";
    said.push(`Without this prompt, the matching loss on ${judges} would be ${by} ${side} (mean of n = ${facts.segments} segments).`);
  }
  Object.entries(facts.surprise).forEach(([model, { above }]) => said.push(
    `${model} finds it more surprising than ${Math.round(100 * above)} % of ${facts.ordinary} real questions.`));
  const copies = (split) => facts.copies.filter((copy) => copy.split === split);
  copies("train").forEach((copy) => said.push(copy.how === "nearly the same"
    ? `Nearly identical to a training question: \u201c${copy.question}\u201d` : `Contains a training question word for word: \u201c${copy.question}\u201d`));
  copies("test").forEach((copy) => said.push(`Overlaps with a test question (${copy.how}): \u201c${copy.question}\u201d. Its scores are inflated.`));
  if (!facts.copies.length) said.push("It contains no training or test question.");
  return said;
}

function drawMap() {
  const map = part(".ds-vocabulary"), cloud = state.map && state.mapOf === state.run ? state.map.points : [];
  const all = cloud.concat(state.tokens.map((token) => token.at));
  const bounds = (axis) => [Math.min(...all.map((p) => p[axis])), Math.max(...all.map((p) => p[axis]))];
  const [left, right] = bounds(0), [low, high] = bounds(1);
  const x = (value) => 10 + 380 * (value - left) / (right - left || 1), y = (value) => 290 - 280 * (value - low) / (high - low || 1);
  const dot = (at, name, r, said) => {
    const node = shape("circle", { cx: x(at[0]), cy: y(at[1]), r, class: name });
    if (said) node.append(shape("title", { translate: "no" }, said));
    return node;
  };
  const nodes = cloud.map((at, i) => dot(at, "ds-cloud", 1.6, seen(state.map.tokens[i])));
  state.tokens.forEach((token, place) => place !== state.place && nodes.push(dot(token.at, "ds-mine", 3.5, seen(token.near[0][0]))));
  nodes.push(dot(state.tokens[state.place].at, "ds-here", 7, seen(state.tokens[state.place].near[0][0])));
  map.replaceChildren(...nodes);
  map.setAttribute("aria-label", "The chosen token among the vocabulary, in two of its dimensions");
  part("figcaption").textContent = cloud.length ? `The two directions of largest variance show ${Math.round(100 * state.map.explained)} % of the`
    + ` variance of ${state.map.of.toLocaleString("en")} tokens, so points that look close may be far apart.` : "";
}

// -- events ----------------------------------------------------------------------------------------------------
window.addEventListener("distilloscope:lens", ({ detail }) => {
  Object.assign(state, { run: detail.run, slot: detail.slot, place: 0, tokens: null, mark: detail.step });
  part(".ds-lens").hidden = false;
  part("[data-said]").textContent = "Looking";
  part(".ds-lens-parts").hidden = true;
  part(".ds-places").replaceChildren();
  part(".ds-lens").scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  part("h2").focus({ preventScroll: true });
  ask();
});
window.addEventListener("distilloscope:mark", ({ detail }) => {
  if (state.slot === null) return;
  if (detail.run !== state.run) return close();
  if (detail.step === state.mark) return;
  state.mark = detail.step;
  ask();
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("close" in button.dataset) return close();
  state.place = Number(button.dataset.place);
  draw();
  part(`[data-place="${state.place}"]`).focus();
});
element.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.stopPropagation();  // a lesson that is open stays
  close();
});
watch("value", () => take(props.value));
