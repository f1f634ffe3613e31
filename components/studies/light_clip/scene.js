// One picture with the words of its caption: an arc from each word to its patch, and the costs of all patches below.
// Hands `sideOf` to matches.js by the element they share. Texts are untrusted: textContent only.
// Given by gr.HTML: element; by shared.js: make, shape.

const SIZE = 320, DIM = 0.86;

// A side is made once and drawn again and again, so whoever holds one of its words keeps it. `pick` is called with the
// number of a word, null for all.
element.sideOf = (name, pick) => {
  const box = make("figure", "ds-light-side"), head = make("figcaption"), stage = make("div", "ds-light-stage"), chips = make("div", "ds-light-chips"),
    scene = shape("svg", { class: "ds-light-scene", viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img" }),
    arcs = shape("svg", { class: "ds-light-arcs", "aria-hidden": "true" }), costs = make("div", "ds-light-costs");
  const parts = { name, box, head, stage, chips, scene, arcs, costs, pick, told: null };
  chips.setAttribute("role", "radiogroup");
  chips.setAttribute("aria-label", "Word");
  box.dataset.arm = name;
  stage.append(chips, scene, arcs);
  box.append(head, stage, costs);
  new ResizeObserver(() => { if (parts.told) drawArcs(parts); }).observe(stage);
  return { box, draw(told) { parts.told = told; draw(parts); } };
};

const verdict = ({ truth }, patch, word) => (truth[word] === null || patch === null ? "none" : truth[word].includes(patch) ? "right" : "wrong");
const gridOf = ({ cosines }) => Math.round(Math.sqrt(cosines[0].length));
const chosenOf = ({ moment, rule }) => moment.chosen[rule] || moment.words.map(() => null);

function draw(parts) {
  const { told, head, scene, costs } = parts;
  head.replaceChildren(make("b", "", told.title), make("span", "", told.said));
  drawChips(parts);
  scene.setAttribute("aria-label", `${told.title}: ${told.said}`);
  scene.replaceChildren(shape("image", { href: told.src, width: SIZE, height: SIZE, "image-rendering": "pixelated" }), ...light(told), ...outlines(told), ...patches(told));
  drawArcs(parts);
  costs.replaceChildren(...told.moment.words.map((_, word) => costRow(told, word)));
}

function drawChips({ name, chips, told, pick }) {
  const now = JSON.stringify(told.moment.words), choice = chosenOf(told);
  if (chips.dataset.now !== now) {
    chips.dataset.now = now;
    chips.replaceChildren(...[null, ...told.moment.words.keys()].map((word) => {
      const label = make("label"), radio = make("input"), text = make("span", "", word === null ? "all words" : told.moment.words[word]);
      Object.assign(radio, { type: "radio", name: `light-word-${name}` });
      radio.addEventListener("change", () => pick(word));
      if (word !== null) text.translate = false;
      label.append(radio, text);
      return label;
    }));
  }
  [...chips.children].forEach((label, number) => {
    const word = number - 1;
    label.firstChild.checked = told.word === null ? number === 0 : word === told.word;
    label.dataset.verdict = number ? verdict(told.moment, choice[word], word) : "all";
  });
}

// -- in the picture ------------------------------------------------------------------------------------------------
const placed = (patch, grid) => ({ x: (patch % grid) * SIZE / grid, y: Math.floor(patch / grid) * SIZE / grid, width: SIZE / grid, height: SIZE / grid });

// Patches that are less like the chosen word are darker.
function light({ moment, word }) {
  if (word === null) return [];
  const line = moment.cosines[word], low = Math.min(...line), reach = Math.max(...line) - low || 1, grid = gridOf(moment);
  return line.map((cosine, patch) => shape("rect", { ...placed(patch, grid), class: "ds-light-shade", "fill-opacity": (DIM * (1 - (cosine - low) / reach)).toFixed(3) }));
}

// Around the patches that show a word's thing: the sides that no other such patch shares.
function outlines({ moment, word }) {
  const grid = gridOf(moment), size = SIZE / grid, words = word === null ? [...moment.words.keys()] : [word];
  return words.filter((one) => moment.truth[one]?.length).map((one) => {
    const there = new Set(moment.truth[one]), lines = [];
    there.forEach((patch) => {
      const column = patch % grid, [x, y] = [column * size, Math.floor(patch / grid) * size];
      if (!there.has(patch - grid)) lines.push(`M${x} ${y}h${size}`);
      if (!there.has(patch + grid)) lines.push(`M${x} ${y + size}h${size}`);
      if (column === 0 || !there.has(patch - 1)) lines.push(`M${x} ${y}v${size}`);
      if (column === grid - 1 || !there.has(patch + 1)) lines.push(`M${x + size} ${y}v${size}`);
    });
    return shape("path", { class: "ds-light-truth", d: lines.join("") });
  });
}

function patches(told) {
  const grid = gridOf(told.moment), choice = chosenOf(told);
  return shownWords(told).filter((word) => choice[word] !== null)
    .map((word) => shape("rect", { ...placed(choice[word], grid), class: `ds-light-patch ds-light-${verdict(told.moment, choice[word], word)}` }));
}

// The words about a thing, or all where nobody knows what they are about.
function shownWords({ moment, word }) {
  if (word !== null) return [word];
  const naming = [...moment.words.keys()].filter((one) => moment.truth[one] !== null);
  return naming.length ? naming : [...moment.words.keys()];
}

function drawArcs({ stage, chips, scene, arcs, told }) {
  const frame = stage.getBoundingClientRect(), picture = scene.getBoundingClientRect(), grid = gridOf(told.moment), choice = chosenOf(told);
  if (!frame.width) return;  // its page is not on screen
  arcs.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  const lines = shownWords(told).filter((word) => choice[word] !== null).map((word) => {
    const chip = chips.children[word + 1].getBoundingClientRect(), patch = choice[word], unit = picture.width / grid;
    const from = [chip.left + chip.width / 2 - frame.left, chip.bottom - frame.top];
    const to = [picture.left - frame.left + (patch % grid + 0.5) * unit, picture.top - frame.top + (Math.floor(patch / grid) + 0.5) * unit];
    const bend = Math.max(24, (to[1] - from[1]) * 0.55), kind = verdict(told.moment, patch, word);
    const d = `M${from.join(" ")}C${from[0]} ${from[1] + bend} ${to[0]} ${to[1] - bend} ${to.join(" ")}`;
    return [shape("path", { class: "ds-light-under", d }), shape("path", { class: `ds-light-arc ds-light-${kind}`, d }),
      shape("circle", { class: `ds-light-end ds-light-${kind}`, cx: to[0], cy: to[1], r: 4 })];
  });
  arcs.replaceChildren(...lines.flat());
}

// -- the costs -----------------------------------------------------------------------------------------------------
function costRow(told, word) {
  const { moment, range } = told, row = make("div", told.word === null || told.word === word ? "" : "ds-faint"), name = make("span", "", moment.words[word]);
  const line = make("div", "ds-light-line"), taken = chosenOf(told)[word], there = moment.truth[word] || [];
  name.translate = false;
  line.append(...moment.cosines[word].map((cosine, patch) => {
    const cell = make("i", [patch === taken && "ds-light-taken", there.includes(patch) && "ds-light-there"].filter(Boolean).join(" "));
    cell.style.setProperty("--c", Math.max(0, Math.min(1, (cosine - range[0]) / (range[1] - range[0] || 1))).toFixed(2));
    return cell;
  }));
  row.append(name, line);
  return row;
}
