// The table of bench runs: remembers the two that are ticked while the table is drawn anew, and tells the page.
// Given by gr.HTML: element, props, trigger, watch.

const picked = [];  // keys, the older tick first
let all = false;

function show() {
  element.querySelectorAll("input[type=checkbox]").forEach((box) => { box.checked = picked.includes(box.value); });
  if (all) element.querySelectorAll("tr[hidden]").forEach((row) => { row.hidden = false; });
  const more = element.querySelector("[data-more]"), go = element.querySelector("[data-compare]");
  if (more) more.hidden = all;
  if (go) go.disabled = picked.length < 2;
}

element.addEventListener("change", (event) => {
  if (event.target.type !== "checkbox") return;
  const key = event.target.value;
  if (event.target.checked) picked.push(key);
  else picked.splice(picked.indexOf(key), 1);
  if (picked.length > 2) picked.shift();  // a third tick takes the place of the first
  show();
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("more" in button.dataset) { all = true; show(); }
  if ("open" in button.dataset) {
    trigger("open_run", { key: button.dataset.open });
    document.querySelector("#view").scrollIntoView({ block: "start" });
  }
  if ("compare" in button.dataset && picked.length === 2) trigger("compare", { keys: [...picked] });
});
watch("value", () => requestAnimationFrame(show));
show();
