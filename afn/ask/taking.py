"""Images and labels out of what people have: loaders, data sets, arrays."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from afn.numbers import whole

_IMAGES = ("image", "images", "pixel_values", "img", "x", "input", "inputs")
_LABELS = ("label", "labels", "target", "targets", "y", "class")
_ROUNDING = 1e-3
"""Of a byte: so far from one, images that were normalized may come back."""
_BYTES = 2.0  # more than this is no overshoot but 0 to 255

PerChannel = Sequence[float]
"""A number for each channel."""


class Pixels:
    """Batches of images that come one after the other, as (N, C, H, W) in bytes where they are.

    Floats are kept as bytes where all of them are 255ths, as those of pictures: a fourth of the
    memory, and the same numbers.

    Args:
        what: They are of, for errors.
        mean: By which they were normalized; None where they were not.
        std: Likewise.
    """

    def __init__(self, what: str, mean: PerChannel | None, std: PerChannel | None) -> None:
        self.what = what
        self._moments = None if mean is None or std is None else (mean, std)
        self._images: list[Tensor] = []
        self._labels: list[Tensor] = []

    def add(self, images: Tensor, labels: Tensor) -> None:
        """Take a batch, (N, C, H, W) and (N,).

        Raises:
            ValueError: It is none, of another shape than those before, or not in [0, 1].
        """
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise ValueError(
                f"{self.what}: expected images (N, C, H, W) with C 1 or 3, got {_shape(images)}"
            )
        if self._images and images.shape[1:] != self._images[0].shape[1:]:
            raise ValueError(
                f"{self.what}: expected images of one shape, got {_shape(self._images[0][0])} and "
                f"{_shape(images[0])}: resize them in the transform"
            )
        if len(labels) != len(images):
            raise ValueError(
                f"{self.what}: expected a label for each image, got {len(images)} images and "
                f"{len(labels)} labels"
            )
        if len(images):
            self._images.append(self._plain(images.detach().cpu()))
            self._labels.append(labels.clone())

    def all(self) -> tuple[Tensor, Tensor]:
        """Images (N, C, H, W), uint8 or float32 in [0, 1], and labels (N,) int64.

        Raises:
            ValueError: There are none, or a label is negative.
        """
        if not self._images:
            raise ValueError(f"{self.what}: expected images, got none")
        if len({images.dtype for images in self._images}) > 1:
            self._images = [_floats(images) for images in self._images]
        images, labels = _joined(self._images), torch.cat(self._labels)
        if (least := int(labels.min())) < 0:
            raise ValueError(
                f"{self.what}: expected labels from 0, got {least}: renumber the classes from 0"
            )
        return images, labels

    def _plain(self, images: Tensor) -> Tensor:
        if images.dtype == torch.uint8 and self._moments is None:
            return images.clone()  # some loaders fill one buffer again and again
        if not images.is_floating_point():
            if self._moments or images.dtype == torch.bool:
                came = str(images.dtype).removeprefix("torch.")
                raise ValueError(f"{self.what}: expected floats, or bytes as uint8, got {came}")
            least, most = int(images.min()), int(images.max())
            if not 0 <= least <= most <= 255:
                raise ValueError(f"{self.what}: expected 0 to 255 or floats, got {least} to {most}")
            return images.to(torch.uint8)
        images = images.float()
        slack = 0.0
        if self._moments:
            mean, std = (per_channel(each, images, self.what) for each in self._moments)
            images, slack = images * std + mean, _ROUNDING / 255
        low, high = float(images.min()), float(images.max())
        if not -1e-5 <= low <= high <= 1 + 1e-5:  # NaN too
            raise ValueError(f"{self.what}: expected images in [0, 1], got {low:.4g} to {high:.4g}"
                             f"{self._remedy(low, high)}")  # fmt: skip
        levels = images.mul(255).round_().clamp_(0, 255)
        if bool(((levels / 255 - images).abs() <= slack).all()):
            return levels.to(torch.uint8)
        return images.clamp(0, 1)

    def _remedy(self, low: float, high: float) -> str:
        if self._moments:
            return ": the loader normalizes by another mean= and std="
        if low >= 0 and high > _BYTES:
            return ": divide by 255, or give uint8"
        if low == low and high == high:
            return ": if the loader normalizes them, say its mean= and std="
        return ": replace what is no number"


def _joined(batches: list[Tensor]) -> Tensor:
    """One after the other; each is let go of as it is copied, so that memory holds them once."""
    if len(batches) == 1:
        return batches[0]
    every = batches[0].new_empty((sum(map(len, batches)), *batches[0].shape[1:]))
    start = 0
    while batches:
        batch = batches.pop(0)
        every[start : start + len(batch)] = batch
        start += len(batch)
    return every


def per_channel(values: PerChannel, images: Tensor, what: str) -> Tensor:
    """(1, C, 1, 1), on the images' device.

    Raises:
        ValueError: Not a number for each channel.
    """
    numbers = torch.as_tensor(values, dtype=torch.float32).flatten()
    if len(numbers) not in (1, images.shape[1]):
        raise ValueError(
            f"{what}: expected a mean and std for each of {images.shape[1]} channels, got "
            f"{len(numbers)}"
        )
    return numbers.to(images.device, images.dtype).view(1, -1, 1, 1)


def _floats(images: Tensor) -> Tensor:
    return images.float().div_(255) if images.dtype == torch.uint8 else images


def take_batches(pixels: Pixels, loader: Iterable[Any], most: int | None) -> None:
    """The first so many images of a loader, in the order in which they come."""
    left = most
    for batch in loader:
        images, labels = pair_of(batch, pixels.what)
        if not isinstance(images, Tensor):
            raise ValueError(
                f"{pixels.what}: expected batches of images as tensors (N, C, H, W), got "
                f"{_kind(images)}: add ToTensor() to the transform"
            )
        # One that gives no labels as tensors gives lists of numbers.
        pixels.add(images[:left], labels_of(labels, pixels.what)[:left])
        if left is not None and (left := left - len(images)) <= 0:
            return


def take_items(pixels: Pixels, dataset: Any, most: int | None) -> None:
    """The first so many images of a map-style data set: pictures, arrays or tensors."""
    for item in islice(_items(dataset), most):
        image, label = pair_of(item, pixels.what)
        pixels.add(_one_image(image, pixels.what)[None], labels_of([label], pixels.what))


def take_arrays(pixels: Pixels, images: Any, labels: Any, most: int | None) -> None:
    """The first so many of arrays: (N, H, W), (N, H, W, C) or (N, C, H, W)."""
    found = tensor_of(images)
    if found is None:
        raise ValueError(f"{pixels.what}: expected X as an array or tensor, got {_kind(images)}")
    pixels.add(channels_first(found, pixels.what)[:most], labels_of(labels, pixels.what)[:most])


def channels_first(images: Tensor, what: str) -> Tensor:
    """(N, C, H, W) of (N, H, W), (N, H, W, C) or (N, C, H, W).

    The axis of channels is the one that is 1 or 3 long; the sides of what can be corrupted are 8
    or longer, so that no more than one is.

    Raises:
        ValueError: None is, or both.
    """
    if images.ndim == 3:
        return images[:, None]
    if images.ndim == 4:
        is_first, is_last = (images.shape[axis] in (1, 3) for axis in (1, 3))
        if is_first != is_last:
            return images if is_first else images.permute(0, 3, 1, 2)
        if is_first:
            raise ValueError(
                f"{what}: {_shape(images)} may be (N, C, H, W) or (N, H, W, C): give images with "
                f"sides above 3"
            )
    raise ValueError(
        f"{what}: expected (N, H, W), (N, H, W, C) or (N, C, H, W) with C 1 or 3, got "
        f"{_shape(images)}"
    )


def labels_of(labels: Any, what: str) -> Tensor:
    """(N,) int64 of whole numbers, (N,) or (N, 1).

    Raises:
        ValueError: They are none.
    """
    found = tensor_of(labels)
    if found is not None and found.ndim == 2 and found.shape[1] == 1:
        found = found[:, 0]
    is_whole = found is not None and not found.is_floating_point() and found.dtype != torch.bool
    if found is None or found.ndim != 1 or not (is_whole or len(found) == 0):
        came = _kind(labels) if found is None else f"{found.dtype} {_shape(found)}"
        raise ValueError(
            f"{what}: expected labels as whole numbers (N,), got {came.removeprefix('torch.')}"
        )
    return found.detach().cpu().to(torch.int64)


def _items(dataset: Any) -> Iterator[Any]:
    for number in range(len(dataset)):
        yield dataset[number]


def pair_of(item: Any, what: str) -> tuple[Any, Any]:
    """Image and label of an item or a batch: the first two of a tuple, or by their names."""
    if isinstance(item, Mapping):
        found = [[name for name in names if name in item] for names in (_IMAGES, _LABELS)]
        if all(len(names) == 1 for names in found):
            return item[found[0][0]], item[found[1][0]]
        came = f"a dictionary of {', '.join(map(str, item))}"
    elif isinstance(item, tuple | list) and len(item) >= 2:
        return item[0], item[1]
    else:
        came = _kind(item)
    raise ValueError(f"{what}: expected (images, labels), got {came}")


def _one_image(image: Any, what: str) -> Tensor:
    """(C, H, W) of a picture, an array or a tensor."""
    if hasattr(image, "convert"):  # of PIL
        is_grey = image.mode in ("L", "1")
        image = np.asarray(image.convert("L" if is_grey else "RGB"))
    found = tensor_of(image)
    if found is None or found.ndim not in (2, 3):
        came = _kind(image) if found is None else _shape(found)
        raise ValueError(
            f"{what}: expected images as pictures, arrays or tensors (C, H, W), got {came}"
        )
    return channels_first(found[None], what)[0]


def tensor_of(values: Any) -> Tensor | None:
    """Any array of numbers; None for anything else."""
    if isinstance(values, Tensor):
        return values
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):  # ragged, or on another device
        return None
    if array.dtype.kind not in "biuf":
        return None
    if array.dtype.kind == "u" and array.dtype.itemsize > 1:  # torch knows few of them
        array = array.astype(np.int64)
    # A copy, which may be written and lies in one piece.
    return torch.from_numpy(np.array(array, order="C"))


def _shape(tensor: Tensor) -> str:
    return str(tuple(tensor.shape))


def _kind(value: Any) -> str:
    return f"a {type(value).__name__}"


def title_of(data: Any) -> str:
    """What a loader or a data set is called: as its class."""
    inner = data.dataset if isinstance(data, DataLoader) else data
    while hasattr(inner, "dataset"):  # a subset
        inner = inner.dataset
    return type(inner).__name__


def classes_in(data: Any) -> tuple[str, ...] | None:
    """Class names as torchvision's data sets have them; None where nothing tells."""
    for _ in range(8):  # a loader's data set, a subset's
        names = getattr(data, "classes", None)
        if isinstance(names, list | tuple) and names and all(isinstance(it, str) for it in names):
            return tuple(names)
        data = getattr(data, "dataset", None)
    return None


def number_of(most: Any) -> int | None:
    """How many images at most, checked."""
    if most is None:
        return None
    if (count := whole(most, "num_images")) < 1:
        raise ValueError(f"num_images must be at least 1, got {count}")
    return count
