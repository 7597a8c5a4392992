// What is drawn of a map: colours on the canvas; contours, the path, axes and names above it.

export const MARGIN = { left: 58, right: 14, top: 10, bottom: 40 };
const HUE = [107, 92, 196]; // the app's colour of accuracies, `heat` of app/kit/draw/table.py
const STRENGTH = [0.04, 0.7]; // of the lowest and the highest accuracy
const FINE = 4; // pixels of the picture to a unit of the grid, before the browser smooths it
const LEVELS = 5;
const FEW = 4; // layers that are named
const NEAR = 8; // of the places beside a mark; further away only what has no dot that tells it
const CROWDED = 80; // cost from which on a layer is not named
const TALL = 17, WIDE = 7.8; // of a line of text and of a letter, about
const SVG = "http://www.w3.org/2000/svg";

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

export function draw(canvas, svg, data, side) {
  const { grid } = data;
  const [low, high] = [Math.min(...grid.flat()), Math.max(...grid.flat())];
  heat(canvas, grid, low, high, side);
  const [width, height] = [side + MARGIN.left + MARGIN.right, side + MARGIN.top + MARGIN.bottom];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.style.height = `${height}px`;
  const x = (mu) => MARGIN.left + mu * side, y = (sigma) => MARGIN.top + (1 - sigma) * side;
  const parts = axes(x, y, side), taken = [], busy = [];
  const last = grid.length - 1;
  for (const [i, j] of data.nodes) parts.push(shape("circle", { class: "node", cx: x(i / last), cy: y(j / last), r: 1.6 }));
  const path = data.path.map(([mu, sigma]) => [x(mu), y(sigma)]);
  busy.push(...path);
  const marks = [];
  if (path.length) {
    const line = path.map(([a, b]) => `${a.toFixed(1)},${b.toFixed(1)}`).join(" ");
    const [from, to] = [path[0], path.at(-1)];
    for (const [name, mu, sigma] of data.layers) {
      const dot = shape("circle", { class: "layer", cx: x(mu), cy: y(sigma), r: 3.5, fill: data.color });
      dot.append(shape("title", {}, `${name}: λ(μ) ${mu.toFixed(3)}, λ(σ) ${sigma.toFixed(3)}`));
      parts.push(dot);
    }
    parts.push(shape("polyline", { class: "halo", points: line }), shape("polyline", { class: "path", points: line, stroke: data.color }));
    parts.push(shape("circle", { class: "from", cx: from[0], cy: from[1], r: 5.5, stroke: data.color }));
    parts.push(shape("circle", { class: "to", cx: to[0], cy: to[1], r: 6, fill: data.color }));
    const isStill = Math.hypot(from[0] - to[0], from[1] - to[1]) < 14;
    marks.push(...(isStill ? [[to, "start and end of training"]] : [[to, "end of training"], [from, "start"]]));
  }
  const [mu, sigma, best] = data.best;
  parts.push(shape("path", { class: "best", d: star(x(mu), y(sigma), 7) }));
  marks.push([[x(mu), y(sigma)], `best ${best.toFixed(1)} %`]);
  for (const [at, words] of marks) parts.push(beside(at, words, side, taken, busy));
  if (data.layers.length <= FEW && data.layers.length > 1) {
    for (const [name, ...at] of data.layers) parts.push(beside([x(at[0]), y(at[1])], name, side, taken, busy, "layer-name"));
  }
  for (const level of levels(low, high)) {
    const segments = contour(grid, level).map((segment) => segment.map(([i, j]) => [x(i / last), y(j / last)]));
    if (!segments.length) continue;
    const d = segments.map(([a, b]) => `M${a[0].toFixed(1)} ${a[1].toFixed(1)}L${b[0].toFixed(1)} ${b[1].toFixed(1)}`).join("");
    parts.splice(0, 0, shape("path", { class: "contour", d }));
    const place = freest(segments, side, taken, busy);
    if (place) parts.push(shape("text", { class: "level", x: place[0], y: place[1] + 4, "text-anchor": "middle" }, `${level} %`));
  }
  const point = shape("g", { class: "point" });
  point.append(shape("circle", { r: 15, class: "grip" }), shape("circle", { r: 9, class: "ring" }), shape("path", { d: "M-5 0H5M0 -5V5" }));
  svg.replaceChildren(...parts, point);
}

/** The colours from the lowest to the highest accuracy, for a scale beside the map. */
export const SCALE = `linear-gradient(to right, ${STRENGTH.map((alpha) => `rgba(${HUE}, ${alpha})`)})`;

function heat(canvas, grid, low, high, side) {
  const last = grid.length - 1, size = last * FINE + 1, [pale, strong] = STRENGTH;
  if (canvas.width !== size) Object.assign(canvas, { width: size, height: size });
  Object.assign(canvas.style, { width: `${side}px`, height: `${side}px`, left: `${MARGIN.left}px`, top: `${MARGIN.top}px` });
  const ink = canvas.getContext("2d"), picture = ink.createImageData(size, size);
  for (let b = 0; b < size; b++) {
    for (let a = 0; a < size; a++) {
      const i = Math.min(Math.floor(a / FINE), last - 1), j = Math.min(Math.floor(b / FINE), last - 1);
      const u = a / FINE - i, v = b / FINE - j;
      const value = (1 - u) * ((1 - v) * grid[i][j] + v * grid[i][j + 1]) + u * ((1 - v) * grid[i + 1][j] + v * grid[i + 1][j + 1]);
      const share = high > low ? (value - low) / (high - low) : 0.5;
      picture.data.set([...HUE, 255 * (pale + (strong - pale) * share)], 4 * ((size - 1 - b) * size + a));
    }
  }
  ink.putImageData(picture, 0, 0);
}

function axes(x, y, side) {
  const parts = [shape("rect", { class: "frame", x: x(0), y: y(1), width: side, height: side })];
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const told = `${value}`;
    parts.push(shape("text", { x: x(value), y: y(0) + 17, "text-anchor": value === 1 ? "end" : "middle" }, told));
    if (value) parts.push(shape("text", { x: x(0) - 7, y: y(value) + 5, "text-anchor": "end" }, told));
  }
  return [...parts, axis("μ", x(0.5), y(0) + 34), axis("σ", x(0) - 46, y(0.5) + 5)];
}

function axis(letter, x, y) {
  const name = shape("text", { class: "axis", x, y, "text-anchor": "middle" }, "λ");
  name.append(shape("tspan", { class: "sub", dy: 4 }, letter));
  return name;
}

/** A name beside a mark, where there is room. */
function beside([a, b], words, side, taken, busy, css = "mark") {
  const wide = words.length * WIDE, left = MARGIN.left + 3, right = MARGIN.left + side - 3;
  const places = [[12, 5, 0], [-12 - wide, 5, 0], [-wide / 2, -13, 4], [-wide / 2, 24, 4], [10, -10, 2], [10, 22, 2], [-10 - wide, -10, 2], [-10 - wide, 22, 2], [-wide / 2, -31, 6], [-wide, -31, 6], [10, -31, 6], [-wide / 2, -50, 9], [10, -50, 9]];
  const boxes = places.slice(0, css === "layer-name" ? NEAR : undefined).map(([dx, dy, cost]) => ({ x: a + dx, y: b + dy, cost }));
  for (const box of boxes) {
    box.cost += 500 * (box.x < left || box.x + wide > right || box.y < MARGIN.top + 14 || box.y > MARGIN.top + side + 2);
    box.cost += 100 * taken.filter((other) => overlaps(box, wide, other)).length;
    box.cost += Math.min(CROWDED, 8 * busy.filter(([c, d]) => c > box.x - 4 && c < box.x + wide + 4 && d > box.y - TALL && d < box.y + 6).length);
  }
  const { x, y, cost } = boxes.reduce((least, box) => (box.cost < least.cost ? box : least));
  if (cost >= CROWDED && css === "layer-name") return ""; // no room: its dot says it when pointed at
  taken.push({ x, y, wide });
  taken.push({ x: a - 9, y: b + 9, wide: 18 });
  return shape("text", { class: css, x, y }, words);
}

const overlaps = (box, wide, other) => box.x < other.x + other.wide + 4 && other.x < box.x + wide + 4 && Math.abs(box.y - other.y) < TALL;

/** Round levels between the lowest and the highest accuracy. */
function levels(low, high) {
  const step = [0.5, 1, 2, 5, 10, 20].find((each) => (high - low) / each <= LEVELS + 1) ?? 20;
  const found = [];
  for (let level = Math.ceil((low + 1e-9) / step) * step; level < high; level += step) found.push(+level.toFixed(1));
  return high - low < 0.5 ? [] : found;
}

/** The segments at which bilinear squares reach a level, in units of the grid. */
function contour(grid, level) {
  const found = [], last = grid.length - 1;
  for (let i = 0; i < last; i++) {
    for (let j = 0; j < last; j++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const crossed = corners.flatMap((from, k) => {
        const to = corners[(k + 1) % 4], a = grid[from[0]][from[1]] - level, b = grid[to[0]][to[1]] - level;
        if (a < 0 === b < 0) return [];
        const share = a / (a - b);
        return [[from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]];
      });
      for (let k = 0; k + 1 < crossed.length; k += 2) found.push([crossed[k], crossed[k + 1]]);
    }
  }
  return found;
}

/** The middle of the segment furthest from names and the path; none where all is taken. */
function freest(segments, side, taken, busy) {
  let best = null, most = 26;
  for (const [a, b] of segments) {
    const at = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const edge = Math.min(at[0] - MARGIN.left, MARGIN.left + side - at[0], at[1] - MARGIN.top, MARGIN.top + side - at[1]);
    const names = taken.map((box) => Math.hypot(Math.max(box.x - at[0], 0, at[0] - box.x - box.wide), at[1] - box.y + 5));
    const near = busy.map((other) => Math.hypot(other[0] - at[0], other[1] - at[1]));
    const free = Math.min(1.6 * edge, ...names, ...near, side / 3);
    if (free > most) [best, most] = [at, free];
  }
  if (best) taken.push({ x: best[0] - 18, y: best[1] + 5, wide: 36 });
  return best;
}

function star(x, y, size) {
  const tips = Array.from({ length: 10 }, (_, k) => {
    const angle = (Math.PI * k) / 5 - Math.PI / 2, reach = k % 2 ? size * 0.42 : size;
    return `${(x + reach * Math.cos(angle)).toFixed(1)} ${(y + reach * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${tips.join("L")}Z`;
}
