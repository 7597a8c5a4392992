"""A corrupted test set: the published one where it is on disk, else one made here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from afn.corruptions.registry import corrupt
from afn.corruptions.severities import (
    ConstantsName,
    constants_for,
    constants_of,
    constants_words,
)
from afn.data import ImageData
from afn.data.cifar10c import Cifar10C, read_cifar10c
from afn.data.known import KNOWN
from afn.pixels import as_float


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CorruptedTestSet:
    """Test images under one corruption, and where they are from.

    Example:
        >>> import torch
        >>> from afn.corruptions import CorruptedTestSet
        >>> shown = CorruptedTestSet(
        ...     images=torch.rand(2, 3, 8, 8), labels=torch.tensor([3, 7]), source="generated",
        ...     constants="cifar10-c",
        ... )
        >>> shown.words
        "generated, CIFAR-10-C's constants"
    """

    images: Tensor
    """(N, C, H, W) float32 in [0, 1], channels_last."""
    labels: Tensor
    """(N,) int64."""
    source: Literal["CIFAR-10-C archive", "generated"]
    """The archive's images differ from those made here."""
    constants: ConstantsName | None
    """Whose constants they were made with here; None: they are the archive's."""

    @property
    def words(self) -> str:
        """Where the images are from and whose constants they have, told with every result."""
        told = [self.source, constants_words(self.constants) if self.constants else ""]
        return ", ".join(filter(None, told))


def corrupted_test_set(
    data: ImageData,
    name: str,
    severity: int,
    *,
    num_images: int,
    generator: torch.Generator,
    folder: Path | None = None,
    constants: ConstantsName | None = None,
) -> CorruptedTestSet:
    """The first test images of a data set under a corruption.

    CIFAR-10's come from the published CIFAR-10-C where the data folder has that corruption. Its
    images stand in the published order, not in that of ``data``, so they go with its own labels.

    Args:
        data: The data set; only its test images are used.
        name: A key of ``CORRUPTIONS``.
        severity: 1 to 5.
        num_images: At most so many.
        generator: Source of what is random: of one seed for each image.
        folder: The data folder; None is :func:`afn.data.data_dir`.
        constants: Whose, as :func:`corrupt` takes them; the archive has CIFAR-10-C's.

    Raises:
        TypeError, ValueError: As :func:`corrupt` and :func:`afn.data.cifar10c.read_cifar10c`.

    Example:
        >>> import torch
        >>> from afn.corruptions import corrupted_test_set
        >>> from afn.data import load_dataset
        >>> generator = torch.Generator().manual_seed(0)
        >>> shown = corrupted_test_set(
        ...     load_dataset("digits8"), "contrast", 5, num_images=100, generator=generator
        ... )
        >>> shown.images.shape, shown.source
        (torch.Size([100, 1, 8, 8]), 'generated')
    """
    constants = constants or constants_for(*data.x_test.shape[1:3])
    constants_of(name, severity, constants)  # refuses what is not, also where nothing is generated
    published = published_test_set(data, name, severity, folder, constants)
    if published is not None:
        return CorruptedTestSet(
            images=as_float(torch.from_numpy(published.images[:num_images])),
            labels=torch.from_numpy(published.labels[:num_images]),
            source="CIFAR-10-C archive",
            constants=None,
        )
    images = as_float(torch.from_numpy(data.x_test[:num_images]))
    return CorruptedTestSet(
        images=corrupt(images, name, severity, generator, constants=constants),
        labels=torch.from_numpy(data.y_test[:num_images]),
        source="generated",
        constants=constants,
    )


def published_test_set(
    data: ImageData,
    name: str,
    severity: int,
    folder: Path | None = None,
    constants: ConstantsName | None = None,
) -> Cifar10C | None:
    """CIFAR-10's under a corruption, from the archive; None for other sets, and where it is absent.

    Raises:
        ValueError: As :func:`afn.data.cifar10c.read_cifar10c`.
    """
    is_cifar10 = data.name == "cifar10" and data.class_names == KNOWN["cifar10"].class_names
    if not is_cifar10 or (constants or constants_for(*data.x_test.shape[1:3])) != "cifar10-c":
        return None
    return read_cifar10c(name, severity, folder)
