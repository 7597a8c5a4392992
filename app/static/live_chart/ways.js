// All numbers of a stream at the batch that the page shows, a row a contender.
//   spec: { runs: [{ label, color }] }
//   chunk: { numbers: [[run, of each batch: accuracy of all and of the last batches, confidence in %,
//            entropy, means moved, γ and β moved]], falls: [the batch of each by which it fell] }

const VERSION = new URL(import.meta.url).search;
const { element, floats, isOther, setText } = await import(`./look.js${VERSION}`);
const HEADS = ["accuracy", "last batches", "confidence", "entropy", "means moved", "γ, β moved", "fallen by"];
const TOLD = [
  (value) => `${value.toFixed(1)} %`,
  (value) => `${value.toFixed(0)} %`,
  (value) => `${value.toFixed(0)} %`,
  (value) => value.toFixed(2),
  (value) => `${value.toFixed(3)} σ`,
  (value) => value.toFixed(3),
];
const LAST = 1; // what stands large on stage

export const start = (spec) => ({ numbers: spec.runs.map(() => []), falls: [] });

export function apply(data, chunk) {
  for (const [run, packed] of chunk.numbers ?? []) {
    const values = floats(packed);
    for (let from = 0; from < values.length; from += TOLD.length) data.numbers[run].push(values.subarray(from, from + TOLD.length));
  }
  data.falls = chunk.falls ?? data.falls;
}

export function render(slot, data, { spec, step }) {
  if (isOther(slot, spec)) build(slot, spec);
  slot.rows.forEach((cells, run) => {
    const known = data.numbers[run].length;
    const batch = Math.min(step ?? known, known);
    const values = data.numbers[run][batch - 1];
    TOLD.forEach((told, at) => setText(cells[at], values ? told(values[at]) : "–"));
    const fall = data.falls[run];
    setText(cells[TOLD.length], fall && fall <= batch ? `batch ${fall.toLocaleString("en")}` : "");
    cells[LAST].dataset.stageAbout = `batch ${batch.toLocaleString("en")}`;
  });
}

function build(slot, spec) {
  const head = (name, properties) => element("th", { scope: "col", ...properties }, name);
  slot.rows = spec.runs.map(({ label, color }) => {
    const cells = HEADS.map(() => element("td", { className: "number" }));
    cells[LAST].dataset.stageNumber = label;
    cells[LAST].style.setProperty("--hue", color);
    return cells;
  });
  const rows = spec.runs.map(({ label, color }, run) => {
    const dot = element("i", { className: "afn-dot" });
    dot.style.setProperty("--hue", color);
    return element("tr", {}, element("th", { scope: "row" }, dot, ` ${label}`), ...slot.rows[run]);
  });
  const table = element(
    "table", {},
    element("thead", {}, element("tr", {}, head("contender"), ...HEADS.map((name) => head(name, { className: "number" })))),
    element("tbody", {}, ...rows),
  );
  const whole = element("div", { className: "afn-table afn-ways", tabIndex: 0 }, table);
  whole.setAttribute("role", "region");
  whole.setAttribute("aria-label", "All contenders");
  slot.replaceChildren(whole);
}
