// Softened labels in the browser: one picture's row of the label matrix at every kept step, and whose captions it goes to.
// Texts are untrusted: textContent only. Given by gr.HTML: element, props, watch; by shared.js: make; by looking.js:
// element.looking.

const SHOWN = 8;  // others in the list
const stepsOf = (sight) => (sight?.moments || []).map(({ step }) => step);
const section = element.querySelector(".ds-light-labels");
const { state, take, part, go } = element.looking({ section, stepsOf, draw, leave() {}, texts: {
  any: "CLIP's label says that only a picture's own caption is right. Softened labels give a growing part of it to the other captions of the batch.",
  gone: "No arm of this run softened its labels.", wait: "A row of softened labels appears here when an arm that softens them begins to train." } });
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

// What of a label goes where; `rest` are others that were not kept.
function parts({ softness, others }) {
  const sum = (wanted) => others.filter((one) => one.true === wanted).reduce((all, { weight }) => all + weight, 0), [right, wrong] = [sum(true), sum(false)];
  return { own: 1 - softness, right, wrong, rest: Math.max(0, softness - right - wrong) };
}

function draw() {
  const { sight } = state, moment = sight?.moments.find(({ step }) => step === state.step);
  section.dataset.seen = `${state.picture} ${state.step}`;
  element.querySelectorAll(".ds-light-row, [data-told], .ds-light-others").forEach((node) => { node.hidden = !moment; });
  if (!moment) return;
  const mine = state.pictures.find(({ id }) => id === state.picture), told = parts(moment), given = told.right + told.wrong;
  const caption = Object.assign(make("span", "", mine.text), { translate: false });
  part(".ds-light-mine").replaceChildren(Object.assign(make("img"), { src: mine.src, alt: "", width: 96, height: 96 }), caption, make("b", "", percent(told.own)));
  part(".ds-light-moments").replaceChildren(...sight.moments.map(bar));
  part("[data-told]").textContent = `Step ${state.step}: ${percent(moment.softness)} of the label is given away.`
    + (given > 0 ? ` Of what the captions below get, ${percent(told.right / given)} goes to captions that are true of this picture all the same.` : "");
  const most = Math.max(...sight.moments.flatMap(({ others }) => others.map(({ weight }) => weight)), 1e-9), known = new Map(sight.others.map((one) => [one.id, one]));
  part(".ds-light-others").replaceChildren(...moment.others.filter(({ id }) => known.has(id)).slice(0, SHOWN).map((one) => other(one, known.get(one.id), most)));
  part(".ds-light-row").saves = { name: "labels", rows: () => [["step", "softness", "caption", "weight", "true of the picture"],
    ...sight.moments.flatMap(({ step, softness, others }) => others.map(({ id, weight, true: right }) => [step, softness, known.get(id)?.text ?? id, weight, Number(right)]))] };
}

// The whole label of a step as one bar. A click on the step goes there.
function bar(moment) {
  const told = parts(moment), button = Object.assign(make("button"), { type: "button" }), line = make("span", "ds-light-bar"), row = make("div", "ds-light-moment");
  button.dataset.step = moment.step;
  button.setAttribute("aria-pressed", moment.step === state.step);
  button.setAttribute("aria-label", `step ${moment.step}: own caption ${percent(told.own)}, true others ${percent(told.right)}, other others ${percent(told.wrong)}`);
  Object.entries(told).forEach(([name, share]) => {
    const piece = make("i", `ds-light-of-${name}`);
    piece.style.width = `${100 * share}%`;
    line.append(piece);
  });
  button.append(make("small", "", moment.step));
  row.append(button, line);
  return row;
}

function other({ weight, true: right }, { text, src }, most) {
  const row = make("li", right ? "ds-light-true" : ""), words = make("span"), line = make("div"), piece = make("i");
  words.append(Object.assign(make("bdi", "", text), { translate: false }), ...(right ? [make("small", "", "true of it too")] : []));
  piece.style.width = `${100 * weight / most}%`;
  line.append(piece);
  row.append(Object.assign(make("img"), { src, alt: "", width: 48, height: 48 }), words, line, make("b", "", percent(weight)));
  return row;
}

section.addEventListener("click", ({ target }) => {
  const step = target.closest("[data-step]")?.dataset.step;
  if (step === undefined) return;
  go(Number(step));
  part(`[data-step="${step}"]`)?.focus();
});
watch("value", () => take(props.value));
take(props.value);
