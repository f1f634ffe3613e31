// Other seeds in the browser: asks for more runs, and for one of them to be shown. The server's markup is all there is.
// Given by gr.HTML: element, trigger.

element.addEventListener("click", ({ target }) => {
  const go = target.closest("[data-go]"), repeat = target.closest("[data-repeat]");
  if (go) trigger("visit", { run: go.dataset.go });
  if (!repeat) return;
  const times = element.querySelector("input");
  if (!times.reportValidity() || !times.value) return;
  repeat.disabled = true;  // the answer brings another one
  trigger("repeat", { run: element.querySelector(".ds-seeds").dataset.run, times: Number(times.value) });
});
