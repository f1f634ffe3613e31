// The ablation: a click on a figure's name opens its own table, and it stays open when the server writes anew.
// Given by gr.HTML: element, watch.

let wanted = null;
function show() {
  const buttons = [...element.querySelectorAll("[data-metric]")];
  if (!buttons.some((button) => button.dataset.metric === wanted)) return;
  buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.metric === wanted));
  element.querySelectorAll("[data-of]").forEach((table) => { table.hidden = table.dataset.of !== wanted; });
}

element.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-metric]");
  if (!button) return;
  wanted = button.dataset.metric;
  show();
});
watch("value", () => requestAnimationFrame(show));
