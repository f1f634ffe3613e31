// What the charts share: smoothing, the style of axes, and how Plotly is loaded. Goes before their own
// scripts and knows no data. Given by gr.HTML: element, props.

const coarse = window.matchMedia("(pointer: coarse)").matches;
const colour = (name) => getComputedStyle(document.body).getPropertyValue("--ds-" + name).trim();

// An exponential mean over about a twentieth of the run: the eye's line through the noise. Of the logarithm, for what is
// drawn on a logarithmic axis; with `plain` of the values themselves.
function smooth(values, plain = false) {
  const keep = 1 - 1 / Math.max(2, Math.min(25, values.length / 20));
  const [into, back] = plain ? [(v) => v, (v) => v] : [Math.log, Math.exp];
  let level = null;
  return values.map((value) => {
    if (value !== null && (plain || value > 0)) level = level === null ? into(value) : keep * level + (1 - keep) * into(value);
    return level === null ? null : back(level);
  });
}

// Round numbers for a logarithmic axis: many within a decade, few over several.
function logTicks(values) {
  const found = values.filter((v) => v > 0), low = Math.min(...found), high = Math.max(...found);
  const ticks = [], steps = high < 8 * low ? [1, 1.5, 2, 3, 4, 5, 6, 8] : high < 60 * low ? [1, 2, 3, 5, 7]
    : high < 2000 * low ? [1, 2, 5] : [1];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1; power += 1) {
    ticks.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(2))));
  }
  return { tickvals: ticks, ticktext: ticks.map(String) };
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

// A drawn plot (`plot.hooked`) follows its box; light and dark follow the page.
function keepFitting(plot, draw) {
  new ResizeObserver(() => plot.hooked && plot.offsetWidth && window.Plotly.Plots.resize(plot)).observe(plot);
  new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}
