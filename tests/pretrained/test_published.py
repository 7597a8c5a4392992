"""The published tables hang together, and say where they do not."""

from collections import Counter
from statistics import fmean

import pytest

from afn.ask.records import STANDARD
from afn.engine.augment import EXTRA
from afn.pretrained.published import CLAIMED, LEVELS, TABLES

BY_NAME = {table.name: table for table in TABLES}


@pytest.mark.parametrize("name", [table.name for table in TABLES if table.name != "images"])
def test_averages_are_those_of_the_rows(name):
    *rows, average = BY_NAME[name].rows
    assert average.name == "average"
    for norm in BY_NAME[name].columns:
        mean = fmean(row.accuracies[norm] for row in rows)
        assert average.accuracies[norm] == pytest.approx(mean, abs=0.076)


def test_notes_say_what_the_figures_say():
    from_mnist = BY_NAME["digits_from_mnist"]
    rows = from_mnist.rows[:3]
    means = {norm: fmean(row.accuracies[norm] for row in rows) for norm in ("bn", "afn")}
    assert f"average {means['afn']:.1f} %, and BN's {means['bn']:.1f} %" in from_mnist.notes[0]
    trained_on_mnist = BY_NAME["digits_single_each"].rows[0].accuracies["bn"]
    assert f"{trained_on_mnist} % here" in BY_NAME["digits_single_each"].notes[0]
    rows = {row.name: row.accuracies["bn"] for row in BY_NAME["cifar10c"].rows}
    assert rows["severity 4"] > rows["severity 3"]


def test_gains_are_over_bn_and_lack_where_a_figure_lacks():
    rows = {row.name: row for table in TABLES for row in table.rows if table.name == "images"}
    assert rows["CIFAR-10, ResNet-18"].gain("afn") == 0.2
    assert rows["CIFAR-10, ResNet-18"].gain("asrnorm") == -0.95
    assert rows["CIFAR-100, VGG-16"].gain("asrnorm") is None
    assert BY_NAME["pacs_single"].rows[-1].gain("afn") == 7.9


def test_the_headline_is_over_asrnorm_and_leaves_two_of_its_tables_out():
    gains = {
        table.name: table.rows[-1].gain("afn", "asrnorm")
        for table in TABLES
        if table.rows[-1].name == "average"
    }
    assert gains == {
        "digits_single_each": 0.9, "digits_from_mnist": 0.63, "cifar10c": 1.3, "pacs_single": 1.6,
        "pacs_multi": 0.2,
    }  # fmt: skip
    inside = {name for name, gain in gains.items() if CLAIMED[0] <= gain <= CLAIMED[1]}
    assert inside == {"digits_single_each", "cifar10c", "pacs_single"}


def test_all_rows_are_there():
    assert len(BY_NAME["images"].rows) == 23
    counts = Counter(row.name.partition(",")[0] for row in BY_NAME["images"].rows)
    assert counts == {"CIFAR-10": 7, "CIFAR-100": 6, "MNIST-M": 5, "SVHN": 5}
    domains = {"art_painting", "cartoon", "sketch", "photo", "average"}
    for name in ("pacs_single", "pacs_multi"):
        assert {row.name for row in BY_NAME[name].rows} == domains


def test_what_is_said_of_bn_and_of_photo_follows_from_the_rows():
    from_mnist, pacs = BY_NAME["digits_from_mnist"], BY_NAME["pacs_single"]
    printed = ", ".join(f"{row.accuracies['bn']}" for row in from_mnist.rows[:3])
    assert f"BN's row ({printed}) equals" in from_mnist.notes[1]
    gains = {row.name: row.gain("afn", "asrnorm") for row in pacs.rows}
    assert gains["photo"] == 7.5
    others = [gains[name] for name in ("art_painting", "cartoon", "sketch")]
    assert others == [0.6, -1.1, -0.3]
    assert sum(others) < 0


def test_the_groups_of_corruptions_are_all_nineteen_once():
    names = [name for level in LEVELS for name in level]
    assert sorted(names) == sorted({*STANDARD, *EXTRA})


def test_every_row_claims_a_direction_and_is_a_percentage():
    for table in TABLES:
        assert {norm for row in table.rows for norm in row.accuracies} <= set(table.columns)
        for row in table.rows:
            assert row.gain("afn")
            assert all(25 < value < 100 for value in row.accuracies.values())
