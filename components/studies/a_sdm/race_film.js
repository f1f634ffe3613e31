// The film of a race: both lanes at the pace that was measured, slowed down so that eyes can follow, or in real time; what
// each net expects at each step as a strip; at the end the difference of both pictures, amplified. Who wants no motion sees
// the last frame. race.js finds it as `element.film`. Given by gr.HTML: element; by shared.js: make, still.

const SLOWED_S = 5;  // the slower lane takes so long on screen, unless it takes longer by itself
const film = { lanes: null, time: 0, pace: "slow", frame: null, ended: () => {} };
const inside = (selector) => element.querySelector(selector), box = inside("[data-film]");
const figures = ["full", "fast"].map((name) => inside(`[data-lane=${name}]`));

const longest = () => Math.max(...film.lanes.map((lane) => lane.seconds.at(-1)));
const slowness = () => (film.pace === "real" ? 1 : Math.max(1, SLOWED_S / longest()));
// How many steps a lane has done at a moment of the race, in measured seconds.
const done = (lane, time) => lane.seconds.filter((at) => at <= time + 1e-9).length;
const over = () => film.time >= longest();

function load(lanes, titles) {
  stop();
  Object.assign(film, { lanes, time: 0 });
  figures.forEach((figure, i) => {
    figure.querySelector("[data-name]").textContent = titles[i];
    figure.querySelector(".ds-sdm-strip").replaceChildren(...lanes[i].clean.map((src) => Object.assign(make("img"), { src, alt: "", width: 32, height: 32 })));
    figure.querySelector("[data-read]").replaceChildren();
  });
  const along = inside("[data-step]");
  Object.assign(along, { max: Math.max(...lanes.map((lane) => lane.seconds.length)), value: 0 });
  box.hidden = false;
}

function play() {
  stop();
  if (!film.lanes) return;
  if (still) { film.time = longest(); return draw(); }
  film.time = 0;
  let before = null;
  const step = (now) => {
    film.time = before === null ? 0 : Math.min(longest(), film.time + (now - before) / 1000 / slowness());
    before = now;
    draw();
    film.frame = over() || !element.isConnected ? null : requestAnimationFrame(step);
  };
  film.frame = requestAnimationFrame(step);
}

function stop() {
  cancelAnimationFrame(film.frame);
  film.frame = null;
}

// The moment after which a step of the full net stands there; the other lane is where it was then.
function seek(step) {
  stop();
  film.time = step >= Number(inside("[data-step]").max) ? longest() : step ? film.lanes[0].seconds[Math.min(step, film.lanes[0].seconds.length) - 1] : 0;
  draw();
}

function draw() {
  const whole = longest();
  figures.forEach((figure, i) => {
    const lane = film.lanes[i], steps = done(lane, film.time), last = lane.seconds.at(-1), image = figure.querySelector("img");
    const src = lane.noisy[Math.max(0, steps - 1)];
    if (image.getAttribute("src") !== src) image.src = src;
    image.alt = `${figure.querySelector("[data-name]").textContent}: the picture after ${steps} of ${lane.seconds.length} steps`;
    image.style.opacity = steps ? 1 : 0.35;
    figure.querySelector("[data-clock]").textContent = `${Math.min(film.time, last).toFixed(2)} s`;
    const bar = figure.querySelector(".ds-sdm-run i");
    bar.style.width = `${(100 * Math.min(film.time, last) / whole).toFixed(2)}%`;
    figure.dataset.done = steps === lane.seconds.length;
    [...figure.querySelectorAll(".ds-sdm-strip img")].forEach((one, at) => one.classList.toggle("ds-sdm-later", at >= steps));
  });
  const along = inside("[data-step]"), steps = done(film.lanes[0], film.time);
  along.value = over() ? along.max : steps;
  along.setAttribute("aria-valuetext", `step ${steps} of ${film.lanes[0].seconds.length}`);
  along.nextElementSibling.textContent = `${steps} of ${film.lanes[0].seconds.length}`;
  inside(".ds-sdm-race").dataset.frame = steps;
  inside("[data-play]").textContent = over() ? "Play again" : "From the start";
  box.dataset.over = over();
  if (over()) { apart(); film.ended(); }
}

// -- the difference ------------------------------------------------------------------------------------------------
const pictures = new Map();  // src -> its pixels

function pixels(src) {
  if (!pictures.has(src)) {
    if (pictures.size > 20) pictures.clear();
    pictures.set(src, new Promise((resolve, reject) => {
      const image = new Image();
      image.onload = () => {
        const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight }), pen = canvas.getContext("2d", { willReadFrequently: true });
        pen.drawImage(image, 0, 0);
        resolve(pen.getImageData(0, 0, canvas.width, canvas.height));
      };
      image.onerror = reject;
      image.src = src;
    }));
  }
  return pictures.get(src);
}

async function apart() {
  const canvas = inside(".ds-sdm-apart canvas"), gain = Number(inside("[data-amplify]").value);
  inside("[data-gain]").textContent = gain > 1 ? `enlarged ${gain} times` : "as it is";
  const [one, other] = await Promise.all(film.lanes.map((lane) => pixels(lane.noisy.at(-1))));
  if (one.width !== other.width || one.height !== other.height) return;
  Object.assign(canvas, { width: one.width, height: one.height });
  const pen = canvas.getContext("2d"), shown = pen.createImageData(one.width, one.height);
  shown.data.forEach((_, at) => { shown.data[at] = at % 4 === 3 ? 255 : Math.min(255, gain * Math.abs(one.data[at] - other.data[at])); });
  pen.putImageData(shown, 0, 0);
}

// -- events --------------------------------------------------------------------------------------------------------
inside("[data-play]").addEventListener("click", play);
inside("[data-step]").addEventListener("input", ({ target }) => seek(Number(target.value)));
inside("[data-amplify]").addEventListener("input", () => { if (film.lanes) apart(); });
inside("[data-film]").addEventListener("click", ({ target }) => {
  const pace = target.closest("[data-pace]");
  if (!pace) return;
  film.pace = pace.dataset.pace;
  element.querySelectorAll("[data-pace]").forEach((button) => button.setAttribute("aria-pressed", button === pace));
  if (!still) play();
  element.dispatchEvent(new Event("ds-pace"));
});
element.film = { load, play, stop, slowness, real: () => film.pace === "real", onEnd: (ended) => { film.ended = ended; }, hide: () => { stop(); box.hidden = true; film.lanes = null; } };
