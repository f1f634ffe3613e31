// Pages through the flips of a comparison, ten at a time, and shows one kind only. The server's markup is all there is.
// Given by gr.HTML: element, props, trigger, watch.

const PAGE = 10;
const views = new WeakMap();  // a task's list of flips -> { kind, page }

function show(box) {
  const view = views.get(box) || views.set(box, { kind: "", subject: "", page: 0 }).get(box);
  const rows = [...box.querySelectorAll(".ds-flip")], wanted = rows.filter((row) =>
    (!view.kind || row.dataset.kind === view.kind) && (!view.subject || row.dataset.subject === view.subject));
  const pages = Math.max(1, Math.ceil(wanted.length / PAGE));
  view.page = Math.min(Math.max(view.page, 0), pages - 1);
  rows.forEach((row) => { row.hidden = true; });
  wanted.slice(view.page * PAGE, (view.page + 1) * PAGE).forEach((row) => { row.hidden = false; });
  box.querySelector("output").textContent = wanted.length ? `page ${view.page + 1} of ${pages}` : "none";
  box.querySelector("nav").hidden = pages < 2;
  box.querySelector("[data-step='-1']").disabled = view.page === 0;
  box.querySelector("[data-step='1']").disabled = view.page === pages - 1;
  box.querySelectorAll("[data-kind][aria-pressed]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.kind === view.kind));
}

const all = () => element.querySelectorAll(".ds-flips").forEach(show);

element.addEventListener("click", (event) => {
  const button = event.target.closest("button"), box = event.target.closest(".ds-flips");
  if (!button) return;
  if ("close" in button.dataset) return trigger("shut");
  if (!box) return;
  const view = views.get(box);
  if ("step" in button.dataset) view.page += Number(button.dataset.step);
  if (button.dataset.kind !== undefined) Object.assign(view, { kind: button.dataset.kind, page: 0 });
  show(box);
});
element.addEventListener("toggle", all, true);  // those in a fold, when it is opened
element.addEventListener("change", ({ target }) => {
  if (target.dataset.subject === undefined) return;
  const box = target.closest(".ds-flips");
  Object.assign(views.get(box), { subject: target.value, page: 0 });
  show(box);
});
watch("value", () => requestAnimationFrame(() => {
  all();
  if (element.querySelector(".ds-compare")) element.scrollIntoView({ block: "nearest" });
}));
all();
