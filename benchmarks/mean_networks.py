"""Frozen networks, or their mean output in their place? ``python -m benchmarks.mean_networks``.

What AFN's networks are worth is told against networks that are given the averages of training. They
answer with what they say of the mean batch, which need not be the mean of what they say. Here both
controls are asked on the same corrupted images, and with the networks adapting: if the two controls
agree, it does not matter which of them is taken.
"""

import argparse
import copy
import math

import torch
from torch import Tensor, nn

from afn import as_tested, load_pretrained, set_eval_stats
from afn.ask.records import STANDARD, Networks
from afn.corruptions import corrupted_test_set
from afn.data import ImageData, load_dataset
from afn.norms import AdaptiveNorm
from afn.norms.trace import Trace
from afn.pixels import as_float
from afn.pretrained.cards import read_card

MODELS = (
    "mnist5k-afn", "mnist5k-asrnorm", "cifar10-r8-afn", "cifar10-r8-afn-learn",
    "cifar10-r8-aug-afn-learn",
)  # fmt: skip
BATCH_SIZE = 128


@torch.no_grad()
def with_mean_output(model: nn.Module, pixels: Tensor) -> nn.Module:
    """A copy whose networks answer everything with their mean output over these images."""
    made = copy.deepcopy(model).eval()
    layers = [layer for layer in made.modules() if isinstance(layer, AdaptiveNorm)]
    traces: dict[AdaptiveNorm, list[Trace]] = {layer: [] for layer in layers}

    def record(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, AdaptiveNorm)
        traces[layer].append(layer.trace(given[0]))

    hooks = [layer.register_forward_pre_hook(record) for layer in layers]
    for batch in pixels.split(BATCH_SIZE):
        made(as_float(batch))
    for hook in hooks:
        hook.remove()
    for layer, known in traces.items():
        decoders = {
            "mu_stan": layer.standardize.mu_decoder, "sigma_stan": layer.standardize.sigma_decoder,
            "gamma_net": layer.rescale.gamma_decoder, "beta_net": layer.rescale.beta_decoder,
        }  # fmt: skip
        inverse = {"gamma_net": torch.logit, "beta_net": torch.atanh}
        for name, decoder in decoders.items():
            each = [getattr(trace, name).reshape(-1, layer.num_features) for trace in known]
            mean = torch.cat(each).mean(0)
            decoder.weight.zero_()
            decoder.bias.copy_(inverse.get(name, torch.clone)(mean))
    return made


@torch.no_grad()
def right(model: nn.Module, networks: Networks, data: ImageData, images: int) -> Tensor:
    """Of each image the share of the corruptions at severity 5 under which it is answered right."""
    answer = as_tested(model, networks=networks)
    shares = []
    for name in STANDARD:
        seed = torch.Generator().manual_seed(0)
        shown = corrupted_test_set(data, name, 5, num_images=images, generator=seed)
        answers = [answer(batch).argmax(1) for batch in shown.images.split(BATCH_SIZE)]
        shares.append(torch.cat(answers) == shown.labels)
    return torch.stack(shares).double().mean(0)


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=MODELS, metavar="NAME")
    parser.add_argument("--images", type=int, default=1000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{len(STANDARD)} corruptions at severity 5, {options.images:,} images; accuracy in %,")
    print("and adapting − control in points (± 95 % over images; one seed)")
    print(f"{'':<24}{'adapting':>9}{'frozen':>16}{'mean output':>16}")
    for name in options.names:
        data = load_dataset(read_card(name).config.dataset)
        model = load_pretrained(name).eval()
        if "asrnorm" not in name:
            set_eval_stats(model, "batch")
        fixed = with_mean_output(model, torch.from_numpy(data.x_train[:2048]))
        adapting = right(model, "on", data, options.images)
        told = f"{name:<24}{100 * adapting.mean():9.2f}"
        for control in (
            right(model, "frozen", data, options.images),
            right(fixed, "on", data, options.images),
        ):
            gain = 100 * (adapting - control)
            half = 1.96 * float(gain.std()) / math.sqrt(len(gain))
            told += f"{gain.mean():+9.2f} ± {half:4.2f}"
        print(told, flush=True)


if __name__ == "__main__":
    main()
