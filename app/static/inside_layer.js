// A norm layer as the diagram of its computation, with λ to move by hand. The server computes all
// numbers; here they are drawn, and the hand's last wish is sent as soon as the one before is answered.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./inside_layer/${name}.js${VERSION}`);
const [{ FIGURES, probabilities }, { paint }] = await Promise.all(["figures", "plots"].map(load));
const LAMBDAS = { mu: "μ", sigma: "σ", gamma: "γ", beta: "β" };
const PATIENCE = 4000; // ms after which an answer is taken for lost
const GAP = 14;
const layers = new WeakMap(); // root element -> Layer

const styled = new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`inside_layer/inside_layer.css${VERSION}`, import.meta.url).href;
  link.onload = link.onerror = resolve;
  document.head.append(link);
});
await styled;

const escape = (text) => String(text).replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
/** Sets what a node holds, unless it holds that already. */
function put(node, html) {
  if (node.held === html) return;
  node.held = html;
  node.innerHTML = html;
}
const percent = ({ correct, n }) => `${((100 * correct) / n).toFixed(1)} %`;

class Layer {
  constructor(root) {
    this.root = root;
    this.wish = {};
    this.seq = 0;
    root.addEventListener("input", ({ target }) => this.slide(target));
    root.addEventListener("change", ({ target }) => this.slide(target));
    root.addEventListener("click", ({ target }) => this.click(target));
    this.tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
    for (const name of ["pointerover", "pointerout"]) root.addEventListener(name, (event) => this.point(event));
    this.resized = new ResizeObserver(() => this.width !== root.clientWidth && this.data && this.draw());
    this.resized.observe(root);
  }

  receive(data, setTriggerValue) {
    this.send = setTriggerValue;
    if (this.waitsFor && data.seq >= this.waitsFor) {
      this.waitsFor = 0;
      clearTimeout(this.timer);
    }
    this.seq = Math.max(this.seq, data.seq);
    this.data = data;
    this.draw();
    this.offer();
  }

  // -- the hand -----------------------------------------------------------------------------------

  ask(wish) {
    Object.assign(this.wish, wish);
    this.offer();
  }

  offer() {
    if (this.waitsFor || !Object.keys(this.wish).length || !this.send) return;
    this.waitsFor = ++this.seq;
    this.send("change", { ...this.wish, seq: this.waitsFor });
    this.wish = {};
    this.timer = setTimeout(() => {
      this.waitsFor = 0;
      this.offer();
    }, PATIENCE);
  }

  slide(target) {
    if (target.dataset.lambda) {
      const value = +target.value;
      target.closest("label").querySelector("output").textContent = value.toFixed(3);
      this.ask({ [target.dataset.lambda]: value });
    } else if (target.dataset.where) this.ask({ where: target.dataset.where });
    else if (target.name === "channel") this.ask({ channel: +target.value });
    else if (target.name === "layer") this.ask({ layer: target.value });
  }

  click(target) {
    const hit = target.closest("[data-at], [data-image], [data-do]");
    if (!hit) return;
    if (hit.dataset.image) this.ask({ image: +hit.dataset.image });
    else if (hit.dataset.do) this.ask({ do: hit.dataset.do });
    else if (hit.closest(".stages")) this.ask({ channel: +hit.dataset.at });
  }

  /** Shows the numbers under the pointer. */
  point({ type, target }) {
    const text = type === "pointerover" && target.dataset?.tip;
    this.tip.hidden = !text;
    if (!text) return;
    this.tip.textContent = text;
    const [box, frame] = [target, this.root].map((node) => node.getBoundingClientRect());
    const left = Math.min(Math.max(box.left + box.width / 2 - frame.left, 90), frame.width - 90);
    Object.assign(this.tip.style, { left: `${left}px`, top: `${box.top - frame.top}px` });
  }

  // -- drawing ------------------------------------------------------------------------------------

  draw() {
    const { data, root } = this;
    this.width = root.clientWidth;
    if (!this.width) return;
    root.style.minHeight = 0; // the room that was kept for it
    const shape = JSON.stringify([data.subject, Object.keys(data.seen.layers), data.stages.map(({ id }) => id), data.seen.is_gated]);
    if (this.shape !== shape) {
      this.shape = shape;
      this.build();
    }
    this.controls();
    const card = root.querySelector(".stage .figure");
    const whole = Math.max(180, (card ?? root).clientWidth);
    const width = { whole, half: whole > 430 ? (whole - GAP) / 2 : whole };
    for (const { id, formula, reading } of data.stages) {
      const section = root.querySelector(`[data-stage="${id}"]`);
      const figure = section.querySelector(".figure");
      put(section.querySelector(".formula"), formula);
      put(section.querySelector(".reading"), escape(reading));
      figure.setAttribute("aria-label", `${section.dataset.title}. ${reading}`);
      put(figure, FIGURES[id](data, width));
    }
    this.answers();
    paint(root);
    root.dataset.drawn = data.seq; // what the benchmark and the tests wait for
  }

  build() {
    const { stages, seen, has_lambdas: hasLambdas } = this.data;
    const slider = (name) => {
      const low = seen.is_gated[name] ? 0 : -1;
      return `<label class="lambda"><span>λ<sub>${LAMBDAS[name]}</sub></span>
        <span class="track"><input type="range" min="${low}" max="1" step="0.001" data-lambda="${name}"><i></i></span>
        <output></output></label>`;
    };
    const controls = hasLambdas
      ? `<div class="sliders">${Object.keys(LAMBDAS).map(slider).join("")}</div>
        <div class="switches">
          <button type="button" data-do="off">Networks off (λ = 0)</button>
          <button type="button" data-do="trained">Snap to trained</button>
          <fieldset><legend>λ move in</legend>
            <label><input type="radio" name="where-${this.data.key}" data-where="everywhere"> every layer</label>
            <label><input type="radio" name="where-${this.data.key}" data-where="here"> this layer</label>
          </fieldset>
        </div>`
      : "";
    const stage = ({ id, title }, at) => `<section class="stage" data-stage="${id}" data-title="${escape(title)}">
      <h3><b>${at + 1}</b>${escape(title)}</h3><p class="formula"></p>
      <div class="figure" role="img"></div><p class="reading"></p></section>`;
    this.root.innerHTML = `<div class="bar">${controls}<div class="scores" role="status"></div></div>
      <div class="place">
        <label>Layer <select name="layer">${Object.keys(seen.layers).map((name, at) => `<option value="${escape(name)}">${at + 1}: ${escape(name.replace("backbone.", ""))}</option>`).join("")}</select></label>
        <label class="channel"><span></span><input type="range" name="channel" min="0" step="1"></label>
      </div>
      <div class="stages">${stages.map(stage).join("")}</div>
      <section class="answers"><h3>What comes of it</h3><div class="cards"></div><div class="classes"></div></section>`;
    this.root.append(this.tip);
  }

  controls() {
    const { root, data } = this;
    const { seen } = data;
    for (const input of root.querySelectorAll("[data-lambda]")) {
      const name = input.dataset.lambda;
      const trained = seen.trained[name];
      const [low, high] = [+input.min, +input.max];
      input.parentElement.querySelector("i").style.left = `calc(8px + (100% - 16px) * ${(trained - low) / (high - low)})`;
      input.parentElement.title = `trained: ${trained.toPrecision(3)}`;
      if (name in this.wish) continue; // the hand is ahead
      if (document.activeElement !== input || !this.waitsFor) input.value = seen.lambdas[name];
      input.closest("label").querySelector("output").textContent = seen.lambdas[name].toFixed(3);
    }
    for (const input of root.querySelectorAll("[data-where]")) input.checked = input.dataset.where === data.where;
    if (!("layer" in this.wish)) root.querySelector("[name=layer]").value = seen.layer;
    const channel = root.querySelector("[name=channel]");
    channel.max = seen.channels.mu.length - 1;
    if (!("channel" in this.wish)) channel.value = seen.channel;
    channel.parentElement.querySelector("span").textContent = `Channel ${seen.channel}`;
    const rows = [
      { label: `${data.label}, now`, color: data.colors.own, score: seen.now.score },
      { label: `${data.label}, ${data.before}`, color: data.colors.own, score: seen.as_trained, quiet: true },
      ...seen.others.map(({ score }, at) => ({ ...data.contenders[at + 1], score, quiet: true })),
    ];
    if (!data.has_lambdas && data.is_as_trained) rows.splice(1, 1);
    const meters = rows.map(
      ({ label, color, score, quiet }) => `<div class="score ${quiet ? "quiet" : ""}"><span>${escape(label)}</span>
        <span class="meter"><i style="width:${(100 * score.correct) / score.n}%;background:${color}"></i></span>
        <b>${percent(score)}</b></div>`,
    );
    const words = [data.score, data.limit].filter(Boolean).join(" ");
    put(root.querySelector(".scores"), `${meters.join("")}<p>${escape(words)}</p>`);
  }

  answers() {
    const { root, data } = this;
    const { seen, contenders, followed } = data;
    const each = [seen.now, ...seen.others];
    const cards = seen.pictures.map((picture, at) => {
      const label = seen.labels[at];
      const truth = label < 0 ? "your picture" : seen.class_names[label];
      const lines = each.map(({ answers, confidences }, who) => {
        const mark = label < 0 ? "" : answers[at] === label ? "✓" : "✗";
        return `<span class="answer ${mark === "✗" ? "wrong" : ""}"><i style="background:${contenders[who].color}"></i>
          <span>${escape(contenders[who].label)}</span><b>${escape(seen.class_names[answers[at]])}</b>
          <em>${Math.round(100 * confidences[at])} %</em><span>${mark}</span></span>`;
      });
      return `<button type="button" class="card" data-image="${at}" aria-pressed="${at === followed}">
        <img src="${picture}" alt=""><strong>${escape(truth)}</strong>${lines.join("")}</button>`;
    });
    const focused = document.activeElement?.closest?.(".afn-inside .card")?.dataset.image;
    put(root.querySelector(".cards"), cards.join(""));
    if (focused) root.querySelector(`.card[data-image="${focused}"]`)?.focus();
    const slot = root.querySelector(".classes");
    put(slot, probabilities(data, Math.min(slot.clientWidth || 400, 900)));
  }
}

export default function insideLayer({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".afn-inside");
  if (!layers.has(root)) layers.set(root, new Layer(root));
  layers.get(root).receive(data, setTriggerValue);
  return () => root.isConnected || layers.get(root).resized.disconnect();
}
