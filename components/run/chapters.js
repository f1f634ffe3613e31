// A chapter in the browser: opens and closes what stands below its line, and remembers what was opened. A link to
// something inside, a lesson that points there and the first text of a live run open it too.
// Given by gr.HTML: element, props; by shared.js: remembered, remember.

const OPENED = "distilloscope-chapters", name = props.value, box = element.closest(".ds-chapter");
const button = element.querySelector("button");

function show(open, kept = true) {
  box.classList.toggle("ds-closed", !open);
  button.setAttribute("aria-expanded", String(open));
  if (kept) {
    const others = [remembered(OPENED) ?? []].flat().filter((other) => other !== name);
    remember(OPENED, open ? [...others, name] : others);
  }
  if (open) window.dispatchEvent(new Event("resize")); // charts that were drawn without a width
}

button.addEventListener("click", () => show(box.classList.contains("ds-closed")));
box.addEventListener("ds-open", () => show(true, false));
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]'), to = link && document.getElementById(link.hash.slice(1));
  if (to && box.contains(to)) show(true, false);
}, { capture: true });
show([remembered(OPENED) ?? []].flat().includes(name), false);
