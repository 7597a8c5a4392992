// The first images of the batch that the page shows, and what each contender answers to them.
//   spec: { runs: [{ label, color }], classes: [name], shown: images of a batch, places: [words] of
//           each batch, tile: [height, width], images: in all sheets, columns, rows: of a sheet }
//   props: { resets?: what a reset does }: whether networks can be put back before the batch
//   chunk: { truth: [[class]], told: [[run, [[answer]], [[how sure, %]]]], sheets: [address] }, a
//   list a batch; all images follow each other in the sheets

const VERSION = new URL(import.meta.url).search;
const [{ cut, element, isOther, setText }, { moment }] = await Promise.all(["look", "moment"].map((name) => import(`./${name}.js${VERSION}`)));

export const start = (spec) => ({ truth: [], told: spec.runs.map(() => [[], []]), sheets: [] });

export function apply(data, chunk) {
  data.truth.push(...(chunk.truth ?? []));
  for (const [run, answers, sure] of chunk.told ?? []) {
    data.told[run][0].push(...answers);
    data.told[run][1].push(...sure);
  }
  if (chunk.sheets) data.sheets = chunk.sheets;
}

export function render(slot, data, { spec, step, chart }) {
  if (isOther(slot, spec)) build(slot, spec);
  const known = Math.min(...data.told.map(([answers]) => answers.length));
  slot.whole.style.visibility = known ? "" : "hidden"; // its room is kept
  if (!known) return;
  const batch = Math.min(step ?? known, known) - 1;
  tellPlace(slot, spec, batch, chart);
  for (const address of data.sheets) fetched(address);
  const labels = data.truth[batch];
  slot.images.forEach((image, at) => {
    image.hidden = at >= labels.length;
    if (!image.hidden) show(image, data.sheets, batch * spec.shown + at, spec, spec.classes[labels[at]]);
  });
  slot.truth.forEach((cell, at) => setText(cell, brief(spec, labels[at])));
  slot.rows.forEach((cells, run) => {
    const [answers, sure] = data.told[run].map((batches) => batches[batch]);
    cells.forEach((cell, at) => {
      const isThere = at < labels.length;
      setText(cell, isThere ? brief(spec, answers[at]) : "");
      const isWrong = isThere && answers[at] !== labels[at];
      cell.classList.toggle("wrong", isWrong);
      const rest = isWrong ? `; it is ${spec.classes[labels[at]]}` : "";
      cell.title = isThere ? `${spec.runs[run].label}: ${spec.classes[answers[at]]}, ${sure[at]} % sure${rest}` : "";
    });
  });
}

const brief = (spec, number) => (number == null ? "" : spec.classes[number].slice(0, 4));

function show(image, sheets, place, { columns, rows, images }, name) {
  const inSheet = columns * rows;
  const number = Math.floor(place / inSheet);
  const tall = Math.min(rows, Math.ceil((images - number * inSheet) / columns));
  const { image: address, size, place: position } = cut({ sheet: sheets[number] ?? "", columns, rows: tall }, place % inSheet);
  Object.assign(image.style, { backgroundImage: sheets[number] ? address : "", backgroundSize: size, backgroundPosition: position });
  image.setAttribute("aria-label", name);
}

/** Asked for before the hand gets there. */
const asked = new Map();
function fetched(address) {
  if (!asked.has(address)) asked.set(address, Object.assign(new Image(), { src: address }));
}

function tellPlace(slot, spec, batch, chart) {
  const { resets } = chart.props;
  setText(slot.place, `Batch ${(batch + 1).toLocaleString("en")}, ${spec.places[batch]}`);
  slot.reset.hidden = !resets;
  slot.reset.disabled = batch === 0;
  slot.reset.title = resets ?? "";
  slot.reset.onclick = () => {
    moment.pause();
    chart.tell("reset", batch + 1);
  };
}

function build(slot, spec) {
  const cells = (tag, properties) => Array.from({ length: spec.shown }, () => element(tag, properties));
  const line = (name, those) => element("section", {}, name, element("div", {}, ...those));
  slot.place = element("b", {});
  slot.reset = element("button", { type: "button" }, "↺ Reset here");
  slot.images = cells("i", {});
  for (const image of slot.images) image.setAttribute("role", "img");
  slot.truth = cells("b", {});
  slot.rows = spec.runs.map(() => cells("b", {}));
  const named = ({ label, color }) => {
    const dot = element("i", { className: "afn-dot" });
    dot.style.setProperty("--hue", color);
    return element("span", {}, dot, label);
  };
  const scrolled = element(
    "div", { className: "stream-rows", tabIndex: 0 },
    line(element("span", {}, "image"), slot.images),
    line(element("span", {}, "truth"), slot.truth),
    ...spec.runs.map((run, at) => line(named(run), slot.rows[at])),
  );
  scrolled.setAttribute("role", "region");
  scrolled.setAttribute("aria-label", "Images of the batch and what is answered");
  slot.whole = element("div", { className: "afn-stream" }, element("p", {}, slot.place, slot.reset), scrolled);
  slot.whole.style.setProperty("--count", spec.shown);
  slot.whole.style.setProperty("--wide", spec.tile[1] / spec.tile[0]);
  slot.replaceChildren(slot.whole);
}
