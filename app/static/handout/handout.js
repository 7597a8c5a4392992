// What brings the figures of a document to life, see app/kit/handout/document.py. Nothing is loaded: the
// app's modules, their styles and files, and Plotly are text in the document itself.
//   #afn-figures  [{ kind: "plot", frames: [{ data, layout }], said, names?, words?, at?, replays? }, with
//                    names and words of each frame where it is one for each step
//                  | { kind: "drawing", script, data, said, needsPlotly,
//                    asks: CSS of what does nothing here }], by `data-figure` of its <figure>
//   #afn-files    path below app/static -> text
//   #afn-plotly   Plotly, packed, as base64

(() => {
  const read = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");
  const figures = read("afn-figures") ?? [];
  const files = read("afn-files") ?? {};
  const TYPES = { js: "text/javascript", css: "text/css", json: "application/json" };
  const CONFIG = { displayModeBar: false, responsive: true };
  const FRAME = 200; // ms of a step, while it plays
  const FRAMES = 40; // so many of them, at most
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const modules = new Map();

  const beside = (from, path) => new URL(path, `afn:///${from}`).pathname.slice(1);
  const address = (path) => {
    const type = TYPES[path.split(".").at(-1)];
    return `data:${type};charset=utf-8,${encodeURIComponent(files[path] ?? "")}`;
  };
  /** What modules of the app ask for their neighbours and files. */
  window.afn = {
    load(from, path) {
      const name = beside(from, path);
      if (!modules.has(name)) modules.set(name, import(address(name)));
      return modules.get(name);
    },
    at: (from, path) => new URL(address(beside(from, path))),
  };

  const element = (tag, properties, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  let plotly = null;
  const loaded = () => (plotly ??= unpacked());
  async function unpacked() {
    const packed = document.getElementById("afn-plotly");
    if (!packed) return;
    const signs = atob(packed.textContent);
    const bytes = new Uint8Array(signs.length);
    for (let at = 0; at < signs.length; at++) bytes[at] = signs.charCodeAt(at);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    document.head.append(element("script", { textContent: await new Response(stream).text() }));
  }

  /** The document's colours at this moment, as a template that figures may go beyond. */
  function template() {
    const style = getComputedStyle(document.body);
    const { color, fontFamily: family } = style;
    const [r, g, b] = color.match(/[\d.]+/g);
    const faint = (alpha) => `rgba(${r},${g},${b},${alpha})`;
    const clear = "rgba(0,0,0,0)";
    const axis = {
      gridcolor: faint(0.12), linecolor: faint(0.3), zerolinecolor: faint(0.3), automargin: true,
      tickfont: { color: faint(0.85) },
    };
    const background = getComputedStyle(document.documentElement).getPropertyValue("--st-background-color").trim();
    return {
      layout: {
        font: { family, color, size: 13 }, paper_bgcolor: clear, plot_bgcolor: clear, xaxis: axis, yaxis: axis,
        hoverlabel: { bgcolor: background, bordercolor: faint(0.3), font: { family, color, size: 13 }, align: "left" },
        annotationdefaults: { font: { color } },
      },
    };
  }

  /** A figure of Plotly; with a slider where it is one for each step, or of curves over the steps. */
  class Plot {
    constructor(figure, { frames, names, words, at, replays, said }) {
      Object.assign(this, { frames, words, said, figure, slot: figure.querySelector(".plot") });
      this.slot.setAttribute("role", "img");
      this.cuts = Boolean(replays);
      this.steps = replays ? stepsOf(frames[0].data) : (names ?? []).map((name) => Number(name.replaceAll(",", "")));
      this.names = names ?? this.steps.map((step) => step.toLocaleString("en"));
      this.at = at ?? Math.max(this.names.length - 1, 0);
      if (this.names.length > 1) this.slot.before(this.stepper());
    }

    stepper() {
      this.range = element("input", { type: "range", min: 0, max: this.names.length - 1, step: 1 });
      this.range.setAttribute("aria-label", "Step");
      this.output = element("output");
      this.range.oninput = () => (this.rest(), this.go(+this.range.value));
      this.player = element("button", { type: "button", onclick: () => this.play() });
      this.player.hidden = isCalm.matches;
      this.rest();
      this.tell();
      return element("div", { className: "stepper" }, this.player, this.range, this.output);
    }

    tell() {
      const told = `step ${this.names[this.at]}`;
      this.output.textContent = told;
      this.range.value = this.at;
      this.range.setAttribute("aria-valuetext", told);
      const caption = this.figure.querySelector("figcaption");
      if (this.words && caption) caption.textContent = this.words[this.at];
    }

    /** Another step, here and in every figure that has a slider: one moment for the whole document. */
    go(at) {
      const isLast = at === this.steps.length - 1;
      for (const one of all.values()) {
        if (one.steps?.length > 1) one.follow(one === this ? at : isLast ? one.steps.length - 1 : indexAt(one.steps, this.steps[at]));
      }
    }

    follow(at) {
      if (at === this.at) return;
      this.at = at;
      this.tell();
      if (this.isNear) this.draw();
    }

    play() {
      if (this.timer) return this.rest();
      if (this.at === this.names.length - 1) this.go(0);
      this.player.textContent = "❚❚";
      this.player.setAttribute("aria-label", "Pause");
      const every = Math.max(1, Math.round(this.names.length / FRAMES));
      const last = this.names.length - 1;
      this.timer = setInterval(() => (this.at < last ? this.go(Math.min(last, this.at + every)) : this.rest()), FRAME);
    }

    rest() {
      clearInterval(this.timer);
      this.timer = 0;
      this.player.textContent = "▶";
      this.player.setAttribute("aria-label", "Play");
    }

    /** What is there by the step, on axes that stand still. */
    now() {
      if (!this.cuts) return this.frames[this.at];
      const { data, layout } = this.frames[0];
      if (this.at === this.names.length - 1) return { data, layout };
      return { data: data.map((trace) => until(trace, this.steps[this.at])), layout: { ...layout, ...this.axes } };
    }

    async draw() {
      await Promise.all([loaded(), document.fonts.ready]); // it measures its letters
      const { data, layout } = this.now();
      const drawn = { ...layout, template: template(), autosize: true, width: undefined };
      await window.Plotly.react(this.slot, data, drawn, CONFIG);
      if (this.cuts && !this.axes) {
        const names = Object.keys(this.slot._fullLayout).filter((name) => /^[xy]axis\d*$/.test(name));
        this.axes = Object.fromEntries(
          names.map((name) => [name, { ...layout[name], range: [...this.slot._fullLayout[name].range], autorange: false }]),
        );
      }
      this.slot.setAttribute("aria-label", this.words ? `${this.said} At step ${this.names[this.at]}: ${this.words[this.at]}` : this.said);
      this.slot.dataset.drawn = "";
    }
  }

  const stepsOf = (traces) =>
    [...new Set(traces.flatMap(({ x }) => x ?? []).filter((each) => typeof each === "number"))].sort((a, b) => a - b);

  /** Where in the steps a step is, or the last one before it. */
  const indexAt = (steps, step) => Math.max(0, steps.findLastIndex((each) => each <= step));

  /** A trace without its points behind a step. */
  function until(trace, step) {
    const { x } = trace;
    if (!Array.isArray(x)) return trace;
    const isKept = x.map((each) => each == null || each <= step);
    const cut = (each) => (Array.isArray(each) && each.length === x.length ? each.filter((_, i) => isKept[i]) : each);
    return Object.fromEntries(Object.entries(trace).map(([name, each]) => [name, cut(each)]));
  }

  class Drawing {
    constructor(figure, { script, data, asks, needsPlotly, said }) {
      Object.assign(this, { figure, script, data, asks, needsPlotly });
      figure.setAttribute("aria-label", said);
    }

    /** As the page would draw it; what it says to the page, nobody hears. */
    async draw() {
      await document.fonts.ready;
      if (this.needsPlotly) await loaded();
      const module = await window.afn.load("handout", `./${this.script}.js`);
      const unheard = () => {};
      const call = { key: this.script, data: this.data, parentElement: this.figure };
      await module.default({ ...call, setTriggerValue: unheard, setStateValue: unheard });
      for (const one of this.asks ? this.figure.querySelectorAll(this.asks) : []) {
        one.disabled = true;
        one.title = "Works on the page that this was taken from";
      }
      this.figure.dataset.drawn = "";
    }
  }

  const KINDS = { plot: Plot, drawing: Drawing };
  const all = new Map();
  for (const figure of document.querySelectorAll("figure[data-figure]")) {
    const entry = figures[Number(figure.dataset.figure)];
    all.set(figure, new KINDS[entry.kind](figure, entry));
  }
  const draw = (figure) => {
    const one = all.get(figure);
    one.isNear = true;
    return (one.drawn ??= one.draw().catch((error) => figure.append(element("p", { textContent: `It could not be drawn: ${error.message}` }))));
  };
  const near = new IntersectionObserver(
    (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && draw(target)),
    { rootMargin: "600px" },
  );
  for (const figure of all.keys()) near.observe(figure);
  window.addEventListener("beforeprint", () => [...all.keys()].forEach(draw));
  isDark.addEventListener("change", () => {
    for (const one of all.values()) if (one.isNear) one.draw();
  });
  for (const folded of document.querySelectorAll("details[data-reveals]")) {
    folded.addEventListener("toggle", () => {
      for (const one of all.values()) {
        if (!one.data || !("isRevealed" in one.data)) continue;
        one.data.isRevealed = folded.open;
        if (one.isNear) one.draw();
      }
    });
  }
})();
