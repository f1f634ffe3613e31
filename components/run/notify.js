// A notification, for whoever asked for it, of the end of a run that computed here while the page was out of sight.
// Looks at the head of the run on screen. Given by gr.HTML: element; by shared.js: remembered, remember.

const WANTED = "distilloscope-notify", LIVE = ["queued", "running", "stopping"], ENDED = ["finished", "failed"];
const SETTLED_MS = 500;  // by then the head is in the visitor's language
const can = window.isSecureContext && "Notification" in window;
const head = document.getElementById("status"), button = element.querySelector("button");
let before = null;

const wanted = () => can && Notification.permission === "granted" && remembered(WANTED) === true;

function draw() {
  const now = head.querySelector("[data-status]")?.dataset.status;
  button.hidden = !can || Notification.permission === "denied" || !LIVE.includes(now);
  button.setAttribute("aria-pressed", String(wanted()));
  if (LIVE.includes(before) && ENDED.includes(now) && document.hidden && wanted()) setTimeout(tell, SETTLED_MS);
  before = now;
}

function tell() {
  const [name, state] = ["h2", ".ds-chip"].map((part) => head.querySelector(part)?.textContent || "");
  try {
    new Notification("Distilloscope", { body: `${name}: ${state}`, tag: "distilloscope" });
  } catch { /* a phone's browser takes them from workers only */ }
}

button.addEventListener("click", async () => {
  remember(WANTED, !wanted() && (await Notification.requestPermission()) === "granted");
  draw();
});
new MutationObserver(draw).observe(head, { childList: true, subtree: true });
draw();
