// The front in the browser: a point a setting with its error bars, fewer steps as a line, the settings that nothing beats joined, and
// the pictures of the chosen one. What the visitor had measured stands among them. Given by gr.HTML: element, props, trigger,
// watch; by axes.js: element.axes; by shared.js: make, shape.

const HIGH = 380, FULL = "full", FEWER = "fewer_steps";
const state = { run: null, number: 0, asked: 0, settings: [], own: [], families: new Map(), metrics: [], better: {}, metric: 0, batch: "speed8", lit: null, chosen: null, live: true };
const part = (selector) => element.querySelector(selector), section = part(".ds-sdm-front"), { frame, padded, follow } = element.axes;

// -- data ----------------------------------------------------------------------------------------------------------
function take(news) {
  if (!news || !news.run) { Object.assign(state, { run: null, settings: [] }); return draw(); }
  if (news.answer || news.error) return news.run === state.run && news.number === state.asked ? answer(news) : undefined;
  if (news.run !== state.run) { Object.assign(state, { own: [], chosen: null, lit: null }); chosen(null); }
  Object.assign(state, { run: news.run, settings: news.settings, families: new Map(news.families), metrics: news.metrics, better: news.better, live: news.live });
  draw();
}

// Points of the chosen figure. The full net is like itself: it stands at the edge where the figure has no end.
function points() {
  const [name, , error] = state.metrics[state.metric], all = [...state.settings, ...state.own].filter((one) => typeof one[state.batch] === "number" && typeof one[name] === "number");
  return all.map((one) => ({ one, x: one[state.batch], y: one[name], r: error && one[error] ? 1.96 * one[error] : 0, low: one[`${state.batch}_low`] ?? one[state.batch], high: one[`${state.batch}_high`] ?? one[state.batch] }));
}

// What no other setting beats in both.
function best(found, way) {
  const order = [...found].sort((a, b) => b.x - a.x || way * (b.y - a.y)), kept = [];
  order.forEach((point) => { if (!kept.length || way * point.y > way * kept.at(-1).y) kept.push(point); });
  return kept;
}

// -- drawing -------------------------------------------------------------------------------------------------------
function draw() {
  const there = Boolean(state.run) && state.settings.length > 0;
  part("[data-wait]").hidden = there;
  part("[data-wait]").textContent = state.run && !state.live ? "This run measured no setting." : "Settings appear here one by one as they are measured.";
  part("[data-shown]").hidden = !there;
  section.dataset.points = state.settings.length + state.own.length;
  if (!there) return;
  const list = part("[data-metric]");
  if (!list.length) list.replaceChildren(...state.metrics.map(([, title], i) => Object.assign(make("option", "", title), { value: i })));
  list.value = state.metric;
  element.querySelectorAll("[data-batch]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.batch === state.batch));
  const found = points(), way = state.better[state.metrics[state.metric][0]] || 1, front = best(found, way);
  picture(found, front);
  families(found, front);
  section.saves = { name: "front", rows: () => [["setting", "family", "speed, 8 at a time", "speed, one", "multiplications", "PSNR", "standard error", "read right", "standard error", "Fréchet distance", "n"],
    ...[...state.settings, ...state.own].map((s) => [s.title, state.families.get(s.family) || s.family, s.speed8, s.speed1, s.flops, s.psnr, s.psnr_se, s.right, s.right_se, s.frechet, s.n])] };
}

const percent = (value) => `${(100 * value).toFixed(0)} %`;

function picture(found, front) {
  const svg = part(".ds-sdm-scatter"), wide = Math.max(280, svg.clientWidth || 700), [name, title] = state.metrics[state.metric], narrow = wide < 500;
  svg.setAttribute("viewBox", `0 0 ${wide} ${HIGH}`);
  if (!found.length) return svg.replaceChildren(shape("text", { x: wide / 2, y: HIGH / 2, "text-anchor": "middle" }, "no setting has this figure"));
  const { px, py, parts } = frame({ wide, high: HIGH, x: padded(found.flatMap((p) => [p.low, p.high, 1])), y: padded(found.flatMap((p) => [p.y - p.r, p.y + p.r])), xName: "measured speed, full = 1", yName: narrow ? title.split(",")[0] : title, write: name === "right" ? percent : (v) => String(v), writeX: (v) => `${v}` });
  const path = (line) => line.map((p, i) => `${i ? "L" : "M"}${px(p.x).toFixed(1)} ${py(p.y).toFixed(1)}`).join("");
  const steps = found.filter((p) => p.one.family === FEWER || (p.one.id === FULL && name !== "psnr")).sort((a, b) => a.x - b.x);
  const dots = found.map((p) => {
    const { one } = p, group = shape("g", { class: `ds-sdm-point${state.lit && state.lit !== one.family ? " ds-back" : ""}${state.chosen === one.id ? " ds-sdm-chosen-point" : ""}`, "data-family": one.family, "data-id": one.id, tabindex: 0, role: "button", "aria-label": told(p, name), "aria-pressed": state.chosen === one.id });
    group.append(shape("title", {}, told(p, name)), shape("path", { d: `M${px(p.low).toFixed(1)} ${py(p.y).toFixed(1)}H${px(p.high).toFixed(1)}M${px(p.x).toFixed(1)} ${py(p.y - p.r).toFixed(1)}V${py(p.y + p.r).toFixed(1)}` }),
      shape("circle", { class: "ds-sdm-reach", cx: px(p.x), cy: py(p.y), r: 13 }), shape("circle", { cx: px(p.x), cy: py(p.y), r: front.includes(p) ? 6.5 : 4.5 }));
    return group;
  });
  svg.replaceChildren(...parts, shape("path", { class: "ds-sdm-best", d: path(front) }), shape("path", { class: "ds-sdm-fewer", d: path(steps) }), ...dots);
}

function told(p, name) {
  const value = name === "right" ? `${(100 * p.y).toFixed(1)} %` : name === "psnr" ? p.y.toFixed(1) : p.y.toPrecision(3), spread = p.r ? ` ± ${(name === "right" ? 100 * p.r : p.r).toFixed(1)}` : "";
  return `${p.one.title}: ${p.x.toFixed(2)} ×, ${value}${spread}`;
}

function families(found, front) {
  const there = [...state.families].filter(([family]) => found.some((p) => p.one.family === family)), own = state.own.length ? [["own", "Measured by you"]] : [];
  part(".ds-sdm-arms").replaceChildren(...[...there, ...own].map(([family, title]) => {
    const button = make("button");
    Object.assign(button, { type: "button" });
    Object.assign(button.dataset, { light: family, family });
    button.setAttribute("aria-pressed", state.lit === family);
    button.append(make("i"), make("span", "", title));
    const best = front.filter(({ one }) => one.family === family).length;
    if (best) button.append(make("small", "", `${best} on the line`));
    return button;
  }));
  part("[data-how]").textContent = `Nothing that was tried is both faster and better than the ${front.length} settings on the line. Bars are 95 % intervals. Dashed: the full net with fewer steps.`;
}

// -- one setting ---------------------------------------------------------------------------------------------------
function choose(id) {
  state.chosen = id;
  draw();
  const one = [...state.settings, ...state.own].find((found) => found.id === id);
  chosen(one);
  if (one.family === "own") return;
  state.asked += 1;
  part("[data-error]").replaceChildren();
  trigger("see_pictures", { run: state.run, setting: id, number: state.asked });
}

function chosen(one, pictures) {
  const place = part(".ds-sdm-chosen");
  if (!one) return place.replaceChildren();
  const head = make("h3", "", one.title), about = make("p"), buttons = make("div", "ds-sdm-buttons");
  const say = (value, text) => (value === null || value === undefined ? [] : [text(value)]);
  about.textContent = [...say(one.speed8, (v) => `${v.toFixed(2)} × at 8 pictures`), ...say(one.speed1, (v) => `${v.toFixed(2)} × at one`), ...say(one.flops, (v) => `${percent(v)} of the multiplications`),
    ...say(one.psnr, (v) => `PSNR ${v.toFixed(1)} ± ${(1.96 * (one.psnr_se || 0)).toFixed(1)} dB`), ...say(one.right, (v) => `${(100 * v).toFixed(1)} ± ${(196 * (one.right_se || 0)).toFixed(1)} % read right`), ...say(one.n, (v) => `n = ${v}`)].join(", ");
  const add = (text, name) => { const button = make("button", "ds-button", text); Object.assign(button, { type: "button" }); button.dataset[name] = one.id; buttons.append(button); };
  if (one.id !== FULL && one.family !== "own") add("Race it", "raceIt");
  if (one.plan) add("Show its map", "showMap");
  const grid = make("div", "ds-sdm-pairs");
  (pictures || []).forEach(([text, full, its]) => {
    const figure = make("figure"), words = Object.assign(make("figcaption", "", text), { translate: false });
    figure.append(...[[full, "Full"], [its, one.title]].map(([src, who]) => Object.assign(make("img"), { src, alt: `${who}: ${text}`, title: who, width: 72, height: 72, translate: false })), words);
    grid.append(figure);
  });
  if (pictures) grid.prepend(make("p", "ds-quiet", "In each pair the full net's picture is on the left."));
  place.replaceChildren(head, about, buttons, grid);
}

function answer({ answer: found, error }) {
  part("[data-error]").innerHTML = error || "";  // made by the server, which escaped it
  const one = state.settings.find(({ id }) => id === state.chosen);
  if (!error && one && found.setting === one.id) chosen(one, found.pictures);
}

// -- events --------------------------------------------------------------------------------------------------------
element.addEventListener("change", ({ target }) => { if (target.matches("[data-metric]")) { state.metric = Number(target.value); draw(); } });
element.addEventListener("click", ({ target }) => {
  const point = target.closest("[data-id]"), light = target.closest("[data-light]"), batch = target.closest("[data-batch]"), one = state.settings.find(({ id }) => id === state.chosen);
  if (point) choose(point.dataset.id);
  if (batch) { state.batch = batch.dataset.batch; draw(); }
  if (light) { state.lit = state.lit === light.dataset.light ? null : light.dataset.light; draw(); element.querySelector(`[data-light="${light.dataset.light}"]`)?.focus(); }
  if (target.closest("[data-race-it]")) window.dispatchEvent(new CustomEvent("distilloscope:race", { detail: { run: state.run, setting: state.chosen } }));
  if (target.closest("[data-show-map]")) window.dispatchEvent(new CustomEvent("distilloscope:plan", { detail: { run: state.run, plan: one.plan } }));
});
element.addEventListener("keydown", (event) => {
  const point = event.target.closest?.("[data-id]");
  if (!point || (event.key !== "Enter" && event.key !== " ")) return;
  event.preventDefault();
  choose(point.dataset.id);
  [...element.querySelectorAll("[data-id]")].find((one) => one.dataset.id === point.dataset.id)?.focus();
});
window.addEventListener("distilloscope:measured", ({ detail }) => {
  if (detail.run !== state.run) return;
  state.own.push({ ...detail, id: `own ${state.own.length + 1}`, title: `Your plan ${state.own.length + 1}`, family: "own" });
  draw();
});
follow(section, () => { if (state.run) draw(); });
watch("value", () => take(props.value));
take(props.value);
