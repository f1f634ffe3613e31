// The switch of light and dark in the header. The visitor's own choice outlives a reload; without one Gradio follows the
// system. Given by gr.HTML: element.

const apply = (dark) => document.body.classList.toggle("dark", dark);
const chosen = localStorage.getItem("distilloscope-dark");
if (chosen !== null && !new URL(location).searchParams.has("__theme")) apply(chosen === "1");
element.querySelector("[data-dark]").addEventListener("click", () => {
  const dark = !document.body.classList.contains("dark");
  localStorage.setItem("distilloscope-dark", dark ? "1" : "0");
  apply(dark);
});
