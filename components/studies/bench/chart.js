// The bench's chart in the browser: loss and validation of every student, then accuracy while it is being measured.
// Keeps every point it was sent and redraws with Plotly.react, which leaves the visitor's zoom alone. Knows columns of
// numbers; no server, no run folder. Given by gr.HTML: element, props, trigger, watch; by shared.js and curves.js: make, expected,
// colour and the rest.

const state = { run: null, number: 0, kind: "real", lr: null, lines: new Map(),
  tasks: new Map(), chosen: null, task: null, latest: null };
const part = (selector) => element.querySelector(selector);
const plot = part(".ds-plot");

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { Object.assign(state, { run: null, lines: new Map(), tasks: new Map() }); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) Object.assign(state, { chosen: null, task: null });
    Object.assign(state, { run: news.run, kind: news.kind, lr: news.lr, lines: new Map(), tasks: new Map() });
  }
  state.number = news.number;
  news.tune.line.forEach((name, i) => put(line(name).loss, news.tune.step[i], [news.tune.loss[i]]));
  news.validate.line.forEach((name, i) => put(line(name).check, news.validate.step[i], [news.validate.acc[i], news.validate.n[i]]));
  const s = news.score;
  s.who.forEach((who, i) => {
    const row = student(s.task[i], who);
    row.total = s.total[i];
    state.latest = s.task[i];
    put(row, s.done[i], [s.acc[i], s.low[i], s.high[i]]);
  });
  draw();
}

function line(name) {
  if (!state.lines.has(name)) {
    const [phase, lr, seed] = name.split(" ");
    state.lines.set(name, { final: phase === "final", lr, seed: Number(seed), loss: series(1), check: series(2) });
  }
  return state.lines.get(name);
}

function student(task, who) {
  if (!state.tasks.has(task)) state.tasks.set(task, new Map());
  const students = state.tasks.get(task);
  if (!students.has(who)) students.set(who, series(3));
  return students.get(who);
}

const series = (width) => ({ x: [], y: Array.from({ length: width }, () => []) });

function put(row, x, values) {  // a resumed run repeats some steps: what it says now counts
  while (row.x.length && row.x.at(-1) >= x) { row.x.pop(); row.y.forEach((column) => column.pop()); }
  row.x.push(x);
  row.y.forEach((column, i) => column.push(values[i]));
}

// -- figure ----------------------------------------------------------------------------------------------------
const own = () => [...state.lines.values()].filter((l) => l.final);
// the winner of the grid is a student too, and is not trained twice
const won = (l) => !l.final && l.lr === (state.lr || (own()[0] || {}).lr) && !own().some((o) => o.seed === l.seed);
const finals = () => [...state.lines.values()].filter((l) => l.final || won(l));
const tries = () => [...state.lines.values()].filter((l) => !l.final && !won(l));
const view = () => state.chosen || (state.tasks.size ? "scoring" : "training");
// the visitor's choice, else the task that is being scored, else the first
const whole = () => [...state.tasks.values()].every((t) => [...t.values()].every((row) => row.x.at(-1) === row.total));
const task = () => (state.tasks.has(state.task) ? state.task : whole() ? [...state.tasks.keys()][0] : state.latest);
const spoken = (name) => name.replaceAll("_", " ");
const called = (who) => (who === "base" ? "before" : who.startsWith("seed-") ? "student " + (Number(who.slice(5)) + 1) : who);

function trainingTraces() {
  const traces = [];
  const thick = new Set(finals());
  for (const l of [...tries(), ...thick]) {
    const final = thick.has(l), name = final ? `student ${l.seed + 1}` : `step size ${l.lr}`;
    const look = final ? { color: colour(state.kind), width: 2.6 } : { color: colour("none"), width: 1.1 };
    const base = { line: look, opacity: final ? Math.max(0.45, 1 - 0.22 * l.seed) : 0.75, connectgaps: true };
    traces.push({ ...base, x: l.loss.x, y: l.loss.y[0], mode: l.loss.x.length > 1 ? "lines" : "markers",
      hovertemplate: `${name}, update %{x}<br>loss <b>%{y:.3f}</b><extra></extra>` });
    if (!l.check.x.length) continue;
    traces.push({ ...base, x: l.check.x, y: l.check.y[0], customdata: l.check.y[1], yaxis: "y2", mode: "lines+markers",
      marker: { size: final ? 7 : 4, color: look.color },
      hovertemplate: `${name}, update %{x}<br>validation <b>%{y:.2f}</b> (n = %{customdata})<extra></extra>` });
  }
  return traces;
}

function scoringTraces() {
  const traces = [];
  [...state.tasks.get(task())].forEach(([who, row]) => {
    const tint = colour(who === "base" ? "none" : state.kind), seed = Number(who.replace("seed-", "")) || 0;
    const opacity = who === "base" ? 1 : Math.max(0.45, 1 - 0.22 * seed);
    const edge = { x: row.x, mode: "lines", line: { width: 0, color: tint }, hoverinfo: "skip" };
    traces.push({ ...edge, y: row.y[1] }, { ...edge, y: row.y[2], fill: "tonexty", fillcolor: faded(tint, 0.13) });
    traces.push({ x: row.x, y: row.y[0], mode: "lines", line: { color: tint, width: 2.6 }, opacity,
      customdata: row.y[1].map((low, i) => [low, row.y[2][i]]),
      hovertemplate: `${called(who)}, %{x} questions<br><b>%{y:.2f}</b> (95 %: %{customdata[0]:.2f} to %{customdata[1]:.2f})<extra></extra>` });
    traces.push({ x: [row.x.at(-1)], y: [row.y[0].at(-1)], mode: "markers", hoverinfo: "skip", opacity,
      marker: { color: tint, size: 9 } });
  });
  return traces;
}

function faded(hex, alpha) {
  const n = parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${alpha})`;
}

function label(text, y) {
  return { text, x: 0, xref: "paper", xanchor: "left", y, yref: "paper", yanchor: "bottom", yshift: 4,
    showarrow: false, font: { size: 12, color: colour("muted") } };
}

// No `transition` here: react would then animate, and leave axes and shapes where they were.
function layout(name) {
  const axis = axisStyle();
  const both = name === "training" && [...state.lines.values()].some((l) => l.check.x.length);
  const base = { ...layoutStyle(), uirevision: state.run + name + (name === "scoring" ? task() : ""),
    margin: { t: 26, r: 16, b: 40, l: 44 }, height: both ? 420 : 320,
    xaxis: { ...axis, anchor: both ? "y2" : "y", showgrid: false, rangemode: "tozero",
      title: { text: name === "training" ? "update" : "questions asked", font: { size: 12, color: colour("muted") } } } };
  if (name === "scoring") {
    const total = Math.max(...[...state.tasks.get(task()).values()].map((row) => row.total));
    base.xaxis.range = [0, total * 1.02];
    return { ...base, annotations: [label(`accuracy on ${spoken(task())}, with its 95 % interval`, 1)],
      yaxis: { ...axis, range: [0, 1], tickformat: ".1f" } };
  }
  const annotations = [label("loss", 1)];
  const figure = { ...base, annotations, yaxis: { ...axis, nticks: 6, rangemode: "tozero", domain: both ? [0.4, 1] : [0, 1] } };
  if (!both) return figure;
  annotations.push(label("accuracy on validation questions", 0.28));
  return { ...figure, yaxis2: { ...axis, domain: [0, 0.28], nticks: 4, tickformat: ".1f" } };
}

// -- drawing ---------------------------------------------------------------------------------------------------
function key(name) {
  const box = part(".ds-chart-key"), said = [];
  if (name === "training") {
    if (tries().length) said.push(make("span", "ds-key-none", `${finals().length ? "other " : ""}step sizes tried: ${[...new Set(tries().map((l) => l.lr))].join(", ")}`));
    if (finals().length) said.push(make("span", "ds-key-" + state.kind, `${finals().length} ${finals().length > 1 ? "students" : "student"} with ${finals()[0].lr}`));
  } else {
    const students = state.tasks.get(task());
    if (students.has("base")) said.push(make("span", "ds-key-none", "before"));
    if (students.size > students.has("base")) said.push(make("span", "ds-key-" + state.kind, "after, one line a student"));
  }
  box.replaceChildren(...said);
  box.hidden = !said.length;
}

function chips() {
  const box = part(".ds-tasks"), names = [...state.tasks.keys()];
  box.hidden = view() !== "scoring" || names.length < 2;
  if (box.dataset.names !== names.join()) {
    box.dataset.names = names.join();
    box.replaceChildren(...names.map((name) => Object.assign(make("button", "", spoken(name)), { type: "button", value: name })));
  }
  box.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", b.value === task()));
}

function draw() {
  const name = view(), points = [...state.lines.values()].reduce((sum, l) => sum + l.loss.x.length, 0);
  const scored = [...state.tasks.values()].flatMap((t) => [...t.values()]).reduce((sum, row) => sum + row.x.length, 0);
  const some = { training: points, scoring: scored };
  element.querySelectorAll("[data-view]").forEach((b) => {
    b.setAttribute("aria-pressed", b.dataset.view === name);
    b.disabled = !some[b.dataset.view];
  });
  Object.assign(part(".ds-chart").dataset, { points, scored, run: state.run || "" });
  const shown = some[name] > 0;
  part(".ds-wait").hidden = shown;
  plot.hidden = !shown;
  part(".ds-chart-key").hidden = true;
  chips();
  if (!shown || !window.Plotly) return;
  key(name);
  plot.setAttribute("aria-label", name === "training" ? `Loss over updates, ${state.lines.size} lines`
    : `Accuracy on ${spoken(task())} while it is measured, ${state.tasks.get(task()).size} students`);
  window.Plotly.react(plot, name === "training" ? trainingTraces() : scoringTraces(), layout(name), plotConfig);
  plot.hooked = true;
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.view) state.chosen = button.dataset.view;
  if (button.value) state.task = button.value;
  draw();
});
keepFitting(plot, draw);
watch("value", () => take(props.value));
take(props.value);
withPlotly(draw);
