// How one value per channel spreads, step by step: a strip of points and a box per run and panel.
//   spec: { panels: [title], runs: [{ label, color }] }
//   chunk: { snapshots: [[run, step, [packed values of each panel]]] }

const here = new URL(import.meta.url).search;
const [{ axis, escape, heading, interval, unpack }, { indexAt }] = await Promise.all([
  import(`./look.js${here}`),
  import(`./moment.js${here}`),
]);
export const buttons = ["toImage"];
const ROW = 72;
const HEAD = 40;
const FOOT = 30;

export const start = (spec) => ({ runs: spec.runs.map(() => []), extents: spec.panels.map(() => null) });

export function apply(data, chunk) {
  for (const [run, step, panels] of chunk.snapshots ?? []) {
    const values = panels.map(unpack);
    data.runs[run].push({ step, values });
    values.forEach((channels, panel) => {
      const [low, high] = data.extents[panel] ?? [Infinity, -Infinity];
      data.extents[panel] = [Math.min(low, ...channels), Math.max(high, ...channels)];
    });
  }
  for (const taken of data.runs) taken.sort((a, b) => a.step - b.step);
}

/** Each run's snapshot at a step: the last one not behind it, or its first. */
const at = (data, step) =>
  data.runs.map((taken) => taken[Math.max(indexAt(taken.map((each) => each.step), step), 0)]);
const told = (snapshots) => {
  const steps = [...new Set(snapshots.filter(Boolean).map(({ step }) => step))];
  return steps.length ? `at step ${steps.map((step) => step.toLocaleString("en")).join(", ")}` : "";
};

export function follow(plot, { data, step }) {
  return plot.told === told(at(data, step));
}

export function figure({ spec, data, view, width, look, step, plot }) {
  const columns = width < 560 && !look.room ? 1 : spec.panels.length; // on stage in one row
  const snapshots = at(data, step);
  plot.told = told(snapshots);
  const tall = look.room ? Math.min(ROW, (look.room - HEAD - FOOT) / spec.runs.length) : ROW;
  const pitch = HEAD + spec.runs.length * tall + FOOT;
  const height = Math.ceil(spec.panels.length / columns) * pitch;
  const cellWidth = width / columns;

  const traces = [];
  const annotations = [];
  const layout = { height, annotations, hovermode: "closest", dragmode: false };
  spec.panels.forEach((title, panel) => {
    const suffix = panel ? panel + 1 : "";
    const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
    const [left, top] = [(panel % columns) * cellWidth, Math.floor(panel / columns) * pitch];
    const [low, high] = data.extents[panel] ?? [0, 1];
    const margin = (high - low) * 0.04 || Math.abs(high) * 0.02 || 1;
    layout[`xaxis${suffix}`] = axis(look, [left + 4, left + cellWidth - 20], width, {
      anchor: axes.yaxis,
      fixedrange: true,
      range: [low - margin, high + margin], // of all steps, so that the spreading shows
      nticks: Math.ceil(cellWidth / 80),
    });
    layout[`yaxis${suffix}`] = axis(look, [height - top - pitch + FOOT, height - top - HEAD], height, {
      anchor: axes.xaxis,
      fixedrange: true,
      range: [spec.runs.length, 0],
      visible: false,
    });
    const all = data.extents[panel] ? [`${plot.told} · of all steps ${interval(low, high).join(" … ")}`] : [];
    annotations.push(heading(look, left, top, width, height, title, all));
    spec.runs.forEach(({ label, color }, row) => {
      if (!snapshots[row] || view.hidden.has(label)) return;
      const values = snapshots[row].values[panel];
      traces.push(strip(values, row, label, color, axes, spec.every ?? 1), box(values, row, color, axes));
      annotations.push({
        text: `${escape(label)} · s.d. ${deviation(values).toPrecision(3)}`,
        xref: `${axes.xaxis} domain`,
        yref: axes.yaxis,
        x: 0,
        y: row + 0.02,
        xanchor: "left",
        yanchor: "top",
        showarrow: false,
        borderpad: 0,
        bgcolor: look.background,
        font: { size: 11, color: look.muted },
      });
    });
  });
  return { traces, layout };
}

// Golden-ratio steps spread the channels evenly and keep each at its height from step to step.
const jitter = (channel) => (channel * 0.618034) % 1;

const strip = (values, row, label, color, axes, every) => ({
  ...axes,
  x: values,
  y: Array.from(values, (_, channel) => row + 0.3 + 0.34 * jitter(channel)),
  customdata: Array.from(values, (_, index) => index * every + 1),
  mode: "markers",
  marker: { color, size: 6, opacity: 0.7 },
  hovertemplate: `${escape(label)} · channel %{customdata}: %{x}<extra></extra>`,
  xhoverformat: ".5~g", // and not in the template, whose minus is a hyphen,
});

function box(values, row, color, axes) {
  const sorted = Float32Array.from(values).sort();
  const quantile = (share) => {
    const at = share * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
    return below + (above - below) * (at % 1);
  };
  return {
    ...axes,
    type: "box",
    orientation: "h",
    y: [row + 0.8],
    q1: [quantile(0.25)],
    median: [quantile(0.5)],
    q3: [quantile(0.75)],
    lowerfence: [sorted[0]],
    upperfence: [sorted.at(-1)],
    width: 0.18,
    line: { color, width: 1.5 },
    fillcolor: "rgba(0,0,0,0)",
    hoverinfo: "x",
    xhoverformat: ".4~g",
  };
}

function deviation(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
