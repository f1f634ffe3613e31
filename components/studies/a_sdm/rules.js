// What a plan costs and spoils, as pure functions of modules.jsonl and harms.jsonl: which module is computed, inherited or
// dead at each step, how long that takes, and how far the picture moves. The engine's dead_code.py and costs.py say the same
// of the same rows, which the tests compare. Other scripts of the widget find it as `element.rules`. Given by gr.HTML: element.

const BLOCKS = ["down", "mid", "up"], MOVING = ["conv_in", "conv2"];  // these read what is new at every step: latents, time
const BRANCH = { resnet: "conv2", attention: "proj_out" };  // the unit that a layer's branch ends with
const sum = (values) => values.reduce((total, value) => total + value, 0);

// rows: [{ id, level, kind, parent, reads, own_ms8, ... }] in the order of execution, the row "" being a whole step. A value
// is what any row gives that is no block; a block only holds others.
function graphOf(rows) {
  const modules = rows.filter((row) => row.id), at = new Map(modules.map((row, i) => [row.id, i]));
  const above = modules.map((row) => { const found = []; for (let up = at.get(row.parent); up !== undefined; up = at.get(modules[up].parent)) found.unshift(up); return found; });
  const parts = modules.map(() => []);
  above.forEach((line, i) => line.forEach((up) => parts[up].push(i)));
  const branch = modules.map((row, i) => parts[i].findLast((part) => modules[part].kind === BRANCH[row.kind]) ?? i);
  const graph = { modules, at, above, parts, branch, whole: rows.find((row) => !row.id), block: modules.map((row) => BLOCKS.includes(row.kind)),
    reads: modules.map((row) => row.reads.filter((id) => at.has(id)).map((id) => at.get(id))), moving: modules.map((row) => MOVING.includes(row.kind)) };
  return { ...graph, order: order(graph), answer: at.get("conv_out") ?? modules.length - 1 };
}

// The values in an order in which each comes after what it reads: a layer's sum after its units.
function order({ modules, branch, block, above }) {
  const found = [], open = [];
  modules.forEach((_, i) => {
    while (open.length && above[i].at(-1) !== open.at(-1)) found.push(open.pop());
    if (branch[i] !== i) open.push(i);
    else if (!block[i]) found.push(i);
  });
  return [...found, ...open.reverse()];
}

// What the plan holds at each step: index of a module -> the entry of the plan that it comes from.
function heldBy(graph, plan) {
  const held = Array.from({ length: plan.steps }, () => new Map());
  plan.inherit.forEach((entry) => {
    const module = graph.at.get(entry.module), from = entry.reading === "branch" ? graph.branch[module] : module;
    if (module !== undefined) entry.at.forEach((step) => held[step]?.set(from, entry));
  });
  return held;
}

// Of every value at every step: the step at which this very value was made, and the module through which it is older.
function origins(graph, held) {
  const { modules, above, reads, moving, order } = graph, made = [], through = [], last = modules.map(() => 0);
  held.forEach((now, step) => {
    const free = modules.map((_, i) => !now.has(i) && !above[i].some((up) => now.has(up)));
    made.push(new Int32Array(modules.length).fill(step));
    through.push(new Int32Array(modules.length).fill(-1));
    const set = (i, from, by) => { made[step][i] = made[from][i]; through[step][i] = by; };
    order.forEach((i) => {
      if (!step) return;
      const holder = [...above[i], i].find((up) => now.has(up)), before = made[step - 1][i];
      if (holder !== undefined) set(i, last[holder], holder);
      else if (!moving[i] && reads[i].every((r) => made[step][r] === made[before][r])) set(i, step - 1, -1);
    });
    free.forEach((open, i) => { if (open) last[i] = step; });
  });
  return { made, through };
}

// plan: { steps, inherit: [{ module, reading, at: [step] }] }. Of each step: `states` of all modules in their order, `from`,
// the step that an inherited one comes from, `executed` and `given` values, and `used`: entries with an effect, and how old.
function mapOf(graph, plan) {
  const { modules, reads, parts, block, branch, answer } = graph, held = heldBy(graph, plan), { made, through } = origins(graph, held);
  const steps = held.map(() => ({ states: modules.map(() => "dead"), from: modules.map(() => null), executed: new Set(), given: new Set(), used: new Map() }));
  const blame = (i, step) => {  // what a value owes its age to: an entry that holds it, else those that hold what it reads
    if (through[step][i] >= 0) steps[step].used.set(held[step].get(through[step][i]), step - made[step][i]);
    else if (made[step][i] < step) reads[i].forEach((r) => blame(r, step));
  };
  const waiting = held.map((_, step) => [answer, step]);
  while (waiting.length) {
    const [i, step] = waiting.pop(), now = steps[step], from = made[step][i];
    if (now.states[i] !== "dead") continue;
    if (from === step) {
      now.states[i] = "computed";
      now.executed.add(i);
      waiting.push(...reads[i].map((r) => [r, step]));
    } else {
      now.states[i] = "inherited";
      now.from[i] = from;
      now.given.add(i);
      blame(i, step);
      waiting.push([i, from]);
    }
  }
  steps.forEach((now) => {
    modules.forEach((_, i) => {  // a layer whose branch is inherited counts as inherited, though its sum is computed
      if (branch[i] === i || now.states[branch[i]] !== "inherited" || now.states[i] !== "computed") return;
      now.states[i] = "inherited";
      now.from[i] = now.from[branch[i]];
    });
    modules.forEach((_, i) => {
      if (!block[i]) return;
      const inside = parts[i].filter((part) => !block[part]), any = inside.some((part) => now.executed.has(part));
      now.states[i] = any ? "computed" : inside.some((part) => now.states[part] === "inherited") ? "inherited" : "dead";
      if (any) now.executed.add(i);
      else if (now.states[i] === "inherited") now.from[i] = Math.max(...inside.map((part) => now.from[part] ?? 0));
    });
  });
  return steps;
}

// The time of a plan as a share of the same steps computed. name: ms1, ms8 or flops.
function timeOf({ modules, whole }, map, name) {
  const own = modules.map((row) => row[`own_${name}`] || 0), rest = whole?.[`own_${name}`] || 0, full = sum(own) + rest;
  return sum(map.map(({ executed }) => (executed.size ? rest : 0) + sum([...executed].map((i) => own[i])))) / (map.length * full || 1);
}

// PSNR to the full picture, in dB, from what each module did alone at every second step. Squared errors are added; they
// grow with the square of how old a value is. Null where a module was not tried; Infinity where nothing is inherited.
// harms: "id reading" -> dB.
function fidelityOf(map, harms) {
  let error = 0;
  for (const { used } of map) {
    for (const [{ module, reading }, age] of used) {
      const alone = harms.get(`${module} ${reading}`);
      if (alone === undefined) return null;
      error += 10 ** (-alone / 10) * age ** 2 / (map.length / 2);
    }
  }
  return error ? -10 * Math.log10(Math.min(1, error)) : Infinity;
}

element.rules = { graphOf, mapOf, timeOf, fidelityOf };
