// Test images, and under each what every contender reads in it: the answers turn as they learn.
//   spec: { images: [[label, is damaged, tile of the sheet]], damage, noun, classes: [name], note,
//           sheet, columns, rows, tile: [width, height], runs: [{ label, color }] }
//   chunk: { answers: [[run, [step], levels]], over }; `levels` as Python's `packed` writes them:
//   255 · probability, steps × images × classes
// The order stays while they learn: hard images come first once all is over, or when asked for.

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${VERSION}`);
const [{ cut, element, setText, showImage }, { indexAt }, { detail }] = await Promise.all(["look", "moment", "wall_detail"].map(load));

export const start = (spec) => ({ runs: spec.runs.map(() => ({ steps: [], levels: [] })), isOver: false });

export function apply(data, chunk, spec) {
  const each = spec.images.length * spec.classes?.length;
  for (const [run, steps, text] of chunk.answers ?? []) {
    const levels = unpacked(text, steps.length * each);
    steps.forEach((step, at) => {
      if (step <= data.runs[run].steps.at(-1)) return; // a history overlaps what was fed
      data.runs[run].steps.push(step);
      data.runs[run].levels.push(levels.subarray(at * each, (at + 1) * each));
    });
  }
  data.isOver ||= chunk.over ?? false;
}

function unpacked(text, count) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const levels = new Uint8Array(count);
  let next = Math.ceil(count / 8);
  for (let at = 0; at < count; at++) if (bytes[at >> 3] & (128 >> (at & 7))) levels[at] = bytes[next++];
  return levels;
}

/** What a contender reads in an image: the class, how sure it is, and whether that is right. */
export function answer(levels, image, { images, classes }) {
  let best = 0;
  const first = image * classes.length;
  for (let at = 1; at < classes.length; at++) if (levels[first + at] > levels[first + best]) best = at;
  return { best, sure: levels[first + best] / 255, isRight: best === images[image][0] };
}

/** The step at which contenders are compared: the one shown, but none that some have not reached. */
const common = (runs, step) =>
  Math.min(step ?? Infinity, ...runs.map(({ steps }) => steps.at(-1) ?? Infinity));

/** Places of all images: where contenders part, then where all err, and the least sure first. */
function hardFirst(runs, spec) {
  const hardness = spec.images.map(([label], image) => {
    const right = runs.filter((levels) => answer(levels, image, spec).isRight).length;
    const sure = runs.reduce((sum, levels) => sum + levels[image * spec.classes.length + label], 0);
    const group = right === runs.length ? 2 : right ? 0 : 1;
    return group * 1e6 + sure / runs.length;
  });
  return spec.images.map((_, image) => image).sort((a, b) => hardness[a] - hardness[b] || a - b);
}

/** Names as short as tells them apart; the whole name is told beside. */
function shortNames(classes) {
  const longest = Math.max(...classes.map(({ length }) => length));
  let size = Math.min(3, longest);
  const cut = () => classes.map((name) => [...name].slice(0, size).join(""));
  while (size < longest && size < 6 && new Set(cut()).size < classes.length) size++;
  return cut();
}

const walls = new WeakMap(); // slot -> Wall

export function render(slot, data, { spec, view, width, step, chart }) {
  slot.style.minHeight = chart.isNear === false && !slot.firstChild ? "20rem" : ""; // its room, about
  if (chart.isNear === false) return; // drawn when it comes into view
  let wall = walls.get(slot);
  if (wall?.spec !== spec) {
    wall?.close();
    walls.set(slot, (wall = new Wall(slot, spec, view, chart)));
  }
  wall.update(data, width, step);
}

class Wall {
  constructor(slot, spec, view, chart) {
    Object.assign(this, { spec, view, chart, answer });
    if (view.sheet !== spec.sheet) Object.assign(view, { sheet: spec.sheet, order: null, isOrdered: false });
    const note = element("p", { className: "wall-note", textContent: spec.note });
    if (!spec.images.length) {
      slot.replaceChildren(note);
      return;
    }
    this.names = shortNames(spec.classes);
    this.scores = spec.runs.map((run) => this.score(run));
    this.at = element("span", { className: "wall-at" });
    this.sort = element("button", { type: "button", className: "wall-sort", textContent: "Hard ones first" });
    this.sort.onclick = () => this.order();
    this.tiles = spec.images.map((_, image) => this.tile(image));
    this.groups = [true, false]
      .filter((isDamaged) => spec.images.some(([, damaged]) => damaged === isDamaged))
      .map((isDamaged) => this.group(isDamaged));
    this.detail = detail(this);
    this.root = element(
      "div",
      { className: "wall" },
      element("div", { className: "wall-scores" }, ...this.scores.map(({ node }) => node)),
      element("div", { className: "wall-bar" }, this.at, key(), this.sort),
      ...this.groups.map(({ node }) => node),
      this.detail.node,
    );
    const longest = Math.max(...this.names.map(({ length }) => length));
    this.chipsPerRow = longest > 1 && spec.runs.length > 2 ? 2 : spec.runs.length;
    this.chipSize = 0.6 * longest + 0.45; // em
    this.root.style.setProperty("--chips", this.chipsPerRow);
    slot.replaceChildren(this.root, ...(spec.note ? [note] : []));
    this.place();
  }

  score({ label, color }) {
    const [main, clean] = [element("b"), element("span")];
    const node = element("div", { className: "wall-score" }, element("span", { textContent: label }), main, clean);
    node.style.setProperty("--hue", color);
    main.dataset.stageNumber = label;
    const [, , first] = this.spec.images.find(([, damaged]) => damaged) ?? this.spec.images[0];
    showImage(main, this.spec, first);
    return { node, main, clean };
  }

  group(isDamaged) {
    const { damage, noun } = this.spec;
    const title = isDamaged ? `${damage} ${noun}` : `clean ${noun}`;
    const list = element("ul", { className: "wall-images" });
    list.setAttribute("aria-label", title);
    const node = element("div", {}, element("h4", { className: "wall-title", textContent: title }), list);
    return { node, list, isDamaged };
  }

  tile(image) {
    const { spec } = this;
    const picture = element("span", { className: "wall-image" });
    const shown = cut(spec, spec.images[image][2]);
    Object.assign(picture.style, {
      backgroundImage: shown.image, backgroundSize: shown.size, backgroundPosition: shown.place,
      aspectRatio: spec.tile.join(" / "),
    });
    const chips = spec.runs.map(({ color }) => {
      const text = element("b");
      const level = element("i");
      const node = element("span", { className: "wall-chip" }, text, element("span", {}, level));
      node.style.setProperty("--hue", color);
      return { node, text, level, shown: "" };
    });
    const button = element(
      "button", { type: "button" }, picture,
      element("span", { className: "wall-chips" }, ...chips.map(({ node }) => node)),
    );
    button.onpointerenter = ({ pointerType }) => pointerType === "mouse" && this.detail.show(image, button);
    button.onpointerleave = () => this.detail.leave();
    button.onfocus = () => button.matches(":focus-visible") && this.detail.show(image, button);
    button.onblur = () => this.detail.hide();
    button.onclick = () => this.detail.toggle(image, button);
    button.onkeydown = (event) => this.move(event, image);
    return { node: element("li", {}, button), button, chips };
  }

  /** One stop for Tab; arrows go from image to image. */
  move(event, image) {
    if (event.key === "Escape") this.detail.hide();
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.perRow, ArrowUp: -this.perRow }[event.key];
    const shown = this.groups.flatMap(({ isDamaged }) => this.shown.filter((at) => this.spec.images[at][1] === isDamaged));
    const next = by && shown[shown.indexOf(image) + by];
    if (next == null) return;
    event.preventDefault();
    event.stopPropagation();
    this.stop(next);
    this.tiles[next].button.focus();
  }

  /** As many images a row as have room, and in every row as many. */
  fit(width) {
    const { spec } = this;
    this.width = width;
    const size = parseFloat(getComputedStyle(this.root).fontSize);
    const cell = Math.max(3.2 * size, this.chipsPerRow * (this.chipSize * size + 3)) + 0.5 * size;
    const most = Math.max(...this.groups.map(({ isDamaged }) => spec.images.filter(([, damaged]) => damaged === isDamaged).length));
    const rows = Math.ceil(most / Math.max(1, Math.floor((width + 0.5 * size) / cell)));
    this.perRow = Math.ceil(most / rows);
    this.root.style.setProperty("--columns", this.perRow);
  }

  stop(image) {
    this.tiles.forEach(({ button }, at) => (button.tabIndex = at === image ? 0 : -1));
  }

  place() {
    this.shown = this.view.order ?? this.spec.images.map((_, image) => image);
    for (const { list, isDamaged } of this.groups)
      list.replaceChildren(...this.shown.filter((at) => this.spec.images[at][1] === isDamaged).map((at) => this.tiles[at].node));
    this.stop(this.groups[0].list.children.length ? this.tiles.findIndex(({ node }) => node === this.groups[0].list.firstChild) : 0);
  }

  order() {
    this.view.order = hardFirst(this.levels.filter(Boolean), this.spec);
    this.place();
  }

  update(data, width, step) {
    const { spec, view } = this;
    if (!spec.images.length) return;
    if (this.width !== width) this.fit(width); // reads styles: not at every step
    this.data = data;
    this.step = common(data.runs, step);
    this.places = data.runs.map(({ steps }) => indexAt(steps, this.step));
    this.levels = data.runs.map(({ levels }, run) => levels[this.places[run]]);
    if (data.isOver && !view.isOrdered && step == null && this.levels.every(Boolean)) {
      view.isOrdered = true;
      this.order();
    }
    const counts = spec.runs.map(() => ({ damaged: 0, clean: 0 }));
    this.tiles.forEach(({ button, chips }, image) => {
      const told = chips.map((chip, run) => this.turn(chip, run, image, counts[run]));
      const shown = told.join(", ");
      if (button.told === shown) return;
      button.told = shown;
      button.setAttribute("aria-label", `${this.called(image)}. ${shown}`);
    });
    this.count(counts);
    this.detail.update();
  }

  called(image) {
    const [label, isDamaged] = this.spec.images[image];
    return `${this.spec.classes[label]}, ${isDamaged ? this.spec.damage : "clean"}`;
  }

  turn(chip, run, image, count) {
    const { spec } = this;
    const { label } = spec.runs[run];
    const levels = this.levels[run];
    const found = levels ? answer(levels, image, spec) : null;
    const shown = found ? `${found.best} ${found.sure}` : "–";
    if (found?.isRight) count[spec.images[image][1] ? "damaged" : "clean"]++;
    if (chip.shown !== shown) {
      chip.shown = shown;
      setText(chip.text, found ? this.names[found.best] : "–");
      chip.level.style.transform = `scaleX(${found?.sure ?? 0})`;
      chip.node.classList.toggle("right", found?.isRight ?? false);
    }
    if (!found) return `${label}: no answer yet`;
    return `${label}: ${spec.classes[found.best]}${found.isRight ? "" : ", wrong"}, ${Math.round(100 * found.sure)} % sure`;
  }

  count(counts) {
    const { spec, data, places } = this;
    const total = { damaged: spec.images.filter(([, damaged]) => damaged).length };
    total.clean = spec.images.length - total.damaged;
    const main = total.damaged ? "damaged" : "clean";
    const words = { damaged: spec.damage, clean: "clean" };
    const of = (count, which) => `${count[which]}/${total[which]} ${words[which]}`;
    counts.forEach((count, run) => {
      const isKnown = Boolean(this.levels[run]);
      // A property, no attribute: with each new one the whole page would be styled anew.
      this.scores[run].main.onStage = isKnown && { value: `${count[main]}/${total[main]}`, about: `${words[main]} ${spec.noun}` };
      setText(this.scores[run].main, isKnown ? of(count, main) : "–");
      setText(this.scores[run].clean, isKnown && main === "damaged" && total.clean ? of(count, "clean") : "");
    });
    const steps = [...new Set(data.runs.map((each, run) => each.steps[places[run]]).filter((at) => at != null))];
    setText(this.at, steps.length ? `answers at step ${steps.map((at) => at.toLocaleString("en")).join(" and ")}` : "");
    const [first, ...rest] = counts
      .map((count, run) => this.levels[run] && { name: spec.runs[run].label, of: `${count[main]} of ${total[main]}` })
      .filter(Boolean);
    if (!first) return;
    const others = rest.map(({ name, of: share }) => `, ${name} ${share}`).join("");
    const told = `${first.name} reads ${first.of} ${words[main]} ${spec.noun} right${others}, at step ${steps.join(" and ")}.`;
    this.chart.root.setAttribute("aria-label", `${this.chart.title}. ${told}`);
  }

  close() {
    this.detail?.hide();
  }
}

/** What filled, outlined and the line below mean. */
function key() {
  const chip = (text, name, length) => {
    const level = element("i");
    level.style.transform = `scaleX(${length})`;
    return element("span", { className: `wall-chip ${name}` }, element("b", { textContent: text }), element("span", {}, level));
  };
  return element(
    "span", { className: "wall-key" },
    chip("5", "right", 1), "right", chip("6", "", 0.5), "wrong", element("span", { className: "wall-sure" }), "confidence",
  );
}
