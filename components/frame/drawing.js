// A part of the page as an SVG file of its own: boxes, lines and words where they stand on screen, without the page's styles.
// Knows elements and their computed styles; no chart and no run. panel_tools.js calls it by the window.

const KEPT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
  "font-size", "font-weight", "text-anchor", "dominant-baseline", "display"];  // of what is drawn as SVG already
const PADDING = 16, SIDES = ["Top", "Right", "Bottom", "Left"];
const ink = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

// `color-mix` and the like as every program reads it; empty where nothing is seen.
function plainColour(said) {
  ink.clearRect(0, 0, 1, 1);
  ink.fillStyle = said;
  ink.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = ink.getImageData(0, 0, 1, 1).data;
  return a ? `rgb(${r},${g},${b})" fill-opacity="${+(a / 255).toFixed(3)}` : "";
}

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const round = (value) => Math.round(100 * value) / 100;

function drawing(node) {
  const frame = node.getBoundingClientRect(), parts = [];
  const place = (rect) => ({ x: rect.left - frame.left + PADDING, y: rect.top - frame.top + PADDING, width: rect.width, height: rect.height });
  drawElement(node, place, parts);
  const [width, height] = [frame.width, frame.height].map((size) => Math.ceil(size + 2 * PADDING));
  const font = escaped(getComputedStyle(node).fontFamily), paper = plainColour(getComputedStyle(document.body).getPropertyValue("--ds-card"));
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${font}">`
    + `<rect width="100%" height="100%" fill="${paper}"/>${parts.join("")}</svg>`;
  return { text, width, height };
}

function drawElement(el, place, parts) {
  const style = getComputedStyle(el);
  if (style.display === "none" || style.visibility === "hidden" || el.matches("button, details, select, .ds-unsaved")) return;
  const faint = Number(style.opacity) < 1;
  if (faint) parts.push(`<g opacity="${style.opacity}">`);
  if (el instanceof SVGElement) parts.push(drawnSvg(el, place(el.getBoundingClientRect())));
  else {
    const box = place(el.getBoundingClientRect());
    parts.push(drawnBox(style, box));
    ["::before", "::after"].forEach((name) => parts.push(drawnPseudo(el, name, box)));
    el.childNodes.forEach((child) => {
      if (child instanceof Element) drawElement(child, place, parts);
      else if (child instanceof Text) parts.push(...drawnText(child, style, place));
    });
  }
  if (faint) parts.push("</g>");
}

function drawnBox(style, { x, y, width, height }) {
  const found = [], fill = plainColour(style.backgroundColor), wide = parseFloat(style.borderTopWidth), around = framed(style);
  if ((fill || around) && width && height) {
    const inset = around ? wide / 2 : 0, [w, h] = [width - 2 * inset, height - 2 * inset];
    const corner = style.borderTopLeftRadius.endsWith("%") ? Math.min(w, h) / 2 : Math.min(parseFloat(style.borderTopLeftRadius) || 0, w / 2, h / 2);
    found.push(`<rect x="${round(x + inset)}" y="${round(y + inset)}" width="${round(w)}" height="${round(h)}" rx="${round(corner)}" fill="${fill || "none"}"${around}/>`);
  }
  if (around) return found.join("");
  const ends = { Top: [x, y, x + width, y], Right: [x + width, y, x + width, y + height], Bottom: [x, y + height, x + width, y + height], Left: [x, y, x, y + height] };
  SIDES.forEach((side) => {
    const wide = parseFloat(style[`border${side}Width`]), tint = plainColour(style[`border${side}Color`]);
    if (!wide || style[`border${side}Style`] === "none" || !tint) return;
    const [x1, y1, x2, y2] = ends[side].map(round), dash = style[`border${side}Style`] === "dashed" ? ` stroke-dasharray="${3 * wide} ${3 * wide}"` : "";
    found.push(`<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke-width="${wide}"${dash} stroke="${tint.replace("fill-", "stroke-")}"/>`);
  });
  return found.join("");
}

// A frame that is the same on all sides follows the corners; empty where it is not.
function framed(style) {
  const same = SIDES.every((side) => ["Width", "Style", "Color"].every((what) => style[`border${side}${what}`] === style[`borderTop${what}`]));
  const tint = same && style.borderTopStyle === "solid" && parseFloat(style.borderTopWidth) && plainColour(style.borderTopColor);
  return tint ? ` stroke-width="${parseFloat(style.borderTopWidth)}" stroke="${tint.replace("fill-", "stroke-")}"` : "";
}

// A browser says where a pseudo-element stands only if it is absolute; another one stands first on its element's first line.
function drawnPseudo(el, name, box) {
  const style = getComputedStyle(el, name), width = parseFloat(style.width) || 0, height = parseFloat(style.height) || 0;
  if (style.content === "none" || style.content === "normal" || style.display === "none" || isNaN(parseFloat(style.width))) return "";
  if (style.position === "absolute") {
    return drawnBox(style, { x: box.x + parseFloat(style.left), y: box.y + parseFloat(style.top), width: whole(style, width, "Left", "Right"), height: whole(style, height, "Top", "Bottom") });
  }
  const line = parseFloat(getComputedStyle(el).lineHeight) || height;
  return name === "::before" ? drawnBox(style, { x: box.x, y: box.y + (Math.min(line, box.height) - height) / 2, width, height }) : "";
}

// Of a box that is measured within its border, the border too.
const whole = (style, size, ...sides) => size + (style.boxSizing === "border-box" ? 0
  : sides.reduce((sum, side) => sum + (style[`border${side}Style`] === "none" ? 0 : parseFloat(style[`border${side}Width`])), 0));

// Word for word, because a browser says where each word stands but not where its lines break.
function drawnText(node, style, place) {
  const range = document.createRange(), rows = [];
  for (const { 0: word, index } of node.data.matchAll(/\S+/g)) {
    range.setStart(node, index);
    range.setEnd(node, index + word.length);
    const rect = range.getClientRects()[0];
    if (!rect || !rect.width) continue;
    const at = place(rect), row = rows.at(-1);
    if (row && Math.abs(row.y - at.y) < 2) Object.assign(row, { text: `${row.text} ${word}`, width: at.x + at.width - row.x });
    else rows.push({ ...at, text: word });
  }
  ink.font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ink.measureText("x");
  const look = `font-size="${style.fontSize}" font-weight="${style.fontWeight}" font-style="${style.fontStyle}" fill="${plainColour(style.color)}"`
    + (style.fontFamily.includes("Mono") ? ` font-family="${escaped(style.fontFamily)}"` : "");
  return rows.map((row) => `<text x="${round(row.x)}" y="${round(row.y + row.height * up / (up + down))}" textLength="${round(row.width)}" `
    + `lengthAdjust="spacingAndGlyphs" ${look}>${escaped(row.text)}</text>`);
}

function drawnSvg(svg, { x, y, width, height }) {
  const copy = svg.cloneNode(true), pairs = [svg, ...svg.querySelectorAll("*")], copies = [copy, ...copy.querySelectorAll("*")];
  pairs.forEach((from, i) => {
    const style = getComputedStyle(from);
    KEPT.forEach((name) => {
      const value = style.getPropertyValue(name);
      const tint = (name === "fill" || name === "stroke") && value !== "none" ? plainColour(value).split('"') : null;
      copies[i].setAttribute(name, tint ? tint[0] || "none" : value);
      if (tint?.[2] && tint[2] !== "1") copies[i].setAttribute(`${name}-opacity`, tint[2]);
    });
    copies[i].removeAttribute("class");
    copies[i].removeAttribute("style");
  });
  Object.entries({ x, y, width, height }).forEach(([name, value]) => copy.setAttribute(name, round(value)));
  copy.setAttribute("overflow", getComputedStyle(svg).overflow === "visible" ? "visible" : "hidden");
  return new XMLSerializer().serializeToString(copy);
}

window.distilloscopeDrawing = drawing;
