// What lies behind the moment that the page shows: a line there, and the rest pale. It is ours, over
// the graph, so that scrubbing draws no curve anew.

const { element } = await import(`./look.js${new URL(import.meta.url).search}`);
const veils = new WeakMap(); // plot -> [element of a panel]

/** Lay it over each panel; `plot.areas` say where they lie and which steps they show. */
export function veil(plot, step) {
  const { areas } = plot;
  const shown = veils.get(plot) ?? [];
  veils.set(plot, shown);
  while (shown.length < areas.length) shown.push(element("div", { className: "live-chart-veil" }));
  shown.forEach((node, index) => {
    const area = areas[index];
    const isBehind = area && step != null && step < area.steps[1];
    if (!isBehind) return node.remove();
    if (node.parentNode !== plot) plot.append(node);
    const [from, to] = area.steps;
    const left = area.left + Math.max((step - from) / (to - from), 0) * (area.right - area.left);
    Object.assign(node.style, {
      left: `${left}px`, top: `${area.top}px`, width: `${area.right - left}px`, height: `${area.bottom - area.top}px`,
    });
  });
}
