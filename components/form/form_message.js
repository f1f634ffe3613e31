// Takes what is wrong with a setting to its field: the same words below it, and the field says that it is invalid.
// Knows the message's data-field, the id of the field's widget. Given by gr.HTML: element, props, watch.

let field = null;

function mark() {
  const failure = element.querySelector("[data-field]");
  field?.querySelector(".ds-wrong")?.remove();
  field?.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
  field = failure && document.getElementById(failure.dataset.field);
  if (!field) return;
  field.querySelectorAll("input, textarea").forEach((input) => input.setAttribute("aria-invalid", "true"));
  field.append(make("p", "ds-wrong", failure.querySelector("strong").textContent));
}

watch("value", () => requestAnimationFrame(mark));
