// The table of probes: a click on a figure asks for the answers behind it. Which figure is open stays marked.
// Given by gr.HTML: element, trigger, watch.

let open = "";  // the figure whose answers are shown, or empty
const nameOf = (button) => ["who", "probe", "metric"].map((part) => button.dataset[part]).join(" ");

function mark() {
  element.querySelectorAll("td button").forEach((button) => button.setAttribute("aria-pressed", nameOf(button) === open));
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("td button");
  if (!button) return;
  open = nameOf(button);
  mark();
  const { who, probe, metric } = button.dataset;
  trigger("behind", { run: element.querySelector("[data-run]").dataset.run, who, probe, metric });
});
watch("value", () => requestAnimationFrame(mark));
mark();
