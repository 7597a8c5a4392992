// Small multiples of curves over the steps of training.
//   spec: { panels: [{ title, y?, log?, smooth?, markers? }], runs: [{ label, color }],
//           lines: [[panel, run, dash, name?]], columns, x, dashes?: [name] }
//   chunk: { pts: [[first line, steps, values]], marks: [{ x, text, run? }] }; the values of one
//   entry are those of as many lines, from `first` on, as there are multiples of its steps.

const { axis, escape, floats, heading, interval, isTouch, ticks } = await import(
  `./look.js${new URL(import.meta.url).search}`
);
export const buttons = ["zoom2d", "pan2d", "autoScale2d", "toImage"];
const DASHES = ["solid", "4px,3px", "1px,3px", "9px,3px,1px,3px", "12px,4px"];
const LABEL = 14; // height of a mark's label
const DENSE = 3; // from this many columns on panels are small

export const start = (spec) => ({ lines: spec.lines.map(() => ({ x: [], y: [], mean: [] })), marks: [] });

export function apply(data, chunk, spec) {
  for (const [first, x, y] of chunk.pts ?? []) {
    const [steps, values] = [floats(x), floats(y)];
    for (let from = 0, index = first; from < values.length; from += steps.length, index++) {
      const { smooth } = spec.panels[spec.lines[index][0]];
      append(data.lines[index], steps, values.subarray(from, from + steps.length), smooth);
    }
  }
  data.marks.push(...(chunk.marks ?? []));
}

function append(line, steps, values, smooth) {
  line.x.push(...steps);
  for (const value of values) {
    line.y.push(value);
    if (!smooth) continue;
    const recent = line.y.slice(-smooth).filter(Number.isFinite);
    line.mean.push(recent.reduce((sum, each) => sum + each, 0) / recent.length); // none: NaN, a gap
  }
}

export function figure({ spec, data, view, width, look }) {
  const shown = spec.lines
    .map(([panel, run, dash, name], index) => ({ panel, run: spec.runs[run], dash, name, ...data.lines[index] }))
    .filter(({ run }) => !view.hidden.has(run.label));
  const marks = data.marks.filter(({ run }) => run == null || !view.hidden.has(spec.runs[run].label));
  const steps = view.ranges.x ?? padded(extent(shown.map(({ x }) => x)), 0.02);
  const panels = spec.panels.map((panel, index) => {
    const lines = shown.filter((line) => line.panel === index);
    return { ...panel, lines, extent: extent(lines.map(({ y }) => y), lines.map(({ x }) => x), steps, panel.log) };
  });
  const { height, cells } = arrange(spec, panels, width);

  const traces = [];
  const annotations = [];
  const shapes = [];
  const layout = { height, annotations, shapes, hovermode: "x unified", dragmode: isTouch ? false : (view.dragmode ?? "zoom") };
  panels.forEach((panel, index) => {
    const suffix = index ? index + 1 : "";
    const cell = cells[index];
    const [x, y] = [`x${suffix}`, `y${suffix}`];
    layout[`xaxis${suffix}`] = axis(look, [cell.left, cell.right], width, {
      anchor: y,
      matches: index ? "x" : undefined,
      range: steps,
      nticks: Math.ceil((cell.right - cell.left) / 80) + 1,
      showgrid: false,
      showline: true,
      linecolor: look.line,
      unifiedhovertitle: { text: `${escape(spec.x)} %{x}` },
      title: cell.isLast && { text: escape(spec.x), standoff: 4, font: { size: 11, color: look.muted } },
    });
    const labels = place(marks, steps, cell);
    const range = view.ranges[`yaxis${suffix}`] ?? scale(panel, labels, cell);
    layout[`yaxis${suffix}`] = axis(look, [height - cell.bottom, height - cell.top], height, {
      anchor: x,
      range,
      ...(panel.log ? { type: "log", nticks: 5 } : ticks(...range)),
      hoverformat: ".5~g",
    });
    annotations.push(heading(look, cell.edge, cell.heading, width, height, panel.title, cell.lines));
    for (const line of panel.lines) traces.push(...draw(line, panel, { xaxis: x, yaxis: y }));
    marks.forEach((mark, at) => {
      const color = mark.run == null ? look.muted : spec.runs[mark.run].color;
      shapes.push(rule(mark.x, { xref: x, yref: `${y} domain` }, color));
      annotations.push({ ...labels[at], xref: x, yref: `${y} domain`, bgcolor: look.background, font: { size: 10, color } });
    });
  });
  return { traces, layout };
}

function draw({ x, y, mean, run, dash, name }, panel, axes) {
  const isSparse = x.length < 2 || panel.markers;
  const trace = {
    ...axes,
    x,
    y: panel.smooth ? mean : y,
    name: escape(name ? `${run.label} · ${name}` : run.label),
    mode: isSparse ? "lines+markers" : "lines",
    line: { color: run.color, width: 2, dash: DASHES[dash % DASHES.length] },
    marker: { color: run.color, size: 5 },
  };
  const raw = { ...axes, x, y, mode: "lines", opacity: 0.25, hoverinfo: "skip", line: { color: run.color, width: 1 } };
  return panel.smooth ? [raw, trace] : [trace];
}

/** Smallest and largest finite value; of those whose step lies in `window`, where one is given. */
function extent(values, steps, window, isLog) {
  let [low, high] = [Infinity, -Infinity];
  values.forEach((line, at) =>
    line.forEach((value, index) => {
      if (window && (steps[at][index] < window[0] || steps[at][index] > window[1])) return;
      if (isLog && value <= 0) return;
      if (value < low) low = value;
      if (value > high) high = value;
    }),
  );
  return low <= high ? [low, high] : null;
}

function padded(range, share, above = share) {
  const [low, high] = range ?? [0, 1];
  const size = high - low || Math.abs(high) * 0.02 || 1;
  return [low - size * share, high + size * above];
}

/** What an axis has to span, with a strip above the curves for the labels of marks. */
function scale({ extent, log }, labels, { top, bottom }) {
  const ends = log ? (extent ?? [0.1, 1]).map(Math.log10) : extent;
  const strip = Math.max(0, ...labels.map(({ yshift }) => LABEL - yshift));
  return padded(ends, 0.08, 0.08 + strip / (bottom - top - strip));
}

/** Where each panel, its heading and its axes lie, in pixels: as many columns as fit unsqueezed. */
function arrange(spec, panels, width) {
  const columns = Math.min(spec.columns, Math.max(spec.columns < DENSE || width < 340 ? 1 : 2, Math.floor(width / 260)));
  const plot = columns < DENSE && width >= 520 ? 190 : 130;
  const ends = panels.map(({ extent }) => (extent ? interval(...extent) : ["", ""]));
  const gutter = 16 + 6.5 * Math.max(...ends.flat().map((text) => Math.min(text.length, 10)), 3);
  const cellWidth = width / columns;
  const subtitles = panels.map(({ y, smooth, extent }, index) => [
    y,
    extent && ends[index].join(" … "),
    smooth && `mean of the last ${smooth} points`,
  ]);
  const lines = subtitles.map((parts) => wrap(parts.filter(Boolean), cellWidth / 6));
  const head = 26 + 15 * Math.max(...lines.map(({ length }) => length), 1);
  const pitch = head + plot + 38;
  const cells = panels.map((_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const edge = column * cellWidth;
    const top = row * pitch + head;
    return {
      edge,
      heading: row * pitch,
      lines: lines[index],
      left: edge + gutter,
      right: edge + cellWidth - 16,
      top,
      bottom: top + plot,
      isLast: index + columns >= panels.length,
    };
  });
  return { cells, height: Math.ceil(panels.length / columns) * pitch + 8 };
}

function wrap(parts, room) {
  const lines = [];
  for (const part of parts) {
    const longer = `${lines.at(-1)} · ${part}`;
    if (lines.length && longer.length <= room) lines.splice(-1, 1, longer);
    else lines.push(part);
  }
  return lines;
}

const rule = (x, refs, color) => ({
  ...refs,
  type: "line",
  x0: x,
  x1: x,
  y0: 0,
  y1: 1,
  layer: "below",
  line: { color, width: 1, dash: "3px,3px" },
});

/** Labels of the marks in two rows, the newest first; one without room becomes a sign to point at. */
function place(marks, [from, to], { left, right }) {
  const rows = [[], []];
  const labels = [];
  for (const { x, text } of marks.toReversed()) {
    const at = left + ((x - from) / (to - from)) * (right - left);
    const wide = text.length * 5.4 + 8;
    const isLeft = at + wide > right; // left of its line where the right has no room
    const [start, end] = isLeft ? [at - wide, at] : [at, at + wide];
    const row = rows.find((taken) => start >= left && taken.every(([a, b]) => end < a || start > b));
    row?.push([start, end]);
    labels.unshift({
      text: row ? escape(text) : "▾",
      hovertext: escape(text),
      visible: x >= from && x <= to,
      x,
      y: 1,
      yshift: row === rows[1] ? -LABEL : 0,
      xanchor: row ? (isLeft ? "right" : "left") : "center",
      yanchor: "top",
      borderpad: 1,
      showarrow: false,
    });
  }
  return labels;
}
