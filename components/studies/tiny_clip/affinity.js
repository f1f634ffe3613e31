// Affinity matrices in the browser: shares of each picture's captions, or each caption's pictures, made of cosines at any
// logit scale, for teacher, student and their difference, with the KL divergence of every row. Texts are untrusted:
// textContent only. Given by gr.HTML: element, props, trigger, watch; by shared.js: make, shape, expected.

const TEACHER = "teacher", FIRST = ["both", "affinity", "auto", "inherit"], LOWEST = 1, HIGHEST = 100;  // of the logit scale
const CAPTIONS = 96, PICTURES = 30, BARS = 56, LETTERS = 17;  // room around a matrix, in its own units
const OPENING = /^(?:an? (?:picture|drawing|photo) of|we see|look at) /;
const state = { run: null, number: 0, live: true, arms: new Map(), found: new Map(), pairs: [], scale: 50, own: 50, who: null, step: null, way: "rows", cell: null };
const part = (selector) => element.querySelector(selector), section = part(".ds-tiny-affinity");

// -- data ------------------------------------------------------------------------------------------------------
function take(news) {
  if (!expected(news, state, () => { Object.assign(state, { run: null, found: new Map(), arms: new Map() }); draw(); })) return;
  if (news.fresh) {
    if (news.run !== state.run) Object.assign(state, { who: null, step: null, cell: null, scale: news.scale, pairs: [] });
    Object.assign(state, { run: news.run, found: new Map(), arms: new Map() });
  }
  Object.assign(state, { number: news.number, live: news.live, own: news.scale, pairs: news.pairs || state.pairs });
  news.arms.forEach(([name, title]) => state.arms.set(name, title));
  news.matrices.forEach(([who, step, cosines]) => (state.found.get(who) || state.found.set(who, new Map()).get(who)).set(step, cosines));
  draw();
}

const students = () => [...state.arms.keys()].filter((name) => name !== TEACHER && state.found.has(name));
const moments = (who) => [...(state.found.get(who)?.keys() || [])].sort((a, b) => a - b);

function chosen() {
  const there = students(), who = there.includes(state.who) ? state.who : FIRST.find((name) => there.includes(name)) || there[0];
  const steps = moments(who), step = steps.includes(state.step) ? state.step : steps.at(-1);
  const teacher = state.found.get(TEACHER), last = teacher && teacher.get(moments(TEACHER).at(-1));
  return { who, steps, step, teacher: last, student: state.found.get(who)?.get(step) };
}

// -- numbers ---------------------------------------------------------------------------------------------------
// Shares by row: of pictures over captions, or of captions over pictures; the latter is of the transposed cosines.
function shares(cosines) {
  const lines = state.way === "rows" ? cosines : cosines.map((_, j) => cosines.map((line) => line[j]));
  return lines.map((line) => {
    const top = Math.max(...line), parts = line.map((value) => Math.exp(state.scale * (value - top))), sum = parts.reduce((a, b) => a + b, 0);
    return parts.map((value) => value / sum);
  });
}

const divergence = (p, q) => p.reduce((sum, value, j) => sum + (value > 0 ? value * Math.log(value / Math.max(q[j], 1e-12)) : 0), 0);
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const percent = (value) => `${(100 * value).toFixed(value > 0 && value < 0.01 ? 1 : 0)} %`;
const plain = (value, digits = 2) => value.toFixed(digits).replace("-", "\u2212");
const toScale = (at) => LOWEST * (HIGHEST / LOWEST) ** (at / 100), fromScale = (scale) => Math.round(100 * Math.log(scale / LOWEST) / Math.log(HIGHEST / LOWEST));

// -- drawing ---------------------------------------------------------------------------------------------------
// What stands at the edge of a matrix: the words that tell captions apart.
const cut = (caption) => { const text = caption.replace(OPENING, ""); return text.length > LETTERS ? `${text.slice(0, LETTERS - 1)}\u2026` : text; };
const picture = (i, x, y, size) => shape("image", { href: state.pairs[i]?.src || "", x, y, width: size, height: size, "image-rendering": "pixelated" });

// Rows are pictures and columns captions, or the other way round. `bars`: a number for each row, drawn to its right.
function matrix(title, values, kind, bars) {
  const n = values.length, size = 20, rows = state.way === "rows", left = rows ? PICTURES : CAPTIONS + 24, top = rows ? CAPTIONS : PICTURES + 4;
  const wide = left + n * size + (bars ? BARS : 4), svg = shape("svg", { viewBox: `0 0 ${wide} ${top + n * size + 4}`, role: "group", tabindex: 0, "aria-label": `${title}. The arrow keys go from cell to cell.` });
  const figure = make("figure"), most = bars && Math.max(...bars, 1e-9);
  values.forEach((line, i) => {
    const across = top + i * size, down = left + i * size + size / 2;
    if (rows) {
      svg.append(picture(i, left - size - 6, across + 1, size - 2));
      svg.append(shape("text", { transform: `translate(${down + 3} ${top - 6}) rotate(-60)`, translate: "no" }, cut(state.pairs[i]?.text || String(i + 1))));
    } else {
      svg.append(picture(i, left + i * size + 1, top - size - 4, size - 2));
      svg.append(shape("text", { x: left - 6, y: across + 14, "text-anchor": "end", translate: "no" }, cut(state.pairs[i]?.text || String(i + 1))));
    }
    line.forEach((value, j) => {
      const of = kind === "difference" ? (value > 0 ? "student" : "teacher") : kind, strength = Math.sqrt(Math.min(1, Math.abs(value)));
      const cell = shape("rect", { class: "ds-tiny-of", "data-of": of, x: left + j * size + 0.5, y: across + 0.5, width: size - 1, height: size - 1, "fill-opacity": strength.toFixed(3) });
      const box = shape("rect", { class: `ds-tiny-box${i === j ? " ds-tiny-own" : ""}${state.cell && state.cell[0] === i && state.cell[1] === j ? " ds-tiny-chosen" : ""}`,
        x: left + j * size + 0.5, y: across + 0.5, width: size - 1, height: size - 1, "data-i": i, "data-j": j });
      box.append(shape("title", {}, kind === "difference" ? plain(100 * value, 1) + " points" : percent(value)));
      svg.append(cell, box);
    });
    if (bars) {
      const long = (BARS - 34) * bars[i] / most, x = left + n * size + 5;
      svg.append(shape("rect", { class: "ds-tiny-bar", x, y: across + 5, width: Math.max(1, long), height: size - 10 }), shape("text", { x: x + long + 3, y: across + 14 }, plain(bars[i])));
    }
  });
  figure.style.flexGrow = wide;  // so that the cells of all three are equally large
  figure.append(make("figcaption", "", title), svg);
  return figure;
}

function sliders({ steps, step }) {
  const along = part("[data-step]"), scale = part("[data-scale]");
  Object.assign(along, { max: Math.max(0, steps.length - 1), value: steps.indexOf(step), disabled: steps.length < 2 });
  along.setAttribute("aria-valuetext", `update ${step}`);
  along.nextElementSibling.textContent = `${step}`;
  scale.value = fromScale(state.scale);
  scale.nextElementSibling.textContent = state.scale.toFixed(state.scale < 10 ? 1 : 0);
}

function draw() {
  const began = performance.now(), found = chosen(), there = Boolean(state.run && found.student && found.teacher && found.teacher.length === found.student.length);
  part("[data-wait]").hidden = there;
  part("[data-wait] p").textContent = state.run && !state.live ? "This run kept no matrices." : "The matrices appear here when the first student begins to train.";
  part("[data-shown]").hidden = !there;
  section.dataset.matrices = [...state.found.values()].reduce((sum, steps) => sum + steps.size, 0);
  if (!there) return;
  const list = part("[data-pick=who]"), names = students(), focus = document.activeElement?.closest?.(".ds-tiny-matrices figure"), at = focus && [...focus.parentElement.children].indexOf(focus);
  if (list.dataset.there !== names.join()) {
    list.dataset.there = names.join();
    list.replaceChildren(...names.map((name) => Object.assign(make("option", "", state.arms.get(name)), { value: name })));
  }
  list.value = found.who;
  sliders(found);
  const teacher = shares(found.teacher), student = shares(found.student), apart = student.map((line, i) => line.map((value, j) => value - teacher[i][j]));
  const kl = teacher.map((line, i) => Math.max(0, divergence(line, student[i]))), right = (values) => values.filter((line, i) => line.indexOf(Math.max(...line)) === i).length;
  state.cell ||= largest(apart);
  part(".ds-tiny-matrices").replaceChildren(matrix("Teacher", teacher, "teacher"), matrix(state.arms.get(found.who), student, "student"), matrix("Student minus teacher, and KL", apart, "difference", kl));
  if (focus) part(".ds-tiny-matrices").children[at].querySelector("svg").focus({ preventScroll: true });
  const what = state.way === "rows" ? "pictures find their caption" : "captions find their picture";
  part("[data-said]").textContent = `KL divergence ${plain(mean(kl), 3)} nats, mean of ${kl.length} rows. Of ${kl.length} pairs, ${right(teacher)} ${what} with the teacher, ${right(student)} with the student. Darker is more, as the square root of the share.`;
  cell(teacher, student);
  section.saves = { name: "affinities", rows: () => [["row", "column", "teacher", "student", "difference", "KL of the row"],
    ...teacher.flatMap((line, i) => line.map((value, j) => [i + 1, j + 1, value, student[i][j], apart[i][j], kl[i]]))] };
  section.dataset.ms = (performance.now() - began).toFixed(1);
}

function largest(apart) {
  let best = [0, 0];
  apart.forEach((line, i) => line.forEach((value, j) => { if (Math.abs(value) > Math.abs(apart[best[0]][best[1]])) best = [i, j]; }));
  return best;
}

// The two sides of the chosen cell: a picture, a caption, and the caption's own picture.
function cell(teacher, student) {
  const [i, j] = state.cell, [image, text] = state.way === "rows" ? [i, j] : [j, i], row = teacher[i];
  if (!row || row[j] === undefined) { part(".ds-tiny-cell").replaceChildren(); return; }
  const card = (number, title, caption) => {
    const figure = make("figure"), img = make("img");
    Object.assign(img, { src: state.pairs[number]?.src || "", alt: state.pairs[number]?.text || "", width: 96, height: 96, translate: false });
    const said = make("q", "", caption);
    said.translate = false;
    const label = make("figcaption");
    label.append(make("b", "", title), said);
    figure.append(img, label);
    return figure;
  };
  const caption = (number) => state.pairs[number]?.text || "", said = make("p");
  said.append(...[[`Teacher ${percent(row[j])}`, "teacher"], [`Student ${percent(student[i][j])}`, "student"]].map(([words, of]) => keyed(words, of)));
  said.append(make("span", "", image === text ? "They belong together." : "The caption was written for another picture."));
  const cards = image === text ? [card(image, "The picture and its caption", caption(image))]
    : [card(image, "The picture, with its own caption", caption(image)), card(text, "The caption, with its own picture", caption(text))];
  part(".ds-tiny-cell").replaceChildren(...cards, said);
}

function keyed(words, of) {
  const found = make("b", "ds-tiny-key", words);
  found.dataset.of = of;
  return found;
}

// -- events ----------------------------------------------------------------------------------------------------
element.addEventListener("change", ({ target }) => {
  if (target.dataset.pick === "who") { state.who = target.value; draw(); }
});
element.addEventListener("input", ({ target }) => {
  if (target.matches("[data-step]")) { state.step = chosen().steps[Number(target.value)]; draw(); }
  if (target.matches("[data-scale]")) { state.scale = toScale(Number(target.value)); draw(); }
});
element.addEventListener("click", ({ target }) => {
  const way = target.closest("[data-way]"), box = target.closest("[data-i]");
  if (way && way.dataset.way !== state.way) {
    Object.assign(state, { way: way.dataset.way, cell: state.cell && [state.cell[1], state.cell[0]] });
    element.querySelectorAll("[data-way]").forEach((button) => button.setAttribute("aria-pressed", button === way));
    draw();
  }
  if (box) { state.cell = [Number(box.dataset.i), Number(box.dataset.j)]; draw(); }
});
element.addEventListener("keydown", (event) => {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (!move || !event.target.matches(".ds-tiny-matrices svg") || !state.cell) return;
  event.preventDefault();
  const most = chosen().student.length - 1;
  state.cell = state.cell.map((at, axis) => Math.max(0, Math.min(most, at + move[axis])));
  draw();
});
watch("value", () => take(props.value));
take(props.value);
