// One contender's lane: what stands where, and how it is set to what was at a step.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${VERSION}`);
const [{ element, setText, showImage }, { buildValve, svg, text, digits }, { paint }, { buildFlow }] = await Promise.all(
  ["look", "network_valve", "network_maps", "network_flow"].map(load),
);
const MOST_BARS = 12;
const BEFORE = 24; // px: what a damaged image was before

/** Where everything stands, in px. */
export function plan(width, height, count, isCompact) {
  if (isCompact) {
    const [left, right] = [66, width - 76];
    const cell = (right - left) / count;
    const r = Math.min(30, cell / 2 - 4);
    const cy = height - 58;
    return {
      cy, images: { x: 10, side: 38 }, answer: { x: right + 8, width: 52, bars: 0 },
      cell, cells: Array.from({ length: count }, (_, at) => ({
        valve: { cx: left + (at + 0.5) * cell, cy, r, right: outOf(left + (at + 0.5) * cell, r, cell), isBare: true },
      })),
    };
  }
  const isWide = width >= 860;
  const [name, images, answer] = isWide ? [158, 80, 204] : [124, 68, 164];
  const cy = Math.round(height / 2) - 4;
  const r = Math.min(Math.max((height - 62) / 2, 22), 44);
  const middle = width - name - images - answer;
  const cell = middle / count;
  const [pipes, out] = cell >= 200 ? [56, 40] : [36, 24];
  const bare = 2 * r + pipes + out;
  const most = Math.min(42, (height - 26) / 2);
  const side = cell >= bare + 2 * most + 6 || cell < bare + 72 ? most : Math.min(most, (cell - bare - 6) / 2);
  const columns = cell >= bare + 2 * side + 6 ? 2 : cell >= bare + side + 2 ? 1 : 0;
  const maps = columns * (side + 3);
  const isBare = cell < bare;
  const conv = cell - bare - maps >= 38;
  const radius = isBare ? Math.min(r, cell / 2 - 5) : r;
  return {
    cy, name, images: { x: name + 4, side: isWide ? 54 : 46 }, answer: { x: width - answer + 10, width: answer - 18, bars: isWide ? 118 : 82 },
    cell, cells: Array.from({ length: count }, (_, at) => {
      const x = name + images + at * cell;
      if (isBare) return { valve: { cx: x + cell / 2, cy, r: radius, right: outOf(x + cell / 2, radius, cell), isBare } };
      const spare = cell - bare - maps - (conv ? 38 : 0);
      const left = x + (conv ? 38 : 0) + spare * 0.4 + 14;
      const cx = left + pipes - 14 + r;
      const right = cx + r + out;
      return {
        conv: conv && { x: x + spare * 0.2, width: 32 },
        valve: { cx, cy, r, left, right, isBare, isNamed: pipes > 40 || !at },
        maps: columns && { x: right, y: cy - side - 1.5, side, columns },
      };
    }),
  };
}

/** Where the mixture of a valve without room for pipes ends. */
const outOf = (cx, r, cell) => cx + r + Math.min(26, Math.max(cell - 2 * r - 2, 4));

/** What the valves of a lane are: stages, or the layers of the one that is unfolded. */
export function valvesOf(lane, open) {
  if (open == null || !lane.stages[open])
    return lane.stages.map(([title, layers], stage) => ({ title, layers, stage: layers.length > 1 ? stage : null }));
  return lane.stages[open][1].map((layer) => ({ title: lane.layers[layer][1], layers: [layer], stage: null }));
}

/** What stands in which column, above the lanes: for lanes that have the same ones. */
export function heads(lane, { width, height, open, isCompact }) {
  const valves = valvesOf(lane, open);
  const { images, cell, cells, answer } = plan(width, height, valves.length, isCompact);
  const at = (x, words) => {
    const node = element("span", {}, cell < 120 ? words.replace(/^stage (?=\d+\.)/, "") : words);
    node.style.left = `${x}px`;
    if (open != null) node.style.width = `${Math.max(cell, 60)}px`;
    return node;
  };
  const middle = answer.x + answer.width / 2;
  const nodes = valves.map(({ title }, place) => at(cells[place].valve.cx, title));
  return element("div", { className: "network-heads", ariaHidden: "true" }, at(images.x + images.side / 2, "images"), ...nodes, at(middle, "answer"));
}

export function buildLane(lane, { width, height, open, dial, isCompact, inside, unfold }) {
  const valves = valvesOf(lane, open);
  const where = plan(width, height, valves.length, isCompact);
  const canvas = element("canvas", { className: "network-maps", ariaHidden: "true" });
  const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, class: "network-drawing" });
  const score = element("b", {});
  const tested = element("small", {});
  const name = element("div", { className: "network-name" }, element("strong", {}, lane.label), score, tested);
  const node = element("section", { className: `network-lane${isCompact ? " is-compact" : ""}` }, drawing, canvas, name);
  node.style.cssText = `--hue:${lane.color};height:${height}px`;
  node.setAttribute("aria-label", lane.label);
  if (!isCompact) name.style.width = `${where.name - 14}px`;

  const { images, answer, cy } = where;
  drawing.append(svg("path", { class: "network-flow", d: `M${images.x + images.side} ${cy}H${answer.x - 4}` }));
  const stack = svg("g", { class: "network-stack" });
  for (const shift of [8, 4, 0])
    stack.append(svg("rect", { x: images.x + shift, y: cy - images.side / 2 - shift, width: images.side, height: images.side, rx: 3 }));
  const [below, anchor] = isCompact ? [images.x, "start"] : [images.x + images.side / 2, "middle"];
  const subject = text(below, cy + images.side / 2 + 17, "", { class: "network-note", "text-anchor": anchor });
  const before = isCompact || cy - images.side / 2 < BEFORE + 5 ? 0 : BEFORE;
  const clean = text(images.x + BEFORE + 6, cy - images.side / 2 - 11, "", { class: "network-note", "text-anchor": "start" });
  const flow = buildFlow(images.x + images.side, answer.x, cy);
  node.prepend(...flow.drops);
  drawing.append(stack, subject, clean);
  const built = valves.map((valve, at) => {
    const cell = where.cells[at];
    if (cell.conv) {
      drawing.append(
        svg("rect", { class: "network-conv", x: cell.conv.x, y: cy - 19, width: cell.conv.width, height: 38, rx: 5 }),
        text(cell.conv.x + cell.conv.width / 2, cy + 4, "conv", { class: "network-note" }),
      );
    }
    if (cell.maps) drawing.append(mapFrames(cell.maps));
    const drawn = buildValve(lane, cell.valve, dial);
    const link = linked(lane, valve, inside, unfold);
    link.node.append(svg("rect", hitBox(cell.valve)), drawn.node);
    drawing.append(link.node);
    return { valve, cell, drawn, link };
  });
  const answers = answerOf(drawing, answer, cy, isCompact);
  const snapped = text(width - 10, height - 9, "", { class: "network-note network-late", "text-anchor": "end" });
  drawing.append(snapped);

  let pictured = null;
  const hasMaps = where.cells.some(({ maps }) => maps);
  const update = (data, now, { scale, isLive, isFlowing }) => {
    if (data.probes?.sheet && pictured !== data.probes) {
      pictured = data.probes;
      const { columns, count, followed } = pictured;
      showImage(score, { ...pictured, rows: Math.ceil(count / columns) }, followed);
    }
    setText(score, now.test ? `${Math.round(100 * now.test.share)} %` : "–");
    const step = now.test && [now.test.damage || "clean images", `step ${now.test.step}`].join(isCompact ? " · " : "\n");
    setText(tested, step || (lane.isStarted ? "no test yet" : "untrained"));
    for (const { valve, drawn, link } of built) {
      const state = stateOf(valve.layers, now, scale);
      drawn.update(state);
      link.update(state, now.step);
    }
    const { probes } = data;
    setText(subject, probes ? short(probes.classes[probes.label]) : "images");
    setText(clean, before && probes?.sheet && probes.clean != null ? "clean" : "");
    stack.style.display = probes?.sheet ? "none" : "";
    flow.update(probes, isFlowing);
    answers(probes, now);
    node.step = now.step; // no attribute: with each new one the whole page would be styled anew
    paint(canvas, {
      width, height, data, now, isLive,
      images: { ...images, y: cy - images.side / 2, before },
      cells: built.map(({ valve, cell }) => ({ name: lane.layers[valve.layers.at(-1)][0], maps: cell.maps })),
      told: (step) => setText(snapped, snaps(step, now, hasMaps)),
    });
  };
  return { node, update };
}

/** What is not of the step on show, and of which it is. */
function snaps(maps, { step, asked }, hasMaps) {
  const late = [];
  if (hasMaps && maps != null && maps !== step) late.push(`maps: step ${maps}`);
  if (asked != null && asked !== step) late.push(`answer: step ${asked}`);
  return late.join(", ");
}

/** A valve of one layer, or the mean and span of several. */
function stateOf(layers, now, scale) {
  const of = (which) => layers.map((layer) => now.lambda(layer, which)).filter(Number.isFinite);
  const [means, spreads, starts] = [of(0), of(1), layers.map((layer) => now.start(layer, 0)).filter(Number.isFinite)];
  if (!means.length) return null;
  const moves = layers.map((layer) => now.moves?.[layer]).filter(Number.isFinite);
  const state = { value: mean(means), spread: mean(spreads), start: mean(starts), moved: scale && moves.length ? mean(moves) / scale : 0, move: moves.length ? mean(moves) : null };
  if (layers.length > 1) Object.assign(state, { low: Math.min(...means), high: Math.max(...means) });
  return state;
}
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What a click on a valve does: unfold its stage, or go to the layer's own page. */
function linked(lane, { title, layers, stage }, inside, unfold) {
  const model = lane.run ?? lane.like;
  const isLink = stage == null && inside && model;
  const node = svg(isLink ? "a" : "g", { class: "network-open" });
  if (stage != null) {
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", "0");
    node.addEventListener("click", () => unfold(stage));
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      unfold(stage);
    });
  }
  const hint = svg("title", {});
  node.append(hint);
  let told = null;
  const update = (state, step) => {
    const words = wordsOf(lane, title, layers, state, stage, isLink);
    if (isLink) {
      const at = lane.run ? { step } : { instead: 1 };
      const link = `${inside}?${new URLSearchParams({ model, layer: lane.layers[layers[0]][0], ...at })}`;
      if (node.getAttribute("href") !== link) node.setAttribute("href", link);
    }
    if (words === told) return;
    told = words;
    setText(hint, words);
    node.setAttribute("aria-label", words);
  };
  return { node, update };
}

function wordsOf(lane, title, layers, state, stage, isLink) {
  const parts = [`${lane.label}, ${title}`];
  if (state) {
    parts.push(`λ ${digits(state.value)} of the mean, ${digits(state.spread)} of the spread`);
    if (state.low != null) parts.push(`${digits(state.low)} to ${digits(state.high)} over ${layers.length} layers`);
    if (state.move != null) parts.push(`moves the mean by ${state.move.toPrecision(2)} σ`);
  } else parts.push(lane.mixes ? "λ at its start" : lane.source === "none" ? `no λ: ${lane.norm} measures nothing` : `no λ: ${lane.norm} takes what it measures`);
  if (stage != null) parts.push("unfold");
  else if (isLink) parts.push(lane.run ? "open the layer" : `open the layer of another, pretrained ${lane.norm}`);
  return parts.join(" · ");
}

const hitBox = ({ cx, cy, r, left, right, isBare }) => {
  const [from, to] = isBare ? [cx - r - 3, cx + r + 3] : [left - 16, right];
  return { class: "network-hit", x: from, y: cy - r - 30, width: to - from, height: 2 * r + 60, rx: 8 };
};

function mapFrames({ x, y, side, columns }) {
  const node = svg("g", { class: "network-stack" });
  for (let at = 0; at < 2 * columns; at++)
    node.append(
      svg("rect", { x: x + (at % columns) * (side + 3), y: y + Math.floor(at / columns) * (side + 3), width: side, height: side, rx: 2 }),
    );
  return node;
}

/** Bars over the classes, and the answer large. */
function answerOf(drawing, { x, width, bars }, cy, isCompact) {
  const node = svg("g", { class: "network-answer" });
  const middle = isCompact ? x + width / 2 : x + bars + (width - bars) / 2;
  const big = text(middle, cy + 6, "", { class: "network-big" });
  const verdict = text(middle, cy + 28, "", { class: "network-verdict" });
  node.append(big, verdict);
  drawing.append(node);
  let columns = [];
  let known = null;
  const layBars = (classes, label) => {
    columns.flat().forEach((each) => each.remove());
    columns = [];
    if (!bars || classes.length > MOST_BARS) return;
    const step = bars / classes.length;
    columns = classes.map((name, at) => {
      const bar = svg("rect", { class: "network-bar", x: x + at * step + 1, y: cy + 22, width: step - 2, height: 1, rx: 1 });
      const words = name.length <= 2 ? name : name[0];
      const mark = text(x + (at + 0.5) * step, cy + 37, words, { class: `network-class${at === label ? " is-true" : ""}` });
      node.append(bar, mark);
      return [bar, mark];
    });
  };
  return (probes, now) => {
    if (probes !== known) {
      known = probes;
      layBars(probes?.classes ?? [], probes?.label);
    }
    const shares = now.answer;
    node.style.display = shares ? "" : "none";
    if (!shares || !probes) return;
    let best = 0;
    shares.forEach((share, at) => (best = share > shares[best] ? at : best));
    const isRight = best === probes.label;
    node.classList.toggle("is-right", isRight);
    setText(big, short(probes.classes[best]));
    big.style.fontSize = probes.classes[best].length > 2 ? "17px" : "";
    setText(verdict, isRight ? "✓ right" : "✗ wrong");
    columns.forEach(([bar], at) => {
      const height = Math.max((62 * shares[at]) / 255, 1.5);
      bar.setAttribute("height", height.toFixed(1));
      bar.setAttribute("y", (cy + 22 - height).toFixed(1));
      bar.classList.toggle("is-answer", at === best);
    });
  };
}

const short = (name) => (name.length > 9 ? `${name.slice(0, 8)}…` : name);
