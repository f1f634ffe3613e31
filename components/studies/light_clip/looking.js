// What the panels of pictures share: a strip of pictures, a list of arms, a slider of steps that plays, and asking the
// server for one picture at a time. Hands `looking` to matches.js and labels.js by the element they share.
// Texts are untrusted: textContent only. Given by gr.HTML: element, trigger; by shared.js: make.

const PAUSE = 60, PATIENCE = 4000, FRAME = 900;  // ms

// `texts`: what is said of a run with rows, of one without, and before there are any. `stepsOf(sight)`: its steps, in
// order. `draw()` is called whenever picture, arm, step or sight changed; `leave()` before another picture or arm.
element.looking = ({ section, texts, stepsOf, draw, leave }) => {
  const state = { run: null, pictures: [], arms: new Map(), choices: [], rows: 0, picture: null, arm: null, step: null, sight: null };
  const part = (selector) => section.querySelector(selector);
  const play = element.filmOf(part, () => stepsOf(state.sight), () => state.step, go);
  let timer = null;

  function take(news) {
    if (news?.sight) return see(news);
    const another = news?.run !== state.run, grown = another || news.rows !== state.rows;
    if (another) { leave(); Object.assign(state, { picture: null, arm: null, step: null, sight: null }); }
    Object.assign(state, { run: news?.run || null, pictures: news?.pictures || [], arms: new Map(news?.arms || []), choices: news?.choices || [], rows: news?.rows || 0 });
    const any = state.pictures.length > 0;
    section.dataset.pictures = state.pictures.length;
    part("[data-shown]").hidden = !any;
    part("[data-said]").textContent = any ? texts.any : state.run && !news.live ? texts.gone : texts.wait;
    if (!any) return;
    if (!state.pictures.some(({ id }) => id === state.picture)) state.picture = state.pictures[0].id;
    if (!state.choices.includes(state.arm)) state.arm = news.first;
    controls();
    if (grown) ask();
  }

  // Made anew only where there are others now, or whoever holds one would lose it.
  function renew(box, now, nodes) {
    if (box.dataset.now !== now) box.replaceChildren(...nodes());
    box.dataset.now = now;
  }

  function controls() {
    const strip = part('[data-part="pictures"]'), list = part('[data-pick="arm"]');
    renew(strip, `${state.run} ${state.pictures.map(({ id }) => id).join()}`, () => state.pictures.map(thumbnail));
    [...strip.children].forEach((button) => button.setAttribute("aria-pressed", Number(button.dataset.picture) === state.picture));
    renew(list, JSON.stringify([state.choices, [...state.arms]]), () => state.choices.map((value) => Object.assign(make("option", "", state.arms.get(value)), { value })));
    list.value = state.arm;
    list.closest("label").hidden = state.choices.length < 2;
  }

  // An answer that meets another message may be lost: ask again.
  function ask(again = 0) {
    clearTimeout(timer);
    const { run, picture, arm, rows } = state;
    timer = setTimeout(() => {
      trigger("see", { run, picture, arm });
      const here = () => state.sight?.run === run && state.sight.picture === picture && state.sight.asked === arm;
      if (again < 3) timer = setTimeout(() => { if (!here() && rows === state.rows) ask(again + 1); }, PATIENCE);
    }, PAUSE);
  }

  // Whoever stands at the latest step goes on with it while a run trains.
  function see(sight) {
    if (sight.run !== state.run || sight.picture !== state.picture || sight.asked !== state.arm) return;  // the visitor went on
    const steps = stepsOf(sight), followed = state.step === null || state.step === stepsOf(state.sight).at(-1);
    state.sight = sight;
    if (followed || !steps.includes(state.step)) state.step = steps.at(-1) ?? null;
    shown();
  }

  function shown() {
    const steps = stepsOf(state.sight), slider = part(".ds-scrub input"), at = steps.indexOf(state.step);
    part(".ds-scrub").hidden = steps.length < 2;
    slider.max = Math.max(0, steps.length - 1);
    slider.value = at;
    slider.style.setProperty("--share", steps.length > 1 ? at / (steps.length - 1) : 1);
    part(".ds-scrub output").textContent = `step ${state.step}`;
    draw();
  }

  function go(step) { state.step = step; shown(); }

  function look(changes) {
    play(false);
    leave();
    Object.assign(state, changes);
    controls();
    ask();
  }

  section.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button?.dataset.picture) look({ picture: Number(button.dataset.picture) });
    if (button && "play" in button.dataset) play();
  });
  section.addEventListener("input", ({ target }) => {
    if (!target.closest(".ds-scrub")) return;
    play(false);
    go(stepsOf(state.sight)[Number(target.value)]);
  });
  section.addEventListener("change", ({ target }) => { if (target.dataset.pick) look({ arm: target.value }); });
  return { state, take, part, go(step) { play(false); go(step); } };
};

function thumbnail({ id, text, src }) {
  const button = Object.assign(make("button"), { type: "button", title: text, translate: false });
  button.dataset.picture = id;
  button.append(Object.assign(make("img"), { src, alt: text, width: 44, height: 44 }));
  return button;
}

// Plays the steps one after another, from the first where it stands at the last. Called with false it only stops.
element.filmOf = (part, stepsNow, stepNow, go) => {
  let film = null;
  return function play(wanted = film === null) {
    clearInterval(film);
    film = null;
    const steps = stepsNow();
    if (wanted && steps.length > 1) {
      let at = stepNow() === steps.at(-1) ? 0 : steps.indexOf(stepNow());
      film = setInterval(() => {
        if (!element.isConnected || at >= steps.length) return play(false);
        go(steps[at]);
        at += 1;
      }, FRAME);
    }
    part("[data-play]").textContent = film === null ? "Play" : "Pause";
  };
};
