// Where a head of the teacher looks, in the browser: stored pictures, each under a veil that is thin where the head looks.
// Heads are chosen by two lists, or on the map, which finds this as `element.heads`. Given by gr.HTML: element, props; by
// shared.js: make, shape.

const card = element.querySelector("[data-heads]"), within = (selector) => card.querySelector(selector);
const look = { layers: [], pictures: [], layer: 0, head: 0, live: true, kept: () => "" };

// news.heads: { pictures: [{ text, src }], layers: [[of each picture [of each head [base64, most, own]]]] }, or null.
function take(news, kept) {
  if (news.heads) Object.assign(look, { layers: news.heads.layers, pictures: news.heads.pictures });
  else if (news.fresh) Object.assign(look, { layers: [], pictures: [] });
  Object.assign(look, { live: news.live, kept });
  draw();
}

const headsOf = (layer) => Math.max(0, ...(look.layers[layer] || []).map((heads) => heads.length));
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const percent = (value) => `${(100 * value).toFixed(1)} %`;

function list(name, titles, chosen) {
  const field = within(`[data-of-head=${name}]`);
  if (field.options.length !== titles.length) field.replaceChildren(...titles.map((title, i) => Object.assign(make("option", "", title), { value: i })));
  field.value = chosen;
}

function draw() {
  const there = look.layers.length > 0;
  within("[data-none]").textContent = there ? "" : look.live ? "The heads appear here when the teacher has seen the pictures."
    : "This run was recorded before heads were stored. A new run shows here where each head of the teacher looks.";
  within("[data-there]").hidden = !there;
  card.dataset.layers = look.layers.length;
  if (!there) return;
  look.layer = Math.min(look.layer, look.layers.length - 1);
  look.head = Math.min(look.head, headsOf(look.layer) - 1);
  list("layer", look.layers.map((_, i) => `layer ${i + 1}`), look.layer);
  list("head", Array.from({ length: headsOf(look.layer) }, (_, i) => `head ${i + 1}`), look.head);
  const found = look.layers[look.layer].map((heads) => heads[look.head]);
  within(".ds-tiny-looks").replaceChildren(...found.map((one, i) => (one && look.pictures[i] ? seen(look.pictures[i], one) : "")));
  const known = found.filter(Boolean), mean = (at) => known.reduce((sum, one) => sum + one[at], 0) / known.length;
  within("[data-seen]").textContent = `${look.kept(look.layer, look.head)} Of this head's attention, one patch gets ${percent(mean(1))} at most and the class token keeps ${percent(mean(2))}, means over ${known.length} pictures.`.trim();
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

// Shows a head at work; the one that is shown is told anew when the map shows other students.
function choose(layer, head) {
  Object.assign(look, { layer, head });
  draw();
}

card.addEventListener("change", ({ target }) => {
  if (!target.dataset.ofHead) return;
  look[target.dataset.ofHead] = Number(target.value);
  draw();
  element.dispatchEvent(new CustomEvent("ds-head"));
});
element.heads = { take, choose, chosen: () => (look.layers.length ? [look.layer, look.head] : null) };
