"""How sure and how right networks are: whose answers count, the figures, the words, the pages."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from afn.ask.records import STANDARD, Question
from afn.pretrained.cards import read_card
from app.kit.draw.calibration import (
    Rated,
    calibration_legend,
    calibration_reading,
    calibration_table,
    error_figure,
    reliability_figure,
)
from app.kit.sections import calibration
from tests.app.cells import answered, cell, grid
from tests.app.one_view import opened, words

FOG, SNOW = "fog", "snow"


def rated(**rights):
    return calibration.of_tested([answered(name, grid(**cells)) for name, cells in rights.items()])


def test_only_tests_that_all_have_answered_count():
    first, second = rated(BN={FOG: 80, SNOW: 50}, AFN={FOG: 60})
    assert (first.label, first.calibration.tests) == ("BN", 5)
    assert first.calibration.accuracy == pytest.approx(0.8)
    assert first.calibration.ece == pytest.approx(0.0, abs=1e-6)  # 204 of 255 is 0.8
    assert second.calibration.ece == pytest.approx(0.2, abs=1e-6)
    assert rated(BN={FOG: 80}, AFN={SNOW: 60}) == []
    assert rated(BN={"saturate": 80}) == []  # not among the fifteen
    assert calibration.of_tested([]) == []


def test_images_under_another_rule_are_other_images():
    old = grid(fog=80)
    old = {place: replace(each, rule=1 if place[0] else None) for place, each in old.items()}
    assert calibration.of_tested([answered("BN", old), answered("AFN", grid(fog=80))]) == []
    [alone] = calibration.of_tested([answered("BN", old)])
    assert alone.rule == 1


def made_card(norm, answers):
    return SimpleNamespace(
        config=SimpleNamespace(norm=norm, dataset="x"), answers=lambda: iter(answers)
    )


def asked(statistics="test batch of 128", networks="on", dataset="x"):
    return Question(
        weights="0", dataset=dataset, num_images=100, statistics=statistics, batch_size=128,
        networks=networks,
    )  # fmt: skip


def under(rule, right, corruption=FOG):
    return replace(cell(right, corruption, 3), rule=rule)


def test_every_way_of_asking_a_card_is_a_row_where_it_was_asked_the_same():
    bn = made_card("bn", [(asked("running"), under(1, 40)), (asked(), under(1, 70))])
    afn = made_card(
        "afn",
        [
            (asked(), under(1, 80)), (asked(networks="off"), under(1, 75)),
            (asked(networks="frozen"), under(2, 78)),  # later, of other images
            (asked(dataset="y"), under(1, 10)), (asked(), cell(90)),
        ],
    )  # fmt: skip
    found = calibration.of_cards([bn, afn])
    assert [(each.label, round(each.calibration.accuracy, 2), each.look) for each in found] == [
        ("BN, running", 0.4, "thin"), ("BN, test batch", 0.7, "line"),
        ("AFN, test batch, networks off", 0.75, "dashed"), ("AFN, test batch", 0.8, "line"),
    ]  # fmt: skip
    assert {each.rule for each in found} == {1}
    assert calibration.of_cards([]) == []


def test_statistics_are_told_as_they_are():
    """All but running ones and each image's were told as the test batch's."""
    card = made_card("afn", [(asked("running and per image"), under(1, 40))])
    assert [each.label for each in calibration.of_cards([card])] == ["AFN, running and per image"]


def test_a_way_that_was_asked_otherwise_does_not_take_the_others_away():
    bn = made_card("bn", [(asked(), under(1, 70, name)) for name in STANDARD[:3]])
    afn = made_card("afn", [(asked(), under(1, 80, STANDARD[5]))])
    [alone] = calibration.of_cards([bn, afn])
    assert (alone.label, alone.calibration.tests) == ("BN, test batch", 3)


RATED = rated(BN={FOG: 40}, AFN={FOG: 70})


def test_the_reading_orders_by_error_and_says_who_is_too_sure():
    assert calibration_reading(RATED).startswith(
        "Expected calibration error (15 bins, mean over 5 corrupted tests): AFN 0.100 ("
    )
    assert calibration_reading(RATED).endswith(
        "Confidence is above the share of right answers, by 10.0 to 40.0 points on average."
    )
    modest = rated(BN={FOG: 95})
    assert calibration_reading(modest).endswith(
        "Confidence is below the share of right answers, by up to 15.0 points."
    )
    assert calibration_reading([*RATED, *modest]).endswith("right answers: −15.0 to +40.0 points.")


def test_the_figures_show_bins_and_errors():
    diagonal, bn, afn = reliability_figure(RATED).data
    assert list(diagonal.x) == list(diagonal.y) == [0, 1]
    assert list(bn.x) == pytest.approx([0.8])
    assert list(bn.y) == pytest.approx([0.4])
    assert list(afn.y) == pytest.approx([0.7])
    assert [row.x[0] for row in error_figure(RATED).data] == pytest.approx([0.4, 0.1], abs=1e-6)
    assert [entry.label for entry in calibration_legend(RATED)] == ["BN", "AFN"]
    rows = calibration_table(RATED)
    assert len(rows) == 2 * 15
    filled = [row for row in rows if row["answers"]]
    assert [(row["answers"], row["right"]) for row in filled] == [(500, 0.4), (500, 0.7)]


def test_a_bin_of_few_answers_is_not_drawn():
    few = replace(RATED[0].calibration.bins[11], n=19)
    bins = tuple(few if bin_.n else bin_ for bin_ in RATED[0].calibration.bins)
    lonely = Rated("BN", "#2B7FC4", replace(RATED[0].calibration, bins=bins))
    assert list(reliability_figure([lonely]).data[1].x) == []


def test_the_shipped_cifar10_networks_on_the_paper_page(monkeypatch, runs):
    monkeypatch.delenv("AFN_PRETRAINED_DIR", raising=False)
    found = calibration.of_cards([read_card(f"cifar10-{norm}") for norm in calibration.CALIBRATED])
    errors = {each.label: round(each.calibration.ece, 3) for each in found}
    assert errors["BN, running"] == 0.191
    assert errors["BN, test batch"] == 0.109
    assert errors["AFN, test batch"] == 0.095
    assert errors["AFN, test batch, networks off"] == 0.071
    at = opened("paper", network="cifar10")
    assert "BN, running 0.191 (0.183 to 0.199)" in words(at)
