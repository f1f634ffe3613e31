// The downloads in the browser: asks for a file, says so while it is made, and saves it when the answer is there.
// What the server answers is only ever text. Given by gr.HTML: element, props, trigger, watch.

const state = { asked: null, run: null };
const offer = (kind) => element.querySelector(`[data-kind="${CSS.escape(kind)}"]`)?.closest("[data-offer]");

function size(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function rest() {
  element.querySelectorAll("[data-kind]").forEach((button) => { button.disabled = false; button.textContent = "Download"; });
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
  const link = document.createElement("a");
  link.href = ((window.gradio_config || {}).root || "") + found.url;
  link.download = found.name;
  link.textContent = found.name;
  link.setAttribute("translate", "no");
  delete took(found.kind, link, `, ${size(found.bytes)}`).dataset.failed;
  link.click();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("[data-kind]");
  if (!button || state.asked) return;
  state.asked = button.dataset.kind;
  element.querySelectorAll("[data-kind]").forEach((other) => { other.disabled = true; });
  element.querySelectorAll("select").forEach((list) => { list.disabled = true; });
  button.textContent = "Making it";
  trigger("take", { kind: state.asked });
  setTimeout(() => { if (state.asked === button.dataset.kind) { state.asked = null; rest(); } }, 60_000);
});
element.addEventListener("change", (event) => {  // the list of layouts: its button asks for the chosen one
  const row = event.target.closest("[data-offer]");
  if (!row || state.asked) return;
  row.querySelector("[data-kind]").dataset.kind = event.target.value;
  row.querySelector(".ds-took").hidden = true;
});
window.addEventListener("distilloscope:mark", ({ detail }) => {  // another run is on screen: what was made is not of it
  if (detail.run === state.run) return;
  state.run = detail.run;
  element.querySelectorAll(".ds-took").forEach((line) => { line.hidden = true; });
});
watch("value", () => take(props.value));
