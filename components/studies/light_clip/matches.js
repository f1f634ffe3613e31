// Words and patches in the browser: which picture, rule, arm and step are on screen, and what is asked of the server.
// Texts are untrusted: textContent only. Given by gr.HTML: element, props, trigger, watch; by shared.js: make, shape;
// by scene.js: element.sideOf.

const PAUSE = 60, PATIENCE = 4000, FRAME = 900;  // ms
const state = { run: null, pictures: [], arms: new Map(), first: "", rows: 0, picture: null, arm: null, rule: "relaxed", word: null, step: null,
  sight: null, own: null, sides: new Map(), timer: null, film: null, number: 0 };
const part = (selector) => element.querySelector(selector);
const section = part(".ds-light-matches");

// -- what there is -------------------------------------------------------------------------------------------------
function take(news) {
  if (news?.sight) return see(news);
  if (news?.own || news?.error) return answer(news);
  const another = news?.run !== state.run;
  if (another) Object.assign(state, { picture: null, arm: null, word: null, step: null, sight: null, own: null });
  const grown = another || news.rows !== state.rows;
  Object.assign(state, { run: news?.run || null, pictures: news?.pictures || [], arms: new Map(news?.arms || []), first: news?.first || "", rows: news?.rows || 0 });
  const any = state.pictures.length > 0;
  section.dataset.pictures = state.pictures.length;
  part("[data-shown]").hidden = !any;
  part("[data-said]").textContent = any ? "Each word of the caption is matched with a patch of the picture. The model was told which caption belongs to which picture, never where a thing is."
    : state.run && !news.live ? "This run kept no matches of words and patches." : "Words and their patches appear here when the first students look at pictures.";
  if (!any) return;
  if (!state.pictures.some(({ id }) => id === state.picture)) state.picture = state.pictures[0].id;
  if (!state.arms.has(state.arm)) state.arm = state.first;
  controls();
  if (grown) ask();
}

function controls() {
  const strip = part('[data-part="pictures"]'), now = state.pictures.map(({ id }) => id).join();
  if (strip.dataset.now !== `${state.run} ${now}`) strip.replaceChildren(...state.pictures.map(thumbnail));
  strip.dataset.now = `${state.run} ${now}`;
  [...strip.children].forEach((button) => button.setAttribute("aria-pressed", Number(button.dataset.picture) === state.picture));
  const list = part('[data-pick="arm"]'), others = [...state.arms].filter(([name]) => name !== "base");
  if (list.dataset.now !== JSON.stringify(others)) list.replaceChildren(...others.map(([value, title]) => Object.assign(make("option", "", title), { value })));
  list.dataset.now = JSON.stringify(others);
  list.value = state.arm;
  list.closest("label").hidden = others.length < 2;
}

function thumbnail({ id, text, src }) {
  const button = make("button"), picture = make("img");
  Object.assign(button, { type: "button", title: text });
  button.dataset.picture = id;
  Object.assign(picture, { src, alt: text, width: 44, height: 44 });
  button.translate = false;
  button.append(picture);
  return button;
}

// An answer that meets another message may be lost: ask again.
function ask(again = 0) {
  clearTimeout(state.timer);
  const { run, picture, arm, rows } = state;
  state.timer = setTimeout(() => {
    trigger("see", { run, picture, arm });
    const here = () => state.sight?.run === run && state.sight.picture === picture && state.sight.asked === arm;
    if (again < 3) state.timer = setTimeout(() => { if (!here() && rows === state.rows) ask(again + 1); }, PATIENCE);
  }, PAUSE);
}

function see(sight) {
  if (sight.run !== state.run || sight.picture !== state.picture) return;  // the visitor went on meanwhile
  const steps = stepsOf(sight), followed = state.step === null || state.step === stepsOf(state.sight).at(-1);
  state.sight = sight;
  if (followed || !steps.includes(state.step)) state.step = steps.at(-1) ?? null;
  draw();
}

// -- somebody's own caption ------------------------------------------------------------------------------------------
function answer(found) {
  if (found.run !== state.run || found.picture !== state.picture || found.number !== state.number) return;
  part(".ds-light-own").classList.remove("ds-asking");
  part("[data-error]").innerHTML = found.error || "";  // the server's markup, escaped there
  if (found.error) return;
  Object.assign(state, { own: found, word: null });
  if (found.unknown.length) part("[data-error]").replaceChildren(make("p", "ds-quiet", `The model has no word for: ${found.unknown.join(", ")}.`));
  draw();
}

part(".ds-light-own").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = part(".ds-light-own input").value.trim();
  if (!text || state.picture === null) return;
  state.number += 1;
  part(".ds-light-own").classList.add("ds-asking");
  part("[data-error]").replaceChildren(make("p", "ds-quiet", "Asking. The first question loads the models."));
  trigger("match", { run: state.run, picture: state.picture, text, number: state.number });
});
part("[data-back]").addEventListener("click", () => { forget(); draw(); });
function forget() {
  Object.assign(state, { own: null, word: null, number: state.number + 1 });
  part(".ds-light-own").classList.remove("ds-asking");
  part("[data-error]").replaceChildren();
}

// -- drawing ---------------------------------------------------------------------------------------------------------
const stepsOf = (sight) => [...new Set((sight?.sides || []).flatMap(({ moments }) => moments.map(({ step }) => step)))].sort((a, b) => a - b);
const momentAt = ({ moments }, step) => moments.filter((one) => one.step <= step).at(-1) || moments[0];
const percent = (share) => `${Math.round(100 * share)} %`;

function draw() {
  const sight = state.own || state.sight, steps = stepsOf(sight), picture = state.pictures.find(({ id }) => id === state.picture);
  if (!sight || !picture) return;
  section.dataset.seen = `${state.picture} ${state.own ? "own" : state.step}`;
  const cosines = sight.sides.flatMap(({ moments }) => moments.flatMap((one) => one.cosines.flat()));
  const range = [Math.max(0, cosines.reduce((a, b) => Math.min(a, b), 1)), cosines.reduce((a, b) => Math.max(a, b), 0)];
  const box = part(".ds-light-sides"), wanted = sight.sides.map(({ arm }) => arm);
  [...state.sides.keys()].filter((arm) => !wanted.includes(arm)).forEach((arm) => { state.sides.get(arm).box.remove(); state.sides.delete(arm); });
  sight.sides.forEach((side) => {
    if (!state.sides.has(side.arm)) state.sides.set(side.arm, element.sideOf(side.arm, (word) => { state.word = word; draw(); }));
    const view = state.sides.get(side.arm), moment = momentAt(side, state.own ? 0 : state.step);
    box.append(view.box);
    view.draw({ title: state.arms.get(side.arm) || side.arm, src: picture.src, moment, rule: state.rule, word: state.word < moment.words.length ? state.word : null, range, said: said(moment) });
  });
  rules(sight);
  scrub(steps);
  spark(state.own ? [] : sight.sides, sight.chance);
  part("[data-back]").hidden = !state.own;
  box.saves = { name: "matches", rows: () => numbers(sight) };
}

function said({ words, truth, chosen }) {
  const naming = words.keys().toArray?.() ?? [...words.keys()], about = naming.filter((word) => truth[word] !== null), choice = chosen[state.rule] || [];
  if (!about.length) return state.own ? "your caption" : "nobody knows where its things lie";
  const right = about.filter((word) => truth[word].includes(choice[word])).length;
  return `${right} of ${about.length} words point at their thing`;
}

function rules(sight) {
  const there = new Set(sight.sides.flatMap(({ moments }) => moments.flatMap(({ chosen }) => Object.keys(chosen))));
  element.querySelectorAll("[data-rule]").forEach((button) => {
    button.hidden = !there.has(button.dataset.rule);
    button.setAttribute("aria-pressed", button.dataset.rule === state.rule);
    if (button.dataset.rule === state.rule) part("[data-rule-says]").textContent = button.title;
  });
}

function scrub(steps) {
  const box = part(".ds-scrub"), slider = part(".ds-scrub input"), at = steps.indexOf(state.step);
  box.hidden = Boolean(state.own) || steps.length < 2;
  slider.max = Math.max(0, steps.length - 1);
  slider.value = at;
  slider.style.setProperty("--share", steps.length > 1 ? at / (steps.length - 1) : 1);
  part(".ds-scrub output").textContent = `step ${state.step}`;
}

// Pointing accuracy of all test words over training, a line for each side, and where the slider stands.
function spark(sides, chance) {
  const lines = sides.filter(({ pointing }) => pointing.length > 1), figure = part(".ds-light-spark"), end = Math.max(...lines.flatMap(({ pointing }) => pointing.map(([step]) => step)), 1);
  figure.hidden = !lines.length;
  if (!lines.length) return;
  const x = (step) => 2 + 636 * step / end, y = (share) => 92 - 88 * share;
  const marks = [shape("line", { class: "ds-light-now", x1: x(state.step), x2: x(state.step), y1: 0, y2: 96 })];
  if (chance !== null) marks.push(shape("line", { class: "ds-light-chance", x1: 0, x2: 640, y1: y(chance), y2: y(chance) }));
  lines.forEach(({ arm, pointing }) => marks.push(shape("path", { class: arm === "base" ? "ds-light-line-base" : "ds-light-line", d: `M${pointing.map(([step, share]) => `${x(step).toFixed(1)} ${y(share).toFixed(1)}`).join("L")}` })));
  const told = lines.map(({ arm, pointing }) => { const [, share, n] = pointing.filter(([step]) => step <= state.step).at(-1) || pointing[0]; return `${state.arms.get(arm) || arm}: ${percent(share)} (n = ${n})`; });
  const text = `Pointing accuracy on validation pictures at step ${state.step}, by each word's most similar patch, seed 0. ${told.join("; ")}.${chance === null ? "" : ` Dashed: chance, ${percent(chance)}.`}`;
  figure.firstChild.replaceChildren(...marks);
  figure.firstChild.setAttribute("aria-label", text);
  part(".ds-light-spark figcaption").textContent = text;
}

const numbers = (sight) => [["arm", "step", "word", "patch", "cosine", "truth", ...Object.keys(sight.sides[0]?.moments[0]?.chosen || {})],
  ...sight.sides.flatMap((side) => [momentAt(side, state.own ? 0 : state.step)].flatMap(({ step, words, truth, cosines, chosen }) => words.flatMap((word, w) =>
    cosines[w].map((cosine, patch) => [side.arm, step, word, patch, cosine, truth[w] === null ? "" : Number(truth[w].includes(patch)), ...Object.values(chosen).map((choice) => Number(choice[w] === patch))]))))];

// -- the visitor -----------------------------------------------------------------------------------------------------
function play() {
  const button = part("[data-play]"), steps = stepsOf(state.sight);
  if (state.film) { clearInterval(state.film); state.film = null; } else if (steps.length > 1) {
    let at = state.step === steps.at(-1) ? 0 : steps.indexOf(state.step);
    state.film = setInterval(() => {
      if (!element.isConnected || at >= steps.length) { if (state.film) play(); return; }
      state.step = steps[at];
      at += 1;
      draw();
    }, FRAME);
  }
  button.textContent = state.film ? "Pause" : "Play";
}

function look(changes) {
  Object.assign(state, changes, { word: null, sight: null });
  if (state.film) play();
  forget();
  controls();
  ask();
}

section.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.dataset.picture) look({ picture: Number(button.dataset.picture) });
  if (button?.dataset.rule) { state.rule = button.dataset.rule; draw(); }
  if (button && "play" in button.dataset) play();
});
section.addEventListener("input", ({ target }) => {
  if (!target.closest(".ds-scrub")) return;
  if (state.film) play();
  state.step = stepsOf(state.sight)[Number(target.value)];
  draw();
});
section.addEventListener("change", ({ target }) => { if (target.dataset.pick) look({ arm: target.value }); });
watch("value", () => take(props.value));
take(props.value);
