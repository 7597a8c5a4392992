// Seeds of one contender together: their mean, and around it the 95 % interval of that mean (Student's
// t), at steps that at least three of them have reached.

const LEAST = 3;
const T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306]; // by degrees of freedom

/** Bands of a panel as traces; `panel.band` names the contenders that have one, and how many seeds. */
export function bands(panel, axes) {
  const groups = new Map();
  for (const line of panel.lines) {
    const contender = line.run.past ?? line.run.label;
    const key = `${contender}\n${line.name ?? ""}`;
    if (line.run.from == null && line.x.length > 1) groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  panel.band = new Map();
  const traces = [];
  for (const lines of groups.values()) {
    if (lines.length < LEAST || !lines.some(({ run }) => run.past)) continue;
    const { run } = lines[0];
    panel.band.set(run.past ?? run.label, lines.length);
    traces.push(...band(lines, panel, axes));
  }
  return traces;
}

function band(lines, { smooth }, axes) {
  const values = (line) => (smooth ? line.mean : line.y);
  const grid = lines.reduce((longest, { x }) => (x.length > longest.length ? x : longest), []);
  const [x, mean, low, high] = [[], [], [], []];
  for (const step of grid) {
    const found = lines.map((line) => at(line.x, values(line), step)).filter(Number.isFinite);
    if (found.length < LEAST) continue;
    const middle = found.reduce((sum, each) => sum + each, 0) / found.length;
    const spread = Math.sqrt(found.reduce((sum, each) => sum + (each - middle) ** 2, 0) / (found.length - 1));
    const half = (T975[found.length - 2] * spread) / Math.sqrt(found.length);
    x.push(step);
    mean.push(middle);
    low.push(middle - half);
    high.push(middle + half);
  }
  const { run, name } = lines[0];
  const edge = { ...axes, x, mode: "lines", hoverinfo: "skip", line: { width: 0 } };
  const [red, green, blue] = [1, 3, 5].map((from) => parseInt(run.color.slice(from, from + 2), 16));
  const label = `${run.past ?? run.label}${name ? ` · ${name}` : ""} · mean of ${lines.length} seeds`;
  return [
    { ...edge, y: low },
    { ...edge, y: high, fill: "tonexty", fillcolor: `rgba(${red},${green},${blue},0.22)` },
    { ...axes, x, y: mean, mode: "lines", name: label.replace(/[&<>]/g, ""), line: { color: run.color, width: 3 } },
  ];
}

/** A value between two points of a line; none before its first and behind its last. */
function at(steps, values, step) {
  let [low, high] = [0, steps.length - 1];
  if (step < steps[low] || step > steps[high]) return NaN;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle;
    else high = middle;
  }
  const share = steps[high] === steps[low] ? 0 : (step - steps[low]) / (steps[high] - steps[low]);
  return values[low] + share * (values[high] - values[low]);
}
