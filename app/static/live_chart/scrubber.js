// From the first step to now: drag, play, or go by the arrow keys, and all on the page follows.
//   spec: { ids: [run], runs: [{ label, color }], unit?: "step", thing?: "training" }
//   chunk: { spans: [[run, first, last, whether it is over]], marks: [{ x, text, run }] };
//   a later span replaces an earlier one
//   props: { at, arrival, plays }: where the page begins, told anew with each arrival; null: not yet
// The server hears of the step when the hand lets go or a replay rests, so that it is in the link.

const here = new URL(import.meta.url).search;
const [{ element, newMarks, setText }, { moment }] = await Promise.all([import(`./look.js${here}`), import(`./moment.js${here}`)]);
const TELL_AFTER = 300; // ms of rest behind the last key
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");
const written = (step) => Number(step).toLocaleString("en");
let known = null; // the spec whose runs `moment` has
let arrival = null;

export const start = (spec) => ({ spans: spec.ids.map(() => null), marks: [] });

export function apply(data, chunk) {
  for (const [run, ...span] of chunk.spans ?? []) data.spans[run] = span;
  data.marks.push(...newMarks(chunk.marks ?? [], data.marks));
}

export function render(slot, data, { spec, chart }) {
  if (known !== spec) {
    if (known && !known.ids.some((id) => spec.ids.includes(id))) moment.set(null); // others: from now on
    known = spec;
    moment.keep(spec.ids);
  }
  data.spans.forEach((span, run) => span && moment.extend(spec.ids[run], ...span));
  const { props } = chart;
  if (moment.isKnown && moment.isOver && moment.step > moment.end) moment.set(null); // of another length
  if (moment.isKnown && props.arrival != null && props.arrival !== arrival) {
    arrival = props.arrival;
    moment.set(props.at ? Number(props.at) : null);
    if (props.plays && !props.at && !isCalm.matches) moment.play();
  }
  slot.scrubber ??= build(slot, chart);
  slot.scrubber(data, spec);
}

/** The page may be another one: there nobody has chosen a step. */
export function dispose() {
  setTimeout(() => {
    if (document.querySelector(".scrubber")) return; // drawn anew
    known = arrival = null;
    moment.keep([]);
    moment.set(null);
  }, 1000);
}

function build(slot, chart) {
  const play = element("button", { type: "button", className: "scrubber-play" });
  const thumb = element("input", { type: "range", min: 0, step: 1 });
  const [bubble, from, to] = ["bubble", "from", "to"].map((name) =>
    element("span", { className: `scrubber-${name}`, ariaHidden: "true" }),
  );
  const marks = element("span", { className: "scrubber-marks", ariaHidden: "true" });
  const now = element("button", { type: "button", className: "scrubber-now" });
  const track = element("span", { className: "scrubber-track" }, bubble, marks, thumb, from, to);
  const whole = element("div", { className: "scrubber" }, play, track, now);
  whole.setAttribute("role", "group");
  whole.setAttribute("aria-label", "Scrubber");
  whole.addEventListener("pointerdown", (event) => event.stopPropagation()); // it is drawn while it is held
  slot.replaceChildren(whole);

  let telling = null;
  let shown = null;
  let wasPlaying = false;
  const tell = () => {
    clearTimeout(telling);
    telling = setTimeout(() => moment.isPlaying || chart.tell("step", `${moment.step ?? ""}`), TELL_AFTER);
  };
  thumb.oninput = () => {
    moment.set(thumb.value === thumb.max ? null : Number(thumb.value));
    paint();
  };
  thumb.onchange = tell;
  play.onclick = () => {
    if (moment.isPlaying) moment.pause();
    else moment.play();
  };
  now.onclick = () => {
    moment.set(null);
    tell();
  };

  const paint = () => {
    const { data, spec } = shown;
    const { unit = "step", thing = "training" } = spec;
    thumb.setAttribute("aria-label", `${thing[0].toUpperCase()}${thing.slice(1)} ${unit}`);
    if (wasPlaying && !moment.isPlaying) tell(); // where it came to rest
    wasPlaying = moment.isPlaying;
    const isKnown = moment.isKnown;
    const [first, end] = isKnown ? [moment.first, moment.end] : [0, 1];
    const step = isKnown ? (moment.step ?? end) : 0;
    const share = (at) => (at - first) / Math.max(end - first, 1);
    const place = (at) => `${100 * share(at)}%`;
    Object.assign(thumb, { min: first, max: end, value: step });
    thumb.disabled = play.disabled = !isKnown || end === first;
    track.style.setProperty("--at", place(step));
    track.style.setProperty("--share", share(step));
    setText(bubble, `${unit} ${written(step)}`);
    setText(from, written(first));
    setText(to, written(end));
    const isNow = moment.step == null;
    thumb.setAttribute("aria-valuetext", `${unit} ${written(step)} of ${written(end)}${isNow ? ", now" : ""}`);
    setText(now, moment.isOver ? "end" : "live");
    now.title = moment.isOver ? `To the last ${unit}` : `Follow the ${thing}`;
    now.disabled = !isKnown;
    now.classList.toggle("is-live", !moment.isOver);
    now.setAttribute("aria-pressed", isNow && !moment.isPlaying);
    setText(play, moment.isPlaying ? "❚❚" : "▶");
    play.setAttribute("aria-label", moment.isPlaying ? "Pause the replay" : `Replay the ${thing}`);
    const changes = spec.runs.length > 1 ? merged(data.marks) : data.marks;
    if (marks.childElementCount !== changes.length) marks.replaceChildren(...changes.map((each) => mark(each, unit)));
    changes.forEach(({ x }, index) => marks.children[index].style.setProperty("--at", place(x)));
  };
  return (data, spec) => {
    shown = { data, spec };
    paint();
  };
}

/** What was changed at one step in several runs is one mark. */
function merged(marks) {
  return [...new Map(marks.map((each) => [`${each.x} ${each.text}`, each])).values()];
}

const mark = ({ x, text }, unit) => element("i", { title: `${text}, ${unit} ${written(x)}` }, element("b", {}, text));
