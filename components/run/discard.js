// Asks before a run is deleted, in place: the first click asks, the second one says so. Nothing is sent before that.
// Given by gr.HTML: element, props, trigger, watch.

const state = { run: null, live: false, asking: false };
const part = (selector) => element.querySelector(selector);

function draw() {
  part(".ds-discard").hidden = !state.run;
  part("[data-ask]").hidden = state.asking;
  part("[data-ask]").textContent = state.live ? "Stop and discard" : "Discard";
  part("span").hidden = !state.asking;
}

function ask(asking) {
  state.asking = asking;
  draw();
  part(asking ? "[data-keep]" : "[data-ask]").focus();
}

function take(value) {
  const run = value?.run || null, live = Boolean(value?.live);
  if (run !== state.run) state.asking = false;  // the question was about another run
  Object.assign(state, { run, live });
  draw();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("ask" in button.dataset) ask(true);
  if ("keep" in button.dataset) ask(false);
  if ("really" in button.dataset) {
    trigger("discard", { run: state.run });
    state.asking = false;
    draw();
  }
});
element.addEventListener("keydown", (event) => { if (event.key === "Escape" && state.asking) ask(false); });
watch("value", () => take(props.value));
take(props.value);
