"""torchvision's folders, in their true formats with a few images."""

import bz2
import hashlib
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from afn.data import catalogue, dataset_entry, download, load_dataset

RNG = np.random.default_rng(0)


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}i", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write_mnist(root: Path) -> dict[str, np.ndarray]:
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    parts = {}
    for part, num in (("train", 6), ("t10k", 4)):
        parts[part] = RNG.integers(0, 256, (num, 28, 28), dtype=np.uint8)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(idx(parts[part]))
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(num, dtype=np.uint8)))
    return parts


def test_mnist_is_read_from_its_idx_files(folder: Path) -> None:
    parts = write_mnist(folder)

    entry, data = dataset_entry("mnist"), load_dataset("mnist")

    assert (entry.status, entry.how_to_get) == ("on disk", "")
    np.testing.assert_array_equal(data.x_train[..., 0], parts["train"])
    np.testing.assert_array_equal(data.x_test[..., 0], parts["t10k"])
    np.testing.assert_array_equal(data.y_test, np.arange(4))
    assert data.y_train.dtype == np.int64
    assert data.class_names == tuple("0123456789")


def test_archive_is_preferred_to_torchvisions_folder(
    folder: Path, write: Callable[..., Path], arrays: dict[str, np.ndarray]
) -> None:
    write_mnist(folder)
    write("mnist", **arrays)

    assert load_dataset("mnist").x_train.shape == (6, 8, 9, 1)
    assert catalogue()["mnist"].image_shape == (8, 9, 1)


def test_usps_is_read_from_its_bz2_files(folder: Path) -> None:
    for name, num in (("usps.bz2", 3), ("usps.t.bz2", 2)):
        pixels = " ".join(f"{index + 1}:{1 if index == 0 else -1}" for index in range(256))
        lines = "".join(f"{label + 1} {pixels} \n" for label in range(num))
        (folder / name).write_bytes(bz2.compress(lines.encode()))

    data = load_dataset("usps")

    assert data.x_train.shape == (3, 16, 16, 1)
    assert (data.x_test[0, 0, 0, 0], data.x_test[0, 5, 5, 0]) == (255, 0)
    assert data.y_train.tolist() == [0, 1, 2]
    assert data.class_names == tuple("0123456789")


def test_svhn_is_read_from_a_folder_of_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scipy.io import savemat

    images = RNG.integers(0, 256, (32, 32, 3, 5), dtype=np.uint8)
    labels = np.array([[1], [2], [10], [9], [10]], dtype=np.uint8)  # the file's 10 is a zero
    splits = {}
    (folder / "SVHN").mkdir()
    for split in ("train", "test"):
        path = folder / "SVHN" / f"{split}_32x32.mat"
        savemat(path, {"X": images, "y": labels})
        splits[split] = ["", path.name, hashlib.md5(path.read_bytes()).hexdigest()]
    monkeypatch.setattr(datasets.SVHN, "split_list", splits)

    data = load_dataset("svhn")

    assert data.x_train.flags.c_contiguous
    np.testing.assert_array_equal(data.x_train[2], images[..., 2])
    assert data.y_test.tolist() == [1, 2, 0, 9, 0]


def test_cifar10_is_read_from_its_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base = folder / "cifar-10-batches-py"
    base.mkdir()
    images = RNG.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    names = ["plane", "car", "bird", "cat"]
    contents = {
        "data_batch_1": {"data": images.reshape(4, -1), "labels": [0, 1, 2, 3]},
        "test_batch": {"data": images.reshape(4, -1), "labels": [3, 2, 1, 0]},
        "batches.meta": {"label_names": names},
    }
    md5 = {}
    for name, content in contents.items():
        (base / name).write_bytes(pickle.dumps(content))
        md5[name] = hashlib.md5((base / name).read_bytes()).hexdigest()
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [["data_batch_1", md5["data_batch_1"]]])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", md5["test_batch"]]])
    monkeypatch.setitem(datasets.CIFAR10.meta, "md5", md5["batches.meta"])

    data = load_dataset("cifar10")

    np.testing.assert_array_equal(data.x_train, images.transpose(0, 2, 3, 1))
    assert data.y_test.tolist() == [3, 2, 1, 0]
    assert data.class_names == tuple(names)


@pytest.mark.parametrize(("name", "path"), [("mnist", "MNIST/raw"), ("usps", "."), ("svhn", ".")])
def test_damaged_files_are_one_clear_line(folder: Path, name: str, path: str) -> None:
    write_mnist(folder)
    for file in ("train-images-idx3-ubyte", "usps.bz2", "usps.t.bz2"):
        (folder / path / file).write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 9]) + bytes(10))
    for file in ("train_32x32.mat", "test_32x32.mat"):
        (folder / file).write_bytes(b"not the published file")

    with pytest.raises(ValueError, match=rf"^torchvision cannot read its {name} files") as caught:
        load_dataset(name)

    assert "\n" not in str(caught.value)


def test_download_asks_torchvision_for_both_parts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(
        datasets, "SVHN", lambda root, **options: calls.append((root, options["split"], options))
    )

    download("svhn", folder / "new")

    assert [(root, split) for root, split, _options in calls] == [
        (folder / "new", "train"),
        (folder / "new", "test"),
    ]
    assert all(options["download"] for *_rest, options in calls)


def test_failed_download_is_one_clear_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> None:
        raise OSError("no route\nto host")

    monkeypatch.setattr(datasets, "USPS", fail)

    with pytest.raises(ConnectionError, match=r"^usps could not be downloaded \(no route to host"):
        download("usps")


def test_only_torchvisions_sets_can_be_downloaded(folder: Path) -> None:
    with pytest.raises(ValueError, match="only mnist, usps, svhn, cifar10, cifar100 can be"):
        download("pacs/photo")
