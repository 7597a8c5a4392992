// Small pictures of a layer's numbers, as SVG text: dots over channels, bars, histograms, pixels.

const PAD = { left: 50, right: 6, top: 8, bottom: 18 };

export function number(value, digits = 3) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-3 || size >= 1e4 ? size.toExponential(1).replace("-", "−") : String(+size.toPrecision(digits));
  return value < 0 ? `−${text}` : text;
}
export const escape = (text) => String(text).replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
const EDGE = 22; // px beside a histogram, for what its scale does not hold
/** Of values that leave the scale. */
export const [BELOW, ABOVE] = [[38, 110, 220], [226, 74, 20]];
const round = (value) => Math.round(value * 10) / 10;

function scale(values, height) {
  const finite = values.filter(Number.isFinite);
  let low = Math.min(...finite);
  let high = Math.max(...finite);
  const room = (high - low || Math.abs(high) || 1) * 0.06;
  low -= room;
  high += room;
  const inner = height - PAD.top - PAD.bottom;
  const y = (value) => PAD.top + inner * (1 - (value - low) / (high - low));
  return { low, high, y };
}

function axis({ low, high, y }, width) {
  const ticks = [low + (high - low) * 0.06, high - (high - low) * 0.06];
  const lines = ticks.map((value) => `<text x="${PAD.left - 6}" y="${y(value) + 4}" text-anchor="end">${number(value, 2)}</text>`);
  if (low < 0 && high > 0) {
    lines.push(`<line class="zero" x1="${PAD.left}" x2="${width - PAD.right}" y1="${y(0)}" y2="${y(0)}"/>`);
  }
  return lines.join("");
}

const svg = (width, height, content) => `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true">${content}</svg>`;

/**
 * Values over channels. A series is {name, color, look, values} with the looks "dot", "ring",
 * "range" ([low, high] each) and "way" (a line to `targets`).
 */
export function strip({ width, height = 132, series, chosen = -1, names, unit = "channel" }) {
  const num = Math.max(...series.map(({ values }) => values.length));
  const box = scale(series.flatMap(({ values, targets = [] }) => [...values.flat(), ...targets]), height);
  const inner = width - PAD.left - PAD.right;
  const step = inner / num;
  const x = (at) => PAD.left + (at + 0.5) * step;
  const radius = Math.max(2, Math.min(4.5, step * 0.34));
  const parts = [axis(box, width)];
  if (chosen >= 0) {
    parts.push(`<rect class="chosen" x="${round(x(chosen) - Math.max(step, 8) / 2)}" y="${PAD.top - 4}" width="${Math.max(step, 8)}" height="${height - PAD.top - PAD.bottom + 8}" rx="3"/>`);
  }
  for (const { look, color, values, targets } of series) {
    values.forEach((value, at) => {
      if (look === "range") {
        const [low, high] = value;
        parts.push(`<line class="range" stroke="${color}" x1="${round(x(at))}" x2="${round(x(at))}" y1="${round(box.y(low))}" y2="${round(box.y(high))}" stroke-width="${round(radius * 1.5)}"/>`);
      } else if (look === "way") {
        parts.push(`<line class="way" stroke="${color}" x1="${round(x(at))}" x2="${round(x(at))}" y1="${round(box.y(value))}" y2="${round(box.y(targets[at]))}"/>`);
      } else {
        const fill = look === "ring" ? `fill="none" stroke="${color}" stroke-width="1.6"` : `fill="${color}"`;
        parts.push(`<circle ${fill} cx="${round(x(at))}" cy="${round(box.y(value))}" r="${round(radius)}"/>`);
      }
    });
  }
  for (let at = 0; at < num; at++) {
    const told = series
      .filter(({ name, values }) => name && at < values.length)
      .map(({ name, values }) => `${name}: ${[values[at]].flat().map((value) => number(value)).join(" to ")}`);
    const label = names ? names[at] : `${unit} ${at + 1}`;
    parts.push(`<rect class="hit" data-at="${at}" x="${round(x(at) - step / 2)}" y="0" width="${round(step)}" height="${height}" data-tip="${escape([label, ...told].join("\n"))}"/>`);
  }
  const every = Math.ceil(num / Math.max(2, Math.floor(inner / (names ? 56 : 30))));
  for (let at = 0; at < num; at += every) {
    parts.push(`<text x="${round(x(at))}" y="${height - 4}" text-anchor="middle">${escape(names ? names[at] : at + 1)}</text>`);
  }
  return svg(width, height, parts.join(""));
}

/** Bars from 0, one for each hidden unit. */
export function bars({ width, height = 132, values, color, unit = "unit" }) {
  if (!values.some(Boolean)) return `<p class="none" style="width:${width}px;height:${height / 2}px">all ${values.length} cut off at 0</p>`;
  const high = Math.max(...values, 1e-9);
  const inner = width - PAD.left - PAD.right;
  const step = inner / values.length;
  const floor = height - PAD.bottom;
  const parts = [`<text x="${PAD.left - 6}" y="${PAD.top + 8}" text-anchor="end">${number(high)}</text>`];
  parts.push(`<line class="zero" x1="${PAD.left}" x2="${width - PAD.right}" y1="${floor}" y2="${floor}"/>`);
  values.forEach((value, at) => {
    const tall = ((floor - PAD.top) * value) / high;
    const left = PAD.left + at * step;
    parts.push(`<rect fill="${color}" x="${round(left + step * 0.15)}" y="${round(floor - tall)}" width="${round(step * 0.7)}" height="${round(tall)}"/>`);
    parts.push(`<rect class="hit" x="${round(left)}" y="0" width="${round(step)}" height="${height}" data-tip="${unit} ${at + 1}: ${number(value)}"/>`);
  });
  return svg(width, height, parts.join(""));
}

/** How often values occur on the scale of all pictures; those beyond it stand at its ends. */
export function histogram({ width, height = 124, data, scale: [low, high], color, value }) {
  const { counts, below, above } = data;
  const most = Math.max(...counts, 1);
  const floor = height - PAD.bottom;
  const inner = width - 2 * EDGE;
  const step = inner / counts.length;
  const parts = counts.map((count, at) => {
    const tall = (floor - 22) * Math.sqrt(count / most); // rare values stay visible
    const [from, to] = [at, at + 1].map((edge) => low + ((high - low) * edge) / counts.length);
    return `<rect fill="${color}" x="${round(EDGE + at * step)}" y="${round(floor - tall)}" width="${round(Math.max(step - 1, 1))}" height="${round(tall)}"/><rect class="hit" x="${round(EDGE + at * step)}" y="0" width="${round(step)}" height="${floor}" data-tip="${number(from)} to ${number(to)}: ${count} values"/>`;
  });
  const beyond = [[0, below, BELOW], [width - EDGE + 4, above, ABOVE]];
  for (const [x, count, hue] of beyond) {
    if (count) parts.push(`<rect fill="rgb(${hue})" x="${x}" y="${round(floor - 8 - 0.5 * floor * Math.min(1, count / most))}" width="${EDGE - 6}" height="${round(8 + 0.5 * floor * Math.min(1, count / most))}" data-tip="${count} values beyond the scale"/>`);
  }
  parts.push(`<line class="zero" x1="${EDGE}" x2="${width - EDGE}" y1="${floor}" y2="${floor}"/>`);
  parts.push(`<text x="${EDGE}" y="${height - 3}">${number(low)}</text><text x="${width / 2}" y="${height - 3}" text-anchor="middle">0</text>`);
  parts.push(`<text x="${width - EDGE}" y="${height - 3}" text-anchor="end">${number(high)}</text>`);
  const x = EDGE + inner * Math.min(1.02, Math.max(-0.02, (value - low) / (high - low)));
  const anchor = x > width * 0.7 ? "end" : x < width * 0.3 ? "start" : "middle";
  parts.push(`<line class="here" x1="${round(x)}" x2="${round(x)}" y1="16" y2="${floor}"/><text class="here" x="${round(x)}" y="12" text-anchor="${anchor}">${number(value)}</text>`);
  return svg(width, height, parts.join(""));
}

/** A place for one picture; `paint` fills it once it is in the page. */
export const canvas = ({ width, height, pixels }, at) => `<canvas width="${width}" height="${height}" data-pixels="${pixels[at]}"></canvas>`;

/** How many values of a picture the scale does not hold. */
export function beyond(pixels) {
  let count = 0;
  for (const each of atob(pixels)) if (each === "\0" || each === "\xff") count++;
  return count;
}

export function paint(root) {
  for (const canvas of root.querySelectorAll("canvas[data-pixels]")) {
    const bytes = atob(canvas.dataset.pixels);
    const image = new ImageData(canvas.width, canvas.height);
    for (let at = 0; at < bytes.length; at++) {
      const value = bytes.charCodeAt(at);
      const grey = Math.round(((value - 1) / 253) * 255);
      const color = value === 0 ? BELOW : value === 255 ? ABOVE : [grey, grey, grey];
      image.data.set([...color, 255], 4 * at);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    delete canvas.dataset.pixels;
  }
}
