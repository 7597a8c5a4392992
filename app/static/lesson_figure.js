// A lesson's figure to drag: pictures, answers and curves at the place of one handle. All of it was
// computed beforehand, for every place; here it is looked up and drawn, so that nothing is asked of
// the server; where the handle rests it hears, for the link.  data: { figure, title, isRevealed, place }
// (from 1 through all options, 0 for where it begins) or { figure, isSmall }; the figure's file is written by
// `app/page/lessons/figure.py`. Or data: { seeds }, see `seeds.js`.

const VERSION = new URL(import.meta.url).search;
const { drawPlot, placeAt } = await import(`./lesson_figure/plot.js${VERSION}`);
const { drawSmall } = await import(`./lesson_figure/small.js${VERSION}`);
const { drawSeeds } = await import(`./lesson_figure/seeds.js${VERSION}`);
const figures = new WeakMap(); // root element -> Hand
const files = new Map(); // name -> promise of what the file holds
const AROUND = 290; // pixels above and below rows and plot
const ON_STAGE = 112; // above and below the plot and the readouts, where the figure stands alone
const SWEEP = 4000; // ms from one end to the other
const SETTLED = 500; // ms after which the server is told where the handle stands
const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

await new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`lesson_figure/lesson_figure.css${VERSION}`, import.meta.url).href;
  link.onload = link.onerror = resolve;
  document.head.append(link);
});

/** Text is always set as text, never as markup. */
function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** A name with its index: λ_σ. */
const named = (text) => text.split(/_(\p{L})/u).map((part, i) => (i % 2 ? element("sub", { textContent: part }) : part));

function written(value, digits) {
  if (Math.abs(value) >= 1e6) {
    const [mantissa, power] = value.toExponential(1).split("e+");
    return `${mantissa}·10${[...power].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
  }
  if (Math.abs(value) >= 1e4) return Number(value.toPrecision(2)).toLocaleString("en");
  return value.toFixed(digits).replace("-", "−");
}

async function fetched(name) {
  const answer = await fetch(new URL(`lesson_figure/${name}.json${VERSION}`, import.meta.url));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  const figure = await answer.json();
  await Promise.all(
    figure.rows.map(async (row) => {
      if (!row.sheet) return;
      row.image = Object.assign(new Image(), { src: row.sheet });
      await row.image.decode();
    }),
  );
  return figure;
}

class Hand {
  constructor(root, figure, title) {
    Object.assign(this, { root, figure, title, at: figure.start, option: 0, heard: 0, sent: [] });
    this.build();
    root.addEventListener("input", ({ target }) => this.take(target));
    const plot = this.svg;
    const drag = (event) => this.go(placeAt(plot, this.figure, event.clientX));
    plot.addEventListener("pointerdown", (event) => {
      plot.setPointerCapture(event.pointerId);
      this.rest();
      drag(event);
      this.range.focus({ preventScroll: true });
    });
    plot.addEventListener("pointermove", (event) => event.buttons && drag(event));
    new ResizeObserver(() => this.fit()).observe(root);
  }

  build() {
    const { figure } = this;
    this.rows = figure.rows.map((row) => {
      const canvas = element("canvas");
      canvas.setAttribute("role", "img");
      const list = element("ol");
      const hidden = element("span", { className: "hidden-part", textContent: "?" });
      const label = element("span", { className: "label", textContent: row.label });
      if (row.color) label.style.setProperty("--hue", row.color);
      const node = element("div", { className: "row" }, label, element("div", { className: "tiles" }, canvas, list, hidden));
      node.style.setProperty("--count", figure.count);
      return { ...row, node, canvas, list };
    });
    this.svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.svg.setAttribute("aria-hidden", "true"); // the readouts say the same
    this.readouts = figure.curves.map((curve) => {
      const value = element("dd");
      Object.assign(value.dataset, { stageNumber: curve.label });
      value.style.setProperty("--hue", curve.color);
      const label = element("dt", {}, ...named(curve.label));
      label.style.setProperty("--hue", curve.color);
      if (curve.dash) label.dataset.dash = curve.dash;
      return { ...curve, node: element("div", {}, label, value), value };
    });
    this.range = element("input", { type: "range", min: 0, max: figure.stops.length - 1, step: 1, value: this.at });
    this.range.setAttribute("aria-label", figure.handle);
    this.output = element("output");
    this.player = element("button", { type: "button", className: "play", textContent: "▶", title: "Play" });
    this.player.setAttribute("aria-label", "Play");
    this.player.addEventListener("click", () => this.play());
    const name = element("span", { className: "name" }, ...named(figure.handle));
    const head = element("div", { className: "head" }, this.player, name, this.output, this.choices());
    const plot = element("div", { className: "plot" }, element("p", { className: "quantity", textContent: figure.quantity }), this.svg, this.range);
    const now = element("dl", {}, ...this.readouts.map(({ node }) => node));
    this.root.replaceChildren(
      head,
      element("div", { className: "rows" }, ...this.rows.map(({ node }) => node)),
      element("div", { className: "below" }, plot, now),
    );
  }

  choices() {
    const { options = [], switch: name } = this.figure;
    const group = element("span", { className: "options" });
    if (!options.length) return group;
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-label", name);
    if (options.every((words) => Number.isFinite(+words))) group.append(element("span", { className: "name" }, name)); // numbers say not of what
    const key = `option-${Math.random()}`;
    options.forEach((words, number) => {
      const input = element("input", { type: "radio", name: key, value: number, checked: number === this.option });
      group.append(element("label", {}, input, element("span", {}, ...named(words))));
    });
    return group;
  }

  /** Where the link says that it stands; a hand that has moved since is ahead. */
  stand(place) {
    if (this.heard === place || this.isAhead) return;
    this.heard = place;
    const answered = this.sent.indexOf(place);
    this.sent.splice(0, answered + 1);
    if (answered >= 0) return;
    const at = place ? place - 1 : this.figure.start;
    [this.option, this.at] = [Math.floor(at / this.figure.stops.length), at % this.figure.stops.length];
    for (const input of this.root.querySelectorAll("[type=radio]")) input.checked = +input.value === this.option;
  }

  /** Has the link say where it stands, once it rests. */
  settle() {
    clearTimeout(this.settling);
    this.isAhead = true; // until the server is told
    this.settling = setTimeout(() => {
      this.isAhead = false;
      const place = this.option * this.figure.stops.length + this.at + 1;
      if (this.frame || place === (this.sent.at(-1) ?? this.heard) || !this.root.isConnected) return;
      this.sent.push(place);
      this.send("place", place);
    }, SETTLED);
  }

  take(target) {
    if (target.type === "radio") this.option = +target.value;
    else {
      this.rest();
      this.at = +target.value;
    }
    this.draw();
    this.settle();
  }

  go(at) {
    if (at === this.at) return;
    this.at = at;
    this.draw();
    this.settle();
  }

  /** From here to the end, or from the beginning; a second press stays. */
  play() {
    if (this.frame) return this.rest();
    const last = this.figure.stops.length - 1;
    const from = this.at === last ? 0 : this.at;
    const began = performance.now();
    const tick = (now) => {
      const box = this.root.getBoundingClientRect();
      const isSeen = this.root.isConnected && box.bottom > 0 && box.top < innerHeight;
      const at = Math.min(last, from + Math.floor(((now - began) / SWEEP) * last));
      this.go(at);
      if (at < last && isSeen) this.frame = requestAnimationFrame(tick);
      else this.rest();
    };
    this.player.textContent = "❚❚";
    this.player.setAttribute("aria-label", "Pause");
    this.frame = requestAnimationFrame(tick);
  }

  rest() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.player.textContent = "▶";
    this.player.setAttribute("aria-label", "Play");
    this.settle();
  }

  reveal(isRevealed) {
    this.isNew = this.isRevealed === false && isRevealed && !isStill();
    this.isRevealed = isRevealed;
    this.draw();
    this.isNew = false;
  }

  draw() {
    const { figure, at } = this;
    if (!this.size) return; // it is not laid out yet
    const place = this.option * figure.stops.length + at;
    this.player.hidden = isStill();
    this.range.value = at;
    this.output.textContent = figure.stops[at];
    this.rows.forEach((row, number) => this.drawRow(row, place, this.size.across[number]));
    for (const readout of this.readouts) {
      const isHidden = readout.is_answer && !this.isRevealed;
      readout.node.dataset.hidden = isHidden;
      const value = readout.values[place];
      readout.value.dataset.stageAbout = `${figure.handle}: ${figure.stops[at]}`;
      readout.value.textContent = isHidden ? "?" : value == null ? "–" : written(value, figure.digits) + figure.unit;
    }
    const shown = this.readouts.filter((each) => !each.is_answer || this.isRevealed);
    if (shown.length || figure.curves.length) drawPlot(this.svg, figure, shown, { at, option: this.option, isNew: this.isNew, size: this.size.plot });
    const told = this.readouts.map(({ label, value }) => `${label} ${value.textContent}`);
    this.range.setAttribute("aria-valuetext", `${figure.stops[at]}: ${told.join(", ")}`);
  }

  /** The plot takes what the window leaves, so that the figure is whole without scrolling. */
  fit() {
    if (!this.root.clientWidth) return;
    const rows = this.root.querySelector(".rows").offsetHeight;
    const room = this.root.closest("[data-staged]") && parseFloat(document.body.style.getPropertyValue("--stage-height"));
    const tall = room ? Math.max(90, room - ON_STAGE - this.root.querySelector("dl").offsetHeight) : Math.min(320, Math.max(140, innerHeight - rows - AROUND));
    this.root.style.setProperty("--plot-fit", `${tall}px`);
    this.size = { across: this.rows.map(({ canvas }) => canvas.clientWidth), plot: [this.svg.clientWidth, this.svg.clientHeight] };
    this.draw();
  }

  drawRow(row, place, width) {
    const { figure } = this;
    row.node.dataset.hidden = row.is_answer && !this.isRevealed;
    if (row.image) {
      const [high, wide] = row.tile;
      const across = Math.round(width * devicePixelRatio) || 1;
      const side = Math.floor(across / figure.count);
      const gap = Math.max(1, Math.round(side * 0.06));
      const tall = Math.round(((side - gap) * high) / wide);
      if (row.canvas.width !== across || row.canvas.height !== tall) Object.assign(row.canvas, { width: across, height: tall });
      const ink = row.canvas.getContext("2d");
      ink.clearRect(0, 0, across, tall);
      ink.imageSmoothingEnabled = false;
      const line = row.places === 1 ? 0 : place;
      for (let i = 0; i < figure.count; i++) {
        ink.drawImage(row.image, i * wide, line * high, wide, high, Math.round((i * across) / figure.count), 0, side - gap, tall);
      }
    } else row.canvas.hidden = true;
    const answers = row.answers?.[row.answers.length === 1 ? 0 : place] ?? [];
    row.canvas.setAttribute("aria-label", `${row.label}, ${figure.stops[this.at]}`);
    row.items ??= answers.map(() => row.list.appendChild(element("li", {}, element("b"), element("small"))));
    answers.forEach(([answer, share], i) => {
      const item = row.items[i];
      const isRight = answer === figure.labels[i];
      item.dataset.right = isRight;
      item.firstChild.textContent = figure.classes[answer] ?? "–"; // what it puts out is no number
      item.lastChild.textContent = answer < 0 ? "" : `${share} %`;
      item.title = isRight ? "right" : `wrong: it is ${figure.classes[figure.labels[i]]}`;
    });
  }
}

export default async function ({ data, parentElement, setTriggerValue }) {
  if (data.seeds) return void drawSeeds(parentElement.querySelector(".afn-seeds"), data.seeds);
  const root = parentElement.querySelector(".afn-hand, .lesson-small");
  if (!files.has(data.figure)) files.set(data.figure, fetched(data.figure));
  let figure;
  try {
    figure = await files.get(data.figure);
  } catch {
    files.delete(data.figure);
    root.textContent = "The figure could not be loaded: reload the page.";
    return;
  }
  if (data.isSmall) return void drawSmall(root, figure);
  let hand = figures.get(root);
  if (hand?.figure !== figure) {
    hand = new Hand(root, figure, data.title);
    figures.set(root, hand);
  }
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.title);
  hand.send = setTriggerValue;
  hand.stand(data.place);
  hand.reveal(data.isRevealed);
}
