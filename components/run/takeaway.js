// The downloads in the browser: asks for a file, says so while it is made, and saves it when the answer is there. A data
// set can also be kept among the visitor's files: where there are several, the answer is a list to choose from.
// What the server answers is only ever text. Given by gr.HTML: element, props, trigger, watch.

const state = { asked: null, run: null };
const offer = (kind) => element.querySelector(`[data-kind="${CSS.escape(kind)}"]`)?.closest("[data-offer]");

function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function rest() {
  element.querySelectorAll("[data-kind]").forEach((button) => { button.disabled = false; button.textContent = button.dataset.kind === "keep" ? "Keep" : "Download"; });
  element.querySelectorAll("select").forEach((list) => { list.disabled = false; });
}

function took(kind, ...parts) {
  const line = offer(kind).querySelector(".ds-took");
  line.replaceChildren(...parts);
  line.hidden = false;
  return line;
}

function take(found) {
  if (!found || found.kind !== state.asked || !offer(found.kind)) return;  // nobody asked, or not for this
  state.asked = null;
  rest();
  if (found.error) {
    const { found: what, expected, next_step: next } = found.error;
    took(found.kind, `${what} Expected ${expected}. ${next}`).dataset.failed = "";
    return;
  }
  if (found.kept) return kept(found.kept);
  const link = document.createElement("a");
  link.href = ((window.gradio_config || {}).root || "") + found.url;
  link.download = found.name;
  link.textContent = found.name;
  link.setAttribute("translate", "no");
  delete took(found.kind, link, `, ${size(found.bytes)}`).dataset.failed;
  link.click();
}

function kept({ sets, name, count }) {
  if (!sets) {
    const said = document.createElement("b");
    said.textContent = name;
    said.setAttribute("translate", "no");
    delete took("keep", said, `: ${count} examples are now among your files. The forms of the other pages list them under \u201cYour own file\u201d.`).dataset.failed;
    return;
  }
  const list = element.querySelector("[data-sets]");
  list.replaceChildren(...Object.entries(sets).map(([set, many]) => {
    const option = new Option(`${set} (${many})`, set);
    option.setAttribute("translate", "no");
    return option;
  }));
  list.hidden = false;
  delete took("keep", "This run has several. Choose one, then press Keep again.").dataset.failed;
  list.focus();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-kind]");
  if (!button || state.asked) return;
  state.asked = button.dataset.kind;
  element.querySelectorAll("[data-kind]").forEach((other) => { other.disabled = true; });
  element.querySelectorAll("select").forEach((list) => { list.disabled = true; });
  button.textContent = button.dataset.kind === "keep" ? "Keeping it" : "Making it";
  const sets = element.querySelector("[data-sets]");
  trigger("take", { kind: state.asked, set: sets && !sets.hidden ? sets.value : null });
  setTimeout(() => { if (state.asked === button.dataset.kind) { state.asked = null; rest(); } }, 60_000);
});
element.addEventListener("change", (event) => {  // the list of layouts: its button asks for the chosen one
  const row = event.target.closest("[data-offer]");
  if (!row || state.asked) return;
  if (!("sets" in event.target.dataset)) row.querySelector("[data-kind]").dataset.kind = event.target.value;
  row.querySelector(".ds-took").hidden = true;
});
window.addEventListener("distilloscope:mark", ({ detail }) => {  // another run is on screen: what was made is not of it
  if (detail.run === state.run) return;
  state.run = detail.run;
  element.querySelectorAll(".ds-took, [data-sets]").forEach((node) => { node.hidden = true; });
});
watch("value", () => take(props.value));
