// The editor in the wall: any final text is changed where it stands. Works on the cards that wall.js draws; what is saved
// goes to what_if.js by an event. Texts are untrusted: they only ever go through textContent and value.
// Given by gr.HTML: element, props, trigger, watch.

const CLICKED = ".ds-words, .ds-scored q, .ds-answer, .ds-edited";
const state = { wall: {}, open: null, form: null, drafts: {}, focus: null };
const told = () => window.distilloscopeWhatIf || { texts: [] };
const original = (slot) => told().texts.find((text) => text.slot === slot);
const present = (slot) => told().now.find((text) => text.slot === slot);

// Whether these cards show the texts in the end, and they may be changed.
const ready = () => told().texts.length > 0 && told().run === state.wall.run && state.wall.step === null && !state.wall.playing;

function dress() {
  const at = document.activeElement, kept = element.contains(at) ? name(at) : null;
  element.querySelectorAll(".ds-change, .ds-edit, .ds-edited, .ds-edit-hint").forEach((node) => node.remove());
  const open = ready();
  element.querySelectorAll(".ds-prompt").forEach((card) => {
    const slot = Number(card.querySelector("[data-closer]").dataset.closer), mine = open && original(slot);
    card.classList.toggle("ds-editable", Boolean(mine));
    card.classList.toggle("ds-editing", Boolean(mine) && state.open === slot);
    if (mine) mend(card, slot);
  });
  if (open) element.querySelector(".ds-wall > header").append(make("p", "ds-quiet ds-edit-hint",
    "Click a text to change it: fresh students are trained at once and show what that changes."));
  if (state.focus || kept) element.querySelector(state.focus || kept)?.focus({ preventScroll: true });
  state.focus = null;
}

// How to find a control again that is drawn anew.
function name(node) {
  if (node.dataset.change) return `[data-change="${node.dataset.change}"]`;
  return node.closest(".ds-edit") && node.name ? `.ds-edit [name=${node.name}]` : null;
}

function mend(card, slot) {
  const change = make("button", "ds-closer ds-change", "Change");
  change.type = "button";
  if (told().busy) change.setAttribute("aria-disabled", "true");  // a disabled one would lose the focus
  change.dataset.change = slot;
  change.setAttribute("aria-label", `Change text ${slot + 1}`);
  card.querySelector("[data-closer]").before(change);
  const before = original(slot), now = present(slot);
  if (!now || now.question !== before.question || now.answer !== before.answer) card.querySelector("footer").before(changed(now));
  if (state.open === slot) card.querySelector("header").after(editor(slot));
}

function changed(now) {
  const node = make("p", "ds-edited");
  node.append(make("span", "", now ? "Changed to" : "Removed"));
  if (!now) return node;
  const text = make("q", "", now.question), answer = make("b", "", now.answer);
  text.translate = answer.translate = false;
  node.append(text, " ", answer);
  return node;
}

function editor(slot) {
  if (state.form?.dataset.slot === String(slot)) return state.form;
  const form = make("form", "ds-edit"), draft = state.drafts[slot] || present(slot) || original(slot);
  form.dataset.slot = slot;
  form.append(field("textarea", "Text", "question", draft.question), field("input", "Answer", "answer", draft.answer));
  const go = make("div", "ds-edit-go"), other = make("div", "ds-edit-else");
  go.append(button("Try it", "keep", "submit"), button("Cancel", "cancel"));
  other.append(button("Try a random real question here", "real"), button("Try without this text", "remove"));
  form.append(go, other);
  return state.form = form;
}

function field(tag, label, name, value) {
  const node = make("label", "", label), input = make(tag);
  Object.assign(input, { name, value, autocomplete: "off", spellcheck: false, required: true, translate: false });
  if (tag === "textarea") input.rows = Math.min(8, Math.max(2, Math.ceil(value.length / 34)));
  node.append(input);
  return node;
}

function button(label, name, type = "button") {
  const node = make("button", "", label);
  node.type = type;
  node.dataset[name] = "";
  return node;
}

// -- what the visitor does -------------------------------------------------------------------------------------------
function open(slot) {
  if (told().busy || state.open === slot) return;
  Object.assign(state, { open: slot, form: null, focus: `.ds-edit[data-slot="${slot}"] textarea` });
  window.dispatchEvent(new CustomEvent("distilloscope:editing", { detail: { run: told().run } }));
  dress();
}

function close(slot) {
  Object.assign(state, { open: null, form: null, focus: `[data-change="${slot}"]` });
  dress();
}

function save(slot, edit) {
  close(slot);
  window.dispatchEvent(new CustomEvent("distilloscope:edit", { detail: { run: told().run, edit: { slot, ...edit } } }));
}

function written(slot, { question, answer }) {
  const now = present(slot) || {}, said = { question: question.value.trim(), answer: answer.value.trim() };
  if (!said.question || !said.answer) return (said.question ? answer : question).focus();
  if (said.question === now.question?.trim() && said.answer === now.answer?.trim()) return close(slot);
  state.drafts[slot] = said;
  save(slot, said);
}

element.addEventListener("submit", (event) => {
  event.preventDefault();
  written(Number(event.target.dataset.slot), event.target.elements);
});
element.addEventListener("click", ({ target }) => {
  const pressed = target.closest("button"), form = target.closest(".ds-edit");
  if (form) {
    const slot = Number(form.dataset.slot), { cancel, remove, real } = pressed?.dataset || {};
    if (cancel !== undefined) { delete state.drafts[slot]; close(slot); }
    if (remove !== undefined) save(slot, { remove: true });
    if (real !== undefined) save(slot, { real: Math.floor(1e6 * Math.random()) });
    return;
  }
  if (pressed?.dataset.change) return open(Number(pressed.dataset.change));
  const card = target.closest(".ds-editable");
  if (card && !pressed && target.closest(CLICKED) && !String(getSelection())) open(Number(card.querySelector("[data-closer]").dataset.closer));
});
element.addEventListener("keydown", (event) => {
  const form = event.target.closest(".ds-edit");
  if (!form) return;
  if (event.key === "Escape") { event.stopPropagation(); delete state.drafts[Number(form.dataset.slot)]; close(Number(form.dataset.slot)); }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
element.addEventListener("input", ({ target }) => {  // what was typed outlives a redraw of the wall
  const form = target.closest(".ds-edit");
  if (form) state.drafts[Number(form.dataset.slot)] = { question: form.elements.question.value, answer: form.elements.answer.value };
});

// The first card lists the texts too: a click there opens the wall at the end of its film, and the text's editor.
document.addEventListener("click", ({ target }) => {
  const line = target.closest?.(".ds-finding-texts li"), link = target.closest?.('.ds-finding-texts a[href="#wall"]');
  if (!line && !link) return;
  element.closest(".ds-chapter")?.dispatchEvent(new Event("ds-open"));
  for (const name of ["[data-playing]", "[data-latest]:not([hidden])", "[data-more]:not([hidden])"]) element.querySelector(name)?.click();
  const slot = line ? [...line.parentNode.children].indexOf(line) : -1;
  if (!ready() || !original(slot)) return;
  open(slot);
  element.querySelector(".ds-editing")?.scrollIntoView({ block: "center" });
});

// -- news ------------------------------------------------------------------------------------------------------------
window.addEventListener("distilloscope:mark", ({ detail }) => {
  if (detail.run !== state.wall.run) Object.assign(state, { open: null, form: null, drafts: {} });
  state.wall = detail;
  dress();
});
window.addEventListener("distilloscope:what-if", () => {
  const { failed, busy } = told();
  if (failed && state.drafts[failed.slot]) Object.assign(state, { open: failed.slot, focus: `.ds-edit[data-slot="${failed.slot}"] textarea` });
  else if (!busy && failed === undefined) state.drafts = state.open === null ? {} : state.drafts;
  dress();
});
