// The block of a layer's input, images × channels × pixels, as it can be turned: who is averaged with whom.
//
// data: { color, title, rules: [[name, words]], images, isPoint, proposes, isKept, takes, atPoint, ofOne,
//   choices?: [[setting, chosen, [[value, title]]]], what can be chosen on the stage, where the page's controls are not }
// A rule names the tiles that share one statistic with the one that is followed; `takes` is what is
// taken of them: any of μ, σ and ν, their size; `atPoint` and `ofOne` say what is left of a norm with
// 1×1, and of a single value.

const VERSION = new URL(import.meta.url).search;
const asset = (name) => new URL(`block/${name}${VERSION}`, import.meta.url).href;
const blocks = new WeakMap(); // root element -> Block
const STEP = 8; // degrees, by an arrow key
const PAUSE = 1400; // milliseconds at each tile
const VIEW = [-24, 34]; // degrees of tilt and turn at first
const AWAY = 1500; // pixels from the eye to the block, as in block.css
const EYE = 0.2, MIDDLE = 0.5; // of the view's height: where the eye and the middle of the block are
const NAME = 66; // pixels, of an image's name
const ROOM = 10; // pixels around the block
const isStill = matchMedia("(prefers-reduced-motion: reduce)");

const styled = new Promise((resolve) => {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: asset("block.css") });
  link.onload = link.onerror = resolve;
  document.head.append(link);
});
const [batch] = await Promise.all([fetch(asset("batch.json")).then((answer) => answer.json()), styled]);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Whether two tiles, [image, channel] each, share a statistic. */
const SHARE = {
  channel: (a, b) => a[1] === b[1],
  half: (a, b, images) => a[1] === b[1] && a[0] < Math.ceil(images / 2) === b[0] < Math.ceil(images / 2),
  map: (a, b) => a[0] === b[0] && a[1] === b[1],
  image: (a, b) => a[0] === b[0],
  group: (a, b) => a[0] === b[0] && a[1] < batch.channels / 2 === b[1] < batch.channels / 2,
  value: () => false,
};

class Block {
  constructor(root) {
    this.root = root;
    root.style.minHeight = 0;
    [this.tilt, this.turn] = VIEW;
    this.at = [1, 2];
    this.scene = element("div", { class: "scene" });
    this.view = element("div", { class: "view", tabindex: 0, role: "group" }, this.scene);
    this.play = element("button", { type: "button", class: "play" });
    this.told = element("p", { class: "told", role: "status" });
    this.legend = element("div", { class: "sets" });
    this.back = element("button", { type: "button", class: "play", title: "Turn back", "aria-label": "Turn back" }, "↺");
    const controls = element("div", { class: "controls" }, this.play, this.back);
    this.choices = element("div", { class: "choices" });
    root.replaceChildren(this.view, element("div", { class: "beside" }, this.legend, this.told, controls), this.choices);
    this.back.addEventListener("click", () => this.face(VIEW));
    this.view.addEventListener("dblclick", () => this.face(VIEW));
    this.play.addEventListener("click", () => this.move(!this.isMoving));
    this.view.addEventListener("keydown", (event) => this.key(event));
    this.view.addEventListener("pointerdown", (event) => this.drag(event));
    new ResizeObserver(() => this.lay()).observe(root);
    this.move(!isStill.matches);
  }

  receive(data) {
    const isOther = data.images !== this.data?.images || data.isPoint !== this.data?.isPoint;
    if (this.data && data.title !== this.data.title) this.move(false); // norms are compared at one tile
    this.data = data;
    this.at[0] = Math.min(this.at[0], data.images - 1);
    this.root.style.setProperty("--hue", data.color);
    this.view.setAttribute("aria-label", `${data.title}: ${data.images} images × ${batch.channels} channels, turned by dragging or by arrow keys`);
    if (isOther || !this.tiles) this.build();
    this.light();
    this.offer(data.choices ?? []);
  }

  /** What can be chosen, pressed where it is; a button that stays keeps the focus. */
  offer(choices) {
    const offered = JSON.stringify(choices.map(([, , values]) => values));
    if (this.offered !== offered) {
      this.offered = offered;
      this.choices.replaceChildren(
        ...choices.map(([setting, , values]) =>
          element("div", { role: "group", "aria-label": setting }, ...values.map(([value, title]) => {
            const button = element("button", { type: "button" }, title);
            button.addEventListener("click", () => this.send("wish", [setting, value]));
            return button;
          })),
        ),
      );
    }
    choices.forEach(([, chosen, values], group) =>
      values.forEach(([value], place) => this.choices.children[group].children[place].setAttribute("aria-pressed", value === chosen)),
    );
  }

  build() {
    const { images, isPoint } = this.data;
    this.tiles = [];
    const planes = Array.from({ length: images }, (_, image) => {
      const row = Array.from({ length: batch.channels }, (_, channel) => {
        const tile = element("button", { type: "button", class: "tile", tabindex: -1 });
        tile.style.backgroundPosition = `${(100 * channel) / (batch.channels - 1)}% ${(100 * image) / (batch.images - 1)}%`;
        tile.classList.toggle("is-point", isPoint);
        if (isPoint) tile.style.backgroundColor = `rgb(${Array(3).fill(Math.round(this.grey(image, channel)))})`;
        tile.addEventListener("click", () => {
          this.move(false);
          this.follow([image, channel]);
        });
        this.tiles.push({ tile, at: [image, channel] });
        return tile;
      });
      return element("div", { class: "plane" }, element("span", { class: "name" }, `image ${image + 1}`), ...row);
    });
    this.planes = planes;
    this.scene.replaceChildren(...planes);
    this.root.style.setProperty("--sheet", `url("${batch.sheet}")`);
    this.root.style.setProperty("--channels", batch.channels);
    this.root.style.setProperty("--images", batch.images);
    this.lay();
  }

  grey(image, channel) {
    const low = -2.5, high = 2.5, value = (batch.mean[image][channel] - batch.middle[channel]) / batch.spread[channel];
    return (255 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
  }

  lay() {
    if (!this.planes) return;
    const size = Math.max(22, Math.min(60, (this.view.clientWidth - 80) / (batch.channels * 1.22)));
    const gap = size * 1.2, middle = (this.planes.length - 1) / 2;
    this.root.style.setProperty("--tile", `${size}px`);
    this.planes.forEach((plane, i) => (plane.style.transform = `translate(-50%, -50%) translateZ(${(middle - i) * gap}px)`));
    const [share, x, y] = this.fitting((batch.channels * size * 1.08) / 2, size / 2, middle * gap);
    this.scene.style.transform = `translate(${x}px, ${y}px) scale3d(${share}, ${share}, ${share}) rotateX(${this.tilt}deg) rotateY(${this.turn}deg)`;
    this.back.hidden = this.tilt === VIEW[0] && this.turn === VIEW[1];
  }

  /** By how much a block of these half sides is made smaller, and moved, for all of it to be seen. */
  fitting(wide, tall, deep) {
    const [tilt, turn] = [this.tilt, this.turn].map((angle) => (angle * Math.PI) / 180);
    const { clientWidth: width, clientHeight: height } = this.view;
    const corners = [-wide - NAME, wide].flatMap((x) => [-tall, tall].flatMap((y) => [-deep, deep].map((z) => [x, y, z])));
    const seen = (share) => {
      const places = corners.map((corner) => {
        const [x, y, z] = corner.map((each) => each * share);
        const behind = z * Math.cos(turn) - x * Math.sin(turn);
        const near = AWAY / (AWAY - y * Math.sin(tilt) - behind * Math.cos(tilt));
        const down = (MIDDLE - EYE) * height + y * Math.cos(tilt) - behind * Math.sin(tilt);
        return [(x * Math.cos(turn) + z * Math.sin(turn)) * near, EYE * height + down * near];
      });
      return [0, 1].map((axis) => places.map((place) => place[axis])).map((all) => [Math.min(...all), Math.max(...all)]);
    };
    let share = 1;
    const isTooLarge = ([[left, right], [top, bottom]]) => right - left > width - 2 * ROOM || bottom - top > height - 2 * ROOM;
    while (share > 0.3 && isTooLarge(seen(share))) share *= 0.97;
    const [[left, right], [top, bottom]] = seen(share);
    return [share, -(left + right) / 2, height / 2 - (top + bottom) / 2];
  }

  face([tilt, turn]) {
    [this.tilt, this.turn] = [tilt, turn];
    this.lay();
  }

  follow(at) {
    this.at = at;
    this.light();
  }

  light() {
    const { rules, images, isPoint, isKept, proposes } = this.data;
    const [first] = rules;
    for (const { tile, at } of this.tiles) {
      const of = rules.findIndex(([name]) => SHARE[name](this.at, at, images));
      tile.dataset.set = of < 0 ? "" : of;
      tile.classList.toggle("is-followed", SHARE.map(this.at, at));
      tile.classList.toggle("is-read", proposes && of < 0 && (first[0] === "channel" || at[0] === this.at[0]));
      tile.setAttribute("aria-label", `image ${at[0] + 1}, channel ${at[1] + 1}`);
    }
    this.root.classList.toggle("is-kept", isKept && rules.length === 0);
    const pixels = isPoint ? 1 : batch.size ** 2;
    const lines = rules.map(([name, words], i) => this.set(i, words, name === "value" ? null : this.members(name), pixels));
    if (isKept) lines.push(element("p", { class: "set is-remembered" }, element("i"), "remembered from training: what lies beside it does not count"));
    if (proposes) lines.push(element("p", { class: "set is-proposing" }, element("i"), "small networks read the statistics of these channels, and propose others"));
    this.legend.replaceChildren(...lines);
    this.told.textContent = this.consequence(rules, images, pixels, isKept);
  }

  members(name) {
    return this.tiles.map(({ at }) => at).filter((at) => SHARE[name](this.at, at, this.data.images));
  }

  /** How many values share the statistic, and what it comes to. */
  set(i, words, members, pixels) {
    const line = element("p", { class: "set", "data-set": i }, element("i"), element("b", {}, words));
    if (!members) return line;
    const means = members.map(([image, channel]) => batch.mean[image][channel]);
    const mean = means.reduce((sum, each) => sum + each, 0) / means.length;
    const inner = pixels === 1 ? 0 : members.reduce((sum, [image, channel]) => sum + batch.variance[image][channel], 0) / means.length;
    const spread = Math.sqrt(inner + means.reduce((sum, each) => sum + (each - mean) ** 2, 0) / means.length);
    const count = (members.length * pixels).toLocaleString("en");
    const found = { μ: mean, σ: spread, ν: Math.hypot(mean, spread) };
    const told = [...this.data.takes].map((letter) => `${letter} ${number(found[letter])}`).join(", ");
    line.append(element("span", {}, `${count} ${members.length * pixels === 1 ? "value" : "values"}: ${told}`));
    return line;
  }

  consequence(rules, images, pixels, isKept) {
    const names = rules.map(([name]) => name).filter((name) => name !== "value");
    const counts = names.map((name) => this.members(name).length * pixels);
    if (!rules.length) return "Nothing in this batch counts: an image is answered alike, alone or among others.";
    if (!counts.length) return "No value depends on another.";
    if (this.data.ofOne && counts.every((count) => count === 1)) return this.data.ofOne;
    if (counts.includes(1)) return this.data.atPoint;
    if (images === 1 && names.some((name) => ["channel", "half"].includes(name))) return names.length > 1 ? "" : "Alone in its batch, it sees what IN sees.";
    if (names.includes("channel")) return "Another image in the batch, another answer.";
    if (names.includes("half")) return "Another image in its half of the batch, another answer.";
    return isKept ? "" : "What else is in the batch does not count.";
  }

  move(isMoving) {
    this.isMoving = isMoving;
    this.play.textContent = isMoving ? "❚❚" : "▶";
    this.play.setAttribute("aria-label", isMoving ? "Pause" : "Play");
    clearInterval(this.clock);
    if (isMoving) this.clock = setInterval(() => this.next(), PAUSE);
  }

  next() {
    if (!this.root.isConnected) return clearInterval(this.clock);
    if (document.hidden || !this.tiles) return;
    const place = (this.at[0] * batch.channels + this.at[1] + 3) % this.tiles.length;
    this.follow([Math.floor(place / batch.channels), place % batch.channels]);
  }

  key(event) {
    if (event.key === "Home") this.face(VIEW);
    const by = { ArrowLeft: [0, -STEP], ArrowRight: [0, STEP], ArrowUp: [-STEP, 0], ArrowDown: [STEP, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    this.rotate(...by);
  }

  rotate(down, across) {
    this.face([Math.max(-75, Math.min(10, this.tilt + down)), Math.max(-60, Math.min(60, this.turn + across))]);
  }

  drag(event) {
    let [x, y] = [event.clientX, event.clientY], moved = 0;
    const move = (now) => {
      moved += Math.abs(now.clientX - x) + Math.abs(now.clientY - y);
      this.rotate((y - now.clientY) / 3, (now.clientX - x) / 3);
      [x, y] = [now.clientX, now.clientY];
    };
    const up = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", up);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", up);
  }
}

const number = (value) => value.toFixed(2).replace("-", "−");

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".afn-block");
  if (!blocks.has(root)) blocks.set(root, new Block(root));
  blocks.get(root).send = setTriggerValue;
  blocks.get(root).receive(data);
}
