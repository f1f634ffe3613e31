// The heads of the runs side by side: one more is picked, or one is taken away, and the server is asked for that choice.
// The server's markup is all there is. Given by gr.HTML: element, props, trigger, watch.

const keys = () => [...element.querySelectorAll("li[data-key]")].map((head) => head.dataset.key);
let returning = false, asked = false;  // the answer brings new markup: the focus goes back to the picker

// The address names the runs, so that it can be kept and shared; Back brings the choice before.
function follow(push) {
  const url = new URL(location), now = keys().join(",");
  if (now === (url.searchParams.get("runs") || "")) return;
  now ? url.searchParams.set("runs", now) : url.searchParams.delete("runs");
  const address = url.pathname + url.search.replaceAll("%2F", "/").replaceAll("%2C", ",");
  history[push ? "pushState" : "replaceState"](null, "", address);
}

function choose(wanted) {
  asked = true;
  element.querySelectorAll("select, button").forEach((control) => { control.disabled = true; });
  trigger("choose", { keys: wanted });
}

element.addEventListener("change", ({ target }) => target.matches("[data-add]") && target.value && choose([...keys(), target.value]));
element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-drop]");
  if (button) choose(keys().filter((key) => key !== button.closest("li").dataset.key));
});
watch("value", () => requestAnimationFrame(() => {
  const picker = element.querySelector("[data-add]");
  if (picker) picker.value = "";  // its element stays when the markup changes, and so would what was picked
  if (asked) element.querySelector("[data-add]")?.focus();
  follow(asked && !returning);
  asked = returning = false;
}));
window.addEventListener("popstate", () => {
  returning = true;
  choose((new URLSearchParams(location.search).get("runs") || "").split(",").filter(Boolean));
});
