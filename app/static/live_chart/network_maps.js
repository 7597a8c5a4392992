// The pictures of a lane, one canvas: images of the first batch and feature maps, cut from sheets that
// never change. While a run is live at most one new sheet is fetched every few seconds.

const PAUSE = 3000; // ms between two sheets of a lane while it is live
const SETTLED = 120; // ms that a scrubbed step has to stay before its sheet is fetched
const KEPT = 160; // sheets in memory
const sheets = new Map(); // address -> Image, least recently used first

function sheet(address) {
  let image = sheets.get(address);
  sheets.delete(address);
  if (!image) {
    image = new Image();
    image.decoding = "async";
    image.src = address;
  }
  sheets.set(address, image);
  if (sheets.size > KEPT) sheets.delete(sheets.keys().next().value);
  return image;
}
const isHere = (image) => image?.complete && image.naturalWidth > 0;
const states = new WeakMap(); // canvas -> what it shows, and what it waits for

/** Draws what there is, and comes back when what is missing has come. */
export function paint(canvas, scene) {
  const state = states.get(canvas) ?? { shown: "", maps: null, fetchedAt: -Infinity, timer: null };
  states.set(canvas, state);
  state.scene = scene;
  const { data, now, isLive } = scene;
  const batch = data.probes?.sheet ? sheet(data.probes.sheet) : null;
  wait(canvas, batch);
  const wanted = now.sheet;
  if (wanted && wanted !== state.wanted) {
    state.wanted = wanted;
    clearTimeout(state.timer);
    const pause = isHere(sheets.get(wanted.address)) ? 0 : isLive ? state.fetchedAt + PAUSE - performance.now() : state.maps ? SETTLED : 0;
    if (pause <= 0) fetchMaps(canvas, state);
    else state.timer = setTimeout(() => fetchMaps(canvas, state), pause);
  }
  draw(canvas, state, batch);
}

function fetchMaps(canvas, state) {
  if (!canvas.isConnected && state.maps) return;
  state.fetchedAt = performance.now();
  state.coming = { ...state.wanted, image: sheet(state.wanted.address) };
  wait(canvas, state.coming.image);
  if (isHere(state.coming.image)) draw(canvas, state, state.batch);
}

function wait(canvas, image) {
  if (!image || image.complete || image.awaited?.has(canvas)) return;
  (image.awaited ??= new Set()).add(canvas);
  image.addEventListener("load", () => {
    image.awaited.delete(canvas);
    const state = states.get(canvas);
    if (state && canvas.isConnected) draw(canvas, state, state.scene.data.probes?.sheet ? sheet(state.scene.data.probes.sheet) : null);
  });
}

function draw(canvas, state, batch) {
  state.batch = batch;
  if (isHere(state.coming?.image)) state.maps = state.coming;
  state.scene.told(state.maps?.step);
  const { width, height, data, images, cells } = state.scene;
  const key = [width, height, isHere(batch) && batch.src, state.maps?.address, devicePixelRatio].join();
  if (key === state.shown) return;
  state.shown = key;
  const ratio = Math.min(devicePixelRatio || 1, 2);
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  canvas.style.cssText = `width:${width}px;height:${height}px`;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.imageSmoothingEnabled = false;
  if (isHere(batch)) drawBatch(pen, batch, data.probes, images);
  if (state.maps) for (const { name, maps } of cells) if (maps) drawMaps(pen, state.maps, name, maps);
}

/** The followed image in front of others of its batch; a damaged one below what it was before. */
function drawBatch(pen, image, { columns, tile: [wide, high], count, followed, clean }, { x, y, side, before }) {
  const draw = (index, left, top, size) => {
    const [column, row] = [index % columns, Math.floor(index / columns)];
    pen.fillStyle = "#8888";
    pen.fillRect(left - 1, top - 1, size + 2, size + 2);
    pen.drawImage(image, column * wide, row * high, wide, high, left, top, size, size);
  };
  if (clean != null && before) draw(clean, x, y - before - 4, before);
  else for (const back of [3, 2, 1]) draw((followed + back) % count, x + back * 4, y - back * 4, side);
  draw(followed, x, y, side);
}

function drawMaps(pen, { image, layers, tile: [wide, high], columns }, name, { x, y, side, columns: across }) {
  const row = layers.indexOf(name);
  if (row < 0) return;
  for (let at = 0; at < Math.min(2 * across, columns); at++) {
    const [left, top] = [x + (at % across) * (side + 3), y + Math.floor(at / across) * (side + 3)];
    pen.drawImage(image, at * wide, row * high, wide, high, left, top, side, side);
  }
}
