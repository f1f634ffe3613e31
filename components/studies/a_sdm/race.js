// The race in the browser: prompt with completion, noise and setting; asks for a race and has race_film.js play it; says at the
// end who was how much faster and what the judge reads. Prompts are untrusted: textContent only.
// Given by gr.HTML: element, props, trigger, watch; by race_film.js: element.film; by shared.js: make, still.

const MOST_NEXT = 10, PAUSE_MS = 120, OF_MAP = "plan of the map";
const state = { run: null, number: 0, asked: 0, news: null, words: new Set(), follow: new Map(), plan: null, shown: null };
const part = (selector) => element.querySelector(selector), section = part(".ds-sdm-race"), { film } = element;
const data = (tag, name, text) => Object.assign(make(tag, name, text), { translate: false });

// -- what there is -------------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { state.run = null; film.hide(); return show(false); }
  if (news.answer?.follows) return news.run === state.run ? offered(news.answer) : undefined;
  if (news.answer || news.error) return news.run === state.run && news.number === state.asked ? answer(news) : undefined;
  if (news.run === state.run && news.number === state.number) return;
  const another = news.run !== state.run;
  if (another) { Object.assign(state, { plan: null, shown: null }); film.hide(); finish(""); part("[data-error]").replaceChildren(); }
  Object.assign(state, { run: news.run, number: news.number, news, words: new Set(news.words.map((word) => word.toLowerCase())) });
  follow(news.texts);
  show(news.recorded.length > 0 || news.settings.length > 0);
  settings();
  recorded();
  if (another || !part("[data-prompt]").value) {
    part("[data-prompt]").value = news.first?.text || news.texts[0] || "";
    part("[data-noise]").value = news.first?.noise ?? 0;
  }
  complete();
  if (news.first && !state.shown) race(news.first);
}

function show(there) {
  part("[data-wait]").hidden = there;
  part("[data-shown]").hidden = !there;
  section.dataset.state = there ? "ready" : "empty";
}

function settings() {
  const list = part("[data-setting]"), families = new Map(), before = list.value;
  state.news.settings.forEach(([id, title, family]) => {
    if (!families.has(family)) families.set(family, Object.assign(make("optgroup"), { label: family }));
    families.get(family).append(Object.assign(make("option", "", title), { value: id }));
  });
  const own = state.plan ? [Object.assign(make("option", "", "The plan of the map"), { value: OF_MAP })] : [];
  list.replaceChildren(...own, ...families.values());
  const wanted = state.plan?.fresh ? OF_MAP : before || state.news.first?.who;
  if ([...list.options].some((option) => option.value === wanted)) list.value = wanted;
}

function recorded() {
  const found = state.news.recorded, groups = new Map(), list = part("[data-recorded]");
  part(".ds-sdm-recorded").hidden = !found.length;
  found.forEach(({ text, title, right }, i) => {
    if (!groups.has(right)) groups.set(right, Object.assign(make("optgroup"), { label: right ? "as asked" : "not as asked" }));
    groups.get(right).append(Object.assign(data("option", "", `${text}: ${title}`), { value: i }));
  });
  list.replaceChildren(Object.assign(make("option", "", "choose a race"), { value: "" }), ...groups.values());
}

// -- the prompt ----------------------------------------------------------------------------------------------------
const plain = (word) => word.toLowerCase().replace(/[^\p{L}\p{N}'-]/gu, "");

// Which words came behind which in prompts that are known.
function follow(texts) {
  state.follow = new Map();
  texts.forEach((text) => text.split(/\s+/).map(plain).forEach((word, i, all) => {
    const before = i ? all[i - 1] : "";
    if (!state.follow.has(before)) state.follow.set(before, new Set());
    state.follow.get(before).add(word);
  }));
}

function complete() {
  const text = part("[data-prompt]").value, said = text.split(/\s+/), begun = plain(said.at(-1) || ""), before = plain(said.at(-2) || "");
  const unknown = state.words.size ? [...new Set(said.map(plain).filter((word, i) => word && !state.words.has(word) && (i < said.length - 1 || ![...state.words].some((known) => known.startsWith(word)))))] : [];
  told(unknown);
  const likely = [...(state.follow.get(before) || [])].filter((word) => state.words.has(word)), rest = begun ? [...state.words] : [];
  const next = [...new Set([...likely, ...rest])].filter((word) => word.startsWith(begun) && word !== begun).slice(0, MOST_NEXT);
  offer(next);
  clearTimeout(state.timer);
  if (state.news.bundled) state.timer = setTimeout(() => trigger("complete_prompt", { run: state.run, text, number: 0 }), PAUSE_MS);
}

// The grammar of the bundled model's prompts is the server's.
function offered({ text, follows, unknown }) {
  if (text !== part("[data-prompt]").value) return;
  offer(follows);
  told(unknown);
}

function offer(words) {
  part(".ds-sdm-words").replaceChildren(...words.slice(0, MOST_NEXT).map((word) => Object.assign(data("button", "", word), { type: "button" })));
}

// A word that is begun is ended; else the word comes next.
function added(text, word) {
  const typed = /[\p{L}\p{N}'-]*$/u.exec(text)[0], head = word.startsWith(typed.toLowerCase()) ? text.slice(0, text.length - typed.length) : `${text} `;
  return `${head}${word} `;
}

function told(unknown) {
  part("[data-unknown]").replaceChildren(...(unknown.length ? [make("span", "", "Not in the vocabulary, so the model never learned it: "), data("b", "", unknown.join(", "))] : []));
}

// -- racing --------------------------------------------------------------------------------------------------------
function ask(event, said) {
  state.asked += 1;
  section.dataset.state = "waiting";
  part("[data-error]").replaceChildren();
  film.stop();
  finish("");
  busy(event === "race" ? "Both nets are drawing. The first race loads the model." : "");
  const all = { run: state.run, number: state.asked, ...said };
  if (event === "race") trigger("race", all);
  else trigger("see_race", all);
}

function own() {
  const setting = part("[data-setting]").value, noise = Number(part("[data-noise]").value), plan = setting === OF_MAP ? state.plan.plan : null;
  ask("race", { text: part("[data-prompt]").value, noise: Number.isInteger(noise) && part("[data-noise]").value !== "" ? noise : null, setting: plan ? null : setting, plan });
}

function answer({ answer: found, error }) {
  if (error) {
    section.dataset.state = "failed";
    busy("");
    part("[data-error]").innerHTML = error;  // made by the server, which escaped it
    return;
  }
  race(found);
}

const titleOf = (who) => state.news.settings.find(([id]) => id === who)?.[1] || (who ? who : "The plan of the map");

function race(found) {
  state.shown = found;
  section.dataset.state = "ready";
  part("[data-error]").replaceChildren();
  finish("");
  busy("");
  told(found.unknown);
  part("[data-recorded]").value = found.recorded ? state.news.recorded.findIndex((one) => one.noise === found.noise && one.who === found.who && one.text === found.text) : "";
  film.load(found.lanes, ["Full", titleOf(found.who)]);
  how();
  film.play();
}

// -- what is said --------------------------------------------------------------------------------------------------
function busy(said) { part("[data-busy]").textContent = said; }

function finish(said) { part("[data-finish]").textContent = said; }

function how() {
  const found = state.shown, slow = film.slowness(), when = found.recorded ? "recorded with the run" : "measured just now";
  part("[data-how]").textContent = `The seconds are processor time, ${when}. ${still ? "The last frame is shown, for your system asks for less motion." : slow > 1.05 ? `The film runs ${slow.toFixed(0)} times slower.` : "The film runs in real time."} `
    + "Large: the picture after each step. Small: what the net expects at each step.";
}

film.onEnd(() => {
  const { lanes, psnr, text } = state.shown, [full, fast] = lanes, speed = full.seconds.at(-1) / fast.seconds.at(-1);
  const near = psnr === null ? "" : ` Likeness to the full picture: PSNR ${psnr.toFixed(1)} dB.`;
  finish((speed >= 1 ? `${speed.toFixed(2)} times as fast.` : `Slower here: ${speed.toFixed(2)} times as fast.`) + near);
  section.querySelectorAll("[data-read]").forEach((place, i) => {
    const { read, right } = lanes[i];
    place.replaceChildren(...(read ? [make("span", "", "The judge reads: "), data("q", "", read)] : []), ...(right === null ? [] : [make("b", right ? "ds-sdm-good" : "ds-sdm-bad", right ? "as asked" : "not as asked")]));
  });
  section.dataset.asked = text;
});

// -- events --------------------------------------------------------------------------------------------------------
element.addEventListener("ds-pace", () => { if (state.shown) how(); });
element.addEventListener("input", ({ target }) => { if (target.matches("[data-prompt]")) complete(); });
element.addEventListener("change", ({ target }) => {
  const one = target.matches("[data-recorded]") && target.value !== "" && state.news.recorded[Number(target.value)];
  if (!one) return;
  Object.assign(part("[data-prompt]"), { value: one.text });
  Object.assign(part("[data-noise]"), { value: one.noise });
  part("[data-setting]").value = one.who;
  complete();
  ask("see_race", { prompt: one.prompt, noise: one.noise, who: one.who });
});
element.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("[data-prompt], [data-noise]")) own(); });
element.addEventListener("click", ({ target }) => {
  const word = target.closest(".ds-sdm-words button");
  if (target.closest("[data-race]")) own();
  if (word) {
    const field = part("[data-prompt]");
    field.value = added(field.value, word.textContent);
    field.focus();
    complete();
  }
});
// The map and the front send what is to be raced: a plan, or a setting of the run.
window.addEventListener("distilloscope:race", ({ detail }) => {
  if (detail.run !== state.run || !element.isConnected) return;
  if (detail.plan) state.plan = { plan: detail.plan, fresh: true };
  settings();
  if (detail.setting) part("[data-setting]").value = detail.setting;
  if (state.plan) state.plan.fresh = false;
  element.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  own();
});
watch("value", () => take(props.value));
take(props.value);
