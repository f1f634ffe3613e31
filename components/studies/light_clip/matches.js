// Words and patches in the browser: which rule and word are looked at, and somebody's own caption of a picture.
// Texts are untrusted: textContent only. Given by gr.HTML: element, props, trigger, watch; by shared.js: make, shape;
// by looking.js: element.looking; by scene.js: element.sideOf.

const mine = { rule: "relaxed", word: null, own: null, sides: new Map(), number: 0 };
const stepsOf = (sight) => [...new Set((sight?.sides || []).flatMap(({ moments }) => moments.map(({ step }) => step)))].sort((a, b) => a - b);
const { state, take, part } = element.looking({ section: element.querySelector(".ds-light-matches"), stepsOf, draw, leave, texts: {
  any: "Each word of the caption is matched with a patch of the picture. The model was told which caption belongs to which picture, never where a thing is.",
  gone: "This run kept no matches of words and patches.", wait: "Words and their patches appear here when the first students look at pictures." } });
const percent = (share) => `${Math.round(100 * share)} %`;

// -- somebody's own caption ------------------------------------------------------------------------------------------
function answer(found) {
  if (found.run !== state.run || found.picture !== state.picture || found.number !== mine.number) return;
  part(".ds-light-own").classList.remove("ds-asking");
  part("[data-error]").innerHTML = found.error || "";  // the server's markup, escaped there
  if (found.error) return;
  Object.assign(mine, { own: found, word: null });
  if (found.unknown.length) part("[data-error]").replaceChildren(make("p", "ds-quiet", `The model has no word for: ${found.unknown.join(", ")}.`));
  draw();
}

function leave() {
  Object.assign(mine, { own: null, word: null, number: mine.number + 1 });
  part?.(".ds-light-own").classList.remove("ds-asking");
  part?.("[data-error]").replaceChildren();
}

part(".ds-light-own").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = part(".ds-light-own input").value.trim();
  if (!text || state.picture === null) return;
  mine.number += 1;
  part(".ds-light-own").classList.add("ds-asking");
  part("[data-error]").replaceChildren(make("p", "ds-quiet", "Asking. The first question loads the models."));
  trigger("match", { run: state.run, picture: state.picture, text, number: mine.number });
});
part("[data-back]").addEventListener("click", () => { leave(); draw(); });

// -- drawing ---------------------------------------------------------------------------------------------------------
const momentAt = ({ moments }) => (mine.own ? moments[0] : moments.filter(({ step }) => step <= state.step).at(-1) || moments[0]);

// Base and the chosen arm; the first two where the desk did not answer for it.
function beside({ sides }) {
  const two = sides.filter(({ arm }) => arm === "base" || arm === state.arm);
  return two.length > 1 ? two : sides.slice(0, 2);
}

function draw() {
  const sight = mine.own || state.sight, picture = state.pictures.find(({ id }) => id === state.picture);
  if (!sight || !picture) return;
  element.querySelector(".ds-light-matches").dataset.seen = `${state.picture} ${mine.own ? "own" : state.step}`;
  const sides = beside(sight), box = part(".ds-light-sides"), wanted = sides.map(({ arm }) => arm);
  const cosines = sides.flatMap(({ moments }) => moments.flatMap((one) => one.cosines.flat()));
  const range = [Math.max(0, cosines.reduce((a, b) => Math.min(a, b), 1)), cosines.reduce((a, b) => Math.max(a, b), 0)];
  [...mine.sides.keys()].filter((arm) => !wanted.includes(arm)).forEach((arm) => { mine.sides.get(arm).box.remove(); mine.sides.delete(arm); });
  sides.forEach((side) => {
    if (!mine.sides.has(side.arm)) mine.sides.set(side.arm, element.sideOf(side.arm, (word) => { mine.word = word; draw(); }));
    const view = mine.sides.get(side.arm), moment = momentAt(side);
    if (!view.box.isConnected) box.append(view.box);
    view.draw({ title: state.arms.get(side.arm) || side.arm, src: picture.src, moment, rule: mine.rule, word: mine.word < moment.words.length ? mine.word : null, range, said: said(moment) });
  });
  const known = sides.some(({ moments }) => moments.some(({ truth }) => truth.some((places) => places !== null)));
  element.querySelectorAll("[class^=ds-light-key-]").forEach((node) => { node.hidden = !known; });
  rules(sides);
  spark(mine.own ? [] : sides, sight.chance);
  part("[data-back]").hidden = !mine.own;
  if (mine.own) part(".ds-scrub").hidden = true;
  else part(".ds-scrub").hidden = stepsOf(sight).length < 2;
  box.saves = { name: "matches", rows: () => numbers(sides) };
}

function said({ words, truth, chosen }) {
  const about = words.map((_, word) => word).filter((word) => truth[word] !== null), choice = chosen[mine.rule] || [];
  if (!about.length) return mine.own ? "your caption" : "nobody knows where its things lie";
  const right = about.filter((word) => truth[word].includes(choice[word])).length;
  return `${right} of ${about.length} words point at their thing`;
}

function rules(sides) {
  const there = new Set(sides.flatMap(({ moments }) => moments.flatMap(({ chosen }) => Object.keys(chosen))));
  element.querySelectorAll("[data-rule]").forEach((button) => {
    button.hidden = !there.has(button.dataset.rule);
    button.setAttribute("aria-pressed", button.dataset.rule === mine.rule);
    if (button.dataset.rule === mine.rule) part("[data-rule-says]").textContent = button.title;
  });
}

// Pointing accuracy over training, a line for each side, and where the slider stands.
function spark(sides, chance) {
  const lines = sides.filter(({ pointing }) => pointing.length > 1), figure = part(".ds-light-spark"), end = Math.max(...lines.flatMap(({ pointing }) => pointing.map(([step]) => step)), 1);
  figure.hidden = !lines.length;
  if (!lines.length) return;
  const x = (step) => 2 + 636 * step / end, y = (share) => 92 - 88 * share;
  const marks = [shape("line", { class: "ds-light-now", x1: x(state.step), x2: x(state.step), y1: 0, y2: 96 })];
  if (chance !== null) marks.push(shape("line", { class: "ds-light-chance", x1: 0, x2: 640, y1: y(chance), y2: y(chance) }));
  lines.forEach(({ arm, pointing }) => marks.push(shape("path", { class: arm === "base" ? "ds-light-line-base" : "ds-light-line-other", d: `M${pointing.map(([step, share]) => `${x(step).toFixed(1)} ${y(share).toFixed(1)}`).join("L")}` })));
  const told = lines.map(({ arm, pointing }) => { const [, share, n] = pointing.filter(([step]) => step <= state.step).at(-1) || pointing[0]; return `${state.arms.get(arm) || arm}: ${percent(share)} (n = ${n})`; });
  const text = `Pointing accuracy on validation pictures at step ${state.step}, by each word's most similar patch, seed 0. ${told.join("; ")}.${chance === null ? "" : ` Dashed: chance, ${percent(chance)}.`}`;
  figure.firstChild.replaceChildren(...marks);
  figure.firstChild.setAttribute("aria-label", text);
  part(".ds-light-spark figcaption").textContent = text;
}

function numbers(sides) {
  const names = Object.keys(sides[0]?.moments[0]?.chosen || {}), rows = [["arm", "step", "word", "patch", "cosine", "truth", ...names]];
  sides.forEach((side) => {
    const { step, words, truth, cosines, chosen } = momentAt(side);
    words.forEach((word, w) => cosines[w].forEach((cosine, patch) => rows.push([side.arm, step, word, patch, cosine,
      truth[w] === null ? "" : Number(truth[w].includes(patch)), ...names.map((name) => Number(chosen[name]?.[w] === patch))])));
  });
  return rows;
}

part('[data-part="rules"]').addEventListener("click", ({ target }) => {
  if (!target.dataset.rule) return;
  mine.rule = target.dataset.rule;
  draw();
});
function receive(value) { return value?.own || value?.error ? answer(value) : take(value); }
watch("value", () => receive(props.value));
receive(props.value);
