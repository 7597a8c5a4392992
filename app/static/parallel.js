// Parallel axes: a line a run. A stretch of an axis is brushed by dragging, or by its ends' arrow keys.

const TOP = 34, BOTTOM = 16, HEIGHT = 340, LENGTH = HEIGHT - TOP - BOTTOM;
const STEP = 0.02; // of an axis, by an arrow key
const LEAST = 0.015; // a shorter drag is a click, which takes the brush away
const charts = new WeakMap(); // root element -> Parallel

const styled = new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`parallel/parallel.css${new URL(import.meta.url).search}`, import.meta.url).href;
  link.onload = link.onerror = resolve;
  document.head.append(link);
});
await styled;

function svg(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

const down = (share) => TOP + (1 - share) * LENGTH;
const within = (share) => Math.min(1, Math.max(0, share));

class Parallel {
  constructor(root) {
    root.style.minHeight = 0;
    this.root = root;
    new ResizeObserver(() => this.draw()).observe(root);
  }

  receive(data, send) {
    this.data = data;
    this.send = send;
    this.brushes = { ...data.brushes };
    this.draw();
  }

  draw() {
    const { axes, runs } = this.data;
    const width = Math.max(this.root.clientWidth, 120 * axes.length);
    if (!this.root.clientWidth) return;
    const focused = document.activeElement?.dataset?.end;
    const gap = width / axes.length;
    this.across = axes.map((_, i) => (i + 0.5) * gap);
    this.box = svg("svg", { width, height: HEIGHT, role: "group", "aria-label": "Runs over parallel axes" });
    this.lines = svg("g");
    this.box.append(this.lines, ...axes.map((axis, i) => this.axis(axis, this.across[i])));
    this.root.replaceChildren(this.box);
    this.trace(runs);
    if (focused) this.box.querySelector(`[data-end="${CSS.escape(focused)}"]`)?.focus();
  }

  trace(runs) {
    const strokes = new Map([["off", ""]]); // one path a colour: thousands of lines are drawn at once
    for (const [color, places] of runs) {
      const key = this.isIn(places) ? color : "off";
      let way = "", isOpen = false;
      places.forEach((place, i) => {
        if (place !== null) way += `${isOpen ? "L" : "M"}${this.across[i].toFixed(1)} ${down(place).toFixed(1)}`;
        isOpen = place !== null;
      });
      strokes.set(key, (strokes.get(key) ?? "") + way);
    }
    this.lines.replaceChildren(
      ...[...strokes].map(([key, d]) => svg("path", key === "off" ? { d, class: "off" } : { d, stroke: key })),
    );
  }

  isIn(places) {
    return this.data.axes.every(({ name }, i) => {
      const brush = this.brushes[name];
      return !brush || (places[i] !== null && brush[0] <= places[i] && places[i] <= brush[1]);
    });
  }

  axis({ name, title, ticks }, x) {
    const group = svg("g", { transform: `translate(${x} 0)` });
    group.append(this.title(title));
    group.append(svg("line", { class: "line", y1: TOP, y2: HEIGHT - BOTTOM }));
    for (const [place, text] of ticks) group.append(svg("text", { class: "tick", x: 13, y: down(place) + 4 }, text));
    const room = svg("rect", { class: "room", x: -16, y: TOP - 6, width: 32, height: LENGTH + 12 });
    const brush = svg("rect", { class: "brush", x: -7, width: 14 });
    const ends = [0, 1].map((which) => this.end(name, title, which));
    group.append(room, brush, ...ends);
    this.place(name, brush, ends);
    this.drag(name, room, brush, ends);
    return group;
  }

  /** What an axis shows; the letter of a λ below it. */
  title(text) {
    const node = svg("text", { class: "title", y: 16 });
    const parts = text.split(/λ_([μσγβ])/);
    parts.forEach((part, i) => node.append(i % 2 ? svg("tspan", { class: "letter", dy: 4 }, part) : svg("tspan", { dy: i ? -4 : 0 }, i < parts.length - 1 ? `${part}λ` : part)));
    return node;
  }

  place(name, brush, ends) {
    const [low, high] = this.brushes[name] ?? [0, 1];
    brush.setAttribute("y", down(high));
    brush.setAttribute("height", Math.max(0, down(low) - down(high)));
    brush.style.display = this.brushes[name] ? "" : "none";
    ends.forEach((end, which) => {
      end.setAttribute("y", down(which ? high : low) - 3);
      end.setAttribute("aria-valuenow", Math.round(100 * (which ? high : low)));
    });
  }

  end(name, title, which) {
    const end = svg("rect", {
      class: "end", x: -9, width: 18, height: 6, rx: 3, tabindex: 0, role: "slider",
      "aria-orientation": "vertical", "aria-valuemin": 0, "aria-valuemax": 100,
      "aria-label": `${title}: ${which ? "upper" : "lower"} end of the brush, percent of the axis`,
      "data-end": `${name} ${which}`,
    });
    end.addEventListener("keydown", (event) => {
      const by = { ArrowUp: STEP, ArrowRight: STEP, ArrowDown: -STEP, ArrowLeft: -STEP }[event.key];
      if (by === undefined && !["Delete", "Escape", "Home", "End"].includes(event.key)) return;
      event.preventDefault();
      const ends = [...(this.brushes[name] ?? [0, 1])];
      if (by !== undefined) ends[which] = within(ends[which] + by);
      if (event.key === "Home") ends[which] = which ? ends[0] : 0;
      if (event.key === "End") ends[which] = which ? 1 : ends[1];
      const isAll = by === undefined && !["Home", "End"].includes(event.key);
      this.set(name, isAll ? null : [Math.min(...ends), Math.max(...ends)]);
      this.draw();
      this.tell();
    });
    return end;
  }

  drag(name, room, brush, ends) {
    const share = (event) => within(1 - (event.clientY - this.box.getBoundingClientRect().top - TOP) / LENGTH);
    let from = null;
    room.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      room.setPointerCapture(event.pointerId);
      from = share(event);
    });
    room.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = share(event);
      this.set(name, Math.abs(to - from) < LEAST ? null : [Math.min(from, to), Math.max(from, to)]);
      this.place(name, brush, ends);
      this.trace(this.data.runs);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      room.addEventListener(end, (event) => {
        if (from === null) return;
        if (Math.abs(share(event) - from) < LEAST) this.set(name, null);
        from = null;
        this.place(name, brush, ends);
        this.trace(this.data.runs);
        this.tell();
      });
    }
  }

  set(name, ends) {
    if (ends && (ends[0] > 0 || ends[1] < 1)) this.brushes[name] = ends;
    else delete this.brushes[name];
  }

  tell() {
    this.send?.("brushed", this.brushes);
  }
}

export default function parallel({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".afn-parallel");
  if (!charts.has(root)) charts.set(root, new Parallel(root));
  charts.get(root).receive(data, setTriggerValue);
}
