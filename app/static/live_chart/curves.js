// Small multiples of curves over the steps of training.
//   spec: { panels: [{ title, y?, log?, smooth?, markers?, range? }], runs: [{ label, color, dash? }],
//           lines: [[panel, run, dash, name?]], columns, x, dashes?: [name],
//           span?: what panels of one quantity span, see curves_scale.js,
//           height?: of the panels' plots, in pixels; as many as there is room where it is not said,
//           steps?: [first, last] of the axis, where they are known beforehand,
//           shades?: [[from, to, strength]]: stretches of the steps that are told apart }
//         a panel that `sets` a λ shows it, so that its curves can be dragged; a run may be drawn
//         `from` a step on, be a ghost from its step `until` on, or be an earlier seed: the `past`
//         of the run of that label, see curves_seeds.js
//   props: { branches? }: runs that can be branched, see branch.js
//   chunk: { pts: [[first line, steps, values]], marks: [{ x, text, run? }] }; the values of one
//   entry are those of as many lines, from `first` on, as there are multiples of its steps.

const VERSION = new URL(import.meta.url).search;
const [
  { axis, countKnown, escape, floats, heading, isTouch, newMarks, ticks },
  { extent, padded, scales, zoomWords },
  { LABEL, arrange, magnified, place, rule },
  { veil },
  { DASHES, bands },
  { branching },
] = await Promise.all(["look", "curves_scale", "curves_marks", "curves_veil", "curves_seeds", "branch"].map((name) => import(`./${name}.js${VERSION}`)));
export const buttons = ["zoom2d", "pan2d", "autoScale2d", "toImage"];
const SHADE = 0.03;
const MANY = 12; // lines in a panel: more are thinner

export const start = (spec) => ({ lines: spec.lines.map(() => ({ x: [], y: [], mean: [] })), marks: [] });

export function apply(data, chunk, spec) {
  for (const [first, x, y] of chunk.pts ?? []) {
    const [steps, values] = [floats(x), floats(y)];
    const known = countKnown(steps, data.lines[first].x);
    for (let from = 0, index = first; from < values.length; from += steps.length, index++) {
      const { smooth } = spec.panels[spec.lines[index][0]];
      append(data.lines[index], steps.subarray(known), values.subarray(from + known, from + steps.length), smooth);
    }
  }
  data.marks.push(...newMarks(chunk.marks ?? [], data.marks));
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

export function figure({ spec, data, view, width, look, step, plot }) {
  const shown = linesOf(spec, data, view);
  const marks = data.marks.filter(({ run }) => run == null || !view.hidden.has(spec.runs[run].label));
  const steps = view.ranges.x ?? spec.steps ?? padded(extent(shown.map(({ x }) => x)), 0.02);
  const panels = spec.panels.map((panel, index) => {
    const lines = shown.filter((line) => line.panel === index);
    const seeds = bands(lines, panel.smooth);
    const drawn = [...lines, ...seeds.traces];
    return { ...panel, lines, seeds, extent: extent(drawn.map(({ y }) => y), drawn.map(({ x }) => x), steps, panel.log) };
  });
  scales(panels, spec.span).forEach(({ range, zoom }, index) =>
    Object.assign(panels[index], { range: panels[index].range ?? range, zoom: view.ranges[axisName(index)] ? "" : zoomWords(zoom) }),
  );
  const { height, cells } = arrange(spec, panels, width, look.room);

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
      title: cell.isLast && { text: escape(spec.x), standoff: 4, font: { size: 12, color: look.muted } },
    });
    const labels = place(marks, steps, cell);
    const range = view.ranges[axisName(index)] ?? withRoom(panel.range, labels, cell);
    layout[`yaxis${suffix}`] = axis(look, [height - cell.bottom, height - cell.top], height, {
      anchor: x,
      range,
      ...(panel.log ? { type: "log", nticks: 5 } : ticks(...range, cell.bottom - cell.top)),
      hoverformat: ".5~g",
    });
    annotations.push(heading(look, cell.edge, cell.heading, width, height, panel.title, cell.lines));
    if (panel.zoom) {
      const marked = magnified(panel, [x, y], look, cell, [width, height]);
      shapes.push(...marked.shapes);
      annotations.push(...marked.annotations);
    }
    for (const [x0, x1, strength] of spec.shades ?? []) {
      const area = { type: "rect", xref: x, yref: `${y} domain`, x0, x1, y0: 0, y1: 1, layer: "below", line: { width: 0 } };
      shapes.push({ ...area, fillcolor: look.text, opacity: SHADE * strength });
    }
    const axes = { xaxis: x, yaxis: y };
    traces.push(...panel.seeds.traces.map((trace) => ({ ...trace, ...axes })));
    for (const line of panel.lines) traces.push(...draw(line, panel, axes));
    marks.forEach((mark, at) => {
      const color = mark.run == null ? look.muted : spec.runs[mark.run].color;
      shapes.push(rule(mark.x, { xref: x, yref: `${y} domain` }, color));
      annotations.push({ ...labels[at], xref: x, yref: `${y} domain`, bgcolor: look.background, font: { size: 12, color } });
    });
  });
  plot.areas = cells.map((cell, index) => ({ ...cell, ...panels[index], steps, y: layout[axisName(index)].range }));
  veil(plot, step);
  return { traces, layout };
}

/** Lines with their runs, those that are not hidden; a branch's begin where it does. */
function linesOf(spec, data, view) {
  return spec.lines
    .map(([panel, run, dash, name], index) => ({ panel, run: spec.runs[run], dash, name, ...data.lines[index] }))
    .filter(({ run }) => !view.hidden.has(run.past ?? run.label))
    .map((line) => (line.run.from == null ? line : cut(line, (step) => step >= line.run.from)));
}

function cut(line, keeps) {
  const kept = (values) => values.filter((_, index) => keeps(line.x[index]));
  return { ...line, x: kept(line.x), y: kept(line.y), mean: kept(line.mean) };
}

export const controls = (slot, chart) => branching(slot, chart);

export function follow(plot, { step }) {
  veil(plot, step);
  return true;
}

const axisName = (panel) => `yaxis${panel ? panel + 1 : ""}`;

/** A range with a strip above the curves for the labels of marks. */
function withRoom([low, high], labels, { top, bottom }) {
  const strip = Math.max(0, ...labels.map(({ yshift }) => LABEL - yshift));
  return [low, high + ((high - low) * strip) / (bottom - top - strip)];
}

function draw(line, panel, axes) {
  const { until } = line.run;
  if (line.run.past) return [stroke(line, panel, axes, { width: 1.5, opacity: 0.35, isQuiet: true })];
  if (until == null) return strokes(line, panel, axes);
  const ghost = cut(line, (step) => step >= until);
  const rest = ghost.x.length > 1 ? [stroke(ghost, panel, axes, { width: 2, opacity: 0.45, dash: "6px,4px", isQuiet: true })] : [];
  return [...strokes(cut(line, (step) => step <= until), panel, axes), ...rest];
}

function strokes(line, panel, axes) {
  if (panel.seeds.counts.has(line.run.label)) return [stroke(line, panel, axes, { width: 1.5, opacity: 0.5 })];
  const trace = stroke(line, panel, axes, { width: panel.lines.length > MANY ? 2 : 3 });
  const raw = { ...axes, x: line.x, y: line.y, mode: "lines", opacity: 0.25, hoverinfo: "skip", line: { color: line.run.color, width: 1 } };
  return panel.smooth ? [raw, trace] : [trace];
}

function stroke({ x, y, mean, run, dash, name }, panel, axes, { width, opacity = 1, isQuiet = false, dash: own }) {
  const isSparse = x.length < 2 || panel.markers;
  return {
    ...axes,
    x,
    y: panel.smooth ? mean : y,
    name: escape(name ? `${run.label} · ${name}` : run.label),
    mode: isSparse && !isQuiet ? "lines+markers" : "lines",
    opacity,
    ...(isQuiet ? { hoverinfo: "skip" } : {}),
    line: { color: run.color, width, dash: own ?? DASHES[dash % DASHES.length] },
    marker: { color: run.color, size: 7 },
  };
}
