// The inheritance map in the browser: layer by layer the heads as cells, neurons and hidden channels as strips, of two
// students side by side; a slider and a film over the steps of mask learning; where each tower saved.
// Given by gr.HTML: element, props, trigger, watch; by heads.js: element.heads; by shared.js: make, shape, still, expected.

const TOWERS = [["image", "Image tower"], ["text", "Text tower"]], LEFT_FIRST = ["both", "inherit", "progressive", "uniform"], RIGHT_FIRST = ["auto", "progressive", "uniform", "inherit"];
const WIDE = 420, ROW = 17, NAME = 52, HEAD = 13, FRAME_MS = 350;
const state = { run: null, number: 0, live: true, arms: new Map(), maps: new Map(), budgets: [], sizes: [], left: null, right: null, seed: null, at: 1, timer: null };
const part = (selector) => element.querySelector(selector), section = part(".ds-tiny-kept");

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { stop(); Object.assign(state, { run: null, maps: new Map(), arms: new Map() }); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) { stop(); Object.assign(state, { left: null, right: null, seed: null, at: 1, sizes: [] }); }
    Object.assign(state, { run: news.run, maps: new Map(), arms: new Map(), sizes: news.sizes });
  }
  Object.assign(state, { number: news.number, live: news.live, budgets: news.budgets.length ? news.budgets : state.budgets });
  news.arms.forEach(([name, title]) => state.arms.set(name, title));
  heads(news);
  news.maps.forEach((map) => {
    const key = `${map.arm} ${map.seed}`, mine = state.maps.get(key) || [];
    state.maps.set(key, [...mine.filter((old) => old.step < map.step), map]);
  });
  draw();
}

// Which students kept a head, in words; before anybody inherits, nothing.
function heads(news) {
  element.heads.take(news, (tower, layer, head) => {
    const all = state.maps.size ? chosen().maps.filter(Boolean) : [], kept = (map) => new Map(map.units).get(`${tower}.${layer}.heads`)?.[head] >= "5";
    return all.map((map) => `${kept(map) ? "Kept" : "Dropped"} by ${state.arms.get(map.arm)}.`).join(" ");
  });
}

const seedsOf = (arm) => [...state.maps.values()].filter(([map]) => map.arm === arm).map(([map]) => map.seed).sort((a, b) => a - b);
const pick = (wanted, order, there) => (there.includes(wanted) ? wanted : order.find((name) => there.includes(name)) || there.at(-1));

function chosen() {
  const there = [...state.arms.keys()].filter((name) => seedsOf(name).length), left = pick(state.left, LEFT_FIRST, there), right = pick(state.right, RIGHT_FIRST, there.length > 1 ? there.filter((name) => name !== left || name === state.right) : there);
  const seeds = [...new Set([...seedsOf(left), ...seedsOf(right)])].sort((a, b) => a - b), seed = seeds.includes(state.seed) ? state.seed : seeds[0];
  const mapsOf = (arm) => state.maps.get(`${arm} ${seed}`) || [];
  const steps = [...new Set([...mapsOf(left), ...mapsOf(right)].map((map) => map.step))].sort((a, b) => a - b), step = steps[Math.round(state.at * (steps.length - 1))];
  const now = (arm) => mapsOf(arm).filter((map) => map.step <= step).at(-1) || mapsOf(arm)[0];
  return { there, left, right, seeds, seed, steps, step, maps: left === right ? [now(left)] : [now(left), now(right)] };
}

// -- drawing ---------------------------------------------------------------------------------------------------
// One path for each strength: a strip of five hundred neurons is drawn in no time.
function strip(digits, x, y, wide, high, gap) {
  const each = wide / digits.length, space = gap && each > 4 ? 2 : 0, paths = new Map();
  for (let from = 0; from < digits.length;) {
    let to = from + 1;
    while (!space && to < digits.length && digits[to] === digits[from]) to += 1;
    const box = `M${(x + from * each).toFixed(2)} ${y}h${((to - from) * each - space).toFixed(2)}v${high}h${(-(to - from) * each + space).toFixed(2)}z`;
    paths.set(digits[from], (paths.get(digits[from]) || "") + box);
    from = to;
  }
  return [...paths].map(([digit, d]) => shape("path", { class: digit === "0" ? "ds-tiny-dropped" : "ds-tiny-left", d, "fill-opacity": digit === "0" ? 1 : (0.12 + 0.88 * Number(digit) / 9).toFixed(2) }));
}

// A head that is clicked is shown at work below; the lists there are for keys.
function cells(count, tower, layer, y, wide) {
  const now = element.heads.chosen()?.join(" "), each = wide / count;
  return Array.from({ length: count }, (_, head) => `${tower} ${layer} ${head}`).map((name, head) => shape("rect", { class: now === name ? "ds-tiny-cell-of ds-tiny-chosen" : "ds-tiny-cell-of", "data-head": name, x: NAME + head * each, y, width: each - 2, height: HEAD }));
}

function tower(map, name, title) {
  const units = new Map(map.units), layers = [...units.keys()].filter((key) => key.startsWith(`${name}.`) && key.endsWith(".neurons")).map((key) => Number(key.split(".")[1])).sort((a, b) => a - b);
  const figure = make("figure"), high = 8 + ROW * (layers.length + 1), svg = shape("svg", { viewBox: `0 0 ${WIDE} ${high}`, role: "img" });
  const number = ([count, of]) => `${Number.isInteger(count) ? count : count.toFixed(0)} of ${of}`, { hidden, heads, neurons } = map.kept[name];
  const told = `${title}: ${number(hidden)} hidden channels, ${number(heads)} heads, ${number(neurons)} neurons`;
  const write = (text, y) => shape("text", { x: 0, y: y + HEAD - 3 }, text), space = WIDE - NAME;
  if (units.has(`${name}.hidden`)) svg.append(write("hidden", 0), ...strip(units.get(`${name}.hidden`), NAME, 0, space, HEAD, false));
  layers.forEach((layer, i) => {
    const y = 8 + ROW * (i + 1), row = units.get(`${name}.${layer}.heads`), most = row ? Math.min(0.3 * space, row.length * 20) : 0;
    svg.append(write(`layer ${layer + 1}`, y));
    if (row) svg.append(...strip(row, NAME, y, most, HEAD, true), ...(element.heads.shows(name) ? cells(row.length, name, layer, y, most) : []));
    svg.append(...strip(units.get(`${name}.${layer}.neurons`), NAME + most + 6, y, space - most - 6, HEAD, false));
  });
  svg.setAttribute("aria-label", told);
  figure.append(make("figcaption", "", title), svg, make("small", "", told.slice(title.length + 2)));
  return figure;
}

function column(map) {
  const box = make("div", "ds-tiny-map"), title = make("h3", "", state.arms.get(map.arm));
  box.dataset.arm = map.arm;
  title.append(make("small", "", ` update ${map.step}`));
  box.append(title, ...TOWERS.map(([name, words]) => tower(map, name, words)));
  return box;
}

const percent = (value) => `${(100 * value).toFixed(1)} %`;

// What each tower has left, and both, with what was asked of both as a mark.
function sizes() {
  const rows = state.sizes.filter(([arm]) => state.arms.has(arm)).map(([arm, size]) => {
    const row = make("li"), bars = make("div");
    [["image", size.image], ["text", size.text], ["both", size.blocks]].filter(([, value]) => typeof value === "number").forEach(([name, value]) => {
      const bar = make("div", "ds-tiny-size"), fill = make("i"), track = make("div");
      fill.style.width = `${Math.min(100, 100 * value).toFixed(1)}%`;
      track.append(fill);
      if (name === "both" && typeof size.asked === "number") {
        const mark = make("u");
        mark.style.left = `${Math.min(100, 100 * size.asked).toFixed(1)}%`;
        mark.title = `asked: ${percent(size.asked)}`;
        track.append(mark);
      }
      bar.append(make("span", "", name === "both" ? "both towers" : `${name} tower`), track, make("b", "", percent(value)));
      bars.append(bar);
    });
    row.dataset.arm = arm;
    const asked = typeof size.asked === "number" ? `asked ${percent(size.asked)}, reached ${percent(size.blocks)} of the blocks` : `${percent(size.blocks)} of the blocks`;
    row.append(make("span", "", state.arms.get(arm)), bars, make("small", "", typeof size.all === "number" ? `${asked}; ${percent(size.all)} of all parameters` : asked));
    return row;
  });
  const list = make("ul");
  list.append(...rows);
  part(".ds-tiny-sizes").replaceChildren(...(rows.length ? [make("h3", "", "Where was it saved?"), make("p", "ds-quiet", "The share of each tower's blocks that is left, means over the seeds. The mark is what was asked. Embeddings are no part of the blocks."), list] : []));
}

function fill(name, options, value) {
  const list = part(`[data-pick=${name}]`), wanted = JSON.stringify(options);
  if (list.dataset.there !== wanted) {
    list.dataset.there = wanted;
    list.replaceChildren(...options.map(([key, title]) => Object.assign(make("option", "", title), { value: key })));
  }
  list.value = value;
}

function draw() {
  const found = state.maps.size ? chosen() : { maps: [] }, there = Boolean(state.run) && found.maps.every(Boolean) && found.maps.length > 0;
  part("[data-wait]").hidden = there;
  part("[data-wait] p").textContent = state.run && !state.live ? "This run kept no maps: none of its students inherits, or it ended before." : "The maps appear here when the first student inherits.";
  part("[data-shown]").hidden = !there;
  section.dataset.maps = [...state.maps.values()].flat().length;
  if (!there) return part(".ds-tiny-sizes").replaceChildren();
  ["left", "right"].forEach((name) => fill(name, found.there.map((arm) => [arm, state.arms.get(arm)]), found[name]));
  fill("seed", found.seeds.map((seed) => [String(seed), String(seed)]), String(found.seed));
  const along = part("[data-step]"), last = found.steps.length - 1;
  Object.assign(along, { max: Math.max(0, last), value: found.steps.indexOf(found.step), disabled: last < 1 });
  along.setAttribute("aria-valuetext", `update ${found.step}`);
  along.nextElementSibling.textContent = found.step;
  part("[data-play]").disabled = last < 1;
  part("[data-play]").textContent = state.timer ? "Pause" : "Play";
  part(".ds-tiny-maps").replaceChildren(...found.maps.map(column));
  const budget = state.budgets.filter(([seed, step]) => seed === found.seed && step <= found.step).at(-1);
  part("[data-said]").textContent = "A row is a layer, the first one on top: its heads as cells, then its neurons as a strip. Hidden channels are shared by all layers of a tower."
    + (budget ? ` Masks, update ${budget[1]}: ${percent(budget[2])} of the blocks are gone, ${percent(budget[3])} are wanted.` : "");
  sizes();
  section.saves = { name: "kept", rows: () => [["arm", "seed", "step", "unit", "kept, in ninths"], ...found.maps.flatMap((map) => map.units.flatMap(([unit, digits]) => [...digits].map((digit, i) => [map.arm, map.seed, map.step, `${unit} ${i}`, Number(digit)])))] };
}

// -- the film --------------------------------------------------------------------------------------------------
function stop() { clearInterval(state.timer); state.timer = null; }

function play() {
  if (state.timer) { stop(); return draw(); }
  const most = chosen().steps.length - 1;
  if (still) { state.at = 1; return draw(); }
  if (state.at >= 1) state.at = 0;
  state.timer = setInterval(() => {
    state.at = Math.min(1, state.at + 1 / most);
    if (state.at >= 1 || !element.isConnected) { stop(); state.at = 1; }
    draw();
  }, FRAME_MS);
  draw();
}

// -- events ----------------------------------------------------------------------------------------------------
element.addEventListener("change", ({ target }) => {
  const name = target.dataset.pick;
  if (!name) return;
  state[name] = name === "seed" ? Number(target.value) : target.value;
  draw();
  if (element.heads.chosen()) element.heads.choose(...element.heads.chosen());
});
element.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-step]")) return;
  stop();
  state.at = Number(target.value) / Math.max(1, chosen().steps.length - 1);
  draw();
});
element.addEventListener("click", ({ target }) => {
  const head = target.closest("[data-head]")?.dataset.head;
  if (target.closest("[data-play]")) play();
  if (!head || !element.heads.chosen()) return;
  const [tower, ...numbers] = head.split(" ");
  element.heads.choose(tower, ...numbers.map(Number));
  draw();
});
element.addEventListener("ds-head", draw);
watch("value", () => take(props.value));
take(props.value);
