// One connection a tab brings the news of every channel that something on the page listens to.
//   listen(channel, { has, news, gone, absent }) -> stop
// `has()` says which chunks the listener has, as "epoch:number"; `news(message)` is told what came,
// and says whether something before it is missing by false;
// `gone()` that there is no such channel any more, `absent()` that no connection can be had: then
// the page polls. The connection is closed while the tab is hidden, and resumes where it was.

const ADDRESS = new URL("../../../feed", import.meta.url);
const PATIENCE = 6000; // ms without a word after which a proxy is thought to hold everything back
const WAITS = [500, 1000, 2000, 5000, 10000];

const listeners = new Map();
let source = null;
let asked = ""; // the channels of the connection
let opening = null;
let patience = null;
let failures = 0;
let isProven = false; // whether anything ever came

export function listen(channel, listener) {
  listeners.set(channel, listener);
  schedule(50);
  return () => {
    if (listeners.get(channel) !== listener) return;
    listeners.delete(channel);
    schedule(500); // a rerun replaces elements: those that come back need no new connection
  };
}

/** Ask anew, as every listener stands by now: one was told something by another way. */
export const renew = () => again(0);

document.addEventListener("visibilitychange", () => (document.hidden ? rest() : schedule(0)));
window.addEventListener("pagehide", rest);
window.addEventListener("online", () => schedule(0));

function schedule(wait) {
  clearTimeout(opening);
  opening = setTimeout(open, wait);
}

function rest() {
  clearTimeout(patience);
  patience = null;
  close();
}

function close() {
  clearTimeout(opening);
  source?.close();
  source = null;
  asked = "";
}

function open() {
  const channels = [...listeners.keys()].sort();
  if (document.hidden || (source && asked === channels.join())) return;
  close();
  if (!channels.length) return;
  asked = channels.join();
  const address = new URL(ADDRESS);
  for (const channel of channels) address.searchParams.append("c", `${channel}:${listeners.get(channel).has()}`);
  source = new EventSource(address);
  const mine = source;
  if (!isProven) patience ??= setTimeout(giveUp, PATIENCE); // whatever joins the page meanwhile
  source.addEventListener("news", ({ data }) => {
    heard();
    const space = data.indexOf(" ");
    const listener = listeners.get(data.slice(0, space));
    if (!listener) asked = ""; // a rerun is replacing its element, which then lacks this
    else if (!listener.news(JSON.parse(data.slice(space + 1)))) again(0);
  });
  source.addEventListener("gone", ({ data }) => {
    heard();
    listeners.get(data)?.gone();
    again(1000); // it may be there once the page has been drawn anew
  });
  source.addEventListener("here", heard); // "open" comes through where a proxy holds back the rest
  source.addEventListener("error", () => lost(mine)); // its own retry would ask for what is known
}

function again(wait) {
  asked = "";
  schedule(wait);
}

function heard() {
  isProven = true;
  failures = 0;
  clearTimeout(patience);
}

function lost(which) {
  if (which !== source) return;
  close();
  failures += 1;
  if (!isProven && failures > 1) giveUp();
  else schedule(WAITS[Math.min(failures, WAITS.length) - 1]);
}

function giveUp() {
  rest();
  for (const { absent } of listeners.values()) absent();
  schedule(WAITS.at(-1)); // who polls no longer listens; a word to the page may have been lost
}
