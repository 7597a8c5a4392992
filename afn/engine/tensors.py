"""A data set as tensors, and the order in which training sees it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from afn.ask.evaluate import corrupted
from afn.data import data_dir, load_dataset
from afn.data.classes import Naming
from afn.data.forms import in_form
from afn.engine.augment import crop_flip, half_corrupted
from afn.pixels import as_float
from afn.png import data_uri
from afn.settings.config import Augment


@dataclass(frozen=True, kw_only=True, slots=True)
class TensorData:
    """Images ready to train on; training images stay uint8 and become float a batch at a time."""

    train_images: Tensor  # (N, H, W, C) uint8
    train_labels: Tensor  # (N,) int64
    test_images: Tensor  # (N, C, H, W) float in [0, 1], channels_last
    test_labels: Tensor  # (N,) int64
    mean: tuple[float, ...]
    std: tuple[float, ...]
    class_names: tuple[str, ...]

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) of one image."""
        _, height, width, channels = self.train_images.shape
        return height, width, channels

    def train_batch(
        self,
        indices: Tensor,
        augment: Augment = "none",
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Images (n, C, H, W), float in [0, 1], channels_last, and labels (n,).

        Args:
            indices: Of training images.
            augment: What is done to the images, as the configuration says it.
            generator: Source of what is random about it; needed unless nothing is done.
        """
        images = self.train_images[indices]
        if augment == "none":
            return as_float(images), self.train_labels[indices]
        assert generator is not None
        if augment.startswith("crop_flip"):
            images = crop_flip(images, generator)
        images = as_float(images)
        if augment.endswith("corruptions"):
            images = half_corrupted(images, generator)
        return images, self.train_labels[indices]


def load_tensors(name: str, num_train: int, num_test: int) -> TensorData:
    """The first so many images of a data set of the catalogue, kept for the next call.

    Raises:
        ValueError: Unknown name or malformed files.
        FileNotFoundError: The data set is not on disk.
    """
    return _kept_tensors(data_dir(), name, num_train, num_test)


@lru_cache(maxsize=2)
def _kept_tensors(folder: Path, name: str, num_train: int, num_test: int) -> TensorData:
    data = load_dataset(name, folder).first(num_train, num_test)
    channels = data.x_train.shape[3]
    counts = (
        np.stack(
            [np.bincount(data.x_train[..., c].ravel(), minlength=256) for c in range(channels)]
        )
        / data.x_train[..., 0].size
    )  # (C, 256): exact moments from the histogram, without floats
    levels = np.arange(256) / 255
    mean = counts @ levels
    std = np.sqrt(counts @ levels**2 - mean**2)
    return TensorData(
        train_images=torch.from_numpy(np.ascontiguousarray(data.x_train)),
        train_labels=torch.from_numpy(data.y_train),
        test_images=as_float(torch.from_numpy(np.ascontiguousarray(data.x_test))),
        test_labels=torch.from_numpy(data.y_test),
        mean=tuple(mean.tolist()),
        std=tuple(np.maximum(std, 1e-3).tolist()),
        class_names=data.class_names,
    )


def domain_tensors(name: str, like: TensorData, num_test: int) -> tuple[Tensor, Tensor, str]:
    """The first test images of another data set, brought to the form of the one trained on.

    Args:
        name: Of the data set.
        like: What is trained on: its classes, channels and size.
        num_test: At most so many images.

    Returns:
        Images (n, C, H, W), float in [0, 1], channels_last; labels (n,) as `like` numbers its
        classes; and how many images of which other classes are left out, in words.

    Raises:
        ValueError: Unknown name, or no class in common.
        FileNotFoundError: The data set is not on disk.
    """
    data = load_dataset(name).first(0, num_test)
    naming = Naming(dataset=name, classes=data.class_names, logits=like.class_names)
    left_out = naming.left_out(data.y_test.tolist())
    labels = torch.tensor(naming.logit_of)[torch.from_numpy(data.y_test)]
    images = as_float(torch.from_numpy(in_form(data.x_test, like.image_shape)))
    if left_out:
        images, labels = images[labels >= 0], labels[labels >= 0]
    return images, labels, left_out


@dataclass(slots=True)
class DataOrder:
    """Where training is in the data: every epoch is a permutation fixed by the seed.

    The position counts images, so the batch size may change between any two steps. A remainder
    smaller than the batch is left out; the next epoch shuffles anew.
    """

    seed: int
    num_images: int
    epoch: int = 0
    position: int = 0

    @property
    def images_seen(self) -> int:
        """Since the beginning, remainders counted in."""
        return self.epoch * self.num_images + self.position

    def generator(self, purpose: str = "batch") -> torch.Generator:
        """For what is random at this place; the same wherever training was resumed."""
        return _generator(f"{purpose}/{self.seed}/{self.images_seen}")

    def take(self, batch_size: int) -> Tensor:
        """Indices of the next batch; moves on to the next epoch where this one is used up."""
        indices = _permutation(self.seed, self.epoch, self.num_images)
        batch = indices[self.position : self.position + batch_size]
        self.position += batch_size
        return batch

    def ends_epoch(self, batch_size: int) -> bool:
        """Whether the next batch no longer fits; begins the next epoch if so."""
        if self.position + batch_size <= self.num_images:
            return False
        self.epoch, self.position = self.epoch + 1, 0
        return True


@lru_cache(maxsize=1)
def _permutation(seed: int, epoch: int, num_images: int) -> Tensor:
    return torch.randperm(num_images, generator=_generator(f"order/{seed}/{epoch}"))


def _generator(purpose: str) -> torch.Generator:
    digest = hashlib.sha256(purpose.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4], "big"))


def sample_images(image: Tensor, corruptions: Sequence[str], severity: int) -> dict[str, str]:
    """One image (C, H, W) under each corruption and clean, as PNG data URIs."""
    return {
        name or "clean": data_uri(pixels_of(corrupted(image[None], name, severity)[0]))
        for name in (None, *corruptions)
    }


def pixels_of(image: Tensor) -> np.ndarray:
    """An image (C, H, W), float in [0, 1], as (H, W, C) uint8."""
    return image.mul(255).round().to(torch.uint8).permute(1, 2, 0).numpy()
