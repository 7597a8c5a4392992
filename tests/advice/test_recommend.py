"""Each rule of the recommendation, from findings that are made up for it."""

import pytest

from afn.advice.findings import (
    AS_IS,
    TEST_BATCH,
    Accuracies,
    AdvicePlan,
    AdvisedWay,
    Findings,
    Price,
    image_error,
)
from afn.advice.recommend import recommend

BASE = {0: (90.0, 50.0), 1: (91.0, 51.0), 2: (90.5, 49.5)}


def way(name, clean=0.0, corrupted=0.0, *, jitter=0.1, seeds=3, price=None, error=""):
    """Points above the model as it is, by seed."""
    after = {
        seed: Accuracies(
            clean=level + clean + jitter * (seed - 1),
            corrupted=damaged + corrupted - jitter * (seed - 1),
        )
        for seed, (level, damaged) in list(BASE.items())[:seeds]
    }
    return AdvisedWay(name=name, after={} if error else after, price=price, error=error)


def found(*ways, num_norms=2, seeds=3, errors=None):
    return Findings(
        model="m", dataset="d", machine="", num_images=500, num_norms=num_norms,
        plan=AdvicePlan(), ways=(way(AS_IS, jitter=0, seeds=seeds), *ways),
        image_errors=errors or {},
    )  # fmt: skip


def test_without_bn_what_is_there_is_kept():
    said = recommend(found(num_norms=0))
    assert (said.choice, said.way) == ("keep", AS_IS)
    assert "no batch normalization" in said.sentence


def test_fewer_than_three_seeds_have_no_verdict():
    said = recommend(found(way("afn", corrupted=20, seeds=2), seeds=2))
    assert said.choice == "no verdict"
    assert "there are 2" in said.sentence


@pytest.mark.parametrize("points", [0.0, -5.0, 0.05])
def test_where_no_difference_is_found_what_is_there_is_kept(points):
    ways = [way(name, corrupted=points) for name in (TEST_BATCH, "afn", "gn")]
    said = recommend(found(*ways))
    assert (said.choice, said.way) == ("keep", AS_IS)
    assert said.sentence.startswith("Keep what you have")
    assert any("80 %" in each for each in said.rests_on)


def test_a_gain_that_other_images_might_not_show_is_no_gain():
    afn = way("afn", corrupted=3)
    assert recommend(found(afn)).choice == "convert"
    noisy = found(afn, errors={f"afn, {AS_IS}, corrupted": 2.0})
    assert recommend(noisy).choice == "keep"


def test_the_test_batch_is_taken_where_nothing_is_better_than_that():
    said = recommend(found(way(TEST_BATCH, corrupted=10), way("afn", corrupted=10.05, jitter=0.3)))
    assert (said.choice, said.way) == ("test batch", TEST_BATCH)
    assert "16 or more" in said.sentence


def test_a_converted_norm_is_recommended_where_it_is_better_than_the_test_batch_too():
    price = [Price(parameters=n, ms_one=1, ms_batch=n / 50, peak_bytes=1) for n in (100, 150)]
    findings = found(way(TEST_BATCH, corrupted=5), way("gn", corrupted=8),
                     way("afn", corrupted=12, price=price[1]))  # fmt: skip
    base = way(AS_IS, jitter=0, price=price[0])
    said = recommend(
        Findings(**{**{n: getattr(findings, n) for n in Findings.__dataclass_fields__},
                    "ways": (base, *findings.ways[1:])})
    )  # fmt: skip
    assert (said.choice, said.way) == ("convert", "afn")
    assert "AFN: +12.0 points" in said.sentence
    assert "1.50 times the time and 1.50 times the parameters" in said.sentence
    assert len(said.rests_on) == 3
    assert any("3 comparisons" in each for each in said.does_not_show)


def test_a_gain_paid_for_on_clean_images_is_a_trade():
    said = recommend(found(way("gn", clean=-4, corrupted=6)))
    assert (said.choice, said.way) == ("trade", "gn")
    assert "−4.0 on clean images" in said.sentence


def test_what_cannot_be_is_not_recommended():
    said = recommend(found(way("afn", corrupted=20, error="it diverged"), way("gn")))
    assert said.choice == "keep"


def test_the_error_over_images_is_that_of_a_mean():
    assert image_error([1.0, -1.0, 1.0, -1.0]) == pytest.approx(100 * (4 / 3) ** 0.5 / 2)
    assert image_error([0.5] * 9) == 0


def test_findings_survive_json():
    findings = found(way("afn", corrupted=1), errors={"a": 1.0})
    import json

    again = Findings.from_json(json.loads(json.dumps(findings.to_json())))
    assert again == findings
    with pytest.raises(ValueError, match="no findings of `afn advise`"):
        Findings.from_json({"model": "m"})
