// The stage: one figure or slide on the whole screen, with up to three numbers beside it.
//   f: enter, leave   →, page down: next   ←, page up: previous   space: play   r: reveal   Esc: leave
// What stands on it stays where it is in the page: it is put over everything by style alone, and
// all else is hidden, so that it goes on living. The address says which one: ?stage=2.

const SLIDE = "[class*=st-key-stage-]";
const FIGURES = [
  SLIDE,
  ".live-chart[data-kind]:not([data-kind=cards], [data-kind=scrubber])",
  ".afn-inside",
  ".afn-lambda-map",
  ".afn-block",
  ".afn-hand",
  "[data-testid=stPlotlyChart]",
].join();
const NUMBERS = "[data-stage-number]";
const OWN_NUMBERS = ".network-name b, .afn-lambda-map output b, .afn-block .told, .afn-ways"; // large in the figure itself
const WITHOUT_NUMBERS = "[class*=st-key-no-numbers-]"; // the page's are of something else
const SIZE = 1.75; // what is 14 px on a page is 24.5 px here
const TEXT = 1.5; // where there is nothing but words
const [WIDTH, HEIGHT] = [1280, 720]; // the least screen; on a larger one all is larger
const MOST_NUMBERS = 3;
const MOST_LETTERS = 60; // of a title: what is longer is a reading
const TICK = 400; // ms between looks at a page that changes by itself
const PATIENCE = 45000; // ms for a page to bring what its address says is on stage

const VERSION = new URL(import.meta.url).search;
const asset = (name) => new URL(name + VERSION, import.meta.url).href;
const fetched = (tag, properties) =>
  new Promise((resolve) => {
    document.head.append(Object.assign(document.createElement(tag), { ...properties, onload: resolve, onerror: resolve }));
  });
const styled = fetched("link", { rel: "stylesheet", href: asset("stage/stage.css") });
const plotting = import(`./stage/plot.js${VERSION}`);
let plotly = null; // as it loads: large, once it is needed

function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

let stage = null; // while something is on it
let parameter = "stage";
let enter = null; // the button
let isArrived = false; // the address was heeded, once a document

/** Text as nodes, the letters of λ below the line. */
const worded = (text) =>
  text.split(/λ_([μσγβ])/).flatMap((part, index) => (index % 2 ? ["λ", element("sub", { textContent: part })] : [part]));

const isWords = (node) => node.matches(SLIDE) && !node.querySelector(`${FIGURES}, table`);
const isAnswer = (node) => node.matches("[class*=st-key-stage-answer]");

/** What can stand on the stage, in the order of the page, answers last: a slide is one thing with all in it. */
function figures() {
  const main = document.querySelector("[data-testid=stMain]") ?? document.body;
  const found = [...main.querySelectorAll(FIGURES)].filter((node) => {
    const isInside = node.parentElement.closest(SLIDE);
    return !isInside && node.getClientRects().length > 0 && node.offsetHeight > 20;
  });
  return [...found.filter((node) => !isAnswer(node)), ...found.filter(isAnswer)];
}

/** The nearest heading before it, or what it is called. */
function titleOf(node) {
  const own = node.matches(SLIDE) && node.querySelector("h1, h2, h3");
  if (own) return ""; // it stands in the slide itself
  const before = [...document.querySelectorAll("[data-testid=stMain] :is(h1, h2, h3)")].filter(
    (each) => each.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING,
  );
  const named = node.getAttribute("aria-label")?.split(". ")[0] ?? "";
  return (named.length <= MOST_LETTERS && named) || before.at(-1)?.textContent || document.title;
}

/** Who is who, where a figure does not say so itself: the last legend between its heading and it. */
function legendOf(node) {
  const legends = [...document.querySelectorAll("[data-testid=stMain] :is(.afn-key, .afn-depth)")];
  return legends.filter((each) => each.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
}

class Stage {
  constructor(number) {
    this.title = element("h2", {});
    this.place = element("span", { className: "stage-place" });
    this.numbers = element("div", { className: "stage-numbers" });
    this.plot = element("div", { className: "stage-plot", hidden: true });
    this.legend = element("div", { className: "stage-legend" });
    const button = (text, key, act) => {
      const node = element("button", { type: "button", onclick: act }, text, element("kbd", {}, key));
      return node;
    };
    this.next = button("next", "→", () => this.go(1));
    this.previous = button("previous", "←", () => this.go(-1));
    this.play = button("play", "space", play);
    this.cover = button("reveal", "r", () => this.reveal());
    this.leave = button("leave", "f", leave);
    this.node = element(
      "section", { className: "afn-stage" },
      element("header", {}, this.title, this.place, this.legend),
      this.numbers,
      this.plot,
      element("footer", {}, this.previous, this.next, this.play, this.cover, this.leave),
    );
    this.node.setAttribute("aria-label", "Stage");
    this.number = number;
    this.asked = number; // until the presenter goes on
    this.since = performance.now();
    document.body.append(this.node);
    document.body.dataset.stage = "";
    this.fit = () => this.put();
    addEventListener("resize", this.fit);
    this.timer = setInterval(() => this.look(), TICK);
    this.look();
  }

  /** As the page's theme is at this moment. */
  paint() {
    const { backgroundColor, color, fontFamily, colorScheme } = getComputedStyle(document.querySelector(".stApp") ?? document.body);
    Object.assign(this.node.style, { backgroundColor, color, fontFamily, colorScheme });
  }

  /** To the next figure; one that has steps of its own goes through them first. */
  go(by) {
    const step = this.figure?.querySelector(`button[data-step="${by}"]:enabled`);
    if (step) return step.click();
    const count = figures().length;
    if (count) this.show(Math.min(Math.max(this.number + by, 1), count));
  }

  show(number) {
    this.clear();
    this.number = number;
    this.asked = 0;
    this.look();
  }

  /** Keeps up with the page: it may draw its elements anew, or bring them late. */
  look() {
    if (!location.pathname.endsWith(this.path ?? location.pathname)) return leave();
    this.path = location.pathname;
    this.paint();
    const found = figures();
    const isLate = performance.now() - this.since > PATIENCE;
    if (this.figure?.isConnected && found.length !== this.count) {
      const asked = isLate ? null : found[this.asked - 1];
      if (!asked || asked === this.figure) this.tellPlace(found);
      else [this.figure, this.number] = [null, this.asked]; // what comes before it came later
    }
    if (!this.figure?.isConnected) {
      this.clear();
      const figure = found[this.number - 1] ?? (isLate ? found.at(-1) : null);
      if (!figure && isLate) return leave();
      if (figure) this.take(figure, found);
    }
    if (this.figure) this.entitle(); // it may be of something else by now
    this.tell();
    if (this.graph) this.put(); // its data may be others
    keepAddress(this.number);
  }

  take(figure, found) {
    this.figure = figure;
    this.graph = figure.querySelector(":scope.stPlotlyChart .js-plotly-plot");
    this.holder = this.graph ? null : (figure.closest("[data-testid=stElementContainer]") ?? figure);
    this.entitle();
    this.legend.replaceChildren(...(this.graph ? [legendOf(figure)?.cloneNode(true) ?? ""] : []));
    this.tellPlace(found);
    document.body.toggleAttribute("data-covered", isAnswer(figure));
    this.cover.hidden = !isAnswer(figure) && !figure.querySelector(".wall");
    this.tell();
    this.put();
    this.holder?.setAttribute("data-staged", isWords(figure) ? "text" : "");
    if (this.holder) this.holder.scrollTop = 0;
  }

  entitle() {
    const title = titleOf(this.figure);
    if (this.entitled === title) return;
    this.entitled = title;
    this.title.replaceChildren(...worded(title));
  }

  /** Which of how many it is; a page that is still being drawn has more in a moment. */
  tellPlace(found) {
    this.count = found.length;
    this.number = found.indexOf(this.figure) + 1 || this.number;
    this.place.textContent = `${this.number} / ${found.length}`;
    const hasSteps = this.figure.querySelector("button[data-step]") !== null;
    this.previous.disabled = this.number === 1 && !hasSteps;
    this.next.disabled = this.number === found.length && !hasSteps;
  }

  clear() {
    this.holder?.removeAttribute("data-staged");
    this.plot.hidden = true;
    this.figure = this.holder = this.graph = this.drawn = null;
  }

  /** A plain figure of Plotly is drawn once more: enlarged by style its letters would leave it. */
  async copy(box, scale) {
    const { graph } = this;
    if (!window.Plotly) await (plotly ??= fetched("script", { src: asset("plotly.min.js") }));
    const { draw } = await plotting;
    const drawn = JSON.stringify(box);
    if (graph !== this.graph || (this.drawn === drawn && this.data === graph.data)) return;
    Object.assign(this, { drawn, data: graph.data });
    this.plot.hidden = false;
    Object.assign(this.plot.style, { left: `${box[0]}px`, top: `${box[1]}px` });
    draw(this.plot, graph, box.slice(2), scale);
  }

  reveal() {
    if (!this.cover.hidden) document.body.toggleAttribute("data-covered");
    this.tell();
  }

  /** Numbers and buttons as they stand. */
  tell() {
    const own = this.figure?.querySelectorAll(NUMBERS) ?? []; // of what is seen on it, before the page's
    const all = [...(own.length ? own : document.querySelectorAll(NUMBERS))];
    const numbers = all.length === MOST_NUMBERS + 1 ? all : all.slice(0, MOST_NUMBERS); // one alone is not left out
    const shown = numbers.map((node) => ({
      label: node.dataset.stageNumber,
      value: node.onStage?.value ?? node.firstChild?.textContent.trim() ?? "",
      about: node.onStage?.about ?? node.dataset.stageAbout ?? node.querySelector("small")?.textContent ?? "",
      color: getComputedStyle(node).getPropertyValue("--hue"),
      image: node.matches(".afn-shown") ? node.style.cssText : "",
    }));
    this.numbers.classList.toggle("is-own", own.length > 0);
    const isBeside = shown.length > 0 && !this.figure?.querySelector(OWN_NUMBERS) && !this.figure?.closest(WITHOUT_NUMBERS);
    if (this.node.classList.toggle("has-numbers", isBeside) !== this.isBeside) this.told = "";
    this.isBeside = isBeside;
    const told = JSON.stringify(shown);
    if (this.told !== told) {
      this.told = told;
      this.numbers.replaceChildren(
        ...shown.map(({ label, value, about, color, image }) => {
          const words = element("small", { className: image && "afn-shown" }, ...worded(about));
          words.style.cssText = image;
          const node = element("div", {}, element("span", {}, ...worded(label)), element("b", {}, value), words);
          node.style.setProperty("--hue", color || "currentColor");
          return node;
        }),
      );
      this.put();
    }
    const found = player();
    this.play.hidden = !found;
    if (found) this.play.firstChild.textContent = found.matches("[aria-label^=Pause]") ? "pause" : "play";
    this.cover.firstChild.textContent = document.body.hasAttribute("data-covered") ? "reveal" : "hide";
  }

  /** Where the figure stands, in its own enlarged pixels. */
  put() {
    if (!this.figure) return;
    const isText = isWords(this.figure);
    const scale = SIZE * (isText ? TEXT : 1) * Math.max(1, Math.min(innerWidth / WIDTH, innerHeight / HEIGHT));
    const free = {
      left: 32,
      top: this.node.querySelector("header").offsetHeight,
      right: this.node.classList.contains("has-numbers") && innerWidth > 900 ? this.numbers.offsetWidth + 56 : 32,
      bottom: this.node.querySelector("footer").offsetHeight,
    };
    if (innerWidth <= 900) free.top += this.numbers.offsetHeight;
    const [across, down] = [innerWidth - free.left - free.right, innerHeight - free.top - free.bottom];
    if (this.graph) this.copy([free.left, free.top, across, down], scale);
    const { style } = document.body;
    style.setProperty("--stage-zoom", scale);
    style.setProperty("--stage-left", `${free.left / scale}px`);
    style.setProperty("--stage-top", `${free.top / scale}px`);
    style.setProperty("--stage-width", `${across / scale}px`);
    const height = down / scale;
    style.setProperty("--stage-height", `${height}px`);
    const legend = this.figure.querySelector(".live-chart-legend")?.offsetHeight ?? 0;
    style.setProperty("--stage-room", `${height - legend - 28}px`);
  }

  close() {
    clearInterval(this.timer);
    removeEventListener("resize", this.fit);
    this.clear();
    this.node.remove();
    delete document.body.dataset.stage;
    document.body.removeAttribute("data-covered");
    document.body.style.removeProperty("--stage-room");
    keepAddress(null);
  }
}

/** The button of what plays: the figure's own, or the scrubber's, which all drawings follow. */
const PLAYERS = "button:not([hidden]):is([aria-label^=Replay], [aria-label^=Play], [aria-label^=Pause])";
const player = () => stage?.figure?.querySelector(PLAYERS) ?? document.querySelector(`.live-chart ${PLAYERS}`);
const play = () => player()?.click();

function leave() {
  stage?.close();
  stage = null;
  enter?.focus();
}

function begin(number) {
  if (stage || !(figures().length || isArrived === "now")) return;
  stage = new Stage(number);
  stage.next.focus({ preventScroll: true });
}

/** A page may write its address at any time, and knows nothing of the stage. */
function keepAddress(number) {
  const url = new URL(location.href);
  if (url.searchParams.get(parameter) === (number == null ? null : `${number}`)) return;
  if (number == null) url.searchParams.delete(parameter);
  else url.searchParams.set(parameter, number);
  history.replaceState(history.state, "", url);
}

const KEYS = {
  ArrowRight: () => stage.go(1),
  PageDown: () => stage.go(1),
  ArrowLeft: () => stage.go(-1),
  PageUp: () => stage.go(-1),
  " ": play,
  r: () => stage.reveal(),
  f: leave,
  Escape: leave,
};

function press(event) {
  const { key, target, ctrlKey, metaKey, altKey } = event;
  if (ctrlKey || metaKey || altKey || target.closest?.("input:not([type=range]), textarea, select, [contenteditable=true]")) return;
  if (!stage) {
    if (key !== "f" || target.closest?.("[role=slider], [role=combobox], [role=listbox]")) return;
    begin(1);
    if (!stage) return;
  } else {
    const isOwn = target.closest?.("button, [role=button]") && key === " ";
    const isDragged = target.closest?.("[role=slider], input[type=range]") && key.startsWith("Arrow");
    if (!KEYS[key] || isOwn || isDragged) return;
    KEYS[key]();
  }
  event.preventDefault();
  event.stopImmediatePropagation(); // Streamlit's own keys are others
}
addEventListener("keydown", press, true);

/** The button is there where something can stand on the stage. */
function offer() {
  if (enter?.isConnected) enter.hidden = figures().length === 0;
}
setInterval(offer, 1000);

export default async function (call) {
  await styled;
  const { data, parentElement } = call;
  parameter = data.parameter;
  enter = parentElement.querySelector(".stage-enter");
  enter.title = "One figure on the whole screen, for a class or a talk (key f)";
  enter.onclick = () => begin(1);
  offer();
  if (isArrived) return;
  isArrived = "now";
  const number = Number.parseInt(data.asked || new URL(location.href).searchParams.get(parameter), 10);
  if (number >= 1) begin(number);
  isArrived = true;
}
