// The grid of the map: rows of modules that fold out to layers and units, columns of steps. Draws states, and tells which
// cell, row or step was pressed; arrow keys go from cell to cell. plan_map.js finds it as `element.grid`.
// Given by gr.HTML: element; by shared.js: make.

const place = element.querySelector(".ds-sdm-grid"), grid = { graph: null, steps: 0, open: new Set(), cells: new Map(), at: null, map: null, pressed: {} };
const SAID = { computed: "computed", inherited: "inherited", dead: "dead" };

// -- structure -----------------------------------------------------------------------------------------------------
const childrenOf = (i) => grid.graph.parts[i].filter((part) => grid.graph.above[part].at(-1) === i);

function shown() {
  const found = [], { modules, above } = grid.graph;
  const walk = (i, depth) => {
    found.push([i, depth]);
    if (grid.open.has(modules[i].id)) childrenOf(i).forEach((part) => walk(part, depth + 1));
  };
  modules.forEach((_, i) => { if (!above[i].length) walk(i, 0); });
  return found;
}

function build(graph, steps) {
  Object.assign(grid, { graph, steps, cells: new Map() });
  const table = make("table"), head = make("tr"), body = make("tbody"), top = make("thead");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", "Steps of the sampler and parts of the net. The arrow keys go from cell to cell, Space changes one.");
  head.append(Object.assign(make("th", "", "step"), { scope: "col" }), ...Array.from({ length: steps }, (_, step) => column(step)));
  top.append(head);
  body.append(...shown().map(([i, depth]) => line(i, depth)));
  table.append(top, body);
  place.replaceChildren(table);
  place.style.setProperty("--steps", steps);
  const first = grid.cells.has(grid.at) ? grid.at : [...grid.cells.keys()][0];
  focusable(first, false);
}

function column(step) {
  const cell = make("th"), button = make("button", "", String(step));
  Object.assign(cell, { scope: "col" });
  Object.assign(button, { type: "button", disabled: step === 0, title: step ? `Step ${step}: inherit or compute` : "Step 0 is always computed" });
  button.setAttribute("aria-label", button.title);
  button.dataset.column = step;
  if (step % 5 && grid.steps > 10) cell.className = "ds-sdm-minor";
  cell.append(button);
  return cell;
}

function line(i, depth) {
  const { id, title } = grid.graph.modules[i], row = make("tr"), name = make("th"), whole = make("button", "ds-sdm-name", title.split(", ").at(-1)), own = childrenOf(i);
  row.dataset.depth = depth;
  name.scope = "row";
  Object.assign(whole, { type: "button", title: `${title}: inherit or compute` });
  whole.dataset.row = i;
  if (own.length) {
    const fold = make("button", "ds-sdm-fold"), open = grid.open.has(id);
    Object.assign(fold, { type: "button" });
    fold.dataset.fold = i;
    fold.setAttribute("aria-expanded", open);
    fold.setAttribute("aria-label", `Parts of ${title}`);
    name.append(fold);
  }
  name.append(whole);
  row.append(name, ...Array.from({ length: grid.steps }, (_, step) => {
    const cell = make("td"), key = `${i} ${step}`;
    cell.setAttribute("role", "gridcell");
    cell.tabIndex = -1;
    Object.assign(cell.dataset, { i, step });
    grid.cells.set(key, cell);
    return cell;
  }));
  return row;
}

// -- states --------------------------------------------------------------------------------------------------------
// `planned`: for each step the indices of modules that the plan names.
function paint(map, planned) {
  grid.map = map;
  grid.cells.forEach((cell, key) => {
    const [i, step] = key.split(" ").map(Number), now = map[step], state = now.states[i], from = now.from[i];
    const own = planned[step].has(i), stamp = `${state} ${from} ${own}`;
    if (cell.dataset.stamp === stamp) return;
    Object.assign(cell.dataset, { state, stamp, planned: own });
    cell.setAttribute("aria-selected", own);
    cell.setAttribute("aria-label", said(i, step));
  });
}

function said(i, step) {
  const now = grid.map[step], about = `${grid.graph.modules[i].title}, step ${step}`;
  return now.states[i] === "inherited" && now.from[i] !== null ? `${about}: inherited from step ${now.from[i]}` : `${about}: ${SAID[now.states[i]]}`;
}

function focusable(key, focus) {
  if (!grid.cells.has(key)) return;
  const before = grid.cells.get(grid.at);
  if (before) before.tabIndex = -1;
  grid.at = key;
  grid.cells.get(key).tabIndex = 0;
  if (focus) grid.cells.get(key).focus();
}

// The step that a cell inherits from is marked while it is looked at.
function look(cell) {
  place.querySelectorAll(".ds-sdm-source").forEach((one) => one.classList.remove("ds-sdm-source"));
  const at = cell && grid.map?.[Number(cell.dataset.step)], from = at?.states[Number(cell.dataset.i)] === "inherited" ? at.from[Number(cell.dataset.i)] : null;
  if (from !== null && from !== undefined) grid.cells.get(`${cell.dataset.i} ${from}`)?.classList.add("ds-sdm-source");
  grid.pressed.look?.(cell ? cell.getAttribute("aria-label") : "");
}

// -- events --------------------------------------------------------------------------------------------------------
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

place.addEventListener("keydown", (event) => {
  const cell = event.target.closest("td");
  if (!cell) return;
  const keys = [...grid.cells.keys()], rows = [...new Set(keys.map((key) => key.split(" ")[0]))], row = rows.indexOf(cell.dataset.i), step = Number(cell.dataset.step);
  const move = MOVES[event.key] || (event.key === "Home" ? [0, -step] : event.key === "End" ? [0, grid.steps - 1 - step] : null);
  if (move) {
    event.preventDefault();
    const to = Math.max(0, Math.min(rows.length - 1, row + move[0])), at = Math.max(0, Math.min(grid.steps - 1, step + move[1]));
    focusable(`${rows[to]} ${at}`, true);
  } else if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    press(cell);
  }
});

function press(cell) {
  focusable(`${cell.dataset.i} ${cell.dataset.step}`, true);
  grid.pressed.cell(Number(cell.dataset.i), Number(cell.dataset.step));
  look(cell);
}

place.addEventListener("click", ({ target }) => {
  const cell = target.closest("td"), button = target.closest("button");
  if (cell) press(cell);
  else if (button?.dataset.row) grid.pressed.row(Number(button.dataset.row));
  else if (button?.dataset.column) grid.pressed.step(Number(button.dataset.column));
  else if (button?.dataset.fold) {
    const { id } = grid.graph.modules[Number(button.dataset.fold)];
    if (!grid.open.delete(id)) grid.open.add(id);
    build(grid.graph, grid.steps);
    grid.pressed.folded();
    place.querySelector(`[data-fold="${button.dataset.fold}"]`)?.focus();
  }
});
["pointerover", "focusin"].forEach((name) => place.addEventListener(name, ({ target }) => look(target.closest("td"))));
place.addEventListener("pointerleave", () => look(null));
element.grid = { build, paint, shown: () => shown().map(([i]) => i), on: (pressed) => { grid.pressed = pressed; } };
