// A dot for each training, from the moment it has ended; from three on, their interval.
// data: { quantity, range, isLog, mark, rows: [{ label, color, values, of, mean, low, high, told }] }

const SVG = "http://www.w3.org/2000/svg";
const ROW = 44;
const MARGIN = { left: 12, right: 16, bottom: 30 };
const seen = new WeakMap(); // root -> how many dots each row had

function drawn(tag, properties, text) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) node.setAttribute(name, value);
  if (text != null) node.textContent = text;
  return node;
}

const written = (value) => String(+value.toPrecision(3)).replace("-", "−");

/** What is known by now; a row that has gained a dot lets it pop in. */
export function drawSeeds(root, { quantity, range, isLog, mark, rows }) {
  const scale = isLog ? Math.log10 : (value) => value;
  const [low, high] = range.map(scale);
  const before = seen.get(root);
  seen.set(root, rows.map(({ values }) => values.length));
  const list = document.createElement("div");
  list.className = "seeds";
  rows.forEach((row, number) => {
    const label = Object.assign(document.createElement("span"), { className: "label", textContent: row.label });
    label.style.setProperty("--hue", row.color);
    const count = Object.assign(document.createElement("span"), {
      className: "count", textContent: row.told,
    });
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${row.label}: ${row.values.length} of ${row.of} trainings; ${row.values.map(written).join(", ")}`);
    list.append(label, svg, count);
    requestAnimationFrame(() => {
      const width = svg.clientWidth;
      const x = (value) => {
        const share = Math.min(1, Math.max(0, (scale(value) - low) / (high - low)));
        return MARGIN.left + share * (width - MARGIN.left - MARGIN.right);
      };
      const parts = [drawn("line", { class: "track", x1: x(range[0]), x2: x(range[1]), y1: ROW / 2, y2: ROW / 2 })];
      if (mark != null) parts.push(drawn("line", { class: "level", x1: x(mark), x2: x(mark), y1: 2, y2: ROW - 2 }));
      if (row.low != null) {
        parts.push(drawn("rect", { class: "span", x: x(row.low), width: Math.max(3, x(row.high) - x(row.low)), y: ROW / 2 - 9, height: 18, rx: 4, fill: row.color }));
      }
      row.values.forEach((value, i) => {
        const isNew = before && i >= before[number];
        parts.push(drawn("circle", { class: isNew ? "dot is-new" : "dot", cx: x(value), cy: ROW / 2, r: 8, fill: row.color }));
      });
      if (row.values.length > 1) {
        const [at, middle] = [x(row.mean), ROW / 2];
        parts.push(drawn("line", { class: "mean", x1: at, x2: at, y1: middle - 14, y2: middle + 14, stroke: row.color }));
      }
      svg.replaceChildren(...parts);
    });
  });
  const axis = document.createElement("div");
  axis.className = "ends";
  axis.append(
    Object.assign(document.createElement("span"), { textContent: written(range[0]) }),
    Object.assign(document.createElement("span"), { textContent: quantity }),
    Object.assign(document.createElement("span"), { textContent: written(range[1]) }),
  );
  list.append(document.createElement("span"), axis);
  root.replaceChildren(list);
}
