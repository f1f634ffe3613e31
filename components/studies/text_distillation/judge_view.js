// The judge's panel: asks the server for the paired answers when it is opened, and again when a choice is changed.
// Given by gr.HTML: element, props, trigger, watch.

const panel = () => element.querySelector(".ds-judge");

function ask() {
  const chosen = Object.fromEntries([...element.querySelectorAll("[data-pick]")].map((pick) => [pick.dataset.pick, pick.value]));
  trigger("judge", { run: panel().dataset.run, ...chosen });
}

element.addEventListener("toggle", (event) => {
  if (event.target.open && element.querySelector("[data-wait]")) ask();
}, true);
// In a chapter that was just opened, one click is enough.
element.closest(".ds-chapter")?.addEventListener("ds-opened", () => {
  const closed = element.querySelector("details:not([open])");
  if (closed) closed.open = true;
});
window.addEventListener("distilloscope:judge", ({ detail }) => {  // a link names the pair
  if (panel()?.dataset.run !== detail.run) return;
  trigger("judge", detail);
});
let picked = null;  // the picker that is in use: the answer brings new ones
watch("value", () => requestAnimationFrame(() => {
  if (picked) element.querySelector(`[data-pick="${picked}"]`)?.focus();
  picked = null;
  window.dispatchEvent(new CustomEvent("distilloscope:shown"));  // the address follows
}));
element.addEventListener("change", (event) => {
  if (!event.target.dataset.pick) return;
  picked = event.target.dataset.pick;
  element.querySelectorAll("[data-pick]").forEach((pick) => { pick.disabled = true; });
  ask();
});
