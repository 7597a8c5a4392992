from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from afn.data import catalogue, dataset_entry, load_dataset

Arrays = dict[str, np.ndarray]
Write = Callable[..., Path]


def test_grey_archive_gains_a_channel_and_long_labels(write: Write, arrays: Arrays) -> None:
    write("mine", **arrays)

    data = load_dataset("mine")

    np.testing.assert_array_equal(data.x_train[..., 0], arrays["x_train"])
    np.testing.assert_array_equal(data.y_test, arrays["y_test"])
    assert data.x_test.shape == (3, 8, 9, 1)
    assert data.y_train.dtype == np.int64
    assert data.class_names == ("0", "1", "2")


def test_colour_archive_keeps_its_class_names(write: Write, arrays: Arrays) -> None:
    for key in ("x_train", "x_test"):
        arrays[key] = np.repeat(arrays[key][..., None], 3, axis=-1)
    write("mine", class_names=np.array(["cat", "dog", "owl", "yak"]), **arrays)

    data = load_dataset("mine")

    assert data.x_train.shape == (6, 8, 9, 3)
    assert data.class_names == ("cat", "dog", "owl", "yak")
    assert dataset_entry("mine").num_classes == 4


def test_entry_says_what_the_headers_say(write: Write, arrays: Arrays) -> None:
    write("mine", **arrays)

    entry = dataset_entry("mine")

    assert (entry.status, entry.image_shape) == ("on disk", (8, 9, 1))
    assert (entry.num_classes, entry.num_train, entry.num_test) == (3, 6, 3)
    assert entry.how_to_get == ""


def test_entry_of_a_known_set_says_how_the_copy_differs(write: Write, arrays: Arrays) -> None:
    write("cifar10", **arrays)

    entry = dataset_entry("cifar10")

    assert entry.title == "CIFAR-10"
    assert "6 training and 3 test images" in entry.source
    assert "50,000 and 10,000" in entry.source


def test_catalogue_decompresses_no_images(
    write: Write, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("mine", **arrays)
    read = []
    original = np.lib.npyio.NpzFile.__getitem__

    def record(archive: np.lib.npyio.NpzFile, key: str) -> np.ndarray:
        read.append(key)
        return original(archive, key)

    monkeypatch.setattr(np.lib.npyio.NpzFile, "__getitem__", record)
    catalogue()
    catalogue()

    assert read == ["y_train", "y_test"]  # once: the second catalogue remembers


def test_a_replaced_archive_is_read_anew(write: Write, arrays: Arrays) -> None:
    write("mine", **arrays)
    assert dataset_entry("mine").num_train == 6

    write("mine", **arrays | {"x_train": arrays["x_train"][:5], "y_train": arrays["y_train"][:5]})

    assert dataset_entry("mine").num_train == 5


def test_file_names_become_valid_names(write: Write, arrays: Arrays) -> None:
    write("My Digits (v1.2)", **arrays)

    assert dataset_entry("my-digits-v1.2").title == "My Digits (v1.2)"
    assert len(load_dataset("my-digits-v1.2").x_train) == 6


BAD = {
    "missing key": ({"y_test": None}, "no y_test"),
    "float images": ({"x_train": np.zeros((6, 8, 9))}, "x_train of float64"),
    "flat images": ({"x_train": np.zeros((6, 72), np.uint8)}, r"shape \(6, 72\)"),
    "channels first": ({"x_train": np.zeros((6, 3, 8, 9), np.uint8)}, "channels last"),
    "no images": ({"x_test": np.zeros((0, 8, 9), np.uint8)}, r"shape \(0, 8, 9\)"),
    "two shapes": ({"x_test": np.zeros((3, 8, 8), np.uint8)}, r"\(8, 9, 1\) and \(8, 8, 1\)"),
    "short labels": ({"y_train": np.zeros(5, np.uint8)}, r"y_train as 6 .* shape \(5,\)"),
    "one-hot labels": ({"y_test": np.eye(3, dtype=np.uint8)}, r"y_test as 3 .* shape \(3, 3\)"),
    "float labels": ({"y_test": np.zeros(3)}, "float64"),
    "negative labels": ({"y_test": np.array([0, 1, -1])}, "labels from -1 to 2"),
    "unnamed labels": ({"class_names": np.array(["a", "b"])}, "0 to 1, got labels from 0 to 2"),
    "identifiers": ({"y_test": np.array([0, 1, 2**40])}, "renumber the classes"),
    "pickle": ({"y_train": np.array([0, None, 2, 0, 1, 2])}, "pickled objects in y_train"),
    "pickled names": ({"class_names": np.array(["a", None])}, "pickled objects in class_names"),
}


@pytest.mark.parametrize(("change", "complaint"), BAD.values(), ids=BAD)
def test_malformed_archive_is_one_clear_line(
    write: Write, arrays: Arrays, change: Arrays, complaint: str
) -> None:
    changed = {key: value for key, value in (arrays | change).items() if value is not None}
    write("bad", **changed)

    with pytest.raises(ValueError, match=complaint) as caught:
        load_dataset("bad")

    line = str(caught.value)
    assert line.startswith("bad.npz: expected ")
    assert "\n" not in line
    entry = catalogue()["bad"]
    assert (entry.status, entry.how_to_get) == ("missing", line)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_archive_is_one_clear_line(write: Write, arrays: Arrays, share: float) -> None:
    path = write("bad", **arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(ValueError, match=r"^bad\.npz: expected a whole \.npz archive, got .+"):
        load_dataset("bad")
    assert catalogue()["bad"].status == "missing"


def test_damaged_images_are_noticed_when_loaded(write: Write, arrays: Arrays) -> None:
    path = write("bad", **arrays)
    content = bytearray(path.read_bytes())
    middle = content.index(b"x_train.npy") + 300  # inside the compressed images
    content[middle : middle + 20] = bytes(20)
    path.write_bytes(content)

    with pytest.raises(ValueError, match=r"^bad\.npz: expected a whole \.npz archive"):
        load_dataset("bad")


def test_header_that_promises_more_than_there_is(folder: Path, arrays: Arrays) -> None:
    import io
    import zipfile

    with zipfile.ZipFile(folder / "bad.npz", "w") as archive:
        for key, array in arrays.items():
            member = io.BytesIO()
            np.save(member, array)
            promised = member.getvalue().replace(b"(6, 8, 9)", b"(9" + b"0" * 5 + b", 8, 9)")
            archive.writestr(f"{key}.npy", promised)

    with pytest.raises(ValueError, match=r"^bad\.npz: expected a whole"):
        load_dataset("bad")
