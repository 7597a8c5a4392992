// A figure of the page as a file: its SVG holds the caption and what to cite as well.

const VERSION = new URL(import.meta.url).search;
const asset = (name) => new URL(name + VERSION, import.meta.url).href;
const PLOT = ".js-plotly-plot";
const SLOTS = "[data-testid=stMain]";
let plotly; // loaded with the first figure that is taken

document.head.append(
  Object.assign(document.createElement("link"), { rel: "stylesheet", href: asset("take_figure/take_figure.css") }),
);

function loaded() {
  plotly ??= window.Plotly
    ? Promise.resolve()
    : new Promise((resolve, reject) => {
        document.head.append(
          Object.assign(document.createElement("script"), { src: asset("plotly.min.js"), onload: resolve, onerror: reject }),
        );
      });
  return plotly;
}

const captionOf = (plot) => (plot.closest("[aria-label]")?.getAttribute("aria-label") || document.title).trim();
const figures = () => [...document.querySelectorAll(`${SLOTS} ${PLOT}`)].filter((plot) => plot.data && plot.clientWidth);
const nameOf = (caption) =>
  caption.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 48).replace(/-$/, "") || "figure";
const escaped = (text) => text.replace(/[&<>]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[sign]);

async function imageOf(plot, format) {
  await loaded();
  const background = getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor;
  const layout = { ...plot.layout, paper_bgcolor: background };
  const size = { width: plot.clientWidth, height: plot.clientHeight };
  return window.Plotly.toImage({ data: plot.data, layout }, { format, ...size, scale: format === "png" ? 3 : 1 });
}

/** The SVG, which says below its title what it shows, where it is from and what to cite. */
function told(svg, caption, bibtex) {
  const about = `<title>${escaped(caption.split(". ")[0])}</title><desc>${escaped(`${caption}\n${location.href}\n\n${bibtex}`)}</desc>`;
  return svg.replace(/<svg[^>]*>/, (opening) => opening + about);
}

function save(href, name) {
  const link = Object.assign(document.createElement("a"), { href, download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

async function take(plot, format, bibtex) {
  const caption = captionOf(plot), image = await imageOf(plot, format);
  if (format === "png") return save(image, `${nameOf(caption)}.png`);
  const svg = told(decodeURIComponent(image.slice(image.indexOf(",") + 1)), caption, bibtex);
  const href = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  save(href, `${nameOf(caption)}.svg`);
  return setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

function button(text, press) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.addEventListener("click", press);
  return made;
}

class Taker {
  constructor(root) {
    this.root = root;
    this.which = document.createElement("select");
    this.which.setAttribute("aria-label", "Figure to take");
    this.which.addEventListener("focus", () => this.list());
    this.which.addEventListener("pointerdown", () => this.list());
    this.said = Object.assign(document.createElement("span"), { role: "status" });
    const label = Object.assign(document.createElement("span"), { textContent: "Take a figure" });
    const act = (what, then) => async () => {
      this.list();
      const plot = this.known[this.which.selectedIndex];
      if (!plot) return;
      this.said.textContent = "…";
      try {
        await what(plot);
        this.said.textContent = then;
      } catch (error) {
        this.said.textContent = `That did not work: ${error.message}`;
      }
    };
    root.append(
      label,
      this.which,
      button("SVG", act((plot) => take(plot, "svg", this.cited()), "saved")),
      button("PNG", act((plot) => take(plot, "png", this.cited()), "saved")),
      button("Copy caption", act((plot) => navigator.clipboard.writeText(captionOf(plot)), "copied")),
      button("Copy BibTeX", act(() => navigator.clipboard.writeText(this.cited()), "copied")),
      this.said,
    );
    this.known = [];
    this.watch();
  }

  cited() {
    return this.bibtex.replace("%s", location.href);
  }

  list() {
    const now = figures();
    if (now.length === this.known.length && now.every((plot, i) => plot === this.known[i])) return;
    const before = this.known[this.which.selectedIndex];
    this.known = now;
    this.which.replaceChildren(
      ...now.map((plot, i) => {
        const caption = captionOf(plot).split(/[.:] /)[0].slice(0, 70).replace(/λ_([μσγβ])/g, "λ($1)");
        return Object.assign(document.createElement("option"), { textContent: `${i + 1} · ${caption}` });
      }),
    );
    this.which.selectedIndex = Math.max(0, now.indexOf(before));
    this.root.hidden = !now.length;
  }

  watch() {
    let isDue = false;
    new MutationObserver(() => {
      if (isDue) return;
      isDue = true;
      setTimeout(() => ((isDue = false), this.list()), 800); // figures come one after the other
    }).observe(document.querySelector(SLOTS) ?? document.body, { childList: true, subtree: true });
    setTimeout(() => this.list(), 800);
  }
}

const takers = new WeakMap(); // root element -> Taker

export default function offer({ data, parentElement }) {
  const root = parentElement.querySelector(".afn-take");
  if (!takers.has(root)) takers.set(root, new Taker(root));
  takers.get(root).bibtex = data.bibtex;
}
