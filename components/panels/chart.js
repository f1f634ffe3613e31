// The live chart in the browser, of any study: `props.views` say which pictures there are and which panes each has.
// Keeps every point it was sent, adds new ones, and redraws with Plotly.react, which leaves the visitor's zoom alone.
// Knows columns of numbers; no server, no run folder, no study. Names from a run are untrusted: `plain` goes before Plotly.
// Given by gr.HTML: element, props, trigger, watch; by shared.js and curves.js: make, shape, expected, colour and the rest.

const COLUMNS = ["x", "y", "low", "high"], DASHES = ["solid", "7px,3px", "2px,3px", "9px,3px,2px,3px"];
const MAIN = 264, AROUND = 300, TOP = 26, BOTTOM = 42, GAP = 34, FEW = 12, MOST_NAMES = 10;  // pixels, points, entries of the legend
const part = (selector) => element.querySelector(selector);
const plot = part(".ds-plot"), section = part(".ds-chart"), views = props.views;
const state = { run: null, number: 0, kind: "real", over: false, winners: {}, curves: {}, shown: null, value: null, newest: null,
  log: {}, details: true, lit: null, mark: null };

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { Object.assign(state, { run: null, curves: {} }); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) Object.assign(state, { shown: null, value: null, lit: null, mark: null });
    Object.assign(state, { run: news.run, curves: {}, newest: null });
  }
  Object.assign(state, { number: news.number, kind: news.kind, over: news.over, winners: news.winners });
  Object.entries(news.curves).forEach(([name, lines]) => lines.forEach((line) => add(name, line)));
  draw();
}

function add(name, news) {
  const lines = state.curves[name] ||= new Map(), id = JSON.stringify([news.id, news.choice]);
  if (!lines.has(id)) lines.set(id, { ...news, ...Object.fromEntries(COLUMNS.map((key) => [key, []])) });
  const line = lines.get(id);
  while (line.x.length && line.x.at(-1) >= news.x[0]) COLUMNS.forEach((key) => line[key].pop());  // a resumed run repeats
  COLUMNS.forEach((key) => news[key] && line[key].push(...news[key]));
  line.end = news.end;
  if (news.choice !== undefined) state.newest = news.choice;
}

// -- what is shown -----------------------------------------------------------------------------------------------
const all = (pane) => [...(state.curves[pane.name] || new Map()).values()];
const counted = (lines) => lines.reduce((sum, line) => sum + line.y.filter((y) => y !== null).length, 0);
const points = (view) => counted(all(view.panes[0]));
// the visitor's choice, else the picture whose stage comes last in a run
function usual() {
  const there = views.filter((view) => points(view));
  return there.reduce((best, view) => (view.late > best.late ? view : best), there[0]);
}
const shown = () => views.find((view) => view.name === state.shown && points(view)) || usual();
const drawn = (view) => view.panes.filter((pane, i) => (i === 0 || state.details) && counted(all(pane)));
const spoken = (name) => props.names?.[name] ?? name.replaceAll("_", " ");
const number = /\d+(\.\d+)?(e-?\d+)?/i;
const byName = (a, b) => a.replace(number, "").localeCompare(b.replace(number, ""))
  || Number((a.match(number) || [0])[0]) - Number((b.match(number) || [0])[0]);
const isLog = (view) => (state.log[view.name] ?? view.panes[0].log) && canLog(view);
const canLog = (view) => !view.panes[0].range && all(view.panes[0]).some((line) => line.y.some((y) => y > 0));

// Of a picture with a choice: the visitor's, else what is being measured, else the first.
function choices(view) { return view.panes[0].choice ? [...new Set(all(view.panes[0]).map((line) => line.choice))] : []; }
function choice(view) {
  const names = choices(view);
  if (names.includes(state.value)) return state.value;
  const whole = all(view.panes[0]).every((line) => (line.end === undefined ? state.over : line.x.at(-1) === line.end));
  return whole || !names.includes(state.newest) ? names[0] : state.newest;
}

// The lines of a pane as they are drawn: an attempt that won takes the place of the full line that is not trained again.
function lines(pane, value) {
  const found = all(pane).filter((line) => !pane.choice || line.choice === value), full = found.filter((line) => !line.quiet);
  const key = state.winners[pane.name] ?? full[0]?.key;
  const won = (line) => line.quiet && key !== undefined && line.key === key && !full.some((other) => other.line === line.won);
  return found.map((line) => ({ ...line, ...(won(line) ? { line: line.won, quiet: false } : {}) }))
    .sort((a, b) => Boolean(b.quiet) - Boolean(a.quiet) || byName(a.line, b.line));
}

// -- looks -------------------------------------------------------------------------------------------------------
// A line's name has one look in all panes of a picture. Four shades and four dashes keep sixteen lines apart.
function looks(view, value) {
  const found = new Map();
  [false, true].forEach((quiet) => {
    const names = view.panes.flatMap((pane) => lines(pane, value).filter((line) => Boolean(line.quiet) === quiet).map((line) => line.line));
    [...new Set(names)].sort(byName).forEach((name, i) => found.set(name, {
      quiet, shade: i % DASHES.length, dash: DASHES[(i + Math.floor(i / DASHES.length)) % DASHES.length] }));
  });
  return found;
}

function look(pane, line, all) {
  const { quiet, shade, dash } = all.get(line.line), kind = pane.kind || state.kind;
  const tint = quiet ? colour("none") : shade && colour(`${kind}-${shade}`) || colour(kind);
  return { tint, width: quiet ? 1.5 : 2.3, dash, opacity: state.lit && state.lit !== line.line ? 0.15 : 1 };
}

function faded(hex, alpha) {
  const n = parseInt(hex.slice(1), 16);
  return `rgba(${n >> 16}, ${(n >> 8) & 255}, ${n & 255}, ${alpha})`;
}

// -- figure ------------------------------------------------------------------------------------------------------
function traces(pane, place, value, named) {
  const axis = { yaxis: place ? `y${place + 1}` : "y" }, found = [], drawnLines = lines(pane, value);
  if (pane.reference) {
    const xs = drawnLines.flatMap((line) => [line.x[0], line.x.at(-1)]);
    found.push({ ...axis, x: [Math.min(0, ...xs), Math.max(...xs)], y: [pane.reference[0], pane.reference[0]], mode: "lines",
      hoverinfo: "skip", line: { color: colour("muted"), width: 1, dash: "dash" } });
  }
  drawnLines.forEach((line) => found.push(...lineTraces(pane, line, look(pane, line, named), value).map((trace) => ({ ...axis, ...trace }))));
  return found;
}

function lineTraces(pane, line, { tint, width, dash, opacity }, value) {
  const { x, y } = line, found = [], skip = { hoverinfo: "skip", opacity };
  const stroke = { color: tint, width, dash }, banded = line.low.length > 0;
  if (banded) {
    const edge = { x, mode: "lines", line: { width: 0, color: tint }, ...skip };
    found.push({ ...edge, y: line.low }, { ...edge, y: line.high, fill: "tonexty", fillcolor: faded(tint, 0.13) });
  }
  const said = [line.line && plain(line.line), `${pane.x_label} %{x}`, `${plain(labelled(pane, value))} <b>%{y:.3~r}</b>`
    + (banded ? " (95 %: %{customdata[0]:.2f} to %{customdata[1]:.2f})" : "")];
  const dots = pane.smooth ? "markers" : x.length === 1 ? "markers" : x.length <= FEW && !banded ? "lines+markers" : "lines";
  found.push({ x, y, mode: dots, line: stroke, opacity: pane.smooth ? 0.38 * opacity : opacity, connectgaps: !pane.smooth,
    name: plain(line.line), showlegend: Boolean(line.line) && !pane.smooth, marker: { color: tint, size: pane.smooth ? 5 : 6 }, hovertemplate: said.filter(Boolean).join("<br>") + "<extra></extra>",
    ...(banded ? { customdata: line.low.map((low, i) => [low, line.high[i]]) } : {}) });
  const trend = pane.smooth ? smooth(x, y, smoothing()) : y;
  if (pane.smooth) found.push({ x, y: trend, mode: "lines", line: stroke, connectgaps: true, ...skip });
  if (pane.smooth || banded) found.push({ x: [x.at(-1)], y: [trend.at(-1)], mode: "markers", marker: { color: tint, size: 9 }, ...skip });
  return found;
}

const labelled = (pane, value) => pane.label.replace(`{${pane.choice}}`, () => spoken(value ?? ""));
const note = (text, more) => ({ text: plain(window.distilloscopeLanguage?.say(text) ?? text), yref: "paper", showarrow: false, yanchor: "bottom", font: { size: 12, color: colour("muted") }, ...more });
const nearZero = (values) => Math.min(...values) >= 0 && Math.min(...values) < 0.35 * Math.max(...values);

// No `transition` here: react would then animate, and leave axes and shapes where they were.
function layout(view, panes, value) {
  const small = panes.length === 2 ? 110 : 64, others = (panes.length - 1) * (GAP + small), main = wholeHeight(plot, MAIN, others + AROUND), inner = main + others;
  const figure = { ...layoutStyle(), uirevision: [state.run, view.name, value, isLog(view)].join(" "),  // another scale is another zoom
    margin: { t: TOP, r: 16, b: BOTTOM, l: 44 }, height: TOP + inner + BOTTOM, shapes: markShapes(view), annotations: [] };
  panes.forEach((pane, i) => {
    const top = i ? inner - main - GAP - (i - 1) * (GAP + small) : inner, height = i ? small : main, banded = lines(pane, value).some((l) => l.low.length);
    figure[i ? `yaxis${i + 1}` : "yaxis"] = yaxis(view, pane, i, [(top - height) / inner, top / inner], value, height);
    figure.annotations.push(note(labelled(pane, value) + (banded ? ", with its 95 % interval" : ""),
      { x: 0, xref: "paper", xanchor: "left", y: top / inner, yshift: 2 }));
    if (pane.reference) figure.annotations.push(note(pane.reference[1], { x: 1, xref: "paper", xanchor: "right", yref: i ? `y${i + 1}` : "y",
      y: !i && isLog(view) ? Math.log10(pane.reference[0]) : pane.reference[0] }));
  });
  const found = lines(panes[0], value), xs = found.flatMap((line) => [line.x[0], line.x.at(-1)]), end = Math.max(...found.map((line) => line.end ?? 0));
  figure.xaxis = { ...axisStyle(), showgrid: false, anchor: panes.length > 1 ? `y${panes.length}` : "y",
    ...(end ? { range: [0, end * 1.02] } : nearZero(xs) ? { rangemode: "tozero" } : {}),
    title: { text: panes[0].x_label, font: { size: 12, color: colour("muted") } } };
  return figure;
}

function yaxis(view, pane, place, domain, value, height) {
  const values = lines(pane, value).flatMap((line) => line.y).filter((y) => y !== null);
  const base = { ...axisStyle(), domain, nticks: Math.max(3, Math.round(height / 28)) };
  if (pane.range) return { ...base, range: pane.range };
  if (!place && isLog(view)) return { ...base, type: "log", ...logTicks([...values, ...(pane.reference ? [pane.reference[0]] : [])]) };
  return { ...base, type: "linear", ...(nearZero(values) ? { rangemode: "tozero" } : {}) };
}

// The step that the panels beside the chart show; what came after it steps back.
function markShapes(view) {
  if (state.mark === null || !view.panes[0].linked) return [];
  const tall = { yref: "paper", y0: 0, y1: 1, x0: state.mark }, last = all(view.panes[0]).map((line) => line.x.at(-1));
  const end = Math.max(...last, plot._fullLayout?.xaxis?.range?.[1] ?? 0);  // to the edge of what is drawn
  return [{ ...tall, type: "rect", x1: end, fillcolor: colour("card"), opacity: 0.75, line: { width: 0 } },
    { ...tall, type: "line", x1: state.mark, line: { color: colour("ink"), width: 1 } }];
}

// -- drawing -----------------------------------------------------------------------------------------------------
function buttons(view) {
  element.querySelectorAll("[data-view]").forEach((b, i) => {
    b.dataset.points = points(views[i]);
    b.setAttribute("aria-pressed", views[i] === view);
    b.disabled = !points(views[i]);
    b.hidden = b.disabled || views.length === 1;
  });
  const details = part("[data-companions]"), log = part("[data-log]");
  part(".ds-smoothing").hidden = !view || !drawn(view).some((pane) => pane.smooth);
  details.setAttribute("aria-pressed", state.details);
  details.hidden = !view || !view.panes.slice(1).some((pane) => counted(all(pane)));
  log.hidden = !view || !canLog(view);
  log.setAttribute("aria-pressed", Boolean(view && isLog(view)));
  Object.assign(section.dataset, { points: view ? points(view) : 0, run: state.run || "" });
  const box = part(".ds-choices"), names = view ? choices(view) : [];
  box.hidden = names.length < 2;
  box.setAttribute("aria-label", view?.panes[0].choice ? `Which ${spoken(view.panes[0].choice)}` : "");
  fill(box, names, (name) => make("span", "", spoken(name)), (name) => name === choice(view));
}

function legend(view, value, named) {
  const box = part(".ds-legend"), kind = view.panes[0].kind || state.kind;
  const names = [...named.keys()].filter(Boolean), more = names.splice(MOST_NAMES).length;
  box.hidden = names.length < 2;
  box.dataset.more = more || "";
  fill(box, names, (name) => {
    const { quiet, shade, dash } = named.get(name), swatch = shape("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" });
    const style = `stroke: var(--ds-${quiet ? "none" : shade ? `${kind}-${shade}, var(--ds-${kind})` : kind}); stroke-width: ${quiet ? 1.5 : 2.5}; stroke-dasharray: ${dash === "solid" ? "none" : dash}`;
    swatch.append(shape("path", { d: "M0 4H26", style }));
    return [swatch, make("span", "", name)];
  }, (name) => state.lit === name);
}

// Buttons of names: those that stand there already stay, so that the keyboard's place is not lost.
function fill(box, names, content, pressed) {
  if (box.dataset.names !== names.join("\n") + state.kind) {
    box.dataset.names = names.join("\n") + state.kind;
    box.replaceChildren(...names.map((name) => {
      const button = make("button");
      Object.assign(button, { type: "button", value: name });
      button.append(...[content(name)].flat());
      return button;
    }));
  }
  box.querySelectorAll("button").forEach((b) => b.setAttribute("aria-pressed", pressed(b.value)));
}

function said(view, value) {
  const found = lines(view.panes[0], value).filter((line) => line.x.length), last = found.findLast((line) => !line.quiet) || found.at(-1);
  const latest = last.y.findLast((y) => y !== null), label = labelled(view.panes[0], value);
  const at = `latest ${Number(latest?.toPrecision(3))} at ${view.panes[0].x_label} ${last.x.at(-1)}`;
  return found.length > 1 ? `${label}: ${found.length} lines, ${at}` : `${label}: ${at}`;
}

// The numbers as they were sent: one row a point.
function rowsOf(view) {
  const value = choice(view), found = [["curve", "line", view.panes[0].x_label, "value", "low", "high"]];
  view.panes.forEach((pane) => lines(pane, value).forEach((line) => line.x.forEach((x, i) =>
    found.push([labelled(pane, value), line.line, x, line.y[i], line.low[i], line.high[i]]))));
  return found;
}

function draw() {
  const view = shown();
  buttons(view);
  part(".ds-wait").hidden = Boolean(view);
  plot.hidden = !view;
  if (!view) part(".ds-legend").hidden = true;
  if (!view || !window.Plotly) return;
  const value = choice(view), panes = drawn(view), named = looks(view, value);
  legend(view, value, named);
  plot.setAttribute("aria-label", said(view, value));
  window.Plotly.react(plot, panes.flatMap((pane, i) => traces(pane, i, value, named)), layout(view, panes, value), plotConfig);
  section.saves = { name: view.name, rows: () => rowsOf(view), figure: () => figureOf(plot, view.title) };
  if (plot.hooked) return;
  plot.hooked = true;
  plot.on("plotly_click", (event) => shown().panes[0].linked && window.dispatchEvent(new CustomEvent("distilloscope:pick",
    { detail: { run: state.run, step: event.points[0].x, view: shown().name } })));
}

element.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if (button.dataset.view) Object.assign(state, { shown: button.dataset.view, lit: null });
  else if ("companions" in button.dataset) state.details = !state.details;
  else if ("log" in button.dataset) state.log[shown().name] = !isLog(shown());
  else if (button.closest(".ds-choices")) state.value = button.value;
  else state.lit = state.lit === button.value ? null : button.value;
  draw();
});
window.addEventListener("distilloscope:mark", ({ detail }) => {
  if (detail.run !== state.run || detail.step === state.mark) return;
  state.mark = detail.step;
  const view = shown();
  if (plot.hooked && !plot.hidden && view?.panes[0].linked) window.Plotly.relayout(plot, { shapes: markShapes(view) });  // a film is quick
});
window.addEventListener("distilloscope:language", draw);  // Plotly places a text by the width it has when it is drawn
keepFitting(plot, draw);
smoothingSlider(part(".ds-smoothing"), draw);
watch("value", () => take(props.value));
take(props.value);
withPlotly(draw);
