// What routers give their experts, in the browser: a row a layer, a heat map for each expert, a column a step; beside it one
// sentence. Other scripts of the widget find it as `element.routing`. Given by gr.HTML: element; by shared.js: make, shape.

const ROW = 20, TOP = 36, GAP = 14;
const part = (selector) => element.querySelector(`[data-experts] ${selector}`);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const told = (value) => value.toFixed(2);
const nameOf = (expert) => (expert ? `pruned kernel ${expert}` : "kept kernel");

// routing: { layers: [[title, [[gate of each expert] of each step]]], nets }. `why` stands where there are no experts.
function draw(routing, why) {
  const { layers, nets } = routing;
  element.querySelector("[data-experts]").dataset.layers = layers.length;
  part("[data-none]").textContent = layers.length ? "" : why;
  part("[data-there]").hidden = !layers.length;
  if (layers.length) { picture(layers); part("[data-said]").textContent = sentence(layers, nets); }
}

function picture(layers) {
  const svg = part("svg"), wide = Math.max(280, svg.clientWidth || 700), high = TOP + layers.length * ROW + 4;
  const experts = Math.max(...layers.flatMap(([, steps]) => steps.map((gates) => gates.length))), steps = Math.max(...layers.map(([, all]) => all.length));
  const left = Math.min(170, wide * 0.3), panel = (wide - left - GAP * experts) / experts, each = panel / steps, letters = Math.floor(left / 6.1);
  const start = (expert) => left + GAP + expert * (panel + GAP), short = (title) => (title.length > letters ? `${title.slice(0, letters - 1)}\u2026` : title);
  svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  svg.style.height = `${high}px`;
  const heads = Array.from({ length: experts }, (_, expert) => [shape("text", { x: start(expert), y: 12 }, nameOf(expert)), shape("text", { x: start(expert), y: 28 }, `step 0 to ${steps - 1}`)]).flat();
  svg.replaceChildren(...heads, ...layers.map(([title, all], k) => {
    const y = TOP + k * ROW, group = shape("g", {}), own = Array.from({ length: experts }, (_, expert) => all.map((gates) => gates[expert]).filter((gate) => gate !== undefined));
    group.append(shape("title", {}, [title, ...own.map((gates, expert) => (gates.length ? `${nameOf(expert)} ${told(Math.min(...gates))} to ${told(Math.max(...gates))}` : "")).filter(Boolean)].join("; ")),
      shape("text", { x: left, y: y + 14, "text-anchor": "end" }, short(title)));
    all.forEach((gates, step) => gates.forEach((gate, expert) => group.append(shape("rect", { class: "ds-sdm-hot", x: (start(expert) + step * each).toFixed(1), y: y + 2, width: Math.max(1, each - 0.6).toFixed(1), height: ROW - 4, "fill-opacity": (0.04 + 0.96 * gate).toFixed(3) }))));
    return group;
  }));
  svg.setAttribute("aria-label", `${layers.length} layers with experts; the file that can be saved has their numbers`);
}

// How much the kept kernel counts, and where a pruned one counts most.
function sentence(layers, nets) {
  const kept = mean(layers.flatMap(([, all]) => all.map(([first]) => first))), pruned = layers.flatMap(([title, all]) => all.flatMap((gates, step) => gates.slice(1).map((gate) => [gate, title, step])));
  const said = `On average over ${nets} net(s), the kept kernel counts ${told(kept)}`.replace("net(s)", nets === 1 ? "net" : "nets");
  if (!pruned.length) return `${said}.`;
  const [most, title, step] = pruned.reduce((a, b) => (b[0] > a[0] ? b : a));
  return `${said} and a pruned one ${told(mean(pruned.map(([gate]) => gate)))}. A pruned kernel counts most in ${title} at step ${step}: ${told(most)}.`;
}

element.routing = { draw, rows: ({ layers }) => layers.flatMap(([title, all]) => all.flatMap((gates, step) => gates.map((gate, expert) => [title, step, nameOf(expert), gate]))) };
