// Lessons in the browser: shows one step at a time, drives the page's own controls, lights up what a step is about, and
// asks a question at the end. Remembers which lessons were done. Knows the ids of panels; nothing of runs.
// Given by gr.HTML: element, props, trigger, watch; by the bundle: distilloscope.lessons.

const DONE = "distilloscope-lessons", all = distilloscope.lessons;
const state = { lesson: null, step: 0, ended: false, done: [remembered(DONE) ?? []].flat() };
const part = (selector) => element.querySelector(selector);

function finish(name) {
  if (!state.done.includes(name)) state.done.push(name);
  remember(DONE, state.done);
}

// -- the page's own controls -------------------------------------------------------------------------------------
function scrub(to) {
  const slider = document.querySelector("#wall .ds-scrub input");
  if (!slider) return;
  const last = document.querySelector("#wall .ds-wall").dataset.learned;  // the prompts' own texts, before any search
  slider.value = to === "first" ? 0 : to === "learned" && last ? last : slider.max;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
}

const actions = {
  press: (selector) => document.querySelector(selector)?.click(),
  open: (selector) => { const box = document.querySelector(selector); if (box) box.open = true; },
  first: () => scrub("first"),
  latest: () => scrub("latest"),
  learned: () => scrub("learned"),
  play: () => { const button = document.querySelector("#wall [data-play]"); if (button && !("playing" in button.dataset)) button.click(); },
};

function light(selector) {
  document.querySelectorAll(".ds-lit").forEach((node) => node.classList.remove("ds-lit"));
  const panel = selector && (document.querySelector(selector) || document.querySelector(selector.split(" ")[0]));
  if (!panel) return;
  panel.closest(".ds-chapter")?.dispatchEvent(new Event("ds-open"));
  const card = panel.closest(".ds-card") || panel;
  card.classList.add("ds-lit");
  panel.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
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
  if (step.formula) nodes.push(Object.assign(make("p", "ds-formula", step.formula), { translate: false }), make("p", "ds-quiet", step.reads));
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

// -- a lesson on its own, for a class ----------------------------------------------------------------------------
const asked = () => {
  const number = Number(new URLSearchParams(location.search).get("lesson") || NaN) - 1;
  return number in all ? number : null;
};

// The panels that a lesson looks at or presses, by their ids in the page's left column.
function needs(lesson) {
  const named = JSON.stringify(lesson.steps).match(/#[a-z]+/g) || [];
  const wall = lesson.steps.some((step) => (step.do || []).some(([name]) => ["first", "latest", "learned", "play"].includes(name)));
  return [...new Set([...named, ...(wall ? ["#wall"] : [])])].map((id) => (id === "#chart" ? "#chart-card" : id));
}

function alone(number) {
  const root = document.documentElement;
  part(".ds-alone").hidden = number === null;
  if (number === null) return root.removeAttribute("data-alone");
  root.dataset.alone = number + 1;
  let style = document.querySelector("style[data-alone-style]");
  if (!style) {
    style = document.head.appendChild(document.createElement("style"));
    style.dataset.aloneStyle = "";
  }
  const shown = ["#lessons", ...needs(all[number])].join();
  style.textContent = `[data-alone] #view > :not(#run-card, ${shown}, .ds-chapter:has(${shown})) { display: none; }`;
}

function everything() {
  const url = new URL(location);
  url.searchParams.delete("lesson");
  history.replaceState(history.state, "", url);
  alone(null);
  if (state.lesson !== null) leave();
}

// The lesson drives the panels, so it waits for them; a run without any is told so by the lesson itself.
function openAlone(number, tries) {
  if (tries && !(Number(document.querySelector(".ds-wall")?.dataset.snapshots) > 0)) {
    return setTimeout(openAlone, 150, number, tries - 1);
  }
  open(number);
}

function teachersLink() {
  const run = document.querySelector(".ds-share")?.dataset.run;
  const link = new URL(location.pathname, location.origin);
  link.search = `lesson=${Number(part(".ds-teach select").value) + 1}${run ? "&run=" + encodeURIComponent(run).replaceAll("%2F", "/") : ""}`;
  part(".ds-teach input").value = link.href;
}

async function copyLink() {
  teachersLink();
  const done = await copied(part(".ds-teach input")), own = !document.querySelector(".ds-share")?.dataset.run;
  part("[data-copied]").textContent = (done ? "The link is copied." : "Press Ctrl+C to copy the link.")
    + (own ? " It shows a recorded run: yours is not shared." : "");
}

// Behind the last lesson: what to tell a friend, and a run of one's own.
function endBody() {
  const button = make("button", "ds-lesson-own", "Distil your own");
  button.type = "button";
  button.dataset.own = "";
  return [make("p", "", props.end), button];
}

function drawEnd(card) {
  light(null);
  part("[data-title]").textContent = "That was the last lesson";
  part("[data-place]").textContent = "";
  part("[data-body]").replaceChildren(...endBody());
  card.dataset.lesson = "end";
  part("[data-own]").focus({ preventScroll: true });
}

function own() {
  leave();
  const go = document.querySelector("#distil");
  go?.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
  go?.focus({ preventScroll: true });
}

function draw() {
  drawList();
  const card = part(".ds-lesson"), lesson = all[state.lesson];
  card.hidden = !lesson && !state.ended;
  card.querySelector("footer").hidden = state.ended;
  if (state.ended) return drawEnd(card);
  if (!lesson) return light(null);
  const last = state.step === lesson.steps.length, step = lesson.steps[state.step];
  part("[data-title]").textContent = lesson.title;
  part("[data-place]").textContent = last ? "a question" : `${state.step + 1} of ${lesson.steps.length}`;
  part("[data-body]").replaceChildren(...(last ? questionBody(lesson) : stepBody(step)));
  part("[data-go='-1']").disabled = state.step === 0;
  part("[data-go='1']").textContent = !last ? "Next" : following() !== null ? "Next lesson" : "Finish";
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
  const number = state.lesson ?? all.length - 1;
  Object.assign(state, { lesson: null, ended: false });
  draw();
  part(`[data-lesson="${number}"]`)?.focus({ preventScroll: true });
}

function following() {
  return state.lesson + 1 < all.length && !("alone" in document.documentElement.dataset) ? state.lesson + 1 : null;
}

function open(number) {
  Object.assign(state, { lesson: number, step: 0, ended: false });
  element.closest(".ds-chapter")?.dispatchEvent(new Event("ds-open"));
  draw();
  part("[data-go='1']").focus({ preventScroll: true });
}

function go(by) {
  const lesson = all[state.lesson];
  state.step += by;
  if (state.step > lesson.steps.length) {
    const next = following();
    Object.assign(state, { lesson: next, step: 0, ended: next === null && !("alone" in document.documentElement.dataset) });
  }
  draw();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.go) go(Number(button.dataset.go));
  else if (button.dataset.option) answer(button);
  else if ("leave" in button.dataset) leave();
  else if ("everything" in button.dataset) everything();
  else if ("own" in button.dataset) own();
  else if ("again" in button.dataset) open(asked());
  else if ("teach" in button.dataset) copyLink();
  else open(Number(button.dataset.lesson));
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && (state.lesson !== null || state.ended)) leave();
});
part(".ds-teach select").append(...all.map((lesson, number) => new Option(`${number + 1} ${lesson.title}`, number)));
part(".ds-teach select").addEventListener("change", teachersLink);
part(".ds-teach").addEventListener("toggle", teachersLink);
draw();
alone(asked());
if (asked() !== null) openAlone(asked(), 100);
