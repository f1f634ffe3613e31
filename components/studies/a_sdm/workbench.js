// The workbench in the browser: the teacher's layers, kept or dropped; what that leaves of parameters, multiplications and time;
// the curves of every arm. A visitor's own choice is estimated from the teacher's layers. Given by gr.HTML: element, props, trigger,
// watch; by axes.js: element.axes; by routing.js: element.routing; by shared.js: make, shape, still.

const HIGH = 280, FULL = "full", COSTS = ["parameters", "flops", "ms1", "ms8"];
const state = { run: null, nets: [], layers: [], points: [], arms: [], figures: [], arm: null, kept: null, figure: 0, lit: null, live: true, trained: [], routing: { layers: [], nets: 0 }, experts: false };
const part = (selector) => element.querySelector(selector), section = part(".ds-sdm-bench"), { frame, padded, follow } = element.axes;

// -- data ----------------------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { Object.assign(state, { run: null, nets: [] }); return draw(); }
  if (news.run !== state.run) Object.assign(state, { arm: null, kept: null, lit: null });
  Object.assign(state, { run: news.run, nets: news.nets, layers: news.layers, points: news.points, arms: news.arms, figures: news.figures, live: news.live, trained: news.trained, routing: news.routing, experts: news.experts });
  draw();
}

const net = (arm) => state.nets.find((one) => one.arm === arm);
const first = () => state.nets.find((one) => one.arm !== FULL && one.kept.length) || state.nets[0];

// -- drawing -------------------------------------------------------------------------------------------------------
function draw() {
  const there = Boolean(state.run) && state.nets.length > 0;
  part("[data-wait]").hidden = there;
  part("[data-wait]").textContent = state.run && !state.live ? "This run has no light net." : "The light nets appear here when they are put together.";
  part("[data-shown]").hidden = !there;
  section.dataset.arms = state.nets.length;
  if (!there) return;
  const list = part("[data-arm]"), wanted = state.nets.map(({ arm }) => arm).join();
  if (list.dataset.there !== wanted) {
    list.dataset.there = wanted;
    list.replaceChildren(...state.nets.map(({ arm, title }) => Object.assign(make("option", "", title), { value: arm })));
  }
  state.arm = net(state.arm) ? state.arm : first().arm;
  list.value = state.arm;
  part("[data-train]").hidden = !state.trained.includes(state.arm);
  parts();
  numbers();
  curves();
  element.routing.draw(state.routing, state.experts && state.live ? "The gates of the experts appear here when the sweep ends."
    : "This run has no experts. The arm experts, among the arms of the form, trains a net that has some.");
}

const keptNow = () => state.kept || new Set(net(state.arm).kept);

function parts() {
  const kept = keptNow(), blocks = new Map();
  state.layers.forEach((layer) => (blocks.get(layer[2]) || blocks.set(layer[2], []).get(layer[2])).push(layer));
  part(".ds-sdm-parts").replaceChildren(...[...blocks].map(([, layers]) => {
    const box = make("div", "ds-sdm-block"), name = layers[0][1].split(", ")[0];
    box.append(make("b", "", name), ...layers.map(([id, title]) => {
      const button = make("button", "", title.split(", ").slice(1).join(", "));
      Object.assign(button, { type: "button", title });
      button.dataset.layer = id;
      button.setAttribute("aria-pressed", kept.has(id));
      return button;
    }));
    return box;
  }));
}

const percent = (value) => `${(100 * value).toFixed(0)} %`;

function numbers() {
  const full = net(FULL), mine = net(state.arm), own = state.kept !== null, gone = state.layers.filter(([id]) => !keptNow().has(id));
  const left = (at) => (full?.[COSTS[at]] ? 1 - gone.reduce((total, layer) => total + layer[3 + at], 0) / (at === 1 ? 1 : full[COSTS[at]]) : null);
  const share = COSTS.map((name, at) => (own ? left(at) : mine[name] !== null && full?.[name] ? mine[name] / full[name] : null));
  const names = ["Parameters", "Multiplications", "Time, one picture", "Time, 8 pictures"], exact = own ? null : mine.parameters;
  part(".ds-sdm-numbers").replaceChildren(...names.map((name, at) => {
    const row = make("div"), said = share[at] === null ? "not known" : percent(Math.max(0, share[at]));
    row.append(make("dt", "", own ? `${name}, estimated` : name), make("dd", "", at === 0 && exact ? `${(exact / 1e6).toFixed(2)} M, ${said}` : said));
    return row;
  }));
  part("[data-about]").textContent = own ? "your own choice of layers" : mine.about;
  part("[data-how]").textContent = own ? "What the dropped layers hold and take is taken off the full net's. Nothing is trained; choose a net to see a measured one."
    : "All in percent of the full net. Press a layer to estimate a choice of your own.";
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

function gathered() {
  const at = 3 + state.figure;
  return state.arms.map(([arm, title]) => {
    const seeds = new Map();
    state.points.filter((p) => p[0] === arm && p[at] !== null).forEach((p) => (seeds.get(p[1]) || seeds.set(p[1], new Map()).get(p[1])).set(p[2], p[at]));
    const lines = [...seeds.values()].map((steps) => [...steps].sort((a, b) => a[0] - b[0]));
    const shared = lines.length ? lines[0].map(([step]) => step).filter((step) => lines.every((line) => line.some(([other]) => other === step))) : [];
    return { arm, title, lines, mean: shared.map((step) => [step, mean(lines.map((line) => line.find(([other]) => other === step)[1]))]) };
  }).filter((one) => one.lines.length);
}

function curves() {
  const found = gathered(), svg = part("[data-curves] svg"), list = part("[data-figure]");
  part("[data-curves]").hidden = !state.points.length;
  if (!state.points.length) return;
  if (!list.length) list.replaceChildren(...state.figures.map(([, title], i) => Object.assign(make("option", "", title), { value: i })));
  list.value = state.figure;
  const wide = Math.max(280, svg.clientWidth || 700), all = found.flatMap((one) => one.lines.flat()), share = state.figures[state.figure][0] === "right";
  svg.setAttribute("viewBox", `0 0 ${wide} ${HIGH}`);
  if (!all.length) return svg.replaceChildren();
  const { px, py, parts: axes } = frame({ wide, high: HIGH, x: [0, Math.max(...all.map(([step]) => step))], y: padded(all.map(([, value]) => value)), xName: "update", yName: state.figures[state.figure][1], write: share ? percent : undefined, writeX: (v) => String(v) });
  const path = (line) => line.map(([step, value], i) => `${i ? "L" : "M"}${px(step).toFixed(1)} ${py(value).toFixed(1)}`).join("");
  svg.replaceChildren(...axes, ...found.map(({ arm, lines, mean: middle }) => {
    const group = shape("g", { class: state.lit && state.lit !== arm ? "ds-back" : "", "data-series": series(arm) });
    group.append(...lines.map((line) => shape("path", { class: "ds-sdm-curve ds-sdm-faint", d: path(line) })), shape("path", { class: "ds-sdm-curve", d: path(middle) }));
    return group;
  }));
  const end = ({ title, mean: middle, lines }) => `${title}: ${middle.length ? (share ? percent(middle.at(-1)[1]) : middle.at(-1)[1].toFixed(1)) : "not known"} at the end, mean of ${lines.length}`;
  svg.setAttribute("aria-label", found.map(end).join("; "));
  part(".ds-sdm-arms").replaceChildren(...found.map((one) => {
    const button = make("button");
    Object.assign(button, { type: "button", title: end(one) });
    Object.assign(button.dataset, { light: one.arm, series: series(one.arm) });
    button.setAttribute("aria-pressed", state.lit === one.arm);
    button.append(make("i"), one.title);
    return button;
  }));
  section.saves = { name: "light-nets", rows: () => [["arm", "seed", "update", ...state.figures.map(([, title]) => title)], ...state.points, ...gates()] };
}

// The experts' gates, below a head of their own.
const gates = () => (state.routing.layers.length ? [["layer", "step", "kernel", "gate"], ...element.routing.rows(state.routing)] : []);

// A colour of its own for each arm, in the order of the study.
const series = (arm) => state.arms.filter(([name]) => name !== FULL).findIndex(([name]) => name === arm) % 10;

// The server fills the form; who has read it presses its button.
function train() {
  trigger("train", { arm: state.arm });
  document.getElementById("form")?.scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" });
  document.querySelector("#go")?.focus({ preventScroll: true });
}

// -- events --------------------------------------------------------------------------------------------------------
element.addEventListener("change", ({ target }) => {
  if (target.matches("[data-arm]")) { Object.assign(state, { arm: target.value, kept: null }); draw(); }
  if (target.matches("[data-figure]")) { state.figure = Number(target.value); draw(); }
});
element.addEventListener("click", ({ target }) => {
  if (target.closest("[data-train]")) train();
  const layer = target.closest("[data-layer]"), light = target.closest("[data-light]");
  if (layer) {
    state.kept = keptNow();
    const id = layer.dataset.layer;
    if (!state.kept.delete(id)) state.kept.add(id);
    draw();
    [...element.querySelectorAll("[data-layer]")].find((one) => one.dataset.layer === id)?.focus();
  }
  if (light) {
    state.lit = state.lit === light.dataset.light ? null : light.dataset.light;
    draw();
    [...element.querySelectorAll("[data-light]")].find((one) => one.dataset.light === light.dataset.light)?.focus();
  }
});
follow(section, () => { if (state.run) draw(); });
watch("value", () => take(props.value));
take(props.value);
