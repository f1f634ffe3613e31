// The pairs of one student: asks for those of another when a choice is changed, and keeps the keyboard's place.
// Given by gr.HTML: element, trigger, watch.

let picked = null;  // the picker that is in use: the answer brings new ones
element.addEventListener("change", ({ target }) => {
  if (!target.dataset.pick) return;
  picked = target.dataset.pick;
  const chosen = Object.fromEntries([...element.querySelectorAll("[data-pick]")].map((pick) => [pick.dataset.pick, pick.value]));
  trigger("pick", { run: element.querySelector("[data-run]").dataset.run, ...chosen });
});
watch("value", () => requestAnimationFrame(() => {
  if (picked) element.querySelector(`[data-pick="${picked}"]`)?.focus();
  picked = null;
}));
