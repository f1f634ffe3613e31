// The curve of a report: the matching loss as a small SVG, and the update that the prompt wall shows. Colours are the
// stylesheet's, so light and dark need no redraw. Knows columns of numbers; no server and no run folder.
// Given as by gr.HTML: element, props, trigger, watch; by shared.js and curves.js: shape, smooth.

const HEIGHT = 300, PAD = { top: 14, right: 14, bottom: 40, left: 46 };
const columns = props.value || { step: [], loss: [] };
const points = columns.step.map((step, i) => ({ step, loss: columns.loss[i] })).filter((p) => p.loss !== null && p.loss > 0);
const svg = element.querySelector("svg"), said = element.querySelector("[data-said]");
const state = { mark: null, x: null, y: null };

function scales(width) {
  const losses = points.map((p) => p.loss), first = Math.min(0, points[0].step), last = points.at(-1).step;
  const low = Math.log(Math.min(...losses) / 1.12), high = Math.log(Math.max(1, ...losses) * 1.08);
  const inner = { w: width - PAD.left - PAD.right, h: HEIGHT - PAD.top - PAD.bottom };
  state.x = (step) => PAD.left + inner.w * (step - first) / Math.max(1, last - first);
  state.y = (loss) => PAD.top + inner.h * (high - Math.log(loss)) / Math.max(1e-9, high - low);
  const rungs = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 5, 10, 100, 1000];
  const wanted = Math.max(1, Math.round((last - first) / Math.max(2, Math.floor(width / 110))));
  const unit = 10 ** Math.floor(Math.log10(wanted)), stride = unit * [1, 2, 5, 10].find((n) => n * unit >= wanted);
  const steps = Array.from({ length: Math.floor((last - first) / stride) + 1 }, (_, i) => first + i * stride);
  return { steps, losses: rungs.filter((v) => Math.log(v) >= low && Math.log(v) <= high), last };
}

function draw() {
  element.querySelector(".ds-curve").dataset.points = points.length;
  if (!points.length) { svg.remove(); said.textContent = "The run had no update yet."; return; }
  const width = Math.max(260, element.querySelector(".ds-curve").clientWidth), ticks = scales(width);
  const path = (list) => list.map((p) => `${state.x(p.step).toFixed(1)},${state.y(p.loss).toFixed(1)}`).join(" ");
  const nodes = ticks.losses.flatMap((loss) => [
    shape("line", { class: loss === 1 ? "ds-nothing-line" : "ds-grid-line", x1: PAD.left, x2: width - PAD.right, y1: state.y(loss), y2: state.y(loss) }),
    shape("text", { x: PAD.left - 8, y: state.y(loss) + 4, "text-anchor": "end" }, loss)]);
  ticks.steps.forEach((step) => nodes.push(shape("text", { x: state.x(step), y: HEIGHT - PAD.bottom + 18, "text-anchor": "middle" }, step.toLocaleString("en"))));
  nodes.push(shape("text", { x: width - PAD.right, y: HEIGHT - 4, "text-anchor": "end" }, "update"));
  const means = smooth(points.map((p) => p.step), points.map((p) => p.loss), smoothing()), line = points.map(({ step }, i) => ({ step, loss: means[i] }));
  points.forEach((p) => {
    const dot = shape("circle", { class: "ds-curve-dot", cx: state.x(p.step), cy: state.y(p.loss), r: points.length > 400 ? 1.6 : 2.6 });
    dot.append(shape("title", {}, `update ${p.step}: matching loss ${p.loss.toFixed(3)}`));
    nodes.push(dot);
  });
  nodes.push(shape("polyline", { class: "ds-curve-line", points: path(line) }));
  nodes.push(shape("rect", { class: "ds-later", y: PAD.top, height: HEIGHT - PAD.top - PAD.bottom }), shape("line", { class: "ds-mark", y1: PAD.top, y2: HEIGHT - PAD.bottom }));
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute("aria-label", `Matching loss over ${ticks.last} updates, latest ${points.at(-1).loss.toFixed(2)}`);
  svg.replaceChildren(...nodes);
  said.textContent = `From ${points[0].loss.toFixed(2)} to ${points.at(-1).loss.toFixed(2)} in ${ticks.last.toLocaleString("en")} updates.`;
  mark();
}

// The update that the wall shows; what came after it steps back.
function mark() {
  const line = svg.querySelector(".ds-mark"), later = svg.querySelector(".ds-later");
  if (!line) return;
  const last = points.at(-1).step, hidden = state.mark === null || state.mark >= last, at = state.x(Math.max(Math.min(state.mark ?? last, last), Math.min(0, points[0].step)));
  line.style.display = later.style.display = hidden ? "none" : "";
  element.querySelector(".ds-curve").dataset.mark = state.mark ?? "";
  line.setAttribute("x1", at); line.setAttribute("x2", at);
  later.setAttribute("x", at); later.setAttribute("width", Math.max(0, state.x(last) + 5 - at));
}

svg.addEventListener("click", (event) => {
  const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
  const near = points.reduce((best, p) => (Math.abs(state.x(p.step) - at) < Math.abs(state.x(best.step) - at) ? p : best));
  window.dispatchEvent(new CustomEvent("distilloscope:pick", { detail: { run: "report", step: near.step, view: "matching" } }));
});
window.addEventListener("distilloscope:mark", ({ detail }) => { state.mark = detail.step; mark(); });
new ResizeObserver(() => draw()).observe(element);
draw();
