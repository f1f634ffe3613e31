// The live chart in the browser. Keeps every point it was sent, adds new ones, and redraws with Plotly.react, which
// leaves the visitor's zoom alone. Knows columns of numbers; no server, no run folder.
// Given by gr.HTML: element, props, trigger, watch. Given by curves.js before it: colour, smooth, axisStyle and the rest.

const columns = { matching: ["step", "loss", "regulariser", "cosine"], experts: ["expert", "step", "loss"] };
const state = { run: null, number: 0, data: {}, chosen: null, mark: null, companions: true, log: true };
const plot = element.querySelector(".ds-plot");

const blank = () => Object.fromEntries(
  Object.entries(columns).map(([name, keys]) => [name, Object.fromEntries(keys.map((key) => [key, []]))]));

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { state.run = null; state.data = blank(); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) { state.chosen = null; state.mark = null; }
    state.run = news.run; state.data = blank();
  }
  state.number = news.number;
  append("matching", news.matching, "step");
  append("experts", news.experts, null);
  draw();
}

function append(name, fresh, ordered) {
  const old = state.data[name];
  if (!fresh || !fresh[columns[name][0]].length) return;
  if (ordered) {  // a resumed run repeats some steps: what it says now counts
    const first = fresh[ordered][0];
    while (old[ordered].length && old[ordered].at(-1) >= first) columns[name].forEach((key) => old[key].pop());
  }
  columns[name].forEach((key) => old[key].push(...fresh[key]));
}

// -- figure ----------------------------------------------------------------------------------------------------
function view() {
  return state.chosen || (state.data.matching.step.length || !state.data.experts.step.length ? "matching" : "experts");
}

function matchingTraces() {
  const d = state.data.matching, copper = colour("made");
  const line = smooth(d.loss), ends = [Math.min(0, d.step[0]), d.step.at(-1)];
  const traces = [
    { x: ends, y: [1, 1], mode: "lines", line: { color: colour("muted"), width: 1, dash: "dash" }, hoverinfo: "skip" },
    { x: d.step, y: d.loss, mode: "markers", marker: { color: copper, size: 5, opacity: 0.38 }, connectgaps: false,
      hovertemplate: "update %{x}<br>matching loss <b>%{y:.3f}</b><extra></extra>" },
    { x: d.step, y: line, mode: "lines", line: { color: copper, width: 2.5 }, hoverinfo: "skip", connectgaps: true },
    { x: [d.step.at(-1)], y: [line.at(-1)], mode: "markers", hoverinfo: "skip",
      marker: { color: copper, size: 9 } },
  ];
  if (state.companions) {
    const quiet = { mode: "lines", line: { color: colour("real"), width: 1.6 } };
    traces.push({ ...quiet, x: d.step, y: d.cosine, yaxis: "y2",
      hovertemplate: "update %{x}<br>agreement of direction <b>%{y:.2f}</b><extra></extra>" });
    traces.push({ ...quiet, x: d.step, y: d.regulariser, yaxis: "y3",
      hovertemplate: "update %{x}<br>distance to real tokens <b>%{y:.2f}</b><extra></extra>" });
  }
  return traces;
}

function expertTraces() {
  const d = state.data.experts, lines = new Map();
  d.step.forEach((step, i) => {
    if (!lines.has(d.expert[i])) lines.set(d.expert[i], { x: [], y: [] });
    lines.get(d.expert[i]).x.push(step); lines.get(d.expert[i]).y.push(d.loss[i]);
  });
  return [...lines].map(([expert, { x, y }], i) => ({ x, y, mode: "lines", opacity: 0.35 + 0.65 / (1 + i),
    line: { color: colour("real"), width: 2 },
    hovertemplate: `expert ${Number(expert) + 1}, step %{x}<br>loss <b>%{y:.3f}</b><extra></extra>` }));
}

function label(text, y) {
  return { text, x: 0, xref: "paper", xanchor: "left", y, yref: "paper", yanchor: "bottom", showarrow: false,
    font: { size: 12, color: colour("muted") } };
}

// No `transition` here: react would then animate, and leave axes and shapes where they were.
function layout(name) {
  const axis = axisStyle();
  const both = name === "matching" && state.companions, latest = state.data.matching;
  const base = { ...layoutStyle(), uirevision: state.run + name + state.log,  // another scale is another zoom
    margin: { t: 26, r: 16, b: 40, l: 44 },
    height: both ? 470 : 330,
    xaxis: { ...axis, anchor: both ? "y3" : "y", showgrid: false,
      title: { text: name === "matching" ? "update" : "expert step", font: { size: 12, color: colour("muted") } } } };
  if (name === "experts") {
    return { ...base, yaxis: { ...axis, type: state.log ? "log" : "linear", nticks: 6 }, annotations: [label("loss on real questions", 1)] };
  }
  const annotations = [label("matching loss", 1), { text: "1 = learned nothing", x: 1, xref: "paper", xanchor: "right",
    y: state.log ? 0 : 1, yref: "y", yanchor: "bottom", showarrow: false, font: { size: 12, color: colour("muted") } }];
  const figure = { ...base, shapes: markShapes(), annotations,
    yaxis: { ...axis, ...(state.log ? { type: "log", tickvals: lossTicks(latest.loss) } : { type: "linear", rangemode: "tozero" }), domain: both ? [0.45, 1] : [0, 1] } };
  if (!both) return figure;
  annotations.push(label("agreement of direction (cosine)", 0.35), label("distance to the nearest real tokens", 0.125));
  return { ...figure, yaxis2: { ...axis, domain: [0.23, 0.34], nticks: 3 },
    yaxis3: { ...axis, domain: [0, 0.115], nticks: 3, rangemode: "tozero" } };
}

// The step that the prompt wall shows; what came after it steps back.
function markShapes() {
  const tall = { yref: "paper", y0: 0, y1: 1, x0: state.mark };
  return state.mark === null ? [] : [
    { ...tall, type: "rect", x1: state.data.matching.step.at(-1), fillcolor: colour("card"), opacity: 0.75, line: { width: 0 } },
    { ...tall, type: "line", x1: state.mark, line: { color: colour("ink"), width: 1 } }];
}

// -- drawing ---------------------------------------------------------------------------------------------------
function draw() {
  const name = view(), points = state.data[name].step.length;
  element.querySelectorAll("[data-view]").forEach((b) => {
    b.setAttribute("aria-pressed", b.dataset.view === name);
    b.disabled = !state.data[b.dataset.view].step.length;
  });
  const toggle = element.querySelector("[data-companions]");
  toggle.setAttribute("aria-pressed", state.companions);
  toggle.hidden = name !== "matching";
  element.querySelector("[data-log]").setAttribute("aria-pressed", state.log);
  element.querySelector(".ds-chart").dataset.points = points;
  element.querySelector(".ds-chart").dataset.run = state.run || "";
  element.querySelector(".ds-wait").hidden = points > 0;
  plot.hidden = !points;
  if (!points || !window.Plotly) return;
  const latest = state.data.matching.loss.findLast((v) => v !== null);
  plot.setAttribute("aria-label", name === "matching" && latest !== undefined
    ? `Matching loss over ${state.data.matching.step.at(-1)} updates, latest ${latest.toFixed(2)}` : "Loss of the experts");
  window.Plotly.react(plot, name === "matching" ? matchingTraces() : expertTraces(), layout(name), plotConfig);
  if (plot.hooked) return;
  plot.hooked = true;
  plot.on("plotly_click", (event) => window.dispatchEvent(new CustomEvent("distilloscope:pick",
    { detail: { run: state.run, step: event.points[0].x, view: view() } })));
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.view) state.chosen = button.dataset.view;
  if ("companions" in button.dataset) state.companions = !state.companions;
  if ("log" in button.dataset) state.log = !state.log;
  draw();
});
window.addEventListener("distilloscope:mark", ({ detail }) => {
  if (detail.run !== state.run || detail.step === state.mark) return;
  state.mark = detail.step;
  if (plot.hooked && !plot.hidden && view() === "matching") window.Plotly.relayout(plot, { shapes: markShapes() });  // a film is quick
  else draw();
});
keepFitting(plot, draw);
state.data = blank();
watch("value", () => take(props.value));
take(props.value);
withPlotly(draw);
