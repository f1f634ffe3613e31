// Switching in the browser: at each step how far the light net is from the full one, coloured by which of them runs there;
// a slider moves the switch, and the switches that were measured stand below. Given by gr.HTML: element, props, watch; by axes.js:
// element.axes; by shared.js: make, shape.

const HIGH = 190;
const state = { run: null, errors: new Map(), switches: [], nets: [], speeds: {}, net: null, first: "light", at: null, live: true };
const part = (selector) => element.querySelector(selector), section = part(".ds-sdm-switch"), { frame, padded, follow } = element.axes;

// -- data ----------------------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { Object.assign(state, { run: null, nets: [] }); return draw(); }
  if (news.run !== state.run) Object.assign(state, { net: null, at: null });
  Object.assign(state, { run: news.run, errors: new Map(), switches: news.switches, nets: news.nets, speeds: news.speeds, live: news.live });
  news.errors.forEach(([net, seed, step, error]) => {
    const mine = state.errors.get(net) || state.errors.set(net, new Map()).get(net);
    (mine.get(step) || mine.set(step, new Map()).get(step)).set(seed, error);
  });
  draw();
}

const curve = (net) => [...(state.errors.get(net) || [])].sort((a, b) => a[0] - b[0]).map(([step, seeds]) => { const all = [...seeds.values()]; return { step, mean: all.reduce((a, b) => a + b, 0) / all.length, low: Math.min(...all), high: Math.max(...all) }; });
const stepsOf = (points) => points.length || state.switches[0]?.of || 0;

// -- drawing -------------------------------------------------------------------------------------------------------
function draw() {
  const there = Boolean(state.run) && state.nets.length > 0;
  part("[data-wait]").hidden = there;
  part("[data-wait]").textContent = state.run && !state.live ? "This run has no light net." : "The errors of the light nets appear here when they are trained.";
  part("[data-shown]").hidden = !there;
  section.dataset.nets = state.nets.length;
  if (!there) return;
  const names = state.nets.map(([net]) => net), list = part("[data-net]");
  if (list.dataset.there !== names.join()) {
    list.dataset.there = names.join();
    list.replaceChildren(...state.nets.map(([net, title]) => Object.assign(make("option", "", title), { value: net })));
  }
  state.net = names.includes(state.net) ? state.net : state.switches.find((one) => names.includes(one.net))?.net || names[0];
  list.value = state.net;
  const points = curve(state.net), steps = stepsOf(points), along = part("[data-at]");
  state.at = Math.min(steps, state.at ?? Math.round(steps / 3));
  Object.assign(along, { max: steps, value: state.at });
  along.setAttribute("aria-valuetext", `${state.at} of ${steps} steps`);
  along.nextElementSibling.textContent = `${state.at} of ${steps}`;
  element.querySelectorAll("[data-way]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.way === state.first));
  errors(points, steps);
  measured(steps);
  said(points, steps);
  section.saves = { name: "switch", rows: () => [["net", "step", "error, mean of the seeds", "lowest", "highest"], ...points.map((p) => [state.net, p.step, p.mean, p.low, p.high])] };
}

const runs = (step, steps) => ((state.first === "light" ? step < state.at : step >= steps - state.at) ? "light" : "full");
const size = (svg, high) => { const wide = Math.max(280, svg.clientWidth || 700); svg.setAttribute("viewBox", `0 0 ${wide} ${high}`); return wide; };

function errors(points, steps) {
  const svg = part("[data-errors]"), wide = size(svg, HIGH), most = Math.max(...points.map((p) => p.high), 1e-9);
  svg.toggleAttribute("hidden", !points.length);
  const { px, py, parts } = frame({ wide, high: HIGH, x: [0, steps], y: [0, most * 1.05], xName: "step, from noise to picture", yName: "distance to the full net's prediction", write: (v) => (v ? v.toPrecision(1) : "0"), writeX: (v) => String(v) });
  const bars = points.flatMap((p) => [shape("rect", { class: "ds-sdm-bar", "data-of": runs(p.step, steps), x: px(p.step) + 1, y: py(p.mean), width: Math.max(1, px(1) - px(0) - 2), height: Math.max(0, py(0) - py(p.mean)) }),
    shape("path", { class: "ds-sdm-thin", d: `M${px(p.step + 0.5)} ${py(p.low)}V${py(p.high)}` })]);
  svg.replaceChildren(...parts, ...bars);
  svg.setAttribute("aria-label", `Error of the light net at ${points.length} steps, from ${points[0]?.mean.toPrecision(2)} at the first to ${points.at(-1)?.mean.toPrecision(2)} at the last`);
}

function measured(steps) {
  const svg = part("[data-measured]"), mine = state.switches.filter((one) => one.net === state.net && one.psnr !== null), wide = size(svg, HIGH);
  svg.toggleAttribute("hidden", !mine.length);
  if (!mine.length) return;
  const { px, py, parts, floor } = frame({ wide, high: HIGH, x: [0, steps], y: padded(mine.flatMap(({ psnr, psnr_se }) => [psnr - 1.96 * (psnr_se || 0), psnr + 1.96 * (psnr_se || 0)])), xName: "steps of the light net", yName: "PSNR to the full picture, dB", writeX: (v) => String(v) });
  const lines = ["light", "full"].map((first) => {
    const found = mine.filter((one) => one.first === first).sort((a, b) => a.light - b.light), group = shape("g", { "data-of": first });
    group.append(shape("path", { class: "ds-sdm-curve", "data-of": first, d: found.map((one, i) => `${i ? "L" : "M"}${px(one.light).toFixed(1)} ${py(one.psnr).toFixed(1)}`).join("") }));
    found.forEach((one) => {
      const r = 1.96 * (one.psnr_se || 0), dot = shape("circle", { class: "ds-sdm-dot", "data-of": first, cx: px(one.light), cy: py(one.psnr), r: one.light === state.at && first === state.first ? 7 : 4.5 });
      dot.append(shape("title", {}, `${one.title}: ${one.psnr.toFixed(1)} dB, ${one.speed8.toFixed(2)} ×`));
      group.append(shape("path", { class: "ds-sdm-thin", d: `M${px(one.light)} ${py(one.psnr - r)}V${py(one.psnr + r)}` }), dot);
    });
    return group;
  });
  svg.replaceChildren(...parts, shape("path", { class: "ds-sdm-now", d: `M${px(state.at)} 20V${floor}` }), ...lines);
  svg.setAttribute("aria-label", mine.map((one) => `${one.title}: ${one.psnr.toFixed(1)} dB`).join("; "));
}

// -- what is said --------------------------------------------------------------------------------------------------
function said(points, steps) {
  const speed = state.speeds[state.net], part_ = speed ? 1 - state.at / steps * (1 - 1 / speed) : null, summed = points.filter((p) => runs(p.step, steps) === "light").reduce((a, p) => a + p.mean, 0), all = points.reduce((a, p) => a + p.mean, 0);
  const near = state.switches.find((one) => one.net === state.net && one.first === state.first && one.light === state.at), twin = near && state.switches.find((one) => one.net === state.net && one.first !== state.first && one.light === state.at);
  const told = [`${state.at} of ${steps} steps with the light net${part_ ? `: ${(1 / part_).toFixed(2)} times as fast by the time of both nets` : ""}.`];
  if (all) told.push(`It runs where ${(100 * summed / all).toFixed(0)} % of its error lies.`);
  if (near && near.psnr !== null) told.push(`Measured: ${near.speed8.toFixed(2)} ×, ${near.psnr.toFixed(1)} ± ${(1.96 * (near.psnr_se || 0)).toFixed(1)} dB.`);
  else told.push("This switch was not measured.");
  if (twin && near.psnr !== null && twin.psnr !== null) told.push(`The other order: ${twin.psnr.toFixed(1)} ± ${(1.96 * (twin.psnr_se || 0)).toFixed(1)} dB.`);
  part("[data-said]").textContent = told.join(" ");
  part("[data-how]").textContent = "The error is that of a net on inputs of the full one, as a mean over the seeds; lines reach from the lowest seed to the highest. Below: pictures of the same noise, with 95 % intervals over pictures.";
}

// -- events --------------------------------------------------------------------------------------------------------
element.addEventListener("input", ({ target }) => { if (target.matches("[data-at]")) { state.at = Number(target.value); draw(); } });
element.addEventListener("change", ({ target }) => { if (target.matches("[data-net]")) { state.net = target.value; draw(); } });
element.addEventListener("click", ({ target }) => {
  const way = target.closest("[data-way]");
  if (way) { state.first = way.dataset.way; draw(); }
});
follow(section, () => { if (state.run) draw(); });
watch("value", () => take(props.value));
take(props.value);
