from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from afn.corruptions import corrupt, corrupted_test_set
from afn.data import ImageData
from afn.data.known import KNOWN


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the archive's fog: 0 everywhere, 255 at severity 2, labels 7."""
    archive = tmp_path / "CIFAR-10-C"
    archive.mkdir()
    fog = np.lib.format.open_memmap(archive / "fog.npy", "w+", np.uint8, (50_000, 32, 32, 3))
    fog[10_000:10_005] = 255
    fog.flush()
    np.save(archive / "labels.npy", np.full(50_000, 7, dtype=np.uint8))
    return tmp_path


@pytest.fixture
def cifar10() -> ImageData:
    """Eight random images of CIFAR-10's shape and name."""
    pixels = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), dtype=np.uint8)
    labels = np.arange(8)
    return ImageData(
        name="cifar10", x_train=pixels, y_train=labels, x_test=pixels, y_test=labels,
        class_names=KNOWN["cifar10"].class_names,
    )  # fmt: skip


def test_the_archive_is_used_where_it_has_the_corruption(folder, cifar10) -> None:
    found = corrupted_test_set(cifar10, "fog", 2, num_images=5, generator=seeded(), folder=folder)

    assert (found.source, found.constants) == ("CIFAR-10-C archive", None)
    assert found.words == "CIFAR-10-C archive"
    assert found.images.shape == (5, 3, 32, 32)
    assert found.images.is_contiguous(memory_format=torch.channels_last)
    assert (found.images == 1.0).all()
    assert found.labels.tolist() == [7] * 5


@pytest.mark.parametrize(("dataset", "name"), [("cifar10", "frost"), ("svhn", "fog")])
def test_all_else_is_made_here(folder, cifar10, dataset: str, name: str) -> None:
    data = ImageData(**{f: getattr(cifar10, f) for f in ImageData.__slots__} | {"name": dataset})

    made = corrupted_test_set(data, name, 2, num_images=5, generator=seeded(), folder=folder)

    images = torch.from_numpy(data.x_test[:5]).permute(0, 3, 1, 2) / 255
    assert (made.source, made.constants) == ("generated", "cifar10-c")
    assert made.words == "generated, CIFAR-10-C's constants"
    assert torch.equal(made.images, corrupt(images, name, 2, seeded()))
    assert made.labels.tolist() == [0, 1, 2, 3, 4]


def test_the_archive_does_not_stand_in_for_other_constants(folder, cifar10) -> None:
    made = corrupted_test_set(
        cifar10, "fog", 2, num_images=5, generator=seeded(), folder=folder, constants="imagenet-c"
    )

    images = torch.from_numpy(cifar10.x_test[:5]).permute(0, 3, 1, 2) / 255
    assert made.words == "generated, ImageNet-C's constants"
    assert torch.equal(made.images, corrupt(images, "fog", 2, seeded(), constants="imagenet-c"))


def test_large_images_get_the_constants_made_for_them(cifar10) -> None:
    pixels = np.zeros((3, 96, 120, 3), dtype=np.uint8)
    fields = {f: getattr(cifar10, f) for f in ImageData.__slots__}
    data = ImageData(**fields | {"name": "photos", "x_test": pixels, "y_test": np.arange(3)})

    made = corrupted_test_set(data, "contrast", 2, num_images=2, generator=seeded())

    assert made.constants == "imagenet-c"


def test_a_damaged_archive_is_said_not_replaced(folder, cifar10) -> None:
    (folder / "CIFAR-10-C" / "fog.npy").write_bytes(b"")

    with pytest.raises(ValueError, match=r"^CIFAR-10-C/fog\.npy: "):
        corrupted_test_set(cifar10, "fog", 2, num_images=5, generator=seeded(), folder=folder)


def test_unknown_names_are_refused_first(folder, cifar10) -> None:
    with pytest.raises(ValueError, match="unknown corruption 'labels'; known are"):
        corrupted_test_set(cifar10, "labels", 2, num_images=5, generator=seeded(), folder=folder)


def test_classes_in_another_order_are_not_the_archives(folder, cifar10) -> None:
    turned = replace(cifar10, class_names=cifar10.class_names[::-1])

    made = corrupted_test_set(turned, "fog", 2, num_images=5, generator=seeded(), folder=folder)

    assert made.source == "generated"
    assert made.labels.tolist() == [0, 1, 2, 3, 4]
