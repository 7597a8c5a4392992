// The figure of each step of a layer, from what app/page/inside/layer.py sends.

const VERSION = new URL(import.meta.url).search;
const { bars, beyond, canvas, escape, histogram, strip } = await import(`./plots.js${VERSION}`);

const key = (entries) =>
  `<p class="key">${entries
    .map(({ look, color, name }) => `<span><i class="${look}" style="--hue:${color}"></i>${name}</span>`)
    .join("")}</p>`;
const titled = (title, plot) => `<div class="plot"><p class="caption">${title}</p>${plot}</div>`;

/** How high a figure is: usually, in a high window, and on stage, where all is enlarged. */
const tall = ({ isTall, isStaged }, usual, large, staged = 84) => (isStaged ? staged : isTall ? large : usual);

/** Of panels that say the same of two things: on stage the first has the room alone. */
const fitting = ({ isStaged }, panels) => (isStaged ? panels.slice(0, 1) : panels);

const COLUMNS = 16; // of channels, at most
const CELL = 12; // px

/** Which channels of which images are averaged with the followed value: a cell for each. */
function averaged({ statistics, kind, channel, image, size, pictures, num_groups: groups, channels }, color) {
  const all = channels.mu.length;
  const [rows, columns] = [Math.min(size, pictures.length), Math.min(all, COLUMNS)];
  const isWide = columns < all;
  const [own, groupOf] = [Math.floor((channel / all) * columns), (at) => Math.floor((at / columns) * groups + 1e-9)];
  const row = Math.min(image, rows - 1);
  const isIn = {
    "test batch": (_, at) => at === own,
    "each image": (line, at) => line === row && at === own,
    "each group": (line, at) => line === row && groupOf(at) === groupOf(own),
    "whole image": (line) => line === row,
    "each place": (line) => line === row,
    mixed: (line) => line === row,
  }[statistics] ?? (() => false);
  const cells = [];
  for (let line = 0; line < rows; line++) {
    for (let at = 0; at < columns; at++) {
      const [x, y] = [at * CELL, line * CELL];
      cells.push(`<rect class="cell" x="${x + 0.5}" y="${y + 0.5}" width="${CELL - 3}" height="${CELL - 3}" rx="2"/>`);
      const [part, room] = statistics === "each place" ? [3, 3] : [CELL - 2, 0];
      if (isIn(line, at)) cells.push(`<rect fill="${color}" x="${x + room}" y="${y + room}" width="${part}" height="${part}" rx="1.5"/>`);
      if (line === row && at === own) cells.push(`<rect class="own" x="${x + 0.5}" y="${y + 0.5}" width="${CELL - 3}" height="${CELL - 3}" rx="2"/>`);
    }
  }
  const words = statistics === "running averages" ? "none of this batch is averaged: training was" : `${AVERAGED[statistics]}${kind in BATCHED ? (channels.running_mu ? "; of batches, training was" : "; and this channel in all images") : ""}`;
  const width = columns * CELL;
  const many = isWide ? `${all} channels` : "channels";
  return `<div class="averaged"><svg width="${width}" height="${rows * CELL}" viewBox="0 0 ${width} ${rows * CELL}" role="img" aria-label="${words}">${cells.join("")}</svg>
    <p class="caption"><b>${words}</b><br>across: ${many}; down: ${rows < size ? `${rows} of ${size} images` : rows > 1 ? "images" : "the image"}; framed: the one followed</p></div>`;
}

const AVERAGED = {
  "test batch": "averaged: this channel in all images",
  "each image": "averaged: this channel in this image",
  "each group": "averaged: the channels of this group in this image",
  "whole image": "averaged: all channels of this image",
  "each place": "averaged: all channels at this place of this image",
  mixed: "averaged: this channel in this image, and all its channels",
};

/** What norms measure that subtract no mean. */
const DIVIDES = { frn: "ν", evos0: "σ", evob0: "σ" };

/** Norms that measure the batch besides each image, and whose statistics they take. */
const BATCHED = { sn: ["in", "ln", "bn"], bin: ["in", "bn"], evob0: [] };
const WHOSE = { in: ["IN", "asrnorm"], ln: ["LN", "network"], bn: ["BN", "bn"] };
const several = ({ kind, channels }, colors, name) => BATCHED[kind].map((norm) => ({ name: WHOSE[norm][0], look: "ring", color: colors[WHOSE[norm][1]], values: channels[`${name}_${norm}`] }));

/** Dots over channels with what they mean. */
function dots(size, chosen, panels) {
  const width = panels.length > 1 ? size.half : size.whole;
  const entries = new Map();
  const plots = fitting(size, panels).map(({ title, series }) => {
    for (const each of series) if (each.name) entries.set(each.name, each);
    return titled(title, strip({ width, height: tall(size, 132, 210, 54), chosen, series }));
  });
  return key([...entries.values()]) + `<div class="plots">${plots.join("")}</div>`;
}

/** The followed image large, with its pixel to choose; beside it `others`, and how values spread. */
function pictured(name, { seen, colors, followed }, size, others) {
  const { whole } = size;
  const maps = seen.maps[name];
  const { row, column } = seen.pixel;
  const [right, down] = [100 / maps.width, 100 / maps.height];
  const lost = beyond(maps.pixels[followed]);
  const place = `row ${row + 1}, column ${column + 1}`;
  const side = tall(size, 190, 264, 84);
  const room = Math.max(200, whole >= 520 ? whole - side - OTHERS - 36 : whole);
  return `<div class="pictured"><div class="large" style="width:${side}px" tabindex="0" role="slider" data-pick aria-label="Followed pixel; arrow keys move it"
      aria-valuenow="${row * maps.width + column + 1}" aria-valuemin="1" aria-valuemax="${maps.width * maps.height}" aria-valuetext="${place}">${canvas(maps, followed)}
      <i style="left:${column * right}%;top:${row * down}%;width:${right}%;height:${down}%"></i></div>
    ${others}
    <div class="plot" style="width:${room}px"><p class="caption">the channel in the batch${lost ? `; <b>${lost} ${lost > 1 ? "values" : "value"} of this picture beyond the scale</b>` : ""}</p>
      ${histogram({ width: room, height: tall(size, 124, 200), data: seen.histograms[name], scale: seen.scale, color: colors.own, value: seen.pixel[name] })}</div></div>`;
}

const OTHERS = 184; // px of the small pictures

function side(name, data, width) {
  const maps = data.seen.maps[name];
  const small = maps.pixels.map((_, at) => (at === data.followed ? "" : `<button type="button" data-image="${at}" aria-label="Follow image ${at + 1}">${canvas(maps, at)}</button>`));
  return pictured(name, data, width, `<div class="small">${small.join("")}</div>`);
}

export const FIGURES = {
  input: (data, width) => side("x", data, width),
  statistics({ seen, colors, titles }, width) {
    const { channels, members, spread } = seen;
    const isShared = members.mu !== undefined;
    const { kind } = seen;
    const panel = (name, letter) => ({
      title: letter,
      series: BATCHED[kind]?.length ? several(seen, colors, name) : [
        ...(isShared
          ? [{ name: titles.members, look: "ring", color: colors.quiet, values: members[name] }]
          : kind === "frn" ? [] : [{ name: titles.alone, look: "range", color: colors.asrnorm, values: spread[name] }]),
        ...(channels.sigma_image ? [{ name: "the image's", look: "ring", color: colors.asrnorm, values: channels.sigma_image }] : []),
        ...(channels[`running_${name}`] && kind !== "evob0" ? [{ name: titles.running, look: "ring", color: colors.bn, values: channels[`running_${name}`] }] : []),
        { name: kind === "evob0" ? "the batch's" : titles.used, look: "dot", color: colors.own, values: channels[name] },
      ],
    });
    return (width.isStaged ? "" : averaged(seen, colors.own)) + dots(width, seen.channel, kind in DIVIDES ? [panel("sigma", DIVIDES[kind])] : [panel("mu", "μ"), panel("sigma", "σ")]);
  },
  encoder({ seen, colors }, width) {
    const panel = (name, letter) => titled(`h(${letter})`, bars({ width: width.half, height: tall(width, 132, 230), values: seen.hidden[name], color: colors.own }));
    return `<div class="plots">${fitting(width, [panel("stan_mu", "μ"), panel("stan_sigma", "σ")]).join("")}</div>`;
  },
  decoder({ seen, colors, titles }, width) {
    const panel = (name, letter) => ({
      title: letter,
      series: [
        { name: titles.used, look: "dot", color: colors.own, values: seen.channels[name] },
        { name: "the network's", look: "ring", color: colors.network, values: seen.channels[`${name}_stan`] },
      ],
    });
    return dots(width, seen.channel, [panel("mu", "μ and μ_stan"), panel("sigma", "σ and σ_stan")]);
  },
  mix({ seen, colors }, width) {
    const { channels } = seen;
    const panel = (name, letter) => ({
      title: `${letter}̂`,
      series: seen.kind === "sn" ? [...several(seen, colors, name), { name: "used", look: "dot", color: colors.own, values: channels[`${name}_hat`] }] : [
        { look: "way", color: colors.network, values: channels[name], targets: channels[`${name}_stan`] },
        { name: "measured", look: "ring", color: colors.quiet, values: channels[name] },
        { name: "the network's", look: "ring", color: colors.network, values: channels[`${name}_stan`] },
        { name: "used", look: "dot", color: colors.own, values: channels[`${name}_hat`] },
      ],
    });
    if (seen.kind === "bin") {
      return dots(width, seen.channel, [{ title: "ρ", series: [{ name: "BN's share", look: "dot", color: colors.own, values: channels.rho }] }]);
    }
    return dots(width, seen.channel, [panel("mu", "μ"), panel("sigma", "σ")]);
  },
  standardize: (data, width) => side("x_hat", data, width),
  networks({ seen, colors }, width) {
    const { channels, hidden } = seen;
    const panel = (title, values) => titled(title, strip({ width: width.half, height: tall(width, 92, 170, 70), chosen: seen.channel, series: [{ name: title, look: "dot", color: colors.network, values }] }));
    const units = (title, values) => titled(title, bars({ width: width.half, height: tall(width, 46, 46, 40), values, color: colors.own }));
    const encoders = [units("h(σ)", hidden.rescale_sigma), units("h(μ)", hidden.rescale_mu)];
    const decoders = [panel("sigmoid(·), for γ̂", channels.gamma_net), panel("tanh(·), for β̂", channels.beta_net)];
    return `<div class="plots">${[encoders, decoders].flatMap((each) => fitting(width, each)).join("")}</div>`;
  },
  rescale({ seen, colors, titles }, width) {
    const { channels, beside, hidden } = seen;
    const other = hidden.stan_mu && (beside.per_image ?? beside.batch);
    const panel = (name, own, letter) => ({
      title: letter,
      series: [
        ...(other ? [{ name: titles.other, look: "ring", color: colors.other, values: other[`${name}_hat`] }] : []),
        ...(hidden.stan_mu ? [{ name: titles.parameter, look: "ring", color: colors.bn, values: channels[own] }] : []),
        { name: hidden.stan_mu ? "used" : titles.parameter, look: "dot", color: colors.own, values: channels[`${name}_hat`] },
      ],
    });
    return dots(width, seen.channel, [panel("gamma", "weight", "γ̂"), panel("beta", "bias", "β̂")]);
  },
  output(data, width) {
    const { seen, titles } = data;
    const small = Object.keys(seen.beside).map((name) => `<figure>${canvas(seen.beside[name].y, 0)}<figcaption>${escape(titles.beside[name])}</figcaption></figure>`);
    return pictured("y", data, width, `<div class="small beside">${small.join("")}</div>`);
  },
};

/** What networks say of the followed image, class by class. */
export function probabilities({ seen, contenders, followed }, width) {
  const each = [seen.now, ...seen.others];
  const series = each.map(({ probabilities: values }, at) => ({
    name: contenders[at].label,
    look: at ? "ring" : "dot",
    color: contenders[at].color,
    values,
  }));
  return titled(`probability of each class, image ${followed + 1}`, strip({ width, height: 110, series, names: seen.class_names, unit: "class" }));
}
