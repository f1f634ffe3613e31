// Where a head of the teacher looks, in the browser: stored pictures, each under a veil that is thin where the head looks;
// their captions, each word below a bar of what it gets. Heads are chosen by lists, or on the map, which finds this as
// `element.heads`. Given by gr.HTML: element, props; by shared.js: make, shape.

const card = element.querySelector("[data-heads]"), within = (selector) => card.querySelector(selector);
const TOWER = { image: "image tower", text: "text tower" }, NOTHING = { image: [], text: [], pictures: [], words: [] };
const look = { ...NOTHING, tower: "image", layer: 0, head: 0, asking: new Map(), live: true, kept: () => "" };

// news.heads: { pictures: [{ text, src }], words: [[token]], image: [of each layer [of each picture [of each head
// [base64, most, own]]]], text: [[[base64]]] }, or null.
function take(news, kept) {
  if (news.heads) Object.assign(look, news.heads);
  else if (news.fresh) Object.assign(look, NOTHING);
  if (news.fresh) look.asking.clear();
  Object.assign(look, { live: news.live, kept });
  draw();
}

const towers = () => Object.keys(TOWER).filter((tower) => look[tower].length);
const headsOf = (layer) => Math.max(1, ...look[look.tower][layer].map((heads) => heads.length));
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const percent = (value) => `${(100 * value).toFixed(1)} %`;
const mean = (values) => percent(values.reduce((sum, value) => sum + value, 0) / values.length);

function list(name, options, chosen) {
  const field = within(`[data-of-head=${name}]`), wanted = JSON.stringify(options);
  if (field.dataset.there !== wanted) {
    field.dataset.there = wanted;
    field.replaceChildren(...options.map(([value, title]) => Object.assign(make("option", "", title), { value })));
  }
  field.value = chosen;
}

function draw() {
  const there = towers();
  within("[data-none]").textContent = there.length ? "" : look.live ? "The heads appear here when the teacher has seen the pictures."
    : "This run was recorded before heads were stored. A new run shows here where each head of the teacher looks.";
  within("[data-there]").hidden = !there.length;
  card.dataset.layers = there.reduce((sum, tower) => sum + look[tower].length, 0);
  if (!there.length) return;
  if (!there.includes(look.tower)) [look.tower] = there;
  const layers = look[look.tower], numbers = (what, many) => Array.from({ length: many }, (_, i) => [i, `${what} ${i + 1}`]);
  look.layer = Math.min(look.layer, layers.length - 1);
  look.head = Math.min(look.head, headsOf(look.layer) - 1);
  list("tower", there.map((tower) => [tower, TOWER[tower]]), look.tower);
  list("layer", numbers("layer", layers.length), look.layer);
  list("head", numbers("head", headsOf(look.layer)), look.head);
  card.querySelectorAll("[data-of-tower]").forEach((help) => { help.hidden = help.dataset.ofTower !== look.tower; });
  const found = layers[look.layer].map((heads, i) => [heads[look.head], i]).filter(([one]) => one);
  within(".ds-tiny-looks").dataset.shows = look.tower;
  within(".ds-tiny-looks").replaceChildren(...found.map(([one, i]) => (look.tower === "image" ? seen(look.pictures[i], one) : read(i, bytes(one)))));
  within("[data-seen]").textContent = `${look.kept(look.tower, look.layer, look.head)} ${look.tower === "image" ? ofPatches(found) : ofWords(found)}`.trim();
}

function ofPatches(found) {
  const about = (at) => mean(found.map(([one]) => one[at]));
  return `Of this head's attention, one patch gets ${about(1)} at most and the class token keeps ${about(2)}, means over ${found.length} pictures.`;
}

function ofWords(found) {
  const ends = found.map(([one, i]) => given(bytes(one), look.words[i].length - 1)), [first, own] = [mean(ends.map((end) => end[0])), mean(ends.map((end) => end.at(-1)))];
  return `Of the end's attention in this head, one word gets ${mean(ends.map((end) => Math.max(0, ...end.slice(1, -1))))} at most, the start ${first} and the end keeps ${own}, means over ${found.length} captions.`;
}

function seen({ text, src }, [patches, most]) {
  const figure = make("figure"), image = make("img"), values = bytes(patches), side = Math.round(Math.sqrt(values.length)), veil = shape("svg", { viewBox: `0 0 ${side} ${side}`, "aria-hidden": "true" });
  Object.assign(image, { src, alt: text, width: 96, height: 96, translate: false });
  veil.append(...[...values].map((value, i) => shape("rect", { x: i % side, y: Math.floor(i / side), width: 1.02, height: 1.02, "fill-opacity": (0.9 * (1 - value / 255)).toFixed(2) })));
  const caption = Object.assign(make("figcaption", "", text), { translate: false });
  figure.title = percent(most);
  figure.append(image, veil, caption);
  return figure;
}

// What the word at this place gives to each word up to itself: a row of the triangle.
const given = (triangle, place) => [...triangle.slice(place * (place + 1) / 2, (place + 1) * (place + 2) / 2)].map((byte) => byte / 255);

// A caption: each word a button below its bar. The word that asks is framed; at first it is the end.
function read(i, triangle) {
  const words = look.words[i], last = words.length - 1, asks = look.asking.get(i) ?? last, shares = given(triangle, asks);
  const line = make("p"), image = Object.assign(make("img"), { src: look.pictures[i].src, alt: "", width: 48, height: 48 });
  line.append(image, ...words.map((word, place) => {
    const button = make("button"), bar = make("i"), mark = place === 0 ? "start" : place === last ? "end" : "", share = shares[place];
    bar.style.height = `${(100 * (share ?? 0)).toFixed(0)}%`;
    button.append(make("span"), Object.assign(make("b", "", mark || word), { translate: Boolean(mark) }));
    button.firstChild.append(bar);
    Object.assign(button, { type: "button", title: share === undefined ? "comes later" : percent(share) });
    button.setAttribute("aria-pressed", place === asks);
    button.dataset.word = `${i} ${place}`;
    if (share === undefined) button.className = "ds-tiny-later";
    return button;
  }));
  return line;
}

// Shows a head at work; the one that is shown is told anew when the map shows other students.
function choose(tower, layer, head) {
  Object.assign(look, { tower, layer, head });
  draw();
}

card.addEventListener("change", ({ target }) => {
  const name = target.dataset.ofHead;
  if (!name) return;
  look[name] = name === "tower" ? target.value : Number(target.value);
  draw();
  element.dispatchEvent(new CustomEvent("ds-head"));
});
card.addEventListener("click", ({ target }) => {
  const word = target.closest("[data-word]")?.dataset.word;
  if (!word) return;
  const [caption, place] = word.split(" ").map(Number);
  look.asking.set(caption, place);
  draw();
  within(`[data-word="${word}"]`).focus();
});
element.heads = { take, choose, shows: (tower) => look[tower].length > 0, chosen: () => (towers().length ? [look.tower, look.layer, look.head] : null) };
