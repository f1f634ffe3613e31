// Lessons in the browser: shows one step at a time, drives the page's own controls, lights up what a step is about, and
// asks a question at the end. Remembers which lessons were done. Knows the ids of panels; nothing of runs.
// Given by gr.HTML: element, props, trigger, watch.

const DONE = "distilloscope-lessons", all = props.value || [];
const state = { lesson: null, step: 0, done: [remembered(DONE) ?? []].flat() };
const part = (selector) => element.querySelector(selector);

function finish(name) {
  if (!state.done.includes(name)) state.done.push(name);
  remember(DONE, state.done);
}

// -- the page's own controls -------------------------------------------------------------------------------------
function scrub(to) {
  const slider = document.querySelector("#wall .ds-scrub input");
  if (!slider) return;
  slider.value = to === "first" ? 0 : slider.max;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}

const actions = {
  press: (selector) => document.querySelector(selector)?.click(),
  open: (selector) => { const box = document.querySelector(selector); if (box) box.open = true; },
  first: () => scrub("first"),
  latest: () => scrub("latest"),
  play: () => { const button = document.querySelector("#wall [data-play]"); if (button?.textContent === "Play") button.click(); },
};

function light(selector) {
  document.querySelectorAll(".ds-lit").forEach((node) => node.classList.remove("ds-lit"));
  const panel = selector && document.querySelector(selector);
  if (!panel) return;
  const card = panel.closest(".ds-card") || panel;
  card.classList.add("ds-lit");
  card.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
}

// -- drawing -----------------------------------------------------------------------------------------------------
function drawList() {
  part(".ds-lesson-list").replaceChildren(...all.map((lesson, number) => {
    const button = make("button", "", `${number + 1} ${lesson.title}`);
    button.type = "button";
    button.dataset.lesson = number;
    button.setAttribute("aria-pressed", state.lesson === number);
    if (state.done.includes(lesson.name)) {
      button.dataset.done = "";
      button.append(make("span", "", " done"));
    }
    return button;
  }));
}

function stepBody(step) {
  const nodes = [make("p", "", step.text)];
  if (step.formula) nodes.push(make("p", "ds-formula", step.formula), make("p", "ds-quiet", step.reads));
  return nodes;
}

function questionBody(lesson) {
  const { text, options } = lesson.question, list = make("div", "ds-options");
  options.forEach((option, number) => {
    const button = make("button", "", option);
    button.type = "button";
    button.dataset.option = number;
    list.append(button);
  });
  return [make("p", "", text), list, make("p", "ds-quiet ds-why")];
}

function draw() {
  drawList();
  const card = part(".ds-lesson"), lesson = all[state.lesson];
  card.hidden = !lesson;
  if (!lesson) return light(null);
  const last = state.step === lesson.steps.length, step = lesson.steps[state.step];
  part("[data-title]").textContent = lesson.title;
  part("[data-place]").textContent = last ? "a question" : `${state.step + 1} of ${lesson.steps.length}`;
  part("[data-body]").replaceChildren(...(last ? questionBody(lesson) : stepBody(step)));
  part("[data-go='-1']").disabled = state.step === 0;
  part("[data-go='1']").textContent = !last ? "Next" : state.lesson + 1 < all.length ? "Next lesson" : "Finish";
  card.dataset.lesson = lesson.name;
  card.dataset.step = state.step;
  if (last) return;
  (step.do || []).forEach(([name, ...rest]) => actions[name](...rest));
  light(step.look);
  if (!document.querySelector(step.look)?.offsetParent && step.look !== "#lens") {
    part("[data-body]").append(make("p", "ds-quiet", "The run on screen has no such panel. Choose the recorded run Quick above."));
  }
}

function answer(button) {
  const lesson = all[state.lesson], right = Number(button.dataset.option) === lesson.question.answer;
  button.dataset.right = right;
  part(".ds-why").textContent = (right ? "Yes. " : "Not quite. ") + (right ? lesson.question.why : "Try another.");
  if (!right) return;
  finish(lesson.name);
  drawList();
}

function leave() {
  const number = state.lesson;
  state.lesson = null;
  draw();
  part(`[data-lesson="${number}"]`)?.focus({ preventScroll: true });
}

function go(by) {
  const lesson = all[state.lesson];
  state.step += by;
  if (state.step > lesson.steps.length) {
    Object.assign(state, { lesson: state.lesson + 1 < all.length ? state.lesson + 1 : null, step: 0 });
  }
  draw();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.go) go(Number(button.dataset.go));
  else if (button.dataset.option) answer(button);
  else if ("leave" in button.dataset) leave();
  else {
    Object.assign(state, { lesson: Number(button.dataset.lesson), step: 0 });
    draw();
    part("[data-go='1']").focus({ preventScroll: true });
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.lesson !== null) leave();
});
draw();
