// What is answered batch by batch: a strip for the truth and one for each contender, with a row for
// each class and a column for each batch, the stronger the more of its images are told to be of it.
//   spec: { runs: [{ label, color }], classes: [name], size: images of a batch, batches, x }
//   chunk: { truth: [[class of an image]], told: [[run, [[answer to an image]]]] }, a list a batch

const VERSION = new URL(import.meta.url).search;
const [{ element, isOther, setText }, { veil }] = await Promise.all(["look", "curves_veil"].map((name) => import(`./${name}.js${VERSION}`)));
const TALL = 44; // px of a strip
const FOOT = 34;
const NAMES = 132; // px left of the strips
const NARROW = 480; // px below which names stand above their strips
const TICKS = 6;
const SHORT = 2; // letters of a class that is named beside its row
const FAINT = 0.07;
const STRENGTH = 0.7; // below 1: among ten classes in equal parts the strongest is still seen

export const start = (spec) => ({ truth: [], told: spec.runs.map(() => []) });

export function apply(data, chunk) {
  data.truth.push(...(chunk.truth ?? []));
  for (const [run, batches] of chunk.told ?? []) data.told[run].push(...batches);
}

export function render(slot, data, { spec, width, step, chart }) {
  if (isOther(slot, spec)) build(slot, spec);
  slot.data = data;
  const isNarrow = width < NARROW;
  slot.whole.classList.toggle("is-narrow", isNarrow);
  const room = parseFloat(getComputedStyle(chart.root).getPropertyValue("--stage-room"));
  const tall = chart.root.closest("[data-staged]") && room ? Math.max(TALL, (room - FOOT) / slot.strips.length - 6) : TALL;
  slot.style.setProperty("--tall", `${tall}px`);
  [data.truth, ...data.told].forEach((batches, at) => draw(slot.strips[at], batches, spec));
  const left = isNarrow ? 0 : NAMES;
  slot.areas = [{ left, right: width, top: 0, bottom: slot.whole.offsetHeight - FOOT, steps: [0, spec.batches] }];
  veil(slot, step);
}

function build(slot, spec) {
  const rows = [{ label: "truth", color: "#808080" }, ...spec.runs];
  slot.strips = rows.map(({ label, color }) => {
    const canvas = element("canvas", { width: spec.batches, height: spec.classes.length });
    return { label, canvas, color: [1, 3, 5].map((from) => parseInt(color.slice(from, from + 2), 16)), drawn: 0 };
  });
  const hint = element("output", { className: "strips-hint", hidden: true });
  hint.setAttribute("aria-hidden", "true"); // the words below say what matters
  const every = [1, 2, 5, 10, 20, 50, 100, 200].find((each) => spec.batches / each <= TICKS);
  const ticks = Array.from({ length: Math.floor(spec.batches / every) }, (_, i) => every * (i + 1));
  const foot = element("div", { className: "strips-foot" }, ...ticks.map((batch) => {
    const tick = element("span", {}, batch.toLocaleString("en"));
    tick.style.setProperty("--at", `${(100 * (batch - 0.5)) / spec.batches}%`);
    return tick;
  }), element("b", {}, spec.x));
  const ends = [spec.classes[0], spec.classes.at(-1)].filter((name) => name.length <= SHORT); // which class is on top
  const lines = slot.strips.map(({ label, canvas }) =>
    element("div", { className: "strips-row" }, element("span", {}, label), element("small", {}, ...ends.map((name) => element("b", {}, name))), canvas),
  );
  slot.whole = element("div", { className: "strips" }, ...lines, foot, hint);
  slot.replaceChildren(slot.whole);
  slot.whole.onpointermove = (event) => point(slot, hint, event);
  slot.whole.onpointerleave = () => (hint.hidden = true);
}

/** Columns that are not drawn yet; of another stream all. */
function draw(strip, batches, { classes }) {
  const { canvas, color } = strip;
  const ink = canvas.getContext("2d");
  if (strip.batches !== batches) {
    Object.assign(strip, { batches, drawn: 0 });
    ink.clearRect(0, 0, canvas.width, canvas.height);
  }
  for (; strip.drawn < batches.length; strip.drawn++) {
    const told = batches[strip.drawn];
    const column = ink.createImageData(1, classes.length);
    const counts = new Array(classes.length).fill(0);
    for (const answer of told) counts[answer] += 1;
    counts.forEach((count, row) => column.data.set([...color, 255 * (FAINT + (1 - FAINT) * (count / told.length) ** STRENGTH)], 4 * row));
    ink.putImageData(column, strip.drawn, 0);
  }
}

/** Says what is under the pointer. */
function point({ spec, strips, whole }, hint, event) {
  const strip = strips.find(({ canvas }) => canvas === event.target);
  hint.hidden = !strip;
  if (!strip) return;
  const box = strip.canvas.getBoundingClientRect();
  const batch = Math.min(spec.batches - 1, Math.floor((spec.batches * (event.clientX - box.left)) / box.width));
  const row = Math.min(spec.classes.length - 1, Math.floor((spec.classes.length * (event.clientY - box.top)) / box.height));
  const told = strip.batches[batch];
  hint.hidden = !told;
  if (!told) return;
  const share = (100 * told.filter((answer) => answer === row).length) / told.length;
  setText(hint, `${strip.label}, batch ${(batch + 1).toLocaleString("en")}: ${share.toFixed(0)} % “${spec.classes[row]}”`);
  const outer = whole.getBoundingClientRect();
  hint.style.top = `${box.bottom - outer.top + 2}px`;
  hint.style.left = `${Math.min(event.clientX - outer.left, outer.width - 190)}px`;
}
