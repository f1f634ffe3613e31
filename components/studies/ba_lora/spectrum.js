// The singular values of one batch's logits in the browser: bars at the start, in between and at the end, and the share of
// the top k over the updates. Keeps the rows it was sent. Knows numbers; no run folder.
// Given by gr.HTML: element, props, trigger, watch; by shared.js: make, shape, expected.

const FIRST = ["ba_lora_strong", "ba_lora", "pissa"], NORMS = ["Σσ (nuclear norm)", "‖Z‖_F (Frobenius norm)"];
const WIDE = 240, HIGH = 56;  // of the picture of a ratio, in its own units
const state = { run: null, number: 0, k: 10, live: true, arms: {}, rows: new Map(), arm: null, seed: null, centred: false };
const part = (selector) => element.querySelector(selector), section = part(".ds-spectrum");

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { Object.assign(state, { run: null, rows: new Map(), arm: null, seed: null }); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) Object.assign(state, { arm: null, seed: null });
    Object.assign(state, { run: news.run, rows: new Map(), arms: {} });
  }
  Object.assign(state, { number: news.number, k: news.k, live: news.live, arms: { ...state.arms, ...news.arms } });
  news.rows.forEach((row) => {
    const mine = state.rows.get(`${row.arm} ${row.seed}`) || [];  // a resumed run repeats some steps: what it says now counts
    state.rows.set(`${row.arm} ${row.seed}`, [...mine.filter((old) => old.step < row.step), row]);
  });
  draw();
}

const arms = () => Object.keys(state.arms).filter((name) => seeds(name).length);
const seeds = (arm) => [...state.rows.keys()].filter((key) => key.startsWith(`${arm} `)).map((key) => Number(key.split(" ")[1])).sort((a, b) => a - b);

function chosen() {
  const there = arms(), arm = there.includes(state.arm) ? state.arm : FIRST.find((name) => there.includes(name)) || there[0];
  const seed = seeds(arm).includes(state.seed) ? state.seed : seeds(arm)[0];
  return { arm, seed, rows: state.rows.get(`${arm} ${seed}`) };
}

const valuesOf = (row) => row[state.centred ? "centred" : "values"], ratiosOf = (row) => row[state.centred ? "centred_ratios" : "ratios"] || [null, null];
const two = (value) => (value === null || value === undefined ? "not recorded" : value.toFixed(2));
const moment = (row) => (row.when === "now" ? `update ${row.step}` : row.when === "start" ? "start" : `end, update ${row.step}`);

// -- drawing ---------------------------------------------------------------------------------------------------
function fill(select, options, value) {
  const said = JSON.stringify(options);
  if (select.dataset.options !== said) {
    select.dataset.options = said;
    select.replaceChildren(...options.map(([name, title]) => Object.assign(make("option", "", title), { value: name })));
  }
  select.value = value;
}

// The first, the middle and the latest row whose values were sent.
function moments(rows) {
  const found = rows.filter((row) => valuesOf(row)?.length);
  return [...new Set([found[0], found[Math.floor(found.length / 2)], found.at(-1)])].filter(Boolean);
}

function bars(row, low, high) {
  const figure = make("figure"), box = make("div", "ds-bars"), values = valuesOf(row), [nuclear, frobenius] = ratiosOf(row);
  const place = (value) => 100 * (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low);
  for (let power = low; power <= high; power += 1) {
    const tick = make("span", "ds-power", String(10 ** power));
    tick.style.bottom = `${place(10 ** power)}%`;
    box.append(tick);
  }
  values.forEach((value, i) => {
    const bar = make("i", i < state.k ? "ds-top" : "");
    bar.style.height = `${Math.max(place(value), 0.5)}%`;
    bar.title = `σ ${i + 1}: ${Number(value.toPrecision(3))}`;
    box.append(bar);
  });
  const said = `top ${state.k}: ${two(nuclear)} of Σσ, ${two(frobenius)} of ‖Z‖_F`;
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", `${moment(row)}: largest singular value ${Number(values[0].toPrecision(3))}, ${said}`);
  figure.append(make("h3", "", moment(row)), box, make("figcaption", "", said));
  return figure;
}

// The share of the top k at every recorded update, in one norm.
function ratio(rows, norm) {
  const points = rows.map((row) => [row.step, ratiosOf(row)[norm]]).filter(([, value]) => value !== null), figure = make("figure");
  figure.append(make("h3", "", `top ${state.k} over ${NORMS[norm]}`));
  if (!points.length) { figure.append(make("figcaption", "", "not recorded in this run")); return figure; }
  const ys = points.map(([, y]) => y), low = Math.min(...ys), reach = Math.max(...ys) - low, end = Math.max(points.at(-1)[0], 1);
  const at = ([x, y]) => `${(WIDE * x / end).toFixed(1)} ${(reach ? HIGH * (1 - (y - low) / reach) : HIGH / 2).toFixed(1)}`;
  const said = `${two(ys[0])} at the start, ${two(ys.at(-1))} at update ${points.at(-1)[0]}`;
  const svg = shape("svg", { viewBox: `-4 -4 ${WIDE + 8} ${HIGH + 8}`, preserveAspectRatio: "none", role: "img", "aria-label": said });
  svg.append(shape("path", { d: "M" + points.map(at).join("L") }));
  figure.append(svg, make("figcaption", "", said));
  return figure;
}

function draw() {
  const there = Boolean(state.run && arms().length);
  part("[data-wait=live]").hidden = there || (state.run && !state.live);
  part("[data-wait=over]").hidden = there || !state.run || state.live;
  part("[data-shown]").hidden = !there;
  section.dataset.rows = [...state.rows.values()].reduce((sum, rows) => sum + rows.length, 0);
  section.dataset.run = state.run || "";
  part("[data-centre]").hidden = !there || !chosen().rows.some((row) => row.centred);
  if (!there) return;
  const { arm, seed, rows } = chosen(), shown = moments(rows), all = shown.flatMap(valuesOf).filter((value) => value > 0);
  fill(part("[data-pick=arm]"), arms().map((name) => [name, state.arms[name]]), arm);
  fill(part("[data-pick=seed]"), seeds(arm).map((one) => [String(one), String(one)]), String(seed));
  part("[data-centre]").setAttribute("aria-pressed", state.centred);
  part("[data-top]").textContent = `the top ${state.k}`;
  const low = Math.max(Math.floor(Math.log10(Math.min(...all))), Math.floor(Math.log10(Math.max(...all))) - 4), high = Math.ceil(Math.log10(Math.max(...all)));
  part("[data-said]").textContent = `One batch of one student: seed ${seed}, ${valuesOf(shown[0]).length} largest singular values, ${rows.length} moments recorded. One student has no interval.`;
  part(".ds-moments").replaceChildren(...shown.map((row) => bars(row, low, Math.max(high, low + 1))));
  part(".ds-ratios").replaceChildren(ratio(rows, 0), ratio(rows, 1));
  section.saves = { name: "spectrum", rows: () => rowsOf(arm, seed, rows) };
}

function rowsOf(arm, seed, rows) {
  const found = [["arm", "seed", "update", "rows", "number", "singular value", "top k over nuclear norm", "top k over Frobenius norm"]];
  rows.forEach((row) => {
    const facts = [arm, seed, row.step, state.centred ? "centred" : "as they are"];
    (valuesOf(row) || [null]).forEach((value, i) => found.push([...facts, value === null ? null : i + 1, value, ...ratiosOf(row)]));
  });
  return found;
}

// -- events ----------------------------------------------------------------------------------------------------
element.addEventListener("change", ({ target }) => {
  if (target.dataset.pick === "arm") state.arm = target.value;
  if (target.dataset.pick === "seed") state.seed = Number(target.value);
  if (target.dataset.pick) draw();
});
element.addEventListener("click", ({ target }) => {
  if (!target.closest("[data-centre]")) return;
  state.centred = !state.centred;
  draw();
});
watch("value", () => take(props.value));
take(props.value);
