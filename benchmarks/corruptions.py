"""The corruptions' figures: ``python -m benchmarks.corruptions``.

Prints what the grid of all corruptions and severities takes on one thread, the corruption that
takes the most of it, and the mean absolute pixel change beside the original generator's. Changes
are compared on CIFAR-10, where the data folder has it; else random images stand in for the times.

``--side 224 --against imagecorruptions`` times photographs of that side instead, beside the package
for images of any size, turn by turn, each on one thread.
"""

import argparse
import time
from collections.abc import Callable
from statistics import fmean, median

import numpy as np
import torch
from sklearn.datasets import load_sample_images
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


def photographs(num_images: int, side: int) -> Tensor:
    """Colour crops of two photographs as bytes, (N, 3, side, side)."""
    photos = load_sample_images().images
    random = np.random.default_rng(0)
    crops = []
    for photo in (photos[i % len(photos)] for i in range(num_images)):
        top, left = (random.integers(length - side + 1) for length in photo.shape[:2])
        crops.append(torch.from_numpy(photo[top : top + side, left : left + side].copy()))
    return torch.stack(crops).permute(0, 3, 1, 2).contiguous()


def imagecorruptions() -> Callable[..., np.ndarray]:
    """The package's ``corrupt``, made to run with versions of today."""
    try:
        import cv2
        import skimage.filters

        if not hasattr(np, "float_"):  # gone from NumPy 2
            np.float_ = np.float64  # noqa: NPY201
        from imagecorruptions import corrupt as theirs
        from imagecorruptions import corruptions as module
    except ImportError as error:
        raise SystemExit(
            f"{error}; pip install imagecorruptions opencv-python-headless scikit-image "
            "'setuptools<81'"
        ) from None
    cv2.setNumThreads(1)

    def gaussian(image: np.ndarray, *args: object, multichannel: bool = False, **options: object):
        """scikit-image's, which no longer knows ``multichannel``."""
        axis = -1 if multichannel else None
        return skimage.filters.gaussian(image, *args, channel_axis=axis, **options)

    module.gaussian = gaussian
    return theirs


def compare(num_images: int, side: int, repeats: int) -> None:
    """Print processor time per image, here and with the package, turn by turn."""
    theirs = imagecorruptions()
    stored = photographs(num_images, side)
    images = stored / 255
    arrays = [image.permute(1, 2, 0).contiguous().numpy() for image in stored]
    totals = {"severity 3": [0.0, 0.0], "mean of 1 to 5": [0.0, 0.0]}
    print(f"{num_images} images of {side}×{side}, processor ms per image (the package's)")
    for name in CORRUPTIONS:
        cells = []
        for severity in SEVERITIES:
            times: tuple[list[float], list[float]] = ([], [])
            corrupt(images[:1], name, severity, torch.Generator().manual_seed(0))
            theirs(arrays[0], corruption_name=name, severity=severity)
            for _ in range(repeats if name != "glass_blur" else 1):
                began = time.process_time()
                corrupt(images, name, severity, torch.Generator().manual_seed(0))
                between = time.process_time()
                # Their glass_blur takes half a second an image.
                for array in arrays if name != "glass_blur" else arrays[:1]:
                    theirs(array, corruption_name=name, severity=severity)
                ended = time.process_time()
                times[0].append((between - began) / num_images)
                times[1].append((ended - between) / (num_images if name != "glass_blur" else 1))
            cells.append(tuple(1000 * median(each) for each in times))
        third, mean = cells[2], tuple(fmean(each) for each in zip(*cells, strict=True))
        for total, (ours, package) in zip(totals.values(), (third, mean), strict=True):
            total[0] += ours
            total[1] += package
        print(
            f"{name:<18}",
            *(
                f"{what} {ours:6.2f} ({package:6.2f}), {package / ours:6.1f} times as fast  "
                for what, (ours, package) in zip(totals, (third, mean), strict=True)
            ),
        )
    for what, (ours, package) in totals.items():
        print(f"all, {what}: {ours:.1f} ({package:.1f}), {package / ours:.1f} times as fast")


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, help="size of the batch")
    parser.add_argument("--side", type=int, default=224, help="with --against")
    parser.add_argument("--against", choices=["imagecorruptions"], help="a package to compare with")
    parser.add_argument("--repeats", type=int, default=7, help="with --against")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.against:
        compare(options.images or 8, options.side, options.repeats)
    else:
        grid(options.images or 1000)


def grid(num_images: int) -> None:
    """Print times and changes of images of 32×32."""
    stored, are_cifar10 = load_images(num_images)
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
