// Zero-shot with one's own words in the browser: sends picture, words and template, and draws how likely each model finds
// each word. Words are untrusted: textContent only. Given by gr.HTML: element, props, trigger, watch; by shared.js: make, remembered, remember.

const MOST_SHOWN = 12, KEPT = "distilloscope-own-words";
const state = { run: null, asked: 0, picture: null, image: null, pictures: [] };
const part = (selector) => element.querySelector(selector), section = part(".ds-tiny-words");

// -- what there is ---------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { Object.assign(state, { run: null }); return show(false); }
  if (news.answer || news.error) return news.run === state.run && news.number === state.asked ? answer(news) : undefined;
  const another = news.run !== state.run, same = JSON.stringify(news.pictures.map(({ id }) => id)) === JSON.stringify(state.pictures.map(({ id }) => id));
  Object.assign(state, { run: news.run, pictures: news.pictures });
  show(news.pictures.length > 0);
  if (!another && same) return;
  element.dispatchEvent(new CustomEvent("ds-pictures", { detail: news }));
  clear();
  const field = part("[data-words]");
  if (another || !field.value) field.value = remembered(KEPT) || news.words.join(", ");
  if (!news.pictures.length) return;
  Object.assign(state, { picture: news.pictures[0].id, image: null });
  element.dispatchEvent(new CustomEvent("ds-choose", { detail: { id: state.picture } }));
}

function show(there) {
  part("[data-wait]").hidden = there;
  part("[data-shown]").hidden = !there;
}

function clear() {
  section.dataset.state = "empty";
  ["[data-error]", ".ds-tiny-bars", "[data-models]"].forEach((name) => part(name).replaceChildren());
  ["[data-unknown]", "[data-how]"].forEach((name) => { part(name).textContent = ""; });
}

// -- asking ----------------------------------------------------------------------------------------------------
function ask() {
  state.asked += 1;
  const words = part("[data-words]").value;
  remember(KEPT, words.slice(0, 4000));
  clear();
  section.dataset.state = "waiting";
  part("[data-how]").textContent = "Asking. The first question loads the models.";
  trigger("ask_words", { run: state.run, words, template: part("[data-template]").value, picture: state.picture, image: state.image, number: state.asked });
}

function answer({ answer: found, error }) {
  clear();
  if (error) {
    section.dataset.state = "failed";
    part("[data-error]").innerHTML = error;  // made by the server, which escaped it
    return;
  }
  section.dataset.state = "ready";
  draw(found);
}

// -- drawing ---------------------------------------------------------------------------------------------------
const percent = (value) => `${(100 * value).toFixed(value > 0 && value < 0.095 ? 1 : 0)} %`;

function draw({ words, unknown, models }) {
  const most = (i) => Math.max(...models.map(([, , shares]) => shares[i])), strange = new Set(unknown);
  const order = words.map((_, i) => i).sort((a, b) => most(b) - most(a)), best = models.map(([, , shares]) => shares.indexOf(Math.max(...shares)));
  part("[data-models]").replaceChildren(...models.map(([name, title], m) => {
    const label = make("span");
    label.dataset.arm = name;
    label.append(make("i"), title, Object.assign(make("q", "", words[best[m]]), { translate: false }));
    return label;
  }));
  part(".ds-tiny-bars").replaceChildren(...order.slice(0, MOST_SHOWN).map((i) => {
    const row = make("li"), bars = make("div"), name = make("span", "", words[i]);
    name.translate = false;
    bars.append(...models.map(([who, title, shares], m) => {
      const line = make("div", best[m] === i ? "ds-tiny-best" : ""), fill = make("i"), track = make("div");
      fill.style.width = `${(100 * shares[i]).toFixed(1)}%`;
      track.append(fill);
      line.dataset.arm = who;
      line.title = title;
      line.append(track, make("b", "", percent(shares[i])));
      return line;
    }));
    row.append(name, bars);
    if (unknown.some((word) => words[i].toLowerCase().split(/\s+/).includes(word.toLowerCase())) || strange.has(words[i])) row.append(make("small", "", "not in the vocabulary"));
    return row;
  }));
  const rest = words.length - MOST_SHOWN, said = part("[data-unknown]");
  said.textContent = "";
  if (unknown.length) said.append(make("span", "", "Words that the vocabulary lacks, so every model reads them as the same unknown word: "), Object.assign(make("b", "", unknown.join(", ")), { translate: false }));
  part("[data-how]").textContent = "Each model shares out 100 % among your words: what is not on the list cannot be seen. Students are those of seed 0."
    + (rest > 0 ? ` ${rest} more words are below these.` : "");
  section.saves = { name: "own words", rows: () => [["word", ...models.map(([, title]) => title)], ...order.map((i) => [words[i], ...models.map(([, , shares]) => shares[i])])] };
}

// -- events ----------------------------------------------------------------------------------------------------
element.addEventListener("ds-picture", ({ detail }) => {
  Object.assign(state, { picture: detail.picture ?? null, image: detail.image ?? null });
  ask();
});
element.addEventListener("click", ({ target }) => { if (target.closest("[data-ask]")) ask(); });
watch("value", () => take(props.value));
take(props.value);
