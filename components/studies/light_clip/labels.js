// Softened labels in the browser: one picture's row of the label matrix at every kept step, and whose captions it goes to.
// Texts are untrusted: textContent only. Given by gr.HTML: element, props, trigger, watch; by shared.js: make.

const PAUSE = 60, PATIENCE = 4000, FRAME = 900, SHOWN = 8;  // ms, others in the list
const state = { run: null, pictures: [], arms: new Map(), rows: 0, picture: null, arm: null, step: null, sight: null, timer: null, film: null };
const part = (selector) => element.querySelector(selector);
const section = part(".ds-light-labels");
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

// -- what there is -------------------------------------------------------------------------------------------------
function take(news) {
  if (news?.sight) return see(news);
  const another = news?.run !== state.run;
  if (another) Object.assign(state, { picture: null, arm: null, step: null, sight: null });
  const grown = another || news.rows !== state.rows;
  Object.assign(state, { run: news?.run || null, pictures: news?.pictures || [], arms: new Map(news?.arms || []), rows: news?.rows || 0 });
  const any = state.pictures.length > 0;
  section.dataset.pictures = state.pictures.length;
  part("[data-shown]").hidden = !any;
  part("[data-said]").textContent = any ? "CLIP's label says that only a picture's own caption is right. Softened labels give a growing part of it to the other captions of the batch."
    : state.run && !news.live ? "No arm of this run softened its labels." : "A row of softened labels appears here when an arm that softens them begins to train.";
  if (!any) return;
  if (!state.pictures.some(({ id }) => id === state.picture)) state.picture = state.pictures[0].id;
  if (!state.arms.has(state.arm)) state.arm = [...state.arms.keys()][0];
  controls();
  if (grown) ask();
}

function controls() {
  const strip = part('[data-part="pictures"]'), now = `${state.run} ${state.pictures.map(({ id }) => id).join()}`;
  if (strip.dataset.now !== now) strip.replaceChildren(...state.pictures.map(thumbnail));
  strip.dataset.now = now;
  [...strip.children].forEach((button) => button.setAttribute("aria-pressed", Number(button.dataset.picture) === state.picture));
  const list = part('[data-pick="arm"]'), arms = JSON.stringify([...state.arms]);
  if (list.dataset.now !== arms) list.replaceChildren(...[...state.arms].map(([value, title]) => Object.assign(make("option", "", title), { value })));
  list.dataset.now = arms;
  list.value = state.arm;
  list.closest("label").hidden = state.arms.size < 2;
}

function thumbnail({ id, text, src }) {
  const button = Object.assign(make("button"), { type: "button", title: text, translate: false });
  button.dataset.picture = id;
  button.append(Object.assign(make("img"), { src, alt: text, width: 44, height: 44 }));
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
  const steps = sight.moments.map(({ step }) => step), followed = state.step === null || state.step === state.sight?.moments.at(-1)?.step;
  state.sight = sight;
  if (followed || !steps.includes(state.step)) state.step = steps.at(-1) ?? null;
  draw();
}

// -- drawing ---------------------------------------------------------------------------------------------------------
// What of a label goes where; `rest` are others that were not kept.
function parts({ softness, others }) {
  const sum = (wanted) => others.filter((one) => one.true === wanted).reduce((all, { weight }) => all + weight, 0), [right, wrong] = [sum(true), sum(false)];
  return { own: 1 - softness, right, wrong, rest: Math.max(0, softness - right - wrong) };
}

function draw() {
  const { sight } = state, moment = sight?.moments.find(({ step }) => step === state.step);
  section.dataset.seen = `${state.picture} ${state.step}`;
  element.querySelectorAll(".ds-light-row, .ds-scrub, [data-told], .ds-light-others").forEach((node) => { node.hidden = !moment; });
  if (!moment) return;
  const mine = state.pictures.find(({ id }) => id === state.picture), told = parts(moment), given = told.right + told.wrong;
  const caption = make("span", "", mine.text);
  caption.translate = false;
  part(".ds-light-mine").replaceChildren(Object.assign(make("img"), { src: mine.src, alt: "", width: 96, height: 96 }), caption, make("b", "", percent(told.own)));
  part(".ds-light-moments").replaceChildren(...sight.moments.map(bar));
  part("[data-told]").textContent = `Step ${state.step}: ${percent(moment.softness)} of the label is given away.`
    + (given > 0 ? ` Of what the captions below get, ${percent(told.right / given)} goes to captions that are true of this picture all the same.` : "");
  const most = Math.max(...sight.moments.flatMap(({ others }) => others.map(({ weight }) => weight)), 1e-9), known = new Map(sight.others.map((one) => [one.id, one]));
  part(".ds-light-others").replaceChildren(...moment.others.filter(({ id }) => known.has(id)).slice(0, SHOWN).map((one) => other(one, known.get(one.id), most)));
  scrub(sight.moments.map(({ step }) => step));
  part(".ds-light-row").saves = { name: "labels", rows: () => [["step", "softness", "caption", "weight", "true of the picture"],
    ...sight.moments.flatMap(({ step, softness, others }) => others.map(({ id, weight, true: right }) => [step, softness, known.get(id)?.text ?? id, weight, Number(right)]))] };
}

// The whole label of a step as one bar. A click goes to that step.
function bar(moment) {
  const told = parts(moment), button = make("button"), line = make("span", "ds-light-bar");
  Object.assign(button, { type: "button" });
  button.dataset.step = moment.step;
  button.setAttribute("aria-pressed", moment.step === state.step);
  button.setAttribute("aria-label", `step ${moment.step}: own caption ${percent(told.own)}, true others ${percent(told.right)}, other others ${percent(told.wrong)}`);
  Object.entries(told).forEach(([name, share]) => {
    const piece = make("i", `ds-light-of-${name}`);
    piece.style.width = `${100 * share}%`;
    line.append(piece);
  });
  const row = make("div", "ds-light-moment");
  button.append(make("small", "", moment.step));
  row.append(button, line);
  return row;
}

function other({ weight, true: right }, { text, src }, most) {
  const row = make("li", right ? "ds-light-true" : ""), words = make("span"), line = make("div"), piece = make("i"), caption = make("bdi", "", text);
  caption.translate = false;
  words.append(caption, ...(right ? [make("small", "", "true of it too")] : []));
  piece.style.width = `${100 * weight / most}%`;
  line.append(piece);
  row.append(Object.assign(make("img"), { src, alt: "", width: 48, height: 48 }), words, line, make("b", "", percent(weight)));
  return row;
}

function scrub(steps) {
  const slider = part(".ds-scrub input"), at = steps.indexOf(state.step);
  slider.max = Math.max(0, steps.length - 1);
  slider.value = at;
  slider.style.setProperty("--share", steps.length > 1 ? at / (steps.length - 1) : 1);
  part(".ds-scrub output").textContent = `step ${state.step}`;
}

// -- the visitor -----------------------------------------------------------------------------------------------------
function play() {
  const steps = (state.sight?.moments || []).map(({ step }) => step);
  if (state.film) { clearInterval(state.film); state.film = null; } else if (steps.length > 1) {
    let at = state.step === steps.at(-1) ? 0 : steps.indexOf(state.step);
    state.film = setInterval(() => {
      if (!element.isConnected || at >= steps.length) { if (state.film) play(); return; }
      state.step = steps[at];
      at += 1;
      draw();
    }, FRAME);
  }
  part("[data-play]").textContent = state.film ? "Pause" : "Play";
}

function go(step) {
  if (state.film) play();
  state.step = step;
  draw();
}

function look(changes) {
  Object.assign(state, changes);
  if (state.film) play();
  controls();
  ask();
}

section.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button?.dataset.picture) look({ picture: Number(button.dataset.picture) });
  if (button?.dataset.step) { const { step } = button.dataset; go(Number(step)); part(`[data-step="${step}"]`)?.focus(); }
  if (button && "play" in button.dataset) play();
});
section.addEventListener("input", ({ target }) => { if (target.closest(".ds-scrub")) go(state.sight.moments[Number(target.value)].step); });
section.addEventListener("change", ({ target }) => { if (target.dataset.pick) look({ arm: target.value }); });
watch("value", () => take(props.value));
take(props.value);
