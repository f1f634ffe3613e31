// What may be inherited, in the browser: a row a module, its change at each step as a strip, the likeness that is left when
// it alone is inherited as dots, and whether both agree. Given by gr.HTML: element, props, watch; by shared.js: make, shape.

const MOST_TOLD = 12, ROW = 20, TOP = 34, DOTS = 0.34;  // of the width, for the dots
const state = { run: null, number: 0, modules: [], changes: {}, harms: new Map(), level: "block", order: "run", live: true };
const part = (selector) => element.querySelector(selector), section = part(".ds-sdm-inherited");

// -- data ----------------------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { Object.assign(state, { run: null, modules: [] }); return draw(); }
  Object.assign(state, { run: news.run, modules: news.modules, changes: news.changes, live: news.live, harms: new Map() });
  news.harms.forEach(([module, reading, psnr, se]) => (state.harms.get(module) || state.harms.set(module, {}).get(module))[reading] = [psnr, se]);
  draw();
}

const mean = (values) => { const there = values.filter((value) => value !== null); return there.length ? there.reduce((a, b) => a + b, 0) / there.length : null; };
const alone = (row) => row.harm.output?.[0] ?? row.harm.branch?.[0] ?? null;

function rowsOf() {
  const rows = state.modules.filter(([, , level]) => level === state.level).map(([id, title]) => ({ id, title, strip: state.changes[id] || [], harm: state.harms.get(id) || {} }));
  rows.forEach((row) => { row.change = mean(row.strip); });
  const last = (value) => (value === null ? Infinity : value);
  if (state.order === "change") rows.sort((a, b) => last(a.change) - last(b.change));
  if (state.order === "harm") rows.sort((a, b) => (alone(b) ?? -Infinity) - (alone(a) ?? -Infinity));
  return rows;
}

// Spearman's rank correlation; equal values share the mean of their ranks.
function ranks(values) {
  const order = values.map((value, i) => [value, i]).sort((a, b) => a[0] - b[0]), found = [];
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to < order.length && order[to][0] === order[from][0]) to += 1;
    for (let k = from; k < to; k += 1) found[order[k][1]] = (from + to - 1) / 2;
    from = to;
  }
  return found;
}

function agreement(rows) {
  const both = rows.filter((row) => row.change !== null && alone(row) !== null);
  if (both.length < 4) return null;
  const a = ranks(both.map((row) => row.change)), b = ranks(both.map((row) => -alone(row))), middle = (both.length - 1) / 2;
  const cross = (x, y) => x.reduce((total, value, i) => total + (value - middle) * (y[i] - middle), 0);
  const apart = both.map((row, i) => [a[i] - b[i], row.title]).sort((x, y) => x[0] - y[0]);
  return { rho: cross(a, b) / (Math.sqrt(cross(a, a) * cross(b, b)) || 1), n: both.length, harmful: apart[0][1], harmless: apart.at(-1)[1] };
}

// -- drawing -------------------------------------------------------------------------------------------------------
function draw() {
  const rows = rowsOf(), there = Boolean(state.run) && state.modules.length > 0;
  part("[data-wait]").hidden = there;
  part("[data-wait]").textContent = state.run && !state.live ? "This run did not watch its modules." : "The heat map appears here when the full model was watched at every step.";
  part("[data-shown]").hidden = !there;
  section.dataset.rows = rows.length;
  if (!there) return;
  element.querySelectorAll("[data-level]").forEach((button) => { button.setAttribute("aria-pressed", button.dataset.level === state.level); button.disabled = !state.modules.some(([, , level]) => level === button.dataset.level); });
  picture(rows);
  said(rows);
  const steps = Math.max(0, ...rows.map((row) => row.strip.length));
  section.saves = { name: "inherited", rows: () => [["part", "output inherited, dB", "branch inherited, dB", ...Array.from({ length: steps }, (_, step) => `change at step ${step}`)],
    ...rows.map((row) => [row.title, row.harm.output?.[0] ?? "", row.harm.branch?.[0] ?? "", ...Array.from({ length: steps }, (_, step) => row.strip[step] ?? "")])] };
}

function picture(rows) {
  const svg = part(".ds-sdm-heat"), wide = Math.max(280, svg.clientWidth || 700), name = Math.min(state.level === "block" ? 84 : 220, wide * (wide < 500 ? 0.3 : 0.3)), right = wide * DOTS, left = name + 6, heat = wide - left - right - 16;
  const steps = Math.max(1, ...rows.map((row) => row.strip.length)), most = Math.max(...rows.flatMap((row) => row.strip.filter((value) => value !== null)), 1e-9);
  const values = rows.flatMap((row) => Object.values(row.harm).map(([psnr]) => psnr)), ends = values.length ? [Math.min(...values) - 1, Math.max(...values) + 1] : [0, 1];
  const x0 = left + heat + 16, px = (value) => x0 + (right - 10) * (value - ends[0]) / (ends[1] - ends[0]), high = TOP + rows.length * ROW + 4, inside = (value) => Math.max(x0, Math.min(wide - 10, px(value)));
  svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  svg.style.height = `${high}px`;
  const each = heat / steps, head = [shape("text", { x: left, y: 12 }, `step 0 to ${steps - 1}`), shape("text", { x: x0, y: 12 }, "PSNR alone, dB")];
  head.push(...[0, 0.5, 1].map((part) => { const value = ends[0] + part * (ends[1] - ends[0]); return shape("text", { x: px(value), y: TOP - 6, "text-anchor": part === 1 ? "end" : part ? "middle" : "start" }, value.toFixed(0)); }));
  const letters = Math.floor(name / 6.1), short = (title) => { const told = wide < 500 ? title.split(", ").slice(-2).join(", ") : title; return told.length > letters ? `${told.slice(0, letters - 1)}\u2026` : told; };
  const lines = rows.map((row, k) => {
    const y = TOP + k * ROW, group = shape("g", {});
    group.append(shape("title", {}, told(row)), shape("text", { x: name, y: y + 14, "text-anchor": "end" }, short(row.title)));
    row.strip.forEach((value, step) => {
      if (value !== null) group.append(shape("rect", { class: "ds-sdm-hot", x: (left + step * each).toFixed(1), y: y + 2, width: Math.max(1, each - 1).toFixed(1), height: ROW - 4, "fill-opacity": (0.06 + 0.94 * Math.sqrt(value / most)).toFixed(3) }));
    });
    group.append(shape("path", { class: "ds-sdm-line", d: `M${x0} ${y + ROW / 2}H${wide - 10}` }));
    ["output", "branch"].filter((reading) => row.harm[reading]).forEach((reading) => {
      const [psnr, se] = row.harm[reading], r = 1.96 * (se || 0);
      group.append(shape("path", { class: "ds-sdm-whisker", "data-of": reading, d: `M${inside(psnr - r).toFixed(1)} ${y + ROW / 2}H${inside(psnr + r).toFixed(1)}` }),
        shape("circle", { class: "ds-sdm-dot", "data-of": reading, cx: px(psnr).toFixed(1), cy: y + ROW / 2, r: 4.5 }));
    });
    return group;
  });
  svg.replaceChildren(...head, ...lines);
  svg.setAttribute("aria-label", rows.length > MOST_TOLD ? `${rows.length} parts; the file that can be saved has their numbers` : rows.map(told).join("; "));
}

function told(row) {
  const harm = ["output", "branch"].filter((reading) => row.harm[reading]).map((reading) => `${reading} inherited ${row.harm[reading][0].toFixed(1)} dB`).join(", ");
  return `${row.title}: ${row.change === null ? "change not known" : `changes by ${(100 * row.change).toFixed(1)} % a step`}${harm ? `, ${harm}` : ""}`;
}

function said(rows) {
  const found = agreement(rows), place = part("[data-said]");
  place.textContent = found === null ? "" : `Of ${found.n} parts, change and harm agree with a rank correlation of ${found.rho.toFixed(2).replace("-", "\u2212")}. `
    + (found.rho > 0.99 ? "" : `More harmful than its change says: ${found.harmful}. Less harmful: ${found.harmless}.`);
}

// -- events --------------------------------------------------------------------------------------------------------
element.addEventListener("click", ({ target }) => {
  const level = target.closest("[data-level]");
  if (level) { state.level = level.dataset.level; draw(); }
});
element.addEventListener("change", ({ target }) => { if (target.matches("[data-order]")) { state.order = target.value; draw(); } });
let drawn = 0;
new ResizeObserver(([entry]) => {
  if (Math.abs(entry.contentRect.width - drawn) < 2) return;
  drawn = entry.contentRect.width;
  if (state.run) draw();
}).observe(section);
watch("value", () => take(props.value));
take(props.value);
