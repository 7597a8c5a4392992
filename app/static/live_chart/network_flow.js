// Images of the first batch that run along a lane's pipes while it trains. They are moved by hand, some
// twenty times a second: animated by the style sheet each got a layer of the compositor, and without a
// graphics card the whole diagram above them was composed anew with every frame. Where frames come late
// the numbers go first, and the images rest.

const VERSION = new URL(import.meta.url).search;
const { element } = await import(`./look.js${VERSION}`);
const DROP = 24; // px: an image on its way
const WAY = 3600; // ms from the first batch to the answer
const PAUSE = 45; // ms between two places
const LATE = 150; // ms after which a frame is late
const REST = 4000; // ms without motion behind late ones
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
const flows = new Set();
let ticking = null;
let late = 0;

/** Drops from x = `from` to `to`, at the height `cy` of a lane. */
export function buildFlow(from, to, cy) {
  const drops = [0, 1, 2].map(() => element("i", { className: "network-drop" }));
  for (const drop of drops) drop.style.cssText = `left:${from}px;top:${cy - DROP / 2}px`;
  const flow = { drops, way: to - from - DROP, isOn: false };
  let dressed = null;
  const update = (probes, isFlowing) => {
    if (probes !== dressed) drops.forEach((drop, at) => dress(drop, probes, at));
    dressed = probes;
    flow.isOn = Boolean(probes?.sheet) && isFlowing && !isCalm.matches;
    if (!flow.isOn) hide(flow);
    else if (flows.add(flow)) ticking ??= setTimeout(tick, PAUSE);
  };
  return { drops, update };
}

function tick() {
  const asked = performance.now();
  requestAnimationFrame(() => {
    const now = performance.now();
    late = now - asked > LATE ? late + 1 : 0;
    const rests = late > 2;
    for (const flow of flows) {
      if (!flow.isOn || !flow.drops[0].isConnected) flows.delete(flow);
      else if (rests || !flow.drops[0].closest(".is-seen")) hide(flow);
      else flow.drops.forEach((drop, at) => place(drop, flow.way * ((now / WAY + at / 3) % 1)));
    }
    if (rests) late = 0;
    ticking = flows.size ? setTimeout(tick, rests ? REST : PAUSE) : null;
  });
}

const hide = ({ drops }) => drops.forEach((drop) => drop.style.transform && (drop.style.transform = ""));
const place = (drop, x) => (drop.style.transform = `translateX(${Math.round(x)}px)`);

/** Gives a drop the picture of the followed image, or of one beside it. */
function dress(drop, probes, at) {
  if (!probes?.sheet) return;
  const { columns, count, followed } = probes;
  const index = (followed + at) % count;
  drop.style.backgroundImage = `url("${probes.sheet}")`;
  drop.style.backgroundSize = `${columns * DROP}px auto`;
  drop.style.backgroundPosition = `${-(index % columns) * DROP}px ${-Math.floor(index / columns) * DROP}px`;
}
