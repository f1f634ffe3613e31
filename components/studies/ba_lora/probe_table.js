// The table of probes: a click on a figure asks for the answers behind it, one on the title of a group folds the group.
// Which figure is open stays marked. On a phone, where each figure takes a place of its own, the first group alone is open.
// Given by gr.HTML: element, trigger, watch.

const NARROW = matchMedia("(max-width: 700px)").matches;
const folds = new Map();  // title of a group -> whether somebody folded or opened it
let open = "";  // the figure whose answers are shown, or empty
const nameOf = (button) => ["who", "probe", "metric"].map((part) => button.dataset[part]).join(" ");

function mark() {
  element.querySelectorAll("td button").forEach((button) => button.setAttribute("aria-pressed", nameOf(button) === open));
  element.querySelectorAll(".ds-group button").forEach((title, i) => {
    title.setAttribute("aria-expanded", !(folds.get(title.textContent) ?? (NARROW && i > 0)));
  });
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("td button"), title = event.target.closest(".ds-group button");
  if (title) {
    folds.set(title.textContent, title.getAttribute("aria-expanded") === "true");
    mark();
  }
  if (!button) return;
  open = nameOf(button);
  mark();
  const { who, probe, metric } = button.dataset;
  trigger("behind", { run: element.querySelector("[data-run]").dataset.run, who, probe, metric });
});
watch("value", () => requestAnimationFrame(mark));
mark();
