"""The published tables hang together, and say where they do not."""

from statistics import fmean

import pytest

from afn.pretrained.published import TABLES

BY_NAME = {table.name: table for table in TABLES}


@pytest.mark.parametrize("name", ["digits_single_each", "cifar10c"])
def test_averages_are_those_of_the_rows(name):
    *rows, average = BY_NAME[name].rows
    assert average.name == "average"
    for norm in BY_NAME[name].columns:
        mean = fmean(row.accuracies[norm] for row in rows)
        assert average.accuracies[norm] == pytest.approx(mean, abs=0.051)


def test_notes_say_what_the_figures_say():
    from_mnist = BY_NAME["digits_from_mnist"]
    means = {norm: fmean(row.accuracies[norm] for row in from_mnist.rows) for norm in ("bn", "afn")}
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
    assert BY_NAME["pacs_single"].rows[0].gain("afn") == 7.9


def test_every_row_claims_a_direction_and_is_a_percentage():
    for table in TABLES:
        assert {norm for row in table.rows for norm in row.accuracies} <= set(table.columns)
        for row in table.rows:
            assert row.gain("afn")
            assert all(25 < value < 100 for value in row.accuracies.values())
