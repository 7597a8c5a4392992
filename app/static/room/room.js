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

const COLORS = { afn: "#d55e00", asrnorm: "#009e73", bn: "#0072b2" };

/** A dot for each phone's network: accuracy upwards, a column a contender, the newest value. */
export function dots({ dots: found, mine }) {
  const names = [...new Set(found.map(({ norm }) => norm))];
  const values = found.map(({ accuracy }) => accuracy).filter((value) => value != null);
  const low = Math.floor((Math.min(...values, 100) - 1) / 5) * 5;
  const high = Math.min(100, Math.ceil((Math.max(...values, low + 5) + 1) / 5) * 5);
  const chart = element("div", { className: "dots", role: "img", ariaLabel: `${values.length} networks, ${low} to ${high} %` });
  for (let tick = low; tick <= high; tick += (high - low) / 5 > 5 ? 10 : 5) {
    const line = element("span", { className: "tick" }, `${tick} %`);
    line.style.bottom = `${(100 * (tick - low)) / (high - low)}%`;
    chart.append(line);
  }
  found.forEach(({ norm, accuracy, seed, is_over: isOver }, number) => {
    if (accuracy == null) return;
    const dot = element("i", { className: `dot${isOver ? "" : " trains"}${number === mine ? " mine" : ""}`, title: `seed ${seed}: ${accuracy} %` });
    const spread = ((seed * 7) % 11) / 11 - 0.5; // dots of one column stand side by side
    dot.style.left = `${(100 * (names.indexOf(norm) + 0.5 + 0.5 * spread)) / names.length}%`;
    dot.style.bottom = `${(100 * (accuracy - low)) / (high - low)}%`;
    dot.style.background = COLORS[norm] ?? "var(--main)";
    chart.append(dot);
  });
  const foot = element("div", { className: "names" }, names.map((norm) => {
    const name = element("b", {}, norm.toUpperCase());
    name.style.color = `light-dark(${COLORS[norm] ?? "#5b4bb7"}, white)`;
    return name;
  }));
  return element("div", { className: "class" }, chart, foot);
}
