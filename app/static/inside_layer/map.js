// All steps of the layer as small cards with arrows between them, along which numbers travel.

const VERSION = new URL(import.meta.url).search;
const { canvas, escape } = await import(`./plots.js${VERSION}`);

const NARROW = 620; // px: below it cards stand in rows of three, in order
const PLACES = {
  9: { input: [1, 2], statistics: [2, 1], encoder: [3, 1], decoder: [4, 1], mix: [5, 1], standardize: [6, 2], networks: [6, 1], rescale: [7, 1], output: [8, 2] },
  6: { input: [1, 2], statistics: [2, 1], mix: [3, 1], standardize: [4, 2], rescale: [5, 1], output: [6, 2] },
  4: { input: [1, 2], standardize: [2, 2], rescale: [3, 1], output: [4, 2] },
  5: { input: [1, 2], statistics: [2, 1], standardize: [3, 2], rescale: [4, 1], output: [5, 2] },
};
const PICTURES = { input: "x", standardize: "x_hat", output: "y" };
const HEADS = ["", "lit"].map((css) => `<marker id="inside-head${css}" class="${css}" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" refX="6" refY="5" orient="auto"><path d="M0 0L10 5L0 10z"/></marker>`).join("");
const WAY = 620; // ms from card to card
const FALL = 380; // ms from there into the formula

export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
/** The steps whose numbers a step's formula takes. */
export const sourcesOf = ({ formula }) => [...new Set(Array.from(formula.matchAll(/data-from="(\w+)"/g), ([, id]) => id))];

export function mapHtml(stages) {
  const nodes = stages.map(
    ({ id, title }, at) => `<button type="button" class="node" data-card="${at}" data-id="${id}">
      <span class="name">${escape(title)}</span>${PICTURES[id] ? `<span class="thumb"></span>` : ""}<b></b></button>`,
  );
  const hint = stages.length === 9 ? `<p class="hint">Play: one value travels through the layer. Drag λ and watch.</p>` : "";
  return `<svg class="arrows" aria-hidden="true"></svg>${nodes.join("")}${hint}`;
}

/** Puts cards, values and arrows in their places. */
export function layMap(map, { stages, seen, followed }, at, put) {
  const isNarrow = map.clientWidth < NARROW;
  const places = PLACES[stages.length];
  map.classList.toggle("narrow", isNarrow);
  map.style.setProperty("--columns", isNarrow ? 3 : Math.min(stages.length, 8));
  stages.forEach(({ id, value }, index) => {
    const node = nodeOf(map, id);
    const [column, row] = isNarrow ? [(index % 3) + 1, Math.floor(index / 3) + 1] : places[id];
    Object.assign(node.style, { gridColumn: column, gridRow: row });
    node.classList.toggle("lit", index === at);
    node.classList.toggle("ahead", index > at);
    node[index === at ? "setAttribute" : "removeAttribute"]("aria-current", "step");
    put(node.querySelector("b"), value);
    const picture = PICTURES[id];
    if (picture) put(node.querySelector(".thumb"), canvas(seen.maps[picture], followed));
  });
  const paths = stages.flatMap((stage, index) =>
    sourcesOf(stage).map((from) => {
      if (isNarrow && index !== at) return "";
      const d = wayOf(nodeOf(map, from), nodeOf(map, stage.id), isNarrow);
      return `<path d="${d}" data-from="${from}" data-to="${stage.id}" class="arrow ${index === at ? "lit" : ""}"/>`;
    }),
  );
  put(map.querySelector(".arrows"), HEADS + paths.join(""));
}

const nodeOf = (map, id) => map.querySelector(`[data-id="${id}"]`);

function wayOf(from, to, isNarrow) {
  const box = ({ offsetLeft: x, offsetTop: y, offsetWidth: w, offsetHeight: h }) => ({ x, y, w, h });
  const [a, b] = [box(from), box(to)];
  if (isNarrow) return `M${a.x + a.w / 2} ${a.y + a.h / 2}L${b.x + b.w / 2} ${b.y + b.h / 2}`;
  const isPast = a.y === b.y && a.y < a.h && b.x - a.x > 2 * a.w;
  if (isPast) {
    // past the cards between them, below
    const [x, y, to, deep] = [a.x + a.w * 0.7, a.y + a.h, b.x + b.w * 0.3, 34];
    return `M${x} ${y}C${x + 14} ${y + deep} ${to - 14} ${y + deep} ${to} ${y}`;
  }
  if (a.y < b.y && b.x - a.x > 1.6 * a.w) {
    // from below the cards between them
    const [x, y, toX, toY] = [a.x + a.w * 0.7, a.y + a.h, b.x - 5, b.y + b.h * 0.4];
    return `M${x} ${y}C${x} ${toY} ${x + 30} ${toY} ${x + 70} ${toY}L${toX} ${toY}`;
  }
  const [x, y, toX, toY] = [a.x + a.w, a.y + a.h / 2, b.x - 5, b.y + b.h / 2];
  const half = (toX - x) / 2;
  return `M${x} ${y}C${x + half} ${y} ${toX - half} ${toY} ${toX} ${toY}`;
}

/**
 * Lets each number of the formula travel from the card that it comes from, along its arrow, into
 * its place. The places are empty until then. Resolves when all are there, or `signal` aborts.
 */
export async function travel(root, stage, signal) {
  const map = root.querySelector(".map");
  const slots = [...root.querySelectorAll(".stage .formula i.value[data-from]")];
  const results = [...root.querySelectorAll(".stage .formula b.value")];
  const hidden = [...slots, ...results];
  for (const slot of hidden) slot.classList.add("waiting");
  const shown = () => hidden.forEach((slot) => slot.classList.remove("waiting"));
  signal.addEventListener("abort", shown);
  await Promise.all(slots.map((slot, at) => fly(root, map, slot, stage.id, 160 * at, signal)));
  if (!signal.aborted) shown();
  signal.removeEventListener("abort", shown);
  for (const each of results) if (!signal.aborted) each.animate([{ scale: 1.5 }, { scale: 1 }], { duration: 300, easing: "ease-out" });
}

async function fly(root, map, slot, id, delay, signal) {
  const path = map.querySelector(`path[data-from="${slot.dataset.from}"][data-to="${id}"]`);
  if (!path) return slot.classList.remove("waiting");
  const [frame, area, target] = [root, map, slot].map((node) => node.getBoundingClientRect());
  const zoom = frame.width / root.offsetWidth; // other than 1 on the stage
  const [dx, dy, length] = [(area.left - frame.left) / zoom, (area.top - frame.top) / zoom, path.getTotalLength()];
  const points = Array.from({ length: 17 }, (_, part) => path.getPointAtLength((length * part) / 16)).map(({ x, y }) => [x + dx, y + dy]);
  const end = [(target.left + target.width / 2 - frame.left) / zoom, (target.top + target.height / 2 - frame.top) / zoom];
  const whole = WAY + FALL;
  const frames = points.map(([x, y], part) => ({ transform: `translate(${x}px, ${y}px) translate(-50%, -50%)`, offset: (WAY / whole) * (part / 16) }));
  frames.push({ transform: `translate(${end[0]}px, ${end[1]}px) translate(-50%, -50%)`, offset: 1, easing: "ease-in" });
  const token = Object.assign(document.createElement("span"), { className: "token", textContent: slot.textContent });
  token.setAttribute("aria-hidden", "true");
  root.append(token);
  const flight = token.animate(frames, { duration: whole, delay, easing: "linear", fill: "both" });
  const stop = () => flight.cancel();
  signal.addEventListener("abort", stop);
  await flight.finished.catch(() => {});
  signal.removeEventListener("abort", stop);
  token.remove();
  slot.classList.remove("waiting");
}
