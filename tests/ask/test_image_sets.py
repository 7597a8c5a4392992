"""What people have, taken as test images: the same pixels whichever way they come."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from afn import corruption_grid, image_set
from afn.ask import image_sets
from afn.ask.image_sets import StreamedImages
from afn.ask.measure import ShownImages
from afn.data import ImageData
from afn.data.archives import write_archive

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (10, 12, 9, 3), dtype=np.uint8)  # (N, H, W, C)
LABELS = np.arange(10) % 3
FIRST = torch.from_numpy(BYTES).permute(0, 3, 1, 2)  # (N, C, H, W)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Pictures(Dataset):
    """As torchvision's: pictures and numbers, through a transform."""

    classes = ("a", "b", "c")

    def __init__(self, transform):
        self.transform = transform

    def __len__(self):
        return len(BYTES)

    def __getitem__(self, number):
        return self.transform(Image.fromarray(BYTES[number])), int(LABELS[number])


def to_tensor(picture):
    return torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255


def normalized(picture):
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (MEAN, STD))
    return (to_tensor(picture) - mean) / std


KINDS = {
    "a loader of floats": lambda: DataLoader(Pictures(to_tensor), batch_size=4),
    "a loader of bytes": lambda: DataLoader(TensorDataset(FIRST, torch.tensor(LABELS)), 3),
    "pictures": lambda: Pictures(lambda picture: picture),
    "a subset": lambda: Subset(Pictures(to_tensor), range(10)),
    "arrays, channels last": lambda: (BYTES, LABELS),
    "tensors, channels first": lambda: (FIRST, torch.tensor(LABELS)),
    "lists of dictionaries": lambda: [
        {"pixel_values": FIRST[:5], "labels": LABELS[:5].tolist()},
        {"pixel_values": FIRST[5:], "labels": LABELS[5:].tolist()},
        {"pixel_values": FIRST[:0], "labels": []},
    ].__iter__(),
    "int64": lambda: (FIRST.long(), LABELS[:, None]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_pixels_come_whichever_way(kind):
    found = image_set(KINDS[kind]())
    assert found.images.dtype == torch.uint8
    assert torch.equal(found.images, FIRST)
    assert found.labels.tolist() == LABELS.tolist()
    assert found.class_names in (None, ("a", "b", "c"))
    assert image_set(KINDS[kind](), 4).labels.tolist() == LABELS[:4].tolist()


def test_a_subset_of_a_loader_keeps_the_names_of_classes():
    found = image_set(DataLoader(Subset(Pictures(to_tensor), [0, 1]), batch_size=1))
    assert (found.name, found.class_names) == ("Pictures", ("a", "b", "c"))


def test_normalization_is_undone_for_the_corruption_and_done_again_for_the_model():
    seen = []

    def model(images):
        seen.append(images)
        return torch.zeros(len(images), 3)

    loader = DataLoader(Pictures(normalized), batch_size=4)
    found = image_set(loader, mean=MEAN, std=STD)
    assert torch.equal(found.images, FIRST)
    list(corruption_grid(model, loader, mean=MEAN, std=STD, corruptions=(), batch_size=10))
    expected = torch.stack([normalized(Image.fromarray(each)) for each in BYTES])
    torch.testing.assert_close(seen[0], expected)


def test_a_loader_may_fill_one_buffer_again_and_again_and_nobodys_images_are_changed():
    buffer, labels = torch.empty(1, 1, 8, 8), torch.empty(1, dtype=torch.int64)

    def batches(dtype):
        for number in range(3):
            yield buffer.fill_(number / 2).to(dtype), labels.fill_(number)

    for dtype in (torch.float32, torch.uint8):
        found = image_set(batches(dtype))
        assert found.labels.tolist() == [0, 1, 2]
        expected = [0, 0.5, 1] if dtype == torch.float32 else [0, 0, 1 / 255]
        assert found.floats(0, 3).mean((1, 2, 3)).tolist() == pytest.approx(expected)
    images = torch.full((2, 1, 8, 8), 1 + 1e-6)
    images[0, 0, 0, 0] = 0.3
    before = images.clone()
    image_set((images, [0, 1]))
    assert torch.equal(images, before)


def test_floats_that_are_no_bytes_stay_what_they_are():
    images = torch.rand(4, 1, 8, 8)
    found = image_set((images, [0, 1, 0, 1]))
    assert torch.equal(found.floats(0, 4), images)
    assert found.images.dtype == torch.float32


def test_an_odd_batch_of_bytes_among_floats_is_read_on_one_scale():
    batches = [(torch.rand(2, 1, 8, 8), [0, 1]), (torch.ones(1, 1, 8, 8), [1])]
    found = image_set(iter(batches))
    assert float(found.floats(2, 3).min()) == 1.0


def test_grey_images_shown_as_rgb_have_no_colour_to_saturate():
    grey = np.repeat(BYTES[..., :1], 3, axis=3)
    asked = {"corruptions": ["saturate"], "severities": [5]}
    grids = [
        list(corruption_grid(lambda x: torch.zeros(len(x), 3), (images, LABELS), **asked))
        for images in (grey, BYTES)
    ]
    assert [len(cells) for cells in grids] == [1, 2]


def test_a_folder_of_classes(tmp_path):
    for label, name in enumerate(("cat", "dög")):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.fromarray(BYTES[label]).resize((40 + number, 30)).save(
                tmp_path / name / f"{number}.png"
            )
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"pictures of one size, got 40×30 and .* say size="):
        image_set(tmp_path)
    found = image_set(tmp_path, 4, size=16)
    assert (found.name, found.class_names) == (tmp_path.name, ("cat", "dög"))
    assert (found.shape, found.labels.tolist()) == ((3, 16, 16), [0, 0, 1, 1])
    (tmp_path / "cat" / "0.png").write_bytes(b"\x89PNG half")
    with pytest.raises(ValueError, match=r"cat/0.png: the picture is cut short"):
        image_set(tmp_path, size=16)


def test_an_archive_and_a_name(tmp_path):
    data = ImageData(
        name="it", x_train=BYTES, y_train=LABELS, x_test=BYTES, y_test=LABELS,
        class_names=("a", "b", "c"),
    )  # fmt: skip
    write_archive(tmp_path / "it.npz", data)
    assert torch.equal(image_set(str(tmp_path / "it.npz")).images, FIRST)
    whole = (tmp_path / "it.npz").read_bytes()
    (tmp_path / "it.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"it.npz: expected a whole .npz archive"):
        image_set(tmp_path / "it.npz")
    assert len(image_set("digits8", 7)) == 7


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (DataLoader(Pictures(normalized), 4), r"in \[0, 1\], got -.*: if the loader normalizes"),
        ((FIRST.float(), LABELS), r"in \[0, 1\], got 0 to 255: divide by 255"),
        ((FIRST / 255 * float("nan"), LABELS), r"got nan to nan: replace what is no number"),
        ((FIRST.int() - 300, LABELS), "expected 0 to 255 or floats, got -300 to -45"),
        ((torch.zeros(5, 4, 8, 8), LABELS[:5]), r"with C 1 or 3, got \(5, 4, 8, 8\)"),
        ((torch.zeros(5, 3, 8, 3), LABELS[:5]), r"\(5, 3, 8, 3\) may be"),
        ((FIRST, LABELS[:4]), "a label for each image, got 10 images and 4 labels"),
        ((FIRST, LABELS - 1), "labels from 0, got -1"),
        ((FIRST, LABELS / 2), "labels as whole numbers"),
        ((FIRST, ["a"] * 10), "labels as whole numbers"),
        ((FIRST[:0], LABELS[:0]), r"\(X, y\): expected images, got none"),
        (DataLoader(TensorDataset(FIRST[:0], FIRST[:0])), "TensorDataset: expected images, got no"),
        (iter([FIRST]), r"expected \(images, labels\), got a Tensor"),
        (iter([{"image": FIRST, "mask": FIRST}]), "got a dictionary of image, mask"),
        (Pictures(lambda picture: "no"), "expected images as pictures, arrays or tensors"),
        (7, "expected a DataLoader, a Dataset"),
        (Path("nowhere"), "a folder CLASS/"),
        ("nowhere.npz", "nowhere.npz: expected an archive, got no such file"),
        ("no such set", "unknown data set 'no such set'"),
        ((FIRST,), r"expected \(X, y\), got 1 parts"),
    ],
    ids=range(20),
)
def test_what_it_is_not_is_said_in_a_line(data, words):
    with pytest.raises(ValueError, match=words) as caught:
        image_set(data)
    assert "\n" not in str(caught.value)


def test_other_moments_than_the_loaders_are_told():
    with pytest.raises(ValueError, match="normalizes by another mean= and std="):
        image_set((FIRST / 255 * 3, LABELS), mean=[0.5], std=[0.5])
    with pytest.raises(ValueError, match="mean and std for each of 3 channels, got 2"):
        image_set((FIRST / 255, LABELS), mean=[0.5, 0.5], std=[0.5, 0.5])
    with pytest.raises(ValueError, match="belong together"):
        image_set((FIRST / 255, LABELS), mean=[0.5])


@pytest.mark.parametrize("name", ["gaussian_noise", "glass_blur", "snow", "contrast", None])
def test_images_made_in_pieces_are_those_made_at_once(name, monkeypatch):
    monkeypatch.setattr("afn.ask.image_sets._PIECE", 2 * BYTES[0].size)
    data = ImageData(
        name="it", x_train=BYTES[:0], y_train=LABELS[:0], x_test=BYTES, y_test=LABELS,
        class_names=("a", "b", "c"),
    )  # fmt: skip
    place = (name, 3 if name else 0)
    whole = ShownImages.of(data, 10, place=place)
    pieces = StreamedImages.of(image_set(data), place)
    some = torch.tensor([0, 1, 4, 5, 6, 9])
    assert torch.equal(torch.cat(list(pieces.batches(some.split(2)))), whole.images[some])
    back = some.flip(0)  # not one after the other: all are made
    assert torch.equal(torch.cat(list(pieces.batches(back.split(4)))), whole.images[back])
    assert (pieces.source, pieces.rule) == (whole.source, whole.rule)


def test_no_more_than_a_piece_is_made_at_a_time(monkeypatch):
    made, plain = [], image_sets.corrupt

    def corrupt(images, *given, **options):
        made.append(len(images))
        return plain(images, *given, **options)

    monkeypatch.setattr(image_sets, "corrupt", corrupt)
    monkeypatch.setattr(image_sets, "_PIECE", 1)
    data = (np.zeros((6, 8, 8, 3), np.uint8), LABELS[:6])
    asked = {"corruptions": ["fog"], "severities": [1], "batch_size": 4}
    list(corruption_grid(lambda x: torch.zeros(len(x), 3), data, **asked))
    assert made == [4, 2]
