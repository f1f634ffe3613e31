// The game in the browser: three rounds, a guess in each, then the answer; or all answers at once. Texts are untrusted:
// textContent only. Given by gr.HTML: element, props, trigger, watch; by shared.js: make.

const state = { run: null, number: 0, dealt: null, guesses: [], open: false };
const part = (selector) => element.querySelector(selector);
const section = part(".ds-blind");

function ask(open) {
  state.number += 1;
  Object.assign(state, { open, dealt: null, guesses: [] });
  trigger("deal", { number: state.number });
}

function take(dealt) {
  if (!dealt || !dealt.run) return reset(null);
  if (dealt.fresh) { if (dealt.run !== state.run) reset(dealt.run); return; }
  if (dealt.number !== state.number) return;
  Object.assign(state, { run: dealt.run, dealt });
  draw();
}

function reset(run) {
  Object.assign(state, { run, dealt: null, guesses: [], open: false });
  draw();
}

// -- drawing ---------------------------------------------------------------------------------------------------
function draw() {
  const { dealt, guesses, open } = state, over = open || (dealt && guesses.length >= dealt.rounds.length);
  section.dataset.round = !dealt ? "" : over ? "over" : guesses.length + 1;
  part("[data-deal]").textContent = dealt && over ? "Guess blind, other prompts" : dealt ? "Other prompts" : "Guess blind";
  part("[data-said]").textContent = !dealt ? "Three held-out prompts, three answers to each: one from before, one from a student of random texts, one from a student of chosen texts."
    : dealt.said || (over ? result() : `Round ${guesses.length + 1} of ${dealt.rounds.length}: which text is by the student that was ${dealt.names.best.replace("Taught", "taught")}?`);
  const shown = !dealt ? [] : over ? dealt.rounds : dealt.rounds.slice(guesses.length, guesses.length + 1);
  part(".ds-rounds").replaceChildren(...shown.map((round, at) => drawRound(round, over ? at : guesses.length, over)));
}

function result() {
  if (state.open) return "Side by side: the same held-out prompts, answered by each.";
  const right = state.guesses.filter((guess, at) => state.dealt.rounds[at].answers[guess].who === "best").length, all = state.dealt.rounds.length;
  return `You found it in ${right} of ${all} rounds; by luck it would be ${(all / 3).toFixed(0)}.`;
}

function drawRound({ asked, answers }, at, over) {
  const box = make("section", "ds-round"), prompt = Object.assign(make("h3", "", asked.replace(/\s*Answer:\s*$/, "").replace(/^Question:\s*/, "")), { translate: false }), list = make("div", "ds-by-three");
  list.append(...answers.map(({ who, text }, n) => {
    const card = make("article", `ds-text ds-by-${over ? who : "nobody"}`), head = make("header"), words = Object.assign(make("p", "", text.trim() || "\u2026"), { translate: false });
    head.append(make("span", "", over ? state.dealt.names[who] : `Text ${"ABC"[n]}`));
    if (over && !state.open && state.guesses[at] === n) head.append(make("b", "ds-kept-mark", who === "best" ? "your guess, right" : "your guess"));
    card.append(head, words);
    if (!over) {
      const button = make("button", "ds-guess", "This one");
      Object.assign(button, { type: "button" });
      button.dataset.guess = n;
      button.setAttribute("aria-label", `This one: text ${"ABC"[n]}`);
      card.append(button);
    }
    return card;
  }));
  box.append(prompt, list);
  return box;
}

// -- events ----------------------------------------------------------------------------------------------------
section.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("deal" in button.dataset) ask(false);
  if ("open" in button.dataset) ask(true);
  if (button.dataset.guess === undefined) return;
  state.guesses.push(Number(button.dataset.guess));
  draw();
  (part("[data-guess]") || part("[data-deal]")).focus();
});
watch("value", () => take(props.value));
take(props.value);
