"""Whether conversion changes what networks compute: ``python -m benchmarks.conversion``.

Every classification network of torchvision, without weights, converted to BN and to AFN: layers
replaced, growth of the parameters, and the largest difference of the outputs from the original's,
relative to them and in float64, with every λ at 0, in training and in evaluation mode. Small random
images on one thread. With timm installed, ``--timm NAME ...`` does the same with its networks.
"""

import argparse
import time

import torch
from torchvision import models

from afn import conversion_report
from afn.cli.convert import example_batch, model_named

LEAST_SIZE = {"inception_v3": 299, "maxvit_t": 224}
"""Sides of images that those networks need which do with no less."""


def main() -> None:
    """Convert and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--norms", nargs="+", default=["bn", "afn"])
    parser.add_argument("--timm", nargs="+", metavar="NAME", help="instead of torchvision's")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these of torchvision's")
    parser.add_argument("--size", type=int, default=64, help="of images (default 64)")
    parser.add_argument(
        "--largest", type=float, default=100, help="million parameters; larger ones are left out"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    home = "timm" if options.timm else "torchvision"
    print(f"{'':<24}{'norm':<9}{'layers':<9}{'parameters':>12}{'train':>9}{'eval':>9}{'s':>6}")
    left = []
    for name in options.timm or options.only or models.list_models(module=models):
        torch.manual_seed(0)
        model = model_named(f"{home}:{name}")
        millions = sum(parameter.numel() for parameter in model.parameters()) / 1e6
        if millions > options.largest:
            left.append(f"{name}: {millions:.0f} million parameters")
            continue
        batch = None
        for norm in options.norms:
            start = time.perf_counter()
            try:
                if batch is None:
                    conversion_report(model, norm)  # says soon where there is nothing to convert
                    batch = example_batch(model, 4, LEAST_SIZE.get(name, options.size))
                found = conversion_report(model, norm, batch)
            except ValueError as error:
                left.append(f"{name}: {str(error)[:160]}")
                break
            replaced = sum(layer.became is not None for layer in found.layers)
            growth = 100 * (found.parameters_after / found.parameters_before - 1)
            gaps = "".join(f"{it.relative:9.0e}" for it in found.differences)
            print(
                f"{name:<24}{norm:<9}{f'{replaced}/{len(found.layers)}':<9}{growth:+11.1f}%{gaps}"
                f"{time.perf_counter() - start:6.1f}",
                flush=True,
            )
    print("", *left, sep="\n")


if __name__ == "__main__":
    main()
