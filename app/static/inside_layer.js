// A norm layer step by step: all steps as small cards, one of them large, with numbers that travel
// from card to card, and λ to move by hand. The server computes all numbers; here they are drawn, and
// the hand's last wish is sent as soon as the one before is answered.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./inside_layer/${name}.js${VERSION}`);
const [{ FIGURES, probabilities }, { escape, number, paint }, { layMap, mapHtml, isStill, travel }, { besideHtml, cardsHtml, layBeside, numbersHtml }, { Pad }] = await Promise.all(
  ["figures", "plots", "map", "answers", "pad"].map(load),
);
const LAMBDAS = { mu: "μ", sigma: "σ", gamma: "γ", beta: "β" };
const PATIENCE = 4000; // ms after which an answer is taken for lost
const REST = 1400; // ms that a card is read before the next, while it plays
const SETTLED = 500; // ms after which the server is told which card is large
const GAP = 14;
const TALL = 850; // px of a window in which figures are higher
const layers = new WeakMap(); // root element -> Layer

const styled = new Promise((resolve) => {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL(`inside_layer/inside_layer.css${VERSION}`, import.meta.url).href;
  link.onload = link.onerror = resolve;
  document.head.append(link);
});
await styled;

/** Sets what a node holds, unless it holds that already. */
function put(node, html) {
  if (node.held === html) return;
  node.held = html;
  node.innerHTML = html;
}

class Layer {
  constructor(root) {
    this.root = root;
    this.wish = {};
    this.seq = 0;
    this.at = 0;
    root.addEventListener("input", ({ target }) => this.slide(target));
    root.addEventListener("change", ({ target }) => this.slide(target));
    root.addEventListener("click", (event) => this.click(event));
    this.pressed = (event) => this.press(event);
    document.addEventListener("keydown", this.pressed);
    this.tip = Object.assign(document.createElement("div"), { className: "tip", hidden: true });
    for (const name of ["pointerover", "pointerout"]) root.addEventListener(name, (event) => this.point(event));
    this.resized = new ResizeObserver(() => this.width !== root.clientWidth && this.data && this.draw());
    this.resized.observe(root);
    this.watched = new IntersectionObserver((entries) => {
      const { isIntersecting } = entries.at(-1);
      this.isSeen = isIntersecting;
      if (!isIntersecting) this.stop();
    });
    this.watched.observe(root);
  }

  leave() {
    this.stop();
    this.resized.disconnect();
    this.watched.disconnect();
    document.removeEventListener("keydown", this.pressed);
  }

  receive(data, setTriggerValue) {
    this.send = setTriggerValue;
    if (this.waitsFor && data.seq >= this.waitsFor) {
      this.waitsFor = 0;
      clearTimeout(this.timer);
    }
    this.seq = Math.max(this.seq, data.seq);
    const [id, given] = [this.data?.stages[this.at]?.id, this.data?.card];
    this.data = data;
    const wanted = data.card === given || "card" in this.wish || this.waitsFor ? id : data.card;
    this.at = Math.max(0, data.stages.findIndex((stage) => stage.id === (wanted ?? data.card)));
    this.draw();
    this.offer();
  }

  // -- from card to card --------------------------------------------------------------------------

  /** Makes a card the large one; its numbers travel there, unless it is stepped back. */
  async go(at, { travels = true } = {}) {
    const { stages } = this.data;
    if (at < 0 || at >= stages.length) return;
    this.flight?.abort();
    this.flight = new AbortController();
    const { signal } = this.flight;
    this.at = at;
    this.draw();
    this.root.querySelector(".transport output").textContent = `Step ${at + 1} of ${stages.length}: ${stages[at].title}. ${this.root.querySelector(".stage .formula").textContent}`;
    clearTimeout(this.settled);
    if (!this.isPlaying) this.settled = setTimeout(() => this.ask(), SETTLED);
    if (travels && !isStill() && this.isSeen) await travel(this.root, stages[at], signal);
    return signal.aborted;
  }

  async play() {
    if (this.isPlaying) return this.stop();
    this.isPlaying = true;
    const mine = (this.playing = {});
    this.transport();
    if (this.at === this.data.stages.length - 1) await this.go(0);
    while (this.playing === mine) {
      await new Promise((resolve) => setTimeout(resolve, REST));
      if (this.playing !== mine) return;
      if (this.at === this.data.stages.length - 1) return this.stop();
      if (await this.go(this.at + 1)) return;
    }
  }

  stop() {
    this.flight?.abort();
    if (!this.isPlaying) return;
    this.isPlaying = false;
    this.playing = null;
    this.transport();
    this.ask();
  }

  step(by) {
    this.stop();
    this.go(this.at + by, { travels: by > 0 });
  }

  transport() {
    const [back, play, next] = this.root.querySelectorAll(".transport button");
    back.disabled = this.at === 0;
    next.disabled = this.at === this.data.stages.length - 1;
    put(play, this.isPlaying ? "❚❚ Pause" : "▶ Play");
    play.setAttribute("aria-label", this.isPlaying ? "Pause" : "Play");
  }

  press(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || !this.data) return;
    const picks = target.closest?.("[data-pick]");
    if (picks && this.root.contains(picks)) return this.nudge(event);
    const isOurs = target === document.body || this.root.contains(target);
    if (!isOurs || !this.isSeen || target.matches?.("input, select, textarea")) return;
    if (key === " " && target.closest?.("button, summary")) return;
    const does = { ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), " ": () => this.play() }[key];
    if (!does) return;
    event.preventDefault();
    does();
  }

  // -- the hand -----------------------------------------------------------------------------------

  /** Wants something, and the large card to be known; while it plays that changes too often. */
  ask(wish) {
    const { id } = this.data.stages[this.at];
    if (!this.isPlaying && id !== this.data.card) Object.assign(this.wish, { card: id });
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
      this.stop();
      target.closest("label").querySelector("output").textContent = (+target.value).toFixed(3).replace("-", "−");
      this.ask({ [target.dataset.lambda]: +target.value });
    } else if (target.matches("[data-here]")) this.ask({ where: target.checked ? "here" : "everywhere" });
    else if (target.dataset.source) this.ask({ source: target.dataset.source });
    else if (target.matches("[data-damaged]")) this.ask({ damaged: +target.checked });
    else if (target.name === "channel") this.ask({ channel: +target.value });
    else if (target.name === "layer") this.ask({ layer: target.value });
  }

  click(event) {
    const hit = event.target.closest("[data-at], [data-image], [data-do], [data-card], [data-step], [data-why], [data-pick]");
    if (!hit) return;
    const { image, card, step } = hit.dataset;
    if (image) this.ask({ image: +image });
    else if (card) {
      this.stop();
      this.go(+card);
    } else if (step === "play") this.play();
    else if (step) this.step(+step);
    else if (hit.dataset.do) this.ask({ do: hit.dataset.do });
    else if (hit.matches("[data-why]")) {
      this.tells = !this.tells;
      this.draw();
    } else if (hit.matches("[data-pick]")) this.pick(event, hit);
    else if (hit.closest(".stage")) this.ask({ channel: +hit.dataset.at });
  }

  pick({ clientX, clientY }, area) {
    const { width, height } = this.data.seen.maps.x;
    const box = area.querySelector("canvas").getBoundingClientRect();
    const place = (at, side, count) => Math.min(count - 1, Math.max(0, Math.floor((at / side) * count)));
    this.followed(place(clientY - box.top, box.height, height), place(clientX - box.left, box.width, width));
  }

  nudge(event) {
    const [down, right] = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key] ?? [0, 0];
    if (!down && !right) return;
    event.preventDefault();
    const { pixel, maps } = this.data.seen;
    const [row, column] = this.picked ?? [pixel.row, pixel.column];
    this.followed(Math.min(maps.x.height - 1, Math.max(0, row + down)), Math.min(maps.x.width - 1, Math.max(0, column + right)));
  }

  followed(row, column) {
    this.picked = [row, column]; // where the hand is, ahead of what is answered
    this.ask({ pixel: `${row}-${column}` });
  }

  /** Shows the numbers under the pointer. */
  point({ type, target }) {
    const text = type === "pointerover" && target.dataset?.tip;
    this.tip.hidden = !text;
    if (!text) return;
    this.tip.textContent = text;
    const [box, frame] = [target, this.root].map((node) => node.getBoundingClientRect());
    const zoom = frame.width / this.root.offsetWidth; // other than 1 on the stage
    const left = Math.min(Math.max((box.left + box.width / 2 - frame.left) / zoom, 90), this.root.offsetWidth - 90);
    Object.assign(this.tip.style, { left: `${left}px`, top: `${(box.top - frame.top) / zoom}px` });
  }

  // -- drawing ------------------------------------------------------------------------------------

  draw() {
    const { data, root } = this;
    this.width = root.clientWidth;
    if (!this.width) return;
    root.style.minHeight = 0; // the room that was kept for it
    root.classList.toggle("draws", data.source === "a drawing");
    const shape = JSON.stringify([data.subject, Object.keys(data.seen.layers), data.stages.map(({ id }) => id), data.seen.is_gated, data.sources]);
    if (this.shape !== shape) {
      this.shape = shape;
      this.build();
    }
    if (!("pixel" in this.wish) && !this.waitsFor) this.picked = null;
    this.controls();
    layMap(root.querySelector(".map"), data, this.at, put);
    this.stage();
    layBeside(root.querySelector(".comes"), data, put);
    if (data.source === "a drawing") this.pad.show(data.drawn);
    this.answers();
    this.transport();
    paint(root);
    root.dataset.drawn = data.seq; // what the benchmark and the tests wait for
  }

  build() {
    const { stages, seen, layers: names, has_lambdas: hasLambdas } = this.data;
    const slider = (name) => {
      const low = seen.is_gated[name] ? 0 : -1;
      return `<label class="lambda"><span>λ<sub>${LAMBDAS[name]}</sub></span>
        <span class="track"><input type="range" min="${low}" max="1" step="0.001" data-lambda="${name}" aria-label="λ(${LAMBDAS[name]})"><i></i></span>
        <output></output></label>`;
    };
    const lambdas = hasLambdas
      ? `<div class="lambdas">${Object.keys(LAMBDAS).map(slider).join("")}
        <button type="button" data-do="off">λ = 0</button><button type="button" data-do="trained">As trained</button>
        <label><input type="checkbox" data-here> this layer only</label></div>`
      : "";
    const options = Object.entries(names).map(([name, title]) => `<option value="${escape(name)}">${escape(title)}</option>`);
    this.root.innerHTML = `<div class="place">
        <label class="layer">Layer <select name="layer">${options.join("")}</select></label>
        <label class="channel"><span></span><input type="range" name="channel" min="0" step="1"></label>
        <p class="scale" title="One scale for all pictures, whatever λ is"></p>
      </div>
      <div class="map" role="group" aria-label="Steps of the layer">${mapHtml(stages)}</div>
      ${lambdas}
      <div class="board"><div class="left"><section class="stage">
        <header><h3></h3><div class="transport"><button type="button" data-step="-1" aria-keyshortcuts="ArrowLeft">‹ Back</button>
          <button type="button" data-step="play" aria-keyshortcuts="Space"></button><button type="button" data-step="1" aria-keyshortcuts="ArrowRight">Step ›</button>
          <button type="button" data-why >Why?</button><output class="unseen" aria-live="polite"></output></div></header>
        <p class="formula"></p><p class="reading"></p><div class="figure" role="img"></div></section>
        <section class="answers"><h3>Other images of the batch</h3><div class="cards"></div><div class="chances"></div></section></div>
        <div class="comes">${besideHtml(this.data)}</div></div><div class="afn-stage-numbers"></div>`;
    this.pad = new Pad(this.root.querySelector(".pad"), (drawn) => this.ask({ drawn }));
    this.root.append(this.tip);
  }

  stage() {
    const { stages, seen } = this.data;
    const { id, title, formula, reading } = stages[this.at];
    const section = this.root.querySelector(".stage");
    section.dataset.stage = id;
    put(section.querySelector("h3"), `<b>${this.at + 1}</b>${escape(title)}`);
    put(section.querySelector(".formula"), formula);
    const told = section.querySelector(".reading");
    told.hidden = !this.tells;
    put(told, escape(reading));
    section.querySelector("[data-why]").setAttribute("aria-expanded", Boolean(this.tells));
    const figure = section.querySelector(".figure");
    const whole = Math.max(180, figure.clientWidth);
    const isStaged = this.root.closest("[data-staged]") !== null;
    const isTall = innerHeight >= TALL && innerWidth > 900 && !isStaged;
    const width = { whole, half: whole > 430 ? Math.floor((whole - GAP) / 2) - 1 : whole, isTall, isStaged };
    figure.setAttribute("aria-label", `${title}. ${reading}`);
    figure.setAttribute("role", figure.querySelector("[data-pick]") ? "group" : "img");
    const focused = document.activeElement?.matches?.("[data-pick]") && figure.contains(document.activeElement);
    put(figure, FIGURES[id](this.data, width));
    if (figure.querySelector("[data-pick]")) figure.setAttribute("role", "group");
    if (focused) figure.querySelector("[data-pick]")?.focus({ preventScroll: true });
    const [low, high] = seen.scale;
    put(this.root.querySelector(".scale"), `<i class="below"></i><span>below ${number(low)}</span><i class="ramp"></i><span>${number(high)}, above</span><i class="above"></i>`);
  }

  controls() {
    const { root, data } = this;
    const { seen } = data;
    for (const input of root.querySelectorAll("[data-lambda]")) {
      const name = input.dataset.lambda;
      const trained = seen.trained[name];
      const [low, high] = [+input.min, +input.max];
      input.parentElement.querySelector("i").style.left = `calc(8px + (100% - 16px) * ${(trained - low) / (high - low)})`;
      input.parentElement.title = `trained: ${number(trained)}`;
      if (name in this.wish) continue; // the hand is ahead
      if (document.activeElement !== input || !this.waitsFor) input.value = seen.lambdas[name];
      input.closest("label").querySelector("output").textContent = seen.lambdas[name].toFixed(3).replace("-", "−");
    }
    if (data.has_lambdas && !("where" in this.wish)) root.querySelector("[data-here]").checked = data.where === "here";
    if (!("layer" in this.wish)) root.querySelector("[name=layer]").value = seen.layer;
    const channel = root.querySelector("[name=channel]");
    channel.max = seen.channels.mu.length - 1;
    if (!("channel" in this.wish)) channel.value = seen.channel;
    channel.setAttribute("aria-valuetext", `${seen.channel + 1}`);
    channel.parentElement.querySelector("span").textContent = `Channel ${seen.channel + 1}`;
  }

  answers() {
    const { root, data } = this;
    const focused = document.activeElement?.closest?.(".afn-inside .card")?.dataset.image;
    put(root.querySelector(".cards"), cardsHtml(data));
    if (focused) root.querySelector(`.card[data-image="${focused}"]`)?.focus();
    put(root.querySelector(".afn-stage-numbers"), numbersHtml(data));
    const slot = root.querySelector(".chances");
    put(slot, probabilities(data, Math.min(slot.clientWidth || 400, 900)));
  }
}

export default function insideLayer({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".afn-inside");
  if (!layers.has(root)) layers.set(root, new Layer(root));
  layers.get(root).receive(data, setTriggerValue);
  return () => root.isConnected || layers.get(root).leave();
}
