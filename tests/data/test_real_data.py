"""The archives that AFN_DATA_DIR names, where it is set."""

import os
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from afn import TrainConfig
from afn.data import catalogue, dataset_entry, load_dataset
from afn.data.domains import digit_domains, leave_one_out, single_source, tree_domains
from afn.engine.ready import check_ready

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("AFN_DATA_DIR" not in os.environ, reason="AFN_DATA_DIR is not set"),
]

SHAPES = {
    "mnist": ((60_000, 28, 28, 1), 10_000),
    "usps": ((7_291, 16, 16, 1), 2_007),
    "mnistm": ((10_000, 28, 28, 3), 5_000),
    "cifar10": ((25_000, 32, 32, 3), 10_000),
    "pacs/art_painting": ((1_638, 64, 64, 3), 410),
    "pacs/cartoon": ((1_875, 64, 64, 3), 469),
    "pacs/photo": ((1_336, 64, 64, 3), 334),
    "pacs/sketch": ((3_143, 64, 64, 3), 786),
}


@pytest.mark.parametrize("name", SHAPES)
def test_arrays_are_what_the_entry_says(name: str) -> None:
    entry, data = dataset_entry(name), load_dataset(name)
    shape, num_test = SHAPES[name]

    assert entry.status == "on disk"
    assert data.x_train.shape == shape == (entry.num_train, *entry.image_shape)
    assert data.x_test.shape == (num_test, *shape[1:]) == (entry.num_test, *entry.image_shape)
    assert np.unique(data.y_train).tolist() == list(range(entry.num_classes))
    assert len(data.class_names) == entry.num_classes


def test_cifar10_keeps_its_class_names() -> None:
    assert load_dataset("cifar10").class_names[:3] == ("airplane", "automobile", "bird")


def test_mnistm_shows_the_digits_of_mnist() -> None:
    np.testing.assert_array_equal(
        load_dataset("mnistm").y_test, load_dataset("mnist").y_test[:5_000]
    )


def test_catalogue_is_cheap() -> None:
    started = time.perf_counter()
    entries = catalogue(Path(os.environ["AFN_DATA_DIR"]))

    assert time.perf_counter() - started < 2.0  # 0.1 s on an idle machine
    assert {name for name, entry in entries.items() if entry.status == "on disk"} >= set(SHAPES)


def test_the_domains_that_are_there_can_be_trained_on_in_both_settings() -> None:
    digits, trees = digit_domains(), tree_domains()

    assert [entry.name for entry in digits[:3]] == ["mnist", "usps", "mnistm"]
    assert [entry.num_classes for entry in digits] == [10] * 4
    assert len(trees["pacs"]) == 4
    grey = load_dataset(list(single_source(digits, "channels reduced"))[2])
    assert grey.x_train.shape == (10_000, 28, 28, 1)


@pytest.mark.parametrize("left_out", ["art_painting", "cartoon", "photo", "sketch"])
def test_three_domains_of_pacs_train_for_the_fourth(left_out: str) -> None:
    splits = leave_one_out(tree_domains()["pacs"])
    [name] = [trained for trained, tested in splits.items() if tested == [f"pacs/{left_out}"]]
    parts = [dataset_entry(part) for part in name.split("+")]
    entry = dataset_entry(name)
    assert {part.name for part in parts} == {n for n in SHAPES if "/" in n} - {f"pacs/{left_out}"}
    assert entry.num_train == sum(SHAPES[part.name][0][0] for part in parts)
    assert entry.num_test == sum(SHAPES[part.name][1] for part in parts)
    assert entry.class_names == dataset_entry(f"pacs/{left_out}").class_names
    config = TrainConfig(dataset=name, test_domains=(f"pacs/{left_out}",), batch_size=32)
    check_ready(config)


def test_training_on_three_domains_begins_with_all_of_them() -> None:
    name = "pacs/art_painting+pacs/cartoon+pacs/photo"
    parts = {part: load_dataset(part) for part in name.split("+")}
    of = {x.tobytes(): part for part, data in parts.items() for x in data.x_train}
    data = load_dataset(name)
    assert data.x_train.shape == (1_638 + 1_875 + 1_336, 64, 64, 3)
    counts = Counter(of[x.tobytes()] for x in data.x_train[:300])
    assert min(counts[part] for part in parts) > 50
    assert np.unique(data.y_train[:300]).tolist() == list(range(7))
