"""Batches of few classes: what is asked, what came along, and how it is drawn and read."""

import json
from dataclasses import replace

import pytest

from afn.ask.records import Question
from afn.pretrained.cards import read_card
from app.kit.networks import Chosen
from app.page.robustness import label_shift
from app.page.robustness.charts.label_shift import (
    Shifted,
    ShiftPoint,
    shift_figure,
    shift_legend,
    shift_reading,
    shift_table,
)
from tests.app.cells import cell

CARDS = ("cifar10-bn", "cifar10-asrnorm", "cifar10-afn")


def shipped(name, tmp_path):
    return read_card(name).network(tmp_path)


def asked(network):
    return label_shift.asks(network, lambda **changes: network.question(num_images=100, **changes))


def test_every_number_of_classes_is_a_question_where_the_batch_matters(tmp_path):
    found = asked(shipped("mnist5k-bn", tmp_path))
    assert [(mode, classes) for mode, classes, _ in found] == [
        ("running", 0), *(("batch", k) for k in range(1, 11)), ("batch", 0),
    ]  # fmt: skip
    assert found[-1][-1].order == "by label"
    assert [question.order for *_, question in found[1:3]] == ["1 class", "2 classes"]
    assert len({question.key for *_, question in found}) == 12
    [(mode, classes, question)] = asked(shipped("mnist5k-asrnorm", tmp_path))
    assert (mode, classes, question.order) == ("per image", 0, "mixed")
    afn = asked(shipped("mnist5k-afn", tmp_path))
    frozen = [(mode, classes) for mode, classes, each in afn if each.networks == "frozen"]
    assert frozen == [("frozen", k) for k in range(1, 11)]
    trained_frozen = asked(shipped("cifar10-r8-afn-frozen", tmp_path))
    assert len(trained_frozen) == 12  # frozen as it is


def test_no_batch_is_to_hold_more_classes_than_there_are(tmp_path):
    seven = replace(shipped("mnist5k-bn", tmp_path), class_names=tuple("abcdefg"))
    assert max(classes for _, classes, _ in asked(seven)) == 7


def test_what_came_along_is_of_the_shipped_networks_and_collapses_with_few_classes(tmp_path):
    chosen = [
        Chosen(shipped(name, tmp_path), name, "#000000", is_pretrained=True) for name in CARDS
    ]
    bn, asrnorm, afn = label_shift.precomputed(chosen)
    for model in (bn, afn):
        batch = [point.accuracy for point in model.of("batch")]
        assert len(batch) == 10
        assert batch[0] < 0.2 < 0.8 < batch[-1]
        assert model.of("running")[0].accuracy > batch[-1]
        assert batch[0] < model.of_sorted.accuracy < batch[2]  # of one class or two
        assert 1 < model.of_sorted.classes < 2
    assert [point.classes for point in asrnorm.points] == [0]
    assert [len(model.of("frozen")) for model in (bn, afn, asrnorm)] == [0, 10, 0]
    assert afn.of("frozen")[0].accuracy < 0.2 < 0.8 < afn.of("frozen")[-1].accuracy
    # The level lines are the cards' own figures, where these were asked the same.
    clean = {
        (each.statistics, each.n): each.correct
        for each in read_card("cifar10-bn").accuracies
        if each.corruption == "clean" and each.test_data == "cifar10"
    }
    assert bn.of("running")[0].correct == clean["running", 2000]
    other = replace(chosen[0].network, sha256="0" * 64)
    assert label_shift.precomputed([replace(chosen[0], network=other)]) == []


def test_a_line_that_is_kept_is_read_as_it_was(tmp_path, monkeypatch):
    network = shipped("mnist5k-bn", tmp_path)
    points = [ShiftPoint(mode="batch", classes=3, batch_size=128, n=10, correct=4)]
    monkeypatch.setattr(label_shift, "REFERENCE", tmp_path / "kept.jsonl")
    label_shift.REFERENCE.write_text(label_shift.kept_line(network, points) + "\n")
    [model] = label_shift.precomputed([Chosen(network, "BN", "#000000")])
    assert list(model.points) == points
    assert json.loads(label_shift.REFERENCE.read_text())["model"] == "mnist5k-bn"


def point(correct, classes, mode="batch"):
    return ShiftPoint(mode=mode, classes=classes, batch_size=64, n=100, correct=correct)


def test_sorted_images_tell_how_many_classes_their_batches_hold():
    labels = bytes([0] * 3 + [1] * 3 + [2] * 2)
    sorted_ = Question(
        weights="0", dataset="x", num_images=8, statistics="test batch of 4", batch_size=4,
        order="by label",
    )  # fmt: skip
    answers = replace(cell(0), answers=labels, labels=labels, confidences=bytes(8))
    found = label_shift.point_of("batch", 0, sorted_, answers)
    assert (found.classes, found.is_sorted, found.correct, found.n) == (2.0, True, 8, 8)
    fixed = label_shift.point_of("batch", 3, replace(sorted_, order="3 classes"), answers)
    assert (fixed.classes, fixed.is_sorted) == (3, False)


MODELS = (
    Shifted(
        label="BN", color="#2B7FC4", norm="bn",
        points=(
            point(90, 0, "running"), point(80, 10), point(20, 1), point(60, 5),
            replace(point(40, 1.6), is_sorted=True),
        ),
    ),
    Shifted(
        label="ASRNorm", color="#3A9C5A", norm="asrnorm", points=(point(70, 0, "per image"),)
    ),
)  # fmt: skip


def test_the_figure_has_a_line_over_classes_and_level_ones():
    lines = [trace for trace in shift_figure(MODELS).data if trace.name]
    assert [(line.name, list(line.x), list(line.y)) for line in lines] == [
        ("BN, test batch", [1, 5, 10], pytest.approx([20, 60, 80])),
        ("BN, running", [1, 10], pytest.approx([90, 90])),
        ("ASRNorm, per image", [1, 10], pytest.approx([70, 70])),
    ]
    [diamond] = [trace for trace in shift_figure(MODELS).data if trace.mode == "markers"]
    assert (diamond.x, diamond.y) == ((1.6,), (40.0,))
    assert [entry.look for entry in shift_legend(MODELS)] == ["line", "thin", "thin"]


def test_frozen_networks_are_a_dashed_line_of_their_own():
    afn = Shifted(
        label="AFN", color="#D55E00", norm="afn",
        points=(
            point(80, 10), point(20, 1), point(81, 10, "frozen"), point(25, 1, "frozen"),
            replace(point(40, 1.6), is_sorted=True),
        ),
    )  # fmt: skip
    lines = [trace for trace in shift_figure([afn]).data if trace.name]
    assert [(line.name, line.line.dash, list(line.y)) for line in lines] == [
        ("AFN, test batch", "solid", pytest.approx([20, 80])),
        ("AFN, test batch, networks frozen", "dash", pytest.approx([25, 81])),
    ]
    assert [entry.look for entry in shift_legend([afn])] == ["line", "dashed"]
    assert "networks frozen 81.0 % (72.2 to 87.5) with 10 classes" in shift_reading([afn])
    assert shift_reading([afn]).count("sorted by class") == 1
    frozen = [row for row in shift_table([afn]) if row["statistics"] == "frozen"]
    assert [(row["correct"], row["batch size at most"]) for row in frozen] == [(25, 64), (81, 64)]


def test_the_reading_says_what_falls_and_what_does_not():
    assert shift_reading(MODELS) == (
        "BN, test batch 80.0 % (71.1 to 86.7) with 10 classes a batch and 20.0 % (13.3 to 28.9) "
        "with 1 class, 40.0 % (30.9 to 49.8) sorted by class. Whatever the batch: BN, running "
        "90.0 % (82.6 to 94.5) and ASRNorm, per image 70.0 % (60.4 to 78.1)."
    )


def test_the_table_has_a_row_per_point():
    rows = shift_table(MODELS)
    assert [(row["statistics"], row["classes in a batch"], row["correct"]) for row in rows] == [
        ("batch", 1, 20), ("batch", 5, 60), ("batch", 10, 80), ("batch", 1.6, 40),
        ("running", None, 90),
        ("per image", None, 70),
    ]  # fmt: skip
