// What is compared is compared at one step: the same as afn/runs/equal.py.

/**
 * The step that most runs have, the newest of those not behind `until`; null where no two share one.
 *   steps: of each run those it has; what it has several times counts where others are equal
 */
export function sharedStep(steps, until) {
  const having = steps.map((each) => each.filter((step) => until == null || step <= until)).filter(({ length }) => length);
  const found = new Map(); // step -> [runs, times]
  for (const each of having) {
    const seen = new Set();
    for (const step of each) {
      const [runs, times] = found.get(step) ?? [0, 0];
      found.set(step, [runs + !seen.has(step), times + 1]);
      seen.add(step);
    }
  }
  let best = null;
  for (const [step, [runs, times]] of found)
    if (!best || (runs - best.runs || times - best.times || step - best.step) > 0) best = { step, runs, times };
  return !best || (having.length > 1 && best.runs < 2) ? null : best.step;
}

/** Of tests, each with its `step`, the newest at `step`; else the newest not behind `until`. */
export function testAt(tests, step, until) {
  const newest = (is) => tests.findLast(is) ?? null;
  return newest((test) => test.step === step) ?? newest((test) => until == null || test.step <= until);
}
