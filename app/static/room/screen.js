// The projector of a room: the plan before it is opened, then one thing at a time. → next, ← back.

import { bars, base, dots, element, follow, framed, get, linked, memory, post, shift, tried } from "./room.js";

const room = document.getElementById("room");
const code = location.pathname.slice(`${base}/room`.length).replaceAll("/", "").toUpperCase();
const from = new URLSearchParams(location.search).get("from") ?? "";
const KEY = `afn-room-${code}-teacher`;
const NEXT = { join: "Begin", vote: "Show the answers", shown: "Go on", experiment: "The answer", train: "The answer", again: "Show the shift", answer: "Go on" };
const address = `${location.origin}${base}/join`;

if (location.hash.startsWith("#t=")) {
  memory(KEY, location.hash.slice(3));
  history.replaceState(null, "", location.pathname);
}
const token = code ? memory(KEY) : null;

// -- the plan ---------------------------------------------------------------------------------------

const TITLES = { join: "Join", vote: "Vote", shown: "Answers shown", experiment: "Experiment", train: "A network on each phone", again: "Second vote", answer: "Answer", end: "End" };

async function plan() {
  const told = await get(`room/plan?from=${encodeURIComponent(from)}`);
  if (told.refused) return room.replaceChildren(element("h1", {}, "No room yet"), element("p", { role: "alert" }, told.refused));
  document.title = `${told.title}: plan`;
  const alert = element("p", { role: "alert" });
  const open = async (students) => {
    const answer = await post("room/open", { from });
    if (answer.refused) return (alert.textContent = answer.refused);
    memory(`afn-room-${answer.code}-teacher`, answer.token);
    if (students) await post(`room/${answer.code}/pretend`, { token: answer.token, students });
    location.href = `${base}/room/${answer.code}`;
  };
  room.replaceChildren(
    element("h1", {}, told.title),
    element("p", { className: "buttons" },
      element("button", { className: "main", onclick: () => open(0) }, "Open the room"),
      element("button", { onclick: () => open(12) }, "Rehearse with 12 pretend students"),
      element("button", { onclick: () => print() }, "Print the plan")),
    alert,
    element("p", {}, `${told.minutes} minutes. ${told.kept}`),
    ...told.others.map(([words, subject]) => element("p", {}, "Or ", element("a", { href: `${base}/room?from=${encodeURIComponent(subject)}` }, words), ".")),
    element("h2", {}, "Aims"),
    element("ul", {}, told.aims.map((aim) => element("li", {}, aim))),
    element("h2", {}, "Steps"),
    element("ol", { className: "steps" }, told.steps.map(([kind, poll, say]) =>
      element("li", {}, element("b", {}, `${TITLES[kind]}${["vote", "again"].includes(kind) ? `: ${told.polls[poll].question}` : ""}`), element("br"), say))),
    element("h2", {}, "Questions, and what is behind each answer"),
    ...told.polls.map((poll) => element("section", {}, element("h3", {}, poll.question), bars(poll))),
  );
}

// -- the room ---------------------------------------------------------------------------------------

let told = null;
let drawn = "";
const refusal = element("p", { role: "alert" });
async function act(what, body = {}) {
  const answer = await post(`room/${code}/${what}`, { token, ...body });
  refusal.textContent = answer.refused ?? "";
}
const go = (by) => ((isListed = false), told) && !told.over && token && act("go", { step: Math.min(Math.max(told.step + by, 0), told.steps - 1) });

document.addEventListener("keydown", ({ key, target }) => {
  if (!code || target.closest?.("input, button, a")) return;
  if (["ArrowRight", "PageDown", " "].includes(key)) go(1);
  if (["ArrowLeft", "PageUp"].includes(key)) go(-1);
  if (key === "f") document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
});

async function report(form) {
  const answer = await fetch(`${base}/room/${code}/report.${form}`, { headers: { "X-Room-Token": token } });
  if (!answer.ok) return (refusal.textContent = (await answer.json()).refused);
  const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: `room-${code}.${form}` });
  link.click();
}

function qr(size) {
  const at = encodeURIComponent(`${address}/${code}`);
  return element("aside", { className: `join ${size}` },
    element("img", { src: `${base}/room/${code}/qr.svg?at=${at}`, alt: `QR code of ${address}/${code}` }),
    element("strong", {}, code),
    element("span", {}, address.replace(/^https?:\/\//, "")));
}

let isListed = false; // the what-ifs, for whoever leads to choose from
const toggle = (is) => ((isListed = is), draw());

/** A what-if's name, and what it changes. */
const words = ({ number, changes }) => [`What-if ${number}`, ...changes].join(", ");

function listed() {
  return element("ol", { className: "what-ifs" }, told.what_ifs.map((each) =>
    element("li", {}, element("h2", {}, words(each)), tried(each),
      each.networks.length ? element("button", { onclick: () => ((isListed = false), act("pull", { number: each.number })) }, "Show on the screen") : "")));
}

function draw() {
  const { kind, over, pulled } = told;
  const tries = told.what_ifs.length;
  if (pulled && !over) {
    const shown = told.what_ifs[pulled - 1];
    if (!shown) return;
    framed(room, linked("?", { run: shown.runs, stage: 1, embed: true }), `What-if ${pulled}`,
      [],
      [refusal, element("footer", {}, element("h1", {}, words(shown)),
        token ? element("button", { className: "main", onclick: () => act("pull", { number: 0 }) }, "Back to the class") : "")]);
    return;
  }
  document.title = `${told.title} · ${code}`;
  document.body.dataset.step = told.step;
  const isVoting = told.round != null;
  const title = isListed && tries && !over ? "What the class tried: test images read" : kind === "join" ? told.title : kind === "end" || over ? "Thank you." : told.question;
  const head = element("header", {},
    element("p", {}, `${code} · ${told.here} here${told.pretends ? ", some pretend" : ""}`),
    element("h1", { className: title.length > 70 ? "long" : "" }, title));
  const body = [];
  if (isListed && tries && !over) body.push(listed());
  else if (over || kind === "end") {
    body.push(element("p", { className: "buttons" },
      ...(token ? ["csv", "html"].map((form) => element("button", { onclick: () => report(form) }, `Report (${form.toUpperCase()})`)) : []),
      element("a", { href: `${base}/${told.link}` }, "To the app"),
      token && !over ? element("button", { onclick: () => act("end") }, "Close the room") : ""));
  } else if (kind === "join") body.push(qr("large"));
  else {
    const left = [bars({ ...told, why: kind === "answer" && told.poll > 0 ? told.why : null })];
    if (kind === "answer") left.push(element("p", { className: "shift" }, shift(told)));
    if (isVoting) left.push(element("p", { className: "answered" }, element("strong", {}, `${told.answered}`), ` of ${told.here} have answered`));
    const right = isVoting
      ? qr("small")
      : told.poll === 0 && ["experiment", "train", "answer"].includes(kind)
        ? experiment()
        : "";
    const isClass = Boolean(told.contenders?.length); // its plot takes the place
    const width = kind === "train" || !right ? " one" : isVoting ? "" : isClass ? " wide" : " seen";
    body.push(element("div", { className: `columns${width}` }, kind === "train" ? "" : element("div", {}, left), right));
  }
  const foot = element("footer", {},
    token && !over && !isListed ? element("a", { href: `${base}/${told.link}`, target: "_blank", title: "On a page of the app: take all phones there" }, "App") : "",
    token && !isListed ? element("button", { onclick: () => go(-1), disabled: over || told.step === 0 }, "Back") : "",
    element("span", { className: "say" }, over || isListed || kind === "experiment" ? "" : told.say),
    token && tries && !over ? element("button", { onclick: () => toggle(!isListed) }, isListed ? "Back to the class" : `What-ifs (${tries})`) : "",
    token && kind === "experiment" ? element("button", { onclick: () => act("begin"), disabled: told.share > 0 && told.share < 1 }, "Run it here") : "",
    token && !over && kind !== "end" ? element("button", { className: "main", onclick: () => go(1) }, `${NEXT[kind] ?? "Next"} ▸`) : "");
  const figure = room.querySelector(".figure");
  room.replaceChildren(head, ...body, refusal, foot);
  const place = room.querySelector(".figure");
  if (place && figure?.dataset.of === place.dataset.of) place.replaceWith(figure);
  else if (place) show(place);
}

function experiment() {
  if (told.kind === "train" || told.dots)
    return element("div", { className: "experiment" },
      told.dots ? dots(told) : element("p", {}, "Press “Train mine” on your phone."),
      told.answer ? element("p", { className: "answer" }, told.answer) : "",
      element("small", {}, told.dots ? told.told : ""));
  const isDone = told.share >= 1;
  return element("div", { className: "experiment" },
    isDone ? element("div", { className: "figure", data: { of: told.told } }) : element("progress", { value: told.share, max: 1, ariaLabel: "The experiment" }),
    isDone && told.answer ? element("p", { className: "answer" }, told.answer.split(/(?<=\.) /)[0]) : "",
    element("small", {}, told.told));
}

let plotly = null;
async function show(place) {
  plotly ??= new Promise((resolve, reject) =>
    document.head.append(element("script", { src: `${base}/app/static/plotly.min.js`, onload: resolve, onerror: reject })));
  const [{ data, layout, refused }] = await Promise.all([get(`room/${code}/figure`), plotly]);
  if (refused || !place.isConnected) return;
  const style = getComputedStyle(document.body);
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", told.found);
  const large = { family: style.fontFamily, size: 24, color: style.color };
  const axes = Object.fromEntries(Object.keys(layout).filter((name) => /^[xy]axis/.test(name)).map((name) => {
    const { title } = layout[name];
    return [name, { ...layout[name], automargin: true, tickfont: large, title: title && { ...title, font: large } }];
  }));
  const notes = layout.annotations?.map((note) => ({ ...note, font: { ...note.font, size: 24 } }));
  const thick = data.map((trace) => (trace.line?.width === 0 ? trace : { ...trace, line: { ...trace.line, width: Math.max(4, trace.line?.width ?? 0) } }));
  window.Plotly.newPlot(place, thick, {
    ...layout, ...axes, width: undefined, height: Math.round(innerHeight * 0.38), autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: large, annotations: notes, legend: { ...layout.legend, font: large }, margin: { ...layout.margin, t: 20 },
  }, { displayModeBar: false, responsive: true });
}

if (!code) plan();
else
  follow(code, (news) => {
    if (news?.refused) return room.replaceChildren(element("h1", {}, "No such room"), element("p", { role: "alert" }, news.refused));
    if (!news) return (refusal.textContent = "The server is away: it is tried again.");
    refusal.textContent = "";
    told = news;
    if (JSON.stringify(told) !== drawn) draw();
    drawn = JSON.stringify(told);
  });
