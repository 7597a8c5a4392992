import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from afn.cli.main import main
from afn.data import catalogue, dataset_entry, load_dataset, unread

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

    with pytest.warns(UserWarning, match="is left out: ") as caught:
        data = load_dataset("insects/photo")

    assert len(data.x_train) + len(data.x_test) == 20
    named = "\n".join(str(warning.message) for warning in caught)
    assert "insects/photo: ant/broken.jpg is left out: expected a picture such as" in named
    assert "insects/photo: bee/short.png is left out: the picture is cut short" in named


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


def test_a_class_that_is_tested_and_never_trained_is_refused(folder: Path) -> None:
    plant(folder, num_images=1)

    with pytest.raises(
        ValueError, match=r"^insects/photo: .* to train on, got none of (ant|bee) b"
    ):
        load_dataset("insects/photo")


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


# -- what is in class folders ----------------------------------------------------------------------


def test_every_suffix_of_an_image_counts_and_the_rest_is_told(folder: Path) -> None:
    root = plant(folder)
    red = Image.new("RGB", SIZE, (255, 0, 0))
    for name in ("a.jfif", "b.avif", "c.jp2", "d.WEBP", "e.Tif", "f.qoi", "g.tga"):
        save(root / "ant" / name, red)
    (root / "ant" / "raw").mkdir()
    for name in ("notes.txt", "photo.HEIC", "LIESMICH", ".DS_Store", "._0.png"):
        (root / "ant" / name).write_bytes(b"")

    entry, data = dataset_entry("insects/photo"), load_dataset("insects/photo")

    assert entry.num_train + entry.num_test == len(data.y_train) + len(data.y_test) == 27
    assert entry.left_out == (
        "3 files of no known image format (.heic, .txt, no suffix) and 1 folder inside of class "
        "folders"
    )
    reds = np.concatenate([data.x_train, data.x_test])[:, 5, 5, 0]
    assert (reds > 250).sum() == 17


def test_the_first_frame_is_taken_and_told(folder: Path) -> None:
    root = plant(folder)
    red, blue = Image.new("RGB", SIZE, (255, 0, 0)), Image.new("RGB", SIZE, (0, 0, 255))
    for name in ("0.gif", "1.webp", "2.tiff", "3.apng"):
        save(root / "ant" / name, red, save_all=True, append_images=[blue, red])

    with pytest.warns(UserWarning, match="first picture is taken of each of 4 files .* ant/0.gif"):
        data = load_dataset("insects/photo")

    reds = np.concatenate([data.x_train, data.x_test])[:, 5, 5, 0]
    assert (reds > 250).sum() == 14


def test_images_of_unknown_white_are_left_out_by_name(folder: Path) -> None:
    root = plant(folder)
    Image.fromarray(np.full(SIZE, 40_000, np.int32)).save(root / "ant" / "deep.tiff")
    Image.fromarray(np.full(SIZE, 300, np.float32)).save(root / "bee" / "float.tiff")

    with pytest.warns(UserWarning, match="is left out: ") as caught:
        data = load_dataset("insects/photo")

    told = sorted(str(warning.message) for warning in caught)
    assert "ant/deep.tiff is left out: of 32-bit whole numbers nobody knows the white" in told[0]
    assert "bee/float.tiff is left out: floats must be from 0, black, to 1, white" in told[1]
    assert len(data.y_train) + len(data.y_test) == 20


def test_images_beside_class_folders_are_told(folder: Path) -> None:
    save(plant(folder) / "loose.png", Image.new("RGB", SIZE))

    assert dataset_entry("insects/photo").left_out == "1 image beside the class folders"
    assert unread() == []


# -- what lies elsewhere, and what cannot be read --------------------------------------------------


@pytest.mark.parametrize(
    ("places", "told"),
    [
        (["0.png"], "/: expected .*, got images beside its domains' folders; move them"),
        (["moth/0.png"], "/moth/: expected .*, got images in it, and no class folders; move them"),
        (["moth/0.png", "wasp/0.png", "x.png"], "/: .* folders, and likewise in 2 folders more;"),
        (["deep/a/b/0.png"], "/deep/: expected .*, got images 2 folders deep; move them"),
    ],
)
def test_images_beside_domains_are_told(folder: Path, places: list[str], told: str) -> None:
    plant(folder)
    for place in places:
        save(folder / "Insects" / place, Image.new("RGB", SIZE))

    [line] = unread()

    assert re.match(f"Insects{told}", line)
    assert dataset_entry("insects/photo").status == "on disk"


def test_classes_without_domains_are_a_data_set_of_one_domain(folder: Path) -> None:
    plant(folder).rename(folder / "Moths")

    entry = dataset_entry("moths")

    assert (entry.title, entry.status, entry.class_names) == ("Moths", "on disk", ("ant", "bee"))
    assert (entry.num_train, entry.num_test) == (16, 4)
    data = load_dataset("moths")
    np.testing.assert_array_equal(data.x_train[:, 5, 5, 2], 255 * data.y_train)
    assert unread() == []
    (folder / "Moths" / "bee").rename(folder / "Moths" / "bee (1)")
    assert load_dataset("moths").class_names == ("ant", "bee (1)")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("Loose", "Loose/: expected .*, got images in it, and no class folders; move them"),
        ("Deep/a/b/c", "Deep/: expected .*, got images 3 folders deep; move them"),
    ],
)
def test_images_where_no_tree_has_them_are_told(folder: Path, place: str, told: str) -> None:
    plant(folder)
    save(folder / place / "0.png", Image.new("RGB", SIZE))
    [line] = unread()
    assert re.match(told, line)
    assert not any(name.startswith(place[:4].lower()) for name in catalogue())


def test_a_data_folder_that_is_none_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "data.npz"
    file.touch()
    monkeypatch.setenv("AFN_DATA_DIR", str(file))
    main(["data"])
    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("not read: expected a folder of data sets, got the file ")
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "nothing"))
    main(["data", "--json"])
    told = json.loads(capsys.readouterr().out.splitlines()[-1])["not_read"]
    assert told.startswith(f"there is no data folder {tmp_path / 'nothing'}, so that only")
    monkeypatch.delenv("AFN_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert unread() == []


def test_images_that_cannot_be_read_are_told_once_they_were_read(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AFN_CACHE_DIR", str(tmp_path / "cache"))
    domain = plant(folder)
    whole = (domain / "bee" / "0.png").read_bytes()
    (domain / "bee" / "broken.png").write_bytes(whole[:-30])
    assert dataset_entry("insects/photo").left_out == ""
    with pytest.warns(UserWarning, match=r"bee/broken\.png is left out"):
        data = load_dataset("insects/photo")
    entry = dataset_entry("insects/photo")
    assert entry.left_out.startswith("1 image that cannot be read, such as bee/broken.png (")
    assert (entry.num_train, entry.num_test) == (len(data.x_train), len(data.x_test))
    main(["data"])
    [line] = (each for each in capsys.readouterr().out.splitlines() if "insects/photo" in each)
    assert "left out: 1 image that cannot be read" in line
    (domain / "bee" / "broken.png").unlink()
    assert dataset_entry("insects/photo").left_out == ""


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<html>404</html>", "got a file of no such format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "got HEIC or a video"),
        (None, r"the file cannot be opened \(No such file or directory\)"),
    ],
    ids=["empty", "a page", "HEIC", "a dead link"],
)
def test_what_is_seen_without_decoding_is_told_before_images_are_read(
    folder: Path, content: bytes | None, reason: str
) -> None:
    file = plant(folder) / "bee" / "broken.png"
    if content is None:
        file.symlink_to(folder / "gone.png")
    else:
        file.write_bytes(content)

    entry = dataset_entry("insects/photo")

    told = f"1 image that cannot be read, such as bee/broken.png \\(.*{reason}"
    assert re.match(told, entry.left_out)
    assert (entry.num_train, entry.num_test) == (16, 4)
    assert dataset_entry("insects/photo") == entry
    file.unlink()
    save(file, Image.new("RGB", SIZE))  # copied again, in place
    assert dataset_entry("insects/photo").left_out == ""


def test_unusual_content_under_a_usual_suffix_is_no_complaint(folder: Path) -> None:
    root = plant(folder)
    for kind in ("ppm", "tga", "avif", "jpeg2000", "pcx"):
        Image.new("RGB", SIZE).save(root / "ant" / f"{kind}.png", kind)

    entry, data = dataset_entry("insects/photo"), load_dataset("insects/photo")

    assert entry.left_out == ""
    assert entry.num_train == len(data.y_train) == 20
