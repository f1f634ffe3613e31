// The editor of plans: fills the grid, works out time and fidelity at every change, has a plan measured or raced, and gives
// it away as a file. Given by gr.HTML: element, props, trigger, watch; by rules.js: element.rules; by plan_grid.js: element.grid; by shared.js: make.

const state = { run: null, number: 0, asked: 0, graph: null, steps: 20, harms: new Map(), plans: [], parts: [], sets: [], plan: new Map(), when: [], tuned: null, measured: null };
const part = (selector) => element.querySelector(selector), section = part(".ds-sdm-map"), { rules, grid } = element;
const LAYERS = ["resnet", "attention"], LONGEST_FILE = 200_000, MOST_STEPS = 200;

// -- what there is -------------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { Object.assign(state, { run: null, graph: null }); return show(); }
  if (news.answer || news.error) return news.run === state.run && news.number === state.asked ? answer(news) : undefined;
  if (news.run === state.run && news.number === state.number) return;
  const another = news.run !== state.run;
  if (another) Object.assign(state, { graph: null, plan: new Map(), measured: null, steps: news.steps });
  Object.assign(state, { run: news.run, number: news.number, plans: news.plans, harms: new Map(news.harms.map(([module, reading, psnr]) => [`${module} ${reading}`, psnr])) });
  if (news.modules) {
    Object.assign(state, { graph: news.modules.length ? rules.graphOf(news.modules) : null, parts: news.parts, sets: news.sets });
    state.when = news.sets[0]?.[1] || [0];
  }
  show();
  if (!state.graph) return;
  fill();
  state.tuned = tuned();
  if (another && !state.plan.size && state.plans.length) adopt((state.plans.find((one) => one.speed8 >= 1.4) || state.plans[0]).plan);
  else rebuild();
}

function show() {
  part("[data-wait]").hidden = Boolean(state.graph);
  part("[data-shown]").hidden = !state.graph;
  section.dataset.state = state.graph ? "ready" : "empty";
}

function fill() {
  const options = (list, first, names) => part(list).replaceChildren(make("option", "", first), ...names.map((name, i) => Object.assign(make("option", "", name), { value: i })));
  options("[data-what]", "choose a part", state.parts.map(([title]) => title));
  options("[data-when]", "choose steps", state.sets.map(([title]) => title));
  options("[data-plan]", "choose a plan", state.plans.map(({ title }) => title));
}

// -- the plan: module -> { reading, at } ---------------------------------------------------------------------------
const readingOf = (id) => (LAYERS.includes(state.graph.modules[state.graph.at.get(id)].kind) ? part("[data-reading]").value : "output");
const stale = () => Array.from({ length: state.steps }, (_, step) => step).filter((step) => step && !state.when.includes(step));

function asJson() {
  const inherit = [...state.plan].filter(([, { at }]) => at.size).map(([module, { reading, at }]) => ({ module, reading, at: [...at].sort((a, b) => a - b) }));
  return { steps: state.steps, inherit };
}

function adopt(plan) {
  Object.assign(state, { steps: plan.steps, plan: new Map(), measured: null });
  plan.inherit.forEach(({ module, reading, at }) => { if (state.graph.at.has(module)) state.plan.set(module, { reading, at: new Set(at.filter((step) => step > 0 && step < plan.steps)) }); });
  const mine = [...state.plan.keys()].filter((id) => LAYERS.includes(state.graph.modules[state.graph.at.get(id)].kind)).map((id) => state.plan.get(id).reading);
  if (mine.length) part("[data-reading]").value = mine[0];
  rebuild();
}

function toggle(id, step, wanted) {
  const entry = state.plan.get(id) || state.plan.set(id, { reading: readingOf(id), at: new Set() }).get(id);
  if (wanted ?? !entry.at.has(step)) entry.at.add(step);
  else entry.at.delete(step);
  if (!entry.at.size) state.plan.delete(id);
}

grid.on({
  cell(i, step) {
    if (!step) return refuse("Step 0 is always computed: there is nothing before it to inherit.");
    toggle(state.graph.modules[i].id, step);
    edited();
  },
  row(i) {
    const { id } = state.graph.modules[i];
    if (state.plan.has(id)) state.plan.delete(id);
    else stale().forEach((step) => toggle(id, step, true));
    edited();
  },
  step(step) {
    const mine = [...state.plan.keys()], any = mine.some((id) => state.plan.get(id).at.has(step));
    (mine.length ? mine : grid.shown().map((i) => state.graph.modules[i].id)).forEach((id) => toggle(id, step, !any));
    edited();
  },
  folded: () => paint(),
  look: (said) => { part("[data-how]").textContent = said || how(); },
});

// -- numbers -------------------------------------------------------------------------------------------------------
// How far predictions were off for the plans that this run measured: medians of the absolute errors.
function tuned() {
  const middle = (values) => (values.length ? values.sort((a, b) => a - b)[Math.floor(values.length / 2)] : null), apart = { speed: [], psnr: [] };
  state.plans.slice(0, 60).forEach(({ plan, speed8, psnr }) => {
    const map = rules.mapOf(state.graph, plan), near = rules.fidelityOf(map, state.harms);
    apart.speed.push(Math.abs(1 / rules.timeOf(state.graph, map, "ms8") - speed8));
    if (near !== null && psnr !== null && Number.isFinite(near)) apart.psnr.push(Math.abs(near - psnr));
  });
  return { speed: middle(apart.speed), psnr: middle(apart.psnr), n: apart.speed.length };
}

function edited() {
  state.measured = null;
  refuse("");
  paint();
}

function rebuild() {
  grid.build(state.graph, state.steps);
  refuse("");
  paint();
}

function paint() {
  const began = performance.now(), plan = asJson(), map = rules.mapOf(state.graph, plan);
  const planned = Array.from({ length: plan.steps }, () => new Set());
  plan.inherit.forEach(({ module, at }) => at.forEach((step) => planned[step].add(state.graph.at.get(module))));
  grid.paint(map, planned);
  numbers(plan, map);
  section.dataset.ms = (performance.now() - began).toFixed(1);
  section.dataset.plan = JSON.stringify(plan);
}

function numbers(plan, map) {
  const speed = (name) => `${(1 / rules.timeOf(state.graph, map, name)).toFixed(2)} ×`, near = rules.fidelityOf(map, state.harms), { tuned: off, measured } = state;
  const about = (value, unit) => (value === null || value === undefined ? "" : ` ± ${value.toFixed(unit === "dB" ? 1 : 2)}`);
  const psnr = near === null ? "not known" : near === Infinity ? "the same picture" : `${near.toFixed(1)}${about(off?.psnr, "dB")} dB`;
  const kept = state.graph.modules.filter((_, i) => !state.graph.block[i] && map.some((now) => now.given.has(i))), bytes = kept.reduce((total, row) => total + (row.cache_bytes || 0), 0);
  const rows = [["Predicted speed, 8 pictures at a time", `${speed("ms8")}${about(off?.speed)}`], ["Predicted speed, one picture", speed("ms1")], ["Multiplications left", `${(100 * rules.timeOf(state.graph, map, "flops")).toFixed(0)} %`],
    ["Predicted likeness (PSNR)", psnr], ["Kept for later, each picture", `${(bytes / 1024).toFixed(0)} KiB`]];
  if (measured) {
    const spread = (value, low, high) => (low === null || high === null ? "" : ` (${low.toFixed(2)} to ${high.toFixed(2)})`);
    rows.push(["Measured speed", `${measured.speed8.toFixed(2)} ×${spread(measured.speed8, measured.speed8_low, measured.speed8_high)}`],
      ["Measured likeness (PSNR)", measured.psnr === null ? "the same picture" : `${measured.psnr.toFixed(1)} ± ${(1.96 * (measured.psnr_se || 0)).toFixed(1)} dB, n = ${measured.n}`]);
    if (measured.right !== null) rows.push(["Measured: read right", `${(100 * measured.right).toFixed(1)} ± ${(196 * (measured.right_se || 0)).toFixed(1)} %`]);
  }
  part(".ds-sdm-numbers").replaceChildren(...rows.map(([name, value]) => {
    const row = make("div", name.startsWith("Measured") ? "ds-sdm-measured" : "");
    row.append(make("dt", "", name), make("dd", "", value));
    return row;
  }));
  part("[data-measure]").disabled = part("[data-race]").disabled = part("[data-download]").disabled = !plan.inherit.length;
  part("[data-how]").textContent = how();
}

function how() {
  const { tuned: off } = state;
  return "Predictions add up the measured milliseconds of what still runs, and the squared errors of what each part does alone." + (off?.n ? ` Behind ± stands by how much they missed the ${off.n} plans that this run measured, as a median.` : "");
}

function refuse(said) { part("[data-refused]").textContent = said; }

// -- measuring, racing, files --------------------------------------------------------------------------------------
function answer({ answer: found, error }) {
  section.dataset.state = error ? "failed" : "ready";
  part("[data-error]").innerHTML = error || "";  // made by the server, which escaped it
  part("[data-measure]").textContent = "Measure";
  if (error || found.speed8 === null) return;
  state.measured = found;
  paint();
  window.dispatchEvent(new CustomEvent("distilloscope:measured", { detail: { run: state.run, plan: JSON.parse(state.sent), ...found } }));
}

function measure() {
  state.asked += 1;
  state.sent = JSON.stringify(asJson());
  section.dataset.state = "waiting";
  part("[data-error]").replaceChildren();
  part("[data-measure]").textContent = "Measuring";
  trigger("measure", { run: state.run, plan: asJson(), number: state.asked });
}

function download() {
  const link = make("a"), blob = new Blob([JSON.stringify(asJson(), null, 1)], { type: "application/json" });
  Object.assign(link, { href: URL.createObjectURL(blob), download: "plan.json" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function open(file) {
  try {
    if (file.size > LONGEST_FILE) throw new Error("too large");
    const plan = JSON.parse(await file.text()), fits = Number.isInteger(plan.steps) && plan.steps > 1 && plan.steps <= MOST_STEPS && Array.isArray(plan.inherit)
      && plan.inherit.every(({ module, reading, at }) => typeof module === "string" && ["output", "branch"].includes(reading) && Array.isArray(at) && at.every(Number.isInteger));
    if (!fits) throw new Error("no plan");
    const strange = plan.inherit.filter(({ module }) => !state.graph.at.has(module)), first = plan.inherit.some(({ at }) => at.includes(0));
    adopt(plan);
    if (first) refuse("This plan inherits at step 0, where there is nothing before. Those cells are left out.");
    else if (strange.length) refuse("This plan names parts that this net lacks. They are left out.");
  } catch { refuse("This file is no plan. A plan is what the button beside this one saves."); }
}

// -- events --------------------------------------------------------------------------------------------------------
element.addEventListener("change", ({ target }) => {
  if (target.matches("[data-open]") && target.files[0]) { open(target.files[0]); target.value = ""; return; }
  const at = Number(target.value);
  if (target.matches("[data-reading]")) state.plan.forEach((entry, id) => { if (LAYERS.includes(state.graph.modules[state.graph.at.get(id)].kind)) entry.reading = target.value; });
  else if (target.matches("[data-what]") && state.parts[at]) {
    state.plan = new Map(state.parts[at][1].filter(([id]) => state.graph.at.has(id)).map(([id, reading]) => [id, { reading, at: new Set(stale()) }]));
  } else if (target.matches("[data-when]") && state.sets[at]) {
    state.when = state.sets[at][1];
    state.plan.forEach((entry) => { entry.at = new Set(stale()); });
  } else if (target.matches("[data-plan]") && state.plans[at]) return adopt(state.plans[at].plan);
  else return;
  edited();
});
element.addEventListener("click", ({ target }) => {
  if (target.closest("[data-measure]")) measure();
  if (target.closest("[data-race]")) window.dispatchEvent(new CustomEvent("distilloscope:race", { detail: { run: state.run, plan: asJson() } }));
  if (target.closest("[data-download]")) download();
  if (target.closest("[data-clear]")) { state.plan = new Map(); edited(); }
});
window.addEventListener("distilloscope:plan", ({ detail }) => { if (detail.run === state.run && state.graph) { adopt(detail.plan); element.scrollIntoView({ block: "start" }); } });
watch("value", () => take(props.value));
take(props.value);
