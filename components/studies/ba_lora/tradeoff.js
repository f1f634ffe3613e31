// Accuracy against stereotype: a click on an arm's name lets the others step back, another one brings them again.
// Given by gr.HTML: element, watch.

let lit = "";

function show() {
  element.querySelectorAll("[data-light]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.light === lit));
  element.querySelectorAll(".ds-dots-of").forEach((dots) => dots.classList.toggle("ds-back", Boolean(lit) && dots.dataset.arm !== lit));
}

element.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-light]");
  if (!button) return;
  lit = lit === button.dataset.light ? "" : button.dataset.light;
  show();
});
watch("value", () => requestAnimationFrame(show));
show();
