// Retrieval in the browser: sends a sentence or a picture, and shows what every model found, best first. Captions are
// untrusted: textContent only. Given by gr.HTML: element, props, trigger, watch; by shared.js: make.

const state = { run: null, asked: 0, pictures: [] };
const part = (selector) => element.querySelector(selector), section = part(".ds-tiny-retrieval");

// -- what there is ---------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { state.run = null; return show(false); }
  if (news.answer || news.error) return news.run === state.run && news.number === state.asked ? answer(news) : undefined;
  const another = news.run !== state.run, same = JSON.stringify(news.pictures.map(({ id }) => id)) === JSON.stringify(state.pictures.map(({ id }) => id));
  Object.assign(state, { run: news.run, pictures: news.pictures });
  show(news.pictures.length > 0);
  if (!another && same) return;
  element.dispatchEvent(new CustomEvent("ds-pictures", { detail: news }));
  clear();
  if (another || !part("[data-sentence]").value) part("[data-sentence]").value = news.pictures[0]?.text || "";
}

function show(there) {
  part("[data-wait]").hidden = there;
  part("[data-shown]").hidden = !there;
}

function clear() {
  section.dataset.state = "empty";
  ["[data-error]", ".ds-tiny-found"].forEach((name) => part(name).replaceChildren());
  ["[data-unknown]", "[data-how]"].forEach((name) => { part(name).textContent = ""; });
}

// -- asking ----------------------------------------------------------------------------------------------------
function find(what) {
  state.asked += 1;
  clear();
  section.dataset.state = "waiting";
  part("[data-how]").textContent = "Looking. The first question loads the models.";
  trigger("find", { run: state.run, text: null, picture: null, image: null, ...what, number: state.asked });
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
function data(tag, name, text) { return Object.assign(make(tag, name, text), { translate: false }); }

function thumb({ src, text, cosine }) {
  const image = make("img");
  Object.assign(image, { src, alt: text, title: `${text} (${cosine.toFixed(2)})`, width: 64, height: 64, translate: false });
  return image;
}

function draw({ kind, asked, picture, unknown, models, called, of }) {
  const own = (item) => (kind === "picture" ? item.text === asked : item.id === picture);
  part(".ds-tiny-found").replaceChildren(...models.map(({ name, title, found, figure }) => {
    const row = make("section"), head = make("h3"), list = make("ol", kind === "picture" ? "ds-tiny-pictures" : "ds-tiny-captions"), at = found.findIndex(own);
    row.dataset.arm = name;
    head.append(make("i"), make("span", "", title), make("small", "", figure === null ? "" : `${called}: ${(100 * figure).toFixed(1)} %`));
    list.append(...found.map((item, i) => {
      const one = make("li", own(item) ? "ds-tiny-hit" : "");
      if (kind === "picture") one.append(thumb(item));
      else one.append(data("span", "", item.text), make("b", "", item.cosine.toFixed(2).replace("-", "\u2212")));
      if (own(item)) one.append(make("small", "ds-hidden", `number ${i + 1}`));
      return one;
    }));
    row.append(head, list);
    if (at < 0 && (kind === "caption" ? picture !== null : state.pictures.some(({ text }) => text === asked))) row.append(make("small", "ds-quiet", kind === "picture" ? "The picture that this caption was written for is not among them." : "The caption of this picture is not among them."));
    return row;
  }));
  const said = part("[data-unknown]");
  if (unknown.length) said.append(make("span", "", "Words that the vocabulary lacks, so every model reads them as the same unknown word: "), data("b", "", unknown.join(", ")));
  part("[data-how]").textContent = kind === "picture" ? `The best of ${of} pictures, best first; a frame marks the one that this caption was written for.` : `The best of ${of} captions, best first; a frame marks the picture's own.`;
}

// -- events ----------------------------------------------------------------------------------------------------
element.addEventListener("ds-picture", ({ detail }) => find(detail));
element.addEventListener("click", ({ target }) => { if (target.closest("[data-find]")) find({ text: part("[data-sentence]").value }); });
element.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("[data-sentence]")) find({ text: event.target.value }); });
watch("value", () => take(props.value));
take(props.value);
