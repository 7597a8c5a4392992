// What the server has written, as it stands, and in each card the accuracy at the step shown: the
// same step in all; a contender that was not tested there says what it has, in a paler form.
//   chunk: { html, made of escaped text alone; tests: [[card, step, accuracy as told]] }

const VERSION = new URL(import.meta.url).search;
const load = (name) => import(`./${name}.js${VERSION}`);
const [{ element, setText }, { sharedStep, testAt }] = await Promise.all(["look", "equal"].map(load));

export const start = () => ({ html: "", tests: [] });
export function apply(data, chunk) {
  if (chunk.html != null) data.html = chunk.html;
  for (const [card, step, told] of chunk.tests ?? []) (data.tests[card] ??= []).push({ step, told });
}

export function render(slot, { html, tests }, { step }) {
  if (slot.written !== html) {
    slot.innerHTML = html;
    slot.written = html;
  }
  const all = tests.map((each) => each ?? []);
  const shared = sharedStep(all.map((each) => each.map((test) => test.step)), step);
  slot.querySelectorAll(".score").forEach((score, card) => {
    const test = testAt(all[card] ?? [], shared, step);
    const shown = test ? `${test.told} at ${test.step}` : "";
    const isOther = Boolean(test) && test.step !== shared;
    if (score.shown === shown && score.classList.contains("other") === isOther) return;
    score.shown = shown;
    score.classList.toggle("other", isOther);
    const words = test ? `clean images, step ${test.step.toLocaleString("en")}` : "";
    score.words ??= element("small", {});
    if (!score.words.isConnected) score.replaceChildren("", " ", score.words);
    score.firstChild.data = test ? test.told : "–";
    setText(score.words, words);
  });
}
