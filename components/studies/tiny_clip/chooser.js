// A picture to ask about: a grid of the run's own pictures, or a file of the visitor's, which the browser makes small, so
// that the file itself is never sent. Tells the widget's other script by `ds-picture` on the element: `picture`, the id of
// one of the run's, or `image`, base64. Given by gr.HTML: element; by shared.js: make.

const SIDE = 96, LONGEST = 40_000;  // pixels that a model sees at most; letters that the server takes
const chooser = element.querySelector("[data-chooser]"), shown = chooser.querySelector("img"), refused = chooser.querySelector("[data-refused]");

function choose(detail, src, alt) {
  Object.assign(shown, { src, alt, hidden: false });
  refused.textContent = "";
  chooser.querySelectorAll("[data-id]").forEach((button) => button.setAttribute("aria-pressed", Number(button.dataset.id) === detail.picture));
  element.dispatchEvent(new CustomEvent("ds-picture", { detail }));
}

// The widget's other script hands over what there is; `first` is chosen without a click and asks nothing.
element.addEventListener("ds-pictures", ({ detail: { pictures } }) => {
  chooser.querySelector(".ds-tiny-thumbs").replaceChildren(...pictures.map(({ id, text, src }) => {
    const button = make("button"), image = make("img");
    Object.assign(image, { src, alt: text, width: 40, height: 40, translate: false });
    Object.assign(button, { type: "button", title: text, translate: false });
    Object.assign(button.dataset, { id });
    button.setAttribute("aria-pressed", "false");
    button.append(image);
    return button;
  }));
  shown.hidden = true;
});
element.addEventListener("ds-choose", ({ detail: { id } }) => {
  const button = chooser.querySelector(`[data-id="${Number(id)}"]`);
  if (!button) return;
  Object.assign(shown, { src: button.firstChild.src, alt: button.title, hidden: false });
  chooser.querySelectorAll("[data-id]").forEach((other) => other.setAttribute("aria-pressed", other === button));
});

chooser.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-id]");
  if (button) choose({ picture: Number(button.dataset.id) }, button.firstChild.src, button.title);
});

// The middle square, as models are shown it.
async function small(file) {
  const picture = await createImageBitmap(file), side = Math.min(picture.width, picture.height), canvas = make("canvas");
  for (let size = Math.min(SIDE, side); size >= 16; size = Math.floor(size / 2)) {
    Object.assign(canvas, { width: size, height: size });
    const pen = canvas.getContext("2d");
    Object.assign(pen, { imageSmoothingQuality: "high", fillStyle: "#fff" });
    pen.fillRect(0, 0, size, size);
    pen.drawImage(picture, (picture.width - side) / 2, (picture.height - side) / 2, side, side, 0, 0, size, size);
    const url = canvas.toDataURL("image/png"), image = url.slice(url.indexOf(",") + 1);
    if (image.length <= LONGEST) return { url, image };
  }
  throw new Error("too large");
}

chooser.querySelector("[data-file]").addEventListener("change", async ({ target }) => {
  const [file] = target.files;
  if (!file) return;
  try {
    const { url, image } = await small(file);
    choose({ image }, url, "Your picture");
  } catch { refused.textContent = "This file is no picture that your browser can read. Choose a PNG or a JPEG."; }
  target.value = "";
});
