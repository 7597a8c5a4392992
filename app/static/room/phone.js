// A phone in a room: one question, large buttons, one thumb.

import { bars, base, dots, element, follow, letter, memory, post, shift } from "./room.js";

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
async function vote(choice) {
  const { poll, round } = told;
  const key = `${KEY}-${poll}-${round}`;
  const before = memory(key);
  memory(key, choice);
  draw();
  let answer = await post(`room/${code}/vote`, { token, poll, round, choice });
  if (answer.status === 403 && !(await join())) answer = await post(`room/${code}/vote`, { token, poll, round, choice });
  problem = answer.refused ?? "";
  if (problem) memory(key, before ?? "");
  draw();
}

async function train() {
  let answer = await post(`room/${code}/train`, { token });
  if (answer.status === 403 && !(await join())) answer = await post(`room/${code}/train`, { token });
  problem = answer.refused ?? "";
  if (!problem) memory(`${KEY}-number`, answer.number);
  draw();
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
  if (link && link !== left && !told.over) {
    const frame = room.querySelector("iframe");
    if (frame?.dataset.link === link) return;
    room.replaceChildren(
      element("header", {}, element("b", {}, told.title),
        element("button", { type: "button", onclick: () => ((left = link), draw()) }, "Back to the room")),
      element("iframe", { src: `${base}/${link}`, title: "What the teacher shows", data: { link } }),
    );
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
