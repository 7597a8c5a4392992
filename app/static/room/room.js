// What the projector and the phones of a room share: requests, the feed, and elements.

export const base = document.body.dataset.base;
const PATIENCE = 4000; // ms without the feed after which the state is asked for
const ASKED = 1500;

/** Text is always set as text: a question or an option is never markup. */
export function element(tag, properties = {}, ...children) {
  const { data, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, data);
  node.append(...children.flat().filter((child) => child != null && child !== ""));
  return node;
}

export async function post(path, body) {
  try {
    const answer = await fetch(`${base}/${path}`, { method: "POST", body: JSON.stringify(body) });
    const told = await answer.json();
    return answer.ok ? told : { refused: told.refused ?? "that did not work", status: answer.status };
  } catch {
    return { refused: "The server cannot be reached: it is tried again.", status: 0 };
  }
}

export async function get(path, headers = {}) {
  try {
    const answer = await fetch(`${base}/${path}`, { headers, cache: "no-store" });
    const told = await answer.json();
    return answer.ok ? told : { refused: told.refused ?? "that did not work", status: answer.status };
  } catch {
    return { refused: "The server cannot be reached: it is tried again.", status: 0 };
  }
}

/** Tells `changed` how the room stands, now and whenever that changes: by the feed, else by asking. */
export function follow(code, changed) {
  let source = null;
  let heard = 0;
  let last = "";
  const tell = (told) => {
    const text = JSON.stringify(told);
    if (text === last) return;
    last = text;
    changed(told);
  };
  const ask = async () => {
    const told = await get(`room/${code}/state`);
    if (told.refused && told.status !== 404) return changed(null); // it is there again in a moment
    tell(told);
    if (!told.refused && !source && !document.hidden) listen();
  };
  const listen = () => {
    source = new EventSource(`${base}/feed?c=${encodeURIComponent(`room.${code}`)}`);
    source.addEventListener("news", ({ data }) => {
      heard = performance.now();
      for (const { now } of JSON.parse(data.slice(data.indexOf(" ") + 1)).chunks) if (now) tell(now);
    });
    for (const end of ["gone", "error"]) source.addEventListener(end, rest);
  };
  const rest = () => {
    source?.close();
    source = null;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : ask()));
  window.addEventListener("online", ask);
  setInterval(() => {
    if (!document.hidden && (!source || performance.now() - heard > PATIENCE)) ask();
  }, ASKED);
  ask();
}

export const letter = (number) => String.fromCharCode(65 + number);

/** Options as bars: how many chose each, first (pale) and behind the discussion. */
export function bars({ options, counts, right, why }) {
  const most = Math.max(1, ...(counts ?? []).flat());
  return element(
    "ol",
    { className: "bars" },
    options.map((words, option) => {
      const isRight = right === option;
      const rows = (counts ?? [null]).map((round, index, all) => {
        const votes = round?.[option];
        const bar = element("i");
        bar.style.width = votes == null ? "0" : `${(100 * votes) / most}%`;
        return element(
          "div",
          { className: `bar${index < all.length - 1 ? " before" : ""}${votes == null ? " empty" : ""}` },
          element("span", {}, bar),
          votes == null ? "" : element("b", {}, `${votes}`),
        );
      });
      return element(
        "li",
        { className: isRight ? "right" : "" },
        element("p", {}, element("span", {}, letter(option)), ` ${words}${isRight ? " ✓" : ""}`),
        rows,
        why?.[option] ? element("small", {}, why[option]) : "",
      );
    }),
  );
}
