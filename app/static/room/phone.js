// A phone in a room: one question, large buttons, one thumb.

import { bars, base, dots, element, follow, framed, letter, linked, memory, post, shift } from "./room.js";

const room = document.getElementById("room");
const path = location.pathname.slice(`${base}/join`.length).replaceAll("/", "");
const code = (path || new URLSearchParams(location.search).get("c") || "").toUpperCase();
const KEY = `afn-room-${code}-phone`;

function ask(problem = "") {
  const field = element("input", {
    name: "code", autocomplete: "off", autocapitalize: "characters", maxLength: 4, required: true,
    placeholder: "CODE", ariaLabel: "The room's code",
  });
  const form = element(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        location.href = `${base}/join/${encodeURIComponent(field.value.trim().toUpperCase())}`;
      },
    },
    element("h1", {}, "Join the room"),
    field,
    element("button", { type: "submit", className: "main" }, "Join"),
    element("p", { role: "alert" }, problem),
  );
  room.replaceChildren(form);
  field.focus();
}

let token = memory(KEY);
async function join() {
  const answer = await post(`room/${code}/join`, {});
  if (answer.refused) return answer.refused;
  token = memory(KEY, answer.token);
  return "";
}

let told = null;
let problem = "";
let left = ""; // the page that this phone was freed from
/** A request of this phone; where the room does not know it any more, it comes in anew. */
async function send(what, body) {
  const answer = await post(`room/${code}/${what}`, { token, ...body });
  return answer.status === 403 && !(await join()) ? post(`room/${code}/${what}`, { token, ...body }) : answer;
}

async function vote(choice) {
  const { poll, round } = told;
  const key = `${KEY}-${poll}-${round}`;
  const before = memory(key);
  memory(key, choice);
  draw();
  const answer = await send("vote", { poll, round, choice });
  problem = answer.refused ?? "";
  if (problem) memory(key, before ?? "");
  draw();
}

async function train() {
  const answer = await send("train", {});
  problem = answer.refused ?? "";
  if (!problem) memory(`${KEY}-number`, answer.number);
  draw();
}

// -- a what-if of one's own ---------------------------------------------------------------------------

const OWN = { isOpen: `${KEY}-own`, link: `${KEY}-own-link`, number: `${KEY}-own-number` };

let playground = null; // it goes on behind the room's questions

/** The Playground, where it was left, or nothing of it. */
function playing(isShown) {
  if (isShown && !playground) {
    const src = `${base}/${memory(OWN.link) || linked(told.tries || "?", { embed: true })}`;
    playground = element("iframe", { src, title: "Your what-if" });
    room.after(playground);
  }
  if (playground) playground.hidden = !isShown;
  document.body.classList.toggle("plays", isShown);
}

addEventListener("pagehide", () => {
  const at = playground?.contentWindow.location;
  if (at?.search) memory(OWN.link, `${at.pathname.slice(base.length + 1)}${at.search}`);
});

function turn(isOpen) {
  memory(OWN.isOpen, isOpen ? 1 : "");
  problem = "";
  draw();
}

async function hand() {
  const { search } = playground.contentWindow.location;
  const answer = await send("hand", { runs: new URLSearchParams(search).get("run") ?? "" });
  problem = answer.refused ?? "";
  if (!problem) memory(OWN.number, answer.number);
  draw();
}

/** What became of what was handed in. */
function handed() {
  const number = Number(memory(OWN.number));
  if (!number) return "";
  return element("p", { role: "status" }, told.pulled === number ? "Your what-if is on the screen." : `Yours is what-if ${number}.`);
}

/** What this phone's network does, or the button that has it trained. */
function network() {
  const number = memory(`${KEY}-number`);
  if (number == null || number === "")
    return told.kind === "train"
      ? element("button", { type: "button", className: "main", onclick: train }, "Train mine")
      : "";
  const mine = told.dots?.find((dot) => dot.number === Number(number));
  if (!mine) return element("p", {}, "Yours waits for its turn.");
  const state = mine.accuracy != null ? `reads ${mine.accuracy} %` : mine.share ? `${Math.round(100 * mine.share)} % trained` : "waits for its turn";
  return element("div", { className: "network" },
    element("p", {}, `Phone ${mine.number + 1}: ${told.contenders[mine.contender].name}, ${told.places.length ? `${told.axis} ${told.places[mine.place]}, ` : ""}seed ${mine.seed}`),
    element("strong", {}, state),
    element("progress", { value: mine.share, max: 1, ariaLabel: "Your network's training" }),
    mine.lambda == null ? "" : element("p", {}, `λ_μ is ${mine.lambda.toFixed(4)} now`),
    dots({ ...told, mine: Number(number) }));
}

function draw() {
  if (!told) return;
  document.title = told.title;
  document.body.dataset.step = told.step;
  const { kind, poll, round, question, options, follow: link } = told;
  const follows = link && link !== left && !told.over;
  const plays = Boolean(memory(OWN.isOpen)) && !told.over && !follows;
  playing(plays);
  if (follows) {
    framed(room, link, "What the teacher shows", [
      element("header", {}, element("b", {}, told.title),
        element("button", { type: "button", onclick: () => ((left = link), draw()) }, "Back to the room")),
    ], []);
    return;
  }
  if (plays) {
    const votes = round != null;
    room.replaceChildren(
      element("header", {},
        element("button", { type: "button", className: votes ? "main" : "", onclick: () => turn(false) }, votes ? "Vote now" : "Back to the room"),
        element("button", { type: "button", className: votes ? "" : "main", onclick: hand }, "Hand it in")),
      problem ? element("p", { role: "alert" }, problem) : handed());
    return;
  }
  const mine = (number) => {
    const kept = memory(`${KEY}-${poll}-${number}`);
    return kept == null || kept === "" ? null : Number(kept);
  };
  const parts = [element("header", {}, element("b", {}, told.title), element("span", {}, code))];
  if (told.over || kind === "end") parts.push(element("h1", {}, "Thank you."), element("p", {}, told.kept));
  else if (kind === "join") parts.push(element("h1", {}, "You are in."), element("p", {}, "Look at the screen."));
  else {
    parts.push(element("h1", {}, question));
    if (round != null)
      parts.push(
        element("div", { className: "votes" }, options.map((words, option) =>
          element("button", { type: "button", ariaPressed: mine(round) === option, onclick: () => vote(option) },
            element("span", {}, letter(option)), element("span", {}, words)))),
        element("p", {}, mine(round) == null ? "" : "Your vote counts. You may change it until all are shown."),
      );
    else {
      const chosen = mine(1) ?? mine(0);
      parts.push(
        kind === "experiment"
          ? element("div", {}, element("progress", { value: told.share ?? 0, max: 1, ariaLabel: "The experiment" }), element("p", {}, told.share >= 1 ? told.found : `The experiment runs: ${told.told}`))
          : "",
        network(),
        chosen == null ? "" : element("p", {}, `You chose ${letter(chosen)}.`),
        bars({ ...told, why: null }),
        kind === "answer" ? element("p", {}, shift(told)) : "",
        kind === "answer" && told.answer ? element("p", {}, told.answer) : "",
        kind === "answer" && chosen != null && told.why?.[chosen] ? element("p", {}, told.why[chosen]) : "",
      );
    }
  }
  if (link && !told.over) parts.push(element("button", { type: "button", onclick: () => ((left = ""), draw()) }, "Follow the teacher"));
  if (!told.over && round == null && kind !== "join")
    parts.push(element("button", { type: "button", onclick: () => turn(true) }, playground || memory(OWN.link) ? "Back to your what-if" : "Try a what-if of your own"), handed());
  parts.push(element("p", { role: "alert" }, problem));
  room.replaceChildren(...parts.filter(Boolean));
}

if (!code) ask();
else {
  const refused = token ? "" : await join();
  if (refused) ask(refused);
  else
    follow(code, (news) => {
      if (news?.refused) return ask(news.refused);
      problem = news ? "" : "The server is away: it is tried again.";
      told = news ?? told;
      draw();
    });
}
