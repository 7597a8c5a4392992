"""The corruptions' figures: ``python -m benchmarks.corruptions``.

Prints what the grid of all corruptions and severities takes on one thread, the corruption that
takes the most of it, and the mean absolute pixel change beside the original generator's. Changes
are compared on CIFAR-10, where the data folder has it; else random images stand in for the times.
"""

import argparse
import time

import torch
from torch import Tensor

from afn.corruptions import CORRUPTIONS, corrupt
from afn.data import load_dataset
from tests.corruptions.original import CHANGE, mean_change

NUM_COMPARED = 300
SEVERITIES = range(1, 6)


def load_images(num_images: int) -> tuple[Tensor, bool]:
    """Colour images of 32×32 as bytes, and whether they are CIFAR-10's."""
    try:
        pixels = torch.from_numpy(load_dataset("cifar10").x_test[:num_images])
        return pixels.permute(0, 3, 1, 2).contiguous(), True
    except FileNotFoundError:
        shape, generator = (num_images, 3, 32, 32), torch.Generator().manual_seed(0)
        return torch.randint(256, shape, dtype=torch.uint8, generator=generator), False


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="size of the batch")
    options = parser.parse_args()
    torch.set_num_threads(1)
    stored, are_cifar10 = load_images(options.images)
    images = stored / 255
    corrupt(images[:2], "defocus_blur", 1)  # the first convolution of a process takes longer

    seconds = dict.fromkeys(CORRUPTIONS, 0.0)
    print(f"{'mean change, 0 to 255, and the original':<24}" if are_cifar10 else "no CIFAR-10 here")
    for name in CORRUPTIONS:
        cells = []
        for severity in SEVERITIES:
            generator = torch.Generator().manual_seed(0)
            began = time.perf_counter()
            corrupted = corrupt(images, name, severity, generator)
            seconds[name] += time.perf_counter() - began
            change = mean_change(stored[:NUM_COMPARED], corrupted[:NUM_COMPARED])
            original = CHANGE[name][severity - 1]
            cells.append(
                f"{change:5.1f} ({original:4.1f}, {100 * (change / original - 1):+3.0f} %)"
            )
        print(f"{name:<18}{seconds[name]:6.2f} s  ", *(cells if are_cifar10 else ()))
    worst = max(seconds, key=seconds.__getitem__)
    print(
        f"19×5 grid of {len(images)} images on one thread: {sum(seconds.values()):.2f} s "
        f"(target <= 20 s for 1,000); most of it {worst}, {seconds[worst]:.2f} s"
    )


if __name__ == "__main__":
    main()
