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
    assert data.class_names == ("class 0", "class 1", "class 2")


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
    "complex images": ({"x_train": np.zeros((6, 8, 9), complex)}, "x_train of complex128"),
    "two types": ({"x_train": np.zeros((6, 8, 9))}, "of one type, got float64 and uint8"),
    "flat images": ({"x_train": np.zeros((6, 72), np.uint8)}, r"shape \(6, 72\)"),
    "four channels": ({"x_train": np.zeros((6, 8, 9, 4), np.uint8)}, r"with C 1 or 3, got x_train"),
    "no images": ({"x_test": np.zeros((0, 8, 9), np.uint8)}, r"shape \(0, 8, 9\)"),
    "two shapes": ({"x_test": np.zeros((3, 8, 8), np.uint8)}, r"\(8, 9, 1\) and \(8, 8, 1\)"),
    "short labels": ({"y_train": np.zeros(5, np.uint8)}, r"y_train as 6 .* shape \(5,\)"),
    "two-hot labels": ({"y_test": np.ones((3, 3), np.uint8)}, r"y_test as 3 .* shape \(3, 3\)"),
    "broken labels": ({"y_test": np.array([0, 0.5, 1])}, "whole numbers or names.*got float64"),
    "names and numbers": ({"y_test": np.array(["0", "1", "2"])}, "of one kind, got int64 and <U1"),
    "one name twice": ({"class_names": np.array(["a", "a", "b"])}, "a name of its own"),
    "two that look alike": ({"class_names": np.array(["a", "a ", "b"])}, "its own.*got 'a', 'a '"),
    "broken lines": ({"class_names": np.array(["a", "b\n", "c"])}, r"and the like, got b\?;"),
    "one class": (
        {"y_train": np.zeros(6, int), "y_test": np.zeros(3, int)},
        "got class 0 alone; add another",
    ),
    "a class that is not trained": (
        {"y_test": np.array([0, 1, 3])},
        "got the label 3 in y_test alone; name all",
    ),
    "a name that is not trained": (
        {"y_train": np.array(["a", "b"] * 3), "y_test": np.array(["a", "b", "c"])},
        "got the label c in y_test alone",
    ),
    "bytes in Latin-1": (
        {"class_names": np.array([b"a", b"b", b"caf\xe9"])},
        "class_names .*got the byte 0xe9",
    ),
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


# -- what is read where it is beyond doubt ---------------------------------------------------------

LABELS = {
    "from one on": (np.array([1, 2, 10, 1, 2, 10]), ("class 1", "class 2", "class 10")),
    "with gaps": (np.array([0, 5, 9, 0, 5, 9]), ("class 0", "class 5", "class 9")),
    "floats": (np.array([0.0, 1, 2, 0, 1, 2]), ("class 0", "class 1", "class 2")),
    "a column": (np.array([[0], [1], [2]] * 2), ("class 0", "class 1", "class 2")),
    "one-hot": (np.eye(3)[[0, 1, 2, 0, 1, 2]], ("class 0", "class 1", "class 2")),
    "names": (np.array(["ant", "bee", "cow"] * 2), ("ant", "bee", "cow")),
    "bytes": (np.array([b"ant", b"bee", b"cow"] * 2), ("ant", "bee", "cow")),
}


@pytest.mark.parametrize(("labels", "names"), LABELS.values(), ids=LABELS)
def test_labels_of_every_clear_form_are_numbered_from_zero(
    write: Write, arrays: Arrays, labels: np.ndarray, names: tuple[str, ...]
) -> None:
    write("mine", **arrays | {"y_train": labels, "y_test": labels[:3]})

    data = load_dataset("mine")

    assert data.class_names == names == dataset_entry("mine").class_names
    assert (data.y_train.tolist(), data.y_test.tolist()) == ([0, 1, 2, 0, 1, 2], [0, 1, 2])
    assert data.y_train.dtype == np.int64


def test_labels_by_name_are_numbered_by_class_names(write: Write, arrays: Arrays) -> None:
    labels = np.array(["bee", "ant"] * 3)
    changes = {"y_train": labels, "y_test": labels[:3], "class_names": np.array(["bee", "ant"])}
    write("mine", **arrays | changes)
    assert load_dataset("mine").y_train.tolist() == [0, 1, 0, 1, 0, 1]

    write("mine", **arrays | changes | {"class_names": np.array(["ant", "cow"])})
    with pytest.raises(ValueError, match=r"labels out of class_names, got the label bee; add it"):
        load_dataset("mine")


@pytest.mark.parametrize("name", ["mnist", "usps", "mnistm", "svhn"])
def test_archives_of_digits_call_them_digits(write: Write, arrays: Arrays, name: str) -> None:
    write(name, **arrays)
    assert load_dataset(name).class_names == ("0", "1", "2") == dataset_entry(name).class_names

    labels = {"y_train": np.array([1, 2, 10] * 2), "y_test": np.array([1, 2, 10])}
    write(name, **arrays | labels)  # is 10 a zero, or is 1?
    with pytest.raises(ValueError, match="labels from 0 to 9, got labels from 1 to 10; renumber"):
        load_dataset(name)


IMAGES = {
    "floats from 0 to 1": lambda x: x / 255,
    "floats from 0 to 255": lambda x: x.astype(np.float32),
    "whole numbers": lambda x: x.astype(np.int64),
    "a last channel": lambda x: x[..., None],
    "a first channel": lambda x: x[:, None],
    "half precision": lambda x: (x / 255).astype(np.float16),
}


@pytest.mark.parametrize("form", IMAGES.values(), ids=IMAGES)
def test_images_of_every_clear_form_are_read_alike(
    write: Write, arrays: Arrays, form: Callable[[np.ndarray], np.ndarray]
) -> None:
    write("plain", **arrays)
    write("mine", **arrays | {key: form(arrays[key]) for key in ("x_train", "x_test")})

    plain, mine = load_dataset("plain"), load_dataset("mine")

    assert mine.x_train.dtype == np.uint8
    np.testing.assert_array_equal(mine.x_train, plain.x_train)
    np.testing.assert_array_equal(mine.x_test, plain.x_test)
    assert dataset_entry("mine").image_shape == (8, 9, 1)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int64, np.float32])
def test_black_and_white_is_read_as_such(write: Write, arrays: Arrays, dtype: type) -> None:
    parts = {key: arrays[key] > 128 for key in ("x_train", "x_test")}
    write("mine", **arrays | {key: part.astype(dtype) for key, part in parts.items()})

    data = load_dataset("mine")

    assert data.x_train.dtype == np.uint8
    np.testing.assert_array_equal(data.x_train[..., 0], 255 * parts["x_train"])
    np.testing.assert_array_equal(data.x_test[..., 0], 255 * parts["x_test"])


def test_sixteen_bits_are_refused_with_what_they_reach(write: Write, arrays: Arrays) -> None:
    parts = {key: arrays[key].astype(np.uint16) * 257 for key in ("x_train", "x_test")}
    write("mine", **arrays | parts)

    with pytest.raises(ValueError, match=r"got values from 0 to 65,535; scale them and save uint8"):
        load_dataset("mine")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, float])
def test_images_that_no_white_is_known_of_are_refused(
    write: Write, arrays: Arrays, dtype: type
) -> None:
    parts = {key: (arrays[key] // 15).astype(dtype) for key in ("x_train", "x_test")}
    write("mine", **arrays | parts)  # 0 to 17; scikit-learn's digits are 0 to 16

    with pytest.raises(ValueError, match=r"^mine.npz: .* got no value above 17, so that nobody"):
        load_dataset("mine")


def test_class_names_may_be_bytes(write: Write, arrays: Arrays) -> None:
    write("mine", **arrays, class_names=np.array(["ä", "b", "c"]).astype("U1"))
    text = dataset_entry("mine").class_names
    write("mine2", **arrays, class_names=np.array(["ä".encode(), b"b", b"c"]))

    assert dataset_entry("mine2").class_names == text == ("ä", "b", "c")


def test_colour_channels_may_come_first(write: Write, arrays: Arrays) -> None:
    colours = {
        key: np.stack([arrays[key], arrays[key] // 2, arrays[key] // 4], 1)
        for key in ("x_train", "x_test")
    }
    write("mine", **arrays | colours)

    data = load_dataset("mine")

    assert data.x_train.shape == (6, 8, 9, 3)
    np.testing.assert_array_equal(data.x_train[..., 1], arrays["x_train"] // 2)


@pytest.mark.parametrize("scale", [2.0, -1 / 255, np.nan])
def test_images_of_unknown_scale_are_refused(write: Write, arrays: Arrays, scale: float) -> None:
    write("mine", **arrays | {key: arrays[key] * scale for key in ("x_train", "x_test")})

    with pytest.raises(ValueError, match=r"^mine.npz: expected images from 0 to 255, or floats f"):
        load_dataset("mine")


def test_archives_that_would_have_one_name_are_told(write: Write, arrays: Arrays) -> None:
    write("My Digits", **arrays)
    write("my-digits", **arrays)

    entry = dataset_entry("my-digits")

    assert entry.status == "missing"
    assert entry.how_to_get.startswith("My Digits.npz and my-digits.npz: expected names that")
    with pytest.raises(ValueError, match="2 that would all be called my-digits; rename one"):
        load_dataset("my-digits")


def test_an_archive_behind_an_embedded_set_is_told(write: Write, arrays: Arrays) -> None:
    write("syn", **arrays)

    entry = catalogue()["syn"]

    assert entry.num_train == 4000
    assert entry.left_out == "another syn in the data folder (rename it to have both)"
