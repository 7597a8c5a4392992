"""Corrupted images of anybody's, in the form of CIFAR-10-C: the same pixels that grids show."""

import errno
import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from afn import corruption_grid, image_set, read_corrupted, write_corrupted
from afn.ask import corrupted_files
from afn.ask.image_sets import StreamedImages
from afn.cli.main import main
from afn.corruptions import corrupted_test_set
from afn.data import ImageData
from afn.data.cifar10c import read_cifar10c
from afn.data.known import KNOWN

PIXELS = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
LABELS = np.arange(6) % 3
BOTH = {"corruptions": ["gaussian_noise", "fog"]}


def bytes_of(place, images=(PIXELS, LABELS)):
    shown = StreamedImages.of(image_set(images), place)
    [floats] = shown.batches([torch.arange(len(images[1]))])
    return floats.mul(255).round().byte().permute(0, 2, 3, 1).numpy()


def test_what_is_written_is_what_a_grid_shows_and_is_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr("afn.ask.corrupted_files._PIECE", 2 * PIXELS[0].size)
    made = write_corrupted((PIXELS, LABELS), tmp_path / "C", **BOTH)
    assert (made.written, made.found) == (("gaussian_noise", "fog"), ())
    for name in BOTH["corruptions"]:
        assert np.load(tmp_path / "C" / f"{name}.npy").shape == (30, 32, 32, 3)
        for severity in (1, 2, 3, 4, 5):
            found = read_corrupted(tmp_path / "C", name, severity)
            assert np.array_equal(found.images, bytes_of((name, severity)))
            assert found.labels.tolist() == LABELS.tolist()
    assert np.load(tmp_path / "C" / "labels.npy").dtype == np.uint8
    card = json.loads((tmp_path / "C" / "card.json").read_text())
    assert (card["rule"], card["constants"], list(card["corruptions"])) == (
        2, "cifar10-c", ["gaussian_noise", "fog"],
    )  # fmt: skip


@pytest.mark.slow
def test_the_archives_own_reader_reads_it(tmp_path):
    """Ten thousand images of CIFAR-10's size stand where CIFAR-10-C would."""
    pixels = np.zeros((10_000, 32, 32, 3), np.uint8)
    pixels[:, :4] = np.arange(10_000, dtype=np.uint8)[:, None, None, None]
    labels = np.arange(10_000) % 10
    write_corrupted((pixels, labels), tmp_path / "CIFAR-10-C", corruptions=["contrast"])
    ours = read_corrupted(tmp_path / "CIFAR-10-C", "contrast", 4)
    theirs = read_cifar10c("contrast", 4, tmp_path)
    assert np.array_equal(theirs.images, ours.images)
    assert np.array_equal(theirs.labels, labels)
    assert np.array_equal(ours.images[:9], bytes_of(("contrast", 4), (pixels[:9], labels[:9])))
    data = ImageData(
        name="cifar10", x_train=pixels[:0], y_train=labels[:0], x_test=pixels, y_test=labels,
        class_names=KNOWN["cifar10"].class_names,
    )  # fmt: skip
    shown = corrupted_test_set(
        data, "contrast", 4, num_images=5, generator=torch.Generator(), folder=tmp_path
    )
    assert shown.source == "CIFAR-10-C archive"
    assert np.array_equal(
        shown.images.mul(255).round().byte().permute(0, 2, 3, 1).numpy(), ours.images[:5]
    )


def test_what_is_there_is_not_made_again_and_a_stopped_one_goes_on(tmp_path, monkeypatch):
    write_corrupted((PIXELS, LABELS), tmp_path, corruptions=["fog"])
    (tmp_path / ".snow.npy.abc123.part").write_bytes(b"half")
    before = (tmp_path / "fog.npy").stat().st_mtime_ns
    made = write_corrupted((PIXELS, LABELS), tmp_path, **BOTH)
    assert (made.written, made.found) == (("gaussian_noise",), ("fog",))
    assert (tmp_path / "fog.npy").stat().st_mtime_ns == before
    names = {"card.json", "fog.npy", "gaussian_noise.npy", "labels.npy"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_some_severities_of_grey_pictures(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / "in" / name).mkdir(parents=True)
        Image.new("L", (50, 40), 90).save(tmp_path / "in" / name / "1.png")
    made = write_corrupted(
        tmp_path / "in", tmp_path / "out", size=32, severities=[5, 3],
        corruptions=["contrast", "saturate"],
    )  # fmt: skip
    assert (made.written, made.left_out) == (("contrast",), "saturate needs colour: left out")
    assert read_corrupted(tmp_path / "out", "contrast", 3).images.shape == (2, 32, 32, 3)
    with pytest.raises(ValueError, match=r"severity must be one of \(5, 3\), got 1"):
        read_corrupted(tmp_path / "out", "contrast", 1)
    with pytest.raises(ValueError, match="has no corruption 'snow'; it has contrast, labels"):
        read_corrupted(tmp_path / "out", "snow", 3)
    (tmp_path / "out" / "contrast.npy").write_bytes(b"")
    with pytest.raises(ValueError, match=r"contrast.npy: expected a whole array \(2·N, H, W, C\)"):
        read_corrupted(tmp_path / "out", "contrast", 3)


def test_a_grid_of_what_was_written_is_the_grid_of_the_images(tmp_path):
    """But for the rounding to bytes, of which the model is to make nothing."""

    def model(images):
        return images.mul(255).round().mean((2, 3))

    write_corrupted((PIXELS, LABELS), tmp_path, corruptions=["fog"], severities=[3])
    _, there = corruption_grid(model, (PIXELS, LABELS), corruptions=["fog"], severities=[3])
    found = read_corrupted(tmp_path, "fog", 3)
    [here] = corruption_grid(model, (found.images, found.labels), corruptions=[])
    assert here.predicted.tolist() == there.predicted.tolist()


def test_other_images_and_other_peoples_folders_are_left_alone(tmp_path):
    write_corrupted((PIXELS, LABELS), tmp_path / "C", corruptions=["fog"])
    with pytest.raises(ValueError, match="corrupted images with other images: name another"):
        write_corrupted((PIXELS[::-1].copy(), LABELS), tmp_path / "C", corruptions=["snow"])
    with pytest.raises(ValueError, match="with other severities"):
        write_corrupted((PIXELS, LABELS), tmp_path / "C", corruptions=["snow"], severities=[1])
    (tmp_path / "official").mkdir()
    np.save(tmp_path / "official" / "fog.npy", PIXELS)
    with pytest.raises(
        ValueError, match=r"expected an empty folder, got \.npy files that were not"
    ):
        write_corrupted((PIXELS, LABELS), tmp_path / "official", corruptions=["fog"])
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="file: expected a folder, got a file"):
        write_corrupted((PIXELS, LABELS), tmp_path / "file", corruptions=["fog"])


def test_a_full_disk_is_a_line_and_leaves_no_half_file(tmp_path, monkeypatch, capsys):
    np.savez(
        tmp_path / "mine.npz", x_train=PIXELS, y_train=LABELS, x_test=PIXELS, y_test=LABELS,
    )  # fmt: skip
    given = ["corrupt", str(tmp_path / "mine.npz"), "--out", str(tmp_path / "C"),
             "--corruption", "fog", "contrast"]  # fmt: skip
    usage = shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
        with pytest.raises(SystemExit):
            main(given)
    assert ": 0.2 MB are needed and 0.0 MB free: take fewer images" in capsys.readouterr().err
    plain = corrupted_files._pieces

    def full(images, name, *rest):
        yield from plain(images, name, *rest)
        if name == "contrast":
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(corrupted_files, "_pieces", full)
        with pytest.raises(SystemExit):
            main(given)
    assert capsys.readouterr().err == (
        f"afn: {tmp_path / 'C' / 'contrast.npy'}: no space left on device\n"
    )
    names = sorted(path.name for path in (tmp_path / "C").iterdir())
    assert names == ["card.json", "fog.npy", "labels.npy"]
    main(given)
    assert "1 corruption written to" in (said := capsys.readouterr().out)
    assert "1 were there" in said


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["nothing"], "unknown data set 'nothing'"),
        (["digits8", "--severity", "6"], "severity must be from 1 to 5, got 6"),
        (["digits8", "--images", "0"], "num_images must be at least 1, got 0"),
        (["half.npz"], "half.npz: expected a whole .npz archive"),
    ],
)
def test_bad_input_is_a_line_and_makes_no_folder(more, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "half.npz").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(SystemExit) as caught:
        main(["corrupt", *more, "--out", "C"])
    assert caught.value.code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert words in line
    assert not (tmp_path / "C").exists()
