// What the charts share: smoothing, the style of axes, and how Plotly is loaded. Goes before their own
// scripts and knows no data. Given by gr.HTML: element, props.

const coarse = window.matchMedia("(pointer: coarse)").matches;
const colour = (name) => getComputedStyle(document.body).getPropertyValue("--ds-" + name).trim();

// An exponential mean, corrected for its beginning as TensorBoard's: `over` updates weigh most, in every run alike, however
// long the run is and however many of its points were left out. It begins at the first value and needs no more of them.
// Of the logarithm, for what is drawn on a logarithmic axis; with `plain` of the values themselves.
function smooth(steps, values, over, plain = false) {
  const [into, back] = plain ? [(v) => v, (v) => v] : [Math.log, Math.exp];
  let sum = 0, weight = 0, last = null;
  return values.map((value, i) => {
    if (value !== null && (plain || value > 0)) {
      const faded = last === null ? 0 : (1 - 1 / over) ** Math.max(0, steps[i] - last);
      [sum, weight, last] = [faded * sum + into(value), faded * weight + 1, steps[i]];
    }
    return weight ? back(sum / weight) : null;
  });
}

// How far charts are smoothed, in updates: the visitor's choice, the same in every chart and on every page.
const SMOOTHINGS = [1, 2, 3, 5, 8, 12, 20, 30, 50, 100], SMOOTHED = "distilloscope-smoothing";
const smoothing = () => { const kept = remembered(SMOOTHED); return SMOOTHINGS.includes(kept) ? kept : 3; };

// `box` holds the slider; it stands at the choice and redraws whoever shows it.
function smoothingSlider(box, redraw) {
  const slider = box.querySelector("input"), said = box.querySelector("output");
  const tell = () => {
    const over = smoothing();
    Object.assign(slider, { max: SMOOTHINGS.length - 1, value: SMOOTHINGS.indexOf(over) });
    said.textContent = over === 1 ? "off" : `over ${over} updates`;
    slider.setAttribute("aria-valuetext", said.textContent);
  };
  slider.addEventListener("input", () => { remember(SMOOTHED, SMOOTHINGS[slider.value]); tell(); redraw(); });
  tell();
}

// Round numbers for a logarithmic axis: many within a decade, few over several, and as many digits as tell them apart.
function logTicks(values) {
  const found = values.filter((v) => v > 0), low = Math.min(...found), high = Math.max(...found);
  if (high < 2 * low) return closeTicks(low, high);
  const ticks = [], steps = high < 8 * low ? [1, 1.5, 2, 3, 4, 5, 6, 8] : high < 60 * low ? [1, 2, 3, 5, 7]
    : high < 2000 * low ? [1, 2, 5] : [1];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1; power += 1) {
    ticks.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(2))));
  }
  return { tickvals: ticks, ticktext: ticks.map(String) };
}

// Of values within a factor of two: evenly spaced, for there a logarithmic axis is nearly a plain one.
function closeTicks(low, high) {
  const rough = Math.max(high - low, low / 100) / 4, unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((n) => n * unit >= rough), digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.floor(low / step) - 1, many = Math.ceil((high - low) / step) + 3;
  const ticks = Array.from({ length: many }, (_, i) => (first + i) * step).filter((v) => v > 0);
  return { tickvals: ticks, ticktext: ticks.map((v) => v.toFixed(digits)) };
}

// Text that a run brought, for Plotly: it reads tags and %{...}.
const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("%{", "%\u200b{");

const axisStyle = () => ({ gridcolor: colour("line"), linecolor: colour("line"), zeroline: false, automargin: true,
  tickfont: { size: 11, color: colour("muted") } });

const layoutStyle = () => ({ showlegend: false, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
  hovermode: "closest", dragmode: coarse ? false : "zoom",
  modebar: { bgcolor: "rgba(0,0,0,0)", color: colour("muted"), activecolor: colour("ink") },
  font: { family: getComputedStyle(element).fontFamily, color: colour("ink") },
  hoverlabel: { bgcolor: colour("card"), bordercolor: colour("line"), font: { color: colour("ink"), size: 13 } } });

const plotConfig = { displaylogo: false, displayModeBar: coarse ? false : "hover", scrollZoom: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage", "autoScale2d", "pan2d", "zoom2d",
    "sendChartToCloud"] };  // nothing leaves this address

// Plotly comes once for the whole page, from the server's own address: `props.plotly` is the file's path there.
function withPlotly(draw) {
  if (window.Plotly) return draw();
  let script = document.querySelector("script[data-plotly]");
  if (!script) {
    script = document.createElement("script");
    script.dataset.plotly = "";
    script.src = ((window.gradio_config || {}).root || "") + "/gradio_api/file=" + props.plotly;
    document.head.append(script);
  }
  script.addEventListener("load", draw);
}

// A plot as an SVG file: with its title, its lines named and a ground of its own, which on screen stand around it.
async function figureOf(plot, title) {
  const { width, height } = plot.getBoundingClientRect(), named = plot.data.some((trace) => trace.showlegend);
  const tall = Math.round(height + 34 + (named ? 40 : 0)), wide = Math.round(width);
  const layout = { ...plot.layout, width: wide, height: tall, autosize: false, showlegend: named, paper_bgcolor: colour("card"),
    margin: { ...plot.layout.margin, t: plot.layout.margin.t + 34, b: plot.layout.margin.b + (named ? 40 : 0) },
    legend: { orientation: "h", x: 0, y: -58 / (height - plot.layout.margin.t - plot.layout.margin.b), yanchor: "top" },
    title: { text: plain(title), x: 0.01, xanchor: "left", y: 1, yref: "container", yanchor: "top", pad: { t: 10 }, font: { size: 16 } } };
  const url = await window.Plotly.toImage({ data: plot.data, layout }, { format: "svg", width: wide, height: tall });
  return { text: decodeURIComponent(url.slice(url.indexOf(",") + 1)), width: wide, height: tall };
}

// How high a picture may be where its card fills the window; `beside` is the height of all else in the card.
const wholeHeight = (node, usual, beside) => (node.closest(".ds-enlarged") ? Math.max(usual, window.innerHeight - beside) : usual);

// A drawn plot (`plot.hooked`) follows its box; light and dark follow the page.
function keepFitting(plot, draw) {
  new ResizeObserver(() => plot.hooked && plot.offsetWidth && window.Plotly.Plots.resize(plot)).observe(plot);
  window.addEventListener("distilloscope:whole", () => requestAnimationFrame(draw));
  new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}
