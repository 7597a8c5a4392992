// A mixing valve: the measured statistic comes from above, the one that the layer's network proposes
// from below, and the needle says λ, the share of the latter. Widths of pipes are shares: 1 is FULL.

const { setText } = await import(`./look.js${new URL(import.meta.url).search}`);
export const FULL = 22; // px
const WIDEST = 0.36; // of a dial's radius: the ring of the mean that moves furthest
const SWEEP = 120; // degrees to each side of the top
const NS = "http://www.w3.org/2000/svg";

export function svg(tag, attributes, ...children) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const text = (x, y, words, more = {}) => svg("text", { x, y, "text-anchor": "middle", ...more }, words);

/** λ in the digits that a float32 has and a reader wants. */
export const digits = (value) => (Math.abs(value) >= 0.0995 ? value.toFixed(3) : value.toFixed(4)).replace("-", "−");

const angle = (share) => SWEEP * (2 * Math.min(Math.max(share, 0), 1) - 1);
function point(cx, cy, r, degrees) {
  const turn = ((degrees - 90) * Math.PI) / 180;
  return [cx + r * Math.cos(turn), cy + r * Math.sin(turn)].map((value) => value.toFixed(2));
}
function arc(cx, cy, r, from, to) {
  const [low, high] = from < to ? [from, to] : [to, from];
  const long = high - low > 180 ? 1 : 0;
  return `M${point(cx, cy, r, low)}A${r} ${r} 0 ${long} 1 ${point(cx, cy, r, high)}`;
}

const MEASURED = { batch: "measured: batch", image: "measured: each image", running: "remembered from training" };

/**
 * Builds one; `update({ value, low, high, spread, start, moved })` sets it, each but `value` optional.
 *   place: { cx, cy, r, left, right, isBare } — pipes from `left`, mixture up to `right`
 *   lane: of the spec;  dial: where the scale ends
 */
export function buildValve(lane, { cx, cy, r, left, right, isBare, isNamed }, dial) {
  const node = svg("g", { class: lane.mixes ? "network-valve mixes" : "network-valve" });
  const parts = {};
  const reach = r * 0.72;
  if (!isBare) {
    const [top, bottom] = [cy - r - 4, cy + r + 2];
    const sensor = lane.source === "running" ? top + 10 : cy;
    const into = (y, to) => `M${left} ${y}C${(left + cx) / 2} ${y} ${cx - r} ${y} ${cx - reach} ${to}`;
    if (lane.source === "running") {
      node.append(svg("rect", { class: "network-tank", x: left - 14, y: top - 3, width: 26, height: 28, rx: 6 }));
    } else if (lane.source !== "none") {
      node.append(svg("path", { class: "network-probe", d: `M${left} ${sensor}V${top + 12}` }));
      node.append(svg("circle", { class: "network-sensor", cx: left, cy: sensor, r: 4 }));
    }
    const count = lane.source === "image" ? 3 : 1;
    parts.measured = lane.source === "none" ? [] : Array.from({ length: count }, (_, index) => {
      const shift = (index - (count - 1) / 2) * (FULL / 3 + 2);
      return svg("path", { class: "network-pipe is-measured", d: into(top + 11 + shift, cy - reach * 0.7 + shift) });
    });
    node.append(...parts.measured);
    if (lane.source !== "none" && isNamed)
      node.append(text(left - 14, top - 9, MEASURED[lane.source] ?? lane.source, { "text-anchor": "start", class: "network-note is-measured" }));
    if (lane.mixes) {
      const at = bottom - 8;
      parts.proposed = svg("path", { class: "network-pipe is-proposed", d: into(at, cy + reach * 0.7) });
      node.append(svg("path", { class: "network-probe", d: `M${left} ${cy}V${at - 6}` }), parts.proposed, brain(left, at));
      if (isNamed && left + 70 < cx) node.append(text(left - 14, at + 23, lane.proposes ? "proposed" : "a constant", { "text-anchor": "start", class: "network-note is-proposed" }));
    }
    if (lane.source !== "none" && right - cx - r > 20)
      for (const [words, y] of [["·γ̂", cy - FULL / 2 - 6], ["+β̂", cy + FULL / 2 + 16]])
        node.append(text((cx + r + right) / 2 + 1, y, words, { class: "network-rescale" }));
  }
  if (lane.source !== "none") {
    parts.out = ["is-measured", "is-proposed"].map((kind) => svg("path", { class: `network-pipe ${kind}`, d: "" }));
    node.append(...parts.out);
  }
  parts.halo = svg("circle", { class: "network-halo", cx, cy, r });
  node.append(parts.halo, svg("circle", { class: "network-dial", cx, cy, r }));
  if (lane.mixes) dialOf(node, parts, lane, { cx, cy, r }, dial);
  else node.append(...named(lane.norm, cx, cy));

  const update = (now) => {
    const share = now?.value ?? 0;
    set(parts.measured ?? [], (pipe, _, { length }) => (pipe.style.strokeWidth = `${(FULL * (1 - share)) / length}px`));
    if (parts.proposed) parts.proposed.style.strokeWidth = `${Math.max(FULL * share, 0)}px`;
    if (parts.out) {
      const widths = [FULL * (1 - share), FULL * share];
      const middles = [cy - widths[1] / 2, cy + widths[0] / 2];
      set(parts.out, (pipe, index) => {
        pipe.setAttribute("d", `M${cx + r - 1} ${middles[index].toFixed(2)}H${right}`);
        pipe.style.strokeWidth = `${Math.max(widths[index], 0)}px`;
      });
    }
    if (!lane.mixes || now?.value == null) return;
    parts.needle.classList.toggle("is-beyond", now.value > dial || now.value < 0);
    parts.needle.style.transform = `rotate(${angle(now.value / dial)}deg)`;
    parts.spread.style.transform = `rotate(${angle((now.spread ?? now.value) / dial)}deg)`;
    const [from, to] = [now.low ?? now.start ?? now.value, now.high ?? now.value].map((value) => angle(value / dial));
    parts.trail.setAttribute("d", Math.abs(from - to) < 0.5 ? "" : arc(cx, cy, r * 0.78, from, to));
    parts.start.style.transform = `rotate(${angle((now.start ?? now.value) / dial)}deg)`;
    parts.halo.style.strokeWidth = `${(2 * WIDEST * r * (now.moved ?? 0)).toFixed(2)}px`;
    setText(parts.words, `λ ${digits(now.value)}`);
  };
  return { node, update };
}

/** A norm's name within the ring, a word a line; long ones are smaller. */
function named(norm, cx, cy) {
  const words = norm.split(/[ -]/), long = words.some((word) => word.length > 5);
  return words.map((word, i) =>
    text(cx, cy + 5 + 15 * (i - (words.length - 1) / 2), word, { class: `network-norm${long ? " is-long" : ""}` }),
  );
}

function dialOf(node, parts, lane, { cx, cy, r }, dial) {
  const turning = { style: `transform-origin:${cx}px ${cy}px` };
  parts.trail = svg("path", { class: "network-trail", d: "" });
  parts.start = svg("path", { class: "network-start", d: `M${cx} ${cy - r * 0.66}V${cy - r * 0.9}`, ...turning });
  parts.spread = svg("path", { class: "network-spread", d: `M${cx} ${cy - r * 0.5}V${cy - r * 0.92}`, ...turning });
  parts.needle = svg("path", { class: "network-needle", d: `M${cx} ${cy + 3}V${cy - r * 0.82}`, ...turning });
  parts.words = text(cx, cy + r + 19, "", { class: `network-lambda${r < 27 ? " is-small" : ""}` });
  node.append(
    svg("path", { class: `network-track${dial < 1 ? " is-zoomed" : ""}`, d: arc(cx, cy, r * 0.78, -SWEEP, SWEEP) }),
    parts.trail, parts.start, parts.spread, parts.needle,
    svg("circle", { class: "network-hub", cx, cy, r: 4 }),
    parts.words,
  );
  if (r < 22) return;
  const ends = `network-end${r < 27 ? " is-small" : ""}`;
  node.append(
    text(cx - r * 0.42, cy + r * 0.8, "0", { class: ends }),
    text(cx + r * 0.42, cy + r * 0.8, dial < 1 ? String(dial) : "1", { class: ends }),
  );
}

/** The small network that proposes. */
function brain(x, y) {
  const dots = [[-9, -5], [-9, 5], [0, -8], [0, 0], [0, 8], [9, 0]];
  const lines = [[0, 2], [0, 3], [1, 3], [1, 4], [2, 5], [3, 5], [4, 5]];
  const node = svg("g", { class: "network-brain", transform: `translate(${x} ${y})` });
  node.append(svg("rect", { x: -14, y: -12, width: 28, height: 24, rx: 6 }));
  for (const [from, to] of lines) node.append(svg("path", { d: `M${dots[from]}L${dots[to]}` }));
  for (const [cx, cy] of dots) node.append(svg("circle", { cx, cy, r: 2.2 }));
  return node;
}

const set = (nodes, how) => nodes.forEach(how);
