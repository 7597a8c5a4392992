"""Zips: which picture is of which class, and that nothing bad in one does any harm."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from pathlib import Path

import pytest

from afn.data import load_dataset
from afn.data.own import zips
from tests.data.own.conftest import Taken, file_of, picture, pictures, zipped


def told(found: object) -> str:
    return " ".join(found.warnings)  # type: ignore[attr-defined]


def test_a_class_is_the_folder_right_above_whatever_is_above_it(take: Taken) -> None:
    files = pictures("holiday/2024/cats", "dogs")
    found = take(("a.zip", zipped(files)))
    assert found.class_names == ("cats", "dogs")
    assert [sum(each) for each in found.counts] == [5, 5]
    assert found.num_test == 2


def test_folders_that_say_train_and_test_are_heeded(take: Taken) -> None:
    files = pictures("set/Train/cats", "set/Train/dogs") | {
        f"set/{part}/{name}/{number}.png": file_of(picture(number))
        for part, name, number in [
            ("test", "cats", 900),
            ("val", "dogs", 901),
            ("test", "dogs", 902),
        ]
    }
    found = take(("a.zip", zipped(files)))
    assert found.class_names == ("cats", "dogs")
    assert found.counts == ((5, 1), (5, 2))
    data = load_dataset(found.name)
    assert len(data.x_train) == 10
    assert sorted(data.y_test) == [0, 1, 1]


def test_a_picture_to_test_that_came_to_learn_too_is_left_out_of_the_test(take: Taken) -> None:
    files = pictures("train/cats", "train/dogs")
    files |= {"test/cats/x.png": files["train/cats/0.png"]}
    files |= {
        "test/dogs/y.png": file_of(picture(901)),
        "train/dogs/z.png": files["train/dogs/1.png"],
    }
    found = take(("a.zip", zipped(files)))
    assert found.counts == ((5, 0), (5, 1))
    assert "1 picture to test also came to learn: left out of the test." in told(found)
    assert "1 picture came twice: each is kept once." in told(found)


@pytest.mark.parametrize(
    "path",
    [
        "../cats/x.png",
        "/etc/cats/x.png",
        "C:\\cats\\x.png",
        "a/../../cats/x.png",
        "..\\cats\\x.png",
    ],
)
def test_a_path_outside_is_left_out_and_nothing_is_written_there(
    take: Taken, runs: Path, path: str
) -> None:
    found = take(("a.zip", zipped(pictures("cats", "dogs") | {path: file_of(picture(77))})))
    assert "1 file with a path outside of the zip" in told(found)
    assert found.num_train + found.num_test == 10
    assert not list(runs.parent.rglob("x.png"))
    assert {path.name for path in runs.iterdir()} == {".own"}


def test_links_are_left_out(take: Taken) -> None:
    file = io.BytesIO(zipped(pictures("cats", "dogs")))
    with zipfile.ZipFile(file, "a") as archive:
        info = zipfile.ZipInfo("cats/link.png")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    found = take(("a.zip", file.getvalue()))
    assert told(found).endswith("Left out: 1 link.")


def test_what_is_no_picture_is_counted_and_a_zip_within_stays_closed(take: Taken) -> None:
    files = pictures("cats", "dogs") | {
        "__MACOSX/cats/._0.png": b"x",
        "cats/.DS_Store": b"x",
        "cats/notes.txt": b"x",
        "cats/more.zip": zipped(pictures("birds")),
        "loose.png": file_of(picture(99)),
    }
    found = take(("a.zip", zipped(files)))
    assert found.class_names == ("cats", "dogs")
    for words in (
        "2 files of the system", "1 file of another kind", "1 archive within the archive",
        "1 picture in no class folder",
    ):  # fmt: skip
        assert words in told(found)


@pytest.mark.parametrize("says_utf8", [True, False])
def test_names_keep_their_script_whether_or_not_the_zip_says_how_they_are_written(
    take: Taken, says_utf8: bool
) -> None:
    data = zipped(pictures("写真", "Кошки"))
    if not says_utf8:  # as many programs write them
        data = _without_utf8_flag(data)
    assert take(("a.zip", data)).class_names == ("写真", "Кошки")


def test_names_in_dos_letters_are_read_as_such(take: Taken) -> None:
    data = zipped(pictures("Bxume", "dogs")).replace(b"Bxume", "Bäume".encode("cp437"))
    assert take(("a.zip", data)).class_names == ("Bäume", "dogs")


def _without_utf8_flag(data: bytes) -> bytes:
    """With bit 11 of every header's flags cleared."""
    changed = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            (flags,) = struct.unpack_from("<H", data, at + offset)
            struct.pack_into("<H", changed, at + offset, flags & ~0x800)
            at = data.find(mark, at + 4)
    return bytes(changed)


def refused(take: Taken, data: bytes, name: str = "a.zip") -> str:
    with pytest.raises(ValueError, match=f"^{re.escape(name)}: .*$") as error:
        take((name, data))
    return str(error.value)


def test_half_a_zip_is_refused(take: Taken) -> None:
    whole = zipped(pictures("cats", "dogs"))
    assert "cut short or damaged" in refused(take, whole[: len(whole) // 2])
    assert "it is empty" in refused(take, b"")
    assert "it is no zip" in refused(take, b"GIF89a")


def test_a_zip_without_pictures_is_refused(take: Taken) -> None:
    assert "no picture in a class folder (1 file of another kind)" in refused(
        take, zipped({"cats/a.txt": b"x"})
    )
    assert "make a folder for each class" in refused(take, zipped({"a.png": file_of(picture())}))


def test_a_zip_with_a_password_is_refused(take: Taken) -> None:
    data = bytearray(zipped(pictures("cats", "dogs")))
    at = data.find(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "has a password" in refused(take, bytes(data))


def test_a_bomb_is_refused_by_what_it_declares(take: Taken) -> None:
    data = bytearray(zipped(pictures("cats", "dogs")))
    at = data.find(b"PK\x01\x02")
    for _ in range(4):  # of 10 GB in all
        struct.pack_into("<I", data, at + 24, 2_500_000_000)
        at = data.find(b"PK\x01\x02", at + 4)
    assert "would unpack to 10,000 MB, up to 1,000 are read" in refused(take, bytes(data))


def test_a_bomb_that_declares_little_is_cut_off(
    take: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped({"cats/bomb.bmp": bytes(30_000_000)})
    assert len(bomb) < 100_000
    data = bytearray(zipped(pictures("cats", "dogs") | {"cats/bomb.bmp": bytes(30_000_000)}))
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 1000)
    found = take(("a.zip", bytes(data)))
    assert "cats/bomb.bmp (it is cut short or damaged in the zip" in told(found)
    monkeypatch.setattr(zips, "MOST_FILE_MB", 20)
    honest = zipped(pictures("cats", "dogs") | {"cats/bomb.bmp": bytes(30_000_000)})
    assert "1 picture of more than 20 MB" in told(take(("a.zip", honest)))
    with zipfile.ZipFile(io.BytesIO(honest)) as archive, pytest.raises(ValueError, match="20 MB"):
        zips.read_member(archive, archive.getinfo("cats/bomb.bmp"))


def test_files_that_share_their_bytes_are_no_way_around(
    take: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zips, "MOST_MEMBERS", 9)
    assert "it holds 10 files, up to 9 are read" in refused(take, zipped(pictures("cats", "dogs")))


def test_a_file_packed_in_an_unusual_way_is_left_out(take: Taken) -> None:
    file = io.BytesIO(zipped(pictures("cats", "dogs")))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_LZMA) as archive:
        archive.writestr("cats/x.png", file_of(picture(7)))
    assert "1 file packed in an unusual way" in told(take(("a.zip", file.getvalue())))
