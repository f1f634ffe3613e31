// The prompt wall in the browser. Keeps the snapshots it was sent and shows one of them as cards; scrubbing needs no
// server. Prompts are untrusted: their text only ever goes through textContent.
// Given by gr.HTML: element, props, trigger, watch. Given by marked_words.js before it: make, split, changed.

const state = { run: null, number: 0, snapshots: [], at: 0, follow: true, all: false, timer: null, pin: null };
const few = window.innerWidth < 600 ? 4 : 9;
const part = (selector) => element.querySelector(selector);
const slider = part("input"), speeds = part("[data-speed]");
const SPEED = "distilloscope-speed", TIMES = [0.5, 1, 2, 4];
speeds.append(...TIMES.map((times) => new Option(times + "x", times)));
speeds.value = TIMES.includes(remembered(SPEED)) ? remembered(SPEED) : 1;

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { Object.assign(state, { run: null, snapshots: [] }); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) Object.assign(state, { follow: true, all: false, at: 0, pin: null });
    stop();
    Object.assign(state, { run: news.run, snapshots: [], finished: [] });
  }
  if (news.finished?.length) state.finished = news.finished;
  state.number = news.number;
  state.branches = new Set(news.branches);
  if (news.snapshots.length) {  // a resumed run repeats some steps: what it says now counts
    state.snapshots = state.snapshots.filter((s) => s.step < news.snapshots[0].step).concat(news.snapshots);
  }
  if (state.follow || state.at >= state.snapshots.length) state.at = Math.max(0, state.snapshots.length - 1);
  draw(!news.fresh);
  if (news.replay && !still && state.snapshots.length > 2) play();
}

// -- drawing ---------------------------------------------------------------------------------------------------
function meter(name, share, text) {
  const box = make("div", "ds-meter ds-meter-" + name);
  const bar = make("i");
  bar.style.setProperty("--share", Math.max(0, Math.min(1, share)));
  box.append(make("span", "", text), bar);
  return box;
}

// What was scored in the end, where it is not what the last update reads: beside the last one only.
function scored(prompt) {
  const end = state.at === state.snapshots.length - 1 ? state.finished?.[prompt.slot] : null;
  if (!end || end.text.trim() === prompt.text.trim()) return [];
  const node = make("p", "ds-scored"), text = make("q", "", end.text.trim());
  text.translate = false;
  node.append(make("span", "", end.reverted ? "Put back to the real question" : "Scored as"), text);
  return [node];
}

function card(prompt, first, before, flash) {
  const node = make("article", "ds-prompt");
  const head = make("header");
  const closer = make("button", "ds-closer", "Look closer");
  closer.type = "button";
  closer.dataset.closer = prompt.slot;
  closer.setAttribute("aria-label", `Look closer at prompt ${prompt.slot + 1}`);
  head.append(make("b", "", "#" + (prompt.slot + 1)), closer);
  const words = split(prompt.text), fresh = state.searched ? words.map(() => false) : changed(split(first.text), words);
  const recent = flash ? changed(split(before.text), words) : [];
  const text = make("p", "ds-words");
  text.translate = false;
  words.forEach((word, i) => {
    if (i) text.append(" ");
    text.append(fresh[i] ? make("mark", recent[i] ? "ds-flash" : "", word) : word);
  });
  const answer = make("p", "ds-answer");
  answer.append(make("span", "", "answer"), make("b", "", prompt.answer));
  answer.lastChild.translate = false;
  const foot = make("footer");
  if (!state.searched) foot.append(meter("changed", prompt.changed, Math.round(100 * prompt.changed) + " % changed"));
  if (!state.searched) foot.append(meter("distance", prompt.distance, "distance " + prompt.distance.toFixed(2)));
  if (!state.searched) foot.lastChild.title = "Mean distance to the nearest real tokens, in standard deviations of the token table";
  node.append(head, text, answer, ...scored(prompt), foot);
  if (fresh.some(Boolean) || (state.searched && prompt.text.trim() !== first.text.trim())) {
    const was = make("details");
    was.append(make("summary", "", state.searched ? "Decoded prompt it replaced" : state.pin === null ? "Started as" : "Text at that update"), make("p", "", first.text));
    was.lastChild.translate = false;
    was.open = state.opened && state.opened.has(prompt.slot);
    was.addEventListener("toggle", () => (state.opened ||= new Set())[was.open ? "add" : "delete"](prompt.slot));
    node.append(was);
  }
  return node;
}

function draw(flash = false) {
  const last = state.snapshots.length - 1, shown = state.snapshots[state.at];
  part(".ds-wall").dataset.run = state.run || "";
  part(".ds-wall").dataset.snapshots = state.snapshots.length;
  part(".ds-wall").dataset.learned = Math.max(0, state.snapshots.findLastIndex((s) => s.round === undefined));
  part(".ds-wait").hidden = Boolean(shown);
  part(".ds-scrub").hidden = last < 1;
  const grid = part(".ds-grid");
  if (!shown) {
    grid.replaceChildren();
    return announce({ step: null, at: null, prompts: 0 });  // what is open of another run closes
  }
  slider.max = last; slider.value = state.at;
  slider.style.setProperty("--share", last ? state.at / last : 1);
  part("output").textContent = when(shown);
  slider.setAttribute("aria-valuetext", part("output").textContent);
  part("[data-latest]").hidden = state.at === last;
  part("[data-branch]").hidden = shown.round !== undefined || !state.branches.has(shown.step);
  part("[data-play]").textContent = state.timer ? "Pause" : "Play";
  part("[data-play]").toggleAttribute("data-playing", state.timer !== null);
  const prompts = state.all ? shown.prompts : shown.prompts.slice(0, few);
  const find = (snapshot, slot) => snapshot.prompts.find((p) => p.slot === slot) || { text: "" };
  const before = state.snapshots[Math.max(0, state.at - 1)];
  state.searched = shown.round !== undefined && state.pin === null;  // other texts: no word of theirs grew out of a prompt
  const base = state.searched ? learned() || beginning() : beginning();
  grid.replaceChildren(...prompts.map((p) =>
    card(p, find(base, p.slot), find(before, p.slot), flash)));
  part("[data-pin]").textContent = state.pin === null ? "Compare with this update" : "Compare with the start";
  part("[data-pin]").hidden = shown.round !== undefined && state.pin === null;  // no word of these texts grew out of another
  part("[data-pin]").setAttribute("aria-pressed", state.pin !== null);
  part("[data-note]").textContent = state.pin !== null ? `Words that differ from ${when(base)} are marked.`
    : state.searched ? "The search replaced the prompts' own texts with these."
    : shown.prompts.some((p) => p.changed) ? "Words that changed since the start are marked."
    : shown.step ? "No word has changed yet: the prompts moved, but not as far as another token." : "";
  const more = part("[data-more]"), hidden = shown.prompts.length - prompts.length;
  more.hidden = hidden <= 0;
  more.textContent = `Show ${hidden} more`;
  const unsent = part(".ds-unsent");
  unsent.hidden = shown.total <= shown.prompts.length;
  unsent.textContent = `${shown.prompts.length} of ${shown.total.toLocaleString("en")} prompts are shown here.`;
  announce({ step: marked(), at: shown.step, prompts: shown.prompts.length });
}

// What changes are marked against: the real questions, or the step that the visitor chose.
function beginning() {
  return state.snapshots.find((s) => s.step === state.pin) || state.snapshots[0];
}

// What the prompts had come to when the search began.
const learned = () => state.snapshots.filter((s) => s.round === undefined).at(-1);

function announce(shown) {
  const detail = { run: state.run, playing: state.timer !== null, ...shown };
  window.dispatchEvent(new CustomEvent("distilloscope:mark", { detail }));
}

// The step that is shown, for the other panels; null for whatever is the latest.
function marked() { return state.at === state.snapshots.length - 1 ? null : state.snapshots[state.at].step; }

// -- scrubbing -------------------------------------------------------------------------------------------------
function go(index, flash = false) {
  const last = state.snapshots.length - 1;
  state.at = Math.max(0, Math.min(last, index));
  state.follow = state.at === last;
  draw(flash);
}

function stop() { clearInterval(state.timer); state.timer = null; }

function play() {
  if (state.timer) { stop(); return draw(); }
  if (state.at === state.snapshots.length - 1) go(0);
  run();
  draw();
}

// The film lasts about six seconds, or as long as its speed says; no picture is shorter than an eye can follow.
function run() {
  clearInterval(state.timer);
  state.timer = setInterval(() => {
    if (state.at >= state.snapshots.length - 1) { stop(); return draw(); }
    go(state.at + 1, true);
  }, Math.max(120, 6000 / state.snapshots.length) / Number(speeds.value));
}

slider.addEventListener("input", () => { stop(); go(Number(slider.value)); });
slider.addEventListener("keydown", (event) => {
  if (event.key !== " ") return;
  event.preventDefault();
  play();
});
speeds.addEventListener("change", () => {
  remember(SPEED, Number(speeds.value));
  if (state.timer) run();
});
element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("play" in button.dataset) play();
  if ("closer" in button.dataset) {
    stop();
    state.follow = false;
    draw();
    window.dispatchEvent(new CustomEvent("distilloscope:lens",
      { detail: { run: state.run, slot: Number(button.dataset.closer), step: marked() } }));
  }
  if ("slow" in button.dataset) {
    stop();
    draw();
    window.dispatchEvent(new CustomEvent("distilloscope:slow", { detail: { run: state.run, step: marked() } }));
  }
  if ("branch" in button.dataset) {
    const { step } = state.snapshots[state.at];
    stop();
    state.follow = false;  // what was asked for stays on screen
    draw();
    trigger("branch", { run: state.run, step });
  }
  if ("pin" in button.dataset) {
    state.pin = state.pin === null ? state.snapshots[state.at].step : null;
    draw();
  }
  if ("latest" in button.dataset) { stop(); go(state.snapshots.length - 1); }
  if ("more" in button.dataset) { state.all = true; draw(); }
});
window.addEventListener("distilloscope:pick", ({ detail }) => {  // a click on the curve
  if (detail.run !== state.run || detail.view !== "matching" || !state.snapshots.length) return;
  const distance = (s) => Math.abs(s.step - detail.step);
  stop();
  go(state.snapshots.reduce((best, s, i) => (distance(s) < distance(state.snapshots[best]) ? i : best), 0));
});
watch("value", () => take(props.value));
take(props.value);
