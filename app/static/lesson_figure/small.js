// A lesson's figure in small: what may be seen before a prediction, at the place that its file names.

const COUNT = 7; // pictures beside each other
const [WIDTH, HEIGHT] = [340, 100];
const GAP = 3;
const DASHES = { dot: [2, 7], dash: [9, 6] };

/** Pictures in rows and, in the room they leave, the curves. It only decorates its title. */
export function drawSmall(root, figure) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  root.replaceChildren(canvas);
  const scale = 2;
  Object.assign(canvas, { width: WIDTH * scale, height: HEIGHT * scale });
  const ink = canvas.getContext("2d");
  ink.scale(scale, scale);
  ink.imageSmoothingEnabled = false;
  const rows = figure.rows.filter((row) => row.image && !row.is_answer).slice(0, 2);
  const side = (WIDTH - (COUNT - 1) * GAP) / COUNT;
  rows.forEach((row, line) => {
    const [height, width] = row.tile;
    const place = row.places === 1 ? 0 : figure.small;
    for (let i = 0; i < COUNT; i++) {
      ink.drawImage(row.image, i * width, place * height, width, height, i * (side + GAP), line * (side + GAP), side, side);
    }
  });
  const top = rows.length * (side + GAP) + 8;
  if (rows.length > 1) return;
  const low = figure.is_log ? Math.log10(figure.range[0]) : figure.range[0];
  const high = figure.is_log ? Math.log10(figure.range[1]) : figure.range[1];
  const last = figure.stops.length - 1;
  const x = (place) => 4 + (place / last) * (WIDTH - 8);
  const y = (value) => {
    const share = ((figure.is_log ? Math.log10(value) : value) - low) / (high - low);
    return HEIGHT - 6 - Math.min(1, Math.max(0, share)) * (HEIGHT - 12 - top);
  };
  const color = getComputedStyle(root).color;
  ink.strokeStyle = color;
  ink.globalAlpha = 0.25;
  ink.strokeRect(1, top, WIDTH - 2, HEIGHT - top - 1);
  ink.globalAlpha = 1;
  for (const curve of figure.curves.filter((each) => !each.is_answer)) {
    ink.beginPath();
    ink.lineWidth = 3.5;
    ink.strokeStyle = curve.color;
    ink.setLineDash(DASHES[curve.dash] ?? []);
    curve.values.slice(0, last + 1).forEach((value, place) => ink.lineTo(x(place), y(value)));
    ink.stroke();
  }
  ink.setLineDash([]);
  ink.strokeStyle = color;
  ink.lineWidth = 3;
  ink.beginPath();
  ink.moveTo(x(figure.small), top + 2);
  ink.lineTo(x(figure.small), HEIGHT - 2);
  ink.stroke();
  if (figure.curves.some((each) => each.is_answer)) {
    ink.fillStyle = color;
    ink.font = `700 ${Math.min(40, (HEIGHT - top) * 0.6)}px sans-serif`;
    ink.textAlign = "center";
    ink.textBaseline = "middle";
    ink.fillText("?", WIDTH * 0.5, (top + HEIGHT) / 2);
  }
}
