// The step that the whole page shows: one for every drawing, chosen by whoever scrubs or plays.
//   moment.step: the step to show, or null for now
//   extend(who, first, last, isOver): a drawing says which steps a run has
//   subscribe(changed) -> stop; `changed` is called at most once a frame

const PLAY_SECONDS = 8; // from the first step to the newest
const LONGEST = 0.1; // seconds of a frame: where the page is busy, it plays slower and skips nothing
const spans = new Map(); // run -> [first, last, whether it is over]
const readers = new Set();
let frame = null;
let playing = null; // { at, since }, the last frame's step and time, while it plays

export const moment = {
  step: null,

  get first() {
    return Math.min(...[...spans.values()].map(([first]) => first), Infinity);
  },
  /** The newest step that all runs have: what is compared is compared there. */
  get last() {
    return Math.min(...[...spans.values()].map(([, last]) => last), Infinity);
  },
  /** The newest step that any run has: where scrubbing ends. */
  get end() {
    return Math.max(...[...spans.values()].map(([, last]) => last), -Infinity);
  },
  get isKnown() {
    return spans.size > 0 && this.end >= this.first;
  },
  get isPlaying() {
    return playing !== null;
  },
  get isOver() {
    return [...spans.values()].every(([, , isOver]) => isOver);
  },

  extend(who, first, last, isOver = false) {
    const known = spans.get(who);
    if (known && known[0] === first && known[1] === last && known[2] === isOver) return;
    spans.set(who, [first, last, isOver]);
    changed();
  },
  /** Only these runs are on the page. */
  keep(whose) {
    const kept = new Set(whose);
    for (const who of [...spans.keys()]) if (!kept.has(who)) spans.delete(who);
    changed();
  },

  set(step) {
    playing = null;
    this.step = step == null || step >= this.end ? null : Math.max(this.first, Math.round(step));
    changed();
  },
  play() {
    if (!this.isKnown) return;
    const at = this.step == null || this.step >= this.end ? this.first : this.step;
    playing = { at, since: performance.now() };
    advance();
  },
  pause() {
    if (!playing) return;
    playing = null;
    changed();
  },

  subscribe(reader) {
    readers.add(reader);
    return () => readers.delete(reader);
  },
};

function advance() {
  if (!playing) return;
  const { first, end } = moment;
  const now = performance.now();
  const gone = Math.min((now - playing.since) / 1000, LONGEST);
  const step = playing.at + (gone / PLAY_SECONDS) * Math.max(end - first, 1);
  playing = { at: step, since: now };
  moment.step = step >= end ? null : Math.floor(step);
  if (moment.step == null) playing = null;
  else requestAnimationFrame(advance);
  changed();
}

function changed() {
  frame ??= requestAnimationFrame(() => {
    frame = null;
    for (const reader of [...readers]) reader(moment);
  });
}

/** Index of the last of ascending `steps` that is not behind `step`; the last one where it is null. */
export function indexAt(steps, step) {
  if (step == null) return steps.length - 1;
  let [low, high] = [0, steps.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
