// The same slots of several runs side by side, each run at the same share of its way. Keeps the snapshots it was sent.
// Prompts are untrusted: their text only ever goes through textContent.
// Given by gr.HTML: element, props, trigger, watch; by marked_words.js and following.js: make, split, changed, follow, letter.

const FEW = 8;
const view = { share: 1, all: false };
const part = (selector) => element.querySelector(selector);
const slider = part("input");

function add(run, news) {
  const first = news.snapshots.length ? news.snapshots[0] : null;
  if (news.fresh || !run.snapshots) run.snapshots = [];
  if (!first) return;
  // a resumed run repeats some steps: what it says now counts; what a search says has its last step in common
  if (first.round === undefined) run.snapshots = run.snapshots.filter((s) => s.round === undefined && s.step < first.step);
  run.snapshots = run.snapshots.concat(news.snapshots);
}

// The snapshot at a share of the run's own way: at the end the very last, what a search wrote included.
function at(run) {
  const all = run.snapshots, last = all.at(-1);
  if (view.share === 1) return last;
  if (!last.step) return all[Math.round(view.share * (all.length - 1))];
  return all.findLast((s) => s.step <= view.share * last.step && s.round === undefined) || all[0];
}

const find = (snapshot, slot) => snapshot.prompts.find((p) => p.slot === slot);

// -- drawing ---------------------------------------------------------------------------------------------------
function badge(run) {
  const node = make("b", `ds-vs-badge ds-vs-${run.slot}`, letter(run));
  node.translate = false;
  return node;
}

function head(run) {
  const node = make("div", "ds-vs-head"), name = make("b", "", run.name);
  name.translate = false;
  node.append(badge(run), name, make("small", "", when(at(run))));
  return node;
}

function cell(run, slot) {
  const node = make("article", "ds-vs-cell"), prompt = find(at(run), slot), first = find(run.snapshots[0], slot);
  node.append(badge(run));
  if (!prompt) {
    node.append(make("p", "ds-quiet", "This run has fewer prompts."));
    return node;
  }
  const words = split(prompt.text), fresh = changed(split(first ? first.text : ""), words), text = make("p", "ds-words");
  text.translate = false;
  words.forEach((word, i) => {
    if (i) text.append(" ");
    text.append(fresh[i] ? make("mark", "", word) : word);
  });
  const answer = make("p", "ds-answer"), said = make("b", "", prompt.answer);
  said.translate = false;
  answer.append(make("span", "", "answer"), said);
  node.append(text, answer);
  return node;
}

// The slot's number, and what it started as where all runs started it alike. A search puts other questions in its place,
// which did not start as it.
function label(runs, slot) {
  const node = make("header"), starts = runs.map((run) => find(run.snapshots[0], slot)?.text);
  node.append(make("b", "", "Prompt " + (slot + 1)));
  const searched = runs.some((run) => at(run).round !== undefined);
  if (runs.length > 1 && !searched && starts.every((text) => text && text === starts[0])) {
    const text = make("q", "", starts[0]);
    text.translate = false;
    node.append(make("span", "", "all started as"), text);
  }
  return node;
}

function draw(all) {
  const runs = all.filter((run) => run.snapshots && run.snapshots.length);
  const slots = [...new Set(runs.flatMap((run) => at(run).prompts.map((p) => p.slot)))].sort((a, b) => a - b);
  const shown = view.all ? slots : slots.slice(0, FEW), grid = part(".ds-vs-grid");
  part(".ds-vs-prompts").dataset.slots = slots.length;
  part("[data-none]").hidden = runs.length > 0;
  part("[data-none]").textContent = all.length ? "No prompts yet: they are written down once distilling begins." : "Their prompts appear here.";
  part(".ds-scrub").hidden = !runs.some((run) => run.snapshots.length > 1);
  part("output").textContent = view.share === 1 ? "the latest" : `${Math.round(100 * view.share)} %`;
  slider.setAttribute("aria-valuetext", part("output").textContent);
  slider.style.setProperty("--share", view.share);
  part("[data-note]").textContent = runs.length ? "Words that changed since a run's own start are marked." : "";
  grid.style.setProperty("--runs", runs.length);
  const heads = make("div", "ds-vs-row ds-vs-heads");
  heads.append(...runs.map(head));
  grid.replaceChildren(...(runs.length ? [heads] : []), ...shown.map((slot) => {
    const node = make("section"), row = make("div", "ds-vs-row");
    row.append(...runs.map((run) => cell(run, slot)));
    node.append(label(runs, slot), row);
    return node;
  }));
  const more = part("[data-more]"), hidden = slots.length - shown.length;
  more.hidden = hidden <= 0;
  more.textContent = `Show ${hidden} more`;
}

slider.addEventListener("input", () => { view.share = Number(slider.value) / 100; draw(held()); });
element.addEventListener("click", (event) => {
  if (!event.target.closest("[data-more]")) return;
  view.all = true;
  draw(held());
});
const held = follow(add, draw);
