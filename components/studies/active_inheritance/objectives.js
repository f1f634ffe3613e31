// Which objective the figures are of: the pressed button's, on every panel that has such buttons, and again after the
// server has written them anew. Given by gr.HTML: element, watch.

let wanted = null;
function show() {
  const buttons = [...element.querySelectorAll("button[data-objective]")];
  const shown = buttons.some((button) => button.dataset.objective === wanted) ? wanted : buttons[0]?.dataset.objective;
  buttons.forEach((button) => button.setAttribute("aria-pressed", button.dataset.objective === shown));
  if (!buttons.length) return;
  element.querySelectorAll("div[data-objective]").forEach((group) => { group.hidden = group.dataset.objective !== shown; });
}

element.addEventListener("click", ({ target }) => {
  const button = target.closest("button[data-objective]");
  if (!button) return;
  wanted = button.dataset.objective;
  show();
});
watch("value", () => requestAnimationFrame(show));
show();
