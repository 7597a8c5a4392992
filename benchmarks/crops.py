"""What test-batch statistics cost on clean CIFAR-10, and why: ``python -m benchmarks.crops``.

The pretrained ResNet-20 trained on crops padded with black. Asked with whole test images, as the
protocol does, and with the same images cropped and flipped as in training: if the price of
test-batch statistics comes from the padding, it shrinks on the crops.
"""

import argparse

import torch
from torch import Tensor

from afn import load_pretrained, set_eval_stats
from afn.ask.evaluate import evaluate
from afn.data import load_dataset
from afn.engine.augment import crop_flip

MODELS = ("cifar10-bn", "cifar10-afn")
BATCH_SIZE = 128


def as_images(pixels: Tensor) -> Tensor:
    """(N, H, W, C) bytes as (N, C, H, W) in [0, 1]."""
    return pixels.permute(0, 3, 1, 2).contiguous() / 255


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=2048)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load_dataset("cifar10")
    pixels = torch.from_numpy(data.x_test[: options.images])
    labels = torch.from_numpy(data.y_test[: options.images]).long()
    generator = torch.Generator().manual_seed(0)
    kinds = {"whole": as_images(pixels), "cropped": as_images(crop_flip(pixels, generator))}
    print(f"right of {len(labels):,} test images, in %; the price is running − test batch")
    print(f"{'':<22}{'running':>9}{'test batch':>12}{'price':>8}")
    for name in MODELS:
        model = load_pretrained(name)
        for kind, images in kinds.items():
            found = []
            for stats in ("running", "batch"):
                set_eval_stats(model, stats)
                found.append(100 * evaluate(model, images, labels, BATCH_SIZE).accuracy)
            running, batch = found
            print(f"{name:<13}{kind:<9}{running:9.1f}{batch:12.1f}{running - batch:8.1f}")


if __name__ == "__main__":
    main()
