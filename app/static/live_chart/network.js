// The contenders as living diagrams, a lane each: images, convolutions, a mixing valve per norm layer
// or per stage of a deep network, feature maps, and the answer to one image.
//   spec: { lanes: [{ label, color, run, like, isStarted, isLive, norm, source, mixes, proposes,
//           layers: [[name, words]], stages: [[title, [layer]]] }], inside }
//   chunk: { pts: [[lane, steps, λ of mean and spread of each layer]], and rows that begin with
//     their lane: starts [step, [[mean, spread]]], moves [step, [per layer]], tests [step, share,
//     damage], probes [{ sheet, columns, tile, count, followed, label, damage, classes }],
//     sheets [step, address, layers, columns, tile], answers [steps, 255 · p as base64] }
// What is drawn is what was at the page's step; needles glide between ticks, digits do not.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${VERSION}`);
const [{ countKnown, element, floats }, { indexAt, moment }, { buildLane, heads, valvesOf }, { legend }] = await Promise.all(
  ["look", "moment", "network_lane", "network_legend"].map(load),
);
const STAGED = 58; // px on stage above and below the lanes
export const COMPACT = 620; // px: narrower, and lanes keep to what matters
const pictures = new WeakMap(); // slot -> what is built there

export const start = (spec) => ({
  lanes: spec.lanes.map(() => ({
    start: [], first: 0, steps: [], lambdas: [], moves: [], tests: [], probes: null, sheets: [], asked: [], answers: [],
  })),
  mostMoved: 0,
});

export function apply(data, chunk) {
  for (const [number, x, y] of chunk.pts ?? []) {
    const lane = data.lanes[number];
    const [steps, values] = [floats(x), floats(y)];
    const known = countKnown(steps, lane.steps);
    lane.steps.push(...steps.subarray(known));
    for (let line = 0; line * steps.length < values.length; line++)
      (lane.lambdas[line] ??= []).push(...values.subarray(line * steps.length + known, (line + 1) * steps.length));
  }
  const each = (name, take) => chunk[name]?.forEach(([lane, ...row]) => take(data.lanes[lane], ...row));
  each("starts", (lane, first, rows) => Object.assign(lane, { first, start: rows }));
  each("moves", (lane, step, values) => {
    lane.moves.push({ step, values });
    data.mostMoved = Math.max(data.mostMoved, ...values);
  });
  each("tests", (lane, step, share, damage) => lane.tests.push({ step, share, damage }));
  each("probes", (lane, probes) => Object.assign(lane, { probes, asked: [], answers: [] }));
  each("sheets", (lane, step, address, layers, columns, tile) =>
    lane.sheets.push({ step, address, layers, columns, tile }),
  );
  each("answers", (lane, steps, packed) => {
    const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
    const count = bytes.length / steps.length;
    steps.forEach((step, index) => {
      const at = lane.asked.at(-1) === step ? lane.asked.length - 1 : lane.asked.length; // asked anew
      lane.asked[at] = step;
      lane.answers[at] = bytes.subarray(index * count, (index + 1) * count);
    });
  });
}

/** What a lane shows at a step: the last of everything that is not behind it. */
export function laneAt(lane, step) {
  const at = indexAt(lane.steps, step);
  const before = (rows) => rows.findLast((row) => step == null || row.step <= step) ?? null;
  const asked = indexAt(lane.asked, step);
  const damaged = lane.tests.filter(({ damage }) => damage);
  return {
    step: at < 0 ? lane.first : lane.steps[at],
    lambda: (layer, which) => (at < 0 ? lane.start[layer]?.[which] : lane.lambdas[2 * layer + which]?.[at]),
    start: (layer, which) => lane.start[layer]?.[which],
    moves: before(lane.moves)?.values ?? null,
    test: before(damaged) ?? before(lane.tests),
    sheet: before(lane.sheets) ?? (lane.sheets[0] || null),
    answer: asked < 0 ? null : lane.answers[asked],
    asked: asked < 0 ? null : lane.asked[asked],
  };
}

export function render(slot, data, { spec, view, width, step, chart }) {
  const known = pictures.get(slot);
  if (known && chart.isNear === false) return;
  const room = Math.round(window.innerHeight / 20);
  const key = [width, room, view.stage, view.dial].join();
  const picture = known?.key === key && known.spec === spec ? known : build(slot, key, spec, view, width, chart);
  const now = step ?? (moment.isKnown && Number.isFinite(moment.last) ? moment.last : null);
  const isFlowing = (lane) => (step == null ? lane.isLive : moment.isPlaying);
  const isStill = step != null || !spec.lanes.some(({ isLive }) => isLive);
  picture.root.classList.toggle("is-still", isStill);
  const scale = nice(data.mostMoved);
  picture.lanes.forEach((lane, index) =>
    lane.update(data.lanes[index], laneAt(data.lanes[index], now), {
      scale,
      isLive: step == null && spec.lanes[index].isLive,
      isFlowing: isFlowing(spec.lanes[index]),
    }),
  );
  picture.legend.update(scale);
}

function build(slot, key, spec, view, width, chart) {
  const again = () => chart.schedule();
  const choose = (stage) => {
    view.stage = stage;
    again();
    // Where the focus was has gone.
    requestAnimationFrame(() => requestAnimationFrame(() => slot.querySelector(".network-stage")?.focus()));
  };
  const folds = spec.lanes.some(({ stages }) => stages.some(([, layers]) => layers.length > 1));
  const open = folds && view.stage != null ? view.stage : null;
  const dial = view.dial ?? 1;
  const height = laneHeight(spec.lanes.length, width, slot);
  const how = { width, height, open, dial, isCompact: width < COMPACT, inside: spec.inside, unfold: choose };
  const lanes = spec.lanes.map((lane) => buildLane(lane, how));
  const below = legend({ spec, dial, setDial: (value) => ((view.dial = value), again()) });
  const above = spec.lanes.some(({ mixes }) => mixes) ? [sentence()] : [];
  if (folds) above.push(stages(spec, open, choose));
  const titles = spec.lanes.map((lane) => valvesOf(lane, open).map(({ title }) => title).join());
  if (titles.every((each) => each === titles[0])) above.push(heads(spec.lanes[0], how));
  const root = element("div", { className: `network${open == null ? "" : " is-unfolded"}` }, ...above, ...lanes.map(({ node }) => node), below.node);
  slot.replaceChildren(root);
  watch(root);
  const picture = { key, spec, root, lanes, legend: below };
  pictures.set(slot, picture);
  return picture;
}

/** What the picture says, for who sees it the first time. */
function sentence() {
  const proposed = element("b", { className: "is-proposed" }, "proposes");
  const parts = ["A norm needs a mean and a spread: ", element("b", {}, "measured"), ", or mixed with what a small network "];
  return element("p", { className: "network-words" }, ...parts, proposed, ". ", element("b", {}, "λ"), " is the proposal's share: at 0 none, at 1 all.");
}

/** Nothing moves that nobody sees. */
function watch(root) {
  const seen = new IntersectionObserver((entries) => {
    if (!root.isConnected) return seen.disconnect();
    root.classList.toggle("is-seen", entries.at(-1).isIntersecting);
  });
  seen.observe(root);
}

/** The stages of a deep network: which one is unfolded. */
function stages(spec, open, choose) {
  const longest = spec.lanes.reduce((one, other) => (other.stages.length > one.stages.length ? other : one)).stages;
  const choice = (stage, words) => {
    const button = element("button", { type: "button", className: "network-stage" }, words);
    button.setAttribute("aria-pressed", stage === open);
    button.onclick = () => choose(stage);
    return button;
  };
  return element(
    "div",
    { className: "network-stages" },
    choice(null, "whole network"),
    ...longest.map(([title, layers], stage) => choice(stage, `${title} · ${layers.length} layers`)),
  );
}

function laneHeight(count, width, slot) {
  if (slot.closest("[data-staged]")) {
    const room = parseFloat(document.body.style.getPropertyValue("--stage-room"));
    return Math.floor(Math.max((room - STAGED) / count - 7, 76));
  }
  if (width < COMPACT) return 150;
  return Math.round(Math.min(Math.max((window.innerHeight - 350) / count, 118), 150));
}

/** The end of a scale from 0 on: 1, 2 or 5 times a power of ten. */
export function nice(value) {
  if (!(value > 0)) return 0;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= value * 0.999);
}
