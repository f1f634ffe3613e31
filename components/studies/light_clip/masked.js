// Hidden words: a click on a word of a caption shows the guesses for that one; the form asks for those of one's own.
// Given by gr.HTML: element, trigger.

element.addEventListener("click", ({ target }) => {
  const word = target.closest("[data-hide]"), card = word?.closest(".ds-light-card");
  if (!card) return;
  card.querySelectorAll("[data-hide]").forEach((one) => one.setAttribute("aria-pressed", one === word));
  card.querySelectorAll("[data-place]").forEach((one) => { one.hidden = one.dataset.place !== word.dataset.hide; });
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target, text = form.querySelector("[type=text]").value.trim(), picture = Number(form.querySelector(":checked")?.value);
  if (text) trigger("guess", { run: element.querySelector("[data-run]").dataset.run, picture, text });
});
