"""Pictures and arrays of people's own: what becomes of them, what is told, what is refused."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from afn.data import load_dataset
from afn.data.own import gathering
from afn.data.own.store import OwnSet, OwnSets
from tests.data.own.conftest import Taken, file_of, npz, picture, pictures, zipped


def told(found: OwnSet) -> str:
    return " ".join(found.warnings)


def photos(count: int, start: int = 0) -> list[tuple[str, bytes]]:
    return [(f"IMG_{n}.jpg", file_of(picture(start + n), "jpeg")) for n in range(count)]


def test_photos_come_one_class_at_a_time(take: Taken) -> None:
    one = take(*photos(6), class_name="cats")
    assert one.why_unusable == "One class alone (cats): add another."
    with pytest.raises(ValueError, match="no longer here"):
        load_dataset(one.name)
    both = take(*photos(6, 50), class_name="dogs", base=one.name)
    assert both.class_names == ("cats", "dogs")
    assert not both.why_unusable
    more = take(*photos(4, 90), class_name=" cats ", base=both.name)
    assert [sum(count) for count in more.counts] == [10, 6]
    assert OwnSets().find(both.name) == both  # a set never changes
    assert load_dataset(both.name).x_train.shape == (9, 32, 32, 3)


def test_a_photo_without_a_class_is_refused(take: Taken) -> None:
    with pytest.raises(ValueError, match=r"IMG_0\.jpg: of which class"):
        take(*photos(1))


def test_the_split_is_the_same_each_time_and_of_every_class(take: Taken) -> None:
    data = zipped(pictures("a", "b", "c", each=20))
    one, two = take(("a.zip", data)), take(("a.zip", data))
    assert one.name != two.name
    assert one.digest == two.digest
    assert one.counts == ((16, 4),) * 3


def test_wide_pictures_show_their_middle_and_small_ones_are_enlarged(take: Taken) -> None:
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    files = pictures("a", "b") | {
        "a/wide.png": file_of(wide),
        "b/small.png": file_of(picture(5, (8, 8))),
    }
    found = take(("a.zip", zipped(files)))
    assert "1 picture more than twice as long one way as the other" in told(found)
    assert "1 picture below 32×32: enlarged." in told(found)
    held = OwnSets().pictures(found.name)
    assert (held.x[held.y == 0][-1][:, 2:-2] == (0, 0, 255)).all()  # beside the cut, colours mix


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LA", "I;16", "YCbCr"])
def test_every_mode_becomes_the_same_squares(take: Taken, mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray((np.asarray(picture(333).convert("L")).astype(np.uint16)) << 8)
    else:
        image = picture(333).convert(mode)
    kind = "tiff" if mode in ("CMYK", "YCbCr") else "png"
    found = take(("a.zip", zipped(pictures("a", "b") | {f"a/x.{kind}": file_of(image, kind)})))
    assert [sum(count) for count in found.counts] == [6, 5]
    x = OwnSets().pictures(found.name).x
    assert x.shape == (11, 32, 32, 3)
    assert x.dtype == np.uint8


def test_a_turned_photo_stands_upright(take: Taken) -> None:
    upright = picture(3, (64, 64))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = file_of(upright.transpose(Image.Transpose.ROTATE_90), exif=exif)
    take(("upright.png", file_of(upright)), class_name="a")
    found = take(("upright.png", file_of(upright)), ("turned.png", turned), class_name="a")
    assert [sum(count) for count in found.counts] == [1]  # they are the same picture
    assert "1 picture came twice" in told(found)


def test_of_an_animation_the_first_picture_is_taken(take: Taken) -> None:
    file = io.BytesIO()
    picture(1).save(file, "gif", save_all=True, append_images=[picture(2)])
    found = take(("a.zip", zipped(pictures("a", "b") | {"a/x.gif": file.getvalue()})))
    assert "1 file of several frames or pages" in told(found)


def test_grey_stays_grey_only_where_all_are(take: Taken) -> None:
    grey = {
        name: file_of(picture(number, mode="L"))
        for number, name in enumerate(f"{c}/{n}.png" for c in "ab" for n in range(5))
    }
    assert take(("a.zip", zipped(grey))).entry().image_shape == (32, 32, 1)
    both = take(("a.zip", zipped(grey | {"a/x.png": file_of(picture(9))})))
    assert both.entry().image_shape == (32, 32, 3)


def test_grey_pictures_and_colourful_ones_join(take: Taken) -> None:
    grey = take(("x.npz", npz(x=np.arange(6 * 64).reshape(6, 8, 8) % 255, y=[0, 0, 0, 1, 1, 1])))
    assert grey.channels == 1
    assert take(*photos(3), class_name="more", base=grey.name).channels == 3


def png_bomb() -> bytes:
    """A PNG of a few kilobytes that says it has 30,000×30,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_what_cannot_be_read_is_told_and_left_out(take: Taken) -> None:
    files = pictures("a", "b")
    files |= {
        "a/half.png": files["a/0.png"][:60],
        "a/bomb.png": png_bomb(),
        "b/text.jpg": b"hello",
        "b/empty.jpg": b"",
    }
    found = take(("a.zip", zipped(files)))
    assert "a/half.png (the picture is cut short or damaged" in told(found)
    assert "a/bomb.png (it has too many pixels" in told(found)
    assert "and 1 more." in told(found)
    assert [sum(count) for count in found.counts] == [5, 5]


def test_where_nothing_can_be_read_one_line_says_so(take: Taken) -> None:
    with pytest.raises(ValueError, match=r"none of 2 pictures can be read, such as a/x.png: .*"):
        take(("a.zip", zipped({"a/x.png": b"x", "b/y.png": b"y"})))


def test_few_and_unequal_classes_are_told(take: Taken) -> None:
    few = {f"cats/{n}.png": file_of(picture(900 + n)) for n in range(3)}
    files = pictures("dogs", each=30) | few
    found = take(("a.zip", zipped(files)))
    assert "Few: cats has 3 pictures. Twenty are a start." in told(found)
    assert "Unequal: 30 of dogs, 3 of cats." in told(found)


def test_a_class_of_one_picture_is_not_learned_yet(take: Taken) -> None:
    files = pictures("dogs") | {"cats/1.png": file_of(picture(77))}
    assert take(("a.zip", zipped(files))).why_unusable == "cats has 1 picture: add more."


def test_the_same_picture_in_two_classes_is_told(take: Taken) -> None:
    files = pictures("cats", "dogs")
    files["dogs/x.png"] = files["cats/0.png"]
    assert "1 picture came in two classes, as in cats and dogs." in told(
        take(("a.zip", zipped(files)))
    )


def test_test_pictures_that_look_like_learned_ones_are_told(take: Taken) -> None:
    views = {}
    for name, number in (("cats", 1), ("dogs", 2)):
        photo = picture(number, (105, 105))
        for shift in range(10):
            crop = photo.crop((0, shift, 95, 95 + shift))
            views[f"{name}/{shift}.png"] = file_of(crop)
    found = take(("a.zip", zipped(views)))
    assert "4 of 4 test pictures look almost like one that is learned" in told(found)
    assert "almost" not in told(take(("a.zip", zipped(pictures("cats", "dogs", each=10)))))


def test_too_many_classes_or_pictures_are_refused_before_any_is_decoded(
    take: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "read_picture", None)
    with pytest.raises(ValueError, match="up to 50 classes fit, got 51"):
        take(("a.zip", zipped({f"c{n}/x.png": b"x" for n in range(51)})))
    monkeypatch.setattr(gathering, "MOST_IMAGES", 9)
    with pytest.raises(ValueError, match="up to 9 pictures fit, got 10"):
        take(("a.zip", zipped(pictures("a", "b"))))


def test_reading_ends_in_time(take: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MOST_SECONDS", -1)
    with pytest.raises(ValueError, match="1 of 10 pictures were done: drop fewer"):
        take(("a.zip", zipped(pictures("a", "b"))))


# -- arrays ----------------------------------------------------------------------------------------


def arrays(**changes: object) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    known = {"x": rng.integers(0, 256, (10, 28, 28, 3), dtype=np.uint8), "y": np.arange(10) % 2}
    return {name: np.asarray(value) for name, value in {**known, **changes}.items()}


def test_an_archive_of_x_and_y_is_split(take: Taken) -> None:
    found = take(("a.npz", npz(**arrays(class_names=["猫", "犬"]))))
    assert found.class_names == ("猫", "犬")
    assert found.counts == ((4, 1), (4, 1))


def test_an_archive_that_is_split_stays_so(take: Taken) -> None:
    x, y = arrays()["x"], arrays()["y"]
    found = take(("a.npz", npz(x_train=x[:6], y_train=y[:6], x_test=x[6:], y_test=y[6:])))
    assert found.counts == ((3, 2), (3, 2))
    assert found.class_names == ("class 0", "class 1")


@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("white", [1, 255])
def test_floats_are_read_by_their_white(take: Taken, kind: str, white: int) -> None:
    x = arrays()["x"]
    plain = take(("a.npz", npz(**arrays())))
    scaled = take(("b.npz", npz(**arrays(x=(x.astype(kind) / 255 * white)))))
    assert plain.digest == scaled.digest


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"y": np.array(["a", 1, None] * 3 + ["b"], dtype=object)}, "pickled objects in y"),
        ({"y": [0, 1, 7, 0, 1, 0, 1, 0, 1, 0], "class_names": ["a", "b"]}, "labels from 0 to 1"),
        ({"y": [-1, 1, 0, 0, 1, 0, 1, 0, 1, 0]}, "labels from -1 to 1"),
        ({"y": [0, 1]}, "y as 10 whole numbers or names, one per image"),
        ({"y": [0] * 10}, "two classes or more"),
        ({"x": np.full((10, 8, 8), np.nan)}, "values from nan to nan"),
        ({"x": np.zeros((10, 8, 8, 7))}, "x of shape"),
        ({"x": np.zeros((0, 8, 8, 3)), "y": []}, "at least one image"),
    ],
)
def test_an_archive_that_cannot_be_is_refused_in_a_line(
    take: Taken, changes: dict[str, object], line: str
) -> None:
    with pytest.raises(ValueError, match=line) as error:
        take(("mine.npz", npz(**arrays(**changes))))
    assert str(error.value).startswith("mine.npz: ")
    assert "\n" not in str(error.value)


def test_half_an_archive_is_refused(take: Taken) -> None:
    whole = npz(**arrays())
    with pytest.raises(ValueError, match=r"mine.npz: it is cut short or damaged"):
        take(("mine.npz", whole[: len(whole) // 2]))
    with pytest.raises(ValueError, match=r"mine.npz: expected arrays x, y, got no y"):
        take(("mine.npz", npz(x=arrays()["x"])))
