// Accuracy over λ_μ and λ_σ as a map: contours, the way that training took, and a point to drag.
// data: { title, color, grid: [λ_μ][λ_σ] in %, nodes: [[i, j]] that are measured, path: [[λ_μ, λ_σ]],
//   layers: [[name, λ_μ, λ_σ]], trained, best: [λ_μ, λ_σ, %], at: [λ_μ, λ_σ], exact: [λ_μ, λ_σ, %, low, high] }
// Between nodes the accuracy is interpolated here; where the point rests the server hears of it and
// measures it.

const VERSION = new URL(import.meta.url).search;
const { draw, MARGIN, SCALE } = await import(`./lambda_map/drawing.js${VERSION}`);
const maps = new WeakMap(); // root element -> Landscape
const moved = new Map(); // a map's key -> where the hand left its point, until the server hears of it
const SETTLED = 350; // ms after which the server is told where the point rests
const AXES = [["μ", "mu"], ["σ", "sigma"]];

await new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`lambda_map/lambda_map.css${VERSION}`, import.meta.url).href;
  link.onload = link.onerror = resolve;
  document.head.append(link);
});

/** Text is always set as text, never as markup. */
function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** What the colours mean: from the lowest to the highest accuracy, the network as trained, and the point. */
function scale() {
  const colours = element("div", { className: "colours" });
  colours.style.background = SCALE;
  const end = (name, words) => element("span", { className: name }, words, element("b"));
  return element("div", { className: "scale" }, colours, element("i"), end("low", ""), end("high", ""), end("trained", "as trained "));
}

const percent = (value) => `${value.toFixed(1)} %`;
const points = (value) => `${value < 0 ? "−" : value > 0 ? "+" : "±"}${Math.abs(value).toFixed(1)}`;
const rounded = (value) => +value.toFixed(1); // as it is told: differences are those of what is read
const clipped = (value) => Math.min(1, Math.max(0, value));

class Landscape {
  constructor(root) {
    this.root = root;
    root.style.minHeight = 0;
    this.canvas = element("canvas");
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.picture = element("div", { className: "picture" }, this.canvas, this.svg);
    this.picture.setAttribute("role", "img");
    this.value = element("b");
    this.how = element("span");
    this.against = element("p", { className: "against" });
    this.told = element("output", {}, this.value, this.how);
    this.ranges = AXES.map(([letter, name]) => {
      const range = element("input", { type: "range", min: 0, max: 1, step: 0.01, name });
      range.setAttribute("aria-label", `λ ${letter} of every layer`);
      return range;
    });
    this.numbers = AXES.map(() => element("span", { className: "number" }));
    const sliders = this.ranges.map((range, k) =>
      element("label", {}, element("span", { className: "name" }, "λ", element("sub", { textContent: AXES[k][0] })), range, this.numbers[k]),
    );
    this.scale = scale();
    this.state = element("p", { className: "state", role: "status" });
    root.replaceChildren(
      this.picture,
      element("div", { className: "beside" }, this.told, this.against, this.scale, ...sliders, this.state),
    );
    root.addEventListener("input", () => this.move(this.ranges.map((range) => +range.value)));
    this.svg.addEventListener("pointerdown", (event) => {
      this.svg.setPointerCapture(event.pointerId);
      this.ranges[0].focus({ preventScroll: true });
      this.drag(event);
    });
    this.svg.addEventListener("pointermove", (event) => event.buttons && this.drag(event));
    new ResizeObserver(() => this.paint()).observe(root);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  receive(data, send) {
    const isFirst = !this.data || this.data.key !== data.key;
    this.data = data;
    this.send = send;
    const link = `${data.at}`;
    if (isFirst || (link !== this.heard && link !== this.sent)) this.at = [...data.at];
    this.heard = link;
    const left = isFirst && moved.get(data.key); // the page was drawn anew under the hand
    if (left) this.at = left;
    this.paint();
    if (left) this.settle();
  }

  drag(event) {
    const box = this.svg.getBoundingClientRect();
    const zoom = box.width / this.picture.clientWidth; // other than 1 on the stage
    const x = ((event.clientX - box.left) / zoom - MARGIN.left) / this.side;
    const y = 1 - ((event.clientY - box.top) / zoom - MARGIN.top) / this.side;
    this.move([x, y].map((value) => Math.round(100 * clipped(value)) / 100));
  }

  move(at) {
    this.at = at;
    moved.set(this.data.key, at);
    this.tell();
    this.settle();
  }

  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => {
      if (!this.root.isConnected) return;
      moved.delete(this.data.key);
      if (`${this.at}` === this.heard) return;
      this.sent = `${this.at}`;
      this.send("point", this.at);
    }, SETTLED);
  }

  /** [accuracy in %, whether it is measured, its interval] at the point. */
  read() {
    const { grid, nodes, exact } = this.data;
    const [mu, sigma] = this.at;
    const is = (value, other) => Math.abs(value - other) < 1e-6;
    if (exact && is(exact[0], mu) && is(exact[1], sigma)) return [exact[2], true, exact.slice(3)];
    const last = grid.length - 1;
    const [i, j] = this.at.map((value) => Math.min(Math.floor(value * last), last - 1));
    const [x, y] = [mu * last - i, sigma * last - j];
    const between = (1 - x) * ((1 - y) * grid[i][j] + y * grid[i][j + 1]) + x * ((1 - y) * grid[i + 1][j] + y * grid[i + 1][j + 1]);
    return [between, nodes.some(([k, l]) => is(k / last, mu) && is(l / last, sigma)), null];
  }

  tell() {
    const { trained, asks } = this.data;
    const [value, isMeasured, interval] = this.read();
    this.value.textContent = `${isMeasured ? "" : "≈ "}${percent(value)}`;
    const span = interval ? ` (${interval[0].toFixed(1)} … ${interval[1].toFixed(1)})` : "";
    this.how.textContent = isMeasured ? `measured${span}` : "interpolated";
    this.how.dataset.measured = isMeasured;
    this.against.textContent = `${points(rounded(value) - rounded(trained))} points against the network as trained`;
    this.ranges.forEach((range, k) => {
      range.value = this.at[k];
      this.numbers[k].textContent = this.at[k].toFixed(2);
      range.setAttribute("aria-valuetext", `${this.at[k].toFixed(2)}: ${this.value.textContent} ${this.how.textContent}`);
    });
    this.svg.querySelector(".point")?.setAttribute("transform", this.placed(this.at));
    this.scale.style.setProperty("--at", this.share(value));
  }

  /** Where an accuracy lies on the scale. */
  share(value) {
    const [low, high] = this.ends;
    return high > low ? clipped((value - low) / (high - low)) : 0.5;
  }

  paintScale() {
    const { grid, trained } = this.data;
    const [low, high] = [Math.min(...grid.flat()), Math.max(...grid.flat())];
    this.ends = [Math.min(low, trained), Math.max(high, trained)]; // λ that differ by layer may do better than any on the map
    const places = { low, high, trained };
    for (const [name, value] of Object.entries(places)) {
      this.scale.style.setProperty(`--${name}`, this.share(value));
      this.scale.querySelector(`.${name} b`).textContent = percent(value);
    }
  }

  placed([mu, sigma]) {
    return `translate(${MARGIN.left + mu * this.side} ${MARGIN.top + (1 - sigma) * this.side})`;
  }

  paint() {
    const { data } = this;
    const width = this.picture.clientWidth;
    if (!data || !width) return;
    this.side = width - MARGIN.left - MARGIN.right;
    draw(this.canvas, this.svg, data, this.side);
    this.paintScale();
    this.picture.setAttribute("aria-label", `${data.title}. ${data.words}`);
    this.root.dataset.measured = data.nodes.length;
    this.state.textContent = data.state;
    this.tell();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".afn-lambda-map");
  if (!maps.has(root)) maps.set(root, new Landscape(root));
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.title);
  maps.get(root).receive(data, setTriggerValue);
}
