// The path map in the browser: a student's states beside its expert's, at the step that the prompt wall shows. Keeps the
// rows it was sent; scrubbing needs no server. Knows points and numbers; no run folder.
// Given by gr.HTML: element, props, trigger, watch.

const RINGS = [0.1, 0.25, 0.5, 1];
const LABEL_AT = 0.2;  // radians above the straight way, where no path runs
const state = { run: null, number: 0, paths: [], expert: [], mark: null };
const part = (selector) => element.querySelector(selector);

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { Object.assign(state, { run: null, paths: [] }); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) state.mark = null;
    Object.assign(state, { run: news.run, paths: [], expert: [] });
  }
  state.number = news.number;
  if (news.paths.length) {  // a resumed run repeats some steps: what it says now counts
    state.paths = state.paths.filter((row) => row.step < news.paths[0].step).concat(news.paths);
    if (news.paths[0].expert) state.expert = news.paths[0].expert;
  }
  draw();
}

// What the prompt wall shows; texts of a search come after the last update, and have no path of their own.
function shown() {
  const before = state.paths.filter((row) => state.mark === null || row.step <= state.mark);
  return before.at(-1) || state.paths[0];
}

// Is there a way on the untouched questions to draw beside this one?
const beginning = (row) => state.paths[0].step === 0 && row !== state.paths[0];
const finite = (points) => points.filter(([x, y]) => x !== null && y !== null);
const lossOf = ([x, y]) => (1 - x) ** 2 + y ** 2;

// -- drawing ---------------------------------------------------------------------------------------------------
// One scale for both axes, or rings would not be round; it is that of all snapshots, so that a film does not jump.
function frame() {
  const all = finite([[0, 0], [1, 0], ...state.expert, ...state.paths.flatMap((row) => row.student)])
    .filter(([x, y]) => Math.abs(x) < 3 && y < 3);
  const left = Math.min(-0.12, ...all.map(([x]) => x)) - 0.06, right = Math.max(1.12, ...all.map(([x]) => x)) + 0.06;
  const top = Math.max(0.42, ...all.map(([, y]) => y)) + 0.08, unit = 640 / (right - left);
  return { unit, height: (top + 0.1) * unit, x: (value) => (value - left) * unit, y: (value) => (top - value) * unit };
}

function line(f, points, name) {
  return shape("polyline", { class: "ds-line-" + name, points: finite(points).map(([x, y]) => `${f.x(x)},${f.y(y)}`).join(" ") });
}

function drawMap(row) {
  const map = part(".ds-map"), f = frame(), nodes = [];
  map.setAttribute("viewBox", `0 0 640 ${f.height}`);
  RINGS.forEach((loss) => {
    const radius = Math.sqrt(loss), up = radius * Math.sin(LABEL_AT), back = radius * Math.cos(LABEL_AT);
    nodes.push(shape("circle", { class: "ds-ring", cx: f.x(1), cy: f.y(0), r: radius * f.unit }));
    nodes.push(shape("text", { class: "ds-ring-label", x: f.x(1 - back) + 4, y: f.y(up) }, loss));
  });
  nodes.push(shape("line", { class: "ds-way", x1: f.x(0), x2: f.x(1), y1: f.y(0), y2: f.y(0) }));
  nodes.push(line(f, state.expert, "expert"));
  if (beginning(row)) nodes.push(line(f, state.paths[0].student, "first"));
  nodes.push(line(f, row.student, "student"));
  row.student.forEach((point, k) => {
    if (point.includes(null)) return;
    const dot = shape("circle", { class: "ds-dot", cx: f.x(point[0]), cy: f.y(point[1]), r: k === row.student.length - 1 ? 6 : 3 });
    dot.append(shape("title", {}, `step ${k} of ${row.student.length - 1}: matching loss ${lossOf(point).toFixed(2)}`));
    nodes.push(dot);
  });
  nodes.push(shape("circle", { class: "ds-target", cx: f.x(1), cy: f.y(0), r: 8 }));
  const below = { y: f.y(0) + 14, "text-anchor": "middle", "dominant-baseline": "hanging" };
  nodes.push(shape("text", { ...below, x: f.x(0) }, "start"), shape("text", { ...below, x: f.x(1) }, "expert's end"));
  map.replaceChildren(...nodes);
}

function drawHeat(row) {
  part(".ds-heat").replaceChildren(...row.layers.map(({ layer, left, share }) => {
    const cell = document.createElement("div"), said = left === null ? "diverged" : left.toFixed(2);
    cell.setAttribute("role", "listitem");
    cell.style.flexGrow = Math.max(share, 0.01);
    cell.style.setProperty("--left", left === null ? 1 : Math.min(1, left));
    cell.title = `${layer < 0 ? "outside the layers" : "layer " + (layer + 1)}: ${said} left; ${Math.round(100 * share)} % of the expert's squared movement`;
    const name = document.createElement("span"), value = document.createElement("b");
    name.textContent = layer < 0 ? "other" : layer + 1;
    value.textContent = said;
    cell.append(name, value);
    return cell;
  }));
}

// The states of the map and what is left in each layer: one row each.
function rowsOf(row) {
  const states = (whose, points) => points.map(([x, y], k) => [row.step, whose, k, x, y, null, null]);
  return [["update", "what", "number", "along the way", "beside it", "left", "share of the way"], ...states("expert", state.expert),
    ...states("student", row.student), ...(beginning(row) ? states("student on the starting questions", state.paths[0].student) : []),
    ...row.layers.map(({ layer, left, share }) => [row.step, "layer", layer + 1, null, null, left, share])];
}

function draw() {
  const row = shown();
  part(".ds-path").dataset.run = state.run || "";
  part(".ds-path").dataset.paths = state.paths.length;
  if (!row) return;
  part(".ds-path").dataset.step = row.step;
  const end = row.student.at(-1);
  const said = end.includes(null) ? `At update ${row.step} the student diverges.`
    : `${row.step ? "At update " + row.step.toLocaleString("en") : "On the starting questions"} the student covers `
      + `${Math.round(100 * end[0])} % of the expert's distance and ends ${Math.round(100 * end[1])} % of it to the side: matching loss ${lossOf(end).toFixed(2)}.`;
  part("[data-said]").textContent = said;
  part(".ds-map").setAttribute("aria-label", said);
  part('[data-key="first"]').hidden = !beginning(row);
  drawMap(row);
  drawHeat(row);
  part(".ds-path").saves = { name: "map", rows: () => rowsOf(row) };
}

window.addEventListener("distilloscope:mark", ({ detail }) => {
  if (detail.run !== state.run || detail.step === state.mark) return;
  state.mark = detail.step;
  draw();
});
watch("value", () => take(props.value));
take(props.value);
