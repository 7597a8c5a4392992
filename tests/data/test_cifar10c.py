"""The archive's reader, on sparse files of the true format."""

from pathlib import Path

import numpy as np
import pytest

from afn.data.cifar10c import read_cifar10c


@pytest.fixture
def archive(folder: Path) -> Path:
    """``fog.npy`` and ``labels.npy``, whose few rows that are not 0 say where they stand."""
    path = folder / "CIFAR-10-C"
    path.mkdir()
    images = np.lib.format.open_memmap(path / "fog.npy", "w+", np.uint8, (50_000, 32, 32, 3))
    labels = np.lib.format.open_memmap(path / "labels.npy", "w+", np.uint8, (50_000,))
    for severity in range(1, 6):
        first = 10_000 * (severity - 1)
        images[first, 0, 0], images[first + 9_999, 31, 31] = severity, 10 + severity
        labels[first], labels[first + 9_999] = severity, severity + 1
    images.flush()
    labels.flush()
    return path


@pytest.mark.parametrize("severity", [1, 2, 3, 4, 5])
def test_a_severity_is_its_ten_thousand_rows(archive: Path, severity: int) -> None:
    images, labels = read_cifar10c("fog", severity)

    assert images.shape == (10_000, 32, 32, 3)
    assert images.dtype == np.uint8
    assert images[0, 0, 0].tolist() == [severity] * 3
    assert images[-1, 31, 31].tolist() == [10 + severity] * 3
    assert labels.dtype == np.int64
    assert (labels[0], labels[-1]) == (severity, severity + 1)


def test_what_is_not_there_is_none(archive: Path, tmp_path: Path) -> None:
    assert read_cifar10c("snow", 1) is None
    assert read_cifar10c("../CIFAR-10-C/fog", 1) is None
    assert read_cifar10c("fog", 1, tmp_path / "elsewhere") is None


@pytest.mark.parametrize("severity", [0, 6])
def test_no_other_severity(archive: Path, severity: int) -> None:
    with pytest.raises(ValueError, match=f"from 1 to 5, got {severity}"):
        read_cifar10c("fog", severity)


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1_000_000)


def pickled(path: Path) -> None:
    np.save(path, np.array([{}]), allow_pickle=True)


def zipped(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, x=np.zeros(3))


DAMAGES = {
    "truncated": (cut, r"a whole array \(50000, 32, 32, 3\)"),
    "empty": (lambda path: path.write_bytes(b""), "a whole array"),
    "text": (lambda path: path.write_text("<html>\nnot found</html>"), "a whole array"),
    "pickled": (pickled, "a whole array"),
    "an archive": (zipped, "got an archive"),
    "other type": (
        lambda path: np.save(path, np.zeros((3, 32, 32, 3))),
        r"expected uint8 \(50000, 32, 32, 3\), got float64 \(3, 32, 32, 3\); copy it again",
    ),
}


@pytest.mark.parametrize(("damage", "complaint"), DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_one_line_that_names_it(archive, damage, complaint) -> None:
    damage(archive / "fog.npy")

    with pytest.raises(ValueError, match=rf"^CIFAR-10-C/fog\.npy: .*{complaint}.*$"):
        read_cifar10c("fog", 1)


def test_labels_must_be_there_and_be_labels(archive: Path) -> None:
    np.save(archive / "labels.npy", np.full(50_000, 10, dtype=np.uint8))
    with pytest.raises(ValueError, match=r"^CIFAR-10-C/labels\.npy: .*from 0 to 9, got 10"):
        read_cifar10c("fog", 1)
    (archive / "labels.npy").unlink()
    with pytest.raises(ValueError, match=r"^CIFAR-10-C/labels\.npy: .*No such file"):
        read_cifar10c("fog", 1)
