from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from afn.data import catalogue, dataset_entry, load_dataset

SIZE = (64, 64)


def save(path: Path, image: Image.Image, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def plant(folder: Path, domain: str = "photo", num_images: int = 10) -> Path:
    """A domain of two classes whose images tell their class: red ants, blue bees."""
    root = folder / "Insects" / domain
    for name, colour in (("ant", (255, 0, 0)), ("bee", (0, 0, 255))):
        for index in range(num_images):
            save(root / name / f"{index}.png", Image.new("RGB", SIZE, colour))
    return root


def test_every_domain_is_a_data_set(folder: Path) -> None:
    plant(folder, "photo")
    plant(folder, "Line Art")

    entry = dataset_entry("insects/photo")

    assert "insects/line-art" in catalogue()
    assert entry.title == "Insects · photo"
    assert (entry.status, entry.image_shape, entry.num_classes) == ("on disk", (64, 64, 3), 2)
    assert (entry.num_train, entry.num_test) == (16, 4)


def test_images_keep_their_class_and_split_by_class(folder: Path) -> None:
    plant(folder)

    data = load_dataset("insects/photo")

    assert data.class_names == ("ant", "bee")
    assert np.bincount(data.y_train).tolist() == [8, 8]
    assert np.bincount(data.y_test).tolist() == [2, 2]
    np.testing.assert_array_equal(data.x_train[:, 5, 5, 2], 255 * data.y_train)
    np.testing.assert_array_equal(data.x_test[:, 5, 5, 0], 255 * (1 - data.y_test))
    again = load_dataset("insects/photo")
    np.testing.assert_array_equal(data.y_train, again.y_train)


def test_every_mode_and_size_becomes_rgb_of_one_size(folder: Path) -> None:
    domain = folder / "Modes" / "all"
    grey = np.full((40, 90), 128, np.uint8)
    clear = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    palette = Image.new("P", SIZE, 1)
    palette.putpalette([0, 0, 0, 128, 128, 128])
    save(domain / "mid" / "grey.png", Image.fromarray(grey))
    save(domain / "mid" / "deep.png", Image.fromarray(grey.astype(np.uint16) * 256))
    save(domain / "mid" / "palette.png", palette)
    save(domain / "mid" / "cmyk.jpg", Image.new("RGB", SIZE, (128,) * 3).convert("CMYK"))
    save(domain / "white" / "clear.png", clear)
    save(domain / "white" / "clear_palette.png", palette, transparency=1)

    data = load_dataset("modes/all")

    images = np.concatenate([data.x_train, data.x_test])
    labels = np.concatenate([data.y_train, data.y_test])
    assert images.shape == (6, 64, 64, 3)
    assert images.dtype == np.uint8
    expected = np.where(labels == 0, 128, 255)[:, None, None, None]
    assert np.abs(images.astype(int) - expected).max() <= 2  # JPEG and CMYK round


def test_unreadable_image_is_left_out_with_a_warning(folder: Path) -> None:
    root = plant(folder)
    (root / "ant" / "broken.jpg").write_bytes(b"not a jpeg")
    whole = (root / "bee" / "0.png").read_bytes()
    (root / "bee" / "short.png").write_bytes(whole[: len(whole) // 2])

    with pytest.warns(UserWarning, match="is left out, not a readable image") as caught:
        data = load_dataset("insects/photo")

    assert len(data.x_train) + len(data.x_test) == 20
    named = "\n".join(str(warning.message) for warning in caught)
    assert "insects/photo: ant/broken.jpg" in named
    assert "insects/photo: bee/short.png" in named


def test_empty_class_folder_is_one_clear_line(folder: Path) -> None:
    (plant(folder) / "moth").mkdir()

    with pytest.raises(ValueError, match=r"^Insects/photo: .* got none in moth; fill or remove"):
        load_dataset("insects/photo")
    entry = catalogue()["insects/photo"]
    assert entry.status == "missing"
    assert "moth" in entry.how_to_get


def test_one_class_is_nothing_to_learn(folder: Path) -> None:
    save(folder / "Lone" / "photo" / "ant" / "0.png", Image.new("RGB", SIZE))

    with pytest.raises(ValueError, match=r"^Lone/photo: .* two class folders or more, got ant al"):
        load_dataset("lone/photo")
    entry = catalogue()["lone/photo"]
    assert (entry.status, "ant alone" in entry.how_to_get) == ("missing", True)


def test_a_class_without_a_readable_image_is_one_clear_line(folder: Path) -> None:
    moths = plant(folder) / "moth"
    moths.mkdir()
    (moths / "0.png").write_bytes(b"")

    with (
        pytest.warns(UserWarning, match="moth/0.png is left out"),
        pytest.raises(ValueError, match=r"^insects/photo: .* got none in moth; copy them again"),
    ):
        load_dataset("insects/photo")


def test_folders_without_images_and_hidden_ones_are_no_data_sets(folder: Path) -> None:
    (folder / "notes" / "2024" / "may").mkdir(parents=True)
    (folder / "notes" / "2024" / "may" / "a.txt").write_text("text")
    save(folder / ".trash" / "photo" / "ant" / "0.png", Image.new("RGB", SIZE))
    save(folder / "__MACOSX" / "photo" / "ant" / "._0.png", Image.new("RGB", SIZE), format="PNG")

    assert not [name for name in catalogue() if "notes" in name or "trash" in name or "mac" in name]


def test_pacs_on_disk_takes_its_known_title(folder: Path) -> None:
    for file in ("dog/0.jpg", "dog/1.jpg", "horse/0.jpg", "horse/1.jpg", "horse/2.jpg"):
        save(folder / "PACS" / "sketch" / file, Image.new("RGB", SIZE))

    entry = dataset_entry("pacs/sketch")

    assert (entry.title, entry.status) == ("PACS · sketch", "on disk")
    assert "4 training and 1 test images" in entry.source
    assert dataset_entry("pacs/photo").status == "missing"
