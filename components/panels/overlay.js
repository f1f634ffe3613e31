// Several runs' curves in one picture. Keeps every point it was sent and redraws with Plotly.react, which leaves the
// visitor's zoom alone. Knows columns of numbers; no server, no run folder. Names are untrusted: `plain` goes before Plotly.
// Given by gr.HTML: element, props, trigger, watch; by curves.js and following.js: colour, smooth, follow and the rest.

const COLUMNS = ["step", "loss", "regulariser", "cosine", "elapsed"];
const DASHES = ["solid", "8px,4px", "2px,4px", "9px,4px,2px,4px"];
const VIEWS = {
  loss: { said: "matching loss", digits: 3 },
  cosine: { said: "agreement of direction (cosine)", digits: 2 },
  regulariser: { said: "distance to the nearest real tokens", digits: 2 },
};
const AROUND = 150;  // pixels of the card beside the plot
const GAP = 16;  // pixels between two names at the lines' ends
const chosen = { view: "loss", axis: "step" };
const part = (selector) => element.querySelector(selector);
const plot = element.querySelector(".ds-plot"), section = element.querySelector(".ds-overlay");

// -- data ------------------------------------------------------------------------------------------------------
function add(run, news) {
  const fresh = news.points;
  if (news.fresh || !run.points) Object.assign(run, { points: Object.fromEntries(COLUMNS.map((key) => [key, []])), clock: true });
  const old = run.points, began = old.elapsed.at(-1) || 0;
  if (!fresh.step.length) return;
  run.clock = run.clock && fresh.elapsed !== null;
  while (old.step.length && old.step.at(-1) >= fresh.step[0]) COLUMNS.forEach((key) => old[key].pop());
  COLUMNS.forEach((key) => key !== "elapsed" && old[key].push(...fresh[key]));
  old.elapsed.push(...(fresh.elapsed ? fresh.elapsed.map((seconds) => began + seconds) : fresh.step.map(() => null)));
}

const drawable = (run) => run.points && run.points.step.length > 0;
const axis = (all) => (all.every((run) => run.clock) ? chosen.axis : "step");

// -- figure ----------------------------------------------------------------------------------------------------
function curve(run, along) {
  const y = run.points[chosen.view];
  return { run, x: run.points[along], y, line: smooth(run.points.step, y, smoothing(), chosen.view !== "loss"), colour: colour("vs-" + run.slot) };
}

function traces({ run, x, y, line, colour: tint }) {
  const name = `${letter(run)} ${plain(run.name)}`;
  return [
    { x, y, name, showlegend: false, customdata: run.points.step, mode: "markers", marker: { color: tint, size: 4.5, opacity: 0.3 },
      hovertemplate: `<b>${name}</b><br>update %{customdata}<br>${VIEWS[chosen.view].said} `
        + `<b>%{y:.${VIEWS[chosen.view].digits}f}</b><extra></extra>` },
    { x, y: line, name, showlegend: true, mode: "lines", hoverinfo: "skip", connectgaps: true,
      line: { color: tint, width: 2.5, dash: DASHES[run.slot] } },
  ];
}

// What is in view: the visitor's zoom, else all there is. On the loss's axis in powers of ten.
function ranges(curves) {
  const held = plot.layout || {}, log = chosen.view === "loss";
  const zoomed = (name) => plot.held === revision(curves) && held[name] && held[name].autorange === false && held[name].range;
  const values = curves.flatMap((c) => c.y).filter((v) => v !== null && (!log || v > 0)).map((v) => (log ? Math.log10(v) : v));
  const low = Math.min(...values, ...(chosen.view === "regulariser" ? [0] : [])), high = Math.max(...values, ...(log ? [0] : []));
  return { x: zoomed("xaxis") || [-Infinity, Infinity], y: zoomed("yaxis") || [low, high] };
}

// A word joiner behind the name tells translate.js that it is data: Plotly's texts have no attribute that could say so.
// Each run's name where its line leaves the picture, moved apart where two would cover each other.
function names(curves, wide, height) {
  const log = chosen.view === "loss", seen = ranges(curves);
  const ends = curves.map((c) => {
    const at = c.x.findLastIndex((x, i) => x !== null && x <= seen.x[1] && c.line[i] !== null);
    const value = at < 0 || c.x[at] < seen.x[0] ? null : log ? Math.log10(c.line[at]) : c.line[at];
    return { c, x: c.x[at], value, pixel: height * (value - seen.y[0]) / (seen.y[1] - seen.y[0] || 1) };
  }).filter((end) => end.value !== null && end.value >= seen.y[0] && end.value <= seen.y[1]);
  ends.sort((a, b) => a.pixel - b.pixel);
  ends.forEach((end, i) => { end.place = i ? Math.max(end.pixel, ends[i - 1].place + GAP) : end.pixel; });
  const over = ends.length ? Math.max(0, ends.at(-1).place - height) : 0;
  ends.findLast((end, i) => { end.place -= over; return i && ends[i - 1].place <= end.place - GAP + over; });
  return ends.map(({ c, x, value, pixel, place }) => ({ x, y: value, xanchor: "left", yanchor: "middle", showarrow: false,
    xshift: 6, yshift: place - pixel, text: `<b>${letter(c.run)}</b>${wide ? " " + plain(shortened(c.run.name)) + "\u2060" : ""}`,
    font: { size: 13, color: c.colour }, bgcolor: colour("card") + "b0", borderpad: 1 }));
}

const shortened = (name) => (name.length > 18 ? name.slice(0, 17) + "\u2026" : name);
const revision = (curves) => [chosen.view, chosen.axis, ...curves.map((c) => c.run.run)].join(" ");

function layout(curves, along) {
  const wide = section.offsetWidth > 600, log = chosen.view === "loss", height = wholeHeight(plot, wide ? 420 : 330, AROUND);
  const last = Math.max(...curves.map((c) => c.x.at(-1)));  // names of runs that end before have room in the picture
  const longest = Math.max(...curves.filter((c) => c.x.at(-1) > 0.85 * last).map((c) => shortened(c.run.name).length));
  const margin = { t: 28, r: wide ? 7.2 * longest : 20, b: 42, l: 44 };
  const said = (text, more) => ({ text, showarrow: false, font: { size: 12, color: colour("muted") }, ...more });
  const annotations = [said(VIEWS[chosen.view].said, { x: 0, xref: "paper", xanchor: "left", y: 1, yref: "paper", yanchor: "bottom" }),
    ...names(curves, wide, height - margin.t - margin.b)];
  if (log) annotations.push(said("1 = learned nothing", { x: 1, xref: "paper", xanchor: "right", y: 0, yref: "y", yanchor: "bottom" }));
  return { ...layoutStyle(), uirevision: revision(curves), margin, height, annotations,
    shapes: log ? [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 1, y1: 1, line: { color: colour("muted"), width: 1, dash: "dash" } }] : [],
    xaxis: { ...axisStyle(), showgrid: false, title: { text: along === "step" ? "update" : "seconds spent on updates",
      font: { size: 12, color: colour("muted") } } },
    yaxis: { ...axisStyle(), nticks: 6, ...(log ? { type: "log", ...logTicks(curves.flatMap((c) => c.y)) }
      : chosen.view === "regulariser" ? { rangemode: "tozero" } : {}) } };
}

// -- drawing ---------------------------------------------------------------------------------------------------
function draw(all) {
  const there = all.filter(drawable), clocks = there.every((run) => run.clock);
  const along = axis(there);
  element.querySelectorAll("[data-view]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.view === chosen.view));
  element.querySelectorAll("[data-axis]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.axis === along));
  element.querySelector("[data-axis=elapsed]").disabled = !clocks;
  Object.assign(section.dataset, { runs: all.map((run) => run.run).join(" "), points: there.reduce((n, run) => n + run.points.step.length, 0) });
  element.querySelector(".ds-wait").hidden = there.length > 0;
  element.querySelector("[data-wait]").textContent = all.length ? "No update yet: a run's curve starts with its first one."
    : "The curves of the chosen runs appear here.";
  plot.hidden = element.querySelector(".ds-smoothing").hidden = !there.length;
  note(all.filter((run) => !drawable(run)), there, clocks);
  if (!there.length || !window.Plotly) return;
  const curves = there.map((run) => curve(run, along));
  plot.setAttribute("aria-label", curves.map((c) =>
    `${letter(c.run)} ${c.run.name}: ${VIEWS[chosen.view].said} ${(c.line.at(-1) ?? NaN).toFixed(2)} after ${c.run.points.step.at(-1)} updates`).join("; "));
  window.Plotly.react(plot, curves.flatMap(traces), layout(curves, along), plotConfig);
  plot.held = revision(curves);
  section.saves = { name: `compare-${chosen.view}`, rows: () => rowsOf(there), figure: () => figureOf(plot, part("h2").textContent) };
  if (plot.hooked) return;
  plot.hooked = true;
  plot.on("plotly_relayout", () => requestAnimationFrame(redraw));  // names follow the zoom
}

function rowsOf(runs) {
  return [["run", "name", "update", "seconds", ...Object.values(VIEWS).map((view) => view.said)], ...runs.flatMap((run) =>
    run.points.step.map((step, i) => [letter(run), run.name, step, run.clock ? run.points.elapsed[i] : null, ...Object.keys(VIEWS).map((view) => run.points[view][i])]))];
}

function note(waiting, there, clocks) {
  const said = element.querySelector("[data-note]"), parts = [];
  if (waiting.length && there.length) parts.push(`No update yet: ${waiting.map(letter).join(", ")}.`);
  if (!clocks) parts.push("One of these runs recorded no times, so only updates can be compared.");
  said.textContent = parts.join(" ");
  said.hidden = !parts.length;
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.view) chosen.view = button.dataset.view;
  if (button.dataset.axis) chosen.axis = button.dataset.axis;
  redraw();
});
const held = follow(add, draw), redraw = () => draw(held());
keepFitting(plot, redraw);
smoothingSlider(element.querySelector(".ds-smoothing"), redraw);
withPlotly(redraw);
