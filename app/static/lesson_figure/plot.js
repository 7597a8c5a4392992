// The curves behind a lesson's handle, with a needle where the handle is.

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = { left: 44, right: 14, top: 10, bottom: 24 };
const LETTER = 8; // px, about
const DASHES = { dot: "2 7", dash: "9 6" };

function drawn(tag, properties, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  if (text != null) node.textContent = text;
  return node;
}

/** Where the handle is to be for a pointer at `x`, in the window. */
export function placeAt(svg, figure, x) {
  const box = svg.getBoundingClientRect();
  const zoom = svg.currentCSSZoom ?? 1; // other than 1 on stage
  const width = box.width - zoom * (MARGIN.left + MARGIN.right);
  const last = figure.stops.length - 1;
  return Math.min(last, Math.max(0, Math.round(((x - box.left - zoom * MARGIN.left) / width) * last)));
}

/** Three or four round values between two, on the figure's scale. */
function marks([low, high], isLog) {
  if (isLog) {
    const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const step = Math.max(1, Math.ceil((to - from) / 4));
    return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => 10 ** (from + i * step));
  }
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((each) => each * power >= rough * 0.99);
  const found = [];
  for (let value = Math.ceil(low / step - 1e-9) * step; value <= high + step * 1e-9; value += step) found.push(value);
  return found;
}

const told = (value) => {
  const size = Math.abs(value);
  const text = size >= 1e4 ? `10${superscript(Math.round(Math.log10(size)))}` : String(+value.toPrecision(3));
  return text.replace("-", "−");
};
const superscript = (power) => [...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("");

/** Draws the curves that may be seen, and the needle. */
export function drawPlot(svg, figure, curves, { at, option, isNew, size: [width, height] }) {
  if (!width || !height) return;
  const count = figure.stops.length;
  const scale = figure.is_log ? Math.log10 : (value) => value;
  const [low, high] = figure.range.map(scale);
  const x = (place) => MARGIN.left + (place / (count - 1)) * (width - MARGIN.left - MARGIN.right);
  const y = (value) => {
    const share = (scale(value) - low) / (high - low);
    return height - MARGIN.bottom - Math.min(1, Math.max(0, share)) * (height - MARGIN.top - MARGIN.bottom);
  };
  const parts = [];
  for (const value of marks(figure.range, figure.is_log)) {
    parts.push(drawn("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }));
    parts.push(drawn("text", { class: "mark", x: MARGIN.left - 8, y: y(value) + 5, "text-anchor": "end" }, told(value)));
  }
  let named = ""; // the level's words, above what covers it
  if (figure.level) {
    const [value, words] = figure.level;
    parts.push(drawn("line", { class: "level", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }));
    const nearest = (i) => Math.min(...curves.map(({ values }) => Math.abs(y(values[option * count + i] ?? low) - y(value))));
    const isRight = nearest(count - 1) > nearest(0); // where there is more room
    const at = isRight ? { x: width - MARGIN.right - 4, "text-anchor": "end" } : { x: MARGIN.left + 4 };
    named = drawn("text", { class: "mark is-level", ...at, y: y(value) - 6 }, words);
  }
  let free = 0; // from here on nothing is written yet
  for (const [place, words] of figure.ticks) {
    const wide = LETTER * words.length;
    const from = x(place) - (place === 0 ? 0 : place === count - 1 ? wide : wide / 2);
    if (from < free && place !== count - 1) continue;
    free = from + wide + LETTER;
    const anchor = place === 0 ? "start" : place === count - 1 ? "end" : "middle";
    parts.push(drawn("text", { class: "mark", x: x(place), y: height - 5, "text-anchor": anchor }, words));
  }
  const first = option * count;
  for (const curve of curves) {
    const places = [...Array(count).keys()].filter((i) => curve.values[first + i] != null);
    if (curve.low) {
      const up = places.map((i) => `${x(i)},${y(curve.high[first + i])}`);
      const down = places.map((i) => `${x(i)},${y(curve.low[first + i])}`).reverse();
      parts.push(drawn("polygon", { class: "band", points: [...up, ...down].join(" "), fill: curve.color }));
    }
    for (const seed of curve.seeds ?? []) {
      for (const i of places.filter((i) => seed[first + i] != null)) parts.push(drawn("circle", { class: "seed", cx: x(i), cy: y(seed[first + i]), r: 3, fill: curve.color }));
    }
    const line = drawn("polyline", {
      class: isNew && curve.is_answer ? "line is-new" : "line",
      points: places.map((i) => `${x(i)},${y(curve.values[first + i])}`).join(" "),
      stroke: curve.color, "stroke-dasharray": DASHES[curve.dash] ?? "none",
    });
    if (line.classList.contains("is-new")) line.setAttribute("pathLength", 1);
    parts.push(line);
  }
  parts.push(named, drawn("line", { class: "needle", x1: x(at), x2: x(at), y1: MARGIN.top - 4, y2: height - MARGIN.bottom }));
  for (const curve of curves) {
    const value = curve.values[first + at];
    if (value != null) parts.push(drawn("circle", { class: "now", cx: x(at), cy: y(value), r: 7, fill: curve.color }));
  }
  svg.replaceChildren(...parts);
}
