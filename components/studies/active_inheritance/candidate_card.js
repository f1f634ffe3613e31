// One text of a talker as a card: its sentences, which of them are true, rude words marked, its scores below. Knows how a
// card looks; which text is kept is framed by candidates.js, which finds it as `element.texts`. Texts are untrusted:
// textContent only. Given by gr.HTML: element; by shared.js: make.

const said = (value, { share, digits }) => (share ? `${Math.round(100 * value)} %` : value.toFixed(digits));

// A card: what was said, sentence by sentence, and its scores. `shown`: the talkers on screen; `rows`: the scores of all
// texts; `attributes`: what the scores are of.
function card(talker, { sentences, ended }, number, { shown, rows, attributes, prompt }) {
  const box = make("article", "ds-text"), head = make("header"), kept = make("b", "ds-kept-mark", "kept"), words = make("p");
  Object.assign(box.dataset, { talker, number });
  kept.dataset.kept = "";
  kept.hidden = true;
  head.append(make("span", "", `Text ${number + 1}`));
  if (shown.length > 1) head.append(Object.assign(make("span", "ds-who", talker), { translate: false }));
  if (!ended) head.append(make("span", "ds-capped", "cut"));
  head.append(kept);
  words.translate = false;
  sentences.forEach((sentence) => {
    const node = make("span", sentence.true ? "ds-true" : "");
    node.append(...sentence.said.map(([text, rude]) => (rude ? make("mark", "", text) : document.createTextNode(text))));
    words.append(node);
    if (sentence.true) words.append(Object.assign(make("b", "ds-tick", "\u2713"), { title: "true of this entity" }));
  });
  const scores = rows.get(prompt)?.get(talker)?.[number] || [], list = make("dl");
  attributes.forEach((attribute, i) => {
    if (scores[i] === null || scores[i] === undefined) return;
    const pair = make("div", attribute.name === "mtld" && scores[0] < 50 ? "ds-faint" : "");
    const value = attribute.name === "rude" ? (scores[i] ? "yes" : "no") : Number.isInteger(scores[i]) && !attribute.share ? scores[i] : said(scores[i], attribute);
    pair.append(make("dt", "", attribute.title), make("dd", "", value));
    list.append(pair);
  });
  box.append(head, words, list);
  return box;
}

element.texts = { card, said };
