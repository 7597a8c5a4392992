// One bar per contender in each group, beside a picture of what the group is: all of one step, and
// paler, with its step, what a contender has instead.
//   spec: { groups: [label], runs: [{ label, color }], y, range?: [low, high] }
//   chunk: { cells: [[run, group, step, value, low?, high?]], images: { group label: data URI } };
//   of one step a later cell replaces an earlier one.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${VERSION}`);
const [{ axis, escape }, { sharedStep, testAt }] = await Promise.all(["look", "equal"].map(load));
export const buttons = ["toImage"];
const BAR = 17;
const PICTURE = 44;
const GAP = 14; // between groups
const HEAD = 8;
const FOOT = 44;
const VALUE = 48; // room for the figure right of a full bar
const AT = 76; // and for the step of what is of another one

export const start = (spec) => ({ cells: spec.runs.map(() => []), images: {} });

export function apply(data, chunk) {
  for (const [run, group, step, value, low, high] of chunk.cells ?? [])
    (data.cells[run][group] ??= []).push({ step, value, low, high });
  Object.assign(data.images, chunk.images);
}

/** Of each run and group its test at the step that is compared, `isOther` where it is of another one. */
function atOneStep(cells, until) {
  const step = sharedStep(cells.map((groups) => groups.flat().map((test) => test.step)), until);
  const shown = (tests) => {
    const test = testAt(tests, step, until);
    return test && { ...test, isOther: test.step !== step };
  };
  return [step, cells.map((groups) => groups.map(shown))];
}

export function figure({ spec, data: { cells: tests, images: pictures }, view, width, look, step: until }) {
  const [step, cells] = atOneStep(tests, until);
  const columns = width < 720 || spec.groups.length < 4 ? 1 : 2;
  const rows = Math.ceil(spec.groups.length / columns);
  const free = look.room ? (look.room - HEAD - FOOT) / rows - GAP : 0; // on stage they fill it
  const thick = Math.max(BAR, Math.min(2 * BAR, free / spec.runs.length));
  const row = Math.max(PICTURE, spec.runs.length * thick) + GAP;
  const height = HEAD + rows * row + FOOT;
  const cellWidth = width / columns;
  const hasImages = Object.keys(pictures).length > 0;
  const words = spec.groups.map((group) => wrap(group));
  const gutter = (hasImages ? PICTURE + 12 : 0) + 7 * Math.max(...words.flat().map(({ length }) => length)) + 12;
  const room = VALUE + (cells.flat().some((cell) => cell?.isOther) ? AT : 0);
  const range = spec.range ?? [0, largest(cells)];

  const title = step == null ? spec.y : `${spec.y} · step ${step.toLocaleString("en")}`;

  const traces = [];
  const annotations = [];
  const images = [];
  const layout = { height, annotations, images, barmode: "overlay", hovermode: "closest", dragmode: false };
  for (let column = 0; column < columns; column++) {
    const suffix = column ? column + 1 : "";
    const left = column * cellWidth;
    const groups = spec.groups.slice(column * rows, (column + 1) * rows);
    layout[`xaxis${suffix}`] = axis(look, [left + gutter, left + cellWidth - room - 8], width, {
      anchor: `y${suffix}`,
      fixedrange: true,
      range,
      nticks: 6,
      title: { text: escape(title), standoff: 6, font: { size: 13, color: look.muted } },
      tickfont: { size: 12, color: look.muted },
    });
    layout[`yaxis${suffix}`] = axis(look, [height - HEAD - groups.length * row, height - HEAD], height, {
      anchor: `x${suffix}`,
      fixedrange: true,
      range: [groups.length, 0],
      showticklabels: false,
      showgrid: false,
      showline: true,
      linecolor: look.line,
    });
    groups.forEach((group, index) => {
      const middle = HEAD + (index + 0.5) * row;
      annotations.push({
        text: words[column * rows + index].map(escape).join("<br>"),
        xref: "paper",
        yref: "paper",
        x: (left + (hasImages ? PICTURE + 10 : 0)) / width,
        y: 1 - middle / height,
        xanchor: "left",
        yanchor: "middle",
        align: "left",
        showarrow: false,
        borderpad: 0,
      });
      if (pictures[group])
        images.push({
          source: pictures[group],
          xref: "paper",
          yref: "paper",
          x: left / width,
          y: 1 - middle / height,
          sizex: PICTURE / width,
          sizey: PICTURE / height,
          yanchor: "middle",
        });
    });
  }

  const visible = spec.runs.map((run, index) => ({ ...run, index })).filter(({ label }) => !view.hidden.has(label));
  visible.forEach(({ label, color, index }, order) => {
    for (let column = 0; column < columns; column++) {
      const suffix = column ? column + 1 : "";
      const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
      const found = Array.from({ length: rows }, (_, at) => cells[index][column * rows + at])
        .map((cell, at) => ({ ...cell, at, group: spec.groups[column * rows + at] }))
        .filter(({ value }) => value != null);
      const y = found.map(({ at }) => at + 0.5 + ((order - (visible.length - 1) / 2) * thick) / row);
      traces.push(bar(found, y, (thick - 3) / row, label, color, look, axes), values(found, y, look, axes));
    }
  });
  return { traces, layout };
}

const bar = (cells, y, width, label, color, look, axes) => ({
  ...axes,
  type: "bar",
  orientation: "h",
  x: cells.map(({ value }) => value),
  y,
  width,
  marker: { color, opacity: cells.map(({ isOther }) => (isOther ? 0.45 : 1)) },
  error_x: {
    visible: cells.some(({ high }) => high != null),
    symmetric: false,
    array: cells.map(({ value, high }) => (high ?? value) - value),
    arrayminus: cells.map(({ value, low }) => value - (low ?? value)),
    color: look.text,
    thickness: 1,
    width: 2,
  },
  customdata: cells.map(({ group, step }) => [escape(group), step]),
  hovertemplate: `${escape(label)} · %{customdata[0]}, step %{customdata[1]}: %{x:.4~g}<extra></extra>`,
});

const values = (cells, y, look, axes) => ({
  ...axes,
  mode: "text",
  x: cells.map(({ value, high }) => high ?? value),
  y,
  text: cells.map(({ value, step, isOther }) => `\u2002${value.toFixed(1)}${isOther ? ` at step ${step}` : ""}`),
  textposition: "middle right",
  textfont: { size: 13, color: look.muted },
  cliponaxis: false,
  hoverinfo: "skip",
});

const largest = (cells) => Math.max(...cells.flat().map((cell) => cell?.high ?? cell?.value ?? 0)) || 1;

/** Lines of about a dozen letters, broken between words. */
function wrap(label) {
  const lines = [];
  for (const word of label.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length && longer.length <= 13) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return lines;
}
