"""torchvision's folders, in their true formats with a few images."""

import bz2
import hashlib
import pickle
import shlex
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

from afn.cli.main import main
from afn.data import catalogue, dataset_entry, download, load_dataset
from afn.pretrained.lacking import what_it_takes
from afn.pretrained.published import TABLES

RNG = np.random.default_rng(0)
SVHN_IMAGES = RNG.integers(0, 256, (32, 32, 3, 5), dtype=np.uint8)


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


def test_the_catalogue_counts_what_the_idx_files_hold(folder: Path) -> None:
    write_mnist(folder)

    entry = dataset_entry("mnist")

    assert (entry.num_train, entry.num_test, entry.num_classes) == (6, 4, 10)
    assert "This copy has 6 training and 4 test images" in entry.source


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.arange(5, 11, dtype=np.uint8), "labels from 0 to 9, one for each class, got y_train "
                                           "from 5 to 10; renumber"),
        (np.arange(5, dtype=np.uint8), r"one label for each image, got x_train of shape \(6, 28"),
    ],
)  # fmt: skip
def test_other_labels_in_idx_files_are_one_clear_line(
    folder: Path, labels: np.ndarray, words: str
) -> None:
    write_mnist(folder)
    (folder / "MNIST" / "raw" / "train-labels-idx1-ubyte").write_bytes(idx(labels))

    with pytest.raises(ValueError, match=f"^mnist: expected {words}"):
        load_dataset("mnist")


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
    entry = dataset_entry("usps")
    assert (entry.num_train, entry.num_test) == (3, 2)


def write_svhn(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both files with five images; the published checksums give way to theirs."""
    from scipy.io import savemat

    labels = np.array([[1], [2], [10], [9], [10]], dtype=np.uint8)  # the file's 10 is a zero
    splits = {}
    for split in ("train", "test"):
        path = root / f"{split}_32x32.mat"
        savemat(path, {"X": SVHN_IMAGES, "y": labels}, do_compression=True)  # as published
        splits[split] = ["", path.name, hashlib.md5(path.read_bytes()).hexdigest()]
    monkeypatch.setattr(datasets.SVHN, "split_list", splits)
    return root


def test_svhn_is_read_from_a_folder_of_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "SVHN").mkdir()
    write_svhn(folder / "SVHN", monkeypatch)

    data = load_dataset("svhn")

    assert data.x_train.flags.c_contiguous
    np.testing.assert_array_equal(data.x_train[2], SVHN_IMAGES[..., 2])
    assert data.y_test.tolist() == [1, 2, 0, 9, 0]
    assert data.class_names == tuple("0123456789")


def test_a_missing_package_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_svhn(folder, monkeypatch)
    monkeypatch.setitem(sys.modules, "scipy.io", None)

    with pytest.raises(ValueError, match=r"not installed \(.*scipy.*\); pip install scipy"):
        load_dataset("svhn")


def write_cifar(
    folder: Path, class_name: str, contents: dict[str, dict], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Batches as pickles; the published checksums give way to theirs, in the contents' order."""
    kind = getattr(datasets, class_name)
    base = folder / kind.base_folder
    base.mkdir()
    sums = []
    for name, content in contents.items():
        (base / name).write_bytes(python2_pickle(content))
        sums.append([name, hashlib.md5((base / name).read_bytes()).hexdigest()])
    monkeypatch.setattr(kind, "train_list", sums[:1])
    monkeypatch.setattr(kind, "test_list", sums[1:2])
    monkeypatch.setitem(kind.meta, "md5", sums[2][1])
    return base


def test_cifar10_is_read_from_its_batches(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = RNG.integers(0, 256, (4, 3, 32, 32), dtype=np.uint8)
    names = ["plane", "car", "bird", "cat"]
    contents = {
        "data_batch_1": {"data": images.reshape(4, -1), "labels": [0, 1, 2, 3]},
        "test_batch": {"data": images.reshape(4, -1), "labels": [3, 2, 1, 0]},
        "batches.meta": {"label_names": names},
    }
    write_cifar(folder, "CIFAR10", contents, monkeypatch)

    data = load_dataset("cifar10")

    np.testing.assert_array_equal(data.x_train, images.transpose(0, 2, 3, 1))
    assert data.y_test.tolist() == [3, 2, 1, 0]
    assert data.class_names == tuple(names)


def python2_pickle(value: object) -> bytes:
    """As Python 2 and the numpy of its time pickled it, protocol 2: how CIFAR is published."""
    return b"\x80\x02" + _opcodes(value) + b"."


def _opcodes(value: object) -> bytes:
    match value:
        case None:
            return b"N"
        case int():
            return b"J" + struct.pack("<i", value)
        case str():  # one byte a character, which Python 3 reads by the encoding it is told
            return b"T" + struct.pack("<i", len(value)) + value.encode("latin1")
        case tuple():
            return b"(" + b"".join(map(_opcodes, value)) + b"t"
        case list():
            return b"](" + b"".join(map(_opcodes, value)) + b"e"
        case dict():
            items = (_opcodes(each) for item in value.items() for each in item)
            return b"}(" + b"".join(items) + b"u"
    assert isinstance(value, np.ndarray)
    assert value.dtype == np.uint8
    array = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n"
    array += _opcodes((0,)) + _opcodes("b") + b"tR"
    dtype = b"cnumpy\ndtype\n" + _opcodes(("u1", 0, 1)) + b"R"
    dtype += _opcodes((3, "|", None, None, None, -1, -1, 0)) + b"b"
    data = _opcodes(value.tobytes().decode("latin1"))
    return array + b"(" + _opcodes(1) + _opcodes(value.shape) + dtype + b"\x89" + data + b"tb"


def test_python2_pickles_are_read_as_they_were_written() -> None:
    value = {"data": np.arange(12, dtype=np.uint8).reshape(3, 4), "labels": [3, 1], "name": "é"}
    read = pickle.loads(python2_pickle(value), encoding="latin1")
    np.testing.assert_array_equal(read.pop("data"), value.pop("data"))
    assert read == value


def cifar100() -> dict[str, dict]:
    """As the published pickles: fine and coarse labels, names of both."""
    images = RNG.integers(0, 256, (4, 3 * 32 * 32), dtype=np.uint8)
    fine, coarse = [f"fine {index}" for index in range(100)], ["fish", "trees"]
    return {
        "train": {"data": images, "fine_labels": [0, 99, 2, 3], "coarse_labels": [0, 1, 0, 1]},
        "test": {"data": images[2:], "fine_labels": [98, 1], "coarse_labels": [1, 0]},
        "meta": {"fine_label_names": fine, "coarse_label_names": coarse},
    }


def test_cifar100_is_read_with_its_fine_labels(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = cifar100()
    write_cifar(folder, "CIFAR100", contents, monkeypatch)

    entry, data = dataset_entry("cifar100"), load_dataset("cifar100")

    assert (entry.status, entry.num_classes) == ("on disk", 100)
    planes = contents["train"]["data"].reshape(4, 3, 32, 32)
    np.testing.assert_array_equal(data.x_train, planes.transpose(0, 2, 3, 1))
    assert data.y_train.tolist() == [0, 99, 2, 3]
    assert data.y_test.tolist() == [98, 1]
    assert data.class_names == tuple(contents["meta"]["fine_label_names"])


@pytest.mark.parametrize("name", ["cifar100", "svhn"])
def test_the_papers_rows_train_by_the_command_that_is_named(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "svhn":
        write_svhn(folder, monkeypatch)
    else:
        write_cifar(folder, "CIFAR100", cifar100(), monkeypatch)
    [table] = (table for table in TABLES if table.name == "images")
    row = next(row for row in table.rows if f"--dataset {name} " in what_it_takes(table, row))

    small = ["--batch-size", "2", "--max-steps", "2", "--eval-images", "2", "--no-store"]
    main([*shlex.split(what_it_takes(table, row))[3:], *small])

    assert "clean" in capsys.readouterr().out


@pytest.mark.parametrize("damage", ["truncated", "missing"])
def test_the_damaged_file_of_cifar100_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    path = write_cifar(folder, "CIFAR100", cifar100(), monkeypatch) / "test"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.unlink()

    with pytest.raises(ValueError, match=r"^cifar-100-python/test: expected as published"):
        load_dataset("cifar100")


def test_the_truncated_file_of_svhn_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_svhn(folder, monkeypatch) / "test_32x32.mat"
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(ValueError, match=r"^test_32x32.mat: .* run python -m afn data download"):
        load_dataset("svhn")


DAMAGED = {
    "mnist": "MNIST/raw/train-images-idx3-ubyte",
    "usps": "usps.bz2, usps.t.bz2",
    "svhn": "train_32x32.mat, test_32x32.mat",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_are_one_clear_line(folder: Path, name: str) -> None:
    write_mnist(folder)
    (folder / DAMAGED["mnist"]).write_bytes(bytes([0, 0, 8, 3, 0, 0, 0, 9]) + bytes(10))
    for file in f"{DAMAGED['usps']}, {DAMAGED['svhn']}".split(", "):
        (folder / file).write_bytes(b"not the published file")

    with pytest.raises(ValueError, match=rf"^{DAMAGED[name]}: expected as published") as caught:
        load_dataset(name)

    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(f"download {name}")


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
