// A plain figure of Plotly, drawn once more for the stage: what it says, larger.

const TYPE = 24; // px that its smallest type has at least
const LINE = 4;
const USUAL = 12; // px of Plotly's type where nothing is said
const SIZES = ["xshift", "yshift", "ax", "ay", "standoff", "ticklen", "borderpad", "shift", "thickness", "itemwidth"];

/** The same with type, lines and room between them enlarged. */
export function enlarged(value, factor, name = "") {
  if (Array.isArray(value)) return value.map((each) => (each && typeof each === "object" ? enlarged(each, factor, name) : each));
  if (ArrayBuffer.isView(value) || !value || typeof value !== "object") return value;
  const found = {};
  for (const [key, each] of Object.entries(value)) {
    if (typeof each === "number" && key === "size" && /font$/i.test(name)) found[key] = Math.max(TYPE, each * factor);
    else if (typeof each === "number" && key === "size" && name === "marker") found[key] = each * factor;
    else if (typeof each === "number" && key === "width" && name === "line") found[key] = each && Math.max(LINE, each * factor);
    else if (typeof each === "number" && (SIZES.includes(key) || name === "margin")) found[key] = each * factor;
    else found[key] = enlarged(each, factor, key);
  }
  return found;
}

/** Draws what a graph of the page shows into `slot`, as large as that. */
export function draw(slot, graph, [width, height], factor) {
  const layout = enlarged(graph.layout, factor);
  layout.font = { ...layout.font, size: Math.max(TYPE, (graph.layout.font?.size ?? USUAL) * factor) };
  const traces = graph.data.map((trace) => enlarged(trace, factor));
  return window.Plotly.react(slot, traces, { ...layout, width, height, autosize: false }, { displayModeBar: false }).then(() => {
    // between powers of ten Plotly's ticks are smaller than asked for
    for (const tick of slot.querySelectorAll(":is(.xtick, .ytick) text")) if (parseFloat(tick.style.fontSize) < TYPE) tick.style.fontSize = `${TYPE}px`;
  });
}
