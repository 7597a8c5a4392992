// What the projector and the phones of a room share: requests, the feed, and elements.

export const base = document.body.dataset.base;
const PATIENCE = 4000; // ms without the feed after which the state is asked for
const ASKED = 1500;

const subscripts = (text) =>
  `${text}`.split(/(?<=[λγβ])_(.)/).map((part, number) =>
    number % 2 ? Object.assign(document.createElement("sub"), { textContent: part }) : part);

/** Text is always set as text: a question or an option is never markup. λ_μ has its index below. */
export function element(tag, properties = {}, ...children) {
  const { data, ...rest } = properties;
  const node = Object.assign(document.createElement(tag), rest);
  Object.assign(node.dataset, data);
  const there = children.flat().filter((child) => child != null && child !== "");
  node.append(...there.flatMap((child) => (child instanceof Node ? child : subscripts(child))));
  return node;
}

const unreachable = { refused: "The server cannot be reached: it is tried again.", status: 0 };

async function asked(path, how) {
  try {
    const answer = await fetch(`${base}/${path}`, how);
    const told = await answer.json();
    return answer.ok ? told : { refused: told.refused ?? "that did not work", status: answer.status };
  } catch {
    return unreachable;
  }
}
export const get = (path) => asked(path, { cache: "no-store" });
export const post = (path, body) => asked(path, { method: "POST", body: JSON.stringify(body) });

const instead = {};
/** What this browser remembers; given a value, from now on that. */
export function memory(key, value) {
  try {
    if (value !== undefined) localStorage.setItem(key, value);
    return localStorage.getItem(key);
  } catch {
    if (value !== undefined) instead[key] = `${value}`; // a private window
    return instead[key] ?? null;
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
        { className: `${isRight ? "right" : ""}${why?.[option] ? " told" : ""}` },
        element("p", {}, element("span", {}, letter(option)), ` ${words}${isRight ? " ✓" : ""}`),
        rows,
        why?.[option] ? element("small", {}, why[option]) : "",
      );
    }),
  );
}

/** A page of the app between what is above and below, which alone is drawn anew as long as it is the same. */
export function framed(room, link, title, above, below) {
  let frame = room.querySelector("iframe");
  if (frame?.dataset.link !== link) {
    frame = element("iframe", { src: `${base}/${link}`, title, data: { link } });
    room.replaceChildren(frame);
  }
  for (const each of [...room.children]) if (each !== frame) each.remove();
  frame.before(...above);
  frame.after(...below);
}

/** A link with more in its query. */
export function linked(link, more) {
  const [path, query] = link.split("?");
  const full = new URLSearchParams(query);
  for (const [name, value] of Object.entries(more)) full.set(name, value);
  return `${path}?${full}`;
}

/** What a phone tried: each network with its accuracy, as far as it is. */
export function tried({ networks }) {
  if (!networks.length) return element("p", {}, "Its runs were deleted.");
  const rows = networks.map(({ name, color, accuracy, share, is_over: isOver }) => {
    const bar = element("i");
    bar.style.width = `${accuracy ?? 0}%`;
    bar.style.background = color;
    const state = accuracy != null ? `${accuracy} %` : isOver ? "no result" : `${Math.round(100 * share)} % trained`;
    return element("li", {}, element("p", {}, name),
      element("div", { className: "bar" }, element("span", {}, bar), element("b", {}, state)));
  });
  return element("ol", { className: "bars" }, rows);
}

/** How many moved between two votes, in words. */
export function shift({ shift: found, right }) {
  if (!found?.both) return "";
  const righted = right == null ? "" : `, ${found.righted} of them to what is right`;
  return `Pale: before the discussion. ${found.moved} of ${found.both} changed their answer${found.moved ? righted : ""}.`;
}

const BESIDE = 10; // dots of one column that stand side by side, by their phones' numbers

/** The class as a scatter plot: accuracy upwards, columns of contenders or of what they vary. */
export function dots({ dots: found, intervals, contenders, places, axis, mine }) {
  const columns = places.length ? places : contenders.map(({ name }) => name);
  const values = found.map(({ accuracy }) => accuracy).filter((value) => value != null);
  const low = Math.max(0, Math.floor((Math.min(...values, 100) - 1) / 5) * 5);
  const high = Math.min(100, Math.ceil((Math.max(...values, low + 5) + 1) / 5) * 5);
  const chart = element("div", { className: "dots", role: "img", ariaLabel: `Accuracy of ${values.length} networks: ${low} to ${high} %` });
  const at = (value) => `${(100 * (Math.min(Math.max(value, low), high) - low)) / (high - low)}%`;
  const step = (high - low) / 5 > 5 ? (high - low > 50 ? 20 : 10) : 5;
  for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
    const line = element("span", { className: "tick" }, `${tick} %`);
    line.style.bottom = at(tick);
    chart.append(line);
  }
  const mark = (className, contender, place, share, more = {}) => {
    const node = element("i", { className, ...more });
    node.style.left = `${(100 * (place + 0.5 + share)) / columns.length}%`;
    node.style.setProperty("--hue", contenders[contender]?.color ?? "var(--main)");
    chart.append(node);
    return node;
  };
  for (const { contender, place, mean, low: from, high: to } of intervals ?? []) {
    const share = places.length ? 0.06 * (contender - (contenders.length - 1) / 2) : 0;
    const bar = mark("interval", contender, place, share + 0.25);
    bar.style.bottom = at(from);
    bar.style.height = `calc(${at(to)} - ${at(from)})`;
    mark("mean", contender, place, share + 0.25).style.bottom = at(mean);
  }
  for (const { number, contender, place, accuracy, seed, is_over: isOver } of found) {
    if (accuracy == null) continue;
    const among = Math.floor(number / Math.max(columns.length, contenders.length));
    const share = 0.5 * (((among % BESIDE) + 0.5) / BESIDE) - 0.35;
    const title = `phone ${number + 1}, seed ${seed}: ${accuracy} %`;
    mark(`dot${isOver ? "" : " trains"}${number === mine ? " mine" : ""}`, contender, place, share, { title }).style.bottom = at(accuracy);
  }
  const named = (name, color) => {
    const node = element("b", {}, element("i", {}), name);
    node.firstChild.style.background = color;
    return node;
  };
  const foot = columns.map((name, number) => (places.length ? element("b", {}, name) : named(name, contenders[number].color)));
  return element("div", { className: "class" },
    places.length && contenders.length > 1 ? element("p", { className: "legend" }, contenders.map(({ name, color }) => named(name, color))) : "",
    chart,
    element("div", { className: "names" }, foot),
    axis ? element("p", { className: "axis" }, axis) : "");
}
