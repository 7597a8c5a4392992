"""Test images of any origin, and how a model is shown them under a corruption, piece by piece."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, SupportsIndex

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from afn.ask.evaluate import noise_of
from afn.ask.records import Place
from afn.ask.taking import (
    PerChannel,
    Pixels,
    classes_in,
    number_of,
    per_channel,
    take_arrays,
    take_batches,
    take_items,
    title_of,
)
from afn.corruptions import corrupt
from afn.corruptions.applying import has_colour
from afn.corruptions.sets import published_test_set
from afn.corruptions.severities import ConstantsName, constants_for, constants_words
from afn.data import ImageData, load_dataset
from afn.data.archives import read_archive
from afn.data.class_folders import read_class_folders
from afn.pixels import as_float
from afn.settings.corruptions import RULE

_PIECE = 2**22  # values that are corrupted at a time: 16 MB


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ImageSet:
    """Test images of any origin, to ask models about; `image_set` makes one.

    Example:
        >>> import torch
        >>> from afn import ImageSet, image_set
        >>> images = image_set((torch.rand(6, 3, 32, 32), torch.arange(6)))
        >>> isinstance(images, ImageSet), len(images), images.shape
        (True, 6, (3, 32, 32))
    """

    name: str
    images: Tensor
    """(N, C, H, W): uint8, or float32 in [0, 1] where they are no 255ths."""
    labels: Tensor
    """(N,) int64."""
    class_names: tuple[str, ...] | None
    """None: they have numbers alone, as many as the model has logits."""
    mean: tuple[float, ...] | None = None
    """What the model's inputs are normalized by behind the corruption; None is not at all."""
    std: tuple[float, ...] | None = None
    data: ImageData | None = None
    """The data set of which these are the test images; None for others."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of an image."""
        channels, height, width = self.images.shape[1:]
        return channels, height, width

    @property
    def has_colour(self) -> bool:
        """Whether a corruption of colours changes anything: grey shown as RGB has none."""
        if self.data is not None:
            return has_colour(self.data.name)
        pieces = self.images.split(256)
        return self.shape[0] == 3 and any(
            bool((piece[:, :1] != piece[:, 1:]).any()) for piece in pieces
        )

    def floats(self, start: int, stop: int) -> Tensor:
        """Some of them, (n, C, H, W) float32 in [0, 1]."""
        images = self.images[start:stop]
        return images if images.is_floating_point() else images.to(torch.float32).div_(255)

    def normalized(self, images: Tensor) -> Tensor:
        """Images as the model takes them."""
        if self.mean is None or self.std is None:
            return images
        mean, std = (per_channel(each, images, self.name) for each in (self.mean, self.std))
        return (images - mean) / std


def image_set(
    data: Any,
    num_images: SupportsIndex | None = None,
    *,
    mean: PerChannel | None = None,
    std: PerChannel | None = None,
    size: int | tuple[int, int] | None = None,
    name: str | None = None,
) -> ImageSet:
    """Test images out of what people have, read once and kept as bytes where they are such.

    Args:
        data: One of

            - an `afn.data.ImageData`: its test images;
            - a torch ``DataLoader``, or another iterable of batches, of images (N, C, H, W) as
              uint8 or as floats in [0, 1], and labels (N,);
            - a map-style ``Dataset`` of a picture, an array or a tensor, and a label;
            - ``(X, y)``, arrays or tensors. Of (N, H, W), (N, H, W, C) and (N, C, H, W) it is that
              whose C is 1 or 3; likewise for one image of a data set;
            - a path: a folder ``CLASS/*`` of pictures, or an archive ``NAME.npz``;
            - the name of a data set, as `load_dataset` takes it.

        num_images: The first so many; of folders so many of each class. None is all.
        mean: Of each channel, by which the loader's images were normalized. It is undone, since
            corruptions are made of images in [0, 1], and done again before the model.
        std: Likewise.
        size: Of a folder's pictures: to which they are brought, (H, W) or one number for both.
        name: What to call it; by default as the data set or the folder, or by its class.

    Raises:
        ValueError: It is none of these, empty, or not in [0, 1]; the line says what was expected.

    Example:
        >>> import torch
        >>> from torch.utils.data import DataLoader, TensorDataset
        >>> from afn import image_set
        >>> pictures = TensorDataset(torch.rand(10, 3, 32, 32), torch.arange(10))
        >>> len(image_set(DataLoader(pictures, batch_size=4)))
        10
    """
    if (mean is None) != (std is None):
        raise ValueError("mean and std belong together: give both or neither")
    if isinstance(data, ImageSet):
        most = number_of(num_images)
        return replace(
            data, images=data.images[:most], labels=data.labels[:most], name=name or data.name
        )
    found = _found(data, number_of(num_images), mean, std, size)
    return replace(found, name=name) if name else found


def _found(
    data: Any,
    most: int | None,
    mean: PerChannel | None,
    std: PerChannel | None,
    size: int | tuple[int, int] | None,
) -> ImageSet:
    moments: dict[str, Any] = {
        "mean": None if mean is None else tuple(map(float, torch.as_tensor(mean).flatten())),
        "std": None if std is None else tuple(map(float, torch.as_tensor(std).flatten())),
    }
    if isinstance(data, str | Path):
        sides = (size, size) if isinstance(size, int) else size
        data = _named(data, sides, most)
    if isinstance(data, ImageSet):
        return replace(data, **moments)
    if isinstance(data, ImageData):
        return ImageSet(
            name=data.name,
            images=torch.from_numpy(data.x_test[:most]).permute(0, 3, 1, 2),
            labels=torch.from_numpy(data.y_test[:most]),
            class_names=data.class_names,
            data=data,
            **moments,
        )
    is_pair = isinstance(data, tuple | list)
    if is_pair and len(data) != 2:
        raise ValueError(f"expected (X, y), got {len(data)} parts")
    pixels = Pixels("(X, y)" if is_pair else title_of(data), mean, std)
    if is_pair:
        take_arrays(pixels, data[0], data[1], most)
    elif isinstance(data, DataLoader) or not hasattr(data, "__getitem__"):
        if not hasattr(data, "__iter__"):
            raise ValueError(
                f"expected a DataLoader, a Dataset, (X, y), ImageData, a folder or a data set's "
                f"name, got {data!r:.80}"
            )
        take_batches(pixels, data, most)
    else:
        take_items(pixels, data, most)
    images, labels = pixels.all()
    return ImageSet(
        name=pixels.what, images=images, labels=labels, class_names=classes_in(data), **moments
    )


def _named(
    data: str | Path, size: tuple[int, int] | None, most: int | None
) -> ImageSet | ImageData:
    """The pictures of a folder, or a data set: of an archive, or of that name."""
    path = Path(data)
    if path.is_dir():
        pixels, labels, names = read_class_folders(path, size, most)
        return ImageSet(
            name=path.resolve().name,
            images=torch.from_numpy(pixels).permute(0, 3, 1, 2),
            labels=torch.from_numpy(labels),
            class_names=names,
        )
    if path.suffix == ".npz":
        if not path.is_file():
            raise ValueError(f"{path}: expected an archive, got no such file: check its name")
        return read_archive(path, path.stem)
    if isinstance(data, Path):
        raise ValueError(f"{path}: expected a folder CLASS/* or an archive .npz, got neither")
    return load_dataset(data)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class StreamedImages:
    """Images in one place of a grid, made as they are asked for: no more of them lie in memory.

    Where they are not asked for one after the other (an order by classes), all of the place do.
    """

    place: Place
    labels: Tensor
    """(N,) int64."""
    source: str
    """As a cell's."""
    rule: int | None
    """As a cell's."""
    dataset: str
    class_names: tuple[str, ...] | None
    _made: Callable[[Iterable[tuple[int, int]]], Iterator[Tensor]]
    """Of pieces, from an image to before another, their images."""
    _values: int
    """Of an image."""

    @classmethod
    def of(cls, images: ImageSet, place: Place) -> "StreamedImages":
        """Those of a set, corrupted as the place says.

        Raises:
            ValueError: An unknown corruption, or a severity that is none.
        """
        corruption, severity = place
        labels, rule = images.labels, None
        published = None
        if corruption is not None and images.data is not None:
            published = published_test_set(images.data, corruption, severity)
        if corruption is None:
            made, source = partial(_slices, images.floats), "clean"
        elif published is not None:
            pixels = torch.from_numpy(published.images[: len(images)])
            made = partial(_slices, lambda start, stop: as_float(pixels[start:stop]))
            labels, source = torch.from_numpy(published.labels[: len(images)]), "CIFAR-10-C archive"
        else:
            constants = constants_for(*images.shape[1:])
            made = partial(_corrupted, images, corruption, severity, constants)
            source, rule = f"generated, {constants_words(constants)}", RULE
        return cls(
            place=place, labels=labels, source=source, rule=rule, dataset=images.name,
            class_names=images.class_names, _made=made, _values=images.images[0].numel(),
        )  # fmt: skip

    def batches(self, numbers: Sequence[Tensor]) -> Iterator[Tensor]:
        """The images of each batch, by their numbers, (n, C, H, W) float32 in [0, 1]."""
        every = torch.cat(list(numbers))
        if len(every) > 1 and bool((every.diff() <= 0).any()):
            [whole] = self._made([(0, len(self.labels))])
            yield from (whole[batch] for batch in numbers)
            return
        groups = list(_grouped(numbers, max(1, _PIECE // self._values)))
        pieces = self._made([(start, stop) for start, stop, _ in groups])
        for piece, (start, _, batches) in zip(pieces, groups, strict=True):
            for batch in batches:
                yield picked(piece, batch - start)


def _slices(
    taken: Callable[[int, int], Tensor], pieces: Iterable[tuple[int, int]]
) -> Iterator[Tensor]:
    return (taken(*piece) for piece in pieces)


def _corrupted(
    images: ImageSet,
    corruption: str,
    severity: int,
    constants: ConstantsName,
    pieces: Iterable[tuple[int, int]],
) -> Iterator[Tensor]:
    """Pieces that follow each other from the first image on: each image draws a seed in turn."""
    generator = noise_of(corruption, severity)
    for piece in pieces:
        floats = images.floats(*piece)
        yield corrupt(floats, corruption, severity, generator, constants=constants)


def _grouped(numbers: Sequence[Tensor], least: int) -> Iterator[tuple[int, int, list[Tensor]]]:
    """Batches of rising numbers, put together to pieces of at least so many images."""
    start, stop, batches = 0, 0, list[Tensor]()
    for batch in numbers:
        batches.append(batch)
        stop = int(batch[-1]) + 1
        if stop - start >= least:
            yield start, stop, batches
            start, batches = stop, []
    if batches:
        yield start, stop, batches


def picked(images: Tensor, numbers: Tensor) -> Tensor:
    """Some of them; where they stand one after the other, without a copy."""
    first, last = int(numbers[0]), int(numbers[-1])
    if last - first == len(numbers) - 1:
        return images[first : last + 1]
    return images[numbers]
