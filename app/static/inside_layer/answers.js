// What comes of the layer: the followed image or the pad beside bars of the answer, all shown
// images with every network's answer, and the accuracies.

const VERSION = new URL(import.meta.url).search;
const { escape } = await import(`./plots.js${VERSION}`);

const SOURCES = { "test images": "test image", "a drawing": "draw", "an upload": "upload" };
const MOST = 10; // classes that have a bar
const percent = ({ correct, n }) => (n ? `${((100 * correct) / n).toFixed(1)} %` : "–");
const part = (share) => `${Math.round(100 * share)} %`;

export const besideHtml = ({ key, sources }) => `<fieldset class="sources"><legend class="unseen">First image of the batch</legend>
    ${sources.map((name) => `<label><input type="radio" name="source-${key}" data-source="${name}"><span>${SOURCES[name]}</span></label>`).join("")}</fieldset>
  <div class="answer"><div class="given"><img alt=""><div class="pad"></div></div><div class="classes" role="img"></div></div>
  <p class="applied"><span></span><label hidden><input type="checkbox" data-damaged><span></span></label></p>
  <div class="scores"></div>`;

/** Fills what `besideHtml` made. */
export function layBeside(root, data, put) {
  const { seen, followed, source, contenders, colors } = data;
  for (const input of root.querySelectorAll("[data-source]")) input.checked = input.dataset.source === source;
  const draws = source === "a drawing";
  root.querySelector(".given img").hidden = draws;
  root.querySelector(".given .pad").hidden = !draws;
  const image = root.querySelector(".given img");
  if (image.getAttribute("src") !== seen.pictures[followed]) image.src = seen.pictures[followed];
  image.alt = `Image ${followed + 1}, as the network gets it`;

  const { probabilities, confidences, answers } = seen.now;
  const known = probabilities.map((share, at) => ({ share, at }));
  const those = known.length > MOST ? known.sort((a, b) => b.share - a.share).slice(0, MOST) : known;
  const answer = answers[followed];
  const bars = those.map(
    ({ share, at }) => `<span class="${at === answer ? "top" : ""}"><em>${escape(seen.class_names[at])}</em><i><u style="width:${100 * share}%;background:${colors.own}"></u></i><b>${share >= 0.005 ? part(share) : ""}</b></span>`,
  );
  const slot = root.querySelector(".answer .classes");
  const isIdle = draws && !data.drawn;
  put(slot, isIdle ? "<p>Draw a digit, large: the answer comes here.</p>" : bars.join(""));
  slot.setAttribute("aria-label", isIdle ? "No drawing yet" : `${data.label} says ${seen.class_names[answer]}, ${part(confidences[followed])}`);

  const [applied, damage] = root.querySelectorAll(".applied > *");
  put(applied, escape(data.applied));
  damage.hidden = !data.damage;
  damage.querySelector("input").checked = data.damaged === 1;
  put(damage.querySelector("span"), `${escape(data.damage)} on yours, too`);

  const label = seen.labels[followed];
  const said = (each, at) => {
    const name = seen.class_names[each.answers[at]];
    const mark = label < 0 ? "" : each.answers[at] === label ? "✓" : "✗";
    return `<b class="said">${escape(name)}</b><em>${part(each.confidences[at])} ${mark}</em>`;
  };
  const rows = [
    { ...contenders[0], name: data.label, each: seen.now },
    { ...contenders[0], name: data.before, each: null, score: seen.as_trained },
    ...seen.others.map((each, at) => ({ ...contenders[at + 1], name: contenders[at + 1].label, each })),
  ];
  if (!data.has_lambdas && data.is_as_trained) rows.splice(1, 1);
  const lines = rows.map(({ name, color, each, score }) => {
    const counted = score ?? each.score;
    return `<div class="score ${each ? "" : "quiet"}"><span class="who"><i style="background:${color}"></i>${escape(name)}</span>${each ? said(each, followed) : "<b></b><em></em>"}
      <span class="meter"><i style="width:${counted.n ? (100 * counted.correct) / counted.n : 0}%;background:${color}"></i></span><b>${percent(counted)}</b></div>`;
  });
  const truth = label < 0 ? (data.is_foreign ? "none of its classes" : "yours") : `a ${seen.class_names[label]}`;
  put(
    root.querySelector(".scores"),
    `<div class="score head"><span></span><span>this: ${escape(truth)}</span><span>${seen.now.score.n ? `right of ${seen.now.score.n}` : ""}</span></div>${lines.join("")}${data.limit ? `<p role="status">${escape(data.limit)}</p>` : ""}`,
  );
}

/** What stands large beside the layer on stage: who is right how often, then how sure of this image. */
export function numbersHtml({ seen, contenders, followed }) {
  const each = [seen.now, ...seen.others].map((one, at) => ({ ...contenders[at], ...one }));
  const told = (label, color, value, about) =>
    `<b data-stage-number="${escape(label)}" style="--hue:${color}">${value}<small>${escape(about)}</small></b>`;
  const right = each.filter(({ score }) => score.n).map(({ label, color, score }) => told(label, color, percent(score), `right of ${score.n}`));
  const sure = each.map(({ label, color, confidences, answers }) =>
    told(label, color, part(confidences[followed]), `sure that this is ${seen.class_names[answers[followed]]}`),
  );
  return [...right, ...sure].join("");
}

/** All shown images of the batch, with what each network says. */
export function cardsHtml({ seen, contenders, followed, is_foreign: isForeign }) {
  const each = [seen.now, ...seen.others];
  return seen.pictures
    .map((picture, at) => {
      const label = seen.labels[at];
      const truth = label < 0 ? (isForeign ? `image ${at + 1}` : "your picture") : seen.class_names[label];
      const lines = each.map(({ answers, confidences }, who) => {
        const mark = label < 0 ? "" : answers[at] === label ? "✓" : "✗";
        return `<span class="said ${mark === "✗" ? "wrong" : ""}"><i style="background:${contenders[who].color}"></i>
          <span>${escape(contenders[who].label)}</span><b>${escape(seen.class_names[answers[at]])}</b>
          <em>${part(confidences[at])}</em><span>${mark}</span></span>`;
      });
      return `<button type="button" class="card" data-image="${at}" aria-pressed="${at === followed}">
        <img src="${picture}" alt=""><strong>${escape(truth)}</strong>${lines.join("")}</button>`;
    })
    .join("");
}
