// Axes of a picture: round numbers along both sides, and where a value stands. Other scripts of the widget find it as
// `element.axes`. Given by gr.HTML: element; by shared.js: make, shape.

function ticks(low, high, many) {
  const rough = (high - low) / many || 1, size = 10 ** Math.floor(Math.log10(rough)), step = [1, 2, 5, 10].map((n) => n * size).find((n) => n >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9; k += 1) found.push(Number((k * step).toPrecision(6)));
  return found;
}

// A frame `wide` and `high` pixels large with room for numbers: `px`, `py` place a value, `parts` are its lines and texts.
function frame({ wide, high, x, y, xName, yName, write = (value) => String(value).replace("-", "\u2212"), writeX = write, left = 46, bottom = 38, top = 20, right = 14 }) {
  const floor = high - bottom, px = (value) => left + (wide - left - right) * (value - x[0]) / (x[1] - x[0] || 1), py = (value) => floor - (floor - top) * (value - y[0]) / (y[1] - y[0] || 1);
  const parts = ticks(...y, Math.max(2, (floor - top) / 55)).flatMap((t) => [shape("path", { class: "ds-sdm-line", d: `M${left} ${py(t).toFixed(1)}H${wide - right}` }),
    shape("text", { x: left - 8, y: py(t) + 4, "text-anchor": "end" }, write(t))]);
  parts.push(...ticks(...x, Math.max(2, (wide - left - right) / 90)).map((t) => shape("text", { x: px(t), y: floor + 17, "text-anchor": "middle" }, writeX(t))),
    shape("text", { x: (left + wide - right) / 2, y: high - 3, "text-anchor": "middle" }, xName), shape("text", { x: left - 38, y: 11 }, yName));
  return { px, py, parts, floor, left, right: wide - right };
}

const padded = (values, part = 0.06) => { const low = Math.min(...values), high = Math.max(...values), more = part * (high - low || Math.abs(high) || 1); return [low - more, high + more]; };

// Draws again when the card becomes wider or narrower.
function follow(section, redraw) {
  let drawn = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - drawn) < 2) return;
    drawn = entry.contentRect.width;
    redraw();
  }).observe(section);
}

element.axes = { ticks, frame, padded, follow };
