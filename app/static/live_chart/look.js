// How every drawing looks: colours and fonts of the page's theme, numbers, headings, axes.

/** Text is always set as text, never as markup: labels may come from anyone. */
export function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

const LETTERS = /λ_([μσγβ])/g; // how plain text writes them; people read λ with its letter below

/** Other words in the same node: with one put in its place, every `:has()` of the page is asked again. */
export function setText(node, words) {
  const { firstChild, lastChild } = node;
  const isText = firstChild && firstChild === lastChild && firstChild.nodeType === Node.TEXT_NODE;
  if (!isText) node.textContent = words;
  else if (firstChild.data !== words) firstChild.data = words;
}

/** Whether what is drawn in the slot is of another spec: an equal one may come anew. */
export function isOther(slot, spec) {
  if (slot.spec === spec) return false;
  const before = slot.told;
  Object.assign(slot, { spec, told: JSON.stringify(spec) });
  return slot.told !== before;
}

/** Where an image lies in a sheet of `columns` by `rows`, as styles of a background. */
export function cut({ sheet, columns, rows }, at) {
  const share = (place, count) => (count > 1 ? `${(100 * place) / (count - 1)}%` : "0");
  const place = `${share(at % columns, columns)} ${share(Math.floor(at / columns), rows)}`;
  return { image: `url("${sheet}")`, size: `${100 * columns}% ${100 * rows}%`, place };
}

/** An image of a sheet before a number that is of such images. */
export function showImage(node, sheet, at) {
  node.classList.add("afn-shown");
  for (const [name, value] of Object.entries(cut(sheet, at))) node.style.setProperty(`--${name}`, value);
}

/** Plotly reads a little HTML in its texts: data must not. */
export const escape = (text) =>
  String(text)
    .replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign])
    .replace(LETTERS, "λ<sub>$1</sub>");

/** Text as nodes, the letters of λ below the line. */
export const worded = (text) =>
  String(text)
    .split(LETTERS)
    .flatMap((part, index) => (index % 2 ? ["λ", element("sub", { textContent: part })] : part ? [part] : []));

/** Little-endian float32 in base64, as Python's `encode` writes them. */
export function floats(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return new Float32Array(bytes.buffer);
}

/** How many of a block's steps a line has already: what is told twice is drawn once. */
export function countKnown(steps, known) {
  const last = known.at(-1) ?? -Infinity;
  const at = steps.findIndex((step) => step > last);
  return at < 0 ? steps.length : at;
}

/** Marks without those that are there. */
export const newMarks = (marks, there) =>
  marks.filter(({ x, text, run }) => !there.some((mark) => mark.x === x && mark.text === text && mark.run === run));

/** Lowest, highest and 16-bit levels between them, as Python's `pack` writes them. */
export function unpack([low, high, text]) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  return Float64Array.from(new Uint16Array(bytes.buffer), (level) => low + ((high - low) * level) / 65535);
}

/** A finger on a chart scrolls the page; only a mouse zooms. */
export const isTouch = matchMedia("(pointer: coarse)").matches;

const LINE = 22; // pixels between two numbers of an axis, at least
const faded = (color, alpha) => `rgba(${color.match(/[\d.]+/g).slice(0, 3)},${alpha})`;

/** The theme as it is on the page at this moment, resolved by the stylesheet on the root. */
export function look(root) {
  const style = getComputedStyle(root);
  const [text, family] = [style.color, style.fontFamily];
  const background = style.getPropertyValue("--st-background-color").trim();
  const colors = { text, background, muted: faded(text, 0.7), line: faded(text, 0.3), grid: faded(text, 0.1) };
  const clear = "rgba(0,0,0,0)";
  const layout = {
    autosize: false,
    margin: { l: 0, r: 0, t: 0, b: 0 },
    paper_bgcolor: clear,
    plot_bgcolor: clear,
    font: { family, size: 12, color: text },
    showlegend: false,
    hoverlabel: { namelength: -1, bgcolor: background, bordercolor: colors.line, font: { family, size: 12, color: text } },
    modebar: { bgcolor: background, color: colors.line, activecolor: text },
  };
  const room = parseFloat(style.getPropertyValue("--stage-room")) || null; // the height that a figure has
  return { ...colors, layout, room };
}

/** An axis placed in pixels of a width × height figure whose margins are zero. */
export function axis(look, [from, to], size, more) {
  return {
    domain: [from / size, to / size],
    gridcolor: look.grid,
    zeroline: false,
    ticks: "",
    tickfont: { size: 12, color: look.muted },
    exponentformat: "power",
    tickangle: 0, // with the next line: no search for labels that collide, a third of a redraw
    ticklabeloverflow: "allow",
    ...more,
  };
}

/** A bold title and muted lines under it, hung from (left, top). */
export function heading(look, left, top, width, height, title, lines) {
  const small = lines.map(
    (line) => `<br><span style="font-size:12px;color:${look.muted}">${escape(line)}</span>`,
  );
  return {
    text: `<b>${escape(title)}</b>${small.join("")}`,
    x: left / width,
    y: 1 - top / height,
    xref: "paper",
    yref: "paper",
    xanchor: "left",
    yanchor: "top",
    align: "left",
    font: { size: 14, color: look.text },
    showarrow: false,
    borderpad: 0,
  };
}

/** `[low, high]` in as few digits as tell them apart; float32 carries about seven. */
export function interval(low, high) {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  const write = isExtreme(largest)
    ? (value) => value.toExponential(2)
    : (value) => value.toFixed(decimals((high - low) / 5 || largest / 1000 || 1, largest));
  return [low, high].map((value) => write(value).replaceAll("-", "−"));
}

/** Gridlines at round values, about five in so many pixels or fewer, all written with the same number of decimals. */
export function ticks(low, high, room) {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (isExtreme(largest)) return { nticks: 5 };
  const rough = (high - low) / Math.min(5, Math.max(2, room / LINE));
  const power = 10 ** Math.floor(Math.log10(rough));
  const dtick = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.8);
  return { tick0: 0, dtick, tickformat: `.${decimals(dtick, largest)}f` };
}

const isExtreme = (size) => (size > 0 && size < 1e-3) || size >= 1e6;

function decimals(resolution, largest) {
  const carried = Math.max(6 - Math.floor(Math.log10(largest || 1)), 0);
  return Math.min(Math.max(Math.ceil(-Math.log10(resolution) - 1e-9), 0), carried);
}
