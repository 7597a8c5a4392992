// What-ifs where one looks: a click on a step, or a λ curve that is dragged, opens a small form that
// branches the run there. The server makes the branch: `chart.tell("branch", { run, step, name, value })`.
//   chart.props.branches: { run id: { setting or λ: its value, null where the curve says it } }

const VERSION = new URL(import.meta.url).search;
const [{ element, isTouch }, { indexAt, moment }] = await Promise.all(
  ["look", "moment"].map((name) => import(`./${name}.js${VERSION}`)),
);
const NAMES = { mu: "λ of μ", sigma: "λ of σ", gamma: "λ of γ", beta: "λ of β", lr: "learning rate", batch_size: "batch size" };
const NEAR = 9; // px within which a curve is taken hold of
const STILL = 4; // px that a click may move
const DOUBLE = 280; // ms in which a second click may follow, which is for the zoom
const known = new WeakSet(); // charts that listen

/** The button for those who come by keyboard; clicks and drags are heard on the plot itself. */
export function branching(slot, chart) {
  if (!Object.keys(chart.props?.branches ?? {}).length) return () => {};
  listen(chart);
  const button = element("button", { type: "button", className: "live-chart-branch-button" }, "Branch here …");
  button.title = "Another future from the step that is shown; or click a curve, or drag a λ";
  // At the end there is nothing to branch: where the page shows now, half-way is offered.
  button.onclick = () => open(chart, { step: moment.step ?? Math.round((moment.first + moment.last) / 2) });
  slot.append(button);
  return () => {};
}

function listen(chart) {
  if (known.has(chart)) return;
  known.add(chart);
  const { plot } = chart;
  const { signal } = chart.life;
  let waiting = null;
  plot.addEventListener(
    "mousemove",
    (event) => {
      const near = isTouch || event.buttons ? null : nearest(chart, event);
      plot.classList.toggle("is-near", Boolean(near?.area.sets && near.distance <= NEAR));
    },
    { signal },
  );
  plot.addEventListener(
    "mousedown",
    (event) => {
      if (event.button || event.target.closest(".live-chart-branch, .modebar")) return;
      const near = nearest(chart, event);
      if (!near) return;
      clearTimeout(waiting);
      const isDrag = !isTouch && near.area.sets && near.distance <= NEAR;
      if (isDrag) {
        event.stopImmediatePropagation(); // or the graph begins to zoom
        event.preventDefault();
      }
      hold(chart, near, event, isDrag, (asked) => {
        clearTimeout(waiting);
        waiting = setTimeout(() => open(chart, asked), isDrag ? 0 : DOUBLE);
      });
    },
    { signal, capture: true },
  );
  plot.addEventListener("dblclick", () => clearTimeout(waiting), { signal, capture: true });
}

/** Follows the hand until it lets go; `done` is told what was asked for, if anything was. */
function hold(chart, near, { clientX, clientY }, isDrag, done) {
  const life = new AbortController();
  const from = isDrag ? handle(chart, near) : null;
  let value = near.value;
  let isStill = true;
  const moved = (event) => {
    isStill &&= Math.hypot(event.clientX - clientX, event.clientY - clientY) < STILL;
    if (isDrag && !isStill) from.show((value = near.at(event.clientY)));
  };
  const release = () => {
    life.abort();
    from?.remove();
    if (isDrag || isStill) done({ ...near, value, isDragged: !isStill });
  };
  addEventListener("mousemove", moved, { signal: life.signal });
  addEventListener("mouseup", release, { signal: life.signal });
}

/** A dot on the curve and a line to where it is dragged, with the λ there. */
function handle({ plot }, near) {
  const node = element("div", { className: "live-chart-handle" });
  plot.append(node);
  return {
    show(value) {
      const y = near.pixel(value);
      const from = near.pixel(near.value);
      Object.assign(node.style, { left: `${near.x}px`, top: `${Math.min(y, from)}px`, height: `${Math.abs(y - from)}px` });
      node.classList.toggle("is-up", y < from);
      node.textContent = `${NAMES[near.area.sets]} ${number(value)}`;
    },
    remove: () => node.remove(),
  };
}

/** The step under the hand and the curve closest to it, of runs that can be branched. */
function nearest({ plot, props }, { clientX, clientY }) {
  const box = plot.getBoundingClientRect();
  const [x, y] = [clientX - box.left, clientY - box.top];
  const area = plot.areas?.find(({ left, right, top, bottom }) => x >= left && x <= right && y >= top && y <= bottom);
  if (!area) return null;
  const [from, to] = area.steps;
  const step = Math.round(from + ((x - area.left) / (area.right - area.left)) * (to - from));
  const [low, high] = area.y;
  const scale = (value) => (area.log ? Math.log10(value) : value);
  const pixel = (value) => area.bottom - ((scale(value) - low) / (high - low)) * (area.bottom - area.top);
  const at = (height) => {
    const value = low + ((area.bottom - (height - box.top)) / (area.bottom - area.top)) * (high - low);
    return area.sets ? Math.min(Math.max(value, 0.0001), 0.9999) : value;
  };
  let best = null;
  for (const line of area.lines) {
    if (line.run.past || !props.branches?.[line.run.id]) continue;
    const index = Math.max(indexAt(line.x, step), 0);
    const value = (area.smooth ? line.mean : line.y)[index];
    const distance = Math.abs(pixel(value) - y);
    if (Number.isFinite(distance) && !(best?.distance <= distance)) best = { line, value, distance };
  }
  return best && { ...best, area, step, x, y, pixel, at, run: best.line.run.id };
}

/** The form, at the point or, by the button, below the graph. */
function open(chart, { run, step, area, x, y, value, isDragged }) {
  chart.plot.querySelector(".live-chart-branch")?.remove();
  const runs = chart.spec.runs.filter(({ id, past }) => !past && chart.props.branches[id]);
  if (!runs.length) return;
  const field = (label, input) => element("label", {}, label, input);
  const option = (name, words) => element("option", { value: name, textContent: words });
  const of = element("select", {}, ...runs.map(({ id, label }) => option(id, label)));
  of.value = run ?? runs[0].id;
  const at = element("input", { type: "number", min: 0, step: 1, value: Math.max(step, 0), className: "is-step" });
  const name = element("select");
  const to = element("input", { type: "number", step: "any", required: true });
  const choose = () => {
    const offers = chart.props.branches[of.value];
    const before = name.value;
    name.replaceChildren(...Object.keys(offers).map((each) => option(each, NAMES[each])));
    if (before in offers) name.value = before;
    fill();
  };
  const fill = () => (to.value = chart.props.branches[of.value][name.value] ?? 0.5);
  of.onchange = choose;
  name.onchange = fill;
  choose();
  if (area?.sets) {
    name.value = area.sets;
    to.value = number(value);
  }
  const close = element("button", { type: "button", ariaLabel: "Close", textContent: "×", className: "is-close" });
  const said = element("output");
  const form = element(
    "form",
    { className: "live-chart-branch" },
    field("Branch ", of), field(" at step ", at), close, element("br"),
    field("and set ", name), field(" to ", to),
    element("button", { type: "submit", textContent: "Branch here" }), said,
  );
  form.setAttribute("role", "dialog");
  form.setAttribute("aria-label", "Branch here");
  form.onsubmit = (event) => {
    event.preventDefault();
    said.textContent = "starting …";
    chart.tell("branch", { run: of.value, step: Number(at.value), name: name.value, value: Number(to.value) });
    setTimeout(() => form.remove(), 1500);
  };
  close.onclick = () => form.remove();
  form.onkeydown = (event) => event.key === "Escape" && form.remove();
  form.onpointerdown = (event) => event.stopPropagation(); // the graph below is not held
  chart.plot.append(form);
  const [width, height] = [form.offsetWidth, form.offsetHeight];
  const [left, top] = area ? [x + 12, y + 12] : [0, chart.plot.offsetHeight - height - 8];
  form.style.left = `${Math.max(Math.min(left, chart.plot.offsetWidth - width - 4), 0)}px`;
  form.style.top = `${Math.max(Math.min(top, chart.plot.offsetHeight - height - 4), 0)}px`;
  (isDragged ? form.querySelector("[type=submit]") : to).focus({ preventScroll: true });
}

const number = (value) => `${Number(value.toPrecision(3))}`;
