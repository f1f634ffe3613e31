// Chapters in the browser: writes a line above each, opens and closes what stands below it, and remembers what was
// opened. A link to something inside and a lesson that points there open it too, for this visit only.
// Given by gr.HTML: element, props; by shared.js: remembered, remember.

const OPENED = "distilloscope-chapters", PATIENCE_MS = 20_000, began = performance.now();
const opened = () => [remembered(OPENED) ?? []].flat();

function show(box, name, open, kept) {
  box.classList.toggle("ds-closed", !open);
  box.querySelector(":scope > .ds-chapter-line button").setAttribute("aria-expanded", String(open));
  if (kept) {
    const others = opened().filter((other) => other !== name);
    remember(OPENED, open ? [...others, name] : others);
  }
  if (open) window.dispatchEvent(new Event("resize")); // charts that were drawn without a width
}

function write(box, name, title) {
  const line = document.createElement("div"), button = document.createElement("button"), said = document.createElement("b");
  line.className = "ds-chapter-line";
  button.type = "button";
  button.setAttribute("aria-controls", box.id);
  said.textContent = title;
  button.append(said);
  line.append(button);
  box.prepend(line);
  button.addEventListener("click", () => {
    show(box, name, box.classList.contains("ds-closed"), true);
    if (!box.classList.contains("ds-closed")) box.dispatchEvent(new Event("ds-opened"));  // by the visitor, now
  });
  box.addEventListener("ds-open", () => show(box, name, true, false));
  show(box, name, opened().includes(name), false);
}

// The browser would load the page anew: to Gradio's <base href="./">, "#wall" is another address than the one with a run.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#"]'), to = link && document.getElementById(link.hash.slice(1));
  if (!to) return;
  event.preventDefault();
  to.closest(".ds-chapter")?.dispatchEvent(new Event("ds-open"));
  to.scrollIntoView({ block: "start" });
});

// Gradio makes the columns about when it starts this script, some of them a moment later.
function look(left) {
  const waiting = left.filter(([name, title]) => {
    const box = document.getElementById(`chapter-${name}`);
    if (box) write(box, name, title);
    return !box;
  });
  if (waiting.length && performance.now() - began < PATIENCE_MS) setTimeout(look, 50, waiting);
}

look(Object.entries(props.value));
