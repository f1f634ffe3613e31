// Curves against scratch in the browser: every seed thin, the mean of an arm thick, scratch's end as a line, and below it
// where each arm crosses that line, as the engine wrote it down. Knows numbers; no run folder.
// Given by gr.HTML: element, props, trigger, watch; by shared.js: make, shape, expected.

const STEP = 2, SECONDS = 3, FIGURES = 4, SCRATCH = "scratch";  // places in a point
const LEFT = 46, RIGHT = 14, TOP = 12, BOTTOM = 38, HIGH = 300;
const state = { run: null, number: 0, live: true, arms: new Map(), points: new Map(), metrics: [], crossings: [], metric: 0, over: "step", lit: null };
const part = (selector) => element.querySelector(selector), section = part(".ds-tiny-reach");

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { Object.assign(state, { run: null, points: new Map(), arms: new Map() }); draw(); })) return;
  if (news.fresh) Object.assign(state, { run: news.run, points: new Map(), arms: new Map(), metrics: news.metrics, crossings: news.crossings });
  Object.assign(state, { number: news.number, live: news.live });
  news.arms.forEach(([name, title]) => state.arms.set(name, title));
  news.points.forEach((point) => {
    const [arm, seed, step] = point, seeds = state.points.get(arm) || state.points.set(arm, new Map()).get(arm);
    const mine = seeds.get(seed) || seeds.set(seed, new Map()).get(seed);
    mine.set(step, point);  // a resumed run repeats some steps: what it says now counts
  });
  draw();
}

const lineOf = (steps, x, y) => [...steps.values()].filter((p) => p[x] !== null && p[y] !== null).sort((a, b) => a[STEP] - b[STEP]);

// The mean over the seeds that have come as far as the furthest; steps that all of them have.
function meanOf(lines, x, y) {
  const far = Math.max(...lines.map((line) => line.at(-1)[STEP])), whole = lines.filter((line) => line.at(-1)[STEP] === far);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return whole[0].map((point) => whole.map((line) => line.find((other) => other[STEP] === point[STEP])))
    .filter((points) => points.every(Boolean)).map((points) => [mean(points.map((p) => p[x])), mean(points.map((p) => p[y]))]);
}

function gathered() {
  const x = state.over === "step" ? STEP : SECONDS, y = FIGURES + state.metric;
  return [...state.arms].map(([name, title]) => {
    const lines = [...(state.points.get(name)?.values() || [])].map((steps) => lineOf(steps, x, y)).filter((line) => line.length);
    return { name, title, lines: lines.map((line) => line.map((p) => [p[x], p[y]])), mean: lines.length ? meanOf(lines, x, y) : [] };
  }).filter((arm) => arm.lines.length);
}

// -- drawing ---------------------------------------------------------------------------------------------------
function ticks(low, high, many) {
  const rough = (high - low) / many || 1, size = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= rough);
  const found = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9; k += 1) found.push(Number((k * step).toPrecision(6)));
  return found;
}

const percent = (value, digits = 0) => `${(100 * value).toFixed(digits)} %`.replace("-", "\u2212");

function picture(arms) {
  const svg = part(".ds-tiny-curves"), wide = Math.max(280, svg.clientWidth || 700), all = arms.flatMap((arm) => arm.lines.flat());
  const ends = [Math.max(...all.map(([x]) => x)) || 1, Math.max(...all.map(([, y]) => y)) * 1.06 || 1], floor = HIGH - BOTTOM;
  const px = (x) => LEFT + (wide - LEFT - RIGHT) * x / ends[0], py = (y) => floor - (floor - TOP) * y / ends[1];
  const path = (points) => "M" + points.map(([x, y]) => `${px(x).toFixed(1)} ${py(y).toFixed(1)}`).join("L");
  svg.setAttribute("viewBox", `0 0 ${wide} ${HIGH}`);
  const grid = ticks(0, ends[1], 5).flatMap((t) => [shape("path", { class: "ds-tiny-grid", d: `M${LEFT} ${py(t)}H${wide - RIGHT}` }),
    shape("text", { x: LEFT - 8, y: py(t) + 4, "text-anchor": "end" }, percent(t))]);
  const feet = ticks(0, ends[0], wide / 110).map((t) => shape("text", { x: px(t), y: floor + 17, "text-anchor": "middle" }, String(t)));
  feet.push(shape("text", { x: (LEFT + wide - RIGHT) / 2, y: HIGH - 3, "text-anchor": "middle" }, state.over === "step" ? "update" : "processor seconds"));
  const lines = arms.flatMap(({ name, lines, mean }) => {
    const group = shape("g", { class: state.lit && state.lit !== name ? "ds-back" : "", "data-arm": name });
    group.append(...lines.map((line) => shape("path", { class: "ds-tiny-thin", d: path(line) })), shape("path", { class: "ds-tiny-thick", d: path(mean) }));
    return group;
  });
  svg.replaceChildren(...grid, ...feet, ...lines, ...goal(arms, px, py, wide));
  svg.setAttribute("aria-label", arms.map(({ title, mean, lines }) => `${title}: ${percent(mean.at(-1)?.[1] ?? 0, 1)} at the end, mean of ${lines.length}`).join("; "));
}

// Scratch's end as a line, and on it a dot where the students of an arm reach it on average, if all of them do.
function goal(arms, px, py, wide) {
  const end = arms.find((arm) => arm.name === SCRATCH)?.mean.at(-1)?.[1];
  if (end === undefined || (state.live && !state.crossings.length)) return [];
  const marks = [shape("path", { class: "ds-tiny-goal", d: `M${LEFT} ${py(end)}H${wide - RIGHT}` }),
    shape("text", { class: "ds-tiny-goal-name", x: wide - RIGHT, y: py(end) - 5, "text-anchor": "end" }, "scratch at its end")];
  arms.filter((arm) => arm.name !== SCRATCH).forEach((arm) => {
    const at = state.over === "step" ? 3 : 4, found = state.crossings.filter(([metric, name]) => metric === state.metrics[state.metric][0] && name === arm.name).map((row) => row[at]);
    if (!found.length || found.includes(null)) return;
    const first = found.reduce((sum, value) => sum + value, 0) / found.length;
    marks.push(shape("circle", { class: state.lit && state.lit !== arm.name ? "ds-back" : "", "data-arm": arm.name, cx: px(first), cy: py(end), r: 5 }));
  });
  return marks;
}

// One line an arm: a track as long as scratch's training, a dot for each seed where it crosses.
function crossings() {
  const metric = state.metrics[state.metric][0], list = part(".ds-tiny-crossings"), rows = [];
  const mine = state.crossings.filter(([name, arm]) => name === metric && arm !== SCRATCH), arms = [...state.arms.keys()].filter((name) => mine.some(([, arm]) => arm === name));
  arms.forEach((name) => {
    const found = mine.filter(([, arm]) => arm === name), crossed = found.filter(([, , , step]) => step !== null);
    const mean = crossed.reduce((sum, [, , , step, , of]) => sum + step / of, 0) / (crossed.length || 1), row = make("li", "ds-tiny-crossing");
    const track = make("div");
    crossed.forEach(([, , seed, step, , of], i) => {
      const dot = make("i"), same = crossed.slice(0, i).filter((other) => other[3] === step).length;  // seeds that cross together stand apart
      dot.style.left = `calc(${Math.min(100, 100 * step / of).toFixed(1)}% + ${3 * same}px)`;
      dot.title = `seed ${seed}: update ${step} of ${of}`;
      track.append(dot);
    });
    row.dataset.arm = name;
    const seeds = `${crossed.length} of ${found.length} ${found.length === 1 ? "seed" : "seeds"}`;
    const said = crossed.length ? `after ${percent(mean)} of its updates` : "never";
    row.append(make("span", "", state.arms.get(name)), track, make("b", "", said), make("small", "", seeds));
    rows.push(row);
  });
  list.replaceChildren(...rows);
  part("[data-how]").textContent = rows.length ? "A track is the training of scratch from its first update to its last; a dot is the evaluation from which on a seed is never again below scratch of that seed at its end. A seed without such an evaluation has no dot."
    : state.live ? "Where each arm reaches scratch's end is said at the end of the run." : "This run says nothing of crossings in this figure.";
}

function draw() {
  const arms = state.metrics.length ? gathered() : [], there = Boolean(state.run) && arms.length > 0;
  part("[data-wait]").hidden = there;
  part("[data-wait] p").textContent = state.run && !state.live ? "This run ended before its step sizes were chosen." : "The curves appear here when the step sizes are chosen.";
  part("[data-shown]").hidden = !there;
  section.dataset.points = arms.reduce((sum, arm) => sum + arm.lines.flat().length, 0);
  if (!there) return;
  const list = part("[data-pick=metric]");
  if (!list.length) list.replaceChildren(...state.metrics.map(([, title], i) => Object.assign(make("option", "", title), { value: i })));
  list.value = state.metric;
  part(".ds-tiny-arms").replaceChildren(...arms.map(({ name, title }) => {
    const button = make("button", "");
    Object.assign(button, { type: "button" });
    Object.assign(button.dataset, { arm: name, light: "" });
    button.setAttribute("aria-pressed", state.lit === name);
    button.append(make("i"), title);
    return button;
  }));
  picture(arms);
  crossings();
  section.saves = { name: "reach", rows: () => [["arm", "seed", state.over, state.metrics[state.metric][1]],
    ...arms.flatMap((arm) => arm.lines.flatMap((line, i) => line.map(([x, y]) => [arm.title, [...state.points.get(arm.name).keys()][i], x, y])))] };
}

// -- events ----------------------------------------------------------------------------------------------------
element.addEventListener("change", ({ target }) => {
  if (target.dataset.pick === "metric") { state.metric = Number(target.value); draw(); }
});
element.addEventListener("click", ({ target }) => {
  const over = target.closest("[data-over]"), light = target.closest("[data-light]");
  if (over) {
    state.over = over.dataset.over;
    element.querySelectorAll("[data-over]").forEach((button) => button.setAttribute("aria-pressed", button === over));
    draw();
  }
  if (light) {
    state.lit = state.lit === light.dataset.arm ? null : light.dataset.arm;
    draw();
    [...element.querySelectorAll("[data-light]")].find((button) => button.dataset.arm === light.dataset.arm)?.focus();
  }
});
let drawn = 0;
new ResizeObserver(([entry]) => {
  if (Math.abs(entry.contentRect.width - drawn) < 2) return;
  drawn = entry.contentRect.width;
  if (state.run) draw();
}).observe(section);
watch("value", () => take(props.value));
take(props.value);
