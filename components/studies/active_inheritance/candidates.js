// The candidates in the browser: holds the scores of the whole pool, chooses anew at every move of a slider, says how far
// that moves the data, and asks the server for the texts of the prompt that is looked at. Texts are untrusted: textContent
// only. The rule is objectives.py's: a weighted sum of scores in standard deviations of the pool; of equals the first.
// Given by gr.HTML: element, props, trigger, watch; by shared.js: make, expected; by candidate_card.js: element.texts.

const PAUSE = 60, PATIENCE = 4000, REACH = 2.5, Z = 1.96;  // ms; standard deviations that the axis shows
const VARIED = ["mtld", "mattr"];  // chosen among texts that are long enough for them
const state = { run: null, number: 0, rows: new Map(), talkers: [], shown: null, k: 0, weights: {}, attributes: [],
  objectives: [], equal: 0, of: null, live: false, prompt: null, touched: false, sight: null, timer: null, groups: new Map(), kept: new Map() };
const part = (selector) => element.querySelector(selector);
const section = part(".ds-candidates"), { card, said } = element.texts;

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (news?.sight) return see(news);
  if (!expected(news, state, clear)) return;
  const another = news.run !== state.run;
  if (news.fresh) {
    Object.assign(state, { rows: new Map(), talkers: [], attributes: news.attributes, objectives: news.objectives, equal: news.equal, of: news.of });
    if (another) Object.assign(state, { run: news.run, prompt: null, touched: false, sight: null, shown: null, k: 0,
      weights: { ...news.objectives[0]?.weights } });
  }
  Object.assign(state, { number: news.number, live: news.live });
  news.rows.forEach(([prompt, talker, texts]) => {
    if (!state.talkers.includes(talker)) state.talkers.push(talker);
    if (!state.rows.has(prompt)) state.rows.set(prompt, new Map());
    state.rows.get(prompt).set(talker, texts);
  });
  if (state.shown === null && state.talkers.length) state.shown = [state.talkers[0]];
  if (state.attributes.length) controls();
  const prompts = [...state.rows.keys()];
  if (prompts.length && (!state.rows.has(state.prompt) || !(state.touched || news.fresh))) go(news.fresh ? prompts[0] : prompts.at(-1));
  else if (another) ask();
  choose();
}

function clear() {
  Object.assign(state, { run: null, number: 0, rows: new Map(), talkers: [], shown: null, prompt: null, sight: null, kept: new Map() });
  choose();
}

// -- choosing --------------------------------------------------------------------------------------------------
const most = () => Math.max(0, ...[...state.rows.values()].flatMap((row) => [...row.values()].map((texts) => texts.length)));
const column = (name) => state.attributes.findIndex((attribute) => attribute.name === name);

// The candidates of a prompt, as [talker, number, scores]: its first k texts, shared equally by the talkers that are shown.
function candidates(prompt) {
  const there = state.shown.filter((talker) => state.rows.get(prompt).has(talker)), each = Math.max(1, Math.floor(state.k / (there.length || 1)));
  return there.flatMap((talker) => state.rows.get(prompt).get(talker).slice(0, each).map((scores, number) => [talker, number, scores]));
}

// Mean and standard deviation of each attribute over all texts of the talkers that are shown; null where it does not vary.
function scales() {
  const texts = [...state.rows.values()].flatMap((row) => state.shown.flatMap((talker) => row.get(talker) || []));
  return state.attributes.map((_, i) => {
    const values = texts.map((scores) => scores[i]);
    return values.length && !values.includes(null) ? spread(values) : null;
  });
}

function spread(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return sd ? { mean, sd } : null;
}

function choose() {
  const began = performance.now(), any = state.rows.size > 0 && state.shown;
  Object.assign(state, { groups: new Map(), kept: new Map() });
  if (any) {
    const scale = scales(), terms = state.attributes.map(({ name }, i) => [i, scale[i] ? (state.weights[name] || 0) / scale[i].sd : 0]).filter(([, weight]) => weight);
    const worth = (scores) => terms.reduce((sum, [i, weight]) => sum + weight * (scores[i] - scale[i].mean), 0);
    const varied = state.equal && VARIED.some((name) => state.weights[name]), words = state.attributes.length;
    for (const prompt of state.rows.keys()) {
      const all = candidates(prompt);
      state.groups.set(prompt, all);
      const long = varied ? all.filter(([, , scores]) => scores[words] >= state.equal) : all;
      let best = null, top = -Infinity;
      (long.length ? long : all).forEach((one) => { const value = worth(one[2]); if (value > top) { top = value; best = one; } });
      if (best) state.kept.set(prompt, best);
    }
  }
  draw();
  section.dataset.ms = (performance.now() - began).toFixed(1);
}

// How far each attribute moved: kept minus the mean of the candidates, prompt by prompt, in standard deviations.
function moves() {
  const prompts = [...state.kept.keys()];
  return state.attributes.map((attribute, i) => {
    const groups = prompts.map((prompt) => state.groups.get(prompt).map(([, , scores]) => scores[i])), all = groups.flat();
    if (!all.length || all.includes(null)) return null;
    const scale = spread(all), means = groups.map((group) => group.reduce((a, b) => a + b, 0) / group.length);
    const apart = prompts.map((prompt, p) => state.kept.get(prompt)[2][i] - means[p]), by = spread(apart);
    const moved = apart.reduce((a, b) => a + b, 0) / apart.length, before = all.reduce((a, b) => a + b, 0) / all.length;
    const half = apart.length > 1 && by ? Z * by.sd / Math.sqrt(apart.length - 1) : 0;
    return { attribute, before, after: before + moved, sd: scale?.sd || 0, z: scale ? moved / scale.sd : 0, half: scale ? half / scale.sd : 0, n: prompts.length };
  }).filter(Boolean);
}

// -- words -----------------------------------------------------------------------------------------------------
const signed = (value, digits) => (value < 0 ? "\u2212" : "+") + Math.abs(value).toFixed(digits);
const plain = (value, digits) => value.toFixed(digits).replace("-", "\u2212");

function sentence(found) {
  const weighed = found.filter(({ attribute }) => state.weights[attribute.name]);
  if (!weighed.length) return "No attribute has a weight: the first text of each prompt is kept.";
  return weighed.map(({ attribute, before, after, z, half, n }) => `Selection moves ${attribute.title} by ${signed(z, 1)} sd (${plain(z - half, 1)} to ${plain(z + half, 1)}), `
    + `from ${said(before, attribute)} to ${said(after, attribute)}${attribute.unit ? " " + attribute.unit : ""}; n = ${n} prompts.`).join(" ");
}

// -- drawing ---------------------------------------------------------------------------------------------------
function draw() {
  const any = state.rows.size > 0;
  section.dataset.prompts = state.rows.size;
  section.dataset.run = state.run || "";
  element.querySelectorAll(".ds-choosing, .ds-scrub, .ds-about-what, .ds-texts, .ds-key").forEach((node) => { node.hidden = !any; });
  const growing = state.of > state.rows.size ? ` of ${state.of}` : "";
  part("[data-said]").textContent = !any ? empty()
    : `${state.rows.size}${growing} prompts with ${most()} texts of each talker. Move a weight: the kept text is framed at once.`;
  const found = any ? moves() : [];
  if (any) {
    drawMoves(found);
    frame();
  }
  window.dispatchEvent(new CustomEvent("distilloscope:chosen", { detail: told() }));
}

const empty = () => (state.run && !state.live ? "The texts of this run are not there: it has not come so far, or they were not kept." : "The texts appear here while the pool grows.");

// Beside each weight, how far that attribute moved.
function drawMoves(found) {
  part("[data-moved]").textContent = sentence(found);
  const place = (z) => Math.min(100, Math.max(0, 50 + 50 * z / REACH)), moved = new Map(found.map((move) => [move.attribute.name, move]));
  element.querySelectorAll(".ds-weight").forEach((row) => {
    const name = row.querySelector("input").dataset.weight, move = moved.get(name), [zero, whisker, dot] = row.querySelector("div").children, number = row.querySelector("b");
    row.classList.toggle("ds-mean-best", Boolean(state.weights[name]));
    row.querySelector("div").hidden = !move;
    number.replaceChildren();
    if (!move) return;
    zero.style.left = "50%";
    Object.assign(whisker.style, { left: `${place(move.z - move.half)}%`, right: `${100 - place(move.z + move.half)}%` });
    dot.style.left = `${place(move.z)}%`;
    number.append(`${signed(move.z, 2)} sd`, make("small", "", `${said(move.before, move.attribute)} to ${said(move.after, move.attribute)}`));
  });
  part(".ds-weight-axis div").replaceChildren(...[-2, -1, 0, 1, 2].map((z) => {
    const mark = make("i", "", plain(z, 0));
    mark.style.left = `${place(z)}%`;
    return mark;
  }));
  part(".ds-choosing").saves = { name: "selection", rows: () => [["attribute", "weight", "mean of candidates", "mean of kept", "moved by, sd", "half of the 95 % interval, sd", "prompts"],
    ...found.map(({ attribute, before, after, z, half, n }) => [attribute.title, state.weights[attribute.name] || 0, before, after, z, half, n])] };
}

// The frame goes to the kept text of the prompt on screen; its cards stay as they are.
function frame() {
  const [talker, number] = state.kept.get(state.prompt) || [];
  let at = null;
  element.querySelectorAll(".ds-text").forEach((card) => {
    const kept = card.dataset.talker === talker && Number(card.dataset.number) === number;
    card.classList.toggle("ds-kept", kept);
    card.querySelector("[data-kept]").hidden = !kept;
    card.classList.toggle("ds-out", !(state.groups.get(state.prompt) || []).some(([who, which]) => who === card.dataset.talker && which === Number(card.dataset.number)));
    if (kept) at = card;
  });
  section.dataset.kept = at ? `${talker} ${number}` : "";
}

// Made anew only where there are others now, or whoever holds one would lose it while the pool grows.
function renew(name, choices, button) {
  const box = part(`[data-part="${name}"]`), now = JSON.stringify(choices);
  if (box.dataset.now !== now) box.replaceChildren(...choices.map(button));
  box.dataset.now = now;
  return box;
}

function choice(text, act) {
  const button = make("button", "", text);
  button.type = "button";
  button.addEventListener("click", () => { act(); pressed(); choose(); });
  return button;
}

function controls() {
  const talkers = state.talkers.map((one) => [one]);
  if (talkers.length > 1) talkers.push([...state.talkers]);
  renew("objectives", state.objectives, ({ title, weights }) => choice(title, () => { state.weights = { ...weights }; }));
  renew("weights", state.attributes, weight);
  renew("talkers", talkers, (shown) => {
    const button = choice(shown.length > 1 ? "both talkers" : shown[0], () => { state.shown = shown; cards(); });
    button.dataset.shown = shown.join(" ");
    return button;
  }).hidden = talkers.length < 2;
  const many = part("[data-k]"), top = most();
  many.max = top;
  if (!state.k || state.k > top) state.k = top;
  many.closest("label").hidden = top < 3;
  pressed();
}

function weight({ name, title }) {
  const row = make("div", "ds-weight ds-mean"), label = make("label", "", title), slider = make("input"), output = make("output"), bar = make("div");
  Object.assign(slider, { type: "range", min: -1, max: 1, step: 0.1, title: "Double-click: 0", id: `weight-${name}` });
  slider.dataset.weight = name;
  label.htmlFor = slider.id;
  label.dataset.terms = "";
  slider.addEventListener("input", () => { state.weights[name] = Number(slider.value); pressed(); choose(); });
  slider.addEventListener("dblclick", () => { state.weights[name] = 0; pressed(); choose(); });
  bar.append(make("u"), make("s"), make("i"));
  row.append(label, slider, output, bar, make("b"));
  return row;
}

// All controls as the state has them.
function pressed() {
  const scale = state.rows.size ? scales() : [];
  element.querySelectorAll("[data-weight]").forEach((slider) => {
    const value = state.weights[slider.dataset.weight] || 0, i = column(slider.dataset.weight);
    if (Number(slider.value) !== value) slider.value = value;
    slider.disabled = !scale[i];
    slider.nextElementSibling.textContent = scale[i] ? (value ? signed(value, 1) : "0") : "all alike";
  });
  const same = (weights) => state.attributes.every(({ name }) => (weights[name] || 0) === (state.weights[name] || 0));
  [...part('[data-part="objectives"]').children].forEach((button, i) => button.setAttribute("aria-pressed", same(state.objectives[i].weights)));
  [...part('[data-part="talkers"]').children].forEach((button) => button.setAttribute("aria-pressed", button.dataset.shown === (state.shown || []).join(" ")));
  const many = part("[data-k]");
  if (Number(many.value) !== state.k) many.value = state.k;
  many.nextElementSibling.textContent = state.k;
}

// -- one prompt ------------------------------------------------------------------------------------------------
function go(prompt) {
  if (prompt === state.prompt) return;
  state.prompt = prompt;
  where();
  ask();
}

function where() {
  const prompts = [...state.rows.keys()], at = prompts.indexOf(state.prompt), slider = part("[data-prompt]");
  slider.max = Math.max(0, prompts.length - 1);
  slider.value = at;
  slider.style.setProperty("--share", prompts.length > 1 ? at / (prompts.length - 1) : 1);
  part(".ds-scrub output").textContent = `prompt ${at + 1} of ${prompts.length}`;
  const [back, next] = element.querySelectorAll("[data-go]");
  back.disabled = at <= 0;
  next.disabled = at >= prompts.length - 1;
}

// An answer that meets another message may be lost: ask again.
function ask(again = 0) {
  clearTimeout(state.timer);
  if (state.prompt === null) return;
  const { run, prompt } = state;
  state.timer = setTimeout(() => {
    trigger("see", { run, prompt });
    if (again < 3) state.timer = setTimeout(() => { if (state.sight?.prompt !== prompt || state.sight?.run !== run) ask(again + 1); }, PATIENCE);
  }, PAUSE);
}

function see(sight) {
  if (sight.run !== state.run || sight.prompt !== state.prompt) return;  // the visitor went on meanwhile
  state.sight = sight;
  where();
  part(".ds-about-what").textContent = sight.asked;
  cards();
  frame();
}

function cards() {
  const { sight } = state;
  if (!sight || sight.prompt !== state.prompt) return;
  const shown = sight.talkers.filter(({ talker }) => state.shown.includes(talker));
  part(".ds-texts").replaceChildren(...shown.flatMap(({ talker, texts }) => texts.map((text, number) => card(talker, text, number, state))));
  section.dataset.seen = sight.prompt;
}

// -- the panels beside it -----------------------------------------------------------------------------------------
const told = () => ({ run: state.run, rows: state.rows, shown: state.shown || [], kept: state.kept, weights: state.weights, attributes: state.attributes, empty: empty() });
window.addEventListener("distilloscope:pool-wanted", () => window.dispatchEvent(new CustomEvent("distilloscope:chosen", { detail: told() })));
window.addEventListener("distilloscope:prompt", ({ detail }) => {
  if (detail.run !== state.run || !state.rows.has(detail.prompt)) return;
  state.touched = true;
  go(detail.prompt);
});
section.addEventListener("click", (event) => {
  const step = Number(event.target.closest("[data-go]")?.dataset.go), prompts = [...state.rows.keys()];
  if (!step) return;
  state.touched = true;
  go(prompts[prompts.indexOf(state.prompt) + step] ?? state.prompt);
});
section.addEventListener("input", ({ target }) => {
  if ("k" in target.dataset) { state.k = Number(target.value); pressed(); choose(); }
  if (!("prompt" in target.dataset)) return;
  state.touched = true;
  go([...state.rows.keys()][Number(target.value)] ?? state.prompt);
});
watch("value", () => take(props.value));
take(props.value);
