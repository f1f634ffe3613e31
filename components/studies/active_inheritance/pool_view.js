// The pool in the browser: two attributes of every text as a scatter, the worth under the present weights as a histogram,
// and the correlations. Draws what candidates.js tells it, while its chapter is open. Knows numbers; no text and no server.
// Given by gr.HTML: element; by shared.js: make, shape.

const WIDTH = 440, HEIGHT = 340, LEFT = 58, BOTTOM = 40, TOP = 10, RIGHT = 12, BINS = 30, Z = 1.96, NEAR = 14;
const state = { pool: null, x: null, y: null, frame: null, points: [] };
const part = (selector) => element.querySelector(selector);

function take(pool) {
  state.pool = pool;
  cancelAnimationFrame(state.frame);
  state.frame = requestAnimationFrame(draw);
}

// -- numbers ---------------------------------------------------------------------------------------------------
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
function sdOf(values) { const middle = mean(values); return Math.sqrt(mean(values.map((value) => (value - middle) ** 2))); }

// Every text of the talkers that are shown, with its prompt and whether it is kept.
function texts() {
  const { rows, shown, kept } = state.pool, found = [];
  rows.forEach((row, prompt) => shown.forEach((talker) => (row.get(talker) || []).forEach((scores, number) => {
    const [who, which] = kept.get(prompt) || [];
    found.push({ prompt, scores, kept: who === talker && which === number });
  })));
  return found;
}

const varied = (all) => state.pool.attributes.map((attribute, i) => ({ attribute, i }))
  .filter(({ i }) => all.every(({ scores }) => scores[i] !== null) && sdOf(all.map(({ scores }) => scores[i])) > 0);

function worths(all, there) {
  const terms = there.filter(({ attribute }) => state.pool.weights[attribute.name]).map(({ attribute, i }) => {
    const values = all.map(({ scores }) => scores[i]);
    return [i, state.pool.weights[attribute.name] / sdOf(values), mean(values)];
  });
  const [only] = terms.length === 1 ? there.filter(({ attribute }) => state.pool.weights[attribute.name]) : [];
  if (only) return { title: only.attribute.title, attribute: only.attribute, values: all.map(({ scores }) => scores[only.i]) };
  return { title: terms.length ? "Weighted sum" : "No weight", values: all.map(({ scores }) => terms.reduce((sum, [i, weight, middle]) => sum + weight * (scores[i] - middle), 0)) };
}

// -- axes ------------------------------------------------------------------------------------------------------
function axis(values, from, to) {
  const low = Math.min(...values), high = Math.max(...values), room = 0.04 * (high - low) || 0.5;
  const place = (value) => from + (to - from) * (value - low + room) / (high - low + 2 * room);
  const rough = (high - low) / 4 || 1, size = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9; k += 1) ticks.push(k * step);
  return { place, ticks, low, high };
}

const named = (tick, attribute) => (attribute?.share ? `${Math.round(100 * tick)} %` : String(Number(tick.toPrecision(6)))).replace("-", "\u2212");
const label = ({ title, unit }) => (unit ? `${title}, ${unit}` : title);

function frameOf(x, y, titleX, titleY, attributeX, attributeY) {
  const floor = HEIGHT - BOTTOM;
  return [shape("path", { class: "ds-pool-frame", d: `M${LEFT} ${TOP}V${floor}H${WIDTH - RIGHT}` }),
    ...x.ticks.map((tick) => shape("text", { x: x.place(tick), y: floor + 16, "text-anchor": "middle" }, named(tick, attributeX))),
    ...y.ticks.map((tick) => shape("text", { x: LEFT - 6, y: y.place(tick) + 4, "text-anchor": "end" }, named(tick, attributeY))),
    shape("text", { class: "ds-axis-name", x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, titleX),
    shape("text", { class: "ds-axis-name", x: 12, y: (TOP + floor) / 2, "text-anchor": "middle", transform: `rotate(-90 12 ${(TOP + floor) / 2})` }, titleY)];
}

// -- pictures --------------------------------------------------------------------------------------------------
// All dots of a kind are one path, so that a thousand texts are drawn in a few milliseconds.
function scatter(all, there) {
  const pick = (axisName, fallback) => there.find(({ attribute }) => attribute.name === state[axisName]) || there[Math.min(fallback, there.length - 1)];
  const across = pick("x", 0), up = pick("y", 3), svg = part(".ds-scatter [role=img]");
  selects(there, across, up);
  const x = axis(all.map(({ scores }) => scores[across.i]), LEFT, WIDTH - RIGHT), y = axis(all.map(({ scores }) => scores[up.i]), HEIGHT - BOTTOM, TOP);
  state.points = all.map((text) => ({ ...text, at: [x.place(text.scores[across.i]), y.place(text.scores[up.i])] }));
  const path = (kept) => state.points.filter((text) => text.kept === kept).map(({ at }) => `M${at[0].toFixed(1)} ${at[1].toFixed(1)}h0`).join("");
  const marks = [shape("path", { class: "ds-candidate-dots", d: path(false) }), shape("path", { class: "ds-kept-dots", d: path(true) })];
  svg.replaceChildren(...frameOf(x, y, label(across.attribute), label(up.attribute), across.attribute, up.attribute), ...marks);
  svg.setAttribute("aria-label", `${up.attribute.title} over ${across.attribute.title} of ${all.length} texts, of which ${all.filter(({ kept }) => kept).length} are kept`);
  part(".ds-scatter").saves = { name: "pool", rows: () => [["prompt", across.attribute.title, up.attribute.title, "kept"],
    ...all.map(({ prompt, scores, kept }) => [prompt, scores[across.i], scores[up.i], kept ? 1 : 0])] };
}

function selects(there, across, up) {
  [["x", across], ["y", up]].forEach(([name, chosen]) => {
    const list = part(`[data-axis="${name}"]`), wanted = there.map(({ attribute }) => attribute.name).join();
    if (list.dataset.there !== wanted) {
      list.dataset.there = wanted;
      list.replaceChildren(...there.map(({ attribute }) => Object.assign(make("option", "", attribute.title), { value: attribute.name })));
    }
    list.value = chosen.attribute.name;
  });
}

function histogram(all, there) {
  const { title, attribute, values } = worths(all, there), kept = values.filter((_, n) => all[n].kept), x = axis(values, LEFT, WIDTH - RIGHT);
  const wide = (x.high - x.low) / BINS || 1, counts = [new Array(BINS + 1).fill(0), new Array(BINS + 1).fill(0)];
  values.forEach((value, n) => { const bin = Math.floor((value - x.low) / wide); counts[0][bin] += 1; if (all[n].kept) counts[1][bin] += 1; });
  const shares = counts.map((row, kind) => row.map((count) => count / (kind ? kept.length || 1 : values.length))), top = Math.max(...shares.flat());
  const floor = HEIGHT - BOTTOM, y = axis([0, top], floor, TOP), tall = (share) => y.place(0) - y.place(share);
  const bars = shares.flatMap((row, kind) => row.map((share, bin) => shape("rect", { class: kind ? "ds-kept-bar" : "ds-candidate-bar",
    x: x.place(x.low + bin * wide), width: Math.max(1, x.place(x.low + wide) - x.place(x.low) - 1), y: y.place(share), height: tall(share) })));
  const middle = mean(values), chosen = kept.length ? mean(kept) : middle, sd = sdOf(values);
  const line = (at, name) => shape("line", { class: name, x1: x.place(at), x2: x.place(at), y1: TOP, y2: floor });
  part(".ds-histogram [role=img]").replaceChildren(...bars, ...frameOf(x, y, attribute ? label(attribute) : title, "share of texts", attribute, { share: true }), line(middle, "ds-pool-mean"), line(chosen, "ds-kept-mean"));
  const by = sd ? (chosen - middle) / sd : 0, half = sd && kept.length > 1 ? Z * sdOf(kept) / Math.sqrt(kept.length - 1) / sd : 0, digits = attribute?.digits ?? 2;
  const number = (value) => (attribute?.share ? `${Math.round(100 * value)} %` : value.toFixed(digits).replace("-", "\u2212"));
  const moved = `${title}: selection moved the mean by ${by < 0 ? "\u2212" : "+"}${Math.abs(by).toFixed(1)} sd, from ${number(middle)} to ${number(chosen)} `
    + `(\u00b1 ${half.toFixed(1)} sd, n = ${kept.length} prompts).`;
  part("[data-shift]").textContent = moved;
  part(".ds-histogram [role=img]").setAttribute("aria-label", moved);
  part(".ds-histogram").saves = { name: "objective", rows: () => [["from", "share of candidates", "share of kept"], ...shares[0].map((share, bin) => [x.low + bin * wide, share, shares[1][bin]])] };
}

// Pearson's, with Fisher's interval in the hover; a text is not its neighbour's equal, so the interval is for orientation.
function correlations(all, there) {
  const z = there.map(({ i }) => { const values = all.map(({ scores }) => scores[i]), middle = mean(values), sd = sdOf(values); return values.map((value) => (value - middle) / sd); });
  const r = z.map((a) => z.map((b) => mean(a.map((value, n) => value * b[n])))), ends = (value) => [-1, 1].map((side) => Math.tanh(Math.atanh(Math.max(-0.9999, Math.min(0.9999, value))) + side * Z / Math.sqrt(Math.max(1, all.length - 3))));
  const signed = (value) => value.toFixed(2).replace("-", "\u2212"), table = make("table"), head = make("tr");
  head.append(make("td"), ...there.map(({ attribute }) => Object.assign(make("th", "", attribute.title), { scope: "col" })));
  const body = there.map(({ attribute }, i) => {
    const row = make("tr");
    row.append(Object.assign(make("th", "", attribute.title), { scope: "row" }), ...there.map((_, j) => {
      const cell = make("td", i === j ? "ds-self" : "", i === j ? "" : signed(r[i][j]));
      cell.style.setProperty("--strength", Math.abs(r[i][j]).toFixed(2));
      if (i !== j) { cell.dataset.sign = r[i][j] < 0 ? "less" : "more"; cell.title = `95 %: ${ends(r[i][j]).map(signed).join(" to ")}, n = ${all.length} texts`; }
      return cell;
    }));
    return row;
  });
  const thead = make("thead"), tbody = make("tbody");
  thead.append(head);
  tbody.append(...body);
  table.append(thead, tbody);
  part(".ds-matrix").replaceChildren(table);
  part("[data-pairs]").textContent = `Pearson correlations over n = ${all.length} texts. Who chooses by one attribute chooses by all that go with it.`;
  part(".ds-correlations").hidden = there.length < 2;
  part(".ds-correlations").saves = { name: "correlations", rows: () => [["", ...there.map(({ attribute }) => attribute.title)], ...there.map(({ attribute }, i) => [attribute.title, ...r[i]])] };
}

// -- all ---------------------------------------------------------------------------------------------------------
function draw() {
  const any = state.pool && state.pool.rows.size > 0 && state.pool.shown.length > 0;
  part(".ds-pool-parts").hidden = !any;
  if (!any) {
    part(".ds-correlations").hidden = true;
    part(".ds-pool").dataset.texts = 0;
    part("[data-said]").textContent = state.pool?.empty || "";
    return;
  }
  if (!element.offsetParent) return;  // its chapter is closed
  const all = texts(), there = varied(all);
  part(".ds-pool").dataset.texts = all.length;
  part("[data-said]").textContent = `${all.length} texts of ${state.pool.rows.size} prompts, under the weights chosen above. A click on a dot shows its prompt.`;
  part(".ds-pool-parts").hidden = there.length < 1;
  if (!there.length) return;
  scatter(all, there);
  histogram(all, there);
  correlations(all, there);
}

element.addEventListener("change", ({ target }) => {
  if (!target.dataset.axis) return;
  state[target.dataset.axis] = target.value;
  draw();
});
part(".ds-scatter [role=img]").addEventListener("click", (event) => {
  const box = event.currentTarget.getBoundingClientRect(), at = [(event.clientX - box.left) * WIDTH / box.width, (event.clientY - box.top) * HEIGHT / box.height];
  const far = (text) => (text.at[0] - at[0]) ** 2 + (text.at[1] - at[1]) ** 2;
  const nearest = state.points.reduce((best, text) => (!best || far(text) < far(best) ? text : best), null);
  if (!nearest || far(nearest) > NEAR ** 2) return;
  window.dispatchEvent(new CustomEvent("distilloscope:prompt", { detail: { run: state.pool.run, prompt: nearest.prompt } }));
  document.querySelector("#candidates")?.scrollIntoView({ block: "start" });
});
window.addEventListener("distilloscope:chosen", ({ detail }) => take(detail));
window.addEventListener("resize", () => { if (state.pool) take(state.pool); });
window.dispatchEvent(new CustomEvent("distilloscope:pool-wanted"));
