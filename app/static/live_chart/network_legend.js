// What each channel of the diagram says, in as few words as it takes, and how far a dial reaches.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${VERSION}`);
const [{ element, setText }, { svg, FULL }] = await Promise.all(["look", "network_valve"].map(load));
const DIALS = [[1, "0…1"], [0.1, "0…0.1"]];

export function legend({ spec, dial, setDial }) {
  const mixes = spec.lanes.some((lane) => lane.mixes);
  const moved = element("span", {});
  const halo = entry(picture(26, [svg("circle", { class: "network-halo", cx: 13, cy: 11, r: 6, "stroke-width": 6 }), svg("circle", { class: "network-dial", cx: 13, cy: 11, r: 6 })]), moved);
  const node = element("div", { className: "network-legend" });
  if (mixes) {
    node.append(
      entry(picture(30, [pipe("is-measured", 4, 14), pipe("is-proposed", 15, 4)]), "width: share in the mean, 1−λ and λ"),
      entry(picture(22, [svg("path", { class: "network-needle", d: "M4 18L16 4" })]), "λ of the mean"),
      entry(picture(22, [svg("path", { class: "network-spread", d: "M4 18L16 4" })]), "λ of the spread"),
      halo,
      dials(dial, setDial),
    );
  }
  const update = (scale) => {
    halo.hidden = !scale;
    setText(moved, scale ? `ring: how far the mean moves, up to ${scale} σ` : "");
  };
  return { node, update };
}

const pipe = (kind, y, width) => svg("path", { class: `network-pipe ${kind}`, d: `M2 ${y + 2}H28`, "stroke-width": (width * FULL) / 22 });
const picture = (width, nodes) => svg("svg", { width, height: 22, "aria-hidden": "true" }, ...nodes);
const entry = (image, words) => element("span", { className: "network-key" }, image, words);

function dials(dial, setDial) {
  const buttons = DIALS.map(([end, words]) => {
    const button = element("button", { type: "button" }, words);
    button.setAttribute("aria-pressed", end === dial);
    button.onclick = () => setDial(end);
    return button;
  });
  return element("span", { className: "network-dials" }, "dials", ...buttons);
}
