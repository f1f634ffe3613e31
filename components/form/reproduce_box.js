// The box "Reproduce this" in the browser: four tabs over one text, and a button that copies it; and the way back, a YAML
// file that is chosen here or dropped anywhere on the page.
// The server's own address is put before the request here: the page knows best under which name it was reached.
// Texts hold what a visitor typed: textContent only. Given by gr.HTML: element, props, trigger, watch.

const SHOWN = 1600;  // ms that the button says what happened
const MOST = 64 * 1024;  // letters that are sent, as many as the server reads
const part = (selector) => element.querySelector(selector);
const tabs = [...element.querySelectorAll("[data-tab][role=tab]")];
const state = { tab: "yaml", timer: null };

function address() {
  const root = window.gradio_config?.root || location.origin + location.pathname.replace(/\/$/, "");
  const found = `${root}/gradio_api/run/start`;
  return /^[\w.:\/\[\]-]+$/.test(found) ? found : `'${found.replace(/'/g, "'\\''")}'`;
}

function text() {
  const found = props.value?.texts?.[state.tab] || "";
  return state.tab === "http" && found ? `START=${address()}\n${found}` : found;
}

function draw() {
  part(".ds-reproduce").dataset.tab = state.tab;
  for (const tab of tabs) {
    const chosen = tab.dataset.tab === state.tab;
    tab.setAttribute("aria-selected", chosen);
    tab.tabIndex = chosen ? 0 : -1;
  }
  const shown = text();
  part("code").textContent = shown;
  part("pre").hidden = part("[data-copy]").hidden = !shown;
  part("pre").setAttribute("aria-label", tabs.find((tab) => tab.dataset.tab === state.tab).textContent);
  part("[data-note]").textContent = props.value?.notes?.[state.tab] || "";
}

function say(word) {
  clearTimeout(state.timer);
  part("[data-copy]").textContent = word;
  part("[role=status]").textContent = word;
  state.timer = setTimeout(() => { part("[data-copy]").textContent = "Copy"; part("[role=status]").textContent = ""; }, SHOWN);
}

function mark() {  // where a page may not write to the clipboard, the visitor's own keys may
  const range = document.createRange();
  range.selectNodeContents(part("code"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(text());
    say("Copied");
  } catch {
    mark();
    say(document.execCommand("copy") ? "Copied" : "Selected");
  }
}

function choose(name, focus) {
  state.tab = name;
  draw();
  if (focus) tabs.find((tab) => tab.dataset.tab === name).focus();
}

part("[role=tablist]").addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tab]");
  if (tab) choose(tab.dataset.tab);
});
part("[role=tablist]").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const at = tabs.findIndex((tab) => tab.dataset.tab === state.tab);
  const to = event.key === "Home" ? 0 : event.key === "End" ? tabs.length - 1 : step ? at + step : null;
  if (to === null) return;
  event.preventDefault();
  choose(tabs[(to + tabs.length) % tabs.length].dataset.tab, true);
});
part("[data-copy]").addEventListener("click", copy);

// -- a YAML file ---------------------------------------------------------------------------------------------------
async function read(file) {
  trigger("read", { text: (await file.slice(0, MOST + 1).text()) });
  document.getElementById("form")?.scrollIntoView({ block: "nearest" });
}

const dragged = ({ dataTransfer }) => [...(dataTransfer?.items || [])].some((item) => item.kind === "file" && /ya?ml/.test(item.type || "yaml"));
const dropped = ({ dataTransfer }) => [...(dataTransfer?.files || [])].find((file) => /\.ya?ml$/i.test(file.name));

window.addEventListener("dragover", (event) => { if (dragged(event)) event.preventDefault(); });  // or the browser opens it
window.addEventListener("drop", (event) => {
  const file = dropped(event);
  if (!file) return;
  event.preventDefault();
  event.stopPropagation();  // a field for other files would refuse it
  read(file);
}, { capture: true });
part("[data-open]").addEventListener("click", () => part("input").click());
part("input").addEventListener("change", ({ target }) => {
  if (target.files[0]) read(target.files[0]);
  target.value = "";
});
watch("value", draw);
draw();
