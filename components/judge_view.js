// The judge's panel: asks the server for the paired answers when it is opened, and again when a choice is changed.
// Given by gr.HTML: element, props, trigger, watch.

const panel = () => element.querySelector(".ds-judge");

function ask() {
  const picked = Object.fromEntries([...element.querySelectorAll("[data-pick]")].map((pick) => [pick.dataset.pick, pick.value]));
  trigger("judge", { run: panel().dataset.run, ...picked });
}

element.addEventListener("toggle", (event) => {
  if (event.target.open && element.querySelector("[data-wait]")) ask();
}, true);
element.addEventListener("change", (event) => {
  if (!event.target.dataset.pick) return;
  element.querySelectorAll("[data-pick]").forEach((pick) => { pick.disabled = true; });
  ask();
});
