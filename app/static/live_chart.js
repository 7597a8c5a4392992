// A chart that is sent only what is new: one Plotly graph per element, fed by the channel that
// app/kit/feed.py keeps, through live_chart/feed.js or, where that cannot connect, message by
// message of the page. What was received and how the reader looks at it (zoom,
// hidden runs, chosen step) live in a store per chart key, which outlives the element; a drawing is
// a pure function of the two. live_chart/*.js each hold one kind of drawing:
//   start(spec) -> data    apply(data, chunk, spec)
//   figure({spec, data, view, width, look, step, plot}) -> figure of Plotly; or, without Plotly,
//   render(slot, data, {spec, view, width, step, chart}), called on news and when `step` changes
//   follow?(plot, {spec, data, view, step, chart}) -> whether a changed `step` needs no new drawing
//   dispose?()
//   controls?(slot, chart) -> update    buttons: Plotly's, shown on hover
// `step` is what the page shows: live_chart/moment.js; null is now.

const VERSION = new URL(import.meta.url).search; // one version for every file of this component
const load = (name) => import(`./live_chart/${name}.js${VERSION}`);
const [{ element, isTouch, look, worded }, { listen, renew }, { moment }] = await Promise.all(["look", "feed", "moment"].map(load));
const NAMES = ["curves", "distribution", "bars", "cards", "scrubber", "network", "wall", "strips", "batch", "ways"];
const KINDS = Object.fromEntries(await Promise.all(NAMES.map(async (name) => [name, await load(name)])));
const PATIENCE = 3000; // ms after which a question that got lost is asked again
const CONFIG = {
  displaylogo: false,
  showSendToCloud: false,
  showTips: false,
  doubleClick: "autosize",
  displayModeBar: isTouch ? false : "hover",
};

export const stores = new Map(); // chart key -> { epoch, last, asked, spec, data, reading, view }
const charts = new WeakMap(); // root element -> Chart

const fetched = new Map();
function fetchAsset(tag, attributes) {
  const address = attributes.src ?? attributes.href;
  if (!fetched.has(address)) {
    fetched.set(
      address,
      new Promise((resolve, reject) => {
        const node = Object.assign(document.createElement(tag), attributes);
        node.onload = resolve;
        node.onerror = () => reject(new Error(`Could not load ${address}`));
        document.head.append(node);
      }),
    );
  }
  return fetched.get(address);
}
const asset = (name) => new URL(name + VERSION, import.meta.url).href;
const styled = Promise.all(
  ["live_chart", "network", "wall", "stream"].map((name) => fetchAsset("link", { rel: "stylesheet", href: asset(`live_chart/${name}.css`) })),
);
const plotly = () => fetchAsset("script", { src: asset("plotly.min.js") }); // large: once it is needed
await styled;

/** Adds to the store what it has not seen; returns false where something in between is missing. */
export function receive(store, { epoch, chunks }) {
  const [first] = chunks;
  if (!first) return epoch === store.epoch;
  if (first.spec) {
    // all there is, up to its number
    const drawing = (name) => name?.split(".")[0]; // the part before the dot: the same drawing
    if (drawing(epoch) !== drawing(store.epoch)) store.view.ranges = {};
    Object.assign(store, { epoch, last: first.n - 1, spec: first.spec });
    store.data = KINDS[first.spec.kind].start(first.spec);
  }
  if (epoch !== store.epoch || first.n > store.last + 1) return false;
  for (const chunk of chunks.filter(({ n }) => n > store.last)) {
    KINDS[store.spec.kind].apply(store.data, chunk, store.spec);
    for (const name of ["reading", "turn"]) store[name] = chunk[name] ?? store[name];
    store.last = chunk.n;
  }
  return true;
}

class Chart {
  constructor(root) {
    this.root = root;
    this.life = new AbortController();
    this.legend = element("div", { className: "live-chart-legend" });
    this.plot = element("div", { className: "live-chart-plot" });
    this.controls = element("div", { className: "live-chart-controls" });
    this.words = element("p", { className: "live-chart-words" });
    root.replaceChildren(this.legend, this.plot, this.controls, this.words);
    root.setAttribute("role", "figure");

    // The observer says it: asked for between two drawings, the first would be laid out for the answer.
    this.room = 0;
    this.resized = new ResizeObserver(([{ contentRect }]) => {
      this.room = Math.round(contentRect.width);
      if (this.width !== this.room) this.schedule();
    });
    this.resized.observe(root);
    this.seen = new IntersectionObserver(
      (entries) => {
        this.isNear = entries.at(-1).isIntersecting; // of several since the last call, the newest
        if (this.isNear) this.schedule();
      },
      { rootMargin: "300px" },
    );
    this.seen.observe(root);
    this.leave = moment.subscribe(() => (this.isNear || root.querySelector("[data-stage-number]")) && this.follow());
    // A redraw under a moving hand would end its drag: hold still until it lets go.
    const release = () => {
      if (this.isHeld) this.schedule();
      this.isHeld = false;
    };
    const { signal } = this.life;
    this.plot.addEventListener("pointerdown", () => (this.isHeld = true), { signal });
    window.addEventListener("pointerup", release, { signal });
    window.addEventListener("pointercancel", release, { signal });
  }

  receive({ key, title, channel, polls, turn, props, ...offer }, setTriggerValue) {
    if (!stores.has(key)) stores.set(key, { view: { ranges: {}, hidden: new Set() } });
    Object.assign(this, { key, title, turn, props, tell: setTriggerValue });
    this.store = stores.get(key);
    if (polls) {
      this.stop?.();
      this.stop = this.channel = null;
      this.take(offer);
    } else {
      this.listen(channel);
      // The page took its time: the feed may have brought newer things, and would not say them twice.
      if (offer.chunks && offer.epoch !== this.store.epoch && receive(this.store, offer)) renew();
    }
    this.schedule(); // also without news: Streamlit calls again when the theme has changed
  }

  listen(channel) {
    const { store } = this;
    if (store.channel !== channel) Object.assign(store, { channel, epoch: "", last: -1 });
    if (this.channel === channel) return;
    this.stop?.();
    this.channel = channel;
    this.stop = listen(channel, {
      has: () => `${store.epoch}:${store.last}`,
      news: (offer) => {
        const isWhole = receive(store, offer);
        this.turnOver();
        this.schedule();
        return isWhole;
      },
      gone: () => this.tell("turn", "gone"),
      absent: () => this.tell("feed", "absent"),
    });
  }

  take(offer) {
    const { store } = this;
    if (!receive(store, offer) && (store.asked !== offer.epoch || performance.now() > store.patience)) {
      store.asked = offer.epoch;
      store.patience = performance.now() + PATIENCE;
      this.tell("resync", offer.epoch);
    }
  }

  /** The page around is drawn anew where more has changed than what is drawn here. */
  turnOver() {
    const { turn } = this.store;
    if (this.turn == null || turn == null || turn === this.turn || turn === this.told) return;
    this.told = turn;
    this.tell("turn", turn);
  }

  schedule() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.store?.spec && this.room && !this.isHeld) this.draw();
    });
  }

  /** The page shows another step. */
  follow() {
    const { spec, data, view } = this.store ?? {};
    const isDrawn = spec && this.spec === spec && this.plot.data;
    const how = { spec, data, view, step: moment.step, chart: this };
    if (!(isDrawn && KINDS[spec.kind].follow?.(this.plot, how))) this.schedule();
  }

  /** Says it under the drawing; where it says so already, nothing is put in its place. */
  read(reading) {
    const told = `${this.title}\n${reading}`;
    if (this.heard === told) return;
    this.heard = told;
    const [first, ...rest] = reading.split("\n");
    this.root.setAttribute("aria-label", `${this.title}. ${first}`);
    this.words.hidden = Boolean(this.store.spec.isQuiet); // it stands on the page already
    this.words.replaceChildren(...worded(first), ...rest.flatMap((line) => [element("br"), ...worded(line)]));
  }

  draw() {
    const { spec, data, view } = this.store;
    const kind = KINDS[spec.kind];
    this.root.dataset.kind = spec.kind;
    this.read(this.store.reading ?? "");
    this.width = this.room;
    if (this.root.closest("[data-staged]")) this.isNear = true; // whatever the page below is scrolled to
    if (kind.render) {
      kind.render(this.plot, data, { spec, view, width: this.width, step: moment.step, chart: this });
      this.root.style.minHeight = "0";
      return;
    }
    if (this.spec !== spec) {
      this.spec = spec;
      this.updateLegend = legend(this.legend, this);
      this.controls.replaceChildren();
      this.updateControls = kind.controls?.(this.controls, this);
    }
    const appearance = look(this.root);
    const { traces, layout } = kind.figure({
      spec, data, view, width: this.width, look: appearance, step: moment.step, plot: this.plot,
    });
    this.plot.style.height = `${layout.height}px`; // reserved before Plotly has arrived
    this.root.style.minHeight = "0";
    this.updateLegend();
    this.updateControls?.();
    if (!window.Plotly) plotly().then(() => this.schedule());
    if (!window.Plotly || !this.isNear) return; // out of sight: drawn when it comes into view
    const isNew = !this.plot.data;
    window.Plotly.react(
      this.plot,
      traces,
      { ...appearance.layout, ...layout, width: this.width, datarevision: ++revision },
      { ...CONFIG, modeBarButtons: [kind.buttons], toImageButtonOptions: { filename: this.key, scale: 2 } },
    );
    if (isNew) this.plot.on("plotly_relayout", (change) => this.remember(change));
  }

  /** Keeps the reader's zoom and tool: the next drawing, on this element or another, is told them. */
  remember(change) {
    const { view } = this.store;
    if (change.dragmode) view.dragmode = change.dragmode;
    for (const name of Object.keys(change)) {
      const [axis] = name.match(/^[xy]axis\d*/) ?? [];
      if (!axis) continue;
      const shared = axis.startsWith("x") ? "x" : axis; // all panels show the same steps
      if (change[`${axis}.autorange`]) delete view.ranges[shared];
      else view.ranges[shared] = [...this.plot.layout[axis].range];
    }
    this.schedule();
  }

  dispose() {
    this.stop?.();
    this.leave();
    this.life.abort();
    this.resized.disconnect();
    this.seen.disconnect();
    cancelAnimationFrame(this.frame);
    window.Plotly?.purge(this.plot);
    KINDS[this.store?.spec?.kind]?.dispose?.();
  }
}
let revision = 0;

/** One button per run, which hides it in every panel, and one sample per dash. */
function legend(slot, chart) {
  const { hidden } = chart.store.view;
  const { runs } = chart.spec;
  const isOn = new Set(runs.map(({ label }) => label));
  const named = [
    ...runs.filter(({ past }) => !past),
    ...runs.filter(({ past }, at) => past && !isOn.has(past) && runs.findIndex((each) => each.past === past) === at)
      .map(({ past, color }) => ({ label: past, color })),
  ];
  const buttons = named.map(({ label, color, dash }) => {
    const swatch = element("span", { className: dash == null ? "live-chart-swatch" : "live-chart-dash" });
    if (dash == null) swatch.style.background = color;
    else Object.assign(swatch.dataset, { dash });
    swatch.style.color = color;
    const button = element("button", { type: "button", title: "Show or hide" }, swatch, element("span", {}, ...worded(label)));
    button.onclick = () => {
      if (!hidden.delete(label)) hidden.add(label);
      chart.schedule();
    };
    return button;
  });
  const dashes = (chart.spec.dashes ?? []).map((name, index) => {
    const sample = element("span", { className: "live-chart-dash" });
    sample.dataset.dash = index;
    return element("span", { className: "live-chart-key" }, sample, element("span", {}, ...worded(name)));
  });
  const most = Math.max(0, ...named.map(({ label }) => runs.filter(({ past }) => past === label).length));
  const seeds = most ? [element("span", { className: "live-chart-key is-long" }, seedWords(most))] : [];
  slot.replaceChildren(...buttons, element("span", { className: "live-chart-keys" }, ...dashes), ...seeds);
  return () => buttons.forEach((button, at) => button.setAttribute("aria-pressed", !hidden.has(named[at].label)));
}

const seedWords = (count) => {
  const pale = `pale: ${count} earlier seed${count > 1 ? "s" : ""}`;
  return count > 1 ? `${pale}; bold: the mean, band: its 95 % interval, from 3 seeds on` : pale;
};

/** Draws something unseen once, so that the first chart a visitor asks for does not pay for it. */
let warmed = null;
export const warmUp = () => (warmed ??= warm());
async function warm() {
  await new Promise((resolve) => setTimeout(resolve, 100)); // what is on the page comes first
  await plotly();
  const node = element("div");
  const traces = [{ x: [0, 1], y: [0, 1] }, { x: [0, 1], y: [1, 0], xaxis: "x2", yaxis: "y2" }];
  const layout = { width: 400, height: 200, grid: { rows: 1, columns: 2, pattern: "independent" } };
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    await window.Plotly.react(node, traces, { ...layout, datarevision: round }, CONFIG);
  }
  window.Plotly.purge(node);
}

export default async function liveChart({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".live-chart");
  if (!charts.has(root)) charts.set(root, new Chart(root));
  const chart = charts.get(root);
  chart.receive(data, setTriggerValue);
  if (!KINDS[chart.store.spec?.kind]?.render) await plotly(); // where it cannot be loaded, Streamlit shows the error in place of the chart
  // Streamlit also cleans up after calls that a newer one has overtaken: those leave the chart be.
  return () => root.isConnected || chart.dispose();
}
