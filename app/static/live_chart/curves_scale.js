// What the axes of curves span.
//   spec.span: { mode: "shared" | "unit" | "zoom", least, from? }: of panels of one quantity, whose
//   drifts are told apart by eye only where they are drawn alike. Without it each panel has its own.
//   `from` is 0 (panels begin there) or "middle" (0 lies in the middle), as far as curves allow.

const ROOM = 1.1; // what panels span, of what the curves do that move most
const EDGE = 0.03; // share of it that an axis shows besides, so that no line lies on its frame

/** Smallest and largest finite value; of those whose step lies in `window`, where one is given. */
export function extent(values, steps, window, isLog) {
  let [low, high] = [Infinity, -Infinity];
  values.forEach((line, at) =>
    line.forEach((value, index) => {
      if (window && (steps[at][index] < window[0] || steps[at][index] > window[1])) return;
      if (isLog && value <= 0) return;
      if (value < low) low = value;
      if (value > high) high = value;
    }),
  );
  return low <= high ? [low, high] : null;
}

export function padded(range, share) {
  const [low, high] = range ?? [0, 1];
  const size = high - low || Math.abs(high) * 0.02 || 1;
  return [low - size * share, high + size * share];
}

/** Of each panel what its axis spans, and how much larger that draws it than the shared scale. */
export function scales(panels, span) {
  const own = panels.map(({ extent, log }) => padded(log ? (extent ?? [0.1, 1]).map(Math.log10) : extent, 0.08));
  if (!span) return own.map((range) => ({ range, zoom: 1 }));
  const sizes = panels.map(({ extent }) => (extent ? extent[1] - extent[0] : 0));
  const size = Math.max(span.least, ROOM * Math.max(...sizes));
  if (span.mode === "zoom")
    return own.map((range, index) => ({ range, zoom: panels[index].extent ? size / (range[1] - range[0]) : 1 }));
  const isUnit = span.mode === "unit" && panels.every(({ extent }) => !extent || (extent[0] >= 0 && extent[1] <= 1));
  return panels.map(({ extent }) => ({ range: isUnit ? [-EDGE, 1 + EDGE] : placed(extent, size, span), zoom: 1 }));
}

/** A range of a size around what curves span. */
function placed(extent, size, { from }) {
  const around = (low) => [low - EDGE * size, low + (1 + EDGE) * size];
  const usual = around(from === "middle" ? -size / 2 : 0);
  if (!extent) return usual;
  const [least, most] = extent;
  if (from != null && least >= usual[0] && most <= usual[1]) return usual;
  return around((least + most) / 2 - size / 2);
}

/** "×300": two digits, as what is drawn larger is not read more closely. */
export function zoomWords(zoom) {
  if (zoom < 1.5) return "";
  const power = 10 ** Math.max(Math.floor(Math.log10(zoom)) - 1, 0);
  return `×${(Math.round(zoom / power) * power).toLocaleString("en")} zoom`;
}
