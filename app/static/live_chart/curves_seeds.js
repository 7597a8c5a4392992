// Seeds of one contender together: their mean, and around it the 95 % interval of that mean (Student's
// t), at steps that at least three of them have reached.

const { escape } = await import(`./look.js${new URL(import.meta.url).search}`);
const LEAST = 3;
const T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306]; // by degrees of freedom
export const DASHES = ["solid", "4px,3px", "1px,3px", "9px,3px,1px,3px", "12px,4px"];

/** Of a panel's lines the bands, as traces, and of which contenders they are: how many seeds. */
export function bands(lines, smooth) {
  const groups = new Map();
  for (const line of lines) {
    const key = `${contender(line)}\n${line.name ?? ""}`;
    if (line.run.from == null && line.x.length > 1) groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  const found = [...groups.values()].filter((seeds) => seeds.length >= LEAST && seeds.some(({ run }) => run.past));
  return {
    counts: new Map(found.map((seeds) => [contender(seeds[0]), seeds.length])),
    traces: found.flatMap((seeds) => band(seeds, smooth)),
  };
}

const contender = ({ run }) => run.past ?? run.label;

function band(lines, smooth) {
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
  const { run, name, dash } = lines[0];
  const [red, green, blue] = [1, 3, 5].map((from) => parseInt(run.color.slice(from, from + 2), 16));
  const label = `${contender(lines[0])}${name ? ` · ${name}` : ""} · mean of ${lines.length} seeds`;
  const edge = { x, mode: "lines", hoverinfo: "skip", line: { width: 0 } };
  const line = { color: run.color, width: 3, dash: DASHES[dash % DASHES.length] };
  return [
    { ...edge, y: low },
    { ...edge, y: high, fill: "tonexty", fillcolor: `rgba(${red},${green},${blue},0.2)` },
    { x, y: mean, mode: "lines", name: escape(label), line },
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
