// One image of the wall, closely: every class's share per contender, and its answers over the steps.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${VERSION}`);
const { element } = await load("look");
const MOST_CLASSES = 10;
const LETTER = 11; // px that an answer needs in the strip

/** Shown on hover and focus; a tap keeps it until the next. */
export function detail(wall) {
  const node = element("div", { className: "wall-detail", popover: "manual" });
  node.setAttribute("role", "tooltip");
  let open = null; // { image, anchor, isKept }

  const hide = () => {
    if (!open) return;
    open = null;
    if (node.isConnected) node.hidePopover?.();
    window.removeEventListener("scroll", hide, true);
  };
  const show = (image, anchor, isKept = false) => {
    hide();
    open = { image, anchor, isKept };
    draw();
    node.showPopover?.();
    put();
    window.addEventListener("scroll", hide, true);
  };
  /** Below the image, or above where there is no room; never over it. */
  const put = () => {
    const [box, own] = [open.anchor.getBoundingClientRect(), node.getBoundingClientRect()];
    const left = Math.min(Math.max(8, box.left + box.width / 2 - own.width / 2), innerWidth - own.width - 8);
    const below = box.bottom + 6 + own.height <= innerHeight;
    node.style.left = `${Math.max(8, left)}px`;
    node.style.top = `${below ? box.bottom + 6 : Math.max(8, box.top - 6 - own.height)}px`;
  };
  const draw = () => {
    const { spec, levels } = wall;
    const { image } = open;
    const shown = classes(wall, image);
    const left = spec.classes.length - shown.length;
    const rows = spec.runs.flatMap(({ label: name, color }, run) => {
      if (!levels[run]) return [];
      const row = element(
        "div", { className: "wall-row" }, said(name, levels[run], image, wall),
        bars(levels[run], image, shown, wall), strip(run, image, wall),
      );
      row.style.setProperty("--hue", color);
      return [row];
    });
    node.replaceChildren(
      element("p", {}, element("b", { textContent: wall.called(image) }), left ? ` · ${shown.length} of ${spec.classes.length} classes` : ""),
      ...rows,
    );
  };
  return {
    node,
    show,
    hide,
    leave: () => open?.isKept || hide(),
    toggle: (image, anchor) => (open?.isKept && open.image === image ? hide() : show(image, anchor, true)),
    update: () => open && draw(),
  };
}

function said(name, levels, image, { spec, answer }) {
  const { best, sure, isRight } = answer(levels, image, spec);
  const words = `${spec.classes[best]} · ${Math.round(100 * sure)} %`;
  return element("span", { className: "wall-said" }, name, element("b", { textContent: words }), isRight ? "right" : "wrong");
}

/** The classes shown: all, or those that anyone gives most to. */
function classes({ spec, levels }, image) {
  const all = spec.classes.map((_, at) => at);
  const count = all.length;
  if (count <= MOST_CLASSES) return all;
  const most = (at) => Math.max(...levels.filter(Boolean).map((each) => each[image * count + at]));
  const sorted = all.sort((a, b) => most(b) - most(a)).slice(0, MOST_CLASSES);
  return sorted.sort((a, b) => a - b);
}

function bars(levels, image, shown, { spec, names }) {
  const [label] = spec.images[image];
  return element(
    "span", { className: "wall-bars" },
    ...shown.map((at) => {
      const share = levels[image * spec.classes.length + at] / 255;
      const fill = element("i");
      fill.style.height = `${100 * share}%`;
      const bar = element("span", { title: `${spec.classes[at]} ${Math.round(100 * share)} %` }, element("span", {}, fill), element("b", { textContent: names[at] }));
      if (at === label) bar.className = "true";
      return bar;
    }),
  );
}

/** Its answers over the steps: filled where right, with the answer where it fits. */
function strip(run, image, wall) {
  const { steps, levels } = wall.data.runs[run];
  const { spec } = wall;
  const parts = [];
  levels.forEach((each, at) => {
    const { best, isRight } = wall.answer(each, image, spec);
    const last = parts.at(-1);
    if (last?.best === best) last.end = steps[at + 1] ?? steps[at];
    else parts.push({ best, isRight, start: steps[at], end: steps[at + 1] ?? steps[at] });
  });
  const [first, length] = [steps[0], Math.max(steps.at(-1) - steps[0], 1)];
  const node = element("span", { className: "wall-strip" });
  node.setAttribute("aria-hidden", "true");
  for (const { best, isRight, start, end } of parts) {
    const part = element("span", { className: isRight ? "right" : "" });
    part.style.left = `${(100 * (start - first)) / length}%`;
    part.style.width = `${(100 * (end - start)) / length}%`;
    if (((end - start) / length) * 260 > LETTER * wall.names[best].length) part.textContent = wall.names[best];
    node.append(part);
  }
  const now = element("i");
  now.style.left = `${(100 * (steps[wall.places[run]] - first)) / length}%`;
  node.append(now);
  return node;
}
