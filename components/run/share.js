// Share in the browser: the address follows what is on screen, a link opens the same again, and a box gives it away.
// Knows the panels by their ids and data attributes, and keys of runs; no run folder.
// Given by gr.HTML: element, props, trigger, watch.

const OURS = ["run", "step", "view", "slot", "judge", "slow"], PAUSE = 500, TRIES = 100, MOST = 300;
const LIVE = ["queued", "running", "stopping"];
const part = (selector) => element.querySelector(selector);
const on = (selector) => document.querySelector(selector);
const box = part(".ds-share-box"), opener = part("[data-share]"), field = part("input");
const told = () => props.value || {};
const state = { mark: null, slot: null, view: null, run: null, timer: null, wanted: asked(), restoring: true, returning: false };

// -- the view, as names and values -------------------------------------------------------------------------------
function asked() {
  const query = new URLSearchParams(location.search), found = {};
  ["step", "slot", "slow"].forEach((name) => {
    const number = query.has(name) ? Number(query.get(name) || NaN) : NaN;
    if (Number.isSafeInteger(number) && number >= 0) found[name] = number;
  });
  if (/^[a-z_]{1,40}$/.test(query.get("view") || "")) found.view = query.get("view");
  const judge = query.get("judge");
  if (judge && judge.length < MOST) found.judge = judge.split(",");
  return found;
}

function seen() {
  const { run } = told(), found = {};
  if (!run) return found;
  found.run = run;
  const { mark } = state, live = LIVE.includes(on("#status [data-status]")?.dataset.status);
  // a film that plays has no step worth keeping, and a live run is followed
  if (mark?.run === run && mark.at !== null && !mark.playing && !(live && mark.step === null)) found.step = mark.at;
  if (state.view && state.run === run) found.view = state.view;
  if (state.slot !== null && on(".ds-lens:not([hidden])")) found.slot = state.slot;
  const picks = [...document.querySelectorAll("#judge details[open] [data-pick]")].map((pick) => pick.value);
  if (picks.length) found.judge = picks.join(",");
  const slow = on(".ds-slow:not([hidden])")?.dataset.step;
  if (slow) found.slow = slow;
  return found;
}

const query = (found) => Object.entries(found)
  .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2F", "/").replaceAll("%2C", ",")}`).join("&");

// -- the address -------------------------------------------------------------------------------------------------
function follow() {
  state.timer = null;
  if (state.restoring) return;
  const others = [...new URLSearchParams(location.search)].filter(([name]) => !OURS.includes(name));
  const said = query({ ...Object.fromEntries(others), ...seen() }), address = location.pathname + (said && "?" + said) + location.hash;
  if (address === location.pathname + location.search + location.hash) return;
  // another run is another place, which Back leaves again; another step of the same one is not
  const before = new URLSearchParams(location.search).get("run"), another = before !== null && before !== told().run;
  history[another && !state.returning ? "pushState" : "replaceState"](history.state, "", address);
  state.returning = false;
}

// Back and Forward: the run and the view that the address names.
window.addEventListener("popstate", () => {
  const run = new URLSearchParams(location.search).get("run");
  if (!run) return;
  Object.assign(state, { wanted: asked(), restoring: true, returning: true });
  if (run !== told().run) trigger("visit", { run });
  restore(TRIES);
});

function later() { state.timer ||= setTimeout(follow, PAUSE); }

// -- coming back -------------------------------------------------------------------------------------------------
const ready = (selector, run) => on(selector)?.dataset.run === run;
const tell = (name, detail) => window.dispatchEvent(new CustomEvent("distilloscope:" + name, { detail }));
const wallStands = (run) => ready(".ds-wall", run) && Number(on(".ds-wall").dataset.snapshots) > 0;

// Each says whether it is done, so that it is not asked again. In this order: what comes later stands on what is before.
const bring = {
  step: (run, step) => wallStands(run) && (tell("pick", { run, step, view: "matching" }), true),
  view: (run, view) => {
    const button = ready(".ds-chart", run) && on(`#chart [data-view=${view}]`);
    return Boolean(button) && !button.disabled && (button.click(), true);
  },
  judge: (run, [student, a, b]) => ready(".ds-judge", run) && (tell("judge", { run, student, a, b }), true),
  slot: (run, slot) => {
    if (!wallStands(run) || !state.mark) return false;
    if (slot < state.mark.prompts) tell("lens", { run, slot, step: state.mark.step });
    return true;
  },
  slow: (run, step) => wallStands(run) && (tell("slow", { run, step }), true),
};

function restore(tries) {
  const { run, missed } = told(), { wanted } = state, asked = new URLSearchParams(location.search).get("run");
  if (state.returning && tries && run !== asked) return setTimeout(restore, 150, tries - 1);
  if (missed) state.wanted = {};
  else if (run) {
    Object.keys(bring).forEach((name) => {
      const early = name === "slot" && "step" in wanted;  // the lens opens at the step
      if (name in wanted && !early && bring[name](run, wanted[name])) delete wanted[name];
    });
  }
  if (tries && !(run && !Object.keys(state.wanted).length)) return setTimeout(restore, 150, tries - 1);
  state.restoring = false;
  later();
}

// -- the box -----------------------------------------------------------------------------------------------------
function place() {
  const at = opener.getBoundingClientRect(), width = box.offsetWidth;
  const left = Math.max(8, Math.min(at.right - width, document.documentElement.clientWidth - width - 8));
  box.style.left = `${left + window.scrollX}px`;
  box.style.top = `${at.bottom + 8 + window.scrollY}px`;
}

function open_to_others() { const { run, own, link } = told(); return own ? link : run; }

function draw() {
  const { own } = told(), run = open_to_others();
  part(".ds-share").dataset.run = run || "";
  field.hidden = part("[data-copy]").hidden = !run;
  part("[data-give]").hidden = !own || Boolean(run);
  part("[data-stop-sharing]").hidden = !own || !run;
  if (run) field.value = `${location.origin}${location.pathname}?${query({ ...seen(), run })}`;
}

async function copy() {
  const done = await copied(field);
  say((done ? "The link is copied. " : "Press Ctrl+C to copy the link. ") + (told().own
    ? "Anyone with the link can view this run, but not change or stop it." : "It opens what you see now, for everybody."));
}

function say(text) { part("[data-said]").textContent = text; }

function show() {
  draw();
  say(told().own ? "Only you can see this run. With a link, others can view it, but not change or stop it." : "");
  box.showPopover();
  place();
  if (open_to_others()) copy();
}

let pending = null;  // what the server was asked for, while the box waits
function heard() {
  draw();
  later();
  if (pending === null || !box.matches(":popover-open")) return;
  if (pending && open_to_others()) copy();
  if (!pending) say("No longer shared. Anyone who opens the old link is told so.");
  pending = null;
}

element.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (!button) return;
  if ("share" in button.dataset) box.matches(":popover-open") ? box.hidePopover() : show();
  if ("copy" in button.dataset) copy();
  if ("close" in button.dataset) { box.hidePopover(); opener.focus(); }
  const wanted = "give" in button.dataset;
  if (wanted || "stopSharing" in button.dataset) {
    pending = wanted;
    say(wanted ? "Making a link" : "Stopping");
    trigger("give", { run: told().run, wanted });
    part("[data-close]").focus();
  }
});
box.addEventListener("toggle", ({ newState }) => opener.setAttribute("aria-expanded", newState === "open"));
window.addEventListener("distilloscope:mark", ({ detail }) => {
  if (detail.from !== "slow") state.mark = detail;
  later();
});
window.addEventListener("distilloscope:lens", ({ detail }) => { state.slot = detail.slot; later(); });
document.addEventListener("click", ({ target }) => {
  const view = target.closest?.("#chart [data-view]")?.dataset.view;
  if (view) Object.assign(state, { view, run: told().run });
});
window.addEventListener("distilloscope:shown", later);
["click", "change", "keyup"].forEach((name) => document.addEventListener(name, later));
["pointerdown", "keydown"].forEach((name) => document.addEventListener(name, ({ isTrusted }) => {
  if (isTrusted && state.restoring) state.wanted = {};  // the visitor is on their way already
}));
watch("value", heard);
draw();
restore(TRIES);
