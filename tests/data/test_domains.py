from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from afn.data import catalogue, dataset_entry, load_dataset
from afn.data.domains import (
    digit_domains,
    leave_one_out,
    settings_of,
    single_source,
    tree_domains,
)
from afn.data.forms import in_form


def digits(side: int, channels: int) -> dict[str, np.ndarray]:
    images = np.zeros((10, side, side, channels), np.uint8)
    labels = np.arange(10, dtype=np.uint8)
    return {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}


def plant(folder: Path, domain: str, classes: str = "ab", per_class: int = 5) -> None:
    """A domain whose images are as bright as its name is long."""
    for name in classes:
        place = folder / "Things" / domain / name
        place.mkdir(parents=True)
        for index in range(per_class):
            Image.new("RGB", (64, 64), (10 * len(domain),) * 3).save(place / f"{index}.png")


def names(entries) -> list[str]:
    return [entry.name for entry in entries]


# -- which there are -------------------------------------------------------------------------------


def test_an_empty_folder_has_the_embedded_digits(folder: Path) -> None:
    domains = digit_domains()
    assert names(domains) == ["mnist5k", "digits8", "mnistm5k", "syn"]
    assert settings_of(domains) == ["channels reduced", "channels increased"]
    assert settings_of(domains[:2]) == ["channels reduced"]  # no colour to keep
    assert tree_domains() == {}


def test_published_digits_take_the_places_of_their_relatives(
    folder: Path, write: Callable[..., Path]
) -> None:
    write("usps", **digits(16, 1))
    write("svhn", **digits(32, 3))
    (folder / "mnist.npz").write_bytes(b"truncated")  # unusable: the relative stays
    assert names(digit_domains()) == ["mnist5k", "usps", "mnistm5k", "svhn"]


def test_a_tree_needs_two_usable_domains(folder: Path) -> None:
    plant(folder, "photo")
    assert tree_domains() == {}
    plant(folder, "sketch")
    plant(folder, "lone", classes="a")
    assert names(tree_domains()["things"]) == ["things/photo", "things/sketch"]
    assert "got a alone" in catalogue()["things/lone"].how_to_get


# -- what trains and what tests --------------------------------------------------------------------


def test_single_source_tests_on_all_others(folder: Path) -> None:
    domains = digit_domains()
    assert single_source(domains[:3]) == {
        "mnist5k": ["digits8", "mnistm5k"],
        "digits8": ["mnist5k", "mnistm5k"],
        "mnistm5k": ["mnist5k", "digits8"],
    }
    assert list(single_source(domains, "channels reduced")) == [
        "mnist5k", "digits8", "mnistm5k@grey", "syn@grey",
    ]  # fmt: skip
    assert list(single_source(domains, "channels increased")) == [
        "mnist5k@rgb", "digits8@rgb", "mnistm5k", "syn",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="one of channels reduced, channels increased, got 'grey'"):
        single_source(domains, "grey")  # type: ignore[arg-type]


def test_leave_one_out_trains_on_all_others(folder: Path) -> None:
    domains = digit_domains()[:3]
    assert leave_one_out(domains, "channels increased") == {
        "digits8+mnistm5k@rgb": ["mnist5k"],
        "mnist5k+mnistm5k@rgb": ["digits8"],
        "mnist5k+digits8@rgb": ["mnistm5k"],
    }


@pytest.mark.parametrize("setting", [None, "channels reduced", "channels increased"])
def test_every_name_to_train_on_is_a_data_set_of_the_settings_channels(
    folder: Path, setting
) -> None:
    channels = {"channels reduced": 1, "channels increased": 3}.get(setting)
    for split in (single_source, leave_one_out):
        for name in split(digit_domains(), setting):
            entry = dataset_entry(name)
            assert entry.name == name
            assert channels in (None, entry.image_shape[2])


# -- derived data sets -----------------------------------------------------------------------------


def test_a_form_changes_the_channels_alone(folder: Path) -> None:
    entry, data, whole = dataset_entry("syn@grey"), load_dataset("syn@grey"), load_dataset("syn")
    assert (entry.title, entry.status, entry.image_shape) == (
        "SYN 5k, grey",
        "embedded",
        (28, 28, 1),
    )
    assert data.name == "syn@grey"
    np.testing.assert_array_equal(data.x_train, in_form(whole.x_train, (28, 28, 1)))
    np.testing.assert_array_equal(data.y_test, whole.y_test)


def test_a_pool_holds_all_images_of_its_parts_at_the_largest_size(folder: Path) -> None:
    entry, data = dataset_entry("digits8+mnistm5k"), load_dataset("digits8+mnistm5k")
    assert entry.image_shape == data.x_test.shape[1:] == (28, 28, 3)
    assert (entry.num_train, entry.num_test) == (len(data.y_train), len(data.y_test))
    assert (entry.num_train, entry.num_test) == (1437 + 4000, 360 + 1000)
    parts = [load_dataset("digits8"), load_dataset("mnistm5k")]
    whole = [
        (label, in_form(image[None], (28, 28, 3)).tobytes())
        for part in parts
        for label, image in zip(part.y_train, part.x_train, strict=True)
    ]
    found = [(y, x.tobytes()) for y, x in zip(data.y_train, data.x_train, strict=True)]
    assert sorted(found) == sorted(whole)


@pytest.mark.parametrize(("part", "per_domain"), [("x_test", 8), ("x_train", 32)])
def test_a_pools_first_images_are_of_all_parts(folder: Path, part: str, per_domain: int) -> None:
    for domain in ("photo", "sketches", "cartoon"):
        plant(folder, domain, per_class=20)
    name = "things/photo+things/sketches+things/cartoon"
    levels = getattr(load_dataset(name), part)[:, 0, 0, 0]
    assert np.unique(levels, return_counts=True)[1].tolist() == [per_domain] * 3
    assert len(set(levels[:per_domain].tolist())) == 3
    np.testing.assert_array_equal(levels, getattr(load_dataset(name), part)[:, 0, 0, 0])


def test_domains_of_other_classes_are_not_pooled(folder: Path) -> None:
    plant(folder, "photo")
    with pytest.raises(ValueError, match=r"in common, got digits8 \(0, 1, 2 and 7 more\) and "):
        load_dataset("digits8+things/photo")


def test_classes_of_a_pool_are_united_by_name(folder: Path) -> None:
    plant(folder, "photo", classes="bca")
    plant(folder, "sketches", classes="bd")
    name = "things/sketches+things/photo"

    entry, data = dataset_entry(name), load_dataset(name)

    assert entry.class_names == data.class_names == ("b", "d", "a", "c")
    labels = np.concatenate([data.y_train, data.y_test])
    levels = np.concatenate([data.x_train, data.x_test])[:, 0, 0, 0]
    assert np.bincount(labels[levels == 80]).tolist() == [5, 5]  # sketches: b, d
    assert np.bincount(labels[levels == 50]).tolist() == [5, 0, 5, 5]  # photo: b, a, c


def test_what_is_left_of_domains_trains_only_where_classes_are_shared(folder: Path) -> None:
    plant(folder, "photo", classes="ab")
    plant(folder, "sketch", classes="bc")
    plant(folder, "cartoon", classes="cd")

    assert leave_one_out(tree_domains()["things"]) == {
        "things/photo+things/sketch": ["things/cartoon"],
        "things/cartoon+things/sketch": ["things/photo"],
    }


def test_all_digits_are_called_digits(folder: Path) -> None:
    assert {entry.class_names for entry in digit_domains()} == {tuple("0123456789")}
    for name in ("mnist5k", "digits8", "mnistm5k", "syn", "syn@grey", "mnist5k+digits8"):
        assert load_dataset(name).class_names == tuple("0123456789")
    for name in ("mnist", "usps", "svhn", "mnistm"):
        assert dataset_entry(name).class_names == tuple("0123456789")


def test_listings_show_no_derived_sets(folder: Path) -> None:
    assert not [name for name in catalogue() if "@" in name or "+" in name]


@pytest.mark.parametrize("name", ["syn@blue", "syn@", "nope@grey", "mnist5k+", "+", "../x@grey"])
def test_names_of_nothing_are_unknown(folder: Path, name: str) -> None:
    with pytest.raises(ValueError, match=r"unknown data set .*; known are mnist5k"):
        load_dataset(name)


def test_a_derived_set_lacks_what_its_parts_lack(folder: Path) -> None:
    entry = dataset_entry("mnist5k+svhn@grey")
    assert (entry.status, entry.how_to_get) == (
        "downloadable", "python -m afn data download svhn (246 MB)",
    )  # fmt: skip
    with pytest.raises(FileNotFoundError, match="svhn is not in the data folder"):
        load_dataset("mnist5k+svhn@grey")
