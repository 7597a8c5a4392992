// The figure of each stage of a layer, from what app/components/inside_layer.py sends.

const VERSION = new URL(import.meta.url).search;
const { bars, histogram, pictures, strip } = await import(`./plots.js${VERSION}`);

const key = (entries) =>
  `<p class="key">${entries
    .map(({ look, color, name }) => `<span><i class="${look}" style="--hue:${color}"></i>${name}</span>`)
    .join("")}</p>`;
const titled = (title, plot) => `<div class="plot"><p class="caption">${title}</p>${plot}</div>`;

/** Dots over channels with what they mean. */
function dots(width, chosen, panels) {
  const entries = new Map();
  const plots = panels.map(({ title, series }) => {
    for (const each of series) if (each.name) entries.set(each.name, each);
    return titled(title, strip({ width, chosen, series }));
  });
  return key([...entries.values()]) + `<div class="plots">${plots.join("")}</div>`;
}

const side = (name, { seen, colors, followed }, width) =>
  pictures({ maps: seen.maps[name], chosen: followed }) +
  titled("all values of the channel in the batch", histogram({ width, data: seen.histograms[name], color: colors.own }));

export const FIGURES = {
  input: (data, width) => side("x", data, width.whole),
  statistics({ seen, colors, titles }, width) {
    const { channels, spread } = seen;
    const panel = (name, letter) => ({
      title: letter,
      series: [
        { name: titles.alone, look: "range", color: colors.asrnorm, values: spread[name] },
        { name: titles.running, look: "ring", color: colors.bn, values: channels[`running_${name}`] },
        { name: titles.used, look: "dot", color: colors.own, values: channels[name] },
      ],
    });
    return dots(width.half, seen.channel, [panel("mu", "μ"), panel("sigma", "σ")]);
  },
  encoder({ seen, colors }, width) {
    const panel = (name, letter) => titled(`h of ${letter}`, bars({ width: width.half, values: seen.hidden[name], color: colors.own }));
    return `<div class="plots">${panel("stan_mu", "μ")}${panel("stan_sigma", "σ")}</div>`;
  },
  decoder({ seen, colors, titles }, width) {
    const panel = (name, letter) => ({
      title: letter,
      series: [
        { name: titles.used, look: "dot", color: colors.own, values: seen.channels[name] },
        { name: "the network's", look: "ring", color: colors.network, values: seen.channels[`${name}_stan`] },
      ],
    });
    return dots(width.half, seen.channel, [panel("mu", "μ and μ_stan"), panel("sigma", "σ and σ_stan")]);
  },
  mix({ seen, colors }, width) {
    const { channels } = seen;
    const panel = (name, letter) => ({
      title: `${letter}̂`,
      series: [
        { look: "way", color: colors.network, values: channels[name], targets: channels[`${name}_stan`] },
        { name: "measured", look: "ring", color: colors.quiet, values: channels[name] },
        { name: "the network's", look: "ring", color: colors.network, values: channels[`${name}_stan`] },
        { name: "used", look: "dot", color: colors.own, values: channels[`${name}_hat`] },
      ],
    });
    return dots(width.half, seen.channel, [panel("mu", "μ"), panel("sigma", "σ")]);
  },
  standardize: (data, width) => side("x_hat", data, width.whole),
  networks({ seen, colors }, width) {
    const { channels, hidden } = seen;
    const panel = (title, values) => titled(title, strip({ width: width.half, chosen: seen.channel, series: [{ name: title, look: "dot", color: colors.network, values }] }));
    const units = (title, values) => titled(title, bars({ width: width.half, height: 60, values, color: colors.own }));
    return `<div class="plots">${units("h of σ", hidden.rescale_sigma)}${units("h of μ", hidden.rescale_mu)}
      ${panel("sigmoid(·), for γ̂", channels.gamma_net)}${panel("tanh(·), for β̂", channels.beta_net)}</div>`;
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
    return dots(width.half, seen.channel, [panel("gamma", "weight", "γ̂"), panel("beta", "bias", "β̂")]);
  },
  output({ seen, colors, titles, followed }, width) {
    const names = Object.keys(seen.beside);
    const { height, width: wide, low, high } = seen.maps.y;
    const maps = { height, width: wide, low, high, pixels: [seen.maps.y.pixels[followed], ...names.map((name) => seen.beside[name].y.pixels[0])] };
    const captions = [titles.own, ...names.map((name) => `${titles.beside[name]}`)];
    return `<div class="halves"><div><p class="caption">the followed image, by the same parameters</p>${pictures({ maps, captions })}</div>
      <div><p class="caption">all shown images</p>${side("y", { seen, colors, followed }, width.whole)}</div></div>`;
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
  return titled(`probability of each class, image ${followed}`, strip({ width, height: 110, series, names: seen.class_names, unit: "class" }));
}
