// Where panels of curves lie, and what is written into them besides curves.

const { escape, interval } = await import(`./look.js${new URL(import.meta.url).search}`);
export const LABEL = 17; // height of a mark's label
export const DENSE = 3; // from this many columns on panels are small
const LETTER = 6.6; // width of one, in 12 px
const BRACKET = 26; // right of a panel, for a bracket and its words

/** Where each panel, its heading and its axes lie, in pixels: as many columns as fit unsqueezed. */
export function arrange(spec, panels, width, room) {
  const fitting = Math.min(spec.columns, Math.max(spec.columns < DENSE || width < 340 ? 1 : 2, Math.floor(width / 260)));
  const columns = room && panels.length <= DENSE ? panels.length : fitting; // on stage in one row
  const ends = panels.map(({ extent }) => (extent ? interval(...extent) : ["", ""]));
  const gutter = 16 + 7 * Math.max(...ends.flat().map((text) => Math.min(text.length, 10)), 3);
  const margin = 16 + (panels.some(({ zoom }) => zoom) ? BRACKET : 0);
  const cellWidth = width / columns;
  const subtitles = panels.map(({ y, smooth, extent }, index) => [
    y,
    extent && ends[index].join(" … "),
    smooth && `mean of the last ${smooth} points`,
  ]);
  const lines = subtitles.map((parts) => wrap(parts.filter(Boolean), cellWidth / LETTER));
  const head = 28 + 16 * Math.max(...lines.map(({ length }) => length), 1);
  const rows = Math.ceil(panels.length / columns);
  const usual = spec.height ?? (columns < DENSE && width >= 520 ? 190 : 140);
  const plot = room ? Math.max(60, (room - 8) / rows - head - 42) : usual;
  const pitch = head + plot + 42;
  const cells = panels.map((_, index) => {
    const [row, column] = [Math.floor(index / columns), index % columns];
    const edge = column * cellWidth;
    const top = row * pitch + head;
    return {
      edge,
      heading: row * pitch,
      lines: lines[index],
      left: edge + gutter,
      right: edge + cellWidth - margin,
      top,
      bottom: top + plot,
      isLast: index + columns >= panels.length,
    };
  });
  return { cells, height: rows * pitch + 8 };
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

export const rule = (x, refs, color) => ({
  ...refs,
  type: "line",
  x0: x,
  x1: x,
  y0: 0,
  y1: 1,
  layer: "below",
  line: { color, width: 1, dash: "3px,3px" },
});

/** Says that a panel is drawn larger than the shared scale: by how much, and what its curves span. */
export function magnified(panel, [x, y], look, cell, [width, height]) {
  const [low, high] = panel.extent;
  const refs = { xref: `${x} domain`, yref: y };
  const line = (from, to, one, other) => ({
    ...refs, type: "line", xsizemode: "pixel", xanchor: 1, x0: from, x1: to, y0: one, y1: other,
    line: { color: look.text, width: 2 },
  });
  const label = { ...refs, showarrow: false, font: { size: 12, color: look.text } };
  return {
    shapes: [line(9, 9, low, high), line(4, 10, low, low), line(4, 10, high, high)],
    annotations: [
      { ...label, text: spanWords(high - low), x: 1, y: (low + high) / 2, xanchor: "center", xshift: 21, textangle: -90 },
      {
        ...label, text: `<b>${panel.zoom}</b>`, xref: "paper", yref: "paper", x: cell.right / width, y: 1 - cell.heading / height,
        xanchor: "right", yanchor: "top", bordercolor: look.text, borderpad: 3, yshift: -3,
      },
    ],
  };
}

const spanWords = (span) =>
  span > 0 && span < 1e-6
    ? span.toExponential(0).replace("e-", "e−")
    : span.toFixed(Math.max(1 - Math.floor(Math.log10(span || 1)), 0)).replace(/(\.\d*?)0+$/, "$1");

/** Labels of the marks in two rows, the newest first; one without room becomes a sign to point at. */
export function place(marks, [from, to], { left, right }) {
  const rows = [[], []];
  const labels = [];
  for (const { x, text } of marks.toReversed()) {
    const at = left + ((x - from) / (to - from)) * (right - left);
    const wide = text.length * LETTER + 8;
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
      xshift: row ? (isLeft ? -8 : 8) : 0,
      xanchor: row ? (isLeft ? "right" : "left") : "center",
      yanchor: "top",
      borderpad: 1,
      showarrow: false,
    });
  }
  return labels;
}
